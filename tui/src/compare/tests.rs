//! What two made-up recordings have for differences.

use super::*;
use crate::event::{Event, Status};
use crate::fixture::{MS, ended, failed, model, ran};

const KILLED: Status = Status::Signal {
    number: 11,
    core_dumped: false,
};

/// Tells what ran: each with its arguments, how it ended, and after how many ms.
fn tally(runs: &[(&[&str], Status, u64)]) -> Tally {
    let mut events = Vec::new();
    for (i, (args, status, ms)) in runs.iter().enumerate() {
        let (at, pid) = (i as u64 * 10_000, 10_000 + i as u32);
        events.push(ran(at * MS, pid, 1, args));
        events.push(ended((at + ms) * MS, pid, *status));
    }
    of(Filter::default(), events)
}

fn of(filter: Filter, events: Vec<Event>) -> Tally {
    let mut model = model(1_000);
    let mut tally = Tally::new(By::Command, filter).unwrap();
    for event in events {
        let applied = model.apply(event);
        tally.event(&applied, &model);
    }
    tally
}

fn told(a: &Tally, b: &Tally) -> Vec<(What, String)> {
    let differences = differences(a, b, 2.0);
    differences
        .iter()
        .map(|one| (one.what, one.command.to_owned()))
        .collect()
}

const OK: Status = Status::Code(0);

#[test]
fn what_is_the_same_is_no_difference() {
    let runs: &[(&[&str], Status, u64)] = &[
        (&["cc", "/tmp/a.c"], OK, 20),
        (&["rm", "x"], Status::Code(1), 1),
    ];
    let other: &[(&[&str], Status, u64)] = &[
        (&["cc", "/tmp/b.c"], OK, 22),
        (&["rm", "x"], Status::Code(1), 4),
    ];
    assert_eq!(told(&tally(runs), &tally(other)), []);
}

#[test]
fn each_kind_is_told_what_matters_most_first() {
    let a = tally(&[
        (&["same"], OK, 20),
        (&["old"], OK, 20),
        (&["breaks"], OK, 20),
        (&["mends"], KILLED, 20),
        (&["slow"], OK, 20),
        (&["slower"], OK, 20),
        (&["fast"], OK, 90),
        (&["often"], OK, 20),
    ]);
    let b = tally(&[
        (&["same"], OK, 20),
        (&["new"], OK, 20),
        (&["broken"], Status::Code(2), 20),
        (&["breaks"], Status::Code(1), 20),
        (&["mends"], OK, 20),
        (&["slow"], OK, 60),
        (&["slower"], OK, 200),
        (&["fast"], OK, 20),
        (&["often"], OK, 20),
        (&["often"], OK, 20),
    ]);
    let expected = [
        (What::Fails, "broken"),
        (What::Fails, "breaks"),
        (What::Missing, "old"),
        (What::Added, "new"),
        (What::Mended, "mends"),
        (What::Slower, "slower"),
        (What::Slower, "slow"),
        (What::Faster, "fast"),
        (What::Count, "often"),
    ];
    assert_eq!(
        told(&a, &b),
        expected.map(|(what, key)| (what, key.to_owned()))
    );
    let differences = differences(&a, &b, 2.0);
    let mut text = Vec::new();
    table(&mut text, &differences, Some(80)).unwrap();
    write_ndjson(&mut text, &differences).unwrap();
    insta::assert_snapshot!(String::from_utf8(text).unwrap());
}

#[test]
fn where_a_program_is_found_is_no_difference() {
    let walk = vec![
        failed(0, 10_000, 1, 2, &["/a/git", "st"]),
        failed(MS, 10_000, 1, 2, &["/b/git", "st"]),
        ran(2 * MS, 10_000, 1, &["/usr/bin/git", "st"]),
        ended(30 * MS, 10_000, OK),
    ];
    let found = vec![
        ran(2 * MS, 10_000, 1, &["/a/git", "st"]),
        ended(30 * MS, 10_000, OK),
    ];
    let (walk, found) = (of(Filter::default(), walk), of(Filter::default(), found));
    assert_eq!(told(&walk, &found), []);
}

#[test]
fn only_what_passes_the_filter_is_compared() {
    let filter = || Filter::parse("comm=cc").unwrap();
    let ran_cc = || vec![ran(0, 10_000, 1, &["cc"]), ended(20 * MS, 10_000, OK)];
    let with = || [ran_cc(), vec![ran(MS, 10_001, 1, &["rm"])]].concat();
    assert_eq!(told(&of(filter(), ran_cc()), &of(filter(), with())), []);
    let all = Filter::default;
    let told = told(&of(all(), ran_cc()), &of(all(), with()));
    assert_eq!(told, [(What::Added, "rm".to_owned())]);
}
