//! The parts of a filter that must all hold, as they are written.

use super::Parser;
use crate::filter::{FilterError, Names};
use jiff::tz::TimeZone;
use std::ops::Range;

/// Returns where the tests stand in a filter that must all hold, as ranges of characters without the
/// brackets around them; a text that is no filter has none.
pub(in crate::filter) fn terms(
    text: &str,
    zone: Option<&TimeZone>,
    names: &Names,
) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut left = Vec::new();
    left.push(0..text.chars().count());
    while let Some(range) = left.pop() {
        let part: String = text.chars().skip(range.start).take(range.len()).collect();
        let parts = parts(&part, zone, names).unwrap_or_default();
        let parts = parts.into_iter().map(|(part, bracketed)| {
            let part = range.start + part.start..range.start + part.end;
            (part, bracketed)
        });
        for (part, bracketed) in parts.rev() {
            if bracketed {
                left.push(part.start + 1..part.end - 1);
            } else {
                found.push(part);
            }
        }
    }
    found.sort_by_key(|part| part.start);
    found
}

/// Returns the parts of a filter that must all hold, each with whether brackets stand around it.
fn parts(
    text: &str,
    zone: Option<&TimeZone>,
    names: &Names,
) -> Result<Vec<(Range<usize>, bool)>, FilterError> {
    let mut parser = Parser::new(text, zone, names);
    parser.cursor.skip_blanks();
    let begin = parser.cursor.column();
    let mut parts = Vec::new();
    while parser.cursor.peek().is_some() {
        let from = parser.cursor.column();
        let open = parser.cursor.peek() == Some('(');
        if open {
            parser.brackets()?;
        }
        let closed = parser.cursor.column();
        parser.cursor.go_to(from);
        parser.one()?;
        let to = parser.cursor.behind_last(from);
        parts.push((from..to, open && closed == to));
        parser.keyword("and");
        parser.cursor.skip_blanks();
        if parser.cursor.is_keyword("or") {
            let end = text.chars().count();
            parser.cursor.go_to(end);
            return Ok(vec![(begin..parser.cursor.behind_last(begin), false)]);
        }
    }
    Ok(parts)
}
