//! The file that `-O` names.

use anyhow::{Context, bail};
use nix::errno::Errno;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// The file of the output, opened but not yet changed.
#[derive(Debug)]
pub struct OutputFile {
    file: File,
    /// Its path, if it was not there before.
    created: Option<PathBuf>,
}

impl OutputFile {
    /// Empties it, now that there will be something to write.
    ///
    /// # Errors
    /// If it cannot be emptied.
    pub fn begin(self) -> anyhow::Result<File> {
        self.file
            .set_len(0)
            .context("cannot empty the output file")?;
        Ok(self.file)
    }

    /// Leaves it as it was found; one that was not there goes again.
    pub fn abandon(self) {
        if let Some(path) = self.created {
            // It is empty; that it stays is all that can go wrong.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Creates the file for the output, or opens it; [`OutputFile::begin`] empties it.
///
/// A new file is private (0600) and given to `owner`, a pair of user and group id: under sudo
/// the invoking user. A symbolic link is not followed, because whoever may write to the
/// directory could otherwise aim root's output anywhere; what is no regular file is refused, and
/// so is a file that somebody else owns, or may write to, or has another name for.
///
/// # Errors
/// If there can be no such file; the message names it and says what to do.
pub fn create(path: &Path, owner: Option<(u32, u32)>) -> anyhow::Result<OutputFile> {
    let shown = path.display();
    match create_at(path, owner)? {
        Some(file) => Ok(file),
        None => {
            let file = options().open(path).map_err(|error| explain(path, error))?;
            let found = file.metadata()?;
            if !found.is_file() {
                bail!("cannot write to {shown}: not a regular file; use `-o ndjson >{shown}`");
            }
            let own = [
                Some(nix::unistd::geteuid().as_raw()),
                owner.map(|(uid, _)| uid),
            ];
            if !own.contains(&Some(found.uid())) || found.nlink() > 1 || found.mode() & 0o022 != 0 {
                bail!(
                    "cannot write to {shown}: it is somebody else's, or others may write to it; remove it, or name another file"
                );
            }
            Ok(OutputFile {
                file,
                created: None,
            })
        }
    }
}

/// Creates the file for the output, private and given to `owner` as by [`create`], unless there is one.
///
/// # Errors
/// If there can be no such file, or is one; the message names it and says what to do.
pub fn create_new(path: &Path, owner: Option<(u32, u32)>) -> anyhow::Result<OutputFile> {
    let shown = path.display();
    match create_at(path, owner)? {
        Some(file) => Ok(file),
        None => bail!("{shown} is there already: name another file, or replace it with --force"),
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .mode(0o600)
        .custom_flags((nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK).bits());
    options
}

/// Creates a file, if there is none of this name.
fn create_at(path: &Path, owner: Option<(u32, u32)>) -> anyhow::Result<Option<OutputFile>> {
    let file = match options().create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(explain(path, error)),
    };
    if let Some((uid, gid)) = owner {
        fchown(&file, Some(uid), Some(gid))
            .with_context(|| format!("cannot give {} to user {uid}", path.display()))?;
    }
    Ok(Some(OutputFile {
        file,
        created: Some(path.to_owned()),
    }))
}

fn explain(path: &Path, error: std::io::Error) -> anyhow::Error {
    let remedy = match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT) => "its directory does not exist: create it, or name another file",
        Some(Errno::EACCES | Errno::EPERM) => "choose a directory that you may write to",
        Some(Errno::ELOOP) => "it is a symbolic link, which is not followed: name its target",
        Some(Errno::EROFS) => "the file system is read-only: choose another one",
        Some(Errno::EISDIR) => "it is a directory: name a file in it",
        Some(Errno::ENXIO) => "not a regular file: redirect standard output to it with `>`",
        _ => "name another file",
    };
    let shown = path.display();
    anyhow::Error::new(error).context(format!("cannot create {shown}: {remedy}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn error(path: &Path) -> String {
        let error = create(path, None).unwrap_err();
        let shown = format!("{error:#}");
        assert!(shown.contains(&*path.to_string_lossy()), "{shown}");
        shown
    }

    #[test]
    fn a_new_file_is_private_and_an_old_one_is_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let mut file = create(&path, None).unwrap().begin().unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        file.write_all(b"old").unwrap();
        create(&path, None).unwrap().abandon();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        let mut file = create(&path, None).unwrap().begin().unwrap();
        file.write_all(b"n").unwrap();
        let mut text = String::new();
        File::open(&path)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "n");
    }

    #[test]
    fn a_file_that_was_not_there_goes_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        create(&path, None).unwrap().abandon();
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_others_can_change_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        std::fs::write(&path, "precious").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).unwrap();
        assert!(error(&path).contains("others may write"));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::hard_link(&path, dir.path().join("other name")).unwrap();
        assert!(error(&path).contains("name another file"));
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn a_symbolic_link_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("target");
        std::fs::write(&target, "precious").unwrap();
        let link = dir.path().join("link");
        symlink(&target, &link).unwrap();
        assert!(error(&link).contains("symbolic link"));
        assert_eq!(std::fs::read(&target).unwrap(), b"precious");
    }

    #[test]
    fn what_cannot_be_written_is_named_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        assert!(error(&dir.path().join("no/such")).contains("create it"));
        assert!(error(dir.path()).contains("directory"));
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(error(&fifo).contains("regular file"));
    }
}
