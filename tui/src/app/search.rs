//! Finding a text among the lines without hiding any.

use crate::field::command_line;
use crate::model::Model;
use crate::process::Process;
use crate::store::Row;
use crate::text;

/// A text to find in command lines, task names and pids. Case counts if it has a capital letter.
#[derive(Clone, Debug, Default)]
pub struct Search {
    text: String,
    any_case: bool,
}

impl Search {
    /// Makes a search; an empty text finds nothing.
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            any_case: !text.chars().any(char::is_uppercase),
        }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns where in a text this is first found from `from` on: the range of bytes.
    pub fn find(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        if self.is_empty() {
            return None;
        }
        let rest = text.get(from..)?;
        let at = if self.any_case {
            find_any_case(rest, &self.text)?
        } else {
            rest.find(&self.text).map(|at| (at, at + self.text.len()))?
        };
        Some((from + at.0, from + at.1))
    }

    /// Returns whether a text has it.
    pub fn is_in(&self, text: &str) -> bool {
        self.find(text, 0).is_some()
    }

    /// Returns whether a row has it.
    pub fn matches(&self, row: &Row) -> bool {
        self.is_in(&command_line(row))
            || self.is_in(&text::escape(row.exec.comm.as_bytes()))
            || row.exec.pid.to_string() == self.text
    }

    /// Returns whether a process has it.
    pub fn matches_process(&self, process: &Process, model: &Model) -> bool {
        let row = process.last_exec.and_then(|id| model.store.row(id));
        row.is_some_and(|row| self.matches(row))
            || self.is_in(&text::escape(process.comm.as_bytes()))
            || self.is_in(&text::escape(&process.cmdline))
            || process.key.pid.to_string() == self.text
    }
}

/// Finds a lower-case text whatever the case it is found in.
fn find_any_case(text: &str, lower: &str) -> Option<(usize, usize)> {
    if text.is_ascii() && lower.is_ascii() {
        let (text, lower) = (text.as_bytes(), lower.as_bytes());
        let hit = |w: &[u8]| w.eq_ignore_ascii_case(lower);
        let at = text.windows(lower.len().max(1)).position(hit)?;
        return Some((at, at + lower.len()));
    }
    text.char_indices().find_map(|(at, _)| {
        let mut wanted = lower.chars();
        let mut next = wanted.next();
        for (i, c) in text.get(at..)?.char_indices() {
            for c in c.to_lowercase() {
                if Some(c) != next {
                    return next.is_none().then_some((at, at + i));
                }
                next = wanted.next();
            }
        }
        next.is_none().then_some((at, text.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_counts_only_when_a_capital_is_typed() {
        assert_eq!(Search::new("make").find("GNU Make", 0), Some((4, 8)));
        assert_eq!(Search::new("Make").find("gnu make", 0), None);
        assert_eq!(Search::new("ä").find("grün ÄÖ", 0), Some((6, 8)));
        assert_eq!(Search::new("日").find("a日b", 0), Some((1, 4)));
        assert_eq!(Search::new("").find("x", 0), None);
        assert_eq!(Search::new("a").find("banana", 2), Some((3, 4)));
        assert_eq!(Search::new("öx").find("ö", 0), None);
    }
}
