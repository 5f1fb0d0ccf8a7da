//! What happened, as lines for people and for programs.
//!
//! [`Output`] decides which events are told; an [`Exporter`] says how. Both only append
//! to a buffer that the caller writes out once a batch. Adding a format is one file here
//! and one entry of [`FORMATS`].

pub mod csv;
mod file;
pub mod line;
pub mod ndjson;
pub mod recording;
pub mod saved;
mod stamp;
pub mod summary;
pub mod trace;

pub use file::{Folder, OutputFile, Owner, create as create_file};

use crate::event::{Exec, Session};
use crate::field::Field;
use crate::filter::Filter;
use crate::model::{Applied, Model, Totals};
use crate::store::{EntryId, Row};
use regex::bytes::Regex;

/// A form of output; the value of `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Columns for people.
    Table,
    /// One JSON object a line.
    Ndjson,
    /// Columns for spreadsheets.
    Csv,
    /// A line for each command, at the end.
    Summary,
    /// A timeline of slices.
    Trace,
}

/// What there is to know about a format.
#[derive(Debug)]
pub struct FormatInfo {
    /// The format.
    pub format: Format,
    /// Its name in `-o`.
    pub name: &'static str,
    /// What it is, for help and docs.
    pub doc: &'static str,
    /// Whether it looks for the exec's row when something else is told of it.
    looks_back: bool,
    make: fn(&Options) -> Box<dyn Exporter>,
}

/// Every format.
pub static FORMATS: &[FormatInfo] = &[
    FormatInfo {
        format: Format::Table,
        name: "table",
        doc: "the columns of bcc's execsnoop: PCOMM PID PPID RET ARGS",
        looks_back: false,
        make: |options| Box::new(line::Table::new(&options.table)),
    },
    FormatInfo {
        format: Format::Ndjson,
        name: "ndjson",
        doc: "one JSON object a line: start, exec, exit, lost, end",
        looks_back: false,
        make: |_| Box::new(ndjson::Ndjson::default()),
    },
    FormatInfo {
        format: Format::Csv,
        name: "csv",
        doc: "for spreadsheets (RFC 4180): a header, and a line for each program once it has ended",
        looks_back: true,
        make: |options| Box::new(csv::Csv::new(&options.columns)),
    },
    FormatInfo {
        format: Format::Summary,
        name: "summary",
        doc: "what ran, in sum, at the end: each command's count, failures, CPU time and durations",
        looks_back: true,
        make: |_| Box::new(summary::Summary::default()),
    },
    FormatInfo {
        format: Format::Trace,
        name: "trace",
        doc: "a timeline for ui.perfetto.dev: programs as slices, within their parents",
        looks_back: false,
        make: |_| Box::new(trace::Trace::default()),
    },
];

impl Format {
    /// Returns the format's entry of the table.
    pub fn info(self) -> &'static FormatInfo {
        FORMATS
            .iter()
            .find(|info| info.format == self)
            .unwrap_or(&FORMATS[0])
    }
}

/// Writes events in one format.
pub trait Exporter: Send {
    /// Appends what comes before the first event; the capture is ready by then.
    fn start(&mut self, session: &Session, out: &mut Vec<u8>);

    /// Appends one event, right after the model took it in (later its row may be gone).
    ///
    /// Returns a line that belongs on standard error, where it does not disturb columns.
    fn event(&mut self, applied: &Applied, model: &Model, out: &mut Vec<u8>) -> Option<String>;

    /// Appends what comes after the last event; `duration_ns` is the capture's length.
    fn end(&mut self, totals: &Totals, duration_ns: u64, out: &mut Vec<u8>);
}

/// Which kinds of events are told. Losses always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Events {
    /// Execs.
    pub exec: bool,
    /// Ends of processes that executed something.
    pub exit: bool,
    /// Forks, which the probe tells only on request.
    pub fork: bool,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            exec: true,
            exit: true,
            fork: false,
        }
    }
}

/// What bcc's selecting flags ask of an exec.
#[derive(Clone, Debug, Default)]
pub struct Select {
    /// `-u`: its real user id.
    pub uid: Option<u32>,
    /// `-P`: its parent's process id.
    pub ppid: Option<u32>,
    /// `-n`: somewhere in its task name.
    pub name: Option<Regex>,
    /// `-l`: somewhere in its line of arguments.
    pub line: Option<Regex>,
}

impl Select {
    /// Returns whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.uid.is_none() && self.ppid.is_none() && self.name.is_none() && self.line.is_none()
    }

    /// Returns whether an exec is as asked.
    pub fn matches(&self, exec: &Exec) -> bool {
        self.uid.is_none_or(|uid| exec.uid == uid)
            && self.ppid.is_none_or(|ppid| exec.ppid == ppid)
            && self
                .name
                .as_ref()
                .is_none_or(|name| name.is_match(exec.comm.as_bytes()))
            && self.line.as_ref().is_none_or(|line| {
                let args: Vec<_> = line::arguments(exec).collect();
                line.is_match(&args.join(&b' '))
            })
    }
}

/// What is written, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The form.
    pub format: Format,
    /// The kinds of events.
    pub events: Events,
    /// Whether failed execs are told.
    pub failed: bool,
    /// bcc's selection.
    pub select: Select,
    /// The filter, asked of a row when its exec or its exit is told.
    pub filter: Filter,
    /// After how many told execs to stop.
    pub count: Option<u64>,
    /// What the table shows.
    pub table: line::TableOptions,
    /// The columns of CSV; none are all fields.
    pub columns: Vec<&'static Field>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: Format::Ndjson,
            events: Events::default(),
            failed: true,
            select: Select::default(),
            filter: Filter::default(),
            count: None,
            table: line::TableOptions::default(),
            columns: Vec::new(),
        }
    }
}

impl Options {
    /// Returns whether events are told that need the row of an exec before them.
    pub fn looks_back(&self) -> bool {
        self.format.info().looks_back || !self.passes_all()
    }

    fn passes_all(&self) -> bool {
        self.select.is_empty() && self.filter.is_empty()
    }
}

/// Events in, lines out.
pub struct Output {
    exporter: Box<dyn Exporter>,
    options: Options,
    everything: bool,
    left: u64,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("options", &self.options)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl Output {
    /// Makes an output that has told nothing yet.
    pub fn new(options: Options) -> Self {
        Self {
            exporter: (options.format.info().make)(&options),
            everything: options.passes_all(),
            left: options.count.unwrap_or(u64::MAX),
            options,
        }
    }

    /// Appends what comes before the first event; to be called once the capture is ready.
    pub fn start(&mut self, session: &Session, out: &mut Vec<u8>) {
        self.exporter.start(session, out);
    }

    /// Appends an event if it is to be told; to be called right after the model took it in.
    ///
    /// Returns a line for standard error, without its newline.
    pub fn event(&mut self, applied: &Applied, model: &Model, out: &mut Vec<u8>) -> Option<String> {
        if self.done() || !self.tells(applied, model) {
            return None;
        }
        if matches!(applied, Applied::Exec { .. }) {
            self.left -= 1;
        }
        self.exporter.event(applied, model, out)
    }

    /// Appends what comes after the last event.
    pub fn end(&mut self, totals: &Totals, duration_ns: u64, out: &mut Vec<u8>) {
        self.exporter.end(totals, duration_ns, out);
    }

    /// Returns whether as many execs were told as were asked for.
    pub fn done(&self) -> bool {
        self.left == 0
    }

    fn tells(&self, applied: &Applied, model: &Model) -> bool {
        let events = self.options.events;
        match applied {
            Applied::Exec { entry, .. } => {
                let row = model.store.row(*entry);
                events.exec
                    && row.is_some_and(|row| {
                        (self.options.failed || !row.exec.failed()) && self.passes(row, model)
                    })
            }
            Applied::Exit { entry, .. } => events.exit && self.entry_passes(*entry, model),
            Applied::Fork(fork) => {
                let parent = model.processes.find(fork.parent);
                events.fork && self.entry_passes(parent.and_then(|p| p.last_exec), model)
            }
            Applied::Gap { .. } => true,
            Applied::Duplicate => false,
        }
    }

    /// Returns whether the exec behind another event passes; nothing passes a filter unseen.
    fn entry_passes(&self, entry: Option<EntryId>, model: &Model) -> bool {
        let row = || model.store.row(entry?);
        self.everything || row().is_some_and(|row| self.passes(row, model))
    }

    fn passes(&self, row: &Row, model: &Model) -> bool {
        self.everything
            || (self.options.select.matches(&row.exec)
                && (self.options.filter.is_empty() || self.options.filter.matches(row, model)))
    }
}

#[cfg(test)]
pub(crate) mod tests;
