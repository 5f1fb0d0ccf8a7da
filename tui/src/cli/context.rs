//! What the process and the machine say where the command line leaves it open.

use crate::appearance::When;
use crate::settings::{Place, Settings};
use jiff::tz::TimeZone;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;

/// What resolving needs to know of the process and the machine.
pub struct Context<'a> {
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// The environment variable NO_COLOR.
    pub no_color: Option<OsString>,
    /// The environment variable TERM.
    pub term: Option<OsString>,
    /// The locale of characters: the first of LC_ALL, LC_CTYPE and LANG that is set and not empty.
    pub locale: Option<OsString>,
    /// The zone of times of day.
    pub zone: TimeZone,
    /// Reads what a person has set.
    pub settings: &'a dyn Fn(Place<'_>) -> Settings,
    /// Looks up a user's id by name.
    pub uid_of: &'a dyn Fn(&str) -> Option<u32>,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("stdout_is_terminal", &self.stdout_is_terminal)
            .field("no_color", &self.no_color)
            .field("term", &self.term)
            .field("locale", &self.locale)
            .finish_non_exhaustive()
    }
}

impl Context<'static> {
    /// Looks around in this process, and reads no configuration.
    pub fn of_process() -> Self {
        Self {
            stdout_is_terminal: std::io::stdout().is_terminal(),
            no_color: std::env::var_os("NO_COLOR"),
            term: std::env::var_os("TERM"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"]
                .into_iter()
                .filter_map(std::env::var_os)
                .find(|locale| !locale.is_empty()),
            zone: TimeZone::system(),
            settings: &|_| Settings::default(),
            uid_of: &|name| Some(nix::unistd::User::from_name(name).ok()??.uid.as_raw()),
        }
    }
}

impl Context<'_> {
    /// Returns whether there are only ASCII characters: the kernel's console has few others, and `C` and `POSIX` have
    /// none. Where nothing is said, there are all of UTF-8.
    pub(super) fn bare(&self) -> bool {
        if self.term.as_deref().is_some_and(|term| term == "linux") {
            return true;
        }
        let Some(locale) = &self.locale else {
            return false;
        };
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    }

    pub(super) fn colored(&self, color: When) -> bool {
        let wanted = self.no_color.as_deref().is_none_or(OsStr::is_empty);
        color.decide(self.stdout_is_terminal && wanted)
    }
}
