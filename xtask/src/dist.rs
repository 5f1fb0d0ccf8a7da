//! What is given to users: one static program with its manual page and completions, as an archive and as Debian's
//! package, the list of what is in it, and checksums.

mod deb;
mod musl;
mod trial;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell::{capture, root, run, say};

/// The program's name, and that of its packages.
const NAME: &str = "execsnoop-tui";

/// What is made.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Try the results, too: lintian, and the package installed and run in a new Debian
    #[arg(long)]
    test: bool,
}

/// Makes everything in `target/dist`.
///
/// # Errors
/// If a part cannot be made; with `--test` also if what was made does not work.
pub(crate) fn perform(options: &Options) -> Result<()> {
    let dist = root().join("target/dist");
    if dist.exists() {
        fs::remove_dir_all(&dist).with_context(|| dist.display().to_string())?;
    }
    let program = musl::build()?;
    let release = Release {
        version: version()?,
        epoch: epoch()?,
        tree: dist.join("tree"),
    };
    release.stage(&program)?;
    let archive = release.archive(&dist)?;
    let package = deb::make(&release, &dist)?;
    fs::remove_dir_all(&release.tree)?;
    checksums(&dist, &[&archive, &package])?;
    if options.test {
        trial::lint(&package)?;
        trial::install(&package)?;
        trial::unpack(&archive)?;
    }
    say(&format!("{} has", dist.display()));
    run(Command::new("ls").arg("-l").arg(&dist))
}

/// A release: what it is, and where its files are laid out.
struct Release {
    version: String,
    /// The time that files bear: that of the last commit, seconds since 1970.
    epoch: String,
    /// The files as they are installed, below `usr`.
    tree: PathBuf,
}

impl Release {
    /// Lays out the program and what it says of itself.
    fn stage(&self, program: &Path) -> Result<()> {
        let told = |args: &[&str]| capture(Command::new(program).args(args));
        let installed = format!("usr/bin/{NAME}");
        self.copy(program, &installed, 0o755)?;
        run(Command::new("strip").arg(self.tree.join(&installed)))?;
        self.write(&format!("usr/share/man/man8/{NAME}.8"), &told(&["man"])?)?;
        for (shell, path) in [
            (
                "bash",
                format!("usr/share/bash-completion/completions/{NAME}"),
            ),
            ("zsh", format!("usr/share/zsh/vendor-completions/_{NAME}")),
            (
                "fish",
                format!("usr/share/fish/vendor_completions.d/{NAME}.fish"),
            ),
        ] {
            self.write(&path, &told(&["completions", shell])?)?;
        }
        Ok(())
    }

    fn path(&self, path: &str) -> Result<PathBuf> {
        let path = self.tree.join(path);
        let folder = path.parent().unwrap_or(&self.tree);
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        Ok(path)
    }

    fn copy(&self, from: &Path, path: &str, mode: u32) -> Result<()> {
        let to = self.path(path)?;
        fs::copy(from, &to).with_context(|| from.display().to_string())?;
        fs::set_permissions(&to, fs::Permissions::from_mode(mode))?;
        Ok(())
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let to = self.path(path)?;
        fs::write(&to, text).with_context(|| to.display().to_string())?;
        fs::set_permissions(&to, fs::Permissions::from_mode(0o644))?;
        Ok(())
    }

    /// Packs what is laid out, with what one reads first, into an archive whose bytes are the same each time.
    fn archive(&self, dist: &Path) -> Result<PathBuf> {
        let name = format!("{NAME}-{}-x86_64-linux", self.version);
        let folder = dist.join(&name);
        run(Command::new("cp")
            .arg("-a")
            .arg(self.tree.join("usr"))
            .arg(&folder))?;
        for file in [
            "README.md",
            "CHANGELOG.md",
            "LICENSE-MIT",
            "LICENSE-APACHE",
            "LICENSE-GPL",
        ] {
            fs::copy(root().join(file), folder.join(file)).context(file)?;
        }
        let archive = dist.join(format!("{name}.tar.gz"));
        run(Command::new("tar")
            .args([
                "--sort=name",
                "--owner=0",
                "--group=0",
                "--numeric-owner",
                "--mode=u=rwX,go=rX",
            ])
            .arg(format!("--mtime=@{}", self.epoch))
            .args(["--use-compress-program", "gzip -n9", "-C"])
            .arg(dist)
            .arg("-cf")
            .arg(&archive)
            .arg(&name))?;
        fs::remove_dir_all(&folder)?;
        Ok(archive)
    }
}

fn version() -> Result<String> {
    let told = capture(crate::shell::cargo().args([
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--locked",
    ]))?;
    let told: serde_json::Value = serde_json::from_str(&told)?;
    let packages = told["packages"].as_array().into_iter().flatten();
    let mut product = packages.filter(|package| package["name"] == NAME);
    let version = product
        .next()
        .and_then(|package| package["version"].as_str());
    Ok(version.context("cargo tells no version")?.to_owned())
}

fn epoch() -> Result<String> {
    let mut git = Command::new("git");
    let told = capture(git.current_dir(root()).args(["log", "-1", "--format=%ct"]));
    let told = told.context("the time of the last commit is that of the packages' files")?;
    Ok(told.trim().to_owned())
}

fn checksums(dist: &Path, files: &[&Path]) -> Result<()> {
    let names = files.iter().filter_map(|file| file.file_name());
    let sums = capture(Command::new("sha256sum").current_dir(dist).args(names))?;
    fs::write(dist.join("SHA256SUMS"), sums)?;
    Ok(())
}
