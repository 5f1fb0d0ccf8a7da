//! One case of work on a fixed history of 20,000 entries or events, for a tool that counts instructions.
//!
//! `counted CASE` does it once; without a case it lists them. What is to be counted happens below `counted_case`, and
//! only that, so that `valgrind --tool=callgrind --toggle-collect='*counted_case*'` leaves out what comes before. `cargo xtask counts`
//! does all of this and compares with `counts.txt`.

#![allow(
    clippy::unwrap_used,
    reason = "a case that cannot go on may as well panic"
)]

mod history;
mod work;

use execsnoop_tui::event::Event;
use execsnoop_tui::filter::Filter;
use execsnoop_tui::list::List;
use std::hint::black_box;
use std::process::ExitCode;
use work::{CLASSIC, Growing, Screen, Told, WIDE, by};

const SIZE: usize = 20_000;

/// A case's name and its work.
type Case = (&'static str, fn());

const CASES: &[Case] = &[
    ("decode", decode),
    ("ingest", ingest),
    ("ingest_full", ingest_full),
    ("filter_substring", || filter("nginx")),
    ("filter_number", || filter("uid=1007")),
    ("filter_text", || filter("comm=sh")),
    ("filter_regex", || filter("/-o [a-z]+ /")),
    ("filter_above", || filter("under(comm=cron)")),
    ("sort_number", || sort("pid")),
    ("sort_time", || sort("time")),
    ("sort_duration", || sort("dur")),
    ("sort_short_text", || sort("comm")),
    ("sort_command", || sort("command")),
    ("insert_1000_by_pid", || insert("pid")),
    ("insert_1000_by_command", || insert("command")),
    ("apply_1000", apply),
    ("frame_200x50", || frame(WIDE, None)),
    ("frame_80x24", || frame(CLASSIC, None)),
    ("frame_200x50_sorted", || frame(WIDE, Some("dur"))),
    ("ndjson", ndjson),
    ("read", read),
];

fn main() -> ExitCode {
    // `cargo bench` starts it with `--bench`.
    let Some(name) = std::env::args().skip(1).find(|arg| arg != "--bench") else {
        for (name, _) in CASES {
            println!("{name}");
        }
        return ExitCode::SUCCESS;
    };
    match CASES.iter().find(|(other, _)| *other == name) {
        Some((_, case)) => {
            case();
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("there is no case {name}: start it without one for a list");
            ExitCode::FAILURE
        }
    }
}

/// Does what is to be counted.
#[inline(never)]
fn counted_case<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

fn decode() {
    let records: Vec<_> = history::Records::new().take(SIZE).collect();
    drop(counted_case(|| work::decode(&records)));
}

fn ingest() {
    let events: Vec<Event> = history::events().take(SIZE).collect();
    let mut model = history::model(SIZE);
    counted_case(|| work::ingest(&mut model, events));
}

/// For each row that comes, the oldest goes.
fn ingest_full() {
    let mut source = history::events();
    let mut model = history::full_model(SIZE, &mut source);
    let events: Vec<Event> = source.take(SIZE).collect();
    counted_case(|| work::ingest(&mut model, events));
}

fn filter(text: &str) {
    let model = history::full_model(SIZE, &mut history::events());
    let mut list = List::new();
    list.set_filter(Filter::default(), &model);
    let filter = Filter::parse(text).unwrap();
    let passed = counted_case(|| work::filter(&mut list, &model, filter));
    assert!((1..SIZE).contains(&passed), "{text} tells nothing apart");
}

fn sort(key: &str) {
    let model = history::full_model(SIZE, &mut history::events());
    let mut list = List::new();
    list.set_filter(Filter::default(), &model);
    counted_case(|| list.set_sort(Some(by(key, true)), &model));
}

fn insert(key: &str) {
    let mut growing = Growing::new(SIZE, "sh !nginx", by(key, true));
    for _ in 0..1_000 {
        let entry = growing.next_entry();
        counted_case(|| growing.insert(entry));
    }
}

fn apply() {
    let mut screen = Screen::new(SIZE, CLASSIC, Some(by("command", true)));
    let batch = screen.batch(1_000);
    counted_case(|| screen.apply(batch));
}

fn frame(size: (u16, u16), sort: Option<&str>) {
    let mut screen = Screen::new(SIZE, size, sort.map(|key| by(key, true)));
    let batch = screen.batch(30);
    screen.apply(batch);
    counted_case(|| screen.frame());
}

fn ndjson() {
    let told = Told::new(SIZE);
    counted_case(|| told.ndjson());
}

fn read() {
    let recording = Told::new(SIZE).recording();
    counted_case(|| work::read(&recording));
}
