//! Control groups: which one a path means, as the probe knows it.
//!
//! The kernel's filter walks the hierarchy of version 2, the one in which every process has exactly
//! one place. A machine may have hierarchies of version 1 beside it; those are named, and refused.

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sys::statfs::{CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, statfs};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// A control group of version 2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cgroup {
    /// The number by which the kernel knows it, if it is there.
    pub id: Option<u64>,
    /// Its path from the top of the hierarchy.
    pub path: Vec<u8>,
}

impl Cgroup {
    /// Names a group by its path, also one that is not there yet.
    pub fn at(path: &[u8]) -> Self {
        Self {
            id: find(Path::new(OsStr::from_bytes(path)))
                .ok()
                .and_then(|group| group.id),
            path: path.to_vec(),
        }
    }
}

/// Finds a control group.
///
/// The path is one as `/proc/PID/cgroup` shows it, or that of its directory.
///
/// # Errors
/// If there is no such group of version 2; the message says which there are.
pub fn find(path: &Path) -> Result<Cgroup> {
    let mounts =
        std::fs::read("/proc/self/mountinfo").context("cannot read /proc/self/mountinfo")?;
    let root = version_2_root(&mounts).context(
        "no control groups of version 2 are mounted here, which is what a capture can be limited to",
    )?;
    let shown = path.display();
    let (dir, as_named) = directory(path, &root)?;
    let looked = std::fs::metadata(&dir);
    match looked {
        Ok(found) if found.is_dir() => match statfs(&dir).map(|at| at.filesystem_type()) {
            Ok(CGROUP2_SUPER_MAGIC) => Ok(Cgroup {
                id: Some(found.ino()),
                path: from_top(&dir, &root),
            }),
            Ok(CGROUP_SUPER_MAGIC) => bail!("{shown} is {}", only_version_1(&root)),
            _ => bail!(
                "{shown} is no control group: those of version 2 are below {}",
                root.display()
            ),
        },
        Ok(_) => bail!("{shown} is no control group, but a file: name its directory"),
        Err(error) if error.raw_os_error() == Some(Errno::ENOENT as i32) => {
            if !as_named && in_version_1(path) {
                bail!("the control group {shown} is {}", only_version_1(&root));
            }
            bail!(
                "there is no control group {shown}: {} is not there; `cat /proc/PID/cgroup` shows that of a process, behind `0::`",
                dir.display()
            )
        }
        Err(error) => Err(error).with_context(|| format!("cannot look at {}", dir.display())),
    }
}

fn from_top(dir: &Path, root: &Path) -> Vec<u8> {
    let path: PathBuf = dir.strip_prefix(root).unwrap_or(dir).components().collect();
    [b"/", path.as_os_str().as_bytes()].concat()
}

fn only_version_1(root: &Path) -> String {
    format!(
        "of version 1 only; a capture can be limited to groups of version 2, which are below {}",
        root.display()
    )
}

/// Returns whether no controller has a hierarchy of its own, so that the path that is told of a
/// process is that of version 2.
pub fn only_version_2() -> bool {
    std::fs::read("/proc/self/mountinfo").is_ok_and(|mounts| !has_version_1(&mounts))
}

fn has_version_1(mountinfo: &[u8]) -> bool {
    let text = String::from_utf8_lossy(mountinfo);
    text.lines().any(|line| line.contains(" - cgroup "))
}

/// Returns where the whole hierarchy of version 2 is mounted, by the text of mountinfo.
fn version_2_root(mountinfo: &[u8]) -> Option<PathBuf> {
    let text = String::from_utf8_lossy(mountinfo);
    // 29 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw
    text.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        (kind.starts_with("cgroup2 ") && root == "/").then(|| PathBuf::from(point))
    })
}

/// Returns the directory that a path means, and whether it names that itself.
fn directory(path: &Path, root: &Path) -> Result<(PathBuf, bool)> {
    if path.components().any(|part| part == Component::ParentDir) {
        bail!(
            "--cgroup: {} goes up; write the path from the top",
            path.display()
        );
    }
    if path.starts_with("/sys/fs/cgroup") || path.starts_with(root) {
        return Ok((path.to_owned(), true));
    }
    // So `0::/system.slice` can be taken over as it stands.
    let bytes = path.as_os_str().as_bytes();
    let plain = bytes.strip_prefix(b"0::").unwrap_or(bytes);
    let plain = Path::new(OsStr::from_bytes(plain));
    Ok((root.join(plain.strip_prefix("/").unwrap_or(plain)), false))
}

/// Returns whether a hierarchy of version 1 has a group of that path.
fn in_version_1(path: &Path) -> bool {
    let relative = path.strip_prefix("/").unwrap_or(path);
    let hierarchies = Path::new("/sys/fs/cgroup").read_dir();
    let mut hierarchies = hierarchies.into_iter().flatten().flatten();
    hierarchies.any(|hierarchy| {
        let dir = hierarchy.path().join(relative);
        statfs(&dir).is_ok_and(|at| at.filesystem_type() == CGROUP_SUPER_MAGIC)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hierarchy_of_version_2_is_found_beside_others() {
        let hybrid = b"30 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
            31 30 0:27 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n\
            40 30 0:35 /a /bound rw shared:4 - cgroup2 cgroup2 rw\n\
            41 30 0:35 / /sys/fs/cgroup/unified rw shared:4 - cgroup2 cgroup2 rw\n";
        let root = version_2_root(hybrid);
        assert_eq!(root.as_deref(), Some(Path::new("/sys/fs/cgroup/unified")));
        assert!(has_version_1(hybrid));
        assert!(!has_version_1(b"40 30 0:35 / /a rw - cgroup2 cgroup2 rw\n"));
        assert_eq!(version_2_root(b"1 1 0:1 / / rw - ext4 /dev/a rw\n"), None);
        assert_eq!(version_2_root(b"\xff\n - \n"), None);
    }

    #[test]
    fn a_path_is_that_of_the_group_or_of_its_directory() {
        let root = Path::new("/sys/fs/cgroup/unified");
        for (path, expected) in [
            ("/system.slice", "/sys/fs/cgroup/unified/system.slice"),
            ("system.slice/a", "/sys/fs/cgroup/unified/system.slice/a"),
            ("0::/a", "/sys/fs/cgroup/unified/a"),
            ("/sys/fs/cgroup/unified/a", "/sys/fs/cgroup/unified/a"),
            ("/sys/fs/cgroup/cpu/a", "/sys/fs/cgroup/cpu/a"),
        ] {
            let (dir, _) = directory(Path::new(path), root).unwrap();
            assert_eq!(dir, Path::new(expected), "{path}");
        }
        assert!(directory(Path::new("/a/../../etc"), root).is_err());
        let top = |dir| from_top(Path::new(dir), root);
        assert_eq!(top("/sys/fs/cgroup/unified//a/b/"), b"/a/b");
        assert_eq!(top("/sys/fs/cgroup/unified"), b"/");
    }

    #[test]
    fn a_group_that_is_not_there_is_named() {
        let error = format!("{:#}", find(Path::new("/no/such/group")).unwrap_err());
        assert!(
            error.contains("/no/such/group") || error.contains("version 2"),
            "{error}"
        );
    }
}
