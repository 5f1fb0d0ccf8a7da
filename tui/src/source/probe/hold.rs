//! What keeps a program attached. The kernel lets nobody else detach it, but who may trace this process, as a debugger
//! does, can close its descriptors.

use aya::programs::links::{FdLink, LinkError};
use aya::sys::SyscallError;
use nix::errno::Errno;
use perf_event::Counter;
use std::io;
use std::os::fd::IntoRawFd;

/// A program at a tracepoint, for as long as this is there.
pub(super) struct Hold {
    pub(super) program: &'static str,
    pub(super) tracepoint: &'static str,
    by: By,
}

enum By {
    /// A link; its number, if the kernel tells it.
    Link(FdLink, Option<u32>),
    /// An event of perf, and the number of its kind.
    Event(Counter, u64),
}

impl Hold {
    pub(super) fn by_link(program: &'static str, tracepoint: &'static str, link: FdLink) -> Self {
        let id = link.info().ok().map(|info| info.id());
        Self {
            program,
            tracepoint,
            by: By::Link(link, id),
        }
    }

    pub(super) fn by_event(
        program: &'static str,
        tracepoint: &'static str,
        event: Counter,
        number: u64,
    ) -> Self {
        Self {
            program,
            tracepoint,
            by: By::Event(event, number),
        }
    }

    /// Returns whether the descriptor is none any more, or that of something else.
    pub(super) fn is_closed(&mut self) -> bool {
        match &mut self.by {
            By::Link(_, None) => false,
            By::Link(link, id) => match link.info() {
                Ok(info) => Some(info.id()) != *id,
                Err(LinkError::SyscallError(SyscallError { io_error, .. })) => is_other(&io_error),
                Err(_) => false,
            },
            // Disabled it is anyhow: any call tells.
            By::Event(event, _) => event.disable().is_err_and(|error| is_other(&error)),
        }
    }

    /// Forgets a descriptor that is closed, since its number may be another's; returns the number of the kind of
    /// event, if it is one.
    pub(super) fn let_go(self) -> Option<u64> {
        match self.by {
            By::Link(link, _) => {
                std::mem::forget(link);
                None
            }
            By::Event(event, number) => {
                let _ = event.into_raw_fd();
                Some(number)
            }
        }
    }
}

/// Returns whether a call failed since the descriptor is not what it was.
fn is_other(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(
        errno,
        Some(Errno::EBADF | Errno::EBADFD | Errno::EINVAL | Errno::ENOTTY)
    )
}
