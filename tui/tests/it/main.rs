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
mod peers;
mod role;
mod screen;
mod scripts;
mod tmux;
mod wait;

use std::path::Path;
use std::process::Command;

/// The product.
const PRODUCT: &str = env!("CARGO_BIN_EXE_execsnoop-tui");

/// Returns a command for the product that reads nobody's configuration, also when the tests run under sudo.
fn product() -> Command {
    let mut command = Command::new(PRODUCT);
    unconfigured(&mut command);
    command
}

/// Keeps configurations from what a command starts.
fn unconfigured(command: &mut Command) {
    command
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("XDG_STATE_HOME", "/dev/null");
    for name in ["SUDO_UID", "SUDO_GID"] {
        command.env_remove(name);
    }
}

/// Makes a path a text, which those of these tests are.
fn utf8(path: &Path) -> &str {
    path.to_str().unwrap()
}
