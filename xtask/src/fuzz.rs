//! The fuzz targets of `tui/fuzz`: built, and run for a time each, on the kept inputs and on what earlier runs found.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, anyhow, bail};

use crate::shell::{capture, root, run, say, work_dir};
use crate::toolchain::Toolchain;

/// The version of cargo-fuzz that is installed.
const VERSION: &str = "0.13.1";

/// How much is shown of what a target says of a failure.
const LAST_LINES: usize = 60;

/// What is fuzzed, and for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Seconds for each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// As in CI: built in two minutes, without the sanitizer of addresses, and run as many at a time as there are processors
    #[arg(long)]
    quick: bool,
    /// Only these targets
    targets: Vec<String>,
}

/// Runs the targets, one after the other unless it is to be quick.
///
/// # Errors
/// If one cannot be built, or found an input that makes the program fail; its file is named.
pub(crate) fn perform(options: &Options) -> Result<()> {
    let toolchain = Toolchain::pinned()?;
    let home = root().join("tui/fuzz");
    let known = targets(&home)?;
    if let Some(unknown) = options.targets.iter().find(|name| !known.contains(name)) {
        bail!(
            "{unknown} is no fuzz target; there are {}",
            known.join(", ")
        );
    }
    let built = build(&toolchain, &home, options.quick)?;
    let chosen = known
        .iter()
        .filter(|name| options.targets.is_empty() || options.targets.contains(name));
    let waiting = Mutex::new(chosen);
    let next = || waiting.lock().ok()?.next();
    let worker = || {
        let mut failed = Vec::new();
        while let Some(name) = next() {
            say(&format!("fuzzing {name} for {} s", options.seconds));
            if let Err(error) = fuzz(&built, &home, name, options.seconds) {
                eprintln!("{error:#}");
                failed.push(name.as_str());
            }
        }
        failed
    };
    let workers = match options.quick {
        true => thread::available_parallelism().map_or(1, usize::from),
        false => 1,
    };
    let failed = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let failed = workers.into_iter().map(thread::ScopedJoinHandle::join);
        failed.collect::<thread::Result<Vec<_>>>()
    });
    let failed = failed
        .map_err(|_| anyhow!("a worker died: see above"))?
        .concat();
    if !failed.is_empty() {
        bail!("{} failed: see above", failed.join(", "));
    }
    Ok(())
}

fn targets(home: &Path) -> Result<Vec<String>> {
    let folder = home.join("targets");
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        names.extend(stem.map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Builds all targets; returns the folder that they are in.
fn build(toolchain: &Toolchain, home: &Path, quick: bool) -> Result<PathBuf> {
    let fuzz = ensure(toolchain)?;
    let (target, level, sanitizer) = match quick {
        true => ("fuzz/quick", "1", "none"),
        false => ("fuzz/target", "3", "address"),
    };
    let target = work_dir().join(target);
    let mut cargo = toolchain.tool("cargo");
    let path = path_with(&cargo, &fuzz)?;
    // The compiler takes the flags of sanitizers only so; the product itself needs none of it.
    run(cargo
        .env("RUSTC_BOOTSTRAP", "1")
        .env("PATH", path)
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level)
        .args(["fuzz", "build", "--sanitizer", sanitizer, "--fuzz-dir"])
        .arg(home)
        .arg("--target-dir")
        .arg(&target))
    .context("the fuzz targets cannot be built")?;
    Ok(target.join("x86_64-unknown-linux-gnu/release"))
}

fn fuzz(built: &Path, home: &Path, name: &str, seconds: u64) -> Result<()> {
    let found = work_dir().join("fuzz/found").join(name);
    let crashes = work_dir().join("fuzz/crashes");
    let kept = home.join("corpus").join(name);
    for folder in [&found, &crashes] {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let output = Command::new(built.join(name))
        .args(["-timeout=10", "-rss_limit_mb=4096", "-print_final_stats=1"])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/{name}-", crashes.display()))
        .arg(&found)
        .arg(&kept)
        .output()
        .with_context(|| format!("{name} cannot be started"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let lines: Vec<_> = told.lines().collect();
        let last = lines.len().saturating_sub(LAST_LINES);
        bail!(
            "{}\n{name} found an input, which is in {}",
            lines[last..].join("\n"),
            crashes.display()
        );
    }
    let units = told
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))
        .map_or("?", str::trim);
    say(&format!("{name}: {units} inputs, no failure"));
    Ok(())
}

/// Returns the `PATH` of a command, and the folder of a program behind it.
fn path_with(command: &Command, program: &Path) -> Result<OsString> {
    let path = command.get_envs().find(|(name, _)| *name == "PATH");
    let path = path.and_then(|(_, value)| value).unwrap_or_default();
    let folder = program.parent().map(Path::to_path_buf);
    Ok(std::env::join_paths(
        std::env::split_paths(path).chain(folder),
    )?)
}

/// Returns the path of cargo-fuzz, building it first if it is not there yet.
fn ensure(toolchain: &Toolchain) -> Result<PathBuf> {
    let home = work_dir().join(format!("tools/cargo-fuzz-{VERSION}"));
    let program = home.join("bin/cargo-fuzz");
    if capture(Command::new(&program).arg("--version")).is_ok() {
        return Ok(program);
    }
    say(&format!("building cargo-fuzz {VERSION} (once)"));
    run(toolchain
        .tool("cargo")
        .args([
            "install",
            "cargo-fuzz",
            "--version",
            VERSION,
            "--locked",
            "--quiet",
            "--force",
            "--root",
        ])
        .arg(&home))
    .with_context(|| format!("cargo-fuzz {VERSION} cannot be installed from crates.io"))?;
    Ok(program)
}
