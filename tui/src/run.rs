//! From the command line to an exit status: what is started, in which order, and how it ends.

mod assert;
mod command;
mod diff;
mod fence;
mod lines;
mod live;
mod only;
mod pace;
mod privileges;
mod record;
mod replay;
mod save;
mod screen;
mod settings;
mod trial;
mod typed;

use crate::cli::{self, Command, Config, Context, DoctorConfig, DoctorFormat, Mode};
use crate::doctor::Form;
use crate::source::probe::Options;
use crate::source::probe::requirements::{self, Facts, Request};
use crate::threads;
use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;

/// Runs the program; `args` begin with its name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<_> = args.into_iter().collect();
    if let Some(code) = command::hold(&args) {
        return code;
    }
    let context = Context {
        settings: &settings::load,
        ..Context::of_process()
    };
    let command = match cli::parse(&args, &context) {
        Ok(command) => command,
        Err(error) => return usage(&error),
    };
    let result = match command {
        Command::Live(config) => live(&config, args.get(1..).unwrap_or_default()),
        Command::Doctor(config) => doctor(&config),
        Command::PrintConfig => print(|out| out.write_all(crate::settings::printed().as_bytes())),
        Command::Diff(config) => diff::run(&config),
        Command::Man => print(crate::manual::page),
        Command::Completions(shell) => print(|out| crate::manual::completions(out, shell)),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints help, the version or what is wrong with the command line.
fn usage(error: &clap::Error) -> ExitCode {
    let plain = error.render().to_string();
    let hostile = |c: char| c != '\n' && crate::text::is_unsafe(c);
    // An argument that is quoted back must not act on the terminal.
    if error.use_stderr() && plain.chars().any(hostile) {
        for line in plain.lines() {
            let line = crate::text::escape(line.as_bytes());
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    } else {
        // Nobody may be there to read it.
        let _ = error.print();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn live(config: &Config, args: &[OsString]) -> Result<ExitCode> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        match &config.mode {
            Mode::Lines(lines) => lines::run(config, lines, args).await,
            Mode::Screen(screen) => screen::run(config, screen, args).await,
        }
    });
    // A thread that waits for a stalled reader, or for a key, is not waited for.
    runtime.shutdown_background();
    outcome
}

/// Returns a runtime whose one worker drains the ring, beside the thread that consumes.
fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let builder = builder.worker_threads(1).enable_all();
    threads::started_by(|| builder.build())?.context("cannot wait for several things at once")
}

/// Reports the checks and the trial; success only if the trial worked.
fn doctor(config: &DoctorConfig) -> Result<ExitCode> {
    let options = Options {
        btf: config.btf.clone(),
        ..Options::default()
    };
    let checks = checks(config.btf.as_deref(), options.ring_size, &[]);
    let form = match config.format {
        DoctorFormat::Json => Form::Json,
        DoctorFormat::Table => Form::Table {
            color: config.color,
        },
    };
    let trial = || {
        trial::run(&options).map_err(|error| requirements::first_obstacle(&checks).unwrap_or(error))
    };
    match crate::doctor::run(&mut std::io::stdout(), form, &checks, trial) {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::FAILURE),
        // Nobody reads the report any more.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error).context("cannot write the report"),
    }
}

/// Writes a text to standard output, as far as somebody reads it.
fn print(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<ExitCode> {
    let mut out = BufWriter::new(std::io::stdout());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Checks what a live run needs here; `args` are what to repeat in a command that would work.
fn checks(btf: Option<&Path>, ring_size: u32, args: &[OsString]) -> Vec<requirements::Check> {
    let map_bytes = u64::from(ring_size);
    requirements::check(&Facts::read(Request {
        btf,
        args,
        map_bytes,
        becomes: invoking_user().map(|(uid, _)| uid),
    }))
}

/// Returns what to end with, if the program's own findings say so: 3 for a broken assertion, 4 for losses that
/// are a failure.
fn verdict(broken: bool, config: &Config, lost: u64) -> Option<ExitCode> {
    if broken {
        return Some(ExitCode::from(3));
    }
    (config.fail_on_loss && lost > 0).then(|| {
        let events = if lost == 1 {
            "event was"
        } else {
            "events were"
        };
        let lost = crate::format::count(lost);
        complain(&format!("{lost} {events} lost"));
        ExitCode::from(4)
    })
}

/// Returns another handle of standard output.
fn standard_output() -> Result<File> {
    let stdout = std::io::stdout().as_fd().try_clone_to_owned();
    Ok(stdout.context("cannot use standard output")?.into())
}

/// Says a sentence on standard error, if there still is one.
fn complain(sentence: &str) {
    let sentence = crate::text::escape(sentence.as_bytes());
    let _ = writeln!(std::io::stderr(), "execsnoop-tui: {sentence}");
}

/// Returns the user and group that files belong to: under sudo the invoking user, unless that is root as well.
fn invoking_user() -> Option<(u32, u32)> {
    let id = |name| std::env::var(name).ok()?.parse::<u32>().ok();
    if !nix::unistd::Uid::effective().is_root() {
        return None;
    }
    let uid = id("SUDO_UID").filter(|uid| *uid != 0)?;
    Some((uid, id("SUDO_GID")?))
}
