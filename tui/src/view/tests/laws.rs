//! What holds for every key and every size.

use super::*;
use crate::app::Outcome;
use crate::keymap::{KEYMAP, Mode};
use proptest::prelude::*;

/// Brings a screen with a bit of everything into a mode.
fn in_mode(mode: Mode) -> Shot {
    into_mode(
        mode,
        Shot::with(AppOptions::default(), super::views::broken(), 80, 24),
    )
}

fn into_mode(mode: Mode, shot: Shot) -> Shot {
    // A search and filters to go back from, a folded process, and the selection in the middle.
    let shot = shot.keys("f a Enter / e Enter Home Down Right Right");
    match mode {
        Mode::Events => shot,
        Mode::Tree => shot.keys("t Home Down Down"),
        Mode::Group => shot.keys("3 Home Down Down"),
        Mode::Rate => shot.keys("4 Home Down"),
        Mode::Failures => shot.keys("5 Home Down Down"),
        Mode::By => shot.keys("3 b Down Down"),
        Mode::Columns => shot.keys("C Down Down + e Down Down"),
        Mode::Copy => shot.keys("y Down"),
        Mode::Filters => shot.keys("f ! q q Space ! z z Space ! y y Enter | Down"),
        Mode::Details => shot.keys("Enter Down Down"),
        Mode::Sort => shot.keys("s Down Down"),
        Mode::Help => shot.keys("? PgDn"),
        Mode::Save => shot.keys("Ctrl-s Left Left"),
        Mode::Replace => {
            let mut shot = shot;
            shot.app.ask_to_replace("day.ndjson".as_ref());
            shot.draw();
            shot
        }
        Mode::HelpSearch => shot.keys("? / e r Left PgDn"),
        Mode::Palette => shot.keys(": v i e w Left Left Down Down"),
        Mode::Prompt => shot.keys("/ a b Space c Left Left"),
    }
}

#[test]
fn every_key_of_the_help_does_or_says_something() {
    let mut idle = Vec::new();
    for binding in KEYMAP {
        for mode in binding.modes {
            for key in binding.keys {
                let mut shot = in_mode(*mode);
                assert_eq!(shot.app.mode(), *mode);
                let before = shot.seen();
                let outcome = shot.app.handle(Input::Key(key.event()), NOW);
                shot.draw();
                if outcome == Outcome::Continue && before == shot.seen() {
                    idle.push(format!("{key} in {mode:?}: {}", binding.help));
                }
            }
        }
    }
    assert!(idle.is_empty(), "these do nothing: {idle:#?}");
}

#[test]
fn every_line_of_the_help_is_there() {
    let mut seen = String::new();
    let mut shot = Shot::build(120, 20).keys("?");
    for _ in 0..20 {
        seen.push_str(&shot.look());
        shot = shot.keys("PgDn");
    }
    for bound in crate::keymap::Keys::default().bound() {
        let (help, keys) = (bound.binding.help, bound.keys_text());
        assert!(seen.contains(help), "{help}");
        assert!(seen.contains(&keys), "{keys}");
    }
    for field in crate::field::FIELDS {
        let start: String = field.doc.chars().take(40).collect();
        assert!(seen.contains(&start), "{field:?}");
    }
}

#[test]
fn every_hint_of_the_footer_is_a_key_of_its_mode() {
    for mode in Mode::ALL {
        let look = in_mode(mode).look();
        for bound in crate::keymap::Keys::default().hints(mode).take(2) {
            let hint = bound.binding.hint.unwrap();
            assert!(look.contains(hint), "{hint} in {mode:?}\n{look}");
        }
    }
}

#[test]
fn every_size_can_be_drawn() {
    let mut shots: Vec<App> = Mode::ALL.map(|mode| in_mode(mode).app).into();
    shots.push(Shot::build(80, 24).keys("Space s Enter").app);
    shots.push(app(5));
    for app in &mut shots {
        for width in [
            0, 1, 2, 5, 19, 20, 21, 33, 40, 59, 60, 70, 80, 99, 100, 120, 130,
        ] {
            for height in [0, 1, 2, 4, 5, 6, 7, 8, 10, 12, 19, 20, 23, 24, 50] {
                let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
                terminal.draw(|frame| draw(frame, app, NOW)).unwrap();
            }
        }
    }
}

/// Where text begins on the screen, by what the terminal sees.
fn column_of(shot: &Shot, line: usize, needle: &str) -> Option<usize> {
    let text = shot.look();
    let line = text.lines().nth(line)?;
    Some(crate::cells::width(&line[..line.find(needle)?]))
}

#[test]
fn wide_characters_break_no_column() {
    for name in WIDE {
        let mut event = exec(MS, 50_000, 4711, &["x", "y"]);
        event.comm = name.into();
        event.ancestors[0].comm = name.into();
        let columns =
            crate::field::Column::parse_all(&["parent", "comm", "pid", "command"]).unwrap();
        let options = AppOptions {
            columns,
            ..AppOptions::default()
        };
        for width in 30..60 {
            let shot = Shot::with(
                options.clone(),
                vec![Event::Exec(Box::new(event.clone()))],
                width,
                12,
            );
            let (title, pid) = (column_of(&shot, 3, "COMMAND"), column_of(&shot, 4, "x y"));
            assert_eq!(title, pid, "{name} at {width}\n{}", shot.look());
        }
    }
}

/// Names that take more or fewer cells than they have characters.
const WIDE: [&str; 6] = [
    "日本語日本語日本語",
    "e\u{301}e\u{301}",
    "👍🏽👨👩🇩🇪",
    "ﾊﾞﾊﾟ",
    "\u{301}",
    "한글",
];

/// Returns a screen on which all that a program or a person chooses is of that name.
fn all_named(name: &str) -> App {
    let users = crate::resolve::Users::new([(0, "root"), (1000, name)]);
    let mut model = crate::model::Model::new(session(), users, 100, usize::MAX);
    model.seed(vec![crate::event::Running {
        key: crate::fixture::key(4711),
        ppid: 1,
        uid: Some(1000),
        comm: name.into(),
        forked_only: false,
        narrow: false,
        cmdline: crate::event::Args::from_list(&[name]).bytes,
    }]);
    let named = |at: u64, pid: u32, ret: i32| {
        let mut exec = exec(at * MS, pid, 4711, &[name, name, "--end"]);
        exec.comm = name.into();
        exec.ancestors[0].comm = name.into();
        exec.cwd = Some(name.repeat(9).into_bytes().into());
        exec.filename = Some(name.repeat(9).into_bytes().into());
        exec.ret = ret;
        Event::Exec(Box::new(exec))
    };
    let fields = ["parent", "user", "comm", "file", "cwd", "tty", "command"];
    let options = AppOptions {
        columns: crate::field::Column::parse_all(&fields).unwrap(),
        ..AppOptions::default()
    };
    let mut app = App::new(model, options);
    app.apply(vec![
        named(8_000, 50_000, 0),
        named(8_001, 50_001, -13),
        named(8_002, 50_002, -2),
    ]);
    app
}

#[test]
fn wide_characters_break_no_column_of_any_view() {
    for name in WIDE {
        for (width, height) in [(40, 10), (80, 24), (120, 40), (200, 50)] {
            for view in ["1", "2", "3", "4", "5"] {
                let shot = Shot::new(all_named(name), width, height)
                    .keys(view)
                    .keys(". .");
                let hits = &shot.app.hits;
                let places = hits.headers.iter().map(|(area, _)| *area);
                let places = places.chain(hits.columns.iter().map(|(area, _)| *area));
                let places: Vec<_> = places
                    .chain(hits.cells.iter().map(|(area, _)| *area))
                    .collect();
                assert!(!places.is_empty(), "{view} at {width}");
                for y in hits.rows.y..hits.rows.y + hits.rows.height {
                    for place in places.iter().filter(|place| place.x > 1) {
                        let wide = |x: u16| crate::cells::width(shot.frame[(x, y)].symbol());
                        let gap = place.x - 1;
                        let seen = shot.frame[(gap, y)].symbol() == " " && wide(gap - 1) <= 1;
                        assert!(
                            seen,
                            "{name}, view {view} at {width}, {gap}\n{}",
                            shot.look()
                        );
                    }
                    let last = shot.frame[(width - 1, y)].symbol();
                    assert!(crate::cells::width(last) <= 1, "{name} at {width}");
                }
            }
        }
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    let arg = prop_oneof![
        "[a-z/]{0,8}",
        "\\PC{0,6}",
        Just("日本語".to_owned()),
        Just("\u{1b}[2J\u{202e}".to_owned())
    ];
    let args = proptest::collection::vec(arg, 0..4);
    let raw = proptest::collection::vec(any::<u8>(), 0..24);
    (0u64..8_000, 1u32..60, 0u32..60, args, raw, 0u8..8).prop_map(
        |(ms, pid, ppid, args, raw, kind)| {
            let pid = 50_000 + pid;
            let ppid = if ppid < 10 { 4711 } else { 50_000 + ppid };
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            match kind {
                0 => lost(ms * MS, u64::from(pid)),
                1 => failed(ms * MS, pid, ppid, 2, &args),
                2 | 3 => ended(ms * MS, pid, crate::event::Status::from_wait(pid % 300)),
                4 => {
                    let mut exec = exec(ms * MS, pid, ppid, &args);
                    exec.args.bytes = raw.clone().into();
                    exec.args.capture = crate::event::Capture::Truncated;
                    exec.comm = crate::event::Comm::new(&raw);
                    Event::Exec(Box::new(exec))
                }
                _ => ran(ms * MS, pid, ppid, &args),
            }
        },
    )
}

#[derive(Clone, Debug)]
enum Step {
    Key(KeyEvent),
    Mouse(u8, u16, u16),
    Events(Vec<Event>),
    Size(u16, u16),
}

fn any_step() -> impl Strategy<Value = Step> {
    let keys: Vec<KeyEvent> = KEYMAP
        .iter()
        .flat_map(|b| b.keys)
        .map(|k| k.event())
        .collect();
    prop_oneof![
        6 => proptest::sample::select(keys).prop_map(Step::Key),
        1 => any::<char>().prop_map(|c| Step::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))),
        1 => (0u8..3, 0u16..140, 0u16..60).prop_map(|(kind, x, y)| Step::Mouse(kind, x, y)),
        2 => proptest::collection::vec(any_event(), 0..20).prop_map(Step::Events),
        1 => (0u16..140, 0u16..55).prop_map(|(w, h)| Step::Size(w, h)),
    ]
}

/// Counts the lines of the shown list on the screen, and those that there is room for: no list is scrolled past
/// its end. Both are 0 where something else is painted over it.
fn lines_in_sight(app: &App, buffer: &Buffer) -> (usize, usize) {
    let len = match app.view {
        View::Events if app.rows_shown().0 == 0 => 0,
        View::Events => app.list.len(),
        View::Tree => app.tree.lines().len(),
        View::Group | View::Rate | View::Failures => app.order().map_or(0, |o| o.list().len()),
    };
    let rows = app.hits.rows;
    if len == 0 || !app.popups.is_empty() {
        return (0, 0);
    }
    let blank = |y: &u16| (rows.x..rows.x + rows.width).all(|x| buffer[(x, *y)].symbol() == " ");
    let lines = rows.y..rows.y + rows.height;
    let seen = lines.filter(|y| !blank(y)).count();
    (seen, len.min(rows.height.into()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_keys_events_or_sizes_make_it_panic(
        history in 1usize..40,
        steps in proptest::collection::vec(any_step(), 1..60),
    ) {
        use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
        let mut app = App::new(model(history), AppOptions::default());
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        for (i, step) in steps.into_iter().enumerate() {
            let now = NOW + i as u64 * S / 3;
            match step {
                Step::Key(key) => drop(app.handle(Input::Key(key), now)),
                Step::Mouse(kind, column, row) => {
                    let kind = match kind {
                        0 => MouseEventKind::ScrollUp,
                        1 => MouseEventKind::ScrollDown,
                        _ => MouseEventKind::Down(MouseButton::Left),
                    };
                    let modifiers = KeyModifiers::NONE;
                    app.handle(Input::Mouse(MouseEvent { kind, column, row, modifiers }), now);
                }
                Step::Events(events) => app.apply(events),
                Step::Size(width, height) => terminal.backend_mut().resize(width, height),
            }
            app.tick(now);
            let frame = terminal.draw(|frame| draw(frame, &mut app, now)).unwrap().buffer.clone();
            for cell in terminal.backend().buffer().content() {
                prop_assert!(!cell.symbol().chars().any(crate::text::is_unsafe), "{:?}", cell.symbol());
            }
            let (seen, there) = lines_in_sight(&app, &frame);
            prop_assert_eq!(seen, there, "lines in sight of {:?}", app.view);
        }
    }
}

#[test]
fn the_header_drops_what_does_not_fit_and_cuts_nothing() {
    for width in 60..=200 {
        for keys in ["", "Space"] {
            let mut shot = Shot::build(width, 24).keys(keys);
            shot.app.set_not_captured(1_234);
            shot.app.set_self_usage(0.006, 21 << 20);
            shot.draw();
            let look = shot.look();
            let header = look.lines().next().unwrap_or_default();
            assert!(!header.contains('…'), "{width}: {header}");
            assert!(header.contains("lost 214"), "{width}: {header}");
        }
    }
}

/// What is captured in letters of far away, in every text that an exec has.
fn far_away() -> Vec<Event> {
    let mut events = super::views::broken();
    let name = "r\u{e9}sum\u{e9}\u{65e5}";
    for pid in 50_000..50_030 {
        let mut exec = exec(8_400 * MS, pid, 4711, &["/opt/\u{e9}/make", name]);
        exec.comm = name.into();
        exec.ancestors[0].comm = name.into();
        exec.cwd = Some(format!("/home/{name}").into_bytes().into());
        exec.filename = Some(format!("./{name}").into_bytes().into());
        exec.ret = if pid % 2 == 0 { 0 } else { -13 };
        events.push(Event::Exec(Box::new(exec)));
    }
    events
}

/// The cells that are not ASCII before these are replaced, with what is around them.
fn others_than_ascii(shot: &mut Shot) -> Vec<String> {
    let (app, now) = (&mut shot.app, shot.now);
    let done = shot
        .terminal
        .draw(|frame| draw_all(frame, app, now))
        .unwrap();
    let width = usize::from(done.buffer.area.width).max(1);
    let lines = done.buffer.content.chunks(width);
    let lines = lines.map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>());
    lines.filter(|line| !line.is_ascii()).collect()
}

#[test]
fn a_bare_console_gets_ascii_in_every_view_and_popup() {
    let columns = ["pid", "comm", "parent", "cwd", "exe", "user", "command"];
    let mut faults = Vec::new();
    for (mode, size) in Mode::ALL
        .into_iter()
        .flat_map(|mode| [(mode, (80, 24)), (mode, (160, 60))])
    {
        let options = AppOptions {
            ascii: true,
            columns: crate::field::Column::parse_all(&columns).unwrap(),
            ..AppOptions::default()
        };
        let mut shot = into_mode(mode, Shot::with(options, far_away(), size.0, size.1));
        let mut more = match mode {
            Mode::Details => vec!["Tab"; 8],
            Mode::Help => vec!["PgDn"; 20],
            Mode::Prompt => vec!["Esc", "f", "p", "i", "d", "=", "x"],
            Mode::Group => vec!["b", "Down", "Space", "Enter", "y"],
            _ => vec!["End", "y", "Esc", "Space"],
        };
        more.insert(0, "");
        for key in more {
            if !key.is_empty() {
                shot = shot.keys(key);
            }
            let others = others_than_ascii(&mut shot);
            faults.extend(
                others
                    .into_iter()
                    .map(|line| format!("{mode:?} {key}: {line}")),
            );
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_a_bare_console_cannot_show_is_escaped_or_stands_for_itself() {
    let options = AppOptions {
        ascii: true,
        ..AppOptions::default()
    };
    let shot = Shot::with(options, far_away(), 160, 50);
    let look = shot.look();
    assert!(look.contains(r"make r\u{e9}sum\u{e9}\u{65e5}"), "{look}");
    let mut shot = shot.keys("/ a");
    shot.app.handle(Input::Paste("\u{e9}\u{65e5}b".into()), NOW);
    shot.draw();
    let look = shot.look();
    assert!(look.contains("a?? b") || look.contains("a??b"), "{look}");
    assert!(
        shot.frame
            .content
            .iter()
            .all(|cell| cell.symbol().is_ascii())
    );
}

#[test]
fn every_theme_comes_by_its_key_and_says_its_name() {
    use crate::appearance::ThemeName;
    let mut shot = Shot::build(80, 24);
    let first = shot.frame.clone();
    let mut seen = vec![first.clone()];
    for _ in ThemeName::ALL.iter().skip(1) {
        shot = shot.keys("T");
        let (name, doc) = shot.app.options.theme.words();
        let look = shot.look();
        assert!(look.contains(&format!("theme {name}: {doc}")), "{look}");
        assert!(!seen.contains(&shot.frame), "{name} looks like another");
        // No cell is left on another background than the others of its line's end.
        let ground = shot.frame[(79, 12)].style().bg;
        assert_eq!(shot.frame[(79, 5)].style().bg, ground, "{name}");
        seen.push(shot.frame.clone());
    }
    let plain = AppOptions {
        color: ColorMode::Never,
        ..AppOptions::default()
    };
    let look = Shot::with(plain, build(), 80, 24).keys("T").look();
    assert!(
        look.contains("theme light; without colours it looks like mono"),
        "{look}"
    );
}

#[test]
fn footer_help_and_hints_tell_the_keys_in_force() {
    use crate::action::Action;
    use crate::keymap::{Change, Key, Keys};
    let change = |action, keys: &[&str]| Change {
        action,
        mode: None,
        keys: keys.iter().map(|key| Key::parse(key).unwrap()).collect(),
    };
    let (keys, conflicts) = Keys::changed(&[
        change(Action::Filter, &["F9", "Z"]),
        change(Action::Help, &["F11"]),
        change(Action::UndoFilter, &[]),
    ]);
    assert_eq!(conflicts, []);
    let named = [("mine".to_owned(), "user=alice".to_owned())];
    let options = AppOptions {
        keys,
        names: named.into_iter().collect(),
        ..AppOptions::default()
    };
    let shot = Shot::with(options, build(), 100, 24);
    let look = shot.look();
    assert!(look.contains(" F9 filter  / search"), "{look}");
    assert!(look.contains("F11 help"), "{look}");
    let shot = shot.keys("f");
    assert!(
        shot.look().contains("f does nothing; F11 shows the keys"),
        "{}",
        shot.look()
    );
    let mut shot = shot.keys("Z m a k e Enter Ctrl-g");
    let look = shot.look();
    assert!(
        look.contains("filter cleared; no key brings it back"),
        "{look}"
    );
    shot.app.act(Action::Help);
    let mut seen = String::new();
    for _ in 0..14 {
        shot.draw();
        seen += &shot.look();
        shot = shot.keys("PgDn");
    }
    assert!(
        seen.contains("F9 Z               filter: hide what does not pass"),
        "{seen}"
    );
    assert!(!seen.contains("back to the filter before"), "it has no key");
    assert!(seen.contains("@mine              user=alice"), "{seen}");
}

#[test]
fn the_screen_begins_with_the_view_that_is_asked_for() {
    for (view, name) in View::ALL {
        let options = AppOptions {
            view,
            ..AppOptions::default()
        };
        let asked = Shot::with(options, build(), 100, 24);
        let key = View::ALL
            .iter()
            .position(|(other, _)| *other == view)
            .unwrap()
            + 1;
        let mut gone = Shot::build(100, 24);
        if view != View::Events {
            gone = gone.keys(&key.to_string());
        }
        // The names of the views and the titles; what is selected may differ.
        let top = |shot: &Shot| -> Vec<String> {
            shot.look()
                .lines()
                .skip(3)
                .take(2)
                .map(Into::into)
                .collect()
        };
        assert_eq!(top(&asked), top(&gone), "{name}");
        assert!(
            asked.look().contains(&format!("[{key} {name}]")),
            "{}",
            asked.look()
        );
        let rows = |shot: &Shot| {
            shot.look().matches("systemd").count() + shot.look().matches("make").count()
        };
        assert!(rows(&asked) > 0, "{}", asked.look());
    }
}
