//! What the command line decides about the screen, and what the source tells about itself.

use crate::field::Column;
use crate::filter::Filter;
use crate::list::Sort;
use jiff::tz::TimeZone;

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorMode {
    /// None: bold, dim and reverse only.
    Never,
    /// The sixteen of old.
    Ansi16,
    /// 256 or more.
    #[default]
    Indexed,
}

impl ColorMode {
    /// Decides by the environment: `NO_COLOR` set and not empty, `TERM`, `COLORTERM`.
    pub fn detect(no_color: bool, term: &str, colorterm: &str) -> Self {
        if no_color || term == "dumb" {
            Self::Never
        } else if !colorterm.is_empty() || term.contains("256color") || term.contains("direct") {
            Self::Indexed
        } else {
            Self::Ansi16
        }
    }
}

/// How the screen is set up.
#[derive(Clone, Debug)]
pub struct AppOptions {
    /// Columns of the table, left to right.
    pub columns: Vec<Column>,
    /// Order of the table; `None` is the order of arrival.
    pub sort: Option<Sort>,
    /// Filter of the table and the tree.
    pub filter: Filter,
    /// Whether the mouse is captured.
    pub mouse: bool,
    /// Colours.
    pub color: ColorMode,
    /// Draws with ASCII characters only.
    pub ascii: bool,
    /// What there is to know about the clipboard of this terminal.
    pub clipboard: Option<&'static str>,
    /// Time zone of the times of day.
    pub zone: TimeZone,
    /// What the events come from, in a word: "live", "replay", "demo".
    pub source: &'static str,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            columns: Column::defaults(),
            sort: None,
            filter: Filter::default(),
            mouse: true,
            clipboard: None,
            color: ColorMode::default(),
            ascii: false,
            zone: TimeZone::UTC,
            source: "live",
        }
    }
}

/// What the source tells about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProbeStatus {
    /// How long it took until the capture was ready, ms.
    pub startup_ms: Option<f64>,
    /// What does not work, each in one sentence.
    pub problems: Vec<String>,
    /// Why no more events come; `None` while they may.
    pub ended: Option<String>,
}

/// What this program itself costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SelfUsage {
    /// Share of one CPU.
    pub cpu: f64,
    /// Resident set, bytes.
    pub rss_bytes: u64,
}

impl super::App {
    /// Sets what the events come from, in a word or two.
    pub fn set_source(&mut self, source: &'static str) {
        self.dirty |= self.options.source != source;
        self.options.source = source;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_environment() {
        assert_eq!(
            ColorMode::detect(true, "xterm-256color", "truecolor"),
            ColorMode::Never
        );
        assert_eq!(
            ColorMode::detect(false, "xterm-256color", ""),
            ColorMode::Indexed
        );
        assert_eq!(ColorMode::detect(false, "linux", ""), ColorMode::Ansi16);
        assert_eq!(ColorMode::detect(false, "dumb", ""), ColorMode::Never);
    }
}
