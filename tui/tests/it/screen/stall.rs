//! The screen under load, and on a terminal that takes nothing: frames are lost, never events.

use super::back::Before;
use crate::live::storm::{each, storm};
use crate::tmux::is_gone;
use crate::{elf, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Shows only the storm, and keeps all of it.
fn own() -> String {
    format!("{} --history 100000", super::only("tiny"))
}

/// Formats a count as the screen does, up to a million.
fn count(n: usize) -> String {
    match (n / 1000, n % 1000) {
        (0, n) => n.to_string(),
        (thousands, rest) => format!("{thousands},{rest:03}"),
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn the_screen_counts_every_exec_of_a_storm() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path()).unwrap();
    let before = Before::open();
    let tmux = &before.tmux;
    tmux.start(&own());
    storm(&tiny, each());
    let ended = Instant::now();
    let all = format!("{} of ", count(2 * each()));
    let screen = tmux.wait("all of it", |s| s.contains(&all) && s.contains("lost 0"));
    println!("shown {:.1?} after the last", ended.elapsed());
    let place = format!("{0}/{0}", count(2 * each()));
    assert!(screen.contains(&place), "{screen}");
    tmux.press(&["q"]);
    before.ended(0);
}

/// Executes until the product's thread that writes to the stalled terminal hangs; returns how many.
fn fill(product: Pid, tiny: &Path) -> usize {
    let mut executed = 0;
    wait::until("a terminal that takes nothing", || {
        if hangs(product) {
            return Some(executed);
        }
        storm(tiny, 100);
        executed += 200;
        None
    })
}

/// Returns whether the thread that writes to the terminal waits in its call, for a while now.
fn hangs(product: Pid) -> bool {
    let tasks = fs::read_dir(format!("/proc/{product}/task")).unwrap();
    let mut threads = tasks.map(|task| task.unwrap().path());
    let is_writer = |path: &Path| fs::read(path.join("comm")).is_ok_and(|c| c == b"terminal\n");
    let writer = threads
        .find(|path| is_writer(path))
        .expect("a thread that writes");
    // The call's number and its arguments, the descriptor first; "running" if there is none.
    let call = || fs::read_to_string(writer.join("syscall")).unwrap();
    let first = call();
    let write = if cfg!(target_arch = "x86_64") {
        "1 "
    } else {
        "64 "
    };
    let still = || {
        wait::within(Duration::from_millis(300), &mut || {
            (call() != first).then_some(())
        })
    };
    first.starts_with(write) && still().is_none()
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_stalled_terminal_loses_no_events() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path()).unwrap();
    let before = Before::open();
    let tmux = &before.tmux;
    let product = tmux.start(&own());
    tmux.stall();
    let filled = fill(product, &tiny);
    println!("{filled} execs until the terminal was full");
    storm(&tiny, 1_500);
    assert!(hangs(product));
    tmux.go_on();
    let all = format!("{} of ", count(filled + 3_000));
    tmux.wait("all of it", |s| s.contains(&all) && s.contains("lost 0"));
    tmux.press(&["q"]);
    before.ended(0);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_stalled_terminal_does_not_hold_up_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path()).unwrap();
    let before = Before::open();
    let tmux = &before.tmux;
    let product = tmux.start(&own());
    tmux.stall();
    fill(product, &tiny);
    kill(product, Signal::SIGTERM).unwrap();
    let asked = Instant::now();
    assert!(is_gone(product, Duration::from_secs(5)), "it has not ended");
    println!("it ended after {:.1?}", asked.elapsed());
    tmux.go_on();
    before.ended(0);
}
