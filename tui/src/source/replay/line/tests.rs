//! Every line gives back what it was written of; any other bytes give an item or a sentence.

use super::*;
use crate::export::ndjson::{Ndjson, running};
use crate::export::{Exporter, tests};
use crate::model::Model;
use proptest::prelude::*;

/// A model and what was written of it so far, up to `start`.
fn begun() -> (Model, Ndjson, Vec<u8>) {
    let model = tests::model();
    let (mut ndjson, mut out) = (Ndjson::default(), Vec::new());
    ndjson.start(&model.session, &mut out);
    (model, ndjson, out)
}

pub(super) fn written(events: &[Event]) -> Vec<u8> {
    let (mut model, mut ndjson, mut out) = begun();
    for event in events {
        let applied = model.apply(event.clone());
        ndjson.event(&applied, &model, &mut out);
    }
    out
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n')
}

fn read_back(bytes: &[u8]) -> Vec<Event> {
    let mut parser = Parser::default();
    let mut events = Vec::new();
    for line in lines(bytes) {
        match parser.parse(line) {
            Ok(Item::Start(session)) => assert_eq!(session, tests::model().session),
            Ok(Item::Event(event)) => events.push(event),
            other => panic!("{other:?}: {}", String::from_utf8_lossy(line)),
        }
    }
    events
}

#[track_caller]
fn assert_round_trip(events: &[Event]) {
    let first = written(events);
    let second = written(&read_back(&first));
    assert_eq!(
        String::from_utf8_lossy(&first),
        String::from_utf8_lossy(&second)
    );
    assert_eq!(first, second);
}

fn error(line: &str) -> String {
    Parser::default().parse(line.as_bytes()).unwrap_err()
}

#[test]
fn a_captured_exec_is_the_same_again() {
    // What the schema does not tell of: nothing.
    for event in crate::fixture::build() {
        let mut exec = match &event {
            Event::Exec(exec) => exec.clone(),
            _ => continue,
        };
        exec.cpu = Some(3);
        let [Event::Exec(again)] = &read_back(&written(&[Event::Exec(exec.clone())]))[..] else {
            panic!("one exec");
        };
        // Of an environment that is cut, the size is not told, nor which of its texts were failures.
        if exec.env.is_some() {
            exec.env = None;
            exec.exe_capture = again.exe_capture;
        }
        let again = Box::new(Exec {
            env: exec.env.clone(),
            ..(**again).clone()
        });
        assert_eq!(again, exec);
    }
}

#[test]
fn exits_forks_losses_and_processes_are_the_same_again() {
    let exit = |status| {
        Event::Exit(Exit {
            seq: 3,
            time_ns: 9_000,
            start_ns: 4_000,
            pid: 7,
            ppid: 1,
            comm: "x".into(),
            status,
            user_ns: Some(1),
            max_rss_bytes: Some(2),
            ..Exit::default()
        })
    };
    let fork = Fork {
        seq: 5,
        time_ns: 10_000,
        start_ns: 9_999,
        pid: 8,
        parent: key(HostId(0), 1, Some(9_000), 10_000),
        comm: Comm::new(b"\xff"),
        ..Fork::default()
    };
    let lost = |cpu| {
        Event::Lost(Lost {
            time_ns: 11_000,
            count: 3,
            cpu,
            ..Lost::default()
        })
    };
    for event in [
        exit(Status::Code(3)),
        exit(Status::Signal {
            number: 35,
            core_dumped: true,
        }),
        Event::Fork(fork),
        lost(Some(1)),
        lost(None),
    ] {
        assert_eq!(read_back(&written(std::slice::from_ref(&event))), [event]);
    }
    let (model, _, mut out) = begun();
    let process = Running {
        key: key(HostId(0), 9, Some(5), 100_000_000_000),
        ppid: 1,
        uid: Some(1000),
        comm: "bash".into(),
        cmdline: Args::from_list(&["-bash", ""]).bytes,
        forked_only: true,
        narrow: false,
    };
    running(&process, &model.session, &mut out);
    let mut parser = Parser::default();
    let items: Vec<_> = lines(&out).map(|line| parser.parse(line)).collect();
    assert_eq!(items[1], Ok(Item::Process(process)));
}

#[test]
fn the_end_of_a_program_that_began_before_is_as_it_was_told() {
    let ended = |duration_ns| {
        Event::Exit(Exit {
            time_ns: 9_000,
            start_ns: 4_000,
            pid: 7,
            duration_ns,
            ..Exit::default()
        })
    };
    assert_round_trip(&[ended(Some(17))]);
    assert_round_trip(&[ended(None)]);
}

#[test]
fn other_writers_lines_are_read_too() {
    let mut parser = Parser::default();
    let line = br#" { "time": "2026-03-01T12:00:00Z", "comm":"\u0041", "new": [{}], "event" :"exec", "pid": 7, "args": ["a", null] } "#;
    let Ok(Item::Event(Event::Exec(exec))) = parser.parse(line) else {
        panic!("an exec");
    };
    assert_eq!((exec.pid, exec.tid, &exec.comm), (7, 7, &"A".into()));
    assert_eq!(
        exec.args.iter_read().collect::<Vec<_>>(),
        [Some(&b"a"[..]), None]
    );
}

#[test]
fn what_is_wrong_is_said() {
    assert_eq!(error("{}"), "it has no key `event`");
    assert_eq!(error(r#"{"event":"exec","pid":1}"#), "it has no key `time`");
    assert_eq!(error(r#"{"event":"party"}"#), "there is no event `party`");
    let time = r#""time":"2026-03-01T12:00:00Z""#;
    assert_eq!(
        error(&format!("{{\"event\":\"exec\",{time}}}")),
        "it has no key `pid`"
    );
    let far = format!("{{\"event\":\"exec\",{time},\"pid\":1,\"ret\":-2147483648}}");
    assert_eq!(error(&far), "`ret` is -2147483648, which is no errno");
    assert!(error(r#"{"event":"exec","pid":-1}"#).ends_with("at byte 24"));
    assert!(error(r#"{"event":"start","version":2}"#).contains("use a newer one"));
    assert_eq!(
        Parser::default().parse(b"\xff").unwrap_err(),
        "it is not UTF-8"
    );
}

proptest! {
    #[test]
    fn any_exec_is_written_the_same_again(execs in proptest::collection::vec(tests::exec(), 1..4)) {
        let events: Vec<_> = execs.into_iter().map(|exec| Event::Exec(Box::new(exec))).collect();
        assert_round_trip(&events);
    }

    #[test]
    fn any_prefix_gives_all_whole_lines_before_it(execs in proptest::collection::vec(tests::exec(), 1..4), cut: prop::sample::Index) {
        let events: Vec<_> = execs.into_iter().map(|exec| Event::Exec(Box::new(exec))).collect();
        let all = written(&events);
        let prefix = &all[..cut.index(all.len())];
        let mut parser = Parser::default();
        let read: Vec<_> = lines(prefix).map(|line| (line.ends_with(b"\n"), parser.parse(line))).collect();
        for (whole, item) in read {
            // Cut right before the newline, it is whole too.
            prop_assert!(!whole || item.is_ok(), "{item:?}");
        }
    }

    #[test]
    fn any_change_gives_an_item_or_a_sentence(exec in tests::exec(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut line = written(&[Event::Exec(Box::new(exec))]);
        for (at, change) in changes {
            let at = at.index(line.len());
            line[at] ^= change;
        }
        let (mut parser, mut model) = (Parser::default(), tests::model());
        for line in lines(&line) {
            if let Ok(Item::Event(event)) = parser.parse(line) {
                let applied = model.apply(event);
                Ndjson::default().event(&applied, &model, &mut Vec::new());
            }
        }
    }

    #[test]
    fn any_bytes_give_an_item_or_a_sentence(bytes: Vec<u8>, text: String) {
        let mut parser = Parser::default();
        let _ = (parser.parse(&bytes), parser.parse(text.as_bytes()));
        let _ = parser.parse(format!("{{\"event\":\"exec\",\"args\":[\"{text}\"]}}").as_bytes());
    }
}
