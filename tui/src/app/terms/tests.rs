//! Terms switched off and on, removed, edited, counted and gone back from.

use super::*;
use crate::fixture::*;
use crossterm::event as input;
use proptest::prelude::*;

fn screen(filter: &str) -> App {
    let mut app = app(1_000);
    app.apply(build());
    app.replace_filter(filter);
    app
}

fn act(app: &mut App, actions: &[Action]) {
    for action in actions {
        app.act(*action);
    }
}

fn told(app: &App) -> Vec<(String, bool)> {
    let terms = app.terms().into_iter();
    terms.map(|term| (term.text, term.on)).collect()
}

fn text(app: &App) -> &str {
    app.list.filter().text()
}

fn hides(app: &App) -> &[usize] {
    match app.popups.last() {
        Some(Popup::Terms(list)) => &list.hides,
        _ => &[],
    }
}

#[test]
fn a_term_that_is_off_keeps_its_place() {
    let mut app = screen("user=alice gcc|cc1 !foo");
    act(&mut app, &[Action::FilterList, Action::Down, Action::Mark]);
    assert_eq!(text(&app), "user=alice !foo");
    let expected = [("user=alice", true), ("gcc|cc1", false), ("!foo", true)];
    let expected = expected.map(|(text, on)| (text.to_owned(), on));
    assert_eq!(told(&app), expected);
    act(&mut app, &[Action::Up, Action::Mark]);
    assert_eq!(text(&app), "!foo");
    act(&mut app, &[Action::Mark, Action::Down, Action::Mark]);
    assert_eq!(text(&app), "user=alice gcc|cc1 !foo");
    assert!(app.terms().iter().all(|term| term.on));
}

#[test]
fn each_term_tells_what_it_alone_hides() {
    // 13 rows, of which 3 have gcc in their lines, and 10 are of alice.
    let mut app = screen("user=alice gcc");
    act(&mut app, &[Action::FilterList]);
    assert_eq!(hides(&app), [0, 7]);
    act(&mut app, &[Action::Down, Action::Mark]);
    assert_eq!(hides(&app), [3, 7], "off, it would hide as many");
    act(&mut app, &[Action::Up, Action::Mark]);
    assert_eq!(hides(&app), [3, 10]);
    assert_eq!(app.rows_shown(), (12, 13), "one is folded");
    act(&mut app, &[Action::RemoveTerm]);
    assert_eq!(hides(&app), [10]);
    act(&mut app, &[Action::RemoveTerm]);
    assert_eq!(app.mode(), Mode::Events, "an empty list closes");
    act(&mut app, &[Action::FilterList]);
    assert!(app.notice.is_some() && app.popups.is_empty());
}

#[test]
fn counts_go_on_while_the_list_is_shown() {
    let mut app = screen("gcc");
    act(&mut app, &[Action::FilterList]);
    app.apply(vec![ran(9_000 * MS, 60_000, 1, &["late"])]);
    app.tick(START + 20 * S);
    assert_eq!(hides(&app), [11]);
}

#[test]
fn undo_and_clear_go_with_what_is_off() {
    let mut app = screen("gcc !foo");
    act(&mut app, &[Action::FilterList, Action::Mark, Action::Close]);
    assert_eq!(text(&app), "!foo");
    act(&mut app, &[Action::UndoFilter]);
    assert_eq!((text(&app), app.off.is_empty()), ("gcc !foo", true));
    act(
        &mut app,
        &[
            Action::FilterList,
            Action::Mark,
            Action::Down,
            Action::Mark,
            Action::Close,
        ],
    );
    assert_eq!(text(&app), "");
    act(&mut app, &[Action::ClearFilter]);
    assert!(app.terms().is_empty(), "also when all of it is off");
    act(&mut app, &[Action::UndoFilter]);
    assert_eq!(app.terms().len(), 2);
    act(&mut app, &[Action::UndoFilter, Action::UndoFilter]);
    assert_eq!(text(&app), "gcc !foo");
}

#[test]
fn one_term_can_be_edited_among_the_others() {
    let mut app = screen("user=alice gcc|cc1 !foo");
    act(
        &mut app,
        &[Action::FilterList, Action::Down, Action::Accept],
    );
    assert_eq!(
        app.prompt().map(|p| (p.label(), p.text())),
        Some(("term", "gcc|cc1"))
    );
    act(&mut app, &[Action::EraseLine]);
    app.handle(input::Event::Paste("ma or b".into()), 0);
    assert_eq!(
        text(&app),
        "user=alice (ma or b) !foo",
        "it filters while one types"
    );
    act(&mut app, &[Action::Close]);
    assert_eq!(
        (text(&app), app.mode()),
        ("user=alice gcc|cc1 !foo", Mode::Filters)
    );
    act(&mut app, &[Action::Mark, Action::Accept, Action::EraseLine]);
    app.handle(input::Event::Paste("make pid>1".into()), 0);
    act(&mut app, &[Action::SwapPrompt, Action::Accept]);
    assert_eq!(text(&app), "user=alice make pid>1 !foo", "edited is on");
    assert_eq!((app.off.is_empty(), hides(&app).len()), (true, 4));
    act(
        &mut app,
        &[Action::Accept, Action::EraseLine, Action::Accept],
    );
    assert_eq!(
        text(&app),
        "user=alice pid>1 !foo",
        "nothing in its place takes it out"
    );
}

fn any_term() -> impl Strategy<Value = String> {
    let terms = [
        "gcc",
        "make|cc1",
        "!foo",
        "user=root",
        "(a or e)",
        "pid>48220",
        "failed",
        "not (x or y)",
        "exit=0|running",
        "\"a b\"",
        "res=ok,ENOENT",
        "in",
        "exit",
    ];
    proptest::sample::select(terms.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_row_passes_if_it_passes_every_term_that_is_on(
        terms in proptest::collection::vec(any_term(), 1..5),
        steps in proptest::collection::vec((0..6u8, 0usize..6, any_term()), 0..12),
    ) {
        let mut app = screen(&terms.join(" and "));
        for (step, at, term) in steps {
            app.act(Action::FilterList);
            for _ in 0..at {
                app.act(Action::Down);
            }
            match step {
                0 => drop(app.act(Action::RemoveTerm)),
                1 => {
                    act(&mut app, &[Action::Accept, Action::EraseLine]);
                    app.handle(input::Event::Paste(term), 0);
                    app.act(Action::Accept);
                }
                2 => {
                    app.popups.clear();
                    app.act(Action::UndoFilter);
                }
                3 => {
                    app.popups.clear();
                    app.act(Action::Filter);
                    app.handle(input::Event::Paste(term), 0);
                    app.act(Action::Accept);
                }
                _ => drop(app.act(Action::Mark)),
            }
            app.popups.clear();
            let terms = app.terms();
            let on = terms.iter().filter(|term| term.on);
            let on: Vec<_> = on.map(|term| app.parse(&term.text).unwrap()).collect();
            let shown = app.list.filter();
            for row in app.model.store.iter().filter_map(|(id, _)| app.model.store.row(id)) {
                let all = on.iter().all(|filter| filter.matches(row, &app.model));
                prop_assert_eq!(shown.matches(row, &app.model), all, "{} is not {:?}", shown, terms);
            }
            let again = Off::of(&terms).among(shown.terms());
            prop_assert_eq!(again, terms);
        }
    }
}
