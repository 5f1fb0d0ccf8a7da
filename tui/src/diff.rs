//! Two recordings compared, command by command: what fails in one and not in the other, what only one executes,
//! and what takes longer.

mod change;
mod key;
mod told;

pub use change::{Change, Changed, compare};
pub use key::By;
pub use told::{Side, ndjson, table};

use crate::event::{Exec, ProcessKey, Status, errno_name, signal_name};
use crate::filter::Filter;
use crate::model::{Applied, Model};
use crate::pivot::Spread;
use crate::process::Life;
use crate::store::{EntryId, Row};
use key::Keys;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, HashMap};

/// So many commands are told apart: whoever executes chooses the names.
const MOST: usize = if cfg!(test) { 8 } else { 65_536 };

/// What stands for the commands beyond those.
const OTHERS: &str = "(others)";

/// So many failed execs are remembered, since they may turn out to be misses of a walk through `PATH`.
const MOST_TRIED: usize = 8_192;

/// With more programs running than this, those are forgotten whose end can come no more.
const MANY_RUNNING: usize = 65_536;

/// How an exec, or the program that it began, failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// The exec gave this errno.
    Errno(i32),
    /// A signal ended the program.
    Signal(u8),
    /// The program ended with this code, which is not 0.
    Exit(u8),
}

impl Failure {
    /// Returns it in words: "ENOENT", "SIGSEGV", "exit 1".
    pub fn words(self) -> String {
        match self {
            Self::Errno(errno) => errno_name(errno).into_owned(),
            Self::Signal(number) => signal_name(number).into_owned(),
            Self::Exit(code) => format!("exit {code}"),
        }
    }

    fn of(status: Status) -> Option<Self> {
        match status {
            Status::Code(0) => None,
            Status::Code(code) => Some(Self::Exit(code)),
            Status::Signal { number, .. } => Some(Self::Signal(number)),
        }
    }
}

/// What a recording tells of one command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Execs, successful or failed.
    pub count: u64,
    /// How often it failed, by how.
    pub failures: BTreeMap<Failure, u64>,
    /// How long those ran that ended.
    pub durations: Spread,
}

impl Sums {
    /// Returns how often it failed.
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }
}

/// A recording, added up by commands as it is read.
#[derive(Debug)]
pub struct Tally {
    keys: Keys,
    filter: Filter,
    /// Whether the filter asks what is known only when a program ended.
    later: bool,
    places: HashMap<Box<str>, usize>,
    sums: Vec<Sums>,
    /// The command that each process runs now.
    running: FxHashMap<ProcessKey, usize>,
    /// Failed execs that were counted, with their command.
    tried: FxHashMap<EntryId, usize>,
    /// Events that were lost.
    pub lost: u64,
}

impl Tally {
    /// Makes an empty one, of the execs that pass the filter.
    pub fn new(by: By, filter: Filter) -> Self {
        Self {
            keys: Keys::new(by),
            later: filter.asks_later(),
            filter,
            places: HashMap::new(),
            sums: Vec::new(),
            running: FxHashMap::default(),
            tried: FxHashMap::default(),
            lost: 0,
        }
    }

    /// Takes in what an event meant, right after the model did.
    pub fn take(&mut self, applied: &Applied, model: &Model) {
        match applied {
            Applied::Exec { entry, .. } => {
                if let Some(row) = model.store.row(*entry) {
                    self.exec(*entry, row, model);
                }
            }
            Applied::Exit {
                exit,
                entry,
                duration_ns,
            } => {
                let mut place = self.running.remove(&exit.key());
                if self.later {
                    let row = entry.and_then(|entry| model.store.row(entry));
                    place = row.and_then(|row| self.count(row, model));
                }
                let Some(sums) = place.and_then(|place| self.sums.get_mut(place)) else {
                    return;
                };
                if let Some(failure) = Failure::of(exit.status) {
                    *sums.failures.entry(failure).or_default() += 1;
                }
                if let Some(ns) = *duration_ns {
                    sums.durations.record(ns);
                }
            }
            Applied::Gap { lost, .. } => self.lost = self.lost.saturating_add(lost.count),
            Applied::Fork(_) | Applied::Duplicate => {}
        }
    }

    fn exec(&mut self, entry: EntryId, row: &Row, model: &Model) {
        let exec = &row.exec;
        if !exec.failed() && self.running.len() > MANY_RUNNING {
            let lives = |key: &ProcessKey| {
                let process = model.processes.find(*key);
                process.is_some_and(|process| !matches!(process.life, Life::Ended { .. }))
            };
            self.running.retain(|key, _| lives(key));
        }
        if exec.failed() || !self.later {
            let place = self.count(row, model);
            match (place, exec.failed()) {
                (Some(place), true) => self.failed(entry, exec, place),
                (Some(place), false) => _ = self.running.insert(exec.key(), place),
                (None, _) => _ = self.running.remove(&exec.key()),
            }
        }
        // A walk through `PATH` that found something failed nowhere.
        for miss in row.misses() {
            let Some(place) = self.tried.remove(miss) else {
                continue;
            };
            let errno = model.store.row(*miss).map(|miss| -miss.exec.ret);
            if let (Some(sums), Some(errno)) = (self.sums.get_mut(place), errno) {
                sums.count -= 1;
                let failure = Failure::Errno(errno);
                match sums.failures.get_mut(&failure) {
                    Some(count) if *count > 1 => *count -= 1,
                    _ => _ = sums.failures.remove(&failure),
                }
            }
        }
    }

    fn failed(&mut self, entry: EntryId, exec: &Exec, place: usize) {
        if let Some(sums) = self.sums.get_mut(place) {
            *sums.failures.entry(Failure::Errno(-exec.ret)).or_default() += 1;
        }
        if self.tried.len() >= MOST_TRIED {
            self.tried.clear();
        }
        self.tried.insert(entry, place);
    }

    /// Counts an exec if it passes; returns the place of its command.
    fn count(&mut self, row: &Row, model: &Model) -> Option<usize> {
        if !self.filter.is_empty() && !self.filter.matches(row, model) {
            return None;
        }
        let key = self.keys.of(&row.exec);
        let place = match self.places.get(key) {
            Some(place) => *place,
            None if self.places.len() >= MOST && key != OTHERS => self.place_of_others(),
            None => {
                let key = key.into();
                self.add(key)
            }
        };
        self.sums.get_mut(place)?.count += 1;
        Some(place)
    }

    fn place_of_others(&mut self) -> usize {
        match self.places.get(OTHERS) {
            Some(place) => *place,
            None => self.add(OTHERS.into()),
        }
    }

    fn add(&mut self, key: Box<str>) -> usize {
        let place = self.sums.len();
        self.places.insert(key, place);
        self.sums.push(Sums::default());
        place
    }

    /// Returns the sums of a command.
    pub fn get(&self, key: &str) -> Option<&Sums> {
        let sums = self.sums.get(*self.places.get(key)?)?;
        // All of it may have been misses.
        (sums.count > 0).then_some(sums)
    }

    /// Returns every command, in no order.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        let counted = |(_, place): &(&Box<str>, &usize)| {
            self.sums.get(**place).is_some_and(|sums| sums.count > 0)
        };
        self.places.iter().filter(counted).map(|(key, _)| &**key)
    }

    /// Returns how many execs were counted, and how often something failed.
    pub fn totals(&self) -> (u64, u64) {
        let sums = || self.sums.iter();
        (
            sums().map(|sums| sums.count).sum(),
            sums().map(Sums::failed).sum(),
        )
    }
}

#[cfg(test)]
mod tests;
