//! One fact of one row as text with its style.

use super::Look;
use super::paint::Part;
use crate::app::words::words;
use crate::container;
use crate::event::{Capture, Status};
use crate::field::{CUT_PATH, Field, Value, command_start_into};
use crate::format;
use crate::store::Row;
use ratatui::style::Style;
use std::borrow::Cow;

/// Bytes of arguments that a line of a table or a tree shows of a command, however it is scrolled: who executes
/// decides how long it is, and each frame measures it.
pub(super) const LINE_MAX: usize = 2048;

/// Returns the text and the style of a row's value of a field that is not the elastic one.
pub(super) fn cell<'a>(field: &Field, row: &'a Row, look: &Look<'a>) -> (Cow<'a, str>, Style) {
    let theme = look.theme;
    let base = row_style(row, look);
    let value = (field.value)(row, look.model);
    let style = match (&value, field.key) {
        (Value::Time(_), _) | (Value::Outcome(0), _) => theme.dim,
        (_, "ppid") => theme.dim,
        (Value::Exit(None), _) => theme.warn,
        (Value::Exit(Some(Status::Code(0))), _) => theme.dim,
        (Value::Exit(Some(Status::Code(_))), _) => theme.warn,
        (Value::Exit(Some(Status::Signal { .. })), _) => theme.failed,
        _ => base,
    };
    let text = match (field.key, row.exec.container()) {
        ("container", Some(id)) => look.plain(look.text(container::short(id).as_bytes())),
        _ => value_text(&value, look),
    };
    (text, style)
}

/// Returns the style that a row's cells have unless they have one of their own.
pub(super) fn row_style(row: &Row, look: &Look<'_>) -> Style {
    if row.exec.failed() {
        look.theme.failed
    } else {
        look.theme.text
    }
}

/// Returns a value in words.
pub(super) fn value_text<'a>(value: &Value<'a>, look: &Look<'_>) -> Cow<'a, str> {
    let glyphs = look.theme.glyphs;
    match value {
        Value::Exit(None) => Cow::Borrowed(glyphs.ellipsis),
        Value::Outcome(errno) if *errno != 0 => {
            let name = words(value, look.model, look.zone);
            look.plain(Cow::Owned(format!("{} {name}", glyphs.failed)))
        }
        value => look.plain(words(value, look.model, look.zone)),
    }
}

/// Returns a row's command line, with how many misses are `folded` into it behind its name, and what is said behind it
/// about what was not captured.
pub(super) fn command<'a>(
    row: &'a Row,
    folded: usize,
    look: &Look<'a>,
) -> (Vec<Part<'a>>, Option<String>) {
    let mut line = String::new();
    let whole = command_start_into(&mut line, row, LINE_MAX);
    if line.is_empty() {
        line = format!("[{}]", look.text(row.exec.comm.as_bytes()));
    }
    let line = look.shown(line.into()).into_owned();
    let missing = match row.exec.args.capture {
        Capture::Whole => None,
        Capture::Truncated => Some(match row.exec.args.missing_bytes() {
            Some(bytes) if bytes > 0 => format!("+{}", format::size(bytes)),
            _ => "+?".to_owned(),
        }),
        Capture::Failed => Some("? not read".to_owned()),
    };
    let base = row_style(row, look);
    let name_end = line.find(' ').unwrap_or(line.len());
    let mut parts = command_parts(line, whole, base, look);
    if folded > 0 {
        let mut end = 0;
        let behind = parts.iter().position(|(text, _)| {
            end += text.len();
            end >= name_end
        });
        let mark = format!(" {}{folded}", look.theme.glyphs.folded);
        parts.insert(
            behind.map_or(parts.len(), |at| at + 1),
            (mark.into(), look.theme.accent),
        );
    }
    (parts, missing)
}

/// Splits a command line so that its directory is dim, its basename bright, and what was searched
/// stands out. If it is not `whole`, what follows is an ellipsis.
pub(super) fn command_parts<'a>(
    line: String,
    whole: bool,
    base: Style,
    look: &Look<'_>,
) -> Vec<Part<'a>> {
    let first = line.find(' ').unwrap_or(line.len());
    let name = line
        .get(..first)
        .and_then(|path| path.rfind('/'))
        .map_or(0, |at| at + 1);
    let styles = [
        (0, base.patch(look.theme.dim)),
        (name, base.patch(look.theme.bright)),
        (first, base),
    ];
    let mut cuts: Vec<(usize, usize, Style)> = Vec::new();
    for (i, (from, style)) in styles.iter().enumerate() {
        let to = styles.get(i + 1).map_or(line.len(), |(next, _)| *next);
        if from < &to {
            cuts.push((*from, to, *style));
        }
    }
    let mut parts = Vec::new();
    let mut hit = look.search.find(&line, 0);
    for (mut from, to, style) in cuts {
        while let Some((start, end)) = hit.filter(|(start, _)| *start < to) {
            let (start, stop) = (start.max(from), end.min(to));
            push(&mut parts, &line, from, start, style);
            push(
                &mut parts,
                &line,
                start,
                stop,
                style.patch(look.theme.found),
            );
            from = stop;
            if end > to {
                break;
            }
            hit = look.search.find(&line, end.max(start + 1));
        }
        push(&mut parts, &line, from, to, style);
    }
    if !whole {
        parts.push((look.theme.glyphs.ellipsis.to_owned().into(), base));
    }
    parts
}

fn push(parts: &mut Vec<Part<'_>>, line: &str, from: usize, to: usize, style: Style) {
    if let Some(text) = line.get(from..to).filter(|text| !text.is_empty()) {
        parts.push((text.to_owned().into(), style));
    }
}

/// Leaves out the directory of a command that is too wide for its place, so that its name is seen.
pub(super) fn without_directory<'a>(mut parts: Vec<Part<'a>>, look: &Look<'_>) -> Vec<Part<'a>> {
    let is_directory = |(text, _): &Part<'_>| text.ends_with('/') && !text.contains(' ');
    if parts.len() > 1
        && parts.first().is_some_and(is_directory)
        && let Some((text, _)) = parts.first_mut()
    {
        *text = look.plain(CUT_PATH.into());
    }
    parts
}
