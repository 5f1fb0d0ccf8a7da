//! Which events are told.

use super::*;
use crate::event::{
    Ancestor, Args, Capture, Cgroup, Comm, Event, Exit, Flags, Fork, Lost, ProcessKey,
};
use crate::resolve::Users;
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

/// A capture that began 100 s after the boot, which was at 12:00:00 UTC.
pub(crate) fn model() -> Model {
    let session = Session {
        host: "box".into(),
        kernel: "6.12.0".into(),
        arch: "x86_64".into(),
        boot_time_ns: 1_699_963_200_000_000_000,
        started_ns: 100_000_000_000,
        ..Session::default()
    };
    Model::new(session, Users::default(), 1000, usize::MAX)
}

/// `ls -l 'a b'`, run by bash 12.345 s into the capture.
pub(super) fn ls() -> Exec {
    Exec {
        seq: 7,
        time_ns: 112_345_678_901,
        start_ns: 112_345_000_000,
        pid: 4711,
        tid: 4712,
        ppid: 42,
        uid: 1000,
        gid: 100,
        comm: "ls".into(),
        filename: Some((*b"/bin/ls").into()),
        args: Args::from_list(&["ls", "-l", "a b"]),
        ancestors: Box::new([Ancestor {
            key: ProcessKey {
                pid: 42,
                start_ns: 1,
                ..ProcessKey::default()
            },
            comm: "bash".into(),
        }]),
        ..Exec::default()
    }
}

/// Applies events and returns all that is written.
pub(crate) fn told_in_full(
    options: Options,
    model: &mut Model,
    events: impl IntoIterator<Item = Event>,
) -> String {
    let mut output = Output::new(options);
    let mut out = Vec::new();
    output.start(&model.session, &mut out);
    for event in events {
        let applied = model.apply(event);
        output.event(&applied, model, &mut out);
    }
    output.end(&model.totals, 60_000_000_000, &mut out);
    String::from_utf8(out).unwrap()
}

/// Applies events and returns what is written between start and end, and the notices.
pub(super) fn told(options: Options, events: impl IntoIterator<Item = Event>) -> (String, String) {
    let mut model = model();
    let mut output = Output::new(options);
    let (mut out, mut notices) = (Vec::new(), String::new());
    for event in events {
        let applied = model.apply(event);
        if let Some(notice) = output.event(&applied, &model, &mut out) {
            notices += &notice;
        }
    }
    (String::from_utf8(out).unwrap(), notices)
}

/// Any bytes, often text, without NULs.
pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[^\0]{0,20}".prop_map(String::into_bytes),
        prop::collection::vec(1..=255_u8, 0..20),
    ]
}

pub(crate) fn capture() -> impl Strategy<Value = Capture> {
    prop_oneof![
        Just(Capture::Whole),
        Just(Capture::Truncated),
        Just(Capture::Failed)
    ]
}

pub(crate) fn args() -> impl Strategy<Value = Args> {
    let list = prop::collection::vec(bytes(), 0..5);
    (list, capture(), 0..3_usize, any::<Option<u16>>()).prop_map(|(list, capture, cut, more)| {
        let whole = Args::from_list(&list);
        if capture == Capture::Whole {
            return whole;
        }
        let len = whole.bytes.len().saturating_sub(cut);
        Args {
            bytes: whole.bytes[..len].into(),
            true_size: more.map(|more| len as u64 + u64::from(more)),
            capture,
            ..whole
        }
    })
}

/// Any exec.
pub(crate) fn exec() -> impl Strategy<Value = Exec> {
    let numbers = any::<([u64; 2], [u32; 5], i8, [Option<u32>; 5])>();
    let texts = (
        bytes(),
        prop::option::of(bytes()),
        prop::option::of(bytes()),
        prop::option::of(bytes()),
    );
    let missing = prop::collection::hash_map(
        prop_oneof![
            Just("exe".to_owned()),
            Just("args".to_owned()),
            any::<String>()
        ],
        any::<String>(),
        0..3,
    );
    let facts = (
        prop::option::of((bytes(), capture())),
        prop::option::of((bytes(), capture())),
        prop::option::of(bytes()),
        prop::option::of(bytes()),
        prop::option::of(args()),
    );
    (
        numbers,
        texts,
        args(),
        capture(),
        missing,
        0..512_u16,
        facts,
    )
        .prop_map(
            |((times, ids, ret, more), texts, args, filename_capture, missing, flags, facts)| {
                let (exe, cwd, tty, cgroup, env) = facts;
                let capture = |path: &Option<(Vec<u8>, Capture)>| path.as_ref().map(|(_, c)| *c);
                let mut exec = Exec {
                    seq: times[0],
                    time_ns: times[0] >> 2,
                    start_ns: times[1] >> 2,
                    pid: ids[0],
                    tid: ids[1],
                    ppid: ids[2],
                    uid: ids[3],
                    gid: ids[4],
                    ret: i32::from(ret.min(0)),
                    euid: more[0],
                    old_euid: more[1],
                    loginuid: more[2],
                    pid_ns: more[3],
                    mnt_ns: more[4],
                    comm: Comm::new(&texts.0),
                    filename: texts.1.map(Into::into),
                    filename_capture,
                    interpreter: texts.2.map(Into::into),
                    exe_capture: capture(&exe).unwrap_or_default(),
                    exe: exe.map(|(path, _)| path.into()),
                    cwd_capture: capture(&cwd).unwrap_or_default(),
                    cwd: cwd.map(|(path, _)| path.into()),
                    tty: tty.map(Into::into),
                    cgroup: cgroup.map(|path| Arc::new(Cgroup::new(path))),
                    env: env.map(Box::new),
                    args,
                    missing: Arc::new(
                        missing
                            .into_iter()
                            .map(|(key, why)| (key.into(), why.into()))
                            .collect(),
                    ),
                    ..Exec::default()
                };
                exec.ancestors = texts
                    .3
                    .iter()
                    .map(|comm| Ancestor {
                        comm: Comm::new(comm),
                        ..Ancestor::default()
                    })
                    .collect();
                for (i, (flag, ..)) in Flags::WORDS.into_iter().enumerate() {
                    exec.flags.set(flag, flags >> i & 1 == 1);
                }
                exec
            },
        )
}

#[test]
fn every_format_stands_in_the_table_once() {
    let mut seen = HashSet::new();
    for info in FORMATS {
        assert!(seen.insert(info.name) && !info.doc.is_empty());
        assert_eq!(info.format.info().name, info.name);
    }
}

/// An exec of each of three users, the second one failed, the exits of the others, a fork
/// by each, and a loss; gives the events told as words.
fn words(options: Options) -> String {
    let mut events = Vec::new();
    for uid in 0..3 {
        events.push(Event::Exec(Box::new(Exec {
            pid: 10 + uid,
            start_ns: 5,
            ppid: uid,
            uid,
            ret: if uid == 1 { -2 } else { 0 },
            ..ls()
        })));
        events.push(Event::Fork(Fork {
            pid: 20 + uid,
            start_ns: 6,
            parent: ProcessKey {
                pid: 10 + uid,
                start_ns: 5,
                ..ProcessKey::default()
            },
            ..Fork::default()
        }));
        if uid != 1 {
            events.push(Event::Exit(Exit {
                pid: 10 + uid,
                start_ns: 5,
                ..Exit::default()
            }));
        }
    }
    events.push(Event::Lost(Lost::default()));
    let (text, _) = told(options, events);
    let word = |line: &str| {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let pid = json["pid"].as_u64().unwrap_or(0);
        format!("{} {pid}, ", json["event"].as_str().unwrap())
    };
    text.lines().map(word).collect()
}

#[test]
fn only_what_was_asked_for_is_told() {
    let all = Events {
        fork: true,
        ..Events::default()
    };
    let select = |select: Select| {
        words(Options {
            events: all,
            select,
            ..Options::default()
        })
    };
    assert_eq!(
        words(Options::default()),
        "exec 10, exit 10, exec 11, exec 12, exit 12, lost 0, "
    );
    assert_eq!(
        words(Options {
            failed: false,
            ..Options::default()
        }),
        "exec 10, exit 10, exec 12, exit 12, lost 0, "
    );
    assert_eq!(
        select(Select {
            uid: Some(2),
            ..Select::default()
        }),
        "exec 12, fork 22, exit 12, lost 0, "
    );
    assert_eq!(
        select(Select {
            ppid: Some(1),
            ..Select::default()
        }),
        "exec 11, lost 0, "
    );
    assert_eq!(
        words(Options {
            events: Events {
                exec: false,
                exit: false,
                fork: true
            },
            ..Options::default()
        }),
        "fork 20, fork 21, fork 22, lost 0, "
    );
    assert_eq!(
        words(Options {
            count: Some(2),
            ..Options::default()
        }),
        "exec 10, exit 10, exec 11, "
    );
    assert_eq!(
        words(Options {
            filter: Filter::parse("no such").unwrap(),
            ..Options::default()
        }),
        "lost 0, "
    );
}

#[test]
fn names_and_lines_are_searched_as_bcc_does() {
    let select = |name: Option<&str>, line: Option<&str>| {
        let regex = |text| Regex::new(text).unwrap();
        let select = Select {
            name: name.map(regex),
            line: line.map(regex),
            ..Select::default()
        };
        select.matches(&ls())
    };
    assert!(select(Some("^l"), None));
    assert!(!select(Some("bash"), None));
    assert!(select(None, Some("^/bin/ls -l a b$")));
    assert!(!select(Some("s$"), Some("--color")));
}

proptest! {
    #[test]
    fn no_event_makes_any_format_fail(exec in exec(), quote: bool, max_args in 1..4_usize) {
        for info in FORMATS {
            let options = Options {
                format: info.format,
                table: line::TableOptions { quote, max_args, ..Default::default() },
                ..Options::default()
            };
            let events = [Event::Exec(Box::new(exec.clone()))];
            if matches!(info.format, Format::Table | Format::Ndjson) {
                let (text, _) = told(options, events);
                prop_assert_eq!(text.lines().count(), 1);
                prop_assert!(text.ends_with('\n'));
                continue;
            }
            let text = told_in_full(options, &mut model(), events);
            prop_assert!(text.ends_with('\n'));
            if info.format == Format::Trace {
                let trace: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
                let of_exec = |event: &&serde_json::Value| event["ph"] != "M";
                prop_assert_eq!(trace.iter().filter(of_exec).count(), 1);
            } else if info.format == Format::Csv {
                let text = text.replace("\r\n", "\n");
                prop_assert!(!text.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)), "{text:?}");
                prop_assert_eq!(text.lines().count(), 2);
            } else {
                prop_assert!(!text.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)), "{text:?}");
                prop_assert_eq!(text.lines().count(), 3);
            }
        }
    }
}

#[test]
#[ignore = "a measurement: cargo test --release -p execsnoop-tui --lib cost -- --ignored --nocapture"]
fn cost_of_an_event() {
    const EVENTS: u64 = 2_000;
    let mut model = Model::new(Session::default(), Users::default(), 10_000, usize::MAX);
    let failed = |i| i % 10 == 0;
    let applied: Vec<_> = (0..EVENTS)
        .map(|i| {
            model.apply(Event::Exec(Box::new(Exec {
                seq: i,
                time_ns: 1_000_000_000 + i * 50_000,
                ret: if failed(i) { -2 } else { 0 },
                args: Args::from_list(&[
                    "cc",
                    "-O2",
                    "-Wall",
                    "-c",
                    "-o",
                    "build/main.o",
                    "src/main.c",
                    "-Iinclude",
                ]),
                euid: Some(1000),
                loginuid: Some(1000),
                pid_ns: Some(4_026_531_836),
                ..ls()
            })))
        })
        .collect();
    for info in FORMATS {
        let mut output = Output::new(Options {
            format: info.format,
            ..Options::default()
        });
        let mut out = Vec::new();
        let mut best = u128::MAX;
        for _ in 0..50 {
            out.clear();
            let start = Instant::now();
            for applied in &applied {
                let _ = output.event(applied, &model, &mut out);
            }
            best = best.min(start.elapsed().as_nanos());
        }
        println!(
            "{}: {} ns and {} bytes an exec",
            info.name,
            best / u128::from(EVENTS),
            out.len() as u64 / EVENTS
        );
    }
}
