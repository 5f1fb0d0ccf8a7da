//! Which entries are listed, and in which order: the filter and the sort, kept up to date.
//!
//! Of equal values the older row comes first; a descending order is the ascending one turned
//! around, so the newer comes first there. What is not known comes last either way. Command
//! lines are compared as they are searched: without quotes and escapes.

mod key;
mod sorted;
#[cfg(test)]
mod tests;

use crate::field::Field;
use crate::filter::Filter;
use crate::model::Model;
use crate::store::EntryId;
use sorted::Sorted;
use std::collections::VecDeque;

/// By what, and which way, the list is sorted.
#[derive(Clone, Copy, Debug)]
pub struct Sort {
    /// The field whose values are compared.
    pub field: &'static Field,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// What the filter says of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Shown,
    Hidden,
    Gap,
}

/// The entries that pass the filter, in order.
///
/// It is told of every change of the model, in the order in which they happened: of new
/// entries by [`List::insert`], of ends by [`List::update`], of what left by [`List::evict`].
/// A name that [`Model::users`] learns later than the rows that show it takes effect with the
/// next [`List::set_filter`] and [`List::set_sort`].
#[derive(Debug, Default)]
pub struct List {
    filter: Filter,
    sort: Option<Sort>,
    /// The id of the oldest entry that it was told of and that has not left.
    first: u64,
    /// Of each entry from there on.
    states: VecDeque<State>,
    shown: usize,
    gaps: usize,
    /// What is listed in order of arrival; empty when sorted.
    arrived: VecDeque<EntryId>,
    sorted: Option<Sorted>,
}

impl List {
    /// Makes a list in order of arrival that shows everything.
    pub fn new() -> Self {
        Self::default()
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
        self.refresh(model);
    }

    /// Asks every entry anew. Only rows whose age is asked ([`Filter::ages`]) need it, now and
    /// then, and tests of other processes when those have changed.
    pub fn refresh(&mut self, model: &Model) {
        self.catch_up(model);
        let mut shown = 0;
        let (mut states, mut sorted) = (self.states.iter_mut(), self.sorted.as_mut());
        self.filter.tester(model).each(|id, passes| {
            let Some(state) = states.next().filter(|state| **state != State::Gap) else {
                return;
            };
            shown += usize::from(passes);
            let now = if passes { State::Shown } else { State::Hidden };
            if std::mem::replace(state, now) != now
                && let Some(sorted) = &mut sorted
            {
                sorted.show(id, passes);
            }
        });
        self.shown = shown;
        if self.sorted.is_none() {
            self.list_arrived();
        }
    }

    /// Sorts anew; gaps are listed only in order of arrival.
    pub fn set_sort(&mut self, sort: Option<Sort>, model: &Model) {
        self.sort = sort;
        self.sorted = None;
        self.catch_up(model);
        let (first, states) = (self.first, &self.states);
        let shown = |id: EntryId| states.get((id.0 - first) as usize) == Some(&State::Shown);
        self.sorted = sort.map(|sort| Sorted::new(sort, model, shown));
        if self.sorted.is_none() {
            self.list_arrived();
        } else {
            self.arrived = VecDeque::new();
        }
    }

    /// Takes in a new entry.
    pub fn insert(&mut self, id: EntryId, model: &Model) {
        if id.0 < self.next() {
            self.update(id, model);
        } else {
            self.catch_up(model);
        }
    }

    /// Takes note that a row changed: its end became known.
    pub fn update(&mut self, id: EntryId, model: &Model) {
        let Some(row) = model.store.row(id) else {
            return;
        };
        if id.0 >= self.next() {
            return self.catch_up(model);
        }
        self.evict(model.store.first_id());
        let index = id.0.checked_sub(self.first).map(|index| index as usize);
        let Some(state) = index.and_then(|index| self.states.get_mut(index)) else {
            return;
        };
        let passes = self.filter.matches(row, model);
        let now = if passes { State::Shown } else { State::Hidden };
        let was = std::mem::replace(state, now);
        self.shown = self.shown + usize::from(passes) - usize::from(was == State::Shown);
        if let Some(sorted) = &mut self.sorted {
            sorted.update(id, passes, model);
        } else if was != now {
            match self.arrived.binary_search(&id) {
                Ok(place) => _ = self.arrived.remove(place),
                Err(place) => self.arrived.insert(place, id),
            }
        }
    }

    /// Drops the entries that left the history: those before `first`.
    pub fn evict(&mut self, first: EntryId) {
        while self.first < first.0
            && let Some(state) = self.states.pop_front()
        {
            self.first += 1;
            self.shown -= usize::from(state == State::Shown);
            self.gaps -= usize::from(state == State::Gap);
            if let Some(sorted) = &mut self.sorted {
                sorted.pop_oldest();
            }
        }
        while self.arrived.front().is_some_and(|id| *id < first) {
            self.arrived.pop_front();
        }
    }

    /// Returns how many entries are listed.
    pub fn len(&self) -> usize {
        match self.sorted {
            Some(_) => self.shown,
            None => self.arrived.len(),
        }
    }

    /// Returns whether none are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many rows the filter hides.
    pub fn hidden(&self) -> usize {
        self.states.len() - self.gaps - self.shown
    }

    /// Returns the entry at a place. For several in a row, [`List::iter_from`] is faster.
    pub fn get(&self, index: usize) -> Option<EntryId> {
        match &self.sorted {
            Some(sorted) => sorted.from(index).next(),
            None => self.arrived.get(index).copied(),
        }
    }

    /// Returns the entries from a place on.
    pub fn iter_from(&self, index: usize) -> impl Iterator<Item = EntryId> {
        let sorted = self
            .sorted
            .iter()
            .flat_map(move |sorted| sorted.from(index));
        let from = index.min(self.arrived.len());
        self.arrived.range(from..).copied().chain(sorted)
    }

    /// Returns the place of an entry, or, if it is not listed, where it would be (`Err`).
    ///
    /// # Errors
    /// The nearest place, if the entry is not listed; an entry that is gone, or a gap in a
    /// sorted list, would be the first.
    pub fn position(&self, id: EntryId, _model: &Model) -> Result<usize, usize> {
        let Some(sorted) = &self.sorted else {
            return self.arrived.binary_search(&id);
        };
        let index = id.0.checked_sub(self.first).map(|index| index as usize);
        let state = index.and_then(|index| self.states.get(index));
        match (sorted.rank(id), state) {
            (Some(place), Some(State::Shown)) => Ok(place),
            (Some(place), _) => Err(place),
            (None, None) if id.0 >= self.next() => Err(self.shown),
            (None, _) => Err(0),
        }
    }

    /// Returns whether a row passes the filter, as far as the list was told of it.
    pub fn shows(&self, id: EntryId) -> bool {
        let index = id.0.checked_sub(self.first).map(|index| index as usize);
        index.and_then(|index| self.states.get(index)) == Some(&State::Shown)
    }

    fn next(&self) -> u64 {
        self.first + self.states.len() as u64
    }

    /// Drops what left the history and takes in what it was not told of yet.
    fn catch_up(&mut self, model: &Model) {
        let (first, next) = (model.store.first_id(), model.store.next_id());
        self.evict(first);
        self.first = self.first.max(first.0);
        if let Some(sorted) = &mut self.sorted {
            sorted.skip_to(first);
        }
        for id in (self.next()..next.0).map(EntryId) {
            self.push(id, model);
        }
    }

    fn push(&mut self, id: EntryId, model: &Model) {
        let passes = match model.store.row(id) {
            Some(row) => {
                let passes = self.filter.matches(row, model);
                self.shown += usize::from(passes);
                self.states
                    .push_back(if passes { State::Shown } else { State::Hidden });
                if let Some(sorted) = &mut self.sorted {
                    sorted.push_row(passes, model);
                }
                passes
            }
            None => {
                self.gaps += 1;
                self.states.push_back(State::Gap);
                if let Some(sorted) = &mut self.sorted {
                    sorted.push_gap();
                }
                true
            }
        };
        if passes && self.sorted.is_none() {
            self.arrived.push_back(id);
        }
    }

    fn list_arrived(&mut self) {
        let listed = (self.first..).zip(&self.states);
        let listed = listed.filter(|(_, state)| **state != State::Hidden);
        self.arrived = listed.map(|(id, _)| EntryId(id)).collect();
    }
}
