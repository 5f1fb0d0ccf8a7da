//! The one table of kernel struct members that the probe reads.
//!
//! The probe declares a global for each; user space looks each up in the running
//! kernel's BTF and sets the global before load. A member that is not there leaves
//! its global at [`NONE`](crate::limits::NONE): a required one stops the load, any
//! other blanks the facts it is listed with.

/// Hands the table to the macro named, as `GLOBAL = "struct" "member.path", facts;` lines.
///
/// `facts` are the event schema's keys that are lost without the member: none for one that is
/// required, an empty one where the probe has a way around it. A path `a|b` is `a`, or `b` on kernels
/// that call it so; a number is the place in an array.
#[macro_export]
macro_rules! kernel_members {
    ($consumer:ident) => {
        $consumer! {
            TASK_FLAGS = "task_struct" "flags", [];
            TASK_MM = "task_struct" "mm", [];
            TASK_TGID = "task_struct" "tgid", [];
            TASK_PID = "task_struct" "pid", [];
            TASK_REAL_PARENT = "task_struct" "real_parent", [];
            TASK_GROUP_LEADER = "task_struct" "group_leader", [];
            TASK_START_BOOTTIME = "task_struct" "start_boottime", [];
            TASK_COMM = "task_struct" "comm", [];
            TASK_SIGNAL = "task_struct" "signal", [];
            TASK_EXIT_CODE = "task_struct" "exit_code", [];
            TASK_PENDING_SIGNALS = "task_struct" "pending.signal", [""];
            TASK_BLOCKED_SIGNALS = "task_struct" "blocked", [""];
            TASK_PTRACE = "task_struct" "ptrace", ["flags"];
            TASK_FS = "task_struct" "fs", ["cwd"];
            TASK_CGROUPS = "task_struct" "cgroups", ["cgroup", "container"];
            TASK_CRED = "task_struct" "cred", ["euid", "egid", "old_euid"];
            TASK_LOGINUID = "task_struct" "loginuid", ["loginuid"];
            TASK_SESSIONID = "task_struct" "sessionid", ["session"];
            TASK_THREAD_PID = "task_struct" "thread_pid", ["ns_pid", "pid_ns"];
            TASK_NSPROXY = "task_struct" "nsproxy", ["mnt_ns"];
            TASK_UTIME = "task_struct" "utime", ["user_ns", "system_ns"];
            TASK_STIME = "task_struct" "stime", ["user_ns", "system_ns"];
            TASK_RUNTIME = "task_struct" "se.sum_exec_runtime", ["user_ns", "system_ns"];
            TASK_THREADS = "task_struct" "thread_node", ["user_ns", "system_ns"];
            MM_ARG_START = "mm_struct" "arg_start", [];
            MM_ARG_END = "mm_struct" "arg_end", [];
            MM_ENV_START = "mm_struct" "env_start", ["env"];
            MM_ENV_END = "mm_struct" "env_end", ["env"];
            MM_EXE_FILE = "mm_struct" "exe_file", ["exe"];
            MM_OWNER = "mm_struct" "owner", [""];
            MM_TASK_SIZE = "mm_struct" "task_size", [""];
            BPRM_FILENAME = "linux_binprm" "filename", [];
            BPRM_INTERP = "linux_binprm" "interp", ["interpreter"];
            BPRM_ARGC = "linux_binprm" "argc", [];
            BPRM_MM = "linux_binprm" "mm", [""];
            BPRM_FDPATH = "linux_binprm" "fdpath", ["flags"];
            FILE_PATH = "file" "f_path", ["exe"];
            FS_PWD = "fs_struct" "pwd", ["cwd"];
            PATH_MNT = "path" "mnt", ["exe", "cwd"];
            PATH_DENTRY = "path" "dentry", ["exe", "cwd"];
            VFSMOUNT_ROOT = "vfsmount" "mnt_root", ["exe", "cwd"];
            MOUNT_MNT = "mount" "mnt", ["exe", "cwd"];
            MOUNT_PARENT = "mount" "mnt_parent", ["exe", "cwd"];
            MOUNT_MOUNTPOINT = "mount" "mnt_mountpoint", ["exe", "cwd"];
            DENTRY_PARENT = "dentry" "d_parent", ["exe", "cwd"];
            DENTRY_NAME = "dentry" "d_name.name", ["exe", "cwd"];
            DENTRY_HASHED = "dentry" "d_hash.pprev", ["flags"];
            CSET_UNIFIED = "css_set" "dfl_cgrp", ["cgroup", "container"];
            CSET_SUBSYS = "css_set" "subsys", [""];
            CSS_CGROUP = "cgroup_subsys_state" "cgroup", [""];
            CGROUP_KN = "cgroup" "kn", ["cgroup", "container"];
            KN_ID = "kernfs_node" "id", ["cgroup", "container"];
            KN_NAME = "kernfs_node" "name", ["cgroup", "container"];
            KN_PARENT = "kernfs_node" "parent|__parent", ["cgroup", "container"];
            SIGNAL_TTY = "signal_struct" "tty", ["tty"];
            TTY_NAME = "tty_struct" "name", ["tty"];
            SIGNAL_LIVE = "signal_struct" "live", [];
            SIGNAL_FLAGS = "signal_struct" "flags", [];
            SIGNAL_GROUP_EXIT_CODE = "signal_struct" "group_exit_code", [];
            SIGNAL_UTIME = "signal_struct" "utime", ["user_ns", "system_ns"];
            SIGNAL_STIME = "signal_struct" "stime", ["user_ns", "system_ns"];
            SIGNAL_RUNTIME = "signal_struct" "sum_sched_runtime", ["user_ns", "system_ns"];
            SIGNAL_NR_THREADS = "signal_struct" "nr_threads", ["user_ns", "system_ns"];
            SIGNAL_THREADS = "signal_struct" "thread_head", ["user_ns", "system_ns"];
            SIGNAL_SEQUENCE = "signal_struct" "stats_lock.seqcount.seqcount.sequence|stats_lock.seqcount.sequence", ["user_ns", "system_ns"];
            SIGNAL_MAXRSS = "signal_struct" "maxrss", ["max_rss_bytes"];
            CRED_EUID = "cred" "euid", ["euid", "old_euid"];
            CRED_EGID = "cred" "egid", ["egid"];
            CRED_CAPS = "cred" "cap_effective", ["flags"];
            TASK_COMPAT = "task_struct" "thread_info.status", [""];
            REGS_COMPAT = "pt_regs" "pstate", [""];
            REGS_NUMBER = "pt_regs" "orig_ax|syscallno", [""];
            REGS32_FIRST = "pt_regs" "bx|orig_x0", [""];
            REGS32_SECOND = "pt_regs" "cx|regs.1", [""];
            REGS32_THIRD = "pt_regs" "dx|regs.2", [""];
            REGS32_FIFTH = "pt_regs" "di|regs.4", [""];
            REGS_FIRST = "pt_regs" "di|orig_x0", [""];
            REGS_SECOND = "pt_regs" "si|regs.1", [""];
            REGS_THIRD = "pt_regs" "dx|regs.2", [""];
            REGS_FIFTH = "pt_regs" "r8|regs.4", [""];
            PID_LEVEL = "pid" "level", ["ns_pid", "pid_ns"];
            PID_NUMBERS = "pid" "numbers", ["ns_pid", "pid_ns"];
            UPID_NS = "upid" "ns", ["pid_ns"];
            PIDNS_INUM = "pid_namespace" "ns.inum", ["pid_ns"];
            NSPROXY_MNT_NS = "nsproxy" "mnt_ns", ["mnt_ns"];
            MNTNS_INUM = "mnt_namespace" "ns.inum", ["mnt_ns"];
            EVENT_EXEC_FILENAME = "trace_event_raw_sched_process_exec" "__data_loc_filename", [""];
            EVENT_EXEC_OLD_PID = "trace_event_raw_sched_process_exec" "old_pid", [""];
            EVENT_EXIT_GROUP_DEAD = "trace_event_raw_sched_process_exit" "group_dead", [""];
            CGROUP_ROOT = "cgroup" "root", [""];
            CGROUP_ROOT_HIERARCHY_ID = "cgroup_root" "hierarchy_id", [""];
        }
    };
}

/// One member of a kernel struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name of the probe's global.
    pub global: &'static str,
    /// Name of the struct.
    pub of: &'static str,
    /// Name of the member, or names joined by dots; or several such, joined by bars.
    pub path: &'static str,
    /// Keys of the facts lost without it: none if the probe cannot do without, an empty one if
    /// nothing is lost.
    pub facts: &'static [&'static str],
}

macro_rules! table {
    ($($global:ident = $of:literal $path:literal, [$($fact:literal),*];)*) => {
        /// Every member, in the order of the globals.
        pub const MEMBERS: &[Member] = &[$(Member {
            global: stringify!($global),
            of: $of,
            path: $path,
            facts: &[$($fact),*],
        }),*];
    };
}

kernel_members!(table);

/// Hands the probe's other globals to the macro named, as `GLOBAL: type = value before it is set;` lines
/// under what they say. The types are the probe's: of a number, and of an offset that may lack.
#[macro_export]
macro_rules! kernel_knobs {
    ($consumer:ident) => {
        $consumer! {
            /// 1 if exits of processes that never executed anything are told too.
            ALL_EXITS: Number = 0;
            /// 1 if `sched_process_exit` says by its second argument that the whole group is dead.
            EXIT_HAS_GROUP_DEAD: Number = 0;
            /// 1 if forks are told; else the fork program only keeps the tree.
            TELL_FORKS: Number = 0;
            /// 1 if only processes of a tree are captured.
            ONLY_TREE: Number = 0;
            /// 1 if only processes of some users are captured.
            ONLY_UID: Number = 0;
            /// 1 if only tasks of some names are captured.
            ONLY_COMM: Number = 0;
            /// 1 if only processes in or below some control groups are captured.
            ONLY_CGROUP: Number = 0;
            /// Most bytes of arguments, and of environment, that are captured.
            MAX_ARG_BYTES: Number = 128 << 10;
            /// 1 if the environment is captured.
            CAPTURE_ENV: Number = 0;
            /// 1 if members are loaded without a helper where the verifier knows the type (kernels from 5.11).
            DIRECT: Number = 0;
            /// 1 if the kernel has the helper `bpf_task_pt_regs` (kernels from 5.15).
            HAS_TASK_REGS: Number = 0;
            /// 1 if there is the tracepoint `sched_prepare_exec` (kernels from 6.10).
            PREPARED: Number = 0;
            /// Number of the memory controller among a `css_set`'s, or none.
            SUBSYS_MEMORY: Offset = NONE;
            /// Number of the pids controller among them, or none.
            SUBSYS_PIDS: Offset = NONE;
            /// Number of `execve` on this machine.
            NUMBER_EXECVE: Number = NONE;
            /// Number of `execveat` on this machine.
            NUMBER_EXECVEAT: Number = NONE;
            /// Number of the `execve` of 32-bit programs on this machine.
            NUMBER32_EXECVE: Number = NONE;
            /// Number of the `execveat` of 32-bit programs on this machine.
            NUMBER32_EXECVEAT: Number = NONE;
            /// Bits of `REGS_COMPAT`, or where it is not there of `TASK_COMPAT`, by which a task is in a call of a 32-bit program.
            COMPAT_MASK: Number = 0;
            /// Those bits of the high half of a user address that are address; the others are a tag of the program's.
            ADDRESS_HIGH: Number = u32::MAX;
            /// What nobody else knows, so that no note of a begun exec can be made up of several.
            NOTE_KEY: Number = 0;
        }
    };
}

macro_rules! names {
    ($($(#[$doc:meta])* $global:ident: $of:ident = $value:expr;)*) => {
        /// Names of the probe's other globals, set before load.
        pub mod knob {
            $(
                $(#[$doc])*
                pub const $global: &str = stringify!($global);
            )*
        }
    };
}

kernel_knobs!(names);
