//! Files that are written: the one of `-O`, and those of a recording.
//!
//! A new file is private (0600) and given to its owner, a pair of user and group id: under sudo the invoking user.
//! Everything is done within a directory that was opened once, so nobody who may change the way to it can aim at
//! another one; and no symbolic link is followed.

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{Mode, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A user and a group.
pub type Owner = (u32, u32);

/// A directory to write in.
#[derive(Clone, Debug)]
pub struct Folder {
    opened: Arc<OwnedFd>,
    path: PathBuf,
}

/// A file to write to, opened but not yet changed. One that was not there goes again, unless it is begun.
#[derive(Debug)]
pub struct OutputFile {
    file: File,
    folder: Folder,
    name: OsString,
    created: bool,
    begun: bool,
}

impl OutputFile {
    /// Empties it, now that there will be something to write.
    ///
    /// # Errors
    /// If it cannot be emptied.
    pub fn begin(mut self) -> Result<File> {
        let shown = || self.folder.shown(&self.name);
        let emptied = self.file.set_len(0);
        emptied.with_context(|| format!("cannot empty {}: name another file", shown()))?;
        let file = self.file.try_clone();
        let file = file.with_context(|| format!("cannot write to {}", shown()))?;
        self.begun = true;
        Ok(file)
    }

    /// As [`Self::begin`], and makes it private.
    ///
    /// # Errors
    /// If it cannot be emptied or made private.
    pub fn begin_private(self) -> Result<File> {
        let private = self.file.set_permissions(Permissions::from_mode(0o600));
        private.with_context(|| {
            let shown = self.folder.shown(&self.name);
            format!("cannot make {shown} private: remove it, or name another file")
        })?;
        self.begin()
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if !self.created || self.begun {
            return;
        }
        let opened = &*self.folder.opened;
        let found = fstatat(opened, &*self.name, AtFlags::AT_SYMLINK_NOFOLLOW);
        if let (Ok(own), Ok(found)) = (fstat(&self.file), found)
            && (own.st_dev, own.st_ino) == (found.st_dev, found.st_ino)
        {
            // It is empty; that it stays is all that can go wrong.
            let _ = self.folder.remove(&self.name);
        }
    }
}

/// Creates the file of the output, or opens it; [`OutputFile::begin`] empties it.
///
/// What is no regular file is refused, and so is a file that somebody else owns, or may write to, or has another
/// name for.
///
/// # Errors
/// If there can be no such file; the message names it and says what to do.
pub fn create(path: &Path, owner: Option<Owner>) -> Result<OutputFile> {
    let (folder, name) = Folder::of(path)?;
    folder.create(&name, owner)
}

impl Folder {
    /// Opens the directory of a path; returns it, and the name within it.
    ///
    /// # Errors
    /// If there is no such directory, or the path names no file.
    pub fn of(path: &Path) -> Result<(Self, OsString)> {
        let name = path.file_name();
        let Some(name) = name.filter(|_| !path.as_os_str().as_bytes().ends_with(b"/")) else {
            bail!("cannot create {}: name a file in it", path.display());
        };
        let parent = path.parent().unwrap_or(Path::new(""));
        let opened = match parent.as_os_str().is_empty() {
            true => Path::new("."),
            false => parent,
        };
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let opened = nix::fcntl::open(opened, flags, Mode::empty());
        let opened = opened.map_err(|errno| explain(path, errno))?;
        let folder = Self {
            opened: Arc::new(opened),
            path: parent.to_owned(),
        };
        Ok((folder, name.to_owned()))
    }

    /// Returns the path of a file in it, to be shown.
    pub fn shown(&self, name: &OsStr) -> String {
        self.path.join(name).display().to_string()
    }

    fn open(&self, name: &OsStr, more: OFlag) -> nix::Result<File> {
        let flags = OFlag::O_WRONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        openat(&*self.opened, name, flags | more, mode).map(File::from)
    }

    /// Creates a file in it, or opens one that may be written to, as [`create`] does.
    ///
    /// # Errors
    /// As [`create`].
    pub fn create(&self, name: &OsStr, owner: Option<Owner>) -> Result<OutputFile> {
        if let Some(file) = self.create_if_new(name, owner)? {
            return Ok(file);
        }
        let shown = self.shown(name);
        let file = self.open(name, OFlag::empty());
        let file = file.map_err(|errno| explain(&self.path.join(name), errno))?;
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
        Ok(self.output(name, file, false))
    }

    /// Creates a file in it, which is not there yet.
    ///
    /// # Errors
    /// If there can be no such file, or is one; the message names it and says what to do.
    pub fn create_new(&self, name: &OsStr, owner: Option<Owner>) -> Result<OutputFile> {
        let Some(file) = self.create_if_new(name, owner)? else {
            let shown = self.shown(name);
            bail!("{shown} is there already: name another file, or replace it with --force");
        };
        Ok(file)
    }

    fn create_if_new(&self, name: &OsStr, owner: Option<Owner>) -> Result<Option<OutputFile>> {
        let file = match self.open(name, OFlag::O_CREAT | OFlag::O_EXCL) {
            Ok(file) => file,
            Err(Errno::EEXIST) => return Ok(None),
            Err(errno) => return Err(explain(&self.path.join(name), errno)),
        };
        let file = self.output(name, file, true);
        if let Some((uid, gid)) = owner
            && file.file.metadata()?.uid() != uid
        {
            fchown(&file.file, Some(uid), Some(gid))
                .with_context(|| format!("cannot give {} to user {uid}", self.shown(name)))?;
        }
        Ok(Some(file))
    }

    fn output(&self, name: &OsStr, file: File, created: bool) -> OutputFile {
        OutputFile {
            file,
            folder: self.clone(),
            name: name.to_owned(),
            created,
            begun: false,
        }
    }

    /// Returns whether there is anything of a name, or may be.
    pub fn has(&self, name: &OsStr) -> bool {
        let found = fstatat(&*self.opened, name, AtFlags::AT_SYMLINK_NOFOLLOW);
        !matches!(found, Err(Errno::ENOENT))
    }

    /// Gives a file another name, if it is there; what has that name goes.
    ///
    /// # Errors
    /// If the kernel refuses it.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> Result<()> {
        match renameat(&*self.opened, from, &*self.opened, to) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(errno) => {
                let [from, to] = [self.shown(from), self.shown(to)];
                Err(errno).with_context(|| format!("cannot rename {from} to {to}"))
            }
        }
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// If the kernel refuses it.
    pub fn remove(&self, name: &OsStr) -> Result<()> {
        match unlinkat(&*self.opened, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(errno) => Err(errno).with_context(|| format!("cannot remove {}", self.shown(name))),
        }
    }
}

fn explain(path: &Path, errno: Errno) -> anyhow::Error {
    let remedy = match errno {
        Errno::ENOENT => "its directory does not exist: create it, or name another file",
        Errno::EACCES | Errno::EPERM => {
            "choose a directory that you may write to; under sudo, --keep-privileges writes where only root may"
        }
        Errno::ELOOP => "it is a symbolic link, which is not followed: name its target",
        Errno::EROFS => "the file system is read-only: choose another one",
        Errno::EISDIR => "it is a directory: name a file in it",
        Errno::ENXIO => "not a regular file: redirect standard output to it with `>`",
        _ => "name another file",
    };
    let shown = path.display();
    anyhow::Error::new(std::io::Error::from(errno))
        .context(format!("cannot create {shown}: {remedy}"))
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
        drop(create(&path, None).unwrap());
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
        let file = create(&path, None).unwrap();
        assert!(path.exists());
        drop(file);
        assert!(!path.exists());
        // Unless something else has its name by then.
        let file = create(&path, None).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "precious").unwrap();
        drop(file);
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn a_directory_that_is_moved_is_written_to_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let [real, moved, other] = ["real", "moved", "other"].map(|name| dir.path().join(name));
        std::fs::create_dir(&real).unwrap();
        std::fs::create_dir(&other).unwrap();
        std::fs::write(other.join("day"), "precious").unwrap();
        let (folder, name) = Folder::of(&real.join("day")).unwrap();
        std::fs::rename(&real, &moved).unwrap();
        symlink(&other, &real).unwrap();
        folder.create_new(&name, None).unwrap().begin().unwrap();
        folder.rename(&name, OsStr::new("day.1")).unwrap();
        folder.remove(&name).unwrap();
        assert!(moved.join("day.1").exists());
        assert_eq!(std::fs::read(other.join("day")).unwrap(), b"precious");
        assert!(!other.join("day.1").exists());
    }

    #[test]
    fn what_is_replaced_is_made_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        create(&path, None).unwrap().begin_private().unwrap();
        let found = std::fs::metadata(&path).unwrap();
        assert_eq!((found.len(), found.mode() & 0o777), (0, 0o600));
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
        assert!(error(&dir.path().join("new/")).contains("name a file in it"));
        assert!(error(Path::new("..")).contains("name a file in it"));
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(error(&fifo).contains("regular file"));
    }
}
