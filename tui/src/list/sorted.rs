//! Rows in the order of a field: ids in blocks of a bounded size, so that one can be put in or
//! taken out at the cost of a block.
//!
//! All rows are in it, also those that the filter hides, so that another filter needs no new
//! sort; blocks count how many of theirs are shown.

use super::Sort;
use super::key::{UNKNOWN, key_of, sorted, text_of, turned};
use crate::field::Kind;
use crate::model::Model;
use crate::store::EntryId;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::VecDeque;

/// The most ids a block holds; few in tests, so that they see many blocks.
const BLOCK: usize = if cfg!(test) { 4 } else { 1024 };

/// The block of what is in none: a gap.
const NOWHERE: u32 = u32::MAX;

/// Where an entry is, and by what; by order of arrival.
#[derive(Clone, Copy, Debug)]
struct Slot {
    key: u64,
    block: u32,
    shown: bool,
}

/// The slot of a gap.
const GAP: Slot = Slot {
    key: UNKNOWN,
    block: NOWHERE,
    shown: false,
};

#[derive(Debug, Default)]
struct Block {
    ids: Vec<EntryId>,
    shown: usize,
}

/// The rows of a model in order.
#[derive(Debug)]
pub(super) struct Sorted {
    sort: Sort,
    first: EntryId,
    slots: VecDeque<Slot>,
    /// Blocks stay at their place here; `order` tells which comes when.
    blocks: Vec<Block>,
    order: Vec<u32>,
    free: Vec<u32>,
}

impl Sorted {
    /// Sorts all rows.
    pub(super) fn new(sort: Sort, model: &Model, shown: impl Fn(EntryId) -> bool) -> Self {
        let first = model.store.first_id();
        let (mut known, mut unknown) = sorted(sort.field, model);
        if sort.descending {
            known.reverse();
            unknown.reverse();
        }
        let mut all = Self {
            sort,
            first,
            slots: std::iter::repeat_n(GAP, model.store.len()).collect(),
            blocks: Vec::new(),
            order: Vec::new(),
            free: Vec::new(),
        };
        let unknown = unknown.into_iter().map(|number| (UNKNOWN, number));
        let mut rows = known.into_iter().chain(unknown).peekable();
        while rows.peek().is_some() {
            let number = all.blocks.len() as u32;
            let mut block = Block {
                ids: Vec::with_capacity(BLOCK),
                shown: 0,
            };
            for (key, row) in rows.by_ref().take(BLOCK * 3 / 4) {
                let id = EntryId(first.0 + u64::from(row));
                let shown = shown(id);
                block.ids.push(id);
                block.shown += usize::from(shown);
                if let Some(slot) = all.slots.get_mut(row as usize) {
                    let key = turned(key, sort.descending);
                    *slot = Slot {
                        key,
                        block: number,
                        shown,
                    };
                }
            }
            all.blocks.push(block);
            all.order.push(number);
        }
        all
    }

    /// Appends a gap, which has no place in an order.
    pub(super) fn push_gap(&mut self) {
        self.slots.push_back(GAP);
    }

    /// Puts in the row that comes after the newest entry.
    pub(super) fn push_row(&mut self, shown: bool, model: &Model) {
        let id = EntryId(self.first.0 + self.slots.len() as u64);
        self.push_gap();
        self.put(id, self.key(id, model), shown, model);
    }

    /// Takes note that a row changed.
    pub(super) fn update(&mut self, id: EntryId, shown: bool, model: &Model) {
        let key = self.key(id, model);
        match self.slot(id) {
            Some(slot) if slot.key == key => self.show(id, shown),
            Some(_) => {
                self.take(id);
                self.put(id, key, shown, model);
            }
            None => {}
        }
    }

    /// Shows or hides a row.
    pub(super) fn show(&mut self, id: EntryId, shown: bool) {
        let Some(slot) = self.slot_mut(id) else {
            return;
        };
        let was = std::mem::replace(&mut slot.shown, shown);
        let block = slot.block as usize;
        if let Some(block) = self.blocks.get_mut(block) {
            block.shown = block.shown + usize::from(shown) - usize::from(was);
        }
    }

    /// Drops the oldest entry.
    pub(super) fn pop_oldest(&mut self) {
        self.take(self.first);
        if self.slots.pop_front().is_some() {
            self.first.0 += 1;
        }
    }

    /// Takes note that the next entry is this one or a later one, when all others are gone.
    pub(super) fn skip_to(&mut self, first: EntryId) {
        if self.slots.is_empty() {
            self.first = self.first.max(first);
        }
    }

    /// Returns the shown rows from a place on.
    pub(super) fn from(&self, index: usize) -> impl Iterator<Item = EntryId> {
        let (mut at, mut skip) = (0, index);
        while let Some(block) = self.block_at(at).filter(|block| block.shown <= skip) {
            skip -= block.shown;
            at += 1;
        }
        let rest = self.order.get(at..).unwrap_or(&[]);
        let blocks = rest
            .iter()
            .filter_map(|block| self.blocks.get(*block as usize));
        let ids = blocks.flat_map(|block| block.ids.iter().copied());
        ids.filter(|id| self.is_shown(*id)).skip(skip)
    }

    /// Returns how many shown rows come before a row; `None` if it has no place.
    pub(super) fn rank(&self, id: EntryId) -> Option<usize> {
        let own = self.slot(id).filter(|slot| slot.block != NOWHERE)?.block;
        let before = self.order.iter().take_while(|block| **block != own);
        let before = before.filter_map(|block| self.blocks.get(*block as usize));
        let ids = &self.blocks.get(own as usize)?.ids;
        let inside = ids.iter().take_while(|other| **other != id);
        let inside = inside.filter(|other| self.is_shown(**other)).count();
        Some(before.map(|block| block.shown).sum::<usize>() + inside)
    }

    fn is_shown(&self, id: EntryId) -> bool {
        self.slot(id).is_some_and(|slot| slot.shown)
    }

    fn key(&self, id: EntryId, model: &Model) -> u64 {
        turned(key_of(self.sort.field, id, model), self.sort.descending)
    }

    fn slot(&self, id: EntryId) -> Option<&Slot> {
        self.slots
            .get(usize::try_from(id.0.checked_sub(self.first.0)?).ok()?)
    }

    fn slot_mut(&mut self, id: EntryId) -> Option<&mut Slot> {
        self.slots
            .get_mut(usize::try_from(id.0.checked_sub(self.first.0)?).ok()?)
    }

    fn block_at(&self, at: usize) -> Option<&Block> {
        self.blocks.get(*self.order.get(at)? as usize)
    }

    fn put(&mut self, id: EntryId, key: u64, shown: bool, model: &Model) {
        let field = self.sort.field;
        let turn = |order: Ordering| {
            if self.sort.descending {
                order.reverse()
            } else {
                order
            }
        };
        let has_text = field.kind == Kind::Text && key != UNKNOWN;
        let own = OnceCell::new();
        let compare_texts = |other: EntryId| {
            let own = own.get_or_init(|| text_of(field, id, model));
            match text_of(field, other, model) {
                Some(other) => turn(own.as_deref().cmp(&Some(&other))),
                None => Ordering::Equal,
            }
        };
        let after = |other: &EntryId| {
            let order = key.cmp(&self.slot(*other).map_or(UNKNOWN, |slot| slot.key));
            let order = match order {
                Ordering::Equal if has_text => compare_texts(*other),
                order => order,
            };
            order.then_with(|| turn(id.cmp(other))).is_gt()
        };
        let starts_before = |block: &u32| {
            let block = self.blocks.get(*block as usize);
            block.and_then(|block| block.ids.first()).is_some_and(after)
        };
        let at = self.order.partition_point(starts_before).saturating_sub(1);
        let place = self
            .block_at(at)
            .map_or(0, |block| block.ids.partition_point(after));
        let (at, place) = self.make_room(at, place);
        let Some(number) = self.order.get(at).copied() else {
            return;
        };
        if let Some(block) = self.blocks.get_mut(number as usize) {
            block.ids.insert(place, id);
            block.shown += usize::from(shown);
        }
        if let Some(slot) = self.slot_mut(id) {
            *slot = Slot {
                key,
                block: number,
                shown,
            };
        }
    }

    /// Takes a row out of its block.
    fn take(&mut self, id: EntryId) {
        let Some(slot) = self.slot_mut(id) else {
            return;
        };
        let Slot {
            block: number,
            shown,
            ..
        } = std::mem::replace(slot, GAP);
        let Some(block) = self.blocks.get_mut(number as usize) else {
            return;
        };
        if let Some(place) = block.ids.iter().position(|other| *other == id) {
            block.ids.remove(place);
            block.shown -= usize::from(shown);
        }
        if block.ids.is_empty() {
            self.order.retain(|other| *other != number);
            self.free.push(number);
        }
    }

    /// Makes a place in the `at`-th block fit for one more id; returns where that place is now.
    fn make_room(&mut self, at: usize, place: usize) -> (usize, usize) {
        let Some(number) = self.order.get(at).copied() else {
            let number = self.new_block();
            self.order.insert(at, number);
            return (at, place);
        };
        let Some(block) = self
            .blocks
            .get_mut(number as usize)
            .filter(|b| b.ids.len() >= BLOCK)
        else {
            return (at, place);
        };
        // What comes in order fills blocks rather than halves them.
        let cut = if place == block.ids.len() {
            place
        } else {
            BLOCK / 2
        };
        let moved = block.ids.split_off(cut);
        let new = self.new_block();
        let mut shown = 0;
        for id in &moved {
            if let Some(slot) = self.slot_mut(*id) {
                slot.block = new;
                shown += usize::from(slot.shown);
            }
        }
        if let Some(block) = self.blocks.get_mut(number as usize) {
            block.shown -= shown;
        }
        if let Some(block) = self.blocks.get_mut(new as usize) {
            block.ids.extend(moved);
            block.shown = shown;
        }
        self.order.insert(at + 1, new);
        if place >= cut {
            (at + 1, place - cut)
        } else {
            (at, place)
        }
    }

    fn new_block(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.blocks.push(Block {
                ids: Vec::with_capacity(BLOCK),
                shown: 0,
            });
            (self.blocks.len() - 1) as u32
        })
    }
}
