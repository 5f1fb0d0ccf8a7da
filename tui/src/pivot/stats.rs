//! The figures of a group: counts, a spread of durations, and how many rows each second had.

use super::SlotFacts;

/// Steps that each power of two of a duration has.
const FINE: u32 = 32;

/// Seconds that a group remembers the counts of.
const REACH: u32 = 64;

/// The step of a spread that a duration is on: exact up to 31 ns, then about 3 % apart.
pub(super) fn step(ns: u64) -> u16 {
    let Some(power) = ns.checked_ilog2().filter(|power| *power >= 5) else {
        return ns as u16;
    };
    let within = (ns >> (power - 5)) as u32 & (FINE - 1);
    ((power - 4) * FINE + within) as u16
}

/// Returns the middle of a step.
fn of_step(step: u16) -> u64 {
    let step = u32::from(step);
    if step < FINE {
        return step.into();
    }
    let shift = step / FINE - 1;
    let low = u64::from(FINE + step % FINE) << shift;
    low + ((1u64 << shift) >> 1)
}

/// How lengths of time are spread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many are on each step, in order.
    steps: Vec<(u16, u32)>,
    count: u64,
}

impl Spread {
    fn add(&mut self, step: u16) {
        self.count += 1;
        match self.steps.binary_search_by_key(&step, |(step, _)| *step) {
            Ok(place) => {
                if let Some((_, count)) = self.steps.get_mut(place) {
                    *count += 1;
                }
            }
            Err(place) => self.steps.insert(place, (step, 1)),
        }
    }

    /// Adds a length of time.
    pub fn record(&mut self, ns: u64) {
        self.add(step(ns));
    }

    fn take_out(&mut self, step: u16) {
        let Ok(place) = self.steps.binary_search_by_key(&step, |(step, _)| *step) else {
            return;
        };
        self.count -= 1;
        match self.steps.get_mut(place) {
            Some((_, count)) if *count > 1 => *count -= 1,
            _ => drop(self.steps.remove(place)),
        }
    }

    /// Returns the length of time that so many percent are not above, give or take 2 %; `None` if
    /// there are none.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let mut left = (self.count * percent).div_ceil(100).max(1);
        for (step, count) in &self.steps {
            left = left.saturating_sub((*count).into());
            if left == 0 {
                return Some(of_step(*step));
            }
        }
        None
    }
}

/// The figures of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Rows.
    pub count: u64,
    /// Those whose exec failed.
    pub failed: u64,
    /// What they cost together, ns.
    pub cost_ns: u64,
    /// How long those ran that ended.
    pub durations: Spread,
    /// How many rows each of the last seconds had, in order; those without are not there.
    seconds: Vec<(u32, u32)>,
}

impl Stats {
    pub(super) fn add(&mut self, facts: &SlotFacts) {
        self.count += 1;
        self.failed += u64::from(facts.failed);
        self.cost_ns = self.cost_ns.saturating_add(facts.cost_ns);
        if let Some(step) = facts.step {
            self.durations.add(step);
        }
        let second = facts.second;
        let newest = self.seconds.last().map_or(0, |(second, _)| *second);
        if second < newest.saturating_sub(REACH) {
            return;
        }
        match self.place(second) {
            Ok(place) => {
                if let Some((_, count)) = self.seconds.get_mut(place) {
                    *count += 1;
                }
            }
            Err(place) => self.seconds.insert(place, (second, 1)),
        }
        let old = second.max(newest).saturating_sub(REACH);
        let gone = self.seconds.partition_point(|(second, _)| *second < old);
        self.seconds.drain(..gone);
    }

    pub(super) fn take_out(&mut self, facts: &SlotFacts) {
        self.count -= 1;
        self.failed -= u64::from(facts.failed);
        self.cost_ns = self.cost_ns.saturating_sub(facts.cost_ns);
        if let Some(step) = facts.step {
            self.durations.take_out(step);
        }
        if let Ok(place) = self.place(facts.second) {
            match self.seconds.get_mut(place) {
                Some((_, count)) if *count > 1 => *count -= 1,
                _ => drop(self.seconds.remove(place)),
            }
        }
    }

    fn place(&self, second: u32) -> Result<usize, usize> {
        self.seconds
            .binary_search_by_key(&second, |(second, _)| *second)
    }

    /// Returns how many rows there were from one second up to another that is no longer meant; at
    /// most the last minute is known.
    pub fn between(&self, from: u32, to: u32) -> u64 {
        let begin = self.seconds.partition_point(|(second, _)| *second < from);
        let meant = self.seconds.iter().skip(begin);
        let meant = meant.take_while(|(second, _)| *second < to);
        meant.map(|(_, count)| u64::from(*count)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentiles_are_those_of_the_durations() {
        let mut spread = Spread::default();
        assert_eq!(spread.percentile(50), None);
        for ns in 1..=20 {
            spread.add(step(ns));
        }
        assert_eq!(
            (spread.percentile(50), spread.percentile(95)),
            (Some(10), Some(19))
        );
        spread.take_out(step(1));
        spread.take_out(step(1));
        assert_eq!(spread.percentile(0), Some(2));
    }

    proptest! {
        #[test]
        fn a_step_is_near_its_duration_and_in_its_order(a: u64, b: u64) {
            prop_assert!(a > b || step(a) <= step(b));
            let near = of_step(step(a));
            prop_assert!(near.abs_diff(a) <= a / 60, "{a} {near}");
        }
    }
}
