//! The counts and the parents are what counting anew gives; the cursor stays in sight and on its time.

use super::*;
use crate::app::AppOptions;
use crate::event::{Event, Status};
use crate::fixture::*;
use crate::store::Entry;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The second of the first event.
const BEGIN: u64 = START / SECOND_NS;

fn screen(history: usize, events: Vec<Event>) -> App {
    let mut app = App::new(model(history), AppOptions::default());
    app.act(Action::ViewRate);
    app.apply(events);
    at(&mut app, 9);
    app
}

/// Lets some seconds since the begin have passed.
fn at(app: &mut App, seconds: u64) {
    app.refresh_order(START + seconds * S);
    while app.rates.spawners.as_ref().is_some_and(|s| !s.done) {
        app.refresh_order(START + seconds * S);
    }
}

/// Parents: execs, failed ones, the newest.
type Told = BTreeMap<String, (u64, u64, EntryId)>;

fn told(app: &App) -> Told {
    let pivot = &app.rates.spawners.as_ref().unwrap().pivot;
    let groups = pivot.iter().map(|(_, group)| {
        let stats = &group.stats;
        let key = format!("{} {:?}", group.label.pid, group.label.key);
        (key, (stats.count, stats.failed, group.newest()))
    });
    groups.collect()
}

/// Looks at each row whose time is in the span.
fn naive(app: &App) -> Told {
    let Span { from, to } = app.rates.span();
    let mut told = Told::new();
    for (id, entry) in app.model.store.iter().filter(|(id, _)| app.list.shows(*id)) {
        let Entry::Row(row) = entry else {
            continue;
        };
        if !(from..to).contains(&(row.exec.time_ns / SECOND_NS)) {
            continue;
        }
        let parent = row.exec.ancestors.first().map(|parent| parent.key);
        let key = format!("{} {parent:?}", row.exec.ppid);
        let one = told.entry(key).or_insert((0, 0, id));
        one.0 += 1;
        one.1 += u64::from(row.exec.failed());
        one.2 = one.2.max(id);
    }
    told
}

/// Counts what passes of what the history has.
fn naive_counts(app: &App, from: u64, to: u64) -> Bucket {
    let mut sum = Bucket::default();
    let within = |time_ns: u64| (from..to).contains(&(time_ns / SECOND_NS));
    for (id, entry) in app.model.store.iter() {
        match entry {
            Entry::Gap(lost) if within(lost.time_ns) => sum.lost += lost.count,
            Entry::Gap(_) => {}
            Entry::Row(row) if app.list.shows(id) => {
                let failed = u64::from(row.exec.failed() && within(row.exec.time_ns));
                sum.failed += failed;
                sum.execs += u64::from(within(row.exec.time_ns)) - failed;
                let exit = row.exit().filter(|exit| within(exit.time_ns));
                sum.exits += u64::from(exit.is_some());
            }
            Entry::Row(_) => {}
        }
    }
    sum
}

#[derive(Clone, Debug)]
enum Step {
    Events(Vec<(u64, u32, u32, u8)>),
    Filter(&'static str),
    Key(Action),
}

fn any_step() -> impl Strategy<Value = Step> {
    let event = (0u64..900, 1u32..9, 0u32..4, 0u8..10);
    let filters = vec!["", "running", "comm=ls", "failed", "exit!=0", "ppid=4711"];
    let keys = [
        Action::Left,
        Action::Left,
        Action::Right,
        Action::LineStart,
        Action::LineEnd,
        Action::FinerSpan,
        Action::CoarserSpan,
        Action::NextFailure,
        Action::PreviousFailure,
        Action::Pause,
        Action::Follow,
    ];
    prop_oneof![
        6 => proptest::collection::vec(event, 1..12).prop_map(Step::Events),
        1 => proptest::sample::select(filters).prop_map(Step::Filter),
        4 => proptest::sample::select(keys.to_vec()).prop_map(Step::Key),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_parents_are_what_counting_anew_gives(
        history in 1usize..40,
        steps in proptest::collection::vec(any_step(), 1..40),
    ) {
        let mut app = screen(history, Vec::new());
        let mut now = 0;
        for step in steps {
            match step {
                Step::Events(list) => for (later, pid, parent, kind) in list {
                    now += later * MS;
                    // Those of another CPU come somewhat late.
                    let time = now.saturating_sub(u64::from(kind % 3) * 100 * MS);
                    let (pid, parent) = (50_000 + pid, 4_711 + parent);
                    app.apply(vec![match kind {
                        0 => lost(time, 3),
                        1..3 => failed(time, pid, parent, 2, &["ls"]),
                        3..5 => ended(time, pid, Status::Code(kind % 2)),
                        _ => ran(time, pid, parent, &["ls", "cc"][usize::from(kind % 2)..]),
                    }]);
                },
                Step::Filter(text) => app.replace_filter(text),
                Step::Key(action) => drop(app.act(action)),
            }
            at(&mut app, now / S);
            let chosen = app.rates.chosen();
            for columns in [1, 7, 200] {
                let first = app.rates.first_column(columns, &app.model);
                let last = first + (columns as u64 - 1) * app.rates.step();
                prop_assert!(chosen.is_none_or(|chosen| (first..=last).contains(&chosen)));
            }
            if !app.is_paused() {
                prop_assert_eq!(told(&app), naive(&app));
                if history > 30 && app.model.store.first_id().0 == 0 {
                    let Span { from, to } = app.rates.span();
                    let mut counts = app.at_the_moment();
                    let naive = naive_counts(&app, from, to);
                    if app.list.filter().is_empty() {
                        // Exits without an exec are counted too.
                        counts.exits = naive.exits;
                    }
                    prop_assert_eq!(counts, naive);
                }
            }
        }
    }
}

#[test]
fn the_newest_ten_seconds_move_on_with_time() {
    let mut app = screen(1_000, build());
    assert_eq!(app.at_the_moment().execs, 11);
    assert_eq!(told(&app), naive(&app));
    for later in 10..30 {
        app.apply(vec![ran(
            later * S - MS,
            60_000 + later as u32,
            4711,
            &["late"],
        )]);
        at(&mut app, later);
        let spawners = app.rates.spawners.as_ref().unwrap();
        assert_eq!(spawners.span.to, BEGIN + later);
        assert_eq!(told(&app), naive(&app), "{later}");
        assert_eq!(
            app.at_the_moment().execs,
            spawners.pivot.total() - app.at_the_moment().failed
        );
    }
}

#[test]
fn the_cursor_reads_and_goes_to_the_events_of_its_moment() {
    let mut app = screen(1_000, build());
    app.act(Action::LineStart);
    assert_eq!(
        app.rates.chosen(),
        Some(BEGIN + 1),
        "the first second that has something"
    );
    assert_eq!(app.at_the_moment().execs, 1);
    app.act(Action::Left);
    assert_eq!(app.notice.as_ref().unwrap().text, UNKNOWN);
    app.act(Action::NextFailure);
    assert_eq!(app.rates.chosen(), Some(BEGIN + 4));
    let moment = app.at_the_moment();
    assert_eq!((moment.failed, moment.lost), (2, 214));
    at(&mut app, 9);
    app.act(Action::Drill);
    assert_eq!(app.view, View::Events);
    let row = app.selected_row().unwrap();
    assert_eq!(row.exec.time_ns, START + 4_118 * MS);
    // Back: the moment is still chosen.
    app.act(Action::ViewRate);
    assert_eq!(app.rates.chosen(), Some(BEGIN + 4));
    app.act(Action::LineEnd);
    assert_eq!(app.rates.chosen(), None);
}

#[test]
fn a_column_of_another_length_has_the_same_moment() {
    let mut app = screen(1_000, build());
    app.act(Action::PreviousFailure);
    let chosen = app.rates.chosen().unwrap();
    for step in [10, 60] {
        app.act(Action::CoarserSpan);
        let span = app.rates.span();
        if app.rates.chosen().is_some() {
            assert!((span.from..span.to).contains(&chosen));
            assert_eq!(span.seconds(), step);
        }
        assert_eq!(app.rates.step(), step);
        if app.rates.chosen().is_some() {
            assert_eq!(app.rates.into_wall(span.from, step, &app.model), 0);
        }
    }
    app.act(Action::CoarserSpan);
    assert!(app.notice.as_ref().unwrap().text.contains("already"));
}

#[test]
fn a_paused_view_stands_still() {
    let mut app = screen(1_000, build());
    app.act(Action::Pause);
    let (before, counts) = (told(&app), app.at_the_moment());
    app.apply(vec![ran(8 * S, 60_000, 4711, &["late"])]);
    at(&mut app, 15);
    assert_eq!(told(&app), before);
    assert_eq!(app.rates.now(), BEGIN + 9);
    app.act(Action::Pause);
    at(&mut app, 15);
    assert_eq!(app.rates.now(), BEGIN + 15);
    assert_ne!(told(&app), before);
    assert_ne!(app.at_the_moment(), counts);
}

#[test]
fn a_moment_that_left_the_history_says_so() {
    let mut app = screen(5, build());
    app.act(Action::LineStart);
    at(&mut app, 9);
    assert!(told(&app).is_empty());
    assert_eq!(app.at_the_moment().execs, 1, "the counts stay");
    app.act(Action::Drill);
    assert_eq!(app.view, View::Rate);
    assert!(
        app.notice
            .as_ref()
            .unwrap()
            .text
            .contains("left the history")
    );
}
