//! What the screen saves of its rows: made in slices, so that the screen goes on meanwhile.

use super::Exporter;
use super::csv::Sheet;
use super::ndjson::Ndjson;
use super::recording;
use crate::field::Field;
use crate::model::{Model, Totals};
use crate::store::{Entry, EntryId};
use std::path::Path;

/// The form of a saved file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The event schema, as a recording has it.
    Ndjson,
    /// Lines for spreadsheets.
    Csv,
}

impl Form {
    /// Returns what a file of this name has in it: by its ending, before one that says how it is packed.
    pub fn of(name: &Path) -> Option<Self> {
        let ending = |name: &Path| Some(name.extension()?.to_str()?.to_ascii_lowercase());
        let form = match ending(name)?.as_str() {
            "gz" | "zst" => ending(Path::new(name.file_stem()?))?,
            _ => ending(name)?,
        };
        match form.as_str() {
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }
}

/// What is written of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The exec, or the loss; in a sheet the whole row.
    Begin,
    /// The exit.
    End,
}

/// Rows that are being saved.
#[derive(Debug)]
pub struct Saved {
    form: Form,
    sheet: Sheet,
    ndjson: Ndjson,
    parts: Vec<(EntryId, Part)>,
    next: usize,
    /// What was written.
    totals: Totals,
}

impl Saved {
    /// Prepares entries to be saved: in this order with these columns, or as a recording in the order of time.
    pub fn new(
        form: Form,
        entries: Vec<EntryId>,
        columns: &[&'static Field],
        model: &Model,
    ) -> Self {
        let parts = match form {
            Form::Csv => entries.into_iter().map(|id| (id, Part::Begin)).collect(),
            Form::Ndjson => in_time(entries, model),
        };
        Self {
            form,
            sheet: Sheet::new(columns),
            ndjson: Ndjson::default(),
            parts,
            next: 0,
            totals: Totals::default(),
        }
    }

    /// Returns how many execs were written.
    pub fn rows(&self) -> u64 {
        self.totals.execs + self.totals.failed
    }

    /// Returns how much of it is done, in percent.
    pub fn percent(&self) -> u64 {
        (self.next * 100 / self.parts.len().max(1)) as u64
    }

    /// Appends the next lines, of so many entries at most; returns whether there are more. What left the history
    /// meanwhile is left out.
    pub fn slice(&mut self, model: &Model, most: usize, out: &mut Vec<u8>) -> bool {
        if self.next == 0 {
            self.begin(model, out);
        }
        let slice = self.next..self.parts.len().min(self.next + most);
        self.next = slice.end;
        for at in slice {
            let part = self.parts.get(at).copied();
            let entry = part.and_then(|(id, part)| Some((model.store.get(id)?, part)));
            if let Some((entry, part)) = entry {
                self.write(entry, part, model, out);
            }
        }
        let more = self.next < self.parts.len();
        if !more && self.form == Form::Ndjson {
            let newest_ns = model.store.newest().map_or(0, Entry::time_ns);
            let duration_ns = newest_ns.saturating_sub(model.session.started_ns);
            self.ndjson.end(&self.totals, duration_ns, out);
        }
        more
    }

    fn begin(&mut self, model: &Model, out: &mut Vec<u8>) {
        match self.form {
            Form::Csv => self.sheet.header(out),
            Form::Ndjson => {
                recording::begin(model, model.session.started_ns, &mut self.ndjson, out);
            }
        }
    }

    fn write(&mut self, entry: &Entry, part: Part, model: &Model, out: &mut Vec<u8>) {
        match entry {
            Entry::Row(row) if part == Part::Begin => {
                self.totals.execs += u64::from(!row.exec.failed());
                self.totals.failed += u64::from(row.exec.failed());
            }
            Entry::Row(_) => self.totals.exits += 1,
            Entry::Gap(lost) => self.totals.lost += lost.count,
        }
        match (self.form, entry, part) {
            (Form::Csv, Entry::Row(row), _) => self.sheet.row(row, model, out),
            (Form::Csv, Entry::Gap(_), _) => {}
            (Form::Ndjson, entry, Part::Begin) => self.ndjson.begin_of(entry, &model.session, out),
            (Form::Ndjson, entry, Part::End) => self.ndjson.end_of(entry, &model.session, out),
        }
    }
}

/// Returns execs and exits in the order in which they happened.
fn in_time(entries: Vec<EntryId>, model: &Model) -> Vec<(EntryId, Part)> {
    let mut parts: Vec<(u64, Part, EntryId)> = Vec::with_capacity(entries.len());
    for id in entries {
        match model.store.get(id) {
            Some(Entry::Row(row)) => {
                parts.push((row.exec.time_ns, Part::Begin, id));
                parts.extend(row.exit().map(|exit| (exit.time_ns, Part::End, id)));
            }
            Some(Entry::Gap(lost)) => parts.push((lost.time_ns, Part::Begin, id)),
            None => {}
        }
    }
    parts.sort_by_key(|(time_ns, part, id)| (*time_ns, *part, *id));
    parts.into_iter().map(|(_, part, id)| (id, part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_name_says_the_form() {
        for (name, form) in [
            ("a.ndjson", Some(Form::Ndjson)),
            ("a.b/c.JSONL.gz", Some(Form::Ndjson)),
            ("a.csv.zst", Some(Form::Csv)),
            ("csv", None),
            ("a.gz", None),
            ("a.txt", None),
            ("", None),
        ] {
            assert_eq!(Form::of(Path::new(name)), form, "{name}");
        }
    }

    #[test]
    fn slices_make_the_same_file_whatever_their_size() {
        let mut model = fixture::model(100);
        for event in fixture::build() {
            model.apply(event);
        }
        let ids: Vec<EntryId> = model.store.iter().map(|(id, _)| id).collect();
        for (form, begin, lines) in [
            (Form::Csv, "time,", 14),
            (Form::Ndjson, "{\"event\":\"start\"", 26),
        ] {
            let whole = |most: usize| {
                let mut saved = Saved::new(form, ids.clone(), &[], &model);
                let mut out = Vec::new();
                while saved.slice(&model, most, &mut out) {}
                assert_eq!((saved.rows(), saved.percent()), (13, 100));
                String::from_utf8(out).unwrap()
            };
            assert!(whole(1).starts_with(begin));
            assert_eq!(whole(1), whole(1_000));
            assert_eq!(whole(3).lines().count(), lines, "{form:?}");
            let none = Saved::new(form, Vec::new(), &[], &model).slice(&model, 9, &mut Vec::new());
            assert!(!none);
        }
    }
}
