//! The processes behind the events: who started whom, and who still runs.
//!
//! A process stays as long as it runs, or a row or a child of it is still there.

mod slab;

use crate::event::{Ancestor, Comm, Exec, Exit, Fork, HostId, ProcessKey, Running, Status};
use crate::store::EntryId;
use rustc_hash::FxHashMap;
use slab::Slab;
use std::collections::BTreeSet;

/// `/proc` gives start times in clock ticks of this many ns.
const TICK_NS: u64 = 10_000_000;

/// Names one process of the table for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessId(pub u64);

/// What is known of a process's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// It was seen alive, and its end will be seen.
    Running,
    /// It never executed anything since its fork, so its end is not told.
    #[default]
    Unwatched,
    /// It ended; how, unless that was not seen.
    Ended {
        /// When: CLOCK_BOOTTIME, ns.
        time_ns: u64,
        /// How, if its exit was seen.
        status: Option<Status>,
    },
}

/// Sums over a process's own events or over its subtree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Successful execs.
    pub execs: u64,
    /// Failed execs.
    pub failed: u64,
    /// User and system time of the processes that ended, ns.
    pub cpu_ns: u64,
}

impl Counts {
    fn take_out(&mut self, other: Counts) {
        self.execs = self.execs.saturating_sub(other.execs);
        self.failed = self.failed.saturating_sub(other.failed);
        self.cpu_ns = self.cpu_ns.saturating_sub(other.cpu_ns);
    }

    fn add(&mut self, other: Counts) {
        self.execs += other.execs;
        self.failed += other.failed;
        self.cpu_ns = self.cpu_ns.saturating_add(other.cpu_ns);
    }
}

/// One process.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// Its id in this table.
    pub id: ProcessId,
    /// Its pid and start time.
    pub key: ProcessKey,
    /// The process that started it; `None` when that was never seen.
    pub parent: Option<ProcessId>,
    /// Its children, oldest first.
    pub children: BTreeSet<ProcessId>,
    /// Real user id, once known.
    pub uid: Option<u32>,
    /// Its latest task name.
    pub comm: Comm,
    /// Arguments of a process that already ran, each ended by a NUL; else empty.
    pub cmdline: Box<[u8]>,
    /// Whether it lives.
    pub life: Life,
    /// Its latest successful exec.
    pub last_exec: Option<EntryId>,
    /// When that was: CLOCK_BOOTTIME, ns; stays when the entry is gone.
    pub exec_ns: Option<u64>,
    /// Of itself.
    pub own: Counts,
    /// Of itself and everything below it, also of what is gone from the table.
    pub subtree: Counts,
    coarse_start: bool,
    is_host: bool,
    rows: u32,
}

/// What an exit meant to the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ended {
    /// The row of the program that ended, if it executed one while watched.
    pub row: Option<EntryId>,
    /// When it executed that program, if it was watched then.
    pub exec_ns: Option<u64>,
}

/// Every process that is of interest.
#[derive(Debug, Default)]
pub struct ProcessTable {
    processes: Slab,
    /// By the machine and the pid that they have, or had last.
    current: FxHashMap<(HostId, u32), ProcessId>,
    /// Those whose pid another one has now.
    displaced: FxHashMap<ProcessKey, ProcessId>,
    roots: BTreeSet<ProcessId>,
    /// What stands for each machine, above its processes, if there are several.
    hosts: Vec<ProcessId>,
}

impl ProcessKey {
    fn of_pid(self) -> (HostId, u32) {
        (self.host, self.pid)
    }
}

impl Process {
    /// Returns whether it is none, but stands for a machine above all processes of that.
    pub fn is_host(&self) -> bool {
        self.is_host
    }

    /// Returns whether it executed nothing since its fork, so that its end is not told.
    pub fn unwatched(&self) -> bool {
        matches!(self.life, Life::Unwatched)
    }
}

impl ProcessTable {
    /// Adds the processes that already ran.
    pub fn seed(&mut self, running: Vec<Running>) {
        let mut added = Vec::with_capacity(running.len());
        for process in running {
            if self.current.contains_key(&process.key.of_pid()) {
                continue;
            }
            let id = self.insert(process.key, process.comm);
            if let Some(p) = self.processes.get_mut(id) {
                p.coarse_start = true;
                p.uid = process.uid;
                p.cmdline = process.cmdline;
                if !process.forked_only {
                    p.life = Life::Running;
                }
            }
            added.push((id, (process.key.host, process.ppid)));
        }
        for (id, parent) in added {
            if let Some(parent) = self.current.get(&parent).copied().filter(|p| *p != id) {
                self.adopt(parent, id);
            }
        }
    }

    /// Begins to keep a machine apart from others: from then on its name stands above its processes. To be told in
    /// the order of their numbers.
    pub fn add_host(&mut self, host: HostId, name: &str) {
        let roots = self.roots().filter(|p| p.key.host == host);
        let roots: Vec<_> = roots.map(|p| p.id).collect();
        // No process is found by it, not even one that a damaged recording gives its number.
        let id = self.processes.insert(Process {
            key: ProcessKey {
                host,
                ..ProcessKey::default()
            },
            comm: Comm::new(name.as_bytes()),
            cmdline: name.as_bytes().into(),
            life: Life::Running,
            is_host: true,
            ..Process::default()
        });
        self.roots.insert(id);
        self.hosts.push(id);
        for root in roots {
            self.adopt(id, root);
        }
    }

    /// Takes note of an exec whose row is `row`; returns its process and the row of the
    /// program that the process ran until now.
    pub fn exec(&mut self, exec: &Exec, row: EntryId) -> (ProcessId, Option<EntryId>) {
        let id = self.find_or_insert(exec.key(), exec.comm, &exec.ancestors);
        let mut counts = Counts::default();
        let mut replaced = None;
        if let Some(p) = self.processes.get_mut(id) {
            p.uid = Some(exec.uid);
            p.rows += 1;
            if exec.failed() {
                counts.failed = 1;
            } else {
                counts.execs = 1;
                replaced = p.last_exec.replace(row);
                p.exec_ns = Some(exec.time_ns);
                p.comm = exec.comm;
                p.cmdline = Box::default();
                p.life = Life::Running;
            }
        }
        self.count(id, counts);
        (id, replaced)
    }

    /// Takes note of an exec that has no row and does not count; returns the row of the program
    /// that the process ran until now.
    pub fn pass_by(&mut self, exec: &Exec) -> Option<EntryId> {
        let id = self.find_or_insert(exec.key(), exec.comm, &exec.ancestors);
        let p = self.processes.get_mut(id)?;
        p.uid = Some(exec.uid);
        p.exec_ns = None;
        p.comm = exec.comm;
        p.cmdline = exec.args.bytes.clone();
        p.life = Life::Running;
        p.last_exec.take()
    }

    /// Takes note of a fork.
    pub fn fork(&mut self, fork: &Fork) -> ProcessId {
        let parent = Ancestor {
            key: fork.parent,
            comm: fork.comm,
        };
        self.find_or_insert(fork.key(), fork.comm, &[parent])
    }

    /// Takes note of an exit; `None` if that process had already ended.
    pub fn exit(&mut self, exit: &Exit) -> Option<Ended> {
        let known = self.lookup(exit.key());
        let id = known.unwrap_or_else(|| self.insert(exit.key(), exit.comm));
        let p = self.processes.get_mut(id)?;
        if matches!(
            p.life,
            Life::Ended {
                status: Some(_),
                ..
            }
        ) {
            return None;
        }
        p.life = Life::Ended {
            time_ns: exit.time_ns,
            status: Some(exit.status),
        };
        let (row, exec_ns) = (p.last_exec, p.exec_ns);
        let times = [exit.user_ns, exit.system_ns].into_iter().flatten();
        let cpu_ns = times.fold(0, u64::saturating_add);
        self.count(
            id,
            Counts {
                cpu_ns,
                ..Counts::default()
            },
        );
        self.collect(id);
        Some(Ended { row, exec_ns })
    }

    /// Takes note that a row of a process left the history.
    pub fn forget_row(&mut self, key: ProcessKey, row: EntryId) {
        let Some(id) = self.find(key).map(|p| p.id) else {
            return;
        };
        if let Some(p) = self.processes.get_mut(id) {
            p.rows = p.rows.saturating_sub(1);
            if p.last_exec == Some(row) {
                p.last_exec = None;
            }
        }
        self.collect(id);
    }

    /// Returns a process, unless it is gone.
    pub fn get(&self, id: ProcessId) -> Option<&Process> {
        self.processes.get(id)
    }

    /// Returns the process of a pid and start time, unless it is gone.
    pub fn find(&self, key: ProcessKey) -> Option<&Process> {
        self.by_pid(key.host, key.pid)
            .filter(|current| current.key == key)
            .or_else(|| self.processes.get(*self.displaced.get(&key)?))
    }

    /// Returns the process that has a pid on a machine now, or had it last.
    pub fn by_pid(&self, host: HostId, pid: u32) -> Option<&Process> {
        self.processes.get(*self.current.get(&(host, pid))?)
    }

    /// Returns the process that has a pid now, or had it last, on the first machine that knows one.
    pub fn with_pid(&self, pid: u32) -> Option<&Process> {
        let hosts = u16::try_from(self.hosts.len().max(1)).unwrap_or(u16::MAX);
        (0..hosts).find_map(|host| self.by_pid(HostId(host), pid))
    }

    /// Returns a process's ancestors, its parent first.
    pub fn ancestors(&self, id: ProcessId) -> impl Iterator<Item = &Process> {
        self.above(id).take_while(|above| !above.is_host())
    }

    /// Returns what stands above a process in the tree: its ancestors, and its machine if there are several.
    pub fn above(&self, id: ProcessId) -> impl Iterator<Item = &Process> {
        let parent_of = move |p: &&Process| p.parent.and_then(|id| self.get(id));
        let first = self.get(id).and_then(|p| parent_of(&p));
        std::iter::successors(first, parent_of)
    }

    /// Returns what stands above all: the processes whose parent was never seen, oldest first, or the machines if there
    /// are several.
    pub fn roots(&self) -> impl Iterator<Item = &Process> {
        self.roots.iter().filter_map(|id| self.get(*id))
    }

    /// Returns every process that did not end as far as is known, parents before their children.
    pub fn living(&self) -> Vec<&Process> {
        let lives = |p: &&Process| !matches!(p.life, Life::Ended { .. }) && !p.is_host();
        let mut living: Vec<_> = self.processes.values().filter(lives).collect();
        // Of those that were forked in the same tick of the clock, the id tells.
        living.sort_unstable_by_key(|p| (p.key.start_ns, p.id));
        living
    }

    /// Returns how many processes are in the table.
    pub fn len(&self) -> usize {
        self.processes.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn find_or_insert(&mut self, key: ProcessKey, comm: Comm, above: &[Ancestor]) -> ProcessId {
        if let Some(id) = self.lookup(key) {
            if self.processes.get(id).is_some_and(|p| !self.has_parent(p)) {
                self.place_below(id, above);
            }
            return id;
        }
        let id = self.insert(key, comm);
        self.place_below(id, above);
        id
    }

    fn place_below(&mut self, id: ProcessId, above: &[Ancestor]) {
        let Some((parent, further)) = above.split_first() else {
            return;
        };
        if parent.key.pid == 0 {
            return;
        }
        let parent = self.find_or_insert(parent.key, parent.comm, further);
        if parent != id {
            self.adopt(parent, id);
        }
    }

    /// Finds the process that has the key's pid now, if its start time is the key's.
    fn lookup(&mut self, key: ProcessKey) -> Option<ProcessId> {
        let id = *self.current.get(&key.of_pid())?;
        let p = self.processes.get_mut(id)?;
        if p.coarse_start
            && key
                .start_ns
                .checked_sub(p.key.start_ns)
                .is_some_and(|d| d < TICK_NS)
        {
            p.key = key;
            p.coarse_start = false;
        }
        (p.key == key).then_some(id)
    }

    fn insert(&mut self, key: ProcessKey, comm: Comm) -> ProcessId {
        let id = self.processes.insert(Process {
            key,
            comm,
            ..Process::default()
        });
        if let Some(old) = self.current.insert(key.of_pid(), id) {
            if let Some(p) = self.processes.get_mut(old) {
                if !matches!(p.life, Life::Ended { .. }) {
                    p.life = Life::Ended {
                        time_ns: key.start_ns,
                        status: None,
                    };
                }
                self.displaced.insert(p.key, old);
            }
            self.collect(old);
        }
        self.roots.insert(id);
        if let Some(host) = self.hosts.get(usize::from(key.host.0)) {
            self.adopt(*host, id);
        }
        id
    }

    /// Returns whether it is known which process started another.
    pub fn has_parent(&self, process: &Process) -> bool {
        let parent = process.parent.and_then(|id| self.get(id));
        parent.is_some_and(|parent| !parent.is_host())
    }

    /// Makes `child`, so far a root or right below its machine, a child of `parent`, unless that would close a circle.
    fn adopt(&mut self, parent: ProcessId, child: ProcessId) {
        if self.above(parent).any(|p| p.id == child) {
            return;
        }
        let Some(c) = self.processes.get_mut(child) else {
            return;
        };
        let before = c.parent.replace(parent);
        let counts = c.subtree;
        self.roots.remove(&child);
        // All that it counts is counted by its machine already, and is once more through its parent.
        if let Some(host) = before.and_then(|host| self.processes.get_mut(host)) {
            host.children.remove(&child);
            host.subtree.take_out(counts);
        }
        if let Some(p) = self.processes.get_mut(parent) {
            p.children.insert(child);
        }
        self.add_up(parent, counts);
    }

    fn count(&mut self, id: ProcessId, counts: Counts) {
        if let Some(p) = self.processes.get_mut(id) {
            p.own.add(counts);
        }
        self.add_up(id, counts);
    }

    fn add_up(&mut self, from: ProcessId, counts: Counts) {
        let mut next = Some(from);
        while let Some(p) = next.and_then(|id| self.processes.get_mut(id)) {
            p.subtree.add(counts);
            next = p.parent;
        }
    }

    /// Drops a process that nothing refers to any more, and then perhaps its parent.
    fn collect(&mut self, id: ProcessId) {
        let mut next = Some(id);
        while let Some(p) = next.and_then(|id| self.processes.get(id)) {
            if matches!(p.life, Life::Running) || p.rows > 0 || !p.children.is_empty() {
                return;
            }
            let (id, key, parent) = (p.id, p.key, p.parent);
            self.processes.remove(id);
            if parent.is_none() {
                self.roots.remove(&id);
            }
            if self.current.get(&key.of_pid()) == Some(&id) {
                self.current.remove(&key.of_pid());
            } else if self.displaced.get(&key) == Some(&id) {
                self.displaced.remove(&key);
            }
            if let Some(parent) = parent.and_then(|parent| self.processes.get_mut(parent)) {
                parent.children.remove(&id);
            }
            next = parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Session};
    use crate::model::Model;
    use crate::resolve::Users;
    use proptest::prelude::*;

    fn exec(pid: u32, start_ns: u64, above: &[(u32, u64)]) -> Exec {
        let ancestors = above.iter().map(|(pid, start_ns)| Ancestor {
            key: ProcessKey {
                pid: *pid,
                start_ns: *start_ns,
                ..ProcessKey::default()
            },
            comm: Comm::from("above"),
        });
        let ppid = above.first().map_or(0, |(pid, _)| *pid);
        let ancestors: Box<[Ancestor]> = ancestors.collect();
        Exec {
            pid,
            start_ns,
            ppid,
            ancestors,
            time_ns: start_ns + 1,
            ..Exec::default()
        }
    }

    fn exit(pid: u32, start_ns: u64) -> Exit {
        Exit {
            pid,
            start_ns,
            time_ns: start_ns + 9,
            user_ns: Some(5),
            ..Exit::default()
        }
    }

    fn chain(table: &ProcessTable, id: ProcessId) -> Vec<u32> {
        table.ancestors(id).map(|p| p.key.pid).collect()
    }

    #[test]
    fn a_process_that_ran_before_is_found_by_its_exact_start() {
        let mut table = ProcessTable::default();
        let running = |pid, ppid| Running {
            key: ProcessKey {
                pid,
                start_ns: 20_000_000,
                ..ProcessKey::default()
            },
            ppid,
            ..Running::default()
        };
        table.seed(vec![running(1, 0), running(7, 1)]);
        let (id, _) = table.exec(&exec(9, 50_000_000, &[(7, 20_000_123)]), EntryId(0));
        assert_eq!(chain(&table, id), [7, 1]);
        assert_eq!(table.len(), 3);
        assert_eq!(
            table
                .find(ProcessKey {
                    pid: 7,
                    start_ns: 20_000_123,
                    ..ProcessKey::default()
                })
                .unwrap()
                .subtree
                .execs,
            1
        );
    }

    #[test]
    fn who_lost_a_pid_is_found_also_when_the_later_one_is_gone() {
        let mut table = ProcessTable::default();
        let of = |start_ns| ProcessKey {
            pid: 5,
            start_ns,
            ..ProcessKey::default()
        };
        let (old, _) = table.exec(&exec(5, 100, &[(1, 1)]), EntryId(0));
        let (new, _) = table.exec(&exec(5, 200, &[(1, 1)]), EntryId(1));
        assert_eq!(table.find(of(100)).map(|p| p.id), Some(old));
        assert_eq!(table.find(of(200)).map(|p| p.id), Some(new));
        table.exit(&exit(5, 200));
        table.forget_row(of(200), EntryId(1));
        assert!(table.find(of(200)).is_none() && table.by_pid(HostId(0), 5).is_none());
        assert_eq!(table.find(of(100)).map(|p| p.id), Some(old));
        table.forget_row(of(100), EntryId(0));
        assert!(
            table.find(of(100)).is_none(),
            "its row was all that kept it"
        );
        assert!(table.displaced.is_empty() && table.is_empty());
    }

    #[test]
    fn a_pid_used_again_is_another_process() {
        let mut table = ProcessTable::default();
        let (old, _) = table.exec(&exec(5, 100, &[(1, 1)]), EntryId(0));
        let (new, replaced) = table.exec(&exec(5, 200, &[(1, 1)]), EntryId(1));
        assert!(old != new && replaced.is_none());
        assert!(matches!(
            table.get(old).unwrap().life,
            Life::Ended { status: None, .. }
        ));
        assert_eq!(
            table.exit(&exit(5, 200)),
            Some(Ended {
                row: Some(EntryId(1)),
                exec_ns: Some(201)
            })
        );
        assert_eq!(table.exit(&exit(5, 200)), None, "the same exit twice");
    }

    #[test]
    fn counts_go_up_to_the_root_and_stay_when_children_go() {
        let mut table = ProcessTable::default();
        table.exec(&exec(2, 10, &[(1, 1)]), EntryId(0));
        table.exec(&exec(3, 20, &[(2, 10)]), EntryId(1));
        table.exec(
            &Exec {
                ret: -2,
                ..exec(3, 20, &[(2, 10)])
            },
            EntryId(2),
        );
        table.exit(&exit(3, 20));
        table.forget_row(
            ProcessKey {
                pid: 3,
                start_ns: 20,
                ..ProcessKey::default()
            },
            EntryId(1),
        );
        table.forget_row(
            ProcessKey {
                pid: 3,
                start_ns: 20,
                ..ProcessKey::default()
            },
            EntryId(2),
        );
        assert!(
            table
                .find(ProcessKey {
                    pid: 3,
                    start_ns: 20,
                    ..ProcessKey::default()
                })
                .is_none()
        );
        let root = table.by_pid(HostId(0), 1).unwrap();
        assert_eq!(
            root.subtree,
            Counts {
                execs: 2,
                failed: 1,
                cpu_ns: 5
            }
        );
        assert_eq!(root.own, Counts::default());
    }

    #[test]
    fn a_circle_of_parents_is_never_closed() {
        let mut table = ProcessTable::default();
        table.exec(&exec(1, 1, &[(2, 2)]), EntryId(0));
        let (id, _) = table.exec(&exec(2, 2, &[(1, 1)]), EntryId(1));
        assert!(chain(&table, id).len() < 2);
    }

    proptest! {
        #[test]
        fn there_is_no_circle_whatever_is_told(
            steps in proptest::collection::vec((0u16..3, 0u32..5, 0u32..5, 0u64..3), 1..80),
            hosts in 0u16..4,
        ) {
            let mut table = ProcessTable::default();
            for (number, (host, pid, ppid, start)) in steps.iter().enumerate() {
                if number == steps.len() / 2 {
                    (0..hosts).for_each(|host| table.add_host(HostId(host), "host"));
                }
                let mut exec = exec(*pid, *start, &[(*ppid, 1)]);
                exec.host = HostId(*host);
                exec.ancestors[0].key.host = HostId(*host);
                table.exec(&exec, EntryId(number as u64));
            }
            for process in table.processes.values() {
                prop_assert!(table.above(process.id).take(200).count() < 100);
            }
        }

        #[test]
        fn the_table_shrinks_with_the_history(
            steps in proptest::collection::vec((1u32..20, any::<bool>(), any::<bool>()), 1..300),
        ) {
            let mut model = Model::new(Session::default(), Users::default(), 4, usize::MAX);
            for (i, (pid, forked, ends)) in steps.iter().enumerate() {
                let start = i as u64 * 100 + 100;
                let parent = (pid % 7 + 30, 1);
                let above = [(pid + 50, start - 1), parent];
                let above = if *forked { &above[..] } else { &above[1..] };
                model.apply(Event::Exec(Box::new(exec(*pid, start, above))));
                if *ends {
                    model.apply(Event::Exit(exit(*pid, start)));
                }
            }
            // At most: a running process for each pid, what the four rows keep, and their parents.
            let running = model.processes.processes.values().filter(|p| p.life == Life::Running).count();
            prop_assert!(running <= 20);
            prop_assert!(model.processes.len() <= (running + 4) * 3, "{} processes", model.processes.len());
            for process in model.processes.processes.values() {
                prop_assert_eq!(model.processes.find(process.key).map(|p| p.id), Some(process.id));
                for child in &process.children {
                    prop_assert_eq!(model.processes.get(*child).unwrap().parent, Some(process.id));
                }
            }
        }
    }
}
