//! Walks through `PATH`: `execvp` and the like try each directory with an exec of its own, until one is not refused.
//!
//! The ones before are misses: a process tried names that end alike, each within a second of the one before, and
//! then executed a program of that name from somewhere else.

use crate::event::{Exec, ProcessKey};
use crate::store::{EntryId, Store, Walk};
use rustc_hash::FxHashMap;

/// A try that comes later than this is no part of the same walk.
const PATIENCE_NS: u64 = 1_000_000_000;

/// More tries than this are forgotten, the oldest first.
const MOST_TRIES: usize = 256;

/// What `execvp` goes on after: ENOENT, EACCES, ENODEV, ENOTDIR, ETIMEDOUT, ESTALE.
pub const PASSED_OVER: [i32; 6] = [2, 13, 19, 20, 110, 116];

/// A process on its way through `PATH`, as far as can be told.
#[derive(Debug)]
struct Way {
    name: Box<[u8]>,
    tries: Vec<(EntryId, u64)>,
}

/// The processes that are on their way.
#[derive(Debug, Default)]
pub(super) struct Walks {
    on: FxHashMap<ProcessKey, Way>,
}

impl Walks {
    /// Takes in a step of a walk, or its end; returns the tries that came before an end that found something, each
    /// with its time.
    pub(super) fn step(&mut self, id: EntryId, exec: &Exec) -> Vec<(EntryId, u64)> {
        if !exec.failed() && self.on.is_empty() {
            return Vec::new();
        }
        let name = exec.file_name();
        let goes_on = |way: &Way| {
            let last = way.tries.last().map_or(0, |(_, time_ns)| *time_ns);
            let soon = exec.time_ns.saturating_sub(last) < PATIENCE_NS;
            soon && name == Some(&way.name)
        };
        let missed = PASSED_OVER.contains(&exec.errno());
        let (true, Some(name)) = (missed, name) else {
            let way = self.on.remove(&exec.key());
            let way = way.filter(|way| !exec.failed() && goes_on(way));
            return way.map_or_else(Vec::new, |way| way.tries);
        };
        let way = self.on.entry(exec.key()).or_insert_with(|| Way {
            name: name.into(),
            tries: Vec::new(),
        });
        if !goes_on(way) {
            way.name = name.into();
            way.tries.clear();
        }
        if way.tries.len() >= MOST_TRIES {
            way.tries.remove(0);
        }
        way.tries.push((id, exec.time_ns));
        Vec::new()
    }

    /// Forgets the way of a process whose row left the history, if there is no later try.
    pub(super) fn forget(&mut self, process: ProcessKey, old: EntryId) {
        let last = self.on.get(&process).and_then(|way| way.tries.last());
        if last.is_some_and(|(last, _)| *last <= old) {
            self.on.remove(&process);
        }
    }
}

/// Marks the rows of a walk that found something: the misses among the tries, and what was found.
pub(super) fn mark(store: &mut Store, found: EntryId, tries: &[(EntryId, u64)]) {
    let Some(row) = store.row(found) else {
        return;
    };
    let (path, time_ns) = (row.exec.filename.clone(), row.exec.time_ns);
    let ends = tries.iter().skip(1).map(|(_, begin)| *begin);
    let (mut misses, mut all_ns) = (Vec::new(), 0);
    for ((id, begin), end) in tries.iter().zip(ends.chain([time_ns])) {
        let ns = end.saturating_sub(*begin);
        if let Some(row) = store.row_mut(*id)
            && row.exec.filename != path
        {
            row.walk = Some(Box::new(Walk::Miss { found, ns }));
            misses.push(*id);
            all_ns += ns;
        }
    }
    if let Some(row) = store.row_mut(found).filter(|_| !misses.is_empty()) {
        row.walk = Some(Box::new(Walk::Found {
            misses: misses.into(),
            ns: all_ns,
        }));
    }
}
