//! The live source: this machine's kernel.

pub mod requirements;
pub mod tracefs;
