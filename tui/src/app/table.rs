//! The table's selection and scroll position: both stay on their event, whatever comes or goes.

use crate::list::List;
use crate::model::Model;
use crate::store::EntryId;

/// Where the table stands.
#[derive(Clone, Debug)]
pub struct Table {
    /// The event that was chosen; the nearest one is taken while it is not listed.
    chosen: Option<EntryId>,
    /// Whether the selection stays at the end where new events come.
    pub follow: bool,
    /// On which visible line the selection stands.
    line: usize,
    /// Where the selection stood in the list.
    index: usize,
    /// By how many cells the commands are scrolled sideways.
    pub sideways: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            chosen: None,
            follow: true,
            line: 0,
            index: 0,
            sideways: 0,
        }
    }
}

/// What of a list is visible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Index of the first visible line.
    pub top: usize,
    /// Index of the selected line, if there is any.
    pub selected: Option<usize>,
}

impl Table {
    /// Returns the index of the selected line.
    pub fn selected(&self, list: &List, model: &Model) -> Option<usize> {
        let last = list.len().checked_sub(1)?;
        if self.follow {
            return Some(follow_end(list));
        }
        let Some(id) = self.chosen else {
            return Some(self.index.min(last));
        };
        let index = match list.position(id, model) {
            Ok(index) => index,
            // An evicted row has no values any more by which it could have a place.
            Err(_) if list.sort().is_some() && model.store.get(id).is_none() => self.index,
            Err(near) => near,
        };
        Some(index.min(last))
    }

    /// Returns the id of the selected line.
    pub fn selected_id(&self, list: &List, model: &Model) -> Option<EntryId> {
        list.get(self.selected(list, model)?)
    }

    /// Decides what of the list is visible on `height` lines.
    pub fn window(&mut self, list: &List, model: &Model, height: usize) -> Window {
        let Some(index) = self.selected(list, model) else {
            return Window::default();
        };
        if self.follow && list.sort().is_none() {
            self.line = height;
        }
        let top = window_top(index, self.line, list.len(), height);
        self.line = index - top;
        self.index = index;
        if self.follow || self.chosen.is_none_or(|id| model.store.get(id).is_none()) {
            self.chosen = list.get(index);
        }
        Window {
            top,
            selected: Some(index),
        }
    }

    /// Selects the line of an index and leaves follow.
    pub fn select(&mut self, index: usize, list: &List, model: &Model, height: usize) {
        let before = self.window(list, model, height);
        let index = index.min(list.len().saturating_sub(1));
        self.follow = false;
        self.chosen = list.get(index);
        self.index = index;
        self.line = index
            .saturating_sub(before.top)
            .min(height.saturating_sub(1));
    }

    /// Moves the selection by some lines; past the newest event it follows.
    pub fn step(&mut self, by: isize, list: &List, model: &Model, height: usize) {
        let Some(index) = self.selected(list, model) else {
            return;
        };
        let to = index.saturating_add_signed(by).min(list.len() - 1);
        let end = follow_end(list);
        if to == index && index == end {
            self.follow = true;
        } else if to != index {
            self.select(to, list, model, height);
        }
    }

    /// Scrolls by some lines; the selection stays on its event while that is visible.
    pub fn scroll(&mut self, by: isize, list: &List, model: &Model, height: usize) {
        let window = self.window(list, model, height);
        let Some(index) = window.selected else {
            return;
        };
        let (top, to) = scrolled(window.top, index, by, list.len(), height);
        if top == window.top {
            self.step(by.signum(), list, model, height);
        } else {
            self.select(to, list, model, height);
            self.line = to - top;
        }
    }
}

/// Returns where new events come: the end of the list, or its top when it is sorted.
fn follow_end(list: &List) -> usize {
    match list.sort() {
        None => list.len().saturating_sub(1),
        Some(_) => 0,
    }
}

/// Returns the first visible line such that `index` stands on line `line`, if that can be.
pub(super) fn window_top(index: usize, line: usize, len: usize, height: usize) -> usize {
    let line = line.min(height.saturating_sub(1));
    index.saturating_sub(line).min(len.saturating_sub(height))
}

/// Returns by how many lines a list is to be scrolled so that the selected one is among `page` visible ones: as before
/// if it is already.
pub fn in_sight(scroll: usize, selected: usize, page: usize) -> usize {
    scroll
        .min(selected)
        .max((selected + 1).saturating_sub(page))
}

/// Returns the first visible line and the selected one after scrolling.
pub(super) fn scrolled(
    top: usize,
    index: usize,
    by: isize,
    len: usize,
    height: usize,
) -> (usize, usize) {
    let top = top
        .saturating_add_signed(by)
        .min(len.saturating_sub(height));
    let last = (top + height.max(1) - 1).min(len.saturating_sub(1));
    (top, index.clamp(top.min(last), last))
}
