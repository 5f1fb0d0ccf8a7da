//! Clicks on what is seen, where it is seen.

use super::*;
use crate::app::{Outcome, View};
use crate::keymap::{KEYMAP, Mode};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

impl Shot {
    fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) -> Outcome {
        let modifiers = KeyModifiers::NONE;
        let event = MouseEvent {
            kind,
            column,
            row,
            modifiers,
        };
        let outcome = self.app.handle(Input::Mouse(event), self.now);
        self.draw();
        outcome
    }

    fn click(&mut self, column: u16, row: u16) -> Outcome {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row)
    }

    /// Where a text begins on the screen.
    fn find(&self, needle: &str) -> (u16, u16) {
        let look = self.look();
        let lines = look.lines().zip(0..self.frame.area.height);
        let hit = lines.filter_map(|(line, y)| Some((line.get(..line.find(needle)?)?, y)));
        let (head, y) = hit.last().unwrap_or_else(|| panic!("no {needle}\n{look}"));
        (crate::cells::width(head) as u16, y)
    }

    fn click_on(&mut self, needle: &str) -> Outcome {
        let (x, y) = self.find(needle);
        self.click(x, y)
    }

    fn show(&mut self, view: View) {
        let place = View::ALL.iter().position(|(one, _)| *one == view);
        let number = char::from(b'1' + place.unwrap() as u8);
        self.app
            .handle(Input::Key(key(&number.to_string())), self.now);
        self.app.notice = None;
        self.draw();
    }
}

#[test]
fn a_hint_is_a_button() {
    for (hint, mode) in [
        ("f filter", Mode::Prompt),
        ("/ search", Mode::Prompt),
        ("t tree", Mode::Tree),
        ("s sort", Mode::Sort),
        ("Enter details", Mode::Details),
        ("? help", Mode::Help),
    ] {
        let mut shot = Shot::build(120, 24);
        shot.click_on(hint);
        assert_eq!(shot.app.mode(), mode, "{hint}");
    }
    let mut shot = Shot::build(80, 24).keys("s");
    shot.click_on("Esc close");
    assert_eq!(shot.app.mode(), Mode::Events);
    let mut shot = Shot::build(80, 24).keys(".");
    shot.click_on("= user=root");
    assert_eq!(shot.app.list.filter().text(), "user=root");
}

#[test]
fn every_hint_that_is_seen_is_where_it_is_clicked() {
    for width in [40, 80, 120, 200] {
        for (view, _) in View::ALL {
            let mut shot = Shot::build(width, 24);
            shot.show(view);
            let mode = shot.app.mode();
            assert!(!shot.app.hits.hints.is_empty(), "{view:?} at {width}");
            for (area, action) in shot.app.hits.hints.clone() {
                let mut bindings = KEYMAP.iter().filter(|b| b.modes.contains(&mode));
                let binding = bindings.find(|b| b.action == action && b.hint.is_some());
                let hint = binding.and_then(|binding| binding.hint).unwrap();
                let cells = area.x..area.x + area.width;
                let text: String = cells.map(|x| shot.frame[(x, area.y)].symbol()).collect();
                assert!(text.ends_with(hint), "'{text}' is not '{hint}' at {width}");
            }
        }
    }
}

#[test]
fn nothing_is_clicked_below_a_prompt() {
    let mut shot = Shot::build(80, 24).keys("f");
    for x in 0..80 {
        shot.click(x, 23);
        assert_eq!(shot.app.mode(), Mode::Prompt);
    }
}

#[test]
fn a_bar_leads_to_its_moment() {
    // The bars are the newest at the right: events were 5 s ago.
    let mut shot = Shot::build(200, 24);
    let (area, oldest, seconds) = shot.app.hits.bars;
    let of = |second: u64| area.x + u16::try_from((second - oldest) / seconds).unwrap();
    let first = START / S + 1;
    shot.click(of(first), area.y);
    let row = shot.app.selected_row().unwrap();
    assert_eq!(row.exec.time_ns, START + S, "make, the first");
    assert!(!shot.app.table.follow);
    for view in [View::Tree, View::Group, View::Failures, View::Rate] {
        let mut shot = Shot::build(200, 24);
        shot.show(view);
        shot.click(of(first), area.y);
        assert_eq!(shot.app.view, View::Rate, "from {view:?}");
        assert_eq!(shot.app.rates.chosen(), Some(first), "from {view:?}");
        shot.click(area.x, area.y);
        let said = shot.app.notice.clone().unwrap().text;
        assert!(said.contains("nothing is known"), "{said}");
    }
}

#[test]
fn a_bar_stands_where_its_second_is() {
    for width in [60, 80, 99, 130, 200, 340] {
        let shot = Shot::build(width, 24);
        let (area, oldest, seconds) = shot.app.hits.bars;
        for x in area.x..area.x + area.width {
            let from = oldest + u64::from(x - area.x) * seconds;
            let bucket = shot.app.model().rate.between(from, from + seconds);
            let empty = shot.frame[(x, area.y)].symbol() == " ";
            assert_eq!(empty, bucket.execs + bucket.failed == 0, "{x} of {width}");
        }
    }
}

#[test]
fn menus_are_clicked_and_scrolled() {
    let mut shot = Shot::build(80, 24).keys("C");
    shot.click_on("ppid");
    assert!(!shot.look().contains("PPID"), "{}", shot.look());
    let (x, y) = shot.find("x pid");
    shot.mouse(MouseEventKind::ScrollDown, x, y);
    let before = shot.look();
    shot.mouse(MouseEventKind::ScrollUp, x, y);
    assert_ne!(shot.look(), before);
    shot.click(0, 0);
    assert_eq!(shot.app.mode(), Mode::Events, "a click beside it closes it");
}

#[test]
fn a_click_in_a_row_marks_its_cell_once_cells_are_marked() {
    let mut shot = Shot::build(80, 24);
    let (x, y) = shot.find("48213");
    shot.click(x, y);
    assert!(shot.app.marked_cell().is_none());
    let mut shot = shot.keys(".");
    shot.click(x, y - 1);
    assert_eq!(shot.app.marked_cell().unwrap().1.key, "pid");
    assert_eq!(shot.app.cell_term(), Some(Ok("pid=48200".to_owned())));
}
