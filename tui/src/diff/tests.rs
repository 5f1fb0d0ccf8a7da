//! Recordings compared.

use super::*;
use crate::event::{Event, Exit, Lost};
use crate::fixture::{MS, S, ended, failed, model, ran};

/// Adds events up.
fn tally(filter: &str, events: Vec<Event>) -> Tally {
    let mut model = model(100);
    let mut tally = Tally::new(By::Command, Filter::parse(filter).unwrap());
    for event in events {
        let applied = model.apply(event);
        tally.take(&applied, &model);
    }
    tally
}

fn told(a: &Tally, b: &Tally) -> Vec<(&'static str, String)> {
    let changed = compare(a, b, 2.0).into_iter();
    changed
        .map(|c| (c.change.words(), c.command.to_owned()))
        .collect()
}

/// A program of so many ms.
fn program(at: u64, pid: u32, args: &[&str], ms: u64, code: u8) -> Vec<Event> {
    vec![
        ran(at, pid, 4711, args),
        ended(at + ms * MS, pid, Status::Code(code)),
    ]
}

#[test]
fn the_worst_comes_first() {
    let a = [
        program(0, 50_001, &["cc", "-c", "/tmp/ccAbC123.s"], 20, 0),
        program(S, 50_002, &["ld", "-o", "x"], 20, 0),
        program(2 * S, 50_003, &["strip", "x"], 20, 0),
        program(3 * S, 50_004, &["test", "1"], 20, 1),
        program(4 * S, 50_005, &["rm", "x"], 90, 0),
    ];
    let b = [
        program(0, 60_001, &["cc", "-c", "/tmp/ccXyZ987.s"], 21, 0),
        program(S, 60_002, &["ld", "-o", "x"], 20, 1),
        vec![failed(2 * S, 60_003, 4711, 2, &["strip", "x"])],
        program(3 * S, 60_004, &["test", "7"], 20, 0),
        program(4 * S, 60_005, &["rm", "x"], 300, 0),
        program(5 * S, 60_006, &["sleep", "1"], 3, 0),
        vec![failed(6 * S, 60_007, 4711, 13, &["new"])],
    ];
    let (a, b) = (tally("", a.concat()), tally("", b.concat()));
    let expected = [
        ("fails", "ld -o x"),
        ("fails", "new"),
        ("fails", "strip x"),
        ("added", "sleep <n>"),
        ("slower", "rm x"),
        ("fails less", "test <n>"),
    ];
    let expected = expected.map(|(change, command)| (change, command.to_owned()));
    assert_eq!(told(&a, &b), expected);
    assert_eq!(
        told(&b, &a)[..2],
        [
            ("fails", "test <n>".to_owned()),
            ("missing", "new".to_owned())
        ]
    );
    assert_eq!(told(&a, &a), []);
    assert_eq!(a.totals(), (5, 1));
}

#[test]
fn what_is_found_further_on_in_path_does_not_fail() {
    let walk = |pid| {
        let looked = |at, path: &str| {
            let Event::Exec(exec) = failed(at, pid, 4711, 2, &["cc", "x"]) else {
                unreachable!()
            };
            Event::Exec(Box::new(Exec {
                filename: Some(path.as_bytes().into()),
                ..*exec
            }))
        };
        let Event::Exec(found) = ran(2_000, pid, 4711, &["cc", "x"]) else {
            unreachable!()
        };
        let found = Exec {
            filename: Some((*b"/usr/bin/cc").into()),
            ..*found
        };
        vec![
            looked(0, "/usr/local/bin/cc"),
            looked(1_000, "/opt/bin/cc"),
            Event::Exec(Box::new(found)),
        ]
    };
    let tally = tally("", walk(50_000));
    let sums = tally.get("cc x").unwrap();
    assert_eq!((sums.count, sums.failed()), (1, 0));
}

#[test]
fn a_filter_that_asks_later_counts_what_ended() {
    let events = || {
        [
            program(0, 50_001, &["ok"], 20, 0),
            program(0, 50_002, &["bad"], 20, 1),
            vec![
                ran(0, 50_003, 4711, &["on"]),
                failed(0, 50_004, 4711, 2, &["no"]),
            ],
        ]
        .concat()
    };
    let commands = |filter| {
        let tally = tally(filter, events());
        let mut commands: Vec<_> = tally.commands().map(str::to_owned).collect();
        commands.sort();
        commands
    };
    assert_eq!(commands("exit!=0"), ["bad"]);
    assert_eq!(commands("comm=on"), ["on"]);
    assert_eq!(commands("exit!=0 or failed"), ["bad", "no"]);
}

#[test]
fn there_are_only_so_many_commands() {
    let one = |n: u32| ran(u64::from(n), 50_000 + n, 4711, &[&format!("c{n}x")]);
    let mut events: Vec<_> = (0..20).map(one).collect();
    events.push(Event::Lost(Lost {
        count: 7,
        ..Lost::default()
    }));
    let tally = tally("", events);
    assert_eq!(tally.get(OTHERS).unwrap().count, 20 - MOST as u64);
    assert_eq!((tally.totals().0, tally.lost), (20, 7));
}

#[test]
fn an_exit_that_belongs_to_nothing_is_nothing() {
    let exit = Event::Exit(Exit {
        pid: 77,
        status: Status::Code(1),
        ..Exit::default()
    });
    assert_eq!(tally("", vec![exit]).totals(), (0, 0));
}
