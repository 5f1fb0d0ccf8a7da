//! The details of one line: their tabs, the fact that is selected, and what can be done with it.

use super::handle::moved;
use super::popup::{Popup, Subject};
use super::{App, View};
use crate::action::Action;
use crate::event::Args;
use crate::field::Field;
use crate::filter::{quote, term};
use crate::process::ProcessId;
use crate::store::Row;

/// A part of the details.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// What is known, by name.
    #[default]
    Facts,
    /// The arguments, one a line.
    Arguments,
    /// The variables of the environment.
    Environment,
    /// The processes above and below.
    Lineage,
    /// The event as ndjson has it.
    Json,
}

impl Tab {
    /// Every tab with its name, in order.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Facts, "Facts"),
        (Self::Arguments, "Arguments"),
        (Self::Environment, "Environment"),
        (Self::Lineage, "Lineage"),
        (Self::Json, "JSON"),
    ];

    fn beside(self, by: isize) -> Self {
        let len = Self::ALL.len();
        let at = Self::ALL.iter().position(|(tab, _)| *tab == self);
        let to = (at.unwrap_or(0) + len).saturating_add_signed(by) % len;
        Self::ALL.get(to).map_or(self, |(tab, _)| *tab)
    }
}

/// What a line tells that one can filter by.
#[derive(Clone, Copy, Debug)]
pub enum Fact {
    /// A field of the exec.
    Field(&'static Field),
    /// An argument.
    Argument(usize),
    /// A variable of the environment.
    Variable(usize),
    /// A process above or below, or the one that the details are about.
    Process(ProcessId),
    /// A process that the table of processes has no more.
    Pid(u32),
    /// The user of a process.
    User(u32),
}

/// The details of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// Of what.
    pub subject: Subject,
    /// Which part is shown.
    pub tab: Tab,
    /// The selected line.
    pub line: usize,
    /// First visible line.
    pub scroll: usize,
    /// Whether secrets in the arguments are shown, where they are masked otherwise.
    pub revealed: bool,
}

impl Details {
    /// Opens them at the top of a tab.
    pub fn new(subject: Subject, tab: Tab) -> Self {
        Self {
            subject,
            tab,
            line: 0,
            scroll: 0,
            revealed: false,
        }
    }

    /// Decides which of `lines` lines are visible on `height` lines of the screen: the selected one is.
    pub fn window(&mut self, lines: usize, height: usize) {
        self.line = self.line.min(lines.saturating_sub(1));
        let height = height.max(1);
        let last = lines.saturating_sub(height);
        let least = (self.line + 1).saturating_sub(height);
        self.scroll = self.scroll.clamp(least, self.line).min(last.max(least));
    }

    /// Scrolls; the selection stays on its line while that is visible.
    pub(super) fn scroll_by(&mut self, by: isize, lines: usize, height: usize) {
        let height = height.max(1);
        let last = lines.saturating_sub(height);
        let before = self.scroll;
        self.scroll = before.saturating_add_signed(by).min(last);
        self.line = match self.scroll == before {
            true => self.line.saturating_add_signed(by.signum()),
            false => self.line.clamp(self.scroll, self.scroll + height - 1),
        }
        .min(lines.saturating_sub(1));
    }
}

impl App {
    pub(super) fn open_details(&mut self) {
        self.open_details_at(Tab::Facts);
    }

    pub(super) fn open_details_at(&mut self, tab: Tab) {
        match self.subject() {
            Some(subject) => self.popups.push(Popup::Details(Details::new(subject, tab))),
            None => self.warn("there is no line to tell about"),
        }
    }

    pub(super) fn act_in_details(&mut self, action: Action) {
        let page = usize::from(self.hits.popup.height).max(1);
        let last = self.hits.popup_lines.saturating_sub(1);
        match action {
            Action::Left => self.neighbour(-1),
            Action::Right => self.neighbour(1),
            Action::NextTab => self.turn_details(1),
            Action::PreviousTab => self.turn_details(-1),
            Action::Accept => self.enter_fact(),
            Action::KeepFact => self.filter_by_fact(true),
            Action::ExcludeFact => self.filter_by_fact(false),
            Action::Reveal => self.reveal(),
            _ => {
                if let Some(Popup::Details(details)) = self.popups.last_mut() {
                    details.line = moved(action, details.line, last, page);
                }
            }
        }
    }

    fn turn_details(&mut self, by: isize) {
        if let Some(Popup::Details(details)) = self.popups.last_mut() {
            *details = Details::new(details.subject, details.tab.beside(by));
        }
    }

    /// Shows the details of the line above or below.
    fn neighbour(&mut self, by: isize) {
        let page = self.hits.page();
        match self.view {
            View::Events => self.table.step(by, &self.list, &self.model, page),
            View::Tree => self.tree.step(by, page),
            View::Group | View::Rate | View::Failures => {
                if let Some(order) = self.order_mut() {
                    order.step(by, page);
                }
            }
        }
        let tab = match self.popups.pop() {
            Some(Popup::Details(details)) => details.tab,
            _ => Tab::Facts,
        };
        self.open_details_at(tab);
    }

    /// Shows the details of the selected process; there is nothing else to go into.
    fn enter_fact(&mut self) {
        let Some(Popup::Details(details)) = self.popups.last() else {
            return;
        };
        let (subject, tab) = (details.subject, details.tab);
        match self.selected_fact() {
            Some(Fact::Process(id)) => {
                let to = Subject::Process(id);
                let here = self.process_of(subject).map(|process| process.id);
                if here == Some(id) {
                    return self.warn("these are its details already");
                }
                self.popups.pop();
                self.popups.push(Popup::Details(Details::new(to, tab)));
            }
            Some(Fact::Pid(pid)) if tab == Tab::Lineage => {
                self.warn(format!("nothing more is known of {pid}"));
            }
            _ => self.close(),
        }
    }

    /// Returns what the selected line of the details tells.
    fn selected_fact(&self) -> Option<Fact> {
        let Some(Popup::Details(details)) = self.popups.last() else {
            return None;
        };
        *self.hits.facts.get(details.line)?
    }

    fn filter_by_fact(&mut self, keep: bool) {
        let Some(Popup::Details(details)) = self.popups.last() else {
            return;
        };
        let subject = details.subject;
        let term = match self.selected_fact() {
            None => return self.warn("this line has nothing to filter by"),
            Some(fact) => self.term_of_fact(fact, subject),
        };
        let Some(term) = term else {
            return self.warn("there is no word for this in a filter");
        };
        self.add_term(&term, keep);
    }

    /// Returns the term that keeps the rows that have the same fact.
    fn term_of_fact(&self, fact: Fact, subject: Subject) -> Option<String> {
        let row = self.row_of(subject);
        let of = |args: Option<&Args>, index: usize, key: &str| {
            let text = args?.iter().nth(index)?;
            Some(format!("{key}={}", quote(text)))
        };
        match fact {
            Fact::Field(field) => term(field, &(field.value)(row?, &self.model)),
            Fact::Argument(index) => of(row.map(|row| &row.exec.args), index, "arg"),
            Fact::Variable(index) => {
                let env = row.and_then(|row: &Row| row.exec.env.as_deref());
                of(env, index, "env")
            }
            Fact::Process(id) => {
                let pid = self.model.processes.get(id)?.key.pid;
                Some(format!("(pid={pid} or under({pid}))"))
            }
            Fact::Pid(pid) => Some(format!("(pid={pid} or under({pid}))")),
            Fact::User(uid) => Some(self.term_of_user(uid)),
        }
    }

    /// Selects the clicked tab or line; a click on the selected line does what Enter does.
    pub(super) fn click_details(&mut self, x: u16, y: u16) {
        let tab = self.hits.detail_tabs.iter();
        let tab = tab.clone().find(|(area, _)| area.contains(x, y));
        let tab = tab.map(|(_, tab)| *tab);
        let text = self.hits.popup;
        let Some(Popup::Details(details)) = self.popups.last_mut() else {
            return;
        };
        if let Some(tab) = tab {
            *details = Details::new(details.subject, tab);
        } else if text.contains(x, y) {
            let line = details.scroll + usize::from(y - text.y);
            if line >= self.hits.popup_lines {
                return;
            }
            if details.line == line {
                self.enter_clicked();
            } else {
                details.line = line;
            }
        } else if y + 2 < text.y || y > text.y.saturating_add(text.height) {
            self.close();
        }
    }

    fn enter_clicked(&mut self) {
        if let Some(Fact::Process(_)) = self.selected_fact() {
            self.enter_fact();
        }
    }
}
