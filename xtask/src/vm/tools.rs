//! The programs of a guest besides the product, and the shared libraries of all of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::arch::Arch;
use crate::apt::{Apt, remove_dir};
use crate::shell::{capture, find_in_path, run, say};

/// Programs that the first process and the tests call, all of them of every Linux system.
const TOOLS: [&str; 14] = [
    "cat", "cut", "echo", "env", "grep", "id", "ls", "mkdir", "mount", "mv", "sh", "sleep",
    "touch", "true",
];

/// Where they come from for another kind of machine, with what the product is linked to.
const PACKAGES: [&str; 5] = ["coreutils", "dash", "grep", "libgcc-s1", "mount"];
/// A suite with a C library that is no older than the one of any cross compiler in use.
const SUITE: &str = "trixie";

/// Files of this machine, each with its place in a guest.
pub(super) type Files = BTreeMap<PathBuf, PathBuf>;

/// Returns the tools and all shared libraries; `programs` are those of the product.
pub(super) fn files(arch: Arch, programs: &[&Path], dir: &Path) -> Result<Files> {
    if arch == Arch::NATIVE {
        of_this_machine(programs)
    } else {
        of_packages(&packages(arch, dir)?)
    }
}

fn of_this_machine(programs: &[&Path]) -> Result<Files> {
    let mut files = Files::new();
    let mut programs: Vec<_> = programs.iter().map(|&path| path.to_owned()).collect();
    for tool in TOOLS {
        let program = find_in_path(tool)
            .with_context(|| format!("the guest needs the program {tool}, which is not in PATH"))?;
        files.insert(Path::new("/bin").join(tool), program.clone());
        programs.push(program);
    }
    for program in &programs {
        let libraries = libraries_of(program)?;
        files.extend(libraries.into_iter().map(|file| (file.clone(), file)));
    }
    Ok(files)
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

/// Returns the folder that Debian's packages for another kind of machine are unpacked in.
fn packages(arch: Arch, dir: &Path) -> Result<PathBuf> {
    let unpacked = dir.join(format!("root-{}", arch.debian()));
    if unpacked.is_dir() {
        return Ok(unpacked);
    }
    let apt = Apt::open(&dir.join("apt"), SUITE, arch.debian())?;
    say(&format!(
        "downloading Debian's {} for {}",
        PACKAGES.join(", "),
        arch.debian()
    ));
    let partial = unpacked.with_extension("partial");
    remove_dir(&partial)?;
    for package in apt.download_all(&PACKAGES)? {
        run(Command::new("dpkg-deb")
            .arg("--extract")
            .arg(&package)
            .arg(&partial))?;
        fs::remove_file(&package).context("the package cannot be removed after unpacking")?;
    }
    fs::rename(&partial, &unpacked).context("the unpacked packages cannot be moved into place")?;
    Ok(unpacked)
}

/// Returns the tools, and every library: what each of them needs is not looked up, for they are few.
fn of_packages(root: &Path) -> Result<Files> {
    let mut files = Files::new();
    for tool in TOOLS {
        let program = ["usr/bin", "bin"].map(|dir| root.join(dir).join(tool));
        let program = program.into_iter().find(|program| program.exists());
        let program = program.with_context(|| format!("no package has the program {tool}"))?;
        files.insert(Path::new("/bin").join(tool), program);
    }
    for folder in ["usr/lib", "lib"] {
        for file in list(&root.join(folder))? {
            let Some(name) = file.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if file.is_dir() && name.ends_with("-linux-gnu") {
                let place = Path::new("/lib").join(name);
                for library in list(&file)?.into_iter().filter(|file| file.is_file()) {
                    let name = library.file_name().unwrap_or_default();
                    files.insert(place.join(name), library);
                }
            } else if name.starts_with("ld-linux") {
                files.insert(Path::new("/lib").join(name), file);
            }
        }
    }
    Ok(files)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} cannot be listed", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_picked() {
        let told = "\tlinux-vdso.so.1 (0x00007f)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x1)\n\t/lib64/ld.so.2 (0x2)\n";
        let expected = ["/lib/x/libc.so.6", "/lib64/ld.so.2"].map(PathBuf::from);
        assert_eq!(libraries(told), expected);
        assert_eq!(libraries("\tstatically linked\n"), Vec::<PathBuf>::new());
    }
}
