//! Capture filters: what of a filter the kernel can ask, and what is left to ask here.
//!
//! Only what the whole filter implies is taken out, so what the kernel skips would not have passed.

use super::Filter;
use super::ast::{Expr, Number, Op, Test, Text, Texts};
use super::pattern::Glob;
use super::value::Span;
use crate::event::Comm;
use crate::field::Field;
use std::sync::Arc;

/// Bytes of a task name, without the kernel's NUL.
const COMM_MAX: usize = 15;
/// Most numbers that a range may have to be asked one by one.
const RANGE_MAX: u64 = 256;

/// What the kernel asks: of each kind that is not empty one must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// These processes, and what descends from them.
    pub tree: Vec<u32>,
    /// Real user ids.
    pub uids: Vec<u32>,
    /// Task names.
    pub comms: Vec<Comm>,
    /// Paths of control groups, of which those below are meant too.
    pub cgroups: Vec<Vec<u8>>,
}

/// The kinds of which the kernel already has other ones to ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// [`Pushed::tree`].
    pub tree: bool,
    /// [`Pushed::cgroups`].
    pub cgroups: bool,
}

/// Facts of which an exec has none yet when it is captured.
const LATER: [&str; 4] = ["exit", "dur", "cpu", "rss"];

impl Filter {
    /// Returns whether it asks what is not known yet when something is executed.
    pub fn asks_later(&self) -> bool {
        first(&self.expr, &is_later).is_some()
    }

    /// Splits a filter into what the kernel asks and what is left to be asked of what it lets through.
    ///
    /// `uid_of` knows users by name.
    ///
    /// # Errors
    /// If it asks what is not known yet when something is executed.
    pub fn split(
        &self,
        taken: Taken,
        uid_of: &dyn Fn(&str) -> Option<u32>,
    ) -> Result<(Pushed, Self), String> {
        if let Some(test) = first(&self.expr, &is_later) {
            return Err(format!(
                "`{test}` asks what is known only after the exec, and so decides nothing when it is captured: \
                 leave that to -f"
            ));
        }
        let parts = match &*self.expr {
            Expr::All(parts) => parts.clone(),
            other => vec![other.clone()],
        };
        let mut pushed = Pushed::default();
        let tree = |part: &Expr| match alternatives(part, uid_of) {
            Some(Found::Tree(pids)) => !taken.tree && set(&mut pushed.tree, pids),
            _ => false,
        };
        let mut rest: Vec<_> = skipping(parts, tree);
        // What asks the processes above has to know what they executed, so nothing of that may be
        // skipped; the tree skips nothing of it.
        if !rest.iter().any(|part| first(part, &looks_up).is_some()) {
            rest = skipping(rest, |part| match alternatives(part, uid_of) {
                Some(found) => pushed.take(found, taken),
                None => false,
            });
        }
        Ok((pushed, self.with(Expr::all(rest))))
    }

    fn with(&self, expr: Expr) -> Self {
        Self {
            text: expr.to_string(),
            zone: self.zone.clone(),
            names: self.names.clone(),
            expr: Arc::new(expr),
        }
    }
}

/// Alternatives of one kind.
enum Found {
    Tree(Vec<u32>),
    Uids(Vec<u32>),
    Comms(Vec<Comm>),
    Cgroups(Vec<Vec<u8>>),
}

impl Pushed {
    /// Takes alternatives, unless there are others of that kind; returns whether there is nothing
    /// left to ask of them.
    fn take(&mut self, found: Found, taken: Taken) -> bool {
        match found {
            Found::Tree(_) => false,
            Found::Uids(uids) => set(&mut self.uids, uids),
            Found::Comms(comms) => set(&mut self.comms, comms),
            Found::Cgroups(paths) => {
                // The kernel lets through what is in groups below, too.
                let _ = !taken.cgroups && set(&mut self.cgroups, paths);
                false
            }
        }
    }
}

fn skipping(parts: Vec<Expr>, mut skip: impl FnMut(&Expr) -> bool) -> Vec<Expr> {
    parts.into_iter().filter(|part| !skip(part)).collect()
}

fn set<T>(slot: &mut Vec<T>, found: Vec<T>) -> bool {
    let free = slot.is_empty();
    if free {
        *slot = found;
    }
    free
}

/// Returns what a part of the filter asks, if the kernel can ask it.
fn alternatives(part: &Expr, uid_of: &dyn Fn(&str) -> Option<u32>) -> Option<Found> {
    match part {
        Expr::Test(test) => of_test(test, uid_of),
        Expr::Any(parts) => {
            let mut all = parts.iter().map(|part| alternatives(part, uid_of));
            let first = all.next()??;
            all.try_fold(first, |so_far, more| join(so_far, more?))
        }
        Expr::All(_) | Expr::Not(_) => None,
    }
}

fn join(a: Found, b: Found) -> Option<Found> {
    fn both<T>(mut a: Vec<T>, b: Vec<T>) -> Vec<T> {
        a.extend(b);
        a
    }
    Some(match (a, b) {
        (Found::Tree(a), Found::Tree(b)) => Found::Tree(both(a, b)),
        (Found::Uids(a), Found::Uids(b)) => Found::Uids(both(a, b)),
        (Found::Comms(a), Found::Comms(b)) => Found::Comms(both(a, b)),
        (Found::Cgroups(a), Found::Cgroups(b)) => Found::Cgroups(both(a, b)),
        _ => return None,
    })
}

fn of_test(test: &Test, uid_of: &dyn Fn(&str) -> Option<u32>) -> Option<Found> {
    match test {
        Test::Under { expr, .. } => pids(expr).map(Found::Tree),
        Test::Number { .. } => numbers(test, "uid").map(Found::Uids),
        Test::Text {
            of,
            negated: false,
            is: Texts::Globs(globs),
        } => match of {
            Text::User(_) => collect(globs, |glob| user(glob, uid_of)).map(Found::Uids),
            Text::Field(Field { key: "comm", .. }) => collect(globs, comm).map(Found::Comms),
            Text::Field(Field { key: "cgroup", .. }) => collect(globs, cgroup).map(Found::Cgroups),
            _ => None,
        },
        _ => None,
    }
}

fn collect<T>(globs: &[Glob], value: impl Fn(&Glob) -> Option<T>) -> Option<Vec<T>> {
    let values: Option<Vec<T>> = globs.iter().map(value).collect();
    values.filter(|values| !values.is_empty())
}

/// Returns the processes of whose trees `under(…)` speaks.
fn pids(expr: &Expr) -> Option<Vec<u32>> {
    match expr {
        Expr::Test(test) => match &**test {
            Test::Pid(pid) => Some(vec![u32::try_from(*pid).ok()?]),
            test => numbers(test, "pid"),
        },
        Expr::Any(parts) => {
            let lists: Option<Vec<_>> = parts.iter().map(pids).collect();
            lists.map(|lists| lists.concat())
        }
        Expr::All(_) | Expr::Not(_) => None,
    }
}

/// Returns the numbers that a field must be one of.
fn numbers(test: &Test, key: &str) -> Option<Vec<u32>> {
    let Test::Number {
        of: Number::Field(field),
        op: Op::Eq,
        spans,
        or_unknown: false,
    } = test
    else {
        return None;
    };
    if field.key != key || spans.is_empty() {
        return None;
    }
    let few = |span: &&Span| span.high - span.low < RANGE_MAX;
    if !spans.iter().all(|span| few(&span)) {
        return None;
    }
    let all = spans.iter().flat_map(|span| span.low..=span.high);
    all.map(|number| u32::try_from(number).ok()).collect()
}

/// Returns the id of a user's name. A number is none: it is shown in place of a name, but could be
/// another user's name as well.
fn user(glob: &Glob, uid_of: &dyn Fn(&str) -> Option<u32>) -> Option<u32> {
    let name = std::str::from_utf8(glob.exact()?).ok()?;
    let number = name.bytes().all(|b| b.is_ascii_digit());
    (!number).then(|| uid_of(name)).flatten()
}

fn comm(glob: &Glob) -> Option<Comm> {
    let name = glob.exact()?;
    let whole = !name.is_empty() && name.len() <= COMM_MAX && !name.contains(&0);
    whole.then(|| Comm::new(name))
}

/// Returns the path of a control group, of whatever is below `/PATH/*`.
fn cgroup(glob: &Glob) -> Option<Vec<u8>> {
    let path = match glob.parts() {
        [path] => &path[..],
        [path, rest] if rest.is_empty() => path.strip_suffix(b"/")?,
        _ => return None,
    };
    // The root would be everything.
    (path.starts_with(b"/") && path.len() > 1).then(|| path.to_vec())
}

/// Returns the first test of a sort.
fn first<'a>(expr: &'a Expr, sort: &dyn Fn(&Test) -> bool) -> Option<&'a Test> {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().find_map(|part| first(part, sort)),
        Expr::Not(inner) => first(inner, sort),
        Expr::Test(test) => sort(test).then_some(test),
    }
}

fn is_later(test: &Test) -> bool {
    match test {
        Test::Running => true,
        Test::Number { of, .. } => match of {
            Number::Signal | Number::Age => true,
            Number::Field(field) => LATER.contains(&field.key),
            _ => false,
        },
        _ => false,
    }
}

/// Returns whether a test asks the processes above.
fn looks_up(test: &Test) -> bool {
    match test {
        Test::Under { .. } => true,
        Test::Number { of, .. } => matches!(of, Number::Depth { .. }),
        Test::Text { of, .. } => matches!(of, Text::Ancestor { .. }),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
