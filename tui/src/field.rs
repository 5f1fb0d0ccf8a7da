//! The one table of an exec's facts: columns, sort keys, filter keys, help and docs walk it.

mod column;
mod table;

pub use column::{Column, WIDTHS, named};
pub use table::{CUT_PATH, FIELDS, command_line, command_start_into};

use crate::event::Status;
use crate::model::Model;
use crate::store::Row;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A fact's value in one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Not known, or not applicable.
    None,
    /// A count or an id.
    Number(u64),
    /// Captured bytes, or a word.
    Text(Cow<'a, [u8]>),
    /// A length of time, ns.
    Duration(u64),
    /// An instant: CLOCK_BOOTTIME, ns.
    Time(u64),
    /// A size in bytes.
    Size(u64),
    /// How an exec went: 0, or errno.
    Outcome(i32),
    /// How a process ended; `None` while it runs.
    Exit(Option<Status>),
}

impl Value<'_> {
    /// Compares two values of one field; what is not known comes last.
    pub fn order(&self, other: &Self) -> Ordering {
        use Value::{Duration, Exit, Number, Outcome, Size, Text, Time};
        match (self, other) {
            (Number(a), Number(b))
            | (Duration(a), Duration(b))
            | (Time(a), Time(b))
            | (Size(a), Size(b)) => a.cmp(b),
            (Text(a), Text(b)) => a.cmp(b),
            (Outcome(a), Outcome(b)) => a.cmp(b),
            (Exit(a), Exit(b)) => a.is_none().cmp(&b.is_none()).then_with(|| a.cmp(b)),
            _ => self.is_none().cmp(&other.is_none()),
        }
    }

    /// Returns whether nothing is known.
    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }
}

/// What a field's values are, for the filter language and for alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Value::Number`].
    Number,
    /// [`Value::Text`].
    Text,
    /// [`Value::Duration`].
    Duration,
    /// [`Value::Time`].
    Time,
    /// [`Value::Size`].
    Size,
    /// [`Value::Outcome`].
    Outcome,
    /// [`Value::Exit`].
    Exit,
}

impl Kind {
    /// Returns whether cells of this kind stand at the right of their column.
    pub fn right_aligned(self) -> bool {
        !matches!(self, Kind::Text | Kind::Time | Kind::Outcome)
    }
}

/// One fact of an exec.
pub struct Field {
    /// Its name in `--columns`, the filter language and the config.
    pub key: &'static str,
    /// Its column's header.
    pub title: &'static str,
    /// Its column's width in cells; the elastic one takes what is left.
    pub width: u16,
    /// What its values are.
    pub kind: Kind,
    /// The narrowest screen on which it is a column by default; `None` if only on request.
    pub default_from: Option<u16>,
    /// What it tells, for help and docs.
    pub doc: &'static str,
    /// Takes its value out of a row.
    pub value: for<'a> fn(&'a Row, &'a Model) -> Value<'a>,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key)
    }
}

/// Returns the field of a key.
pub fn by_key(key: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.key == key)
}

/// Returns the keys most like a misspelt one, best first.
pub fn near(key: &str) -> Vec<&'static str> {
    let mut near: Vec<_> = FIELDS
        .iter()
        .map(|field| (strsim::damerau_levenshtein(key, field.key), field.key))
        .filter(|(distance, k)| *distance <= 2 || (key.len() > 1 && k.starts_with(key)))
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, key)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_and_titles_are_unique_and_documented() {
        let mut seen = HashSet::new();
        for field in FIELDS {
            assert!(seen.insert(field.key), "{} twice", field.key);
            assert!(seen.insert(field.title), "{} twice", field.title);
            assert!(!field.doc.is_empty() && field.key.is_ascii());
            assert!(
                field.width == 0 || usize::from(field.width) >= field.title.len(),
                "{field:?}"
            );
        }
        assert_eq!(
            FIELDS.iter().filter(|f| f.width == 0).count(),
            1,
            "one elastic column"
        );
    }

    #[test]
    fn near_names_are_offered() {
        assert_eq!(near("pdi").first(), Some(&"pid"));
        assert!(near("comand").contains(&"command"));
        assert!(near("zzzzzz").is_empty());
    }
}
