//! What was written is read back, to the same bytes.

use crate::capture::run;
use crate::wait::{self, PATIENCE};
use crate::{PRODUCT, product};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const ALL: [&str; 4] = ["-o", "ndjson", "--events", "exec,exit,fork"];

/// Records something of everything.
fn record(path: &Path) {
    let mut capture = product()
        .args(ALL)
        .args(["--env", "-O"])
        .arg(path)
        .spawn()
        .unwrap();
    begun(path);
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
    product()
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
    let mut replay = product()
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

/// Waits until a recording has begun.
fn begun(path: &Path) {
    wait::until("the beginning of the recording", || {
        (fs::metadata(path).ok()?.len() > 0).then_some(())
    });
}

fn events(bytes: &[u8]) -> Vec<&[u8]> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let kinds = ["exec", "exit", "fork", "lost"].map(|kind| format!("{{\"event\":\"{kind}\""));
    lines
        .filter(|line| kinds.iter().any(|kind| line.starts_with(kind.as_bytes())))
        .collect()
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn what_is_recorded_beside_lines_is_the_same_again() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["plain", "x.gz", "x.zst"] {
        let path = dir.path().join(name);
        let weird = std::ffi::OsStr::from_bytes(b"\xff\x1b[31m\n\t\"\\");
        let script = "/bin/true \"$0\"; /nonexistent/none; env no-such-program; kill -SEGV $$";
        let told = product()
            .args(ALL)
            .arg("-w")
            .arg(&path)
            .args(["--", "/bin/sh", "-c", script])
            .arg(weird)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&told.stderr);
        assert!(said.contains("events are recorded in"), "{said}");
        let again = replayed(&["-r", path.to_str().unwrap()], Stdio::null());
        assert_eq!(String::from_utf8_lossy(&again.stderr), "");
        let (first, second) = (events(&told.stdout), events(&again.stdout));
        assert!(
            first.len() > 5 && first == second,
            "{name}: {first:?} {second:?}"
        );
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_recording_survives_the_end_of_its_writer() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["plain", "x.zst"] {
        let path = dir.path().join(name);
        let mut capture = product()
            .arg("-w")
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        begun(&path);
        run(Command::new("/bin/true").arg(name));
        // Of what is packed, up to a second's worth waits.
        let args = ["-r", path.to_str().unwrap()];
        let wanted = format!("\"args\":[\"/bin/true\",\"{name}\"]");
        wait::until("what was recorded", || {
            let told = replayed(&args, Stdio::null()).stdout;
            memchr::memmem::find(&told, wanted.as_bytes()).map(|_| ())
        });
        capture.kill().unwrap();
        capture.wait().unwrap();
        let told = replayed(&args, Stdio::null());
        let said = String::from_utf8(told.stderr).unwrap();
        assert!(memchr::memmem::find(&told.stdout, wanted.as_bytes()).is_some());
        assert!(said.contains("has no end"), "{said}");
    }
}

/// Records some hundred execs beside their lines.
fn recorded_amid_execs(product: &mut Command, path: &Path) -> Output {
    product
        .args(["-o", "ndjson", "-w"])
        .arg(path)
        .args([
            "--",
            "/bin/sh",
            "-c",
            "for i in $(seq 300); do /bin/true; done",
        ])
        .output()
        .unwrap()
}

/// Checks that a recording stopped for a reason, with whole lines, and that the lines beside it went on.
fn check_stopped(told: &Output, why: &str, again: &Output) {
    let said = String::from_utf8_lossy(&told.stderr);
    assert!(
        said.contains("has stopped after") && said.contains(why),
        "{said}"
    );
    let (first, second) = (events(&told.stdout), events(&again.stdout));
    assert!(first.len() >= 600, "the capture went on");
    assert!(
        !second.is_empty() && first.starts_with(&second),
        "whole lines are left"
    );
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_full_disk_ends_the_recording_and_not_the_capture() {
    let dir = tempfile::tempdir().unwrap();
    let size = Some("size=64k");
    let flags = nix::mount::MsFlags::empty();
    nix::mount::mount(Some("tmpfs"), dir.path(), Some("tmpfs"), flags, size).unwrap();
    let path = dir.path().join("recording");
    let told = recorded_amid_execs(&mut product(), &path);
    let again = replayed(&["-r", path.to_str().unwrap()], Stdio::null());
    nix::mount::umount(dir.path()).unwrap();
    check_stopped(&told, "No space left", &again);
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(!said.contains("skipped"), "{said}");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_recording_belongs_to_who_called_sudo_and_replaces_nothing() {
    let dir = tempfile::tempdir().unwrap();
    set_mode(dir.path(), 0o777);
    let path = dir.path().join("recording");
    let start = |more: &[&str]| {
        let args = ["--duration", "200ms", "-w", path.to_str().unwrap()];
        under_sudo(&[&args[..], more].concat())
    };
    let told = start(&[]);
    assert!(told.status.success(), "{told:?}");
    assert!(
        told.stdout.is_empty(),
        "a recording is all that was asked for"
    );
    let owner = fs::metadata(&path).unwrap().uid();
    assert_eq!(owner, 12345);
    let before = fs::read(&path).unwrap();
    let refused = start(&[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--force"));
    assert_eq!(fs::read(&path).unwrap(), before);
    set_mode(&path, 0o644);
    assert!(start(&["--force"]).status.success());
    assert_ne!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn under_sudo(args: &[&str]) -> Output {
    product()
        .args(args)
        .env("SUDO_UID", "12345")
        .env("SUDO_GID", "12345")
        .output()
        .unwrap()
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn under_sudo_files_are_written_where_the_user_may_write() {
    let dir = tempfile::tempdir().unwrap();
    set_mode(dir.path(), 0o755);
    let path = dir.path().join("file");
    let file = path.to_str().unwrap();
    for flag in ["-w", "-O"] {
        let args = ["--duration", "100ms", flag, file];
        let told = under_sudo(&args);
        let said = String::from_utf8_lossy(&told.stderr);
        assert_eq!(told.status.code(), Some(1), "{said}");
        assert!(
            said.contains("Permission denied") && said.contains("--keep-privileges"),
            "{said}"
        );
        assert!(!path.exists());
        let told = under_sudo(&[&args[..], &["--keep-privileges"]].concat());
        assert!(told.status.success(), "{told:?}");
        let found = fs::metadata(&path).unwrap();
        assert_eq!(
            (found.uid(), found.gid(), found.mode() & 0o777),
            (12345, 12345, 0o600)
        );
        fs::remove_file(&path).unwrap();
    }
    // A file of root's is not emptied, wherever it is.
    set_mode(dir.path(), 0o777);
    fs::write(&path, "precious").unwrap();
    set_mode(&path, 0o600);
    for flags in [&["-O", file][..], &["--force", "-w", file]] {
        assert_eq!(under_sudo(flags).status.code(), Some(1), "{flags:?}");
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn the_next_file_is_created_once_rights_are_given_up() {
    let dir = tempfile::tempdir().unwrap();
    set_mode(dir.path(), 0o777);
    let path = dir.path().join("day");
    let script = "for i in $(seq 400); do /bin/true; done";
    let told = under_sudo(&[
        "--write-max",
        "64K",
        "--write-keep",
        "2",
        "-w",
        path.to_str().unwrap(),
        "--",
        "/bin/sh",
        "-c",
        script,
    ]);
    let said = String::from_utf8_lossy(&told.stderr);
    assert!(said.contains("events are recorded in"), "{said}");
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["day", "day.1"]);
    for name in names {
        let path = dir.path().join(name);
        let found = fs::metadata(&path).unwrap();
        assert_eq!((found.uid(), found.mode() & 0o777), (12345, 0o600));
        let again = replayed(&["-r", path.to_str().unwrap()], Stdio::null());
        assert_eq!(String::from_utf8_lossy(&again.stderr), "");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_file_that_may_not_grow_ends_the_recording_and_not_the_capture() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("day");
    // In blocks of 512 bytes.
    let script = "ulimit -f 100; exec \"$@\"";
    let mut product = Command::new("/bin/sh");
    product.args(["-c", script, "sh", PRODUCT]);
    let told = recorded_amid_execs(&mut product, &path);
    let again = replayed(&["-r", path.to_str().unwrap()], Stdio::null());
    check_stopped(&told, "File too large", &again);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn standard_output_gets_a_recording_as_long_as_it_is_read() {
    let record = |script: &str| {
        Command::new("/bin/sh")
            .args(["-c", script, "sh", PRODUCT])
            .output()
            .unwrap()
    };
    let told = record("\"$1\" -w - -- /bin/true");
    let mut replay = product()
        .args(["-r", "-", "-o", "ndjson"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    replay
        .stdin
        .take()
        .unwrap()
        .write_all(&told.stdout)
        .unwrap();
    let again = replay.wait_with_output().unwrap();
    assert!(memchr::memmem::find(&told.stdout, b"{\"event\":\"process\"").is_some());
    assert!(!events(&told.stdout).is_empty() && events(&told.stdout) == events(&again.stdout));
    // Its reader goes away, which ends the run and is no failure.
    let told = record(
        "{ \"$1\" -w - --duration 60s; echo $? >&2; } | head -n 1 & while kill -0 $! 2>/dev/null; do /bin/true; done",
    );
    assert_eq!(String::from_utf8_lossy(&told.stderr), "0\n");
}
