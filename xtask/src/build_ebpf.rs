//! `build-ebpf`: builds the kernel programs into the object that the tool embeds, or checks the committed one.
//!
//! The same sources give the same bytes in every checkout: compiler, linker and flags are pinned, paths are remapped.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{root, run, say};
use crate::toolchain::{self, Toolchain};
use crate::{bpf_linker, object_check, strip};

/// The committed object, embedded in the tool.
const OBJECT: &str = "assets/execsnoop.bpf.o";

/// How it was built, for readers.
const RECORD: &str = "assets/execsnoop.bpf.txt";

/// What cargo is asked to build, and how.
const CARGO_ARGS: [&str; 7] = [
    "--package=probe-ebpf",
    "--bin=execsnoop",
    "--profile=probe",
    "--target=bpfel-unknown-none",
    "-Zbuild-std=core",
    "--locked",
    "--target-dir=target/ebpf",
];

/// Builds the object and its record into `assets/`.
pub(crate) fn write() -> Result<()> {
    let object = build()?;
    for (name, bytes) in [(OBJECT, &object[..]), (RECORD, record().as_bytes())] {
        let path = root().join(name);
        fs::create_dir_all(root().join("assets")).context("the folder assets cannot be created")?;
        fs::write(&path, bytes).with_context(|| format!("{name} cannot be written"))?;
    }
    say(&format!(
        "wrote {OBJECT} ({} bytes) and {RECORD}",
        object.len()
    ));
    Ok(())
}

/// Builds the object and fails unless it is, byte for byte, the committed one.
pub(crate) fn check() -> Result<()> {
    let remedy = "run `cargo xtask build-ebpf` and commit";
    let committed = fs::read(root().join(OBJECT))
        .with_context(|| format!("{OBJECT} cannot be read: {remedy}"))?;
    let built = build()?;
    if built != committed {
        let difference = object_check::first_difference(&built, &committed);
        bail!("{OBJECT} is not what the sources give ({difference}): {remedy}");
    }
    if fs::read_to_string(root().join(RECORD)).ok() != Some(record()) {
        bail!("{RECORD} does not say how {OBJECT} is built now: {remedy}");
    }
    say(&format!(
        "{OBJECT} is what the sources give ({} bytes)",
        built.len()
    ));
    Ok(())
}

/// Returns a command for `cargo clippy` of the kernel programs, for their own target.
pub(crate) fn clippy() -> Result<Command> {
    let toolchain = Toolchain::pinned()?;
    toolchain.ensure_component("clippy", "bin/cargo-clippy")?;
    let mut command = Builder::new(toolchain)?.tool("cargo-clippy");
    command.arg("clippy").args(CARGO_ARGS);
    Ok(command)
}

/// Builds the object, without its debugging information, and checks that it has all it should.
fn build() -> Result<Vec<u8>> {
    let builder = Builder::new(Toolchain::pinned()?)?;
    let mut cargo = builder.tool("cargo");
    run(cargo.arg("build").args(CARGO_ARGS)).context("the kernel programs do not build")?;
    let path = root().join("target/ebpf/bpfel-unknown-none/probe/execsnoop");
    let linked = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let object = strip::strip_debug(&linked)
        .with_context(|| format!("{} cannot be stripped", path.display()))?;
    object_check::complete(&object, &root().join("probe-ebpf/src"))
        .context("the built object is not complete")?;
    Ok(object)
}

/// The pinned tools, all there.
struct Builder {
    toolchain: Toolchain,
    flags: Vec<String>,
}

impl Builder {
    fn new(toolchain: Toolchain) -> Result<Self> {
        toolchain.ensure_rust_src()?;
        let linker = bpf_linker::ensure(&toolchain)?;
        // The folders of fetched crates are remapped, so they must be there before the flags are made.
        run(toolchain.tool("cargo").current_dir(root()).args([
            "fetch",
            "--locked",
            "--quiet",
            "--target=bpfel-unknown-none",
        ]))?;
        let mut flags = flags(&linker.display().to_string());
        for (from, to) in remapped_paths(&toolchain)? {
            flags.push(format!("--remap-path-prefix={}={to}", from.display()));
        }
        Ok(Self { toolchain, flags })
    }

    /// Returns a command for a program of the toolchain, set up to build for the kernel.
    fn tool(&self, name: &str) -> Command {
        let mut command = self.toolchain.tool(name);
        command
            .current_dir(root())
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags.join("\u{1f}"));
        command
    }
}

/// The compiler flags but for the remapped paths.
fn flags(linker: &str) -> Vec<String> {
    // Without the last one, aya-ebpf takes the bindings of the host's architecture and the bytes depend on it.
    let fixed = [
        "-Clink-arg=--btf",
        "-Clink-arg=--llvm-args=-disable-block-placement",
        "-Cdebuginfo=2",
        "--cfg=bpf_target_arch=\"x86_64\"",
    ]
    .map(str::to_owned);
    std::iter::once(format!("-Clinker={linker}"))
        .chain(fixed)
        .collect()
}

/// The folders that differ between machines, with what stands for them in the object; a later one wins over an earlier.
fn remapped_paths(toolchain: &Toolchain) -> Result<Vec<(PathBuf, &'static str)>> {
    let root = root()
        .canonicalize()
        .context("the checkout's folder cannot be resolved")?;
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    let cargo_home = cargo_home
        .or(home)
        .context("neither CARGO_HOME nor HOME is set")?;
    let mut paths = vec![(root, "."), (cargo_home.clone(), "/cargo")];
    if let Ok(registries) = fs::read_dir(cargo_home.join("registry/src")) {
        paths.extend(registries.flatten().map(|entry| (entry.path(), "/crates")));
    }
    paths.push((toolchain.sysroot.clone(), "/sysroot"));
    paths.push((toolchain.sysroot.join("lib/rustlib/src/rust"), "/rustc"));
    Ok(paths)
}

/// Says how the object was built, with no path, date or host in it.
fn record() -> String {
    format!(
        "{OBJECT} is the package probe-ebpf, built by `cargo xtask build-ebpf`\n\
         and compared byte for byte with a fresh build by `cargo xtask build-ebpf --check`.\n\
         \n\
         compiler    {}\n\
         linker      bpf-linker {} (built by the same compiler, with its LLVM)\n\
         command     RUSTC_BOOTSTRAP=1 cargo build {}\n\
         rustflags   {} and --remap-path-prefix for the folders of checkout, cargo and toolchain\n\
         profile     [profile.probe] of Cargo.toml\n\
         afterwards  DWARF sections (.debug_*) and their relocations removed; .BTF, .BTF.ext and symbols kept\n",
        toolchain::RUSTC,
        bpf_linker::VERSION,
        CARGO_ARGS.join(" "),
        flags("bpf-linker").join(" "),
    )
}
