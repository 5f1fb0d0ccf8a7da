//! What happens while a text is typed in a prompt: from opening it to taking what was typed, or not.

use super::popup::Popup;
use super::prompt::{Prompt, PromptKind};
use super::table::Table;
use super::{App, Search, View};
use crate::action::Action;
use crate::filter::Filter;

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
}
