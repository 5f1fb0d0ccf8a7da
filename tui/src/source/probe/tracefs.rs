//! tracefs, found or mounted out of everybody's sight.
//!
//! Syscall tracepoints are attached by an id that only tracefs tells. Where nobody
//! mounted it, one thread mounts it in a mount namespace of its own, which ends
//! with the thread: the machine is left as it was.

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::statfs::{TRACEFS_MAGIC, statfs};
use std::path::Path;

/// Where tracefs belongs.
pub const TRACING: &str = "/sys/kernel/tracing";

/// Where older set-ups have it.
const DEBUG_TRACING: &str = "/sys/kernel/debug/tracing";

/// Returns where tracefs is mounted for everybody, if it is.
pub fn mounted() -> Option<&'static Path> {
    [TRACING, DEBUG_TRACING]
        .into_iter()
        .map(Path::new)
        .find(|path| statfs(*path).is_ok_and(|fs| fs.filesystem_type() == TRACEFS_MAGIC))
}

/// Runs `f` with the place of tracefs, mounting it for that time if need be.
///
/// Without a mounted tracefs, `f` runs on a thread of its own that needs
/// CAP_SYS_ADMIN to mount it.
pub fn with_tracefs<T: Send>(f: impl FnOnce(&Path) -> T + Send) -> Result<T> {
    match mounted() {
        Some(path) => Ok(f(path)),
        None => std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("tracefs".into())
                .spawn_scoped(scope, || {
                    mount_privately()?;
                    Ok(f(Path::new(TRACING)))
                })
                .context("cannot start a thread to mount tracefs on")?;
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        }),
    }
}

/// Gives the calling thread a mount namespace of its own, with tracefs in it.
fn mount_privately() -> Result<()> {
    let nothing = None::<&str>;
    unshare(CloneFlags::CLONE_NEWNS).context("cannot make a mount namespace for tracefs")?;
    // A namespace starts as a copy that hands its mounts on to the original. In a
    // chroot `/` is no mount, but `/sys` is; elsewhere it may be the other way round.
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(nothing, "/sys", nothing, private, nothing)
        .or_else(|_| mount(nothing, "/", nothing, private, nothing))
        .context("cannot keep a mount of tracefs private")?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("tracefs"), TRACING, Some("tracefs"), flags, nothing)
        .with_context(|| format!("cannot mount tracefs at {TRACING}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts() -> String {
        std::fs::read_to_string("/proc/self/mountinfo").unwrap()
    }

    #[test]
    #[ignore = "needs root: cargo xtask test runs it"]
    fn tracefs_is_there_and_leaves_no_trace() {
        let before = mounts();
        let id = with_tracefs(|path| {
            std::fs::read_to_string(path.join("events/syscalls/sys_enter_execve/id")).unwrap()
        });
        assert!(id.unwrap().trim().parse::<u32>().unwrap() > 0);
        assert_eq!(mounts(), before);
    }

    #[test]
    #[ignore = "needs root: cargo xtask test runs it"]
    fn a_panic_inside_comes_out_and_leaves_no_trace() {
        let before = mounts();
        let outcome = std::panic::catch_unwind(|| with_tracefs(|_| panic!("as it should")));
        assert!(outcome.is_err());
        assert_eq!(mounts(), before);
    }
}
