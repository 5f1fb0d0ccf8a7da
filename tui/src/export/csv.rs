//! Comma-separated values for spreadsheets, by RFC 4180: a header, and a line for each program.
//!
//! A line is written when its program has ended, since only then all is known of it, or when it failed to start; and
//! at the end for what still runs. Numbers are plain: durations in nanoseconds, sizes in bytes, instants as ndjson has
//! them. Text is escaped as for a terminal, and what a spreadsheet would take for a formula has an apostrophe before it.

use super::Exporter;
use super::line::notice;
use super::stamp::Stamp;
use crate::event::errno_name;
use crate::event::{Session, Status};
use crate::field::{FIELDS, Field, Kind, Value};
use crate::model::{Applied, Model, Totals};
use crate::store::{EntryId, Row};
use crate::text;
use ::csv::{Terminator, Writer, WriterBuilder};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// What a spreadsheet takes for the beginning of a formula, some of it in its wide form.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// Writes a header, and rows.
#[derive(Debug)]
pub struct Sheet {
    columns: Vec<&'static Field>,
    stamp: Stamp,
}

impl Sheet {
    /// Makes a sheet of these columns, or of all fields if there are none.
    pub fn new(columns: &[&'static Field]) -> Self {
        Self {
            columns: match columns {
                [] => FIELDS.iter().collect(),
                columns => columns.to_vec(),
            },
            stamp: Stamp::utc(),
        }
    }

    /// Appends the header: the keys of the fields, with their unit if they have one.
    pub fn header(&self, out: &mut Vec<u8>) {
        let name = |field: &&Field| match field.kind {
            Kind::Duration => format!("{}_ns", field.key),
            Kind::Size => format!("{}_bytes", field.key),
            _ => field.key.to_owned(),
        };
        line(out, self.columns.iter().map(name));
    }

    /// Appends a row.
    pub fn row(&mut self, row: &Row, model: &Model, out: &mut Vec<u8>) {
        let stamp = &mut self.stamp;
        let cells = self.columns.iter();
        let cells = cells.map(|field| cell(&(field.value)(row, model), model, stamp));
        line(out, cells);
    }
}

fn line(out: &mut Vec<u8>, cells: impl Iterator<Item = impl AsRef<[u8]>>) {
    let mut writer: Writer<&mut Vec<u8>> = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .buffer_capacity(1 << 10)
        .from_writer(out);
    // Writing to memory cannot fail, and a header has as many cells as a row.
    let _ = writer.write_record(cells);
    let _ = writer.flush();
}

fn cell(value: &Value<'_>, model: &Model, stamp: &mut Stamp) -> String {
    match value {
        Value::None => String::new(),
        Value::Number(n) | Value::Duration(n) | Value::Size(n) => n.to_string(),
        Value::Text(bytes) => guarded(&text::escape(bytes)),
        Value::Time(ns) => {
            let mut out = Vec::new();
            stamp.nanoseconds_into(&mut out, model.session.wall_ns(*ns));
            // It is ASCII.
            String::from_utf8(out).unwrap_or_default()
        }
        Value::Outcome(0) => "ok".to_owned(),
        Value::Outcome(errno) => errno_name(*errno).into_owned(),
        Value::Exit(None) => "running".to_owned(),
        Value::Exit(Some(Status::Code(code))) => code.to_string(),
        Value::Exit(Some(status)) => status.signal_name().unwrap_or_default().into_owned(),
    }
}

/// Keeps a spreadsheet from computing what a program was called with.
fn guarded(text: &str) -> String {
    let guard = if text.starts_with(FORMULA) { "'" } else { "" };
    format!("{guard}{text}")
}

/// Writes a line for each program once it has ended.
#[derive(Debug)]
pub struct Csv {
    sheet: Sheet,
    clock: Stamp,
    /// The programs that run, each with its line as of its exec.
    running: BTreeMap<EntryId, Vec<u8>>,
}

impl Csv {
    /// Makes a writer of these columns, or of all fields if there are none.
    pub fn new(columns: &[&'static Field]) -> Self {
        Self {
            sheet: Sheet::new(columns),
            clock: Stamp::time_of_day(TimeZone::system()),
            running: BTreeMap::new(),
        }
    }

    /// Appends the line of a program that has ended.
    fn ended(&mut self, entry: EntryId, model: &Model, out: &mut Vec<u8>) {
        let told = self.running.remove(&entry);
        match (model.store.row(entry), told) {
            (Some(row), _) => self.sheet.row(row, model, out),
            (None, Some(line)) => out.extend(line),
            (None, None) => {}
        }
    }

    /// Appends the lines of what left the history while it ran.
    fn forget(&mut self, model: &Model, out: &mut Vec<u8>) {
        let first = model.store.first_id();
        while let Some(oldest) = self.running.first_entry().filter(|e| *e.key() < first) {
            out.extend(oldest.remove());
        }
    }
}

impl Exporter for Csv {
    fn start(&mut self, _session: &Session, out: &mut Vec<u8>) {
        self.sheet.header(out);
    }

    fn event(&mut self, applied: &Applied, model: &Model, out: &mut Vec<u8>) -> Option<String> {
        self.forget(model, out);
        match applied {
            Applied::Exec {
                entry, replaced, ..
            } => {
                if let Some(old) = replaced.filter(|old| self.running.contains_key(old)) {
                    self.ended(old, model, out);
                }
                let row = model.store.row(*entry)?;
                if row.exec.failed() {
                    self.sheet.row(row, model, out);
                } else {
                    let mut line = Vec::new();
                    self.sheet.row(row, model, &mut line);
                    self.running.insert(*entry, line);
                }
                None
            }
            Applied::Exit { entry, .. } => {
                self.ended((*entry)?, model, out);
                None
            }
            Applied::Gap { lost, .. } => Some(notice(*lost, &model.session, &mut self.clock)),
            Applied::Fork(_) | Applied::Duplicate => None,
        }
    }

    fn end(&mut self, _totals: &Totals, _duration_ns: u64, out: &mut Vec<u8>) {
        let left = std::mem::take(&mut self.running);
        left.into_values().for_each(|line| out.extend(line));
    }
}

#[cfg(test)]
mod tests;
