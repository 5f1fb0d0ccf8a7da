//! The programs in the kernel, as the kernel itself sees them.

use super::barriers::is_before;
use crate::capture::Capture;
use aya::programs::loaded_programs;
use std::collections::BTreeMap;
use std::fs;

/// Most instructions that the verifier may have to follow for each program, whatever the kernel: about a
/// quarter more than on any of those from 5.10 to 7.3. It refuses a program at a million.
///
/// Whoever raises one says in the commit what for.
const MOST: [(&str, u32); 16] = [
    ("enter_execve", 440),
    ("enter_execveat", 450),
    ("exit_exec", 7_000),
    ("failed_up", 24_000),
    ("read_round", 38_000),
    ("prepare_exec", 400),
    ("process_exec", 12_000),
    ("exec_up", 24_000),
    ("send_parts", 6_500),
    ("process_exit", 900),
    ("exit_threads", 14_000),
    ("perf_exec", 12_000),
    ("perf_up", 24_000),
    ("perf_parts", 6_500),
    ("perf_exit", 900),
    ("perf_threads", 14_000),
];

/// Returns which of them this kernel is given.
fn expected() -> Vec<&'static str> {
    let begins = if is_before(6, 10) {
        &["enter_execve", "enter_execveat"][..]
    } else {
        &["prepare_exec"]
    };
    let rest = if is_before(6, 19) {
        [
            "process_exec",
            "exec_up",
            "process_exit",
            "exit_threads",
            "send_parts",
        ]
    } else {
        [
            "perf_exec",
            "perf_up",
            "perf_exit",
            "perf_threads",
            "perf_parts",
        ]
    };
    let mut names = [begins, &rest, &["exit_exec", "failed_up", "read_round"]].concat();
    names.sort_unstable();
    names
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn no_program_has_grown_for_the_verifier() {
    let capture = Capture::start(&[]);
    let dir = format!("/proc/{}/fdinfo", capture.pid());
    let own: Vec<u32> = fs::read_dir(dir)
        .unwrap()
        .filter_map(|entry| {
            let text = fs::read_to_string(entry.unwrap().path()).ok()?;
            let id = text
                .lines()
                .find_map(|line| line.strip_prefix("prog_id:"))?;
            id.trim().parse().ok()
        })
        .collect();
    let found: BTreeMap<String, u32> = loaded_programs()
        .filter_map(Result::ok)
        .filter(|program| own.contains(&program.id()))
        .map(|program| {
            let name = program.name_as_str().unwrap().to_owned();
            (name, program.verified_instruction_count().unwrap_or(0))
        })
        .collect();
    println!("{found:?}");
    let names: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(names, expected());
    let most: BTreeMap<_, _> = MOST.into_iter().collect();
    let over: Vec<_> = found
        .iter()
        .filter(|(name, count)| **count > most[&***name])
        .map(|(name, count)| format!("{name}: {count} of at most {}", most[&**name]))
        .collect();
    assert!(over.is_empty(), "{over:?}");
    capture.stop();
}
