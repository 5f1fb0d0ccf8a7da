//! Texts of records, each kept once.

use super::super::known::Known;
use std::sync::Arc;

/// Paths and names as records have them, with what was made of them.
#[derive(Debug, Default)]
pub(super) struct Texts {
    rooted: Known<[u8]>,
    cut: Known<[u8]>,
    terminals: Known<[u8]>,
    plain: Known<[u8]>,
}

impl Texts {
    /// Returns the path that has these names, the last first; one whose beginning was cut has no slash
    /// before it.
    pub(super) fn path(&mut self, names: &[u8], cut: bool) -> Arc<[u8]> {
        let known = if cut { &mut self.cut } else { &mut self.rooted };
        known.once(names, || path(names, cut).into())
    }

    /// Returns a terminal's name below `/dev` from the one that the kernel calls it by.
    pub(super) fn terminal(&mut self, name: &[u8]) -> Arc<[u8]> {
        self.terminals.once(name, || {
            // The kernel's `pts3` is the file `pts/3`; no other driver has a folder of its own.
            match name.strip_prefix(b"pts") {
                Some(number) if number.first().is_some_and(u8::is_ascii_digit) => {
                    [b"pts/", number].concat().into()
                }
                _ => name.into(),
            }
        })
    }

    /// Returns a text as it is.
    pub(super) fn plain(&mut self, text: &[u8]) -> Arc<[u8]> {
        self.plain.once(text, || text.into())
    }
}

/// Joins names, the last first and each ended by a NUL, to a path.
pub(super) fn path(names: &[u8], cut: bool) -> Vec<u8> {
    let mut path = Vec::with_capacity(names.len() + 1);
    let names = names.strip_suffix(b"\0").unwrap_or(names);
    for name in names
        .rsplit(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        if !(cut && path.is_empty()) {
            path.push(b'/');
        }
        path.extend_from_slice(name);
    }
    if path.is_empty() && !cut {
        path.push(b'/');
    }
    path
}

#[cfg(test)]
mod tests {
    use super::super::super::known::MOST;
    use super::*;

    #[test]
    fn names_make_a_path() {
        let whole = |names: &[u8]| String::from_utf8(path(names, false)).unwrap();
        assert_eq!(whole(b"bash\0bin\0usr\0"), "/usr/bin/bash");
        assert_eq!(whole(b""), "/");
        assert_eq!(whole(b"memfd:x\0"), "/memfd:x");
        assert_eq!(path(b"c\0b\0", true), b"b/c");
        assert_eq!(path(b"", true), b"");
    }

    #[test]
    fn a_text_is_kept_once() {
        let mut texts = Texts::default();
        let first = texts.path(b"a\0b\0", false);
        assert!(Arc::ptr_eq(&first, &texts.path(b"a\0b\0", false)));
        assert_eq!(&*texts.path(b"a\0b\0", true), b"b/a");
        for n in 0..=MOST {
            texts.plain(n.to_string().as_bytes());
        }
        assert!(texts.plain.len() <= MOST);
        assert_eq!(&*first, b"/b/a");
    }

    #[test]
    fn a_terminal_is_named_as_its_file_is() {
        let mut texts = Texts::default();
        for (name, file) in [
            ("pts3", "pts/3"),
            ("ttyS0", "ttyS0"),
            ("ptsx", "ptsx"),
            ("pts", "pts"),
        ] {
            assert_eq!(&*texts.terminal(name.as_bytes()), file.as_bytes());
        }
    }
}
