//! Where events come from. Every source hands over the same batches.

pub mod probe;
pub mod proc;

use crate::event::Event;

/// Events in the order in which they happened, and what else the source has to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// What happened.
    pub events: Vec<Event>,
}
