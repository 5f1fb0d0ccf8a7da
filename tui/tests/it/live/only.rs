//! Capture filters: what passes is told whole, and all else is counted.

use crate::capture::{Capture, Told, pid_of, run};
use crate::wait::{self, PATIENCE};
use crate::{elf, product, utf8};
use nix::sys::signal::{Signal, kill};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A user that nobody else here is.
const NOBODY: u32 = 61_234;

/// What a capture with a filter told, next to one of everything at the same time.
struct Both {
    all: Told,
    only: Told,
    /// Execs of the whole machine between the beginning and the end of the actions.
    between: u64,
}

impl Both {
    fn of(args: &[&str], act: impl FnOnce()) -> Self {
        let all = Capture::start(&[]);
        let only = Capture::start(args);
        let (first, _) = run(&mut Command::new("/bin/true"));
        act();
        let (last, _) = run(&mut Command::new("/bin/true"));
        let (only, all) = (only.stop(), all.stop());
        let place = |pid| {
            let is = |event: &&Value| event["event"] == "exec";
            let mut execs = all.events().iter().filter(is);
            execs.position(|event| event["pid"] == pid && event["comm"] == "true")
        };
        let between = place(last).unwrap() - place(first).unwrap() + 1;
        let both = Self {
            between: between as u64,
            all,
            only,
        };
        both.check_counts();
        both
    }

    /// Checks that what was not told was counted, no more and no less: there is nothing between
    /// what happened for sure while it was attached and what happened at all.
    fn check_counts(&self) {
        let of = |told: &Told, key: &str| told.end[key].as_u64().unwrap();
        let told = of(&self.only, "exec") + of(&self.only, "failed");
        let seen = told + of(&self.only, "not_captured");
        let all = of(&self.all, "exec") + of(&self.all, "failed");
        println!(
            "{seen} of {} to {all} execs, {told} of them told",
            self.between
        );
        assert!((self.between..=all).contains(&seen));
        assert_eq!((of(&self.only, "lost"), of(&self.all, "lost")), (0, 0));
        assert_eq!(self.only.all("exec").count() as u64, told);
    }

    /// Checks that the execs told are those of all for which a condition holds; returns how many.
    fn told_are(&self, condition: impl Fn(&Value) -> bool) -> usize {
        let facts = |told: &Told, condition: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
            let execs = told.all("exec").filter(|event| condition(event));
            let facts =
                |e: &Value| format!("{} {} {} {}", e["pid"], e["args"], e["ret"], e["comm"]);
            execs.map(facts).collect()
        };
        let wanted = facts(&self.all, &condition);
        assert_eq!(facts(&self.only, &|_| true), wanted);
        wanted.len()
    }
}

/// Copies a program, so that nobody else runs one of that name.
fn renamed(program: &str, dir: &Path, name: &str) -> PathBuf {
    let path = dir.join(format!("{name}-{}", std::process::id() % 100_000));
    fs::copy(program, &path).unwrap();
    path
}

fn name_of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn only_a_user() {
    let uid = NOBODY.to_string();
    let both = Both::of(&["--only", &format!("uid={uid}")], || {
        run(Command::new("/bin/true").uid(NOBODY));
        run(Command::new("/bin/sh")
            .args(["-c", "/nonexistent; /bin/true"])
            .uid(NOBODY));
        run(&mut Command::new("/bin/true"));
    });
    assert_eq!(both.told_are(|event| event["uid"] == NOBODY), 4);
    assert_eq!(both.only.end["failed"], 1);
    // A process that executed nothing has no end to tell.
    assert_eq!(both.only.all("exit").count(), 3);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn only_a_name_with_the_ends_of_what_was_told() {
    let dir = tempfile::tempdir().unwrap();
    let shell = renamed("/bin/sh", dir.path(), "only-sh");
    let name = name_of(&shell);
    let mut becomes = 0;
    let both = Both::of(&["--only", &format!("comm={name},no-other")], || {
        run(Command::new(&shell).args(["-c", "exit 3"]));
        run(Command::new("/bin/sh").args(["-c", "/bin/true; exit 4"]));
        // The caller's name counts for what fails, and the new one for what does not.
        run(Command::new(&shell).args(["-c", "/nonexistent; /bin/true; true"]));
        becomes = run(Command::new(&shell).args(["-c", "exec /bin/sh -c 'exit 5'"])).0;
    });
    assert_eq!(both.told_are(|event| event["comm"] == name), 4);
    assert_eq!(both.only.end["failed"], 1);
    assert_eq!(
        both.only.exit(becomes)["exit_code"],
        5,
        "its row has an end"
    );
    let exits: Vec<_> = both
        .only
        .all("exit")
        .map(|exit| &exit["exit_code"])
        .collect();
    assert_eq!(exits.len(), 3, "{exits:?}");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn kinds_are_all_asked() {
    let dir = tempfile::tempdir().unwrap();
    let program = renamed("/bin/true", dir.path(), "only-true");
    fs::set_permissions(
        dir.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let name = name_of(&program);
    let filter = format!("comm={name} uid={NOBODY} argc=2");
    let both = Both::of(&["--only", &filter], || {
        run(Command::new(&program).uid(NOBODY).arg("passes"));
        run(Command::new(&program).uid(NOBODY));
        run(Command::new(&program).arg("root"));
        run(Command::new("/bin/true").uid(NOBODY).arg("name"));
    });
    assert_eq!(both.told_are(|event| event["args"][1] == "passes"), 1);
    assert_eq!(both.only.all("exit").count(), 1);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn what_the_kernel_cannot_ask_is_asked_before_anything_is_kept() {
    let tag = format!("tag-{}", wait::number());
    let both = Both::of(&["--only", &format!("{tag} or arg={tag}-x")], || {
        run(Command::new("/bin/echo").arg(&tag).stdout(Stdio::null()));
        run(&mut Command::new("/bin/true"));
    });
    assert_eq!(both.told_are(|event| event["args"][1] == *tag), 1);
    assert_eq!(both.only.all("exit").count(), 1);
}

/// A shell that does what is written to it.
struct Shell(Child);

impl Shell {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new("/bin/sh");
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.0.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn end(mut self) {
        drop(self.0.stdin.take());
        assert!(wait::end_of(&mut self.0, PATIENCE).is_some());
    }
}

/// Waits until a process has so many below it that run for themselves.
fn children_of(pid: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect()
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn only_a_tree_with_what_runs_in_it_already() {
    // Three shells below each other, the lowest of which does what it is told.
    let mut shell = Shell::start(&["-c", "/bin/sh -c '/bin/sh; true'; true"]);
    let deepest = wait::until("the shells run", || {
        let child = *children_of(shell.0.id()).first()?;
        children_of(child).first().copied()
    });
    let pid = shell.pid();
    let both = Both::of(&["--tree", &pid], || {
        shell.tell("/bin/true one; /nonexistent; (/bin/true two)");
        // Its parent is gone before it executes something.
        shell.tell("( (/bin/sleep 0.3; exec /bin/true three) & )");
        run(&mut Command::new("/bin/true"));
        shell.tell("/bin/sleep 1");
        shell.end();
    });
    let mut words: Vec<_> = both
        .only
        .all("exec")
        .map(|e| e["args"][1].to_string())
        .collect();
    words.sort();
    let expected = [
        "\"0.3\"",
        "\"1\"",
        "\"one\"",
        "\"three\"",
        "\"two\"",
        "null",
    ];
    assert_eq!(words, expected);
    assert_eq!(both.only.end["failed"], 1);
    assert_eq!(both.only.exit(deepest)["exit_code"], 0);
    let exits = both.only.all("exit").count();
    assert_eq!(
        exits,
        3 + 6 - 1,
        "three shells, and what was executed but for what failed"
    );
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_storm_of_forks_has_no_holes() {
    const DEPTH: u32 = 5;
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path()).unwrap();
    let go = dir.path().join("go");
    // Each process forks two, down to the leaves, and each executes something; again and again.
    let script = format!(
        "f() {{ if [ $1 -gt 0 ]; then f $(($1-1)) $2 & f $(($1-1)) $2 & wait; fi; {} $2 $1; }}
         n=0; while [ ! -e {} ] || [ $((n += 1)) -le 3 ]; do f {DEPTH} $n; done",
        utf8(&tiny),
        utf8(&go)
    );
    let all = Capture::start(&["--events", "exec"]);
    let mut storm = Command::new("/bin/sh")
        .args(["-c", &script])
        .spawn()
        .unwrap();
    let capture = Capture::start(&["--tree", &storm.id().to_string()]);
    fs::write(&go, "").unwrap();
    let status = wait::end_of(&mut storm, 2 * PATIENCE);
    let (only, all) = (capture.stop(), all.stop());
    assert!(status.is_some_and(|status| status.success()));
    let of_tiny = |told: &Told| -> Vec<(String, String, u64)> {
        let execs = told.all("exec").filter(|e| e["filename"] == utf8(&tiny));
        let word = |e: &Value, n: usize| e["args"][n].as_str().unwrap().to_owned();
        execs
            .map(|e| (word(e, 1), word(e, 2), e["pid"].as_u64().unwrap()))
            .collect()
    };
    let (told, made) = (of_tiny(&only), of_tiny(&all));
    // What was executed while it was attaching may be missing, but nothing from the first on.
    let first = made
        .iter()
        .position(|exec| Some(exec) == told.first())
        .unwrap();
    println!("{} of {} execs while it attached", first, made.len());
    let whole = |list: &[(String, String, u64)]| -> BTreeSet<(String, String, u64)> {
        list.iter().cloned().collect()
    };
    assert_eq!(whole(&told), whole(&made[first..]));
    let round = (1 << (DEPTH + 1)) - 1;
    for number in ["1", "2", "3"] {
        assert_eq!(told.iter().filter(|exec| exec.0 == number).count(), round);
    }
    assert_eq!(only.end["lost"], 0);
    assert_eq!(only.all("exec").count(), told.len(), "nobody else's");
}

/// A control group of version 2; it goes when this goes.
struct Cgroup(PathBuf);

impl Cgroup {
    fn root() -> PathBuf {
        let mounts = fs::read_to_string("/proc/mounts").unwrap();
        let mut mounts = mounts
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>());
        PathBuf::from(mounts.find(|mount| mount[2] == "cgroup2").unwrap()[1])
    }

    fn new(name: &str) -> Self {
        let group = Self(Self::root().join(format!("{name}-{}", std::process::id())));
        fs::create_dir(&group.0).unwrap();
        group
    }

    fn below(&self, name: &str) -> Self {
        let group = Self(self.0.join(name));
        fs::create_dir(&group.0).unwrap();
        group
    }

    fn path(&self) -> String {
        let path = self.0.strip_prefix(Self::root()).unwrap();
        format!("/{}", utf8(path))
    }

    /// Runs a program in it: the shell that goes in executes it.
    fn run(&self, word: &str) -> u32 {
        let script = format!(
            "echo $$ >{}/cgroup.procs; exec /bin/true {word}",
            utf8(&self.0)
        );
        run(Command::new("/bin/sh").args(["-c", &script])).0
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn only_a_control_group_and_those_below() {
    let group = Cgroup::new("execsnoop-only");
    let below = group.below("a");
    let deep = below.below("b");
    let beside = Cgroup::new("execsnoop-beside");
    let both = Both::of(&["--cgroup", &group.path()], || {
        for (group, word) in [(&group, "in"), (&deep, "deep"), (&beside, "beside")] {
            group.run(word);
        }
    });
    let told = both.told_are(|e| ["in", "deep"].iter().any(|word| e["args"][1] == *word));
    assert_eq!((told, both.only.all("exit").count()), (2, 2));
    drop((deep, below));
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_control_group_that_is_made_anew_is_the_same() {
    let group = Cgroup::new("execsnoop-again");
    let path = group.path();
    let both = Both::of(&["--cgroup", &path], || {
        group.run("first");
        for number in 0..5 {
            wait::until("it is empty", || fs::remove_dir(&group.0).ok());
            fs::create_dir(&group.0).unwrap();
            group.run(&format!("again-{number}"));
        }
        let other = Cgroup::new("execsnoop-other");
        other.run("other");
    });
    let ours = |e: &Value| {
        let word = e["args"][1].as_str().unwrap_or_default();
        word == "first" || word.starts_with("again-")
    };
    assert_eq!(both.told_are(ours), 6);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_control_group_that_cannot_be_asked_is_named() {
    let refused = |path: &str| {
        let output = product()
            .args(["-o", "ndjson", "--cgroup", path])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{path}");
        assert_eq!(output.stdout, b"");
        String::from_utf8(output.stderr).unwrap()
    };
    let error = refused("/no/such/group");
    assert!(
        error.contains("there is no control group /no/such/group"),
        "{error}"
    );
    let version_1 = Path::new("/sys/fs/cgroup/memory");
    if version_1.is_dir() {
        let error = refused(utf8(version_1));
        assert!(error.contains("of version 1 only"), "{error}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_process_that_is_not_there_is_named() {
    let output = product()
        .args(["-o", "ndjson", "--tree", "4194305"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("there is no process 4194305"), "{error}");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn forks_are_told_of_what_is_captured() {
    let mut shell = Shell::start(&[]);
    let shell_id = shell.0.id();
    let pid = shell.pid();
    let both = Both::of(&["--tree", &pid, "--events", "exec,exit,fork"], || {
        shell.tell("(:); (:)");
        run(&mut Command::new("/bin/true"));
        shell.tell("/bin/sleep 0.2");
        shell.end();
    });
    let forks: Vec<_> = both.only.all("fork").collect();
    assert_eq!(forks.len(), 3, "{forks:?}");
    assert!(forks.iter().all(|fork| fork["ppid"] == shell_id));
    assert_eq!(both.only.all("exit").count(), 4);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_fork_that_was_told_has_its_end_whatever_its_name_is_then() {
    let dir = tempfile::tempdir().unwrap();
    let shell = renamed("/bin/sh", dir.path(), "forks");
    let only = format!("comm={}", name_of(&shell));
    let capture = Capture::start(&["--only", &only, "--events", "exec,exit,fork"]);
    let script = "(printf other >/proc/self/comm); :";
    let (pid, _) = run(Command::new(&shell)
        .args(["-c", script])
        .stderr(Stdio::null()));
    let told = capture.stop();
    let forks: Vec<_> = told
        .all("fork")
        .filter(|fork| fork["ppid"] == pid)
        .collect();
    assert_eq!(forks.len(), 1, "{forks:?}");
    let child = u32::try_from(forks[0]["pid"].as_u64().unwrap()).unwrap();
    assert_eq!(told.exit(child)["comm"], "other");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn the_table_says_how_many_were_not_captured() {
    let mut child = product()
        .args(["-o", "table", "--only", "comm=nobody-has-this"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("PCOMM"));
    run(&mut Command::new("/bin/true"));
    kill(pid_of(&child), Signal::SIGINT).unwrap();
    assert!(wait::end_of(&mut child, PATIENCE).is_some_and(|status| status.success()));
    let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    assert!(
        said.contains("not captured, as asked") && !said.contains(" 0 exec"),
        "{said}"
    );
}
