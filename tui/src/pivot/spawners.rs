//! Who started what in a span of time: rows put together by their parents.
//!
//! A span can hold as many rows as the history, so a frame takes in only some of them and the next
//! goes on; a span that moves on with time lets the rows go that it leaves behind.

use super::Pivot;
use super::by::facts;
use crate::event::{Comm, ProcessKey};
use crate::model::Model;
use crate::rate::SECOND_NS;
use crate::store::{Entry, EntryId, Row, Store};

/// Rows come in the order of their times, but for those of different CPUs: by less than this.
const DISORDER_NS: u64 = SECOND_NS;

/// A span of whole seconds, without the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub from: u64,
    /// The one after the last.
    pub to: u64,
}

impl Span {
    /// Returns how many seconds it has.
    pub fn seconds(self) -> u64 {
        self.to.saturating_sub(self.from)
    }

    fn has(self, time_ns: u64) -> bool {
        (self.from..self.to).contains(&(time_ns / SECOND_NS))
    }
}

/// A parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spawner {
    /// Its process id.
    pub pid: u32,
    /// Which process, if that is known.
    pub key: Option<ProcessKey>,
    /// Its task name when it first started something in the span.
    pub comm: Comm,
}

impl Spawner {
    fn of(row: &Row) -> Self {
        let parent = row.exec.ancestors.first();
        Self {
            pid: row.exec.ppid,
            key: parent.map(|parent| parent.key),
            comm: parent.map_or_else(Comm::default, |parent| parent.comm),
        }
    }

    fn bytes(&self) -> [u8; 13] {
        let mut out = [0; 13];
        let start_ns = self.key.map_or(0, |key| key.start_ns);
        let pid = self.key.map_or(self.pid, |key| key.pid);
        out[..4].copy_from_slice(&pid.to_le_bytes());
        out[4..12].copy_from_slice(&start_ns.to_le_bytes());
        out[12] = self.key.is_some().into();
        out
    }
}

/// The parents of the rows of a span.
#[derive(Debug)]
pub struct Spawners {
    /// The groups.
    pub pivot: Pivot<Spawner>,
    /// Which rows.
    pub span: Span,
    /// Whether all rows of the span were taken in that there are.
    pub done: bool,
    /// The oldest row that may be in a group.
    first: u64,
    /// The next row to take in.
    next: u64,
}

impl Spawners {
    /// Makes groups of a span, which take in nothing yet.
    pub fn new(span: Span, store: &Store) -> Self {
        let from_ns = span.from.saturating_mul(SECOND_NS);
        let first = first_since(store, from_ns.saturating_sub(DISORDER_NS));
        Self {
            pivot: Pivot::new(first),
            span,
            done: false,
            first: first.0,
            next: first.0,
        }
    }

    /// Lets the span move on in time.
    pub fn slide(&mut self, span: Span, store: &Store) {
        let before_ns = self.span.to.saturating_mul(SECOND_NS);
        self.span = span;
        let from_ns = span.from.saturating_mul(SECOND_NS);
        let time_at = |id: u64| store.get(EntryId(id)).map(Entry::time_ns);
        let gone = |id: u64| time_at(id).is_none_or(|time_ns| time_ns < from_ns);
        while self.first < self.next && gone(self.first) {
            self.first += 1;
        }
        self.pivot.evict(EntryId(self.first));
        for id in self.first..self.next {
            match time_at(id) {
                Some(time_ns) if time_ns < from_ns => self.pivot.take_out(EntryId(id)),
                Some(time_ns) if time_ns < from_ns.saturating_add(DISORDER_NS) => {}
                _ => break,
            }
        }
        // Rows behind the old end were passed over.
        let behind = first_since(store, before_ns.saturating_sub(DISORDER_NS)).0;
        self.next = self.next.min(behind).max(self.first);
    }

    /// Takes in up to `most` more rows, of those before `until`. Returns whether groups changed.
    pub fn take_in(
        &mut self,
        most: usize,
        until: EntryId,
        shown: impl Fn(EntryId) -> bool,
        model: &Model,
    ) -> bool {
        let before = self.next;
        let end_ns = self.span.to.saturating_mul(SECOND_NS);
        let last = until.0.min(self.next.saturating_add(most as u64));
        self.done = false;
        while self.next < last {
            let id = EntryId(self.next);
            let time_ns = model.store.get(id).map_or(0, Entry::time_ns);
            if time_ns >= end_ns.saturating_add(DISORDER_NS) {
                self.done = true;
                break;
            }
            self.next += 1;
            self.put(id, shown(id), model);
        }
        self.done |= self.next >= until.0;
        self.next > before
    }

    /// Takes note of a row that changed.
    pub fn changed(&mut self, id: EntryId, shown: bool, model: &Model) {
        if id.0 < self.next {
            self.put(id, shown, model);
        }
    }

    fn put(&mut self, id: EntryId, shown: bool, model: &Model) {
        let row = model.store.row(id).filter(|_| shown);
        let row = row.filter(|row| self.span.has(row.exec.time_ns));
        let Some(row) = row else {
            return self.pivot.take_out(id);
        };
        let spawner = Spawner::of(row);
        self.pivot.put(id, &spawner.bytes(), || spawner, facts(row));
    }

    /// Takes out the rows that left the history: those before `first`.
    pub fn evict(&mut self, first: EntryId) {
        self.pivot.evict(first);
        self.first = self.first.max(first.0);
        self.next = self.next.max(first.0);
    }
}

/// Returns the first entry that is not older than this, as far as they are in order.
pub fn first_since(store: &Store, time_ns: u64) -> EntryId {
    let (mut low, mut high) = (store.first_id().0, store.next_id().0);
    while low < high {
        let middle = low + (high - low) / 2;
        let older = store.get(EntryId(middle)).map(Entry::time_ns);
        if older.is_some_and(|older| older < time_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    EntryId(low)
}
