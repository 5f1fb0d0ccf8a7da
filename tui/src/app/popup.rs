//! What can be open on top of a view.

use super::prompt::Prompt;
use crate::field::{FIELDS, Field, Kind};
use crate::list::Sort;
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

/// The details of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// Of what.
    pub subject: Subject,
    /// First visible line.
    pub scroll: usize,
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
        Self {
            selected: FIELDS.iter().position(current).unwrap_or(0),
            scroll: 0,
        }
    }
}

/// Something open on top of a view.
#[derive(Debug)]
pub enum Popup {
    /// Every fact of one line.
    Details(Details),
    /// The fields to sort by.
    Sort(SortMenu),
    /// The keys and columns.
    Help {
        /// First visible line.
        scroll: usize,
    },
    /// A line of text is asked for.
    Prompt(Prompt),
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
