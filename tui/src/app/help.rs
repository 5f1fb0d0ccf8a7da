//! The help while it is open: how far it is scrolled, and what is looked for in it.

use super::App;
use super::handle::moved;
use super::line::Line;
use super::popup::Popup;
use crate::action::Action;

/// The state of the help.
#[derive(Clone, Debug, Default)]
pub struct Help {
    /// First visible line.
    pub scroll: usize,
    /// What is looked for: only lines that have it are shown.
    pub line: Line,
    /// Whether that is being typed.
    pub typing: bool,
}

impl App {
    pub(super) fn act_in_help(&mut self, action: Action, page: usize) {
        let last = self.hits.popup_lines.saturating_sub(page);
        let Some(Popup::Help(help)) = self.popups.last_mut() else {
            return;
        };
        match action {
            Action::Search => help.typing = true,
            Action::Accept => help.typing = false,
            _ if help.typing && help.line.edit(action) => help.scroll = 0,
            _ => help.scroll = moved(action, help.scroll, last, page),
        }
    }

    /// Gives up what is looked for in the help; returns whether there was anything.
    pub(super) fn end_search_in_help(&mut self) -> bool {
        let Some(Popup::Help(help)) = self.popups.last_mut() else {
            return false;
        };
        let searched = help.typing || !help.line.text().is_empty();
        if searched {
            *help = Help::default();
        }
        searched
    }
}
