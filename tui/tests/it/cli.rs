//! The command line: usage, what is refused before anything is attached, and by whom.

use crate::{PRODUCT, utf8};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn product(args: &[&str]) -> Output {
    let mut command = crate::product();
    command.args(args).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Checks that it was refused with a status, without any output; returns what it said.
#[track_caller]
fn refusal(output: &Output, status: i32) -> &str {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert_eq!(text(&output.stdout), "");
    said
}

/// Checks that it could not run, and said so in one line; returns that.
#[track_caller]
fn sentence(output: &Output) -> &str {
    let said = refusal(output, 1).strip_suffix('\n').unwrap();
    assert!(!said.contains('\n'), "more than a line: {said}");
    said.strip_prefix("execsnoop-tui: ").unwrap()
}

#[test]
fn help_and_version_are_no_errors() {
    for flag in ["--help", "-h"] {
        let output = product(&[flag]);
        assert!(output.status.success());
        assert!(text(&output.stdout).contains("Usage: execsnoop-tui"));
        assert_eq!(text(&output.stderr), "");
    }
    let output = product(&["--version"]);
    assert!(output.status.success());
    let version = concat!("execsnoop-tui ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(text(&output.stdout), version);
}

#[test]
fn an_unknown_flag_is_refused_with_one_like_it() {
    let output = product(&["--outptu", "ndjson"]);
    let said = refusal(&output, 2);
    assert!(said.contains("unexpected argument '--outptu'"), "{said}");
    assert!(said.contains("'--output'"), "{said}");
}

#[test]
fn an_unknown_column_is_refused_with_those_like_it() {
    for flag in ["--columns", "--sort"] {
        let output = product(&[flag, "commnd"]);
        let said = refusal(&output, 2);
        assert!(said.contains("`commnd`"), "{said}");
        assert!(said.contains("did you mean `command`"), "{said}");
        assert!(said.contains("fields: time, pid, "), "{said}");
    }
}

#[test]
fn a_filter_that_is_none_is_refused_with_a_caret() {
    let output = product(&["-f", "user=root pid=x"]);
    let said = refusal(&output, 2);
    assert!(said.contains("`x` is not a number"), "{said}");
    let shown = "\n  user=root pid=x\n                ^\n";
    assert!(said.contains(shown), "{said}");
}

#[test]
fn a_file_that_cannot_be_is_refused_before_anything_is_attached() {
    // Needs no rights: it is found first.
    let output = product(&["-O", "/nonexistent/x"]);
    let said = sentence(&output);
    assert!(said.starts_with("cannot create /nonexistent/x: "), "{said}");
    assert!(said.contains("create it, or name another file"), "{said}");
}

#[test]
fn types_that_cannot_be_read_are_refused_in_a_sentence() {
    let output = product(&["-o", "ndjson", "--btf", "/nonexistent/btf"]);
    let said = sentence(&output);
    if nix::unistd::Uid::effective().is_root() {
        assert!(said.starts_with("cannot read /nonexistent/btf: "), "{said}");
        assert!(said.contains("`--btf FILE`"), "{said}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_file_without_types_is_refused_in_a_sentence() {
    let output = product(&["-o", "ndjson", "--btf", "/dev/null"]);
    let said = sentence(&output);
    assert!(said.starts_with("/dev/null holds no BTF; "), "{said}");
    assert!(said.contains("`--btf FILE`"), "{said}");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn without_a_terminal_lines_are_printed() {
    let output = product(&["--duration", "100ms"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let first = text(&output.stdout).lines().next().unwrap();
    let titles: Vec<_> = first.split_whitespace().collect();
    assert_eq!(titles, ["PCOMM", "PID", "PPID", "RET", "ARGS"]);
}

/// A copy of the product that anybody may execute, and a command that nobody executes it by.
struct Nobody {
    path: PathBuf,
    _dir: tempfile::TempDir,
}

impl Nobody {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let path = dir.path().join("execsnoop-tui");
        fs::copy(PRODUCT, &path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Self { path, _dir: dir }
    }

    fn runs(&self, args: &[&str]) -> Output {
        let mut command = Command::new(&self.path);
        crate::unconfigured(&mut command);
        command.args(args).stdin(Stdio::null());
        command.uid(65534).gid(65534).current_dir("/");
        command.output().unwrap()
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn who_may_not_is_told_the_command_to_run() {
    let nobody = Nobody::new();
    let output = nobody.runs(&["-o", "ndjson", "--count", "1"]);
    let said = sentence(&output);
    let command = format!("`sudo {} -o ndjson --count 1`", utf8(&nobody.path));
    assert!(said.contains(&command), "{said}");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn doctor_finds_that_a_live_run_works() {
    let output = product(&["doctor", "-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success(), "{report:#}");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(report["ok"], true);
    let trial = &report["trial"];
    assert_eq!(trial["error"], Value::Null);
    for key in ["attach_ms", "first_event_ms"] {
        assert!(trial[key].as_f64() > Some(0.0), "{key}: {trial}");
        println!("{key} {}", trial[key]);
    }
    let programs: Vec<_> = trial["programs"].as_array().unwrap().iter().collect();
    assert!(programs.iter().any(|p| p["name"] == "sched_process_exec"));
    assert!(programs.iter().all(|p| p["state"] == "attached"), "{trial}");
    for check in report["checks"].as_array().unwrap() {
        assert_ne!(check["state"], "missing", "{check}");
    }
    let output = product(&["doctor"]);
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("kernel version"));
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn doctor_tells_who_may_not_what_to_do() {
    let nobody = Nobody::new();
    let output = nobody.runs(&["doctor", "-o", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert!(report["trial"]["error"].is_string());
    let checks = report["checks"].as_array().unwrap();
    // Before Linux 5.11 memory to lock is missing, too.
    let is_obstacle = |check: &&Value| check["state"] == "missing" && check["key"] != "memlock";
    let missing: Vec<_> = checks.iter().filter(is_obstacle).collect();
    assert_eq!(missing.len(), 1, "{missing:#?}");
    assert_eq!(missing[0]["key"], "capabilities");
    let remedy = missing[0]["remedy"].as_str().unwrap();
    assert!(remedy.contains("`sudo "), "{remedy}");
    assert!(remedy.contains("setcap"), "{remedy}");
}

/// A command whose configuration this is, in a directory that is gone with the second.
fn configured(text: &str) -> (Command, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("execsnoop-tui");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("config.toml"), text).unwrap();
    fs::set_permissions(place.join("config.toml"), Permissions::from_mode(0o644)).unwrap();
    let mut command = crate::product();
    command
        .env("XDG_CONFIG_HOME", dir.path())
        .stdin(Stdio::null());
    (command, dir)
}

#[test]
fn named_filters_and_faults_of_the_configuration_are_told_in_lines() {
    let (mut command, _dir) = configured("colums = []\n[filters]\nbad = \"res!=ok\"\n");
    let output = command
        .args(["--demo", "-o", "summary", "-f", "@bad"])
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let fault = "execsnoop-tui: config.toml:1: `colums` is no setting; did you mean `columns`?\n";
    assert!(said.contains(fault), "{said}");
    let filtered = product(&["--demo", "-o", "summary", "-f", "res!=ok"]);
    assert_eq!(output.stdout, filtered.stdout);
    assert!(!text(&filtered.stderr).contains("config"));
}

#[test]
fn a_configuration_that_is_no_file_holds_nothing_up() {
    let (mut command, dir) = configured("");
    let path = dir.path().join("execsnoop-tui/config.toml");
    fs::remove_file(&path).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    let output = command.args(["--demo", "-o", "summary"]).output().unwrap();
    assert!(output.status.success());
    let said = text(&output.stderr);
    assert!(
        said.contains("it is no regular file; it is not read"),
        "{said}"
    );
    let (mut command, _dir) = configured("colums = []\n");
    let output = command
        .args(["--demo", "-o", "summary", "--no-config"])
        .output()
        .unwrap();
    assert!(!text(&output.stderr).contains("colums"));
}

#[test]
fn the_printed_configuration_is_one() {
    let printed = product(&["print-config"]);
    assert!(printed.status.success());
    let (mut command, _dir) = configured(text(&printed.stdout));
    let output = command.args(["--demo", "-o", "summary"]).output().unwrap();
    assert!(!text(&output.stderr).contains("config.toml"));
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn under_sudo_only_what_its_caller_could_read_is_read() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    let path = dir.path().join("secret");
    fs::write(&path, "hunter2 = 1\n").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let told = |mode: u32| {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let output = crate::product()
            .args(["--demo", "-o", "summary", "--config", utf8(&path)])
            .env("SUDO_UID", "65534")
            .env("SUDO_GID", "65534")
            .output()
            .unwrap();
        assert!(output.status.success());
        text(&output.stderr).to_owned()
    };
    let said = told(0o600);
    assert!(said.contains("it cannot be opened"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    assert!(told(0o644).contains("`hunter2` is no setting"));
}
