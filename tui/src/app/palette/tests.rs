//! What the palette offers, says and does.

use super::*;
use crate::app::Outcome;
use crate::app::prompt::Prompt;
use crate::fixture::*;
use crossterm::event::Event;

fn open(typed: &str) -> App {
    let mut app = app(1_000);
    app.apply(build());
    type_into(&mut app, typed);
    app
}

fn type_into(app: &mut App, typed: &str) {
    app.act(Action::Palette);
    app.handle(Event::Paste(typed.into()), 0);
}

fn first(app: &App) -> &str {
    let prompt = app.prompt().unwrap();
    prompt.offers.best().map_or("", |offer| &offer.text)
}

fn run(typed: &str) -> (App, Outcome) {
    let mut app = open(typed);
    let outcome = app.act(Action::Accept);
    (app, outcome)
}

#[test]
fn what_fits_best_comes_first() {
    for (typed, wanted) in [
        ("", "filter "),
        ("tree", "toggle-tree"),
        ("toggle tree", "toggle-tree"),
        ("tt", "toggle-tree"),
        ("togtr", "toggle-tree"),
        ("sort", "sort "),
        ("menu sort", "sort-menu"),
        ("pause", "pause"),
        ("capture goes on", "pause"),
        ("flw", "follow"),
        ("/", "search"),
        ("quit", "quit"),
        ("paint anew", "redraw"),
    ] {
        assert_eq!(first(&open(typed)), wanted, "{typed}");
    }
    assert!(open("xyzzy").prompt().unwrap().error.is_some());
}

#[test]
fn every_action_is_offered_with_its_key_and_what_is_not_possible_says_why() {
    let app = open("");
    let list = &app.prompt().unwrap().offers.list;
    for action in Action::ALL
        .iter()
        .filter(|action| **action != Action::Palette)
    {
        let offer = list.iter().find(|offer| offer.does == Does::Act(*action));
        let offer = offer.unwrap_or_else(|| panic!("{action:?} is not offered"));
        assert!(!offer.key.is_empty() && !offer.doc.is_empty());
        let here = crate::keymap::KEYMAP
            .iter()
            .any(|b| b.action == *action && b.modes.contains(&Mode::Events));
        assert_eq!(offer.why_not.is_none(), here, "{action:?}");
    }
    let (app, _) = run("toggle-fold");
    assert_eq!(app.mode(), Mode::Palette, "it stays open");
    let notice = app.notice.as_ref().unwrap();
    assert_eq!(notice.text, "only in Tree");
}

#[test]
fn an_action_is_done_as_by_its_key() {
    let (app, _) = run("view-tree");
    assert_eq!((app.mode(), app.view), (Mode::Tree, View::Tree));
    let (app, _) = run("this line's user");
    assert_eq!(app.prompt().map(Prompt::text), Some("user=root"));
    assert_eq!(run("quit").1, Outcome::Quit);
    assert_eq!(run("redraw").1, Outcome::Redraw);
    let (app, _) = run("copy");
    assert_eq!(app.mode(), Mode::Copy);
    let (mut app, _) = run("sort");
    assert_eq!(
        app.prompt().map(Prompt::text),
        Some("sort "),
        "more is to come"
    );
    app.act(Action::Close);
    assert!(app.popups.is_empty());
    assert!(app.take_requests().is_empty());
}

#[test]
fn commands_do_what_they_say() {
    let says = |typed: &str| {
        open(typed)
            .prompt()
            .unwrap()
            .says
            .clone()
            .unwrap_or_default()
    };
    assert_eq!(says("filter gcc"), "keeps 3 of 13 rows");
    assert_eq!(run("filter gcc").0.rows_shown(), (3, 13));
    assert_eq!(says("filter "), "keeps all 13 rows");
    assert_eq!(says("group exe, user"), "groups 13 rows by exe, user");
    let (app, _) = run("group exe, user");
    let keys: Vec<_> = app.groups.fields.iter().map(|field| field.key).collect();
    assert_eq!((app.view, keys), (View::Group, vec!["exe", "user"]));
    assert_eq!(says("sort dur"), "sorts by DUR, largest first");
    assert_eq!(says("sort -pid"), "sorts by PID, largest first");
    let sort = run("sort pid-").0.sort().unwrap();
    assert_eq!((sort.field.key, sort.descending), ("pid", true));
    let (app, _) = run("columns pid,exe:30");
    let columns: Vec<_> = app.options.columns.iter().map(|c| c.cells()).collect();
    assert_eq!(columns, [7, 30]);
    assert_eq!(says("columns pid, exe:30"), "shows the columns pid, exe");
    assert_eq!(says("columns "), "shows the columns that fit");
    let (app, _) = run("view failures");
    assert_eq!(app.view, View::Failures);
    let (app, _) = run("goto 48221");
    assert_eq!(app.selected_row().map(|row| row.exec.pid), Some(48_221));
    assert_eq!(says("goto 48221"), "goes to run");
}

#[test]
fn what_is_wrong_with_a_command_is_told_where_it_is() {
    for (typed, column) in [
        ("filter gcc pid=x", 15),
        ("group comm, nosuch", 12),
        ("group comm,comm", 11),
        ("group time", 6),
        ("group comm,exe,user,uid", 6),
        ("sort nosuch", 5),
        ("sort ", 5),
        ("columns pid,", 12),
        ("view nosuch", 5),
        ("goto x", 5),
        ("goto 9", 5),
        ("quit now", 5),
    ] {
        let mut app = open(typed);
        let error = app.prompt().unwrap().error.clone();
        assert_eq!(error.map(|error| error.column), Some(column), "{typed}");
        app.act(Action::Accept);
        assert_eq!(app.mode(), Mode::Palette, "{typed}");
        assert!(app.notice.is_some(), "{typed}");
    }
    let (mut app, _) = run("view tree");
    type_into(&mut app, "sort pid");
    assert!(app.prompt().unwrap().error.is_some());
}

#[test]
fn what_a_command_takes_is_completed() {
    let offered = |typed: &str| -> Vec<String> {
        let app = open(typed);
        let list = app.prompt().unwrap().offers.list.clone();
        list.into_iter().map(|offer| offer.text).collect()
    };
    assert_eq!(offered("view fa"), ["failures"]);
    assert_eq!(offered("group comm, us"), ["user"]);
    assert!(!offered("group comm,").contains(&"comm".to_owned()));
    assert_eq!(offered("sort -du")[0], "dur");
    assert_eq!(offered("filter gcc user=r"), ["root"]);
    assert!(offered("goto ").contains(&"48221".to_owned()));
    let mut app = open("group comm, us");
    app.act(Action::Complete);
    assert_eq!(app.prompt().map(Prompt::text), Some("group comm, user"));
    let mut app = open("view group");
    app.act(Action::Accept);
    type_into(&mut app, "sort cou");
    app.act(Action::Complete);
    app.act(Action::Accept);
    assert!(app.mode() == Mode::Group && app.groups.order.descending);
    for (typed, descending) in [
        ("sort comm", false),
        ("sort comm", false),
        ("sort -comm", true),
    ] {
        type_into(&mut app, typed);
        app.act(Action::Accept);
        assert_eq!(app.groups.order.descending, descending, "{typed}");
    }
}

#[test]
fn earlier_commands_stand_above_the_first() {
    let (mut app, _) = run("sort pid");
    app.act(Action::Palette);
    app.act(Action::Up);
    assert_eq!(app.prompt().map(Prompt::text), Some("sort pid"));
    app.act(Action::Down);
    assert_eq!(app.prompt().map(Prompt::text), Some(""));
    app.act(Action::Down);
    assert_eq!(app.prompt().and_then(|p| p.offers.selected), Some(1));
}
