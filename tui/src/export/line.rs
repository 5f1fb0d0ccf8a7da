//! Columns for people, as bcc's execsnoop prints them.
//!
//! Header and widths are those of its Python version (whose PID columns fit 7 digits),
//! ARGS is the path as passed and then the arguments from the second on. Unlike there, a
//! value that is wider than its column still stands apart from the next one, and bytes
//! that could act on a terminal are escaped.

use super::Exporter;
use super::stamp::Stamp;
use crate::event::{Capture, Exec, Flags, Lost, Session};
use crate::model::{Applied, Model, Totals};
use crate::text;
use jiff::tz::TimeZone;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// What the table shows.
#[derive(Clone, Debug, PartialEq)]
pub struct TableOptions {
    /// `-T`: a column with the time of day.
    pub time: bool,
    /// `-t`: a column with the seconds since the start.
    pub timestamp: bool,
    /// `-U`: a column with the real user id.
    pub uid: bool,
    /// `-q`: quotation marks around each argument.
    pub quote: bool,
    /// `--max-args`: how many words ARGS shows, the path included.
    pub max_args: usize,
    /// The zone of the time of day.
    pub zone: TimeZone,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            time: false,
            timestamp: false,
            uid: false,
            quote: false,
            max_args: 20,
            zone: TimeZone::system(),
        }
    }
}

/// Writes one line for each exec.
#[derive(Debug)]
pub struct Table {
    options: TableOptions,
    stamp: Stamp,
    line: String,
}

impl Table {
    /// Makes a table.
    pub fn new(options: &TableOptions) -> Self {
        Self {
            stamp: Stamp::time_of_day(options.zone.clone()),
            options: options.clone(),
            line: String::new(),
        }
    }

    fn row(&mut self, exec: &Exec, session: &Session) {
        let line = &mut self.line;
        if self.options.time {
            let time = self.stamp.second(session.wall_ns(exec.time_ns));
            column(line, 9, |line| line.push_str(time));
        }
        if self.options.timestamp {
            let ms = exec.time_ns.saturating_sub(session.started_ns) / 1_000_000;
            let seconds = format_args!("{}.{:03}", ms / 1000, ms % 1000);
            column(line, 8, |line| push(line, seconds));
        }
        if self.options.uid {
            column(line, 6, |line| push(line, format_args!("{}", exec.uid)));
        }
        column(line, 17, |line| {
            text::escape_into(line, exec.comm.as_bytes())
        });
        column(line, 8, |line| push(line, format_args!("{}", exec.pid)));
        column(line, 8, |line| push(line, format_args!("{}", exec.ppid)));
        push(line, format_args!("{:3} ", exec.ret));
        args(line, exec, &self.options);
        line.push('\n');
    }
}

/// Returns the line for standard error about lost events; the stamp tells the time of day.
pub(super) fn notice(lost: Lost, session: &Session, stamp: &mut Stamp) -> String {
    let mut notice = format!("execsnoop-tui: {} events lost", lost.count);
    if let Some(cpu) = lost.cpu {
        push(&mut notice, format_args!(" on CPU {cpu}"));
    }
    if let Some(host) = session.told_host(lost.host) {
        notice.push_str(" on ");
        text::escape_into(&mut notice, host.as_bytes());
    }
    let time = stamp.second(session.wall_ns(lost.time_ns));
    push(&mut notice, format_args!(" at {time}"));
    notice
}

impl Exporter for Table {
    fn start(&mut self, _session: &Session, out: &mut Vec<u8>) {
        for (on, title) in [
            (self.options.time, "TIME     "),
            (self.options.timestamp, "TIME(s) "),
            (self.options.uid, "UID   "),
            (true, "PCOMM            PID     PPID    RET ARGS\n"),
        ] {
            if on {
                out.extend_from_slice(title.as_bytes());
            }
        }
    }

    fn event(&mut self, applied: &Applied, model: &Model, out: &mut Vec<u8>) -> Option<String> {
        match applied {
            Applied::Exec { entry, .. } => {
                self.line.clear();
                self.row(&model.store.row(*entry)?.exec, &model.session);
                out.extend_from_slice(self.line.as_bytes());
                None
            }
            Applied::Gap { lost, .. } => Some(notice(*lost, &model.session, &mut self.stamp)),
            Applied::Exit { .. } | Applied::Fork(_) | Applied::Duplicate => None,
        }
    }

    fn end(&mut self, _totals: &Totals, _duration_ns: u64, _out: &mut Vec<u8>) {}
}

/// Returns the words of bcc's ARGS column: the path as passed, then the arguments from the
/// second on.
///
/// Of a script these are the arguments from the script's path on, without what the kernel
/// put before it. A path that was not captured, or is empty, gives way to the first argument.
pub fn arguments(exec: &Exec) -> impl Iterator<Item = &[u8]> {
    let path = exec.filename.as_deref().filter(|path| !path.is_empty());
    let behind = match path {
        Some(path) if exec.flags.contains(Flags::SCRIPT) && !exec.failed() => {
            exec.args.iter().position(|arg| arg == path).map(|i| i + 1)
        }
        Some(_) => Some(1),
        None => None,
    };
    let path = path.filter(|_| behind.is_some());
    path.into_iter()
        .chain(exec.args.iter().skip(behind.unwrap_or(0)))
}

fn args(line: &mut String, exec: &Exec, options: &TableOptions) {
    let mut shown = 0;
    let mut words = arguments(exec);
    for word in words.by_ref().take(options.max_args) {
        if shown > 0 {
            line.push(' ');
        }
        if options.quote {
            quoted_into(line, word);
        } else {
            text::escape_into(line, word);
        }
        shown += 1;
    }
    if words.next().is_some() {
        line.push_str(" ...");
        return;
    }
    match exec.args.capture {
        Capture::Whole => {}
        Capture::Truncated => {
            // Only an argument that was cut in its midst runs into the mark.
            if exec.args.bytes.last().is_none_or(|b| *b == 0) && shown > 0 {
                line.push(' ');
            }
            match exec.args.missing_bytes() {
                Some(missing) => push(line, format_args!("…[+{}]", size(missing))),
                None => line.push('…'),
            }
        }
        Capture::Failed => line.push_str(if shown > 0 { " [?]" } else { "[?]" }),
    }
}

/// Appends a word in quotation marks, in which quotation marks and backslashes are escaped.
fn quoted_into(line: &mut String, word: &[u8]) {
    line.push('"');
    let mut rest = word;
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        text::escape_into(line, &rest[..at]);
        line.push('\\');
        line.push(char::from(rest[at]));
        rest = &rest[at + 1..];
    }
    text::escape_into(line, rest);
    line.push('"');
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// Appends a value and blanks up to the column's width, at least one.
fn column(line: &mut String, width: usize, value: impl FnOnce(&mut String)) {
    let from = line.len();
    value(line);
    let used = line[from..].width();
    line.extend(std::iter::repeat_n(' ', width.saturating_sub(used).max(1)));
}

fn push(line: &mut String, args: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = line.write_fmt(args);
}

#[cfg(test)]
mod tests;
