//! What a command is known by: its words, with placeholders for what is another one in each run.

use crate::event::{Comm, Exec, Flags, rest_of_path};
use crate::export::line::arguments;
use crate::text;
use regex::bytes::{Captures, Regex};
use std::fmt::Write as _;

/// Longest command that is told apart from those that begin alike, in bytes.
const LONGEST: usize = 1024;

/// What stands for what was cut off.
const CUT: &str = "…";

/// What commands are told apart by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// The program's name and its arguments.
    #[default]
    Command,
    /// The path of what runs; of a failed exec, the one that was asked for.
    Exe,
    /// The task name.
    Comm,
}

impl By {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Exe => "exe",
            Self::Comm => "comm",
        }
    }
}

/// What is another one in each run, the first that fits: dates, times, ids, temporary names, hashes, addresses and
/// numbers.
const VOLATILE: &str = r"(?-u)(?<date>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b)|(?<time>\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b)|(?<uuid>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b)|(?<dir>/(?:tmp|var/tmp|dev/shm)/)(?<temp>[^/\x00-\x20:=,;'\x22]+)|(?<addr>\b0x[0-9a-fA-F]+\b)|(?<number>\b\d+(?:\.\d+)?\b)|(?<hash>\b[0-9a-f]{7,64}\b)";

/// Makes keys, in one buffer.
#[derive(Debug)]
pub(super) struct Keys {
    by: By,
    /// `None` if it could not be made, which is a fault of this file.
    volatile: Option<Regex>,
    words: Vec<u8>,
    key: String,
}

impl Keys {
    pub(super) fn new(by: By) -> Self {
        Self {
            by,
            volatile: Regex::new(VOLATILE).ok(),
            words: Vec::new(),
            key: String::new(),
        }
    }

    /// Returns the key of an exec: text that is safe to show, which many may share.
    pub(super) fn of(&mut self, exec: &Exec) -> &str {
        self.key.clear();
        match self.by {
            By::Comm => text::escape_into(&mut self.key, name(exec)),
            By::Exe => {
                let path = match (&exec.exe, &exec.filename) {
                    (Some(exe), _) => rest_of_path(exe, exec.exe_capture),
                    (None, Some(asked)) => asked,
                    (None, None) => exec.comm.as_bytes(),
                };
                text::escape_into(&mut self.key, path);
            }
            By::Command => self.command(exec),
        }
        &self.key
    }

    fn command(&mut self, exec: &Exec) {
        let name = exec.file_name().filter(|_| !exec.flags.contains(Flags::FD));
        self.words.clear();
        self.words
            .extend_from_slice(name.unwrap_or(exec.comm.as_bytes()));
        let named = self.words.len();
        let mut words = arguments(exec);
        if exec.filename.as_ref().is_some_and(|path| !path.is_empty()) {
            words.next();
        }
        for word in words {
            self.words.push(b' ');
            self.words.extend_from_slice(word);
            if self.words.len() > 2 * LONGEST {
                break;
            }
        }
        let (name, words) = self.words.split_at(named);
        let (name, words) = match &self.volatile {
            // A number in a program's name is a version, unless it is long.
            Some(volatile) => (
                volatile.replace_all(name, |found: &Captures<'_>| placeholder(found, 5)),
                volatile.replace_all(words, |found: &Captures<'_>| placeholder(found, 1)),
            ),
            None => (name.into(), words.into()),
        };
        text::escape_into(&mut self.key, &name);
        text::escape_into(&mut self.key, &words);
        if self.key.len() > LONGEST {
            let end = (0..=LONGEST).rfind(|at| self.key.is_char_boundary(*at));
            self.key.truncate(end.unwrap_or(0));
            self.key.push_str(CUT);
        }
    }
}

/// Returns the task name that an exec has if it succeeds: that of a failed one is still the caller's.
fn name(exec: &Exec) -> &[u8] {
    match exec.file_name() {
        Some(name) if exec.failed() => name.get(..15).unwrap_or(name),
        _ => Comm::as_bytes(&exec.comm),
    }
}

/// Returns what stands for something volatile; numbers of fewer digits stay.
fn placeholder(found: &Captures<'_>, digits: usize) -> Vec<u8> {
    let whole = found.get(0).map_or(&[][..], |all| all.as_bytes());
    let is = |name| found.name(name).is_some();
    let word: &[u8] = if is("date") {
        b"<date>"
    } else if is("time") {
        b"<time>"
    } else if is("uuid") {
        b"<uuid>"
    } else if is("addr") {
        b"<addr>"
    } else if let (Some(dir), Some(name)) = (found.name("dir"), found.name("temp")) {
        return [dir.as_bytes(), &temporary(name.as_bytes())].concat();
    } else if is("number") {
        match whole.len() < digits {
            true => whole,
            false => b"<n>",
        }
    } else {
        let has = |kind: fn(&u8) -> bool| whole.iter().any(kind);
        match has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) {
            true => b"<hash>",
            false => whole,
        }
    };
    word.to_vec()
}

/// Returns a name in a directory of temporary files, with a placeholder for the part that chance made.
fn temporary(name: &[u8]) -> Vec<u8> {
    let separator = |byte: &u8| matches!(byte, b'.' | b'-' | b'_');
    let mut parts: Vec<&[u8]> = name.split_inclusive(separator).collect();
    let mut out = Vec::with_capacity(name.len());
    // mktemp's own names are all chance behind the first part.
    let prefixed = parts.len() == 2 && matches!(*name, [b't', b'm', b'p', b'.', ..]);
    for (place, part) in parts.drain(..).enumerate() {
        let end = part.iter().rposition(|byte| !separator(byte));
        let (word, rest) = part.split_at(end.map_or(0, |end| end + 1));
        let number = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
        if by_chance(word) || (prefixed && place == 1) {
            out.extend_from_slice(b"<tmp>");
        } else if number {
            out.extend_from_slice(b"<n>");
        } else {
            out.extend_from_slice(word);
        }
        out.extend_from_slice(rest);
    }
    out
}

/// Returns whether chance made a word: letters of both cases, or letters and digits, or what compilers put before.
fn by_chance(word: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| word.iter().any(kind);
    let (lower, upper) = (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
    let mixed = [lower, upper, has(u8::is_ascii_digit)];
    let mixed = mixed.iter().filter(|has| **has).count() > 1;
    let made = |prefix: &[u8], len| word.starts_with(prefix) && word.len() == len;
    word.iter().all(u8::is_ascii_alphanumeric)
        && ((word.len() >= 6 && mixed) || made(b"cc", 8) || made(b"tmp", 11))
}

/// Appends a number of times, if it is more than one.
pub(super) fn times_into(out: &mut String, count: u64) {
    if count > 1 {
        // Writing to a String cannot fail.
        let _ = write!(out, " ×{}", crate::format::count(count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Args;
    use proptest::prelude::*;

    fn key(by: By, path: &str, args: &[&str]) -> String {
        let exec = Exec {
            filename: Some(path.as_bytes().into()),
            comm: "caller".into(),
            args: Args::from_list(args),
            ..Exec::default()
        };
        Keys::new(by).of(&exec).to_owned()
    }

    fn args(args: &str) -> String {
        let words: Vec<_> = ["x"].into_iter().chain(args.split(' ')).collect();
        key(By::Command, "/bin/x", &words)[2..].to_owned()
    }

    #[test]
    fn what_is_another_one_in_each_run_has_a_placeholder() {
        for (before, after) in [
            ("-o /tmp/ccUy3aZq.o -c foo.c", "-o /tmp/<tmp>.o -c foo.c"),
            ("/tmp/ccabcdef.s", "/tmp/<tmp>.s"),
            ("-rf /var/tmp/tmp.qwertzuiop", "-rf /var/tmp/tmp.<tmp>"),
            (
                "/tmp/pip-build-env-k3x9_2ab/lib",
                "/tmp/pip-build-env-k3x9_2ab/lib",
            ),
            ("/tmp/rustcGk2Lw9/list", "/tmp/<tmp>/list"),
            ("--config=/tmp/config.toml", "--config=/tmp/config.toml"),
            ("/tmp/go-build123456/b001", "/tmp/go-<tmp>/b001"),
            ("-p 4711 --fd=12", "-p <n> --fd=<n>"),
            ("-O2 -j8 x86_64 sha256sum", "-O2 -j8 x86_64 sha256sum"),
            ("sleep 1.5", "sleep <n>"),
            ("show 1a2b3c4d5e6f7081 deadbeef", "show <hash> deadbeef"),
            ("--since 2026-03-01T12:00:00Z x", "--since <date> x"),
            ("at 12:03:07.118", "at <time>"),
            ("--id=8c1f1f2e-2b1a-4c3d-9e8f-0a1b2c3d4e5f", "--id=<uuid>"),
            ("0x7fff1234", "<addr>"),
            ("/proc/4711/fd/3", "/proc/<n>/fd/<n>"),
        ] {
            assert_eq!(args(before), after);
        }
    }

    #[test]
    fn a_command_that_is_found_elsewhere_or_not_at_all_is_the_same() {
        let same = "cc -c x.c";
        for path in ["/usr/bin/cc", "/usr/local/bin/cc", "cc"] {
            assert_eq!(key(By::Command, path, &["cc", "-c", "x.c"]), same);
        }
        assert_eq!(
            key(By::Command, "/usr/bin/python3.11", &["python3"]),
            "python3.11"
        );
        assert_eq!(key(By::Exe, "/usr/bin/cc", &["cc"]), "/usr/bin/cc");
        let failed = Exec {
            ret: -2,
            filename: Some((*b"/bin/cc").into()),
            comm: "sh".into(),
            ..Exec::default()
        };
        assert_eq!(Keys::new(By::Comm).of(&failed), "cc");
    }

    proptest! {
        #[test]
        fn keys_are_short_and_safe_and_those_of_themselves(words in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..80)) {
            let exec = Exec { args: Args::from_list(&words), ..Exec::default() };
            let key = Keys::new(By::Command).of(&exec).to_owned();
            prop_assert!(key.len() <= LONGEST + CUT.len());
            prop_assert!(!key.chars().any(text::is_unsafe));
        }

        #[test]
        fn a_placeholder_is_none_of_something_else(text in "[a-f0-9A-Z/.:tmp -]{0,60}") {
            let once = args(&text);
            let twice = args(&once);
            prop_assert_eq!(&args(&twice), &twice);
        }
    }
}
