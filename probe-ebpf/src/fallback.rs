//! An exec failed, where the tracepoints of system calls cannot be had, or tell nothing as with 32-bit
//! programs: the end of each system call is looked at. Costs a little with every call.

use crate::args::Round;
use crate::begun::word;
use crate::call::{self, Which};
use crate::failed::{self, EXIT_RET};
use crate::globals::{
    self as member, COMPAT_MASK, NUMBER_EXECVE, NUMBER_EXECVEAT, NUMBER32_EXECVE, NUMBER32_EXECVEAT,
};
use crate::maps::{RAW_ROUNDS, SCRATCH, Scratch, Slot, count};
use crate::only;
use crate::read::{Kernel, Typed};
use crate::walk::Walked;
use aya_ebpf::{
    helpers::generated::bpf_get_current_task,
    macros::raw_tracepoint,
    programs::{RawTracePointContext, TracePointContext},
};
use probe_common::{Counter, go_on};

/// `MAX_ERRNO` of include/linux/err.h.
const MAX_ERRNO: i64 = 4095;

/// `sys_exit(struct pt_regs *regs, long ret)`, unchanged from 5.10 to 7.3.
#[raw_tracepoint(tracepoint = "sys_exit")]
pub(crate) fn raw_exit(ctx: RawTracePointContext) -> i32 {
    let Some((ret, which)) = ended(&ctx) else {
        return 0;
    };
    if !only::failed(Typed::current().plain()) {
        return 0;
    }
    let Some(scratch) = SCRATCH.get_ptr_mut(Slot::Raw as u32) else {
        return 0;
    };
    // SAFETY: `scratch` is this program's own.
    unsafe {
        call::from_registers(&raw mut (*scratch).call, Kernel(ctx.arg(0)), which);
        match failed::begin_record(scratch, ret, 0, which.narrow.into()) {
            Walked::Up => rest_of(&ctx, scratch),
            Walked::PartOfTheWay => {
                RAW_ROUNDS.tail_call(&ctx, go_on::WALK);
                count(Counter::Lost);
            }
        }
    }
    0
}

/// Walks on up a long path. Attached to nothing: [`raw_exit`] goes on in it.
#[raw_tracepoint(tracepoint = "sys_exit")]
pub(crate) fn raw_up(ctx: RawTracePointContext) -> i32 {
    if let Some(scratch) = failed::on(Slot::Raw) {
        rest_of(&ctx, scratch);
    }
    0
}

#[inline(always)]
fn rest_of(ctx: &RawTracePointContext, scratch: *mut Scratch) {
    // SAFETY: `scratch` is this program's own, walked.
    unsafe {
        failed::rest(scratch, Slot::Raw);
        next_round(ctx, scratch);
    }
}

/// The same of 32-bit programs alone, for whose calls there is no tracepoint: goes on in [`raw_exit`].
#[raw_tracepoint(tracepoint = "sys_exit")]
pub(crate) fn narrow_exit(ctx: RawTracePointContext) -> i32 {
    if let Some((_, Which { narrow: true, .. })) = ended(&ctx) {
        // SAFETY: nothing here has anything to drop.
        unsafe { RAW_ROUNDS.tail_call(&ctx, go_on::BEGIN) };
        count(Counter::Lost);
    }
    0
}

/// The same by perf's tracepoint, where the kernel preempts programs of raw ones: `{ struct trace_entry ent; long id;
/// long ret; }`. Goes on in what follows [`failed::exit_exec`].
#[inline(always)]
fn perf_narrow(ctx: TracePointContext) {
    let ret = word(&ctx, EXIT_RET) as i64;
    // SAFETY: user space attaches this only where the kernel has the helpers.
    let registers = || unsafe { failed::task_registers() };
    let Some((ret, which @ Which { narrow: true, .. })) = failed_exec(ret, registers) else {
        return;
    };
    if !only::failed(Typed::current().plain()) {
        return;
    }
    let Some(scratch) = SCRATCH.get_ptr_mut(Slot::Failed as u32) else {
        return;
    };
    // SAFETY: `scratch` is this program's own.
    let walked = unsafe {
        call::from_registers(&raw mut (*scratch).call, registers(), which);
        failed::begin_record(scratch, ret, 0, 1)
    };
    failed::after(&ctx, scratch, walked);
}
passes_on!(perf_narrow, "tracepoint/raw_syscalls/sys_exit");

/// Returns the error of a call that ends, and which it is, if it is a failed exec.
#[inline(always)]
fn failed_exec(ret: i64, registers: impl FnOnce() -> Kernel) -> Option<(i32, Which)> {
    if !(-MAX_ERRNO..0).contains(&ret) {
        return None;
    }
    let which = which(registers())?;
    (!failed::begins_anew(ret)).then_some((ret as i32, which))
}

/// What `sys_exit` tells: the registers, and what the call returns.
#[inline(always)]
fn ended(ctx: &RawTracePointContext) -> Option<(i32, Which)> {
    failed_exec(ctx.arg::<u64>(1) as i64, || Kernel(ctx.arg(0)))
}

/// Reads a round of the arguments. Attached to nothing: [`raw_exit`] and this program itself go on in it.
#[raw_tracepoint(tracepoint = "sys_exit")]
pub(crate) fn raw_round(ctx: RawTracePointContext) -> i32 {
    let Some(scratch) = SCRATCH.get_ptr_mut(Slot::Raw as u32) else {
        return 0;
    };
    // SAFETY: `scratch` was begun on this CPU by the program that went on in this one.
    unsafe {
        if let Round::More = failed::round(scratch) {
            next_round(&ctx, scratch);
        }
    }
    0
}

#[inline(always)]
unsafe fn next_round(ctx: &RawTracePointContext, scratch: *mut Scratch) {
    // SAFETY: nothing here has anything to drop; a record is begun.
    unsafe {
        RAW_ROUNDS.tail_call(ctx, go_on::ROUND);
        failed::give_up(scratch);
    }
}

/// Returns which exec a call is, if it is one.
#[inline(always)]
fn which(registers: Kernel) -> Option<Which> {
    let number: u32 = registers.get(&member::REGS_NUMBER)?;
    let at = number == NUMBER_EXECVEAT.load();
    let at32 = number == NUMBER32_EXECVEAT.load();
    if !at && !at32 && number != NUMBER_EXECVE.load() && number != NUMBER32_EXECVE.load() {
        return None;
    }
    let compat: u32 = if member::REGS_COMPAT.get().is_some() {
        registers.or_zero(&member::REGS_COMPAT)
    } else {
        // SAFETY: this helper takes no arguments and always succeeds.
        Kernel(unsafe { bpf_get_current_task() }).or_zero(&member::TASK_COMPAT)
    };
    let narrow = compat & COMPAT_MASK.load() != 0;
    let (at, plain) = if narrow {
        (at32, NUMBER32_EXECVE.load())
    } else {
        (at, NUMBER_EXECVE.load())
    };
    (at || number == plain).then_some(Which { at, narrow })
}
