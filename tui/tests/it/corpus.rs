//! A corpus of weird execs: each case is data, and each key of each event is exact.
//!
//! The files `corpus/*.cases` hold the cases. A case has programs, as lists of system calls, which
//! are made into small ELF files: no compiler, no shell and no library is needed to run them, and
//! they can call with pointers that lead nowhere. One capture sees them all. What a case does not
//! tell of an event follows from what it does tell; `want.rs` says how.
//!
//! `EXECSNOOP_CASE=part-of-a-name` plays only the cases so called, and prints what was told.

mod assemble;
mod case;
mod compare;
mod machine;
mod play;
mod token;
mod value;
mod want;

use crate::capture::Capture;
use case::{Case, Do, Expr, Item, Node};
use machine::{Form, Machine};
use nix::errno::Errno;
use play::{Here, Played};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::Command;
use std::time::Duration;
use value::{Env, Facts};
use want::{Asked, Wanted};

/// The files of cases.
const FILES: [(&str, &str); 7] = [
    ("errors.cases", include_str!("corpus/errors.cases")),
    ("texts.cases", include_str!("corpus/texts.cases")),
    ("ways.cases", include_str!("corpus/ways.cases")),
    ("identity.cases", include_str!("corpus/identity.cases")),
    ("ends.cases", include_str!("corpus/ends.cases")),
    ("family.cases", include_str!("corpus/family.cases")),
    ("bits32.cases", include_str!("corpus/bits32.cases")),
];

/// How many bytes of arguments are kept unless more are asked for.
const ARGS_KEPT: usize = 128 << 10;

/// Keys that nothing fills yet; neither they nor the reasons for them are compared.
const PENDING_KEYS: &[&str] = &[];

/// Words of `flags` that nothing sets yet.
const PENDING_FLAGS: &[&str] = &[];

/// Cases with the key that is not exact in them yet.
const PENDING_FACTS: &[(&str, &str)] = &[
    // Before Linux 6.10 no begin of a 32-bit program's call is seen.
    ("a program of 32 bits executes one of 64", "old_euid"),
    ("a program of 32 bits executes one of 64", "flags"),
    (
        "a program of 32 bits executes one of another user",
        "old_euid",
    ),
    ("a program of 32 bits executes one of another user", "flags"),
];

/// Cases that cannot be right yet, and why.
const PENDING_CASES: &[(&str, &str)] = &[];

/// Flags that the product does not know yet: cases with them are left out.
const PENDING_CLI: &[&str] = &[];

/// How late an event may be.
const LATE: Duration = Duration::from_secs(5);

/// Names the only cases to be played.
const ONLY: &str = "EXECSNOOP_CASE";

/// Says something that the test's own capture of its output does not hide.
fn shout(what: &str) {
    let _ = writeln!(std::io::stderr(), "corpus: {what}");
}

fn all_cases() -> Vec<Case> {
    let files = FILES.into_iter();
    files
        .flat_map(|(file, text)| case::cases(file, text))
        .collect()
}

/// Looks at the machine.
fn facts() -> Facts {
    let uname = nix::sys::utsname::uname().unwrap();
    // Debian's release does not tell the sublevel; its version does.
    let version = uname.version().to_str().unwrap();
    let debian = version.split_once("Debian ").map(|(_, after)| after);
    let release = debian.or(uname.release().to_str()).unwrap();
    let kernel = value::version(release).unwrap();
    let ia32 = runs_ia32().then_some("ia32");
    let hold = ia32.into_iter().chain([std::env::consts::ARCH]).collect();
    Facts { kernel, hold }
}

/// Tries whether the kernel runs programs of 32 bits.
fn runs_ia32() -> bool {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ia32");
    let facts = Facts {
        kernel: [0; 3],
        hold: Vec::new(),
    };
    let mut env = Env::new(facts);
    let program = assemble::assemble(&Form::plain(Machine::I386), &[], &mut env, &mut Vec::new());
    std::fs::write(&path, program).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).unwrap();
    match Command::new(&path).status() {
        Ok(status) => status.success(),
        Err(error) => {
            let error = error.raw_os_error().map(Errno::from_raw);
            assert_eq!(error, Some(Errno::ENOEXEC), "of a program of 32 bits");
            shout("THIS KERNEL RUNS NO 32-BIT PROGRAMS: it is to refuse them with ENOEXEC");
            false
        }
    }
}

/// What the cases of some captures came to.
#[derive(Default)]
struct Outcome {
    exact: usize,
    failures: Vec<String>,
}

/// A case that was played, and where its events are among all.
struct Done<'a> {
    case: &'a Case,
    played: Played,
    wanted: Vec<Wanted>,
    dir: String,
    before: usize,
}

/// Plays cases under one capture, and holds what it told against what they want.
fn run(flags: &[String], cases: &[&Case], facts: &Facts, here: &Here, outcome: &mut Outcome) {
    let mut flags: Vec<_> = flags.iter().map(String::as_str).collect();
    // Without rights, what sees 32-bit programs is preempted from 6.19 on where perf is root's alone, and may miss one.
    flags.push("--keep-privileges");
    let mut capture = Capture::start(&flags);
    let asked = Asked {
        args: if flags.contains(&"--max-arg-bytes") {
            usize::MAX
        } else {
            ARGS_KEPT
        },
        env: flags.contains(&"--env"),
    };
    let mut done = Vec::new();
    for case in cases {
        let before = capture.events();
        let mut played = play::play(case, facts, here);
        let wanted = want::wanted(case, &mut played, here, asked);
        let dir = String::from_utf8(played.env.texts["DIR"].clone()).unwrap();
        // What the kernel starts may be late.
        let patience = if played.wrong.is_empty() && pending(case).is_none() {
            LATE
        } else {
            Duration::ZERO
        };
        capture.look_until(patience, |events| {
            compare::family(&dir, &events[before..]).len() >= wanted.len()
        });
        played.restore();
        done.push(Done {
            case,
            played,
            wanted,
            dir,
            before,
        });
    }
    let told = capture.stop();
    if told.end["lost"] != 0 {
        let where_lost: Vec<_> = told.all("lost").collect();
        let lost = format!("{} events were lost: {where_lost:?}", told.end["lost"]);
        outcome.failures.push(lost);
    }
    let begins: Vec<_> = done.iter().map(|done| done.before).collect();
    for (i, case) in done.into_iter().enumerate() {
        // What is late comes while the next one is played.
        let end = begins.get(i + 2).copied().unwrap_or(told.events().len());
        judge(case, &told.events()[begins[i]..end], outcome);
    }
}

/// Holds the events of a case against what it wants.
fn judge(done: Done<'_>, events: &[Value], outcome: &mut Outcome) {
    let case = done.case;
    let events = compare::family(&done.dir, events);
    let mut wrong = done.played.wrong.clone();
    wrong.extend(compare::differences(&case.name, &done.wanted, &events));
    wrong.extend(too_long(case, done.played, &events));
    if std::env::var(ONLY).is_ok_and(|only| !only.is_empty()) {
        events.iter().for_each(|event| println!("{event}"));
    }
    let list: String = wrong.iter().map(|line| format!("\n  {line}")).collect();
    let failure = format!("{}: {:?}{list}", case.file, case.name);
    match (wrong.is_empty(), pending(case)) {
        (true, None) => outcome.exact += 1,
        (true, Some(_)) => shout(&format!("{failure} IS EXACT NOW: it is pending no more")),
        (false, None) => outcome.failures.push(failure),
        (false, Some(why)) => shout(&format!("PENDING, as {why}: {failure}")),
    }
}

/// Returns why a case cannot be right yet.
fn pending(case: &Case) -> Option<&'static str> {
    let mut pending = PENDING_CASES.iter();
    Some(pending.find(|(name, _)| *name == case.name)?.1)
}

/// Checks `shortest`.
fn too_long(case: &Case, mut played: Played, events: &[&Value]) -> Option<String> {
    let durations = events.iter().filter_map(|e| e["duration_ns"].as_i64());
    let shortest = durations.min();
    let mut found = None;
    played.env.items(case, &mut |item, env| {
        if let Item::Shortest(most) = item {
            let most = env.number(most).expect("a number");
            if shortest.is_none_or(|shortest| shortest >= most) {
                found = Some(format!("the shortest took {shortest:?} ns"));
            }
        }
    });
    found
}

/// Returns the flags that a case's capture needs, or why it is not tried.
fn flags(case: &Case, facts: &Facts) -> Result<Vec<String>, String> {
    let (mut flags, mut skip) = (Vec::new(), None);
    let text =
        |env: &Env, value: &Expr| String::from_utf8(env.text(value).expect("a text")).unwrap();
    Env::new(facts.clone()).items(case, &mut |item, env| match item {
        Item::Flags(list) => flags.extend(list.iter().map(|flag| text(env, flag))),
        Item::Skip(why) => skip = Some(text(env, why)),
        _ => {}
    });
    let unknown = flags.iter().find(|flag| PENDING_CLI.contains(&&***flag));
    let unknown = unknown.map(|flag| format!("there is no {flag} yet"));
    match skip.or(unknown) {
        Some(why) => Err(why),
        None => Ok(flags),
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn every_case_is_told_exactly() {
    let (facts, here) = (facts(), Here::look());
    let only = std::env::var(ONLY).unwrap_or_default();
    let mut cases = all_cases();
    cases.retain(|case| case.name.contains(&only));
    let mut captures: BTreeMap<Vec<String>, Vec<&Case>> = BTreeMap::new();
    for case in &cases {
        match flags(case, &facts) {
            Ok(flags) => captures.entry(flags).or_default().push(case),
            Err(why) => shout(&format!("NOT TRIED: {:?}: {why}", case.name)),
        }
    }
    let mut outcome = Outcome::default();
    for (flags, cases) in &captures {
        run(flags, cases, &facts, &here, &mut outcome);
    }
    let Outcome { exact, failures } = outcome;
    shout(&format!(
        "{exact} of {} cases are told exactly",
        cases.len()
    ));
    let (count, failures) = (failures.len(), failures.join("\n"));
    assert!(count == 0, "{count} differ:\n{failures}");
}

#[test]
fn every_case_can_be_read_and_no_two_have_one_name() {
    let cases = all_cases();
    let mut names: Vec<_> = cases.iter().map(|case| &case.name).collect();
    names.sort();
    assert!(names.windows(2).all(|two| two[0] != two[1]), "{names:#?}");
    for pending in PENDING_FACTS.iter().chain(PENDING_CASES) {
        assert!(names.iter().any(|name| *name == pending.0), "{pending:?}");
    }
}

#[test]
fn a_program_does_what_it_says() {
    let text = r#"case "one" {
        program start {
            a = getpid()
            tell a
            child = fork() { exit(7) }
            wait4(child, 0, 0, 0)
            if argc is 2 { b = value(argc + 40) tell b }
            execve("/nonexistent", [], 0) is any
            close(77)
        }
    }"#;
    let cases = case::cases("here", text);
    let Some(Node::One(Item::Program { body, .. })) = cases[0].items.first() else {
        panic!("no program")
    };
    assert!(matches!(&body[0], Node::One(step) if matches!(step.what, Do::Call { .. })));
    let facts = Facts {
        kernel: [0; 3],
        hold: Vec::new(),
    };
    let mut names = Vec::new();
    let program = assemble::assemble(
        &Form::plain(Machine::NATIVE),
        body,
        &mut Env::new(facts),
        &mut names,
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("start");
    std::fs::write(&path, program).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).unwrap();
    // Another test's child may hold the file open for writing, between its fork and its exec.
    let output = crate::wait::until("the program runs", || {
        Command::new(&path).arg("more").output().ok()
    });
    assert_eq!(output.status.code(), Some(99), "nothing is at 77 to close");
    let sayings: Vec<_> = output
        .stdout
        .chunks_exact(assemble::SAYING)
        .map(|saying| {
            let (number, value) = saying.split_at(8);
            let number = u64::from_le_bytes(number.try_into().unwrap());
            (number, i64::from_le_bytes(value.try_into().unwrap()))
        })
        .collect();
    let number = |name: &str| names.iter().position(|known| known == name).unwrap() as u64;
    assert_eq!(sayings[0].0, number("a"));
    assert!(sayings[0].1 > 1);
    assert_eq!(sayings[1], (number("b"), 42));
    let ebadf = -i64::from(Errno::EBADF as i32);
    assert_eq!(sayings[2..], [(assemble::FAILED | 9, ebadf)]);
}
