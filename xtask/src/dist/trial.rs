//! The packages, tried: by lintian, and in a new Debian in which nothing else is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::NAME;
use crate::apt;
use crate::shell::{capture, run, say, work_dir};
use crate::vm::arch::Arch;

/// The release of Debian in which the package is tried.
const SUITE: &str = "bookworm";

/// Tries what was made for a kind of machines.
pub(super) fn perform(arch: Arch, package: &Path, archive: &Path) -> Result<()> {
    lint(package)?;
    if arch == Arch::NATIVE {
        install(package)?;
        unpack(archive)
    } else {
        emulate(package)
    }
}

/// Lets lintian look at the package; a warning is a failure.
fn lint(package: &Path) -> Result<()> {
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
fn install(package: &Path) -> Result<()> {
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
fn unpack(archive: &Path) -> Result<()> {
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
    check_version(&told)?;
    say("the archive's program runs where nothing else is");
    Ok(())
}

/// Runs what the package for another kind of machines has, by QEMU's interpreter of its instructions.
fn emulate(package: &Path) -> Result<()> {
    let qemu = apt::system_program("qemu-aarch64-static", &["qemu-user-static"])?;
    let folder = work_dir().join("dist/foreign");
    apt::remove_dir(&folder)?;
    run(Command::new("dpkg-deb")
        .arg("--extract")
        .arg(package)
        .arg(&folder))?;
    let told = |args: &[&str]| {
        let program = folder.join("usr/bin").join(NAME);
        capture(Command::new(&qemu).arg(program).args(args))
    };
    check_version(&told(&["--version"])?)?;
    check_demo(&told(&DEMO)?)?;
    say(
        "the package's program runs in QEMU; the live runs are those of `cargo xtask vm --release --arch arm64`",
    );
    Ok(())
}

/// Asks for so much of the made-up machine.
const DEMO: [&str; 5] = ["--demo", "-o", "ndjson", "--count", "1000"];

fn check_version(told: &str) -> Result<()> {
    ensure!(told.starts_with(NAME), "it calls itself {told}");
    Ok(())
}

fn check_demo(told: &str) -> Result<()> {
    let execs = told.lines();
    let execs = execs.filter(|line| line.contains(r#""event":"exec""#));
    let execs = execs.count();
    ensure!(execs == 1000, "the demo told {execs} execs of 1000");
    Ok(())
}

fn try_out(inside: &impl Fn(&str) -> Result<String>) -> Result<()> {
    check_version(&inside(&format!("{NAME} --version"))?)?;
    check_demo(&inside(&format!("{NAME} {}", DEMO.join(" ")))?)?;
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
