//! Others who watch the same: they see what they would see without it.

use crate::capture::{Capture, run};
use execsnoop_tui::source::probe::tracefs::with_tracefs;
use perf_event::events::Tracepoint;
use perf_event::{Builder, Counter};
use std::fs;
use std::process::Command;

/// Tracepoints that programs are attached to, on some kernels or on all.
const WATCHED: [&str; 4] = [
    "sched/sched_process_exec",
    "sched/sched_process_exit",
    "syscalls/sys_exit_execve",
    "raw_syscalls/sys_exit",
];

const TIMES: u64 = 20;

/// Counts an event of perf on each CPU.
fn counters(id: u64) -> Vec<Counter> {
    let cpus = std::thread::available_parallelism().unwrap().get();
    let counter = |cpu| {
        let mut builder = Builder::new(Tracepoint::with_id(id));
        let mut counter = builder
            .any_pid()
            .one_cpu(cpu)
            .include_kernel()
            .build()
            .unwrap();
        counter.enable().unwrap();
        counter
    };
    (0..cpus).map(counter).collect()
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn perf_counts_all_the_same() {
    let id = |name: &str| {
        let path = |tracefs: &std::path::Path| tracefs.join("events").join(name).join("id");
        let text = with_tracefs(|tracefs| fs::read_to_string(path(tracefs)));
        text.unwrap().unwrap().trim().parse::<u64>().unwrap()
    };
    let ids = WATCHED.map(id);
    let capture = Capture::start(&[]);
    let mut counters = ids.map(counters);
    for _ in 0..TIMES {
        run(&mut Command::new("/bin/true"));
    }
    let counts = counters
        .each_mut()
        .map(|all| all.iter_mut().map(|one| one.read().unwrap()).sum::<u64>());
    capture.stop();
    assert!(counts.iter().all(|count| *count >= TIMES), "{counts:?}");
}
