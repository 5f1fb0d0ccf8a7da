//! An exec begins: what it may change is noted for its end. From Linux 6.10 on right before the point
//! of no return; before that when the call is made.

use crate::call;
use crate::facts;
use crate::globals::{self as member, NOTE_KEY};
use crate::maps::{Call, PENDING, Pending};
use crate::read::{Kernel, Typed};
use aya_ebpf::{
    EbpfContext,
    helpers::generated::bpf_get_current_pid_tgid,
    macros::raw_tracepoint,
    programs::{RawTracePointContext, TracePointContext},
};
use probe_common::limits::{NONE, PENDING_MAX};

/// `struct trace_event_raw_sys_enter { struct trace_entry ent; long id; unsigned long args[6]; }`:
/// args begin at 16, from 5.10 to 7.3.
const ENTER_ARGS: usize = 16;

/// `sched_prepare_exec(struct task_struct *task, struct linux_binprm *bprm)`, unchanged from 6.10 to
/// 7.3. Runs in the thread that executes, for every program by any way, and what fails later is killed.
#[raw_tracepoint(tracepoint = "sched_prepare_exec")]
pub(crate) fn prepare_exec(ctx: RawTracePointContext) -> i32 {
    note(Call::default(), Kernel(ctx.arg(1)));
    0
}

/// `execve(const char *filename, const char *const *argv, const char *const *envp)`.
#[inline(always)]
fn enter_execve(ctx: TracePointContext) {
    enter(&ctx, false);
}
passes_on!(enter_execve, "tracepoint/syscalls/sys_enter_execve");

/// `execveat(int fd, const char *filename, const char *const *argv, …, int flags)`.
#[inline(always)]
fn enter_execveat(ctx: TracePointContext) {
    enter(&ctx, true);
}
passes_on!(enter_execveat, "tracepoint/syscalls/sys_enter_execveat");

#[inline(always)]
fn enter(ctx: &TracePointContext, at: bool) {
    let argument = |number: usize| word(ctx, ENTER_ARGS + number * 8);
    let mut call = Call {
        filename: argument(usize::from(at)),
        argv: argument(usize::from(at) + 1),
        dirfd: call::AT_FDCWD,
        at_flags: 0,
    };
    if at {
        call.dirfd = argument(0) as i32;
        call.at_flags = argument(4) as u32;
    }
    note(call, Kernel(0));
}

/// Reads a field of a tracepoint.
#[inline(always)]
pub(crate) fn word(ctx: &TracePointContext, offset: usize) -> u64 {
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
fn note(call: Call, bprm: Kernel) {
    // SAFETY: this helper takes no arguments and always succeeds.
    let thread = unsafe { bpf_get_current_pid_tgid() };
    let Some(to) = PENDING.get_ptr_mut(place(thread as u32)) else {
        return;
    };
    let task = Typed::current();
    let cred = task.to(&member::TASK_CRED);
    let mut noted = Pending {
        thread,
        call,
        bprm: bprm.0,
        mm: bprm.or_zero(&member::BPRM_MM),
        start_ns: facts::leader(task).1,
        caps: cred.get(&member::CRED_CAPS).unwrap_or(u64::MAX),
        euid: cred.get(&member::CRED_EUID).unwrap_or(NONE),
        egid: cred.get(&member::CRED_EGID).unwrap_or(NONE),
        from_kernel: u32::from(task.to(&member::TASK_MM).is_null()),
        reserved: 0,
        sum: 0,
    };
    noted.sum = sum(&noted);
    // SAFETY: the entry is there, and whoever else writes to it is found out.
    unsafe { to.write_volatile(noted) };
}

/// Returns what a note comes to. Who writes to one place at once on several CPUs knows not the key, and so
/// makes no note of parts of several that comes to what it says.
#[inline(always)]
fn sum(noted: &Pending) -> u64 {
    // Odd, so that nothing is lost by multiplying.
    let key = 0x9e37_79b9_7f4a_7c15 ^ (u64::from(NOTE_KEY.load()) << 1);
    let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
    let words = [
        noted.call.filename,
        noted.call.argv,
        pair(noted.call.dirfd as u32, noted.call.at_flags),
        noted.bprm,
        noted.mm,
        noted.start_ns,
        noted.caps,
        pair(noted.euid, noted.egid),
        noted.from_kernel.into(),
    ];
    let mut sum = noted.thread;
    for word in words {
        sum = (sum ^ word).wrapping_mul(key);
        sum ^= sum >> 32;
    }
    sum
}

/// Where a thread's exec is noted.
#[inline(always)]
const fn place(tid: u32) -> u32 {
    tid & (PENDING_MAX as u32 - 1)
}

const _: () = assert!(PENDING_MAX.is_power_of_two());

/// Takes the note of the exec of the current task, by its id before the exec; nothing is
/// known of what there is no note of. One of the same thread whose exec was never over is of an earlier
/// process, known by the time at which the process was forked, or of an earlier exec, known by its memory.
///
/// # Safety
/// `to` must be writable.
#[inline(always)]
pub(crate) unsafe fn take(to: *mut Pending, task: Typed, old_tid: u32) {
    let start_ns = facts::leader(task).1;
    // SAFETY: the helper takes no arguments and always succeeds; the entry is there.
    unsafe {
        let thread = (bpf_get_current_pid_tgid() & !u64::from(u32::MAX)) | u64::from(old_tid);
        let mut noted = UNKNOWN;
        if let Some(entry) = PENDING.get_ptr_mut(place(old_tid)) {
            let found = entry.read_volatile();
            let earlier = found.mm != 0 && found.mm != task.to(&member::TASK_MM).plain().0;
            if found.thread == thread
                && found.start_ns == start_ns
                && !earlier
                && found.sum == sum(&found)
            {
                (&raw mut (*entry).thread).write_volatile(0);
                noted = found;
            }
        }
        to.write_volatile(noted);
    }
}

/// What is known of an exec whose begin was not noted.
const UNKNOWN: Pending = Pending {
    thread: 0,
    call: Call {
        filename: 0,
        argv: 0,
        dirfd: 0,
        at_flags: 0,
    },
    bprm: 0,
    mm: 0,
    start_ns: 0,
    caps: u64::MAX,
    euid: NONE,
    egid: NONE,
    from_kernel: NONE,
    reserved: 0,
    sum: 0,
};
