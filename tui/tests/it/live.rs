//! A real probe in the running kernel: what is executed is told, exactly.

mod args;
mod barriers;
mod beside;
mod command;
mod ends;
mod failed;
mod faults;
mod forks;
mod only;
mod privileges;
mod programs;
mod replay;
mod runs;
pub(crate) mod storm;
