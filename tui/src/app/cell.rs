//! The marked cell: the column whose value of the selected line `=` keeps and `!` excludes.
//!
//! It is not the column that the table is sorted by, though that one is lit too: to keep one user's execs one would
//! have to sort by user first, and lose the order in which things happen. So it has keys of its own, and shows only
//! once it was asked for.

use super::hits::Area;
use super::pivots::By;
use super::{App, View};
use crate::action::Action;
use crate::field::{Field, Kind, Value, by_key};
use crate::filter::{quote, term};
use crate::format;
use crate::pivot::failed::What;

/// Where the mark begins, if one of these is in sight.
const FIRST: [&str; 4] = ["user", "comm", "res", "command"];

impl App {
    /// Returns the marked column: where its title stands, and what it tells.
    pub(crate) fn marked_cell(&self) -> Option<(Area, &'static Field)> {
        let marked = self.cell?;
        let mut cells = self.hits.cells.iter().copied();
        cells.find(|(_, field)| field.key == marked.key)
    }

    /// Returns which field the column of a table of groups tells, if it tells one.
    pub(crate) fn field_of(&self, by: By) -> Option<&'static Field> {
        let By::Label(place) = by else {
            return None;
        };
        match self.view {
            View::Group => self.groups.fields.get(place).copied(),
            View::Rate => by_key(["parent", "ppid"].get(place)?),
            View::Failures => by_key(["res", "file", "comm"].get(place)?),
            View::Events | View::Tree => None,
        }
    }

    /// Marks the cell beside, or the first one if none is marked.
    pub(super) fn mark_beside(&mut self, by: isize) {
        let Some((_, marked)) = self.marked_cell() else {
            return self.mark_first();
        };
        let cells = &self.hits.cells;
        let here = cells.iter().position(|(_, field)| field.key == marked.key);
        let beside = here.and_then(|here| cells.get(here.checked_add_signed(by)?));
        match beside {
            Some((_, field)) => self.cell = Some(field),
            None => self.warn("no column further on this side"),
        }
    }

    fn mark_first(&mut self) {
        let cells = &self.hits.cells;
        let of = |key: &&str| cells.iter().find(|(_, field)| field.key == *key);
        match FIRST.iter().find_map(of).or(cells.first()) {
            Some((_, field)) => self.cell = Some(field),
            None => self.warn("no column here can be filtered by"),
        }
    }

    /// Marks the cell at a column of the screen, if one was marked before.
    pub(super) fn mark_at(&mut self, x: u16) {
        let mut cells = self.hits.cells.iter();
        let hit = cells.find(|(title, _)| title.contains(x, title.y));
        if let (Some((_, field)), true) = (hit, self.cell.is_some()) {
            self.cell = Some(field);
        }
    }

    /// Keeps only the rows that have the marked cell's value, or excludes them; marks a cell first, so that one sees
    /// what it will be.
    pub(super) fn filter_by_cell(&mut self, keep: bool) {
        if self.marked_cell().is_none() && self.hits.cells.len() > 1 {
            self.mark_first();
            if let Some(Ok(term)) = self.cell_term() {
                let of = |action| self.options.keys.text(self.view.mode(), action);
                let (left, right) = (of(Action::CellLeft), of(Action::CellRight));
                let again = of(match keep {
                    true => Action::KeepCell,
                    false => Action::ExcludeCell,
                });
                let does = if keep { "keeps only" } else { "excludes" };
                self.inform(format!(
                    "{again} again {does} {term}; {left} {right} mark another column"
                ));
            }
            return;
        }
        if self.marked_cell().is_none() {
            self.mark_first();
        }
        match self.cell_term() {
            Some(Ok(term)) => self.add_term(&term, keep),
            Some(Err(why)) => self.warn(why),
            None => {}
        }
    }

    /// Adds a term to the filter, or its opposite.
    pub(super) fn add_term(&mut self, term: &str, keep: bool) {
        let term = if keep {
            term.to_owned()
        } else {
            format!("!{term}")
        };
        match self.list.filter().and(&term) {
            Ok(both) => {
                self.popups.clear();
                self.replace_filter(both.text().to_owned().as_str());
                let back = self.options.keys.text(self.mode(), Action::UndoFilter);
                let none = match term.strip_suffix("=\"\"") {
                    Some(_) if keep => ", what is not known",
                    Some(_) => ", what is known",
                    None => "",
                };
                self.inform(format!("filter {term}{none}; {back} takes it back"));
            }
            Err(error) => self.warn(error.message),
        }
    }

    /// Returns the term that keeps only the rows with the marked cell's value, or why there is none; nothing if no
    /// cell is marked.
    pub(crate) fn cell_term(&self) -> Option<Result<String, String>> {
        let (_, field) = self.marked_cell()?;
        Some(match self.view {
            View::Events => self.term_of_row(field),
            View::Tree => self.term_of_process(field),
            View::Group => self.term_of_label(field),
            View::Rate => {
                let by = match field.key {
                    "ppid" => Action::FilterPid,
                    _ => Action::FilterComm,
                };
                let none = || "nothing is known of this parent".to_owned();
                self.term_of_parent(by).ok_or_else(none)
            }
            View::Failures => self.term_of_failure(field),
        })
    }

    fn term_of_row(&self, field: &Field) -> Result<String, String> {
        let Some(row) = self.selected_row() else {
            return Err("events were lost here: this line has no values".to_owned());
        };
        match (field.value)(row, &self.model) {
            Value::Time(ns) if field.kind == Kind::Time => {
                let wall_ns = self.model.session.wall_ns(ns);
                let time = format::time_of_day(wall_ns, &self.options.zone);
                Ok(format!("{}={time}", field.key))
            }
            value => term(field, &value).ok_or_else(|| no_word(field)),
        }
    }

    fn term_of_process(&self, field: &Field) -> Result<String, String> {
        let process = self.selected_process();
        let process = process.and_then(|id| self.model.processes.get(id));
        let Some(process) = process else {
            return Err("there is no process here".to_owned());
        };
        match (field.key, process.uid) {
            ("pid", _) => Ok(format!("pid={}", process.key.pid)),
            ("user", Some(uid)) => Ok(self.term_of_user(uid)),
            ("user", None) => Err("the user of this process is not known".to_owned()),
            _ => Ok(format!("comm={}", quote(process.comm.as_bytes()))),
        }
    }

    fn term_of_label(&self, field: &Field) -> Result<String, String> {
        let Some(group) = self.groups.selected() else {
            return Err("there is no group here".to_owned());
        };
        let fields = self.groups.fields.iter();
        let mut places = fields.zip(&group.label).enumerate();
        let place = places.find(|(_, (one, _))| one.key == field.key);
        let terms = place.map_or_else(Vec::new, |(place, (field, value))| {
            self.groups.terms(place, field, value)
        });
        match &terms[..] {
            [] => Err(no_word(field)),
            [term] => Ok(term.clone()),
            terms => Ok(format!("({})", terms.join(" "))),
        }
    }

    fn term_of_failure(&self, field: &Field) -> Result<String, String> {
        let Some(group) = self.failures.selected() else {
            return Err("there is no failure here".to_owned());
        };
        match (field.key, &group.label.what) {
            ("comm", _) => {
                let row = self.selected_row();
                let comm = row.map(|row| format!("comm={}", quote(row.exec.comm.as_bytes())));
                comm.ok_or_else(|| "the caller is not known".to_owned())
            }
            ("res", What::Failed { errno, .. }) => {
                term(field, &Value::Outcome(*errno)).ok_or_else(|| no_word(field))
            }
            ("file", What::Failed { path, .. }) => {
                let path = path.as_deref().unwrap_or_default();
                Ok(format!("file={}", quote(path)))
            }
            _ => Err("PATH misses of several errors and paths are in this line".to_owned()),
        }
    }

    /// Returns which visible line is selected, counted from the first.
    pub(crate) fn selected_line(&mut self) -> Option<usize> {
        let page = self.hits.page();
        let window = match self.view {
            View::Events => self.table.window(&self.list, &self.model, page),
            View::Tree => self.tree.window(page),
            View::Group | View::Rate | View::Failures => {
                let order = self.order_mut()?;
                let len = order.list().len();
                order.cursor.window(len, page)
            }
        };
        window.selected?.checked_sub(window.top)
    }
}

fn no_word(field: &Field) -> String {
    format!("a filter has no word for this value of {}", field.title)
}

#[cfg(test)]
mod tests;
