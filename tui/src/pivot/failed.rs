//! Failed execs put together by why they failed and by path; those that only looked for a program
//! in one directory of `PATH` after the other are put together apart.

use super::{Facts, Pivot};
use crate::event::Comm;
use crate::model::Model;
use crate::store::{EntryId, Walk};
use rustc_hash::FxHashMap;

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
    /// Whether it is in a group.
    shown: bool,
}

/// Groups of failed execs.
#[derive(Debug)]
pub struct Failures {
    /// The groups.
    pub pivot: Pivot<Failure>,
    /// Whether misses are put together by what was looked for, or all of them.
    by_name: bool,
    noted: FxHashMap<u64, Noted>,
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
                    shown: false,
                };
                self.noted.insert(id.0, noted);
            }
            for miss in row.misses() {
                // Now it is known what it was.
                if let Some(noted) = self.noted.get(&miss.0) {
                    self.place(*miss, noted.shown, model);
                }
            }
        }
        if exec.failed() {
            self.place(id, shown, model);
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
        let caller = noted.caller;
        let miss_ns = match row.walk.as_deref() {
            Some(Walk::Miss { ns, .. }) => Some(*ns),
            _ => None,
        };
        self.key.clear();
        let what = if miss_ns.is_some() {
            let name = row.exec.file_name().filter(|_| self.by_name);
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
                errno: row.exec.errno(),
                path,
            }
        };
        let facts = Facts {
            failed: true,
            second: (row.exec.time_ns / 1_000_000_000) as u32,
            duration_ns: None,
            cost_ns: miss_ns.unwrap_or(0),
        };
        let label = || Failure {
            what,
            callers: FxHashMap::default(),
        };
        self.pivot.put(id, &self.key, label, facts);
        if let Some(label) = self.pivot.label_mut(id) {
            *label.callers.entry(caller).or_default() += 1;
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
            self.noted.remove(&id);
        }
        self.first = self.first.max(first.0);
        self.pivot.evict(first);
    }

    /// Returns how many failed execs of the history the filter hides.
    pub fn hidden(&self) -> u64 {
        (self.noted.len() as u64).saturating_sub(self.pivot.total())
    }
}
