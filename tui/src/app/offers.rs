//! What is offered to be put into the line that is typed: a short list with, perhaps, one of it highlighted.

use super::table::in_sight;
use crate::action::Action;
use std::ops::Range;

/// What taking an offer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Puts its text into the line.
    Insert,
    /// Closes the prompt and does this.
    Act(Action),
}

/// One thing that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What it puts into the line.
    pub text: String,
    /// The key that does the same, if there is one.
    pub key: String,
    /// What it means, or how often it is seen.
    pub doc: String,
    /// What taking it does.
    pub does: Does,
    /// Why it cannot be taken now.
    pub why_not: Option<String>,
}

impl Offer {
    /// Makes an offer of a text to be put into the line.
    pub fn new(text: impl Into<String>, doc: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            key: String::new(),
            doc: doc.into(),
            does: Does::Insert,
            why_not: None,
        }
    }
}

/// Offers for one part of the line.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    /// The part of the line, in bytes, that a taken one stands in the place of.
    pub range: Range<usize>,
    /// What is offered, best first.
    pub list: Vec<Offer>,
    /// The highlighted one.
    pub selected: Option<usize>,
    /// First visible line.
    pub scroll: usize,
}

impl Offers {
    /// Returns the highlighted offer.
    pub fn highlighted(&self) -> Option<&Offer> {
        self.list.get(self.selected?)
    }

    /// Returns the highlighted offer, or the best.
    pub fn best(&self) -> Option<&Offer> {
        self.list.get(self.selected.unwrap_or(0))
    }

    /// Moves the highlight by some lines, at most to either end. Returns whether it moved.
    pub fn step(&mut self, by: isize) -> bool {
        let Some(last) = self.list.len().checked_sub(1) else {
            return false;
        };
        let to = match self.selected {
            Some(at) => at.saturating_add_signed(by).min(last),
            None if by < 0 => last,
            None => 0,
        };
        self.selected.replace(to) != Some(to)
    }

    /// Scrolls so that the highlighted one is among `page` visible lines.
    pub fn scroll(&mut self, page: usize) {
        self.scroll = in_sight(self.scroll, self.selected.unwrap_or(0), page);
    }
}
