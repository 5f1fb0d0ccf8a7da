//! What is selected, and what it is about.

use super::popup::Subject;
use super::{App, View};
use crate::process::{Process, ProcessId};
use crate::store::{Entry, EntryId, Row};

impl App {
    /// Returns the id of the selected line of the table.
    pub fn selected_entry(&self) -> Option<EntryId> {
        self.table.selected_id(&self.list, &self.model)
    }

    /// Returns the selected process of the tree.
    pub fn selected_process(&self) -> Option<ProcessId> {
        self.tree.selected().map(|line| line.id)
    }

    /// Returns what the selected line is about.
    pub fn subject(&self) -> Option<Subject> {
        match self.view {
            View::Events => self.selected_entry().map(Subject::Entry),
            View::Tree => self.selected_process().map(Subject::Process),
            View::Group | View::Failures => self.newest_of_group().map(Subject::Entry),
            View::Rate => {
                let key = self.rates.selected()?.label.key;
                let parent = key.and_then(|key| self.model.processes.find(key));
                let newest = || self.newest_of_group().map(Subject::Entry);
                parent
                    .map(|parent| Subject::Process(parent.id))
                    .or_else(newest)
            }
        }
    }

    pub(super) fn subject_entry(&self) -> Option<EntryId> {
        match self.subject()? {
            Subject::Entry(id) => Some(id),
            Subject::Process(_) => None,
        }
    }

    /// Returns the row that the selected line is about.
    pub fn selected_row(&self) -> Option<&Row> {
        let entry = match self.view {
            View::Events => self.selected_entry()?,
            View::Tree => {
                self.model
                    .processes
                    .get(self.selected_process()?)?
                    .last_exec?
            }
            View::Group | View::Rate | View::Failures => self.newest_of_group()?,
        };
        self.model.store.row(entry)
    }

    /// Returns the process that a subject is about, if it is still known.
    pub fn process_of(&self, subject: Subject) -> Option<&Process> {
        match subject {
            Subject::Process(id) => self.model.processes.get(id),
            Subject::Entry(id) => {
                let row = self.model.store.row(id)?;
                self.model.processes.find(row.exec.key())
            }
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

    /// Returns the exec that a subject is about, if it is one and still in the history.
    pub fn row_of(&self, subject: Subject) -> Option<&Row> {
        match self.entry_of(subject) {
            Some(Entry::Row(row)) => Some(row),
            _ => None,
        }
    }
}
