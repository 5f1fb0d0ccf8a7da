//! Keys in, text and offers out.

use crate::app::App;
use crate::app::prompt::Prompt;
use crate::filter::Filter;
use crate::fixture::*;
use crate::keymap::{Key, Mode};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;

fn screen() -> App {
    let mut app = app(1_000);
    app.apply(build());
    app
}

/// Presses keys as they are typed: `<Up>` and the like by name, all else as characters.
fn press(app: &mut App, keys: &str) {
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (name, left) = named.unwrap_or(("", &rest[c.len_utf8()..]));
        let (modifiers, name) = match name.strip_prefix("C-") {
            Some(name) => (KeyModifiers::CONTROL, name),
            None => (KeyModifiers::NONE, name),
        };
        let code = match name {
            "" => KeyCode::Char(c),
            "Up" => KeyCode::Up,
            "Down" => KeyCode::Down,
            "Left" => KeyCode::Left,
            "Right" => KeyCode::Right,
            "Enter" => KeyCode::Enter,
            "Esc" => KeyCode::Esc,
            "Tab" => KeyCode::Tab,
            "BS" => KeyCode::Backspace,
            "Space" => KeyCode::Char(' '),
            other => KeyCode::Char(other.chars().next().unwrap()),
        };
        app.handle(Event::Key(KeyEvent::new(code, modifiers)), 0);
        rest = left;
    }
}

fn typed(keys: &str) -> App {
    let mut app = screen();
    press(&mut app, keys);
    app
}

fn text(app: &App) -> &str {
    app.prompt().map_or("", Prompt::text)
}

fn offered(app: &App) -> Vec<&str> {
    let offers = app.prompt().map_or(&[][..], |prompt| &prompt.offers.list);
    offers.iter().map(|offer| offer.text.as_str()).collect()
}

#[test]
fn names_signs_and_values_are_offered_as_one_types() {
    assert!(offered(&typed("f")).is_empty());
    assert!(
        offered(&typed("fu")).is_empty(),
        "one character is too little"
    );
    assert_eq!(offered(&typed("fus"))[0], "user");
    assert!(offered(&typed("fuser")).starts_with(&["user=", "user!="]));
    assert_eq!(offered(&typed("fuser=")), ["alice", "root"]);
    assert_eq!(offered(&typed("fgcc (err=e")), ["EACCES", "ENOENT"]);
    assert!(offered(&typed("/us")).is_empty());
    assert!(
        offered(&typed("f<C-Space>")).len() > 30,
        "all of them, when asked"
    );
    assert!(typed("fqq<C-Space>").notice.is_some());
}

#[test]
fn filters_that_have_a_name_are_offered_behind_the_sign() {
    let mut app = screen();
    let named = [("noise", "comm=sh"), ("mine", "user=alice")];
    let named = named.map(|(name, text)| (name.to_owned(), text.to_owned()));
    app.options.names = named.into_iter().collect();
    press(&mut app, "f!@");
    assert_eq!(offered(&app), ["@mine", "@noise"]);
    press(&mut app, "n<Down><Down><Enter><Enter>");
    assert_eq!(app.list.filter().text(), "!@noise");
    press(&mut app, "|");
    let terms: Vec<_> = app.terms().into_iter().map(|term| term.text).collect();
    assert_eq!(terms, ["!@noise"]);
}

#[test]
fn an_offer_is_taken_by_several_keys() {
    for keys in [
        "fus<Right>",
        "fus<C-Space>",
        "fus<Down><Enter>",
        "fus<Down><Tab>",
    ] {
        assert_eq!(text(&typed(keys)), "user", "{keys}");
    }
    let mut app = typed("fus<Right>=ro<Down><Enter>");
    assert_eq!(text(&app), "user=root");
    press(&mut app, "<Enter>");
    assert_eq!(
        (app.mode(), app.list.filter().text()),
        (Mode::Events, "user=root")
    );
    let app = typed(
        "fuser!=x comm=gcc<Left><Left><Left><Left><Left><Left><Left><Left><Left><BS>ro<Right><Right>",
    );
    assert_eq!(
        text(&app),
        "user!=ro comm=gcc",
        "not at the end the cursor moves"
    );
    let app = typed("fuser=<Up><Tab>");
    assert_eq!(text(&app), "user=root", "the last one is the nearest above");
}

#[test]
fn nothing_is_taken_unless_it_is_highlighted() {
    let app = typed("fus<Enter>");
    assert_eq!((app.mode(), app.list.filter().text()), (Mode::Events, "us"));
    let mut app = typed("fus<Tab>");
    assert!(app.search.text() == "us" && app.list.filter().is_empty());
    press(&mut app, "<Esc>f us<Down><Esc>");
    assert_eq!(app.mode(), Mode::Prompt, "Esc lets go of the offer first");
    press(&mut app, "<Esc>");
    assert_eq!(app.mode(), Mode::Events);
}

#[test]
fn earlier_lines_come_back_in_each_prompt_its_own() {
    let mut app = typed("fgcc<Enter>f<C-u>make<Enter>f<C-u>gcc<Enter>/cc1<Enter><C-g>");
    press(&mut app, "f<Up>");
    assert_eq!(text(&app), "gcc");
    press(&mut app, "<Up>");
    assert_eq!(text(&app), "make", "none stands there twice");
    assert_eq!(app.list.filter().text(), "make", "and it filters at once");
    press(&mut app, "<Up>");
    assert!(app.notice.is_some() && text(&app) == "make");
    press(&mut app, "<Down><Down>");
    assert_eq!(text(&app), "");
    press(&mut app, "qq<Up>");
    assert_eq!(
        text(&app),
        "gcc",
        "nothing is offered, so it is no choice among offers"
    );
    press(&mut app, "<Down>");
    assert_eq!(text(&app), "qq", "what was typed is not lost");
    press(&mut app, "<Esc>/<Up>");
    assert_eq!(text(&app), "cc1");
    let histories = app.histories().clone();
    let mut other = screen();
    other.set_histories(histories);
    press(&mut other, "f<Up>");
    assert_eq!(text(&other), "gcc");
}

#[test]
fn earlier_lines_are_found_by_a_part() {
    let mut app = typed("fcomm=gcc<Enter>f<C-u>make<Enter>f<C-u>user=root<Enter><C-g>f<C-r>m");
    assert_eq!(offered(&app), ["make", "comm=gcc"]);
    press(&mut app, "m<Enter>");
    assert_eq!(text(&app), "comm=gcc");
    press(&mut app, "<Enter>");
    assert_eq!(app.list.filter().text(), "comm=gcc");
    press(&mut app, "f<C-u>zz<C-r>");
    assert!(app.notice.is_some() && offered(&app).is_empty());
}

#[test]
fn a_paste_never_acts() {
    let mut app = typed("f");
    app.handle(Event::Paste("gcc\u{1b}[A\r\u{3}\n-O2\r\n".into()), 0);
    assert_eq!((app.mode(), text(&app)), (Mode::Prompt, "gcc[A -O2"));
    app.handle(Event::Paste("日".repeat(20_000)), 0);
    assert!(app.notice.is_some(), "it says that this was too much");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_taken_can_be_parsed(
        arg in proptest::collection::vec(1u8.., 1..10),
        before in proptest::sample::select(vec!["", "gcc ", "!(a|", "uid=0 not ", "under(pid=1) "]),
        key in proptest::sample::select(vec!["arg", "comm", "cwd", "err", "user", "exe", "anc", "flag"]),
        sign in proptest::sample::select(vec!["=", "!=", " in ("]),
        take in 0usize..6,
    ) {
        let mut made = exec(MS, 60_000, 1, &["x"]);
        made.args.bytes = [&arg[..], b"\0"].concat().into();
        made.comm = crate::event::Comm::new(&arg);
        made.cwd = Some(arg[..].into());
        let mut app = screen();
        app.apply(vec![crate::event::Event::Exec(Box::new(made))]);
        let head = format!("f{before}{key}{sign}");
        press(&mut app, &head);
        prop_assume!(!offered(&app).is_empty());
        for _ in 0..=take {
            press(&mut app, "<Down>");
        }
        press(&mut app, "<Enter>");
        let open = |c: char| text(&app).matches(c).count();
        let end = ")".repeat(usize::from(before == "!(a|") + usize::from(sign == " in ("));
        prop_assert!(open('(') >= end.len());
        let whole = format!("{}{end}", text(&app));
        prop_assert!(Filter::parse(&whole).is_ok(), "{whole}");
    }

    #[test]
    fn no_keys_make_typing_panic(
        keys in proptest::collection::vec(prop_oneof![
            proptest::sample::select(crate::keymap::KEYMAP.iter()
                .filter(|b| b.modes.contains(&Mode::Prompt)).flat_map(|b| b.keys).copied().collect::<Vec<Key>>())
                .prop_map(|key| Event::Key(key.event())),
            "(us|comm|=|~| in |\\(|\\)|\"|,|\\||!| |日|e\u{301})".prop_map(Event::Paste),
        ], 0..40),
    ) {
        let mut app = typed("fgcc<Enter>f");
        for key in keys {
            app.handle(key, 0);
            if let Some(prompt) = app.prompt() {
                prop_assert!(prompt.text().get(prompt.offers.range.clone()).is_some());
                prop_assert!(prompt.offers.selected.is_none_or(|at| at < prompt.offers.list.len()));
            }
        }
    }
}
