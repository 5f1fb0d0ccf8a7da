//! What happens while a text is typed in a prompt: from opening it to taking what was typed, or not.

use super::completing;
use super::line::LONGEST;
use super::offers::Offers;
use super::popup::Popup;
use super::prompt::{Prompt, PromptKind};
use super::table::Table;
use super::terms::{Edited, Kept};
use super::{App, Outcome, Search, View};
use crate::action::Action;
use crate::filter::Filter;
use crate::keymap::Mode;

/// Lines by which a key moves the highlight far.
const PAGE: isize = 8;

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

    fn open_prompt(&mut self, kind: PromptKind, text: String) {
        let prompt = Prompt::new(kind, text, self.before());
        self.popups.push(Popup::Prompt(Box::new(prompt)));
        self.prompt_changed();
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
        self.open_prompt(PromptKind::Filter, text);
    }

    pub(super) fn open_palette(&mut self) {
        self.open_prompt(PromptKind::Palette, String::new());
    }

    pub(super) fn open_search(&mut self) {
        self.open_prompt(PromptKind::Search, String::new());
    }

    /// Opens the filter prompt for one term, which is among others.
    pub(super) fn open_term(&mut self, text: String, edited: Edited) {
        let mut prompt = Prompt::new(PromptKind::Filter, text, self.before());
        prompt.term = Some(edited);
        self.popups.push(Popup::Prompt(Box::new(prompt)));
        self.prompt_changed();
    }

    /// Opens the filter prompt with a term made of the selected line.
    pub(super) fn open_filter_by(&mut self, action: Action) {
        let term = self.term_of_selection(action);
        match term {
            Some(term) => self.open_filter(Some(term)),
            None => self.warn("this line has nothing to filter by"),
        }
    }

    pub(super) fn with_prompt(&mut self, change: impl FnOnce(&mut Prompt)) {
        if let Some(Popup::Prompt(prompt)) = self.popups.last_mut() {
            change(prompt);
        }
    }

    /// Puts a text that was typed or pasted into the line.
    pub(super) fn type_text(&mut self, text: &str) {
        self.set_dirty();
        self.notice = None;
        let whole = match self.popups.last_mut() {
            Some(Popup::Prompt(prompt)) => {
                prompt.edited = true;
                prompt.line.insert(text)
            }
            Some(Popup::Help(help)) => {
                help.scroll = 0;
                help.line.insert(text)
            }
            Some(Popup::Save(prompt)) => prompt.line.insert(text),
            _ => return,
        };
        self.prompt_changed();
        if !whole {
            self.warn(format!(
                "a line has at most {LONGEST} bytes; the rest was dropped"
            ));
        }
    }

    pub(super) fn act_in_prompt(&mut self, action: Action) -> Outcome {
        match action {
            Action::Accept => return self.accept_prompt(),
            Action::SwapPrompt => self.swap_prompt(),
            Action::Complete => self.complete(),
            Action::Recall => self.recall(),
            Action::Up => self.up_in_prompt(),
            Action::Down => self.down_in_prompt(),
            Action::PageUp => self.with_prompt(|p| _ = p.offers.step(-PAGE)),
            Action::PageDown => self.with_prompt(|p| _ = p.offers.step(PAGE)),
            Action::CursorRight if self.prompt().is_some_and(|p| p.line.at_end()) => {
                self.take_best();
            }
            _ => self.edit(action),
        }
        Outcome::Continue
    }

    fn edit(&mut self, action: Action) {
        let mut changed = false;
        self.with_prompt(|prompt| {
            changed = prompt.line.edit(action);
            prompt.edited |= changed;
        });
        if changed {
            self.prompt_changed();
        } else {
            self.renew_offers();
        }
    }

    /// Takes in that the text of the prompt changed.
    pub(super) fn prompt_changed(&mut self) {
        let Some(prompt) = self.prompt() else {
            return;
        };
        let (kind, text) = (prompt.kind, prompt.text().to_owned());
        match kind {
            PromptKind::Filter => {
                let filter = match &prompt.term {
                    Some(edited) => self.parse_edited(&text, edited),
                    None => self.parse(&text),
                };
                let error = match filter {
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
            PromptKind::Palette => {
                let (says, error) = match self.would_do(&text) {
                    Ok(says) => (says, None),
                    Err(error) => (None, Some(error)),
                };
                self.with_prompt(|prompt| (prompt.says, prompt.error) = (says, error));
            }
        }
        self.renew_offers();
    }

    /// Offers what fits where the cursor is now.
    pub(super) fn renew_offers(&mut self) {
        let Some(Popup::Prompt(prompt)) = self.popups.last_mut() else {
            return;
        };
        let (text, cursor) = (prompt.text().to_owned(), prompt.line.cursor());
        let (kind, asked) = (prompt.kind, prompt.asked);
        let mut seen = prompt.seen.take();
        let offers = match kind {
            _ if prompt.recalling => completing::earlier(&text, self.histories.of(kind)),
            PromptKind::Filter => {
                let names = &self.options.names;
                completing::in_filter(&text, cursor, asked, &mut seen, &self.model, names)
            }
            PromptKind::Palette => self.commands_for(&text, cursor, asked, &mut seen),
            PromptKind::Search => Offers::default(),
        };
        self.with_prompt(|prompt| (prompt.offers, prompt.seen) = (offers, seen));
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

    /// Filters by what was typed to search, or the other way round; takes what is highlighted, if anything is.
    fn swap_prompt(&mut self) {
        let Some(Popup::Prompt(prompt)) = self.popups.last_mut() else {
            return;
        };
        if prompt.offers.selected.is_some() {
            return self.take_best();
        }
        if prompt.term.is_some() {
            return self.warn("a term of the filter is no search");
        }
        let before = prompt.before.clone();
        prompt.error = None;
        prompt.found = true;
        prompt.line.trim_end();
        prompt.recalled = None;
        prompt.kind = match prompt.kind {
            PromptKind::Filter => PromptKind::Search,
            PromptKind::Search => PromptKind::Filter,
            PromptKind::Palette => return,
        };
        self.search = before.search;
        self.back_to_selection();
        self.set_filter(before.filter);
        self.prompt_changed();
    }

    /// Takes what is highlighted into the line, or else what was typed.
    fn accept_prompt(&mut self) -> Outcome {
        let Some(prompt) = self.prompt() else {
            return Outcome::Continue;
        };
        let (kind, text) = (prompt.kind, prompt.text().to_owned());
        if let Some(offer) = prompt.offers.highlighted().cloned() {
            return self.accept_offer(&offer);
        }
        match kind {
            PromptKind::Palette => return self.accept_command(&text),
            PromptKind::Filter if prompt.error.is_some() => {
                let key = self.options.keys.text(Mode::Prompt, Action::Close);
                self.warn(format!("this is no filter yet: {key} gives it up"));
                return Outcome::Continue;
            }
            PromptKind::Filter => {
                let before = Kept {
                    text: prompt.before.filter.text().trim().to_owned(),
                    ..self.kept()
                };
                if let Some(edited) = prompt.term.clone() {
                    self.take_edited(&text, &edited);
                }
                self.popups.pop();
                self.remember(before);
                self.count_terms();
            }
            PromptKind::Search => {
                let found = prompt.found;
                self.popups.pop();
                if !found {
                    self.warn(format!("nothing has '{text}'"));
                }
            }
        }
        self.histories.of_mut(kind).push(&text);
        Outcome::Continue
    }

    /// Lets go of what is highlighted, or closes the prompt as if it had never been open.
    pub(super) fn cancel_prompt(&mut self) {
        let mut highlighted = false;
        self.with_prompt(|prompt| {
            let chosen = prompt.offers.selected.is_some();
            highlighted = prompt.recalling || (chosen && prompt.kind != PromptKind::Palette);
            prompt.recalling = false;
        });
        if highlighted {
            return self.renew_offers();
        }
        if self.mode() == Mode::Palette {
            self.popups.pop();
            return;
        }
        self.back_to_selection();
        if let Some(Popup::Prompt(prompt)) = self.popups.pop() {
            let before = prompt.before;
            self.search = before.search;
            if self.list.filter().text() != before.filter.text() {
                self.set_filter(before.filter);
            }
        }
    }
}

#[cfg(test)]
mod tests;
