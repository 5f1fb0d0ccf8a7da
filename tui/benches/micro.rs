//! How long each step takes that an event goes through, and each that goes through many events.
//!
//! `cargo bench -p execsnoop-tui --bench micro -- sort` runs those whose name holds `sort`. Times are of this machine at that moment;
//! `cargo xtask counts` counts instructions instead, of the same work on less.
//!
//! Not here, since there is none yet: views of groups and rates, and reading recordings. The tree is not measured.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may as well panic"
)]

mod history;
mod work;

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use execsnoop_tui::action::Action;
use execsnoop_tui::event::Event;
use execsnoop_tui::filter::Filter;
use execsnoop_tui::list::List;
use execsnoop_tui::model::Model;
use std::sync::LazyLock;
use work::{CLASSIC, Growing, Screen, Told, WIDE, by};

const MILLION: usize = 1_000_000;

/// So many events go through a step at once.
const BATCH: usize = 20_000;

/// The history that filters and sorts go through.
static MODEL: LazyLock<Model> =
    LazyLock::new(|| history::full_model(MILLION, &mut history::events()));

fn main() {
    divan::main();
}

/// Records to events, with the making of what they own; their end is not in it.
#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    let records: Vec<_> = history::Records::new().take(BATCH).collect();
    let bytes = records.iter().map(Vec::len).sum::<usize>();
    bencher
        .counter(ItemsCount::new(BATCH))
        .counter(BytesCount::new(bytes))
        .bench_local(|| work::decode(black_box(&records)));
}

/// Execs and exits into the model.
#[divan::bench_group(sample_size = 1)]
mod ingest {
    use super::*;

    /// While the history grows.
    #[divan::bench]
    fn growing(bencher: Bencher<'_, '_>) {
        let events: Vec<Event> = history::events().take(BATCH).collect();
        bencher
            .counter(ItemsCount::new(BATCH))
            .with_inputs(|| (history::model(BATCH), events.clone()))
            .bench_local_values(|(mut model, events)| {
                work::ingest(&mut model, events);
                model
            });
    }

    /// With a history of 100,000 that is full: for each row one goes.
    #[divan::bench]
    fn full(bencher: Bencher<'_, '_>) {
        let mut events = history::events();
        let mut model = history::full_model(100_000, &mut events);
        bencher
            .counter(ItemsCount::new(BATCH))
            .with_inputs(|| events.by_ref().take(BATCH).collect::<Vec<_>>())
            .bench_local_values(|events| work::ingest(&mut model, events));
    }
}

/// Another filter on a million rows.
#[divan::bench(
    args = ["nginx", "xyzzy", "uid=1007", "comm=sh", "dur>100ms", "/-o [a-z]+ /", "under(comm=cron)"],
    sample_count = 10,
    sample_size = 1
)]
fn filter(bencher: Bencher<'_, '_>, text: &str) {
    let model = &*MODEL;
    let mut list = List::new();
    list.set_filter(Filter::default(), model);
    bencher
        .counter(ItemsCount::new(MILLION))
        .with_inputs(|| Filter::parse(text).unwrap())
        .bench_local_values(|filter| work::filter(&mut list, model, filter));
}

/// Another sort of a million rows.
#[divan::bench(
    args = ["pid", "time", "dur", "exit", "user", "comm", "exe", "command"],
    sample_count = 5,
    sample_size = 1
)]
fn sort(bencher: Bencher<'_, '_>, key: &str) {
    let model = &*MODEL;
    let mut list = List::new();
    list.set_filter(Filter::default(), model);
    bencher
        .counter(ItemsCount::new(MILLION))
        .bench_local(|| list.set_sort(Some(by(key, true)), model));
}

/// One row into a sorted and filtered list of a million, and the oldest out of it.
#[divan::bench(args = ["pid", "time", "user", "command"], sample_count = 10_000, sample_size = 1)]
fn insert(bencher: Bencher<'_, '_>, key: &str) {
    let growing = std::cell::RefCell::new(Growing::new(MILLION, "sh !nginx", by(key, true)));
    bencher
        .counter(ItemsCount::new(1_usize))
        .with_inputs(|| growing.borrow_mut().next_entry())
        .bench_local_values(|entry| growing.borrow_mut().insert(entry));
}

/// A batch of 1,000 execs and the exits between them into the screen's state, its list sorted.
#[divan::bench(args = ["pid", "command"], sample_size = 1)]
fn apply(bencher: Bencher<'_, '_>, key: &str) {
    let screen = Screen::new(MILLION, CLASSIC, Some(by(key, true)));
    let screen = std::cell::RefCell::new(screen);
    bencher
        .counter(ItemsCount::new(1_000_usize))
        .with_inputs(|| screen.borrow_mut().batch(1_000))
        .bench_local_values(|batch| screen.borrow_mut().apply(batch));
}

/// One frame of the table of events, after 30 more execs.
#[divan::bench_group(sample_size = 1, sample_count = 300)]
mod frame {
    use super::*;

    const ENTRIES: [usize; 3] = [1_000, 100_000, MILLION];

    fn frame(bencher: Bencher<'_, '_>, screen: Screen) {
        let screen = std::cell::RefCell::new(screen);
        bencher
            .with_inputs(|| {
                let mut screen = screen.borrow_mut();
                let batch = screen.batch(30);
                screen.apply(batch);
            })
            .bench_local_values(|()| screen.borrow_mut().frame());
    }

    #[divan::bench(args = ENTRIES)]
    fn of_200x50(bencher: Bencher<'_, '_>, entries: usize) {
        frame(bencher, Screen::new(entries, WIDE, None));
    }

    #[divan::bench(args = ENTRIES)]
    fn of_80x24(bencher: Bencher<'_, '_>, entries: usize) {
        frame(bencher, Screen::new(entries, CLASSIC, None));
    }

    /// What else a history of a million can be looked at as, while 30 events come between two frames.
    #[divan::bench(args = ["tree", "group", "rate", "failures"])]
    fn of_view(bencher: Bencher<'_, '_>, view: &str) {
        let mut screen = Screen::new(MILLION, WIDE, None);
        screen.app.act(match view {
            "tree" => Action::ViewTree,
            "group" => Action::ViewGroup,
            "rate" => Action::ViewRate,
            _ => Action::ViewFailures,
        });
        screen.frame();
        frame(bencher, screen);
    }

    #[divan::bench(args = ENTRIES)]
    fn sorted_of_200x50(bencher: Bencher<'_, '_>, entries: usize) {
        frame(bencher, Screen::new(entries, WIDE, Some(by("dur", true))));
    }
}

/// A key that goes to a moment of the past, in a history of a million, and the frame that shows it.
#[divan::bench_group(sample_size = 1, sample_count = 100)]
mod moment {
    use super::*;

    fn step(bencher: Bencher<'_, '_>, mut screen: Screen, back: KeyEvent, on: KeyEvent) {
        // So far that each step that is measured is one within the past.
        for _ in 0..200 {
            screen.app.handle(Input::Key(back), LATE);
        }
        let screen = std::cell::RefCell::new(screen);
        let turns = std::cell::Cell::new(0_u32);
        bencher
            .with_inputs(|| {
                turns.set(turns.get() + 1);
                if turns.get().is_multiple_of(2) {
                    back
                } else {
                    on
                }
            })
            .bench_local_values(|key| {
                let mut screen = screen.borrow_mut();
                screen.app.handle(Input::Key(key), LATE);
                screen.frame();
                assert!(screen.app.moment().is_some());
            });
    }

    /// Later than anything in the history.
    const LATE: u64 = u64::MAX >> 1;

    const EVENT: (KeyCode, KeyCode) = (KeyCode::Char('['), KeyCode::Char(']'));

    fn view(name: &str) -> Screen {
        let mut screen = Screen::new(MILLION, WIDE, (name == "sorted").then(|| by("dur", true)));
        match name {
            "tree" => _ = screen.app.act(Action::ViewTree),
            "rate" => _ = screen.app.act(Action::ViewRate),
            "filtered" => {
                screen.app.act(Action::Filter);
                screen
                    .app
                    .handle(Input::Paste("under(comm=cron)".into()), 0);
                let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
                screen.app.handle(Input::Key(enter), 0);
            }
            _ => {}
        }
        screen
    }

    const VIEWS: [&str; 5] = ["events", "sorted", "filtered", "tree", "rate"];

    /// `[` and `]`.
    #[divan::bench(args = VIEWS)]
    fn event(bencher: Bencher<'_, '_>, name: &str) {
        let [back, on] = [EVENT.0, EVENT.1].map(|code| KeyEvent::new(code, KeyModifiers::NONE));
        step(bencher, view(name), back, on);
    }

    /// The arrows with control: a second.
    #[divan::bench(args = VIEWS)]
    fn second(bencher: Bencher<'_, '_>, name: &str) {
        let keys = [KeyCode::Left, KeyCode::Right];
        let [back, on] = keys.map(|code| KeyEvent::new(code, KeyModifiers::CONTROL));
        step(bencher, view(name), back, on);
    }

    /// The first step into the past, and the one back to the present.
    #[divan::bench(args = VIEWS)]
    fn there_and_back(bencher: Bencher<'_, '_>, name: &str) {
        let screen = std::cell::RefCell::new(view(name));
        let keys = [EVENT.0, EVENT.1].map(|code| KeyEvent::new(code, KeyModifiers::NONE));
        bencher.bench_local(|| {
            let mut screen = screen.borrow_mut();
            for key in keys {
                screen.app.handle(Input::Key(key), LATE);
                screen.frame();
            }
        });
    }
}

/// The last character of a filter typed at a history of a million: the filter, the offers and the frame. That of
/// `comm=` looks for the values, that behind it only chooses among them.
#[divan::bench(
    args = ["us", "comm=", "comm=s", "arg=", "arg=-", "exe=/usr/b", "(nginx|sh) user="],
    sample_count = 20,
    sample_size = 1
)]
fn keystroke(bencher: Bencher<'_, '_>, text: &str) {
    let screen = std::cell::RefCell::new(Screen::new(MILLION, CLASSIC, None));
    let last = text.chars().next_back().unwrap();
    let before = text.strip_suffix(last).unwrap();
    let open = || {
        let app = &mut screen.borrow_mut().app;
        app.act(Action::Close);
        app.act(Action::Filter);
        app.handle(Input::Paste(before.to_owned()), 0);
    };
    let key = KeyEvent::new(KeyCode::Char(last), KeyModifiers::NONE);
    bencher.with_inputs(open).bench_local_values(|()| {
        let mut screen = screen.borrow_mut();
        screen.app.handle(Input::Key(key), 0);
        screen.frame();
        let offered = screen.app.prompt().map(|prompt| prompt.offers.list.len());
        assert!(offered > Some(0), "{text}");
    });
}

/// Execs and exits to lines of ndjson.
#[divan::bench]
fn ndjson(bencher: Bencher<'_, '_>) {
    let told = Told::new(BATCH);
    bencher
        .counter(ItemsCount::new(BATCH))
        .counter(BytesCount::new(told.ndjson()))
        .bench_local(|| told.ndjson());
}

/// Lines of ndjson back to execs and exits.
#[divan::bench]
fn read(bencher: Bencher<'_, '_>) {
    let recording = Told::new(BATCH).recording();
    bencher
        .counter(ItemsCount::new(BATCH))
        .counter(BytesCount::new(recording.len()))
        .bench_local(|| work::read(&recording));
}
