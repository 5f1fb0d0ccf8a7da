//! What a command line decides.

use super::{CaptureFilter, DiffConfig, DoctorFormat};
use crate::app::View;
use crate::appearance::ThemeName;
use crate::export::Options;
use crate::field::Column;
use crate::filter::{Filter, Names};
use crate::keymap::Keys;
use crate::list::Sort;
use clap_complete::Shell;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What to do.
#[derive(Debug)]
pub enum Command {
    /// Capture, and show or print.
    Live(Box<Config>),
    /// Report what a live run needs.
    Doctor(DoctorConfig),
    /// Compare two recordings.
    Diff(DiffConfig),
    /// Print a configuration.
    PrintConfig,
    /// Print the manual page.
    Man,
    /// Print completions for a shell.
    Completions(Shell),
}

/// How to report.
#[derive(Debug)]
pub struct DoctorConfig {
    /// The form of the report.
    pub format: DoctorFormat,
    /// Kernel types to use in place of the kernel's own.
    pub btf: Option<PathBuf>,
    /// Whether to use colors.
    pub color: bool,
}

/// A live run.
#[derive(Debug)]
pub struct Config {
    /// Where events go.
    pub mode: Mode,
    /// Whether the probe has to tell forks.
    pub forks: bool,
    /// What is captured.
    pub only: CaptureFilter,
    /// The program to start, and its arguments; its tree alone is captured then.
    pub command: Vec<OsString>,
    /// When to stop by time.
    pub duration: Option<Duration>,
    /// After how many execs to stop; in lines, [`crate::export::Output::done`] counts them.
    pub count: Option<u64>,
    /// How many entries the history keeps.
    pub history: usize,
    /// About how many bytes of them at most: anybody can make arguments long.
    pub history_size: usize,
    /// Size of the ring buffer in bytes, if asked for.
    pub ring_size: Option<u32>,
    /// Most bytes of arguments, and of environment, that are captured of an exec.
    pub max_arg_bytes: u32,
    /// Whether the environment is captured.
    pub env: bool,
    /// Whether what looks secret is masked.
    pub redact: bool,
    /// Kernel types to use in place of the kernel's own.
    pub btf: Option<PathBuf>,
    /// Where events come from.
    pub source: Source,
    /// How many times as fast as it happened something is replayed; `None` for at once.
    pub speed: Option<f64>,
    /// The recording to write.
    pub record: Option<RecordConfig>,
    /// Whether lost events are a failure.
    pub fail_on_loss: bool,
    /// Whether to keep rights that are needed no more.
    pub keep_privileges: bool,
    /// What is wrong with the configuration, a sentence each.
    pub problems: Vec<String>,
}

/// Where events come from.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// The kernel.
    Live,
    /// Recordings, merged by time; `-` is standard input.
    Recording(Vec<PathBuf>),
    /// A made-up machine.
    Demo,
}

/// What every exec is asserted to be.
#[derive(Clone, Debug)]
pub struct AssertConfig {
    /// What each has to pass.
    pub filter: Filter,
    /// Whether it asks what is known only later.
    pub later: bool,
}

/// A recording that is written.
#[derive(Debug)]
pub struct RecordConfig {
    /// Its file, or the newest of them; `-` is standard output.
    pub path: PathBuf,
    /// Whether to replace what is there.
    pub force: bool,
    /// The size from which on a file is followed by the next.
    pub max: Option<u64>,
    /// How many files to keep.
    pub keep: u32,
}

impl RecordConfig {
    /// Returns whether standard output gets it.
    pub fn is_stdout(&self) -> bool {
        super::value::is_standard(&self.path)
    }
}

/// Where events go.
#[derive(Debug)]
pub enum Mode {
    /// To the screen.
    Screen(ScreenConfig),
    /// To lines.
    Lines(LineConfig),
}

/// How the screen starts.
#[derive(Debug)]
pub struct ScreenConfig {
    /// The filter, with what `-u` and `-P` ask for.
    pub filter: Filter,
    /// The columns, left to right.
    pub columns: Vec<Column>,
    /// The sort; `None` for the order of arrival.
    pub sort: Option<Sort>,
    /// The view to begin with.
    pub view: View,
    /// Filters that have a name.
    pub names: Names,
    /// The keys in force.
    pub keys: Keys,
    /// Whether to take the mouse.
    pub mouse: bool,
    /// Whether to keep what is typed for the next time.
    pub remember: bool,
    /// Whether there is an audience.
    pub presenter: bool,
    /// Whether to keep to ASCII.
    pub ascii: bool,
    /// The colours.
    pub theme: ThemeName,
    /// Whether to use colors.
    pub color: bool,
}

/// What lines to write, and where to.
#[derive(Debug)]
pub struct LineConfig {
    /// What, and in which form.
    pub options: Options,
    /// The file; `None` for standard output.
    pub file: Option<PathBuf>,
    /// Whether to write no lines at all: something else is all that is asked for.
    pub silent: bool,
    /// Whether to add up what ran.
    pub summary: bool,
    /// What every exec has to be.
    pub assert: Option<AssertConfig>,
}

impl LineConfig {
    /// Returns whether something is made of what the history has.
    pub(super) fn looks_back(&self) -> bool {
        self.summary || self.assert.is_some() || self.options.looks_back()
    }
}
