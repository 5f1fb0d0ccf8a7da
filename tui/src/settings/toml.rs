//! TOML with the places of everything in it, and what is wrong at a place.

use super::unknown;
use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Bytes from the beginning of the file.
    pub(super) at: usize,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        let message = message.into();
        // The rest of a longer one lists what there is.
        let line = message.lines().next().unwrap_or_default().to_owned();
        Self { at, message: line }
    }

    /// Says of which key it is.
    pub(super) fn about(self, key: &str) -> Self {
        Self {
            message: format!("`{}`: {}", super::shown(key), self.message),
            ..self
        }
    }
}

/// A file that was read as far as it can be.
#[derive(Debug)]
pub(super) struct File<'t> {
    text: &'t str,
    table: Spanned<DeTable<'t>>,
}

/// A key, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'v> {
    pub(super) text: &'v str,
    pub(super) at: usize,
}

/// A value, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'v> {
    value: &'v DeValue<'v>,
    at: usize,
}

impl<'t> File<'t> {
    /// Reads a text; what is no TOML in it is left out, and told.
    pub(super) fn parse(text: &'t str) -> (Self, Vec<Fault>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let fault = |error: ::toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            Fault::new(at, format!("this is no TOML: {}", error.message()))
        };
        let faults = errors.into_iter().map(fault).collect();
        (Self { text, table }, faults)
    }

    /// Returns the line of a place, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        let before = self
            .text
            .as_bytes()
            .get(..at)
            .unwrap_or(self.text.as_bytes());
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }

    /// Returns what stands outside of all sections, and the sections, in the order of the file.
    pub(super) fn entries(&self) -> Vec<(Key<'_>, Value<'_>)> {
        entries(self.table.get_ref())
    }
}

fn entries<'v>(table: &'v DeTable<'_>) -> Vec<(Key<'v>, Value<'v>)> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| {
            let key = Key {
                text: key.get_ref(),
                at: key.span().start,
            };
            (key, Value::of(value))
        })
        .collect();
    entries.sort_by_key(|(key, _)| key.at);
    entries
}

impl<'v> Value<'v> {
    fn of(value: &'v Spanned<DeValue<'_>>) -> Self {
        Self {
            value: value.get_ref(),
            at: value.span().start,
        }
    }

    /// Returns something that is wrong with it.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(self.at, message)
    }

    fn is_not(&self, wanted: &str) -> Fault {
        let is = self.value.type_str();
        let article = if is.starts_with(['a', 'i']) {
            "an"
        } else {
            "a"
        };
        self.fault(format!("this is {article} {is}: write {wanted}"))
    }

    pub(super) fn text(&self) -> Result<&'v str, Fault> {
        let text = self.value.as_str();
        text.ok_or_else(|| self.is_not("a text in quotes"))
    }

    /// Returns a text, or each of a list.
    pub(super) fn list(&self) -> Result<Vec<Value<'v>>, Fault> {
        match self.value {
            DeValue::String(_) => Ok(vec![*self]),
            DeValue::Array(array) => Ok(array.iter().map(Value::of).collect()),
            _ => Err(self.is_not("a text in quotes, or a list of them in []")),
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, Fault> {
        let list = self.list()?.into_iter();
        list.map(|one| one.text().map(ToOwned::to_owned)).collect()
    }

    pub(super) fn yes_or_no(&self) -> Result<bool, Fault> {
        let is = self.value.as_bool();
        is.ok_or_else(|| self.is_not("true or false"))
    }

    pub(super) fn number(&self) -> Result<u64, Fault> {
        let number = self.value.as_integer();
        let number = number.and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
        number.ok_or_else(|| self.is_not("a whole number, not in quotes"))
    }

    pub(super) fn table(&self) -> Result<Vec<(Key<'v>, Value<'v>)>, Fault> {
        match self.value {
            DeValue::Table(table) => Ok(entries(table)),
            _ => Err(self.is_not("a section in []")),
        }
    }

    /// Returns what a text names.
    pub(super) fn choice<T>(
        &self,
        what: &str,
        known: impl Iterator<Item = String>,
        named: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Fault> {
        let text = self.text()?;
        named(text).ok_or_else(|| {
            let known: Vec<_> = known.collect();
            let message = unknown(what, text, known.iter().cloned());
            match message.ends_with('?') {
                true => self.fault(message),
                false => self.fault(format!("{message}: write {}", known.join(", "))),
            }
        })
    }
}
