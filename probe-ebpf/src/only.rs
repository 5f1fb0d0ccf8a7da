//! Which processes are captured: those that pass every kind of filter that was set before load.
//!
//! Without a filter the verifier sees constant zeros and drops all of this.

use crate::globals::{self as member, ONLY_CGROUP, ONLY_COMM, ONLY_TREE, ONLY_UID};
use crate::maps::count;
use crate::read::Kernel;
use aya_ebpf::{
    btf_maps::HashMap,
    helpers::generated::{bpf_get_current_pid_tgid, bpf_get_current_uid_gid},
    macros::{btf_map, raw_tracepoint},
    programs::RawTracePointContext,
};
use core::mem::MaybeUninit;
use probe_common::{
    Counter,
    limits::{CGROUP_DEPTH_MAX, CGROUP_PATH_MAX, COMM_LEN},
    tracked,
};

/// What is remembered of processes, by process id: bits of [`tracked`]. A process that is
/// forgotten early would be a hole, so none is: the map is no LRU, and what finds no room is counted.
/// User space sets its size and puts in what the tree begins with.
#[btf_map]
pub(crate) static TRACKED: HashMap<u32, u32, 1> = HashMap::new();

/// Real user ids; a set, as the two below. User space fills them.
#[btf_map]
pub(crate) static ONLY_UIDS: HashMap<u32, u32, 1> = HashMap::new();

/// Task names, padded with NULs.
#[btf_map]
pub(crate) static ONLY_COMMS: HashMap<[u8; COMM_LEN], u32, 1> = HashMap::new();

/// Control groups of version 2 by the number of their kernfs node.
#[btf_map]
pub(crate) static ONLY_CGROUPS: HashMap<u64, u32, 1> = HashMap::new();

/// Their paths, padded with NULs: a group that is removed and made anew is another one with the
/// same path.
#[btf_map]
pub(crate) static ONLY_PATHS: HashMap<[u8; CGROUP_PATH_MAX], u32, 1> = HashMap::new();

/// `cgroup_mkdir(struct cgroup *cgrp, const char *path)`, unchanged from 5.10 to 6.18. Nothing
/// can be in the group yet.
#[raw_tracepoint(tracepoint = "cgroup_mkdir")]
pub(crate) fn cgroup_made(ctx: RawTracePointContext) -> i32 {
    let _ = made(Kernel(ctx.arg(0)), Kernel(ctx.arg(1)));
    0
}

/// `cgroup_rmdir(struct cgroup *cgrp, const char *path)`, unchanged from 5.10 to 6.18. Nothing
/// is in the group any more.
#[raw_tracepoint(tracepoint = "cgroup_rmdir")]
pub(crate) fn cgroup_removed(ctx: RawTracePointContext) -> i32 {
    let group = Kernel(ctx.arg(0));
    if is_version_2(group) == Some(true)
        && let Some(id) = group.to(&member::CGROUP_KN).get::<u64>(&member::KN_ID)
    {
        let _ = ONLY_CGROUPS.remove(id);
    }
    0
}

#[inline(always)]
fn made(group: Kernel, path: Kernel) -> Option<()> {
    if !is_version_2(group)? {
        return None;
    }
    // Lent and not copied: the stack holds 512 bytes.
    let mut wanted = [0; CGROUP_PATH_MAX];
    // SAFETY: `wanted` has the size that is named; of an entry only is asked whether it is there.
    unsafe {
        path.copy_str(wanted.as_mut_ptr(), CGROUP_PATH_MAX as u32);
        let wanted: &[u8; CGROUP_PATH_MAX] = &wanted;
        ONLY_PATHS.get(wanted)?;
    }
    let id: u64 = group.to(&member::CGROUP_KN).get(&member::KN_ID)?;
    if ONLY_CGROUPS.insert(id, 1, 0).is_err() {
        count(Counter::Untracked);
    }
    Some(())
}

/// Returns whether a group is of the one hierarchy of version 2; each of version 1 numbers its own.
#[inline(always)]
fn is_version_2(group: Kernel) -> Option<bool> {
    let hierarchy: u32 = group
        .to(&member::CGROUP_ROOT)
        .get(&member::CGROUP_ROOT_HIERARCHY_ID)?;
    Some(hierarchy == 0)
}

/// Returns whether an exec of the current process is told; counts it if not.
#[inline(always)]
pub(crate) fn exec(task: Kernel) -> bool {
    if !any() {
        return true;
    }
    let passes = passes(task, task);
    if !passes {
        count(Counter::NotCaptured);
    } else if any_of_process() {
        // Its end belongs to what was told, whatever it executes until then.
        track(pid(), tracked::TOLD);
    }
    passes
}

/// Returns whether a failed exec of the current process is told; counts it if not.
#[inline(always)]
pub(crate) fn failed(task: Kernel) -> bool {
    if !any() {
        return true;
    }
    let passes = passes(task, task);
    if !passes {
        count(Counter::NotCaptured);
    }
    passes
}

/// Returns whether the end of the current process is told; to be asked once in its last thread,
/// since nothing is remembered of it from then on.
#[inline(always)]
pub(crate) fn exit(task: Kernel, leader: Kernel) -> bool {
    if !any() {
        return true;
    }
    let told = flags(pid()) & tracked::TOLD != 0;
    let told = told || passes(task, leader);
    let _ = TRACKED.remove(pid());
    told
}

/// Returns whether a fork by the current process is told.
#[inline(always)]
pub(crate) fn fork(parent: Kernel) -> bool {
    !any() || passes(parent, parent)
}

/// Notes what is known of a new process, which has not run yet: it is in the tree if the process that forked it is, or
/// its parent, which with CLONE_PARENT is another; and its end belongs to its fork, if that is told.
#[inline(always)]
pub(crate) fn forked(forker: Kernel, child: u32, parent: u32, told: bool) {
    if !any() {
        return;
    }
    let mut known = 0;
    if ONLY_TREE.load() != 0 && (in_tree(forker) || flags(parent) & tracked::IN_TREE != 0) {
        known |= tracked::IN_TREE;
    }
    if told && any_of_process() {
        known |= tracked::TOLD;
    }
    // In the place of what is left of an earlier process whose end was missed.
    if known == 0 {
        let _ = TRACKED.remove(child);
    } else if TRACKED.insert(child, known, 0).is_err() {
        count(Counter::Untracked);
    }
}

/// Returns whether a process is in the tree: as noted at its fork, or if that was missed because its parent
/// is.
#[inline(always)]
fn in_tree(task: Kernel) -> bool {
    if flags(pid()) & tracked::IN_TREE != 0 {
        return true;
    }
    let parent = task.to(&member::TASK_REAL_PARENT);
    let adopted = flags(parent.or_zero(&member::TASK_TGID)) & tracked::IN_TREE != 0;
    if adopted {
        track(pid(), tracked::IN_TREE);
    }
    adopted
}

#[inline(always)]
fn any() -> bool {
    ONLY_TREE.load() != 0 || any_of_process()
}

/// Whether a filter asks what a process can change.
#[inline(always)]
fn any_of_process() -> bool {
    ONLY_UID.load() != 0 || ONLY_COMM.load() != 0 || ONLY_CGROUP.load() != 0
}

/// Asks every filter that is set, the cheapest first; `named` is the task whose name counts.
#[inline(always)]
fn passes(task: Kernel, named: Kernel) -> bool {
    if ONLY_TREE.load() != 0 && !in_tree(task) {
        return false;
    }
    // SAFETY: the helper takes no arguments and always succeeds.
    let uid = unsafe { bpf_get_current_uid_gid() } as u32;
    // SAFETY: of an entry only is asked whether it is there.
    if ONLY_UID.load() != 0 && unsafe { ONLY_UIDS.get(uid) }.is_none() {
        return false;
    }
    if ONLY_COMM.load() != 0 && !has_name(named) {
        return false;
    }
    ONLY_CGROUP.load() == 0 || in_cgroup(task)
}

#[inline(always)]
fn has_name(task: Kernel) -> bool {
    let mut comm = MaybeUninit::<[u64; COMM_LEN / 8]>::uninit();
    let words = comm.as_mut_ptr().cast::<u64>();
    let Some(offset) = member::TASK_COMM.get() else {
        return false;
    };
    // As a string: behind the NUL some kernels leave what was there before.
    // SAFETY: `comm` has the size that is named, is cleared word by word and lent as bytes; of an entry
    // only is asked whether it is there.
    unsafe {
        // Volatile, or else the compiler calls a function of its own to clear it: before Linux 6.0 a
        // program on arm64 that goes on in another may call none.
        for word in 0..COMM_LEN / 8 {
            words.add(word).write_volatile(0);
        }
        let bytes = words.cast::<u8>();
        Kernel(task.0 + u64::from(offset)).copy_str(bytes, COMM_LEN as u32);
        let comm = &*bytes.cast::<[u8; COMM_LEN]>();
        ONLY_COMMS.get(comm).is_some()
    }
}

/// Returns whether one of the control groups is the task's, or above it. What lies deeper than is looked
/// passes: nobody leaves the capture by making groups.
#[inline(always)]
fn in_cgroup(task: Kernel) -> bool {
    let css_set = task.to(&member::TASK_CGROUPS);
    let mut node = css_set.to(&member::CSET_UNIFIED).to(&member::CGROUP_KN);
    for _ in 0..CGROUP_DEPTH_MAX {
        let id: u64 = node.or_zero(&member::KN_ID);
        // SAFETY: of an entry only is asked whether it is there.
        if unsafe { ONLY_CGROUPS.get(id) }.is_some() {
            return true;
        }
        node = node.to(&member::KN_PARENT);
        if node.0 == 0 {
            return false;
        }
    }
    true
}

#[inline(always)]
fn pid() -> u32 {
    // SAFETY: the helper takes no arguments and always succeeds.
    (unsafe { bpf_get_current_pid_tgid() } >> 32) as u32
}

#[inline(always)]
fn flags(pid: u32) -> u32 {
    // SAFETY: the value is copied at once; nobody but the process itself changes it.
    unsafe { TRACKED.get(pid) }.copied().unwrap_or(0)
}

/// Remembers something of a process, or counts it as one that there was no room for.
#[inline(always)]
fn track(pid: u32, flag: u32) {
    let flags = flags(pid) | flag;
    if TRACKED.insert(pid, flags, 0).is_err() {
        count(Counter::Untracked);
    }
}
