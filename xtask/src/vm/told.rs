//! What a guest's first process told, read: the doctor's exit status, and how each test came out.

use std::borrow::Cow;

/// How a test came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed,
    /// It says itself why it cannot run there.
    Skipped(String),
    /// It began, and nothing more was heard of it.
    Unfinished,
}

/// What one guest told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) doctor: Option<i32>,
    pub(super) tests: Vec<(String, Outcome)>,
    /// The exit status of the test program.
    pub(super) ended: Option<i32>,
    /// What tests that passed left out, in their own words.
    pub(super) left_out: Vec<String>,
}

impl Told {
    /// Returns the names that are in no test's that ran: whoever asks for them is to know.
    pub(super) fn lacks<'a>(&self, names: &'a [String]) -> Vec<&'a str> {
        let ran = |name: &str| self.tests.iter().any(|(test, _)| test.contains(name));
        let lacking = names.iter().map(String::as_str).filter(|name| !ran(name));
        lacking.collect()
    }
}

/// How a test says that it cannot run (`skip` in the tests).
const SKIPPED: &str = "SKIPPED: ";

/// How a test of many cases says which of them it leaves out.
const LEFT_OUT: [&str; 2] = ["NOT TRIED: ", "PENDING, "];

/// Reads what the first process of a guest told.
pub(super) fn read(text: &str) -> Told {
    let mut told = Told::default();
    let mut running = None;
    for line in text.lines() {
        let left_out = LEFT_OUT.iter().filter_map(|words| line.find(words));
        told.left_out
            .extend(left_out.map(|at| line[at..].to_owned()));
        if let Some(status) = line.strip_prefix("== doctor ended with ") {
            told.doctor = status.parse().ok();
        } else if let Some(status) = line.strip_prefix("== tests ended with ") {
            told.ended = status.parse().ok();
        } else if let Some((name, rest)) = begins(line) {
            told.tests.push((name.to_owned(), Outcome::Unfinished));
            running = goes_on(&mut told, rest);
        } else if running.is_some() {
            running = goes_on(&mut told, line);
        }
    }
    told
}

/// Reads the line with which the test program begins a test.
fn begins(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("test ")?.split_once(" ... ")?;
    (!name.contains(' ')).then_some((name, rest))
}

/// Reads what follows the name of the last test; `None` once it has ended.
///
/// What its children say may stand before it, even in the same line.
fn goes_on(told: &mut Told, said: &str) -> Option<()> {
    let (_, outcome) = told.tests.last_mut()?;
    if let Some((_, reason)) = said.split_once(SKIPPED) {
        *outcome = Outcome::Skipped(reason.to_owned());
    }
    match said {
        "ok" if *outcome == Outcome::Unfinished => *outcome = Outcome::Passed,
        "ok" => {}
        "FAILED" => *outcome = Outcome::Failed,
        _ => return Some(()),
    }
    None
}

/// Returns what to show of a guest in which something failed: from the heading of the failures on, or else its last words.
pub(super) fn of_interest(text: &str) -> String {
    const LAST: usize = 60;
    let lines: Vec<_> = match text.split_once("\nfailures:\n") {
        Some((_, failures)) => failures.lines().collect(),
        None => {
            let lines: Vec<_> = text.lines().collect();
            lines[lines.len().saturating_sub(LAST)..].to_vec()
        }
    };
    let shortened = lines
        .into_iter()
        .flat_map(|line| [shortened(line), "\n".into()]);
    shortened.collect()
}

/// Leaves out the middle of a line that is too long to be read: a verifier says in its last words what it is about.
fn shortened(line: &str) -> Cow<'_, str> {
    const FIRST: usize = 300;
    const LAST: usize = 1500;
    let left_out = line.len().saturating_sub(FIRST + LAST);
    if left_out == 0 {
        return line.into();
    }
    let first = &line[..line.floor_char_boundary(FIRST)];
    let last = &line[line.ceil_char_boundary(line.len() - LAST)..];
    format!("{first} … {left_out} bytes … {last}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "== doctor\nfine\n== doctor ended with 0\n== tests\n
running 4 tests
test live::a ... ok
test live::b ... a child's word
words: NOT TRIED: a case
ok
test live::c ... SKIPPED: no such thing
ok
test live::d ... FAILED

failures:

---- live::d stdout ----
test x y ... ok

test result: FAILED.
== tests ended with 101
";

    #[test]
    fn every_outcome_is_read() {
        let told = read(TEXT);
        assert_eq!((told.doctor, told.ended), (Some(0), Some(101)));
        let tests = [
            ("live::a", Outcome::Passed),
            ("live::b", Outcome::Passed),
            ("live::c", Outcome::Skipped("no such thing".to_owned())),
            ("live::d", Outcome::Failed),
        ];
        assert_eq!(
            told.tests,
            tests.map(|(name, outcome)| (name.to_owned(), outcome))
        );
        assert_eq!(told.left_out, ["NOT TRIED: a case"]);
        let names = ["live::a", "live::x", "::b"].map(str::to_owned);
        assert_eq!(told.lacks(&names), ["live::x"]);
        assert!(of_interest(TEXT).starts_with("\n---- live::d"));
    }

    #[test]
    fn of_a_long_line_the_ends_are_shown() {
        let line = format!("begin{}end", "é".repeat(2000));
        let shown = of_interest(&line);
        assert!(shown.starts_with("begin") && shown.ends_with("end\n"));
        assert!(
            shown.len() < 1900 && shown.contains("2208 bytes"),
            "{shown}"
        );
        assert_eq!(of_interest("short"), "short\n");
    }

    #[test]
    fn a_guest_that_ends_early_leaves_a_test_unfinished() {
        let told = read(&TEXT[..TEXT.find("ok\ntest live::c").expect("it is there")]);
        let last = told.tests.last().map(|(_, outcome)| outcome);
        assert_eq!((last, told.ended), (Some(&Outcome::Unfinished), None));
        assert_eq!(read(""), Told::default());
    }
}
