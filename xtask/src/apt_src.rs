//! The sources of `core` from Debian's package `rust-src`, for machines whose rustup cannot fetch a component.
//!
//! apt works on a state of its own under `target/`: it checks the archive's signatures as always, takes the mirror that the
//! system already uses, needs no root, and changes nothing of the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell::{capture, run, say};

/// The suites that may hold a version, the likeliest first.
const SUITES: [&str; 3] = ["trixie-backports", "forky", "sid"];

/// The keys that sign Debian's archive.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Downloads `rust-src` of exactly this version into `dir` and returns the `library` folder in it.
pub(crate) fn rust_library(version: &str, dir: &Path) -> Result<PathBuf> {
    let unpacked = dir.join(format!("rust-src-{version}"));
    let library = unpacked.join(format!("usr/src/rustc-{version}/library"));
    if !library.is_dir() {
        let package = download(version, dir)?;
        let partial = dir.join("unpacking");
        remove_dir(&partial)?;
        run(Command::new("dpkg-deb")
            .arg("--extract")
            .arg(&package)
            .arg(&partial))?;
        remove_dir(&unpacked)?;
        fs::rename(&partial, &unpacked).context("the unpacked package cannot be renamed")?;
        fs::remove_file(&package).context("the package cannot be removed after unpacking")?;
    }
    ensure!(
        library.is_dir(),
        "Debian's package rust-src {version} holds no folder {}",
        library.display()
    );
    Ok(library)
}

/// Downloads the package from the first suite that has the version, and returns its file.
fn download(version: &str, dir: &Path) -> Result<PathBuf> {
    ensure!(
        Path::new(KEYRING).is_file(),
        "this system has no {KEYRING}: Debian's package cannot be checked"
    );
    let mirror = mirror()?;
    for suite in SUITES {
        let apt = Apt::new(dir, &mirror, suite)?;
        if capture(apt.get().args(["-qq", "update"])).is_err() {
            continue;
        }
        let listed = capture(apt.cache().args(["madison", "rust-src"])).unwrap_or_default();
        let Some(package_version) = matching_version(&listed, version) else {
            continue;
        };
        say(&format!(
            "downloading Debian's rust-src {package_version} (about 45 MB) from {suite}"
        ));
        let debs = dir.join("debs");
        remove_dir(&debs)?;
        fs::create_dir_all(&debs)
            .with_context(|| format!("{} cannot be created", debs.display()))?;
        capture(
            apt.get()
                .current_dir(&debs)
                .args(["-qq", "download"])
                .arg(format!("rust-src={package_version}")),
        )?;
        let file = fs::read_dir(&debs)?
            .next()
            .context("apt-get downloaded nothing")??;
        return Ok(file.path());
    }
    anyhow::bail!(
        "no suite of {} has the package rust-src {version}",
        SUITES.join(", ")
    )
}

/// Returns the Debian mirror that this system's apt is set up with.
fn mirror() -> Result<String> {
    let sites = capture(Command::new("apt-get").args(["indextargets", "--format", "$(SITE)"]))
        .context("apt-get does not tell its sources: this is not a Debian system")?;
    debian_site(&sites).context("apt-get is set up with no Debian mirror")
}

/// Picks the main archive among the sites of apt's sources.
fn debian_site(sites: &str) -> Option<String> {
    let site = sites
        .lines()
        .map(|line| line.trim_end_matches('/'))
        .find(|line| line.ends_with("/debian"))?;
    Some(site.to_owned())
}

/// Picks the package of that upstream version from the table that `apt-cache madison` prints.
fn matching_version(madison: &str, version: &str) -> Option<String> {
    let versions = madison
        .lines()
        .filter_map(|line| line.split('|').nth(1))
        .map(str::trim);
    let upstream = |full: &str| full.split(['+', '-', '~']).next().map(str::to_owned);
    versions
        .into_iter()
        .find(|full| upstream(full).as_deref() == Some(version))
        .map(str::to_owned)
}

/// A private state of apt: its lists, cache and the one source it reads.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn new(dir: &Path, mirror: &str, suite: &str) -> Result<Self> {
        let state = dir.join(suite);
        for sub in ["lists/partial", "cache/archives/partial"] {
            let path = state.join(sub);
            fs::create_dir_all(&path)
                .with_context(|| format!("{} cannot be created", path.display()))?;
        }
        let list = state.join("sources.list");
        fs::write(
            &list,
            format!("deb [signed-by={KEYRING}] {mirror} {suite} main\n"),
        )
        .with_context(|| format!("{} cannot be written", list.display()))?;
        let state = state.display();
        let options = vec![
            format!("Dir::State::Lists={state}/lists"),
            format!("Dir::Cache={state}/cache"),
            format!("Dir::Etc::SourceList={state}/sources.list"),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            "Dir::Etc::PreferencesParts=/dev/null".to_owned(),
            "Dir::State::status=/dev/null".to_owned(),
            "APT::Sandbox::User=".to_owned(),
            "Acquire::Languages=none".to_owned(),
        ];
        Ok(Self { options })
    }

    fn get(&self) -> Command {
        self.command("apt-get")
    }

    fn cache(&self) -> Command {
        self.command("apt-cache")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for option in &self.options {
            command.args(["-o", option]);
        }
        command
    }
}

fn remove_dir(dir: &Path) -> Result<()> {
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
    fn the_main_archive_is_picked_among_the_sites() {
        let sites = "http://m.example/debian-security\nhttp://m.example/debian\n";
        assert_eq!(
            debian_site(sites).as_deref(),
            Some("http://m.example/debian")
        );
        assert_eq!(debian_site("http://m.example/ubuntu\n"), None);
    }

    #[test]
    fn only_the_exact_upstream_version_matches() {
        let madison = " rust-src | 1.96.1+dfsg1-1 | mirror sid/main\n rust-src | 1.95.0+dfsg1-1~bpo13+1 | mirror trixie/main\n";
        assert_eq!(
            matching_version(madison, "1.95.0").as_deref(),
            Some("1.95.0+dfsg1-1~bpo13+1")
        );
        assert_eq!(matching_version(madison, "1.95"), None);
        assert_eq!(matching_version("", "1.95.0"), None);
    }
}
