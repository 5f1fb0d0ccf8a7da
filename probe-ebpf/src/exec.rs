//! A program was executed.

use crate::begun;
use crate::globals::{self as member, CAPTURE_ENV, MAX_ARG_BYTES};
use crate::maps::{PART_ROUNDS, SCRATCH, Scratch, Slot, count, counted, output, send};
use crate::read::{Kernel, Typed, User};
use crate::walk::{self, Walked};
use crate::{facts, only, parts, path};
use aya_ebpf::{
    helpers::generated::bpf_get_current_task, macros::raw_tracepoint,
    programs::RawTracePointContext,
};
use probe_common::{
    Area, Counter, Header, Kind, exec_flag, go_on,
    limits::{ARGS_INLINE, FILENAME_MAX, INTERPRETER_MAX, NONE},
};

const INLINE: u64 = ARGS_INLINE as u64;

/// `sched_process_exec(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)`,
/// unchanged from 5.10 to 7.3. Runs in the process that executed, in its new image.
#[raw_tracepoint(tracepoint = "sched_process_exec")]
#[inline(always)]
pub(crate) fn process_exec(ctx: RawTracePointContext) -> i32 {
    let Some(scratch) = SCRATCH.get_ptr_mut(Slot::Exec as u32) else {
        return 0;
    };
    // SAFETY: `scratch` is this program's own.
    match unsafe { begin(scratch, ctx.arg(1)) } {
        Begun::Walked => rest_of(&ctx, scratch),
        Begun::PartOfTheWay => walk_on(&ctx),
        Begun::NotTold => {}
    }
    0
}

/// Walks on up a long path. Attached to nothing: [`process_exec`] and this program itself go on in it.
#[raw_tracepoint(tracepoint = "sched_process_exec")]
#[inline(always)]
pub(crate) fn exec_up(ctx: RawTracePointContext) -> i32 {
    match on() {
        Some((scratch, Walked::Up)) => rest_of(&ctx, scratch),
        Some((_, Walked::PartOfTheWay)) => walk_on(&ctx),
        None => {}
    }
    0
}

#[inline(always)]
fn walk_on(ctx: &RawTracePointContext) {
    // SAFETY: nothing here has anything to drop.
    unsafe { PART_ROUNDS.tail_call(ctx, go_on::WALK) };
    count(Counter::Lost);
}

#[inline(always)]
fn rest_of(ctx: &RawTracePointContext, scratch: *mut Scratch) {
    // SAFETY: `scratch` is this program's own.
    let more = unsafe { rest(scratch, ctx.arg(1), Some(Kernel(ctx.arg(2))), None) };
    if more {
        next_round(ctx, scratch);
    }
}

/// Sends a round of parts. Attached to nothing: [`process_exec`] and this program itself go on in it.
#[raw_tracepoint(tracepoint = "sched_process_exec")]
pub(crate) fn send_parts(ctx: RawTracePointContext) -> i32 {
    if let Some(scratch) = round() {
        next_round(&ctx, scratch);
    }
    0
}

/// Goes on in [`send_parts`]; where the kernel allows no more rounds, ends with what was sent.
#[inline(always)]
fn next_round(ctx: &RawTracePointContext, scratch: *mut Scratch) {
    // SAFETY: nothing here has anything to drop; a record is begun.
    unsafe {
        PART_ROUNDS.tail_call(ctx, go_on::ROUND);
        give_up(scratch);
    }
}

/// How the telling of an exec began.
pub(crate) enum Begun {
    /// The capture filter does not let it pass.
    NotTold,
    /// [`rest`] follows.
    Walked,
    /// [`on`] follows, in another program.
    PartOfTheWay,
}

/// Begins to tell an exec by thread `old_tid`.
///
/// # Safety
/// `scratch` must be this program's own.
#[inline(always)]
pub(crate) unsafe fn begin(scratch: *mut Scratch, old_tid: u32) -> Begun {
    let task = Typed::executed();
    // SAFETY: as the caller says; the helper takes no arguments and always succeeds.
    unsafe {
        if task.plain().0 != bpf_get_current_task() {
            // Not so on any kernel that was looked at; and if it were, nothing would be as it seems.
            count(Counter::Lost);
            return Begun::NotTold;
        }
        if !only::exec(task.plain()) {
            begun::take(&raw mut (*scratch).before, task, old_tid);
            tell_narrow(task);
            return Begun::NotTold;
        }
        (*scratch).header = facts::header(Kind::Exec);
        (*scratch).header.tid = old_tid;
        (*scratch).fixed.ret = 0;
        (*scratch).fixed.flags = 0;
        match walk::paths(scratch, task, true) {
            Walked::Up => Begun::Walked,
            Walked::PartOfTheWay => Begun::PartOfTheWay,
        }
    }
}

/// Walks on up from where a program has stopped.
#[inline(always)]
pub(crate) fn on() -> Option<(*mut Scratch, Walked)> {
    let scratch = SCRATCH.get_ptr_mut(Slot::Exec as u32)?;
    // SAFETY: `scratch` was begun on this CPU by the program that went on in this one.
    let walked = unsafe { walk::on(scratch, Typed::executed()) };
    Some((scratch, walked))
}

/// Tells the rest of an exec by thread `old_tid`; returns whether there are parts to send first. Without a
/// `bprm`, the one that was noted is taken, and without a `filename`, that of the `bprm`.
///
/// # Safety
/// `scratch` must be this program's own, walked.
#[inline(always)]
pub(crate) unsafe fn rest(
    scratch: *mut Scratch,
    old_tid: u32,
    bprm: Option<Kernel>,
    filename: Option<Kernel>,
) -> bool {
    let task = Typed::executed();
    // SAFETY: as the caller says.
    unsafe {
        facts_of(scratch, task, old_tid, bprm, filename);
        match arguments(scratch, task) {
            Arguments::Here(len) => {
                finish(scratch, len);
                false
            }
            Arguments::InParts => true,
        }
    }
}

/// Sends a round of parts; returns the record if there are more.
#[inline(always)]
pub(crate) fn round() -> Option<*mut Scratch> {
    let scratch = SCRATCH.get_ptr_mut(Slot::Exec as u32)?;
    // SAFETY: `scratch` was filled on this CPU by the program that went on in this one.
    unsafe {
        match parts::round(scratch) {
            parts::Round::More => Some(scratch),
            parts::Round::End => {
                finish(scratch, 0);
                None
            }
        }
    }
}

/// Ends a record with the parts that were sent.
///
/// # Safety
/// `scratch` must be this program's own, with a record begun.
#[inline(always)]
pub(crate) unsafe fn give_up(scratch: *mut Scratch) {
    // SAFETY: as the caller says.
    unsafe {
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
unsafe fn facts_of(
    scratch: *mut Scratch,
    task: Typed,
    old_tid: u32,
    bprm: Option<Kernel>,
    filename: Option<Kernel>,
) {
    // SAFETY: `scratch` is this program's own; sizes are bounded where they are made.
    unsafe {
        let at = facts::fill(scratch, task, Slot::Exec);
        begun::take(&raw mut (*scratch).before, task, old_tid);
        let bprm = match bprm {
            Some(bprm) => bprm,
            None => Kernel((&raw const (*scratch).before.bprm).read_volatile()),
        };
        compare(scratch, task);
        // FILENAME_MAX + 1 bytes and more follow what ancestors take.
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        let program = Program::of(bprm);
        let filename = filename.unwrap_or(program.filename);
        let copied = filename.copy_str(to, FILENAME_MAX as u32 + 1);
        let next = || filename.at::<u8>(FILENAME_MAX as u32);
        let at = at + path::note(scratch, copied, next);
        interpreter(scratch, at, &program);
        if bprm.0 == 0 {
            (*scratch).fixed.flags |= exec_flag::NO_BPRM;
        }
        if program.fdpath.0 != 0 {
            (*scratch).fixed.flags |= exec_flag::DIRFD;
        }
        (*scratch).fixed.argc = program.argc;
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
        if is_narrow(mm) {
            (*fixed).flags |= exec_flag::NARROW;
        }
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

/// Returns whether that is a 32-bit program's memory.
#[inline(always)]
fn is_narrow(mm: Typed) -> bool {
    let task_size: Option<u64> = mm.get(&member::MM_TASK_SIZE);
    task_size.is_some_and(|size| size <= 1 << 32)
}

/// Tells of a program that is not told itself that it is one of 32 bits, once on each CPU: one day it may pass the
/// filter, and then user space must have seen to the execs that it fails in.
#[inline(always)]
fn tell_narrow(task: Typed) {
    if counted(Counter::Narrow) != 0 || !is_narrow(task.to(&member::TASK_MM)) {
        return;
    }
    let mut header = facts::header(Kind::Narrow);
    // SAFETY: a header is whole and has no padding.
    if unsafe { send(&raw mut header, size_of::<Header>() as u64) } {
        count(Counter::Narrow);
    }
}

/// Notes what the exec changed, as far as its begin was noted.
#[inline(always)]
unsafe fn compare(scratch: *mut Scratch, task: Typed) {
    // SAFETY: `scratch` is the caller's.
    unsafe {
        let fixed = &raw mut (*scratch).fixed;
        let before = (&raw const (*scratch).before).read_volatile();
        (*fixed).old_euid = before.euid;
        let mut flags = (*fixed).flags;
        if before.euid != NONE && before.from_kernel != 1 {
            flags |= exec_flag::OLD_EUID;
        }
        if before.egid != NONE && before.egid != (*fixed).egid {
            flags |= exec_flag::SETGID;
        }
        let caps: u64 = task.to(&member::TASK_CRED).or_zero(&member::CRED_CAPS);
        if caps & !before.caps != 0 {
            flags |= exec_flag::CAPS;
        }
        // Without a note its parent says whether the kernel started it.
        match before.from_kernel {
            0 => flags &= !exec_flag::KERNEL,
            1 => flags |= exec_flag::KERNEL,
            _ => {}
        }
        (*fixed).flags = flags;
    }
}

/// What the kernel's `struct linux_binprm` says; all zero and `NONE` where it is null.
struct Program {
    argc: u32,
    /// The path as it was passed.
    filename: Kernel,
    /// What is run, by the same address if that is the same.
    interp: Kernel,
    /// Null unless the file was named by a descriptor.
    fdpath: Kernel,
}

impl Program {
    /// Reads it: by one read where its members stand as in `int argc, envc; const char *filename, *interp,
    /// *fdpath;`.
    #[inline(always)]
    fn of(bprm: Kernel) -> Self {
        let after = |member: &member::Offset, before: &member::Offset| matches!((member.get(), before.get()), (Some(this), Some(that)) if this == that + 8);
        if after(&member::BPRM_FILENAME, &member::BPRM_ARGC)
            && after(&member::BPRM_INTERP, &member::BPRM_FILENAME)
            && after(&member::BPRM_FDPATH, &member::BPRM_INTERP)
        {
            let [counts, filename, interp, fdpath] = bprm.or_zero::<[u64; 4]>(&member::BPRM_ARGC);
            return Self {
                argc: if bprm.0 == 0 { NONE } else { counts as u32 },
                filename: Kernel(filename),
                interp: Kernel(interp),
                fdpath: Kernel(fdpath),
            };
        }
        Self {
            argc: bprm.get(&member::BPRM_ARGC).unwrap_or(NONE),
            filename: bprm.to(&member::BPRM_FILENAME),
            interp: bprm.to(&member::BPRM_INTERP),
            fdpath: bprm.to(&member::BPRM_FDPATH),
        }
    }
}

/// The kernel points `bprm->interp` elsewhere than `bprm->filename` once it runs an interpreter.
#[inline(always)]
unsafe fn interpreter(scratch: *mut Scratch, at: u64, program: &Program) {
    // SAFETY: `at` is at most what ancestors and path take, so INTERPRETER_MAX + 1 bytes follow.
    unsafe {
        (*scratch).fixed.interpreter_len = 0;
        if program.interp.0 == 0 || program.interp.0 == program.filename.0 {
            return;
        }
        (*scratch).fixed.flags |= exec_flag::SCRIPT;
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        let len = program.interp.copy_str(to, INTERPRETER_MAX as u32 + 1);
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
