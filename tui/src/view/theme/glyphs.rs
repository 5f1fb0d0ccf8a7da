//! The signs of the screen, for terminals with all characters and for bare ones.

/// The signs of the screen.
#[derive(Debug)]
pub(in crate::view) struct Glyphs {
    /// Eight heights of a bar.
    pub bars: [&'static str; 8],
    /// A baseline where nothing happened.
    pub zero: &'static str,
    /// Events come in.
    pub live: &'static str,
    /// The view stands still.
    pub paused: &'static str,
    /// Nothing comes any more.
    pub ended: &'static str,
    /// Text was cut to the width.
    pub ellipsis: &'static str,
    /// Sorted, smallest first.
    pub ascending: &'static str,
    /// Sorted, largest first.
    pub descending: &'static str,
    /// Fills the row of a gap.
    pub gap: &'static str,
    /// A failed exec.
    pub failed: &'static str,
    /// A row that a person has marked.
    pub marked: &'static str,
    /// The selected row.
    pub mark: &'static str,
    /// A child that is not the last.
    pub branch: &'static str,
    /// The last child.
    pub corner: &'static str,
    /// More children further down.
    pub trunk: &'static str,
    /// Unfolded.
    pub open: &'static str,
    /// Folded.
    pub closed: &'static str,
    /// No children.
    pub leaf: &'static str,
    /// From parent to child.
    pub child: &'static str,
    /// Where a time is on a line of time.
    pub tick: &'static str,
    /// A horizontal line.
    pub rule: &'static str,
    /// So many rows are folded into this one.
    pub folded: &'static str,
}

pub(super) const UNICODE: Glyphs = Glyphs {
    bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    zero: " ",
    live: "●",
    paused: "‖",
    ended: "■",
    ellipsis: "…",
    ascending: "▲",
    descending: "▼",
    gap: "▒",
    failed: "✗",
    marked: "◆",
    mark: "▌",
    branch: "├─",
    corner: "└─",
    trunk: "│ ",
    open: "▾",
    closed: "▸",
    leaf: "─",
    child: " › ",
    tick: "╵",
    rule: "─",
    folded: "⟲",
};

pub(super) const ASCII: Glyphs = Glyphs {
    bars: [".", ":", "-", "=", "+", "*", "#", "@"],
    zero: " ",
    live: "*",
    paused: "=",
    ended: "#",
    ellipsis: "~",
    ascending: "^",
    descending: "v",
    gap: "#",
    failed: "x",
    marked: "*",
    mark: ">",
    branch: "|-",
    corner: "`-",
    trunk: "| ",
    open: "v",
    closed: ">",
    leaf: "-",
    child: " > ",
    tick: "'",
    rule: "-",
    folded: "~",
};
