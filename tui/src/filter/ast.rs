//! What a filter says, and how it is written in its plainest form.

use super::pattern::{Glob, Needle, Pattern};
use super::quote::{quote, quote_with_wildcards};
use super::value::{Span, Unit};
use crate::event::Flags;
use crate::field::{Field, Kind};
use jiff::tz::TimeZone;
use std::fmt;

/// A test and how it is put together.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// Every one; with none, everything passes.
    All(Vec<Expr>),
    /// At least one.
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Test(Box<Test>),
}

/// One question to a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// A part of the command line.
    Words(Box<Needle>),
    /// A pattern in the command line.
    Line(Pattern),
    /// The pid or the parent's.
    Pid(u64),
    Running,
    Failed,
    /// Whether a test holds for the process or one above it.
    Under {
        memo: usize,
        expr: Box<Expr>,
    },
    /// A number.
    Number {
        of: Number,
        op: Op,
        spans: Vec<Span>,
        or_unknown: bool,
    },
    /// A text, or any of several.
    Text {
        of: Text,
        negated: bool,
        is: Texts,
    },
    /// The whole command line.
    Command {
        negated: bool,
        is: Texts,
    },
    /// Any of these flags.
    Flag {
        negated: bool,
        flags: Vec<Flags>,
        or_none: bool,
    },
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Op::Eq => "=",
            Op::Ne => "!=",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
        }
    }
}

/// Where a number is taken from.
#[derive(Clone, Debug)]
pub(super) enum Number {
    Field(&'static Field),
    /// The errno of an exec that failed.
    Error,
    /// The signal that killed the process.
    Signal,
    /// How many processes are above.
    Depth {
        memo: usize,
    },
    /// Time since the exec, as of the newest entry.
    Age,
    /// Time of day of the exec.
    Clock(TimeZone),
}

impl Number {
    pub(super) fn key(&self) -> &'static str {
        match self {
            Number::Field(field) => field.key,
            Number::Error => "err",
            Number::Signal => "sig",
            Number::Depth { .. } => "depth",
            Number::Age => "age",
            Number::Clock(_) => "at",
        }
    }

    pub(super) fn unit(&self) -> Unit {
        match self {
            Number::Field(field) => match field.kind {
                Kind::Duration => Unit::Nanos,
                Kind::Size => Unit::Bytes,
                Kind::Outcome => Unit::Errno,
                Kind::Number | Kind::Exit | Kind::Text | Kind::Time => Unit::Count,
            },
            Number::Error => Unit::Errno,
            Number::Signal => Unit::Signal,
            Number::Depth { .. } => Unit::Count,
            Number::Age => Unit::Nanos,
            Number::Clock(_) => Unit::Clock,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Number::Clock(a), Number::Clock(b)) => a == b,
            _ => self.key() == other.key(),
        }
    }
}

/// Where a text is taken from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    Field(&'static Field),
    /// The real user's name, or what the column shows.
    User(&'static Field),
    /// The container's id as it is, or as it is shown.
    Container(&'static Field),
    /// Any argument.
    Arg,
    /// Any variable of the environment.
    Env,
    /// The task name of any process above.
    Ancestor {
        memo: usize,
    },
}

impl Text {
    pub(super) fn key(self) -> &'static str {
        match self {
            Text::Field(field) | Text::User(field) | Text::Container(field) => field.key,
            Text::Arg => "arg",
            Text::Env => "env",
            Text::Ancestor { .. } => "anc",
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

/// What a text is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Texts {
    /// It is one of these.
    Globs(Vec<Glob>),
    /// It holds this pattern.
    Pattern(Pattern),
}

impl Expr {
    /// Joins tests that must all hold.
    pub(super) fn all(parts: Vec<Expr>) -> Expr {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Expr::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        only(flat).unwrap_or_else(Expr::All)
    }

    /// Joins tests of which one must hold.
    pub(super) fn any(parts: Vec<Expr>) -> Expr {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Expr::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        only(flat).unwrap_or_else(Expr::Any)
    }

    /// Turns a test around.
    pub(super) fn not(expr: Expr) -> Expr {
        match expr {
            Expr::Not(inner) => *inner,
            other => Expr::Not(Box::new(other)),
        }
    }

    /// Returns whether any test in it is of this sort.
    pub(super) fn has(&self, sort: fn(&Test) -> bool) -> bool {
        match self {
            Expr::All(parts) | Expr::Any(parts) => parts.iter().any(|part| part.has(sort)),
            Expr::Not(inner) => inner.has(sort),
            Expr::Test(test) => match &**test {
                Test::Under { expr, .. } => expr.has(sort),
                test => sort(test),
            },
        }
    }
}

/// Takes the only one out, or gives them back.
fn only(mut parts: Vec<Expr>) -> Result<Expr, Vec<Expr>> {
    match (parts.pop(), parts.is_empty()) {
        (Some(part), true) => Ok(part),
        (Some(part), false) => {
            parts.push(part);
            Err(parts)
        }
        (None, _) => Err(parts),
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::All(parts) => separated(f, parts, " ", |f, part| match part {
                Expr::Any(_) => write!(f, "({part})"),
                part => write!(f, "{part}"),
            }),
            Expr::Any(parts) => separated(f, parts, " or ", |f, part| write!(f, "{part}")),
            Expr::Not(inner) => match **inner {
                Expr::All(_) | Expr::Any(_) => write!(f, "!({inner})"),
                _ => write!(f, "!{inner}"),
            },
            Expr::Test(test) => write!(f, "{test}"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Test::Words(needle) => f.write_str(&super::quote::phrase(needle.text())),
            Test::Line(pattern) => write!(f, "{pattern}"),
            Test::Pid(pid) => write!(f, "{pid}"),
            Test::Running => f.write_str("running"),
            Test::Failed => f.write_str("failed"),
            Test::Under { expr, .. } => write!(f, "under({expr})"),
            Test::Number {
                of,
                op,
                spans,
                or_unknown,
            } => {
                write!(f, "{}{}", of.key(), op.sign())?;
                separated(f, spans, ",", |f, span| of.unit().write(f, *span))?;
                unknown(f, *or_unknown, spans.is_empty())
            }
            Test::Text { of, negated, is } => compared(f, of.key(), *negated, is),
            Test::Command { negated, is } => compared(f, "command", *negated, is),
            Test::Flag {
                negated,
                flags,
                or_none,
            } => {
                f.write_str(if *negated { "flag!=" } else { "flag=" })?;
                let words = flags.iter().flat_map(|flag| flag.words());
                let words: Vec<_> = words.map(|word| quote(word.as_bytes())).collect();
                f.write_str(&words.join(","))?;
                unknown(f, *or_none, words.is_empty())
            }
        }
    }
}

fn compared(f: &mut fmt::Formatter<'_>, key: &str, negated: bool, is: &Texts) -> fmt::Result {
    let not = if negated { "!" } else { "" };
    match is {
        Texts::Globs(globs) => {
            write!(f, "{key}{not}=")?;
            separated(f, globs, ",", |f, glob| {
                f.write_str(&quote_with_wildcards(glob.parts()))
            })
        }
        Texts::Pattern(pattern) => write!(f, "{key}{not}~{pattern}"),
    }
}

fn unknown(f: &mut fmt::Formatter<'_>, listed: bool, alone: bool) -> fmt::Result {
    match (listed, alone) {
        (false, _) => Ok(()),
        (true, true) => f.write_str("\"\""),
        (true, false) => f.write_str(",\"\""),
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    separator: &str,
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        write(f, item)?;
    }
    Ok(())
}
