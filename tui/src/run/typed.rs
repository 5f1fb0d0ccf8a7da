//! Lines that were typed at the prompts, kept from one run to the next: filters, searches and commands.
//!
//! The file is the invoking user's, and is read and written once this program is that user.

use super::invoking_user;
use super::settings::{directory_of_user, open};
use crate::app::history::Histories;
use anyhow::{Context, Result};
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// So many bytes are more than the histories can have.
const MAX: u64 = 4 << 20;

/// Where typed lines are kept.
#[derive(Debug)]
pub(super) struct Typed {
    path: PathBuf,
}

impl Typed {
    /// Finds out where, while it is still known who called sudo; `None` if nothing is to be kept.
    pub(super) fn of_user(wanted: bool, keep_privileges: bool) -> Option<Self> {
        // The file of somebody else is neither read nor written with root's rights.
        if !wanted || (keep_privileges && invoking_user().is_some()) {
            return None;
        }
        let directory = directory_of_user("XDG_STATE_HOME", ".local/state")?;
        Some(Self {
            path: directory.join("execsnoop-tui/typed.json"),
        })
    }

    /// Reads them; what cannot be read is as if it were not there.
    pub(super) fn load(&self) -> Histories {
        let mut text = String::new();
        let read = open(&self.path).and_then(|file| file.take(MAX).read_to_string(&mut text));
        read.ok()
            .and_then(|_| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    /// Writes them, as a whole or not at all; lines that another run has added since are kept too.
    ///
    /// # Errors
    /// If they cannot be written; the message names the file.
    pub(super) fn save(&self, histories: &Histories) -> Result<()> {
        let kept = self.load();
        let mut all = kept.clone();
        all.add(histories);
        if all == kept {
            return Ok(());
        }
        write(&self.path, &serde_json::to_vec(&all)?)
            .with_context(|| format!("what was typed is not kept: {}", self.path.display()))
    }
}

fn write(path: &Path, text: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let new = path.with_extension(format!("json.{}", std::process::id()));
    let created = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new);
    let mut file = match created {
        // Of a run that had this number and was killed.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            std::fs::remove_file(&new)?;
            return write(path, text);
        }
        created => created?,
    };
    let written = file
        .write_all(text)
        .and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    Ok(written?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::prompt::PromptKind;
    use std::os::unix::fs::PermissionsExt;

    fn histories(lines: &[&str]) -> Histories {
        let mut histories = Histories::default();
        let history = histories.of_mut(PromptKind::Filter);
        lines.iter().for_each(|line| history.push(line));
        histories
    }

    fn kept(typed: &Typed) -> Vec<String> {
        let histories = typed.load();
        let lines = histories.of(PromptKind::Filter).newest_first();
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn lines_of_several_runs_are_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/typed.json");
        let typed = Typed { path: path.clone() };
        assert_eq!(kept(&typed), [""; 0]);
        typed.save(&histories(&["one", "two"])).unwrap();
        typed.save(&histories(&["three", "one"])).unwrap();
        assert_eq!(kept(&typed), ["one", "three", "two"]);
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let files = std::fs::read_dir(path.parent().unwrap()).unwrap();
        assert_eq!(files.count(), 1);
    }

    #[test]
    fn what_is_damaged_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let typed = Typed {
            path: dir.path().join("typed.json"),
        };
        std::fs::write(&typed.path, "{\"filter\": [").unwrap();
        assert_eq!(kept(&typed), [""; 0]);
        typed.save(&histories(&["one"])).unwrap();
        assert_eq!(kept(&typed), ["one"]);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told() {
        let typed = Typed {
            path: PathBuf::from("/proc/nowhere/typed.json"),
        };
        let error = typed.save(&histories(&["one"])).unwrap_err();
        assert!(format!("{error:#}").contains("/proc/nowhere"), "{error:#}");
    }
}
