//! How a run begins and ends, and what it leaves behind.

use crate::capture::{Capture, run};
use crate::wait;
use aya::maps::loaded_maps;
use aya::programs::loaded_programs;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::collections::HashMap;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_number_of_execs_ends_the_run() {
    let capture = Capture::start(&["--count", "5"]);
    for _ in 0..10 {
        run(&mut Command::new("/bin/true"));
    }
    let told = capture.ended();
    assert_eq!(told.all("exec").count(), 5);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_length_of_time_ends_the_run() {
    let began = Instant::now();
    let told = Capture::start(&["--duration", "500ms"]).ended();
    let most = u64::try_from(began.elapsed().as_nanos()).unwrap();
    let took = told.end["duration_ns"].as_u64().unwrap();
    assert!((500_000_000..=most).contains(&took), "{took}");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn signals_end_the_run_with_what_was_executed_before() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let capture = Capture::start(&[]);
        let (pid, _) = run(&mut Command::new("/bin/true"));
        let told = capture.stop_by(signal);
        assert_eq!(told.exec(pid)["comm"], "true", "{signal}");
        assert_eq!(told.exit(pid)["exit_code"], 0, "{signal}");
        assert_eq!(told.end["lost"], 0, "{signal}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn the_end_counts_what_was_told_and_each_process_is_in_order() {
    let capture = Capture::start(&[]);
    for _ in 0..20 {
        run(Command::new("/bin/sh").args(["-c", "/bin/true; exec /bin/true"]));
    }
    let told = capture.stop();
    let failed = told.all("exec").filter(|e| e["ret"] != 0).count();
    let execs = told.all("exec").count() - failed;
    assert!(execs >= 60, "{execs}");
    assert_eq!(told.end["exec"], execs);
    assert_eq!(told.end["failed"], failed);
    assert_eq!(told.end["exit"], told.all("exit").count());
    assert_eq!(told.end["not_captured"], 0);
    assert_eq!(
        (told.all("lost").count(), &told.end["lost"]),
        (0, &0.into())
    );
    let mut last = HashMap::new();
    for event in told.events() {
        let time = crate::capture::time_ns(event);
        let before = last.insert(event["pid"].as_u64(), time);
        assert!(before.is_none_or(|before| before <= time), "{event}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn only_the_kinds_asked_for_are_told() {
    let capture = Capture::start(&["--events", "exit"]);
    let (pid, _) = run(&mut Command::new("/bin/true"));
    let told = capture.stop();
    assert_eq!(told.exit(pid)["exit_code"], 0);
    assert_eq!(told.all("exec").count(), 0);
    assert!(told.end["exec"].as_u64() >= Some(1), "counted all the same");
}

/// Numbers of the programs or maps that a process holds, from its descriptors.
pub(super) fn held(pid: Pid, key: &str) -> Vec<u32> {
    let entries = fs::read_dir(format!("/proc/{pid}/fdinfo")).unwrap();
    let texts = entries.filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok());
    let ids = texts.filter_map(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.trim().parse().unwrap())
    });
    ids.collect()
}

/// Checks that what a capture put into the kernel is gone once `end` has ended it.
fn leaves_nothing(end: impl FnOnce(Capture)) {
    let capture = Capture::start(&[]);
    let programs = held(capture.pid(), "prog_id:");
    let maps = held(capture.pid(), "map_id:");
    assert!(
        programs.len() >= 2 && maps.len() >= 2,
        "{programs:?} {maps:?}"
    );
    let loaded: Vec<_> = loaded_programs().flatten().map(|p| p.id()).collect();
    assert!(programs.iter().all(|id| loaded.contains(id)));
    end(capture);
    // The kernel frees them a little later, when nothing runs them any more.
    wait::until("no program is left behind", || {
        let mut left = loaded_programs().flatten();
        (!left.any(|p| programs.contains(&p.id()))).then_some(())
    });
    wait::until("no map is left behind", || {
        let mut left = loaded_maps().flatten();
        (!left.any(|m| maps.contains(&m.id()))).then_some(())
    });
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn nothing_is_left_in_the_kernel() {
    leaves_nothing(|capture| drop(capture.stop()));
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn nothing_is_left_in_the_kernel_after_a_kill() {
    leaves_nothing(Capture::kill);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_run_is_ready_soon() {
    let began = Instant::now();
    let capture = Capture::start(&[]);
    let took = began.elapsed();
    capture.stop();
    println!("from its start to the start line: {} ms", took.as_millis());
    let most = Duration::from_secs(10) * wait::slowness();
    assert!(took < most, "{took:?}");
}
