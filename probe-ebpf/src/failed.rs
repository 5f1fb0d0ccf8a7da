//! An exec failed: its arguments are read when the call returns, since the kernel has by then
//! touched what it looked at.
//!
//! The syscall tracepoints see no call of a 32-bit program on a 64-bit kernel, and none of the
//! kernel's own.

use crate::globals as member;
use crate::maps::{PENDING, Pending, SCRATCH, Scratch, Slot, output};
use crate::read::{Kernel, User};
use crate::{args, facts, path};
use aya_ebpf::{
    EbpfContext,
    helpers::generated::{bpf_get_current_pid_tgid, bpf_get_current_task},
    macros::tracepoint,
    programs::TracePointContext,
};
use probe_common::{
    Kind,
    limits::{FILENAME_MAX, NONE},
};

/// `struct trace_event_raw_sys_enter { struct trace_entry ent; long id; unsigned long args[6]; }`:
/// args begin at 16, from 5.10 to 7.3.
const ENTER_ARGS: usize = 16;
/// `struct trace_event_raw_sys_exit { struct trace_entry ent; long id; long ret; }`.
const EXIT_RET: usize = 16;

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
    let _ = exit(&ctx);
    0
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

#[inline(always)]
fn exit(ctx: &TracePointContext) -> Option<()> {
    // SAFETY: these helpers take no arguments and always succeed.
    let (ids, task) = unsafe { (bpf_get_current_pid_tgid(), Kernel(bpf_get_current_task())) };
    // SAFETY: the entry is copied at once.
    let pending = unsafe { *PENDING.get(ids)? };
    let _ = PENDING.remove(ids);
    let ret = word(ctx, EXIT_RET) as i64;
    if ret >= 0 {
        return None;
    }
    let scratch = SCRATCH.get_ptr_mut(Slot::Failed as u32)?;
    // SAFETY: `scratch` is this program's own; sizes are bounded where they are made.
    unsafe {
        (*scratch).header = facts::header(Kind::Exec);
        (*scratch).fixed.ret = ret as i32;
        (*scratch).fixed.old_euid = NONE;
        (*scratch).fixed.interpreter_len = 0;
        let used = facts::fill(scratch, task) & (16 * 32 - 1);
        // FILENAME_MAX + 1 bytes and more follow what ancestors take.
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(used as usize);
        let copied = User(pending.filename).copy_str(to, FILENAME_MAX as u32 + 1);
        let used = used + path::note(scratch, copied);
        let len = args::copy_list(scratch, used, pending.argv);
        (*scratch).fixed.argc = (*scratch).list.argc as u32;
        (*scratch).fixed.args_size = (*scratch).list.size as u32;
        (*scratch).fixed.args_len = len as u32;
        let fixed = core::mem::offset_of!(Scratch, tail) as u64;
        output(scratch, fixed + used + len);
    }
    Some(())
}
