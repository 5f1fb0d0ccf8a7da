//! The details: every tab, and that every fact in them makes a filter.

use super::*;
use crate::app::details::{Fact, Tab};
use crate::app::popup::Popup;
use crate::event::Event;
use crate::fixture::{exec, model};
use crate::redact::{Original, Redactor, Which};

fn tab_and_lines(shot: &Shot) -> (Tab, usize) {
    match shot.app.popups.last() {
        Some(Popup::Details(details)) => (details.tab, shot.app.hits.popup_lines),
        _ => panic!("no details"),
    }
}

#[test]
fn the_tabs_of_an_exec() {
    let open = "g Down Down Enter";
    for (name, keys) in [
        ("arguments", "Tab"),
        ("environment", "Tab Tab"),
        ("lineage", "Tab Tab Tab Down Down"),
        ("json", "Tab Tab Tab Tab"),
    ] {
        for (width, height) in [(80, 24), (40, 10)] {
            let shot = Shot::build(width, height).keys(open).keys(keys);
            snapshot!(format!("details_{name}_{width}x{height}"), shot);
        }
    }
    let env = "g Down Down Down Down Down Enter Tab Tab Down Down";
    snapshot!(
        "details_environment_captured",
        Shot::build(80, 24).keys(env)
    );
    let options = AppOptions {
        color: ColorMode::Never,
        ascii: true,
        ..AppOptions::default()
    };
    let shot = Shot::with(options, build(), 100, 24).keys("t Home Enter Tab Tab Tab Down");
    snapshot!("details_lineage_ascii", shot);
}

#[test]
fn every_fact_keeps_its_row_and_hides_it() {
    let rows = Shot::build(80, 24).app.rows_shown().1 + 1;
    let mut told = 0;
    for row in 0..rows {
        for (tab, _) in Tab::ALL {
            let mut shot = Shot::build(80, 24).keys("g");
            for _ in 0..row {
                shot.app.act(crate::action::Action::Down);
            }
            let id = shot.app.selected_entry().unwrap();
            shot.app.act(crate::action::Action::Details);
            shot.draw();
            while tab_and_lines(&shot).0 != tab {
                shot = shot.keys("Tab");
            }
            let facts = shot.app.hits.facts.clone();
            assert_eq!(facts.len(), tab_and_lines(&shot).1);
            for (line, fact) in facts.into_iter().enumerate() {
                let Some(fact) = fact else { continue };
                if matches!(fact, Fact::Field(field) if field.key == "time") {
                    continue;
                }
                for (key, keeps) in [("=", true), ("!", false)] {
                    let opened = match shot.app.popups.last_mut() {
                        Some(Popup::Details(details)) => {
                            details.line = line;
                            details.clone()
                        }
                        _ => panic!("closed"),
                    };
                    shot = shot.keys(key);
                    let filter = shot.app.list.filter().text().to_owned();
                    assert!(
                        shot.app.popups.is_empty(),
                        "{fact:?}: {:?}",
                        shot.app.notice
                    );
                    // Those below this row keep others than it.
                    let own = !matches!(fact, Fact::Process(_) | Fact::Pid(_));
                    let passes = shot.app.list.shows(id);
                    assert!(!own || passes == keeps, "{fact:?} of row {row}: {filter}");
                    told += 1;
                    shot = shot.keys("Backspace");
                    assert!(shot.app.list.filter().is_empty());
                    shot.app.popups.push(Popup::Details(opened));
                    shot.draw();
                }
            }
        }
    }
    assert!(told > 300, "{told}");
}

#[test]
fn enter_goes_to_a_process_and_neighbours_keep_the_tab() {
    let shot = Shot::build(80, 24).keys("g Down Down Enter Tab Tab Tab Home Enter");
    assert!(shot.look().contains(" 1 systemd "), "{}", shot.look());
    let shot = Shot::build(80, 24).keys("g Down Enter Tab Right");
    assert_eq!(tab_and_lines(&shot).0, Tab::Arguments);
    assert!(shot.look().contains("48214 gcc"), "{}", shot.look());
    let shot = shot.keys("Enter");
    assert!(shot.app.popups.is_empty());
}

#[test]
fn a_click_selects_a_tab_and_a_line() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut shot = Shot::build(80, 24).keys("g Down Down Enter");
    let click = |shot: &mut Shot, x, y| {
        let event = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: x,
            row: y,
            modifiers: KeyModifiers::NONE,
        };
        shot.app.handle(Input::Mouse(event), shot.now);
        shot.draw();
    };
    let (area, tab) = shot.app.hits.detail_tabs[3];
    click(&mut shot, area.x + 1, area.y);
    assert_eq!((tab_and_lines(&shot).0, tab), (Tab::Lineage, Tab::Lineage));
    let text = shot.app.hits.popup;
    click(&mut shot, text.x + 3, text.y + 1);
    click(&mut shot, text.x + 3, text.y + 1);
    assert!(shot.look().contains(" 812 sshd "), "{}", shot.look());
    click(&mut shot, 5, text.y - 4);
    assert!(shot.app.popups.is_empty());
}

#[test]
fn a_command_line_is_revealed_and_masked_again() {
    let mut exec = exec(0, 7_001, 1, &["app", "--password=hunter2"]);
    let of = Which::of(&exec);
    let args = Redactor::new().unwrap().mask(&mut exec).unwrap();
    let mut app = App::new(model(100), AppOptions::default());
    app.apply(vec![Event::Exec(Box::new(exec))]);
    app.keep_originals(vec![Original { of, args }]);
    let shot = Shot::new(app, 100, 30).keys("d Tab");
    assert!(
        shot.look().contains("--password=[redacted]"),
        "{}",
        shot.look()
    );
    assert!(shot.look().contains("v shows it"), "{}", shot.look());
    let shot = shot.keys("v");
    assert!(
        shot.look().contains("--password=hunter2"),
        "{}",
        shot.look()
    );
    let shot = shot.keys("v");
    assert!(!shot.look().contains("hunter2"), "{}", shot.look());
    let shot = shot.keys("v Esc d Tab");
    assert!(
        !shot.look().contains("hunter2"),
        "masked again: {}",
        shot.look()
    );
}

#[test]
fn nothing_is_revealed_to_an_audience() {
    let mut exec = exec(0, 7_001, 1, &["app", "--password=hunter2"]);
    let of = Which::of(&exec);
    let args = Redactor::new().unwrap().mask(&mut exec).unwrap();
    let options = AppOptions {
        presenter: true,
        ..AppOptions::default()
    };
    let mut app = App::new(model(100), options);
    app.apply(vec![Event::Exec(Box::new(exec))]);
    app.keep_originals(vec![Original { of, args }]);
    let shot = Shot::new(app, 100, 30).keys("d Tab v");
    let look = shot.look();
    assert!(look.contains("--password=[redacted]"), "{look}");
    assert!(!look.contains("hunter2"), "{look}");
    assert!(
        look.contains("what is masked stays masked with --presenter"),
        "{look}"
    );
}
