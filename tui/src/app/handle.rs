//! From the terminal's events to actions, and what each action does.

use super::popup::{Details, Popup, SortMenu, Subject, sort_by};
use super::{App, Outcome, View};
use crate::action::Action;
use crate::field::FIELDS;
use crate::keymap::{self, Key, Mode};
use crate::list::Sort;
use crate::store::Entry;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Cells by which one key scrolls sideways.
const SIDEWAYS: usize = 8;

impl App {
    /// Takes in a key, a click, a paste or a change of size.
    pub fn handle(&mut self, event: Event, now_ns: u64) -> Outcome {
        self.tree.refresh(&self.model, now_ns);
        let outcome = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Mouse(mouse) if self.options.mouse => self.mouse(mouse),
            Event::Paste(text) => self.paste(&text),
            Event::Resize(..) => {
                self.set_dirty();
                Outcome::Redraw
            }
            _ => Outcome::Continue,
        };
        if self.view == View::Tree {
            self.tree.refresh(&self.model, now_ns);
        }
        outcome
    }

    fn key(&mut self, event: KeyEvent) -> Outcome {
        let mode = self.mode();
        if let Some(action) = keymap::lookup(mode, Key::of(&event)) {
            return self.act(action);
        }
        let plain = event.modifiers - KeyModifiers::SHIFT;
        match event.code {
            KeyCode::Char(c) if mode == Mode::Prompt && plain.is_empty() => {
                self.type_text(c.encode_utf8(&mut [0; 4]));
            }
            _ => {}
        }
        Outcome::Continue
    }

    fn paste(&mut self, text: &str) -> Outcome {
        if self.mode() == Mode::Prompt {
            self.type_text(text);
        }
        Outcome::Continue
    }

    fn type_text(&mut self, text: &str) {
        self.set_dirty();
        self.notice = None;
        self.with_prompt(|prompt| prompt.insert(text));
        self.prompt_changed();
    }

    /// Does what was asked for.
    pub fn act(&mut self, action: Action) -> Outcome {
        self.set_dirty();
        self.notice = None;
        match action {
            Action::Quit => return Outcome::Quit,
            Action::Redraw => return Outcome::Redraw,
            Action::Suspend => return Outcome::Suspend,
            Action::Close => self.close(),
            Action::Help => self.popups.push(Popup::Help { scroll: 0 }),
            _ if self.mode() == Mode::Prompt => self.act_in_prompt(action),
            _ if !self.popups.is_empty() => self.act_in_popup(action),
            _ => self.act_in_view(action),
        }
        Outcome::Continue
    }

    /// Closes the topmost popup.
    pub(super) fn close(&mut self) {
        if self.mode() == Mode::Prompt {
            self.cancel_prompt();
        } else {
            self.popups.pop();
        }
    }

    fn act_in_prompt(&mut self, action: Action) {
        match action {
            Action::Accept => return self.accept_prompt(),
            Action::SwapPrompt => return self.swap_prompt(),
            Action::CursorLeft => return self.with_prompt(|p| p.left()),
            Action::CursorRight => return self.with_prompt(|p| p.right()),
            Action::CursorStart => return self.with_prompt(|p| p.start()),
            Action::CursorEnd => return self.with_prompt(|p| p.end()),
            Action::EraseChar => self.with_prompt(|p| p.erase_char()),
            Action::DeleteChar => self.with_prompt(|p| p.delete_char()),
            Action::EraseWord => self.with_prompt(|p| p.erase_word()),
            Action::EraseLine => self.with_prompt(|p| p.erase_line()),
            _ => return,
        }
        self.prompt_changed();
    }

    fn act_in_popup(&mut self, action: Action) {
        let page = usize::from(self.hits.popup.height).max(1);
        match (action, self.popups.last_mut()) {
            (Action::Left | Action::Right, Some(Popup::Details(_))) => {
                self.neighbour(if action == Action::Left { -1 } else { 1 });
            }
            (Action::Accept, Some(Popup::Sort(menu))) => {
                let field = FIELDS.get(menu.selected);
                self.popups.pop();
                if let Some(field) = field {
                    self.set_sort(sort_by(field, self.sort()));
                }
            }
            (_, Some(Popup::Sort(menu))) => {
                let last = FIELDS.len() - 1;
                menu.selected = moved(action, menu.selected, last, page);
            }
            (_, Some(Popup::Details(Details { scroll, .. }) | Popup::Help { scroll })) => {
                let last = self.hits.popup_lines.saturating_sub(page);
                *scroll = moved(action, *scroll, last, page);
            }
            _ => {}
        }
    }

    /// Shows the details of the line above or below.
    fn neighbour(&mut self, by: isize) {
        let page = self.hits.page();
        match self.view {
            View::Events => self.table.step(by, &self.list, &self.model, page),
            View::Tree => self.tree.step(by, page),
        }
        self.popups.pop();
        self.open_details();
    }

    fn act_in_view(&mut self, action: Action) {
        match action {
            Action::ViewEvents => self.set_view(View::Events),
            Action::ViewTree => self.set_view(View::Tree),
            Action::NextView | Action::PreviousView | Action::ToggleTree => {
                self.set_view(match self.view {
                    View::Events => View::Tree,
                    View::Tree => View::Events,
                });
            }
            Action::Pause => self.toggle_pause(),
            Action::Search => self.open_search(),
            Action::SearchNext => self.search_again(true),
            Action::SearchPrevious => self.search_again(false),
            Action::Filter => self.open_filter(None),
            Action::FilterPid | Action::FilterComm | Action::FilterUser => {
                self.open_filter_by(action);
            }
            Action::UndoFilter => self.undo_filter(),
            Action::ClearFilter => self.clear_filter(),
            Action::FailuresOnly => self.toggle_failures(),
            Action::NextFailure => self.next_failure(true),
            Action::PreviousFailure => self.next_failure(false),
            Action::Details => self.open_details(),
            _ => match self.view {
                View::Events => self.act_in_table(action),
                View::Tree => self.act_in_tree(action),
            },
        }
    }

    fn act_in_table(&mut self, action: Action) {
        let page = self.hits.page();
        let len = self.list.len();
        let sorted = self.list.sort().is_some();
        match action {
            Action::Top => {
                self.table.select(0, &self.list, &self.model, page);
                self.table.follow = sorted;
            }
            Action::Bottom => {
                self.table.select(len, &self.list, &self.model, page);
                self.table.follow = !sorted;
            }
            Action::Follow => {
                let on = !self.table.follow;
                if let (false, Some(index)) = (on, self.table.selected(&self.list, &self.model)) {
                    self.table.select(index, &self.list, &self.model, page);
                }
                self.table.follow = on;
                self.inform(if on {
                    "follows new events"
                } else {
                    "stays where it is"
                });
            }
            Action::Left => self.sideways(self.table.sideways.saturating_sub(SIDEWAYS)),
            Action::Right => self.sideways(self.table.sideways + SIDEWAYS),
            Action::LineStart => self.sideways(0),
            Action::LineEnd => self.sideways(usize::MAX),
            Action::SortMenu => self.popups.push(Popup::Sort(SortMenu::new(self.sort()))),
            Action::SortLeft => self.sort_beside(-1),
            Action::SortRight => self.sort_beside(1),
            Action::InvertSort => {
                if let Some(Sort { field, descending }) = self.sort() {
                    self.set_sort(Sort {
                        field,
                        descending: !descending,
                    });
                }
            }
            Action::Parent => self.to_parent_row(),
            _ => {
                if let Some(by) = step(action, page) {
                    self.table.step(by, &self.list, &self.model, page);
                }
            }
        }
    }

    fn sideways(&mut self, to: usize) {
        self.table.sideways = to.min(self.hits.max_sideways);
    }

    /// Sorts by the column beside the one that the table is sorted by.
    fn sort_beside(&mut self, by: isize) {
        let columns: Vec<_> = self.hits.headers.iter().map(|(_, field)| *field).collect();
        let Some(last) = columns.len().checked_sub(1) else {
            return;
        };
        let current = self.sort();
        let place = columns
            .iter()
            .position(|f| current.is_some_and(|s| s.field.key == f.key));
        let next = match place {
            Some(place) => place.saturating_add_signed(by).min(last),
            None => 0,
        };
        match columns.get(next) {
            Some(field) if Some(next) != place => self.set_sort(sort_by(field, None)),
            _ => self.warn("no column further on this side"),
        }
    }

    fn to_parent_row(&mut self) {
        let Some(row) = self.selected_row() else {
            return self.warn("this line has no parent");
        };
        let ppid = row.exec.ppid;
        let process = self.model.processes.find(row.exec.key());
        let parent = process.and_then(|p| self.model.processes.get(p.parent?));
        let name = parent.map(|p| crate::text::escape(p.comm.as_bytes()).into_owned());
        let entry = parent.and_then(|p| p.last_exec);
        let place = entry.and_then(|id| self.list.position(id, &self.model).ok());
        match (place, entry, name) {
            (Some(index), _, _) => {
                let page = self.hits.page();
                self.table.select(index, &self.list, &self.model, page);
            }
            (None, Some(_), Some(name)) => {
                self.warn(format!("the filter hides the parent, {name}({ppid})"));
            }
            (None, None, Some(name)) => {
                let key = keymap::key_text(Mode::Events, Action::ToggleTree);
                self.warn(format!(
                    "the parent, {name}({ppid}), has no row here; {key} shows it in the tree"
                ));
            }
            _ => self.warn(format!("the parent, {ppid}, was never seen")),
        }
    }

    fn act_in_tree(&mut self, action: Action) {
        let page = self.hits.page();
        let Some((index, line)) = self.tree.selected().map(|line| (self.tree.index(), *line))
        else {
            if action == Action::ShowIdle {
                self.toggle_idle();
            } else {
                self.warn("there is no process to do this with");
            }
            return;
        };
        use super::tree::Fold;
        match action {
            Action::Top => self.tree.select(0, page),
            Action::Bottom => self.tree.select(usize::MAX, page),
            Action::Unfold => match line.fold {
                Fold::Closed => self.tree.set_open(index, true, &self.model),
                Fold::Open => self.tree.step(1, page),
                Fold::Leaf => self.warn("nothing below"),
            },
            Action::Fold => match (line.fold, self.tree.parent_of(index)) {
                (Fold::Open, _) => self.tree.set_open(index, false, &self.model),
                (_, Some(parent)) => self.tree.select(parent, page),
                (_, None) => self.warn("nothing above"),
            },
            Action::ToggleFold => match line.fold {
                Fold::Leaf => self.warn("nothing below"),
                fold => self.tree.set_open(index, fold == Fold::Closed, &self.model),
            },
            Action::UnfoldAll => self.tree.set_all(true, &self.model),
            Action::FoldAll => self.tree.set_all(false, &self.model),
            Action::ShowIdle => self.toggle_idle(),
            Action::Parent => match self.tree.parent_of(index) {
                Some(parent) => self.tree.select(parent, page),
                None => self.warn("its parent was never seen"),
            },
            _ => {
                if let Some(by) = step(action, page) {
                    self.tree.step(by, page);
                }
            }
        }
    }

    fn toggle_idle(&mut self) {
        self.tree.show_idle = !self.tree.show_idle;
        self.tree.rebuild(&self.model);
        self.inform(if self.tree.show_idle {
            "shows processes that executed nothing too"
        } else {
            "shows only processes that executed something, or whose children did"
        });
    }

    fn toggle_pause(&mut self) {
        if self.is_paused() {
            self.resume();
        } else {
            self.pause();
        }
    }

    /// Shows another view, with the same process selected if it has it.
    pub(super) fn set_view(&mut self, view: View) {
        if view == self.view {
            return;
        }
        let key = self.selected_row().map(|row| row.exec.key());
        let last_exec = self
            .selected_process()
            .and_then(|id| self.model.processes.get(id)?.last_exec);
        self.view = view;
        let page = self.hits.page();
        match view {
            View::Tree => {
                self.restrict_tree();
                let process = key.and_then(|key| self.model.processes.find(key));
                match process.map(|p| p.id) {
                    Some(id) => drop(self.tree.reveal(id, &self.model, page)),
                    None => self.tree.rebuild(&self.model),
                }
            }
            View::Events => {
                let place = last_exec.and_then(|id| self.list.position(id, &self.model).ok());
                if let (Some(index), false) = (place, self.table.follow) {
                    self.table.select(index, &self.list, &self.model, page);
                }
            }
        }
    }

    pub(super) fn open_details(&mut self) {
        match self.subject() {
            Some(subject) => self
                .popups
                .push(Popup::Details(Details { subject, scroll: 0 })),
            None => self.warn("there is no line to tell about"),
        }
    }

    /// Returns the entry that a subject is about.
    pub fn entry_of(&self, subject: Subject) -> Option<&Entry> {
        let id = match subject {
            Subject::Entry(id) => id,
            Subject::Process(id) => self.model.processes.get(id)?.last_exec?,
        };
        self.model.store.get(id)
    }
}

/// Returns by how many lines an action moves.
fn step(action: Action, page: usize) -> Option<isize> {
    let page = isize::try_from(page).unwrap_or(isize::MAX);
    Some(match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -(page - 1).max(1),
        Action::PageDown => (page - 1).max(1),
        Action::HalfUp => -(page / 2).max(1),
        Action::HalfDown => (page / 2).max(1),
        _ => return None,
    })
}

/// Returns where an action moves a position that is at most `last`.
fn moved(action: Action, from: usize, last: usize, page: usize) -> usize {
    let to = match action {
        Action::Top => 0,
        Action::Bottom => last,
        _ => from.saturating_add_signed(step(action, page).unwrap_or(0)),
    };
    to.min(last)
}
