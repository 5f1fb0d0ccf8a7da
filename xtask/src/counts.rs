//! `counts`: instructions that the library's work takes, counted by valgrind and compared with the kept numbers.
//!
//! Times of a busy machine hide what a change costs; the number of instructions is nearly the same each time. It changes with the
//! compiler, so the kept file names the one it is from.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::shell::{
    capture, cargo, find_in_path, is_root, root, run as run_command, say, work_dir,
};

/// The package of the library, its program with the cases, and the file of the kept numbers.
const PACKAGE: &str = "execsnoop-tui";
const BENCH: &str = "counted";
const KEPT: &str = "tui/benches/counts.txt";

/// The program that counts, which is also the name of Debian's package.
const VALGRIND: &str = "valgrind";

/// By which share a count may differ from the kept one.
const TOLERANCE: f64 = 0.03;

/// Counts every case and compares, or writes the file of the kept numbers anew.
pub(crate) fn run(update: bool) -> Result<()> {
    let valgrind = find_valgrind()?;
    let program = build()?;
    let cases = capture(&mut Command::new(&program))?;
    let dir = work_dir().join("counts");
    fs::create_dir_all(&dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    let compiler = capture(Command::new("rustc").arg("-V").current_dir(root()))?;
    let path = root().join(KEPT);
    let text = if update {
        String::new()
    } else {
        fs::read_to_string(&path).with_context(|| {
            format!("{KEPT} cannot be read: `cargo xtask counts --update` makes it")
        })?
    };
    let kept = parse(&text)?;
    let mut now = Vec::new();
    for case in cases.lines() {
        say(&format!("counts: {case}"));
        now.push((case, count(&valgrind, &program, case, &dir)?));
    }
    if update {
        fs::write(&path, shown(&now, &compiler))
            .with_context(|| format!("{KEPT} cannot be written"))?;
        say(&format!("{KEPT} is written"));
        return Ok(());
    }
    let (table, off) = compare(&kept, &now);
    print!("{table}");
    if off.is_empty() {
        return Ok(());
    }
    if !text.contains(compiler.trim()) {
        say(&format!(
            "{KEPT} IS FROM ANOTHER COMPILER than this {}: that alone changes counts",
            compiler.trim()
        ));
    }
    bail!(
        "over {:.0} % off, up or down: {}; if that is meant, `cargo xtask counts --update` renews {KEPT}",
        TOLERANCE * 100.0,
        off.join(", ")
    )
}

/// Finds valgrind, or has Debian's package installed.
fn find_valgrind() -> Result<PathBuf> {
    if let Some(program) = find_in_path(VALGRIND) {
        return Ok(program);
    }
    if is_root() && find_in_path("apt-get").is_some() {
        say(&format!("installing {VALGRIND}"));
        let apt_get = || {
            let mut command = Command::new("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
            command
        };
        let updated = capture(apt_get().arg("update"));
        let install = ["install", "--yes", "--no-install-recommends", VALGRIND];
        updated
            .and_then(|_| capture(apt_get().args(install)))
            .with_context(|| format!("{VALGRIND} cannot be installed"))?;
    }
    find_in_path(VALGRIND).with_context(|| {
        format!("{VALGRIND} is not in PATH: install it (Debian and Ubuntu: `apt-get install {VALGRIND}`)")
    })
}

/// Builds the program with the cases and returns where it is.
fn build() -> Result<PathBuf> {
    let bench = || {
        let mut command = cargo();
        command.args(["bench", "--locked", "--package", PACKAGE, "--bench", BENCH]);
        command.arg("--no-run");
        command
    };
    run_command(&mut bench())?;
    let messages = capture(bench().args(["--message-format", "json"]))?;
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let program = message["executable"].as_str()?;
        (message["target"]["name"] == BENCH).then(|| PathBuf::from(program))
    };
    messages
        .lines()
        .find_map(executable)
        .with_context(|| format!("cargo does not say where it built the benchmark {BENCH}"))
}

/// Counts the instructions of one case.
fn count(valgrind: &Path, program: &Path, case: &str, dir: &Path) -> Result<u64> {
    let out = dir.join(format!("{case}.callgrind"));
    let mut command = Command::new(valgrind);
    command
        .args(["--tool=callgrind", "--toggle-collect=*counted_case*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .arg(case);
    capture(&mut command)?;
    let profile =
        fs::read_to_string(&out).with_context(|| format!("valgrind left no {}", out.display()))?;
    let count = total(&profile).with_context(|| format!("{} tells no total", out.display()))?;
    ensure!(
        count > 0,
        "nothing of {case} was counted: is `counted_case` still there?"
    );
    Ok(count)
}

/// Reads the sum of a callgrind profile.
fn total(profile: &str) -> Option<u64> {
    let line = profile
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    line?.trim().parse().ok()
}

/// Reads the file of the kept numbers: a case and its count each line, and comments.
fn parse(text: &str) -> Result<BTreeMap<&str, u64>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (case, count) = line.split_once(' ').unwrap_or((line, ""));
            let count = count.parse().ok();
            Ok((
                case,
                count.with_context(|| format!("{KEPT}: `{line}` is not a case and its count"))?,
            ))
        })
        .collect()
}

fn shown(counts: &[(&str, u64)], compiler: &str) -> String {
    let mut text = format!(
        "# Instructions of the cases of counted.rs, by {}: `cargo xtask counts --update` renews them.\n",
        compiler.trim()
    );
    for (case, count) in counts {
        _ = writeln!(text, "{case} {count}");
    }
    text
}

/// Makes the table of all cases; returns it with the names of those that are off.
fn compare(kept: &BTreeMap<&str, u64>, now: &[(&str, u64)]) -> (String, Vec<String>) {
    let mut table = format!("{:<26}{:>14}{:>14}{:>8}\n", "case", "kept", "now", "ratio");
    let mut off = Vec::new();
    for (case, count) in now {
        let Some(old) = kept.get(case) else {
            _ = writeln!(
                table,
                "{case:<26}{:>14}{count:>14}{:>8}  not kept yet",
                "-", "-"
            );
            off.push((*case).to_owned());
            continue;
        };
        let ratio = *count as f64 / *old as f64;
        let is_off = (ratio - 1.0).abs() > TOLERANCE;
        let mark = match ratio {
            _ if !is_off => "",
            ratio if ratio > 1.0 => "  over",
            _ => "  under",
        };
        _ = writeln!(table, "{case:<26}{old:>14}{count:>14}{ratio:>8.3}{mark}");
        if is_off {
            off.push((*case).to_owned());
        }
    }
    let gone = kept
        .iter()
        .filter(|(case, _)| now.iter().all(|(other, _)| other != *case));
    for (case, old) in gone {
        _ = writeln!(table, "{case:<26}{old:>14}{:>14}{:>8}  gone", "-", "-");
        off.push((*case).to_owned());
    }
    (table, off)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = shown(&[("decode", 12), ("ndjson", 34)], "rustc 1.95.0\n");
        let kept = parse(&text).unwrap();
        assert_eq!(kept, BTreeMap::from([("decode", 12), ("ndjson", 34)]));
        assert!(text.contains("rustc 1.95.0"));
        assert!(parse("decode many\n").is_err() && parse("decode\n").is_err());
    }

    #[test]
    fn up_down_new_and_gone_are_off() {
        let kept = BTreeMap::from([("same", 1_000), ("up", 1_000), ("down", 1_000), ("gone", 1)]);
        let (table, off) = compare(
            &kept,
            &[("same", 1_029), ("up", 1_031), ("down", 969), ("new", 5)],
        );
        assert_eq!(off, ["up", "down", "new", "gone"]);
        assert_eq!(table.lines().count(), 6, "{table}");
    }

    #[test]
    fn the_sum_of_a_profile_is_found() {
        assert_eq!(
            total("events: Ir\nfn=(1) a\n5 6\n\ntotals: 123\n"),
            Some(123)
        );
        assert_eq!(total("events: Ir\n"), None);
    }
}
