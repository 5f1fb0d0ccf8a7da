//! The fixed parts of the records, as they lie in the ring buffer.

use crate::limits::{CGROUP_NAMES, COMM_LEN, TTY_LEN};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What a record tells; the value of [`Header::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// An exec, successful or failed: [`ExecFixed`] and its tail.
    Exec = 1,
    /// The end of a process that executed something: [`ExitFixed`].
    Exit = 2,
    /// A new process: [`ForkFixed`].
    Fork = 3,
    /// A piece of what a later exec record tells: [`PartFixed`] and its bytes.
    Part = 4,
    /// A program of 32 bits was executed that a capture filter skipped: [`Header`] alone. Told once on
    /// each CPU.
    Narrow = 5,
}

/// Counters that the probe keeps for each CPU; the index among those of a CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Counter {
    /// Records that found no room in the ring buffer.
    Lost = 0,
    /// Execs, successful or failed, that a capture filter skipped.
    NotCaptured = 1,
    /// Processes that the capture filter found no room to remember.
    Untracked = 2,
    /// Records of [`Kind::Narrow`].
    Narrow = 3,
}

impl Counter {
    /// How many places a CPU has for them: a cache line of its own.
    pub const PLACES: u32 = 8;
}

/// Opens every record.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct Header {
    /// When it happened: CLOCK_BOOTTIME, ns.
    pub time_ns: u64,
    /// Records lost on this CPU so far, wrapping (`Counter::Lost`).
    pub lost: u32,
    /// The CPU it happened on.
    pub cpu: u16,
    /// One of [`Kind`].
    pub kind: u8,
    /// Of an exec and its parts, which of its CPU's places it was put together in; else zero.
    pub slot: u8,
    /// Process id (kernel: tgid) in the initial pid namespace.
    pub pid: u32,
    /// Thread id that made the call, before exec gave it the leader's.
    pub tid: u32,
}

/// Bits of [`ExecFixed::flags`].
pub mod exec_flag {
    /// Arguments could not be read from the process's memory, wholly or from some point on.
    pub const ARGS_FAULT: u32 = 1 << 0;
    /// The path could not be read.
    pub const FILENAME_FAULT: u32 = 1 << 1;
    /// The path is longer than what was captured.
    pub const FILENAME_CUT: u32 = 1 << 2;
    /// The kernel ran an interpreter (`#!` or binfmt_misc) in place of the file.
    pub const SCRIPT: u32 = 1 << 3;
    /// The interpreter's path is longer than what was captured.
    pub const INTERPRETER_CUT: u32 = 1 << 4;
    /// `old_euid` was read before the exec; else it is unknown.
    pub const OLD_EUID: u32 = 1 << 5;
    /// More arguments than were followed; their number and true size are unknown.
    pub const ARGC_CUT: u32 = 1 << 6;
    /// The kernel itself started it.
    pub const KERNEL: u32 = 1 << 7;
    /// The begin of the call was not seen: a filter of system calls denied it, or the capture
    /// began in its midst.
    pub const NOT_ENTERED: u32 = 1 << 8;
    /// The effective group was another before the exec.
    pub const SETGID: u32 = 1 << 9;
    /// There are effective capabilities that there were not before the exec.
    pub const CAPS: u32 = 1 << 10;
    /// The file was named by a descriptor, or relative to one (`execveat(2)`).
    pub const DIRFD: u32 = 1 << 11;
    /// With AT_EMPTY_PATH.
    pub const EMPTY_PATH: u32 = 1 << 12;
    /// A tracer is attached.
    pub const PTRACED: u32 = 1 << 13;
    /// The name of what runs now was removed.
    pub const DELETED: u32 = 1 << 14;
    /// `exe` is told.
    pub const EXE: u32 = 1 << 15;
    /// The beginning of `exe` is not.
    pub const EXE_CUT: u32 = 1 << 16;
    /// `exe` lies in no directory.
    pub const EXE_PSEUDO: u32 = 1 << 17;
    /// `cwd` is told.
    pub const CWD: u32 = 1 << 18;
    /// The beginning of `cwd` is not.
    pub const CWD_CUT: u32 = 1 << 19;
    /// `cwd` lies in no directory.
    pub const CWD_PSEUDO: u32 = 1 << 20;
    /// The arguments came in [`Kind::Part`] records before this one.
    ///
    /// [`Kind::Part`]: super::Kind::Part
    pub const ARGS_IN_PARTS: u32 = 1 << 21;
    /// From some point on, parts found no room in the ring buffer.
    pub const PARTS_LOST: u32 = 1 << 22;
    /// The environment was asked for.
    pub const ENV: u32 = 1 << 23;
    /// The environment could not be read from the process's memory, from some point on.
    pub const ENV_FAULT: u32 = 1 << 24;
    /// The kernel's `struct linux_binprm` was not known: neither is the interpreter, the number of
    /// arguments, and whether the file was named by a descriptor.
    pub const NO_BPRM: u32 = 1 << 25;
    /// The program is one of 32 bits.
    pub const NARROW: u32 = 1 << 26;
    /// The exec failed in a thread that is being killed, as one is that fails past the point of no return: its
    /// memory may be another program's already.
    pub const DYING: u32 = 1 << 27;
    /// Nothing was to be executed: only asked whether it would be allowed (`AT_EXECVE_CHECK`).
    pub const CHECK: u32 = 1 << 28;
}

/// Places of the programs in which another goes on, in the arrays of them.
pub mod go_on {
    /// Another round of what does not fit one program.
    pub const ROUND: u32 = 0;
    /// Walks on up a long path, and then does what the first program does.
    pub const WALK: u32 = 1;
    /// Begins the record of a failed exec.
    pub const BEGIN: u32 = 2;
    /// Adds up the times of threads that end.
    pub const THREADS: u32 = 2;
}

/// What the capture filter remembers of a process.
pub mod tracked {
    /// It belongs to the tree that is captured.
    pub const IN_TREE: u32 = 1 << 0;
    /// An exec of it was told, so its end is told too.
    pub const TOLD: u32 = 1 << 1;
}

/// The fixed part of an exec record, after the header.
///
/// The tail: `exe_len` and `cwd_len` bytes, `ancestors` × [`Ancestor`], `filename_len` and
/// `interpreter_len` bytes; of a failed exec 8 bytes whose bit `i` says that argument `i` could not be
/// read and stands as an empty one; then, unless they came in parts, `args_len` bytes. No padding.
///
/// `exe` and `cwd` are the names on the way up, the last first, each ended by a NUL.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct ExecFixed {
    /// When the process was forked: CLOCK_BOOTTIME, ns. With the pid it names one process.
    pub start_ns: u64,
    /// Id of its control group, by which the map of their paths has it; 0 when unknown.
    pub cgroup: u64,
    /// Bits of [`exec_flag`].
    pub flags: u32,
    /// 0, or minus errno.
    pub ret: i32,
    /// Parent's process id.
    pub ppid: u32,
    /// Real user id, after the exec.
    pub uid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective user id, after the exec.
    pub euid: u32,
    /// Effective group id, after the exec.
    pub egid: u32,
    /// Effective user id before the exec, if `exec_flag::OLD_EUID`.
    pub old_euid: u32,
    /// Audit login uid; `u32::MAX` when not set.
    pub loginuid: u32,
    /// Audit session id; `u32::MAX` when not set.
    pub session: u32,
    /// Process id inside its own pid namespace.
    pub ns_pid: u32,
    /// Inode number of its pid namespace.
    pub pid_ns: u32,
    /// Inode number of its mount namespace.
    pub mnt_ns: u32,
    /// The descriptor of a failed `execveat(2)`, if `exec_flag::DIRFD`.
    pub dirfd: i32,
    /// Number of arguments: as the kernel counted them, or as many as were followed when the exec failed.
    pub argc: u32,
    /// True size of the arguments in bytes, NULs included.
    pub args_size: u32,
    /// Captured bytes of arguments.
    pub args_len: u32,
    /// True size of the environment in bytes, NULs included.
    pub env_size: u32,
    /// Captured bytes of the environment, all in parts.
    pub env_len: u32,
    /// Captured bytes of the path as passed.
    pub filename_len: u16,
    /// Bytes of the path of what runs now.
    pub exe_len: u16,
    /// Bytes of the path of the working directory.
    pub cwd_len: u16,
    /// Captured bytes of the interpreter's path.
    pub interpreter_len: u8,
    /// Number of [`Ancestor`]s.
    pub ancestors: u8,
    /// Task name after the exec (before it, when it failed).
    pub comm: [u8; COMM_LEN],
    /// Name of the controlling terminal as the kernel has it (`pts3`); empty when there is none.
    pub tty: [u8; TTY_LEN],
}

/// The fixed part of a record with a piece of an exec's arguments or environment, after the header.
///
/// The pieces of one exec come in order and before its own record, from the same CPU and slot; the
/// first has offset 0. The tail: `len` bytes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct PartFixed {
    /// One of [`Area`].
    pub area: u32,
    /// Bytes of the area before this piece.
    pub offset: u32,
    /// Bytes of this piece.
    pub len: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a part is of; the value of [`PartFixed::area`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Area {
    /// The arguments.
    Args = 0,
    /// The environment.
    Env = 1,
}

/// A control group's path, as the map of them has it: the names on the way up, the last first, each
/// ended by a NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct CgroupPath {
    /// Bytes of `names` that are used.
    pub len: u32,
    /// 1 if the way up was longer than what fits.
    pub cut: u32,
    /// The names.
    pub names: [u8; CGROUP_NAMES],
}

/// One ancestor of a process that executed something.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct Ancestor {
    /// When it was forked: CLOCK_BOOTTIME, ns.
    pub start_ns: u64,
    /// Process id.
    pub pid: u32,
    /// 1 if it never executed anything since its fork, else 0.
    pub forked_only: u32,
    /// Its task name at that moment.
    pub comm: [u8; COMM_LEN],
}

/// The fixed part of an exit record, after the header.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct ExitFixed {
    /// When the process was forked: CLOCK_BOOTTIME, ns.
    pub start_ns: u64,
    /// User time of all its threads as the kernel's ticks have it, ns. `u64::MAX`, as the two after it, if more
    /// threads were ending at that moment than could be followed.
    pub user_ns: u64,
    /// System time of all its threads as the kernel's ticks have it, ns.
    pub system_ns: u64,
    /// Time that all its threads ran, user and system, as the scheduler has it, ns.
    pub run_ns: u64,
    /// Largest resident set, in pages.
    pub max_rss_pages: u64,
    /// Status as `wait(2)` gives it.
    pub status: u32,
    /// Parent's process id.
    pub ppid: u32,
    /// Task name.
    pub comm: [u8; COMM_LEN],
}

/// The fixed part of a fork record, after the header: the header's pid is the child's.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct ForkFixed {
    /// When the child was forked: CLOCK_BOOTTIME, ns.
    pub start_ns: u64,
    /// When the parent was forked.
    pub parent_start_ns: u64,
    /// Parent's process id.
    pub ppid: u32,
    /// Zero.
    pub reserved: u32,
    /// Task name, of parent and child alike.
    pub comm: [u8; COMM_LEN],
}

const _: () = {
    assert!(size_of::<Header>() == 24);
    assert!(size_of::<ExecFixed>() == 128);
    assert!(size_of::<PartFixed>() == 16);
    assert!(size_of::<Ancestor>() == 32);
    assert!(size_of::<ExitFixed>() == 64);
    assert!(size_of::<ForkFixed>() == 40);
};
