//! A program was executed.

use crate::globals as member;
use crate::maps::{PENDING, SCRATCH, Scratch, Slot, output};
use crate::read::Kernel;
use crate::{args, facts, only, path};
use aya_ebpf::{macros::raw_tracepoint, programs::RawTracePointContext};
use probe_common::{
    Kind, exec_flag,
    limits::{FILENAME_MAX, INTERPRETER_MAX, NONE},
};

/// `sched_process_exec(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)`,
/// unchanged from 5.10 to 7.3. Runs in the process that executed, in its new image.
#[raw_tracepoint(tracepoint = "sched_process_exec")]
pub(crate) fn process_exec(ctx: RawTracePointContext) -> i32 {
    let _ = exec(Kernel(ctx.arg(0)), ctx.arg(1), Kernel(ctx.arg(2)));
    0
}

#[inline(always)]
fn exec(task: Kernel, old_tid: u32, bprm: Kernel) -> Option<()> {
    if !only::exec(task) {
        return None;
    }
    let scratch = SCRATCH.get_ptr_mut(Slot::Exec as u32)?;
    // SAFETY: `scratch` is this program's own; sizes are bounded where they are made.
    unsafe {
        (*scratch).header = facts::header(Kind::Exec);
        (*scratch).header.tid = old_tid;
        (*scratch).fixed.ret = 0;
        (*scratch).fixed.old_euid = take_pending(scratch, old_tid);
        let used = facts::fill(scratch, task);
        // FILENAME_MAX + 1 bytes and more follow what ancestors take.
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(used as usize);
        let name = bprm.follow(&member::BPRM_FILENAME);
        let copied = name.map_or(-1, |name| name.copy_str(to, FILENAME_MAX as u32 + 1));
        let used = used + path::note(scratch, copied);
        let used = used + interpreter(scratch, used, bprm);
        (*scratch).fixed.argc = bprm.get(&member::BPRM_ARGC).unwrap_or(NONE);
        let mm = task.follow(&member::TASK_MM)?;
        let start: u64 = mm.get(&member::MM_ARG_START)?;
        let end: u64 = mm.get(&member::MM_ARG_END)?;
        let size = end.saturating_sub(start);
        (*scratch).fixed.args_size = size as u32;
        let len = args::copy_area(scratch, used, start, size);
        (*scratch).fixed.args_len = len as u32;
        let fixed = core::mem::offset_of!(Scratch, tail) as u64;
        output(scratch, fixed + used + len);
    }
    Some(())
}

/// Returns the caller's effective user id before the exec, and drops the note of the call.
#[inline(always)]
unsafe fn take_pending(scratch: *mut Scratch, old_tid: u32) -> u32 {
    // SAFETY: `scratch` is the caller's; the entry is only read, at once.
    unsafe {
        let pid = (*scratch).header.pid;
        let key = (u64::from(pid) << 32) | u64::from(old_tid);
        let Some(pending) = PENDING.get(key) else {
            return NONE;
        };
        let euid = pending.euid;
        (*scratch).header.flags |= if euid == NONE { 0 } else { exec_flag::OLD_EUID };
        // Also when the call's end will be seen: to a 32-bit image it will not.
        let _ = PENDING.remove(key);
        euid
    }
}

/// The kernel points `bprm->interp` elsewhere than `bprm->filename` once it runs an interpreter.
#[inline(always)]
unsafe fn interpreter(scratch: *mut Scratch, at: u64, bprm: Kernel) -> u64 {
    // SAFETY: `at` is at most what ancestors and path take, so INTERPRETER_MAX + 1 bytes follow.
    unsafe {
        (*scratch).fixed.interpreter_len = 0;
        let (Some(name), Some(path)) = (
            bprm.follow(&member::BPRM_INTERP),
            bprm.follow(&member::BPRM_FILENAME),
        ) else {
            return 0;
        };
        if name.0 == path.0 {
            return 0;
        }
        (*scratch).header.flags |= exec_flag::SCRIPT;
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        let len = name.copy_str(to, INTERPRETER_MAX as u32 + 1);
        if len <= 0 {
            return 0;
        }
        if len as u64 > INTERPRETER_MAX as u64 {
            (*scratch).header.flags |= exec_flag::INTERPRETER_CUT;
        }
        let len = (len as u64 - 1) & INTERPRETER_MAX as u64;
        (*scratch).fixed.interpreter_len = len as u8;
        len
    }
}
