//! Time for what is told later: events are handed on when they are due, a set number of times as fast as they
//! happened.

use crate::event::Event;
use crate::source::Batch;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;

/// How long nothing is said of the time at most.
const STEP: Duration = Duration::from_millis(50);

/// Lets the time stand still.
#[derive(Clone, Debug, Default)]
pub(super) struct Hold(Arc<AtomicBool>);

impl Hold {
    /// Stops the time, or lets it go on.
    pub(super) fn set(&self, held: bool) {
        self.0.store(held, Relaxed);
    }
}

/// The time of what is told.
#[derive(Debug)]
pub(super) struct Pace {
    speed: f64,
    now_ns: u64,
    looked: Instant,
    hold: Hold,
}

impl Pace {
    /// Begins at this instant of what is told.
    pub(super) fn new(speed: f64, now_ns: u64, hold: Hold) -> Self {
        Self {
            speed,
            now_ns,
            looked: Instant::now(),
            hold,
        }
    }

    /// Lets the time pass up to this instant of the real one.
    fn pass(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.looked);
        self.looked = now;
        if !self.hold.0.load(Relaxed) {
            let told_ns = passed.as_secs_f64() * 1e9 * self.speed;
            self.now_ns = self.now_ns.saturating_add(told_ns as u64);
        }
    }

    /// Returns how long to wait for an instant of what is told, so that the time is told meanwhile.
    fn until(&self, then_ns: u64) -> Duration {
        let left_ns = then_ns.saturating_sub(self.now_ns) as f64 / self.speed;
        Duration::from_nanos(left_ns as u64).clamp(Duration::from_millis(1), STEP)
    }

    /// Takes out of a batch what is due, in its order; returns whether that is all of it.
    fn due(&self, batch: &mut Batch) -> (Batch, bool) {
        let is_due = |event: &&Event| event.time_ns() <= self.now_ns;
        let count = batch.events.iter().take_while(is_due).count();
        let later = batch.events.split_off(count);
        let end_ns = batch.now_ns.unwrap_or(0);
        if later.is_empty() && end_ns <= self.now_ns {
            return (std::mem::take(batch), true);
        }
        let due = Batch {
            events: std::mem::replace(&mut batch.events, later),
            running: std::mem::take(&mut batch.running),
            now_ns: Some(self.now_ns),
            ..Batch::default()
        };
        (due, false)
    }

    /// Hands on what comes, when it is due, until nobody listens.
    pub(super) fn play(
        mut self,
        mut next: impl FnMut() -> Option<Batch>,
        listener: &Sender<Batch>,
    ) {
        while let Some(mut batch) = next() {
            loop {
                self.pass(Instant::now());
                let (due, is_all) = self.due(&mut batch);
                if listener.blocking_send(due).is_err() {
                    return;
                }
                if is_all {
                    break;
                }
                let first = batch.events.first().map(Event::time_ns);
                std::thread::sleep(self.until(first.or(batch.now_ns).unwrap_or(0)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Lost;

    fn lost(time_ns: u64) -> Event {
        Event::Lost(Lost {
            time_ns,
            ..Lost::default()
        })
    }

    #[test]
    fn time_passes_as_fast_as_asked_and_not_while_it_is_held() {
        let hold = Hold::default();
        let mut pace = Pace::new(2.5, 1_000, hold.clone());
        let begin = pace.looked;
        pace.pass(begin + Duration::from_micros(4));
        assert_eq!(pace.now_ns, 11_000);
        hold.set(true);
        pace.pass(begin + Duration::from_secs(9));
        assert_eq!(pace.now_ns, 11_000);
        hold.set(false);
        pace.pass(begin + Duration::from_secs(9) + Duration::from_micros(4));
        assert_eq!(pace.now_ns, 21_000);
        assert_eq!(pace.until(u64::MAX), STEP);
        assert_eq!(pace.until(0), Duration::from_millis(1));
    }

    #[test]
    fn what_is_due_comes_in_its_order_and_the_rest_with_the_end() {
        let mut pace = Pace::new(1.0, 20, Hold::default());
        let mut batch = Batch {
            // The third is told after one that is later.
            events: [10, 30, 15].map(lost).to_vec(),
            problems: vec!["it has no end".to_owned()],
            now_ns: Some(50),
            ..Batch::default()
        };
        let whole = batch.clone();
        let (first, is_all) = pace.due(&mut batch);
        assert_eq!(
            (first.events, first.now_ns, is_all),
            (vec![lost(10)], Some(20), false)
        );
        assert!(first.problems.is_empty());
        pace.now_ns = 40;
        let (second, is_all) = pace.due(&mut batch);
        assert_eq!((second.events, is_all), (vec![lost(30), lost(15)], false));
        pace.now_ns = 60;
        let (last, is_all) = pace.due(&mut batch);
        assert_eq!(
            (last.now_ns, last.problems, is_all),
            (Some(50), whole.problems, true)
        );
    }

    #[test]
    fn a_second_takes_a_fraction_at_a_higher_speed() {
        let (sender, mut told) = tokio::sync::mpsc::channel(1024);
        let began = Instant::now();
        let mut batches = vec![Batch {
            events: vec![lost(1_000_000_000)],
            now_ns: Some(1_000_000_000),
            ..Batch::default()
        }];
        Pace::new(20.0, 0, Hold::default()).play(|| batches.pop(), &sender);
        assert!(began.elapsed() >= Duration::from_millis(50));
        let mut events = 0;
        let mut latest_ns = 0;
        while let Ok(batch) = told.try_recv() {
            assert!(batch.now_ns >= Some(latest_ns));
            latest_ns = batch.now_ns.unwrap();
            events += batch.events.len();
        }
        assert_eq!((events, latest_ns), (1, 1_000_000_000));
    }
}
