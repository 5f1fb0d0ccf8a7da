//! Bounds that the verifier and the reader share.

/// Bytes of one captured path as the kernel passed it, without the NUL.
pub const FILENAME_MAX: usize = 4095;
/// Bytes of the interpreter's path of a script, without the NUL.
pub const INTERPRETER_MAX: usize = 255;
/// Bytes of arguments in one record, NULs included.
pub const ARGS_MAX: usize = 16 * 1024 - 1;
/// Bytes of a failed exec's argument that are read at once.
pub const ARG_CHUNK: usize = 4096;
/// Such reads in one round; the kernel allows about 32 rounds, and what is beyond has no known
/// size. A round is one program, so that the verifier follows no long loop.
pub const ARG_READS_PER_ROUND: usize = 16;
/// Most ancestors in one exec record: the parent, and further up as long as
/// they never executed anything themselves.
pub const ANCESTORS_MAX: usize = 8;
/// Control groups from a process's own upwards in which the capture filter looks.
pub const CGROUP_DEPTH_MAX: usize = 32;
/// Size of the path of a control group that the capture filter knows again, NUL included.
pub const CGROUP_PATH_MAX: usize = 256;
/// Size of the kernel's task name, NUL included (`TASK_COMM_LEN`).
pub const COMM_LEN: usize = 16;
/// An offset, or a number, that does not exist.
pub const NONE: u32 = u32::MAX;
