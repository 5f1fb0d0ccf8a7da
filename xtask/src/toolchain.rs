//! The Rust toolchain that builds the kernel programs: found or installed, always the very same compiler.
//!
//! The object is committed and compared byte for byte, so the compiler is pinned to one build of one version.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::apt_src;
use crate::shell::{capture, forget_outer_build, run, say, work_dir};

/// The version of the pinned toolchain, as rustup names it.
pub(crate) const VERSION: &str = "1.95.0";

/// What the pinned compiler answers to `--version`.
pub(crate) const RUSTC: &str = "rustc 1.95.0 (59807616e 2026-04-14)";

/// The pinned toolchain on this machine.
pub(crate) struct Toolchain {
    /// The folder that holds its `bin` and `lib`.
    pub(crate) sysroot: PathBuf,
    /// The name by which rustup knows it, if it does.
    rustup_name: Option<&'static str>,
}

impl Toolchain {
    /// Finds the pinned toolchain, or has rustup install it.
    pub(crate) fn pinned() -> Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        say(&format!(
            "installing the Rust toolchain {VERSION}, which builds the kernel programs"
        ));
        run(rustup().args(["toolchain", "install", VERSION, "--profile", "minimal", "--no-self-update"])).with_context(
            || format!("the kernel programs are built with {RUSTC} and it cannot be installed: install it with rustup (https://rustup.rs)"),
        )?;
        Self::find().with_context(|| format!("rustup's toolchain {VERSION} is not {RUSTC}: the pin in xtask/src/toolchain.rs is wrong"))
    }

    fn find() -> Option<Self> {
        [Some(VERSION), Some("stable"), None]
            .into_iter()
            .find_map(Self::probe)
    }

    /// Asks one compiler, rustup's of that name or the one in `PATH`, whether it is the pinned one.
    fn probe(rustup_name: Option<&'static str>) -> Option<Self> {
        let rustc = || match rustup_name {
            Some(name) => {
                let mut command = rustup();
                command.args(["run", name, "rustc"]);
                command
            }
            None => {
                let mut command = Command::new("rustc");
                forget_outer_build(&mut command);
                command
            }
        };
        if capture(rustc().arg("--version")).ok()?.trim() != RUSTC {
            return None;
        }
        let sysroot = PathBuf::from(capture(rustc().args(["--print", "sysroot"])).ok()?.trim());
        sysroot.join("bin/cargo").is_file().then_some(Self {
            sysroot,
            rustup_name,
        })
    }

    /// Returns a command for a program of this toolchain that sees nothing of the cargo we run under.
    pub(crate) fn tool(&self, name: &str) -> Command {
        let bin = self.sysroot.join("bin");
        let mut command = Command::new(bin.join(name));
        forget_outer_build(&mut command);
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(std::iter::once(bin.clone()).chain(env::split_paths(&path)))
            .unwrap_or(path);
        command
            .env("PATH", path)
            .env("CARGO", bin.join("cargo"))
            .env("RUSTC", bin.join("rustc"))
            .env("RUSTC_WRAPPER", "")
            // bpf-linker opens the compiler's own LLVM and looks for it here first.
            .env("LD_LIBRARY_PATH", self.sysroot.join("lib"));
        command
    }

    /// Makes sure that a component which `minimal` leaves out is there, judged by one of its files.
    pub(crate) fn ensure_component(&self, component: &str, file: &str) -> Result<()> {
        if self.sysroot.join(file).is_file() {
            return Ok(());
        }
        say(&format!(
            "adding {component} to the Rust toolchain {VERSION}"
        ));
        self.add_component(component)?;
        if !self.sysroot.join(file).is_file() {
            bail!("{component} of Rust {VERSION} lacks {file}: reinstall the toolchain");
        }
        Ok(())
    }

    fn add_component(&self, component: &str) -> Result<()> {
        let name = self.rustup_name.context("this toolchain is not rustup's")?;
        capture(rustup().args(["component", "add", component, "--toolchain", name])).map(drop)
    }

    /// Makes sure that the sources of `core` lie where `-Zbuild-std` looks for them.
    pub(crate) fn ensure_rust_src(&self) -> Result<()> {
        let home = self.sysroot.join("lib/rustlib/src/rust");
        if has_sources(&home) {
            return Ok(());
        }
        say(&format!(
            "adding the sources of core to the Rust toolchain {VERSION}"
        ));
        let reason = match self.add_component("rust-src") {
            Ok(()) if has_sources(&home) => return Ok(()),
            Ok(()) => "it takes it for installed".to_owned(),
            Err(error) => format!("{error:#}"),
        };
        say(&format!(
            "rustup does not add rust-src ({reason}): trying Debian's package of the same version"
        ));
        let library = apt_src::rust_library(VERSION, &work_dir().join("apt")).with_context(|| {
            format!("the sources of core {VERSION} cannot be had: run `rustup component add rust-src --toolchain {VERSION}`")
        })?;
        place_sources(&library, &home)
    }
}

/// Says whether `home` holds the standard library's sources.
fn has_sources(home: &Path) -> bool {
    ["library/Cargo.lock", "library/core/src/lib.rs"]
        .iter()
        .all(|file| home.join(file).is_file())
}

/// Copies a `library` folder to `home/library`, so that it is there whole or not at all.
fn place_sources(library: &Path, home: &Path) -> Result<()> {
    let parent = home.parent().context("the sources' folder has no parent")?;
    let name = format!(
        ".{}.{}",
        home.file_name().unwrap_or_default().to_string_lossy(),
        std::process::id()
    );
    let partial = parent.join(name);
    let moved = fs::create_dir_all(&partial)
        .context("it cannot be created")
        .and_then(|()| {
            run(Command::new("cp")
                .arg("-R")
                .arg(library)
                .arg(partial.join("library")))
        })
        .and_then(|()| fs::rename(&partial, home).context("the copy cannot be renamed into place"));
    if moved.is_err() {
        let _best_effort = fs::remove_dir_all(&partial);
    }
    // Another run of this chore may have been faster: then its copy serves as well.
    if has_sources(home) {
        Ok(())
    } else {
        moved.with_context(|| format!("the sources of core cannot be put into {}", home.display()))
    }
}

/// Returns a command for rustup that installs nothing behind our back.
fn rustup() -> Command {
    let mut command = Command::new("rustup");
    forget_outer_build(&mut command)
        .env("RUSTUP_AUTO_INSTALL", "0")
        .env_remove("RUST_BACKTRACE");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_answer_names_the_pinned_version() {
        assert!(RUSTC.starts_with(&format!("rustc {VERSION} (")));
    }

    #[test]
    fn sources_are_placed_whole_and_a_second_placing_is_harmless() {
        let dir = env::temp_dir().join(format!("xtask-sources-{}", std::process::id()));
        let library = dir.join("from/library");
        fs::create_dir_all(library.join("core/src")).expect("temporary folder");
        fs::write(library.join("Cargo.lock"), "").expect("temporary file");
        fs::write(library.join("core/src/lib.rs"), "").expect("temporary file");
        let home = dir.join("sysroot/src/rust");
        assert!(!has_sources(&home));
        place_sources(&library, &home).expect("first placing");
        place_sources(&library, &home).expect("second placing");
        assert!(has_sources(&home));
        let left = fs::read_dir(dir.join("sysroot/src"))
            .expect("readable")
            .count();
        assert_eq!(left, 1, "no partial copy may stay behind");
        fs::remove_dir_all(&dir).expect("removable");
    }
}
