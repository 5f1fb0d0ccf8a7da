//! What can be open on top of a view.

use super::column_menu::ColumnMenu;
use super::copy::CopyMenu;
use super::details::Details;
use super::help::Help;
use super::prompt::Prompt;
use super::save::SavePrompt;
use super::terms::TermList;
use crate::field::{FIELDS, Field, Kind, by_key};
use crate::list::Sort;
use crate::pivot::by::suits;
use crate::process::ProcessId;
use crate::store::EntryId;

/// What details are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An exec or a gap.
    Entry(EntryId),
    /// A process.
    Process(ProcessId),
}

/// The menu of fields to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortMenu {
    /// Index into [`FIELDS`] of the selected one.
    pub selected: usize,
    /// First visible line.
    pub scroll: usize,
}

impl SortMenu {
    /// Opens the menu at the field that the table is sorted by.
    pub fn new(sort: Option<Sort>) -> Self {
        let current = |field: &Field| sort.is_some_and(|s| s.field.key == field.key);
        Self::at(FIELDS.iter().position(current).unwrap_or(0))
    }

    /// Opens the menu at a line.
    pub fn at(selected: usize) -> Self {
        Self {
            selected,
            scroll: 0,
        }
    }
}

/// The menu of fields to group by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByMenu {
    /// Index of the selected one.
    pub selected: usize,
    /// First visible line.
    pub scroll: usize,
    /// The fields, each with whether it is marked.
    pub fields: Vec<(&'static str, bool)>,
    changed: bool,
}

impl ByMenu {
    /// Opens the menu with these fields marked.
    pub fn new(marked: &[&'static Field]) -> Self {
        let is = |key: &str| marked.iter().any(|field| field.key == key);
        let fields = FIELDS.iter().filter(|field| suits(field));
        let fields: Vec<_> = fields.map(|field| (field.key, is(field.key))).collect();
        Self {
            selected: fields.iter().position(|(_, marked)| *marked).unwrap_or(0),
            scroll: 0,
            fields,
            changed: false,
        }
    }

    /// Returns the index of the last line.
    pub fn last(&self) -> usize {
        self.fields.len().saturating_sub(1)
    }

    /// Marks the selected field, or no longer.
    pub fn toggle(&mut self) {
        if let Some((_, marked)) = self.fields.get_mut(self.selected) {
            *marked = !*marked;
            self.changed = true;
        }
    }

    /// Returns the fields that taking it means: the marked ones, or just the selected one as long as
    /// nothing was marked.
    pub fn taken(&self) -> Vec<&'static Field> {
        let none = !self.fields.iter().any(|(_, marked)| *marked);
        let alone = |index: usize| index == self.selected && (!self.changed || none);
        let together = self.changed && !none;
        let taken = self.fields.iter().enumerate();
        let taken = taken.filter(|(index, (_, marked))| alone(*index) || (together && *marked));
        taken.filter_map(|(_, (key, _))| by_key(key)).collect()
    }
}

/// Something open on top of a view.
#[derive(Debug)]
pub enum Popup {
    /// Every fact of one line.
    Details(Details),
    /// The fields to sort by.
    Sort(SortMenu),
    /// The fields to group by.
    By(ByMenu),
    /// The columns of the table.
    Columns(ColumnMenu),
    /// The terms of the filter.
    Terms(TermList),
    /// What can be copied.
    Copy(CopyMenu),
    /// The name of a file is asked for.
    Save(SavePrompt),
    /// The keys and columns.
    Help(Help),
    /// A line of text is asked for.
    Prompt(Box<Prompt>),
}

/// Returns the sort that choosing a field means: the usual way first, the other way when it
/// already is the one.
pub fn sort_by(field: &'static Field, current: Option<Sort>) -> Sort {
    let usual = matches!(field.kind, Kind::Duration | Kind::Size | Kind::Outcome);
    let descending = match current {
        Some(sort) if sort.field.key == field.key => !sort.descending,
        _ => usual,
    };
    Sort { field, descending }
}
