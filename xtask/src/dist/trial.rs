//! The packages, tried: by lintian, and in a new Debian in which nothing else is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::NAME;
use crate::apt;
use crate::shell::{capture, run, say, work_dir};

/// The release of Debian in which the package is tried.
const SUITE: &str = "bookworm";

/// Lets lintian look at the package; a warning is a failure.
pub(super) fn lint(package: &Path) -> Result<()> {
    let lintian = apt::system_program("lintian", &["lintian"])?;
    run(Command::new(lintian)
        .args([
            "--fail-on",
            "error,warning",
            "--allow-root",
            "--tag-display-limit",
            "0",
        ])
        .arg(package))
    .context("lintian found something")
}

/// Installs the package into a new Debian, runs what it has there, and removes it again.
pub(super) fn install(package: &Path) -> Result<()> {
    let debian = debian()?;
    fs::copy(package, debian.join("tmp/package.deb"))?;
    let inside = |command: &str| {
        let told = capture(
            Command::new("chroot")
                .arg(&debian)
                .args(["/bin/sh", "-ec", command]),
        );
        told.with_context(|| format!("in the new Debian: {command}"))
    };
    inside("dpkg -i /tmp/package.deb")?;
    try_out(&inside)?;
    inside(&format!("dpkg -r {NAME} && ! command -v {NAME}"))?;
    say("the package was installed in a new Debian, runs there, and was removed again");
    Ok(())
}

/// Unpacks the archive in a folder without a C library, and runs the program there.
pub(super) fn unpack(archive: &Path) -> Result<()> {
    let folder = work_dir().join("dist/empty");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    run(Command::new("tar")
        .arg("-xf")
        .arg(archive)
        .arg("-C")
        .arg(&folder)
        .arg("--strip-components=1"))?;
    let told = capture(
        Command::new("chroot")
            .arg(&folder)
            .args([&format!("/bin/{NAME}"), "--version"]),
    )?;
    ensure!(told.starts_with(NAME), "it calls itself {told}");
    say("the archive's program runs where nothing else is");
    Ok(())
}

fn try_out(inside: &impl Fn(&str) -> Result<String>) -> Result<()> {
    let version = inside(&format!("{NAME} --version"))?;
    ensure!(version.starts_with(NAME), "it calls itself {version}");
    let execs = inside(&format!("{NAME} --demo -o ndjson --count 1000"))?;
    let execs = execs
        .lines()
        .filter(|line| line.contains(r#""event":"exec""#))
        .count();
    ensure!(execs == 1000, "the demo told {execs} execs of 1000");
    inside(&format!("test -s /usr/share/man/man8/{NAME}.8.gz"))?;
    inside(&format!(
        "bash -n /usr/share/bash-completion/completions/{NAME}"
    ))?;
    Ok(())
}

/// Returns a folder with a new Debian; it is made once.
fn debian() -> Result<PathBuf> {
    let folder = work_dir().join(format!("dist/{SUITE}"));
    if folder.join("etc/debian_version").exists() && !folder.join("debootstrap").exists() {
        return Ok(folder);
    }
    let debootstrap = apt::system_program("debootstrap", &["debootstrap"])?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let site = apt::site()?;
    say(&format!(
        "setting up Debian {SUITE} in {}",
        folder.display()
    ));
    run(Command::new(debootstrap)
        .args(["--variant=minbase", SUITE])
        .arg(&folder)
        .arg(site)
        .stdout(std::process::Stdio::null()))
    .context("a new Debian cannot be set up")?;
    Ok(folder)
}
