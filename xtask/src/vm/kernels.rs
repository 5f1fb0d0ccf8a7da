//! Which kernels the live tests are run on, and how they are fetched: Debian's, as their users boot them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::arch::Arch;
use crate::apt::{Apt, Package, remove_dir};
use crate::shell::say;

/// A series of kernels, and the suites that may have one, the likeliest first.
pub(super) struct Series {
    pub(super) name: &'static str,
    suites: &'static [&'static str],
    /// The kinds of machines on which CI runs the tests on it.
    pub(super) ci: &'static [Arch],
}

const fn series(
    name: &'static str,
    ci: &'static [Arch],
    suites: &'static [&'static str],
) -> Series {
    Series { name, suites, ci }
}

const BACKPORTS: &[&str] = &["trixie-backports"];

/// Every series that the archive has, from the oldest on.
pub(super) const SERIES: [Series; 11] = [
    series(
        "5.10",
        &[Arch::X86, Arch::Arm],
        &["bullseye-security", "bullseye"],
    ),
    series("6.1", &[Arch::X86], &["bookworm-security", "bookworm"]),
    series("6.12", &[Arch::X86], &["trixie-security", "trixie"]),
    series("6.16", &[], BACKPORTS),
    series("6.17", &[], BACKPORTS),
    series("6.18", &[], BACKPORTS),
    series("6.19", &[], BACKPORTS),
    series("7.0", &[], BACKPORTS),
    series("7.1", &[], BACKPORTS),
    series("7.2", &[], &["forky", "sid"]),
    series("7.3", &[Arch::X86, Arch::Arm], BACKPORTS),
];

/// Packages that are smaller only name another one.
const SMALLEST: u64 = 5_000_000;

/// A kernel that can be booted.
pub(super) struct Kernel {
    pub(super) image: PathBuf,
    /// The version of its package.
    pub(super) version: String,
}

/// Fetches kernels of one kind of machine, and keeps them between runs.
pub(super) struct Store {
    arch: Arch,
    dir: PathBuf,
    /// What each suite has that was asked.
    suites: HashMap<&'static str, (Apt, Vec<Package>)>,
}

impl Store {
    pub(super) fn new(arch: Arch, dir: &Path) -> Self {
        Self {
            arch,
            dir: dir.to_owned(),
            suites: HashMap::new(),
        }
    }

    /// Returns the series' kernel: the one that is there, or the newest of the archive.
    pub(super) fn get(&mut self, series: &Series) -> Result<Kernel> {
        let dir = self
            .dir
            .join("kernels")
            .join(format!("{}{}", series.name, self.arch.flavour()));
        if let Some(kernel) = stored(&dir) {
            return Ok(kernel);
        }
        let mut reason = None;
        for suite in series.suites {
            match self.fetch(series.name, suite, &dir) {
                Ok(()) => return stored(&dir).context("the kernel vanished again"),
                // The likeliest suite's reason is the one to tell.
                Err(error) => reason = reason.or(Some(error)),
            }
        }
        let reason = reason.unwrap_or_else(|| anyhow::anyhow!("no suite has it"));
        Err(reason.context(format!("the kernel {} cannot be had", series.name)))
    }

    fn fetch(&mut self, series: &str, suite: &'static str, dir: &Path) -> Result<()> {
        let state = self.dir.join("apt");
        let (apt, packages) = match self.suites.entry(suite) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let apt = Apt::open(&state, suite, self.arch.debian())?;
                let packages = apt.packages()?;
                unknown.insert((apt, packages))
            }
        };
        let candidates = newest_first(packages, series, self.arch.flavour());
        ensure!(
            !candidates.is_empty(),
            "Debian's {suite} has no kernel {series} any more"
        );
        let mut reason = None;
        // An index may name a file that the mirror no longer has, or not yet.
        for package in candidates.into_iter().take(3) {
            say(&format!(
                "downloading {} {} ({} MB)",
                package.name,
                package.version,
                package.size / 1_000_000
            ));
            match apt
                .download(package)
                .and_then(|file| store(&file, package, dir))
            {
                Ok(()) => return Ok(()),
                Err(error) => reason = Some(error),
            }
        }
        Err(reason.unwrap_or_else(|| anyhow::anyhow!("nothing was tried")))
    }
}

/// Returns the packages with a kernel of that series, the newest first.
fn newest_first<'a>(packages: &'a [Package], series: &str, flavour: &str) -> Vec<&'a Package> {
    let is = |package: &&Package| {
        // From 6.19 on the image is in a package of its own, from which the signed one is made.
        let kinds = ["linux-image-", "linux-binary-"];
        let mut rest = kinds
            .iter()
            .filter_map(|kind| package.name.strip_prefix(kind));
        let of_series = rest.any(|rest| {
            rest.strip_prefix(series)
                .is_some_and(|rest| rest.starts_with('.') && rest.ends_with(flavour))
        });
        of_series && package.size >= SMALLEST && !package.name.contains("-rt-")
    };
    let mut found: Vec<_> = packages.iter().filter(is).collect();
    found.sort_by_key(|package| std::cmp::Reverse(numbers(&package.version)));
    found
}

/// Returns the numbers in a version, which order those of one series.
fn numbers(version: &str) -> Vec<u64> {
    let parts = version.split(|c: char| !c.is_ascii_digit());
    parts.filter_map(|part| part.parse().ok()).collect()
}

const IMAGE: &str = "vmlinuz";
const VERSION: &str = "version";

fn stored(dir: &Path) -> Option<Kernel> {
    Some(Kernel {
        image: Some(dir.join(IMAGE)).filter(|image| image.is_file())?,
        version: fs::read_to_string(dir.join(VERSION)).ok()?,
    })
}

/// Takes the kernel's image out of a package, and puts it into `dir`, whole or not at all.
fn store(file: &Path, package: &Package, dir: &Path) -> Result<()> {
    let partial = dir.with_extension("partial");
    remove_dir(&partial)?;
    fs::create_dir_all(&partial)
        .with_context(|| format!("{} cannot be created", partial.display()))?;
    let image = File::create(partial.join(IMAGE)).context("the kernel cannot be written")?;
    let mut unpack = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(file)
        .stdout(Stdio::piped())
        .spawn()
        .context("dpkg-deb cannot be started")?;
    let tar = unpack
        .stdout
        .take()
        .context("dpkg-deb's output is closed")?;
    let status = Command::new("tar")
        .args(["--extract", "--to-stdout", "--wildcards", "*/vmlinuz*"])
        .stdin(tar)
        .stdout(image)
        .status()
        .context("tar cannot be started")?;
    let unpacked = unpack.wait().context("dpkg-deb cannot be waited for")?;
    if !status.success() || !unpacked.success() {
        bail!(
            "the package {} holds no kernel that can be read",
            package.name
        );
    }
    fs::write(partial.join(VERSION), &package.version).context("its version cannot be written")?;
    remove_dir(dir)?;
    fs::rename(&partial, dir).context("the kernel cannot be moved into place")?;
    fs::remove_file(file).context("the package cannot be removed after unpacking")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_kernel_of_a_series_is_taken() {
        let package = |name: &str, version: &str, size| Package {
            name: name.to_owned(),
            version: version.to_owned(),
            size,
        };
        let packages = [
            package("linux-image-6.1.0-9-cloud-amd64", "6.1.99-1", SMALLEST),
            package("linux-image-6.1.0-56-cloud-amd64", "6.1.192-2", SMALLEST),
            package("linux-image-6.1.0-57-cloud-amd64", "6.1.193-1", 900),
            package("linux-image-6.1.0-57-amd64", "6.1.193-1", SMALLEST),
            package("linux-image-6.12.3-cloud-amd64", "6.12.3-1", SMALLEST),
            package("linux-binary-6.1.7-cloud-amd64", "6.1.7-1", SMALLEST),
        ];
        let found = newest_first(&packages, "6.1", "-cloud-amd64");
        let versions: Vec<_> = found.iter().map(|package| &*package.version).collect();
        assert_eq!(versions, ["6.1.192-2", "6.1.99-1", "6.1.7-1"]);
    }

    #[test]
    fn series_are_in_order_and_ci_has_the_oldest_and_the_newest() {
        let order: Vec<_> = SERIES.iter().map(|series| numbers(series.name)).collect();
        assert!(order.is_sorted());
        for arch in [Arch::X86, Arch::Arm] {
            let ci: Vec<_> = SERIES.iter().map(|s| s.ci.contains(&arch)).collect();
            assert!(ci[0] && ci[SERIES.len() - 1], "{arch:?}");
        }
    }
}
