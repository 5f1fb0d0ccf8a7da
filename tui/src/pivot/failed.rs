//! Failed execs put together by why they failed and by path; those that only looked for a program
//! in one directory of `PATH` after the other are put together apart.
//!
//! `execvp` and the like try each directory with an exec of its own, until one is not refused. The
//! ones before are misses: a process tried names that end alike, each within a second of the one
//! before, and then executed a program of that name from somewhere else.

use super::{Facts, Pivot};
use crate::event::{Comm, Exec, ProcessKey};
use crate::model::Model;
use crate::store::EntryId;
use rustc_hash::FxHashMap;

/// A try that comes later than this is no part of the same walk.
const PATIENCE_NS: u64 = 1_000_000_000;

/// More tries than this are forgotten, the oldest first.
const MOST_TRIES: usize = 256;

/// What `execvp` goes on after: ENOENT, EACCES, ENODEV, ENOTDIR, ETIMEDOUT, ESTALE.
pub const PASSED_OVER: [i32; 6] = [2, 13, 19, 20, 110, 116];

/// What failed execs have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// They failed for the same reason with the same path.
    Failed {
        /// Why.
        errno: i32,
        /// The path as passed; `None` when it could not be read.
        path: Option<Box<[u8]>>,
    },
    /// They looked for a program that was then found.
    Misses {
        /// Its name; `None` when all such are put together.
        name: Option<Box<[u8]>>,
    },
}

/// Who called exec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Its task name.
    pub comm: Comm,
    /// Its real user id.
    pub uid: u32,
}

/// Failed execs that have something in common.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What they have in common.
    pub what: What,
    /// Who called, and how often.
    pub callers: FxHashMap<Caller, u32>,
}

/// What is known of a failed exec of the history.
#[derive(Clone, Copy, Debug)]
struct Noted {
    caller: Caller,
    process: ProcessKey,
    /// Whether it is in a group.
    shown: bool,
    /// The time until the next try, if it turned out to be a miss.
    miss_ns: Option<u64>,
}

/// A process on its way through `PATH`, as far as can be told.
#[derive(Debug)]
struct Walk {
    name: Box<[u8]>,
    tries: Vec<(EntryId, u64)>,
}

/// Groups of failed execs.
#[derive(Debug)]
pub struct Failures {
    /// The groups.
    pub pivot: Pivot<Failure>,
    /// Whether misses are put together by what was looked for, or all of them.
    by_name: bool,
    noted: FxHashMap<u64, Noted>,
    walks: FxHashMap<ProcessKey, Walk>,
    first: u64,
    next: u64,
    key: Vec<u8>,
}

impl Failures {
    /// Makes groups without rows, for those from `first` on.
    pub fn new(by_name: bool, first: EntryId) -> Self {
        Self {
            pivot: Pivot::new(first),
            by_name,
            noted: FxHashMap::default(),
            walks: FxHashMap::default(),
            first: first.0,
            next: first.0,
            key: Vec::new(),
        }
    }

    /// Takes in a row; new ones, in their order, whether they failed and are `shown` or not.
    pub fn put(&mut self, id: EntryId, shown: bool, model: &Model) {
        let Some(row) = model.store.row(id) else {
            return;
        };
        let exec = &row.exec;
        if id.0 >= self.next {
            self.next = id.0 + 1;
            if exec.failed() {
                let noted = Noted {
                    caller: Caller {
                        comm: exec.comm,
                        uid: exec.uid,
                    },
                    process: exec.key(),
                    shown: false,
                    miss_ns: None,
                };
                self.noted.insert(id.0, noted);
            }
            self.walk(id, exec, model);
        }
        if exec.failed() {
            self.place(id, shown, model);
        }
    }

    /// Takes in a step of a walk, or its end.
    fn walk(&mut self, id: EntryId, exec: &Exec, model: &Model) {
        let name = name_of(exec);
        let goes_on = |walk: &Walk| {
            let last = walk.tries.last().map_or(0, |(_, time_ns)| *time_ns);
            let soon = exec.time_ns.saturating_sub(last) < PATIENCE_NS;
            soon && name == Some(&walk.name)
        };
        let missed = PASSED_OVER.contains(&-exec.ret);
        if let (true, Some(name)) = (missed, name) {
            let walk = self.walks.entry(exec.key()).or_insert_with(|| Walk {
                name: name.into(),
                tries: Vec::new(),
            });
            if !goes_on(walk) {
                walk.name = name.into();
                walk.tries.clear();
            }
            if walk.tries.len() >= MOST_TRIES {
                walk.tries.remove(0);
            }
            walk.tries.push((id, exec.time_ns));
            return;
        }
        let walk = self.walks.remove(&exec.key());
        let Some(walk) = walk.filter(|walk| !exec.failed() && goes_on(walk)) else {
            return;
        };
        let ends = walk.tries.iter().skip(1).map(|(_, time_ns)| *time_ns);
        for ((miss, begin), end) in walk.tries.iter().zip(ends.chain([exec.time_ns])) {
            let tried = model.store.row(*miss).map(|row| &row.exec.filename);
            let elsewhere = tried.is_some_and(|tried| *tried != exec.filename);
            if let Some(noted) = self.noted.get_mut(&miss.0).filter(|_| elsewhere) {
                noted.miss_ns = Some(end.saturating_sub(*begin));
                let shown = noted.shown;
                self.place(*miss, shown, model);
            }
        }
    }

    /// Puts a failed exec where it belongs now.
    fn place(&mut self, id: EntryId, shown: bool, model: &Model) {
        self.take_out(id);
        let (Some(row), Some(noted)) = (model.store.row(id), self.noted.get_mut(&id.0)) else {
            return;
        };
        noted.shown = shown;
        if !shown {
            return;
        }
        let noted = *noted;
        self.key.clear();
        let what = if noted.miss_ns.is_some() {
            let name = name_of(&row.exec).filter(|_| self.by_name);
            self.key.push(0);
            self.key.extend_from_slice(name.unwrap_or_default());
            What::Misses {
                name: name.map(Into::into),
            }
        } else {
            let path = row.exec.filename.clone();
            self.key.push(1 + u8::from(path.is_none()));
            self.key.extend_from_slice(&row.exec.ret.to_le_bytes());
            self.key
                .extend_from_slice(path.as_deref().unwrap_or_default());
            What::Failed {
                errno: -row.exec.ret,
                path,
            }
        };
        let facts = Facts {
            failed: true,
            second: (row.exec.time_ns / 1_000_000_000) as u32,
            duration_ns: None,
            cost_ns: noted.miss_ns.unwrap_or(0),
        };
        let label = || Failure {
            what,
            callers: FxHashMap::default(),
        };
        self.pivot.put(id, &self.key, label, facts);
        if let Some(label) = self.pivot.label_mut(id) {
            *label.callers.entry(noted.caller).or_default() += 1;
        }
    }

    fn take_out(&mut self, id: EntryId) {
        let Some(noted) = self.noted.get_mut(&id.0).filter(|noted| noted.shown) else {
            return;
        };
        noted.shown = false;
        let caller = noted.caller;
        if let Some(label) = self.pivot.label_mut(id)
            && let Some(count) = label.callers.get_mut(&caller)
        {
            *count -= 1;
            if *count == 0 {
                label.callers.remove(&caller);
            }
        }
        self.pivot.take_out(id);
    }

    /// Takes out the rows that left the history: those before `first`.
    pub fn evict(&mut self, first: EntryId) {
        for id in self.first..first.0.min(self.next) {
            self.take_out(EntryId(id));
            let Some(noted) = self.noted.remove(&id) else {
                continue;
            };
            let walk = self.walks.get(&noted.process);
            let last = walk.and_then(|walk| walk.tries.last());
            if last.is_some_and(|(last, _)| last.0 <= id) {
                self.walks.remove(&noted.process);
            }
        }
        self.first = self.first.max(first.0);
        self.pivot.evict(first);
    }

    /// Returns how many failed execs of the history the filter hides.
    pub fn hidden(&self) -> u64 {
        (self.noted.len() as u64).saturating_sub(self.pivot.total())
    }
}

/// Returns the last part of the path that an exec was called with.
fn name_of(exec: &Exec) -> Option<&[u8]> {
    let path = exec.filename.as_deref()?;
    let name = path.rsplit(|byte| *byte == b'/').next()?;
    (!name.is_empty()).then_some(name)
}
