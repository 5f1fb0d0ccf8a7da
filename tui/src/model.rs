//! Everything that is known: the history, the processes, the rates and the totals.
//!
//! The screen, line mode and the exporters feed the same batches to the same model.

use crate::event::{Event, Exec, Exit, Fork, Lost, Running, Session};
use crate::process::{ProcessId, ProcessTable};
use crate::rate::Rate;
use crate::resolve::Users;
use crate::store::{End, Entry, EntryId, Row, Store};

/// Seconds of rates that are kept.
const RATE_SECONDS: usize = 600;

/// Counts since the capture began; they do not shrink with the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Successful execs.
    pub execs: u64,
    /// Failed execs.
    pub failed: u64,
    /// Exits.
    pub exits: u64,
    /// Forks.
    pub forks: u64,
    /// Lost events.
    pub lost: u64,
    /// Events that a capture filter skipped.
    pub not_captured: u64,
}

/// What an event meant, with what the model added to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// An exec got this entry.
    Exec {
        /// Its row's id.
        entry: EntryId,
        /// Its process.
        process: ProcessId,
        /// The row of the program that its process ran until now.
        replaced: Option<EntryId>,
    },
    /// A process ended.
    Exit {
        /// Its end.
        exit: Exit,
        /// The row of the program that ended, if it is still in the history.
        entry: Option<EntryId>,
        /// How long that program ran; `None` when its start was not seen.
        duration_ns: Option<u64>,
    },
    /// A process was forked.
    Fork(Fork),
    /// Events were lost; the gap got this entry.
    Gap {
        /// What was lost.
        lost: Lost,
        /// The gap's id.
        entry: EntryId,
    },
    /// The event was already known, and nothing changed.
    Duplicate,
}

/// The state that grows by events.
#[derive(Debug)]
pub struct Model {
    /// Which machine, which clock.
    pub session: Session,
    /// The history.
    pub store: Store,
    /// The processes.
    pub processes: ProcessTable,
    /// Counts by second.
    pub rate: Rate,
    /// Counts of all time.
    pub totals: Totals,
    /// Names of users.
    pub users: Users,
}

impl Model {
    /// Makes an empty model that keeps `history` entries.
    pub fn new(session: Session, users: Users, history: usize) -> Self {
        Self {
            session,
            store: Store::new(history),
            processes: ProcessTable::default(),
            rate: Rate::new(RATE_SECONDS),
            totals: Totals::default(),
            users,
        }
    }

    /// Adds the processes that already ran when the capture began.
    pub fn seed(&mut self, running: Vec<Running>) {
        self.processes.seed(running);
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: Event) -> Applied {
        match event {
            Event::Exec(exec) => self.exec(*exec),
            Event::Exit(exit) => self.exit(exit),
            Event::Fork(fork) => self.fork(fork),
            Event::Lost(lost) => self.lost(lost),
        }
    }

    fn exec(&mut self, exec: Exec) -> Applied {
        let (time_ns, failed) = (exec.time_ns, exec.failed());
        let entry = self.store.next_id();
        let (process, replaced) = self.processes.exec(&exec, entry);
        if let Some(row) = replaced.and_then(|old| self.store.row_mut(old)) {
            row.end = Some(End::Replaced { time_ns });
        }
        self.push(Entry::Row(Row { exec, end: None }));
        if failed {
            self.totals.failed += 1;
        } else {
            self.totals.execs += 1;
        }
        if let Some(bucket) = self.rate.at(time_ns) {
            if failed {
                bucket.failed += 1;
            } else {
                bucket.execs += 1;
            }
        }
        Applied::Exec {
            entry,
            process,
            replaced,
        }
    }

    fn exit(&mut self, exit: Exit) -> Applied {
        let Some(ended) = self.processes.exit(&exit) else {
            return Applied::Duplicate;
        };
        self.totals.exits += 1;
        if let Some(bucket) = self.rate.at(exit.time_ns) {
            bucket.exits += 1;
        }
        let row = ended
            .row
            .and_then(|entry| Some((entry, self.store.row_mut(entry)?)));
        let Some((entry, row)) = row else {
            return Applied::Exit {
                exit,
                entry: None,
                duration_ns: None,
            };
        };
        row.end = Some(End::Exited(exit.clone()));
        Applied::Exit {
            exit,
            entry: Some(entry),
            duration_ns: row.duration_ns(),
        }
    }

    fn fork(&mut self, fork: Fork) -> Applied {
        self.totals.forks += 1;
        self.processes.fork(&fork);
        Applied::Fork(fork)
    }

    fn lost(&mut self, lost: Lost) -> Applied {
        self.totals.lost += lost.count;
        if let Some(bucket) = self.rate.at(lost.time_ns) {
            bucket.lost += lost.count;
        }
        let entry = self.push(Entry::Gap(lost));
        Applied::Gap { lost, entry }
    }

    fn push(&mut self, entry: Entry) -> EntryId {
        let (id, evicted) = self.store.push(entry);
        if let Some((old, Entry::Row(row))) = evicted {
            self.processes.forget_row(row.exec.key(), old);
        }
        id
    }
}
