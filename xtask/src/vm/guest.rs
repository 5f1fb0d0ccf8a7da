//! What is in a guest: the product, its tests at the very paths that they were built at, and the tools of this machine that
//! they call.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::cpio::Archive;
use crate::shell::{capture, cargo, find_in_path, root, run};

/// The first process.
const INIT: &str = include_str!("init.sh");

/// Programs that the first process and the tests call, all of them of every Linux system.
const TOOLS: [&str; 14] = [
    "cat", "cut", "echo", "env", "grep", "id", "ls", "mkdir", "mount", "mv", "sh", "sleep",
    "touch", "true",
];

/// Folders that file systems are mounted on, or that programs rely on.
const FOLDERS: [&str; 8] = [
    "/dev", "/proc", "/sys", "/tmp", "/run", "/root", "/usr", "/var/tmp",
];

/// Users whose names the tests ask for, or that they become.
const USERS: &str = "root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/sh
";
const GROUPS: &str = "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n";

/// What cargo has built.
pub(super) struct Built {
    product: PathBuf,
    tests: PathBuf,
}

/// What is optimized though nothing else is: guests start the product dozens of times, and it reads the kernel's types each time.
const OPTIMIZED: [&str; 2] = ["aya-obj", "execsnoop-tui"];

/// Builds the product and the tests of it as a whole; most of it serves the chore `test`, too.
///
/// Linked as on any machine, and not statically: so nothing needs to be built a second time.
pub(super) fn build() -> Result<Built> {
    let mut command = cargo();
    command
        .args([
            "test",
            "--workspace",
            "--locked",
            "--no-run",
            "--test",
            "it",
        ])
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
        tests: find("test", "it")?,
    })
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

/// Writes the archive that a guest's kernel unpacks.
pub(super) fn write(built: &Built, dir: &Path, file: &Path) -> Result<()> {
    let mut archive = Archive::default();
    for folder in FOLDERS {
        archive.directory(Path::new(folder))?;
    }
    archive.link(Path::new("/usr/bin"), "../bin")?;
    archive.link(Path::new("/sbin"), "bin")?;
    archive.file(Path::new("/init"), INIT.as_bytes())?;
    archive.file(Path::new("/etc/passwd"), USERS.as_bytes())?;
    archive.file(Path::new("/etc/group"), GROUPS.as_bytes())?;
    let (product, tests) = (&built.product, &built.tests);
    let names = format!(
        "PRODUCT='{}'\nTESTS='{}'\n",
        product.display(),
        tests.display()
    );
    archive.file(Path::new("/etc/vm"), names.as_bytes())?;
    // Tests are started in their package's folder.
    archive.directory(&root().join("tui"))?;
    let mut libraries = BTreeSet::new();
    for program in [product, tests] {
        archive.file(program, &stripped(program, dir)?)?;
        libraries.extend(libraries_of(program)?);
    }
    for tool in TOOLS {
        let program = find_in_path(tool)
            .with_context(|| format!("the guest needs the program {tool}, which is not in PATH"))?;
        archive.file(&Path::new("/bin").join(tool), &read(&program)?)?;
        libraries.extend(libraries_of(&program)?);
    }
    for library in &libraries {
        archive.file(library, &read(library)?)?;
    }
    fs::write(file, archive.finish())
        .with_context(|| format!("{} cannot be written", file.display()))
}

/// Returns a program without what only a debugger reads, which is most of it.
fn stripped(program: &Path, dir: &Path) -> Result<Vec<u8>> {
    let copy = dir.join("stripped");
    run(Command::new("strip")
        .arg("--strip-debug")
        .arg("-o")
        .arg(&copy)
        .arg(program))
    .context("binutils has the program strip, as it has the linker")?;
    let bytes = read(&copy)?;
    fs::remove_file(&copy).context("the stripped copy cannot be removed")?;
    Ok(bytes)
}

/// Returns the shared libraries of a program, the dynamic linker among them.
fn libraries_of(program: &Path) -> Result<Vec<PathBuf>> {
    let told = capture(Command::new("ldd").arg(program))?;
    if told.contains("not found") {
        bail!("{} lacks a shared library:\n{told}", program.display());
    }
    Ok(libraries(&told))
}

/// Picks the files that `ldd` names.
fn libraries(told: &str) -> Vec<PathBuf> {
    let words = told.split_whitespace();
    let paths = words.filter(|word| word.starts_with('/'));
    paths.map(PathBuf::from).collect()
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
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

    #[test]
    fn libraries_are_picked() {
        let told = "\tlinux-vdso.so.1 (0x00007f)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x1)\n\t/lib64/ld.so.2 (0x2)\n";
        let expected = ["/lib/x/libc.so.6", "/lib64/ld.so.2"].map(PathBuf::from);
        assert_eq!(libraries(told), expected);
        assert_eq!(libraries("\tstatically linked\n"), Vec::<PathBuf>::new());
    }
}
