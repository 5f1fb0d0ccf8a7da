//! Rows put together by what they have in common, with figures of each group.
//!
//! Figures are kept up to date row by row: a row that comes, changes or goes is added or taken
//! out again, and nothing is ever counted anew.

pub mod by;
pub mod failed;
pub mod spawners;
mod stats;

pub use stats::{Spread, Stats};

use crate::store::EntryId;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::Arc;

/// In place of a group: the row is in none.
const NONE: u32 = u32::MAX;

/// What a row adds to the figures of its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether the exec failed.
    pub failed: bool,
    /// When, in whole seconds of the clock.
    pub second: u32,
    /// How long the program ran, once it ended.
    pub duration_ns: Option<u64>,
    /// What it cost.
    pub cost_ns: u64,
}

/// Names a group for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupId {
    index: u32,
    born: u32,
}

/// Rows that have something in common.
#[derive(Debug)]
pub struct Group<L> {
    key: Arc<[u8]>,
    /// What they have in common.
    pub label: L,
    /// Their figures.
    pub stats: Stats,
    newest: u64,
    born: u32,
}

impl<L> Group<L> {
    /// Returns its newest row.
    pub fn newest(&self) -> EntryId {
        EntryId(self.newest)
    }
}

/// What a row added, so that it can be taken out when the row is gone, and its place in its group.
#[derive(Clone, Copy, Debug)]
struct Slot {
    group: u32,
    /// How much older the next older row of the group is; 0 if there is none.
    older: u32,
    /// How much newer the next newer one is, likewise.
    newer: u32,
    facts: SlotFacts,
}

/// [`Facts`] in less space.
#[derive(Clone, Copy, Debug, Default)]
struct SlotFacts {
    second: u32,
    cost_ns: u64,
    step: Option<u16>,
    failed: bool,
}

impl Slot {
    const EMPTY: Self = Self {
        group: NONE,
        older: 0,
        newer: 0,
        facts: SlotFacts {
            second: 0,
            cost_ns: 0,
            step: None,
            failed: false,
        },
    };
}

/// The groups, and to which one each row belongs.
#[derive(Debug)]
pub struct Pivot<L> {
    groups: Vec<Option<Group<L>>>,
    free: Vec<u32>,
    by_key: FxHashMap<Arc<[u8]>, u32>,
    /// Of each row from `first` on.
    slots: VecDeque<Slot>,
    first: u64,
    total: u64,
    births: u32,
}

impl<L> Pivot<L> {
    /// Makes one without rows, for those from `first` on.
    pub fn new(first: EntryId) -> Self {
        Self {
            groups: Vec::new(),
            free: Vec::new(),
            by_key: FxHashMap::default(),
            slots: VecDeque::new(),
            first: first.0,
            total: 0,
            births: 0,
        }
    }

    /// Puts a row into the group of `key`, also if it was in another one before.
    pub fn put(&mut self, id: EntryId, key: &[u8], label: impl FnOnce() -> L, facts: Facts) {
        self.take_out(id);
        let Some(place) = id.0.checked_sub(self.first) else {
            return;
        };
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        while self.slots.len() <= place {
            self.slots.push_back(Slot::EMPTY);
        }
        let facts = SlotFacts {
            second: facts.second,
            cost_ns: facts.cost_ns,
            step: facts.duration_ns.map(stats::step),
            failed: facts.failed,
        };
        let group = self.group_of(key, label, id);
        let Some(Some(found)) = self.groups.get_mut(group as usize) else {
            return;
        };
        found.stats.add(&facts);
        let newest = found.newest;
        let first_one = found.stats.count == 1;
        found.newest = if first_one { id.0 } else { newest.max(id.0) };
        self.total += 1;
        let mut slot = Slot {
            group,
            facts,
            ..Slot::EMPTY
        };
        if !first_one {
            // Rows come in order but for those that begin to pass the filter later.
            let (mut below, mut above) = (Some(newest), None);
            while let Some(at) = below.filter(|at| *at > id.0) {
                above = below;
                below = self.neighbour(at, |slot| slot.older, u64::checked_sub);
            }
            if let Some(at) = below {
                slot.older = apart(id.0, at);
                self.change(at, |slot| slot.newer = apart(id.0, at));
            }
            if let Some(at) = above {
                slot.newer = apart(at, id.0);
                self.change(at, |slot| slot.older = apart(at, id.0));
            }
        }
        self.change(id.0, |old| *old = slot);
    }

    /// Takes a row out of its group, if it is in one.
    pub fn take_out(&mut self, id: EntryId) {
        let Some(slot) = self.slot(id.0).copied().filter(|slot| slot.group != NONE) else {
            return;
        };
        let older = self.neighbour(id.0, |slot| slot.older, u64::checked_sub);
        let newer = self.neighbour(id.0, |slot| slot.newer, u64::checked_add);
        let gap = match (older, newer) {
            (Some(older), Some(newer)) => apart(newer, older),
            _ => 0,
        };
        if let Some(at) = older {
            self.change(at, |slot| slot.newer = gap);
        }
        if let Some(at) = newer {
            self.change(at, |slot| slot.older = gap);
        }
        self.change(id.0, |slot| *slot = Slot::EMPTY);
        self.total -= 1;
        let Some(place) = self.groups.get_mut(slot.group as usize) else {
            return;
        };
        if let Some(group) = place {
            group.stats.take_out(&slot.facts);
            if let (None, Some(older)) = (newer, older) {
                group.newest = older;
            }
            if group.stats.count == 0 {
                self.by_key.remove(&group.key);
                self.free.push(slot.group);
                *place = None;
            }
        }
    }

    /// Takes out the rows that left the history: those before `first`.
    pub fn evict(&mut self, first: EntryId) {
        while self.first < first.0 && !self.slots.is_empty() {
            self.take_out(EntryId(self.first));
            self.slots.pop_front();
            self.first += 1;
        }
        self.first = self.first.max(first.0);
    }

    fn group_of(&mut self, key: &[u8], label: impl FnOnce() -> L, id: EntryId) -> u32 {
        if let Some(group) = self.by_key.get(key) {
            return *group;
        }
        let key: Arc<[u8]> = key.into();
        self.births = self.births.wrapping_add(1);
        let group = Some(Group {
            key: key.clone(),
            label: label(),
            stats: Stats::default(),
            newest: id.0,
            born: self.births,
        });
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.groups.push(None);
                (self.groups.len() - 1) as u32
            }
        };
        if let Some(place) = self.groups.get_mut(index as usize) {
            *place = group;
        }
        self.by_key.insert(key, index);
        index
    }

    fn slot(&self, id: u64) -> Option<&Slot> {
        let place = id.checked_sub(self.first)?;
        self.slots.get(usize::try_from(place).ok()?)
    }

    fn change(&mut self, id: u64, change: impl FnOnce(&mut Slot)) {
        let place = id.checked_sub(self.first).map(usize::try_from);
        if let Some(slot) = place.and_then(|place| self.slots.get_mut(place.ok()?)) {
            change(slot);
        }
    }

    fn neighbour(
        &self,
        id: u64,
        far: impl FnOnce(&Slot) -> u32,
        step: impl FnOnce(u64, u64) -> Option<u64>,
    ) -> Option<u64> {
        let far = far(self.slot(id)?);
        if far == 0 {
            return None;
        }
        step(id, far.into())
    }

    /// Returns how many groups there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Returns how many rows all groups have.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Returns a group, unless its last row went.
    pub fn get(&self, id: GroupId) -> Option<&Group<L>> {
        let group = self.groups.get(id.index as usize)?.as_ref();
        group.filter(|group| group.born == id.born)
    }

    /// Returns what the rows of a row's group have in common, to add to it.
    pub fn label_mut(&mut self, row: EntryId) -> Option<&mut L> {
        let group = self.slot(row.0)?.group;
        let group = self.groups.get_mut(group as usize)?.as_mut();
        group.map(|group| &mut group.label)
    }

    /// Returns all groups, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (GroupId, &Group<L>)> {
        (0u32..).zip(&self.groups).filter_map(|(index, group)| {
            let group = group.as_ref()?;
            let born = group.born;
            Some((GroupId { index, born }, group))
        })
    }

    /// Returns the rows of a group, newest first.
    pub fn rows(&self, group: &Group<L>) -> impl Iterator<Item = EntryId> {
        let older = |id: &u64| self.neighbour(*id, |slot| slot.older, u64::checked_sub);
        std::iter::successors(Some(group.newest), older).map(EntryId)
    }
}

fn apart(newer: u64, older: u64) -> u32 {
    u32::try_from(newer.saturating_sub(older)).unwrap_or(0)
}
