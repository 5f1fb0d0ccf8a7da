//! Debian's packages by a private state of apt, for what the chores need and the system lacks.
//!
//! The state lies under `target/`: apt checks the archive's signatures as always, takes the mirror that the system already
//! uses, needs no root, and changes nothing of the system.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::shell::{capture, find_in_path, is_root, say};

/// The keys that sign Debian's archive.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

const NO_MIRROR: &str = "apt-get is set up with no Debian mirror";

/// What ends the name of a suite that has an archive of its own.
const SECURITY: &str = "-security";

/// A private state of apt that knows one suite.
pub(crate) struct Apt {
    options: Vec<String>,
    debs: PathBuf,
    archives: PathBuf,
}

/// A package of the archive, as its index describes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Bytes of its file.
    pub(crate) size: u64,
}

/// Nobody answers for the archive: it says nothing about what it has.
#[derive(Debug)]
pub(crate) struct Unreachable;

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Debian's archive cannot be reached")
    }
}

impl std::error::Error for Unreachable {}

impl Apt {
    /// Sets up a state in `dir` for a suite, and fetches its index; [`Unreachable`] is in the error's chain if that fails.
    pub(crate) fn open(dir: &Path, suite: &str, architecture: &str) -> Result<Self> {
        ensure!(
            Path::new(KEYRING).is_file(),
            "this system has no {KEYRING}: Debian's packages cannot be checked"
        );
        let apt = Self::set_up(dir, &source(&sites()?, suite)?, suite, architecture)?;
        capture(apt.command("apt-get").args(["-qq", "update"])).context(Unreachable)?;
        Ok(apt)
    }

    fn set_up(dir: &Path, source: &str, suite: &str, architecture: &str) -> Result<Self> {
        let state = dir.join(format!("{suite}-{architecture}"));
        for sub in ["lists/partial", "cache/archives/partial"] {
            let path = state.join(sub);
            fs::create_dir_all(&path)
                .with_context(|| format!("{} cannot be created", path.display()))?;
        }
        let list = state.join("sources.list");
        fs::write(&list, source)
            .with_context(|| format!("{} cannot be written", list.display()))?;
        let debs = state.join("debs");
        let archives = state.join("cache/archives");
        let state = state.display();
        let options = vec![
            format!("Dir::State::Lists={state}/lists"),
            format!("Dir::Cache={state}/cache"),
            format!("Dir::Etc::SourceList={state}/sources.list"),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            "Dir::Etc::PreferencesParts=/dev/null".to_owned(),
            "Dir::State::status=/dev/null".to_owned(),
            format!("APT::Architecture={architecture}"),
            format!("APT::Architectures::={architecture}"),
            "APT::Sandbox::User=".to_owned(),
            // Without it apt takes an index that cannot be fetched for a success.
            "APT::Update::Error-Mode=any".to_owned(),
            "Acquire::Retries=2".to_owned(),
            "Acquire::Languages=none".to_owned(),
        ];
        Ok(Self {
            options,
            debs,
            archives,
        })
    }

    /// Returns every package of the suite.
    pub(crate) fn packages(&self) -> Result<Vec<Package>> {
        Ok(packages(&capture(
            self.command("apt-cache").arg("dumpavail"),
        )?))
    }

    /// Downloads a package and returns its file, which the next download removes.
    pub(crate) fn download(&self, package: &Package) -> Result<PathBuf> {
        remove_dir(&self.debs)?;
        fs::create_dir_all(&self.debs)
            .with_context(|| format!("{} cannot be created", self.debs.display()))?;
        capture(
            self.command("apt-get")
                .current_dir(&self.debs)
                .args(["-qq", "download"])
                .arg(format!("{}={}", package.name, package.version)),
        )?;
        let file = fs::read_dir(&self.debs)?
            .next()
            .context("apt-get downloaded nothing")??;
        Ok(file.path())
    }

    /// Downloads packages with all that they depend on, and returns their files, which stay.
    pub(crate) fn download_all(&self, names: &[&str]) -> Result<Vec<PathBuf>> {
        capture(
            self.command("apt-get")
                .args(["-qq", "--yes", "--no-install-recommends"])
                .args(["--download-only", "install"])
                .args(names),
        )?;
        let files = fs::read_dir(&self.archives)
            .with_context(|| format!("{} cannot be read", self.archives.display()))?;
        let files = files.map(|entry| Ok(entry?.path()));
        let files: Vec<_> = files.collect::<Result<_>>()?;
        let is_package = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "deb");
        Ok(files.into_iter().filter(is_package).collect())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for option in &self.options {
            command.args(["-o", option]);
        }
        command
    }
}

/// Finds a program in `PATH`, or installs Debian's packages that have it into this system, which needs root.
pub(crate) fn system_program(program: &str, packages: &[&str]) -> Result<PathBuf> {
    let find = || find_in_path(program);
    if let Some(found) = find() {
        return Ok(found);
    }
    let names = packages.join(" ");
    if !is_root() || find_in_path("apt-get").is_none() {
        bail!("{program} is missing: install it (Debian and Ubuntu: `apt-get install {names}`)");
    }
    say(&format!("installing {names}"));
    let apt_get = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
        command
    };
    let error_mode = ["-o", "APT::Update::Error-Mode=any"];
    let updated = capture(apt_get().args(error_mode).arg("update"));
    let installed = capture(
        apt_get()
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages),
    );
    match (updated, installed) {
        (_, Ok(_)) => {
            find().with_context(|| format!("{names} was installed, but has no {program}"))
        }
        (Ok(_), Err(error)) => Err(error).context(format!("{names} cannot be installed")),
        (Err(error), Err(_)) => Err(error)
            .context(Unreachable)
            .context(format!("{names} cannot be installed")),
    }
}

/// Returns the sites that this system's apt is set up with.
fn sites() -> Result<String> {
    capture(Command::new("apt-get").args(["indextargets", "--format", "$(SITE)"]))
        .context("apt-get does not tell its sources: this is not a Debian system")
}

/// Returns the main archive that this system uses.
pub(crate) fn site() -> Result<String> {
    debian_site(&sites()?).context(NO_MIRROR)
}

/// Returns the line of sources.list for a suite, by the sites of apt's sources.
fn source(sites: &str, suite: &str) -> Result<String> {
    let site = debian_site(sites).context(NO_MIRROR)?;
    let site = if suite.ends_with(SECURITY) {
        // Mirrors have both archives next to each other.
        format!("{site}{SECURITY}")
    } else {
        site
    };
    Ok(format!("deb [signed-by={KEYRING}] {site} {suite} main\n"))
}

/// Picks the main archive among the sites of apt's sources.
fn debian_site(sites: &str) -> Option<String> {
    let site = sites
        .lines()
        .map(|line| line.trim_end_matches('/'))
        .find(|line| line.ends_with("/debian"))?;
    Some(site.to_owned())
}

/// Reads an index, as `apt-cache dumpavail` prints it.
fn packages(index: &str) -> Vec<Package> {
    let paragraphs = index.split("\n\n");
    let read = paragraphs.filter_map(|paragraph| {
        let value = |key: &str| {
            let mut lines = paragraph.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
        };
        Some(Package {
            name: value("Package")?.to_owned(),
            version: value("Version")?.to_owned(),
            size: value("Size")?.parse().ok()?,
        })
    });
    read.collect()
}

/// Removes a folder with all that is in it, if it is there.
pub(crate) fn remove_dir(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", dir.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_suite_has_its_archive_among_the_sites() {
        let sites = "http://m.example/debian-security\nhttp://m.example/debian\n";
        let line = |suite| source(sites, suite).expect("there is a mirror");
        assert!(line("sid").contains("] http://m.example/debian sid main"));
        let security = line("bookworm-security");
        assert!(security.contains("] http://m.example/debian-security bookworm-security main"));
        assert!(source("http://m.example/ubuntu\n", "sid").is_err());
    }

    #[test]
    fn an_index_is_read() {
        let index = "Package: a\nSize: 12\nVersion: 1.0-1\n\nPackage: b\nVersion: 2\nSize: 3\n\n";
        let package = |name: &str, version: &str, size| Package {
            name: name.to_owned(),
            version: version.to_owned(),
            size,
        };
        let expected = [package("a", "1.0-1", 12), package("b", "2", 3)];
        assert_eq!(packages(index), expected);
        assert_eq!(packages(""), []);
    }
}
