//! Where events come from. Every source hands over the same batches.

pub mod cgroup;
pub mod demo;
mod known;
pub mod probe;
pub mod proc;
pub mod replay;

use crate::event::{Event, Running, Session};

/// Events in the order in which they happened, and what else the source has to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// What happened.
    pub events: Vec<Event>,
    /// What the capture filter skipped so far, if that changed.
    pub skipped: Option<Skipped>,
    /// What the source can do no longer, or not from now on: a sentence each.
    pub problems: Vec<String>,
    /// Machines other than the first whose events are told from now on, each with the next number.
    pub others: Vec<Session>,
    /// Processes that already ran when the capture began, where that is told with its events.
    pub running: Vec<Running>,
    /// CLOCK_BOOTTIME of a recording, ns: what was told up to then. Of a live capture it is that of this machine.
    pub now_ns: Option<u64>,
}

impl Batch {
    /// Returns whether it tells nothing, except of the time.
    fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.running.is_empty()
            && self.others.is_empty()
            && self.problems.is_empty()
            && self.skipped.is_none()
    }
}

/// What a capture filter kept away, since the capture began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Execs, successful or failed, that it skipped.
    pub not_captured: u64,
    /// Processes that it had no room to remember: of these it may have skipped what it should not.
    pub untracked: u64,
}
