//! How much happened in each second of the last minutes.

use std::collections::VecDeque;

/// Nanoseconds of a second.
/// A second, in ns.
pub const SECOND_NS: u64 = 1_000_000_000;

/// What happened in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Successful execs.
    pub execs: u64,
    /// Failed execs.
    pub failed: u64,
    /// Exits.
    pub exits: u64,
    /// Lost events.
    pub lost: u64,
}

/// Counts by second, up to a number of seconds back.
#[derive(Debug)]
pub struct Rate {
    buckets: VecDeque<Bucket>,
    newest: u64,
    seconds: usize,
}

impl Rate {
    /// Makes empty counts that reach `seconds` back (at least one).
    pub fn new(seconds: usize) -> Self {
        Self {
            buckets: VecDeque::new(),
            newest: 0,
            seconds: seconds.max(1),
        }
    }

    /// Returns the counts of the second of `time_ns`, to add to; `None` if that is too long ago.
    pub fn at(&mut self, time_ns: u64) -> Option<&mut Bucket> {
        let second = time_ns / SECOND_NS;
        if self.buckets.is_empty() {
            self.newest = second;
            self.buckets.push_back(Bucket::default());
        }
        if second > self.newest {
            let ahead = (second - self.newest).min(self.seconds as u64);
            self.buckets
                .extend(std::iter::repeat_n(Bucket::default(), ahead as usize));
            self.newest = second;
            let excess = self.buckets.len().saturating_sub(self.seconds);
            self.buckets.drain(..excess);
        }
        let back = usize::try_from(self.newest - second).ok()?;
        if back >= self.seconds {
            return None;
        }
        while self.buckets.len() <= back {
            self.buckets.push_front(Bucket::default());
        }
        let index = self.buckets.len() - 1 - back;
        self.buckets.get_mut(index)
    }

    /// Returns the counts of the `count` seconds that end with the second of `now_ns`, oldest first.
    pub fn last(&self, now_ns: u64, count: usize) -> impl ExactSizeIterator<Item = Bucket> + '_ {
        let now = now_ns / SECOND_NS;
        (0..count)
            .rev()
            .map(move |back| self.second(now, back as u64))
    }

    /// Returns the counts of the seconds from one up to another, which is not among them.
    pub fn between(&self, from: u64, to: u64) -> Bucket {
        let Some(oldest) = self.oldest() else {
            return Bucket::default();
        };
        let mut sum = Bucket::default();
        let place = |second: u64| usize::try_from(second.saturating_sub(oldest)).unwrap_or(0);
        let end = place(to).min(self.buckets.len());
        for bucket in self.buckets.range(place(from).min(end)..end) {
            sum.execs += bucket.execs;
            sum.failed += bucket.failed;
            sum.exits += bucket.exits;
            sum.lost += bucket.lost;
        }
        sum
    }

    /// Returns the oldest second that is counted; `None` as long as nothing was.
    pub fn oldest(&self) -> Option<u64> {
        let newer = self.buckets.len().checked_sub(1)?;
        Some(self.newest.saturating_sub(newer as u64))
    }

    /// Returns the counts of the last whole second before `now_ns`.
    pub fn previous_second(&self, now_ns: u64) -> Bucket {
        self.second(now_ns / SECOND_NS, 1)
    }

    fn second(&self, now: u64, back: u64) -> Bucket {
        let get = || {
            let from_newest = self.newest.checked_sub(now.checked_sub(back)?)?;
            let index = self
                .buckets
                .len()
                .checked_sub(1 + usize::try_from(from_newest).ok()?)?;
            self.buckets.get(index).copied()
        };
        get().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: u64 = SECOND_NS;

    #[test]
    fn seconds_without_events_are_zero() {
        let mut rate = Rate::new(5);
        rate.at(10 * S).unwrap().execs += 1;
        rate.at(12 * S + 5).unwrap().execs += 2;
        let seen: Vec<_> = rate.last(13 * S, 5).map(|b| b.execs).collect();
        assert_eq!(seen, [0, 1, 0, 2, 0]);
        assert_eq!(rate.previous_second(13 * S).execs, 2);
        assert_eq!(rate.at(S), None);
    }

    proptest! {
        #[test]
        fn the_sum_of_the_window_is_what_was_added(times in proptest::collection::vec(0u64..60, 0..80)) {
            let mut rate = Rate::new(60);
            for t in &times {
                rate.at(t * S).unwrap().execs += 1;
            }
            let now = 59 * S;
            prop_assert_eq!(rate.last(now, 60).map(|b| b.execs).sum::<u64>(), times.len() as u64);
            prop_assert_eq!(rate.oldest(), times.iter().min().copied());
            for (from, to) in [(0, 60), (10, 20), (20, 10), (59, 90), (7, 7)] {
                let meant = times.iter().filter(|t| (from..to).contains(*t)).count();
                prop_assert_eq!(rate.between(from, to).execs, meant as u64);
            }
        }
    }
}
