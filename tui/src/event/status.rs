//! How things ended, and the kernel's names for it.

use std::borrow::Cow;

/// Returns the name of an errno, or `E` and its number if it has none.
pub fn errno_name(errno: i32) -> Cow<'static, str> {
    // Those of include/linux/errno.h are the kernel's own: who made the call gets EINTR, or it is made anew.
    match nix::errno::Errno::from_raw(errno) {
        nix::errno::Errno::UnknownErrno => match errno {
            512 => Cow::Borrowed("ERESTARTSYS"),
            513 => Cow::Borrowed("ERESTARTNOINTR"),
            514 => Cow::Borrowed("ERESTARTNOHAND"),
            516 => Cow::Borrowed("ERESTART_RESTARTBLOCK"),
            _ => Cow::Owned(format!("E{errno}")),
        },
        known => Cow::Owned(format!("{known:?}")),
    }
}

/// Returns what an errno of a failed exec means there, in words: execve gives many of them for reasons
/// of its own.
pub fn exec_hint(errno: i32) -> &'static str {
    match nix::errno::Errno::from_raw(errno) {
        nix::errno::Errno::EPERM => {
            "forbidden: a security module, or no privilege may be gained while traced"
        }
        nix::errno::Errno::ENOENT => {
            "no such file; if it is there, its interpreter (#! or the loader) is not"
        }
        nix::errno::Errno::E2BIG => "arguments and environment are too long",
        nix::errno::Errno::ENOEXEC => {
            "no program for this machine, and no script that begins with #!"
        }
        nix::errno::Errno::EAGAIN => "the user's limit of processes (ulimit -u) is reached",
        nix::errno::Errno::ENOMEM => "not enough memory, or a limit of it",
        nix::errno::Errno::EACCES => {
            "no x permission, a closed directory above, or a noexec file system"
        }
        nix::errno::Errno::EFAULT => "the caller passed a bad pointer",
        nix::errno::Errno::ENOTDIR => "a part of the path is no directory",
        nix::errno::Errno::EISDIR => "the interpreter is a directory",
        nix::errno::Errno::EINVAL => "a broken program file, such as one with two interpreters",
        nix::errno::Errno::EMFILE => "the process has too many open files",
        nix::errno::Errno::ENFILE => "the system has too many open files",
        nix::errno::Errno::ETXTBSY => "somebody has the file open for writing",
        nix::errno::Errno::ELOOP => "too many symbolic links, or interpreters of interpreters",
        nix::errno::Errno::ENAMETOOLONG => "the path is too long",
        nix::errno::Errno::ELIBBAD => "the loader is in a format that is not known",
        nix::errno::Errno::EIO => "the file could not be read",
        other => other.desc(),
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// With this exit code.
    Code(u8),
    /// Killed by a signal.
    Signal {
        /// The signal's number.
        number: u8,
        /// Whether a core was written.
        core_dumped: bool,
    },
}

impl Default for Status {
    fn default() -> Self {
        Self::Code(0)
    }
}

impl Status {
    /// Reads a status as `wait(2)` gives it.
    pub fn from_wait(status: u32) -> Self {
        let number = (status & 0x7f) as u8;
        if number == 0 {
            Self::Code((status >> 8) as u8)
        } else {
            Self::Signal {
                number,
                core_dumped: status & 0x80 != 0,
            }
        }
    }

    /// Returns the name of the signal that killed it, such as "SIGKILL".
    pub fn signal_name(self) -> Option<Cow<'static, str>> {
        match self {
            Self::Code(_) => None,
            Self::Signal { number, .. } => Some(signal_name(number)),
        }
    }
}

/// Returns the name of a signal; real-time signals are `SIGRTMIN+n`.
pub fn signal_name(number: u8) -> Cow<'static, str> {
    match nix::sys::signal::Signal::try_from(i32::from(number)) {
        Ok(signal) => Cow::Borrowed(signal.as_str()),
        Err(_) if number >= 34 => Cow::Owned(format!("SIGRTMIN+{}", number - 34)),
        Err(_) => Cow::Owned(format!("SIG{number}")),
    }
}

/// Returns the number of a signal by the name that [`signal_name`] gives it.
pub fn signal_number(name: &[u8]) -> Option<u8> {
    let name = std::str::from_utf8(name).ok()?;
    let number = if let Some(above) = name.strip_prefix("SIGRTMIN+") {
        34_u8.checked_add(above.parse().ok()?)?
    } else if let Ok(signal) = name.parse::<nix::sys::signal::Signal>() {
        u8::try_from(signal as i32).ok()?
    } else {
        name.strip_prefix("SIG")?.parse().ok()?
    };
    (signal_name(number) == name).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_is_known_by_its_name() {
        for number in 0..=255 {
            let name = signal_name(number);
            assert_eq!(signal_number(name.as_bytes()), Some(number), "{name}");
        }
        for wrong in ["", "SIG", "SIGNO", "SIG09", "SIGRTMIN+999", "KILL"] {
            assert_eq!(signal_number(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn status_is_read_as_wait_gives_it() {
        assert_eq!(Status::from_wait(7 << 8), Status::Code(7));
        assert_eq!(
            Status::from_wait(9),
            Status::Signal {
                number: 9,
                core_dumped: false
            }
        );
        assert_eq!(
            Status::from_wait(0x8b).signal_name().as_deref(),
            Some("SIGSEGV")
        );
        assert_eq!(signal_name(36), "SIGRTMIN+2");
        assert_eq!(errno_name(2), "ENOENT");
        assert_eq!(errno_name(512), "ERESTARTSYS");
        assert_eq!(errno_name(3000), "E3000");
    }
}
