//! The command line: raw [`Args`] as clap reads them, resolved into a [`Config`].
//!
//! Resolving asks nothing of the process: what it needs to know comes in a [`Context`],
//! so that every decision is a function. It needs no privileges and has no effects.

mod config;
mod context;
mod diff;
mod only;
mod resolve;
mod value;

pub use config::{
    AssertConfig, Command, Config, DoctorConfig, LineConfig, Mode, RecordConfig, ScreenConfig,
    Source,
};
pub use context::Context;
pub use diff::{DiffArgs, DiffConfig, DiffFormat};
pub use only::CaptureFilter;
pub use value::Speed;

use crate::app::View;
use crate::appearance::{ThemeName, When};
use crate::export::{FORMATS, Format};
use clap::builder::PossibleValue;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use regex::bytes::Regex;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What stands behind `--`, for help and docs.
pub const COMMAND_HELP: &str = "Start this program, and capture only it and what descends from it";

/// How that program is started, and how it ends.
pub const COMMAND_DETAILS: &str = "\
It is started when the capture is ready, as the user who called sudo, and the run ends with it and with its \
status: 128 and the signal's number if one killed it, 127 or 126 if it cannot be executed. On the screen, \
which stays, it has no terminal: it reads nothing, and its output is dropped.";

/// Command lines, and what each is for.
pub const EXAMPLES: &[(&str, &str)] = &[
    ("sudo execsnoop-tui", "the screen"),
    (
        "sudo execsnoop-tui -f 'res!=ok user=root'",
        "only what fails for root",
    ),
    (
        "sudo execsnoop-tui -xT",
        "lines as bcc's execsnoop prints them",
    ),
    (
        "sudo execsnoop-tui -o ndjson | jq 'select(.error)'",
        "what fails, as JSON",
    ),
    (
        "sudo execsnoop-tui -w day.zst",
        "the screen, and all of it recorded",
    ),
    (
        "execsnoop-tui -r day.zst",
        "the same screen, later and elsewhere",
    ),
    (
        "execsnoop-tui -r web.zst -r db.zst",
        "two machines, by time of day, in one list",
    ),
    (
        "execsnoop-tui --demo",
        "a made-up machine, for a first look",
    ),
    (
        "sudo execsnoop-tui -- make -j4",
        "what make executes, until it ends",
    ),
    (
        "sudo execsnoop-tui --only 'user=alice !ccache'",
        "only alice's, in the kernel already",
    ),
    (
        "execsnoop-tui diff good.zst bad.zst",
        "what fails, is missing or slower in the second",
    ),
    (
        "execsnoop-tui doctor",
        "what a live run needs, and what is missing",
    ),
];

/// When there are lines in the place of the screen.
pub const SCREEN_OR_LINES: &str = "\
The screen comes up when standard output is a terminal. It does not, and lines are printed, when output is \
redirected, with -o or -O, and with the flags that ask for the lines of bcc's execsnoop: -T -t -U -q -n -l \
--max-args. With --summary or --assert and none of these there are no lines and no screen; with -w and none of \
these, redirected output stays empty.";

/// Exit statuses, and what each means.
pub const STATUSES: &[(&str, &str)] = &[
    ("0", "done, or the reader of the output went away"),
    ("1", "could not run, or not record all"),
    ("2", "usage"),
    (
        "3",
        "an exec did not pass --assert, or diff found a difference",
    ),
    ("4", "events were lost and --fail-on-loss is given"),
    ("other", "that of CMD, if one was started and has ended"),
];

/// Returns what stands below the flags in `--help`.
fn after_help() -> String {
    let width = EXAMPLES.iter().map(|(line, _)| line.len()).max();
    let list = |pairs: &[(&str, &str)], width: usize| -> String {
        let line = |(left, right): &(&str, &str)| format!("\n  {left:width$}  {right}");
        pairs.iter().map(line).collect()
    };
    format!(
        "-- CMD ARG…  {COMMAND_HELP}. {COMMAND_DETAILS}\n\nExamples:{}\n\n{SCREEN_OR_LINES}\n\nExit status:{}",
        list(EXAMPLES, width.unwrap_or(0)),
        list(STATUSES, "other".len()),
    )
}

const USAGE: &str = "execsnoop-tui [OPTIONS] [-- CMD ARG…]
       execsnoop-tui <COMMAND>";

/// Shows what is executed on this machine: by whom, how often, and why it failed.
///
/// Every exec, successful or failed, is caught in the kernel as it happens.
#[derive(Debug, Parser)]
#[command(
    name = "execsnoop-tui",
    version,
    after_help = after_help(),
    args_conflicts_with_subcommands = true,
    override_usage = USAGE,
    max_term_width = 100
)]
pub struct Args {
    /// Other than a live run.
    #[command(subcommand)]
    pub command: Option<Subcommands>,
    /// A live run.
    #[command(flatten)]
    pub live: LiveArgs,
}

/// What there is to do other than a live run.
#[derive(Debug, Subcommand)]
pub enum Subcommands {
    /// Tells what a live run needs of this machine, and what to do where it is missing
    ///
    /// It really attaches and catches an exec of its own; exits with 0 only if that works.
    Doctor(DoctorArgs),
    /// Prints a configuration with everything as it is without one, and words about it
    PrintConfig,
    /// Tells which commands differ in two recordings: that fail in one only, are in one only, take longer
    ///
    /// Exits with 0 if there is no difference, and with 3 if there is one.
    Diff(DiffArgs),
    /// Prints the manual page: `execsnoop-tui man | man -l -`
    Man,
    /// Prints what completes this program's command lines in a shell
    ///
    /// For bash: execsnoop-tui completions bash | sudo tee /etc/bash_completion.d/execsnoop-tui
    Completions(CompletionsArgs),
}

/// The flags of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// The flags of `doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Form of the report
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    pub output: DoctorFormat,
    /// Read kernel types from this file instead of /sys/kernel/btf/vmlinux
    #[arg(long, value_name = "FILE")]
    pub btf: Option<PathBuf>,
    /// Whether to use colors; `auto` does on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

/// The flags of a live run.
#[derive(Debug, clap::Args)]
pub struct LiveArgs {
    /// Read a recording (of -w or -o ndjson, plain, gzip or zstd; `-` is standard input) instead of capturing; needs no rights. Several are merged by time
    #[arg(short, long, value_name = "FILE", num_args = 1, action = clap::ArgAction::Append, help_heading = RECORDING,
          conflicts_with_all = ["only", "tree", "cgroup", "btf", "env"])]
    pub read: Vec<PathBuf>,
    /// Show a made-up machine instead of capturing, always the same one; needs no rights. As lines, five minutes of it
    #[arg(long, help_heading = RECORDING, conflicts_with_all = ["read", "only", "tree", "cgroup", "btf", "env"])]
    pub demo: bool,
    /// Replay -r or --demo so many times as fast as it happened, or `max`, at once [default: max, and 1 of --demo on the screen]
    #[arg(long, value_name = "N|max", value_parser = value::speed, help_heading = RECORDING)]
    pub speed: Option<Speed>,
    /// Record all that is captured to this new file, for -r; packed if its name ends in .zst or .gz; `-` is standard output
    #[arg(short, long, value_name = "FILE", help_heading = RECORDING, conflicts_with = "read")]
    pub write: Option<PathBuf>,
    /// Replace the file of -w, if it is there
    #[arg(long, help_heading = RECORDING, requires = "write")]
    pub force: bool,
    /// Begin a new file of -w whenever one has this size; older ones are called FILE.1, FILE.2 and so on
    #[arg(long, value_name = "SIZE", value_parser = value::file_size, help_heading = RECORDING, requires = "write")]
    pub write_max: Option<u64>,
    /// Keep so many files, the one that is written among them [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=999), help_heading = RECORDING, requires = "write_max")]
    pub write_keep: Option<u32>,

    /// Show only execs that pass this filter, such as 'user=root res!=ok'
    ///
    /// In lines it is asked as each event is told: `-f 'exit!=0'` tells no execs, but exits.
    /// Forks are told if their parent's program passes.
    #[arg(short, long, value_name = "EXPR", help_heading = SELECTION)]
    pub filter: Option<String>,
    /// Show only execs of this real user, by name or id
    #[arg(short, long, value_name = "USER", help_heading = SELECTION)]
    pub uid: Option<String>,
    /// Show only execs of this process's children
    #[arg(short = 'P', long, value_name = "PID", help_heading = SELECTION)]
    pub ppid: Option<u32>,
    /// Print only execs whose task name matches this regular expression
    #[arg(short, long, value_name = "REGEX", value_parser = value::regex, help_heading = SELECTION)]
    pub name: Option<Regex>,
    /// Print only execs whose whole line of arguments matches this regular expression
    #[arg(short, long, value_name = "REGEX", value_parser = value::regex, help_heading = SELECTION)]
    pub line: Option<Regex>,
    /// Print failed execs too (the screen and ndjson always tell them)
    #[arg(short = 'x', long, help_heading = SELECTION)]
    pub fails: bool,
    /// Columns, left to right, such as time,pid,user:20,command; a number is a width in cells. The columns of the screen and of -o csv
    #[arg(long, value_delimiter = ',', value_name = "FIELD,…", help_heading = SELECTION)]
    pub columns: Vec<String>,
    /// Kinds of events to tell; the table has execs only [default: exec,exit]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KIND,…", help_heading = SELECTION)]
    pub events: Vec<EventKind>,

    /// Print lines in this form
    #[arg(short, long, value_enum, value_name = "FORMAT", help_heading = LINES)]
    pub output: Option<Format>,
    /// Write the lines to this file: created private, or emptied, before the capture begins
    #[arg(short = 'O', long, value_name = "FILE", help_heading = LINES)]
    pub output_file: Option<PathBuf>,
    /// Table: with the time of day (HH:MM:SS)
    #[arg(short = 'T', long, help_heading = LINES)]
    pub time: bool,
    /// Table: with the seconds since the start
    #[arg(short = 't', long, help_heading = LINES)]
    pub timestamp: bool,
    /// Table: with the real user id
    #[arg(short = 'U', long, help_heading = LINES)]
    pub print_uid: bool,
    /// Table: with quotation marks around each argument
    #[arg(short, long, help_heading = LINES)]
    pub quote: bool,
    /// Table: print at most this many words, the path included, then `...` [default: 20]
    #[arg(long, value_name = "N", value_parser = value::positive, help_heading = LINES)]
    pub max_args: Option<u64>,

    /// Add up what ran in a table on standard error, at the end of the lines; alone, in the place of them
    #[arg(long, help_heading = LINES)]
    pub summary: bool,
    /// Exit with 3 if an exec does not pass this filter, and tell the first that does not; alone, print no lines
    ///
    /// Without a command the run ends there. What is known only later (exit, dur, cpu, rss, sig)
    /// is asked of programs when they end, and of failed execs.
    #[arg(long, value_name = "EXPR", help_heading = LINES)]
    pub assert: Option<String>,

    /// Sort by this field; with a `-` before or behind it, largest first
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true, help_heading = SCREEN)]
    pub sort: Option<String>,
    /// View to begin with [default: events]
    #[arg(long, value_name = "NAME", value_parser = value::view, help_heading = SCREEN)]
    pub view: Option<View>,
    /// Take clicks and the wheel, which is so unless the configuration says otherwise
    #[arg(long, help_heading = SCREEN, overrides_with = "no_mouse")]
    pub mouse: bool,
    /// Leave the mouse to the terminal, so that it selects text
    #[arg(long, help_heading = SCREEN, overrides_with = "mouse")]
    pub no_mouse: bool,
    /// Whether to draw with ASCII only; `auto`, the default, does on the kernel's console and where the locale is not UTF-8
    #[arg(long, value_enum, value_name = "WHEN", num_args = 0..=1, require_equals = true,
          default_missing_value = "always", help_heading = SCREEN)]
    pub ascii: Option<When>,
    /// Colours of the screen: a theme [default: dark]
    #[arg(long, value_enum, value_name = "NAME", help_heading = SCREEN)]
    pub theme: Option<ThemeName>,
    /// Whether to use colors; `auto`, the default, does on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, value_name = "WHEN", help_heading = SCREEN)]
    pub color: Option<When>,

    /// Capture only execs that pass this filter; the others are counted, and cost little
    ///
    /// Users, task names, control groups and under(PID) are asked in the kernel where they stand
    /// by themselves or as `a|b`, the rest of the filter before anything is kept. What is known
    /// only later (exit, dur, cpu, rss, sig, age, running) cannot be asked: see -f for that.
    #[arg(long, value_name = "EXPR", help_heading = CAPTURE)]
    pub only: Option<String>,
    /// Capture only this process and what descends from it, also when its parents are gone
    #[arg(long, value_name = "PID", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..), help_heading = CAPTURE)]
    pub tree: Vec<u32>,
    /// Capture only this control group and those below it: a path as in /proc/PID/cgroup, or below /sys/fs/cgroup
    #[arg(long, value_name = "PATH", help_heading = CAPTURE)]
    pub cgroup: Vec<PathBuf>,
    /// Stop after this time, such as 10s, 5m or 1.5h; a bare number is seconds
    #[arg(long, value_name = "TIME", value_parser = value::duration, help_heading = CAPTURE)]
    pub duration: Option<Duration>,
    /// Stop after this many execs: those printed, or on the screen those captured
    #[arg(long, value_name = "N", value_parser = value::positive, help_heading = CAPTURE)]
    pub count: Option<u64>,
    /// Exit with 4 if events were lost
    #[arg(long, help_heading = CAPTURE)]
    pub fail_on_loss: bool,
    /// Keep this many execs; the oldest go first, the counters stay exact [default: 100K, and 2M of a recording on the screen]
    #[arg(long, value_name = "N", value_parser = value::positive, help_heading = CAPTURE)]
    pub history: Option<u64>,
    /// Keep about this many bytes of execs at most [default: 256M on the screen, 1G of a recording there; without a screen 64M, or 16M where nothing looks back]
    #[arg(long, value_name = "SIZE", value_parser = value::history_size, help_heading = CAPTURE)]
    pub history_size: Option<usize>,
    /// Capture at most this many bytes of a command's arguments; 4M takes all that Linux allows by default
    #[arg(long, value_name = "SIZE", value_parser = value::arg_bytes, default_value = "128K", help_heading = CAPTURE)]
    pub max_arg_bytes: u32,
    /// Mask what looks secret in command lines and environments: passwords, tokens, keys; also in recordings and exports
    #[arg(long, help_heading = SELECTION)]
    pub redact: bool,
    /// For an audience: --redact without a way to reveal, the last key and what it does in the first line, few redraws, nothing typed earlier
    ///
    /// What is masked cannot be shown until the end. Lines that were typed in earlier runs are not offered, and
    /// those of this run are not kept. The screen follows keys at once, and events four times a second.
    #[arg(long, help_heading = SELECTION)]
    pub presenter: bool,
    /// Capture the environment too, up to as many bytes; it often has secrets
    #[arg(long, help_heading = CAPTURE)]
    pub env: bool,
    /// Size of the buffer between kernel and user space, in bytes [default: 4M for each CPU, from 8M to 64M]
    #[arg(long, value_name = "SIZE", value_parser = value::ring_size, help_heading = CAPTURE)]
    pub ring_size: Option<u32>,
    /// Read kernel types from this file instead of /sys/kernel/btf/vmlinux
    #[arg(long, value_name = "FILE", help_heading = CAPTURE)]
    pub btf: Option<PathBuf>,
    /// Stay the user that this was started as, with all rights, once the probe is attached
    #[arg(long, help_heading = CAPTURE)]
    pub keep_privileges: bool,

    /// Read this configuration in the place of ~/.config/execsnoop-tui/config.toml; print-config prints one
    #[arg(long, value_name = "FILE", help_heading = CONFIGURATION, conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long, help_heading = CONFIGURATION)]
    pub no_config: bool,
}

const RECORDING: &str = "Recordings";
const SELECTION: &str = "What to show";
const LINES: &str = "Lines";
const SCREEN: &str = "Screen (lines take no notice of these)";
const CAPTURE: &str = "Capture";
const CONFIGURATION: &str = "Configuration";

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        static VARIANTS: [Format; FORMATS.len()] = {
            let mut variants = [Format::Table; FORMATS.len()];
            let mut i = 0;
            while i < FORMATS.len() {
                variants[i] = FORMATS[i].format;
                i += 1;
            }
            variants
        };
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let info = self.info();
        Some(PossibleValue::new(info.name).help(info.doc))
    }
}

impl ValueEnum for ThemeName {
    fn value_variants<'a>() -> &'a [Self] {
        const VARIANTS: [ThemeName; ThemeName::ALL.len()] = {
            let mut variants = [ThemeName::Dark; ThemeName::ALL.len()];
            let mut i = 0;
            while i < variants.len() {
                variants[i] = ThemeName::ALL[i].0;
                i += 1;
            }
            variants
        };
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, doc) = self.words();
        Some(PossibleValue::new(name).help(doc))
    }
}

impl ValueEnum for When {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Auto, Self::Always, Self::Never]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let hit = Self::ALL.iter().find(|(when, _)| when == self);
        hit.map(|(_, name)| PossibleValue::new(*name))
    }
}

/// A kind of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EventKind {
    /// Execs, successful or failed
    Exec,
    /// Ends of processes that executed something
    Exit,
    /// New processes
    Fork,
}

/// The form of the doctor's report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// For people
    Table,
    /// One JSON object
    Json,
}

/// Reads a command line, the program's name first.
///
/// # Errors
/// On a usage error, and also when help or the version is asked for: `clap::Error::exit`
/// prints what is to be printed, and ends the process with 2 or 0.
pub fn parse<I, S>(args: I, context: &Context<'_>) -> Result<Command, clap::Error>
where
    I: IntoIterator<Item = S>,
    S: Into<OsString> + Clone,
{
    let mut flags: Vec<OsString> = args.into_iter().map(Into::into).collect();
    // Clap would take a misspelt subcommand for the program then.
    let dashes = flags.iter().position(|arg| arg == "--");
    let command = dashes.map(|at| flags.split_off(at).split_off(1));
    let args = Args::try_parse_from(flags)?;
    resolve::resolve(args, command, context)
        .map_err(|message| Args::command().error(clap::error::ErrorKind::ValueValidation, message))
}

#[cfg(test)]
mod tests;
