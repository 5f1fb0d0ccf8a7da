//! A process was forked.

use crate::facts;
use crate::globals::{self as member, TELL_FORKS};
use crate::maps::output;
use crate::only;
use crate::read::Kernel;
use aya_ebpf::{macros::raw_tracepoint, programs::RawTracePointContext};
use probe_common::{ForkFixed, Header, Kind};

#[repr(C)]
struct Record {
    header: Header,
    fixed: ForkFixed,
}

/// `sched_process_fork(struct task_struct *parent, struct task_struct *child)`, unchanged from
/// 5.10 to 7.3. Runs in the parent; threads are skipped.
#[raw_tracepoint(tracepoint = "sched_process_fork")]
pub(crate) fn process_fork(ctx: RawTracePointContext) -> i32 {
    let _ = fork(Kernel(ctx.arg(0)), Kernel(ctx.arg(1)));
    0
}

#[inline(always)]
fn fork(forker: Kernel, child: Kernel) -> Option<()> {
    let pid: u32 = child.get(&member::TASK_PID)?;
    if pid != child.get(&member::TASK_TGID)? {
        return None;
    }
    let parent = child.follow(&member::TASK_REAL_PARENT)?;
    let leader = parent.follow(&member::TASK_GROUP_LEADER)?;
    let ppid = leader.get(&member::TASK_TGID)?;
    let told = TELL_FORKS.load() != 0 && only::fork(forker);
    only::forked(forker, pid, ppid, told);
    if !told {
        return None;
    }
    let mut header = facts::header(Kind::Fork);
    header.pid = pid;
    header.tid = pid;
    let mut record = Record {
        header,
        fixed: ForkFixed {
            start_ns: child.get(&member::TASK_START_BOOTTIME)?,
            parent_start_ns: leader.or_zero(&member::TASK_START_BOOTTIME),
            ppid,
            reserved: 0,
            comm: child.or_zero(&member::TASK_COMM),
        },
    };
    // SAFETY: the record is whole and has no padding.
    unsafe { output(&raw mut record, size_of::<Record>() as u64) };
    Some(())
}
