//! The archive that a kernel unpacks as its first root: cpio in the format `newc`, uncompressed.
//!
//! Written here because the format is a header of fourteen numbers, and what is to be in it needs no copy on disk.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use anyhow::{Result, bail};

const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// The name that ends an archive.
const TRAILER: &str = "TRAILER!!!";

/// An archive that grows.
#[derive(Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    names: BTreeSet<String>,
}

impl Archive {
    /// Adds a directory and those above it.
    pub(super) fn directory(&mut self, path: &Path) -> Result<()> {
        let mut above = String::new();
        for name in names(path)? {
            if !above.is_empty() {
                above.push('/');
            }
            above.push_str(name);
            self.add(&above, DIRECTORY | 0o755, &[]);
        }
        Ok(())
    }

    /// Adds a file that may be executed, and the directories above it.
    pub(super) fn file(&mut self, path: &Path, content: &[u8]) -> Result<()> {
        self.leaf(path, FILE | 0o755, content)
    }

    /// Adds a symbolic link, and the directories above it.
    pub(super) fn link(&mut self, path: &Path, target: &str) -> Result<()> {
        self.leaf(path, LINK | 0o777, target.as_bytes())
    }

    /// Ends the archive and returns it.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.put(TRAILER, 0, &[]);
        self.bytes
    }

    fn leaf(&mut self, path: &Path, mode: u32, content: &[u8]) -> Result<()> {
        self.directory(path.parent().unwrap_or(Path::new("/")))?;
        self.add(&names(path)?.join("/"), mode, content);
        Ok(())
    }

    /// Adds an entry unless its name is there already.
    fn add(&mut self, name: &str, mode: u32, content: &[u8]) {
        if self.names.insert(name.to_owned()) {
            self.put(name, mode, content);
        }
    }

    fn put(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entries += 1;
        let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
        let name_size = u32::try_from(name.len() + 1).unwrap_or(u32::MAX);
        // inode, mode, user, group, links, time, size, four device numbers, size of the name, no checksum.
        let header = [
            self.entries,
            mode,
            0,
            0,
            1,
            0,
            size,
            0,
            0,
            0,
            0,
            name_size,
            0,
        ];
        self.bytes.extend_from_slice(b"070701");
        for number in header {
            self.bytes
                .extend_from_slice(format!("{number:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

/// Returns the names that an absolute path is made of.
fn names(path: &Path) -> Result<Vec<&str>> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::RootDir => {}
            Component::Normal(name) if name.to_str().is_some() => {
                names.extend(name.to_str());
            }
            _ => bail!("{} cannot be put into an archive", path.display()),
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_come_first_and_once() {
        let mut archive = Archive::default();
        archive.file(Path::new("/a/b/c"), b"12345").expect("a file");
        archive.file(Path::new("/a/b/d"), b"").expect("another");
        archive.link(Path::new("/a/e"), "b/c").expect("a link");
        assert!(archive.file(Path::new("/a/../b"), b"").is_err());
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 4, 0);
        let text = String::from_utf8(bytes).expect("ASCII");
        let heads: Vec<_> = text.match_indices("070701").map(|(at, _)| at).collect();
        let names = heads.iter().map(|at| {
            let name = &text[at + 110..];
            &name[..name.find('\0').expect("the name ends")]
        });
        let names: Vec<_> = names.collect();
        assert_eq!(names, ["a", "a/b", "a/b/c", "a/b/d", "a/e", TRAILER]);
        let file = &text[heads[2]..heads[3]];
        assert_eq!(&file[54..62], "00000005", "its size");
        assert_eq!(&file[14..22], "000081ed", "its mode");
        assert!(file.ends_with("12345\0\0\0"));
    }
}
