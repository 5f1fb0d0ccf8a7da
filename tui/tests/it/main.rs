//! The program as a whole: the command line, a real capture, and the screen in a terminal.
//!
//! What needs root is ignored by default; `cargo xtask test` runs it, one test at a time.

#![cfg(test)]

mod capture;
mod cli;
mod corpus;
mod demo;
mod elf;
mod guide;
mod live;
mod role;
mod screen;
mod scripts;
mod tmux;
mod wait;

use std::path::Path;

/// The product.
const PRODUCT: &str = env!("CARGO_BIN_EXE_execsnoop-tui");

/// Makes a path a text, which those of these tests are.
fn utf8(path: &Path) -> &str {
    path.to_str().unwrap()
}
