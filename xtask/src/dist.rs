//! What is given to users: for each kind of machines one static program with its manual page and completions, as an archive
//! and as Debian's package, with a bill of materials; and checksums of all.

mod deb;
pub(crate) mod musl;
mod sbom;
mod trial;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::lint;
use crate::shell::{capture, root, run, say};
use crate::vm::arch::Arch;
use musl::Built;

/// The program's name, and that of its packages.
const NAME: &str = "execsnoop-tui";

/// What is made.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Try the results, too: lintian, and the package installed and run in a new Debian
    #[arg(long)]
    test: bool,
    /// Kinds of machines; what is not of this machine's kind is cross-built
    #[arg(long, value_name = "KIND", value_delimiter = ',', default_values = ["x86_64", "arm64"])]
    arch: Vec<Arch>,
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
    lint::dependencies()?;
    // It tells its manual page and completions for all kinds.
    let speaker = musl::build(Arch::NATIVE)?.program;
    let mut files = Vec::new();
    for &arch in &options.arch {
        let built = musl::build(arch)?;
        let release = Release {
            version: version()?,
            epoch: epoch()?,
            tree: dist.join("tree"),
            arch,
        };
        release.stage(&built, &speaker)?;
        let bill = dist.join(format!("{}.cdx.json", release.name()));
        fs::copy(release.tree.join(BILL), &bill).context(BILL)?;
        let archive = release.archive(&dist)?;
        let package = deb::make(&release, &dist)?;
        fs::remove_dir_all(&release.tree)?;
        if options.test {
            trial::perform(arch, &package, &archive)?;
        }
        files.extend([archive, package, bill]);
    }
    checksums(&dist, &files)?;
    say(&format!("{} has", dist.display()));
    run(Command::new("ls").arg("-l").arg(&dist))
}

/// Where the bill of materials is installed.
const BILL: &str = "usr/share/doc/execsnoop-tui/sbom.cdx.json";

/// A release: what it is, and where its files are laid out.
struct Release {
    version: String,
    /// The time that files bear: that of the last commit, seconds since 1970.
    epoch: String,
    /// The files as they are installed, below `usr`.
    tree: PathBuf,
    /// The machines that it is for.
    arch: Arch,
}

impl Release {
    /// Lays out the program and what it says of itself.
    ///
    /// `speaker` is the program for this machine.
    fn stage(&self, built: &Built, speaker: &Path) -> Result<()> {
        let told = |args: &[&str]| capture(Command::new(speaker).args(args));
        let installed = format!("usr/bin/{NAME}");
        self.copy(&built.program, &installed, 0o755)?;
        let program = self.tree.join(&installed);
        run(Command::new(self.arch.strip()).arg(&program))?;
        self.write(BILL, &sbom::bill(self, built, &program)?)?;
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

    /// Returns what its archive is called, without the ending.
    fn name(&self) -> String {
        let machine = match self.arch {
            Arch::X86 => "x86_64",
            Arch::Arm => "aarch64",
        };
        format!("{NAME}-{}-{machine}-linux", self.version)
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
        let name = self.name();
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

fn checksums(dist: &Path, files: &[PathBuf]) -> Result<()> {
    let names = files.iter().filter_map(|file| file.file_name());
    let sums = capture(Command::new("sha256sum").current_dir(dist).args(names))?;
    fs::write(dist.join("SHA256SUMS"), sums)?;
    Ok(())
}
