//! Rows put together by the values of one or more fields.

use super::{Facts, Pivot};
use crate::field::{Field, Kind, Value};
use crate::model::Model;
use crate::store::{EntryId, Row};
use std::borrow::Cow;

/// The value of each field.
pub type Values = Box<[Value<'static>]>;

/// Groups by fields.
#[derive(Debug)]
pub struct By {
    fields: Vec<&'static Field>,
    /// The groups.
    pub pivot: Pivot<Values>,
    key: Vec<u8>,
}

/// Returns whether rows can be put together by a field: not by what nearly every row has another of.
pub fn suits(field: &Field) -> bool {
    let measured = matches!(field.kind, Kind::Time | Kind::Duration | Kind::Size);
    !measured && field.key != "seq"
}

impl By {
    /// Makes groups without rows, for those from `first` on.
    pub fn new(fields: Vec<&'static Field>, first: EntryId) -> Self {
        Self {
            fields,
            pivot: Pivot::new(first),
            key: Vec::new(),
        }
    }

    /// Puts a row where it belongs now, or takes it out if it is not meant to be seen.
    pub fn put(&mut self, id: EntryId, shown: bool, model: &Model) {
        let Some(row) = model.store.row(id).filter(|_| shown) else {
            return self.pivot.take_out(id);
        };
        let values = || self.fields.iter().map(|field| (field.value)(row, model));
        self.key.clear();
        for value in values() {
            encode(&mut self.key, &value);
        }
        let label = || values().map(owned).collect();
        self.pivot.put(id, &self.key, label, facts(row));
    }
}

/// Returns what a row adds to its group.
pub(super) fn facts(row: &Row) -> Facts {
    let cpu = row.exit().and_then(|exit| {
        let (user, system) = (exit.user_ns?, exit.system_ns?);
        Some(user.saturating_add(system))
    });
    Facts {
        failed: row.exec.failed(),
        second: (row.exec.time_ns / 1_000_000_000) as u32,
        duration_ns: row.duration_ns(),
        cost_ns: cpu.unwrap_or(0),
    }
}

fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::None => Value::None,
        Value::Number(n) => Value::Number(n),
        Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        Value::Duration(ns) => Value::Duration(ns),
        Value::Time(ns) => Value::Time(ns),
        Value::Size(bytes) => Value::Size(bytes),
        Value::Outcome(errno) => Value::Outcome(errno),
        Value::Exit(status) => Value::Exit(status),
    }
}

/// Writes a value so that no two lists of values are written alike.
fn encode(key: &mut Vec<u8>, value: &Value<'_>) {
    let mut number = |tag: u8, n: u64| {
        key.push(tag);
        key.extend_from_slice(&n.to_le_bytes());
    };
    match value {
        Value::None => number(0, 0),
        Value::Number(n) => number(1, *n),
        Value::Text(text) => {
            number(2, text.len() as u64);
            key.extend_from_slice(text);
        }
        Value::Duration(n) => number(3, *n),
        Value::Time(n) => number(4, *n),
        Value::Size(n) => number(5, *n),
        Value::Outcome(errno) => number(6, u64::from(errno.cast_unsigned())),
        Value::Exit(None) => number(7, 0),
        Value::Exit(Some(crate::event::Status::Code(code))) => number(8, (*code).into()),
        Value::Exit(Some(crate::event::Status::Signal { number: n, .. })) => number(9, (*n).into()),
    }
}
