//! Counts by second of the rows that pass the filter.

use crate::model::Model;
use crate::rate::{Bucket, Rate, SECOND_NS};
use crate::store::{Entry, EntryId};
use std::collections::VecDeque;

/// Whether a row was counted, and in which second its exit was.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    exec: bool,
    exit: Option<u32>,
}

/// Counts by second of what passes the filter, kept up to date. Like those of everything, they stay when
/// a row leaves the history; but with another filter they begin with the oldest row.
#[derive(Debug)]
pub struct Passing {
    rate: Rate,
    counted: VecDeque<Counted>,
    first: u64,
}

impl Passing {
    /// Makes empty counts of rows from `first` on.
    pub fn new(seconds: usize, first: EntryId) -> Self {
        Self {
            rate: Rate::new(seconds),
            counted: VecDeque::new(),
            first: first.0,
        }
    }

    /// Returns the counts.
    pub fn rate(&self) -> &Rate {
        &self.rate
    }

    /// Takes in an entry that is new or changed.
    pub fn put(&mut self, id: EntryId, shown: bool, model: &Model) {
        let Some(entry) = model.store.get(id) else {
            return;
        };
        let place = id.0.checked_sub(self.first).map(usize::try_from);
        let Some(Ok(place)) = place else {
            return;
        };
        while self.counted.len() <= place {
            self.counted.push_back(Counted::default());
        }
        let Some(counted) = self.counted.get_mut(place) else {
            return;
        };
        let row = match entry {
            Entry::Row(row) => row,
            Entry::Gap(lost) => {
                // Gaps pass every filter.
                if !std::mem::replace(&mut counted.exec, true) {
                    change(&mut self.rate, lost.time_ns, |b| b.lost += lost.count);
                }
                return;
            }
        };
        let failed = row.exec.failed();
        if std::mem::replace(&mut counted.exec, shown) != shown {
            change(&mut self.rate, row.exec.time_ns, |bucket| {
                step(
                    if failed {
                        &mut bucket.failed
                    } else {
                        &mut bucket.execs
                    },
                    shown,
                );
            });
        }
        let exit = row.exit().filter(|_| shown);
        let exit = exit.map(|exit| (exit.time_ns / SECOND_NS) as u32);
        let before = std::mem::replace(&mut counted.exit, exit);
        if before != exit {
            for (second, up) in [(before, false), (exit, true)] {
                let Some(second) = second else { continue };
                change(&mut self.rate, u64::from(second) * SECOND_NS, |bucket| {
                    step(&mut bucket.exits, up);
                });
            }
        }
    }

    /// Forgets the rows that left the history, but not their counts.
    pub fn evict(&mut self, first: EntryId) {
        while self.first < first.0 && self.counted.pop_front().is_some() {
            self.first += 1;
        }
        self.first = self.first.max(first.0);
    }
}

fn change(rate: &mut Rate, time_ns: u64, change: impl FnOnce(&mut Bucket)) {
    if let Some(bucket) = rate.at(time_ns) {
        change(bucket);
    }
}

fn step(count: &mut u64, up: bool) {
    *count = match up {
        true => *count + 1,
        false => count.saturating_sub(1),
    };
}
