//! Running other programs: where the checkout is, which variables must not leak, and errors that name the command.

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

/// Returns the root folder of the checkout.
pub(crate) fn root() -> PathBuf {
    // The variable of the running cargo wins over the path compiled in: a checkout may have been moved.
    let manifest_dir =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let manifest_dir = PathBuf::from(manifest_dir);
    manifest_dir
        .parent()
        .map_or_else(|| manifest_dir.clone(), Path::to_path_buf)
}

/// Returns the folder for what the chores themselves need (tools, downloads); it is not committed.
pub(crate) fn work_dir() -> PathBuf {
    root().join("target/xtask")
}

/// Returns a command for the cargo that started this program, run in the root folder.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // `cargo run` describes the package xtask to us; an inner cargo must not take that for its own.
    for (name, _) in env::vars_os() {
        let described = [
            "CARGO_MANIFEST_",
            "CARGO_PKG_",
            "CARGO_BIN_NAME",
            "CARGO_CRATE_NAME",
        ];
        if described
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    command.current_dir(root());
    command
}

/// Says what is about to happen, on standard error as cargo does.
pub(crate) fn say(text: &str) {
    eprintln!("xtask: {text}");
}

/// Says whether this process may do everything (effective user id 0).
pub(crate) fn is_root() -> bool {
    Path::new("/proc/self")
        .metadata()
        .is_ok_and(|meta| meta.uid() == 0)
}

/// Finds `program` in the folders of `PATH`.
pub(crate) fn find_in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|candidate| candidate.is_file())
}

/// Takes away every variable by which an outer cargo or rustup would change what an inner one builds.
///
/// Left in place are those that only say where things are fetched from, how many jobs run and how output looks.
pub(crate) fn forget_outer_build(command: &mut Command) -> &mut Command {
    for (name, _) in env::vars_os() {
        if changes_a_build(&name) {
            command.env_remove(name);
        }
    }
    command
}

fn changes_a_build(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let kept = ["CARGO_HOME", "CARGO_BUILD_JOBS"];
    let kept_prefixes = [
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTRIES_",
        "CARGO_REGISTRY_",
        "CARGO_TERM_",
    ];
    if kept.contains(&&*name) || kept_prefixes.iter().any(|prefix| name.starts_with(prefix)) {
        return false;
    }
    ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || ["RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH", "MAKEFLAGS", "MFLAGS"].contains(&&*name)
}

/// Runs a command to its end, its output going where ours goes, and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` failed ({status})", show(command));
    }
    Ok(())
}

/// Runs a command to its end and returns how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    command
        .status()
        .with_context(|| format!("`{}` cannot be started", show(command)))
}

/// Runs a command and returns what it wrote to standard output; its standard error goes into the error.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{}` cannot be started", show(command)))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let reason = stderr
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("it gave no reason");
        bail!(
            "`{}` failed ({}): {}",
            show(command),
            output.status,
            reason.trim()
        );
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` wrote bytes that are not UTF-8", show(command)))
}

/// Shows program and arguments, for messages.
fn show(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_else(|| command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_that_change_a_build_are_forgotten() {
        for name in [
            "CARGO",
            "CARGO_TARGET_DIR",
            "CARGO_ENCODED_RUSTFLAGS",
            "RUSTFLAGS",
            "RUSTC_WRAPPER",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert!(
                changes_a_build(OsStr::new(name)),
                "{name} must be forgotten"
            );
        }
        for name in [
            "CARGO_HOME",
            "CARGO_BUILD_JOBS",
            "CARGO_NET_OFFLINE",
            "RUSTUP_HOME",
            "PATH",
            "HOME",
            "RUST_BACKTRACE",
        ] {
            assert!(!changes_a_build(OsStr::new(name)), "{name} must stay");
        }
    }

    #[test]
    fn a_failing_command_is_named_with_its_reason() {
        let error = capture(Command::new("sh").args(["-c", "echo no luck >&2; exit 3"]))
            .expect_err("exit 3 is a failure");
        let text = error.to_string();
        assert!(text.contains("sh -c") && text.contains("no luck"), "{text}");
    }
}
