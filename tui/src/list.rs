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
use crate::store::{EntryId, Row};
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

impl Sort {
    /// Returns whether this is the order of arrival, which has the gaps in it.
    pub fn is_arrival(&self) -> bool {
        self.field.key == "time" && !self.descending
    }
}

/// What the filter says of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Shown,
    Hidden,
    /// It passes, but is folded into the row that its walk through `PATH` found.
    Folded,
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
    folded: usize,
    /// Whether misses of a walk through `PATH` are folded into what was found, where that is listed.
    folding: bool,
    /// The rows that a walk found.
    found: VecDeque<EntryId>,
    /// What is listed in order of arrival; empty when sorted.
    arrived: VecDeque<EntryId>,
    sorted: Option<Sorted>,
    /// The first entry that is left out, while a moment of the past is looked at; the list is in order of arrival then.
    until: Option<EntryId>,
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
        self.sort.filter(|_| self.until.is_none())
    }

    /// Leaves out the entries from one on, in order of arrival, or lists them again as they were sorted.
    pub fn set_until(&mut self, until: Option<EntryId>) {
        let listed = self.by_arrival();
        self.until = until;
        match (listed, self.by_arrival()) {
            (false, true) => self.list_arrived(),
            (true, false) => self.arrived = VecDeque::new(),
            _ => {}
        }
    }

    /// Returns the last listed entry before one, in order of arrival, whatever is left out.
    pub fn last_before(&self, id: EntryId) -> Option<EntryId> {
        if self.by_arrival() {
            let place = self.arrived.partition_point(|listed| *listed < id);
            return self.arrived.get(place.checked_sub(1)?).copied();
        }
        let ids = (self.first..id.0.min(self.next())).rev().map(EntryId);
        ids.into_iter().find(|id| self.stands(*id))
    }

    /// Returns the first listed entry from one on, in order of arrival, whatever is left out.
    pub fn first_from(&self, id: EntryId) -> Option<EntryId> {
        if self.by_arrival() {
            let place = self.arrived.partition_point(|listed| *listed < id);
            return self.arrived.get(place).copied();
        }
        let ids = (id.0.max(self.first)..self.next()).map(EntryId);
        ids.into_iter().find(|id| self.stands(*id))
    }

    fn stands(&self, id: EntryId) -> bool {
        matches!(self.state(id), Some(State::Shown | State::Gap))
    }

    /// Returns whether it is in order of arrival, sorted or not.
    fn by_arrival(&self) -> bool {
        self.sorted.is_none() || self.until.is_some()
    }

    /// Returns how much of what has arrived is listed.
    fn arrived_until(&self) -> usize {
        match self.until {
            Some(until) => self.arrived.partition_point(|id| *id < until),
            None => self.arrived.len(),
        }
    }

    /// Returns whether misses are folded.
    pub fn folding(&self) -> bool {
        self.folding
    }

    /// Folds misses of walks through `PATH` into what was found, or lists them.
    pub fn set_folding(&mut self, on: bool, model: &Model) {
        self.folding = on;
        self.refresh(model);
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
            let was = std::mem::replace(state, now);
            if (was == State::Shown) != passes
                && let Some(sorted) = &mut sorted
            {
                sorted.show(id, passes);
            }
        });
        self.shown = shown;
        self.folded = 0;
        // What has arrived is listed anew below.
        self.arrived.clear();
        let found = std::mem::take(&mut self.found);
        found.iter().for_each(|id| self.fold(*id, model));
        self.found = found;
        if self.by_arrival() {
            self.list_arrived();
        }
    }

    /// Folds the misses before a row, or lists them, by whether it is listed itself.
    fn fold(&mut self, found: EntryId, model: &Model) {
        let on = self.folding && self.state(found) == Some(State::Shown);
        let (from, to) = match on {
            true => (State::Shown, State::Folded),
            false => (State::Folded, State::Shown),
        };
        let row = model.store.row(found);
        for miss in row.map_or(&[][..], Row::misses) {
            if self.state(*miss) == Some(from) {
                self.put(*miss, to);
                if let Some(sorted) = &mut self.sorted {
                    sorted.show(*miss, !on);
                }
            }
        }
    }

    fn place(&self, id: EntryId) -> Option<usize> {
        Some(id.0.checked_sub(self.first)? as usize)
    }

    fn state(&self, id: EntryId) -> Option<State> {
        self.states.get(self.place(id)?).copied()
    }

    /// Gives a row another state, with its place in the order of arrival; returns the one before.
    fn put(&mut self, id: EntryId, now: State) -> Option<State> {
        let place = self.place(id)?;
        let was = std::mem::replace(self.states.get_mut(place)?, now);
        let change = |count: &mut usize, state| {
            *count = *count + usize::from(now == state) - usize::from(was == state);
        };
        change(&mut self.shown, State::Shown);
        change(&mut self.folded, State::Folded);
        if self.by_arrival() && (was == State::Shown) != (now == State::Shown) {
            match self.arrived.binary_search(&id) {
                Ok(place) => _ = self.arrived.remove(place),
                Err(place) if now == State::Shown => self.arrived.insert(place, id),
                Err(_) => {}
            }
        }
        Some(was)
    }

    /// Sorts anew; gaps are listed only in order of arrival.
    pub fn set_sort(&mut self, sort: Option<Sort>, model: &Model) {
        self.sort = sort;
        self.sorted = None;
        self.catch_up(model);
        let (first, states) = (self.first, &self.states);
        let shown = |id: EntryId| states.get((id.0 - first) as usize) == Some(&State::Shown);
        self.sorted = sort.map(|sort| Sorted::new(sort, model, shown));
        if self.by_arrival() {
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
        let into = row.missed().filter(|_| self.folding);
        let now = match self.filter.matches(row, model) {
            false => State::Hidden,
            true if into.is_some_and(|found| self.state(found) == Some(State::Shown)) => {
                State::Folded
            }
            true => State::Shown,
        };
        let Some(was) = self.put(id, now) else {
            return;
        };
        if let Some(sorted) = &mut self.sorted {
            sorted.update(id, now == State::Shown, model);
        }
        if was != now {
            self.fold(id, model);
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
            self.folded -= usize::from(state == State::Folded);
            if let Some(sorted) = &mut self.sorted {
                sorted.pop_oldest();
            }
        }
        for ids in [&mut self.arrived, &mut self.found] {
            while ids.front().is_some_and(|id| *id < first) {
                ids.pop_front();
            }
        }
    }

    /// Returns how many entries are listed.
    pub fn len(&self) -> usize {
        match self.by_arrival() {
            false => self.shown,
            true => self.arrived_until(),
        }
    }

    /// Returns whether none are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many rows the filter hides.
    pub fn hidden(&self) -> usize {
        self.states.len() - self.gaps - self.shown - self.folded
    }

    /// Returns how many rows are folded into others.
    pub fn folded(&self) -> usize {
        self.folded
    }

    /// Returns the entry at a place. For several in a row, [`List::iter_from`] is faster.
    pub fn get(&self, index: usize) -> Option<EntryId> {
        match &self.sorted {
            Some(sorted) if self.until.is_none() => sorted.from(index).next(),
            _ if index >= self.arrived_until() => None,
            _ => self.arrived.get(index).copied(),
        }
    }

    /// Returns the entries from a place on.
    pub fn iter_from(&self, index: usize) -> impl Iterator<Item = EntryId> {
        let sorted = self
            .sorted
            .iter()
            .filter(|_| !self.by_arrival())
            .flat_map(move |sorted| sorted.from(index));
        let end = self.arrived_until();
        self.arrived
            .range(index.min(end)..end)
            .copied()
            .chain(sorted)
    }

    /// Returns the place of an entry, or, if it is not listed, where it would be (`Err`).
    ///
    /// # Errors
    /// The nearest place, if the entry is not listed; an entry that is gone, or a gap in a
    /// sorted list, would be the first.
    pub fn position(&self, id: EntryId, _model: &Model) -> Result<usize, usize> {
        let Some(sorted) = self.sorted.as_ref().filter(|_| !self.by_arrival()) else {
            let end = self.arrived_until();
            return match self.arrived.binary_search(&id) {
                Ok(place) if place < end => Ok(place),
                Ok(place) | Err(place) => Err(place.min(end)),
            };
        };
        match (sorted.rank(id), self.state(id)) {
            (Some(place), Some(State::Shown)) => Ok(place),
            (Some(place), _) => Err(place),
            (None, None) if id.0 >= self.next() => Err(self.shown),
            (None, _) => Err(0),
        }
    }

    /// Returns whether a row passes the filter, as far as the list was told of it; one that is folded does.
    pub fn shows(&self, id: EntryId) -> bool {
        matches!(self.state(id), Some(State::Shown | State::Folded))
    }

    /// Returns how many misses are folded into a row.
    pub fn folded_into(&self, id: EntryId, row: &Row) -> usize {
        if row.misses().is_empty() || self.state(id) != Some(State::Shown) {
            return 0;
        }
        let misses = row.misses().iter();
        misses
            .filter(|miss| self.state(**miss) == Some(State::Folded))
            .count()
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
        let row = model.store.row(id);
        let passes = match row {
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
        if passes && self.by_arrival() {
            self.arrived.push_back(id);
        }
        if row.is_some_and(|row| !row.misses().is_empty()) {
            self.found.push_back(id);
            self.fold(id, model);
        }
    }

    fn list_arrived(&mut self) {
        let listed = (self.first..).zip(&self.states);
        let listed = listed.filter(|(_, state)| matches!(state, State::Shown | State::Gap));
        self.arrived = listed.map(|(id, _)| EntryId(id)).collect();
    }
}
