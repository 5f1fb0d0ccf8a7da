//! Faults around a run: nothing is lost without being told, nothing panics, nothing is left behind.

use super::barriers::Limited;
use super::runs::held;
use super::storm::storm;
use crate::capture::{Capture, run};
use crate::role::{LONELY, PROCESSES};
use crate::tmux::Tmux;
use crate::wait::{self, PATIENCE};
use crate::{PRODUCT, elf, product, utf8};
use aya::programs::loaded_programs;
use execsnoop_tui::event::Event;
use execsnoop_tui::source::probe::{Options, Probe};
use execsnoop_tui::source::{Batch, proc};
use nix::sys::signal::{Signal, kill};
use std::fs::{self, File};
use std::os::fd::RawFd;
use std::process::{Command, Stdio};
use tokio::sync::{mpsc, oneshot};

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_run_that_was_stopped_tells_how_much_it_lost() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path()).unwrap();
    let mut capture = Capture::start(&["--ring-size", "256K"]);
    let stopped = capture.pid();
    kill(stopped, Signal::SIGSTOP).unwrap();
    let each = 800;
    storm(&tiny, each);
    kill(stopped, Signal::SIGCONT).unwrap();
    capture.wait_for("the gap", |event| event["event"] == "lost");
    let (after, _) = run(&mut Command::new("/bin/true"));
    let told = capture.stop();
    told.exec(after);
    let execs: Vec<_> = told
        .all("exec")
        .filter(|exec| exec["exe"] == utf8(&tiny))
        .collect();
    let names = execs.iter().map(|exec| exec["args"][1].as_str().unwrap());
    let mut unique: Vec<_> = names.collect();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), execs.len(), "none is told twice");
    // Also the ends of those whose execs were lost.
    let name = tiny.file_name().unwrap().to_str().unwrap();
    let exits = told.all("exit").filter(|exit| exit["comm"] == name).count();
    let lost: u64 = told
        .all("lost")
        .map(|lost| lost["count"].as_u64().unwrap())
        .sum();
    assert_eq!(told.end["lost"], lost);
    let missing = 2 * 2 * each - execs.len() - exits;
    assert!(missing > 0, "the ring was never full");
    // Others may have executed something meanwhile.
    assert!(lost >= missing as u64, "{lost} of {missing}");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn several_at_once_each_see_everything_and_leave_nothing() {
    let captures: Vec<_> = (0..4).map(|_| Capture::start(&[])).collect();
    let programs: Vec<_> = captures
        .iter()
        .flat_map(|capture| held(capture.pid(), "prog_id:"))
        .collect();
    let (pid, _) = run(&mut Command::new("/bin/true"));
    for capture in captures {
        let told = capture.stop();
        assert_eq!(told.exec(pid)["comm"], "true");
        assert_eq!(told.exit(pid)["exit_code"], 0);
        assert_eq!(told.end["lost"], 0);
    }
    wait::until("no program is left behind", || {
        let mut left = loaded_programs().flatten();
        (!left.any(|program| programs.contains(&program.id()))).then_some(())
    });
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn with_too_few_processes_it_says_so_or_captures() {
    // The one that waits, the one that drains the ring, the one that writes.
    for number in 1..=4 {
        let limited = Limited::start_as(LONELY, &format!("{PROCESSES}{number}"), false);
        if number < 3 {
            let said = limited.refuses();
            let words = "execsnoop-tui: cannot start a thread; ";
            assert!(said.starts_with(words), "{number}: {said}");
            assert!(said.contains("`ulimit -u`"), "{number}: {said}");
            continue;
        }
        let capture = limited.captures();
        let (pid, _) = run(&mut Command::new("/bin/true"));
        let (told, _) = capture.stop();
        assert_eq!(told.exec(pid)["comm"], "true");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn hidden_processes_are_told_of() {
    let part = "product that sees its own processes only";
    let capture = Limited::start_as(LONELY, part, false).captures();
    let (pid, _) = run(&mut Command::new("/bin/true"));
    let (told, said) = capture.stop();
    assert!(said.contains(proc::HIDDEN), "{said}");
    assert_eq!(told.exec(pid)["ppid"], std::process::id());
    assert_eq!(told.exit(pid)["exit_code"], 0);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_full_disk_ends_it_with_a_sentence() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = product();
    let output = command
        .args(["-o", "ndjson"])
        .stdout(full)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(
        said,
        "execsnoop-tui: cannot write to standard output: make room, or choose another place with -O: \
         No space left on device (os error 28)\n"
    );
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_closed_standard_input_is_none_of_its_business() {
    let mut command = Command::new("/bin/sh");
    crate::unconfigured(&mut command);
    let line = "exec \"$0\" -o ndjson <&-";
    let mut capture = Capture::start_by(command.args(["-c", line, PRODUCT]));
    let (pid, _) = run(&mut Command::new("/bin/true"));
    capture.wait_for("the exit", |e| e["event"] == "exit" && e["pid"] == pid);
    assert_eq!(capture.stop().end["lost"], 0);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_terminal_of_which_nothing_is_known_is_used_and_a_dumb_one_refused() {
    let tmux = Tmux::open(100, 12);
    let command = |variables: &str| format!("env {variables} '{PRODUCT}' -f comm=nothing");
    tmux.line(&command("TERM=dumb"));
    tmux.wait_for("(TERM=dumb) cannot show a screen; `-o table` prints lines");
    tmux.wait_for_prompt();
    for (variables, drawn) in [
        ("TERM=no-such-terminal", "TIME \u{25b2}"),
        ("-u TERM", "TIME \u{25b2}"),
        ("LC_ALL=C", "TIME ^"),
    ] {
        tmux.line("clear");
        tmux.line(&command(variables));
        tmux.wait_for("lost 0");
        let screen = tmux.wait_for(drawn);
        assert!(variables != "LC_ALL=C" || screen.is_ascii(), "{screen}");
        tmux.press(&["q"]);
        tmux.wait_for_prompt();
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn the_kernel_lets_nobody_detach_its_programs() {
    let detach = |id: &str| {
        Command::new("bpftool")
            .args(["link", "detach", "id", id])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
    };
    if detach("0").is_err() {
        wait::skip("there is no bpftool, which tries to detach them");
        return;
    }
    let capture = Capture::start(&[]);
    let links = held(capture.pid(), "link_id:");
    assert!(!links.is_empty());
    for id in links {
        let status = detach(&id.to_string()).unwrap();
        assert!(!status.success(), "link {id} was detached");
    }
    let (pid, _) = run(&mut Command::new("/bin/true"));
    let told = capture.stop();
    assert_eq!(told.exec(pid)["comm"], "true");
    assert_eq!(told.exit(pid)["exit_code"], 0);
}

/// A time namespace is a clock of one's own, as far as it can be set back without another's.
#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn in_a_time_namespace_events_have_the_time_of_day() {
    let command = |program: &str| {
        let mut command = Command::new("unshare");
        command.args(["--time", "--boottime", "100000", "--fork", program]);
        command
    };
    if !command("/bin/true")
        .status()
        .is_ok_and(|status| status.success())
    {
        wait::skip("unshare makes no time namespace here");
        return;
    }
    let mut command = command(PRODUCT);
    crate::unconfigured(&mut command);
    let mut capture = Capture::start_by(command.args(["-o", "ndjson", "--duration", "1s"]));
    let (pid, _) = run(&mut Command::new("/bin/true"));
    let exec = capture.wait_for("the exec", |e| e["event"] == "exec" && e["pid"] == pid);
    let now = jiff::Timestamp::now().as_nanosecond();
    let ago = now - crate::capture::time_ns(&exec);
    assert!(
        (0..PATIENCE.as_nanos().cast_signed()).contains(&ago),
        "{ago} ns ago"
    );
    assert_eq!(capture.ended().end["lost"], 0);
}

/// Returns the descriptors of this process by which programs are attached to what tells of execs.
fn descriptors_of_execs() -> Vec<RawFd> {
    let entries = fs::read_dir("/proc/self/fd").unwrap();
    let of_exec = |entry: fs::DirEntry| {
        let number = entry.file_name().into_string().unwrap();
        let is = fs::read_link(entry.path()).ok()?;
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).ok()?;
        let link = info.contains("link_id:") && info.contains("sched_process_exec");
        let event = utf8(&is) == "anon_inode:[perf_event]";
        (link || event).then(|| number.parse().unwrap())
    };
    entries
        .filter_map(|entry| of_exec(entry.unwrap()))
        .collect()
}

/// Takes batches until one that is as it should be.
async fn next(
    batches: &mut mpsc::Receiver<Batch>,
    what: &str,
    is: impl Fn(&Batch) -> bool,
) -> Batch {
    let found = async {
        loop {
            let batch = batches.recv().await.expect("the probe goes on");
            if is(&batch) {
                return batch;
            }
        }
    };
    let found = tokio::time::timeout(PATIENCE * wait::slowness(), found).await;
    found.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"))
}

/// A debugger could close the descriptors by which programs are attached; here this process does it to itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root: cargo xtask test runs it"]
async fn what_somebody_detached_is_told_and_attached_again() {
    // Forks go on to be told, so the kernel is asked every second.
    let options = Options {
        forks: true,
        ..Options::default()
    };
    let probe = Probe::attach(&options).unwrap();
    let attached = probe.attached().len();
    let (sender, mut batches) = mpsc::channel(64);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(probe.run(sender, stopped));
    let closed = descriptors_of_execs();
    println!("{} of {attached} closed", closed.len());
    assert!(!closed.is_empty());
    for descriptor in &closed {
        nix::unistd::close(*descriptor).unwrap();
    }
    let mut problems = Vec::new();
    // It may look while they are being closed.
    while problems.len() < closed.len() {
        let amiss = |batch: &Batch| !batch.problems.is_empty();
        let told = next(&mut batches, "what is amiss", amiss).await;
        let gaps = told.events.iter().filter(|e| matches!(e, Event::Lost(_)));
        assert_eq!(gaps.count(), told.problems.len(), "{:?}", told.problems);
        problems.extend(told.problems);
    }
    let of_exec = |problem: &&String| problem.contains(" sched_process_exec: ");
    assert_eq!(problems.iter().filter(of_exec).count(), 1, "{problems:?}");
    let again = |problem: &String| problem.ends_with("; it is attached again");
    assert!(problems.iter().all(again), "{problems:?}");
    let child = tokio::task::spawn_blocking(|| run(&mut Command::new("/bin/true")).0);
    let pid = child.await.unwrap();
    let is_exec = |event: &Event| matches!(event, Event::Exec(exec) if exec.pid == pid);
    next(&mut batches, "the exec", |b| b.events.iter().any(is_exec)).await;
    stop.send(()).unwrap();
    while let Some(batch) = batches.recv().await {
        assert_eq!(batch.problems, Vec::<String>::new());
    }
    task.await.unwrap().unwrap();
}
