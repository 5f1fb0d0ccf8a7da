//! The past, step by step.

use super::*;
use crate::action::Action;
use crate::event::{Event, Status};
use crate::field::by_key;
use crate::filter::Filter;
use crate::fixture::{MS, START, app, ended, failed, ran};
use crate::list::Sort;
use proptest::prelude::*;

/// A program that ran for a while, one that failed, and one that came later.
fn told() -> Vec<Event> {
    vec![
        ran(0, 6_000, 4711, &["make"]),
        ran(10 * MS, 6_001, 6_000, &["cc"]),
        failed(20 * MS, 6_002, 6_000, 2, &["nothing"]),
        ended(30 * MS, 6_001, Status::Code(0)),
        ran(40 * MS, 30_003, 6_000, &["ld"]),
        ended(50 * MS, 6_000, Status::Code(0)),
    ]
}

fn screen() -> App {
    let mut app = app(100);
    app.apply(told());
    app.now_ns = START + 60 * MS;
    app
}

fn listed(app: &App) -> Vec<u64> {
    app.list.iter_from(0).map(|id| id.0).collect()
}

#[test]
fn each_step_leaves_out_what_came_later() {
    let mut app = screen();
    app.act(Action::MomentBefore);
    assert_eq!(listed(&app), [0, 1, 2]);
    let moment = app.moment().unwrap();
    assert_eq!(moment.time_ns, START + 20 * MS);
    let cc = app.model.store.row(EntryId(1)).unwrap();
    assert!(cc.end.is_some() && cc.as_of(moment.time_ns).running());
    assert_eq!(app.selected_entry(), Some(EntryId(2)));
    assert_eq!(app.rows_shown().0, 3);
    app.act(Action::MomentBefore);
    app.act(Action::MomentBefore);
    assert_eq!(listed(&app), [0]);
    app.act(Action::MomentBefore);
    assert_eq!(listed(&app), [0], "nothing is earlier");
    app.apply(vec![ran(70 * MS, 50_009, 6_000, &["later"])]);
    assert_eq!((listed(&app), app.waiting()), (vec![0], 1));
    for _ in 0..3 {
        app.act(Action::MomentNext);
    }
    assert_eq!(listed(&app), [0, 1, 2, 3]);
    app.act(Action::MomentNext);
    assert_eq!((app.moment(), app.is_paused()), (None, false));
    assert_eq!(listed(&app), [0, 1, 2, 3, 4]);
}

#[test]
fn the_past_of_a_selected_line_is_that_of_its_event() {
    let mut app = screen();
    app.act(Action::Top);
    app.act(Action::Down);
    app.act(Action::MomentBefore);
    assert_eq!(listed(&app), [0, 1]);
    app.act(Action::Bottom);
    assert_eq!((app.moment(), listed(&app).len()), (None, 4));
}

#[test]
fn a_paused_view_is_paused_again_and_space_goes_on() {
    let mut app = screen();
    app.act(Action::Pause);
    app.act(Action::SecondBefore);
    assert_eq!(app.moment(), None, "the history has no second more");
    app.act(Action::MomentBefore);
    app.act(Action::Bottom);
    assert!(app.is_paused() && app.moment().is_none());
    app.act(Action::MomentBefore);
    app.act(Action::Pause);
    assert!(!app.is_paused() && app.moment().is_none());
}

#[test]
fn the_tree_has_the_processes_of_then() {
    let mut app = screen();
    app.act(Action::ViewTree);
    let pids = |app: &mut App| {
        app.tree.refresh(&app.model, 0);
        let lines = app.tree.lines().iter();
        let of = |line: &crate::app::tree::Line| app.model.processes.get(line.id).unwrap().key.pid;
        lines.map(|line| (of(line), line.life)).collect::<Vec<_>>()
    };
    let now = pids(&mut app);
    assert!(now.iter().any(|(pid, _)| *pid == 30_003));
    app.act(Action::MomentBefore);
    app.act(Action::MomentBefore);
    let then = pids(&mut app);
    let make = then.iter().find(|(pid, _)| *pid == 6_000).unwrap();
    assert_eq!(make.1, crate::process::Life::Running);
    assert_eq!(now.len() - then.len(), 1, "{then:?}");
    assert!(!then.iter().any(|(pid, _)| *pid == 30_003), "{then:?}");
}

#[test]
fn a_step_of_a_replay_is_taken_in_and_the_view_stands_still_again() {
    let mut app = screen();
    app.act(Action::StepReplay);
    assert!(
        app.take_requests().is_empty(),
        "it is not replayed at a pace"
    );
    app.options.speed = Some(1.0);
    app.act(Action::StepReplay);
    app.act(Action::Faster);
    assert_eq!(app.take_requests(), [Request::Step, Request::Speed(2.0)]);
    app.apply(Vec::new());
    app.apply(vec![ran(70 * MS, 50_009, 6_000, &["later"])]);
    app.apply(vec![ran(80 * MS, 50_010, 6_000, &["latest"])]);
    assert!(app.is_paused());
    assert_eq!((listed(&app).len(), app.waiting()), (5, 1));
}

proptest! {
    #[test]
    fn the_list_of_a_moment_is_that_of_what_had_come(
        until in 0..12_u64,
        sorted: bool,
        filter in prop_oneof![Just(""), Just("failed"), Just("cc|ld")],
    ) {
        let mut app = app(8);
        let events = |from: u64| (from..from + 10).map(move |n| match n % 3 {
            0 => ran(n * MS, 6_000 + n as u32, 4711, &["cc"]),
            1 => failed(n * MS, 6_000 + n as u32, 4711, 2, &["ld"]),
            _ => ran(n * MS, 6_000 + n as u32, 4711, &["x"]),
        });
        app.apply(events(0).collect());
        let pid = by_key("pid").unwrap();
        if sorted {
            app.set_sort(Sort { field: pid, descending: true });
        }
        let before = listed(&app);
        app.list.set_until(Some(EntryId(until)));
        app.set_filter(Filter::parse(filter).unwrap());
        let mut plain = crate::list::List::new();
        plain.set_folding(true, &app.model);
        plain.set_filter(Filter::parse(filter).unwrap(), &app.model);
        let wanted: Vec<_> = plain.iter_from(0).map(|id| id.0).filter(|id| *id < until).collect();
        prop_assert_eq!(&listed(&app), &wanted);
        prop_assert_eq!(app.list.len(), wanted.len());
        for (place, id) in wanted.iter().enumerate() {
            prop_assert_eq!(app.list.get(place), Some(EntryId(*id)));
            prop_assert_eq!(app.list.position(EntryId(*id), &app.model), Ok(place));
        }
        prop_assert_eq!(app.list.get(wanted.len()), None);
        let last = plain.iter_from(0).filter(|id| id.0 < 7).last();
        prop_assert_eq!(app.list.last_before(EntryId(7)), last);
        app.set_filter(Filter::default());
        app.list.set_until(None);
        prop_assert_eq!(listed(&app), before);
    }
}
