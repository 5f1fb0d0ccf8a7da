//! What is different between two recordings, the worst first.

use super::{Failure, Sums, Tally};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// What takes longer by less than this does not count, whatever the factor: it may be the machine's mood.
const LEAST_NS: u64 = 5_000_000;

/// How a command differs; in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It fails in a way in which it did not.
    Fails,
    /// It fails in the same ways, more often.
    FailsMore,
    /// It is executed no longer.
    Missing,
    /// It was not executed before.
    Added,
    /// It takes longer.
    Slower,
    /// It is executed more, or less, often.
    Count,
    /// It fails less often, or no longer.
    FailsLess,
    /// It takes less time.
    Faster,
}

impl Change {
    /// Every change, in its order.
    pub const ALL: [Self; 8] = [
        Self::Fails,
        Self::FailsMore,
        Self::Missing,
        Self::Added,
        Self::Slower,
        Self::Count,
        Self::FailsLess,
        Self::Faster,
    ];

    /// Returns it in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::FailsMore => "fails more",
            Self::Missing => "missing",
            Self::Added => "added",
            Self::Slower => "slower",
            Self::Count => "count",
            Self::FailsLess => "fails less",
            Self::Faster => "faster",
        }
    }
}

/// A command that differs.
#[derive(Debug, PartialEq)]
pub struct Changed<'a> {
    /// How: the first that applies.
    pub change: Change,
    /// The command.
    pub command: &'a str,
    /// What the first recording tells of it.
    pub a: Sums,
    /// What the second one does.
    pub b: Sums,
    /// How many times as long it takes in the second as in the first, if that is known of both.
    pub factor: Option<f64>,
}

impl Changed<'_> {
    /// Returns the ways in which it fails, or failed, and how often: those that are new first.
    pub fn failures(&self) -> Vec<(Failure, u64, u64)> {
        let count = |sums: &Sums, failure| sums.failures.get(failure).copied().unwrap_or(0);
        let all: BTreeSet<_> = self
            .a
            .failures
            .keys()
            .chain(self.b.failures.keys())
            .collect();
        let counted = all.into_iter();
        let mut all: Vec<_> = counted
            .map(|failure| (*failure, count(&self.a, failure), count(&self.b, failure)))
            .collect();
        all.sort_by_key(|(_, a, b)| (*a > 0, Reverse(b.abs_diff(*a))));
        all
    }
}

/// Returns what differs, the worst first. What takes `slower` times as long, or as short, counts as a difference.
pub fn compare<'a>(a: &'a Tally, b: &'a Tally, slower: f64) -> Vec<Changed<'a>> {
    let commands: BTreeSet<_> = a.commands().chain(b.commands()).collect();
    let mut changed: Vec<_> = commands
        .into_iter()
        .filter_map(|command| of_command(command, a, b, slower))
        .collect();
    changed.sort_by_key(|changed| {
        let (a, b) = (&changed.a, &changed.b);
        let weight = match changed.change {
            Change::Fails | Change::FailsMore => b.failed(),
            Change::Missing => a.count,
            Change::Added => b.count,
            Change::Count => a.count.abs_diff(b.count),
            Change::FailsLess => a.failed(),
            Change::Slower | Change::Faster => {
                let factor = changed.factor.unwrap_or(1.0);
                (factor.max(1.0 / factor) * 1e3) as u64
            }
        };
        (changed.change, Reverse(weight), changed.command)
    });
    changed
}

fn of_command<'a>(command: &'a str, a: &Tally, b: &Tally, slower: f64) -> Option<Changed<'a>> {
    let a = a.get(command).cloned().unwrap_or_default();
    let b = b.get(command).cloned().unwrap_or_default();
    let median = |sums: &Sums| sums.durations.percentile(50);
    let medians = median(&a).zip(median(&b));
    let factor = medians
        .filter(|(a, _)| *a > 0)
        .map(|(a, b)| b as f64 / a as f64);
    let (more, less) = (a.failed() < b.failed(), a.failed() > b.failed());
    let is_new = |failure: &Failure| !a.failures.contains_key(failure);
    let noticed = medians.is_some_and(|(a, b)| a.abs_diff(b) >= LEAST_NS);
    let change = if b.failures.keys().any(is_new) {
        Change::Fails
    } else if more {
        Change::FailsMore
    } else if b.count == 0 {
        Change::Missing
    } else if a.count == 0 {
        Change::Added
    } else if noticed && factor.is_none_or(|factor| factor >= slower) {
        Change::Slower
    } else if a.count != b.count {
        Change::Count
    } else if less {
        Change::FailsLess
    } else if noticed && factor.is_some_and(|factor| factor <= 1.0 / slower) {
        Change::Faster
    } else {
        return None;
    };
    Some(Changed {
        change,
        command,
        a,
        b,
        factor,
    })
}
