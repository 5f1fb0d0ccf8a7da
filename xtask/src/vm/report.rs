//! The table of all guests: a row for each test, a column for each guest.

use std::fmt::Write;
use std::time::Duration;

use super::told::{self, Outcome, Told};

/// The row of the doctor, among the tests.
const DOCTOR: &str = "execsnoop-tui doctor";

/// A guest, and what came of it.
#[derive(Debug)]
pub(super) struct Column {
    /// The kernel's series, and what is special about the guest.
    pub(super) head: String,
    /// The version of the kernel's package.
    version: String,
    cells: Vec<(String, Outcome)>,
    left_out: Vec<String>,
    took: Duration,
    /// What is wrong with the guest as a whole.
    problem: Option<String>,
}

impl Column {
    /// Makes a column of what a guest told; its doctor must end with that status.
    pub(super) fn new(
        head: &str,
        version: &str,
        told: Told,
        doctor: i32,
        took: Duration,
        problem: Option<String>,
    ) -> Self {
        let of_doctor = match told.doctor {
            Some(status) if status == doctor => Outcome::Passed,
            Some(_) => Outcome::Failed,
            None => Outcome::Unfinished,
        };
        let mut cells = vec![(DOCTOR.to_owned(), of_doctor)];
        cells.extend(told.tests);
        let all_well = cells.iter().all(|(_, outcome)| !is_bad(outcome));
        let problem = problem.or_else(|| match told.ended {
            None => Some("the guest ended before its tests".to_owned()),
            Some(_) if cells.len() == 1 => Some("no test has that name".to_owned()),
            Some(status) if status != 0 && all_well => Some(format!(
                "the test program ended with {status}, though no test failed"
            )),
            Some(_) => None,
        });
        Self {
            head: head.to_owned(),
            version: version.to_owned(),
            cells,
            left_out: told.left_out,
            took,
            problem,
        }
    }

    /// Says whether anything failed.
    pub(super) fn failed(&self) -> bool {
        self.problem.is_some() || self.cells.iter().any(|(_, outcome)| is_bad(outcome))
    }
}

fn is_bad(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Unfinished)
}

/// Writes the table, and below it what its words stand for.
pub(super) fn table(columns: &[Column]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in columns.iter().flat_map(|column| &column.cells) {
        if !names.contains(&&**name) {
            names.push(name);
        }
    }
    let mut reasons = Vec::new();
    let first = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let widths: Vec<_> = columns.iter().map(|c| c.head.len().max(6)).collect();
    let mut out = format!("{:first$}", "");
    for (column, width) in columns.iter().zip(&widths) {
        push(&mut out, format_args!("  {:width$}", column.head));
    }
    for name in names {
        push(&mut out, format_args!("\n{name:first$}"));
        for (column, width) in columns.iter().zip(&widths) {
            let cell = column.cells.iter().find(|(of, _)| of == name);
            let word = word(cell.map(|(_, outcome)| outcome), &mut reasons);
            push(&mut out, format_args!("  {word:width$}"));
        }
    }
    let mut out: String = out.lines().flat_map(|l| [l.trim_end(), "\n"]).collect();
    for (number, reason) in reasons.iter().enumerate() {
        push(&mut out, format_args!("skip{}: {reason}\n", number + 1));
    }
    let mut told = Vec::new();
    for left_out in columns.iter().flat_map(|column| &column.left_out) {
        if !told.contains(&left_out) {
            told.push(left_out);
            let has = |column: &&Column| column.left_out.contains(left_out);
            let heads = columns.iter().filter(has).map(|column| &*column.head);
            let heads = heads.collect::<Vec<_>>().join(", ");
            push(&mut out, format_args!("on {heads}: {left_out}\n"));
        }
    }
    for column in columns {
        let (head, version) = (&column.head, &column.version);
        let seconds = column.took.as_secs();
        push(
            &mut out,
            format_args!("{head}: Linux {version}, {seconds} s\n"),
        );
        if let Some(problem) = &column.problem {
            push(&mut out, format_args!("{head}: FAILED: {problem}\n"));
        }
    }
    out
}

/// Returns the word of a cell; why a test did not run is told once, below the table.
fn word(outcome: Option<&Outcome>, reasons: &mut Vec<String>) -> String {
    match outcome {
        None => "-".to_owned(),
        Some(Outcome::Passed) => "pass".to_owned(),
        Some(Outcome::Failed) => "FAIL".to_owned(),
        Some(Outcome::Unfinished) => "HANGS".to_owned(),
        Some(Outcome::Skipped(reason)) => {
            let place = reasons.iter().position(|known| known == reason);
            let place = place.unwrap_or_else(|| {
                reasons.push(reason.clone());
                reasons.len() - 1
            });
            format!("skip{}", place + 1)
        }
    }
}

/// Appends to a text, which cannot fail.
fn push(out: &mut String, what: std::fmt::Arguments<'_>) {
    let _never_fails = out.write_fmt(what);
}

/// Returns what to show of a guest in which something failed.
pub(super) fn details(column: &Column, told: &str, console: &str) -> String {
    let head = &column.head;
    let told = told::of_interest(told);
    format!("---- {head}: what it told\n{told}\n---- {head}: what its kernel said\n{console}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(head: &str, doctor: i32, outcome: Outcome, ended: Option<i32>) -> Column {
        let told = Told {
            doctor: Some(doctor),
            tests: vec![("live::a".to_owned(), outcome)],
            ended,
            left_out: vec!["PENDING, a case".to_owned()],
        };
        Column::new(head, "9.9-1", told, 0, Duration::from_secs(7), None)
    }

    #[test]
    fn a_table_shows_each_outcome_and_why_a_test_did_not_run() {
        let columns = [
            column("5.10", 0, Outcome::Passed, Some(0)),
            column("6.1", 1, Outcome::Skipped("no luck".to_owned()), Some(0)),
            column("7.3 lockdown", 0, Outcome::Unfinished, None),
        ];
        assert_eq!(
            table(&columns),
            "                      5.10    6.1     7.3 lockdown\n\
             execsnoop-tui doctor  pass    FAIL    pass\n\
             live::a               pass    skip1   HANGS\n\
             skip1: no luck\n\
             on 5.10, 6.1, 7.3 lockdown: PENDING, a case\n\
             5.10: Linux 9.9-1, 7 s\n\
             6.1: Linux 9.9-1, 7 s\n\
             7.3 lockdown: Linux 9.9-1, 7 s\n\
             7.3 lockdown: FAILED: the guest ended before its tests\n"
        );
        assert_eq!(
            columns.map(|column| column.failed()),
            [false, true, true],
            "a doctor that fails is a failure"
        );
    }

    #[test]
    fn a_guest_without_a_test_or_with_an_unexplained_status_failed() {
        let none = Told {
            doctor: Some(0),
            tests: Vec::new(),
            ended: Some(0),
            left_out: Vec::new(),
        };
        assert!(Column::new("x", "1", none, 0, Duration::ZERO, None).failed());
        assert!(column("x", 0, Outcome::Passed, Some(101)).failed());
        assert!(!column("x", 0, Outcome::Passed, Some(0)).failed());
    }
}
