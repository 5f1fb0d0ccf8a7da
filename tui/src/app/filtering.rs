//! The filter: what it is made of, what single keys do to it, and going back to the one before.

use super::terms::{Kept, Off};
use super::{App, View};
use crate::action::Action;
use crate::filter::{Filter, FilterError, quote};
use crate::keymap::Mode;
use crate::store::EntryId;

/// What passes when only failures are shown.
const FAILURES: &str = "failed";

/// How many filters there are to go back to.
const UNDO: usize = 100;

impl App {
    /// Parses a filter whose times of day are those of the screen.
    pub(super) fn parse(&self, text: &str) -> Result<Filter, FilterError> {
        Filter::parse_with(text, Some(&self.options.zone), &self.options.names)
    }

    /// Shows what passes another filter.
    pub(super) fn set_filter(&mut self, filter: Filter) {
        self.list.set_filter(filter, &self.model);
        self.caught_up();
        self.restrict_tree();
        self.regroup();
    }

    /// Marks in the tree what the filter lets through; costs nothing while the table is shown.
    pub(super) fn restrict_tree(&mut self) {
        self.tree
            .restrict(!self.list.filter().is_empty() && self.view == View::Tree);
        if self.tree.restricted() {
            let listed: Vec<EntryId> = self.list.iter_from(0).collect();
            for id in listed {
                self.mark_row(id, true);
            }
        }
    }

    pub(super) fn mark_in_tree(&mut self, id: EntryId) {
        if self.tree.restricted() && self.list.position(id, &self.model).is_ok() {
            self.mark_row(id, false);
        }
    }

    fn mark_row(&mut self, id: EntryId, all_at_once: bool) {
        let key = self.model.store.row(id).map(|row| row.exec.key());
        let process = key.and_then(|key| self.model.processes.find(key));
        if let Some(process) = process.map(|p| p.id) {
            self.tree.mark(process, &self.model, all_at_once);
        }
    }

    pub(super) fn term_of_selection(&self, action: Action) -> Option<String> {
        let (pid, comm, uid) = match self.view {
            View::Rate => return self.term_of_parent(action),
            View::Events | View::Group | View::Failures => {
                let exec = &self.selected_row()?.exec;
                (exec.pid, exec.comm, Some(exec.uid))
            }
            View::Tree => {
                let process = self.model.processes.get(self.selected_process()?)?;
                (process.key.pid, process.comm, process.uid)
            }
        };
        match action {
            Action::FilterPid => Some(format!("pid={pid}")),
            Action::FilterComm => Some(format!("comm={}", quote(comm.as_bytes()))),
            _ => Some(self.term_of_user(uid?)),
        }
    }

    /// Returns a term that the selected parent's execs pass.
    pub(super) fn term_of_parent(&self, action: Action) -> Option<String> {
        let parent = self.rates.selected()?.label;
        let exec = &self.selected_row()?.exec;
        match action {
            Action::FilterPid => Some(format!("ppid={}", parent.pid)),
            Action::FilterComm => {
                let comm = exec.parent_comm()?;
                Some(format!("parent={}", quote(comm.as_bytes())))
            }
            _ => Some(self.term_of_user(exec.uid)),
        }
    }

    pub(super) fn term_of_user(&self, uid: u32) -> String {
        match self.model.users.name(uid) {
            Some(name) => format!("user={}", quote(name.as_bytes())),
            None => format!("uid={uid}"),
        }
    }

    /// Takes note of the filter that was there before, to go back to.
    pub(super) fn remember(&mut self, before: Kept) {
        if self.kept() != before {
            self.undo.push_back(before);
            if self.undo.len() > UNDO {
                self.undo.pop_front();
            }
        }
    }

    pub(super) fn replace_filter(&mut self, text: &str) {
        match self.parse(text) {
            Ok(filter) => self.take_filter(filter),
            Err(error) => self.warn(error.message),
        }
    }

    /// Shows what passes another filter; the one before can be gone back to.
    pub(super) fn take_filter(&mut self, filter: Filter) {
        let before = self.kept();
        self.set_filter(filter);
        self.remember(before);
    }

    pub(super) fn toggle_failures(&mut self) {
        let terms = self.list.filter().terms();
        let rest = terms.iter().filter(|term| *term != FAILURES);
        let rest: Vec<&str> = rest.map(String::as_str).collect();
        if rest.len() < terms.len() {
            // Parts of a filter are filters.
            if let Ok(filter) = Filter::all(rest, &self.options.zone, &self.options.names) {
                self.take_filter(filter);
            }
            self.fold_misses(false);
        } else if !self.list.folding() {
            self.fold_misses(true);
        } else if let Ok(both) = self.list.filter().and(FAILURES) {
            self.take_filter(both);
            self.inform("failures only");
        }
    }

    fn fold_misses(&mut self, on: bool) {
        self.list.set_folding(on, &self.model);
        self.caught_up();
        self.regroup();
        self.inform(match on {
            true => "all execs; PATH misses are folded into what was found",
            false => "all execs, every PATH miss with a row of its own",
        });
    }

    pub(super) fn undo_filter(&mut self) {
        match self.undo.pop_back() {
            Some(before) => {
                // It was a filter before, so it parses.
                if let Ok(filter) = self.parse(&before.text) {
                    self.set_filter(filter);
                }
                self.off = before.off;
            }
            None => self.warn("no filter before this one"),
        }
    }

    /// Shows everything, and forgets the terms that are off.
    pub(super) fn clear_filter(&mut self) {
        if self.list.filter().is_empty() && self.off.is_empty() {
            return self.warn("there is no filter");
        }
        let before = self.kept();
        self.set_filter(Filter::default());
        self.off = Off::default();
        self.remember(before);
        let key = self.options.keys.text(Mode::Events, Action::UndoFilter);
        self.inform(format!("filter cleared; {key} brings it back"));
    }
}
