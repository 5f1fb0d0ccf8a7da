//! Asking rows: each test against what is known of one.

use super::above::{Found, above, as_row};
use super::ast::{Expr, Number, Op, Test, Text, Texts};
use super::batch::{Batch, Rows};
use super::pattern::Glob;
use super::value::Span;
use crate::container;
use crate::event::{ProcessKey, Status};
use crate::field::{Value, command_line};
use crate::model::Model;
use crate::process::Process;
use crate::store::Row;
use jiff::Timestamp;
use memchr::memmem;
use rustc_hash::FxHashMap;

/// What is remembered from row to row while the model stays the same.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// For each test that looks upwards: what it found for a process.
    pub(super) above: Vec<FxHashMap<ProcessKey, u64>>,
    pub(super) line: Vec<u8>,
}

impl Expr {
    /// Returns whether one row passes.
    pub(super) fn passes(&self, row: &Row, model: &Model, memory: &mut Memory) -> bool {
        let rows = Rows::One(row);
        self.which(Batch { rows, model }, 1, memory) == 1
    }

    /// Returns which of the wanted rows pass.
    pub(super) fn which(&self, batch: Batch<'_>, wanted: u64, memory: &mut Memory) -> u64 {
        match self {
            _ if wanted == 0 => 0,
            Expr::All(parts) => {
                let rest = |wanted, part: &Expr| part.which(batch, wanted, memory);
                parts.iter().fold(wanted, rest)
            }
            Expr::Any(parts) => parts.iter().fold(0, |passed, part| {
                passed | part.which(batch, wanted & !passed, memory)
            }),
            Expr::Not(inner) => wanted & !inner.which(batch, wanted, memory),
            Expr::Test(test) => test.which(batch, wanted, memory),
        }
    }
}

impl Test {
    fn which(&self, batch: Batch<'_>, wanted: u64, memory: &mut Memory) -> u64 {
        let model = batch.model;
        match self {
            Test::Words(needle) => batch.which_have(wanted, needle, &mut memory.line),
            Test::Line(pattern) => {
                batch.which_lines(wanted, &mut memory.line, |line| pattern.matches(line))
            }
            Test::Pid(pid) => batch.which(wanted, |row| {
                u64::from(row.exec.pid) == *pid || u64::from(row.exec.ppid) == *pid
            }),
            Test::Running => batch.which(wanted, Row::running),
            Test::Failed => batch.which(wanted, |row| row.exec.failed()),
            Test::Under { memo, expr } => {
                let passed = expr.which(batch, wanted, memory);
                passed
                    | batch.which(wanted & !passed, |row| {
                        let ask = |process: &Process, memory: &mut Memory| {
                            if expr.passes(&as_row(process, model), model, memory) {
                                Found::Stop(1)
                            } else {
                                Found::Further(0)
                            }
                        };
                        above(row, model, memory, *memo, &ask) > 0
                    })
            }
            Test::Number {
                of: Number::Field(field),
                op,
                spans,
                or_unknown,
            } => batch.which(wanted, |row| match of_value(&(field.value)(row, model)) {
                Some(n) => compare(*op, n, spans),
                None => *or_unknown && *op == Op::Eq,
            }),
            Test::Number {
                of,
                op,
                spans,
                or_unknown,
            } => batch.which(wanted, |row| match number(of, row, model, memory) {
                Some(n) => compare(*op, n, spans),
                None => *or_unknown && *op == Op::Eq,
            }),
            Test::Command { negated, is } => {
                let found = batch.which_lines(wanted, &mut memory.line, |line| is.matches(line));
                let others = wanted & !found;
                let found = found | batch.which(others, |row| is.is_shown_line(row));
                if *negated { wanted & !found } else { found }
            }
            Test::Text {
                of: Text::Arg,
                negated,
                is,
            } => {
                let found = with_argument(is, batch, wanted, memory);
                if *negated { wanted & !found } else { found }
            }
            Test::Text { of, negated, is } => {
                batch.which(wanted, |row| text(*of, *negated, is, row, model, memory))
            }
            Test::Flag {
                negated,
                flags,
                or_none,
            } => batch.which(wanted, |row| {
                let set = row.exec.flags;
                let any = flags.iter().any(|flag| set.contains(*flag))
                    || (*or_none && set.words().next().is_none());
                any != *negated
            }),
        }
    }
}

fn has_argument(is: &Texts, row: &Row) -> bool {
    row.exec.args.iter().any(|arg| is.matches(arg))
}

/// Returns which of the wanted rows have an argument. Where whole ones are asked for, only rows whose command line has
/// one of them between blanks are looked at.
fn with_argument(is: &Texts, batch: Batch<'_>, wanted: u64, memory: &mut Memory) -> u64 {
    let exact = match is {
        Texts::Globs(globs) => globs.iter().map(Glob::exact).collect::<Option<Vec<_>>>(),
        Texts::Pattern(_) => None,
    };
    let wanted = match exact {
        Some(exact) if exact.iter().all(|text| !text.is_empty()) => {
            let finders: Vec<_> = exact.into_iter().map(memmem::Finder::new).collect();
            batch.which_lines(wanted, &mut memory.line, |line| {
                finders.iter().any(|finder| has_word(line, finder))
            })
        }
        _ => wanted,
    };
    batch.which(wanted, |row| has_argument(is, row))
}

/// Returns whether a line has a text with blanks, or its ends, around it.
fn has_word(line: &[u8], finder: &memmem::Finder<'_>) -> bool {
    let edge = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == b' ');
    // One may begin within another: an argument may have blanks.
    let mut from = 0;
    while let Some(at) = line.get(from..).and_then(|rest| finder.find(rest)) {
        let at = from + at;
        let before = at.checked_sub(1).and_then(|at| line.get(at));
        if edge(before) && edge(line.get(at + finder.needle().len())) {
            return true;
        }
        from = at + 1;
    }
    false
}

fn compare(op: Op, n: u64, spans: &[Span]) -> bool {
    let all = |test: fn(u64, &Span) -> bool| spans.iter().all(|span| test(n, span));
    match op {
        Op::Eq => spans.iter().any(|span| span.contains(n)),
        Op::Ne => !spans.iter().any(|span| span.contains(n)),
        Op::Lt => all(|n, span| n < span.low),
        Op::Le => all(|n, span| n <= span.high),
        Op::Gt => all(|n, span| n > span.high),
        Op::Ge => all(|n, span| n >= span.low),
    }
}

fn of_value(value: &Value<'_>) -> Option<u64> {
    match *value {
        Value::Number(n) | Value::Duration(n) | Value::Size(n) | Value::Time(n) => Some(n),
        Value::Outcome(errno) => u64::try_from(errno).ok(),
        // As shells say it.
        Value::Exit(Some(Status::Code(code))) => Some(code.into()),
        Value::Exit(Some(Status::Signal { number, .. })) => Some(128 + u64::from(number)),
        Value::Exit(None) | Value::Text(_) | Value::None => None,
    }
}

fn number(of: &Number, row: &Row, model: &Model, memory: &mut Memory) -> Option<u64> {
    match of {
        Number::Field(field) => of_value(&(field.value)(row, model)),
        Number::Error => u64::try_from(row.exec.errno())
            .ok()
            .filter(|errno| *errno > 0),
        Number::Signal => match row.exit()?.status {
            Status::Signal { number, .. } => Some(number.into()),
            Status::Code(_) => None,
        },
        Number::Depth { memo } => Some(above(row, model, memory, *memo, &|_, _| Found::Further(1))),
        Number::Age => {
            let newest_ns = model.store.newest()?.time_ns();
            Some(newest_ns.saturating_sub(row.exec.time_ns))
        }
        Number::Clock(zone) => {
            let wall = i128::from(model.session.wall_ns(row.exec.time_ns));
            let time = Timestamp::from_nanosecond(wall).ok()?;
            let local = wall + i128::from(zone.to_offset(time).seconds()) * 1_000_000_000;
            u64::try_from(local.rem_euclid(86_400_000_000_000)).ok()
        }
    }
}

fn text(
    of: Text,
    negated: bool,
    is: &Texts,
    row: &Row,
    model: &Model,
    memory: &mut Memory,
) -> bool {
    match of {
        Text::Arg => has_argument(is, row) != negated,
        Text::Env => match &row.exec.env {
            Some(env) => env.iter().any(|variable| is.matches(variable)) != negated,
            None => !negated && is.takes_unknown(),
        },
        Text::Container(_) => match row.exec.container() {
            Some(id) => {
                let forms = [id, container::short(id)];
                forms.iter().any(|id| is.matches(id.as_bytes())) != negated
            }
            None => !negated && is.takes_unknown(),
        },
        Text::Ancestor { memo } => {
            let then = row
                .exec
                .ancestors
                .iter()
                .any(|a| is.matches(a.comm.as_bytes()));
            let any = then
                || above(row, model, memory, memo, &|process, _| {
                    if is.matches(process.comm.as_bytes()) {
                        Found::Stop(1)
                    } else {
                        Found::Further(0)
                    }
                }) > 0;
            any != negated
        }
        Text::User(field) => {
            let name = model.users.name(row.exec.uid);
            let real = name.is_some_and(|name| is.matches(name.as_bytes()));
            // Mostly the column shows just that name.
            let changed = row.exec.euid.is_some_and(|euid| euid != row.exec.uid);
            let shown = || match (field.value)(row, model) {
                Value::Text(shown) => is.matches(&shown),
                _ => false,
            };
            (real || ((changed || name.is_none()) && shown())) != negated
        }
        Text::Field(field) => match (field.value)(row, model) {
            Value::Text(value) => is.matches(&value) != negated,
            _ => !negated && is.takes_unknown(),
        },
    }
}

impl Texts {
    fn matches(&self, text: &[u8]) -> bool {
        match self {
            Texts::Globs(globs) => globs.iter().any(|glob| glob.matches(text)),
            Texts::Pattern(pattern) => pattern.matches(text),
        }
    }

    /// Returns whether `""` is listed.
    fn takes_unknown(&self) -> bool {
        match self {
            Texts::Globs(globs) => globs.iter().any(|glob| glob.exact() == Some(b"")),
            Texts::Pattern(_) => false,
        }
    }

    /// Returns whether the whole command line is listed as its column shows it, with quotes or
    /// escapes.
    fn is_shown_line(&self, row: &Row) -> bool {
        let marked = |glob: &&Glob| {
            let quotes = |text: &[u8]| memchr::memchr2(b'\'', b'\\', text).is_some();
            glob.exact().is_some_and(quotes)
        };
        match self {
            Texts::Globs(globs) => globs
                .iter()
                .filter(marked)
                .any(|glob| glob.matches(command_line(row).as_bytes())),
            Texts::Pattern(_) => false,
        }
    }
}
