//! What cargo builds for a guest: the product and the tests of it as a whole, or the program of a release.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::arch::Arch;
use crate::apt;
use crate::dist::musl;
use crate::shell::{capture, cargo, root};
use crate::toolchain::Toolchain;

/// What cargo has built.
pub(super) struct Built {
    pub(super) product: PathBuf,
    /// The test program; a release is tried by a script.
    pub(super) tests: Option<PathBuf>,
}

/// What is optimized though nothing else is: guests start the product dozens of times, and it reads the kernel's types each time.
const OPTIMIZED: [&str; 2] = ["aya-obj", "execsnoop-tui"];

/// The target of a cross-built product.
const TARGET: &str = "aarch64-unknown-linux-gnu";

/// The linker for it, and Debian's packages with that and the C library it links to.
const LINKER: &str = "aarch64-linux-gnu-gcc";
const LINKER_PACKAGES: [&str; 2] = ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"];

/// Builds the product and the tests of it as a whole, linked as on any machine, and not statically.
pub(super) fn build(arch: Arch) -> Result<Built> {
    let mut command = if arch == Arch::NATIVE {
        // Most of this serves the chore `test`, too.
        let mut command = cargo();
        command.arg("test");
        command
    } else {
        cross(arch)?
    };
    command
        .args(["--package", "execsnoop-tui"])
        .args(["--locked", "--no-run", "--test", "it"])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit());
    for package in OPTIMIZED {
        command.args([
            "--config",
            &format!("profile.dev.package.{package}.opt-level=1"),
        ]);
    }
    let messages = capture(&mut command)?;
    let find = |kind, name| {
        executable(&messages, kind, name)
            .with_context(|| format!("cargo tells of no program {name}"))
    };
    Ok(Built {
        product: find("bin", "execsnoop-tui")?,
        tests: Some(find("test", "it")?),
    })
}

/// Builds the program that releases have, linked statically.
pub(super) fn release(arch: Arch) -> Result<Built> {
    Ok(Built {
        product: musl::build(arch)?.program,
        tests: None,
    })
}

/// Returns a cargo that builds for the other kind of machine, the standard library from its sources: nothing else is sure to
/// fit the pinned compiler.
fn cross(arch: Arch) -> Result<Command> {
    ensure!(
        arch == Arch::Arm,
        "the product for x86_64 is built on x86_64 only"
    );
    let linker = apt::system_program(LINKER, &LINKER_PACKAGES)?;
    let toolchain = Toolchain::pinned()?;
    toolchain.ensure_rust_src()?;
    let mut command = toolchain.tool("cargo");
    command
        .current_dir(root())
        .arg("test")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", linker)
        .args(["-Zbuild-std=std,test,panic_unwind", "--target", TARGET])
        .args(["--target-dir", "target/arm64"]);
    Ok(command)
}

/// Finds the program of a target in what cargo tells about a build, one JSON object a line.
fn executable(messages: &str, kind: &str, name: &str) -> Option<PathBuf> {
    let mut messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let of_target = messages.find(|message| {
        let target = &message["target"];
        target["name"] == name && target["kind"][0] == kind && message["executable"].is_string()
    })?;
    of_target["executable"].as_str().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_are_found_among_what_cargo_tells() {
        let messages = r#"
            {"reason":"compiler-artifact","target":{"kind":["lib"],"name":"it"},"executable":null}
            {"reason":"compiler-artifact","target":{"kind":["test"],"name":"it"},"executable":"/t/it-1"}
            {"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "test", "it"),
            Some(PathBuf::from("/t/it-1"))
        );
        assert_eq!(executable(messages, "bin", "it"), None);
    }
}
