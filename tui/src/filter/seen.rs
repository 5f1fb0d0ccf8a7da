//! The values that a field has in the history, the most frequent first: what to offer behind its sign.
//!
//! A million rows are too many to be gone through at a keystroke, so a sample stands for them: the newest
//! rows, and as many of the others, evenly spread. A value that few rows have may be missing.

use super::complete::signs;
use super::quote::quote;
use crate::event::{Flags, Status, errno_name, signal_name};
use crate::field::{self, Field, Kind, Value};
use crate::model::Model;
use crate::store::{EntryId, Row, Store};
use rustc_hash::FxHashMap;

/// So many of the newest rows are looked at, and so many of the others.
const HALF: u64 = if cfg!(test) { 40 } else { 4096 };

/// Values of one field, counted in a sample of the history.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The field's key, or that of another name of the language.
    pub key: &'static str,
    /// The values, the most frequent first, each with how many of the rows have it.
    pub values: Vec<(Box<[u8]>, u32)>,
    /// How many rows were looked at.
    pub rows: u32,
}

impl Seen {
    /// Looks for the values of a field, or of another name, in a sample of the history.
    pub fn new(key: &'static str, model: &Model) -> Self {
        let mut counts = Counts::default();
        let mut rows = 0;
        let field = field::by_key(key);
        for row in sample(&model.store) {
            rows += 1;
            each_value(key, field, row, model, &mut |value| counts.add(value));
        }
        if key == "flag" {
            for (_, word, _) in Flags::WORDS {
                counts.0.entry(word.as_bytes().into()).or_default();
            }
        }
        let mut values: Vec<_> = counts.0.into_iter().collect();
        // Numbers that hardly repeat, such as pids, are no choice.
        if field.is_some_and(|field| field.kind == Kind::Number) {
            values.retain(|(_, count)| *count > 1);
        }
        values.sort_unstable_by(|(one, a), (other, b)| b.cmp(a).then_with(|| one.cmp(other)));
        Self { key, values, rows }
    }

    /// Returns at most `most` values that begin with a text, then those that have it elsewhere; each as it
    /// is to be written, with how many of the rows have it. Capitals do not count.
    pub fn matching(&self, typed: &str, most: usize) -> Vec<(String, u32)> {
        let typed = typed.trim_end_matches('*').to_lowercase();
        let mut first = Vec::new();
        let mut rest = Vec::new();
        for (value, count) in &self.values {
            let text = String::from_utf8_lossy(value).to_lowercase();
            let into = match text.find(&typed) {
                Some(0) => &mut first,
                Some(_) => &mut rest,
                None => continue,
            };
            if into.len() < most {
                into.push((quote(value), *count));
            }
        }
        first.extend(rest);
        first.truncate(most);
        first
    }
}

#[derive(Default)]
struct Counts(FxHashMap<Box<[u8]>, u32>);

impl Counts {
    fn add(&mut self, value: &[u8]) {
        match self.0.get_mut(value) {
            Some(count) => *count += 1,
            None => _ = self.0.insert(value.into(), 1),
        }
    }
}

/// Returns the newest rows, and some of the others.
fn sample(store: &Store) -> impl Iterator<Item = &Row> {
    let (first, next) = (store.first_id().0, store.next_id().0);
    let newest = next.saturating_sub(HALF).max(first);
    let step = (newest - first).div_ceil(HALF).max(1);
    let spread = (first..newest).step_by(usize::try_from(step).unwrap_or(usize::MAX));
    let ids = spread.chain(newest..next);
    ids.filter_map(|id| store.row(EntryId(id)))
}

/// Tells the values of a row that a comparison with the key would look at.
fn each_value(
    key: &str,
    field: Option<&Field>,
    row: &Row,
    model: &Model,
    tell: &mut dyn FnMut(&[u8]),
) {
    let exec = &row.exec;
    match key {
        "err" if exec.failed() => tell(errno_name(exec.errno()).as_bytes()),
        "sig" => {
            if let Some(exit) = row.exit()
                && let Status::Signal { number, .. } = exit.status
            {
                tell(signal_name(number).as_bytes());
            }
        }
        "arg" => exec.args.iter().for_each(tell),
        "anc" => exec
            .ancestors
            .iter()
            .for_each(|above| tell(above.comm.as_bytes())),
        "user" => {
            if let Some(name) = model.users.name(exec.uid) {
                tell(name.as_bytes());
            }
        }
        // Hardly two are the same.
        "command" => {}
        _ => {
            if let Some(field) = field {
                tell_value(key, &(field.value)(row, model), tell);
            }
        }
    }
}

fn tell_value(key: &str, value: &Value<'_>, tell: &mut dyn FnMut(&[u8])) {
    match value {
        Value::Text(words) if key == "flag" => words.split(|b| *b == b',').for_each(tell),
        Value::Text(text) => tell(text),
        Value::Number(number) => tell(number.to_string().as_bytes()),
        Value::Outcome(0) => tell(b"ok"),
        Value::Outcome(errno) => tell(errno_name(*errno).as_bytes()),
        Value::Exit(Some(Status::Code(code))) => tell(code.to_string().as_bytes()),
        Value::Exit(_) | Value::None | Value::Duration(_) | Value::Time(_) | Value::Size(_) => {}
    }
}

/// Returns whether values of a key can be told.
pub fn has_values(key: &str) -> bool {
    !signs(key).is_empty() && key != "command" && key != "env"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;
    use crate::fixture::{MS, exec, ran};
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn model(events: impl IntoIterator<Item = crate::event::Event>) -> Model {
        let mut model = crate::fixture::model(10_000);
        for event in events {
            model.apply(event);
        }
        model
    }

    fn seen(key: &'static str, typed: &str, model: &Model) -> Vec<(String, u32)> {
        Seen::new(key, model).matching(typed, 9)
    }

    #[test]
    fn the_most_frequent_come_first_and_beginnings_before_middles() {
        let model = model(crate::fixture::build());
        let comms = seen("comm", "", &model);
        assert_eq!(comms[0].0, "gcc");
        assert!(comms.windows(2).all(|two| two[0].1 >= two[1].1));
        let words = |key, typed| -> Vec<String> {
            let found = seen(key, typed, &model);
            found.into_iter().map(|(text, _)| text).collect()
        };
        assert_eq!(words("err", ""), ["EACCES", "ENOENT"]);
        assert_eq!(words("res", "O"), ["ok", "ENOENT"], "in it too");
        assert_eq!(words("user", ""), ["alice", "root"]);
        assert_eq!(words("sig", "segv"), ["SIGSEGV"]);
        assert!(words("flag", "").contains(&"memfd".to_owned()), "all words");
        assert!(words("command", "").is_empty());
    }

    #[test]
    fn a_long_history_is_looked_at_here_and_there() {
        let name = |i: u64| ["old", "new"][usize::from(i > 950)];
        let events = (0..1_000).map(|i| ran(i * MS, 60_000 + i as u32, 1, &[name(i)]));
        let seen = Seen::new("comm", &model(events));
        assert!(u64::from(seen.rows) <= 2 * HALF, "{}", seen.rows);
        let names = seen.matching("", 9).into_iter().map(|(name, _)| name);
        assert_eq!(names.collect::<Vec<_>>(), ["new", "old"]);
    }

    proptest! {
        #[test]
        fn what_is_offered_is_a_value_that_the_row_has(
            arg in proptest::collection::vec(1u8.., 1..12),
            key in proptest::sample::select(vec!["arg", "comm", "cwd", "file", "exe", "tty"]),
        ) {
            let mut made = exec(MS, 60_000, 1, &["x"]);
            made.args.bytes = [&arg[..], b"\0"].concat().into();
            made.comm = crate::event::Comm::new(&arg);
            made.cwd = Some(arg[..].into());
            made.exe = Some(arg[..].into());
            made.tty = Some(arg[..].into());
            made.filename = Some(arg[..].into());
            let model = model([crate::event::Event::Exec(Box::new(made))]);
            for (text, count) in seen(key, "", &model) {
                prop_assert_eq!(count, 1);
                let filter = Filter::parse_in(&format!("{key}={text} pid=60000"), &TimeZone::UTC).unwrap();
                let row = model.store.row(EntryId(0)).unwrap();
                prop_assert!(filter.matches(row, &model), "{}", filter);
            }
        }
    }
}
