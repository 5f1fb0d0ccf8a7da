//! The maps, and what every program does with them: count, and hand a record over.

use aya_ebpf::{
    btf_maps::{Array, LruHashMap, PerCpuArray, ProgramArray, RingBuf},
    cty::c_void,
    helpers::generated::{bpf_get_smp_processor_id, bpf_ringbuf_output},
    macros::btf_map,
};
use probe_common::{
    Ancestor, CgroupPath, Counter, ExecFixed, Header, PartFixed,
    limits::{
        ANCESTORS_MAX, ARG_CHUNK, ARGS_INLINE, CGROUPS_MAX, FILENAME_MAX, INTERPRETER_MAX,
        NAME_MAX, PART_MAX, PENDING_MAX, WALK_ENOUGH,
    },
};

/// `BPF_F_MMAPABLE` of include/uapi/linux/bpf.h.
const MMAPABLE: usize = 1 << 10;

/// Room for the tail of an exec record, and for one read beyond it.
pub(crate) const TAIL_MAX: usize = ANCESTORS_MAX * size_of::<Ancestor>()
    + FILENAME_MAX
    + 1
    + INTERPRETER_MAX
    + 1
    + 2 * (WALK_ENOUGH + NAME_MAX + 1)
    + size_of::<u64>()
    + ARGS_INLINE
    + 1
    + ARG_CHUNK;

/// Where an exec record is put together.
#[repr(C)]
pub(crate) struct Scratch {
    pub(crate) header: Header,
    pub(crate) fixed: ExecFixed,
    pub(crate) tail: [u8; TAIL_MAX],
    pub(crate) ancestors: [Ancestor; ANCESTORS_MAX],
    pub(crate) list: List,
    pub(crate) walk: Walk,
    pub(crate) pieces: Pieces,
    /// What was before the exec.
    pub(crate) before: Pending,
    /// The call that failed.
    pub(crate) call: Call,
    /// User address of the environment.
    pub(crate) env_start: u64,
    /// Arguments of a failed exec that could not be read, by bit.
    pub(crate) holes: u64,
}

/// How far the arguments of a failed exec were read.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct List {
    /// Bytes read so far, NULs included.
    pub(crate) size: u64,
    /// Bytes of them that went out in parts.
    pub(crate) sent: u64,
    /// Arguments read whole.
    pub(crate) argc: u64,
    /// Bytes read of the one after them.
    pub(crate) inside: u64,
    /// User address of the argument pointers.
    pub(crate) argv: u64,
    /// 1 once no more is sent, and the rest is only measured.
    pub(crate) closed: u64,
    /// 1 if the pointers are of 32 bits.
    pub(crate) narrow: u64,
}

/// Where a walk up a path is.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct Walk {
    /// The directory entry whose name is next; 0 at the end.
    pub(crate) dentry: u64,
    /// The mount that it is in.
    pub(crate) mnt: u64,
    /// The root of that mount.
    pub(crate) root: u64,
    /// Bytes of this path's names.
    pub(crate) used: u64,
    /// Bytes of the paths before it.
    pub(crate) before: u64,
    /// What is known of it: `FOUND`, perhaps with another.
    pub(crate) found: u32,
    /// Which path it is, of those of `walk`.
    pub(crate) path: u32,
}

/// How far an area of the new image was sent in parts.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct Pieces {
    /// User address of what is next.
    pub(crate) start: u64,
    /// Bytes from there that are to be sent.
    pub(crate) left: u64,
    /// Bytes that were sent.
    pub(crate) sent: u64,
    /// One of `Area`.
    pub(crate) area: u32,
    /// 1 once a whole piece could not be read, and pages are read one by one.
    pub(crate) by_page: u32,
}

/// How far the times of a process's threads were added up.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct Times {
    /// The thread that is next, by its place in the list of them.
    pub(crate) node: u64,
    /// What the kernel counts up, twice, whenever a thread leaves the list.
    pub(crate) sequence: u32,
    pub(crate) reserved: u32,
    pub(crate) user_ns: u64,
    pub(crate) system_ns: u64,
    pub(crate) run_ns: u64,
}

/// Where a part is put together.
#[repr(C)]
pub(crate) struct Piece {
    pub(crate) header: Header,
    pub(crate) fixed: PartFixed,
    pub(crate) bytes: [u8; PART_MAX + 1],
}

/// Each program's own place to put a record together: one may be preempted by another.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Slot {
    Exec = 0,
    Failed = 1,
    /// Of a failed exec that is seen at the end of every call.
    Raw = 2,
}

const SLOTS: usize = 3;

/// What execve or execveat was given.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct Call {
    /// User address of the path.
    pub(crate) filename: u64,
    /// User address of the argument pointers.
    pub(crate) argv: u64,
    /// The descriptor that the path is relative to.
    pub(crate) dirfd: i32,
    /// `AT_…` flags of the call.
    pub(crate) at_flags: u32,
}

/// An exec that has begun.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Pending {
    /// The thread, as of `bpf_get_current_pid_tgid`.
    pub(crate) thread: u64,
    /// The call, where it was noted when it was made.
    pub(crate) call: Call,
    /// The kernel's `struct linux_binprm` of it, where it was noted later; else 0.
    pub(crate) bprm: u64,
    /// The memory that it gives to the process, where that was there already; else 0.
    pub(crate) mm: u64,
    /// When the process was forked.
    pub(crate) start_ns: u64,
    /// Effective capabilities before it.
    pub(crate) caps: u64,
    /// Effective user id before it, or `NONE`.
    pub(crate) euid: u32,
    /// Effective group id before it, or `NONE`.
    pub(crate) egid: u32,
    /// 1 if there was no memory of a process before it: the kernel itself executes. `NONE` if unknown.
    pub(crate) from_kernel: u32,
    pub(crate) reserved: u32,
    /// What all of it comes to: if it does not, two threads wrote here at once.
    pub(crate) sum: u64,
}

/// Records on their way to user space; the loader sets its size.
#[btf_map]
pub(crate) static EVENTS: RingBuf<(), { 16 << 20 }> = RingBuf::new();

/// Scratch space by [`Slot`].
#[btf_map]
pub(crate) static SCRATCH: PerCpuArray<Scratch, SLOTS> = PerCpuArray::new();

/// Counters by CPU and [`Counter`]; user space sets its size. Mapped there, since whoever looks into a map by a call
/// keeps perf's programs from running on that CPU.
#[btf_map]
pub(crate) static COUNTERS: Array<u64, { Counter::PLACES as usize }, MMAPABLE> = Array::new();

/// Execs that have begun, by the last bits of the thread's id: cheaper than a hash, and nothing that
/// never ends fills it. Where two threads meet, the later one is known.
#[btf_map]
pub(crate) static PENDING: Array<Pending, PENDING_MAX> = Array::new();

/// Places for parts by [`Slot`].
#[btf_map]
pub(crate) static PIECES: PerCpuArray<Piece, SLOTS> = PerCpuArray::new();

/// Paths of control groups by their ids; user space asks for those that records name.
#[btf_map]
pub(crate) static CGROUPS: LruHashMap<u64, CgroupPath, CGROUPS_MAX> = LruHashMap::new();

/// Places for them by [`Slot`].
#[btf_map]
pub(crate) static CGROUP_SCRATCH: PerCpuArray<CgroupPath, SLOTS> = PerCpuArray::new();

/// Where the times of threads are added up.
#[btf_map]
pub(crate) static TIMES: PerCpuArray<Times, 1> = PerCpuArray::new();

/// Processes that ended, on kernels that do not say which thread is the last: by their ids and the
/// time of their fork.
#[btf_map]
pub(crate) static ENDED: LruHashMap<[u64; 2], u32, 4096> = LruHashMap::new();

/// The programs by which one that sees a failed exec goes on, by [`probe_common::go_on`]; user space puts them in.
#[btf_map]
pub(crate) static ROUNDS: ProgramArray<2> = ProgramArray::new();

/// Those where the end of the call was seen otherwise.
#[btf_map]
pub(crate) static RAW_ROUNDS: ProgramArray<3> = ProgramArray::new();

/// Those of one that sees an exec, or an exit.
#[btf_map]
pub(crate) static PART_ROUNDS: ProgramArray<3> = ProgramArray::new();

/// Those where it was seen by perf's tracepoint.
#[btf_map]
pub(crate) static PERF_PART_ROUNDS: ProgramArray<3> = ProgramArray::new();

/// Returns this CPU's count of lost records.
#[inline(always)]
pub(crate) fn lost() -> u32 {
    counted(Counter::Lost) as u32
}

/// Returns what was counted on this CPU.
#[inline(always)]
pub(crate) fn counted(what: Counter) -> u64 {
    COUNTERS.get(place(what)).map_or(0, |count| *count)
}

#[inline(always)]
fn place(what: Counter) -> u32 {
    // SAFETY: the helper takes no arguments and always succeeds.
    let cpu = unsafe { bpf_get_smp_processor_id() };
    cpu * Counter::PLACES + what as u32
}

/// Counts something on this CPU.
#[inline(always)]
pub(crate) fn count(what: Counter) {
    if let Some(count) = COUNTERS.get_ptr_mut(place(what)) {
        // At once, since another program on this CPU may interrupt this one. By hand, since the target's
        // atomic types come only with instructions that old kernels lack.
        // SAFETY: the slot is there and aligned; the instruction changes nothing else.
        unsafe {
            core::arch::asm!("lock *(u64 *)({count} + 0) += {one}", count = in(reg) count, one = in(reg) 1_u64);
        }
    }
}

/// Hands a record to user space; returns whether there was room.
///
/// # Safety
/// `size` bytes at `record` must be initialised.
#[inline(always)]
pub(crate) unsafe fn send<T>(record: *mut T, size: u64) -> bool {
    // SAFETY: the helper copies `size` bytes; the verifier checks that they are there.
    unsafe {
        let ring = (&raw const EVENTS).cast_mut().cast::<c_void>();
        bpf_ringbuf_output(ring, record.cast(), size, 0) == 0
    }
}

/// Hands a record to user space, or counts it as lost.
///
/// # Safety
/// As [`send`].
#[inline(always)]
pub(crate) unsafe fn output<T>(record: *mut T, size: u64) {
    // SAFETY: as the caller says.
    if !unsafe { send(record, size) } {
        count(Counter::Lost);
    }
}
