//! The view Rate: how much happened when, at which moment one looks, and who started it.

use super::passing::Passing;
use super::pivots::{By, Lately, Order, Words};
use super::{App, View};
use crate::action::Action;
use crate::format;
use crate::keymap::Mode;
use crate::model::Model;
use crate::pivot::spawners::{Span, Spawner, Spawners, first_since};
use crate::pivot::{Group, GroupId};
use crate::rate::{Bucket, Rate, SECOND_NS};
use crate::store::EntryId;
use crate::text;
use std::cmp::Ordering;

#[cfg(test)]
mod tests;

/// Seconds that a column of the chart can have.
pub const STEPS: [u64; 3] = [1, 10, 60];

/// Seconds that are looked at while new ones come: fewer would not stand still long enough to be read.
const AT_LEAST: u64 = 10;

/// Rows that one frame takes in.
const ROWS: usize = 10_000;

const UNKNOWN: &str = "nothing is known of the time before";

/// The columns, each with its title and what it tells.
pub const COLUMNS: [(By, &str, &str); 8] = [
    (By::Label(0), "PARENT", "task name of the parent"),
    (By::Label(1), "PID", "process id of the parent"),
    (
        By::Count,
        "COUNT",
        "execs that it started in this time, with share and rate",
    ),
    (By::Failed, "FAIL", "share of the execs that failed"),
    (By::Half, "P50", "median duration of those that ended"),
    (By::Most, "P95", "what 95 % of the durations are not above"),
    (By::Cost, "CPU", "user and system time of all together"),
    (By::Last, "LAST", "the newest"),
];

/// The state of the view.
#[derive(Debug, Default)]
pub struct Rates {
    /// Which of [`STEPS`] a column has.
    step: usize,
    /// The first second of the chosen column; `None` goes along with the newest.
    chosen: Option<u64>,
    /// The first second of the last column in sight, while one is chosen.
    end: Option<u64>,
    /// The second that is now, or was when the view was paused.
    now: u64,
    /// The first whole second of the capture.
    began: u64,
    /// Who started what in the time that is looked at, while the view is shown.
    pub spawners: Option<Spawners>,
    /// How they are shown.
    pub order: Order,
    /// Counts of what passes, while the view is shown and there is a filter.
    pub passing: Option<Passing>,
}

/// Compares parents, by one column first.
fn labels(one: &Spawner, other: &Spawner, place: usize) -> Ordering {
    let comms = || one.comm.cmp(&other.comm);
    let pids = || one.pid.cmp(&other.pid).then(one.key.cmp(&other.key));
    match place {
        0 => comms().then_with(pids),
        _ => pids().then_with(comms),
    }
}

impl Rates {
    /// Takes another moment for now.
    pub(super) fn look_back_to(&mut self, now_ns: u64) {
        self.now = now_ns / SECOND_NS;
        self.chosen = self.chosen.filter(|chosen| *chosen < self.now);
    }

    /// Returns how many seconds a column has.
    pub fn step(&self) -> u64 {
        STEPS.get(self.step).copied().unwrap_or(1)
    }

    /// Returns the first second of the chosen column.
    pub fn chosen(&self) -> Option<u64> {
        self.chosen
    }

    /// Returns the second that is now, or was when the view was paused.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Returns the first second of the column that a second is in. Columns begin at whole minutes of the
    /// time of day, and the like.
    pub fn column_of(&self, second: u64, model: &Model) -> u64 {
        second.saturating_sub(self.into_wall(second, self.step(), model))
    }

    /// Returns how long a second is after the last time of day that is a multiple of so many seconds.
    pub fn into_wall(&self, second: u64, multiple: u64, model: &Model) -> u64 {
        let wall = i128::from(model.session.boot_time_ns.div_euclid(SECOND_NS as i64));
        let into = (wall + i128::from(second)).rem_euclid(i128::from(multiple.max(1)));
        u64::try_from(into).unwrap_or(0)
    }

    /// Decides which columns are in sight; returns the first second of the first of them.
    pub fn first_column(&mut self, columns: usize, model: &Model) -> u64 {
        let newest = self.column_of(self.now, model);
        let reach = (columns.max(1) as u64 - 1) * self.step();
        let Some(chosen) = self.chosen else {
            self.end = None;
            return newest.saturating_sub(reach);
        };
        let end = self.end.unwrap_or(newest);
        let near = end.clamp(chosen, chosen.saturating_add(reach));
        // A step out of sight brings that one column; after a leap both sides are in sight.
        let leap = near.abs_diff(end) > self.step();
        let end = if leap { chosen + reach / 2 } else { near };
        let end = self.column_of(end, model).min(newest).max(chosen);
        self.end = Some(end);
        end.saturating_sub(reach)
    }

    /// Returns the time that is looked at.
    pub fn span(&self) -> Span {
        match self.chosen {
            Some(from) => Span {
                from,
                to: from + self.step(),
            },
            None => Span {
                from: self
                    .now
                    .saturating_sub(self.step().max(AT_LEAST))
                    .max(self.began)
                    .min(self.now.saturating_sub(1)),
                to: self.now,
            },
        }
    }

    /// Returns a group.
    pub fn get(&self, id: GroupId) -> Option<&Group<Spawner>> {
        self.spawners.as_ref()?.pivot.get(id)
    }

    /// Returns the selected group.
    pub fn selected(&self) -> Option<&Group<Spawner>> {
        self.get(self.order.cursor.chosen()?)
    }

    /// Returns the columns with their titles, left to right.
    pub fn columns(&self) -> Vec<(By, Words)> {
        let words =
            |(by, title, doc): &(By, &str, &str)| (*by, ((*title).to_owned(), (*doc).to_owned()));
        COLUMNS.iter().map(words).collect()
    }
}

impl App {
    /// Returns the counts by second that the view shows: of what passes the filter.
    pub(crate) fn shown_rate(&self) -> &Rate {
        let passing = self.rates.passing.as_ref();
        passing.map_or(&self.model.rate, Passing::rate)
    }

    /// Returns what happened in the time that is looked at.
    pub(crate) fn at_the_moment(&self) -> Bucket {
        let Span { from, to } = self.rates.span();
        self.shown_rate().between(from, to)
    }

    /// Takes in the time, unless the view is paused.
    pub(super) fn pass_time(&mut self, now_ns: u64) {
        if !self.is_paused() {
            self.rates.now = now_ns / SECOND_NS;
            self.rates.began = self.model.session.started_ns.div_ceil(SECOND_NS);
        }
    }

    /// Takes in the time, and some more of who started what.
    pub(super) fn refresh_rates(&mut self, now_ns: u64) {
        self.pass_time(now_ns);
        let paused = self.paused.as_ref().map(|paused| paused.from);
        let span = self.rates.span();
        let follows = self.rates.chosen.is_none();
        let store = &self.model.store;
        match &mut self.rates.spawners {
            Some(spawners) if spawners.span == span => {}
            Some(spawners)
                if follows
                    && span.to >= spawners.span.to
                    && (spawners.span.from..spawners.span.to).contains(&span.from) =>
            {
                spawners.slide(span, store);
                self.rates.order.touch();
            }
            spawners => {
                *spawners = Some(Spawners::new(span, store));
                self.rates.order.reset();
            }
        }
        let until = paused.unwrap_or_else(|| store.next_id());
        if let Some(spawners) = &mut self.rates.spawners {
            let shown = |id| self.list.shows(id);
            if spawners.take_in(ROWS, until, shown, &self.model) {
                self.rates.order.touch();
            }
            if !spawners.done {
                self.dirty = true;
            }
            let lately = Lately::new(now_ns, None);
            let order = &mut self.rates.order;
            order.refresh(&spawners.pivot, now_ns, lately, |_| false, labels);
        }
    }

    pub(super) fn act_in_rates(&mut self, action: Action) {
        match action {
            Action::Left => self.move_moment(-1),
            Action::Right => self.move_moment(1),
            Action::LineStart => {
                let oldest = self.oldest_column();
                self.choose(oldest);
            }
            Action::LineEnd => self.follow_rates(true),
            Action::Follow => self.follow_rates(self.rates.chosen.is_some()),
            Action::FinerSpan => self.change_step(-1),
            Action::CoarserSpan => self.change_step(1),
            Action::Drill => self.jump_to_moment(),
            _ => self.act_in_order(action),
        }
    }

    fn follow_rates(&mut self, on: bool) {
        if on {
            self.rates.chosen = None;
            self.inform("goes along with the newest");
        } else {
            self.move_moment(-1);
            self.inform("stays at this moment");
        }
    }

    fn newest_column(&self) -> u64 {
        self.rates.column_of(self.rates.now, &self.model)
    }

    fn oldest_column(&self) -> u64 {
        let oldest = self.shown_rate().oldest().unwrap_or(self.rates.now);
        let oldest = oldest.min(self.newest_column().saturating_sub(self.rates.step()));
        self.rates.column_of(oldest, &self.model)
    }

    /// Looks at the column that begins with a second, or goes along with the newest if that is it.
    pub(super) fn choose(&mut self, column: u64) {
        let newest = self.newest_column();
        self.rates.chosen = (column < newest).then_some(column);
    }

    /// Looks at the clicked column; a click on the chosen one does what Enter does.
    pub(super) fn click_moment(&mut self, column: u64) {
        if self.rates.chosen == Some(column) {
            self.jump_to_moment();
        } else if column < self.oldest_column() {
            self.warn(UNKNOWN);
        } else {
            self.choose(column);
        }
    }

    fn move_moment(&mut self, by: i64) {
        let newest = self.newest_column();
        let from = self.rates.chosen.unwrap_or(newest);
        if by > 0 && self.rates.chosen.is_none() {
            return self.warn("this is the newest");
        }
        let to = from.saturating_add_signed(by * self.rates.step() as i64);
        if to < self.oldest_column() {
            return self.warn(UNKNOWN);
        }
        self.choose(to);
    }

    fn change_step(&mut self, by: isize) {
        let step = self.rates.step.checked_add_signed(by);
        let Some(step) = step.filter(|step| *step < STEPS.len()) else {
            return self.warn(match by > 0 {
                true => "a column has a minute already",
                false => "a column has one second already",
            });
        };
        self.rates.step = step;
        self.rates.end = None;
        if let Some(chosen) = self.rates.chosen {
            let column = self.rates.column_of(chosen, &self.model);
            self.choose(column);
        }
        self.inform(format!("a column has {}", format::span(self.rates.step())));
    }

    /// Looks at the next moment in which something failed, or the one before.
    pub(super) fn next_failed_moment(&mut self, forward: bool) {
        let step = self.rates.step();
        let (oldest, newest) = (self.oldest_column(), self.newest_column());
        let here = self.rates.chosen.unwrap_or(newest);
        let failed = |column: &u64| self.shown_rate().between(*column, *column + step).failed > 0;
        let hit = if forward {
            let mut columns = (1..).map(|n| here + n * step).take_while(|c| *c <= newest);
            columns.find(failed)
        } else {
            let columns = (1..).map_while(|n| here.checked_sub(n * step));
            columns.take_while(|c| *c >= oldest).find(failed)
        };
        match hit {
            Some(column) => self.choose(column),
            None if forward => self.warn("nothing failed later"),
            None => self.warn("nothing failed earlier"),
        }
    }

    /// Goes to the busiest of the seconds that a bar stands for: among the events, or else in the view of rates.
    pub(super) fn click_bar(&mut self, from: u64, seconds: u64) {
        let many = |second: &u64| {
            let bucket = self.model.rate.between(*second, second + 1);
            // Of equal ones the first.
            (bucket.execs + bucket.failed, std::cmp::Reverse(*second))
        };
        let busiest = (from..from + seconds.max(1)).max_by_key(many);
        let second = busiest.unwrap_or(from);
        if self.view == View::Events {
            let to = second + 1;
            return self.jump_to(Span { from: second, to });
        }
        if self.view != View::Rate {
            self.set_view(View::Rate);
        }
        let column = self.rates.column_of(second, &self.model);
        if column < self.oldest_column() {
            return self.warn(UNKNOWN);
        }
        self.choose(column);
    }

    /// Shows the events from the chosen moment on.
    fn jump_to_moment(&mut self) {
        self.jump_to(self.rates.span());
    }

    fn jump_to(&mut self, Span { from, to }: Span) {
        let (from_ns, to_ns) = (from * SECOND_NS, to * SECOND_NS);
        if self.oldest_ns().is_none_or(|oldest| oldest >= to_ns) {
            let gone = "the events of that time left the history; --history keeps more";
            return self.warn(match self.model.store.is_empty() {
                true => "there is no event to go to",
                false => gone,
            });
        }
        let begin = first_since(&self.model.store, from_ns.saturating_sub(SECOND_NS));
        let ids = (begin.0..self.model.store.next_id().0).map(EntryId);
        let hit = ids.filter(|id| self.list.shows(*id)).find_map(|id| {
            let time_ns = self.model.store.row(id)?.exec.time_ns;
            (time_ns >= from_ns).then_some((id, time_ns))
        });
        let Some((id, time_ns)) = hit else {
            return self.warn("nothing is listed from that moment on");
        };
        let back = match self.view {
            View::Events => String::new(),
            _ => {
                self.set_view(View::Events);
                let key = self.options.keys.text(Mode::Events, Action::ViewRate);
                format!("; {key} goes back")
            }
        };
        if let Ok(place) = self.list.position(id, &self.model) {
            let page = self.hits.page();
            self.table.select(place, &self.list, &self.model, page);
        }
        if time_ns < to_ns {
            self.inform(format!("the first event of that moment{back}"));
        } else {
            self.warn(format!(
                "nothing is listed in that moment; this came next{back}"
            ));
        }
    }

    /// Returns whether a line's parent or its newest exec has what is searched.
    pub(super) fn spawner_has(&self, index: usize) -> bool {
        let id = self.rates.order.list().get(index);
        let group = id.and_then(|id| self.rates.get(*id));
        group.is_some_and(|group| {
            let row = self.model.store.row(group.newest());
            self.search
                .is_in(&text::escape(group.label.comm.as_bytes()))
                || self.search.text() == group.label.pid.to_string()
                || row.is_some_and(|row| self.search.matches(row))
        })
    }
}
