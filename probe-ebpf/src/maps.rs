//! The maps, and what every program does with them: count, and hand a record over.

use aya_ebpf::{
    btf_maps::{LruHashMap, PerCpuArray, ProgramArray, RingBuf},
    cty::c_void,
    helpers::generated::bpf_ringbuf_output,
    macros::btf_map,
};
use probe_common::{
    Ancestor, Counter, ExecFixed, Header,
    limits::{ANCESTORS_MAX, ARG_CHUNK, ARGS_MAX, FILENAME_MAX, INTERPRETER_MAX},
};

/// Room for the tail of an exec record, and for one read beyond it.
pub(crate) const TAIL_MAX: usize = ANCESTORS_MAX * size_of::<Ancestor>()
    + FILENAME_MAX
    + 1
    + INTERPRETER_MAX
    + 1
    + ARGS_MAX
    + 1
    + ARG_CHUNK;

/// Where an exec record is put together.
#[repr(C)]
pub(crate) struct Scratch {
    pub(crate) header: Header,
    pub(crate) fixed: ExecFixed,
    pub(crate) tail: [u8; TAIL_MAX],
    pub(crate) list: List,
}

/// How far the arguments of a failed exec were read.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct List {
    /// Bytes read so far, NULs included.
    pub(crate) size: u64,
    /// Arguments read whole.
    pub(crate) argc: u64,
    /// Bytes read of the one after them.
    pub(crate) inside: u64,
    /// User address of the argument pointers.
    pub(crate) argv: u64,
}

/// Each program's own place to put a record together: one may be preempted by another.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Slot {
    Exec = 0,
    Failed = 1,
}

/// An execve or execveat that has begun.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Pending {
    /// User address of the path.
    pub(crate) filename: u64,
    /// User address of the argument pointers.
    pub(crate) argv: u64,
    /// Effective user id of the caller, or `NONE`.
    pub(crate) euid: u32,
    pub(crate) reserved: u32,
}

/// Records on their way to user space; the loader sets its size.
#[btf_map]
pub(crate) static EVENTS: RingBuf<(), { 16 << 20 }> = RingBuf::new();

/// Scratch space by [`Slot`].
#[btf_map]
pub(crate) static SCRATCH: PerCpuArray<Scratch, 2> = PerCpuArray::new();

/// Counters by [`Counter`].
#[btf_map]
pub(crate) static COUNTERS: PerCpuArray<u64, { Counter::COUNT as usize }> = PerCpuArray::new();

/// Calls of execve and execveat by `bpf_get_current_pid_tgid`. The oldest go first, since a
/// call that never returns leaves its entry.
#[btf_map]
pub(crate) static PENDING: LruHashMap<u64, Pending, 16384> = LruHashMap::new();

/// The program that reads a round of a failed exec's arguments; user space puts it in.
#[btf_map]
pub(crate) static ROUNDS: ProgramArray<1> = ProgramArray::new();

/// Returns this CPU's count of lost records.
#[inline(always)]
pub(crate) fn lost() -> u32 {
    COUNTERS
        .get(Counter::Lost as u32)
        .map_or(0, |count| *count as u32)
}

/// Hands a record to user space, or counts it as lost.
///
/// # Safety
/// `size` bytes at `record` must be initialised.
#[inline(always)]
pub(crate) unsafe fn output<T>(record: *mut T, size: u64) {
    // SAFETY: the helper copies `size` bytes; the verifier checks that they are there.
    let result = unsafe {
        bpf_ringbuf_output(
            (&raw const EVENTS).cast_mut().cast::<c_void>(),
            record.cast(),
            size,
            0,
        )
    };
    if result != 0
        && let Some(count) = COUNTERS.get_ptr_mut(Counter::Lost as u32)
    {
        // SAFETY: the pointer is to this CPU's own slot.
        unsafe { *count += 1 }
    }
}
