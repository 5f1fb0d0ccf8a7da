//! What a live run needs of this machine, checked one thing at a time.
//!
//! [`Facts`] are read once; each check is a pure function of them, so that every
//! outcome can be tested without the kernel that has it.

mod decide;
mod facts;
mod read;

use crate::text;
pub use aya::util::KernelVersion;
use decide::Finding;
pub use facts::{
    Answer, Btf, BtfFile, Capabilities, Command, Confinement, Facts, Lockdown, Tracing,
};
pub use read::Request;

/// How one check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing to do.
    Ok,
    /// A live run cannot work.
    Missing,
    /// A live run works, but lacks something.
    Warning,
    /// It could not be found out; a live run will tell.
    Unknown,
}

impl State {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
        }
    }
}

/// One checked requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name for machines.
    pub key: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// How it came out.
    pub state: State,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

type Decide = fn(&Facts) -> Finding;

/// Everything that is checked, in the order in which obstacles are to be cleared.
const CHECKS: [(&str, &str, Decide); 14] = [
    ("kernel", "kernel version", decide::kernel),
    ("capabilities", "capabilities", decide::capabilities),
    ("user_namespace", "user namespace", decide::user_namespace),
    ("lockdown", "kernel lockdown", decide::lockdown),
    ("memlock", "locked memory", decide::memlock),
    ("btf", "kernel type data (BTF)", decide::btf),
    ("ring_buffer", "BPF ring buffer", decide::ring_buffer),
    (
        "raw_tracepoints",
        "raw tracepoints",
        decide::raw_tracepoints,
    ),
    ("helpers", "BPF helpers", decide::helpers),
    ("tracepoints", "syscall tracepoints", decide::tracepoints),
    ("unprivileged", "unprivileged use", decide::unprivileged),
    ("confinement", "confinement", decide::confinement),
    ("processes", "view of /proc", decide::processes),
    ("rights", "rights once attached", decide::rights),
];

/// Checks everything that a live run needs.
pub fn check(facts: &Facts) -> Vec<Check> {
    CHECKS
        .iter()
        .map(|(key, title, decide)| {
            let Finding(state, detail, remedy) = decide(facts);
            Check {
                key,
                title,
                state,
                detail,
                remedy,
            }
        })
        .collect()
}

/// Returns why a live run cannot work, as one sentence that ends in what to do.
pub fn first_obstacle(checks: &[Check]) -> Option<anyhow::Error> {
    let check = checks.iter().find(|c| c.state == State::Missing)?;
    let mut sentence = text::escape(check.detail.as_bytes()).into_owned();
    if let Some(remedy) = &check.remedy {
        sentence.push_str("; ");
        text::escape_into(&mut sentence, remedy.as_bytes());
    }
    Some(anyhow::Error::msg(sentence))
}

#[cfg(test)]
mod tests;
