//! What holds for every view.

use super::*;
use crate::app::{Outcome, View};
use crate::keymap::{KEYMAP, Key};

/// A screen with a bit of everything that shows a view.
fn in_view(view: View, width: u16, height: u16) -> Shot {
    let number = 1 + View::ALL.iter().position(|(one, _)| *one == view).unwrap();
    // A search and filters to go back from, and the selection in the middle.
    let begin = "f a Enter / e Enter Home Down Right Right";
    let mut shot = Shot::with(AppOptions::default(), broken(), width, height);
    for name in format!("{begin} {number} Home Down Down").split_whitespace() {
        shot.app.handle(Input::Key(key(name)), NOW);
    }
    shot.draw();
    shot
}

#[test]
fn every_key_does_something_in_every_view_or_says_why_not() {
    let mut idle = Vec::new();
    for (view, name) in View::ALL {
        let keys = KEYMAP.iter().flat_map(|binding| binding.keys).copied();
        for key in keys.chain([Key::of(&super::key("Z"))]) {
            let mut shot = in_view(view, 80, 24);
            let before = shot.seen();
            let outcome = shot.app.handle(Input::Key(key.event()), NOW);
            shot.draw();
            if outcome == Outcome::Continue && before == shot.seen() {
                idle.push(format!("{key} in {name}"));
            }
        }
    }
    assert!(idle.is_empty(), "these do nothing: {idle:#?}");
}

#[test]
fn tabs_lead_round_through_all_views() {
    let mut shot = Shot::build(80, 24);
    let mut seen = Vec::new();
    for _ in View::ALL {
        seen.push((shot.app.view, View::ALL[seen.len()].0));
        shot = shot.keys("Tab");
    }
    assert!(seen.iter().all(|(is, wanted)| is == wanted), "{seen:?}");
    assert_eq!(shot.app.view, View::Events);
    shot.app.act(crate::action::Action::PreviousView);
    assert_eq!(Some(shot.app.view), View::ALL.last().map(|(view, _)| *view));
}

#[test]
fn the_tab_of_a_view_leads_to_it() {
    for (width, height) in [(80, 24), (40, 10)] {
        for (view, name) in View::ALL {
            let shot = in_view(view, width, height);
            assert_eq!(shot.app.mode(), view.mode());
            let tab = format!("{name}]");
            assert!(shot.look().contains(&tab), "{tab} at {width}x{height}");
        }
    }
}

#[test]
fn groups_at_every_size() {
    for (width, height) in [(40, 10), (80, 24), (120, 40), (200, 50)] {
        let shot = Shot::build(width, height).keys("3");
        snapshot!(format!("group_{width}x{height}"), shot);
    }
    let shot = || Shot::build(80, 24);
    snapshot!("group_menu", shot().keys("3 b Down Space"));
    snapshot!(
        "group_by_two",
        shot().keys("3 b Home Down Down Down Space Enter I")
    );
    snapshot!("group_drilled", shot().keys("3 Enter"));
    snapshot!("group_empty", Shot::new(app(10), 80, 24).keys("3"));
    let options = AppOptions {
        color: ColorMode::Never,
        ascii: true,
        ..AppOptions::default()
    };
    snapshot!(
        "group_ascii",
        Shot::with(options, build(), 120, 24).keys("3 s Down Enter")
    );
}

/// A build in which more fails: of several callers, with wide and hostile paths, and walks through `PATH`.
pub(super) fn broken() -> Vec<Event> {
    let mut events = build();
    for i in 0..12 {
        let at = 5_000 * MS + u64::from(i) * 200 * MS;
        let pid = 48_300 + i;
        events.push(failed(
            at,
            pid,
            48_200,
            2,
            &["/usr/local/bin/as", "-o", "x.o"],
        ));
        events.push(failed(
            at + MS,
            pid,
            48_200,
            2,
            &["/usr/local/sbin/as", "-o", "x.o"],
        ));
        events.push(ran(at + 3 * MS, pid, 48_200, &["/usr/bin/as", "-o", "x.o"]));
        if i % 3 == 0 {
            events.push(failed(
                at + 4 * MS,
                pid + 50,
                4711,
                8,
                &["/opt/wrong-machine/run"],
            ));
        }
    }
    let mut other = exec(8_100 * MS, 48_390, 900, &["/srv/app/run", "--then"]);
    (other.ret, other.uid, other.exe) = (-13, 0, None);
    other.comm = "cron".into();
    events.push(Event::Exec(Box::new(other)));
    let wide = "/home/alice/日本語日本語/\u{1b}]52;c;eA==\u{7}\u{202e}x/a/path/that/is/too/long/for/its/place";
    events.push(failed(8_200 * MS, 48_391, 4711, 2, &[wide]));
    let mut unread = exec(8_300 * MS, 48_392, 4711, &[]);
    (unread.ret, unread.filename, unread.exe) = (-14, None, None);
    events.push(Event::Exec(Box::new(unread)));
    events
}

#[test]
fn failures_at_every_size() {
    let with = |options, width, height| Shot::with(options, broken(), width, height);
    let shot = |width, height| with(AppOptions::default(), width, height).keys("5");
    for (width, height) in [(40, 10), (80, 24), (120, 40), (200, 50)] {
        snapshot!(format!("failures_{width}x{height}"), shot(width, height));
    }
    snapshot!("failures_misses", shot(120, 24).keys("i s Down Enter"));
    snapshot!("failures_drilled", shot(80, 24).keys("Down Down Enter"));
    let options = AppOptions {
        color: ColorMode::Never,
        ascii: true,
        ..AppOptions::default()
    };
    snapshot!("failures_ascii", with(options, 120, 24).keys("5"));
}

#[test]
fn no_failures_say_why_there_are_none() {
    let text = |shot: Shot| shot.keys("5").look();
    assert!(text(Shot::new(app(10), 80, 24)).contains("Nothing was executed yet"));
    let well = vec![ran(0, 1, 4711, &["/bin/true"])];
    let well = Shot::with(AppOptions::default(), well, 80, 24);
    assert!(text(well).contains("Nothing failed: of 1 execs"));
    let hidden = Shot::build(80, 24).keys("f m a k e Enter");
    assert!(text(hidden).contains("The filter hides 2 failed execs"));
}

/// Six minutes of a build with a burst of failures and a loss, to the second before now.
fn busy() -> Vec<Event> {
    let mut events = Vec::new();
    for second in 0..360u64 {
        let wave = (second * 7 % 40).abs_diff(20) * (second / 60 + 1) / 6;
        for n in 0..wave {
            let pid = 10_000 + (second * 200 + n) as u32;
            let at = second * S + n * 40 * MS;
            let parent = [48_200, 4711, 900][(n % 7 / 3) as usize];
            events.push(match (second, n % 3) {
                (200..215, 0) => failed(at, pid, parent, 2, &["/opt/missing"]),
                _ => ran(at, pid, parent, &["/usr/bin/gcc", "-c", "foo.c"]),
            });
            events.push(ended(at + 25 * MS, pid, crate::event::Status::Code(0)));
        }
        if second == 214 {
            events.push(lost(second * S + 999 * MS, 52));
        }
    }
    events
}

/// A screen that shows the view of rates six minutes after the start.
fn rates(options: AppOptions, width: u16, height: u16) -> Shot {
    let mut app = App::new(model(10_000), options);
    app.apply(busy());
    let mut shot = Shot::at(app, width, height, START + 360 * S);
    shot = shot.keys("4");
    shot
}

#[test]
fn rates_at_every_size() {
    let shot = |width, height| rates(AppOptions::default(), width, height);
    for (width, height) in [(40, 10), (80, 24), (120, 40), (200, 50)] {
        snapshot!(format!("rates_{width}x{height}"), shot(width, height));
    }
    snapshot!("rates_moment", shot(120, 30).keys("E Down s Home Enter"));
    snapshot!("rates_of_ten_seconds", shot(120, 30).keys("- Left Left"));
    snapshot!("rates_of_minutes", shot(120, 30).keys("- - 0"));
    snapshot!(
        "rates_filtered",
        shot(120, 30).keys("f f a i l e d Enter E")
    );
    snapshot!("rates_to_events", shot(80, 24).keys("E Enter"));
    snapshot!("rates_empty", Shot::new(app(10), 80, 24).keys("4"));
    let options = AppOptions {
        color: ColorMode::Never,
        ascii: true,
        ..AppOptions::default()
    };
    snapshot!("rates_ascii", rates(options, 120, 30).keys("E"));
}

#[test]
fn rates_of_nothing_say_why() {
    let text = |keys| rates(AppOptions::default(), 120, 30).keys(keys).look();
    assert!(text("f n o n e Enter").contains("Nothing that passes the filter"));
    assert!(text("0").contains("started") || text("0").contains("PARENT"));
}

#[test]
fn a_click_on_the_chart_chooses_and_the_second_goes_there() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut shot = rates(AppOptions::default(), 120, 40);
    let (chart, first) = shot.app.hits.chart;
    let mut mouse = |kind, x: u16| {
        let event = MouseEvent {
            kind,
            column: chart.x + x,
            row: chart.y + 2,
            modifiers: KeyModifiers::NONE,
        };
        shot.app.handle(Input::Mouse(event), shot.now);
        shot.draw();
        (shot.app.rates.chosen(), shot.app.view)
    };
    let click = MouseEventKind::Down(MouseButton::Left);
    assert_eq!(mouse(click, 60), (Some(first + 60), View::Rate));
    assert_eq!(
        mouse(MouseEventKind::ScrollUp, 60),
        (Some(first + 59), View::Rate)
    );
    assert_eq!(
        mouse(MouseEventKind::ScrollDown, 60),
        (Some(first + 60), View::Rate)
    );
    assert_eq!(mouse(click, 60), (Some(first + 60), View::Events));
}
