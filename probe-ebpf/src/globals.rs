//! Constants of the running kernel, set by user space before load.

use aya_ebpf::Global;
use probe_common::{kernel_members, limits::NONE};

/// A member's offset within its struct.
#[repr(transparent)]
pub(crate) struct Offset(Global<u32>);

impl Offset {
    /// Returns the offset, unless this kernel lacks the member.
    #[inline(always)]
    pub(crate) fn get(&self) -> Option<u32> {
        let offset = self.0.load();
        if offset == NONE { None } else { Some(offset) }
    }
}

macro_rules! declare {
    ($($global:ident = $of:literal $path:literal, [$($fact:literal),*];)*) => {
        $(
            #[doc = concat!("Offset of `", $of, ".", $path, "`.")]
            #[unsafe(no_mangle)]
            pub(crate) static $global: Offset = Offset(Global::new(NONE));
        )*
    };
}

kernel_members!(declare);

/// Its name says which record layout this object has.
#[unsafe(no_mangle)]
pub(crate) static EXECSNOOP_ABI_3: Global<u32> = Global::new(probe_common::ABI_VERSION);

const _: () = assert!(
    probe_common::ABI_VERSION == 3,
    "rename the symbol above too"
);

/// 1 if exits of processes that never executed anything are told too.
#[unsafe(no_mangle)]
pub(crate) static ALL_EXITS: Global<u32> = Global::new(0);

/// 1 if `sched_process_exit` has the argument `group_dead` (kernels from 6.16).
#[unsafe(no_mangle)]
pub(crate) static EXIT_HAS_GROUP_DEAD: Global<u32> = Global::new(0);

/// 1 if forks are told; else the fork program only keeps the tree.
#[unsafe(no_mangle)]
pub(crate) static TELL_FORKS: Global<u32> = Global::new(0);

/// 1 if only processes of a tree are captured.
#[unsafe(no_mangle)]
pub(crate) static ONLY_TREE: Global<u32> = Global::new(0);

/// 1 if only processes of some users are captured.
#[unsafe(no_mangle)]
pub(crate) static ONLY_UID: Global<u32> = Global::new(0);

/// 1 if only tasks of some names are captured.
#[unsafe(no_mangle)]
pub(crate) static ONLY_COMM: Global<u32> = Global::new(0);

/// 1 if only processes in or below some control groups are captured.
#[unsafe(no_mangle)]
pub(crate) static ONLY_CGROUP: Global<u32> = Global::new(0);

/// Most bytes of arguments, and of environment, that are captured.
#[unsafe(no_mangle)]
pub(crate) static MAX_ARG_BYTES: Global<u32> = Global::new(128 << 10);

/// 1 if the environment is captured.
#[unsafe(no_mangle)]
pub(crate) static CAPTURE_ENV: Global<u32> = Global::new(0);

/// 1 if members are loaded directly where the verifier knows the type, which it does from 5.11.
#[unsafe(no_mangle)]
pub(crate) static DIRECT: Global<u32> = Global::new(0);

/// 1 if the kernel has the helper `bpf_task_pt_regs`.
#[unsafe(no_mangle)]
pub(crate) static HAS_TASK_REGS: Global<u32> = Global::new(0);

/// Number of the memory controller among a `css_set`'s.
#[unsafe(no_mangle)]
pub(crate) static SUBSYS_MEMORY: Offset = Offset(Global::new(NONE));

/// Number of the pids controller among a `css_set`'s.
#[unsafe(no_mangle)]
pub(crate) static SUBSYS_PIDS: Offset = Offset(Global::new(NONE));

/// Number of `execve`.
#[unsafe(no_mangle)]
pub(crate) static NUMBER_EXECVE: Global<u32> = Global::new(NONE);

/// Number of `execveat`.
#[unsafe(no_mangle)]
pub(crate) static NUMBER_EXECVEAT: Global<u32> = Global::new(NONE);

/// Number of the `execve` of 32-bit programs.
#[unsafe(no_mangle)]
pub(crate) static NUMBER32_EXECVE: Global<u32> = Global::new(NONE);

/// Number of the `execveat` of 32-bit programs.
#[unsafe(no_mangle)]
pub(crate) static NUMBER32_EXECVEAT: Global<u32> = Global::new(NONE);

/// Bits of `TASK_COMPAT` by which a task is in a call of a 32-bit program.
#[unsafe(no_mangle)]
pub(crate) static COMPAT_MASK: Global<u32> = Global::new(0);
