//! A process ended.

use crate::facts::{self, PF_FORKNOEXEC};
use crate::globals::{self as member, ALL_EXITS, EXIT_HAS_GROUP_DEAD};
use crate::maps::{ENDED, output};
use crate::only;
use crate::read::Typed;
use aya_ebpf::{macros::raw_tracepoint, programs::RawTracePointContext};
use probe_common::{ExitFixed, Header, Kind};

/// `SIGNAL_GROUP_EXIT` of include/linux/sched/signal.h. Same in 5.10 to 7.3.
const SIGNAL_GROUP_EXIT: u32 = 4;

#[repr(C)]
struct Record {
    header: Header,
    fixed: ExitFixed,
}

/// `sched_process_exit(struct task_struct *p)`, from 6.16 `(…, bool group_dead)`. Runs in each
/// thread that ends; only the last one of a process is told.
#[raw_tracepoint(tracepoint = "sched_process_exit")]
pub(crate) fn process_exit(ctx: RawTracePointContext) -> i32 {
    if EXIT_HAS_GROUP_DEAD.load() != 0 && ctx.arg::<u64>(1) as u8 == 0 {
        return 0;
    }
    let _ = exit(Typed::current());
    0
}

/// Tells the end of the current task's process, if this is its last thread.
#[inline(always)]
pub(crate) fn exit(task: Typed) -> Option<()> {
    let signal = task.to(&member::TASK_SIGNAL);
    if signal.get::<u32>(&member::SIGNAL_LIVE)? != 0 {
        return None;
    }
    let (leader, start_ns) = facts::leader(task);
    if !only::exit(task.plain(), leader.plain()) {
        return None;
    }
    if ALL_EXITS.load() == 0 && leader.get::<u32>(&member::TASK_FLAGS)? & PF_FORKNOEXEC != 0 {
        return None;
    }
    // On kernels without group_dead, two last threads may both find zero above.
    if EXIT_HAS_GROUP_DEAD.load() == 0 {
        let pid: u32 = leader.get(&member::TASK_TGID)?;
        // BPF_NOEXIST: only the first one gets through.
        ENDED.insert([pid.into(), start_ns], 0, 1).ok()?;
    }
    let group_exit = signal.get::<u32>(&member::SIGNAL_FLAGS)? & SIGNAL_GROUP_EXIT != 0;
    let status = if group_exit {
        signal.get(&member::SIGNAL_GROUP_EXIT_CODE)
    } else {
        leader.get(&member::TASK_EXIT_CODE)
    };
    let parent = leader.to(&member::TASK_REAL_PARENT);
    // The times of threads that were reaped are the group's; a leader that ended before its
    // last thread waits unreaped.
    let others = if leader.plain().0 == task.plain().0 {
        None
    } else {
        Some(leader)
    };
    let sum = |of_group, of_task| {
        let of = |task: Option<Typed>| task.map_or(0, |task| task.or_zero::<u64>(of_task));
        signal.or_zero::<u64>(of_group) + of(Some(task)) + of(others)
    };
    let mut record = Record {
        header: facts::header(Kind::Exit),
        fixed: ExitFixed {
            start_ns,
            user_ns: sum(&member::SIGNAL_UTIME, &member::TASK_UTIME),
            system_ns: sum(&member::SIGNAL_STIME, &member::TASK_STIME),
            run_ns: sum(&member::SIGNAL_RUNTIME, &member::TASK_RUNTIME),
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
