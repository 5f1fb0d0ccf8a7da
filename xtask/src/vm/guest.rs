//! What is in a guest: the product, its tests at the very paths that they were built at, and the tools that they call.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::arch::Arch;
use super::built::Built;
use super::cpio::Archive;
use super::tools;
use crate::shell::{root, run};

/// The first process.
const INIT: &str = include_str!("init.sh");

/// What tries a release's program, and where it is.
const RELEASE: &str = include_str!("release.sh");
const RELEASE_PLACE: &str = "/bin/try-release";

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

/// Writes the archive that a guest's kernel unpacks.
pub(super) fn write(arch: Arch, built: &Built, dir: &Path, file: &Path) -> Result<()> {
    let mut archive = Archive::default();
    for folder in FOLDERS {
        archive.directory(Path::new(folder))?;
    }
    archive.link(Path::new("/usr/bin"), "../bin")?;
    archive.link(Path::new("/sbin"), "bin")?;
    archive.file(Path::new("/init"), INIT.as_bytes())?;
    archive.file(Path::new("/etc/passwd"), USERS.as_bytes())?;
    archive.file(Path::new("/etc/group"), GROUPS.as_bytes())?;
    let product = &*built.product;
    let tests = built.tests.as_deref();
    let names = format!(
        "PRODUCT='{}'\nTESTS='{}'\n",
        product.display(),
        tests.unwrap_or(Path::new(RELEASE_PLACE)).display()
    );
    archive.file(Path::new("/etc/vm"), names.as_bytes())?;
    // Tests are started in their package's folder.
    archive.directory(&root().join("tui"))?;
    if tests.is_none() {
        archive.file(Path::new(RELEASE_PLACE), RELEASE.as_bytes())?;
    }
    let programs: Vec<_> = std::iter::once(product).chain(tests).collect();
    for program in &programs {
        archive.file(program, &stripped(arch, program, dir)?)?;
    }
    for (place, file) in tools::files(arch, &programs, dir)? {
        archive.file(&place, &read(&file)?)?;
    }
    fs::write(file, archive.finish())
        .with_context(|| format!("{} cannot be written", file.display()))
}

/// Returns a program without what only a debugger reads, which is most of it.
fn stripped(arch: Arch, program: &Path, dir: &Path) -> Result<Vec<u8>> {
    let copy = dir.join("stripped");
    run(Command::new(arch.strip())
        .arg("--strip-debug")
        .arg("-o")
        .arg(&copy)
        .arg(program))
    .context("binutils has it, as it has the linker")?;
    let bytes = read(&copy)?;
    fs::remove_file(&copy).context("the stripped copy cannot be removed")?;
    Ok(bytes)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
