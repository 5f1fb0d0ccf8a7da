//! Group and Failures: tables of groups, their order and selection.

use super::cursor::Cursor;
use super::handle::step;
use super::passing::Passing;
use super::popup::{Popup, SortMenu};
use super::{App, View};
use crate::action::Action;
use crate::model::RATE_REACH;
use crate::pivot::by;
use crate::pivot::failed::{self, What};
use crate::pivot::{Group, GroupId, Pivot};
use crate::store::EntryId;
use std::cmp::Ordering;

/// Groups are ordered anew by what happens this seldom, so that they can be read.
const CALM_NS: u64 = 500_000_000;

/// A column that groups are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// One of the values that they have in common.
    Label(usize),
    /// Number of rows.
    Count,
    /// Rows in a second, lately.
    Rate,
    /// Share of the failed execs.
    Failed,
    /// Median of the durations.
    Half,
    /// What 95 % of the durations are not above.
    Most,
    /// What they cost together.
    Cost,
    /// When the newest row came.
    Last,
}

/// A column's name, and what it tells.
pub type Words = (String, String);

/// How groups are shown.
#[derive(Debug)]
pub struct Order {
    /// The column.
    pub by: By,
    /// Whether the largest comes first.
    pub descending: bool,
    /// The groups in order.
    list: Vec<GroupId>,
    /// The selection.
    pub cursor: Cursor<GroupId>,
    stale: bool,
    made_ns: u64,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            by: By::Count,
            descending: true,
            list: Vec::new(),
            cursor: Cursor::default(),
            stale: true,
            made_ns: 0,
        }
    }
}

/// Seconds that rates are of.
pub const RATE_SECONDS: u32 = 10;

/// The seconds that the rates of groups are of at an instant.
#[derive(Clone, Copy, Debug)]
pub struct Lately {
    /// The first.
    pub from: u32,
    /// The one after the last.
    pub to: u32,
}

impl Lately {
    /// The last whole seconds before `now_ns`, as far as the history goes back.
    pub fn new(now_ns: u64, oldest_ns: Option<u64>) -> Self {
        let to = (now_ns / 1_000_000_000) as u32;
        let oldest = oldest_ns.map_or(0, |ns| (ns / 1_000_000_000) as u32);
        let from = to.saturating_sub(RATE_SECONDS).max(oldest);
        Self {
            from: from.min(to.saturating_sub(1)),
            to,
        }
    }

    /// Returns how many rows a group had in a second, in tenths.
    pub fn tenths<L>(self, group: &Group<L>) -> u64 {
        let seconds = u64::from(self.to.saturating_sub(self.from)).max(1);
        group.stats.between(self.from, self.to) * 10 / seconds
    }
}

impl Order {
    /// Takes note that groups changed.
    pub fn touch(&mut self) {
        self.stale = true;
    }

    /// Orders anew with the next frame, whatever was before.
    pub fn reset(&mut self) {
        self.stale = true;
        self.made_ns = 0;
    }

    /// Returns the groups in order.
    pub fn list(&self) -> &[GroupId] {
        &self.list
    }

    /// Orders the groups anew if they changed, but not all the time; some stand below all others.
    pub fn refresh<L>(
        &mut self,
        pivot: &Pivot<L>,
        now_ns: u64,
        lately: Lately,
        below: impl Fn(&L) -> bool,
        labels: impl Fn(&L, &L, usize) -> Ordering,
    ) {
        let soon = now_ns.saturating_sub(self.made_ns) < CALM_NS && !self.list.is_empty();
        if !self.stale || (soon && self.made_ns > 0) {
            return;
        }
        self.stale = false;
        self.made_ns = now_ns;
        let figure = |group: &Group<L>| -> Option<u64> {
            let stats = &group.stats;
            match self.by {
                By::Label(_) => None,
                By::Count => Some(stats.count),
                By::Rate => Some(lately.tenths(group)),
                By::Failed => Some(stats.failed * 1_000_000 / stats.count.max(1)),
                By::Half => stats.durations.percentile(50),
                By::Most => stats.durations.percentile(95),
                By::Cost => Some(stats.cost_ns),
                By::Last => Some(group.newest().0),
            }
        };
        let mut rows: Vec<_> = pivot
            .iter()
            .map(|(id, group)| (figure(group), id, group))
            .collect();
        let way = |order: Ordering| {
            if self.descending {
                order.reverse()
            } else {
                order
            }
        };
        rows.sort_by(|(a, _, one), (b, _, other)| {
            let first = match self.by {
                By::Label(place) => way(labels(&one.label, &other.label, place)),
                // What is not known comes last either way.
                _ => match (a, b) {
                    (Some(a), Some(b)) => way(a.cmp(b)),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                },
            };
            // Equal ones stand in the order of their names, so that they do not jump.
            let apart = below(&one.label).cmp(&below(&other.label));
            apart
                .then(first)
                .then_with(|| labels(&one.label, &other.label, 0))
        });
        self.list = rows.into_iter().map(|(_, id, _)| id).collect();
        self.cursor.follow(&self.list);
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize, height: usize) {
        self.cursor.step(by, &self.list, height);
    }

    /// Selects a line.
    pub fn select(&mut self, index: usize, height: usize) {
        self.cursor.select(index, &self.list, height);
    }

    /// Scrolls.
    pub fn scroll(&mut self, by: isize, height: usize) {
        self.cursor.scroll(by, &self.list, height);
    }

    /// Sorts by a column; by the one that it is sorted by, the other way round.
    pub fn sort_by(&mut self, by: By) {
        let same = self.by == by;
        self.descending = if same {
            !self.descending
        } else {
            !matches!(by, By::Label(_))
        };
        self.by = by;
        self.reset();
    }
}

impl App {
    /// Puts all rows together anew for the shown view: the filter or what they are put together by
    /// is another, or the view was opened.
    pub(super) fn regroup(&mut self) {
        self.groups.by = None;
        self.failures.by = None;
        self.rates.spawners = None;
        self.rates.passing = None;
        let (first, next) = (self.model.store.first_id(), self.model.store.next_id());
        match self.view {
            View::Events | View::Tree => return,
            // Who started what is taken in frame by frame.
            View::Rate if self.list.filter().is_empty() => return,
            View::Rate => self.rates.passing = Some(Passing::new(RATE_REACH, first)),
            View::Group => self.groups.by = Some(by::By::new(self.groups.fields.clone(), first)),
            View::Failures => {
                let by_name = self.failures.by_name;
                self.failures.by = Some(failed::Failures::new(by_name, first));
            }
        }
        let until = self.paused.as_ref().map_or(next, |paused| paused.from);
        for id in (first.0..until.0).map(EntryId) {
            self.group(id);
        }
        if let Some(order) = self.order_mut() {
            order.cursor.forget();
            order.reset();
        }
    }

    /// Takes note of an entry that is new or changed.
    pub(super) fn group(&mut self, id: EntryId) {
        if self.order().is_none() {
            return;
        }
        let shown = self.list.shows(id);
        if let Some(by) = &mut self.groups.by {
            by.put(id, shown, &self.model);
        }
        if let Some(passing) = &mut self.rates.passing {
            passing.put(id, shown, &self.model);
        }
        if let Some(spawners) = &mut self.rates.spawners {
            spawners.changed(id, shown, &self.model);
        }
        if let Some(by) = &mut self.failures.by {
            by.put(id, shown, &self.model);
        }
        self.touch_groups();
    }

    /// Takes the rows out that left the history: those before `first`.
    pub(super) fn evict_groups(&mut self, first: EntryId) {
        if let Some(by) = &mut self.groups.by {
            by.pivot.evict(first);
        }
        if let Some(passing) = &mut self.rates.passing {
            passing.evict(first);
        }
        if let Some(spawners) = &mut self.rates.spawners {
            spawners.evict(first);
        }
        if let Some(by) = &mut self.failures.by {
            by.evict(first);
        }
        self.touch_groups();
    }

    /// Takes note that figures may be others.
    pub(super) fn touch_groups(&mut self) {
        if let Some(order) = self.order_mut() {
            order.touch();
        }
    }

    /// Returns how the groups of the shown view are shown, if it has groups.
    pub(crate) fn order(&self) -> Option<&Order> {
        match self.view {
            View::Group => Some(&self.groups.order),
            View::Rate => Some(&self.rates.order),
            View::Failures => Some(&self.failures.order),
            View::Events | View::Tree => None,
        }
    }

    pub(super) fn order_mut(&mut self) -> Option<&mut Order> {
        match self.view {
            View::Group => Some(&mut self.groups.order),
            View::Rate => Some(&mut self.rates.order),
            View::Failures => Some(&mut self.failures.order),
            View::Events | View::Tree => None,
        }
    }

    /// Orders the groups of the shown view anew if it is time to.
    pub(crate) fn refresh_order(&mut self, now_ns: u64) {
        let oldest_ns = self.oldest_ns();
        match self.view {
            View::Group => self.groups.refresh(now_ns, oldest_ns),
            View::Rate => self.refresh_rates(now_ns),
            View::Failures => self.failures.refresh(now_ns, oldest_ns),
            View::Events | View::Tree => {}
        }
    }

    /// Returns the columns that the groups of the shown view can be sorted by.
    pub(crate) fn order_columns(&self) -> Vec<(By, Words)> {
        match self.view {
            View::Group => self.groups.columns(),
            View::Rate => self.rates.columns(),
            View::Failures => self.failures.columns(),
            View::Events | View::Tree => Vec::new(),
        }
    }

    /// Returns the newest row of a line's group, and how many of the group's execs failed.
    pub(super) fn group_at(&self, index: usize) -> Option<(EntryId, u64)> {
        let id = *self.order()?.list().get(index)?;
        match self.view {
            View::Group => {
                let group = self.groups.get(id)?;
                Some((group.newest(), group.stats.failed))
            }
            View::Rate => {
                let group = self.rates.get(id)?;
                Some((group.newest(), group.stats.failed))
            }
            View::Failures => {
                let group = self.failures.get(id)?;
                // What only looked for its program did not fail in the end.
                let truly = !matches!(group.label.what, What::Misses { .. });
                Some((group.newest(), u64::from(truly)))
            }
            View::Events | View::Tree => None,
        }
    }

    /// Returns the newest row of the selected group.
    pub(super) fn newest_of_group(&self) -> Option<EntryId> {
        let (newest, _) = self.group_at(self.order()?.cursor.index())?;
        Some(newest)
    }

    pub(super) fn select_group(&mut self, index: usize) {
        let page = self.hits.page();
        if let Some(order) = self.order_mut() {
            order.select(index, page);
        }
    }

    pub(super) fn act_in_order(&mut self, action: Action) {
        let page = self.hits.page();
        let columns = self.order_columns();
        let current = self.order().map(|order| order.by);
        let place = columns.iter().position(|(by, _)| Some(*by) == current);
        let Some(order) = self.order_mut() else {
            return;
        };
        match action {
            Action::Top => order.select(0, page),
            Action::Bottom => order.select(usize::MAX, page),
            Action::SortMenu => {
                let menu = SortMenu::at(place.unwrap_or(0));
                self.popups.push(Popup::Sort(menu));
            }
            Action::SortLeft | Action::SortRight => {
                let by = if action == Action::SortLeft { -1 } else { 1 };
                let next = place.and_then(|place| place.checked_add_signed(by));
                match next.and_then(|next| columns.get(next)) {
                    Some((by, _)) => self.sort_groups(*by),
                    None => self.warn("no column further on this side"),
                }
            }
            Action::InvertSort => {
                let by = order.by;
                self.sort_groups(by);
            }
            _ => {
                if let Some(by) = step(action, page) {
                    order.step(by, page);
                }
            }
        }
    }

    /// Sorts the groups by a column, or the other way round.
    pub(super) fn sort_groups(&mut self, by: By) {
        let columns = self.order_columns();
        let Some(order) = self.order_mut() else {
            return;
        };
        order.sort_by(by);
        let way = match order.descending {
            true => "largest first",
            false => "smallest first",
        };
        let title = columns.into_iter().find(|(one, _)| *one == by);
        let title = title.map(|(_, (title, _))| title).unwrap_or_default();
        self.inform(format!("sorted by {title}, {way}"));
    }
}
