//! Where events come from.

pub mod probe;
pub mod proc;
