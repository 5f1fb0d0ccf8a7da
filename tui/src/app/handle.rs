//! From the terminal's events to actions, and what these do to what is open on top.

use super::popup::{Popup, sort_by};
use super::{App, Outcome, View};
use crate::action::Action;
use crate::field::FIELDS;
use crate::keymap::{Key, Mode};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

impl App {
    /// Takes in a key, a click, a paste or a change of size.
    pub fn handle(&mut self, event: Event, now_ns: u64) -> Outcome {
        self.now_ns = now_ns;
        self.tree.refresh(&self.model, now_ns);
        self.pass_time(now_ns);
        let outcome = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Mouse(mouse) if self.options.mouse => self.mouse(mouse),
            Event::Paste(text) => self.paste(&text),
            Event::Resize(..) => {
                self.set_dirty();
                Outcome::Redraw
            }
            _ => Outcome::Continue,
        };
        if self.view == View::Tree {
            self.tree.refresh(&self.model, now_ns);
        }
        self.refresh_order(now_ns);
        outcome
    }

    fn key(&mut self, event: KeyEvent) -> Outcome {
        if event.modifiers.contains(KeyModifiers::ALT) {
            // Esc and a key that came at once look like Alt and that key; there are no Alt keys.
            if !self.popups.is_empty() {
                self.act(Action::Close);
            }
            let modifiers = event.modifiers - KeyModifiers::ALT;
            return self.key(KeyEvent { modifiers, ..event });
        }
        let mode = self.mode();
        let action = self.options.keys.lookup(mode, Key::of(&event));
        self.note_pressed(mode, Key::of(&event), action);
        if let Some(action) = action {
            return self.act(action);
        }
        let plain = event.modifiers - KeyModifiers::SHIFT;
        match event.code {
            KeyCode::Char(c) if mode.types() && plain.is_empty() => {
                self.type_text(c.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Char(c) if mode == Mode::Columns && c.is_ascii_lowercase() => {
                self.type_in_columns(c.encode_utf8(&mut [0; 4]));
            }
            _ => self.say_why_not(mode, Key::of(&event)),
        }
        Outcome::Continue
    }

    /// Says where a key that does nothing here would do something.
    fn say_why_not(&mut self, mode: Mode, key: Key) {
        let keys = &self.options.keys;
        let does = |view: &View| keys.lookup(view.mode(), key).is_some();
        let elsewhere: Vec<_> = View::ALL
            .iter()
            .map(|(view, _)| *view)
            .filter(does)
            .collect();
        let names: Vec<_> = elsewhere.iter().map(|view| view.name()).collect();
        let help = keys.text(self.view.mode(), Action::Help);
        self.set_dirty();
        if mode != self.view.mode() {
            let close = self.options.keys.text(mode, Action::Close);
            self.warn(format!("{key} does nothing here; {close} closes this"));
        } else if names.is_empty() {
            self.warn(format!("{key} does nothing; {help} shows the keys"));
        } else {
            self.warn(format!("{key} is for {}", names.join(" and ")));
        }
    }

    fn paste(&mut self, text: &str) -> Outcome {
        if self.mode().types() {
            // Copied lines end with a line end.
            self.type_text(text.trim_end_matches(['\r', '\n']));
        }
        Outcome::Continue
    }

    /// Does what was asked for.
    pub fn act(&mut self, action: Action) -> Outcome {
        self.set_dirty();
        self.notice = None;
        match action {
            Action::Quit => return Outcome::Quit,
            Action::Redraw => return Outcome::Redraw,
            Action::Suspend => return Outcome::Suspend,
            Action::Close => self.close(),
            Action::Copy => self.open_copy(),
            Action::Help => self.popups.push(Popup::Help(Default::default())),
            _ if self.prompt().is_some() => return self.act_in_prompt(action),
            _ if !self.popups.is_empty() => self.act_in_popup(action),
            _ => self.act_in_view(action),
        }
        Outcome::Continue
    }

    /// Closes the topmost popup.
    pub(super) fn close(&mut self) {
        if self.prompt().is_some() {
            self.cancel_prompt();
        } else if !self.end_search_in_help() {
            self.popups.pop();
        }
    }

    fn act_in_popup(&mut self, action: Action) {
        let page = usize::from(self.hits.popup.height).max(1);
        let items = self.sort_items();
        match (action, self.popups.last_mut()) {
            (_, Some(Popup::Save(_))) => self.act_in_save(action),
            (_, Some(Popup::Columns(_))) => self.act_in_columns(action),
            (_, Some(Popup::Copy(_))) => self.act_in_copy(action),
            (_, Some(Popup::Details(_))) => self.act_in_details(action),
            (_, Some(Popup::Terms(_))) => self.act_in_terms(action, page),
            (Action::Accept, Some(Popup::Sort(menu))) => {
                let index = menu.selected;
                self.popups.pop();
                self.sort_by_item(index);
            }
            (_, Some(Popup::Sort(menu))) => {
                menu.selected = moved(action, menu.selected, items - 1, page);
            }
            (Action::Accept, Some(Popup::By(menu))) => {
                let menu = menu.clone();
                self.popups.pop();
                self.take_group_fields(&menu);
            }
            (Action::Mark, Some(Popup::By(menu))) => menu.toggle(),
            (_, Some(Popup::By(menu))) => {
                menu.selected = moved(action, menu.selected, menu.last(), page);
            }
            (_, Some(Popup::Help(_))) => self.act_in_help(action, page),
            _ => {}
        }
    }

    /// Returns how many lines the sort menu has.
    pub(super) fn sort_items(&self) -> usize {
        match self.order() {
            Some(_) => self.order_columns().len().max(1),
            None => FIELDS.len(),
        }
    }

    /// Sorts by a line of the sort menu.
    pub(super) fn sort_by_item(&mut self, index: usize) {
        if self.order().is_some() {
            if let Some((by, _)) = self.order_columns().get(index) {
                self.sort_groups(*by);
            }
        } else if let Some(field) = FIELDS.get(index) {
            self.set_sort(sort_by(field, self.sort()));
        }
    }
}

/// Returns by how many lines an action moves.
pub(super) fn step(action: Action, page: usize) -> Option<isize> {
    let page = isize::try_from(page).unwrap_or(isize::MAX);
    Some(match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -(page - 1).max(1),
        Action::PageDown => (page - 1).max(1),
        Action::HalfUp => -(page / 2).max(1),
        Action::HalfDown => (page / 2).max(1),
        _ => return None,
    })
}

/// Returns where an action moves a position that is at most `last`.
pub(super) fn moved(action: Action, from: usize, last: usize, page: usize) -> usize {
    let to = match action {
        Action::Top => 0,
        Action::Bottom => last,
        _ => from.saturating_add_signed(step(action, page).unwrap_or(0)),
    };
    to.min(last)
}
