//! Capture filters and a program started for the capture, as the screen shows them.

use super::back::Before;
use super::{execute, has_row};
use crate::wait;

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_program_is_shown_with_its_end_and_its_status_is_the_screens() {
    let before = Before::open();
    let tmux = &before.tmux;
    // What it prints, and a terminal that it might look for, are not ours.
    let script = "echo scribble; echo scribble >/dev/tty; /bin/true shown; exit 7";
    tmux.start(&format!("-- /bin/sh -c '{script}'"));
    tmux.wait("its rows", |screen| has_row(screen, "/bin/true shown"));
    let screen = tmux.wait_for("/bin/sh ended with 7");
    assert!(!screen.contains("\nscribble"), "{screen}");
    execute("not-shown");
    assert!(!has_row(&tmux.screen(), "not-shown"));
    tmux.press(&["q"]);
    before.ended(7);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn the_header_counts_what_is_not_captured() {
    let before = Before::open();
    let tmux = &before.tmux;
    let name = format!("tag-{}-{}", std::process::id(), wait::number());
    tmux.start(&format!("--only {name}"));
    execute("other");
    tmux.wait_for("The capture filter skipped");
    tmux.wait_for("not captured");
    execute(&name);
    tmux.wait("its row", |screen| has_row(screen, &name));
    tmux.press(&["q"]);
    before.ended(0);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn what_the_kernel_skips_is_counted_live() {
    let before = Before::open();
    let tmux = &before.tmux;
    tmux.start("--only comm=nobody-has-it");
    execute("skipped");
    tmux.wait_for("not captured");
    tmux.press(&["q"]);
    before.ended(0);
}
