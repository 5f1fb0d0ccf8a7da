//! A view that stands still while the capture goes on, and loses nothing of it.

use super::App;
use crate::store::{Entry, EntryId};
use std::collections::BTreeSet;

/// A view that stands still while the capture goes on.
#[derive(Debug)]
pub(super) struct Paused {
    /// The first entry that is not listed yet.
    pub(super) from: EntryId,
    /// Listed rows that changed meanwhile.
    pub(super) changed: BTreeSet<EntryId>,
    /// Entries that came since and that the list will show.
    waiting: BTreeSet<EntryId>,
}

impl App {
    /// Returns whether the view stands still.
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Returns how many entries will be listed that came since the view stands still.
    pub fn waiting(&self) -> u64 {
        let paused = self.paused.as_ref();
        paused.map_or(0, |paused| paused.waiting.len() as u64)
    }

    /// Takes note of a waiting entry that is new or changed.
    pub(super) fn wait_for(&mut self, id: EntryId) {
        let shown = match self.model.store.get(id) {
            Some(Entry::Row(row)) => self.list.filter().matches(row, &self.model),
            // As in the list: gaps pass every filter, and have no place among sorted rows.
            Some(Entry::Gap(_)) => self.list.sort().is_none(),
            None => false,
        };
        if let Some(paused) = &mut self.paused {
            if shown {
                paused.waiting.insert(id);
            } else {
                paused.waiting.remove(&id);
            }
        }
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
