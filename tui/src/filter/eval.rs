//! Asking rows: each test against what is known of one.

use super::ast::{Expr, Number, Op, Test, Text, Texts};
use super::pattern::Glob;
use super::value::Span;
use crate::event::{Args, Exec, ProcessKey, Status};
use crate::field::{Value, command_line};
use crate::model::Model;
use crate::process::{Life, Process};
use crate::store::{End, Entry, EntryId, Row};
use jiff::Timestamp;
use rustc_hash::FxHashMap;

/// What is remembered from row to row while the model stays the same.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// For each test that looks upwards: what it found for a process.
    above: Vec<FxHashMap<ProcessKey, u64>>,
    line: Vec<u8>,
}

impl Expr {
    pub(super) fn passes(&self, row: &Row, model: &Model, memory: &mut Memory) -> bool {
        match self {
            Expr::All(parts) => parts.iter().all(|part| part.passes(row, model, memory)),
            Expr::Any(parts) => parts.iter().any(|part| part.passes(row, model, memory)),
            Expr::Not(inner) => !inner.passes(row, model, memory),
            Expr::Test(test) => test.passes(row, model, memory),
        }
    }
}

impl Test {
    fn passes(&self, row: &Row, model: &Model, memory: &mut Memory) -> bool {
        match self {
            Test::Words(needle) => needle.is_in(raw_line(row)),
            Test::Line(pattern) => pattern.matches(line(row, &mut memory.line)),
            Test::Pid(pid) => u64::from(row.exec.pid) == *pid || u64::from(row.exec.ppid) == *pid,
            Test::Running => row.running(),
            Test::Failed => row.exec.failed(),
            Test::Under { memo, expr } => {
                expr.passes(row, model, memory)
                    || above(row, model, memory, *memo, &|process, memory| {
                        if expr.passes(&as_row(process, model), model, memory) {
                            Found::Stop(1)
                        } else {
                            Found::Further(0)
                        }
                    }) > 0
            }
            Test::Number {
                of,
                op,
                spans,
                or_unknown,
            } => match number(of, row, model, memory) {
                Some(n) => compare(*op, n, spans),
                None => *or_unknown && *op == Op::Eq,
            },
            Test::Text { of, negated, is } => text(*of, *negated, is, row, model, memory),
            Test::Flag {
                negated,
                flags,
                or_none,
            } => {
                let set = row.exec.flags;
                let any = flags.iter().any(|flag| set.contains(*flag))
                    || (*or_none && set.words().next().is_none());
                any != *negated
            }
        }
    }
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

fn number(of: &Number, row: &Row, model: &Model, memory: &mut Memory) -> Option<u64> {
    match of {
        Number::Field(field) => match (field.value)(row, model) {
            Value::Number(n) | Value::Duration(n) | Value::Size(n) | Value::Time(n) => Some(n),
            Value::Outcome(errno) => u64::try_from(errno).ok(),
            // As shells say it.
            Value::Exit(Some(Status::Code(code))) => Some(code.into()),
            Value::Exit(Some(Status::Signal { number, .. })) => Some(128 + u64::from(number)),
            Value::Exit(None) | Value::Text(_) | Value::None => None,
        },
        Number::Error => u64::try_from(-row.exec.ret).ok().filter(|errno| *errno > 0),
        Number::Signal => match row.exit()?.status {
            Status::Signal { number, .. } => Some(number.into()),
            Status::Code(_) => None,
        },
        Number::Depth { memo } => Some(above(row, model, memory, *memo, &|_, _| Found::Further(1))),
        Number::Age => Some(newest_ns(model)?.saturating_sub(row.exec.time_ns)),
        Number::Clock(zone) => {
            let wall = i128::from(model.session.wall_ns(row.exec.time_ns));
            let time = Timestamp::from_nanosecond(wall).ok()?;
            let local = wall + i128::from(zone.to_offset(time).seconds()) * 1_000_000_000;
            u64::try_from(local.rem_euclid(86_400_000_000_000)).ok()
        }
    }
}

/// Returns the time of the newest entry.
fn newest_ns(model: &Model) -> Option<u64> {
    let newest = model.store.next_id().0.checked_sub(1)?;
    Some(match model.store.get(EntryId(newest))? {
        Entry::Row(row) => row.exec.time_ns,
        Entry::Gap(lost) => lost.time_ns,
    })
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
        Text::Command => {
            let line = line(row, &mut memory.line);
            (is.matches(line) || is.is_shown_line(row)) != negated
        }
        Text::Arg => row.exec.args.iter().any(|arg| is.matches(arg)) != negated,
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
        Text::Field(field) | Text::User(field) => match (field.value)(row, model) {
            Value::Text(value) => {
                let real = || match of {
                    Text::User(_) => model.users.name(row.exec.uid),
                    _ => None,
                };
                let any =
                    is.matches(&value) || real().is_some_and(|name| is.matches(name.as_bytes()));
                any != negated
            }
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

/// Returns the command line with a NUL between two arguments.
fn raw_line(row: &Row) -> &[u8] {
    let args = &row.exec.args.bytes;
    match (args.is_empty(), &row.exec.filename) {
        (true, Some(path)) => path,
        _ => args.strip_suffix(b"\0").unwrap_or(args),
    }
}

/// Returns the command line with a space between two arguments.
fn line<'a>(row: &Row, buffer: &'a mut Vec<u8>) -> &'a [u8] {
    let space = |byte: &u8| if *byte == 0 { b' ' } else { *byte };
    buffer.clear();
    buffer.extend(raw_line(row).iter().map(space));
    buffer
}

/// What one process adds to a question about all that are above.
enum Found {
    /// The answer.
    Stop(u64),
    /// This, more than what is further above.
    Further(u64),
}

/// Sums up over the processes above a row's, its parent first; asks each of them only once.
fn above(
    row: &Row,
    model: &Model,
    memory: &mut Memory,
    memo: usize,
    ask: &dyn Fn(&Process, &mut Memory) -> Found,
) -> u64 {
    let table = &model.processes;
    let parent = row.exec.ancestors.first();
    if let Some(known) = parent.and_then(|parent| memory.above.get(memo)?.get(&parent.key)) {
        return *known;
    }
    let parent = parent
        .and_then(|parent| table.find(parent.key))
        .or_else(|| {
            let own = table.find(row.exec.key())?;
            table.get(own.parent?)
        });
    let mut path: Vec<(ProcessKey, u64)> = Vec::new();
    let mut next = parent;
    let mut answer = 0;
    while let Some(process) = next {
        if let Some(known) = memory.above.get(memo).and_then(|m| m.get(&process.key)) {
            answer = *known;
            break;
        }
        match ask(process, memory) {
            Found::Stop(found) => {
                path.push((process.key, 0));
                answer = found;
                break;
            }
            Found::Further(more) => path.push((process.key, more)),
        }
        next = process.parent.and_then(|id| table.get(id));
    }
    if memory.above.len() <= memo {
        memory.above.resize_with(memo + 1, FxHashMap::default);
    }
    for (key, more) in path.into_iter().rev() {
        answer += more;
        if let Some(known) = memory.above.get_mut(memo) {
            known.insert(key, answer);
        }
    }
    answer
}

/// Makes a row of what is known of a process: its latest exec, or what `/proc` told.
fn as_row(process: &Process, model: &Model) -> Row {
    if let Some(row) = process.last_exec.and_then(|id| model.store.row(id)) {
        return row.clone();
    }
    let parent = process.parent.and_then(|id| model.processes.get(id));
    Row {
        exec: Exec {
            pid: process.key.pid,
            ppid: parent.map_or(0, |parent| parent.key.pid),
            start_ns: process.key.start_ns,
            // Nobody has the largest id.
            uid: process.uid.unwrap_or(u32::MAX),
            comm: process.comm,
            args: Args {
                bytes: process.cmdline.clone(),
                ..Args::default()
            },
            ..Exec::default()
        },
        end: match process.life {
            Life::Ended { time_ns, .. } => Some(End::Replaced { time_ns }),
            Life::Running | Life::Unwatched => None,
        },
    }
}
