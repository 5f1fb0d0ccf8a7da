//! What is special about an exec, in words.

/// What is special about an exec, as a set of words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u16);

impl Flags {
    /// The kernel ran an interpreter in place of the file.
    pub const SCRIPT: Self = Self(1);
    /// The kernel itself started the program.
    pub const KERNEL: Self = Self(1 << 1);
    /// The effective user changed by the exec.
    pub const SETUID: Self = Self(1 << 2);
    /// The effective group changed by the exec.
    pub const SETGID: Self = Self(1 << 3);
    /// The exec gave effective capabilities that the caller did not have.
    pub const CAPS: Self = Self(1 << 4);
    /// The file was named by its descriptor alone (`fexecve(3)`).
    pub const FD: Self = Self(1 << 5);
    /// The file lies in memory only (`memfd_create(2)`).
    pub const MEMFD: Self = Self(1 << 6);
    /// The file's name had been removed.
    pub const DELETED: Self = Self(1 << 7);
    /// A tracer such as a debugger was attached to the process.
    pub const PTRACED: Self = Self(1 << 8);
    /// The program is one of 32 bits.
    pub const NARROW: Self = Self(1 << 9);
    /// Nothing was to be executed: only asked whether it would be allowed (`AT_EXECVE_CHECK`).
    pub const CHECK: Self = Self(1 << 10);
    /// What looked secret in its arguments or environment was masked (`--redact`).
    pub const REDACTED: Self = Self(1 << 11);

    /// Every flag: its word in the schema and the filter language, and what that means.
    pub const WORDS: [(Self, &'static str, &'static str); 12] = [
        (
            Self::SCRIPT,
            "script",
            "the kernel ran an interpreter in place of the file",
        ),
        (
            Self::KERNEL,
            "kernel",
            "the kernel itself started the program",
        ),
        (
            Self::SETUID,
            "setuid",
            "the exec changed the effective user",
        ),
        (
            Self::SETGID,
            "setgid",
            "the exec changed the effective group",
        ),
        (
            Self::CAPS,
            "caps",
            "the exec gave capabilities that the caller did not have",
        ),
        (Self::FD, "fd", "the file was named by its descriptor alone"),
        (Self::MEMFD, "memfd", "the program lies in memory only"),
        (
            Self::DELETED,
            "deleted",
            "the program's file had been removed",
        ),
        (
            Self::PTRACED,
            "ptraced",
            "a tracer such as a debugger was attached",
        ),
        (Self::NARROW, "32bit", "the program is one of 32 bits"),
        (
            Self::CHECK,
            "check",
            "only asked whether it would be allowed; told if it is not",
        ),
        (
            Self::REDACTED,
            "redacted",
            "what looked secret in its command line was masked",
        ),
    ];

    /// Adds the flags of `other`, if `on`.
    pub fn set(&mut self, other: Self, on: bool) {
        if on {
            self.0 |= other.0;
        }
    }

    /// Returns whether every flag of `other` is set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the words of the flags that are set.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        self.explained().map(|(word, _)| word)
    }

    /// Returns the words of the flags that are set, each with what it means.
    pub fn explained(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        Self::WORDS
            .into_iter()
            .filter(move |(flag, ..)| self.contains(*flag))
            .map(|(_, word, meaning)| (word, meaning))
    }
}
