//! The names a filter knows: the fields, and what has no column.

use super::FilterError;
use super::ast::{Number, Text};
use crate::field::{self, FIELDS, Kind};
use jiff::tz::TimeZone;

/// A name of the filter language that is no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub key: &'static str,
    /// A term with it.
    pub example: &'static str,
    /// What it tests, for help and docs.
    pub doc: &'static str,
}

/// The names that are no fields.
pub static KEYS: &[Key] = &[
    Key {
        key: "err",
        example: "err=EACCES",
        doc: "why an exec failed",
    },
    Key {
        key: "sig",
        example: "sig=KILL",
        doc: "signal that ended the process",
    },
    Key {
        key: "arg",
        example: "arg=\"--force\"",
        doc: "any of the arguments",
    },
    Key {
        key: "env",
        example: "env=LD_PRELOAD=*",
        doc: "any variable of the environment, if that was captured",
    },
    Key {
        key: "anc",
        example: "anc~sshd",
        doc: "task name of any process above",
    },
    Key {
        key: "depth",
        example: "depth<=2",
        doc: "how many processes are above",
    },
    Key {
        key: "age",
        example: "age<1m",
        doc: "time since the exec, as of the newest entry",
    },
    Key {
        key: "at",
        example: "at>=12:03",
        doc: "time of day of the exec",
    },
    Key {
        key: "under",
        example: "under(1234)",
        doc: "what a process, or a test, has below it",
    },
    Key {
        key: "running",
        example: "running",
        doc: "not ended yet",
    },
    Key {
        key: "failed",
        example: "failed",
        doc: "execs that failed",
    },
];

/// The names that tell something of every process, also of one that was never seen to
/// execute anything: those that `under(…)` takes.
pub(super) const OF_PROCESSES: [&str; 7] = ["pid", "ppid", "uid", "user", "comm", "command", "arg"];

/// What a name stands for.
pub(super) enum Subject {
    Number(Number),
    Text(Text),
    Command,
    Flag,
}

/// Returns whether a name can be compared with something.
pub(super) fn is_known(name: &str) -> bool {
    field::by_key(name).is_some()
        || (KEYS.iter().any(|key| key.key == name)
            && !matches!(name, "under" | "running" | "failed"))
}

/// Looks a name up; `memo` is the number its memory gets, if it needs one.
pub(super) fn look_up(
    name: &str,
    column: usize,
    zone: Option<&TimeZone>,
    of_process: bool,
    memo: &mut usize,
) -> Result<Subject, FilterError> {
    if !is_known(name) {
        return Err(FilterError::new(column, unknown(name)));
    }
    if of_process && !OF_PROCESSES.contains(&name) {
        let names = OF_PROCESSES.join(", ");
        let message = format!("under(…) takes words and {names}; not {name}");
        return Err(FilterError::new(column, message));
    }
    let mut next = || {
        *memo += 1;
        *memo - 1
    };
    let clock = || match zone {
        Some(zone) => Ok(Subject::Number(Number::Clock(zone.clone()))),
        None => Err(FilterError::new(
            column,
            format!("{name} needs a time zone, and none is known here"),
        )),
    };
    Ok(match (name, field::by_key(name)) {
        ("command", _) => Subject::Command,
        ("user", Some(field)) => Subject::Text(Text::User(field)),
        ("container", Some(field)) => Subject::Text(Text::Container(field)),
        ("flag", _) => Subject::Flag,
        ("time", _) => clock()?,
        (_, Some(field)) if field.kind == Kind::Text => Subject::Text(Text::Field(field)),
        (_, Some(field)) => Subject::Number(Number::Field(field)),
        ("err", None) => Subject::Number(Number::Error),
        ("sig", None) => Subject::Number(Number::Signal),
        ("depth", None) => Subject::Number(Number::Depth { memo: next() }),
        ("age", None) => Subject::Number(Number::Age),
        ("arg", None) => Subject::Text(Text::Arg),
        ("env", None) => Subject::Text(Text::Env),
        ("anc", None) => Subject::Text(Text::Ancestor { memo: next() }),
        (_, None) => clock()?,
    })
}

fn unknown(name: &str) -> String {
    if let Some(key) = KEYS.iter().find(|key| key.key == name) {
        return format!(
            "{name} is not compared with anything; write {}",
            key.example
        );
    }
    let near = near(name);
    if near.is_empty() {
        format!("there is no field {name}; put the text in quotes to search for it")
    } else {
        format!("there is no field {name}; near: {}", near.join(", "))
    }
}

/// Returns the names most like a misspelt one, best first.
fn near(name: &str) -> Vec<&'static str> {
    let fields = FIELDS.iter().map(|field| field.key);
    let all = fields.chain(KEYS.iter().map(|key| key.key));
    let mut near: Vec<_> = all
        .map(|key| (strsim::damerau_levenshtein(name, key), key))
        .filter(|(distance, key)| {
            (*distance <= 2 && *distance < name.len()) || (name.len() > 1 && key.starts_with(name))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, key)| key).collect()
}
