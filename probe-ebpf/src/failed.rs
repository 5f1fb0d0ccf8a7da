//! An exec failed: path and arguments are read when the call returns, since the kernel has by then
//! touched what it looked at. It looks at the arguments only once it has found the file, so those of a
//! child that was just forked may not be there: what cannot be read is marked.
//!
//! The syscall tracepoints see no call of a 32-bit program on a 64-bit kernel, and none of the
//! kernel's own.

use crate::args::{self, Round};
use crate::begun::{self, word};
use crate::call::{self, AT_EMPTY_PATH, AT_EXECVE_CHECK, AT_FDCWD, Which};
use crate::globals::{self as member, HAS_TASK_REGS, NUMBER_EXECVEAT, PREPARED};
use crate::maps::{Call, ROUNDS, SCRATCH, Scratch, Slot, count, output};
use crate::read::{Kernel, Typed, User};
use crate::walk::{self, Walked};
use crate::{facts, only, path};
use aya_ebpf::{
    helpers::generated::{bpf_get_current_pid_tgid, bpf_get_current_task_btf, bpf_task_pt_regs},
    programs::TracePointContext,
};
use probe_common::{
    Counter, Kind, exec_flag, go_on,
    limits::{FILENAME_MAX, NONE},
};

/// `struct trace_event_raw_sys_exit { struct trace_entry ent; long id; long ret; }`: the number of the
/// system call, and what it returns.
const NUMBER: usize = 8;
pub(crate) const EXIT_RET: usize = 16;
/// Bytes of the holes.
const HOLES: u64 = size_of::<u64>() as u64;
/// `ERESTARTNOINTR` of include/linux/errno.h.
const RESTART: i64 = -513;
/// The bits of SIGKILL and SIGSEGV in a set of signals; with the latter the kernel ends what it cannot let
/// go on.
const SIGKILL: u64 = 1 << (9 - 1);
const SIGSEGV: u64 = 1 << (11 - 1);

/// Runs when execve or execveat returns, to the old image or to the new one: user space attaches
/// it to both.
#[inline(always)]
fn exit_exec(ctx: TracePointContext) {
    if let Some((scratch, walked)) = begin(&ctx) {
        after(&ctx, scratch, walked);
    }
}
passes_on!(exit_exec, "tracepoint/syscalls/sys_exit_execve");

/// Goes on once a record is begun.
#[inline(always)]
pub(crate) fn after(ctx: &TracePointContext, scratch: *mut Scratch, walked: Walked) {
    match walked {
        Walked::Up => rest_of(ctx, scratch),
        Walked::PartOfTheWay => {
            // SAFETY: nothing here has anything to drop.
            unsafe { ROUNDS.tail_call(ctx, go_on::WALK) };
            count(Counter::Lost);
        }
    }
}

/// Walks on up a long path. Attached to nothing: [`exit_exec`] goes on in it.
#[inline(always)]
fn failed_up(ctx: TracePointContext) {
    if let Some(scratch) = on(Slot::Failed) {
        rest_of(&ctx, scratch);
    }
}
passes_on!(failed_up, "tracepoint/syscalls/sys_exit_execve");

#[inline(always)]
fn rest_of(ctx: &TracePointContext, scratch: *mut Scratch) {
    // SAFETY: `scratch` is this program's own, walked.
    unsafe { rest(scratch, Slot::Failed) };
    next_round(ctx, scratch);
}

/// Walks on up from where a program has stopped.
#[inline(always)]
pub(crate) fn on(slot: Slot) -> Option<*mut Scratch> {
    let scratch = SCRATCH.get_ptr_mut(slot as u32)?;
    // SAFETY: `scratch` was begun on this CPU by the program that went on in this one. Its only path is the
    // last one.
    unsafe { walk::on(scratch, Typed::current()) };
    Some(scratch)
}

/// Reads a round of the arguments of a failed exec. Attached to nothing: [`exit_exec`] and this
/// program itself go on in it.
#[inline(always)]
fn read_round(ctx: TracePointContext) {
    let Some(scratch) = SCRATCH.get_ptr_mut(Slot::Failed as u32) else {
        return;
    };
    // SAFETY: `scratch` was begun on this CPU by the program that went on in this one.
    if let Round::More = unsafe { round(scratch) } {
        next_round(&ctx, scratch);
    }
}
passes_on!(read_round, "tracepoint/syscalls/sys_exit_execve");

/// Goes on in [`read_round`]; where the kernel allows no more rounds, ends with what is there.
#[inline(always)]
fn next_round(ctx: &TracePointContext, scratch: *mut Scratch) {
    // SAFETY: nothing here has anything to drop; a record is begun.
    unsafe {
        ROUNDS.tail_call(ctx, go_on::ROUND);
        give_up(scratch);
    }
}

/// Begins the record of an exec that failed.
#[inline(always)]
fn begin(ctx: &TracePointContext) -> Option<(*mut Scratch, Walked)> {
    let ret = word(ctx, EXIT_RET) as i64;
    if ret >= 0 {
        return None;
    }
    let scratch = SCRATCH.get_ptr_mut(Slot::Failed as u32)?;
    // SAFETY: `scratch` is this program's own; the loader has looked that the helpers are there.
    let flags = unsafe {
        let call = &raw mut (*scratch).call;
        if PREPARED.load() != 0 {
            from_task(call, ctx);
            0
        } else if noted(scratch) {
            0
        } else if HAS_TASK_REGS.load() != 0 {
            from_task(call, ctx);
            exec_flag::NOT_ENTERED
        } else {
            call.write_volatile(Call {
                filename: 0,
                argv: 0,
                dirfd: AT_FDCWD,
                at_flags: 0,
            });
            exec_flag::NOT_ENTERED | exec_flag::ARGS_FAULT
        }
    };
    if begins_anew(ret) || !only::failed(Typed::current().plain()) {
        return None;
    }
    // SAFETY: `scratch` is this program's own, with its call.
    let walked = unsafe { begin_record(scratch, ret as i32, flags, 0) };
    Some((scratch, walked))
}

/// Returns whether the kernel makes a call once more, and user space never hears of this end of it. Of other
/// interruptions (`ERESTARTSYS` and the like) it may, by how the signal is handled.
#[inline(always)]
pub(crate) fn begins_anew(ret: i64) -> bool {
    ret == RESTART && signals() & SIGKILL == 0
}

/// Returns the signals that wait for the current thread.
#[inline(always)]
fn signals() -> u64 {
    Typed::current()
        .plain()
        .or_zero(&member::TASK_PENDING_SIGNALS)
}

/// Returns whether the current thread is being killed. Anybody can have a blocked SIGSEGV wait for ever, and the
/// kernel unblocks the one that it ends a thread with.
#[inline(always)]
fn is_dying() -> bool {
    let blocked: u64 = Typed::current()
        .plain()
        .or_zero(&member::TASK_BLOCKED_SIGNALS);
    signals() & (SIGKILL | (SIGSEGV & !blocked)) != 0
}

/// Writes the call that was noted at its begin; returns whether there was one.
///
/// # Safety
/// `scratch` must be this program's own.
#[inline(always)]
unsafe fn noted(scratch: *mut Scratch) -> bool {
    // SAFETY: the helper takes no arguments and always succeeds; plain accesses to the scratch space.
    unsafe {
        let before = &raw mut (*scratch).before;
        let tid = bpf_get_current_pid_tgid() as u32;
        begun::take(before, Typed::current(), tid);
        (&raw mut (*scratch).call).write_volatile((*before).call);
        (*before).thread != 0
    }
}

/// Writes the call whose end this is, from the registers of the current task.
///
/// # Safety
/// `call` must be writable, and the kernel must have the helper.
#[inline(always)]
unsafe fn from_task(call: *mut Call, ctx: &TracePointContext) {
    // An int: what follows it is nothing.
    let at = word(ctx, NUMBER) as u32 == NUMBER_EXECVEAT.load();
    // SAFETY: as the caller says.
    unsafe {
        call::from_registers(call, task_registers(), Which { at, narrow: false });
    }
}

/// Returns the registers that the current thread came into the kernel with.
///
/// # Safety
/// The kernel must have the helpers.
#[inline(always)]
pub(crate) unsafe fn task_registers() -> Kernel {
    // SAFETY: as the caller says.
    Kernel(unsafe { bpf_task_pt_regs(bpf_get_current_task_btf()) } as u64)
}

/// Begins the record of the call in `scratch.call`: [`rest`] follows, or first [`on`] in another program.
///
/// # Safety
/// `scratch` must be this program's own.
#[inline(always)]
pub(crate) unsafe fn begin_record(
    scratch: *mut Scratch,
    ret: i32,
    flags: u32,
    narrow: u64,
) -> Walked {
    // SAFETY: `scratch` is the caller's; sizes are bounded where they are made.
    unsafe {
        (*scratch).header = facts::header(Kind::Exec);
        let fixed = &raw mut (*scratch).fixed;
        (*fixed).ret = ret;
        (*fixed).flags = flags;
        (*fixed).old_euid = NONE;
        (*fixed).interpreter_len = 0;
        (&raw mut (*scratch).list.narrow).write_volatile(narrow);
        walk::paths(scratch, Typed::current(), false)
    }
}

/// Puts together what the record tells besides the arguments, and begins with those.
///
/// # Safety
/// `scratch` must be this program's own, of that slot, walked.
#[inline(always)]
pub(crate) unsafe fn rest(scratch: *mut Scratch, slot: Slot) {
    // SAFETY: `scratch` is the caller's; sizes are bounded where they are made.
    unsafe {
        let task = Typed::current();
        let fixed = &raw mut (*scratch).fixed;
        let at = facts::fill(scratch, task, slot);
        if is_dying() {
            (*fixed).flags |= exec_flag::DYING | exec_flag::ARGS_FAULT;
            (&raw mut (*scratch).call.filename).write_volatile(0);
            (&raw mut (*scratch).call.argv).write_volatile(0);
        }
        // Read back, so that the verifier sees one call and not one for each way to it.
        let call = (&raw const (*scratch).call).read_volatile();
        if call.dirfd != AT_FDCWD {
            (*fixed).flags |= exec_flag::DIRFD;
        }
        if call.at_flags & AT_EMPTY_PATH != 0 {
            (*fixed).flags |= exec_flag::EMPTY_PATH;
        }
        if call.at_flags & AT_EXECVE_CHECK != 0 {
            (*fixed).flags |= exec_flag::CHECK;
        }
        (*fixed).dirfd = call.dirfd;
        // FILENAME_MAX + 1 bytes and more follow what ancestors take.
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        let from = User(call.filename);
        let copied = from.copy_str(to, FILENAME_MAX as u32 + 1);
        path::note(scratch, copied, || from.byte(FILENAME_MAX as u64));
        (*scratch).holes = 0;
        args::begin(scratch, call.argv);
    }
}

/// Reads a round of the arguments; hands the record over once there are no more.
///
/// # Safety
/// `scratch` must be this program's own, with a record begun.
#[inline(always)]
pub(crate) unsafe fn round(scratch: *mut Scratch) -> Round {
    // SAFETY: as the caller says.
    unsafe {
        let round = args::copy_round(scratch, used(scratch) + HOLES);
        if let Round::End = round {
            finish(scratch);
        }
        round
    }
}

/// Hands the record over with the arguments that were read, where the kernel allows no more rounds.
///
/// # Safety
/// As [`round`].
#[inline(always)]
pub(crate) unsafe fn give_up(scratch: *mut Scratch) {
    // SAFETY: as the caller says.
    unsafe {
        (*scratch).fixed.flags |= exec_flag::ARGC_CUT;
        finish(scratch);
    }
}

/// Returns the bytes of tail in use before the holes.
#[inline(always)]
unsafe fn used(scratch: *mut Scratch) -> u64 {
    // SAFETY: plain reads of the caller's scratch space.
    unsafe { walk::size(scratch) + facts::ancestors_size(scratch) + path::size(scratch) }
}

/// Hands the record over.
#[inline(always)]
unsafe fn finish(scratch: *mut Scratch) {
    // SAFETY: `scratch` is this program's own, and whole.
    unsafe {
        let used = used(scratch);
        let holes = (&raw mut (*scratch).tail).cast::<u8>().add(used as usize);
        holes.cast::<u64>().write_unaligned((*scratch).holes);
        let len = args::finish(scratch, used + HOLES);
        let fixed = core::mem::offset_of!(Scratch, tail) as u64;
        output(scratch, fixed + used + HOLES + len);
    }
}
