//! The last key and what it does, which an audience is shown.

use super::App;
use crate::action::Action;
use crate::keymap::{Key, Mode};
use std::fmt;

/// A key that was pressed, perhaps several times in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressed {
    key: Key,
    /// What it does where it was pressed; `None` for nothing.
    action: Option<Action>,
    times: u32,
}

/// The key, the action's name and how often, as in "Ctrl-d half down ×3".
impl fmt::Display for Pressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)?;
        if let Some(action) = self.action {
            write!(f, " {}", action.name().replace('-', " "))?;
        }
        match self.times {
            1 => Ok(()),
            times => write!(f, " ×{times}"),
        }
    }
}

impl App {
    /// Returns the last key, if an audience is to see it.
    pub fn pressed(&self) -> Option<&Pressed> {
        self.pressed.as_ref()
    }

    /// Takes note of a key; characters that are typed into a line stand there already.
    pub(super) fn note_pressed(&mut self, mode: Mode, key: Key, action: Option<Action>) {
        if !self.options.presenter || (action.is_none() && mode.types()) {
            return;
        }
        let before = self.pressed.take();
        let before = before.filter(|before| (before.key, before.action) == (key, action));
        let times = before.map_or(1, |before| before.times.saturating_add(1));
        self.pressed = Some(Pressed { key, action, times });
        self.set_dirty();
    }
}
