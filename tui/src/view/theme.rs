//! What colours and signs mean. Colour is never the only cue: every meaning has a word or a sign.

use crate::app::ColorMode;
use ratatui::style::{Color, Modifier, Style};

/// The signs of the screen.
#[derive(Debug)]
pub(super) struct Glyphs {
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

const UNICODE: Glyphs = Glyphs {
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

const ASCII: Glyphs = Glyphs {
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

/// Styles by meaning.
#[derive(Debug)]
pub(super) struct Theme {
    /// The signs.
    pub glyphs: &'static Glyphs,
    /// Ordinary text.
    pub text: Style,
    /// Secondary or ended.
    pub dim: Style,
    /// What the eye should find first.
    pub bright: Style,
    /// Failed or lost.
    pub failed: Style,
    /// Runs, or warns.
    pub warn: Style,
    /// The one accent: keys, the current tab.
    pub accent: Style,
    /// The selected row.
    pub selected: Style,
    /// The line of column titles.
    pub header: Style,
    /// Where the search was found.
    pub found: Style,
    /// The bars of the rate.
    pub bar: Style,
}

impl Theme {
    /// Makes the theme of a terminal.
    pub(super) fn new(color: ColorMode, ascii: bool) -> Self {
        let glyphs = if ascii { &ASCII } else { &UNICODE };
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        let reverse = plain.add_modifier(Modifier::REVERSED);
        let mono = Self {
            glyphs,
            text: plain,
            dim,
            bright: bold,
            failed: bold,
            warn: bold,
            accent: bold,
            selected: reverse,
            header: plain.add_modifier(Modifier::UNDERLINED),
            found: plain.add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
            bar: plain,
        };
        let ansi = Self {
            failed: plain.fg(Color::Red),
            warn: plain.fg(Color::Yellow),
            accent: bold.fg(Color::Cyan),
            bar: plain.fg(Color::Cyan),
            header: bold.add_modifier(Modifier::UNDERLINED),
            found: plain.fg(Color::Black).bg(Color::Yellow),
            ..mono
        };
        match color {
            ColorMode::Never => mono,
            ColorMode::Ansi16 => ansi,
            ColorMode::Indexed => Self {
                dim: plain.fg(Color::Indexed(245)),
                failed: plain.fg(Color::Indexed(203)),
                warn: plain.fg(Color::Indexed(221)),
                accent: bold.fg(Color::Indexed(80)),
                bar: plain.fg(Color::Indexed(73)),
                selected: plain.fg(Color::Indexed(255)).bg(Color::Indexed(238)),
                header: bold.fg(Color::Indexed(252)).bg(Color::Indexed(236)),
                found: plain.fg(Color::Indexed(16)).bg(Color::Indexed(221)),
                ..ansi
            },
        }
    }
}
