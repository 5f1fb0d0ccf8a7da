//! The terminal is given back as it was, whichever way the screen ends.

use super::{execute, has_row, only};
use crate::live::storm::storm;
use crate::tmux::{Tmux, is_gone};
use crate::wait::{self, PATIENCE};
use crate::{PRODUCT, elf, role, utf8};
use nix::sys::signal::{Signal, kill};

/// A terminal with something on it, and its modes.
pub(super) struct Before {
    pub(super) tmux: Tmux,
    modes: String,
}

impl Before {
    /// Opens a terminal and writes something that has to be there again later.
    pub(super) fn open() -> Self {
        let tmux = Tmux::open(120, 40);
        tmux.line("echo mark-$((6 * 7))");
        tmux.wait_for("mark-42");
        let modes = tmux.told("stty -g", "before");
        Self { tmux, modes }
    }

    /// Checks that the shell has the terminal again, as it was.
    #[track_caller]
    pub(super) fn is_back(&self) {
        let tmux = &self.tmux;
        wait::until("the main screen", || {
            (tmux.ask("#{alternate_on}") == "0").then_some(())
        });
        tmux.wait("what stood there before, and a prompt", |screen| {
            screen.contains("mark-42") && crate::tmux::ends_in_prompt(screen)
        });
        assert_eq!(tmux.ask("#{cursor_flag}"), "1", "the cursor is to be seen");
        assert_eq!(tmux.ask("#{mouse_any_flag}"), "0", "the mouse is tmux's");
        assert_eq!(tmux.told("stty -g", "after"), self.modes);
    }

    /// Checks that the last command ended with a status, and the terminal is as it was.
    #[track_caller]
    pub(super) fn ended(&self, status: i32) {
        self.tmux.wait_for_prompt();
        let told = self.tmux.told("echo $?", "status");
        assert_eq!(told.trim(), status.to_string(), "{}", self.tmux.screen());
        self.is_back();
    }

    /// Checks that the product has the terminal.
    #[track_caller]
    fn is_taken(&self) {
        self.tmux.wait_for("lost 0");
        let tmux = &self.tmux;
        wait::until("the screen of its own", || {
            let modes = tmux.ask("#{alternate_on} #{cursor_flag} #{mouse_any_flag}");
            (modes == "1 0 1").then_some(())
        });
        assert!(!tmux.screen().contains("mark-42"));
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn quitting_gives_the_terminal_back() {
    for key in ["q", "C-c"] {
        let before = Before::open();
        before.tmux.start("");
        before.is_taken();
        before.tmux.press(&[key]);
        before.ended(0);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn signals_give_the_terminal_back() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let before = Before::open();
        let pid = before.tmux.start("");
        before.is_taken();
        kill(pid, signal).unwrap();
        assert!(is_gone(pid, PATIENCE), "{signal}");
        before.ended(0);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_number_of_execs_gives_the_terminal_back() {
    let before = Before::open();
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path()).unwrap();
    // More than tmux itself executes until the screen is there.
    before.tmux.start("--count 2000");
    before.is_taken();
    storm(&tiny, 1_000);
    before.ended(0);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn stopping_gives_the_terminal_back_until_it_goes_on() {
    let before = Before::open();
    let tmux = &before.tmux;
    tmux.start(&only("true"));
    for round in ["first", "second"] {
        before.is_taken();
        execute(&format!("{round}-before"));
        tmux.wait("the row", |s| has_row(s, &format!("{round}-before")));
        tmux.press(&["C-z"]);
        tmux.wait_for_prompt();
        before.is_back();
        execute(&format!("{round}-while-stopped"));
        tmux.line("fg");
        before.is_taken();
        tmux.wait("nothing missing", |s| {
            has_row(s, &format!("{round}-before")) && has_row(s, &format!("{round}-while-stopped"))
        });
    }
    tmux.press(&["q"]);
    before.ended(0);
}

/// As by SIGSTOP: its shell has the terminal as the product had it, and nobody gives it back.
#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn what_was_stopped_takes_the_terminal_again() {
    let before = Before::open();
    let tmux = &before.tmux;
    let pid = tmux.start(&only("true"));
    for round in ["first", "second"] {
        before.is_taken();
        kill(pid, Signal::SIGSTOP).unwrap();
        tmux.wait_for("Stopped");
        execute(&format!("{round}-while-stopped"));
        kill(pid, Signal::SIGCONT).unwrap();
        execute(&format!("{round}-in-the-background"));
        // What the shell reads now stops the product again, which would read it as well.
        tmux.type_text("fg");
        // Enter is another key in the modes that it left.
        tmux.press(&["C-j"]);
        let rows = ["while-stopped", "in-the-background"].map(|row| format!("{round}-{row}"));
        tmux.wait("its own screen", |screen| {
            rows.iter().all(|row| has_row(screen, row)) && !screen.contains("Stopped")
        });
        assert!(tmux.screen().contains("lost 0"), "{}", tmux.screen());
        tmux.press(&["?"]);
        tmux.wait("keys without Enter", |s| !has_row(s, &rows[0]));
        tmux.press(&["Escape"]);
        tmux.wait("the rows", |s| has_row(s, &rows[0]));
    }
    tmux.press(&["q"]);
    before.ended(0);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_panic_gives_the_terminal_back_and_is_told() {
    let before = Before::open();
    let tmux = &before.tmux;
    let go = tmux.file("go");
    tmux.start_command(&role::line("panic on the screen", &go));
    wait::until("its screen", || {
        (tmux.ask("#{alternate_on} #{cursor_flag} #{mouse_any_flag}") == "1 0 1").then_some(())
    });
    std::fs::write(&go, "").unwrap();
    before.ended(101);
    assert!(
        tmux.screen().contains(role::LAST_WORDS),
        "{}",
        tmux.screen()
    );
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn without_keys_there_is_no_screen_but_a_sentence() {
    let before = Before::open();
    let tmux = &before.tmux;
    let said = tmux.file("said");
    tmux.start_command(&format!("'{PRODUCT}' </dev/null 2>{}", utf8(&said)));
    before.ended(1);
    let said = std::fs::read_to_string(said).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("execsnoop-tui: the screen needs a terminal "),
        "{said}"
    );
    assert!(said.contains("`-o ndjson`"), "{said}");
}
