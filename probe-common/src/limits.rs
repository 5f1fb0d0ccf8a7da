//! Bounds that the verifier and the reader share.

/// Bytes of one captured path as the kernel passed it, without the NUL.
pub const FILENAME_MAX: usize = 4095;
/// Bytes of the interpreter's path of a script, without the NUL.
pub const INTERPRETER_MAX: usize = 255;
/// Bytes of arguments in an exec record itself, NULs included; more go out in parts.
pub const ARGS_INLINE: usize = 8 * 1024 - 1;
/// Bytes of one part.
pub const PART_MAX: usize = 16 * 1024 - 1;
/// Parts in one round; the kernel allows about 32 rounds.
pub const PARTS_PER_ROUND: usize = 9;
/// Most bytes of arguments that can be captured, whatever is asked for.
pub const ARG_BYTES_MAX: u32 = 4 << 20;
/// Bytes of a failed exec's argument that are read at once.
pub const ARG_CHUNK: usize = 4096;
/// Such reads in one round; the kernel allows about 32 rounds, and what is beyond has no known
/// size. A round is one program, so that the verifier follows no long loop.
pub const ARG_READS_PER_ROUND: usize = 32;
/// Longest name in a directory, without the NUL (`NAME_MAX`).
pub const NAME_MAX: usize = 255;
/// Bytes of a path's names, NULs included, after which no more are taken: so no path takes more
/// than this and one name.
pub const WALK_ENOUGH: usize = 3840;
/// Most directories that a path is followed up within the first mount, on kernels from 5.11.
pub const WALK_FIRST: usize = 10;
/// Most steps up from there, through directories and mounts: enough for most paths.
pub const WALK_NEXT: usize = 6;
/// Most steps up from there, by a program that only long paths need: the verifier follows each step.
pub const WALK_REST: usize = 66;
/// Steps from thread to thread in one round; the kernel allows about 32 rounds. Each time that a thread is gone
/// meanwhile, all are read anew.
pub const THREADS_PER_ROUND: usize = 8;
/// Most ancestors in one exec record: the parent, and further up as long as
/// they never executed anything themselves.
pub const ANCESTORS_MAX: usize = 8;
/// Control groups from a process's own upwards in which the capture filter looks.
pub const CGROUP_DEPTH_MAX: usize = 32;
/// Size of the path of a control group that the capture filter knows again, NUL included.
pub const CGROUP_PATH_MAX: usize = 256;
/// Size of the kernel's task name, NUL included (`TASK_COMM_LEN`).
pub const COMM_LEN: usize = 16;
/// Bytes of a terminal's name.
pub const TTY_LEN: usize = 12;
/// Bytes of the names in a control group's path, NULs included.
pub const CGROUP_NAMES: usize = 1016;
/// Most levels of control groups that are followed up.
pub const CGROUP_LEVELS: usize = 24;
/// Paths of control groups that the probe keeps.
pub const CGROUPS_MAX: usize = 1024;
/// An offset, or a number, that does not exist.
pub const NONE: u32 = u32::MAX;

/// Execs that may have begun at the same time, by the last bits of their threads' ids. A power of two.
pub const PENDING_MAX: usize = 1 << 14;
