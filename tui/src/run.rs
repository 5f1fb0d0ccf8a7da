//! From the command line to an exit status: what is started, in which order, and how it ends.

mod lines;
mod live;

use crate::cli::{self, Command, Config, Context, Mode};
use anyhow::Result;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program; `args` begin with its name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command = match cli::parse(args, &Context::of_process()) {
        Ok(command) => command,
        // Prints help, the version or the usage error, and ends with 0 or 2.
        Err(error) => error.exit(),
    };
    let result = match command {
        Command::Live(config) => live(*config),
        Command::Doctor(_) => Ok(ExitCode::FAILURE),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!(
                "execsnoop-tui: {}",
                crate::text::escape(format!("{error:#}").as_bytes())
            );
            ExitCode::FAILURE
        }
    }
}

fn live(config: Config) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match &config.mode {
            Mode::Lines(lines) => lines::run(&config, lines).await,
            Mode::Screen(_) => anyhow::bail!("no screen yet"),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the user and group that files belong to: under sudo the invoking user.
fn invoking_user() -> Option<(u32, u32)> {
    let id = |name| std::env::var(name).ok()?.parse::<u32>().ok();
    if !nix::unistd::Uid::effective().is_root() {
        return None;
    }
    Some((id("SUDO_UID")?, id("SUDO_GID")?))
}
