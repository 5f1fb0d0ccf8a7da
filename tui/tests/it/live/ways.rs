//! The ways into a program other than a plain execve of a file.

use crate::capture::{Capture, one, run};
use crate::{elf, role, utf8};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::{Command, Stdio};

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_script_is_told_as_the_kernel_starts_it() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("a-script-with-a-long-name");
    fs::write(&script, "#!/bin/sh -e\nexit 3\n").unwrap();
    fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    let capture = Capture::start(&[]);
    let (pid, status) = run(Command::new(&script).args(["one", ""]));
    assert_eq!(status.code(), Some(3));
    let told = capture.stop();
    let exec = told.exec(pid);
    let path = utf8(&script);
    assert_eq!(exec["filename"], path);
    assert_eq!(exec["args"], json!(["/bin/sh", "-e", path, "one", ""]));
    assert_eq!(exec["interpreter"], "/bin/sh");
    assert_eq!(exec["flags"], json!(["script"]));
    assert_eq!(exec["comm"], "a-script-with-a", "cut to 15 by the kernel");
    assert_eq!(told.exit(pid)["exit_code"], 3);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_program_that_runs_as_another_user_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path());
    chown(&tiny, Some(65534), None).unwrap();
    fs::set_permissions(&tiny, Permissions::from_mode(0o4755)).unwrap();
    let capture = Capture::start(&[]);
    let (pid, _) = run(&mut Command::new(&tiny));
    let told = capture.stop();
    let exec = told.exec(pid);
    assert_eq!((&exec["uid"], &exec["euid"]), (&json!(0), &json!(65534)));
    assert_eq!(exec["old_euid"], 0);
    assert_eq!(exec["flags"], json!(["setuid"]));
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn an_exec_in_a_thread_keeps_the_process_id() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::start(&[]);
    let (pid, status) = run(&mut role::command("exec in a thread", dir.path()));
    assert!(status.success());
    let told = capture.stop();
    let execs = told.of("exec", pid);
    assert_eq!(execs.len(), 2, "this binary, then true: {execs:#?}");
    assert_eq!(execs[0]["tid"], pid);
    assert_eq!(execs[1]["args"], json!(["/bin/true", "in a thread"]));
    assert_ne!(execs[1]["tid"], pid, "the thread that called");
    let since_fork = |i: usize| execs[i]["fork_to_exec_ns"].as_u64();
    assert!(since_fork(0) < since_fork(1), "since the process's fork");
    let exit = one(&told.of("exit", pid));
    assert_eq!(
        (&exit["comm"], &exit["exit_code"]),
        (&json!("true"), &json!(0))
    );
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn execs_by_descriptor_are_told() {
    let dir = tempfile::tempdir().unwrap();
    elf::write(dir.path());
    for (part, suffix, last) in [
        ("execveat", "/tiny", "by directory"),
        ("fexecve", "", "by descriptor"),
    ] {
        let capture = Capture::start(&[]);
        let child = role::command(part, dir.path())
            .stdout(Stdio::piped())
            .spawn();
        let child = child.unwrap();
        let pid = child.id();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{part}");
        let told = capture.stop();
        let execs = told.of("exec", pid);
        assert_eq!(execs.len(), 2, "this binary, then tiny: {execs:#?}");
        let output = String::from_utf8(output.stdout).unwrap();
        let number = output.lines().find(|line| line.parse::<i32>().is_ok());
        let number = number.unwrap_or_else(|| panic!("no descriptor in {output}"));
        // The kernel's name for it: there is no other once the call is under way.
        assert_eq!(execs[1]["filename"], format!("/dev/fd/{number}{suffix}"));
        assert_eq!(execs[1]["args"], json!(["tiny", last]));
        assert_eq!(execs[1]["ret"], 0);
        assert_eq!(execs[1]["interpreter"], Value::Null);
        assert_eq!(told.exit(pid)["exit_code"], 0);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn an_orphan_has_the_parent_that_took_it_in() {
    const ORPHAN: &str = ": >$2.up; while kill -0 $1 2>/dev/null; do sleep 0.02; done
        cut -d' ' -f4 /proc/$$/stat >$2.new && mv $2.new $2; exec /bin/true orphan";
    let dir = tempfile::tempdir().unwrap();
    let parent = dir.path().join("parent");
    let capture = Capture::start(&[]);
    let leave = "/bin/sh -c \"$0\" orphan $$ \"$1\" &
        while [ ! -e \"$1.up\" ]; do sleep 0.02; done; exit 0";
    let (pid, _) = run(Command::new("/bin/sh").args(["-c", leave, ORPHAN, utf8(&parent)]));
    let parent = crate::wait::until("the orphan's word", || fs::read_to_string(&parent).ok());
    let mut capture = capture;
    let orphan = capture.wait_for("the orphan", |e| {
        e["args"] == json!(["/bin/true", "orphan"])
    });
    assert_eq!(orphan["ppid"].to_string(), parent.trim());
    let orphan = u32::try_from(orphan["pid"].as_u64().unwrap()).unwrap();
    let told = capture.stop();
    let child = told.of("exec", orphan);
    assert_eq!(child.len(), 2, "sh, then true: {child:#?}");
    assert_eq!(child[0]["ppid"], pid, "its parent still was there");
    assert_eq!(child[0]["parent_comm"], "sh");
    assert_ne!(child[1]["ppid"], pid);
    assert_eq!(told.exec(pid)["ppid"], std::process::id());
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn forks_are_told_on_request() {
    let capture = Capture::start(&["--events", "exec,exit,fork"]);
    let (pid, _) = run(Command::new("/bin/sh").args(["-c", "(exit 7); exit 8"]));
    let told = capture.stop();
    let fork = one(&told.of("fork", pid));
    assert_eq!(fork["ppid"], std::process::id());
    let below: Vec<_> = told.all("fork").filter(|f| f["ppid"] == pid).collect();
    let below = one(&below);
    assert_eq!(below["comm"], "sh");
    let below = u32::try_from(below["pid"].as_u64().unwrap()).unwrap();
    assert_eq!(
        told.exit(below)["exit_code"],
        7,
        "though it executed nothing"
    );
    assert_eq!(told.exit(pid)["exit_code"], 8);
    let seq = |event: &Value| event["seq"].as_u64();
    assert!(seq(fork) < seq(told.exec(pid)));
    let forks = told.all("fork").count();
    assert_eq!(told.end["fork"], forks);
}
