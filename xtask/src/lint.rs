//! `lint`: everything that judges the sources without running them, the quickest first.

use anyhow::{Result, bail};

use crate::shell::{capture, cargo, find_in_path, run as run_command, say, status};
use crate::{build_ebpf, tidy};

/// Runs every check and stops at the first that fails.
pub(crate) fn run() -> Result<()> {
    step("format");
    if !status(cargo().args(["fmt", "--all", "--", "--check"]))?.success() {
        bail!("the format is not rustfmt's: run `cargo fmt --all`");
    }
    step("house laws");
    tidy::check()?;
    step("clippy");
    run_command(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))?;
    step("clippy of the kernel programs");
    run_command(build_ebpf::clippy()?.args(["--", "-D", "warnings"]))?;
    step("documentation");
    let mut doc = cargo();
    doc.args(["doc", "--workspace", "--no-deps", "--locked"])
        .env("RUSTDOCFLAGS", "-D warnings");
    run_command(&mut doc)?;
    step("dependencies");
    dependencies()
}

/// Checks what the project depends on, and says what of it was not checked.
pub(crate) fn dependencies() -> Result<()> {
    if find_in_path("cargo-deny").is_none() {
        say(
            "NOT CHECKED: BANS, LICENCES, SOURCES AND SECURITY ADVISORIES OF DEPENDENCIES: \
             cargo-deny is not installed (`cargo install cargo-deny --locked`)",
        );
        return Ok(());
    }
    run_command(cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    if capture(cargo().args(["deny", "fetch", "db"])).is_err() {
        say("checked: bans, licences and sources of dependencies");
        say("NOT CHECKED: SECURITY ADVISORIES: their database cannot be fetched from here");
        return Ok(());
    }
    run_command(cargo().args(["deny", "check", "advisories"]))?;
    say("checked: bans, licences, sources and security advisories of dependencies");
    Ok(())
}

fn step(name: &str) {
    say(&format!("lint: {name}"));
}
