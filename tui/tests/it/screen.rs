//! The screen in a real terminal.

mod back;
mod keys;
mod only;
mod sizes;
mod stall;

use crate::capture::run;
use std::process::Command;

/// Returns whether a line that begins with a time of day holds a text: a row of the table.
fn has_row(screen: &str, text: &str) -> bool {
    rows(screen).any(|line| line.contains(text))
}

/// Returns the lines that begin with a time of day.
fn rows(screen: &str) -> impl Iterator<Item = &str> {
    screen.lines().filter(|line| {
        let line = line.trim_start_matches(|c: char| !c.is_ascii_digit());
        let mut parts = line.splitn(3, ':');
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        parts.next().is_some_and(two_digits) && parts.next().is_some_and(two_digits)
    })
}

/// Returns the arguments by which only what this process executes under a task name is shown:
/// not the calls of tmux, which are execs of this process as well.
fn only(comm: &str) -> String {
    format!("-f '{}'", filter(comm))
}

/// Returns the filter of [`only`].
fn filter(comm: &str) -> String {
    format!("ppid={} comm={comm}", std::process::id())
}

/// Runs `/bin/true` with an argument; returns its process id.
fn execute(argument: &str) -> u32 {
    let (pid, status) = run(Command::new("/bin/true").arg(argument));
    assert!(status.success());
    pid
}
