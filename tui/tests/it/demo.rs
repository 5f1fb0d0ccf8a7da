//! The made-up machine, and time for what is told later. Neither root nor a kernel is needed.

use crate::tmux::Tmux;
use crate::{PRODUCT, product, unconfigured, utf8};
use nix::unistd::Uid;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

fn told(args: &[&str]) -> Output {
    let output = product().args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    output
}

/// Records the made-up machine.
fn record(path: &Path) -> Vec<u8> {
    let lines = told(&["--demo", "-o", "ndjson", "-w", utf8(path)]);
    let said = String::from_utf8_lossy(&lines.stderr);
    assert!(said.contains(" events are recorded in "), "{said}");
    lines.stdout
}

#[test]
fn it_is_the_same_at_any_pace_and_when_it_was_recorded() {
    let lines = told(&["--demo", "-o", "ndjson"]).stdout;
    let text = String::from_utf8(lines.clone()).unwrap();
    for part in [
        "\"event\":\"lost\"",
        "\"memfd\"",
        "\"ENOENT\"",
        "\"SIGSEGV\"",
        "docker-",
    ] {
        assert!(text.contains(part), "{part}");
    }
    let began = Instant::now();
    let paced = told(&["--demo", "-o", "ndjson", "--speed", "300"]);
    assert!(paced.stdout == lines);
    assert!(began.elapsed() >= Duration::from_secs(1), "of 300 s");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("demo.zst");
    assert!(record(&path) == lines);
    for speed in ["max", "500x"] {
        let again = told(&["-r", utf8(&path), "-o", "ndjson", "--speed", speed]);
        assert!(again.stdout == lines, "{speed}");
        assert_eq!(String::from_utf8_lossy(&again.stderr), "");
    }
}

#[test]
fn what_is_not_due_is_not_told() {
    let began = Instant::now();
    let output = told(&[
        "--demo",
        "-o",
        "ndjson",
        "--speed",
        "0.01",
        "--duration",
        "300ms",
    ]);
    assert!(began.elapsed() < Duration::from_secs(5));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("{\"event\":\"start\"") && !text.contains("\"event\":\"exec\""));
    assert!(text.contains("{\"event\":\"end\",\"exec\":0,"), "{text}");
}

#[test]
fn nobody_may_see_it() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = dir.path().join("execsnoop-tui");
    fs::copy(PRODUCT, &copy).unwrap();
    let mut command = Command::new(&copy);
    unconfigured(&mut command);
    command.args(["--demo", "--summary"]).current_dir("/");
    if Uid::effective().is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("all, in 5m00s"));
}

#[test]
#[ignore = "needs tmux: cargo xtask test runs it"]
fn it_is_shown_on_screens_of_both_sizes_and_goes_on() {
    for (width, height) in [(80, 24), (160, 50)] {
        let tmux = Tmux::open(width, height);
        tmux.start("--demo --speed 20");
        let screen = tmux.wait("a part of the storm", |screen| {
            screen.contains("/touch data/") && screen.contains("lost 214")
        });
        assert_eq!(screen.lines().count(), usize::from(height));
        assert!(screen.contains("● demo"), "{screen}");
        tmux.press(&["f"]);
        tmux.type_text("flag=memfd");
        tmux.press(&["Enter"]);
        tmux.wait_for("[kworker/2:1]");
        tmux.wait("the next minutes", |screen| screen.contains("lost 642"));
        tmux.press(&["q"]);
        tmux.wait_for_prompt();
    }
}

#[test]
#[ignore = "needs tmux: cargo xtask test runs it"]
fn the_time_of_a_recording_stands_still_while_its_view_does() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("demo.zst");
    record(&path);
    let tmux = Tmux::open(120, 40);
    tmux.start(&format!("-r {} --speed 30", utf8(&path)));
    tmux.wait_for("● replay  00:00:1");
    tmux.press(&["Space"]);
    let clock = |screen: &str| {
        screen
            .split("waiting")
            .nth(1)
            .map(|rest| rest[..12].to_owned())
    };
    let screen = tmux.wait_for("paused, +");
    let held = clock(&screen).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(
        clock(&tmux.screen()),
        Some(held),
        "a minute would have passed"
    );
    tmux.press(&["Space"]);
    tmux.wait_for("00:05:00");
    tmux.press(&["q"]);
    tmux.wait_for_prompt();
}

#[test]
#[ignore = "needs tmux: cargo xtask test runs it"]
fn the_screen_obeys_the_configuration_and_says_what_is_wrong_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    let text =
        "colums = []\nview = \"tree\"\n[filters]\nmine = \"user=alice\"\n[keys]\nhelp = \"F9\"\n";
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let tmux = Tmux::open(100, 30);
    tmux.start(&format!("--demo --config {}", utf8(&path)));
    let screen = tmux.wait_for("! config.toml:1: `colums` is no setting; did you mean `columns`?");
    assert!(
        screen.contains("[2 Tree]") && screen.contains("F9 help"),
        "{screen}"
    );
    tmux.press(&["f"]);
    tmux.type_text("@mine");
    tmux.press(&["Enter"]);
    tmux.wait_for("filter @mine");
    tmux.press(&["F9"]);
    let screen = tmux.wait_for("What does not work");
    assert!(screen.contains("`colums` is no setting"), "{screen}");
    tmux.press(&["Escape", "q"]);
    tmux.wait_for_prompt();
}
