//! `run`: builds the tool as the user and starts it as root, in place of this program.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, find_in_path, is_root, run as run_command};

/// The package and the program of the tool.
const TOOL: &str = "execsnoop-tui";

/// Builds the tool and becomes it, so that its signals and its exit status are its own.
pub(crate) fn run(args: &[OsString]) -> Result<()> {
    run_command(cargo().args(["build", "--release", "--locked", "--package", TOOL]))?;
    let program = release_dir()?.join(TOOL);
    let mut command = if is_root() {
        Command::new(&program)
    } else {
        let Some(sudo) = find_in_path("sudo") else {
            bail!(
                "{TOOL} needs root and there is no sudo: start {} as root",
                program.display()
            );
        };
        let mut command = Command::new(sudo);
        command.arg("--").arg(&program);
        command
    };
    let error = command.args(args).exec();
    Err(error).with_context(|| format!("{} cannot be started", program.display()))
}

/// Returns the folder into which `--release` builds: the neighbour of the one that this program was built into.
pub(crate) fn release_dir() -> Result<PathBuf> {
    let own = env::current_exe().context("the path of xtask itself is not known")?;
    let target = own.parent().and_then(|debug| debug.parent());
    Ok(target
        .with_context(|| format!("{} lies in no target folder", own.display()))?
        .join("release"))
}
