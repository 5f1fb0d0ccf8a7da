//! A process's control group: its id in the record, its path once in a map.

use crate::globals::{self as member, Offset};
use crate::maps::{CGROUP_SCRATCH, CGROUPS, Slot};
use crate::read::{Kernel, Typed};
use probe_common::{
    CgroupPath,
    limits::{CGROUP_LEVELS, CGROUP_NAMES, NAME_MAX},
};

/// The inode number of a hierarchy's root, which is the lower half of its id.
const ROOT: u32 = 1;

/// Each hierarchy numbers its own groups: bits that tell those of controllers from the unified one's. The
/// upper half of an id is a generation, which does not come that far.
const MEMORY: u64 = 1 << 62;
const PIDS: u64 = 1 << 63;

/// Returns the id of a task's control group, 0 if unknown, and sees to it that its path is in the map.
///
/// That of the unified hierarchy; where the task is at its root, that of the memory or else the pids
/// controller's own hierarchy.
#[inline(always)]
pub(crate) fn id(task: Typed, slot: Slot) -> u64 {
    let set = task.to(&member::TASK_CGROUPS);
    let unified = set.to(&member::CSET_UNIFIED).to(&member::CGROUP_KN);
    let mut node = unified.plain();
    let mut id: u64 = unified.or_zero(&member::KN_ID);
    if id as u32 == ROOT {
        if let Some((below, number)) = under_controller(set, &member::SUBSYS_MEMORY) {
            (node, id) = (below, number | MEMORY);
        } else if let Some((below, number)) = under_controller(set, &member::SUBSYS_PIDS) {
            (node, id) = (below, number | PIDS);
        }
    }
    // SAFETY: only looked for.
    if id != 0 && unsafe { CGROUPS.get(id) }.is_none() {
        note(id, node, slot);
    }
    id
}

/// Returns the node of a controller's control group and its id, unless it is the root.
#[inline(always)]
fn under_controller(set: Typed, number: &Offset) -> Option<(Kernel, u64)> {
    let state = set.nth(&member::CSET_SUBSYS, number.get()?);
    let node = state.to(&member::CSS_CGROUP).to(&member::CGROUP_KN);
    if node.to(&member::KN_PARENT).is_null() {
        None
    } else {
        Some((node.plain(), node.or_zero(&member::KN_ID)))
    }
}

/// Reads the names on the way up, and keeps them.
#[inline(always)]
fn note(id: u64, node: Kernel, slot: Slot) {
    const LAST: usize = CGROUP_NAMES - NAME_MAX - 1;
    let Some(path) = CGROUP_SCRATCH.get_ptr_mut(slot as u32) else {
        return;
    };
    // SAFETY: the place is this program's own; a name fits after LAST.
    unsafe {
        (*path).len = 0;
        (*path).cut = 1;
        let mut node = node;
        for _ in 0..CGROUP_LEVELS {
            let parent = node.to(&member::KN_PARENT);
            // The root's name is empty.
            if parent.0 == 0 {
                (*path).cut = 0;
                break;
            }
            let len = (&raw const (*path).len).read_volatile() as usize;
            if len > LAST {
                break;
            }
            let to = (&raw mut (*path).names).cast::<u8>().add(len);
            let copied = node.to(&member::KN_NAME).copy_str(to, NAME_MAX as u32 + 1);
            if copied <= 0 {
                break;
            }
            (&raw mut (*path).len).write_volatile((len + copied as usize) as u32);
            node = parent;
        }
        // Lent and not copied: the stack holds 512 bytes.
        let path: &CgroupPath = &*path;
        let _ = CGROUPS.insert(id, path, 0);
    }
}
