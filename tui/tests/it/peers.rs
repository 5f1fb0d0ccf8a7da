//! Line mode beside the peers that it follows. `peers/record.sh` recorded one run of `peers/workload.sh` on Debian 12 with
//! Linux 6.1 by all of them at once; our lines are those of our recording of that run.

use crate::{product, utf8};
use regex::Regex;
use std::fs;
use std::path::PathBuf;

/// What a peer said under some flags.
struct Told {
    flags: Vec<String>,
    lines: Vec<String>,
}

fn path(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers");
    PathBuf::from(folder).join(name)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn peer(name: &str) -> Vec<Told> {
    let text = fs::read_to_string(path(name)).unwrap();
    let told = text.split("$ execsnoop").skip(1).map(|section| {
        let (flags, text) = section.split_once('\n').unwrap();
        Told {
            flags: flags.split_whitespace().map(str::to_owned).collect(),
            lines: lines(text),
        }
    });
    told.collect()
}

/// Returns our lines of the same run under the same flags.
fn ours(flags: &[String]) -> Vec<String> {
    let recording = path("recording.ndjson");
    let output = product()
        .args(["-o", "table", "-r", utf8(&recording)])
        .args(flags)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    lines(std::str::from_utf8(&output.stdout).unwrap())
}

/// Returns lines without what differs on purpose, and what differs from run to run.
///
/// - bcc and libbpf-tools cut an argument after 127 bytes.
/// - They cannot tell whether there were more arguments than they show: they put `...` behind the last one that fits (of
///   which bcc shows an empty argument on newer kernels), we only when some are missing.
/// - bcc escapes no backslash, so that its quotation marks cannot be read back.
/// - Time is when the lines were printed, and seconds count from each program's start.
fn alike(told: &[String]) -> Vec<String> {
    let time = Regex::new(r"^\d\d:\d\d:\d\d \d+\.\d{3} +").unwrap();
    let long = Regex::new(r"0{126,}").unwrap();
    let end = Regex::new(r#"( (" )?\.\.\.| ""| )?$"#).unwrap();
    let one = |line: &String| {
        let line = time.replace(line, "<times> ");
        let line = long.replace_all(&line, "<long>");
        end.replace(&line, "").replace(r"\\", r"\")
    };
    told.iter().map(one).collect()
}

fn words(lines: Vec<String>) -> Vec<Vec<String>> {
    let words = |line: String| line.split_whitespace().map(str::to_owned).collect();
    lines.into_iter().map(words).collect()
}

#[test]
fn bccs_lines_are_ours() {
    let told = peer("bcc.txt");
    assert_eq!(told.len(), 10);
    for Told { flags, lines } in told {
        assert!(lines.len() > 1, "{flags:?}");
        let ours = ours(&flags);
        assert_eq!(alike(&ours), alike(&lines), "{flags:?}");
    }
}

#[test]
fn words_of_libbpf_tools_are_ours() {
    // Its columns are narrower; -n and -l take no expression, and -q loses an empty argument.
    let as_bcc = |told: &Told| {
        !told
            .flags
            .iter()
            .any(|flag| ["-n", "-l", "-q"].contains(&&**flag))
    };
    let told: Vec<_> = peer("libbpf-tools.txt")
        .into_iter()
        .filter(as_bcc)
        .collect();
    assert_eq!(told.len(), 6);
    for Told { flags, lines } in told {
        let ours = ours(&flags);
        assert_eq!(words(alike(&ours)), words(alike(&lines)), "{flags:?}");
    }
}
