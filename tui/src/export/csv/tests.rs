//! Lines that a reader of CSV reads back, and no spreadsheet computes.

use super::*;
use crate::event::{Comm, Event, Exec};
use crate::export::tests::told_in_full;
use crate::export::{Format, Options};
use crate::fixture::{MS, build, ended, exec, model, ran};
use proptest::prelude::*;

fn options(keys: &[&str]) -> Options {
    let fields = keys.iter().filter_map(|key| crate::field::by_key(key));
    Options {
        format: Format::Csv,
        columns: fields.collect(),
        ..Options::default()
    }
}

fn read(text: &str) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).from_reader(text.as_bytes());
    let cells = |record: ::csv::StringRecord| record.iter().map(str::to_owned).collect();
    reader
        .into_records()
        .map(|record| cells(record.unwrap()))
        .collect()
}

#[test]
fn each_program_has_a_line_once_it_has_ended() {
    let keys = ["pid", "res", "exit", "dur", "rss", "command"];
    let text = told_in_full(options(&keys), &mut model(1_000), build());
    assert!(text.starts_with("pid,res,exit,dur_ns,rss_bytes,command\r\n"));
    let lines = read(&text);
    assert_eq!(lines.len(), 14, "the header and every exec");
    let of = |pid: &str| lines.iter().find(|line| line[0] == pid).unwrap().join("|");
    assert_eq!(
        of("48213"),
        "48213|ok|0|41000000|3048213|/usr/bin/gcc -O2 -c foo.c -o foo.o"
    );
    assert!(of("48215").contains("|SIGSEGV|3100000000|"));
    assert_eq!(of("48221"), "48221|EACCES||||/srv/app/run --now");
    assert_eq!(lines[1][0], "48213", "the first that ended");
    let ls: Vec<_> = lines.iter().filter(|line| line[0] == "48230").collect();
    assert_eq!(ls.len(), 2, "a miss, and what was found");
    assert_eq!(of("48200"), "48200|ok|running|||/usr/bin/make -j8");
}

#[test]
fn what_leaves_the_history_while_it_runs_has_its_line_too() {
    let events = (0..20).map(|n| ran(n * MS, 50_000 + n as u32, 4711, &["job"]));
    let events = events.chain([ended(30 * MS, 50_000, Status::Code(3))]);
    let text = told_in_full(options(&["pid", "exit"]), &mut model(4), events);
    let lines = read(&text);
    assert_eq!(lines.len(), 21);
    assert_eq!(lines[1], ["50000", "running"]);
}

#[test]
fn all_fields_are_there_unless_columns_are_chosen() {
    let text = told_in_full(options(&[]), &mut model(100), build());
    let lines = read(&text);
    assert_eq!(lines[0].len(), FIELDS.len());
    assert!(
        lines
            .iter()
            .any(|line| line[0] == "2026-03-01T12:00:04.118000000Z")
    );
}

#[test]
fn nothing_is_computed() {
    for (arg, cell) in [
        ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("＝1", "'＝1"),
        ("\t=1", "\\t=1"),
        ("a=1", "a=1"),
    ] {
        let events = [ran(MS, 50_000, 4711, &[arg])];
        let text = told_in_full(options(&["argv0", "pid"]), &mut model(9), events);
        assert_eq!(read(&text)[1], [cell, "50000"], "{arg:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_back_as_one_cell(
        args in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..12), 1..4),
        comm in proptest::collection::vec(any::<u8>(), 0..16),
    ) {
        let mut event: Exec = exec(MS, 50_000, 4711, &[]);
        event.args.bytes = args.join(&0).into();
        event.comm = Comm::new(&comm);
        let fields = ["comm", "argv0", "command", "pid"];
        let events = [Event::Exec(Box::new(event))];
        let text = told_in_full(options(&fields), &mut model(9), events);
        let lines = read(&text);
        prop_assert_eq!(lines.len(), 2);
        prop_assert_eq!(lines[1].len(), 4);
        prop_assert_eq!(&lines[1][3], "50000");
        for cell in &lines[1] {
            prop_assert!(!cell.starts_with(FORMULA) && !cell.chars().any(text::is_unsafe), "{:?}", cell);
        }
    }
}
