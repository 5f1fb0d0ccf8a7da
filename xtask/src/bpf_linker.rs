//! The linker of the kernel programs: bpf-linker of one version, built by the pinned compiler.
//!
//! A bpf-linker from elsewhere may carry another LLVM and so give other bytes; it is never used.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{capture, run, say, work_dir};
use crate::toolchain::{self, Toolchain};

/// The last version that links with the compiler's own LLVM: later ones want a system LLVM.
pub(crate) const VERSION: &str = "0.10.3";

/// Returns the path of the linker, building it first if it is not there yet.
pub(crate) fn ensure(toolchain: &Toolchain) -> Result<PathBuf> {
    let home = work_dir().join(format!(
        "tools/bpf-linker-{VERSION}-rustc-{}",
        toolchain::VERSION
    ));
    let linker = home.join("bin/bpf-linker");
    if is_right(&linker) {
        return Ok(linker);
    }
    say(&format!(
        "building bpf-linker {VERSION} (about a minute, once)"
    ));
    run(toolchain
        .tool("cargo")
        .args(["install", "bpf-linker", "--version", VERSION, "--locked", "--quiet", "--force", "--root"])
        .arg(&home))
    .with_context(|| format!("bpf-linker {VERSION}, which links the kernel programs, cannot be installed from crates.io"))?;
    if !is_right(&linker) {
        bail!(
            "{} does not answer as version {VERSION}: delete its folder and run again",
            linker.display()
        );
    }
    Ok(linker)
}

fn is_right(linker: &PathBuf) -> bool {
    capture(Command::new(linker).arg("--version"))
        .is_ok_and(|answer| answer.trim() == format!("bpf-linker {VERSION}"))
}
