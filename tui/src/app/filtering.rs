//! Filtering and searching: what the prompts do while one types, and what single keys do.

use super::popup::Popup;
use super::prompt::{Prompt, PromptKind};
use super::table::Table;
use super::{App, Search, View};
use crate::action::Action;
use crate::filter::{Filter, FilterError, quote};
use crate::keymap::Mode;
use crate::store::EntryId;

/// What passes when only failures are shown.
const FAILURES: &str = "failed";

/// How many filters there are to go back to.
const UNDO: usize = 100;

/// What to go back to when a prompt is closed without taking its text.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    filter: Filter,
    search: Search,
    table: Table,
    line: usize,
}

impl App {
    fn before(&self) -> Before {
        Before {
            filter: self.list.filter().clone(),
            search: self.search.clone(),
            table: self.table.clone(),
            line: match self.order() {
                Some(order) => order.cursor.index(),
                None => self.tree.index(),
            },
        }
    }

    /// Parses a filter whose times of day are those of the screen.
    fn parse(&self, text: &str) -> Result<Filter, FilterError> {
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

    /// Opens the filter prompt with another term added to the filter.
    pub(super) fn open_filter(&mut self, term: Option<String>) {
        let now = self.list.filter();
        let with_term = term.and_then(|term| now.and(&term).ok());
        let mut text = with_term.as_ref().unwrap_or(now).text().trim().to_owned();
        if with_term.is_none() && !text.is_empty() {
            // What is typed next is another term, not more of the last one.
            text.push(' ');
        }
        let prompt = Prompt::new(PromptKind::Filter, text, self.before());
        self.popups.push(Popup::Prompt(prompt));
        self.prompt_changed();
    }

    pub(super) fn open_search(&mut self) {
        let prompt = Prompt::new(PromptKind::Search, String::new(), self.before());
        self.popups.push(Popup::Prompt(prompt));
    }

    /// Opens the filter prompt with a term made of the selected line.
    pub(super) fn open_filter_by(&mut self, action: Action) {
        let term = self.term_of_selection(action);
        match term {
            Some(term) => self.open_filter(Some(term)),
            None => self.warn("this line has nothing to filter by"),
        }
    }

    fn term_of_selection(&self, action: Action) -> Option<String> {
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
    fn term_of_parent(&self, action: Action) -> Option<String> {
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

    /// Takes in that the text of the prompt changed.
    pub(super) fn prompt_changed(&mut self) {
        let Some(Popup::Prompt(prompt)) = self.popups.last() else {
            return;
        };
        let (kind, text) = (prompt.kind, prompt.text().to_owned());
        match kind {
            PromptKind::Filter => {
                let error = match self.parse(&text) {
                    Ok(filter) => {
                        self.set_filter(filter);
                        None
                    }
                    Err(error) => Some(error),
                };
                self.with_prompt(|prompt| prompt.error = error);
            }
            PromptKind::Search => {
                self.back_to_selection();
                self.search = Search::new(&text);
                let found = text.is_empty() || self.search_from_here();
                self.with_prompt(|prompt| prompt.found = found);
            }
        }
    }

    pub(super) fn with_prompt(&mut self, change: impl FnOnce(&mut Prompt)) {
        if let Some(Popup::Prompt(prompt)) = self.popups.last_mut() {
            change(prompt);
        }
    }

    fn back_to_selection(&mut self) {
        let Some(Popup::Prompt(prompt)) = self.popups.last() else {
            return;
        };
        let (table, line) = (prompt.before.table.clone(), prompt.before.line);
        self.table = table;
        match self.view {
            View::Events => {}
            View::Tree => self.tree.select(line, self.hits.page()),
            View::Group | View::Rate | View::Failures => self.select_group(line),
        }
    }

    /// Filters by what was typed to search, or the other way round.
    pub(super) fn swap_prompt(&mut self) {
        let Some(Popup::Prompt(prompt)) = self.popups.last_mut() else {
            return;
        };
        let before = prompt.before.clone();
        prompt.error = None;
        prompt.found = true;
        prompt.trim_end();
        prompt.kind = match prompt.kind {
            PromptKind::Filter => PromptKind::Search,
            PromptKind::Search => PromptKind::Filter,
        };
        self.search = before.search;
        self.back_to_selection();
        self.set_filter(before.filter);
        self.prompt_changed();
    }

    /// Takes what was typed.
    pub(super) fn accept_prompt(&mut self) {
        let Some(Popup::Prompt(prompt)) = self.popups.last() else {
            return;
        };
        match prompt.kind {
            PromptKind::Filter if prompt.error.is_some() => {
                self.warn("this is no filter yet: Esc gives it up");
            }
            PromptKind::Filter => {
                let before = prompt.before.filter.text().to_owned();
                self.popups.pop();
                self.remember(before);
            }
            PromptKind::Search => {
                let (found, text) = (prompt.found, prompt.text().to_owned());
                self.popups.pop();
                if !found {
                    self.warn(format!("nothing has '{text}'"));
                }
            }
        }
    }

    /// Closes the prompt as if it had never been open.
    pub(super) fn cancel_prompt(&mut self) {
        self.back_to_selection();
        if let Some(Popup::Prompt(prompt)) = self.popups.pop() {
            self.search = prompt.before.search;
            if self.list.filter().text() != prompt.before.filter.text() {
                self.set_filter(prompt.before.filter);
            }
        }
    }

    fn remember(&mut self, before: String) {
        let now = self.list.filter().text().trim();
        if now != before.trim() {
            self.undo.push_back(before);
            if self.undo.len() > UNDO {
                self.undo.pop_front();
            }
        }
    }

    pub(super) fn replace_filter(&mut self, text: &str) {
        let before = self.list.filter().text().to_owned();
        match self.parse(text) {
            Ok(filter) => {
                self.set_filter(filter);
                self.remember(before);
            }
            Err(error) => self.warn(error.message),
        }
    }

    pub(super) fn toggle_failures(&mut self) {
        let text = self.list.filter().text().trim().to_owned();
        let without = match text.strip_suffix(FAILURES) {
            Some(rest) if rest.is_empty() || rest.ends_with(' ') => Some(rest.trim().to_owned()),
            _ => None,
        };
        match without {
            Some(rest) => {
                self.replace_filter(&rest);
                self.fold_misses(false);
            }
            None if !self.list.folding() => self.fold_misses(true),
            None => match self.list.filter().and(FAILURES) {
                Ok(both) => {
                    self.replace_filter(both.text().to_owned().as_str());
                    self.inform("failures only");
                }
                Err(error) => self.warn(error.message),
            },
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
            Some(text) => {
                // It was a filter before, so it parses.
                if let Ok(filter) = self.parse(&text) {
                    self.set_filter(filter);
                }
            }
            None => self.warn("no filter before this one"),
        }
    }

    pub(super) fn clear_filter(&mut self) {
        if self.list.filter().is_empty() {
            self.warn("there is no filter");
        } else {
            self.replace_filter("");
            let key = self.options.keys.text(Mode::Events, Action::UndoFilter);
            self.inform(format!("filter cleared; {key} brings it back"));
        }
    }

    /// Goes to the next hit of the search, or the one before.
    pub(super) fn search_again(&mut self, forward: bool) {
        if self.search.is_empty() {
            let key = self.options.keys.text(Mode::Events, Action::Search);
            self.warn(format!("nothing was searched yet: {key} begins"));
        } else if !self.find(forward, false, Want::Search) {
            let end = if forward { "below" } else { "above" };
            self.warn(format!("no '{}' {end}", self.search.text()));
        }
    }

    /// Goes to the next failed exec, or the one before.
    pub(super) fn next_failure(&mut self, forward: bool) {
        if self.view == View::Rate {
            return self.next_failed_moment(forward);
        }
        if !self.find(forward, false, Want::Failure) {
            let end = if forward { "below" } else { "above" };
            self.warn(format!("no failed exec {end}"));
        }
    }

    fn search_from_here(&mut self) -> bool {
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
                })
            }
            View::Group | View::Rate | View::Failures => {
                self.group_at(index).is_some_and(|(id, failed)| match want {
                    Want::Search if self.view == View::Rate => self.spawner_has(index),
                    Want::Search if self.view == View::Failures => self.failure_has(index),
                    Want::Search => self.wants_entry(id, want),
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
}
