//! The configuration file: where it is, whether it may be read, and its text.
//!
//! Under sudo it is that of the user who called it, and it is opened with that user's rights: whatever a path leads
//! to, this program tells nobody of a file that he could not read himself. Who else could write it could let root
//! do what he wants to be done, so such a file is not taken.

use super::{invoking_user, privileges};
use crate::settings::{Place, Settings};
use anyhow::{Context, Result, bail};
use nix::fcntl::OFlag;
use nix::unistd::{Uid, User, geteuid};
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where it is in a directory of configurations.
const FILE: &str = "execsnoop-tui/config.toml";

/// So many bytes are more than anybody writes.
const MAX: u64 = 64 << 10;

/// Reads a configuration. What is wrong with it is among the settings.
pub(super) fn load(place: Place<'_>) -> Settings {
    if nix::unistd::getuid() != geteuid() {
        // Whose rights it has, and who asks for what, are two then.
        return match place {
            Place::At(_) => {
                Settings::problem("a program that is set-user-id reads no configuration".into())
            }
            _ => Settings::default(),
        };
    }
    let (path, asked_for) = match place {
        Place::Nowhere => return Settings::default(),
        Place::At(path) => (path.to_owned(), true),
        Place::Usual => match usual() {
            Some(path) => (path, false),
            None => return Settings::default(),
        },
    };
    match read(&path) {
        Ok(Some(text)) => Settings::parse(&text, &name(&path)),
        Ok(None) if !asked_for => Settings::default(),
        Ok(None) => Settings::problem(format!(
            "{} is not there: without it, all is as by default",
            path.display()
        )),
        Err(error) => Settings::problem(format!("{}: {error:#}; it is not read", path.display())),
    }
}

/// Returns what a file is called in sentences about its lines.
fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    crate::text::escape(name.as_encoded_bytes()).into_owned()
}

/// Returns where the file is by default, if there is a place.
fn usual() -> Option<PathBuf> {
    Some(directory_of_user("XDG_CONFIG_HOME", ".config")?.join(FILE))
}

/// Returns a directory of the user who called sudo, or of this one: what a variable says, or else one below his home.
pub(super) fn directory_of_user(variable: &str, below: &str) -> Option<PathBuf> {
    let env = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
    let through_sudo = env("SUDO_UID").is_some();
    let home_of = |uid: Uid| Some(User::from_uid(uid).ok()??.dir);
    if let Some((uid, _)) = invoking_user() {
        return Some(home_of(Uid::from_raw(uid))?.join(below));
    }
    if through_sudo {
        // Variables may be those of somebody else.
        return Some(home_of(geteuid())?.join(below));
    }
    let absolute = |name| {
        env(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    // It may be that of whoever became this user.
    let own = |home: &PathBuf| {
        let meta = std::fs::metadata(home);
        meta.is_ok_and(|meta| meta.uid() == geteuid().as_raw())
    };
    let home = || absolute("HOME").filter(own).or_else(|| home_of(geteuid()));
    absolute(variable).or_else(|| Some(home()?.join(below)))
}

/// Returns the text of a file; `None` if there is none.
///
/// # Errors
/// If it cannot be read, or is not to be: one sentence without the path.
fn read(path: &Path) -> Result<Option<String>> {
    let opened = privileges::as_invoking_user(|| Ok(open(path)))?;
    let file = match opened {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error).context("it cannot be opened"),
    };
    let owner = invoking_user().map_or(geteuid(), |(uid, _)| Uid::from_raw(uid));
    // Of what was opened, whatever the path leads to by now.
    check(&file.metadata()?, owner)?;
    let mut bytes = Vec::new();
    file.take(MAX + 1)
        .read_to_end(&mut bytes)
        .context("it cannot be read")?;
    if bytes.len() as u64 > MAX {
        bail!("it has more than {} KiB", MAX >> 10);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => bail!("it is not UTF-8"),
    }
}

/// Opens what may be no file at all, and does not wait for a pipe's writer.
pub(super) fn open(path: &Path) -> std::io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    File::options()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)
}

/// Finds out whether a file may say what this program does.
fn check(meta: &Metadata, owner: Uid) -> Result<()> {
    if !meta.is_file() {
        bail!("it is no regular file");
    }
    let uid = Uid::from_raw(meta.uid());
    if uid != owner && !uid.is_root() {
        bail!("it belongs to user {uid}, and has to be yours or root's");
    }
    if meta.mode() & 0o022 != 0 {
        bail!("others may write it (chmod go-w mends that)");
    }
    if meta.len() > MAX {
        bail!("it has more than {} KiB", MAX >> 10);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    struct Dir(tempfile::TempDir);

    impl Dir {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn file(&self, name: &str, text: &[u8], mode: u32) -> PathBuf {
            let path = self.path(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        }
    }

    fn problem(path: &Path) -> String {
        let settings = load(Place::At(path));
        let [problem] = &settings.problems[..] else {
            panic!("{:?}", settings.problems)
        };
        problem.clone()
    }

    #[test]
    fn a_file_of_ones_own_is_read_also_by_a_link() {
        let dir = Dir::new();
        let path = dir.file("mine.toml", b"mouse = false\ncolums = []\n", 0o644);
        let settings = load(Place::At(&path));
        assert_eq!(settings.mouse, Some(false));
        assert_eq!(
            settings.problems,
            ["mine.toml:2: `colums` is no setting; did you mean `columns`?"]
        );
        let link = dir.path("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(load(Place::At(&link)).mouse, Some(false));
    }

    #[test]
    fn what_others_may_write_or_is_no_file_is_not_read() {
        let dir = Dir::new();
        for mode in [0o666, 0o620, 0o602] {
            let path = dir.file("open.toml", b"mouse = false\n", mode);
            let problem = problem(&path);
            assert!(problem.contains("others may write it"), "{problem}");
            assert_eq!(load(Place::At(&path)).mouse, None);
        }
        let fifo = dir.path("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
        assert!(problem(&fifo).contains("is no regular file"));
        assert!(problem(dir.0.path()).contains("is no regular file"));
        assert!(problem(Path::new("/dev/zero")).contains("is no regular file"));
        let large = dir.file("large.toml", &vec![b'#'; 70 << 10], 0o600);
        assert!(problem(&large).contains("more than 64 KiB"));
        // Its size says nothing.
        let growing = load(Place::At(Path::new("/proc/kallsyms")));
        assert!(
            growing.problems[0].contains("more than 64 KiB"),
            "{:?}",
            growing.problems
        );
        let binary = dir.file("binary.toml", b"\xff\xfe", 0o600);
        assert!(problem(&binary).contains("not UTF-8"));
        assert!(problem(&dir.path("none.toml")).contains("is not there"));
    }

    #[test]
    fn a_file_of_another_user_is_not_read() {
        let dir = Dir::new();
        let path = dir.file("other.toml", b"secret = 1\n", 0o644);
        let mine = fs::metadata(&path).unwrap();
        let other = Uid::from_raw(mine.uid() + 1);
        let refused = check(&mine, other);
        // What is root's is everybody's.
        assert_eq!(refused.is_err(), mine.uid() != 0);
        if Uid::effective().is_root() {
            std::os::unix::fs::chown(&path, Some(4711), None).unwrap();
            let problem = problem(&path);
            assert!(problem.contains("belongs to user 4711"), "{problem}");
            assert!(!problem.contains("secret"), "{problem}");
        }
    }
}
