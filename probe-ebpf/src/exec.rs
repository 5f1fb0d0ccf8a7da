//! A program was executed.

use crate::globals::{self as member, CAPTURE_ENV, MAX_ARG_BYTES};
use crate::maps::{PART_ROUNDS, PENDING, Pending, SCRATCH, Scratch, Slot, output};
use crate::read::{Kernel, Typed, User};
use crate::{facts, only, parts, path, walk};
use aya_ebpf::{macros::raw_tracepoint, programs::RawTracePointContext};
use probe_common::{
    Area, Kind, exec_flag,
    limits::{ARGS_INLINE, FILENAME_MAX, INTERPRETER_MAX, NONE},
};

const INLINE: u64 = ARGS_INLINE as u64;

/// `sched_process_exec(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)`,
/// unchanged from 5.10 to 7.3. Runs in the process that executed, in its new image.
#[raw_tracepoint(tracepoint = "sched_process_exec")]
pub(crate) fn process_exec(ctx: RawTracePointContext) -> i32 {
    if !only::exec(Typed::current().plain()) {
        return 0;
    }
    let Some(scratch) = SCRATCH.get_ptr_mut(Slot::Exec as u32) else {
        return 0;
    };
    // SAFETY: `scratch` is this program's own.
    unsafe {
        facts_of(scratch, Typed::current(), ctx.arg(1), Kernel(ctx.arg(2)));
        match arguments(scratch, Typed::current()) {
            Arguments::Here(len) => finish(scratch, len),
            Arguments::InParts => next_round(&ctx, scratch),
        }
    }
    0
}

/// Sends a round of parts. Attached to nothing: [`process_exec`] and this program itself go on in it.
#[raw_tracepoint(tracepoint = "sched_process_exec")]
pub(crate) fn send_parts(ctx: RawTracePointContext) -> i32 {
    let Some(scratch) = SCRATCH.get_ptr_mut(Slot::Exec as u32) else {
        return 0;
    };
    // SAFETY: `scratch` was filled on this CPU by the program that went on in this one.
    unsafe {
        match parts::round(scratch) {
            parts::Round::More => next_round(&ctx, scratch),
            parts::Round::End => finish(scratch, 0),
        }
    }
    0
}

/// Goes on in [`send_parts`]; where the kernel allows no more rounds, ends with what was sent.
#[inline(always)]
unsafe fn next_round(ctx: &RawTracePointContext, scratch: *mut Scratch) {
    // SAFETY: nothing here has anything to drop.
    unsafe {
        PART_ROUNDS.tail_call(ctx, 0);
        parts::give_up(scratch);
        finish(scratch, 0);
    }
}

/// Hands the record over, with so many bytes of arguments.
#[inline(always)]
unsafe fn finish(scratch: *mut Scratch, len: u64) {
    // SAFETY: `scratch` is this program's own, and whole.
    unsafe {
        let fixed = core::mem::offset_of!(Scratch, tail) as u64;
        output(scratch, fixed + used(scratch) + len);
    }
}

/// Returns the bytes of tail in use before the arguments.
#[inline(always)]
unsafe fn used(scratch: *mut Scratch) -> u64 {
    // SAFETY: plain reads of the caller's scratch space.
    unsafe {
        let interpreter = (&raw const (*scratch).fixed.interpreter_len).read_volatile();
        walk::size(scratch)
            + facts::ancestors_size(scratch)
            + path::size(scratch)
            + u64::from(interpreter)
    }
}

/// Puts together what the record tells besides the arguments.
#[inline(always)]
unsafe fn facts_of(scratch: *mut Scratch, task: Typed, old_tid: u32, bprm: Kernel) {
    // SAFETY: `scratch` is this program's own; sizes are bounded where they are made.
    unsafe {
        (*scratch).header = facts::header(Kind::Exec);
        (*scratch).header.tid = old_tid;
        (*scratch).fixed.ret = 0;
        (*scratch).fixed.flags = 0;
        walk::paths(scratch, task, true);
        let at = facts::fill(scratch, task, Slot::Exec);
        compare_with_call(scratch, task, old_tid);
        // FILENAME_MAX + 1 bytes and more follow what ancestors take.
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        let name = bprm.follow(&member::BPRM_FILENAME);
        let copied = name.map_or(-1, |name| name.copy_str(to, FILENAME_MAX as u32 + 1));
        let at = at + path::note(scratch, copied);
        interpreter(scratch, at, bprm);
        if bprm.to(&member::BPRM_FDPATH).0 != 0 {
            (*scratch).fixed.flags |= exec_flag::DIRFD;
        }
        (*scratch).fixed.argc = bprm.get(&member::BPRM_ARGC).unwrap_or(NONE);
    }
}

/// Where the arguments are.
enum Arguments {
    /// In the record, so many bytes of them.
    Here(u64),
    /// To be sent in parts.
    InParts,
}

/// Copies the arguments into the record if they fit.
///
/// The kernel itself has just written their area, so one read does, unless a page was already taken
/// away: then the parts try again, page by page.
#[inline(always)]
unsafe fn arguments(scratch: *mut Scratch, task: Typed) -> Arguments {
    // SAFETY: `scratch` is this program's own, and `want` fits where the arguments stand.
    unsafe {
        let fixed = &raw mut (*scratch).fixed;
        let mm = task.to(&member::TASK_MM);
        let start: u64 = mm.or_zero(&member::MM_ARG_START);
        let end: u64 = mm.or_zero(&member::MM_ARG_END);
        let size = end.saturating_sub(start);
        (*fixed).args_size = size as u32;
        (*fixed).args_len = 0;
        let env = CAPTURE_ENV.load() != 0;
        if env {
            let start: u64 = mm.or_zero(&member::MM_ENV_START);
            let end: u64 = mm.or_zero(&member::MM_ENV_END);
            (*scratch).env_start = start;
            (*fixed).env_size = end.saturating_sub(start) as u32;
            (*fixed).flags |= exec_flag::ENV;
        }
        let budget = u64::from(MAX_ARG_BYTES.load());
        let want = if size > budget { budget } else { size };
        if want <= INLINE && !env {
            let want = want & INLINE;
            let to = (&raw mut (*scratch).tail).cast::<u8>();
            if User(start).copy(to.add(used(scratch) as usize), want as u32) {
                (*fixed).args_len = want as u32;
                return Arguments::Here(want);
            }
        }
        (*fixed).flags |= exec_flag::ARGS_IN_PARTS;
        parts::begin(scratch, Area::Args, start, size);
        Arguments::InParts
    }
}

/// Notes what the exec changed, as far as its call was seen, and drops the note of the call: to a
/// 32-bit image its end will not be seen.
#[inline(always)]
unsafe fn compare_with_call(scratch: *mut Scratch, task: Typed, old_tid: u32) {
    // SAFETY: `scratch` is the caller's; the entry is copied at once.
    unsafe {
        let fixed = &raw mut (*scratch).fixed;
        let key = (u64::from((*scratch).header.pid) << 32) | u64::from(old_tid);
        let call = PENDING.get(key).copied();
        let seen = call.is_some();
        let call = call.unwrap_or(Pending {
            euid: NONE,
            egid: NONE,
            caps: u64::MAX,
            ..Pending::default()
        });
        (*fixed).old_euid = call.euid;
        let mut flags = (*fixed).flags;
        if call.euid != NONE {
            flags |= exec_flag::OLD_EUID;
        }
        if call.egid != NONE && call.egid != (*fixed).egid {
            flags |= exec_flag::SETGID;
        }
        let caps: u64 = task
            .to(&member::TASK_CRED)
            .plain()
            .or_zero(&member::CRED_CAPS);
        if caps & !call.caps != 0 {
            flags |= exec_flag::CAPS;
        }
        if seen {
            // The kernel's own helpers make no call, but what they execute next does.
            flags &= !exec_flag::KERNEL;
            let _ = PENDING.remove(key);
        }
        (*fixed).flags = flags;
    }
}

/// The kernel points `bprm->interp` elsewhere than `bprm->filename` once it runs an interpreter.
#[inline(always)]
unsafe fn interpreter(scratch: *mut Scratch, at: u64, bprm: Kernel) {
    // SAFETY: `at` is at most what ancestors and path take, so INTERPRETER_MAX + 1 bytes follow.
    unsafe {
        (*scratch).fixed.interpreter_len = 0;
        let (Some(name), Some(path)) = (
            bprm.follow(&member::BPRM_INTERP),
            bprm.follow(&member::BPRM_FILENAME),
        ) else {
            return;
        };
        if name.0 == path.0 {
            return;
        }
        (*scratch).fixed.flags |= exec_flag::SCRIPT;
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        let len = name.copy_str(to, INTERPRETER_MAX as u32 + 1);
        if len <= 0 {
            return;
        }
        // The kernel reads no more than 255 bytes of a first line (BINPRM_BUF_SIZE): only what
        // binfmt_misc names can be longer.
        if len as u64 > INTERPRETER_MAX as u64 {
            (*scratch).fixed.flags |= exec_flag::INTERPRETER_CUT;
        }
        let len = (len as u64 - 1) & INTERPRETER_MAX as u64;
        (*scratch).fixed.interpreter_len = len as u8;
    }
}
