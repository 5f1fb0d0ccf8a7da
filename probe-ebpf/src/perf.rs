//! Exec and exit by perf's tracepoints, which the kernel runs with preemption off. From Linux 6.19 on
//! it does not for raw ones: there a program that is preempted keeps every other task on that CPU from
//! being seen by it.

use crate::exec::{self, Begun};
use crate::exit;
use crate::globals as member;
use crate::maps::{PERF_PART_ROUNDS, SCRATCH, Scratch, Slot, count};
use crate::read::Kernel;
use crate::walk::Walked;
use aya_ebpf::{EbpfContext, programs::TracePointContext};
use probe_common::{Counter, go_on};

/// `{ struct trace_entry ent; u32 __data_loc_filename; pid_t pid; pid_t old_pid; … }`: the low half of
/// `__data_loc_filename` is the path's place in the event.
#[inline(always)]
fn perf_exec(ctx: TracePointContext) {
    let Some(scratch) = SCRATCH.get_ptr_mut(Slot::Exec as u32) else {
        return;
    };
    // SAFETY: `scratch` is this program's own.
    match unsafe { exec::begin(scratch, old_tid(&ctx)) } {
        Begun::Walked => rest_of(&ctx, scratch),
        Begun::PartOfTheWay => walk_on(&ctx),
        Begun::NotTold => {}
    }
}
passes_on!(perf_exec, "tracepoint/sched/sched_process_exec");

/// Walks on up a long path. Attached to nothing: [`perf_exec`] and this program itself go on in it.
#[inline(always)]
fn perf_up(ctx: TracePointContext) {
    match exec::on() {
        Some((scratch, Walked::Up)) => rest_of(&ctx, scratch),
        Some((_, Walked::PartOfTheWay)) => walk_on(&ctx),
        None => {}
    }
}
passes_on!(perf_up, "tracepoint/sched/sched_process_exec");

#[inline(always)]
fn walk_on(ctx: &TracePointContext) {
    // SAFETY: nothing here has anything to drop.
    unsafe { PERF_PART_ROUNDS.tail_call(ctx, go_on::WALK) };
    count(Counter::Lost);
}

#[inline(always)]
fn rest_of(ctx: &TracePointContext, scratch: *mut Scratch) {
    let event = Kernel(ctx.as_ptr() as u64);
    let place: u32 = event.or_zero(&member::EVENT_EXEC_FILENAME);
    let filename = Kernel(event.0 + u64::from(place & 0xffff));
    // SAFETY: `scratch` is this program's own.
    if unsafe { exec::rest(scratch, old_tid(ctx), None, Some(filename)) } {
        next_round(ctx, scratch);
    }
}

#[inline(always)]
fn old_tid(ctx: &TracePointContext) -> u32 {
    Kernel(ctx.as_ptr() as u64).or_zero(&member::EVENT_EXEC_OLD_PID)
}

/// Sends a round of parts. Attached to nothing: [`perf_exec`] and this program itself go on in it.
#[inline(always)]
fn perf_parts(ctx: TracePointContext) {
    if let Some(scratch) = exec::round() {
        next_round(&ctx, scratch);
    }
}
passes_on!(perf_parts, "tracepoint/sched/sched_process_exec");

/// Goes on in [`perf_parts`]; where the kernel allows no more rounds, ends with what was sent.
#[inline(always)]
fn next_round(ctx: &TracePointContext, scratch: *mut Scratch) {
    // SAFETY: nothing here has anything to drop; a record is begun.
    unsafe {
        PERF_PART_ROUNDS.tail_call(ctx, go_on::ROUND);
        exec::give_up(scratch);
    }
}

/// `{ …; bool group_dead; }`.
#[inline(always)]
fn perf_exit(ctx: TracePointContext) {
    let event = Kernel(ctx.as_ptr() as u64);
    if event.or_zero::<u8>(&member::EVENT_EXIT_GROUP_DEAD) != 0
        && let exit::Rest::Threads = exit::exit()
    {
        next_threads(&ctx);
    }
}
passes_on!(perf_exit, "tracepoint/sched/sched_process_exit");

/// Adds up the times of threads that end at the same time. Attached to nothing: [`perf_exit`] and this program
/// itself go on in it.
#[inline(always)]
fn perf_threads(ctx: TracePointContext) {
    if let exit::Rest::Threads = exit::round() {
        next_threads(&ctx);
    }
}
passes_on!(perf_threads, "tracepoint/sched/sched_process_exit");

#[inline(always)]
fn next_threads(ctx: &TracePointContext) {
    // SAFETY: nothing here has anything to drop.
    unsafe { PERF_PART_ROUNDS.tail_call(ctx, go_on::THREADS) };
    exit::give_up();
}
