//! Values in words, as the cells of the table and copied rows have them.

use crate::event::{Status, errno_name};
use crate::field::Value;
use crate::format;
use crate::model::Model;
use crate::text;
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// Returns a value in words that are safe to show.
pub fn words<'a>(value: &Value<'a>, model: &Model, zone: &TimeZone) -> Cow<'a, str> {
    Cow::Owned(match value {
        Value::None => return Cow::Borrowed(""),
        Value::Number(n) => n.to_string(),
        Value::Text(Cow::Borrowed(bytes)) => return text::escape(bytes),
        Value::Text(Cow::Owned(bytes)) => text::escape(bytes).into_owned(),
        Value::Duration(ns) => format::duration(*ns),
        Value::Time(ns) => format::time_of_day(model.session.wall_ns(*ns), zone),
        Value::Size(bytes) => format::size(*bytes),
        Value::Outcome(0) => return Cow::Borrowed("ok"),
        Value::Outcome(errno) => return errno_name(*errno),
        Value::Exit(None) => return Cow::Borrowed("…"),
        Value::Exit(Some(Status::Code(code))) => code.to_string(),
        Value::Exit(Some(status)) => status.signal_name().unwrap_or_default().into_owned(),
    })
}
