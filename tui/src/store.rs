//! The bounded history: execs and the places where events were lost, oldest out first.

use crate::event::{Exec, Exit, Lost};
use std::collections::VecDeque;

/// Names one entry of the history for good; ids grow by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub u64);

/// How the program of a row came to its end.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Its process ended.
    Exited(Exit),
    /// Its process executed another program, at this time.
    Replaced {
        /// When: CLOCK_BOOTTIME, ns.
        time_ns: u64,
    },
}

impl End {
    /// Returns when.
    pub fn time_ns(&self) -> u64 {
        match self {
            Self::Exited(exit) => exit.time_ns,
            Self::Replaced { time_ns } => *time_ns,
        }
    }
}

/// An exec with what became of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The exec.
    pub exec: Exec,
    /// Its end, once known; always `None` when the exec failed.
    pub end: Option<End>,
}

impl Row {
    /// Returns how long the program ran, once it ended.
    pub fn duration_ns(&self) -> Option<u64> {
        Some(
            self.end
                .as_ref()?
                .time_ns()
                .saturating_sub(self.exec.time_ns),
        )
    }

    /// Returns the exit, if the process ended in this program.
    pub fn exit(&self) -> Option<&Exit> {
        match &self.end {
            Some(End::Exited(exit)) => Some(exit),
            _ => None,
        }
    }

    /// Returns whether the program still runs, as far as is known.
    pub fn running(&self) -> bool {
        !self.exec.failed() && self.end.is_none()
    }
}

/// One entry of the history.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// An exec.
    Row(Box<Row>),
    /// Events were lost here.
    Gap(Lost),
}

/// The newest entries, up to a limit.
#[derive(Debug)]
pub struct Store {
    entries: VecDeque<Entry>,
    first: u64,
    limit: usize,
}

impl Store {
    /// Makes an empty history of at most `limit` entries (at least one).
    pub fn new(limit: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            limit: limit.max(1),
        }
    }

    /// Appends an entry; returns its id, and the entry that had to go.
    pub fn push(&mut self, entry: Entry) -> (EntryId, Option<(EntryId, Entry)>) {
        let mut evicted = None;
        if self.entries.len() >= self.limit {
            evicted = self
                .entries
                .pop_front()
                .map(|old| (EntryId(self.first), old));
            self.first += 1;
        }
        let id = EntryId(self.first + self.entries.len() as u64);
        self.entries.push_back(entry);
        (id, evicted)
    }

    /// Returns an entry, unless it is gone.
    pub fn get(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(self.index(id)?)
    }

    /// Returns the row of an entry, unless it is gone or a gap.
    pub fn row(&self, id: EntryId) -> Option<&Row> {
        match self.get(id)? {
            Entry::Row(row) => Some(row),
            Entry::Gap(_) => None,
        }
    }

    pub(crate) fn row_mut(&mut self, id: EntryId) -> Option<&mut Row> {
        let index = self.index(id)?;
        match self.entries.get_mut(index)? {
            Entry::Row(row) => Some(row),
            Entry::Gap(_) => None,
        }
    }

    /// Returns all entries with their ids, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (EntryId, &Entry)> + ExactSizeIterator {
        let first = self.first;
        self.entries
            .iter()
            .enumerate()
            .map(move |(i, entry)| (EntryId(first + i as u64), entry))
    }

    /// Returns the id of the oldest entry that is still there, or the next one's if there is none.
    pub fn first_id(&self) -> EntryId {
        EntryId(self.first)
    }

    /// Returns the id that the next entry will get.
    pub fn next_id(&self) -> EntryId {
        EntryId(self.first + self.entries.len() as u64)
    }

    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns how many entries there can be.
    pub fn limit(&self) -> usize {
        self.limit
    }

    fn index(&self, id: EntryId) -> Option<usize> {
        usize::try_from(id.0.checked_sub(self.first)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_ids_stay() {
        let mut store = Store::new(2);
        let gap = |count| {
            Entry::Gap(Lost {
                count,
                ..Lost::default()
            })
        };
        assert_eq!(store.push(gap(1)), (EntryId(0), None));
        assert_eq!(store.push(gap(2)), (EntryId(1), None));
        assert_eq!(store.push(gap(3)), (EntryId(2), Some((EntryId(0), gap(1)))));
        assert_eq!(store.get(EntryId(0)), None);
        assert_eq!(store.get(EntryId(2)), Some(&gap(3)));
        assert_eq!(store.get(EntryId(3)), None);
        assert_eq!(store.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [1, 2]);
    }
}
