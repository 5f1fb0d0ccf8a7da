//! Values made into tests: what each kind of field can be compared with.

use super::FilterError;
use super::ast::{Number, Op, Test, Texts};
use super::pattern::{Glob, Pattern};
use crate::event::Flags;
use crate::text::escape;

/// A value as it stands in the text.
pub(super) struct Raw {
    pub(super) column: usize,
    /// Its parts around wildcards.
    pub(super) parts: Vec<Vec<u8>>,
}

impl Raw {
    /// Returns the value as it was written, wildcards and all.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.parts.join(&b'*')).into_owned()
    }
}

pub(super) fn compile(
    pattern: &str,
    ignore_case: bool,
    column: usize,
) -> Result<Pattern, FilterError> {
    Pattern::new(pattern, ignore_case).map_err(|message| FilterError::new(column, message))
}

pub(super) fn number(of: Number, op: Op, values: &[Raw]) -> Result<Test, FilterError> {
    let unit = of.unit();
    let mut spans = Vec::with_capacity(values.len());
    let mut or_unknown = false;
    for value in values {
        let text = value.text();
        if text.is_empty() {
            or_unknown = true;
            continue;
        }
        let span = unit.parse(&text).map_err(|message| {
            let message = escape(message.as_bytes());
            FilterError::new(value.column, format!("{}: {message}", of.key()))
        })?;
        spans.push(span);
    }
    if !matches!(op, Op::Eq | Op::Ne) {
        let sign = op.sign();
        let column = values.first().map_or(0, |value| value.column);
        let range = values.iter().any(|value| value.text().contains(".."));
        let message = if !unit.is_ordered() {
            Some(format!(
                "{} has no order; use = or != instead of {sign}",
                of.key()
            ))
        } else if range || or_unknown || spans.len() != 1 {
            Some(format!("{sign} takes one value"))
        } else {
            None
        };
        if let Some(message) = message {
            return Err(FilterError::new(column, message));
        }
    }
    Ok(Test::Number {
        of,
        op,
        spans,
        or_unknown,
    })
}

/// Returns whether an operator other than `=` turns it around; `<` and the like are none.
fn negated(op: Op, key: &str, values: &[Raw]) -> Result<bool, FilterError> {
    match op {
        Op::Eq => Ok(false),
        Op::Ne => Ok(true),
        op => {
            let column = values.first().map_or(0, |value| value.column);
            let message = format!(
                "{key} is a text; use = != ~ !~ or in instead of {}",
                op.sign()
            );
            Err(FilterError::new(column, message))
        }
    }
}

pub(super) fn texts(key: &str, op: Op, values: Vec<Raw>) -> Result<(bool, Texts), FilterError> {
    let negated = negated(op, key, &values)?;
    let globs = values
        .into_iter()
        .map(|value| Glob::new(value.parts))
        .collect();
    Ok((negated, Texts::Globs(globs)))
}

pub(super) fn flag(op: Op, values: &[Raw]) -> Result<Test, FilterError> {
    let negated = negated(op, "flag", values)?;
    let (mut flags, mut or_none) = (Vec::new(), false);
    for value in values {
        let word = value.text();
        match Flags::WORDS.iter().find(|(_, known, _)| *known == word) {
            Some((flag, ..)) => flags.push(*flag),
            None if word.is_empty() => or_none = true,
            None => {
                let words = Flags::WORDS.map(|(_, word, _)| word).join(", ");
                let word = escape(word.as_bytes());
                let message = format!("there is no flag `{word}`; there are {words}");
                return Err(FilterError::new(value.column, message));
            }
        }
    }
    Ok(Test::Flag {
        negated,
        flags,
        or_none,
    })
}
