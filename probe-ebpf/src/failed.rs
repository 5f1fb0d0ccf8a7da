//! An exec failed: its arguments are read when the call returns, since the kernel has by then
//! touched what it looked at.
//!
//! The syscall tracepoints see no call of a 32-bit program on a 64-bit kernel, and none of the
//! kernel's own.

use crate::args::{self, Round};
use crate::globals as member;
use crate::maps::{List, PENDING, Pending, ROUNDS, SCRATCH, Scratch, Slot, output};
use crate::read::{Kernel, User};
use crate::{facts, only, path};
use aya_ebpf::{
    EbpfContext,
    helpers::generated::{bpf_get_current_pid_tgid, bpf_get_current_task},
    macros::tracepoint,
    programs::TracePointContext,
};
use probe_common::{
    Kind, exec_flag,
    limits::{FILENAME_MAX, NONE},
};

/// `struct trace_event_raw_sys_enter { struct trace_entry ent; long id; unsigned long args[6]; }`:
/// args begin at 16, from 5.10 to 7.3.
const ENTER_ARGS: usize = 16;
/// `struct trace_event_raw_sys_exit { struct trace_entry ent; long id; long ret; }`.
const EXIT_RET: usize = 16;
/// `-ERESTART_RESTARTBLOCK` to `-ERESTARTSYS` of include/linux/errno.h: the call begins anew, and
/// user space never sees them.
const RESTARTS: core::ops::RangeInclusive<i64> = -516..=-512;

/// `execve(const char *filename, const char *const *argv, const char *const *envp)`.
#[tracepoint(category = "syscalls", name = "sys_enter_execve")]
pub(crate) fn enter_execve(ctx: TracePointContext) -> i32 {
    enter(&ctx, 0)
}

/// `execveat(int fd, const char *filename, const char *const *argv, …, int flags)`.
#[tracepoint(category = "syscalls", name = "sys_enter_execveat")]
pub(crate) fn enter_execveat(ctx: TracePointContext) -> i32 {
    enter(&ctx, 1)
}

/// Runs when execve or execveat returns, to the old image or to the new one: user space attaches
/// it to both.
#[tracepoint(category = "syscalls", name = "sys_exit_execve")]
pub(crate) fn exit_exec(ctx: TracePointContext) -> i32 {
    if let Some(scratch) = begin(&ctx) {
        next_round(&ctx, scratch);
    }
    0
}

/// Reads a round of the arguments of a failed exec. Attached to nothing: [`exit_exec`] and this
/// program itself go on in it.
#[tracepoint(category = "syscalls", name = "sys_exit_execve")]
pub(crate) fn read_round(ctx: TracePointContext) -> i32 {
    let Some(scratch) = SCRATCH.get_ptr_mut(Slot::Failed as u32) else {
        return 0;
    };
    // SAFETY: `scratch` was begun on this CPU by the program that went on in this one.
    unsafe {
        match args::copy_round(scratch, used(scratch)) {
            Round::More => next_round(&ctx, scratch),
            Round::End => finish(scratch),
        }
    }
    0
}

/// Goes on in [`read_round`]; where the kernel allows no more rounds, ends with what is there.
#[inline(always)]
fn next_round(ctx: &TracePointContext, scratch: *mut Scratch) {
    // SAFETY: nothing here has anything to drop.
    unsafe {
        ROUNDS.tail_call(ctx, 0);
        (*scratch).header.flags |= exec_flag::ARGC_CUT;
        finish(scratch);
    }
}

#[inline(always)]
fn word(ctx: &TracePointContext, offset: usize) -> u64 {
    // SAFETY: the tracepoint's own fields, within the context that the verifier knows.
    unsafe {
        ctx.as_ptr()
            .cast::<u8>()
            .add(offset)
            .cast::<u64>()
            .read_volatile()
    }
}

#[inline(always)]
fn enter(ctx: &TracePointContext, first: usize) -> i32 {
    // SAFETY: these helpers take no arguments and always succeed.
    let (ids, task) = unsafe { (bpf_get_current_pid_tgid(), Kernel(bpf_get_current_task())) };
    let euid = task
        .follow(&member::TASK_CRED)
        .and_then(|cred| cred.get(&member::CRED_EUID));
    let pending = Pending {
        filename: word(ctx, ENTER_ARGS + first * 8),
        argv: word(ctx, ENTER_ARGS + (first + 1) * 8),
        euid: euid.unwrap_or(NONE),
        reserved: 0,
    };
    let _ = PENDING.insert(ids, pending, 0);
    0
}

/// Begins the record of an exec that failed.
#[inline(always)]
fn begin(ctx: &TracePointContext) -> Option<*mut Scratch> {
    // SAFETY: these helpers take no arguments and always succeed.
    let (ids, task) = unsafe { (bpf_get_current_pid_tgid(), Kernel(bpf_get_current_task())) };
    // SAFETY: the entry is copied at once.
    let pending = unsafe { *PENDING.get(ids)? };
    let _ = PENDING.remove(ids);
    let ret = word(ctx, EXIT_RET) as i64;
    if ret >= 0 || RESTARTS.contains(&ret) || !only::failed(task) {
        return None;
    }
    let scratch = SCRATCH.get_ptr_mut(Slot::Failed as u32)?;
    // SAFETY: `scratch` is this program's own; sizes are bounded where they are made.
    unsafe {
        (*scratch).header = facts::header(Kind::Exec);
        (*scratch).fixed.ret = ret as i32;
        (*scratch).fixed.old_euid = NONE;
        (*scratch).fixed.interpreter_len = 0;
        let at = facts::fill(scratch, task);
        // FILENAME_MAX + 1 bytes and more follow what ancestors take.
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        let copied = User(pending.filename).copy_str(to, FILENAME_MAX as u32 + 1);
        path::note(scratch, copied);
        (*scratch).list = List {
            argv: pending.argv,
            ..List::default()
        };
    }
    Some(scratch)
}

/// Returns the bytes of tail in use before the arguments.
#[inline(always)]
unsafe fn used(scratch: *mut Scratch) -> u64 {
    // SAFETY: plain reads of the caller's scratch space.
    unsafe { facts::ancestors_size(scratch) + path::size(scratch) }
}

/// Hands the record over.
#[inline(always)]
unsafe fn finish(scratch: *mut Scratch) {
    // SAFETY: `scratch` is this program's own, and whole.
    unsafe {
        let len = args::copied(scratch);
        (*scratch).fixed.argc = (*scratch).list.argc as u32;
        (*scratch).fixed.args_size = (*scratch).list.size as u32;
        (*scratch).fixed.args_len = len as u32;
        let fixed = core::mem::offset_of!(Scratch, tail) as u64;
        output(scratch, fixed + used(scratch) + len);
    }
}
