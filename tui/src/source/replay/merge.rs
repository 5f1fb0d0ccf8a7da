//! Several recordings as one, by the time of day at which things happened: each machine keeps its own processes.

use super::{BATCH, Recording};
use crate::event::{Event, HostId, Running, Session};
use crate::source::{Batch, Skipped};
use std::collections::VecDeque;

/// Recordings of one machine say differently when it was started by as much, since each looked at the clock itself.
const SAME_BOOT_NS: u64 = 10_000_000_000;

/// Recordings that are read side by side.
#[derive(Debug)]
pub struct Merged {
    session: Session,
    /// Machines that were not told of yet.
    others: Vec<Session>,
    /// How many machines there are.
    hosts: usize,
    parts: Vec<Part>,
    latest_ns: u64,
    finished: bool,
}

/// One of the recordings, and what was read of it and not told yet.
#[derive(Debug)]
struct Part {
    recording: Recording,
    /// The numbers of its machines among all.
    hosts: Vec<HostId>,
    /// By how much the clock of its first machine began later than that of the first of all.
    later_ns: u64,
    running: Vec<Running>,
    events: VecDeque<Event>,
    not_captured: u64,
    ended: bool,
}

impl Part {
    /// Returns when what it tells next was.
    fn next_ns(&self) -> Option<u64> {
        match self.events.front() {
            _ if !self.running.is_empty() => {
                Some(self.recording.session().started_ns + self.later_ns)
            }
            Some(event) => Some(event.time_ns() + self.later_ns),
            None => None,
        }
    }

    fn host(&self, own: HostId) -> HostId {
        let host = self.hosts.get(usize::from(own.0));
        host.copied().unwrap_or_default()
    }

    fn next_event(&mut self) -> Option<Event> {
        let mut event = self.events.pop_front()?;
        event.place(self.host(event.host()), self.later_ns);
        Some(event)
    }

    fn take_running(&mut self) -> Vec<Running> {
        let mut running = std::mem::take(&mut self.running);
        for process in &mut running {
            process.key = process
                .key
                .placed(self.host(process.key.host), self.later_ns);
        }
        running
    }
}

impl Merged {
    /// Puts recordings together. The machine that was started first is the first: times are by its clock.
    pub fn new(mut recordings: Vec<Recording>) -> Self {
        recordings.sort_by_key(|recording| recording.session().boot_time_ns);
        let mut merged = Self {
            session: recordings
                .first()
                .map(|first| first.session().clone())
                .unwrap_or_default(),
            others: Vec::new(),
            hosts: 0,
            parts: Vec::new(),
            latest_ns: 0,
            finished: false,
        };
        let mut machines: Vec<Session> = Vec::new();
        for recording in recordings {
            let own = recording.session();
            let same = machines.iter().position(|known| {
                let apart = known.boot_time_ns.abs_diff(own.boot_time_ns);
                known.host == own.host && apart <= SAME_BOOT_NS
            });
            let number = same.unwrap_or(machines.len());
            if same.is_none() {
                machines.push(own.clone());
            }
            // What another recording says of the same start is as good, and keeps its processes the same.
            let boot_time_ns = machines.get(number).unwrap_or(own).boot_time_ns;
            let later_ns = boot_time_ns.abs_diff(merged.session.boot_time_ns);
            let started_ns = own.started_ns + later_ns;
            merged.session.started_ns = merged.session.started_ns.min(started_ns);
            merged.parts.push(Part {
                hosts: vec![HostId(u16::try_from(number).unwrap_or(u16::MAX))],
                later_ns,
                running: Vec::new(),
                events: VecDeque::new(),
                not_captured: 0,
                ended: false,
                recording,
            });
        }
        merged.latest_ns = merged.session.started_ns;
        merged.hosts = machines.len();
        merged.others = machines.split_off(machines.len().min(1));
        merged
    }

    /// Returns of which machine it is, and since when; the others are told with the first batch.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns whether all that is known now is of machines of that name.
    pub fn is_all_of(&self, host: &str) -> bool {
        let others = self.others.iter().map(|other| &other.host);
        [&self.session.host]
            .into_iter()
            .chain(others)
            .all(|name| name == host)
    }

    /// Waits for what comes next, and returns it; `None` after the last. While any of them is still written, the
    /// others wait for it.
    pub fn batch(&mut self) -> Option<Batch> {
        if self.finished {
            return None;
        }
        let mut batch = Batch {
            others: std::mem::take(&mut self.others),
            ..Batch::default()
        };
        while batch.events.len() < BATCH {
            let empty = |part: &&mut Part| part.next_ns().is_none() && !part.ended;
            if let Some(part) = self.parts.iter_mut().find(empty) {
                // Reading may wait: what is there is told first.
                if !batch.events.is_empty() {
                    break;
                }
                Self::fill(part, &mut self.hosts, &mut batch);
                continue;
            }
            let next = |part: &&mut Part| part.next_ns().unwrap_or(u64::MAX);
            let Some(part) = self.parts.iter_mut().min_by_key(next) else {
                break;
            };
            let Some(next_ns) = part.next_ns() else {
                self.finished = true;
                break;
            };
            self.latest_ns = self.latest_ns.max(next_ns);
            if !part.running.is_empty() {
                // A batch tells these before its events.
                if !batch.events.is_empty() {
                    break;
                }
                batch.running.append(&mut part.take_running());
            } else if let Some(event) = part.next_event() {
                batch.events.push(event);
            }
        }
        if self.finished {
            let ends = self
                .parts
                .iter()
                .map(|part| part.recording.latest_ns + part.later_ns);
            self.latest_ns = self.latest_ns.max(ends.max().unwrap_or(0));
        }
        let not_captured = self.parts.iter().map(|part| part.not_captured).sum();
        batch.skipped = Some(Skipped {
            not_captured,
            untracked: 0,
        });
        batch.now_ns = Some(self.latest_ns);
        Some(batch)
    }

    /// Reads on in a recording.
    fn fill(part: &mut Part, hosts: &mut usize, batch: &mut Batch) {
        let Some(read) = part.recording.batch() else {
            part.ended = true;
            return;
        };
        for other in read.others {
            part.hosts
                .push(HostId(u16::try_from(*hosts).unwrap_or(u16::MAX)));
            *hosts += 1;
            batch.others.push(other);
        }
        part.running = read.running;
        part.events = read.events.into();
        part.not_captured = read.skipped.map_or(part.not_captured, |s| s.not_captured);
        batch.problems.extend(read.problems);
    }
}

#[cfg(test)]
mod tests;
