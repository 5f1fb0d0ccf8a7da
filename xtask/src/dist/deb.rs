//! Debian's package: what is laid out, with what Debian wants to be said of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{NAME, Release};
use crate::shell::{capture, root, run};

/// Who answers for the package.
const MAINTAINER: &str = "The execsnoop-tui developers <execsnoop-tui@users.noreply.github.com>";

const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: execsnoop-tui
Source: https://github.com/execsnoop-tui/execsnoop-tui

Files: *
Copyright: 2026 The execsnoop-tui authors
License: Apache-2.0 or Expat

Files: probe-ebpf/* assets/execsnoop.bpf.o
Copyright: 2026 The execsnoop-tui authors
License: Expat or GPL-2

License: Apache-2.0
 The full text is in /usr/share/common-licenses/Apache-2.0.

License: GPL-2
 The full text is in /usr/share/common-licenses/GPL-2.

";

/// Why lintian is not to mind something.
const OVERRIDES: &str = "\
# One program for every release of Debian and for what is not Debian: the standard library and musl are in it.
execsnoop-tui: shared-library-lacks-prerequisites [usr/bin/execsnoop-tui]
# It does not come from Debian's archive.
execsnoop-tui: initial-upload-closes-no-bugs *
";

/// Makes the package; returns its path.
pub(super) fn make(release: &Release, dist: &Path) -> Result<PathBuf> {
    let doc = format!("usr/share/doc/{NAME}");
    release.write(&format!("{doc}/copyright"), &copyright()?)?;
    release.copy(
        &root().join("CHANGELOG.md"),
        &format!("{doc}/changelog"),
        0o644,
    )?;
    release.write(&format!("{doc}/changelog.Debian"), &changelog(release)?)?;
    release.write(&format!("usr/share/lintian/overrides/{NAME}"), OVERRIDES)?;
    for file in [
        format!("{doc}/changelog"),
        format!("{doc}/changelog.Debian"),
        format!("usr/share/man/man8/{NAME}.8"),
    ] {
        run(Command::new("gzip").arg("-n9").arg(release.tree.join(file)))?;
    }
    let sums = capture(Command::new("sh").current_dir(&release.tree).args([
        "-c",
        "find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum",
    ]))?;
    let size = capture(
        Command::new("du")
            .current_dir(&release.tree)
            .args(["-sk", "usr"]),
    )?;
    let size = size.split_whitespace().next().unwrap_or_default();
    release.write("DEBIAN/md5sums", &sums)?;
    release.write("DEBIAN/control", &control(release, size))?;
    run(Command::new("chmod")
        .args(["-R", "u=rwX,go=rX"])
        .arg(&release.tree))?;
    let package = dist.join(format!(
        "{NAME}_{}-1_{}.deb",
        release.version,
        release.arch.debian()
    ));
    run(Command::new("dpkg-deb")
        .env("SOURCE_DATE_EPOCH", &release.epoch)
        .args(["--root-owner-group", "-Zxz", "--build"])
        .arg(&release.tree)
        .arg(&package))?;
    Ok(package)
}

fn control(release: &Release, size: &str) -> String {
    format!(
        "\
Package: {NAME}
Version: {}-1
Architecture: {}
Maintainer: {MAINTAINER}
Installed-Size: {size}
Section: admin
Priority: optional
Homepage: https://github.com/execsnoop-tui/execsnoop-tui
Description: live monitor of executed programs, for terminals
 Shows every program that is executed on this machine as it happens: by
 whom, with which arguments, for how long, how it ended, and why it failed.
 A BPF program in the kernel sees each exec, also those that fail, and each
 exit; the screen shows them as a table, as a tree of processes, in groups
 and as rates, with filters, search and recordings that can be replayed.
 .
 It needs Linux 5.8 or later with BTF, and root or two capabilities to
 capture; recordings and the demo need neither.
",
        release.version,
        release.arch.debian()
    )
}

/// The licence's text as a field: indented, with a dot for each empty line.
fn copyright() -> Result<String> {
    let text = fs::read_to_string(root().join("LICENSE-MIT")).context("LICENSE-MIT")?;
    let terms = text
        .lines()
        .skip_while(|line| !line.starts_with("Permission"));
    let indented: Vec<_> = terms
        .map(|line| match line.trim() {
            "" => " .".to_owned(),
            line => format!(" {line}"),
        })
        .collect();
    Ok(format!(
        "{COPYRIGHT}License: Expat\n{}\n",
        indented.join("\n")
    ))
}

fn changelog(release: &Release) -> Result<String> {
    let date = format!("@{}", release.epoch);
    let date = capture(
        Command::new("date")
            .env("LC_ALL", "C")
            .args(["-u", "-R", "-d", &date]),
    )?;
    Ok(format!(
        "{NAME} ({}-1) unstable; urgency=medium\n\n  * See changelog.gz for what is new.\n\n -- {MAINTAINER}  {}\n",
        release.version,
        date.trim()
    ))
}
