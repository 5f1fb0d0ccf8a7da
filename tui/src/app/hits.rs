//! Where things stood in the last frame, so that the mouse and page keys can find them.

use crate::action::Action;
use crate::app::View;
use crate::app::details::{Fact, Tab};
use crate::app::pivots::By;
use crate::field::Field;

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Leftmost column.
    pub x: u16,
    /// Topmost line.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Lines.
    pub height: u16,
}

impl Area {
    /// Returns whether a cell is inside.
    pub fn contains(&self, x: u16, y: u16) -> bool {
        (self.x..self.x.saturating_add(self.width)).contains(&x)
            && (self.y..self.y.saturating_add(self.height)).contains(&y)
    }
}

/// What the last frame showed where.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    /// The whole screen.
    pub screen: Area,
    /// The rows of the table or the tree, without the header.
    pub rows: Area,
    /// The headers of the table.
    pub headers: Vec<(Area, &'static Field)>,
    /// The headers of a table of groups.
    pub columns: Vec<(Area, By)>,
    /// The titles of columns whose cells can be filtered by, in any view.
    pub cells: Vec<(Area, &'static Field)>,
    /// The bars below the first line: the first second of the first of them, and how many seconds each has.
    pub bars: (Area, u64, u64),
    /// The hints of the footer.
    pub hints: Vec<(Area, Action)>,
    /// The bars of the view Rate, and the first second of the first of them.
    pub chart: (Area, u64),
    /// The names of the views.
    pub tabs: Vec<(Area, View)>,
    /// Each shown fold mark of the tree: its columns and the line's index.
    pub marks: Vec<(Area, usize)>,
    /// The tabs of the details.
    pub detail_tabs: Vec<(Area, Tab)>,
    /// What each line of the details tells.
    pub facts: Vec<Option<Fact>>,
    /// The text of the topmost popup, without its frame.
    pub popup: Area,
    /// How many lines that text has in all.
    pub popup_lines: usize,
    /// By how much the commands can be scrolled sideways.
    pub max_sideways: usize,
}

impl Hits {
    /// Returns how many rows are visible, at least one.
    pub fn page(&self) -> usize {
        usize::from(self.rows.height).max(1)
    }
}
