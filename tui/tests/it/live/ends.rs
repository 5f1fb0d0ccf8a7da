//! How programs end, and how long they took.

use crate::capture::{Capture, one, run, time_ns};
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::Instant;

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn exit_codes_and_signals_are_told() {
    let capture = Capture::start(&[]);
    let codes = [0, 3, 255].map(|code| {
        let (pid, status) = run(Command::new("/bin/sh").args(["-c", &format!("exit {code}")]));
        assert_eq!(status.code(), Some(code));
        (pid, code)
    });
    let mut sleeper = Command::new("/bin/sleep").arg("600").spawn().unwrap();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    let told = capture.stop();
    for (pid, code) in codes {
        let exit = told.exit(pid);
        assert_eq!(exit["exit_code"], code);
        assert_eq!(exit["signal"], Value::Null);
        assert_eq!(exit["core_dumped"], false);
        assert_eq!(exit["comm"], "sh");
        assert_eq!(exit["ppid"], std::process::id());
    }
    let exit = told.exit(sleeper.id());
    assert_eq!(exit["exit_code"], Value::Null);
    assert_eq!(exit["signal"], "SIGKILL");
    assert_eq!(exit["core_dumped"], false);
    assert_eq!(exit["comm"], "sleep");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn an_exit_tells_how_long_it_took_and_what_it_used() {
    let capture = Capture::start(&[]);
    let began = Instant::now();
    let busy = "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; sleep 0.2";
    let (pid, _) = run(Command::new("/bin/sh").args(["-c", busy]));
    let most = u64::try_from(began.elapsed().as_nanos()).unwrap();
    let told = capture.stop();
    let (exec, exit) = (told.exec(pid), told.exit(pid));
    let of = |key: &str| exit[key].as_u64().unwrap_or_else(|| panic!("no {key}"));
    let (duration, lifetime) = (of("duration_ns"), of("lifetime_ns"));
    assert!(
        (200_000_000..=most).contains(&duration),
        "{duration} {most}"
    );
    assert!((duration..=most).contains(&lifetime), "{lifetime}");
    assert_eq!(i128::from(duration), time_ns(exit) - time_ns(exec));
    let since_fork = exec["fork_to_exec_ns"].as_u64().unwrap();
    assert_eq!(lifetime, duration + since_fork);
    let used = of("user_ns") + of("system_ns");
    // The cost of the loop alone; the sleep costs nothing.
    assert!((1_000_000..=most).contains(&used), "{used}");
    let rss = of("max_rss_bytes");
    assert!((100 << 10..1 << 30).contains(&rss), "{rss}");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn two_execs_of_one_process_have_one_exit() {
    let capture = Capture::start(&[]);
    let script = "exec /bin/sleep 0.1";
    let (pid, _) = run(Command::new("/bin/sh").args(["-c", script]));
    let told = capture.stop();
    let execs = told.of("exec", pid);
    assert_eq!(execs.len(), 2, "{execs:#?}");
    assert_eq!(execs[0]["args"], json!(["/bin/sh", "-c", script]));
    assert_eq!(execs[1]["args"], json!(["/bin/sleep", "0.1"]));
    assert!(time_ns(execs[0]) < time_ns(execs[1]));
    let exit = told.exit(pid);
    assert_eq!(exit["comm"], "sleep");
    let since_last = time_ns(exit) - time_ns(execs[1]);
    assert_eq!(
        exit["duration_ns"].as_u64().map(i128::from),
        Some(since_last)
    );
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_process_that_ran_before_tells_its_exit_only() {
    let mut child = Command::new("/bin/cat")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let capture = Capture::start(&[]);
    drop(child.stdin.take());
    child.wait().unwrap();
    let told = capture.stop();
    assert_eq!(told.of("exec", child.id()), Vec::<&Value>::new());
    let exit = one(&told.of("exit", child.id()));
    assert_eq!(exit["exit_code"], 0);
    assert_eq!(exit["duration_ns"], Value::Null, "its exec was not seen");
    assert!(exit["lifetime_ns"].as_u64() > Some(0));
}
