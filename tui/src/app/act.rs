//! What each action does in the views.

use super::details::Tab;
use super::handle::step;
use super::popup::{Popup, SortMenu, sort_by};
use super::tree::Fold;
use super::{App, View};
use crate::action::Action;
use crate::appearance::ColorMode;
use crate::keymap::Mode;
use crate::list::Sort;

/// Cells by which one key scrolls sideways.
const SIDEWAYS: usize = 8;

impl App {
    pub(super) fn act_in_view(&mut self, action: Action) {
        match action {
            Action::ViewEvents => self.set_view(View::Events),
            Action::ViewTree => self.set_view(View::Tree),
            Action::ViewGroup => self.set_view(View::Group),
            Action::ViewRate => self.set_view(View::Rate),
            Action::ViewFailures => self.set_view(View::Failures),
            Action::NextView => self.set_view(self.view.beside(1)),
            Action::PreviousView => self.set_view(self.view.beside(-1)),
            Action::ToggleTree => self.set_view(match self.view {
                View::Tree => View::Events,
                _ => View::Tree,
            }),
            Action::Pause => self.toggle_pause(),
            Action::MomentBefore => self.step_moment(false),
            Action::MomentNext => self.step_moment(true),
            Action::SecondBefore => self.step_second(false),
            Action::SecondNext => self.step_second(true),
            Action::Slower => self.change_speed(0.5),
            Action::Faster => self.change_speed(2.0),
            Action::StepReplay => self.step_replay(),
            Action::Bottom if self.moment().is_some() => self.leave_moment(),
            Action::Search => self.open_search(),
            Action::SearchNext => self.search_again(true),
            Action::SearchPrevious => self.search_again(false),
            Action::Filter => self.open_filter(None),
            Action::FilterPid | Action::FilterComm | Action::FilterUser => {
                self.open_filter_by(action);
            }
            Action::UndoFilter => self.undo_filter(),
            Action::ClearFilter => self.clear_filter(),
            Action::Palette => self.open_palette(),
            Action::FilterList => self.open_terms(),
            Action::FailuresOnly => self.toggle_failures(),
            Action::NextFailure => self.next_failure(true),
            Action::PreviousFailure => self.next_failure(false),
            Action::CellLeft => self.mark_beside(-1),
            Action::CellRight => self.mark_beside(1),
            Action::KeepCell => self.filter_by_cell(true),
            Action::ExcludeCell => self.filter_by_cell(false),
            Action::Save => self.open_save(),
            Action::Details => self.open_details(),
            Action::Wrap => {
                self.wrap = !self.wrap;
                self.inform(match self.wrap {
                    true => "the whole command stands below",
                    false => "the command stands in its line only",
                });
            }
            Action::Lineage => self.open_details_at(Tab::Lineage),
            Action::NextTheme => self.next_theme(),
            _ => match self.view {
                View::Events => self.act_in_table(action),
                View::Tree => self.act_in_tree(action),
                View::Group => self.act_in_groups(action),
                View::Rate => self.act_in_rates(action),
                View::Failures => self.act_in_failures(action),
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
            Action::Columns => self.open_columns(),
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
            Action::Parent => self.select_parent_row(),
            Action::ToggleMark => self.toggle_mark(),
            Action::NextMark => self.next_mark(true),
            Action::PreviousMark => self.next_mark(false),
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

    fn select_parent_row(&mut self) {
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
                let key = self.options.keys.text(Mode::Events, Action::ToggleTree);
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
            Action::ToggleAll => {
                let words = match self.tree.toggle_all(&self.model) {
                    true => "everything is unfolded",
                    false => "everything is folded",
                };
                self.inform(words);
            }
            Action::ShowIdle => self.toggle_idle(),
            Action::Zoom => {
                let words = match self.tree.zoom(&self.model) {
                    true => "only this subtree; the same key on its root shows all again",
                    false => "the whole tree",
                };
                self.inform(words);
            }
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

    fn next_theme(&mut self) {
        let theme = self.options.theme.next();
        self.options.theme = theme;
        let (name, doc) = theme.words();
        self.inform(match self.options.color {
            ColorMode::Never => format!("theme {name}; without colours it looks like mono"),
            _ => format!("theme {name}: {doc}"),
        });
    }

    fn toggle_pause(&mut self) {
        if self.moment().is_some() {
            self.leave_moment();
            self.resume();
        } else if self.is_paused() {
            self.resume();
        } else {
            self.pause();
        }
    }

    /// Shows another view, with the same process selected if it has it.
    pub(super) fn set_view(&mut self, view: View) {
        if view == self.view {
            let name = view.name();
            return self.inform(format!("this is {name} already"));
        }
        let key = self.selected_row().map(|row| row.exec.key());
        let last_exec = match self.view {
            View::Tree => self
                .selected_process()
                .and_then(|id| self.model.processes.get(id)?.last_exec),
            _ => self.subject_entry(),
        };
        self.view = view;
        let page = self.hits.page();
        if view != View::Tree {
            self.tree.restrict(false);
        }
        self.regroup();
        match view {
            View::Tree => {
                self.restrict_tree();
                let process = key.and_then(|key| self.model.processes.find(key));
                match process.map(|p| p.id) {
                    Some(id) => drop(self.tree.reveal(id, &self.model, page)),
                    None => self.tree.rebuild(&self.model),
                }
            }
            View::Group | View::Rate | View::Failures => {}
            View::Events => {
                let place = last_exec.and_then(|id| self.list.position(id, &self.model).ok());
                if let (Some(index), false) = (place, self.table.follow) {
                    self.table.select(index, &self.list, &self.model, page);
                }
            }
        }
    }
}
