//! What two runs of the same command have in common.

use crate::event::Exec;
use crate::rewrite::Rewrites;
use crate::text;
use clap::ValueEnum;

/// Parts of arguments that differ from run to run, and what is kept of them.
const VOLATILE: [(&str, &str); 6] = [
    // Temporary files: the first name below, but for its ending.
    (
        r"(?-u)((?:/var)?/tmp|/dev/shm|/run/user/[0-9]+)/[^/ :,=]+?((?:\.[a-z]{1,4})?)(/|[ :,=]|$)",
        "${1}/*${2}${3}",
    ),
    (
        r"(?-u)\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
        "*",
    ),
    (r"(?-u)(/proc|/run/user|/dev/pts)/[0-9]+", "${1}/*"),
    (
        r"(?-u)\b[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T_ ][0-9:.]+Z?)?",
        "*",
    ),
    // Hashes, which have letters and digits.
    (r"(?-u)\b(?:[a-f]+[0-9]|[0-9]+[a-f])[0-9a-f]{6,}\b", "*"),
    (r"(?-u)\b[0-9]{4,}\b", "*"),
];

/// By what commands are matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// By program and arguments
    #[default]
    Command,
    /// By the path of what runs, or as passed if it failed
    Exe,
    /// By task name
    Comm,
}

/// Makes the keys by which commands are matched.
#[derive(Debug)]
pub(super) struct Keys {
    by: By,
    volatile: Rewrites,
}

impl Keys {
    pub(super) fn new(by: By) -> Result<Self, regex::Error> {
        let volatile = Rewrites::new(VOLATILE)?;
        Ok(Self { by, volatile })
    }

    /// Returns the key of an exec, escaped.
    pub(super) fn of(&self, exec: &Exec) -> String {
        match self.by {
            By::Comm => text::escape(exec.comm.as_bytes()).into_owned(),
            By::Exe => {
                let path = exec.exe.as_deref().or(exec.filename.as_deref());
                let path = self.volatile.apply(path.unwrap_or_default());
                text::escape(&path).into_owned()
            }
            By::Command => {
                let name = exec.file_name().unwrap_or(exec.comm.as_bytes());
                let name = self.volatile.apply(name);
                let args: Vec<_> = exec
                    .args
                    .iter()
                    .skip(1)
                    .map(|arg| self.volatile.apply(arg))
                    .collect();
                let words = std::iter::once(&*name).chain(args.iter().map(|arg| &**arg));
                let mut line = String::new();
                text::command_line_into(&mut line, words);
                line
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn what_differs_from_run_to_run_does_not_count() {
        let keys = Keys::new(By::Command).unwrap();
        for (args, key) in [
            (
                &["/usr/bin/as", "-o", "a.o", "/tmp/ccQGvyD.s"][..],
                "as -o a.o /tmp/*.s",
            ),
            (
                &["cat", "/tmp/tmp.x3K/list", "/var/tmp/a"],
                "cat /tmp/*/list /var/tmp/*",
            ),
            (&["kill", "-9", "12345"], "kill -9 *"),
            (&["sleep", "10"], "sleep 10"),
            (&["cat", "/proc/7/stat"], "cat /proc/*/stat"),
            (&["git", "show", "3f2a9c81d4"], "git show *"),
            (&["x", "--day=2026-03-01", "deadbeef"], "x --day=* deadbeef"),
            (&["x", "550e8400-e29b-41d4-a716-446655440000"], "x *"),
            (&["echo", "a b", "\x1b"], "echo 'a b' \\e"),
        ] {
            assert_eq!(keys.of(&fixture::exec(0, 7, 1, args)), key);
        }
    }

    #[test]
    fn the_path_or_the_name_can_be_all_that_counts() {
        let exec = fixture::exec(0, 7, 1, &["/usr/bin/cc", "-c", "a.c"]);
        assert_eq!(Keys::new(By::Comm).unwrap().of(&exec), "cc");
        assert_eq!(Keys::new(By::Exe).unwrap().of(&exec), "/usr/bin/cc");
    }
}
