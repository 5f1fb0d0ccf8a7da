//! Keys in, screen out: text and styles, at an injected time.

use super::*;
use crate::app::{AppOptions, ColorMode, ProbeStatus};
use crate::event::Event;
use crate::fixture::*;
use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Style;
use std::fmt::Write;

mod damaged;
mod laws;

const NOW: u64 = START + 9 * S;

/// Reads keys as the help names them: "f g c c Enter Ctrl-g".
fn key(name: &str) -> KeyEvent {
    let (modifiers, name) = match name.strip_prefix("Ctrl-") {
        Some(rest) => (KeyModifiers::CONTROL, rest),
        None => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "Space" => KeyCode::Char(' '),
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PgDn" => KeyCode::PageDown,
        "Backspace" => KeyCode::Backspace,
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}

struct Shot {
    app: App,
    terminal: Terminal<TestBackend>,
    /// The last frame. The backend's own cells keep what a wide character once hid.
    frame: Buffer,
    now: u64,
}

impl Shot {
    fn new(app: App, width: u16, height: u16) -> Self {
        Self::at(app, width, height, NOW)
    }

    fn at(app: App, width: u16, height: u16, now: u64) -> Self {
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut shot = Self {
            app,
            terminal,
            frame: Buffer::default(),
            now,
        };
        shot.draw();
        shot
    }

    fn build(width: u16, height: u16) -> Self {
        Self::with(AppOptions::default(), build(), width, height)
    }

    fn with(options: AppOptions, events: Vec<Event>, width: u16, height: u16) -> Self {
        let mut app = App::new(model(1_000), options);
        app.apply(events);
        Self::new(app, width, height)
    }

    fn draw(&mut self) {
        let (app, now) = (&mut self.app, self.now);
        let done = self.terminal.draw(|frame| draw(frame, app, now)).unwrap();
        self.frame = done.buffer.clone();
    }

    fn keys(mut self, keys: &str) -> Self {
        for name in keys.split_whitespace() {
            self.app.handle(Input::Key(key(name)), self.now);
            self.draw();
        }
        self
    }

    /// All that a person sees: the screen and the text cursor.
    fn seen(&mut self) -> (String, ratatui::layout::Position) {
        (self.look(), self.terminal.get_cursor_position().unwrap())
    }

    /// The text, and below it one letter for each cell's style.
    fn look(&self) -> String {
        let buffer = &self.frame;
        let (mut text, mut styles) = (String::new(), String::new());
        let mut legend: Vec<Style> = Vec::new();
        for y in 0..buffer.area.height {
            let (mut line, mut style_line) = (String::new(), String::new());
            let mut covered = 0;
            for x in 0..buffer.area.width {
                let cell = &buffer[(x, y)];
                if covered == 0 {
                    line.push_str(cell.symbol());
                    covered = crate::cells::width(cell.symbol()).max(1);
                }
                covered -= 1;
                let known = legend.iter().position(|style| *style == cell.style());
                style_line.push(match known {
                    _ if cell.style() == ratatui::buffer::Cell::EMPTY.style() => '.',
                    Some(at) => char::from(b'a' + at as u8),
                    None => {
                        legend.push(cell.style());
                        char::from(b'a' + legend.len() as u8 - 1)
                    }
                });
            }
            let _ = writeln!(text, "{}", line.trim_end());
            let _ = writeln!(styles, "{}", style_line.trim_end_matches('.'));
        }
        for (i, style) in legend.iter().enumerate() {
            let words = format!("{style:?}");
            let words = words
                .replace("Style::new()", "")
                .replace(".underline_color(Color::Reset)", "");
            let words = words
                .replace(".bg(Color::Reset)", "")
                .replace("Color::", "");
            let _ = writeln!(styles, "{}: {words}", char::from(b'a' + i as u8));
        }
        format!("{text}\n{styles}")
    }
}

macro_rules! snapshot {
    ($name:expr, $shot:expr) => {
        insta::with_settings!({
            omit_expression => true,
            prepend_module_to_snapshot => false,
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/src/view/snapshots"),
        }, {
            insta::assert_snapshot!($name, $shot.look());
        });
    };
}

mod details;
mod mouse;
mod views;

#[test]
fn the_main_views_at_three_sizes() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let name = |what: &str| format!("{what}_{width}x{height}");
        snapshot!(name("events"), Shot::build(width, height));
        snapshot!(name("tree"), Shot::build(width, height).keys("t"));
        snapshot!(name("details"), Shot::build(width, height).keys("g Enter"));
        snapshot!(name("help"), Shot::build(width, height).keys("?"));
    }
}

#[test]
fn what_is_open_on_top() {
    let shot = || Shot::build(80, 24);
    snapshot!("sort_menu", shot().keys("s Down Down"));
    snapshot!(
        "sorted_by_duration",
        shot()
            .keys("s End s")
            .keys("s Home Down Down Down Down Down Down Down Enter")
    );
    snapshot!("filter_prompt", shot().keys("f g c c"));
    snapshot!("filter_names", shot().keys("f g c c Space u s"));
    snapshot!("filter_values", shot().keys("f u s e r = Down"));
    let terms = "f u s e r = a l i c e Space g c c | c c 1 Space ! f o o Enter | Down";
    snapshot!("filter_list", shot().keys(terms));
    snapshot!("filter_list_off", shot().keys(terms).keys("Space Esc"));
    snapshot!("filter_accepted", shot().keys("f g c c Enter"));
    snapshot!("filter_hides_all", shot().keys("f n o s u c h Enter"));
    snapshot!("filter_error", shot().keys("f m a k e Space p i d = x"));
    snapshot!("failures_only", shot().keys("x"));
    snapshot!("search", shot().keys("/ m a k e Enter"));
    snapshot!(
        "details_of_what_could_not_be_read",
        shot().keys("Up Up Up Up Enter")
    );
    snapshot!(
        "details_of_a_setuid_program",
        Shot::build(80, 68).keys("g Down Down Down Down Down Enter")
    );
    snapshot!(
        "details_of_what_is_cut",
        Shot::build(80, 60).keys("g Down Down Down Enter")
    );
    snapshot!(
        "details_in_a_container",
        Shot::build(80, 60).keys("Up Up Enter")
    );
    snapshot!(
        "details_of_a_file_in_memory",
        Shot::build(80, 60).keys("Up Up Up Up Enter")
    );
    snapshot!(
        "details_of_what_could_not_be_read_whole",
        Shot::build(80, 60).keys("Up Up Up Enter")
    );
    snapshot!(
        "details_of_a_gap",
        shot().keys("g Down Down Down Down Enter")
    );
    snapshot!("cell_marked", shot().keys("Up Up . ."));
    snapshot!("cell_excluded", shot().keys("! !"));
    snapshot!("save_prompt", shot().keys("Ctrl-s"));
    snapshot!("save_prompt_without_form", shot().keys("Ctrl-s Backspace"));
    let mut replace = shot();
    replace.app.ask_to_replace("day.ndjson".as_ref());
    replace.draw();
    snapshot!("save_replaces", replace);
    snapshot!("column_menu", shot().keys("C Down Space Down Down > + +"));
    snapshot!("column_menu_typed", shot().keys("C t t y Space"));
    snapshot!("palette", shot().keys(": Down"));
    snapshot!("palette_not_here", shot().keys(": f o l d"));
    snapshot!(
        "palette_command",
        shot().keys(": g r o u p Space c o m m , u s")
    );
    snapshot!("help_of_the_tree", shot().keys("t ?"));
    snapshot!("help_search", shot().keys("? / f o l d"));
    snapshot!("help_search_finds_nothing", shot().keys("? / q z q"));
    snapshot!("copy_menu", shot().keys("g Down y Down"));
    snapshot!("copied", shot().keys("g Down y c"));
    snapshot!("not_copied", shot().keys("g Down Down Down y c"));
    snapshot!("scrolled_sideways", shot().keys("Right"));
}

#[test]
fn a_command_is_shown_as_far_as_a_line_goes() {
    let long = "é".repeat(50_000);
    let events = vec![ran(1, 100, 1, &["/bin/echo", &long, "end"])];
    let shot = || Shot::with(AppOptions::default(), events.clone(), 80, 24);
    let begin = shot().seen().0;
    assert!(
        begin.contains("/bin/echo ééé") || begin.contains("echo ééé"),
        "{begin}"
    );
    // The last cells of the line: what is left out stands as one character.
    let mut shot = shot().keys("$");
    let line = shot.seen().0;
    let line = line
        .lines()
        .find(|line| line.contains('é'))
        .expect("the row");
    assert!(line.trim_end().ends_with("éé…"), "{line}");
    let sideways = shot.app.table.sideways;
    assert!(
        (900..1100).contains(&sideways),
        "{sideways} cells of {} bytes",
        cell::LINE_MAX
    );
}

#[test]
fn a_whole_command_stands_below_on_request() {
    let long: Vec<String> = (0..60).map(|i| format!("word-{i}")).collect();
    let args: Vec<_> = std::iter::once("echo")
        .chain(long.iter().map(String::as_str))
        .collect();
    let events = vec![ran(0, 48_300, 48_200, &args)];
    let shot = Shot::with(AppOptions::default(), events, 80, 24);
    assert!(!shot.look().contains("word-10"));
    let shot = shot.keys("w");
    let look = shot.look();
    assert!(
        look.contains("word-10") && !look.contains("word-59"),
        "{look}"
    );
    let last = look
        .lines()
        .find(|line| line.ends_with('…') && line.starts_with("  word"));
    assert!(last.is_some(), "it says that there is more: {look}");
    assert!(!shot.keys("w").look().contains("word-10"));
    let wide = Shot::with(
        AppOptions::default(),
        vec![ran(0, 48_300, 48_200, &args)],
        200,
        50,
    );
    assert!(wide.keys("w").look().contains("word-59"));
}

#[test]
fn columns_on_request() {
    let keys = [
        "pid",
        "exe",
        "cwd",
        "tty",
        "cgroup",
        "container",
        "flag",
        "command",
    ];
    let columns = crate::field::Column::parse_all(&keys).unwrap();
    let options = |ascii| AppOptions {
        columns: Vec::clone(&columns),
        ascii,
        ..AppOptions::default()
    };
    let shot = |ascii| Shot::with(options(ascii), build(), 155, 26);
    snapshot!("surroundings", shot(false));
    snapshot!("surroundings_ascii", shot(true));
}

#[test]
fn an_audience_sees_each_key_and_what_it_does() {
    let options = |ascii| AppOptions {
        presenter: true,
        ascii,
        ..AppOptions::default()
    };
    let shot = |ascii| Shot::with(options(ascii), build(), 120, 24);
    let first = |shot: &Shot| shot.look().lines().next().unwrap_or_default().to_owned();
    snapshot!("presenter", shot(false).keys("k k"));
    for (ascii, keys, words) in [
        (false, "k k", " k up ×2 "),
        (true, "k k", " k up x2 "),
        (false, "k j", " j down "),
        (false, "f g c c", " f filter "),
        (false, "f g Esc", " Esc close "),
        (false, "Z", " Z  "),
        (false, "t e", " e next failure "),
    ] {
        let shot = shot(ascii).keys(keys);
        assert!(first(&shot).contains(words), "{keys}: {}", first(&shot));
    }
    let (calm, moved) = (first(&shot(false)), first(&shot(false).keys("k k")));
    let at = |line: &str| line.chars().take_while(|c| *c != '●').count();
    assert_eq!(calm.chars().count(), moved.chars().count());
    assert_eq!(at(&calm), at(&moved), "nothing beside it moves");
    let nobody = Shot::build(120, 24).keys("k k");
    assert!(!first(&nobody).contains(" k up"), "{}", first(&nobody));
}

#[test]
fn states_speak() {
    let empty = || Shot::new(app(10), 80, 24);
    snapshot!("nothing_yet", empty());
    let said = |app: App, seconds: u64, keys: &str| {
        let shot = Shot::at(app, 80, 24, START + seconds * S).keys(keys);
        let look = shot.look();
        let lines = look.lines().take(24).map(str::trim);
        lines.collect::<Vec<_>>().join(" ")
    };
    let long = said(app(10), 125, "");
    assert!(long.contains("live for 2m05s, since 12:00:00"), "{long}");
    assert!(long.contains("execsnoop-tui doctor"), "{long}");
    let mut exits = app(10);
    exits.apply(vec![ended(MS, 4711, crate::event::Status::Code(0))]);
    let works = said(exits, 125, "");
    assert!(works.contains("it told of 1 other event"), "{works}");
    let mut skipped = app(10);
    skipped.set_not_captured(17);
    let skipped = said(skipped, 125, "");
    assert!(skipped.contains("skipped 17 events"), "{skipped}");
    assert!(!skipped.contains("doctor"), "{skipped}");
    for view in ["1", "2", "3", "4", "5"] {
        let mut paused = app(10);
        for name in [view, "Space"] {
            paused.handle(Input::Key(key(name)), START);
        }
        paused.apply(vec![ran(MS, 48_300, 4711, &["late"])]);
        let paused = said(paused, 9, "");
        assert!(
            paused.contains("Space shows what came since, 1 line."),
            "{view}: {paused}"
        );
    }
    let options = |source| AppOptions {
        source,
        ..AppOptions::default()
    };
    for (source, words) in [
        ("recording", "Nothing was executed in this recording."),
        ("replay", "yet in this replay."),
        ("live, recorded", "the probe is live for"),
    ] {
        let shown = said(App::new(model(9), options(source)), 9, "");
        assert!(shown.contains(words), "{shown}");
    }
    for view in ["1", "2", "3"] {
        let keys = format!("f n o n e Enter {view}");
        let mut again = app(100);
        again.apply(build());
        let hidden = said(again, 9, &keys);
        assert!(
            hidden.contains("hides all 13 rows: Ctrl-g clears it"),
            "{view}: {hidden}"
        );
    }
    let mut paused = Shot::build(80, 24).keys("Space");
    paused
        .app
        .apply(vec![ran(8_000 * MS, 48_300, 4711, &["late"])]);
    paused.draw();
    snapshot!("paused", paused);
    let mut broken = empty();
    broken.app.set_probe_status(ProbeStatus {
        startup_ms: Some(31.2),
        problems: vec![
            "failed execs are not captured: tracefs is not mounted".into(),
            "exits are not captured".into(),
        ],
        ended: None,
    });
    broken.app.set_not_captured(17);
    broken.app.set_self_usage(0.006, 21 << 20);
    broken.draw();
    snapshot!("problems", broken);
    broken.app.set_probe_status(ProbeStatus {
        ended: Some("the probe was detached".into()),
        ..ProbeStatus::default()
    });
    broken.draw();
    snapshot!("ended", broken);
}

#[test]
fn small_and_plain_terminals() {
    let options = |color, ascii| AppOptions {
        color,
        ascii,
        ..AppOptions::default()
    };
    let with = |options, width, height| Shot::with(options, build(), width, height);
    snapshot!("events_40x10", Shot::build(40, 10));
    snapshot!(
        "filter_list_40x10",
        Shot::build(40, 10).keys("f a Space ! b | c Enter | Down Space")
    );
    snapshot!("palette_40x10", Shot::build(40, 10).keys(":"));
    snapshot!("filter_names_40x10", Shot::build(40, 10).keys("f e x"));
    snapshot!("tree_40x10", Shot::build(40, 10).keys("t"));
    snapshot!("events_20x5", Shot::build(20, 5));
    snapshot!("too_small", Shot::build(19, 4));
    let light = AppOptions {
        theme: crate::appearance::ThemeName::Light,
        ..options(ColorMode::Rgb, false)
    };
    snapshot!("light_rgb", with(light, 60, 12).keys("Down y"));
    snapshot!("no_color", with(options(ColorMode::Never, false), 80, 24));
    snapshot!("ansi16", with(options(ColorMode::Ansi16, false), 80, 24));
    snapshot!(
        "ascii",
        with(options(ColorMode::Ansi16, true), 80, 24).keys("t")
    );
}
