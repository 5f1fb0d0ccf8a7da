//! Capture filters: what the probe is told of them before it is loaded, and the tree of processes,
//! which has to be complete before the first exec is seen.

use crate::event::{Comm, Missing};
use crate::source::cgroup::Cgroup;
use crate::source::proc::{self, Stat};
use anyhow::{Context, Result, bail};
use aya::maps::{HashMap, MapData, MapError};
use aya::{Ebpf, Pod};
use nix::errno::Errno;
use probe_common::limits::{CGROUP_PATH_MAX, COMM_LEN};
use probe_common::members::knob;
use probe_common::tracked;

/// Most processes that are remembered at once; the kernel sets this much memory aside, at about
/// 70 bytes each.
const TRACKED_MAX: u32 = 1 << 16;

/// Refuses to overwrite (`BPF_NOEXIST` of include/uapi/linux/bpf.h).
const NOEXIST: u64 = 1;

/// Which processes are captured: those that pass each kind. A kind that is empty passes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only {
    /// Process ids: these processes, and whatever descends from them.
    pub tree: Vec<u32>,
    /// Real user ids.
    pub uids: Vec<u32>,
    /// Task names: after the exec, or of the caller if it failed.
    pub comms: Vec<Comm>,
    /// Control groups; those below them are meant too.
    pub cgroups: Vec<Cgroup>,
}

impl Only {
    /// Returns whether anything is left out.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }

    /// Returns what to set the probe's globals to.
    pub(super) fn knobs(&self, forks: bool) -> [(&'static str, u32); 5] {
        [
            (knob::TELL_FORKS, u32::from(forks)),
            (knob::ONLY_TREE, u32::from(!self.tree.is_empty())),
            (knob::ONLY_UID, u32::from(!self.uids.is_empty())),
            (knob::ONLY_COMM, u32::from(!self.comms.is_empty())),
            (knob::ONLY_CGROUP, u32::from(!self.cgroups.is_empty())),
        ]
    }

    /// Returns how large the maps must be; none may be of size zero.
    pub(super) fn sizes(&self) -> [(&'static str, u32); 5] {
        let size = |len: usize| u32::try_from(len).unwrap_or(u32::MAX).max(1);
        let tracked = if self.any() { TRACKED_MAX } else { 1 };
        [
            ("TRACKED", tracked),
            ("ONLY_UIDS", size(self.uids.len())),
            ("ONLY_COMMS", size(self.comms.len())),
            // One that is removed and made anew has both its numbers there for a moment.
            ("ONLY_CGROUPS", size(self.cgroups.len() * 2)),
            ("ONLY_PATHS", size(self.cgroups.len())),
        ]
    }

    /// Checks that the kernel's types have what is asked for.
    pub(super) fn check(&self, missing: &Missing) -> Result<()> {
        let reason = missing.iter().find(|(fact, _)| &**fact == "cgroup");
        match reason {
            Some((_, reason)) if !self.cgroups.is_empty() => {
                bail!("control groups cannot be told apart: {reason}; leave --cgroup out")
            }
            _ => Ok(()),
        }
    }

    /// Puts the sets into their maps.
    pub(super) fn fill(&self, ebpf: &mut Ebpf) -> Result<()> {
        fill(ebpf, "ONLY_UIDS", &self.uids)?;
        let comms = self.comms.iter().map(|comm| padded(comm.as_bytes()));
        let comms: Vec<[u8; COMM_LEN]> = comms.flatten().collect();
        fill(ebpf, "ONLY_COMMS", &comms)?;
        let ids: Vec<_> = self.cgroups.iter().filter_map(|group| group.id).collect();
        fill(ebpf, "ONLY_CGROUPS", &ids)?;
        let paths = self.cgroups.iter().map(|group| padded(&group.path));
        let paths: Vec<[u8; CGROUP_PATH_MAX]> = paths.flatten().collect();
        fill(ebpf, "ONLY_PATHS", &paths)
    }
}

/// Returns a text as the probe looks it up, unless it is too long to be found.
fn padded<const SIZE: usize>(text: &[u8]) -> Option<[u8; SIZE]> {
    let mut out = [0; SIZE];
    // A NUL follows.
    let to = out.get_mut(..text.len()).filter(|to| to.len() < SIZE)?;
    to.copy_from_slice(text);
    Some(out)
}

fn fill<K: Pod>(ebpf: &mut Ebpf, name: &str, keys: &[K]) -> Result<()> {
    let mut map: HashMap<_, K, u32> = map(ebpf, name)?;
    for key in keys {
        map.insert(key, 1, 0)
            .with_context(|| format!("cannot fill the probe's map {name}"))?;
    }
    Ok(())
}

fn map<'a, K: Pod>(ebpf: &'a mut Ebpf, name: &str) -> Result<HashMap<&'a mut MapData, K, u32>> {
    let map = ebpf
        .map_mut(name)
        .with_context(|| format!("the probe has no map {name}"))?;
    Ok(HashMap::try_from(map)?)
}

/// Makes processes and all that descend from them the tree that is captured; to be called once
/// forks and exits are seen, and before execs are. Returns how many processes found no room.
pub(super) fn plant(ebpf: &mut Ebpf, roots: &[u32]) -> Result<u64> {
    let mut tree = InKernel {
        map: map(ebpf, "TRACKED")?,
        no_room: 0,
    };
    grow(&mut tree, roots, &mut proc::stats, &proc::stat_of)?;
    Ok(tree.no_room)
}

/// The tree, which grows and shrinks by itself as processes fork and end.
trait Tree {
    fn has(&self, pid: u32) -> bool;
    fn add(&mut self, pid: u32) -> Result<()>;
    fn remove(&mut self, pid: u32);
}

struct InKernel<'a> {
    map: HashMap<&'a mut MapData, u32, u32>,
    no_room: u64,
}

impl Tree for InKernel<'_> {
    fn has(&self, pid: u32) -> bool {
        self.map.get(&pid, 0).is_ok()
    }

    fn add(&mut self, pid: u32) -> Result<()> {
        match self.map.insert(pid, tracked::IN_TREE, NOEXIST) {
            Err(MapError::SyscallError(error))
                if error.io_error.raw_os_error() == Some(Errno::E2BIG as i32) =>
            {
                self.no_room += 1;
                Ok(())
            }
            Err(MapError::SyscallError(error))
                if error.io_error.raw_os_error() == Some(Errno::EEXIST as i32) =>
            {
                Ok(())
            }
            other => other.context("cannot fill the probe's map TRACKED"),
        }
    }

    fn remove(&mut self, pid: u32) {
        // It may have ended, and so be gone from there.
        let _ = self.map.remove(&pid);
    }
}

/// Adds the roots, then what descends from what is there, until a look at all processes finds
/// nothing new.
///
/// Whatever a process of the tree forks is added without us. So a process that is missing was
/// forked before its parent was added, hence before the last look began that added something, and
/// the next look finds it.
fn grow(
    tree: &mut dyn Tree,
    roots: &[u32],
    list: &mut dyn FnMut() -> Vec<Stat>,
    look: &dyn Fn(u32) -> Option<Stat>,
) -> Result<()> {
    let found = list();
    for root in roots {
        // A thread's id is not listed.
        let stat = found.iter().find(|stat| stat.pid == *root && !stat.ends());
        let stat = stat.with_context(|| format!("there is no process {root} to capture"))?;
        if !add(tree, stat, look)? {
            bail!("the process {root} has just ended");
        }
    }
    loop {
        let mut grown = false;
        for stat in &list() {
            let missing = tree.has(stat.ppid) && !tree.has(stat.pid) && !stat.ends();
            grown |= missing && add(tree, stat, look)?;
        }
        if !grown {
            return Ok(());
        }
    }
}

/// Adds a process, unless it has ended meanwhile: nobody would remove it again, and the next process
/// with its id would be taken for it.
fn add(tree: &mut dyn Tree, stat: &Stat, look: &dyn Fn(u32) -> Option<Stat>) -> Result<bool> {
    tree.add(stat.pid)?;
    let still =
        look(stat.pid).is_some_and(|now| now.start_ticks == stat.start_ticks && !now.ends());
    if !still {
        tree.remove(stat.pid);
    }
    Ok(still)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    impl Tree for BTreeSet<u32> {
        fn has(&self, pid: u32) -> bool {
            self.contains(&pid)
        }

        fn add(&mut self, pid: u32) -> Result<()> {
            self.insert(pid);
            Ok(())
        }

        fn remove(&mut self, pid: u32) {
            BTreeSet::remove(self, &pid);
        }
    }

    fn process(pid: u32, ppid: u32) -> Stat {
        Stat {
            pid,
            comm: Comm::default(),
            ppid,
            flags: 0,
            threads: 1,
            start_ticks: u64::from(pid) * 10,
            start_stack: 0,
        }
    }

    fn planted(roots: &[u32], looks: Vec<Vec<Stat>>) -> Result<BTreeSet<u32>> {
        let mut tree = BTreeSet::new();
        let now = RefCell::new(Vec::new());
        let mut looks = looks.into_iter();
        let mut list = || {
            let listed = looks.next().expect("it stops when nothing is new");
            now.replace(listed.clone());
            listed
        };
        let look = |pid| now.borrow().iter().find(|stat| stat.pid == pid).copied();
        grow(&mut tree, roots, &mut list, &look)?;
        assert_eq!(looks.next(), None, "it looks until nothing is new");
        Ok(tree)
    }

    #[test]
    fn a_tree_is_all_that_descends() {
        let all = vec![
            process(9, 7),
            process(5, 1),
            process(7, 5),
            process(6, 1),
            process(8, 6),
            process(10, 9),
        ];
        let tree = planted(
            &[5],
            vec![all.clone(), all.clone(), all.clone(), all.clone()],
        );
        // 9 stands before its parent, so it takes a look more, and 10 with it.
        assert_eq!(tree.unwrap(), BTreeSet::from([5, 7, 9, 10]));
        let tree = planted(&[8, 10], vec![all.clone(), all]).unwrap();
        assert_eq!(tree, BTreeSet::from([8, 10]));
    }

    #[test]
    fn what_is_forked_meanwhile_is_found_by_the_next_look() {
        let first = vec![process(5, 1), process(7, 5)];
        let second = vec![process(3, 7), process(5, 1), process(7, 5)];
        let tree = planted(&[5], vec![first.clone(), first, second.clone(), second]).unwrap();
        assert_eq!(tree, BTreeSet::from([3, 5, 7]));
    }

    #[test]
    fn what_ended_is_no_part_of_it() {
        let exiting = Stat {
            flags: Stat::PF_EXITING,
            ..process(7, 5)
        };
        let leader_gone = Stat {
            flags: Stat::PF_EXITING,
            threads: 2,
            ..process(8, 5)
        };
        let all = vec![process(5, 1), exiting, leader_gone];
        let tree = planted(&[5], vec![all.clone(), all.clone(), all.clone()]).unwrap();
        assert_eq!(tree, BTreeSet::from([5, 8]));
        let error = planted(&[7], vec![all.clone()]).unwrap_err().to_string();
        assert!(error.contains("no process 7"), "{error}");
        let error = planted(&[4], vec![all]).unwrap_err().to_string();
        assert!(error.contains("no process 4"), "{error}");
    }

    #[test]
    fn an_id_that_is_used_again_is_another_process() {
        let stat = process(7, 5);
        let other = Stat {
            start_ticks: 1,
            ..stat
        };
        let mut tree = BTreeSet::new();
        assert!(!add(&mut tree, &stat, &|_| Some(other)).unwrap());
        assert!(!add(&mut tree, &stat, &|_| None).unwrap());
        assert_eq!(tree, BTreeSet::new());
        assert!(add(&mut tree, &stat, &|_| Some(stat)).unwrap());
    }

    #[test]
    fn texts_are_padded_as_the_kernel_has_them() {
        assert_eq!(padded::<4>(b"cc"), Some(*b"cc\0\0"));
        assert_eq!(padded::<4>(b"gcc"), Some(*b"gcc\0"));
        assert_eq!(padded::<4>(b"make"), None);
    }

    #[test]
    fn nothing_asked_for_is_no_filter() {
        let all = Only::default();
        assert!(!all.any());
        assert!(all.knobs(false).iter().all(|(_, value)| *value == 0));
        assert!(all.sizes().iter().all(|(_, size)| *size == 1));
        let only = Only {
            uids: vec![0, 5],
            ..Only::default()
        };
        assert!(only.any());
        assert!(only.sizes().contains(&("ONLY_UIDS", 2)));
    }
}
