//! Time for what is told later: events are handed on when they are due, a set number of times as fast as they
//! happened.

use crate::event::Event;
use crate::source::Batch;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;

/// How long nothing is said of the time at most.
const STEP: Duration = Duration::from_millis(50);

/// How the time of what is told passes, for whoever watches it.
#[derive(Clone, Debug)]
pub(super) struct Passing(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Whether it can stand still.
    stops: bool,
    held: AtomicBool,
    /// Events that may happen all the same.
    steps: AtomicU32,
    /// The bits of how many times as fast it passes.
    speed: AtomicU64,
}

impl Passing {
    /// Makes it pass so many times as fast as it did; one that does not stop goes on when it is held.
    pub(super) fn new(speed: f64, stops: bool) -> Self {
        Self(Arc::new(Shared {
            stops,
            held: AtomicBool::new(false),
            steps: AtomicU32::new(0),
            speed: AtomicU64::new(speed.to_bits()),
        }))
    }

    /// Stops the time, or lets it go on.
    pub(super) fn hold(&self, held: bool) {
        self.0.held.store(held && self.0.stops, Relaxed);
    }

    /// Lets the next event happen though the time stands still.
    pub(super) fn step(&self) {
        self.0.steps.fetch_add(1, Relaxed);
    }

    /// Lets it pass so many times as fast.
    pub(super) fn set_speed(&self, times: f64) {
        self.0.speed.store(times.to_bits(), Relaxed);
    }

    fn speed(&self) -> f64 {
        f64::from_bits(self.0.speed.load(Relaxed))
    }

    /// Takes one of the events that may happen though the time stands still.
    fn take_step(&self) -> bool {
        let one_less = |steps: u32| steps.checked_sub(1);
        self.0
            .steps
            .fetch_update(Relaxed, Relaxed, one_less)
            .is_ok()
    }
}

/// The time of what is told.
#[derive(Debug)]
pub(super) struct Pace {
    now_ns: u64,
    looked: Instant,
    passing: Passing,
}

impl Pace {
    /// Begins at this instant of what is told.
    pub(super) fn new(now_ns: u64, passing: Passing) -> Self {
        Self {
            now_ns,
            looked: Instant::now(),
            passing,
        }
    }

    /// Lets the time pass up to this instant of the real one.
    fn pass(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.looked);
        self.looked = now;
        if !self.passing.0.held.load(Relaxed) {
            let told_ns = passed.as_secs_f64() * 1e9 * self.passing.speed();
            self.now_ns = self.now_ns.saturating_add(told_ns as u64);
        }
    }

    /// Returns how long to wait for an instant of what is told, so that the time is told meanwhile.
    fn until(&self, then_ns: u64) -> Duration {
        let left_ns = then_ns.saturating_sub(self.now_ns) as f64 / self.passing.speed();
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
                if let Some(next) = batch.events.first()
                    && self.passing.take_step()
                {
                    self.now_ns = self.now_ns.max(next.time_ns());
                }
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
        let passing = Passing::new(2.5, true);
        let mut pace = Pace::new(1_000, passing.clone());
        let begin = pace.looked;
        pace.pass(begin + Duration::from_micros(4));
        assert_eq!(pace.now_ns, 11_000);
        passing.hold(true);
        pace.pass(begin + Duration::from_secs(9));
        assert_eq!(pace.now_ns, 11_000);
        passing.hold(false);
        pace.pass(begin + Duration::from_secs(9) + Duration::from_micros(4));
        assert_eq!(pace.now_ns, 21_000);
        passing.set_speed(10.0);
        pace.pass(begin + Duration::from_secs(9) + Duration::from_micros(5));
        assert_eq!(pace.now_ns, 31_000);
        let goes_on = Passing::new(1.0, false);
        goes_on.hold(true);
        let mut pace = Pace::new(0, goes_on);
        pace.pass(pace.looked + Duration::from_micros(1));
        assert_eq!(pace.now_ns, 1_000);
        assert_eq!(pace.until(u64::MAX), STEP);
        assert_eq!(pace.until(0), Duration::from_millis(1));
    }

    #[test]
    fn what_is_due_comes_in_its_order_and_the_rest_with_the_end() {
        let mut pace = Pace::new(20, Passing::new(1.0, true));
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
    fn one_event_at_a_time_happens_while_the_time_stands_still() {
        let (sender, mut told) = tokio::sync::mpsc::channel(1024);
        let passing = Passing::new(1.0, true);
        passing.hold(true);
        let pace = Pace::new(0, passing.clone());
        let mut batches = vec![Batch {
            events: [1, 2, 3].map(|s| lost(s * 1_000_000_000_000)).to_vec(),
            ..Batch::default()
        }];
        std::thread::spawn(move || pace.play(|| batches.pop(), &sender));
        for second in 1..=3 {
            passing.step();
            let event = loop {
                if let Some(event) = told.blocking_recv().unwrap().events.pop() {
                    break event;
                }
            };
            assert_eq!(event.time_ns(), second * 1_000_000_000_000);
        }
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
        Pace::new(0, Passing::new(20.0, true)).play(|| batches.pop(), &sender);
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
