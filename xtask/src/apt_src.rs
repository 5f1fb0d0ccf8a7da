//! The sources of `core` from Debian's package `rust-src`, for machines whose rustup cannot fetch a component.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::apt::{Apt, remove_dir};
use crate::shell::{run, say};

/// The suites that may hold a version, the likeliest first.
const SUITES: [&str; 3] = ["trixie-backports", "forky", "sid"];

/// Which machine's index is read: the package is the same for all.
const ARCHITECTURE: &str = "amd64";

/// Downloads `rust-src` of exactly this version into `dir` and returns the `library` folder in it.
pub(crate) fn rust_library(version: &str, dir: &Path) -> Result<PathBuf> {
    let unpacked = dir.join(format!("rust-src-{version}"));
    let library = unpacked.join(format!("usr/src/rustc-{version}/library"));
    if !library.is_dir() {
        let package = download(version, dir)?;
        let partial = dir.join("unpacking");
        remove_dir(&partial)?;
        run(Command::new("dpkg-deb")
            .arg("--extract")
            .arg(&package)
            .arg(&partial))?;
        remove_dir(&unpacked)?;
        fs::rename(&partial, &unpacked).context("the unpacked package cannot be renamed")?;
        fs::remove_file(&package).context("the package cannot be removed after unpacking")?;
    }
    ensure!(
        library.is_dir(),
        "Debian's package rust-src {version} holds no folder {}",
        library.display()
    );
    Ok(library)
}

/// Downloads the package from the first suite that has the version, and returns its file.
fn download(version: &str, dir: &Path) -> Result<PathBuf> {
    let mut reason = None;
    for suite in SUITES {
        let apt = match Apt::open(dir, suite, ARCHITECTURE) {
            Ok(apt) => apt,
            Err(error) => {
                reason = Some(error);
                continue;
            }
        };
        let found = apt.packages()?.into_iter().find(|package| {
            package.name == "rust-src" && upstream(&package.version) == Some(version)
        });
        let Some(package) = found else { continue };
        say(&format!(
            "downloading Debian's rust-src {} ({} MB) from {suite}",
            package.version,
            package.size / 1_000_000
        ));
        return apt.download(&package);
    }
    let none = format!(
        "no suite of {} has the package rust-src {version}",
        SUITES.join(", ")
    );
    Err(match reason {
        Some(error) => error.context(none),
        None => anyhow::Error::msg(none),
    })
}

/// Returns the upstream version of a package's.
fn upstream(version: &str) -> Option<&str> {
    version.split(['+', '-', '~']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_upstream_version_matches() {
        assert_eq!(upstream("1.95.0+dfsg1-1~bpo13+1"), Some("1.95.0"));
        assert_eq!(upstream("1.95.0-1"), Some("1.95.0"));
        assert_ne!(upstream("1.96.1+dfsg1-1"), Some("1.95.0"));
    }
}
