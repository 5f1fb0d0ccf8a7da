//! Everything that is known: the history, the processes, the rates and the totals.
//!
//! The screen, line mode and the exporters feed the same batches to the same model.

mod walks;

pub use walks::PASSED_OVER;

use crate::event::{Event, Exec, Exit, Fork, HostId, Lost, Running, Session};
use crate::process::{ProcessId, ProcessTable};
use crate::rate::Rate;
use crate::resolve::Users;
use crate::store::{End, Entry, EntryId, Row, Store};
use walks::Walks;

/// Seconds that counts by second reach back: four hours, in half a MiB.
pub const RATE_REACH: usize = 4 * 3_600;

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
    /// Execs, successful or failed, that a capture filter skipped.
    pub not_captured: u64,
}

impl Totals {
    /// Returns what came since earlier totals.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            execs: self.execs.saturating_sub(before.execs),
            failed: self.failed.saturating_sub(before.failed),
            exits: self.exits.saturating_sub(before.exits),
            forks: self.forks.saturating_sub(before.forks),
            lost: self.lost.saturating_sub(before.lost),
            not_captured: self.not_captured.saturating_sub(before.not_captured),
        }
    }
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
    walks: Walks,
}

impl Model {
    /// Makes an empty model that keeps `history` entries, in about `history_bytes` at most.
    pub fn new(session: Session, users: Users, history: usize, history_bytes: usize) -> Self {
        Self {
            session,
            store: Store::new(history, history_bytes),
            processes: ProcessTable::default(),
            rate: Rate::new(RATE_REACH),
            totals: Totals::default(),
            users,
            walks: Walks::default(),
        }
    }

    /// Adds the processes that already ran when the capture began.
    pub fn seed(&mut self, running: Vec<Running>) {
        self.processes.seed(running);
    }

    /// Takes note of what the next events are about: machines not met before, and processes that already ran.
    pub fn introduce(&mut self, others: Vec<Session>, running: Vec<Running>) {
        others.into_iter().for_each(|other| self.meet(other));
        self.seed(running);
    }

    /// Takes note of one more machine whose events are told; they have its number, which follows that of the last.
    fn meet(&mut self, other: Session) {
        if self.session.others.is_empty() {
            self.processes.add_host(HostId(0), &self.session.host);
        }
        let Ok(number) = u16::try_from(self.session.others.len() + 1) else {
            return;
        };
        self.processes.add_host(HostId(number), &other.host);
        self.session.others.push(other);
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

    /// Takes note of an event that was not captured, as far as others need to know of it: who runs
    /// what, below whom. Returns the row of the program that it ended.
    pub fn skip(&mut self, event: &Event) -> Option<EntryId> {
        match event {
            Event::Exec(exec) if !exec.failed() => {
                let replaced = self.processes.pass_by(exec)?;
                self.replace(replaced, exec.time_ns).then_some(replaced)
            }
            Event::Exit(exit) => {
                self.processes.exit(exit);
                None
            }
            Event::Fork(fork) => {
                self.processes.fork(fork);
                None
            }
            Event::Exec(_) | Event::Lost(_) => None,
        }
    }

    /// Ends a row's program by the next one of its process; returns whether the row is still there.
    fn replace(&mut self, old: EntryId, time_ns: u64) -> bool {
        let row = self.store.row_mut(old);
        row.map(|row| row.end = Some(End::Replaced { time_ns }))
            .is_some()
    }

    fn exec(&mut self, exec: Exec) -> Applied {
        let (time_ns, failed) = (exec.time_ns, exec.failed());
        let entry = self.store.next_id();
        let (process, replaced) = self.processes.exec(&exec, entry);
        if let Some(old) = replaced {
            self.replace(old, time_ns);
        }
        let tries = self.walks.step(entry, &exec);
        self.push(Entry::Row(Row {
            exec,
            ..Row::default()
        }));
        if !tries.is_empty() {
            walks::mark(&mut self.store, entry, &tries);
        }
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
        let duration_ns = ended
            .exec_ns
            .map(|exec_ns| exit.time_ns.saturating_sub(exec_ns))
            .or(exit.duration_ns);
        let entry = ended.row.filter(|entry| self.store.row(*entry).is_some());
        if let Some(row) = entry.and_then(|entry| self.store.row_mut(entry)) {
            row.end = Some(End::Exited(exit.clone()));
        }
        Applied::Exit {
            exit,
            entry,
            duration_ns,
        }
    }

    fn fork(&mut self, fork: Fork) -> Applied {
        self.totals.forks += 1;
        self.processes.fork(&fork);
        Applied::Fork(fork)
    }

    fn lost(&mut self, lost: Lost) -> Applied {
        self.totals.lost = self.totals.lost.saturating_add(lost.count);
        if let Some(bucket) = self.rate.at(lost.time_ns) {
            bucket.lost = bucket.lost.saturating_add(lost.count);
        }
        let entry = self.push(Entry::Gap(lost));
        Applied::Gap { lost, entry }
    }

    fn push(&mut self, entry: Entry) -> EntryId {
        let (id, mut evicted) = self.store.push(entry);
        while let Some((old, entry)) = evicted.or_else(|| self.store.evict_excess()) {
            if let Entry::Row(row) = entry {
                self.processes.forget_row(row.exec.key(), old);
                if row.exec.failed() {
                    self.walks.forget(row.exec.key(), old);
                }
            }
            evicted = None;
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Status;

    fn model() -> Model {
        Model::new(Session::default(), Users::default(), 3, usize::MAX)
    }

    fn exec(pid: u32, time_ns: u64, ret: i32) -> Event {
        Event::Exec(Box::new(Exec {
            pid,
            start_ns: 5,
            time_ns,
            ret,
            ..Exec::default()
        }))
    }

    fn exit(pid: u32, time_ns: u64) -> Exit {
        let status = Status::Code(3);
        Exit {
            pid,
            start_ns: 5,
            time_ns,
            status,
            ..Exit::default()
        }
    }

    #[test]
    fn an_exit_joins_the_row_of_the_program_that_ended() {
        let mut model = model();
        model.apply(exec(7, 10, 0));
        model.apply(exec(7, 30, 0));
        let applied = model.apply(Event::Exit(exit(7, 100)));
        let (first, second) = (EntryId(0), EntryId(1));
        assert_eq!(
            model.store.row(first).unwrap().end,
            Some(End::Replaced { time_ns: 30 })
        );
        assert_eq!(model.store.row(first).unwrap().duration_ns(), Some(20));
        assert_eq!(model.store.row(second).unwrap().exit(), Some(&exit(7, 100)));
        let duration_ns = Some(70);
        assert_eq!(
            applied,
            Applied::Exit {
                exit: exit(7, 100),
                entry: Some(second),
                duration_ns
            }
        );
        assert_eq!(model.apply(Event::Exit(exit(7, 100))), Applied::Duplicate);
        assert_eq!(
            model.totals,
            Totals {
                execs: 2,
                exits: 1,
                ..Totals::default()
            }
        );
    }

    #[test]
    fn a_failed_exec_leaves_the_program_running() {
        let mut model = model();
        model.apply(exec(7, 10, 0));
        model.apply(exec(7, 20, -2));
        model.apply(Event::Exit(exit(7, 50)));
        assert_eq!(model.store.row(EntryId(0)).unwrap().duration_ns(), Some(40));
        assert_eq!(model.store.row(EntryId(1)).unwrap().end, None);
        assert!(!model.store.row(EntryId(1)).unwrap().running());
        assert_eq!((model.totals.execs, model.totals.failed), (1, 1));
    }

    #[test]
    fn totals_and_rates_outlive_the_history() {
        let mut model = model();
        for i in 0..10 {
            model.apply(exec(i, 1_000, 0));
        }
        let lost = Lost {
            time_ns: 2_000,
            count: 4,
            cpu: Some(1),
            ..Lost::default()
        };
        assert_eq!(
            model.apply(Event::Lost(lost)),
            Applied::Gap {
                lost,
                entry: EntryId(10)
            }
        );
        assert_eq!(model.store.len(), 3);
        assert_eq!((model.totals.execs, model.totals.lost), (10, 4));
        let bucket = model.rate.last(0, 1).next().unwrap();
        assert_eq!((bucket.execs, bucket.lost), (10, 4));
    }

    #[test]
    fn an_exit_whose_row_is_gone_is_still_told() {
        let mut model = model();
        for i in 0..5 {
            model.apply(exec(i, 10, 0));
        }
        let applied = model.apply(Event::Exit(exit(0, 20)));
        assert_eq!(
            applied,
            Applied::Exit {
                exit: exit(0, 20),
                entry: None,
                duration_ns: Some(10)
            }
        );
    }
}
