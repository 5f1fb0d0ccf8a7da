//! Recordings: the event schema read back, whoever wrote it.

mod line;

pub use line::{End, Item, Parser};
