//! What was written is read back, to the same bytes.

use crate::PRODUCT;
use crate::capture::run;
use crate::wait::{self, PATIENCE};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const ALL: [&str; 4] = ["-o", "ndjson", "--events", "exec,exit,fork"];

/// Records something of everything.
fn record(path: &Path) {
    let mut capture = Command::new(PRODUCT)
        .args(ALL)
        .args(["--env", "-O"])
        .arg(path)
        .spawn()
        .unwrap();
    wait::until("the beginning of the recording", || {
        (fs::metadata(path).ok()?.len() > 0).then_some(())
    });
    let weird = std::ffi::OsStr::from_bytes(b"\xff\x1b[31m\n\t\"\\");
    run(Command::new("/bin/true")
        .arg(weird)
        .arg("")
        .env("WEIRD", weird));
    run(Command::new("/bin/true").arg0(weird));
    let script = "/nonexistent/none; env no-such-program; kill -SEGV $$";
    run(Command::new("/bin/sh").args(["-c", script]));
    let pid = Pid::from_raw(i32::try_from(capture.id()).unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    assert!(capture.wait().unwrap().success());
}

fn replayed(args: &[&str], stdin: Stdio) -> Output {
    // Nobody's: neither rights nor a kernel are needed.
    Command::new(PRODUCT)
        .args(ALL)
        .args(args)
        .stdin(stdin)
        .output()
        .unwrap()
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_recording_is_the_same_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("recording");
    record(&path);
    let bytes = fs::read(&path).unwrap();
    for kind in ["exec", "exit", "fork"] {
        let key = format!("{{\"event\":\"{kind}\"");
        assert!(
            memchr::memmem::find(&bytes, key.as_bytes()).is_some(),
            "{kind}"
        );
    }
    assert!(memchr::memmem::find(&bytes, b"base64").is_some());
    let file = path.to_str().unwrap();
    let again = replayed(&["-r", file], Stdio::null());
    assert_eq!(String::from_utf8_lossy(&again.stderr), "");
    assert!(
        again.stdout == bytes,
        "{}",
        String::from_utf8_lossy(&again.stdout)
    );
    let piped = replayed(&["-r", "-"], File::open(&path).unwrap().into());
    assert!(piped.stdout == bytes);
    // Its last line is cut: all others are told, and that one is said to lack.
    let mut cut = File::create(dir.path().join("cut")).unwrap();
    cut.write_all(&bytes[..bytes.len() - 9]).unwrap();
    let told = replayed(
        &["-r", dir.path().join("cut").to_str().unwrap()],
        Stdio::null(),
    );
    let said = String::from_utf8(told.stderr).unwrap();
    assert!(
        said.contains("1 line was skipped") && said.contains("has no end"),
        "{said}"
    );
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count();
    assert_eq!(lines(&told.stdout), lines(&bytes));
}

#[test]
fn a_pipe_that_says_nothing_can_be_left() {
    let mut replay = Command::new(PRODUCT)
        .args(["-r", "-", "-o", "ndjson"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = Pid::from_raw(i32::try_from(replay.id()).unwrap());
    wait::until("its handlers of signals", || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let caught = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))?;
        let caught = u64::from_str_radix(caught.trim(), 16).ok()?;
        (caught & 1 << (15 - 1) != 0).then_some(())
    });
    kill(pid, Signal::SIGTERM).unwrap();
    assert!(wait::end_of(&mut replay, PATIENCE).unwrap().success());
}
