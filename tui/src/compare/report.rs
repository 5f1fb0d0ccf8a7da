//! Differences told: as a table for people, as lines of JSON for programs.

use super::{Difference, Sums, What};
use crate::{cells, format};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Cells of what stands before the command.
const LEFT: usize = 46;

/// Writes the differences as a table; lines are cut at `width` cells if it is given.
///
/// ```text
/// fails in B only (1)
///        3       3     12ms     98ms    8.2×  cc -c cart.c   exit 1 ×2
/// ```
///
/// # Errors
/// Those of `out`.
pub fn table(
    out: &mut dyn Write,
    differences: &[Difference<'_>],
    width: Option<usize>,
) -> io::Result<()> {
    if differences.is_empty() {
        return writeln!(
            out,
            "the same commands ran in both, as often, as long, and came to the same ends"
        );
    }
    let (a, b, p50_a, p50_b) = ("A", "B", "P50 A", "P50 B");
    writeln!(
        out,
        "{a:>8} {b:>8} {p50_a:>9} {p50_b:>9} {:>7}  COMMAND",
        ""
    )?;
    for (what, _, title) in What::ALL {
        let mut of_kind = differences.iter().filter(|one| one.what == what).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        let count = differences.iter().filter(|one| one.what == what).count();
        writeln!(out, "\n{title} ({})", format::count(count as u64))?;
        for one in of_kind {
            line(out, one, width)?;
        }
    }
    Ok(())
}

fn line(out: &mut dyn Write, one: &Difference<'_>, width: Option<usize>) -> io::Result<()> {
    let runs = |sums: Option<&Sums>| sums.map_or("-".to_owned(), |sums| format::count(sums.runs));
    let median = |sums: Option<&Sums>| {
        let ns = sums.and_then(Sums::median);
        ns.map_or("-".to_owned(), format::duration)
    };
    let ratio = one
        .ratio
        .map_or(String::new(), |ratio| format!("{ratio:.1}×"));
    let ends = ends(one);
    let gap = if ends.is_empty() { "" } else { "   " };
    let room = width.map(|width| width.saturating_sub(LEFT + cells::width(&ends) + gap.len()));
    let command = match room {
        Some(room) => cells::fit(
            one.command,
            room.max(16).min(cells::width(one.command)),
            "…",
        ),
        None => one.command.to_owned(),
    };
    writeln!(
        out,
        "{:>8} {:>8} {:>9} {:>9} {ratio:>7}  {command}{gap}{ends}",
        runs(one.a),
        runs(one.b),
        median(one.a),
        median(one.b),
    )
}

/// Tells the bad ends that are in one recording only, or in the only one that there is.
fn ends(one: &Difference<'_>) -> String {
    let bad = |sums: Option<&Sums>| sums.map(|sums| sums.bad.clone()).unwrap_or_default();
    let (of, than) = match one.what {
        What::Mended | What::Missing => (bad(one.a), bad(one.b)),
        _ => (bad(one.b), bad(one.a)),
    };
    let of = of.iter().filter(|(name, _)| !than.contains_key(*name));
    let words: Vec<_> = of
        .map(|(name, count)| match count {
            1 => name.clone(),
            n => format!("{name} ×{}", format::count(*n)),
        })
        .collect();
    words.join(", ")
}

/// Writes the differences as JSON, an object a line.
///
/// # Errors
/// Those of `out`.
pub fn write_ndjson(out: &mut dyn Write, differences: &[Difference<'_>]) -> io::Result<()> {
    let names = |what: What| What::ALL.into_iter().find(|(one, ..)| *one == what);
    for one in differences {
        let line = json!({
            "what": names(one.what).map(|(_, name, _)| name),
            "command": one.command,
            "a": one.a.map(sums),
            "b": one.b.map(sums),
            "ratio": one.ratio,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn sums(sums: &Sums) -> Value {
    json!({
        "runs": sums.runs,
        "bad": sums.bad,
        "p50_ns": sums.durations.percentile(50),
        "p95_ns": sums.durations.percentile(95),
    })
}
