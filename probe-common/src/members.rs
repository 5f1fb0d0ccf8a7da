//! The one table of kernel struct members that the probe reads.
//!
//! The probe declares a global for each; user space looks each up in the running
//! kernel's BTF and sets the global before load. A member that is not there leaves
//! its global at [`NONE`](crate::limits::NONE): a required one stops the load, any
//! other blanks the facts it is listed with.

/// Hands the table to the macro named, as `GLOBAL = "struct" "member.path", facts;` lines.
///
/// `facts` are the event schema's keys that are lost without the member, empty for one
/// that is required.
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
            TASK_CRED = "task_struct" "cred", ["euid", "egid", "old_euid"];
            TASK_LOGINUID = "task_struct" "loginuid", ["loginuid"];
            TASK_SESSIONID = "task_struct" "sessionid", ["session"];
            TASK_THREAD_PID = "task_struct" "thread_pid", ["ns_pid", "pid_ns"];
            TASK_NSPROXY = "task_struct" "nsproxy", ["mnt_ns"];
            TASK_CGROUPS = "task_struct" "cgroups", ["cgroup"];
            TASK_UTIME = "task_struct" "utime", ["user_ns", "system_ns"];
            TASK_STIME = "task_struct" "stime", ["user_ns", "system_ns"];
            TASK_RUNTIME = "task_struct" "se.sum_exec_runtime", ["user_ns", "system_ns"];
            MM_ARG_START = "mm_struct" "arg_start", [];
            MM_ARG_END = "mm_struct" "arg_end", [];
            BPRM_FILENAME = "linux_binprm" "filename", [];
            BPRM_INTERP = "linux_binprm" "interp", ["interpreter"];
            BPRM_ARGC = "linux_binprm" "argc", [];
            SIGNAL_LIVE = "signal_struct" "live", [];
            SIGNAL_FLAGS = "signal_struct" "flags", [];
            SIGNAL_GROUP_EXIT_CODE = "signal_struct" "group_exit_code", [];
            SIGNAL_UTIME = "signal_struct" "utime", ["user_ns", "system_ns"];
            SIGNAL_STIME = "signal_struct" "stime", ["user_ns", "system_ns"];
            SIGNAL_RUNTIME = "signal_struct" "sum_sched_runtime", ["user_ns", "system_ns"];
            SIGNAL_MAXRSS = "signal_struct" "maxrss", ["max_rss_bytes"];
            CRED_EUID = "cred" "euid", ["euid", "old_euid"];
            CRED_EGID = "cred" "egid", ["egid"];
            PID_LEVEL = "pid" "level", ["ns_pid", "pid_ns"];
            PID_NUMBERS = "pid" "numbers", ["ns_pid", "pid_ns"];
            UPID_NS = "upid" "ns", ["pid_ns"];
            PIDNS_INUM = "pid_namespace" "ns.inum", ["pid_ns"];
            NSPROXY_MNT_NS = "nsproxy" "mnt_ns", ["mnt_ns"];
            MNTNS_INUM = "mnt_namespace" "ns.inum", ["mnt_ns"];
            CSS_SET_DFL_CGRP = "css_set" "dfl_cgrp", ["cgroup"];
            CGROUP_KN = "cgroup" "kn", ["cgroup"];
            CGROUP_ROOT = "cgroup" "root", ["cgroup"];
            CGROUP_ROOT_HIERARCHY_ID = "cgroup_root" "hierarchy_id", ["cgroup"];
            KERNFS_ID = "kernfs_node" "id", ["cgroup"];
            KERNFS_PARENT = "kernfs_node" "parent|__parent", ["cgroup"];
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
    /// Name of the member, or names joined by dots; `|` stands between a member's names in
    /// different kernels.
    pub path: &'static str,
    /// Keys of the facts lost without it; none if the probe cannot do without.
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

/// The probe's other globals, set before load.
pub mod knob {
    /// 1 if forks are told; else the fork program only keeps the tree.
    pub const TELL_FORKS: &str = "TELL_FORKS";
    /// 1 if only processes of a tree are captured.
    pub const ONLY_TREE: &str = "ONLY_TREE";
    /// 1 if only processes of some users are captured.
    pub const ONLY_UID: &str = "ONLY_UID";
    /// 1 if only tasks of some names are captured.
    pub const ONLY_COMM: &str = "ONLY_COMM";
    /// 1 if only processes in or below some control groups are captured.
    pub const ONLY_CGROUP: &str = "ONLY_CGROUP";
    /// 1 if exits of processes that never executed anything are told too.
    pub const ALL_EXITS: &str = "ALL_EXITS";
    /// 1 if `sched_process_exit` says by its second argument that the whole group is dead.
    pub const EXIT_HAS_GROUP_DEAD: &str = "EXIT_HAS_GROUP_DEAD";
}
