//! The program linked statically, so that it runs on any Linux of its kind: with musl, and the standard library built from
//! its sources, since nothing else is sure to fit the pinned compiler.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::NAME;
use crate::apt;
use crate::shell::{root, run, say, work_dir};
use crate::toolchain::Toolchain;

const TARGET: &str = "x86_64-unknown-linux-musl";

/// Where Debian's musl-dev has the C library.
const MUSL: &str = "/usr/lib/x86_64-linux-musl";

/// What walks up the stack when a thread panics: gcc's own asks glibc for more than musl has.
const UNWINDER: (&str, &str) = ("/usr/lib/llvm-14/lib/libunwind.a", "libunwind-14-dev");

/// Builds it; returns its path.
pub(super) fn build() -> Result<PathBuf> {
    ensure!(
        cfg!(target_arch = "x86_64"),
        "the packages are built on x86_64 only"
    );
    apt::system_program("musl-gcc", &["musl-tools", "musl-dev"])?;
    let libraries = libraries()?;
    let toolchain = Toolchain::pinned()?;
    toolchain.ensure_rust_src()?;
    let mut flags = vec![
        "-Clink-self-contained=no".to_owned(),
        "-Ctarget-feature=+crt-static".to_owned(),
        "-Clink-arg=-nostartfiles".to_owned(),
    ];
    for object in ["rcrt1.o", "crti.o", "crtn.o"] {
        flags.push(format!("-Clink-arg={MUSL}/{object}"));
    }
    // The objects above come after the C library, which they need.
    flags.push(format!("-Clink-arg={MUSL}/libc.a"));
    // Debian's unwinder was built for glibc, of which it calls one function more: to say why it gives up.
    flags.push("-Clink-arg=-Wl,--defsym=__fprintf_chk=abort".to_owned());
    for folder in [libraries.as_path(), Path::new(MUSL)] {
        flags.push(format!("-Lnative={}", folder.display()));
    }
    flags.push(format!("--remap-path-prefix={}=", root().display()));
    let target = root().join("target/static");
    say("building the static program, and the standard library for it");
    run(toolchain
        .tool("cargo")
        .current_dir(root())
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER", "gcc")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .args(["build", "--release", "--locked", "--package", NAME])
        .args(["-Zbuild-std=std,panic_unwind", "--target", TARGET])
        .arg("--target-dir")
        .arg(&target))
    .context("the static program cannot be built")?;
    Ok(target.join(TARGET).join("release").join(NAME))
}

/// Returns a folder with the unwinder alone: beside it are libraries that must not be found.
fn libraries() -> Result<PathBuf> {
    let (library, package) = UNWINDER;
    apt::system_file(library, &[package])?;
    let folder = work_dir().join("static");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let link = folder.join("libunwind.a");
    if fs::symlink_metadata(&link).is_ok() {
        fs::remove_file(&link)?;
    }
    symlink(library, &link).with_context(|| link.display().to_string())?;
    Ok(folder)
}
