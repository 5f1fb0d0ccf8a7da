//! execsnoop-tui: what is executed on this machine, by whom, how often, and why it failed.
//!
//! See ARCHITECTURE.md for how the modules stand to each other.

pub mod action;
pub mod app;
pub mod appearance;
pub mod cells;
pub mod cli;
pub mod clock;
pub mod compare;
pub mod container;
pub mod doctor;
pub mod event;
pub mod export;
pub mod field;
pub mod filter;
pub mod format;
pub mod keymap;
pub mod list;
pub mod manual;
pub mod model;
pub mod pivot;
pub mod process;
pub mod rate;
pub mod redact;
pub mod resolve;
pub mod rewrite;
pub mod run;
pub mod settings;
pub mod shell;
pub mod source;
pub mod store;
pub mod terminal;
pub mod text;
mod threads;
pub mod view;

#[cfg(test)]
mod fixture;
