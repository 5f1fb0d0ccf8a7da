//! A made-up machine for talks, screenshots and tests: always the same, with a bit of everything in each
//! minute.

mod scenes;
mod stage;

use super::Batch;
use crate::event::{Event, Running, Session};
use stage::Stage;
use std::collections::VecDeque;

/// One second in ns.
const S: u64 = 1_000_000_000;

/// When the made-up capture began: CLOCK_BOOTTIME.
const STARTED: u64 = 86_400 * S;

/// Most events that are handed out at once.
const BATCH: usize = 256;

/// Users of the made-up machine.
pub const USERS: [(u32, &str); 5] = [
    (0, "root"),
    (33, "www-data"),
    (999, "build"),
    (1000, "alice"),
    (1001, "bob"),
];

/// What happens on the made-up machine, minute by minute.
#[derive(Debug)]
pub struct Demo {
    session: Session,
    running: Vec<Running>,
    stage: Stage,
    minutes: std::ops::Range<u64>,
    waiting: VecDeque<Event>,
    finished: bool,
    now_ns: u64,
}

impl Demo {
    /// Makes so many minutes.
    pub fn new(minutes: u64) -> Self {
        let mut stage = Stage::new(STARTED);
        Self {
            running: scenes::cast(&mut stage),
            session: Session {
                host: "shop".into(),
                kernel: "6.12.0-demo".into(),
                arch: "x86_64".into(),
                // 2026-03-01 12:00:00 UTC when it began.
                boot_time_ns: 1_772_366_400_000_000_000 - STARTED as i64,
                started_ns: STARTED,
                others: Vec::new(),
            },
            stage,
            minutes: 0..minutes,
            waiting: VecDeque::new(),
            finished: false,
            now_ns: STARTED,
        }
    }

    /// Returns which machine it is.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the processes that run all the time.
    pub fn running(&self) -> &[Running] {
        &self.running
    }

    /// Returns what comes next; `None` after the last.
    pub fn batch(&mut self) -> Option<Batch> {
        let mut batch = Batch::default();
        if self.waiting.is_empty()
            && let Some(minute) = self.minutes.next()
        {
            scenes::minute(&mut self.stage, minute);
            self.waiting = self.stage.take().into();
        }
        if self.waiting.is_empty() {
            if std::mem::replace(&mut self.finished, true) {
                return None;
            }
            let end_ns = self.minutes.end.saturating_mul(60 * S);
            self.now_ns = self.now_ns.max(STARTED.saturating_add(end_ns));
        }
        let some = self.waiting.len().min(BATCH);
        batch.events.extend(self.waiting.drain(..some));
        if let Some(last) = batch.events.last() {
            self.now_ns = self.now_ns.max(last.time_ns());
        }
        batch.now_ns = Some(self.now_ns);
        Some(batch)
    }
}

#[cfg(test)]
mod tests;
