//! What differs, in columns for people and as JSON for programs.

use super::key::times_into;
use super::{By, Change, Changed, Sums, Tally};
use crate::event::Session;
use crate::{cells, format, text};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

/// One of the two recordings.
#[derive(Debug)]
pub struct Side<'a> {
    /// Its file.
    pub name: &'a str,
    /// Of which machine it is.
    pub session: &'a Session,
    /// How long it lasted, ns.
    pub duration_ns: u64,
    /// What it has.
    pub tally: &'a Tally,
}

const TITLES: [&str; 6] = ["CHANGE", "COUNT", "FAILED", "MEDIAN", "P95", "WHY"];

/// Writes a table for people: the two recordings, what differs, and that in sum. Lines are cut to `width` cells if
/// there is one.
pub fn table(sides: [&Side<'_>; 2], changed: &[Changed<'_>], width: Option<usize>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (letter, side) in ["A", "B"].into_iter().zip(sides) {
        lines.push(of_side(letter, side));
    }
    lines.push(String::new());
    if changed.is_empty() {
        let (execs, _) = sides[0].tally.totals();
        let kinds = sides[0].tally.commands().count();
        lines.push(format!(
            "no difference: {} execs of {} commands in both",
            format::count(execs),
            format::count(kinds as u64)
        ));
    } else {
        let rows: Vec<_> = changed.iter().map(of_change).collect();
        let widest = |column: usize| {
            let cells = rows.iter().map(|row| row[column].width());
            cells.max().unwrap_or(0).max(TITLES[column].len())
        };
        let widths: [usize; 6] = std::array::from_fn(widest);
        lines.push(line(&TITLES.map(str::to_owned), &widths, "COMMAND"));
        for (row, changed) in rows.iter().zip(changed) {
            lines.push(line(row, &widths, changed.command));
        }
        lines.push(String::new());
        lines.push(in_sum(changed));
    }
    let mut out = String::new();
    for line in lines {
        match width {
            Some(width) => out.push_str(&cells::fit(&line, width, "…")),
            None => out.push_str(&line),
        }
        out.push('\n');
    }
    out
}

fn of_side(letter: &str, side: &Side<'_>) -> String {
    let (execs, failed) = side.tally.totals();
    let host = text::escape(side.session.host.as_bytes());
    let name = text::escape(side.name.as_bytes());
    let mut line = format!(
        "{letter}  {name}  {host}  {} execs, {} failed, in {}",
        format::count(execs),
        format::count(failed),
        format::duration(side.duration_ns)
    );
    if side.tally.lost > 0 {
        let lost = format::count(side.tally.lost);
        line.push_str(&format!("; {lost} events were lost, and are not in it"));
    }
    line
}

/// Returns the cells of a line, but for the command.
fn of_change(changed: &Changed<'_>) -> [String; 6] {
    let (a, b) = (&changed.a, &changed.b);
    let change = match (changed.change, changed.factor) {
        (Change::Slower | Change::Faster, Some(factor)) => {
            let times = factor.max(1.0 / factor);
            format!("{} {times:.1}×", changed.change.words())
        }
        (change, _) => change.words().to_owned(),
    };
    let count = |a: u64, b: u64| match (a, b) {
        (0, 0) => String::new(),
        (a, b) => both(Some(format::count(a)), Some(format::count(b))),
    };
    let time = |sums: &Sums, percent| sums.durations.percentile(percent).map(format::duration);
    let mut why = String::new();
    for (failure, before, now) in changed.failures() {
        if !why.is_empty() {
            why.push_str(", ");
        }
        why.push_str(&failure.words());
        match (before, now) {
            (0, now) => times_into(&mut why, now),
            (before, 0) => {
                times_into(&mut why, before);
                why.push_str(" before");
            }
            (before, now) if before == now => times_into(&mut why, now),
            (before, now) => why.push_str(&format!(
                " ×{}→{}",
                format::count(before),
                format::count(now)
            )),
        }
    }
    [
        change,
        count(a.count, b.count),
        count(a.failed(), b.failed()),
        both(time(a, 50), time(b, 50)),
        both(time(a, 95), time(b, 95)),
        why,
    ]
}

/// Returns two values in one cell: what was, and what is.
fn both(a: Option<String>, b: Option<String>) -> String {
    match (a, b) {
        (None, None) => String::new(),
        (a, b) if a == b => a.unwrap_or_default(),
        (a, b) => {
            let value = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            format!("{}→{}", value(a), value(b))
        }
    }
}

fn line(cells: &[String; 6], widths: &[usize; 6], command: &str) -> String {
    let mut line = String::new();
    for (place, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let pad = " ".repeat(width.saturating_sub(cell.width()));
        // Words stand at the left, figures at the right.
        match place {
            0 | 5 => line.push_str(&format!("{cell}{pad}  ")),
            _ => line.push_str(&format!("{pad}{cell}  ")),
        }
    }
    line.push_str(command);
    line
}

fn in_sum(changed: &[Changed<'_>]) -> String {
    let count = |change| changed.iter().filter(|c| c.change == change).count();
    let told = |change: Change| {
        let count = count(change);
        let words = match change {
            Change::Fails => "newly failing",
            Change::FailsMore => "failing more often",
            Change::Missing => "missing",
            Change::Added => "added",
            Change::Slower => "slower",
            Change::Count => "in another number",
            Change::FailsLess => "failing less often",
            Change::Faster => "faster",
        };
        (count > 0).then(|| format!("{} {words}", format::count(count as u64)))
    };
    let parts: Vec<_> = Change::ALL.into_iter().filter_map(told).collect();
    let all = format::count(changed.len() as u64);
    let word = if changed.len() == 1 {
        "command differs"
    } else {
        "commands differ"
    };
    format!("{all} {word}: {}", parts.join(", "))
}

/// Writes one JSON object a line: the two recordings, then each command that differs.
pub fn ndjson(sides: [&Side<'_>; 2], changed: &[Changed<'_>], by: By) -> String {
    let of_side = |side: &Side<'_>| {
        let (execs, failed) = side.tally.totals();
        json!({
            "file": side.name,
            "host": side.session.host,
            "kernel": side.session.kernel,
            "execs": execs,
            "failed": failed,
            "lost": side.tally.lost,
            "duration_ns": side.duration_ns,
        })
    };
    let mut out = format!(
        "{}\n",
        json!({"event": "diff", "by": by.word(), "changed": changed.len(), "a": of_side(sides[0]), "b": of_side(sides[1])})
    );
    for one in changed {
        let line = json!({
            "event": "changed",
            "change": one.change.words(),
            by.word(): one.command,
            "a": of_sums(&one.a),
            "b": of_sums(&one.b),
            "factor": one.factor,
        });
        out.push_str(&format!("{line}\n"));
    }
    out
}

fn of_sums(sums: &Sums) -> Value {
    let failures: serde_json::Map<_, _> = sums
        .failures
        .iter()
        .map(|(failure, count)| (failure.words(), json!(count)))
        .collect();
    json!({
        "count": sums.count,
        "failed": sums.failed(),
        "failures": failures,
        "p50_ns": sums.durations.percentile(50),
        "p95_ns": sums.durations.percentile(95),
    })
}
