//! As many execs as two workers can make: each is told once, in order.

use crate::capture::{Capture, Told, kill_child, pid_of, threads};
use crate::wait::{self, PATIENCE};
use crate::{elf, product, utf8};
use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Returns how many execs each of the two workers makes.
pub(crate) fn each() -> usize {
    10_000 / wait::slowness() as usize
}

/// Runs the tiny program `each` times in each of two threads; returns how long that took.
///
/// The last argument is the worker's name and the number, as in `a-17`.
pub(crate) fn storm(tiny: &Path, each: usize) -> Duration {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for worker in ["a", "b"] {
            scope.spawn(move || {
                for number in 0..each {
                    let mut command = Command::new(tiny);
                    command.env_clear().arg(format!("{worker}-{number}"));
                    assert!(command.status().unwrap().success());
                }
            });
        }
    });
    let took = began.elapsed();
    let rate = 2.0 * each as f64 / took.as_secs_f64();
    println!("{} execs in {took:.1?}: {rate:.0}/s", 2 * each);
    took
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn of_twenty_thousand_execs_none_is_lost_doubled_or_out_of_order() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path()).unwrap();
    let out = dir.path().join("out.ndjson");
    let mut child = product()
        .args(["-o", "ndjson", "-O", utf8(&out)])
        .spawn()
        .unwrap();
    wait::until("the start line", || {
        fs::read(&out).ok().filter(|text| text.ends_with(b"\n"))
    });
    storm(&tiny, each());
    kill(pid_of(&child), Signal::SIGINT).unwrap();
    let asked = Instant::now();
    // It may have a lot to write yet, with little of the processor left for it.
    let status = wait::end_of(&mut child, 4 * PATIENCE);
    println!("written {:.1?} after the last", asked.elapsed());
    let hangs = status.map_or_else(|| threads(pid_of(&child)), |_| String::new());
    kill_child(&mut child);
    assert!(
        status.is_some_and(|status| status.success()),
        "{status:?}{hangs}"
    );
    let text = fs::read_to_string(&out).unwrap();
    println!("{} MB told", text.len() >> 20);
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    check(&Told::new(lines.collect()), utf8(&tiny));
}

/// Checks that every exec of both workers is there once, in order, with its exit.
fn check(told: &Told, tiny: &str) {
    let mut next = HashMap::from([("a", 0), ("b", 0)]);
    let mut running = HashMap::new();
    let mut exits = 0;
    for event in told.events() {
        let pid = event["pid"].as_u64();
        if event["event"] == "exit" && running.remove(&pid).is_some() {
            assert_eq!(event["exit_code"], 0);
            assert!(event["duration_ns"].as_u64() > Some(0));
            exits += 1;
        }
        if event["event"] != "exec" || event["filename"] != tiny {
            continue;
        }
        let args: Vec<_> = event["args"].as_array().unwrap().iter().collect();
        let [path, name] = args[..] else {
            panic!("{event}")
        };
        assert_eq!((path, &event["ret"]), (&json!(tiny), &json!(0)));
        let (worker, number) = name.as_str().unwrap().split_once('-').unwrap();
        let expected = next.get_mut(worker).unwrap();
        assert_eq!(number, expected.to_string(), "of worker {worker}");
        *expected += 1;
        assert_eq!(running.insert(pid, number.to_owned()), None, "{event}");
    }
    let each = each();
    assert_eq!(next, HashMap::from([("a", each), ("b", each)]));
    assert_eq!((running.len(), exits), (0, 2 * each));
    assert_eq!(told.end["lost"], 0);
    assert_eq!(told.all("lost").collect::<Vec<_>>(), Vec::<&Value>::new());
    let execs = told.all("exec").filter(|e| e["ret"] == 0).count();
    assert_eq!(told.end["exec"], execs);
    assert_eq!(told.end["exit"], told.all("exit").count());
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_storm_that_goes_on_does_not_put_off_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path()).unwrap();
    let goes_on = AtomicBool::new(true);
    let mut capture = Capture::start(&["--events", "exec"]);
    let (told, took) = std::thread::scope(|scope| {
        scope.spawn(|| {
            while goes_on.load(Ordering::Relaxed) {
                storm(&tiny, 500);
            }
        });
        capture.wait_for("the storm", |event| event["args"][1] == "a-499");
        let asked = Instant::now();
        let told = catch_unwind(AssertUnwindSafe(|| capture.stop()));
        goes_on.store(false, Ordering::Relaxed);
        (told.unwrap(), asked.elapsed())
    });
    println!("it ended after {took:.1?}");
    assert_eq!(told.all("lost").collect::<Vec<_>>(), Vec::<&Value>::new());
    assert_eq!(told.end["lost"], 0);
    // All of one worker's; the other may be behind.
    assert!(told.all("exec").count() >= 500);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_reader_that_stalls_holds_up_neither_the_programs_nor_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path()).unwrap();
    let mut reader = Reader::start();
    storm(&tiny, 1_500);
    kill(pid_of(&reader.child), Signal::SIGINT).unwrap();
    let asked = Instant::now();
    let status = wait::end_of(&mut reader.child, Duration::from_secs(5));
    let status = status.expect("it ends, though nobody reads");
    println!("it ended after {:?}", asked.elapsed());
    assert!(status.success(), "{status}");
    assert_eq!(
        reader.stderr(),
        "execsnoop-tui: the reader of the output stalls: it does not get the rest\n"
    );
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_reader_that_leaves_ends_the_run_with_success() {
    let mut reader = Reader::start();
    drop(reader.child.stdout.take());
    Command::new("/bin/true").status().unwrap();
    let status = wait::end_of(&mut reader.child, PATIENCE);
    let status = status.expect("the next line ends it");
    assert!(status.success(), "{status}");
    assert_eq!(reader.stderr(), "");
}

/// The product, from whose output one line was read and no more.
struct Reader {
    child: std::process::Child,
}

impl Reader {
    fn start() -> Self {
        use std::io::Read;
        let mut command = product();
        command.args(["-o", "ndjson"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut reader = Self {
            child: command.spawn().unwrap(),
        };
        let stdout = reader.child.stdout.as_mut().unwrap();
        let (mut first, mut byte) = (Vec::new(), [0]);
        while byte != *b"\n" {
            stdout.read_exact(&mut byte).unwrap();
            first.extend(byte);
        }
        assert!(first.starts_with(b"{\"event\":\"start\""));
        reader
    }

    /// Returns what it complained about; it must have ended.
    fn stderr(&mut self) -> String {
        std::io::read_to_string(self.child.stderr.take().unwrap()).unwrap()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        kill_child(&mut self.child);
    }
}

#[test]
fn the_tiny_program_runs() {
    let dir = tempfile::tempdir().unwrap();
    let path = elf::write(dir.path()).unwrap();
    // Another test's child may hold the file open for writing, between its fork and its exec.
    let status = wait::until("the tiny program runs", || {
        Command::new(&path).status().ok()
    });
    assert!(status.success());
}
