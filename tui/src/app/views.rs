//! The views, their names and their order.

use crate::keymap::Mode;

/// The views; each has a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The table of events.
    Events,
    /// The tree of processes.
    Tree,
    /// Rows put together by what they have in common.
    Group,
    /// How much happened when, and who started it.
    Rate,
    /// Failed execs by why and by path.
    Failures,
}

impl View {
    /// Every view with its tab's name, in order.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Events, "Events"),
        (Self::Tree, "Tree"),
        (Self::Group, "Group"),
        (Self::Rate, "Rate"),
        (Self::Failures, "Failures"),
    ];

    /// Returns where keys go while nothing is open on top of it.
    pub fn mode(self) -> Mode {
        match self {
            Self::Events => Mode::Events,
            Self::Tree => Mode::Tree,
            Self::Group => Mode::Group,
            Self::Rate => Mode::Rate,
            Self::Failures => Mode::Failures,
        }
    }

    /// Returns its tab's name.
    pub fn name(self) -> &'static str {
        let tab = Self::ALL.iter().find(|(view, _)| *view == self);
        tab.map_or("", |(_, name)| *name)
    }

    /// Returns the view of a name, which is its tab's in small letters.
    pub fn by_name(name: &str) -> Option<Self> {
        let at = Self::names().iter().position(|known| known == name)?;
        Self::ALL.get(at).map(|(view, _)| *view)
    }

    /// Returns the names by which views are asked for, in the order of their tabs.
    pub fn names() -> [String; Self::ALL.len()] {
        Self::ALL.map(|(_, tab)| tab.to_lowercase())
    }

    /// Returns the view whose tab is `by` tabs further, round and round.
    pub(super) fn beside(self, by: isize) -> Self {
        let len = Self::ALL.len();
        let at = Self::ALL.iter().position(|(view, _)| *view == self);
        let to = (at.unwrap_or(0) + len).saturating_add_signed(by) % len;
        Self::ALL.get(to).map_or(self, |(view, _)| *view)
    }
}
