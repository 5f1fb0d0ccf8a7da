//! What an exec record tells besides path and arguments: who, where, and by whom started.

use crate::globals as member;
use crate::maps::{Scratch, Slot, lost};
use crate::read::{Kernel, Typed};
use crate::{cgroup, walk};
use aya_ebpf::helpers::generated::{
    bpf_get_current_pid_tgid, bpf_get_current_uid_gid, bpf_get_smp_processor_id,
    bpf_ktime_get_boot_ns,
};
use probe_common::{
    Ancestor, ExecFixed, Header, Kind, exec_flag,
    limits::{ANCESTORS_MAX, COMM_LEN, NONE, TTY_LEN},
};

/// `PF_FORKNOEXEC` of include/linux/sched.h: forked, but did not exec. Same in 5.10 to 7.3.
pub(crate) const PF_FORKNOEXEC: u32 = 0x40;
/// `PF_KTHREAD` of include/linux/sched.h. Same in 5.10 to 7.3.
const PF_KTHREAD: u32 = 0x0020_0000;
/// `PROC_PID_INIT_INO` of include/linux/proc_ns.h. Same in 5.10 to 7.3.
const INITIAL_PID_NAMESPACE: u32 = 0xEFFF_FFFC;

/// Makes the header of a record about the current process.
#[inline(always)]
pub(crate) fn header(kind: Kind) -> Header {
    // SAFETY: these helpers take no arguments and always succeed.
    let (time_ns, cpu, ids) = unsafe {
        (
            bpf_ktime_get_boot_ns(),
            bpf_get_smp_processor_id(),
            bpf_get_current_pid_tgid(),
        )
    };
    Header {
        time_ns,
        lost: lost(),
        cpu: cpu as u16,
        kind: kind as u8,
        slot: 0,
        pid: (ids >> 32) as u32,
        tid: ids as u32,
    }
}

/// Returns the leader of a task's process, and when it was forked.
#[inline(always)]
pub(crate) fn leader(task: Typed) -> (Typed, u64) {
    let leader = task.to(&member::TASK_GROUP_LEADER);
    (leader, leader.or_zero(&member::TASK_START_BOOTTIME))
}

/// Fills in the facts of the current task and its ancestors; returns the bytes of tail used. The paths
/// stand there already.
///
/// # Safety
/// `scratch` must be this program's own scratch space.
#[inline(always)]
pub(crate) unsafe fn fill(scratch: *mut Scratch, task: Typed, slot: Slot) -> u64 {
    // SAFETY: plain writes to the caller's scratch space.
    unsafe {
        (*scratch).header.slot = slot as u8;
        let fixed = &raw mut (*scratch).fixed;
        let ids = bpf_get_current_uid_gid();
        (*fixed).uid = ids as u32;
        (*fixed).gid = (ids >> 32) as u32;
        (*fixed).start_ns = leader(task).1;
        (*fixed).comm = task.name();
        (*fixed).loginuid = task.get(&member::TASK_LOGINUID).unwrap_or(NONE);
        (*fixed).session = task.get(&member::TASK_SESSIONID).unwrap_or(NONE);
        let cred = task.to(&member::TASK_CRED);
        (*fixed).euid = cred.get(&member::CRED_EUID).unwrap_or(NONE);
        (*fixed).egid = cred.get(&member::CRED_EGID).unwrap_or(NONE);
        let (ns_pid, pid_ns) = pid_namespace(task);
        (*fixed).ns_pid = ns_pid.unwrap_or(NONE);
        (*fixed).pid_ns = pid_ns.unwrap_or(NONE);
        (*fixed).mnt_ns = mnt_namespace(task).unwrap_or(NONE);
        (*fixed).cgroup = cgroup::id(task, slot);
        (*fixed).env_size = 0;
        (*fixed).env_len = 0;
        (*fixed).dirfd = 0;
        if task.or_zero::<u32>(&member::TASK_PTRACE) != 0 {
            (*fixed).flags |= exec_flag::PTRACED;
        }
        terminal(fixed, task);
        ancestors(scratch, task);
        walk::size(scratch) + ancestors_size(scratch)
    }
}

/// Notes the name of the controlling terminal.
#[inline(always)]
unsafe fn terminal(fixed: *mut ExecFixed, task: Typed) {
    // SAFETY: the helper writes within the name's place.
    unsafe {
        let to = (&raw mut (*fixed).tty).cast::<u8>();
        to.write_volatile(0);
        let tty = task.to(&member::TASK_SIGNAL).to(&member::SIGNAL_TTY);
        if !tty.is_null() {
            tty.plain()
                .inside(&member::TTY_NAME)
                .copy_str(to, TTY_LEN as u32);
        }
    }
}

/// Returns the process id inside the task's own pid namespace, and that namespace's number.
///
/// `struct pid` ends in `struct upid numbers[level + 1]`; the last is the task's own.
#[inline(always)]
fn pid_namespace(task: Typed) -> (Option<u32>, Option<u32>) {
    let (Some(numbers), Some(ns)) = (member::PID_NUMBERS.get(), member::UPID_NS.get()) else {
        return (None, None);
    };
    let leader = task.to(&member::TASK_GROUP_LEADER);
    let level: u32 = leader
        .to(&member::TASK_THREAD_PID)
        .or_zero(&member::PID_LEVEL);
    if level == 0 {
        return (leader.get(&member::TASK_TGID), Some(INITIAL_PID_NAMESPACE));
    }
    // By a helper: old kernels let nobody reckon with a pointer whose type the verifier knows.
    let pid = leader.plain().to(&member::TASK_THREAD_PID);
    // struct upid is { int nr; struct pid_namespace *ns; }: its ns closes it.
    let size = u64::from(ns) + 8;
    let upid = Kernel(pid.0 + u64::from(numbers) + u64::from(level & 31) * size);
    (
        upid.at(0),
        upid.to(&member::UPID_NS).get(&member::PIDNS_INUM),
    )
}

#[inline(always)]
fn mnt_namespace(task: Typed) -> Option<u32> {
    let proxy = task.to(&member::TASK_NSPROXY);
    proxy.to(&member::NSPROXY_MNT_NS).get(&member::MNTNS_INUM)
}

/// Notes the parent, and further up as long as they never executed anything: whoever did has
/// an exec record of its own, or ran before.
///
/// # Safety
/// As [`fill`].
#[inline(always)]
unsafe fn ancestors(scratch: *mut Scratch, task: Typed) {
    let mut count = 0_u8;
    let mut parent_is_kernel = false;
    let mut below = task;
    // SAFETY: plain writes within the list, and a copy within the tail.
    unsafe {
        (*scratch).fixed.ppid = 0;
        let list = (&raw mut (*scratch).ancestors).cast::<Ancestor>();
        for i in 0..ANCESTORS_MAX {
            let lead = below
                .to(&member::TASK_REAL_PARENT)
                .to(&member::TASK_GROUP_LEADER);
            let pid: u32 = lead.or_zero(&member::TASK_TGID);
            let flags: u32 = lead.or_zero(&member::TASK_FLAGS);
            let start_ns: u64 = lead.or_zero(&member::TASK_START_BOOTTIME);
            let comm: [u8; COMM_LEN] = lead.name();
            let forked_only = flags & PF_FORKNOEXEC != 0;
            if i == 0 {
                (*scratch).fixed.ppid = pid;
                // Of the idle task comes process 1, and nobody is there to see it executed the first time.
                parent_is_kernel = flags & PF_KTHREAD != 0 && pid != 0;
            }
            list.add(i).write(Ancestor {
                start_ns,
                pid,
                forked_only: u32::from(forked_only),
                comm,
            });
            count = i as u8 + 1;
            // Process 0 is the idle task, which has no parent but itself.
            if !forked_only || pid <= 2 {
                break;
            }
            below = lead;
        }
        (*scratch).fixed.ancestors = count;
        if parent_is_kernel {
            (*scratch).fixed.flags |= exec_flag::KERNEL;
        }
        let to = (&raw mut (*scratch).tail).cast::<u8>();
        let to = to.add(walk::size(scratch) as usize);
        Kernel(list as u64).copy(to, ancestors_size(scratch) as u32);
    }
}

/// Returns the bytes of tail that the ancestors take.
///
/// Read back from memory, so that the verifier sees one unknown count and not one path for each.
///
/// # Safety
/// `scratch` must be this program's own scratch space, filled.
#[inline(always)]
pub(crate) unsafe fn ancestors_size(scratch: *mut Scratch) -> u64 {
    // SAFETY: a plain read of the caller's scratch space.
    let count = unsafe { (&raw const (*scratch).fixed.ancestors).read_volatile() };
    (u64::from(count) & 15) * size_of::<Ancestor>() as u64
}

// The masks on counts and on bytes of ancestors.
const _: () = assert!(ANCESTORS_MAX <= 15);
