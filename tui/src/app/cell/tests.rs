//! What is kept and excluded by a cell, in every view.

use super::*;
use crate::event::{Capture, Event, Flags, Status};
use crate::field::FIELDS;
use crate::filter::Filter;
use crate::fixture::*;
use crate::store::EntryId;
use proptest::prelude::*;

/// A screen of a view on which all fields have a cell.
fn screen(events: Vec<Event>, view: View) -> App {
    let mut app = app(1_000);
    app.apply(events);
    app.hits.rows = Area {
        x: 0,
        y: 4,
        width: 80,
        height: 20,
    };
    if view != View::Events {
        app.set_view(view);
        app.refresh_order(START + 9 * S);
        app.tree.rebuild(&app.model);
    }
    let area = |at: usize| Area {
        x: at as u16 * 10,
        y: 3,
        width: 9,
        height: 1,
    };
    let fields: Vec<&'static Field> = match view {
        View::Events => FIELDS.iter().collect(),
        View::Tree => ["pid", "user", "comm"]
            .iter()
            .filter_map(|k| by_key(k))
            .collect(),
        _ => (0..3)
            .filter_map(|at| app.field_of(By::Label(at)))
            .collect(),
    };
    let fields = fields.into_iter().enumerate();
    app.hits.cells = fields.map(|(at, field)| (area(at), field)).collect();
    app
}

fn acts(app: &mut App, actions: &[Action]) {
    for action in actions {
        app.act(*action);
    }
}

fn text(app: &App) -> &str {
    app.list.filter().text()
}

#[test]
fn the_first_press_shows_what_the_next_will_do() {
    let mut app = screen(build(), View::Events);
    acts(&mut app, &[Action::KeepCell]);
    assert_eq!(text(&app), "", "nothing is filtered unseen");
    let said = app.notice.as_ref().map(|notice| notice.text.clone());
    assert!(said.unwrap().contains("= again keeps only user=root"));
    acts(&mut app, &[Action::KeepCell]);
    assert_eq!(text(&app), "user=root");
    acts(&mut app, &[Action::CellRight, Action::ExcludeCell]);
    assert_eq!(text(&app), "user=root !res=ok");
    acts(&mut app, &[Action::UndoFilter, Action::UndoFilter]);
    assert_eq!(text(&app), "");
}

#[test]
fn every_view_has_cells() {
    for (view, terms) in [
        (View::Tree, ["pid=48200", "user=alice", "comm=make"]),
        (
            View::Failures,
            ["res=EACCES", "file=/srv/app/run", "comm=run"],
        ),
    ] {
        let mut app = screen(build(), view);
        if view == View::Tree {
            let make = app.tree.lines().iter().position(|line| {
                let process = app.model.processes.get(line.id);
                process.is_some_and(|process| process.key.pid == 48_200)
            });
            app.tree.select(make.unwrap(), 20);
        }
        acts(&mut app, &[Action::CellLeft]);
        while app.marked_cell().unwrap().1.key != app.hits.cells[0].1.key {
            acts(&mut app, &[Action::CellLeft]);
        }
        for term in terms {
            assert_eq!(app.cell_term(), Some(Ok(term.to_owned())), "{view:?}");
            acts(&mut app, &[Action::CellRight]);
        }
        assert!(app.notice.is_some(), "the last one says so");
    }
    let mut app = screen(build(), View::Group);
    acts(&mut app, &[Action::ExcludeCell]);
    assert!(text(&app).starts_with("!comm="), "one cell needs no mark");
    let mut app = screen(build(), View::Rate);
    acts(&mut app, &[Action::CellLeft]);
    let term = app.cell_term().unwrap().unwrap();
    assert!(term.starts_with("parent="), "{term}");
}

#[test]
fn what_has_no_value_is_said() {
    let mut app = screen(build(), View::Events);
    app.cell = by_key("tty");
    acts(&mut app, &[Action::KeepCell]);
    assert_eq!(text(&app), "tty=\"\"");
    let notice = app.notice.as_ref().unwrap().text.clone();
    assert!(notice.contains("not known"), "{notice}");
    acts(&mut app, &[Action::ClearFilter]);
    let gap = app.gaps[0];
    let place = app.list.position(gap, &app.model).unwrap();
    app.table.select(place, &app.list, &app.model, 20);
    acts(&mut app, &[Action::KeepCell]);
    assert_eq!(text(&app), "");
    assert!(app.notice.as_ref().unwrap().text.contains("lost"));
}

fn any_row() -> impl Strategy<Value = Vec<Event>> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..20);
    let capture = prop_oneof![
        Just(Capture::Whole),
        Just(Capture::Truncated),
        Just(Capture::Failed)
    ];
    let args = proptest::collection::vec("\\PC{0,6}|[a-z*'\" ]{0,4}", 0..4);
    let known = (any::<bool>(), any::<bool>(), any::<bool>(), 0u32..3);
    (
        args,
        bytes(),
        bytes(),
        capture,
        known,
        0u64..86_400_000,
        (0u8..6, 0u32..2_000),
    )
        .prop_map(
            |(args, raw, path, capture, (one, two, three, users), ms, (kind, status))| {
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                let mut exec = exec(ms * 999_983, 50_000, 4711, &args);
                exec.comm = crate::event::Comm::new(&raw);
                exec.ancestors = match three {
                    true => Box::default(),
                    false => exec.ancestors,
                };
                exec.uid = [0, 1000, 77][users as usize];
                exec.euid = one.then_some(0);
                exec.loginuid = two.then_some(77);
                exec.session = three.then_some(users);
                exec.tty = one.then(|| raw.clone().into());
                exec.cwd = two.then(|| path.clone().into());
                exec.cwd_capture = capture;
                exec.exe = three.then(|| path.clone().into());
                exec.filename = two.then(|| path.clone().into());
                exec.interpreter = one.then(|| path.clone().into());
                exec.flags.set(Flags::SCRIPT, two);
                exec.flags.set(Flags::MEMFD, three);
                exec.args.capture = capture;
                if one {
                    exec.args.bytes = raw.into();
                    exec.args.argc = three.then_some(users);
                }
                if kind == 0 {
                    exec.ret = -(status as i32 % 133) - 1;
                }
                let at = ms * 999_983 + 1;
                let mut events = vec![Event::Exec(Box::new(exec))];
                match kind {
                    1 | 2 => events.push(ended(at, 50_000, Status::from_wait(status))),
                    3 => events.push(ran(at, 50_000, 4711, &["next"])),
                    _ => {}
                }
                events
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_kept_has_the_row_and_what_is_excluded_has_not(events in any_row()) {
        let mut app = screen(events, View::Events);
        app.options.zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(5));
        let id = EntryId(0);
        let place = app.list.position(id, &app.model).unwrap();
        app.table.select(place, &app.list, &app.model, 20);
        for field in FIELDS {
            app.cell = Some(field);
            let term = app.cell_term().unwrap().unwrap();
            let row = app.model.store.row(id).unwrap();
            for (term, passes) in [(term.clone(), true), (format!("!{term}"), false)] {
                let filter = Filter::parse_in(&term, &app.options.zone).unwrap();
                prop_assert_eq!(filter.matches(row, &app.model), passes, "{} of {:?}", term, row);
            }
        }
    }
}
