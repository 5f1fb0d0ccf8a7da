//! Terminals of any size, and of changing size.

use super::back::Before;
use super::{execute, has_row, only};
use crate::tmux::Tmux;
use crate::{PRODUCT, elf, wait};

const TOO_SMALL: &str = "needs 20x5";

/// Changes the size and waits until tmux has it.
fn resize(tmux: &Tmux, width: u16, height: u16) {
    tmux.resize(width, height);
    let size = format!("{width}x{height}");
    wait::until("the size", || {
        (tmux.ask("#{pane_width}x#{pane_height}") == size).then_some(())
    });
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_screen_that_was_too_small_comes_back() {
    let before = Before::open();
    let tmux = &before.tmux;
    tmux.start(&only("true"));
    for (width, height) in [(1, 1), (10, 3), (2, 40), (120, 1), (19, 5), (20, 4)] {
        resize(tmux, width, height);
        execute(&format!("at-{width}x{height}"));
        if width >= 10 {
            tmux.wait_for(TOO_SMALL);
        }
    }
    resize(tmux, 80, 24);
    tmux.wait("what was executed meanwhile", |screen| {
        has_row(screen, "at-1x1") && has_row(screen, "at-20x4") && screen.contains("lost 0")
    });
    resize(tmux, 120, 40);
    tmux.wait_for("f filter");
    tmux.press(&["q"]);
    before.ended(0);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_screen_that_is_too_small_says_so_and_can_be_left() {
    let tmux = Tmux::open(12, 3);
    tmux.start_command(&format!("'{PRODUCT}'"));
    tmux.wait_for(TOO_SMALL);
    tmux.press(&["q"]);
    tmux.wait_for_prompt();
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn any_change_of_size_amid_a_storm_is_survived() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path()).unwrap();
    let before = Before::open();
    let tmux = &before.tmux;
    tmux.start(&only("tiny"));
    std::thread::scope(|scope| {
        scope.spawn(|| crate::live::storm::storm(&tiny, 1_000));
        for i in 0..100_u16 {
            // Any sizes will do that are far from each other.
            tmux.resize(1 + i * 37 % 150, 1 + i * 23 % 50);
            tmux.press(&[["t", "g", "G", "Down", "s", "s", "?", "?"][usize::from(i % 8)]]);
        }
    });
    tmux.press(&["1"]);
    resize(tmux, 120, 40);
    tmux.wait("all of it", |s| {
        s.contains("2,000 of ") && s.contains("lost 0")
    });
    tmux.press(&["q"]);
    before.ended(0);
}
