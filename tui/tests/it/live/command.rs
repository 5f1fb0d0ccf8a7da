//! A program that is started for the capture: all of it is seen, and its status is the run's.

use crate::capture::{Capture, Told, kill_child, pid_of};
use crate::product;
use crate::utf8;
use crate::wait::{self, PATIENCE};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde_json::json;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// Starts a program under a capture; returns how that ended, what it told and what was said.
fn under(command: &[&str]) -> (ExitStatus, Told, String) {
    let mut args = vec!["--"];
    args.extend(command);
    Capture::start(&args).finished()
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn its_status_is_the_runs() {
    for (script, code) in [
        ("exit 0", 0),
        ("exit 7", 7),
        ("exit 255", 255),
        ("kill -9 $$", 137),
    ] {
        let (status, told, said) = under(&["/bin/sh", "-c", script]);
        assert_eq!((status.code(), &*said), (Some(code), ""), "{script}");
        let execs: Vec<_> = told.all("exec").collect();
        assert_eq!(execs.len(), 1, "its own alone: {execs:?}");
        assert_eq!(execs[0]["args"], json!(["/bin/sh", "-c", script]));
        assert_eq!(execs[0]["comm"], "sh");
        assert_eq!(told.all("exit").count(), 1);
        assert_eq!(told.end["lost"], 0);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn what_cannot_be_executed_is_told_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("plain");
    fs::write(&plain, "no program").unwrap();
    for (path, code, error) in [
        ("/nonexistent/program", 127, "ENOENT"),
        (utf8(&plain), 126, "EACCES"),
    ] {
        let (status, told, said) = under(&[path, "-x"]);
        assert_eq!(status.code(), Some(code));
        assert!(said.contains(&format!("cannot execute {path}: ")), "{said}");
        let execs: Vec<_> = told.all("exec").collect();
        assert_eq!(execs.len(), 1, "{execs:?}");
        assert_eq!(
            (&execs[0]["error"], &execs[0]["filename"]),
            (&json!(error), &json!(path))
        );
        assert_eq!(execs[0]["args"], json!([path, "-x"]));
        assert_eq!(execs[0]["comm"], "execsnoop-tui");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn all_that_it_executes_is_told_and_nothing_else() {
    let script =
        "i=0; while [ $i -lt 50 ]; do /bin/true $i & i=$((i + 1)); done; wait; exec /bin/true last";
    let capture = Capture::start(&["--", "/bin/sh", "-c", script]);
    for _ in 0..20 {
        Command::new("/bin/true").status().unwrap();
    }
    let (status, told, _) = capture.finished();
    assert!(status.success());
    let mut numbers: Vec<u32> = Vec::new();
    for exec in told.all("exec").filter(|e| e["comm"] == "true") {
        numbers.extend(exec["args"][1].as_str().unwrap().parse::<u32>().ok());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
    assert_eq!(told.all("exec").count(), 52);
    assert_eq!(told.all("exit").count(), 51);
}

/// Runs a program as another user would by sudo; returns what it printed.
fn by_sudo(uid: &str, program: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let lines = dir.path().join("out.ndjson");
    // Files are written only where that user may.
    std::os::unix::fs::chown(dir.path(), Some(uid.parse().unwrap()), None).unwrap();
    let output = product()
        .args(["--no-config", "-O", utf8(&lines), "--"])
        .args(program)
        .env("SUDO_UID", uid)
        .env("SUDO_GID", uid)
        .env("SUDO_USER", "somebody")
        .env("SUDO_COMMAND", "execsnoop-tui")
        .env("HERE", "it is")
        .current_dir("/usr")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(fs::read(&lines).is_ok_and(|text| !text.is_empty()));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn it_runs_as_the_user_who_called_sudo() {
    let script =
        "id -u; id -ru; id -g; id -G; echo $HERE $PWD [$SUDO_UID$SUDO_GID$SUDO_USER$SUDO_COMMAND]";
    let told = by_sudo("61234", &["/bin/sh", "-c", script]);
    assert_eq!(told, "61234\n61234\n61234\n61234\nit is /usr []\n");
    // One that the machine knows; 1 is a daemon everywhere.
    let user = nix::unistd::User::from_uid(1.into()).unwrap().unwrap();
    let told = by_sudo("1", &["/bin/sh", "-c", "id -u; echo $USER $LOGNAME $HOME"]);
    assert_eq!(
        told,
        format!("1\n{0} {0} {1}\n", user.name, user.dir.display())
    );
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn it_finds_signals_and_descriptors_as_any_program_does() {
    let grep = ["/bin/grep", "^Sig[BIC]", "/proc/self/status"];
    for program in [&grep[..], &["/bin/ls", "/proc/self/fd"]] {
        let mut plain = Command::new(program[0]);
        let plain = plain.args(&program[1..]).stdin(Stdio::null()).output();
        assert_eq!(by_sudo("0", program).as_bytes(), plain.unwrap().stdout);
    }
}

/// Starts a capture of a program in a group of processes of its own, as a terminal would.
fn in_group(script: &str) -> Capture {
    let mut command = product();
    command.process_group(0);
    let mut capture =
        Capture::start_by(command.args(["-o", "ndjson", "--", "/bin/sh", "-c", script]));
    capture.wait_for("the program", |event| event["comm"] == "sleep");
    capture
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn an_interrupt_goes_to_both_and_the_programs_answer_counts() {
    for (script, code) in [
        ("exec /bin/sleep 600", 130),
        ("trap 'kill $p; exit 3' INT; /bin/sleep 600 & p=$!; wait", 3),
    ] {
        let capture = in_group(script);
        killpg(capture.pid(), Signal::SIGINT).unwrap();
        let (status, told, said) = capture.finished();
        assert_eq!((status.code(), &*said), (Some(code), ""), "{script}");
        assert_eq!(told.end["lost"], 0);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_signal_to_end_is_passed_on() {
    let capture = in_group("exec /bin/sleep 600");
    kill(capture.pid(), Signal::SIGTERM).unwrap();
    let (status, told, _) = capture.finished();
    assert_eq!(status.code(), Some(143));
    assert_eq!(told.all("exit").next().unwrap()["signal"], "SIGTERM");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_run_that_ends_first_leaves_it_running_and_says_so() {
    let (status, told, said) = {
        // It would keep our reader waiting.
        let script = "exec /bin/sleep 600 >/dev/null 2>&1";
        let args = ["--duration", "500ms", "--", "/bin/sh", "-c", script];
        Capture::start(&args).finished()
    };
    let pid = told.all("exec").next().unwrap()["pid"].as_i64().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(
        said,
        format!("execsnoop-tui: /bin/sh (pid {pid}) runs on\n")
    );
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap();
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn without_a_capture_it_is_not_run() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let status = product()
        .args([
            "-o",
            "ndjson",
            "--btf",
            "/dev/null",
            "--",
            "/usr/bin/touch",
            utf8(&trace),
        ])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(!trace.exists());
}

/// Returns the child of a process, once it has one.
fn child_of(pid: u32) -> Option<u32> {
    let mut tasks = Path::new("/proc")
        .join(pid.to_string())
        .join("task")
        .read_dir()
        .ok()?;
    tasks.find_map(|task| {
        let text = fs::read_to_string(task.ok()?.path().join("children")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    })
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn it_never_runs_if_the_capture_is_killed_while_it_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let mut capture = product()
        .args(["-o", "ndjson", "--", "/usr/bin/touch", utf8(&trace)])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let held = wait::until("the held program", || child_of(capture.id()));
    kill(pid_of(&capture), Signal::SIGKILL).unwrap();
    kill_child(&mut capture);
    let gone = || (!Path::new(&format!("/proc/{held}")).exists()).then_some(());
    // Whoever adopts it may leave it unreaped for a while.
    let zombie = || {
        let stat = fs::read_to_string(format!("/proc/{held}/stat")).ok()?;
        stat.contains(") Z ").then_some(())
    };
    wait::until("it ends by itself", || gone().or_else(zombie));
    std::thread::sleep(Duration::from_millis(100));
    assert!(!trace.exists());
    assert!(PATIENCE > Duration::ZERO);
}
