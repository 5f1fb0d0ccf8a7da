//! What holds for every view.

use super::*;
use crate::app::{Outcome, View};
use crate::keymap::{KEYMAP, Key};

/// A screen with a bit of everything that shows a view.
fn in_view(view: View, width: u16, height: u16) -> Shot {
    let number = 1 + View::ALL.iter().position(|(one, _)| *one == view).unwrap();
    // A search and filters to go back from, and the selection in the middle.
    let begin = "f a Enter / e Enter Home Down Right Right";
    let mut shot = Shot::build(width, height);
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
