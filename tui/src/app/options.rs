//! What the command line decides about the screen, and what the source tells about itself.

use crate::appearance::{ColorMode, ThemeName};
use crate::field::Column;
use crate::filter::{Filter, Names};
use crate::keymap::Keys;
use crate::list::Sort;
use jiff::tz::TimeZone;

/// How the screen is set up.
#[derive(Clone, Debug)]
pub struct AppOptions {
    /// Columns of the table, left to right.
    pub columns: Vec<Column>,
    /// Order of the table; `None` is the order of arrival.
    pub sort: Option<Sort>,
    /// The view to begin with.
    pub view: super::View,
    /// Filter of the table and the tree.
    pub filter: Filter,
    /// Whether the mouse is captured.
    pub mouse: bool,
    /// Whether there is an audience: keys are named, and what is masked stays masked.
    pub presenter: bool,
    /// The colours that are wanted.
    pub theme: ThemeName,
    /// How many colours there are.
    pub color: ColorMode,
    /// Draws with ASCII characters only.
    pub ascii: bool,
    /// What there is to know about the clipboard of this terminal.
    pub clipboard: Option<&'static str>,
    /// Filters that have a name.
    pub names: Names,
    /// The keys in force.
    pub keys: Keys,
    /// Time zone of the times of day.
    pub zone: TimeZone,
    /// What the events come from, in a word: "live", "replay", "demo".
    pub source: &'static str,
    /// How many times as fast as it happened something is replayed, if it is at a pace.
    pub speed: Option<f64>,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            columns: Column::defaults(),
            sort: None,
            view: super::View::Events,
            filter: Filter::default(),
            mouse: true,
            presenter: false,
            clipboard: None,
            theme: ThemeName::default(),
            color: ColorMode::default(),
            ascii: false,
            names: Names::default(),
            keys: Keys::default(),
            zone: TimeZone::UTC,
            source: "live",
            speed: None,
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
