//! What the state does with keys, clicks and events; what it looks like is tested in the view.

use super::*;
use crate::action::Action;
use crate::field::by_key;
use crate::filter::Filter;
use crate::fixture::*;
use crossterm::event as input;
use hits::Area;
use proptest::prelude::*;
use std::collections::HashSet;

const PAGE: u16 = 10;

/// A screen of which ten rows are visible, as if it had been drawn.
fn screen(history: usize, events: Vec<Event>) -> App {
    let mut app = app(history);
    app.apply(events);
    app.hits.rows = Area {
        x: 0,
        y: 4,
        width: 80,
        height: PAGE,
    };
    app
}

fn act(app: &mut App, actions: &[Action]) {
    for action in actions {
        app.act(*action);
        app.tree.refresh(&app.model, 0);
    }
}

fn many(n: u64) -> Vec<Event> {
    (0..n)
        .map(|i| ran(i * MS, 50_000 + i as u32, 4711, &["job"]))
        .collect()
}

fn window(app: &mut App) -> table::Window {
    app.table.window(&app.list, &app.model, usize::from(PAGE))
}

#[test]
fn follow_stays_at_the_newest_until_one_moves_up() {
    let mut app = screen(1_000, many(30));
    assert_eq!(app.selected_entry(), Some(EntryId(29)));
    app.apply(many(5));
    assert_eq!(app.selected_entry(), Some(EntryId(34)));
    assert_eq!(window(&mut app).top, 25);
    act(&mut app, &[Action::Up]);
    app.apply(many(50));
    assert_eq!(app.selected_entry(), Some(EntryId(33)));
    assert_eq!(window(&mut app).top, 25, "the view does not move either");
    act(&mut app, &[Action::Bottom]);
    app.apply(many(1));
    assert_eq!(app.selected_entry(), Some(EntryId(85)));
    act(&mut app, &[Action::Up, Action::Down]);
    assert!(!app.table.follow);
    act(&mut app, &[Action::Down]);
    assert!(app.table.follow, "past the end is follow");
}

#[test]
fn pause_freezes_the_rows_and_loses_none() {
    let mut app = screen(1_000, many(20));
    act(&mut app, &[Action::Pause]);
    app.apply(many(7));
    app.apply(vec![lost(99 * MS, 3)]);
    assert_eq!((app.list.len(), app.waiting()), (20, 8));
    assert_eq!(app.model.totals.execs, 27, "the capture goes on");
    act(&mut app, &[Action::Pause]);
    assert_eq!((app.list.len(), app.waiting()), (28, 0));
    assert_eq!(app.rows_shown(), (27, 27), "a gap is no row");
}

#[test]
fn only_what_the_filter_shows_waits() {
    let mut app = screen(1_000, vec![ran(1, 7, 1, &["ls"])]);
    app.set_filter(Filter::parse("gcc").unwrap());
    act(&mut app, &[Action::Pause]);
    app.apply(vec![
        ran(2, 8, 1, &["gcc"]),
        ran(3, 9, 1, &["ls"]),
        lost(4, 3),
    ]);
    assert_eq!(app.waiting(), 2, "gcc and the gap");
    let before = app.list.len();
    act(&mut app, &[Action::Pause]);
    assert_eq!(app.list.len(), before + 2);

    app.set_filter(Filter::parse("exit=0").unwrap());
    act(&mut app, &[Action::Pause]);
    app.apply(vec![ran(5, 10, 1, &["cc"])]);
    assert_eq!(app.waiting(), 0);
    app.apply(vec![ended(6, 10, crate::event::Status::Code(0))]);
    assert_eq!(app.waiting(), 1, "its end lets it pass");
}

#[test]
fn as_many_wait_as_will_come() {
    let mut app = screen(1_000, vec![ran(1, 7, 4711, &["/bin/cc"])]);
    act(&mut app, &[Action::Pause]);
    let tries = ["/a/ls", "/b/ls", "/c/ls"].map(|path| failed(2 * MS, 8, 4711, 2, &[path]));
    app.apply(tries.into());
    assert_eq!(app.waiting(), 3);
    app.apply(vec![ran(3 * MS, 8, 4711, &["/usr/bin/ls"])]);
    assert_eq!(app.waiting(), 1, "what is folded into it is no line");
    act(&mut app, &[Action::Pause]);
    assert_eq!(app.list.len(), 2);

    app.set_filter(Filter::parse("exit=1").unwrap());
    act(&mut app, &[Action::Pause]);
    app.apply(vec![ended(4 * MS, 7, crate::event::Status::Code(1))]);
    assert_eq!(app.waiting(), 1, "an older one passes by now");
    act(&mut app, &[Action::Pause]);
    assert_eq!(app.list.len(), 1);
}

#[test]
fn pause_outlives_what_leaves_the_history() {
    let mut app = screen(10, many(10));
    act(&mut app, &[Action::Up, Action::Pause]);
    app.apply(many(25));
    assert!(app.list.is_empty());
    assert_eq!(app.waiting(), 10, "what left the history waits no more");
    act(&mut app, &[Action::Pause]);
    assert_eq!(app.list.len(), 10);
    assert!(app.selected_entry().is_some());
}

#[test]
fn filters_can_be_undone_cleared_and_brought_back() {
    let mut app = screen(1_000, build());
    let text = |app: &App| app.list.filter().text().to_owned();
    let filter = |app: &mut App, text: &str| {
        app.act(Action::Filter);
        app.act(Action::EraseLine);
        app.handle(input::Event::Paste(text.into()), 0);
        app.act(Action::Accept);
    };
    filter(&mut app, "gcc");
    assert_eq!(app.rows_shown(), (3, 13));
    filter(&mut app, "make");
    act(&mut app, &[Action::UndoFilter]);
    assert_eq!(text(&app), "gcc");
    act(&mut app, &[Action::ClearFilter]);
    assert_eq!(text(&app), "");
    act(&mut app, &[Action::UndoFilter, Action::FailuresOnly]);
    assert_eq!(text(&app), "gcc failed");
    assert!(app.list.folding());
    act(&mut app, &[Action::FailuresOnly]);
    assert_eq!(text(&app), "gcc");
    assert!(!app.list.folding());
    act(&mut app, &[Action::FailuresOnly]);
    assert_eq!(text(&app), "gcc");
    assert!(app.list.folding(), "and all three ways are gone through");
    app.act(Action::Filter);
    app.handle(input::Event::Paste(" nosuch".into()), 0);
    assert_eq!(app.rows_shown().0, 0, "it filters while one types");
    act(&mut app, &[Action::Close]);
    assert_eq!(text(&app), "gcc", "Esc goes back");
}

#[test]
fn failures_only_leaves_nothing_behind_in_the_filter() {
    for text in ["", "gcc", "make|cc", "make or cc", "user=alice (a or b)"] {
        let mut app = screen(1_000, build());
        app.replace_filter(text);
        let shown = app.rows_shown();
        act(&mut app, &[Action::FailuresOnly]);
        assert!(app.list.filter().terms().contains(&"failed".to_owned()));
        act(&mut app, &[Action::FailuresOnly, Action::FailuresOnly]);
        assert_eq!(app.list.filter().text(), text);
        assert_eq!(app.rows_shown(), shown);
    }
}

#[test]
fn the_next_term_can_be_typed_at_once() {
    let mut app = screen(1_000, build());
    app.set_filter(Filter::parse("user=alice").unwrap());
    act(&mut app, &[Action::Filter]);
    app.handle(input::Event::Paste("gcc".into()), 0);
    assert_eq!(app.prompt().map(Prompt::text), Some("user=alice gcc"));
    act(
        &mut app,
        &[Action::Close, Action::Filter, Action::SwapPrompt],
    );
    assert_eq!(app.search.text(), "user=alice", "without the blank");
}

#[test]
fn filters_to_go_back_to_are_bounded() {
    let mut app = screen(1_000, build());
    for i in 0..500 {
        app.replace_filter(&format!("pid={i}"));
    }
    let mut steps = 0;
    while app.list.filter().text() != "pid=399" {
        act(&mut app, &[Action::UndoFilter]);
        steps += 1;
    }
    assert_eq!(steps, 100);
    act(&mut app, &[Action::UndoFilter]);
    assert_eq!(app.list.filter().text(), "pid=399", "further there is none");
}

#[test]
fn single_keys_fill_in_the_filter_from_the_line() {
    let mut app = screen(1_000, build());
    for (action, term) in [
        (Action::FilterPid, "pid=48260"),
        (Action::FilterComm, "comm=run-parts"),
        (Action::FilterUser, "user=root"),
    ] {
        for view in [Action::ViewEvents, Action::ViewTree] {
            act(&mut app, &[view, action]);
            assert_eq!(app.prompt().map(Prompt::text), Some(term));
            act(&mut app, &[Action::Close]);
        }
    }
}

#[test]
fn a_selection_that_is_hidden_comes_back() {
    let mut app = screen(1_000, build());
    act(&mut app, &[Action::Top]);
    let make = app.selected_entry();
    app.set_filter(Filter::parse("gcc").unwrap());
    assert_ne!(app.selected_entry(), make);
    app.set_filter(Filter::default());
    assert_eq!(app.selected_entry(), make);
}

#[test]
fn failures_and_hits_are_gone_to_in_both_views() {
    let mut app = screen(1_000, build());
    let pid = |app: &App| app.selected_row().map(|row| row.exec.pid);
    act(&mut app, &[Action::Top, Action::NextFailure]);
    assert_eq!(pid(&app), Some(48_221));
    // The next one is a miss, which has a row of its own only when it is not folded.
    act(&mut app, &[Action::FailuresOnly, Action::FailuresOnly]);
    act(&mut app, &[Action::NextFailure]);
    assert_eq!(pid(&app), Some(48_230));
    act(&mut app, &[Action::NextFailure]);
    assert!(
        app.notice.is_some(),
        "there is no third one, and it says so"
    );
    act(&mut app, &[Action::PreviousFailure]);
    assert_eq!(pid(&app), Some(48_221));
    app.act(Action::Search);
    app.handle(input::Event::Paste("run-parts".into()), 0);
    act(&mut app, &[Action::Accept]);
    assert_eq!(pid(&app), Some(48_260));
    act(
        &mut app,
        &[Action::ViewTree, Action::Top, Action::SearchNext],
    );
    assert_eq!(pid(&app), Some(48_260));
    act(&mut app, &[Action::PreviousFailure]);
    let process = app
        .selected_process()
        .and_then(|id| app.model.processes.get(id));
    assert_eq!(process.map(|p| p.key.pid), Some(48_230));
}

#[test]
fn the_parent_is_gone_to_or_named() {
    let mut app = screen(1_000, build());
    act(&mut app, &[Action::Top, Action::Down, Action::Parent]);
    assert_eq!(app.selected_row().map(|r| r.exec.pid), Some(48_200));
    act(&mut app, &[Action::Parent]);
    let notice = app
        .notice
        .as_ref()
        .map(|n| n.text.clone())
        .unwrap_or_default();
    assert!(notice.contains("bash(4711)"), "{notice}");
    act(&mut app, &[Action::ToggleTree, Action::Parent]);
    let process = app
        .selected_process()
        .and_then(|id| app.model.processes.get(id));
    assert_eq!(process.map(|p| p.key.pid), Some(4711));
}

#[test]
fn esc_and_a_key_at_once_are_two_keys() {
    let mut app = screen(1_000, build());
    act(&mut app, &[Action::Help]);
    let both = input::KeyEvent::new(input::KeyCode::Char('f'), input::KeyModifiers::ALT);
    app.handle(input::Event::Key(both), 0);
    assert_eq!((app.popups.len(), app.mode()), (1, Mode::Prompt));
}

#[test]
fn any_field_can_be_sorted_by() {
    let mut app = screen(1_000, build());
    for field in crate::field::FIELDS {
        act(&mut app, &[Action::SortMenu, Action::Top]);
        while let Some(Popup::Sort(menu)) = app.popups.last() {
            if crate::field::FIELDS[menu.selected].key == field.key {
                break;
            }
            app.act(Action::Down);
        }
        act(&mut app, &[Action::Accept]);
        assert_eq!(app.sort().map(|s| s.field.key), Some(field.key));
        let before = app.sort().map(|s| s.descending);
        act(&mut app, &[Action::InvertSort]);
        assert_eq!(app.sort().map(|s| !s.descending), before);
    }
}

#[test]
fn the_order_of_arrival_is_by_time_smallest_first() {
    let mut app = screen(1_000, build());
    let time = by_key("time").unwrap();
    assert_eq!(
        app.sort().map(|s| (s.field.key, s.descending)),
        Some(("time", false))
    );
    act(&mut app, &[Action::InvertSort]);
    assert!(app.list.sort().is_some());
    act(&mut app, &[Action::InvertSort]);
    assert!(app.list.sort().is_none(), "gaps are shown again");
    app.set_sort(popup::sort_by(time, app.sort()));
    assert!(app.list.sort().is_some_and(|s| s.descending));
}

#[test]
fn the_tree_folds_and_keeps_its_selection() {
    let mut app = screen(1_000, build());
    act(&mut app, &[Action::ViewTree, Action::Top]);
    let pids = |app: &App| -> Vec<u32> {
        let lines = app.tree.lines().iter();
        lines
            .map(|l| app.model.processes.get(l.id).unwrap().key.pid)
            .collect()
    };
    let all = pids(&app);
    assert!(!all.contains(&700), "it executed nothing");
    assert_eq!(all.len(), 16);
    act(&mut app, &[Action::Down, Action::Down, Action::Fold]);
    assert_eq!(pids(&app), [1, 812, 4711, 900, 48_260, 48_249, 48_250]);
    act(&mut app, &[Action::Unfold]);
    assert_eq!(pids(&app), all);
    act(&mut app, &[Action::ToggleAll, Action::ToggleAll]);
    assert_eq!(pids(&app), [1, 48_249]);
    act(&mut app, &[Action::ToggleAll, Action::ShowIdle]);
    assert!(pids(&app).contains(&700));
    let selected = app.selected_process();
    app.apply(many(200));
    app.tree.refresh(&app.model, S);
    assert_eq!(app.selected_process(), selected);
}

#[test]
fn a_crowd_is_folded_unless_the_selection_was_in_it() {
    let mut app = screen(1_000, many(100));
    app.apply(vec![ran(S, 60_000, 900, &["run-parts"])]);
    act(&mut app, &[Action::ToggleTree]);
    assert_eq!(
        app.tree.lines().len(),
        5,
        "systemd, sshd, bash, cron, run-parts"
    );
    act(
        &mut app,
        &[Action::ToggleTree, Action::Up, Action::ToggleTree],
    );
    assert_eq!(app.tree.lines().len(), 105, "it came with a selected child");
    act(&mut app, &[Action::Top]);
    app.tree.rebuild(&app.model);
    assert_eq!(
        app.tree.lines().len(),
        105,
        "nothing folds by itself when one leaves"
    );
}

#[test]
fn the_tree_zooms_into_a_subtree_and_out_again() {
    let mut app = screen(1_000, build());
    let pids = |app: &App| -> Vec<u32> {
        let process = |line: &tree::Line| app.model.processes.get(line.id).unwrap();
        app.tree
            .lines()
            .iter()
            .map(|line| process(line).key.pid)
            .collect()
    };
    act(&mut app, &[Action::ToggleTree, Action::Top]);
    let all = pids(&app);
    act(&mut app, &[Action::Down, Action::Down]);
    let root = pids(&app)[2];
    act(&mut app, &[Action::Zoom]);
    let zoomed = pids(&app);
    assert_eq!(zoomed[0], root);
    assert!(zoomed.len() > 1 && zoomed.len() < all.len(), "{zoomed:?}");
    assert!(
        all.windows(zoomed.len()).any(|part| part == zoomed),
        "{zoomed:?} of {all:?}"
    );
    act(&mut app, &[Action::Bottom, Action::Top, Action::Zoom]);
    assert_eq!(pids(&app), all);
}

#[test]
fn marked_rows_are_gone_to_and_forgotten_with_the_history() {
    let mut app = screen(20, many(20));
    let selected = |app: &App| app.selected_entry();
    act(&mut app, &[Action::Top, Action::NextMark]);
    assert!(
        app.notice
            .as_ref()
            .is_some_and(|notice| notice.text.contains("no row is marked"))
    );
    act(&mut app, &[Action::Down, Action::ToggleMark]);
    let first = selected(&app);
    act(&mut app, &[Action::PageDown, Action::ToggleMark]);
    let second = selected(&app);
    act(&mut app, &[Action::Top, Action::NextMark]);
    assert_eq!(selected(&app), first);
    act(&mut app, &[Action::NextMark]);
    assert_eq!(selected(&app), second);
    act(&mut app, &[Action::NextMark]);
    assert_eq!(selected(&app), second, "there is none further on");
    act(&mut app, &[Action::PreviousMark, Action::ToggleMark]);
    assert_eq!((selected(&app), app.marks.len()), (first, 1));
    app.apply(many(40));
    assert!(app.marks.is_empty());
}

#[test]
fn the_filter_leaves_only_what_passes_and_what_is_above_it() {
    let mut app = screen(1_000, build());
    app.set_filter(Filter::parse("cron.hourly").unwrap());
    act(&mut app, &[Action::ViewTree]);
    assert_eq!(app.tree.lines().len(), 3, "systemd, cron, run-parts");
    app.apply(vec![ran(
        9_000 * MS,
        48_300,
        4711,
        &["ls", "/etc/cron.hourly"],
    )]);
    app.tree.refresh(&app.model, S);
    assert_eq!(app.tree.lines().len(), 6, "and sshd, bash, ls");
}

#[test]
fn the_mouse_finds_headers_tabs_rows_and_fold_marks() {
    let mut app = screen(1_000, build());
    let at = |x, y| Area {
        x,
        y,
        width: 5,
        height: 1,
    };
    let click = |app: &mut App, column, row| {
        let event = input::MouseEvent {
            kind: input::MouseEventKind::Down(input::MouseButton::Left),
            column,
            row,
            modifiers: input::KeyModifiers::NONE,
        };
        app.handle(input::Event::Mouse(event), 0);
    };
    app.hits.headers = vec![(at(10, 3), by_key("pid").unwrap())];
    app.hits.tabs = vec![(at(1, 2), View::Events), (at(8, 2), View::Tree)];
    click(&mut app, 12, 3);
    click(&mut app, 12, 3);
    assert!(
        app.list
            .sort()
            .is_some_and(|s| s.field.key == "pid" && s.descending)
    );
    app.list.set_sort(None, &app.model);
    act(&mut app, &[Action::Top]);
    click(&mut app, 3, 6);
    assert_eq!(app.selected_entry(), Some(EntryId(2)));
    assert_eq!(app.mode(), Mode::Events);
    click(&mut app, 3, 6);
    assert_eq!(app.mode(), Mode::Details, "a second click opens it");
    click(&mut app, 70, 70);
    click(&mut app, 8, 2);
    assert_eq!(app.mode(), Mode::Tree);
    app.hits.marks = vec![(at(30, 4), 0)];
    click(&mut app, 30, 4);
    assert_eq!(app.tree.lines().len(), 3, "systemd is folded");
    app.options.mouse = false;
    click(&mut app, 1, 2);
    assert_eq!(app.mode(), Mode::Tree, "no mouse, no clicks");
}

#[test]
fn idle_is_calm() {
    let mut app = screen(1_000, Vec::new());
    app.tick(START);
    app.take_dirty();
    app.tick(START + S / 2);
    assert!(!app.dirty());
    app.apply(Vec::new());
    app.set_not_captured(0);
    app.set_probe_status(ProbeStatus::default());
    app.set_self_usage(0.001, 1 << 20);
    assert!(app.take_dirty());
    app.set_self_usage(0.0012, (1 << 20) + 17);
    assert!(!app.dirty(), "too little to be seen");
    app.tick(START + S);
    assert!(app.take_dirty(), "the clock in the header");
    app.set_probe_status(ProbeStatus {
        ended: Some("over".into()),
        ..ProbeStatus::default()
    });
    app.take_dirty();
    app.tick(START + 5 * S);
    assert!(!app.dirty(), "the clock stands still");
}

#[derive(Clone, Debug)]
enum Step {
    Arrive(u8),
    Exit(u8),
    Sort(Option<(usize, bool)>),
    Filter(&'static str),
    Pause,
}

fn any_step() -> impl Strategy<Value = Step> {
    let fields = 0..crate::field::FIELDS.len();
    prop_oneof![
        3 => (1u8..12).prop_map(Step::Arrive),
        2 => (0u8..60).prop_map(Step::Exit),
        1 => proptest::option::of((fields, any::<bool>())).prop_map(Step::Sort),
        1 => proptest::sample::select(vec!["", "a", "job", "b"]).prop_map(Step::Filter),
        1 => Just(Step::Pause),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_selection_stays_on_its_event(
        history in 5usize..60,
        first in 1u8..40,
        chosen in 0usize..40,
        steps in proptest::collection::vec(any_step(), 0..25),
    ) {
        let mut next = 0u32;
        let mut arrive = |n: u8| -> Vec<Event> {
            (0..n).map(|_| {
                next += 1;
                let name = ["a", "b", "job", "ab"][next as usize % 4];
                ran(u64::from(next) * MS, 50_000 + next, 4711, &[name])
            }).collect()
        };
        let mut app = screen(history, arrive(first));
        let page = usize::from(PAGE);
        let at = chosen.min(app.list.len() - 1);
        app.table.select(at, &app.list, &app.model, page);
        let id = app.selected_entry().unwrap();
        let mut evicted_once = false;
        for step in steps {
            match step {
                Step::Arrive(n) => app.apply(arrive(n)),
                Step::Exit(n) => app.apply(vec![ended(S, 50_000 + u32::from(n), crate::event::Status::Code(n))]),
                Step::Sort(sort) => {
                    let sort = sort.map(|(i, descending)| Sort { field: &crate::field::FIELDS[i], descending });
                    app.list.set_sort(sort, &app.model);
                    app.caught_up();
                }
                Step::Filter(text) => app.set_filter(Filter::parse(text).unwrap()),
                Step::Pause => drop(app.act(Action::Pause)),
            }
            let ids: Vec<_> = (0..app.list.len()).filter_map(|i| app.list.get(i)).collect();
            prop_assert_eq!(ids.len(), ids.iter().collect::<HashSet<_>>().len());
            evicted_once |= app.model.store.get(id).is_none();
            if ids.contains(&id) && !evicted_once {
                prop_assert_eq!(app.selected_entry(), Some(id));
            }
            prop_assert_eq!(app.selected_entry().is_some(), !ids.is_empty());
            let shown = window(&mut app);
            if let Some(index) = shown.selected {
                prop_assert!(shown.top <= index && index < shown.top + page);
                prop_assert!(shown.top == 0 || shown.top + page <= ids.len(), "no blank lines below");
            }
        }
    }

    #[test]
    fn scrolling_stays_in_bounds(
        n in 1u64..60,
        moves in proptest::collection::vec((0..3u8, -70isize..70), 0..30),
    ) {
        let mut app = screen(1_000, many(n));
        let page = usize::from(PAGE);
        for (kind, by) in moves {
            match kind {
                0 => app.table.step(by, &app.list, &app.model, page),
                1 => app.table.scroll(by, &app.list, &app.model, page),
                _ => app.apply(many(1)),
            }
            let shown = window(&mut app);
            let index = shown.selected.unwrap();
            prop_assert!(shown.top <= index && index < shown.top + page);
            prop_assert!(shown.top == 0 || shown.top + page <= app.list.len());
            prop_assert_eq!(window(&mut app), shown, "looking changes nothing");
        }
    }
}
