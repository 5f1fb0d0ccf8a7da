//! `tidy`: the house laws that neither the compiler nor clippy knows, checked over the sources of the workspace.

mod laws;
mod modules;
mod source;

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use self::source::Source;
use crate::shell::{root, say};

/// The folders whose sources the laws are about.
const FOLDERS: [&str; 4] = ["probe-common", "probe-ebpf", "tui", "xtask"];

/// The laws about Rust files.
const RUST_LAWS: [fn(&Source) -> Vec<Finding>; 9] = [
    laws::aya_behind_the_probe,
    laws::ratatui_behind_the_view,
    laws::model_is_pure,
    laws::no_unsafe,
    laws::nothing_undone,
    laws::telling_name,
    laws::opening_doc,
    laws::short_enough,
    modules::direction,
];

/// The laws about manifests.
const MANIFEST_LAWS: [fn(&Source) -> Vec<Finding>; 2] =
    [laws::nothing_undone, laws::chores_need_no_project_crate];

/// A place where a law is broken, or a note about one.
pub(crate) struct Finding {
    path: String,
    line: usize,
    text: String,
    /// Whether it makes the check fail.
    pub(crate) refused: bool,
}

impl Finding {
    /// Names a place that breaks a law.
    pub(crate) fn new(source: &Source, line: usize, text: String) -> Self {
        Self {
            path: source.path.clone(),
            line,
            text,
            refused: true,
        }
    }

    /// Makes it one that is only told.
    pub(crate) fn into_note(self) -> Self {
        Self {
            refused: false,
            ..self
        }
    }

    /// Says whether the place is a manifest's description, which may name what it likes.
    pub(crate) fn is_description(&self, source: &Source) -> bool {
        source
            .text
            .lines()
            .nth(self.line - 1)
            .is_some_and(|line| line.starts_with("description"))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.text)
    }
}

/// Checks every law and fails if one is broken.
pub(crate) fn check() -> Result<()> {
    let root = root();
    let mut sources = Vec::new();
    for folder in FOLDERS {
        read_sources(&root, folder, &mut sources)?;
    }
    let findings = judge(sources);
    for finding in &findings {
        eprintln!("{}{finding}", if finding.refused { "" } else { "note: " });
    }
    match findings.iter().filter(|finding| finding.refused).count() {
        0 => {
            say("the house laws hold");
            Ok(())
        }
        count => bail!(
            "the house laws are broken in {count} place(s), named above (they are written in xtask/src/tidy/)"
        ),
    }
}

/// Applies the laws to all files.
fn judge(mut sources: Vec<Source>) -> Vec<Finding> {
    let tests: Vec<_> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        let belongs = |module: &String| {
            source
                .path
                .strip_prefix(module.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        if tests.iter().any(belongs) {
            source.make_test();
        }
    }
    let laws = |source: &Source| -> &[fn(&Source) -> Vec<Finding>] {
        if source.path.ends_with(".rs") {
            &RUST_LAWS
        } else {
            &MANIFEST_LAWS
        }
    };
    sources
        .iter()
        .flat_map(|source| laws(source).iter().flat_map(|law| law(source)))
        .collect()
}

/// Reads the Rust files and manifests below a folder, in the order of their names.
fn read_sources(root: &Path, folder: &str, sources: &mut Vec<Source>) -> Result<()> {
    let listing =
        fs::read_dir(root.join(folder)).with_context(|| format!("{folder} cannot be listed"))?;
    let mut names = Vec::new();
    for entry in listing {
        let entry = entry?;
        names.push((
            entry.file_name().to_string_lossy().into_owned(),
            entry.file_type()?.is_dir(),
        ));
    }
    names.sort();
    for (name, is_dir) in names {
        let path = format!("{folder}/{name}");
        if is_dir && name != "target" {
            read_sources(root, &path, sources)?;
        } else if name.ends_with(".rs") || name == "Cargo.toml" {
            let text = fs::read_to_string(root.join(&path))
                .with_context(|| format!("{path} cannot be read"))?;
            sources.push(Source::new(&path, &text));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_declared_as_a_test_module_is_judged_as_a_test() {
        let parent = || Source::new("tui/src/store.rs", "//! Store.\n#[cfg(test)]\nmod tests;\n");
        let text = "//! Tests.\nuse std::fs;\nuse crate::view::Row;\n";
        assert!(judge(vec![parent(), Source::new("tui/src/store/tests.rs", text)]).is_empty());
        assert_eq!(
            judge(vec![parent(), Source::new("tui/src/store/index.rs", text)]).len(),
            2
        );
    }
}
