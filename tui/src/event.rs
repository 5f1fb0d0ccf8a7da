//! What happened, owned and free of any source: live, replayed or made up.
//!
//! Times are nanoseconds of CLOCK_BOOTTIME; [`Session::wall_ns`] turns them into
//! time of day. A fact that could not be had is `None`, and [`reason`] says why.

mod flags;
mod missing;
mod session;
mod status;

pub use flags::Flags;
pub use missing::{Missing, Reason, Reasons, gaps, own_gaps, reason, reasons};
pub use session::{HostId, Session};
pub use status::{Status, errno_name, exec_hint, signal_name, signal_number};

use std::borrow::Cow;
use std::sync::Arc;

/// Version of the schema in which events are written and read.
pub const SCHEMA_VERSION: u32 = 1;

/// A task name: at most 15 bytes and a NUL, any bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Comm([u8; 16]);

impl Comm {
    /// Cuts a name at its first NUL, and at 15 bytes.
    pub fn new(name: &[u8]) -> Self {
        let mut comm = [0; 16];
        for (to, from) in comm
            .iter_mut()
            .zip(name.iter().take(15).take_while(|b| **b != 0))
        {
            *to = *from;
        }
        Self(comm)
    }

    /// Returns the bytes before the NUL.
    pub fn as_bytes(&self) -> &[u8] {
        let len = self.0.iter().position(|b| *b == 0).unwrap_or(self.0.len());
        &self.0[..len]
    }
}

impl std::fmt::Debug for Comm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.as_bytes()))
    }
}

impl From<&str> for Comm {
    fn from(name: &str) -> Self {
        Self::new(name.as_bytes())
    }
}

/// How much of a text was captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Capture {
    /// Every byte.
    #[default]
    Whole,
    /// Its beginning only.
    Truncated,
    /// The process's memory could not be read, from some point on or at all.
    Failed,
}

/// Returns what there is of a path whose beginning may be cut: then it does not begin with a slash, so
/// that it cannot be taken for a whole one.
pub fn rest_of_path(path: &[u8], capture: Capture) -> &[u8] {
    match capture {
        Capture::Whole => path,
        Capture::Truncated | Capture::Failed => {
            let slashes = path.iter().take_while(|byte| **byte == b'/').count();
            path.get(slashes..).unwrap_or_default()
        }
    }
}

/// Returns the last part of a path.
pub fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// The arguments of an exec: each ended by a NUL, but perhaps the last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args {
    /// The captured bytes.
    pub bytes: Box<[u8]>,
    /// Size of all arguments, NULs included; `None` when even that is unknown.
    pub true_size: Option<u64>,
    /// How many arguments the exec had; `None` when unknown.
    pub argc: Option<u32>,
    /// Whether `bytes` is all of them.
    pub capture: Capture,
    /// Bit `i`: argument `i` could not be read, and stands as an empty one.
    pub holes: u64,
}

impl Args {
    /// Makes whole arguments of a list of them.
    pub fn from_list<S: AsRef<[u8]>>(list: &[S]) -> Self {
        let mut bytes = Vec::new();
        for arg in list {
            bytes.extend_from_slice(arg.as_ref());
            bytes.push(0);
        }
        Self {
            true_size: Some(bytes.len() as u64),
            argc: u32::try_from(list.len()).ok(),
            bytes: bytes.into(),
            capture: Capture::Whole,
            holes: 0,
        }
    }

    /// Returns the captured arguments; the last one may be cut, see [`Args::capture`].
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        let body = self.bytes.strip_suffix(b"\0").unwrap_or(&self.bytes);
        let some = !self.bytes.is_empty();
        body.split(|b| *b == 0).filter(move |_| some)
    }

    /// Returns the captured arguments, with none in the place of one that could not be read.
    pub fn iter_read(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let hole = |i| i < u64::BITS as usize && self.holes >> i & 1 == 1;
        let args = self.iter().enumerate();
        args.map(move |(i, arg)| (!hole(i)).then_some(arg))
    }

    /// Returns how many bytes were not captured; `None` when unknown.
    pub fn missing_bytes(&self) -> Option<u64> {
        Some(self.true_size?.saturating_sub(self.bytes.len() as u64))
    }
}

/// Names one process: a pid is used again, a pid with its start time is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessKey {
    /// On which machine.
    pub host: HostId,
    /// Process id in the initial pid namespace.
    pub pid: u32,
    /// When it was forked: CLOCK_BOOTTIME, ns.
    pub start_ns: u64,
}

impl ProcessKey {
    /// Returns it as [`Event::place`] makes it; an unknown start, which is 0, stays so.
    pub fn placed(self, host: HostId, later_ns: u64) -> Self {
        let start_ns = match self.start_ns {
            0 => 0,
            start_ns => start_ns.saturating_add(later_ns),
        };
        Self {
            host,
            start_ns,
            ..self
        }
    }
}

/// One process above another, as it was at the moment of an exec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ancestor {
    /// Which process.
    pub key: ProcessKey,
    /// Its task name.
    pub comm: Comm,
}

/// A control group, and the container that its name tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cgroup {
    /// Its path in its hierarchy: the unified one, or that of a controller where the process is at the
    /// root of the unified one.
    pub path: Box<[u8]>,
    /// Id or name of the container.
    pub container: Option<Box<str>>,
}

impl Cgroup {
    /// Makes a control group of its path, and finds the container that this tells of.
    pub fn new(path: impl Into<Box<[u8]>>) -> Self {
        let path = path.into();
        Self {
            container: crate::container::of_path(&path),
            path,
        }
    }
}

/// A program that was executed, or that could not be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exec {
    /// Running number of the event in its session, from 1.
    pub seq: u64,
    /// When.
    pub time_ns: u64,
    /// When the process was forked.
    pub start_ns: u64,
    /// On which machine.
    pub host: HostId,
    /// Process id.
    pub pid: u32,
    /// Thread that made the call.
    pub tid: u32,
    /// Parent's process id.
    pub ppid: u32,
    /// 0, or minus errno.
    pub ret: i32,
    /// Real user id.
    pub uid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective user id, after the exec.
    pub euid: Option<u32>,
    /// Effective group id, after the exec.
    pub egid: Option<u32>,
    /// Effective user id before the exec.
    pub old_euid: Option<u32>,
    /// Audit login uid.
    pub loginuid: Option<u32>,
    /// Audit session id.
    pub session: Option<u32>,
    /// Process id inside its own pid namespace.
    pub ns_pid: Option<u32>,
    /// Inode number of its pid namespace.
    pub pid_ns: Option<u32>,
    /// Inode number of its mount namespace.
    pub mnt_ns: Option<u32>,
    /// CPU it happened on.
    pub cpu: Option<u16>,
    /// Task name after the exec (before it, when it failed).
    pub comm: Comm,
    /// The path as passed; `None` when it could not be read.
    pub filename: Option<Box<[u8]>>,
    /// Whether `filename` is whole.
    pub filename_capture: Capture,
    /// The interpreter the kernel ran for a script.
    pub interpreter: Option<Arc<[u8]>>,
    /// Whether `interpreter` is whole.
    pub interpreter_capture: Capture,
    /// Absolute path of what runs now, as the mount namespace's root sees it; of a script its
    /// interpreter. `None` when the exec failed.
    pub exe: Option<Arc<[u8]>>,
    /// Whether `exe` is whole; a path that is not lacks its beginning, see [`rest_of_path`].
    pub exe_capture: Capture,
    /// Absolute path of the working directory, likewise.
    pub cwd: Option<Arc<[u8]>>,
    /// Whether `cwd` is whole.
    pub cwd_capture: Capture,
    /// Name of the controlling terminal below `/dev`, such as `pts/3`; `None` when there is none.
    pub tty: Option<Arc<[u8]>>,
    /// The control group.
    pub cgroup: Option<Arc<Cgroup>>,
    /// The arguments.
    pub args: Args,
    /// The environment, in the form of arguments; `None` unless it was asked for.
    pub env: Option<Box<Args>>,
    /// The parent, and further up as long as they never executed anything.
    pub ancestors: Box<[Ancestor]>,
    /// Words for what is special, such as `script`.
    pub flags: Flags,
    /// Facts that its source could not give, and why. What follows from the exec itself, [`gaps`] tells.
    pub missing: Arc<Missing>,
}

impl Exec {
    /// Returns which process this is.
    pub fn key(&self) -> ProcessKey {
        ProcessKey {
            host: self.host,
            pid: self.pid,
            start_ns: self.start_ns,
        }
    }

    /// Returns the parent's task name at that moment.
    pub fn parent_comm(&self) -> Option<&Comm> {
        self.ancestors.first().map(|a| &a.comm)
    }

    /// Returns the id or the name of the container that it happened in.
    pub fn container(&self) -> Option<&str> {
        self.cgroup.as_ref()?.container.as_deref()
    }

    /// Returns the last part of the path that it was called with, unless that is empty.
    pub fn file_name(&self) -> Option<&[u8]> {
        let name = base_name(self.filename.as_deref()?);
        (!name.is_empty()).then_some(name)
    }

    /// Returns whether the exec failed.
    pub fn failed(&self) -> bool {
        self.ret < 0
    }

    /// Returns why the exec failed; 0 if it did not.
    pub fn errno(&self) -> i32 {
        // Recordings may have any number.
        self.ret.saturating_neg().max(0)
    }

    /// Returns the name of the errno of a failed exec, such as "ENOENT".
    pub fn error(&self) -> Option<Cow<'static, str>> {
        self.failed().then(|| errno_name(self.errno()))
    }
}

/// The end of a process that executed something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exit {
    /// Running number of the event in its session, from 1.
    pub seq: u64,
    /// When.
    pub time_ns: u64,
    /// When the process was forked.
    pub start_ns: u64,
    /// On which machine.
    pub host: HostId,
    /// Process id.
    pub pid: u32,
    /// Parent's process id.
    pub ppid: u32,
    /// Task name.
    pub comm: Comm,
    /// How it ended.
    pub status: Status,
    /// How long its last program ran, if a recording tells; else the model finds out.
    pub duration_ns: Option<u64>,
    /// User time of all its threads.
    pub user_ns: Option<u64>,
    /// System time of all its threads.
    pub system_ns: Option<u64>,
    /// Largest resident set.
    pub max_rss_bytes: Option<u64>,
    /// Facts that could not be had: the schema's key of each, and the reason.
    pub missing: Arc<Missing>,
}

impl Exit {
    /// Returns which process this was.
    pub fn key(&self) -> ProcessKey {
        ProcessKey {
            host: self.host,
            pid: self.pid,
            start_ns: self.start_ns,
        }
    }
}

/// A new process; told only on request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fork {
    /// Running number of the event in its session, from 1.
    pub seq: u64,
    /// When.
    pub time_ns: u64,
    /// When the child was forked, by its own account.
    pub start_ns: u64,
    /// On which machine.
    pub host: HostId,
    /// The child.
    pub pid: u32,
    /// The parent.
    pub parent: ProcessKey,
    /// Task name of both.
    pub comm: Comm,
}

impl Fork {
    /// Returns which process the child is.
    pub fn key(&self) -> ProcessKey {
        ProcessKey {
            host: self.host,
            pid: self.pid,
            start_ns: self.start_ns,
        }
    }
}

/// Events that were lost, noticed at `time_ns`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// When the loss was noticed: no later than the next event that was not lost.
    pub time_ns: u64,
    /// How many events.
    pub count: u64,
    /// On which CPU; `None` when the loss is not of one CPU.
    pub cpu: Option<u16>,
    /// On which machine.
    pub host: HostId,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An exec, successful or failed.
    Exec(Box<Exec>),
    /// The end of a process.
    Exit(Exit),
    /// A new process.
    Fork(Fork),
    /// Events are missing here.
    Lost(Lost),
}

impl Event {
    /// Returns when it happened.
    pub fn time_ns(&self) -> u64 {
        match self {
            Self::Exec(e) => e.time_ns,
            Self::Exit(e) => e.time_ns,
            Self::Fork(e) => e.time_ns,
            Self::Lost(e) => e.time_ns,
        }
    }

    /// Makes it one of a machine among others, whose clock began so much later than that of the first.
    pub fn place(&mut self, host: HostId, later_ns: u64) {
        let later = |time_ns: &mut u64| *time_ns = time_ns.saturating_add(later_ns);
        match self {
            Self::Exec(e) => {
                later(&mut e.time_ns);
                e.host = host;
                e.start_ns = e.key().placed(host, later_ns).start_ns;
                for above in &mut e.ancestors {
                    above.key = above.key.placed(host, later_ns);
                }
            }
            Self::Exit(e) => {
                later(&mut e.time_ns);
                e.host = host;
                e.start_ns = e.key().placed(host, later_ns).start_ns;
            }
            Self::Fork(e) => {
                later(&mut e.time_ns);
                e.host = host;
                e.start_ns = e.key().placed(host, later_ns).start_ns;
                e.parent = e.parent.placed(host, later_ns);
            }
            Self::Lost(e) => {
                later(&mut e.time_ns);
                e.host = host;
            }
        }
    }

    /// Returns on which machine it happened.
    pub fn host(&self) -> HostId {
        match self {
            Self::Exec(e) => e.host,
            Self::Exit(e) => e.host,
            Self::Fork(e) => e.host,
            Self::Lost(e) => e.host,
        }
    }
}

/// A process that already ran when the capture began, as `/proc` has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Running {
    /// Which process; its start time is only as exact as `/proc`'s clock tick.
    pub key: ProcessKey,
    /// Parent's process id.
    pub ppid: u32,
    /// Real user id, if it is known.
    pub uid: Option<u32>,
    /// Task name.
    pub comm: Comm,
    /// Its arguments, each ended by a NUL; empty for a kernel thread.
    pub cmdline: Box<[u8]>,
    /// Whether it executed nothing since its fork, so that its end is not told.
    pub forked_only: bool,
    /// Whether it is a 32-bit program, as far as that is for us to know.
    pub narrow: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_without_its_beginning_is_not_absolute() {
        let cut = |path| rest_of_path(path, Capture::Truncated);
        assert_eq!(cut(&b"/b/c"[..]), b"b/c");
        assert_eq!(cut(b"//b"), b"b");
        assert_eq!(cut(b"/"), b"");
        assert_eq!(rest_of_path(b"/b/c", Capture::Whole), b"/b/c");
    }

    #[test]
    fn args_keep_empty_ones_apart() {
        let args = Args::from_list(&["a b", "", "c"]);
        assert_eq!(args.iter().collect::<Vec<_>>(), [&b"a b"[..], b"", b"c"]);
        assert_eq!(Args::from_list(&[""]).iter().collect::<Vec<_>>(), [b""]);
        assert_eq!(Args::from_list::<&str>(&[]).iter().count(), 0);
    }
}
