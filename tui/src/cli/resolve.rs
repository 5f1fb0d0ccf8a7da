//! Raw arguments to decisions.

use super::config::{
    AssertConfig, Command, Config, DoctorConfig, LineConfig, Mode, RecordConfig, ScreenConfig,
    Source,
};
use super::diff;
use super::only::capture_filter;
use super::{Args, Context, DoctorArgs, EventKind, LiveArgs, Speed, Subcommands};
use crate::app::View;
use crate::export::line::TableOptions;
use crate::export::{Events, Format, Options, Select};
use crate::field::Column;
use crate::filter::{Filter, FilterError, Names};
use crate::settings::{Place, value};
use crate::text;
use std::ffi::OsString;
use unicode_width::UnicodeWidthStr;

/// Decides. An error is a sentence or two that say what is wrong and what to write instead.
///
/// `command` is what stands behind `--`, if that is there.
pub(super) fn resolve(
    args: Args,
    command: Option<Vec<OsString>>,
    context: &Context<'_>,
) -> Result<Command, String> {
    if command.as_ref().is_some_and(Vec::is_empty) {
        return Err("a program to start is missing behind `--`".into());
    }
    match args.command {
        Some(_) if command.is_some() => {
            Err("commands start no program: leave out `--` and what is behind it".into())
        }
        Some(Subcommands::Doctor(args)) => Ok(Command::Doctor(doctor(args, context))),
        Some(Subcommands::PrintConfig) => Ok(Command::PrintConfig),
        Some(Subcommands::Diff(args)) => diff::resolve(args, context).map(Command::Diff),
        Some(Subcommands::Man) => Ok(Command::Man),
        Some(Subcommands::Completions(args)) => Ok(Command::Completions(args.shell)),
        None => live(args.live, command.unwrap_or_default(), context)
            .map(|config| Command::Live(Box::new(config))),
    }
}

fn doctor(args: DoctorArgs, context: &Context<'_>) -> DoctorConfig {
    DoctorConfig {
        format: args.output,
        btf: args.btf,
        color: context.colored(args.color),
    }
}

fn live(args: LiveArgs, command: Vec<OsString>, context: &Context<'_>) -> Result<Config, String> {
    let source = source(&args, &command)?;
    let uid = args
        .uid
        .as_deref()
        .map(|user| user_id(user, context))
        .transpose()?;
    let settings = (context.settings)(match &args.config {
        _ if args.no_config => Place::Nowhere,
        Some(path) => Place::At(path),
        None => Place::Usual,
    });
    let names = &settings.names;
    let columns =
        Column::parse_all(&args.columns).map_err(|message| format!("--columns: {message}"))?;
    let sort = args.sort.as_deref().map(value::sort).transpose();
    let sort = sort.map_err(|message| format!("--sort: {message}"))?;
    let asked_for_lines = args.output.is_some()
        || args.output_file.is_some()
        || !table_flags(&args).is_empty()
        || args.name.is_some()
        || args.line.is_some();
    let assert = args
        .assert
        .as_deref()
        .map(|text| assert(text, context, names));
    let assert = assert.transpose()?;
    let in_place_of_lines = args.summary || assert.is_some();
    let mode = if asked_for_lines || in_place_of_lines || !context.stdout_is_terminal {
        let filter = parsed(
            "--filter",
            args.filter.as_deref().unwrap_or(""),
            context,
            names,
        )?;
        Mode::Lines(LineConfig {
            options: line_options(&args, uid, filter, &columns)?,
            file: args.output_file.clone(),
            silent: (args.write.is_some() || in_place_of_lines) && !asked_for_lines,
            summary: args.summary,
            assert,
        })
    } else {
        let parse = |flag: &str, text: &str| parsed(flag, text, context, names);
        let filter = args.filter.as_deref().or(settings.filter.as_deref());
        let filter = parse("--filter", filter.unwrap_or(""))?;
        let ascii = args.ascii.or(settings.ascii).unwrap_or_default();
        let color = args.color.or(settings.color).unwrap_or_default();
        let columns = match columns.is_empty() {
            true => settings.columns.clone(),
            false => columns,
        };
        Mode::Screen(ScreenConfig {
            filter: narrowed(filter, uid, args.ppid, parse)?,
            columns: match columns.is_empty() {
                true => Column::defaults(),
                false => columns,
            },
            sort: sort.or(settings.sort),
            view: args.view.or(settings.view).unwrap_or(View::Events),
            names: names.clone(),
            keys: settings.keys.clone(),
            mouse: args.mouse || (!args.no_mouse && settings.mouse.unwrap_or(true)),
            remember: !args.no_config && !args.presenter && settings.remember.unwrap_or(true),
            presenter: args.presenter,
            ascii: ascii.decide(context.bare()),
            theme: args.theme.or(settings.theme).unwrap_or_default(),
            color: context.colored(color),
        })
    };
    let speed = match (args.speed, &source, &mode) {
        (Some(Speed::Times(times)), ..) => Some(times),
        // As if it were live.
        (None, Source::Demo, Mode::Screen(_)) => Some(1.0),
        _ => None,
    };
    let history_size = args.history_size.unwrap_or(match mode {
        Mode::Screen(_) if !args.read.is_empty() => 1 << 30,
        Mode::Screen(_) => 256 << 20,
        // Ends refer back to the command's row, as a recording that begins another file does.
        Mode::Lines(ref lines) if lines.looks_back() || args.write.is_some() => 64 << 20,
        Mode::Lines(_) => 16 << 20,
    });
    let history = args.history.or(settings.history).unwrap_or(match mode {
        // All of it is there to be looked at.
        Mode::Screen(_) if !args.read.is_empty() => 2_000_000,
        _ => 100_000,
    });
    let history = usize::try_from(history).unwrap_or(usize::MAX);
    Ok(Config {
        mode,
        forks: args.events.contains(&EventKind::Fork),
        only: capture_filter(&args, !command.is_empty(), context, names)?,
        command,
        duration: args.duration,
        count: args.count,
        history,
        history_size,
        ring_size: args.ring_size,
        max_arg_bytes: args.max_arg_bytes,
        env: args.env,
        redact: args.redact || args.presenter,
        source,
        speed,
        record: record(&args, asked_for_lines, context)?,
        fail_on_loss: args.fail_on_loss,
        keep_privileges: args.keep_privileges,
        problems: settings.problems,
        btf: args.btf,
    })
}

/// Decides where events come from; of what is not live, nothing can be started.
fn source(args: &LiveArgs, command: &[OsString]) -> Result<Source, String> {
    let is_stdin = |path: &&std::path::PathBuf| super::value::is_standard(path);
    if args.read.iter().filter(is_stdin).count() > 1 {
        return Err("--read: standard input can be read once: name a file".into());
    }
    let source = match &*args.read {
        [_, ..] => Source::Recording(args.read.clone()),
        [] if args.demo => Source::Demo,
        [] if args.speed.is_some() => {
            return Err("--speed: a capture goes as fast as it happens: leave it out, or add -r FILE or --demo".into());
        }
        [] => return Ok(Source::Live),
    };
    if command.is_empty() {
        return Ok(source);
    }
    let what = match source {
        Source::Recording(_) => "a recording (-r) is read",
        _ => "a made-up machine (--demo) is shown",
    };
    Err(format!(
        "{what} and nothing started: leave out `--` and what follows it"
    ))
}

/// Parses a flag's filter.
pub(super) fn parsed(
    flag: &str,
    text: &str,
    context: &Context<'_>,
    names: &Names,
) -> Result<Filter, String> {
    Filter::parse_with(text, Some(&context.zone), names)
        .map_err(|error| show_filter_error(flag, text, &error))
}

fn assert(text: &str, context: &Context<'_>, names: &Names) -> Result<AssertConfig, String> {
    let filter = parsed("--assert", text, context, names)?;
    Ok(AssertConfig {
        later: filter.asks_later(),
        filter,
    })
}

fn record(
    args: &LiveArgs,
    asked_for_lines: bool,
    context: &Context<'_>,
) -> Result<Option<RecordConfig>, String> {
    const KEEP: u32 = 5;
    let Some(path) = &args.write else {
        return Ok(None);
    };
    let config = RecordConfig {
        path: path.clone(),
        force: args.force,
        max: args.write_max,
        keep: args.write_keep.unwrap_or(KEEP),
    };
    if config.is_stdout() {
        if context.stdout_is_terminal {
            return Err(
                "--write: standard output is a terminal: redirect it, or name a file".into(),
            );
        }
        if asked_for_lines && args.output_file.is_none() {
            return Err("--write: standard output gets lines: write these to a file with -O, or record to a file".into());
        }
        if config.max.is_some() {
            return Err(
                "--write-max: standard output is one stream: leave it out, or name a file".into(),
            );
        }
    }
    Ok(Some(config))
}

fn line_options(
    args: &LiveArgs,
    uid: Option<u32>,
    filter: Filter,
    columns: &[Column],
) -> Result<Options, String> {
    let format = args.output.unwrap_or(Format::Table);
    let shaping = table_flags(args);
    if format != Format::Table && !shaping.is_empty() {
        return Err(format!(
            "{} shape the table, not {}: leave them out, or use -o table",
            shaping.join(" "),
            format.info().name
        ));
    }
    let events = events(&args.events);
    if format == Format::Table && !events.exec {
        return Err("--events: the table tells execs only: add exec, or use -o ndjson".into());
    }
    let defaults = TableOptions::default();
    let max_args = args
        .max_args
        .map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    Ok(Options {
        format,
        events,
        failed: args.fails || format != Format::Table,
        select: Select {
            uid,
            ppid: args.ppid,
            name: args.name.clone(),
            line: args.line.clone(),
        },
        filter,
        count: args.count,
        table: TableOptions {
            time: args.time,
            timestamp: args.timestamp,
            uid: args.print_uid,
            quote: args.quote,
            max_args: max_args.unwrap_or(defaults.max_args),
            ..defaults
        },
        columns: columns.iter().map(|column| column.field).collect(),
    })
}

/// Returns the flags given that make sense for the table only.
fn table_flags(args: &LiveArgs) -> Vec<&'static str> {
    [
        (args.time, "-T"),
        (args.timestamp, "-t"),
        (args.print_uid, "-U"),
        (args.quote, "-q"),
        (args.max_args.is_some(), "--max-args"),
    ]
    .into_iter()
    .filter_map(|(given, flag)| given.then_some(flag))
    .collect()
}

fn events(kinds: &[EventKind]) -> Events {
    if kinds.is_empty() {
        return Events::default();
    }
    Events {
        exec: kinds.contains(&EventKind::Exec),
        exit: kinds.contains(&EventKind::Exit),
        fork: kinds.contains(&EventKind::Fork),
    }
}

fn user_id(user: &str, context: &Context<'_>) -> Result<u32, String> {
    if let Ok(uid) = user.parse() {
        return Ok(uid);
    }
    (context.uid_of)(user).ok_or_else(|| {
        format!(
            "--uid: there is no user `{}`: write a name that `getent passwd` lists, or an id",
            text::escape(user.as_bytes())
        )
    })
}

/// Shows a flag's filter with a caret below the place where it went wrong.
pub(super) fn show_filter_error(flag: &str, filter: &str, error: &FilterError) -> String {
    let before: String = filter.chars().take(error.column).collect();
    let indent = text::escape(before.as_bytes()).width();
    let shown = text::escape(filter.as_bytes());
    let message = &error.message;
    format!("{flag}: {message}\n  {shown}\n  {:indent$}^", "")
}

/// Puts what `-u` and `-P` ask for before a filter, where a person can see and change it.
fn narrowed(
    filter: Filter,
    uid: Option<u32>,
    ppid: Option<u32>,
    parse: impl Fn(&str, &str) -> Result<Filter, String>,
) -> Result<Filter, String> {
    let mut terms = Vec::new();
    terms.extend(uid.map(|uid| format!("uid={uid}")));
    terms.extend(ppid.map(|ppid| format!("ppid={ppid}")));
    if terms.is_empty() {
        return Ok(filter);
    }
    if !filter.is_empty() {
        terms.push(format!("({})", filter.text()));
    }
    parse("--filter", &terms.join(" "))
}
