//! Going to lines that have what was searched, or that failed.

use super::{App, View};
use crate::action::Action;
use crate::keymap::Mode;
use crate::store::EntryId;

impl App {
    /// Goes to the next hit of the search, or the one before.
    pub(super) fn search_again(&mut self, forward: bool) {
        if self.search.is_empty() {
            let key = self.options.keys.text(Mode::Events, Action::Search);
            self.warn(format!("nothing was searched yet: {key} begins"));
        } else {
            let what = format!("'{}'", self.search.text());
            self.go_to_next(forward, Want::Search, &what);
        }
    }

    /// Goes to the next failed exec, or the one before.
    pub(super) fn next_failure(&mut self, forward: bool) {
        if self.view == View::Rate {
            return self.next_failed_moment(forward);
        }
        self.go_to_next(forward, Want::Failure, "failed exec");
    }

    /// Goes to the next marked row, or the one before.
    pub(super) fn next_mark(&mut self, forward: bool) {
        if self.marks.is_empty() {
            let key = self.options.keys.text(Mode::Events, Action::ToggleMark);
            self.warn(format!("no row is marked: {key} marks one"));
        } else {
            self.go_to_next(forward, Want::Mark, "marked row");
        }
    }

    fn go_to_next(&mut self, forward: bool, want: Want, what: &str) {
        if !self.find(forward, false, want) {
            let end = if forward { "below" } else { "above" };
            self.warn(format!("no {what} {end}"));
        }
    }

    /// Marks the selected row, or takes its mark away.
    pub(super) fn toggle_mark(&mut self) {
        let Some(id) = self.selected_row().and(self.selected_entry()) else {
            return self.warn("there is no row to mark");
        };
        if self.marks.remove(&id) {
            return self.inform("not marked any more");
        }
        self.marks.insert(id);
        let key = |action| self.options.keys.text(Mode::Events, action);
        let (back, on) = (key(Action::PreviousMark), key(Action::NextMark));
        self.inform(format!("marked; {back} and {on} go to marked rows"));
    }

    pub(super) fn search_from_here(&mut self) -> bool {
        self.find(true, true, Want::Search) || self.find(false, false, Want::Search)
    }

    /// Selects the nearest line that is wanted. Returns whether there is one.
    fn find(&mut self, forward: bool, here_too: bool, want: Want) -> bool {
        let (len, here) = match self.view {
            View::Events => {
                let here = self.table.selected(&self.list, &self.model);
                (self.list.len(), here)
            }
            View::Tree => (self.tree.lines().len(), Some(self.tree.index())),
            View::Group | View::Rate | View::Failures => {
                let order = self.order();
                let len = order.map_or(0, |order| order.list().len());
                (len, order.map(|order| order.cursor.index()))
            }
        };
        let Some(here) = here else {
            return false;
        };
        let wanted = |index: &usize| self.wants(*index, want);
        let start = here + usize::from(!here_too);
        let hit = if forward && self.view == View::Events {
            let mut ids = self.list.iter_from(start);
            ids.position(|id| self.wants_entry(id, want))
                .map(|at| start + at)
        } else if forward {
            (start..len).find(wanted)
        } else {
            (0..here + usize::from(here_too)).rev().find(wanted)
        };
        match (hit, self.view) {
            (Some(index), View::Events) => {
                let page = self.hits.page();
                self.table.select(index, &self.list, &self.model, page);
            }
            (Some(index), View::Tree) => self.tree.select(index, self.hits.page()),
            (Some(index), View::Group | View::Rate | View::Failures) => self.select_group(index),
            (None, _) => return false,
        }
        true
    }

    fn wants_entry(&self, id: EntryId, want: Want) -> bool {
        let row = self.model.store.row(id);
        row.is_some_and(|row| match want {
            Want::Search => self.search.matches(row),
            Want::Failure => row.exec.failed(),
            Want::Mark => self.marks.contains(&id),
        })
    }

    fn wants(&self, index: usize, want: Want) -> bool {
        match self.view {
            View::Events => {
                let id = self.list.get(index);
                id.is_some_and(|id| self.wants_entry(id, want))
            }
            View::Tree => {
                let line = self.tree.lines().get(index);
                let process = line.and_then(|line| self.model.processes.get(line.id));
                process.is_some_and(|process| match want {
                    Want::Search => self.search.matches_process(process, &self.model),
                    Want::Failure => process.own.failed > 0,
                    Want::Mark => false,
                })
            }
            View::Group | View::Rate | View::Failures => {
                self.group_at(index).is_some_and(|(id, failed)| match want {
                    Want::Search if self.view == View::Rate => self.spawner_has(index),
                    Want::Search if self.view == View::Failures => self.failure_has(index),
                    Want::Search | Want::Mark => self.wants_entry(id, want),
                    Want::Failure => failed > 0,
                })
            }
        }
    }
}

/// What to look for.
#[derive(Clone, Copy)]
enum Want {
    Search,
    Failure,
    Mark,
}
