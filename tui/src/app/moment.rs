//! A moment of the past: the list, the tree and the rates as they were then. The view stands still meanwhile, and the
//! capture goes on.
//!
//! What came later is left out of the list and the tree, and what ended later runs. All that is decided by where
//! the history is cut, without going through it; a list that is sorted stands in the order of arrival. What the filter
//! lets through, and the figures of groups and of subtrees, stay those of now.

use super::{App, Request, View};
use crate::pivot::spawners::first_since;
use crate::store::{Entry, EntryId};

const SECOND_NS: u64 = 1_000_000_000;

/// How fast something can be replayed, at least and at most, times as fast as it happened.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.125..=1_024.0;

const NO_PACE: &str = "this is not replayed at a pace; --speed N with -r or --demo does that";

/// A moment that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The first entry that came later.
    pub until: EntryId,
    /// When it is: CLOCK_BOOTTIME, ns.
    pub time_ns: u64,
    /// The time at which the view was when it left the present.
    pub from_ns: u64,
    /// Whether the view was paused then.
    was_paused: bool,
}

impl App {
    /// Returns the moment that is looked at, if it is not the present.
    pub fn moment(&self) -> Option<Moment> {
        self.moment
    }

    /// Goes to the listed event before the moment, or after it.
    pub(super) fn step_moment(&mut self, forward: bool) {
        let next = match (self.moment, forward) {
            (None, true) => return self.warn("this is the present"),
            (Some(moment), true) => self.list.first_from(moment.until),
            (Some(moment), false) => {
                let last = self.list.last_before(moment.until);
                last.and_then(|last| self.list.last_before(last))
            }
            // As it was when the selected event came.
            (None, false) if self.view == View::Events && !self.table.follow => {
                self.selected_entry()
            }
            (None, false) => {
                let next = self.model.store.next_id();
                let last = self.list.last_before(next);
                last.and_then(|last| self.list.last_before(last))
            }
        };
        match (next, forward) {
            (Some(id), _) => {
                let entry = self.model.store.get(id);
                let time_ns = entry.map_or(0, Entry::time_ns);
                self.look_at(EntryId(id.0 + 1), time_ns);
            }
            (None, true) => self.leave_moment(),
            (None, false) => self.warn("nothing is listed earlier"),
        }
    }

    /// Goes a second back, or on.
    pub(super) fn step_second(&mut self, forward: bool) {
        let at_ns = match self.moment {
            Some(moment) => moment.time_ns,
            None if forward => return self.warn("this is the present"),
            None => self.now_ns,
        };
        let time_ns = match forward {
            true => at_ns.saturating_add(SECOND_NS),
            false => at_ns.saturating_sub(SECOND_NS),
        };
        if forward && self.moment.is_some_and(|moment| time_ns >= moment.from_ns) {
            return self.leave_moment();
        }
        if self.oldest_ns().is_none_or(|oldest| oldest > time_ns) {
            return self.warn("the history begins here");
        }
        let until = first_since(&self.model.store, time_ns.saturating_add(1));
        self.look_at(until, time_ns);
    }

    fn look_at(&mut self, until: EntryId, time_ns: u64) {
        let (from_ns, was_paused) = match self.moment {
            Some(moment) => (moment.from_ns, moment.was_paused),
            None => (self.now_ns, self.is_paused()),
        };
        if !self.is_paused() {
            self.pause();
        }
        self.list.set_until(Some(until));
        self.table.follow = true;
        self.tree.set_as_of(Some(time_ns));
        self.rates.look_back_to(time_ns);
        self.moment = Some(Moment {
            until,
            time_ns,
            from_ns,
            was_paused,
        });
        if matches!(self.view, View::Group | View::Failures) {
            self.inform("groups are as of now; the list, the tree and the rates are as of then");
        }
    }

    /// Goes back to the present; a view that was paused there still is.
    pub(super) fn leave_moment(&mut self) {
        let Some(moment) = self.moment.take() else {
            return;
        };
        self.list.set_until(None);
        self.tree.set_as_of(None);
        self.table.follow = true;
        if moment.was_paused {
            self.rates.look_back_to(moment.from_ns);
        } else {
            self.resume();
        }
        self.inform("back to the present");
    }

    /// Replays as many times as fast.
    pub(super) fn change_speed(&mut self, times: f64) {
        let Some(speed) = self.options.speed else {
            return self.warn(NO_PACE);
        };
        let to = (speed * times).clamp(*SPEEDS.start(), *SPEEDS.end());
        self.options.speed = Some(to);
        self.requests.push(Request::Speed(to));
        self.inform(format!("replays {to} times as fast as it happened"));
    }

    /// Lets the next event of a replay happen, and no more.
    pub(super) fn step_replay(&mut self) {
        if self.options.speed.is_none() {
            self.warn(NO_PACE);
        } else if self.moment.is_some() {
            self.warn("this is the past; go on to the present first");
        } else {
            if !self.is_paused() {
                self.pause();
            }
            self.stepping = true;
            self.requests.push(Request::Step);
        }
    }

    /// Lets a paused view take in what comes, if it is the step that was asked for.
    pub(super) fn take_step(&mut self, events: usize, take: impl FnOnce(&mut Self)) {
        let steps = events > 0 && std::mem::take(&mut self.stepping) && self.is_paused();
        if steps {
            self.resume();
        }
        take(self);
        if steps {
            self.pause();
        }
    }
}

#[cfg(test)]
mod tests;
