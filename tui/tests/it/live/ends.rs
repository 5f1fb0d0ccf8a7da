//! How programs end, and how long they took.

use crate::capture::{Capture, one, run, time_ns};
use crate::role;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

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
fn an_exit_has_the_times_of_threads_that_are_still_ending() {
    let capture = Capture::start(&[]);
    let most = i64::try_from(role::USED.as_nanos()).unwrap();
    let pids: Vec<_> = (0..5)
        .map(|_| {
            let part = role::command("end while another thread does", Path::new("/"))
                .spawn()
                .unwrap();
            let pid = part.id();
            assert!(part.wait_with_output().unwrap().status.success());
            pid
        })
        .collect();
    let told = capture.stop();
    for pid in pids {
        let exit = told.exit(pid);
        assert_eq!(exit["missing"], serde_json::json!({}));
        let of = |key: &str| exit[key].as_i64().unwrap_or_else(|| panic!("no {key}"));
        let used = of("user_ns") + of("system_ns");
        assert!((most..10 * most).contains(&used), "{used}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn an_exit_has_the_memory_of_all_when_threads_end_at_once() {
    let capture = Capture::start(&[]);
    let pids: Vec<_> = (0..20)
        .map(|_| {
            let mut part = role::command("end at once in all threads", Path::new("/"))
                .spawn()
                .unwrap();
            assert_eq!(part.wait().unwrap().code(), Some(role::STATUS));
            part.id()
        })
        .collect();
    let told = capture.stop();
    let told_of = |pid| {
        let exit = told.exit(pid);
        (exit["exit_code"].as_i64(), exit["max_rss_bytes"].as_u64())
    };
    let is_whole = |(code, rss): &(Option<i64>, Option<u64>)| {
        *code == Some(role::STATUS.into()) && *rss >= Some(role::HELD as u64)
    };
    let all: Vec<_> = pids.into_iter().map(told_of).collect();
    assert!(all.iter().all(is_whole), "{all:?}");
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
