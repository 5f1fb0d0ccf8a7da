//! Two recordings side by side: which commands are in one only, which fail in one only, which take longer.
//!
//! Commands are matched by what stays the same from run to run: names of temporary files, long numbers and hashes in
//! their arguments do not count.

mod key;
mod report;

pub use key::By;
pub use report::{table, write_ndjson};

use crate::event::{Exec, Status, errno_name};
use crate::filter::Filter;
use crate::model::{Applied, Model};
use crate::pivot::Spread;
use crate::store::EntryId;
use key::Keys;
use std::collections::{BTreeMap, HashMap};

/// So many commands are told apart in a recording: whoever executes chooses them.
const MOST: usize = 262_144;

/// What stands for the commands beyond those.
const OTHERS: &str = "(others)";

/// Differences of durations below this are noise: 5 ms.
const LEAST_NS: u64 = 5_000_000;

/// How a command came out, summed up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Execs, those that failed among them.
    pub runs: u64,
    /// How often each bad end happened: the errno of a failed exec, an exit code other than 0, a signal.
    pub bad: BTreeMap<String, u64>,
    /// How long it ran.
    pub durations: Spread,
}

impl Sums {
    fn median(&self) -> Option<u64> {
        self.durations.percentile(50)
    }
}

/// What ran in one recording.
#[derive(Debug)]
pub struct Tally {
    commands: HashMap<Box<str>, Sums>,
    keys: Keys,
    filter: Filter,
}

impl Tally {
    /// Makes an empty one, of the execs that pass a filter.
    ///
    /// # Errors
    /// None but what the tests would find: the expressions it goes by are fixed.
    pub fn new(by: By, filter: Filter) -> Result<Self, regex::Error> {
        Ok(Self {
            commands: HashMap::default(),
            keys: Keys::new(by)?,
            filter,
        })
    }

    /// Adds what an event meant.
    pub fn event(&mut self, applied: &Applied, model: &Model) {
        match applied {
            Applied::Exec {
                entry, replaced, ..
            } => {
                self.exec(*entry, model);
                if let Some(replaced) = replaced {
                    let duration_ns = model.store.row(*replaced).and_then(|row| row.duration_ns());
                    self.end(*replaced, model, |sums| {
                        duration_ns
                            .into_iter()
                            .for_each(|ns| sums.durations.record(ns));
                    });
                }
            }
            Applied::Exit {
                exit,
                entry: Some(entry),
                duration_ns,
            } => self.end(*entry, model, |sums| {
                duration_ns.iter().for_each(|ns| sums.durations.record(*ns));
                if let Some(name) = name_of_end(exit.status) {
                    *sums.bad.entry(name).or_default() += 1;
                }
            }),
            _ => {}
        }
    }

    fn exec(&mut self, entry: EntryId, model: &Model) {
        let Some(row) = model
            .store
            .row(entry)
            .filter(|row| self.filter.matches(row, model))
        else {
            return;
        };
        let sums = self.sums(&row.exec);
        sums.runs += 1;
        if row.exec.failed() {
            let name = errno_name(row.exec.errno()).into_owned();
            *sums.bad.entry(name).or_default() += 1;
        }
        // Where a program is found in `PATH` is no failure, and differs from machine to machine.
        let misses = row
            .misses()
            .iter()
            .filter_map(|miss| model.store.row(*miss));
        for miss in misses.filter(|miss| self.filter.matches(miss, model)) {
            take_back(&mut self.commands, &self.keys.of(&miss.exec), &miss.exec);
        }
    }

    /// Adds how a program ended, if it was counted when it began.
    fn end(&mut self, entry: EntryId, model: &Model, add: impl FnOnce(&mut Sums)) {
        if let Some(row) = model
            .store
            .row(entry)
            .filter(|row| self.filter.matches(row, model))
        {
            add(self.sums(&row.exec));
        }
    }

    fn sums(&mut self, exec: &Exec) -> &mut Sums {
        let mut key = self.keys.of(exec);
        if self.commands.len() >= MOST && !self.commands.contains_key(&*key) {
            key = OTHERS.to_owned();
        }
        self.commands.entry(key.into()).or_default()
    }
}

/// Counts a failed exec no more.
fn take_back(commands: &mut HashMap<Box<str>, Sums>, key: &str, miss: &Exec) {
    let Some(sums) = commands.get_mut(key) else {
        return;
    };
    sums.runs = sums.runs.saturating_sub(1);
    if let Some(count) = sums.bad.get_mut(&*errno_name(miss.errno())) {
        *count = count.saturating_sub(1);
    }
    sums.bad.retain(|_, count| *count > 0);
}

fn name_of_end(status: Status) -> Option<String> {
    match status {
        Status::Code(0) => None,
        Status::Code(code) => Some(format!("exit {code}")),
        Status::Signal { .. } => status.signal_name().map(Into::into),
    }
}

/// How two recordings differ in a command, what matters most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// It comes to a bad end in the second that it does not come to in the first.
    Fails,
    /// It is in the first only.
    Missing,
    /// It is in the second only.
    Added,
    /// A bad end that it came to in the first is gone.
    Mended,
    /// It takes longer in the second.
    Slower,
    /// It takes less time in the second.
    Faster,
    /// It runs more or less often.
    Count,
}

impl What {
    /// Every kind with its name for machines and for people, in order.
    pub const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::Fails, "fails", "fails in B only"),
        (Self::Missing, "missing", "in A only"),
        (Self::Added, "added", "in B only"),
        (Self::Mended, "mended", "fails in A only"),
        (Self::Slower, "slower", "slower in B"),
        (Self::Faster, "faster", "faster in B"),
        (Self::Count, "count", "more or less often"),
    ];
}

/// A command that differs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference<'a> {
    /// In what.
    pub what: What,
    /// The command, as it is matched; escaped.
    pub command: &'a str,
    /// In the first recording.
    pub a: Option<&'a Sums>,
    /// In the second.
    pub b: Option<&'a Sums>,
    /// How many times as long it takes in the second.
    pub ratio: Option<f64>,
}

/// Returns how two recordings differ, what matters most first; durations differ from a factor on.
pub fn differences<'a>(a: &'a Tally, b: &'a Tally, factor: f64) -> Vec<Difference<'a>> {
    let of_a = a
        .commands
        .iter()
        .map(|(key, sums)| (&**key, Some(sums), b.commands.get(key)));
    let of_b = b
        .commands
        .iter()
        .filter(|(key, _)| !a.commands.contains_key(*key));
    let of_b = of_b.map(|(key, sums)| (&**key, None, Some(sums)));
    let ran = |sums: &&Sums| sums.runs > 0;
    let mut all: Vec<_> = of_a
        .chain(of_b)
        .map(|(key, a, b)| (key, a.filter(ran), b.filter(ran)))
        .filter_map(|(key, a, b)| difference(key, a, b, factor))
        .collect();
    let weight = |one: &Difference<'_>| {
        let runs = |sums: Option<&Sums>| sums.map_or(0, |sums| sums.runs);
        (
            one.ratio.map(|ratio| ratio.max(1.0 / ratio)),
            runs(one.a).abs_diff(runs(one.b)),
        )
    };
    all.sort_by(|x, y| {
        let ((x_ratio, x_runs), (y_ratio, y_runs)) = (weight(x), weight(y));
        x.what
            .cmp(&y.what)
            .then_with(|| {
                y_ratio
                    .partial_cmp(&x_ratio)
                    .unwrap_or(std::cmp::Ordering::Equal)
            })
            .then(y_runs.cmp(&x_runs))
            .then(x.command.cmp(y.command))
    });
    all
}

fn difference<'a>(
    command: &'a str,
    a: Option<&'a Sums>,
    b: Option<&'a Sums>,
    factor: f64,
) -> Option<Difference<'a>> {
    let none = BTreeMap::new();
    let (bad_a, bad_b) = (
        a.map_or(&none, |sums| &sums.bad),
        b.map_or(&none, |sums| &sums.bad),
    );
    let more = |of: &BTreeMap<String, u64>, than: &BTreeMap<String, u64>| {
        of.keys().any(|name| !than.contains_key(name))
    };
    let medians = (a.and_then(Sums::median), b.and_then(Sums::median));
    let ratio = match medians {
        (Some(a), Some(b)) if a.abs_diff(b) >= LEAST_NS => Some(b as f64 / a.max(1) as f64),
        _ => None,
    };
    let ratio = ratio.filter(|ratio| *ratio >= factor || *ratio <= 1.0 / factor);
    let what = match (a, b, ratio) {
        _ if more(bad_b, bad_a) => What::Fails,
        (Some(_), None, _) => What::Missing,
        (None, Some(_), _) => What::Added,
        _ if more(bad_a, bad_b) => What::Mended,
        (.., Some(ratio)) if ratio > 1.0 => What::Slower,
        (.., Some(_)) => What::Faster,
        (Some(a), Some(b), None) if a.runs != b.runs => What::Count,
        _ => return None,
    };
    Some(Difference {
        what,
        command,
        a,
        b,
        ratio,
    })
}

#[cfg(test)]
mod tests;
