//! A view that stands still while the capture goes on, and loses nothing of it.

use super::App;
use crate::store::{Entry, EntryId, Row};
use std::collections::BTreeSet;

/// A view that stands still while the capture goes on.
#[derive(Debug)]
pub(super) struct Paused {
    /// The first entry that is not listed yet.
    pub(super) from: EntryId,
    /// Listed rows that changed meanwhile.
    pub(super) changed: BTreeSet<EntryId>,
    /// Entries that are not listed and that the list will show: that came since, or that pass the filter since then.
    waiting: BTreeSet<EntryId>,
}

impl App {
    /// Returns whether the view stands still.
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Returns how many lines will come when the view goes on.
    pub fn waiting(&self) -> u64 {
        let paused = self.paused.as_ref();
        paused.map_or(0, |paused| paused.waiting.len() as u64)
    }

    /// Takes note of an entry that is new or changed while the view stands still, and so of those that are folded
    /// into it.
    pub(super) fn wait_for(&mut self, id: EntryId) {
        let misses = self.model.store.row(id).map_or(&[][..], Row::misses);
        let entries = misses.iter().copied().chain([id]);
        let entries: Vec<(EntryId, bool)> = entries.map(|id| (id, self.will_come(id))).collect();
        let Some(paused) = &mut self.paused else {
            return;
        };
        for (id, comes) in entries {
            if comes {
                paused.waiting.insert(id);
            } else {
                paused.waiting.remove(&id);
            }
        }
    }

    /// Returns whether an entry is not listed, and will be when the view goes on.
    fn will_come(&self, id: EntryId) -> bool {
        let passes = |row: &Row| self.list.filter().matches(row, &self.model);
        let will_be = match self.model.store.get(id) {
            Some(Entry::Row(row)) => {
                let found = row.missed().filter(|_| self.list.folding());
                let found = found.and_then(|found| self.model.store.row(found));
                passes(row) && !found.is_some_and(passes)
            }
            // As in the list: gaps pass every filter, and have no place among sorted rows.
            Some(Entry::Gap(_)) => self.list.sort().is_none(),
            None => false,
        };
        will_be && self.list.position(id, &self.model).is_err()
    }

    /// Forgets waiting entries that left the history.
    pub(super) fn forget_waiting(&mut self, first: EntryId) {
        if let Some(paused) = &mut self.paused {
            while paused.waiting.first().is_some_and(|id| *id < first) {
                paused.waiting.pop_first();
            }
        }
    }

    pub(super) fn pause(&mut self) {
        self.paused = Some(Paused {
            from: self.model.store.next_id(),
            changed: BTreeSet::new(),
            waiting: BTreeSet::new(),
        });
    }

    pub(super) fn resume(&mut self) {
        let Some(paused) = self.paused.take() else {
            return;
        };
        let first = self.model.store.first_id();
        for id in paused.changed.into_iter().filter(|id| *id >= first) {
            self.changed(id);
        }
        let next = self.model.store.next_id();
        if let Some(newest) = next.0.checked_sub(1) {
            // The list takes in by itself all that it was not told of.
            self.list.insert(EntryId(newest), &self.model);
        }
        for id in (paused.from.max(first).0..next.0).map(EntryId) {
            self.listed(id);
        }
        self.tree.touch();
    }

    /// The list was made anew from the whole history: nothing waits any more.
    pub(super) fn caught_up(&mut self) {
        if self.paused.is_some() {
            self.pause();
        }
    }
}
