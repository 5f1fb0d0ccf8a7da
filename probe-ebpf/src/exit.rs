//! A process ended.

use crate::facts::{self, PF_FORKNOEXEC};
use crate::globals::{self as member, ALL_EXITS, EXIT_HAS_GROUP_DEAD};
use crate::maps::{ENDED, PART_ROUNDS, TIMES, Times, output};
use crate::only;
use crate::read::{Kernel, Typed};
use aya_ebpf::{macros::raw_tracepoint, programs::RawTracePointContext};
use probe_common::{ExitFixed, Header, Kind, go_on, limits::THREADS_PER_ROUND};

/// `SIGNAL_GROUP_EXIT` of include/linux/sched/signal.h. Same in 5.10 to 7.3.
const SIGNAL_GROUP_EXIT: u32 = 4;

/// `EEXIST` of include/uapi/asm-generic/errno-base.h.
const EEXIST: i32 = 17;

/// Only where there is no entry of that key (`BPF_NOEXIST` of include/uapi/linux/bpf.h).
const NO_EXIST: u64 = 1;

#[repr(C)]
struct Record {
    header: Header,
    fixed: ExitFixed,
}

/// `sched_process_exit(struct task_struct *p)`, from 6.16 `(…, bool group_dead)`. Runs in each
/// thread that ends; only the last one of a process is told.
#[raw_tracepoint(tracepoint = "sched_process_exit")]
#[inline(always)]
pub(crate) fn process_exit(ctx: RawTracePointContext) -> i32 {
    if EXIT_HAS_GROUP_DEAD.load() != 0 && ctx.arg::<u64>(1) as u8 == 0 {
        return 0;
    }
    if let Rest::Threads = exit() {
        next_round(&ctx);
    }
    0
}

/// Adds up the times of threads that end at the same time. Attached to nothing: [`process_exit`] and this program
/// itself go on in it.
#[raw_tracepoint(tracepoint = "sched_process_exit")]
pub(crate) fn exit_threads(ctx: RawTracePointContext) -> i32 {
    if let Rest::Threads = round() {
        next_round(&ctx);
    }
    0
}

#[inline(always)]
fn next_round(ctx: &RawTracePointContext) {
    // SAFETY: nothing here has anything to drop.
    unsafe { PART_ROUNDS.tail_call(ctx, go_on::THREADS) };
    give_up();
}

/// What is left to do of an exit.
pub(crate) enum Rest {
    Nothing,
    /// [`round`] follows, in another program.
    Threads,
}

/// Tells the end of the current task's process, if this is its last thread.
#[inline(always)]
pub(crate) fn exit() -> Rest {
    begin().unwrap_or(Rest::Nothing)
}

#[inline(always)]
fn begin() -> Option<Rest> {
    let task = Typed::current();
    let signal = task.to(&member::TASK_SIGNAL);
    if signal.get::<u32>(&member::SIGNAL_LIVE)? != 0 {
        return None;
    }
    let lead = facts::leader(task);
    // Without group_dead, two last threads may both find zero above: it is asked by the one that tells.
    if EXIT_HAS_GROUP_DEAD.load() != 0 && !is_told(lead)? {
        return None;
    }
    // The times of threads that are out of the list are the process's. One that leaves it meanwhile changes
    // the sequence.
    let mut times = of_process(signal.plain());
    let others = signal.or_zero::<u32>(&member::SIGNAL_NR_THREADS) > 1;
    if others || sequence(signal.plain()) != times.sequence {
        let to = TIMES.get_ptr_mut(0)?;
        // SAFETY: the entry is there, and of this program and those that it goes on in.
        unsafe { to.write_volatile(times) };
        return Some(Rest::Threads);
    }
    add(&mut times, task.plain());
    tell(signal, lead, &times);
    Some(Rest::Nothing)
}

/// Returns whether the end of the current task's process is told; to be asked once.
#[inline(always)]
fn is_told((leader, start_ns): (Typed, u64)) -> Option<bool> {
    if !only::exit(Typed::current().plain(), leader.plain()) {
        return Some(false);
    }
    if ALL_EXITS.load() == 0 && leader.get::<u32>(&member::TASK_FLAGS)? & PF_FORKNOEXEC != 0 {
        return Some(false);
    }
    if EXIT_HAS_GROUP_DEAD.load() != 0 {
        return Some(true);
    }
    let pid: u32 = leader.get(&member::TASK_TGID)?;
    // Who finds no room for it tells it, at worst once more.
    Some(ENDED.insert([pid.into(), start_ns], 0, NO_EXIST) != Err(-EEXIST))
}

/// Adds up a round of threads, and tells the exit once it has come round the list with nobody having left it.
#[inline(always)]
pub(crate) fn round() -> Rest {
    let Some(times) = TIMES.get_ptr_mut(0) else {
        return Rest::Nothing;
    };
    let task = Typed::current();
    let signal = task.to(&member::TASK_SIGNAL).plain();
    let head = signal.inside(&member::SIGNAL_THREADS);
    for _ in 0..THREADS_PER_ROUND {
        // SAFETY: the entry was filled on this CPU by the program that went on in this one. Read from memory,
        // so that the verifier sees the same unknown numbers in every step.
        let mut so_far = unsafe { times.read_volatile() };
        if so_far.node != head.0 {
            let offset = member::TASK_THREADS.get().unwrap_or(0);
            let node = Kernel(so_far.node);
            let thread = Kernel(node.0 - u64::from(offset));
            if is_yet_to_come(thread) {
                return Rest::Nothing;
            }
            add(&mut so_far, thread);
            so_far.node = node.at(0).unwrap_or(0);
        } else if sequence(signal) == so_far.sequence {
            tell_of(task, &so_far);
            return Rest::Nothing;
        } else {
            so_far = of_process(signal);
        }
        // SAFETY: as above.
        unsafe { times.write_volatile(so_far) };
    }
    Rest::Threads
}

/// Returns whether a thread has its tracepoint before it, on kernels without group_dead: there it comes after the thread
/// has let go of its memory, and before that it notes what the process used at most, and its exit code.
#[inline(always)]
fn is_yet_to_come(thread: Kernel) -> bool {
    EXIT_HAS_GROUP_DEAD.load() == 0 && thread.to(&member::TASK_MM).0 != 0
}

/// Tells the exit without times, where the kernel allows no more rounds.
#[inline(always)]
pub(crate) fn give_up() {
    let unknown = u64::MAX;
    // Volatile, or else the compiler calls a function of its own to fill the record with it.
    // SAFETY: a read of a local number.
    let unknown = unsafe { (&raw const unknown).read_volatile() };
    let times = Times {
        user_ns: unknown,
        system_ns: unknown,
        run_ns: unknown,
        ..Times::default()
    };
    tell_of(Typed::current(), &times);
}

/// Tells the end of a task's process.
#[inline(always)]
fn tell_of(task: Typed, times: &Times) {
    tell(task.to(&member::TASK_SIGNAL), facts::leader(task), times);
}

/// Returns the times of a process's threads that are gone, and where its others begin.
#[inline(always)]
fn of_process(signal: Kernel) -> Times {
    Times {
        // Odd while a thread is being taken out: that it ends shows at the end.
        sequence: sequence(signal) & !1,
        reserved: 0,
        user_ns: signal.or_zero(&member::SIGNAL_UTIME),
        system_ns: signal.or_zero(&member::SIGNAL_STIME),
        run_ns: signal.or_zero(&member::SIGNAL_RUNTIME),
        // struct list_head begins with the next one.
        node: signal.or_zero(&member::SIGNAL_THREADS),
    }
}

#[inline(always)]
fn sequence(signal: Kernel) -> u32 {
    signal.or_zero(&member::SIGNAL_SEQUENCE)
}

#[inline(always)]
fn add(times: &mut Times, thread: Kernel) {
    times.user_ns += thread.or_zero::<u64>(&member::TASK_UTIME);
    times.system_ns += thread.or_zero::<u64>(&member::TASK_STIME);
    times.run_ns += thread.or_zero::<u64>(&member::TASK_RUNTIME);
}

/// Hands the record over, if it is to be told and is not yet.
#[inline(always)]
fn tell(signal: Typed, lead: (Typed, u64), times: &Times) -> Option<()> {
    let (leader, start_ns) = lead;
    if EXIT_HAS_GROUP_DEAD.load() == 0 && !is_told(lead)? {
        return None;
    }
    let group_exit = signal.get::<u32>(&member::SIGNAL_FLAGS)? & SIGNAL_GROUP_EXIT != 0;
    let status = if group_exit {
        signal.get(&member::SIGNAL_GROUP_EXIT_CODE)
    } else {
        leader.get(&member::TASK_EXIT_CODE)
    };
    let parent = leader.to(&member::TASK_REAL_PARENT);
    let mut record = Record {
        header: facts::header(Kind::Exit),
        fixed: ExitFixed {
            start_ns,
            user_ns: times.user_ns,
            system_ns: times.system_ns,
            run_ns: times.run_ns,
            max_rss_pages: signal.or_zero(&member::SIGNAL_MAXRSS),
            status: status?,
            ppid: parent.or_zero(&member::TASK_TGID),
            comm: leader.name(),
        },
    };
    // SAFETY: the record is whole and has no padding.
    unsafe { output(&raw mut record, size_of::<Record>() as u64) };
    Some(())
}
