//! From the command line to an exit status: what is started, in which order, and how it ends.

mod lines;
mod live;
mod screen;
mod trial;

use crate::cli::{self, Command, Config, Context, DoctorConfig, DoctorFormat, Mode};
use crate::source::probe::Options;
use crate::source::probe::requirements::{self, Facts, Request};
use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

/// Runs the program; `args` begin with its name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<_> = args.into_iter().collect();
    let command = match cli::parse(&args, &Context::of_process()) {
        Ok(command) => command,
        // Prints help, the version or the usage error, and ends with 0 or 2.
        Err(error) => error.exit(),
    };
    let result = match command {
        Command::Live(config) => live(&config, args.get(1..).unwrap_or_default()),
        Command::Doctor(config) => doctor(&config),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn live(config: &Config, args: &[OsString]) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(async {
        match &config.mode {
            Mode::Lines(lines) => lines::run(config, lines, args).await,
            Mode::Screen(screen) => screen::run(config, screen, args).await,
        }
    });
    // A thread that waits for a stalled reader, or for a key, is not waited for.
    runtime.shutdown_background();
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Reports the checks and the trial; success only if the trial worked.
fn doctor(config: &DoctorConfig) -> Result<ExitCode> {
    let options = Options {
        btf: config.btf.clone(),
        ..Options::default()
    };
    let checks = checks(config.btf.as_deref(), options.ring_size, &[]);
    let json = config.format == DoctorFormat::Json;
    match crate::doctor::run(&mut std::io::stdout(), json, &checks, || {
        trial::run(&options)
    }) {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::FAILURE),
        // Nobody reads the report any more.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error).context("cannot write the report"),
    }
}

/// Checks what a live run needs here; `args` are what to repeat in a command that would work.
fn checks(btf: Option<&Path>, ring_size: u32, args: &[OsString]) -> Vec<requirements::Check> {
    let map_bytes = u64::from(ring_size);
    requirements::check(&Facts::read(Request {
        btf,
        args,
        map_bytes,
    }))
}

/// Says a sentence on standard error, if there still is one.
fn complain(sentence: &str) {
    let sentence = crate::text::escape(sentence.as_bytes());
    let _ = writeln!(std::io::stderr(), "execsnoop-tui: {sentence}");
}

/// Returns the user and group that files belong to: under sudo the invoking user.
fn invoking_user() -> Option<(u32, u32)> {
    let id = |name| std::env::var(name).ok()?.parse::<u32>().ok();
    if !nix::unistd::Uid::effective().is_root() {
        return None;
    }
    Some((id("SUDO_UID")?, id("SUDO_GID")?))
}
