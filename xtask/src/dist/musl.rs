//! The program linked statically, so that it runs on any Linux of its kind: with musl, and the standard library built from
//! its sources, since nothing else is sure to fit the pinned compiler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::apt::{self, Apt, remove_dir};
use crate::shell::{capture, root, run, say, work_dir};
use crate::toolchain::Toolchain;
use crate::vm::arch::Arch;

/// Debian's release whose C library and unwinder are linked: always the same, wherever a release is made.
const SUITE: &str = "bookworm";

/// The C library, and what walks up the stack when a thread panics: gcc's own asks glibc for more than musl has.
pub(super) const LIBRARIES: [&str; 2] = ["musl-dev", "libunwind-14-dev"];

/// What cargo has built.
pub(crate) struct Built {
    pub(crate) program: PathBuf,
    /// What cargo told while it built, one JSON object a line.
    pub(super) messages: String,
    /// The folder with the C library and the unwinder.
    pub(super) libraries: PathBuf,
}

/// Returns the target that the compiler knows a kind of machines by.
pub(super) const fn target(arch: Arch) -> &'static str {
    match arch {
        Arch::X86 => "x86_64-unknown-linux-musl",
        Arch::Arm => "aarch64-unknown-linux-musl",
    }
}

/// Builds the program for a kind of machines.
pub(crate) fn build(arch: Arch) -> Result<Built> {
    ensure!(
        Arch::NATIVE == Arch::X86,
        "the packages are built on x86_64 only"
    );
    let libraries = libraries(arch)?;
    let linker = linker(arch)?;
    let toolchain = Toolchain::pinned()?;
    toolchain.ensure_rust_src()?;
    let target = target(arch);
    let folder = root().join("target/static");
    say(&format!(
        "building the static program for {}, and the standard library for it",
        arch.name()
    ));
    let variable = format!(
        "CARGO_TARGET_{}_LINKER",
        target.to_uppercase().replace('-', "_")
    );
    let messages = capture(
        toolchain
            .tool("cargo")
            .current_dir(root())
            .env("RUSTC_BOOTSTRAP", "1")
            .env(variable, linker)
            .env(
                "CARGO_ENCODED_RUSTFLAGS",
                flags(&libraries, arch)?.join("\x1f"),
            )
            .args([
                "build",
                "--release",
                "--locked",
                "--package",
                super::NAME,
                "--message-format",
                "json-render-diagnostics",
                "-Zbuild-std=std,panic_unwind",
                "--target",
                target,
                "--target-dir",
            ])
            .arg(&folder)
            .stderr(Stdio::inherit()),
    )
    .context("the static program cannot be built")?;
    Ok(Built {
        program: folder.join(target).join("release").join(super::NAME),
        messages,
        libraries,
    })
}

fn flags(libraries: &Path, arch: Arch) -> Result<Vec<String>> {
    let musl = folder_with(&libraries.join("usr/lib"), "rcrt1.o")?;
    let mut flags = vec![
        "-Clink-self-contained=no".to_owned(),
        "-Ctarget-feature=+crt-static".to_owned(),
        "-Clink-arg=-nostartfiles".to_owned(),
    ];
    // The objects come after the C library, which they need.
    for file in ["rcrt1.o", "crti.o", "crtn.o", "libc.a"] {
        flags.push(format!("-Clink-arg={}", musl.join(file).display()));
    }
    // Debian's unwinder was built for glibc, of which it calls one function more: to say why it gives up.
    flags.push("-Clink-arg=-Wl,--defsym=__fprintf_chk=abort".to_owned());
    if arch == Arch::Arm {
        // The compiler links position-independent static programs by itself on x86_64 only.
        flags.push("-Clink-arg=-static-pie".to_owned());
    }
    for folder in [libraries.join("link"), musl] {
        flags.push(format!("-Lnative={}", folder.display()));
    }
    flags.push(format!("--remap-path-prefix={}=", root().display()));
    Ok(flags)
}

/// Returns a folder with the libraries' packages unpacked, and in `link` the unwinder alone: beside it are libraries that
/// must not be found.
fn libraries(arch: Arch) -> Result<PathBuf> {
    let folder = work_dir().join(format!("static/{}", arch.debian()));
    if folder.is_dir() {
        return Ok(folder);
    }
    let partial = folder.with_extension("partial");
    remove_dir(&partial)?;
    fs::create_dir_all(&partial)
        .with_context(|| format!("{} cannot be created", partial.display()))?;
    let apt = Apt::open(&work_dir().join("apt"), SUITE, arch.debian())?;
    let packages = apt.packages()?;
    for name in LIBRARIES {
        let package = packages.iter().find(|package| package.name == name);
        let package = package
            .with_context(|| format!("Debian's {SUITE} has no {name} for {}", arch.debian()))?;
        let file = apt.download(package)?;
        run(Command::new("dpkg-deb")
            .arg("--extract")
            .arg(&file)
            .arg(&partial))?;
        fs::write(partial.join(name), &package.version)
            .with_context(|| format!("the version of {name} cannot be written"))?;
    }
    let unwinder = "libunwind.a";
    let found = folder_with(&partial.join("usr/lib"), unwinder)?;
    fs::create_dir(partial.join("link"))?;
    fs::copy(found.join(unwinder), partial.join("link").join(unwinder)).context(unwinder)?;
    fs::rename(&partial, &folder).context("the unpacked libraries cannot be moved into place")?;
    Ok(folder)
}

/// Returns the folder that has a file, below another.
fn folder_with(below: &Path, file: &str) -> Result<PathBuf> {
    let found = capture(
        Command::new("find")
            .arg(below)
            .args(["-type", "f", "-name", file]),
    )?;
    let first = found.lines().next().map(Path::new);
    first
        .and_then(Path::parent)
        .map(Path::to_path_buf)
        .with_context(|| format!("Debian's packages have no {file}"))
}

/// Finds the linker for a kind of machines, or has Debian's package with it installed.
fn linker(arch: Arch) -> Result<PathBuf> {
    match arch {
        Arch::X86 => apt::system_program("gcc", &["gcc"]),
        Arch::Arm => apt::system_program("aarch64-linux-gnu-gcc", &["gcc-aarch64-linux-gnu"]),
    }
}
