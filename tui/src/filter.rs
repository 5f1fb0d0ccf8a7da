//! The filter language: text in, a test of rows out.
//!
//! ```text
//! nginx                     part of the command line; capitals in it ask for exact case
//! make|ninja !ccache        either; not; a space means and
//! "git gc"  /ssh[-_]key/i   phrase; regex
//! 4711                      pid or ppid
//! pid=1..500  uid>=1000     numbers; also ..500 and 500..
//! comm=sh,ba*  user!=root   texts, one or several; * is anything, \* in quotes is a star
//! comm~^(ba|da)sh$          a regex, up to the next blank; or ~/…/i, ~"…"
//! res=ok  err in (EACCES, ENOENT)  exit!=0  sig=KILL  running  failed
//! dur>2s  cpu>100ms  rss>200M  age<1m  at>=12:03
//! arg="--force"  argc>50  flag=script,setuid  login=""
//! under(1234)  under(comm=cron)  anc~sshd  depth<=2
//! (err=EACCES or exit>=126) and not user=root
//! @mine !@noise             filters that have a name
//! ```
//!
//! `!` binds tightest, then `|`, then `and` or a blank, then `or`; `not` reaches over `|`.
//! What is not known passes no comparison, neither `=` nor `!=`; `field=""` asks for it, and
//! `!field=value` lets it through. A program that a signal killed counts as exit 128 and the
//! signal's number, as shells say it. Tests that look at other processes (`under`, `anc`,
//! `depth`) see them as they are when the row is asked.

mod above;
mod ast;
mod batch;
pub mod complete;
mod eval;
mod key;
mod names;
mod only;
mod parse;
mod pattern;
mod quote;
mod scan;
pub mod seen;
#[cfg(test)]
mod tests;
mod typed;
mod value;

pub use key::{KEYS, Key};
pub use names::Names;
pub use only::{Pushed, Taken};
pub use quote::{quote, term};

use crate::model::Model;
use crate::store::{EntryId, Part, Row};
use ast::{Expr, Number, Test};
use batch::Batch;
use jiff::tz::TimeZone;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::{Arc, LazyLock};
use std::thread::{ScopedJoinHandle, available_parallelism};

/// Threads that ask many rows at the same time, this one among them: a few, as the machine has other work.
static ASKING: LazyLock<usize> =
    LazyLock::new(|| available_parallelism().map_or(1, |cpus| cpus.get().min(4)));

/// So many parts are too few to be shared; tests share them all.
const ALONE: usize = if cfg!(test) { 1 } else { 512 };

/// A test that rows pass or do not.
#[derive(Clone, Debug)]
pub struct Filter {
    text: String,
    zone: Option<TimeZone>,
    names: Names,
    expr: Arc<Expr>,
}

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Where, in characters from 0.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl FilterError {
    fn new(column: usize, message: impl Into<String>) -> Self {
        Self {
            column,
            message: message.into(),
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column + 1, self.message)
    }
}

impl std::error::Error for FilterError {}

impl Default for Filter {
    fn default() -> Self {
        Self {
            text: String::new(),
            zone: None,
            names: Names::default(),
            expr: Arc::new(Expr::All(Vec::new())),
        }
    }
}

impl Filter {
    /// Parses a filter; an empty text passes every row.
    ///
    /// A time of day needs to know its zone: see [`Filter::parse_in`].
    ///
    /// # Errors
    /// If the text does not follow the grammar.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Self::parse_with(text, None, &Names::default())
    }

    /// Parses a filter whose times of day (`at>=12:03`) are of a time zone.
    ///
    /// # Errors
    /// If the text does not follow the grammar.
    pub fn parse_in(text: &str, zone: &TimeZone) -> Result<Self, FilterError> {
        Self::parse_with(text, Some(zone), &Names::default())
    }

    /// Parses a filter, in which `@name` stands for one of these.
    ///
    /// # Errors
    /// If the text does not follow the grammar, or it has a name that there is not, or one that stands for itself.
    pub fn parse_with(
        text: &str,
        zone: Option<&TimeZone>,
        names: &Names,
    ) -> Result<Self, FilterError> {
        Ok(Self {
            text: text.to_owned(),
            zone: zone.cloned(),
            names: names.clone(),
            expr: Arc::new(parse::parse(text, zone, names)?),
        })
    }

    /// Returns the text it was parsed from; its `Display` is its plainest form.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether every row passes.
    pub fn is_empty(&self) -> bool {
        matches!(&*self.expr, Expr::All(parts) if parts.is_empty())
    }

    /// Returns whether rows can stop passing by mere time, because their age is asked.
    pub fn ages(&self) -> bool {
        let age = |test: &Test| {
            matches!(
                test,
                Test::Number {
                    of: Number::Age,
                    ..
                }
            )
        };
        self.expr.has(age)
    }

    /// Returns whether a row passes. For many rows, [`Filter::tester`] is faster.
    pub fn matches(&self, row: &Row, model: &Model) -> bool {
        self.tester(model).passes(row)
    }

    /// Returns a test for many rows of a model.
    pub fn tester<'a>(&'a self, model: &'a Model) -> Tester<'a> {
        Tester {
            expr: &self.expr,
            model,
            memory: eval::Memory::default(),
        }
    }

    /// Returns a filter that also asks for another term, which is added to the text.
    ///
    /// # Errors
    /// If the term does not follow the grammar; columns are the term's.
    pub fn and(&self, term: &str) -> Result<Self, FilterError> {
        let (zone, names) = (self.zone.as_ref(), &self.names);
        let term = Self::parse_with(term.trim(), zone, names)?;
        if self.is_empty() || term.is_empty() {
            return Ok(if self.is_empty() { term } else { self.clone() });
        }
        let both = Expr::all(vec![(*self.expr).clone(), (*term.expr).clone()]).to_string();
        let plain = format!("{} {}", self.text.trim(), term.text.trim());
        let bracketed = format!("{} {}", self.bracketed(), term.bracketed());
        for text in [plain, bracketed] {
            if let Ok(filter) = Self::parse_with(&text, zone, names)
                && filter.to_string() == both
            {
                return Ok(filter);
            }
        }
        // The end of one and the beginning of the other mean something together.
        Self::parse_with(&both, zone, names)
    }

    /// Returns the filter that asks for all of several terms.
    ///
    /// # Errors
    /// If one of them does not follow the grammar; columns are that term's.
    pub fn all<'a>(
        terms: impl IntoIterator<Item = &'a str>,
        zone: &TimeZone,
        names: &Names,
    ) -> Result<Self, FilterError> {
        let none = Self::parse_with("", Some(zone), names);
        terms
            .into_iter()
            .fold(none, |filter, term| filter?.and(term))
    }

    /// Returns the terms that a row must pass, all of them, as they were written but for brackets around them.
    pub fn terms(&self) -> Vec<String> {
        let terms = parse::terms(&self.text, self.zone.as_ref(), &self.names).into_iter();
        let text = |term: std::ops::Range<usize>| {
            let text = self.text.chars().skip(term.start);
            text.take(term.len()).collect()
        };
        terms.map(text).collect()
    }

    /// Returns the text so that a blank behind it means and.
    fn bracketed(&self) -> String {
        match &*self.expr {
            Expr::Any(_) => format!("({})", self.text.trim()),
            _ => self.text.trim().to_owned(),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expr)
    }
}

/// A filter at work on the rows of one model: it remembers what it found out.
#[derive(Debug)]
pub struct Tester<'a> {
    expr: &'a Expr,
    model: &'a Model,
    memory: eval::Memory,
}

impl Tester<'_> {
    /// Returns whether a row passes.
    pub fn passes(&mut self, row: &Row) -> bool {
        self.expr.passes(row, self.model, &mut self.memory)
    }

    /// Calls `each` with every entry of the history, oldest first, and whether it passes; gaps
    /// do. This is the fastest way through many rows: several threads ask, each its share.
    pub fn each(&mut self, mut each: impl FnMut(EntryId, bool)) {
        let (expr, model) = (self.expr, self.model);
        let ask = |part: Part<'_>, memory: &mut eval::Memory| {
            let batch = Batch::new(part, model);
            let rows = batch.all();
            expr.which(batch, rows, memory) | !rows
        };
        let mut tell = |part: Part<'_>, passed: u64| {
            for number in 0..part.entries.len() {
                let id = EntryId(part.first.0 + number as u64);
                each(id, passed >> number & 1 == 1);
            }
        };
        let parts: Vec<_> = model.store.parts(Batch::MOST).collect();
        let share = parts.len().div_ceil(*ASKING).max(ALONE);
        std::thread::scope(|scope| {
            let mut shares = parts.chunks(share);
            let own = shares.next().unwrap_or_default();
            let start = |parts| {
                let asked = move || {
                    let mut memory = eval::Memory::default();
                    let masks = <[Part<'_>]>::iter(parts).map(|part| ask(*part, &mut memory));
                    masks.collect::<Vec<_>>()
                };
                // Where there may be no more threads, this one asks.
                (
                    parts,
                    std::thread::Builder::new().spawn_scoped(scope, asked),
                )
            };
            let others: Vec<_> = shares.map(start).collect();
            for part in own {
                tell(*part, ask(*part, &mut self.memory));
            }
            for (parts, thread) in others {
                let masks = thread.map(ScopedJoinHandle::join);
                let masks = masks.map(|masks| masks.unwrap_or_else(|panic| resume_unwind(panic)));
                for (at, part) in parts.iter().enumerate() {
                    let mask = masks.as_ref().ok().and_then(|masks| masks.get(at).copied());
                    tell(*part, mask.unwrap_or_else(|| ask(*part, &mut self.memory)));
                }
            }
        });
    }
}
