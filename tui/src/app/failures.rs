//! The view Failures: failed execs by why and by path, and what looking through `PATH` costs.

use super::pivots::{By, Lately, Order, Words};
use super::{App, View};
use crate::action::Action;
use crate::field::{Value, by_key};
use crate::filter::{quote, term};
use crate::model::PASSED_OVER;
use crate::pivot::failed::{self, Failure, What};
use crate::pivot::{Group, GroupId};
use crate::text;
use std::cmp::Ordering;

#[cfg(test)]
mod tests;

/// The columns, each with its title and what it tells.
pub const COLUMNS: [(By, &str, &str); 7] = [
    (By::Label(ERROR), "ERROR", "the errno, or what is not one"),
    (By::Label(PATH), "PATH", "path as passed to execve"),
    (
        By::Count,
        "COUNT",
        "how often, with the share of all that failed",
    ),
    (
        By::Rate,
        "RATE",
        "failures per second over the last 10 seconds, with bars of the last minute",
    ),
    (
        By::Cost,
        "LOST",
        "time between a PATH miss and the next try",
    ),
    (By::Last, "LAST", "when it failed last"),
    (
        By::Label(CALLERS),
        "CALLERS",
        "who called last; how many callers there are",
    ),
];

/// Places of what failures have in common.
const ERROR: usize = 0;
const PATH: usize = 1;
const CALLERS: usize = 2;

/// The state of the view.
#[derive(Debug, Default)]
pub struct Failures {
    /// The groups, while the view is shown.
    pub by: Option<failed::Failures>,
    /// How they are shown.
    pub order: Order,
    /// Whether PATH misses have a line for each program that was looked for, or one in all.
    pub by_name: bool,
}

/// Compares what failures have in common, that of one column first.
fn labels(one: &Failure, other: &Failure, place: usize) -> Ordering {
    // Misses come behind what truly failed.
    let error = |what: &What| match what {
        What::Failed { errno, .. } => Some(crate::event::errno_name(*errno)),
        What::Misses { .. } => None,
    };
    let errors = || {
        let (one, other) = (error(&one.what), error(&other.what));
        one.is_none().cmp(&other.is_none()).then(one.cmp(&other))
    };
    let path = |what: &What| -> Option<Box<[u8]>> {
        match what {
            What::Failed { path, .. } => path.clone(),
            What::Misses { name } => name.clone(),
        }
    };
    let paths = || path(&one.what).cmp(&path(&other.what));
    let callers = || one.callers.len().cmp(&other.callers.len());
    match place {
        ERROR => errors().then_with(paths),
        PATH => paths().then_with(errors),
        _ => callers().then_with(errors).then_with(paths),
    }
}

impl Failures {
    pub(super) fn refresh(&mut self, now_ns: u64, oldest_ns: Option<u64>) {
        if let Some(by) = &self.by {
            let lately = Lately::new(now_ns, oldest_ns);
            // What only looked for its program stands below what failed in the end.
            let below = |failure: &Failure| matches!(failure.what, What::Misses { .. });
            self.order.refresh(&by.pivot, now_ns, lately, below, labels);
        }
    }

    /// Returns a group.
    pub fn get(&self, id: GroupId) -> Option<&Group<Failure>> {
        self.by.as_ref()?.pivot.get(id)
    }

    /// Returns the selected group.
    pub fn selected(&self) -> Option<&Group<Failure>> {
        self.get(self.order.cursor.chosen()?)
    }

    /// Returns how many failed execs the filter hides.
    pub fn hidden(&self) -> u64 {
        self.by.as_ref().map_or(0, failed::Failures::hidden)
    }

    /// Returns the columns with their titles, left to right.
    pub fn columns(&self) -> Vec<(By, Words)> {
        let words =
            |(by, title, doc): &(By, &str, &str)| (*by, ((*title).to_owned(), (*doc).to_owned()));
        COLUMNS.iter().map(words).collect()
    }
}

impl App {
    pub(super) fn act_in_failures(&mut self, action: Action) {
        match action {
            Action::Drill => self.drill_into_failure(),
            Action::SplitMisses => self.split_misses(),
            _ => self.act_in_order(action),
        }
    }

    fn split_misses(&mut self) {
        let on = !self.failures.by_name;
        self.failures.by_name = on;
        self.regroup();
        self.inform(match on {
            true => "PATH misses: a line for each program that was looked for",
            false => "PATH misses: all in one line",
        });
    }

    fn drill_into_failure(&mut self) {
        let Some(group) = self.failures.selected() else {
            return self.warn("there is no failure to go into");
        };
        match group.label.what.clone() {
            What::Misses { name: None } => self.split_misses(),
            What::Misses { name: Some(name) } => {
                let errors = PASSED_OVER.map(|errno| crate::event::errno_name(errno).into_owned());
                let below = quote(&[b"/", &*name].concat());
                // The wildcard stands outside of the quotes' escapes.
                let below = match below.strip_prefix('"') {
                    Some(rest) => format!("\"*{rest}"),
                    None => format!("*{below}"),
                };
                let term = format!(
                    "err in ({}) file={},{below}",
                    errors.join(","),
                    quote(&name)
                );
                self.drill(&term, View::Failures);
            }
            What::Failed { errno, path } => {
                let error = by_key("res").and_then(|res| term(res, &Value::Outcome(errno)));
                let path = quote(path.as_deref().unwrap_or_default());
                let term = format!("{} file={path}", error.unwrap_or_default());
                self.drill(&term, View::Failures);
            }
        }
    }

    /// Returns whether a line's path or its newest exec has what is searched.
    pub(super) fn failure_has(&self, index: usize) -> bool {
        let id = self.failures.order.list().get(index);
        let group = id.and_then(|id| self.failures.get(*id));
        group.is_some_and(|group| {
            let row = self.model.store.row(group.newest());
            let path = match &group.label.what {
                What::Failed { path, .. } => path.as_deref(),
                What::Misses { name } => name.as_deref(),
            };
            self.search.is_in(&text::escape(path.unwrap_or_default()))
                || row.is_some_and(|row| self.search.matches(row))
        })
    }
}
