//! Exec and exit by perf's tracepoints, which the kernel runs with preemption off. From Linux 6.19 on
//! it does not for raw ones: there a program that is preempted keeps every other task on that CPU from
//! being seen by it.

use crate::exec;
use crate::exit;
use crate::globals as member;
use crate::maps::{PERF_PART_ROUNDS, SCRATCH, Scratch, Slot};
use crate::read::{Kernel, Typed};
use aya_ebpf::{EbpfContext, macros::tracepoint, programs::TracePointContext};

/// `{ struct trace_entry ent; u32 __data_loc_filename; pid_t pid; pid_t old_pid; … }`: the low half of
/// `__data_loc_filename` is the path's place in the event.
#[tracepoint(category = "sched", name = "sched_process_exec")]
pub(crate) fn perf_exec(ctx: TracePointContext) -> i32 {
    let event = Kernel(ctx.as_ptr() as u64);
    let old_tid = event.or_zero(&member::EVENT_EXEC_OLD_PID);
    let place: u32 = event.or_zero(&member::EVENT_EXEC_FILENAME);
    let filename = Kernel(event.0 + u64::from(place & 0xffff));
    let Some(scratch) = SCRATCH.get_ptr_mut(Slot::Exec as u32) else {
        return 0;
    };
    // SAFETY: `scratch` is this program's own.
    if unsafe { exec::begin(scratch, old_tid, None, Some(filename)) } {
        next_round(&ctx, scratch);
    }
    0
}

/// Sends a round of parts. Attached to nothing: [`perf_exec`] and this program itself go on in it.
#[tracepoint(category = "sched", name = "sched_process_exec")]
pub(crate) fn perf_parts(ctx: TracePointContext) -> i32 {
    if let Some(scratch) = exec::round() {
        next_round(&ctx, scratch);
    }
    0
}

/// Goes on in [`perf_parts`]; where the kernel allows no more rounds, ends with what was sent.
#[inline(always)]
fn next_round(ctx: &TracePointContext, scratch: *mut Scratch) {
    // SAFETY: nothing here has anything to drop; a record is begun.
    unsafe {
        PERF_PART_ROUNDS.tail_call(ctx, 0);
        exec::give_up(scratch);
    }
}

/// `{ …; bool group_dead; }`.
#[tracepoint(category = "sched", name = "sched_process_exit")]
pub(crate) fn perf_exit(ctx: TracePointContext) -> i32 {
    let event = Kernel(ctx.as_ptr() as u64);
    if event.or_zero::<u8>(&member::EVENT_EXIT_GROUP_DEAD) != 0 {
        let _ = exit::exit(Typed::current());
    }
    0
}
