//! Recordings: how large they are, how soon one is on the screen, how fast it streams, and what memory that takes.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::figures::{Figures, Usage};
use super::{TOOL, size_bytes};
use crate::shell::{capture, cargo, run, say, work_dir};

/// What a recording is written as: how it is called, and the ending of its file.
const FORMS: [(&str, &str); 3] = [("plain", ""), ("zstd", ".zst"), ("gzip", ".gz")];

/// Entries that are kept where memory is to be small.
const FEW: &str = "10000";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often is looked.
const LOOK: Duration = Duration::from_millis(5);

/// What was found of one form.
#[derive(Default)]
struct Found {
    bytes: u64,
    shown_s: Figures,
    shown_mb: Figures,
    shown_of_few_mb: Figures,
    told_per_s: Figures,
    told_mb: Figures,
    told_of_few_mb: Figures,
}

/// Writes a recording of the made-up capture in all forms, and measures each.
pub(super) fn measure(tool: &Path, events: usize, runs: usize, as_json: bool) -> Result<()> {
    let dir = work_dir().join("bench");
    fs::create_dir_all(&dir).with_context(|| format!("{} cannot be created", dir.display()))?;
    let plain = dir.join("recording.ndjson");
    let mut write = cargo();
    write.args(["bench", "--quiet", "--locked", "--package", TOOL]);
    write.args(["--bench", "recording", "--"]).arg(&plain);
    run(write.arg(events.to_string()))?;
    let execs = execs(&plain)?;
    let mut found = FORMS.map(|_| Found::default());
    for turn in 1..=runs {
        say(&format!("run {turn} of {runs}"));
        for ((name, ending), found) in FORMS.iter().zip(&mut found) {
            let path = plain.with_extension(format!("ndjson{ending}"));
            found.bytes = size_bytes(&path);
            let measured = found.add(tool, &path, events, execs);
            measured.with_context(|| format!("the {name} recording"))?;
        }
    }
    if as_json {
        let all = FORMS.iter().zip(&found);
        let all = all.map(|((name, _), found)| found.json(name, events));
        println!("{:#}", Value::from_iter(all));
    } else {
        print_table(&found, events, runs);
    }
    Ok(())
}

impl Found {
    fn add(&mut self, tool: &Path, path: &Path, events: usize, execs: u64) -> Result<()> {
        let (seconds, peak_mb) = show(tool, path, execs, &[])?;
        self.shown_s.add(seconds);
        self.shown_mb.add(peak_mb);
        let (_, peak_mb) = show(tool, path, execs, &["--history", FEW])?;
        self.shown_of_few_mb.add(peak_mb);
        let (seconds, peak_mb) = tell(tool, path, &[])?;
        self.told_per_s.add(events as f64 / seconds);
        self.told_mb.add(peak_mb);
        let (_, peak_mb) = tell(tool, path, &["--history", FEW])?;
        self.told_of_few_mb.add(peak_mb);
        Ok(())
    }

    fn json(&self, name: &str, events: usize) -> Value {
        json!({
            "recording": name,
            "bytes_per_event": self.bytes as f64 / events as f64,
            "on_screen_s": self.shown_s.json(),
            "on_screen_peak_mb": self.shown_mb.json(),
            "on_screen_of_10000_peak_mb": self.shown_of_few_mb.json(),
            "ndjson_events_per_s": self.told_per_s.json(),
            "ndjson_peak_mb": self.told_mb.json(),
            "ndjson_of_10000_peak_mb": self.told_of_few_mb.json(),
        })
    }
}

fn print_table(found: &[Found], events: usize, runs: usize) {
    println!("a recording of {events} events, {runs} runs; median [least..most]\n");
    println!(
        "| recording | bytes an event | whole on the screen after, s | peak MB | the same with --history {FEW} | -o ndjson, events/s | \
         peak MB | the same with --history {FEW} |"
    );
    println!("|{}", " --- |".repeat(8));
    for ((name, _), found) in FORMS.iter().zip(found) {
        println!(
            "| {name} | {:.0} | {:.2} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} |",
            found.bytes as f64 / events as f64,
            found.shown_s,
            found.shown_mb,
            found.shown_of_few_mb,
            found.told_per_s,
            found.told_mb,
            found.told_of_few_mb,
        );
    }
}

/// Returns how many successful execs a recording has by its last line.
fn execs(path: &Path) -> Result<u64> {
    let last = capture(Command::new("tail").args(["-n", "1"]).arg(path))?;
    let end: Value = serde_json::from_str(&last).context("the recording's end is no JSON")?;
    let execs = end.get("exec").and_then(Value::as_u64);
    execs.context("the recording's end has no number of execs")
}

/// Writes all of a recording as ndjson, to nowhere; returns how many seconds that takes, and the most memory in MB.
fn tell(tool: &Path, path: &Path, options: &[&str]) -> Result<(f64, f64)> {
    let began = Instant::now();
    let mut child = Command::new(tool)
        .args(["-o", "ndjson", "-r"])
        .arg(path)
        .args(options)
        .stdout(Stdio::null())
        .spawn()
        .context("it cannot be started")?;
    let mut peak_mb = 0.0;
    while !ended(&mut child)? {
        // One that has just ended has no memory to look at.
        peak_mb = Usage::of(child.id()).map_or(peak_mb, |usage| usage.peak_mb.max(peak_mb));
        if began.elapsed() > PATIENCE {
            child.kill().context("it cannot be ended")?;
        }
        thread::sleep(LOOK);
    }
    Ok((began.elapsed().as_secs_f64(), peak_mb))
}

fn ended(child: &mut Child) -> Result<bool> {
    let status = child.try_wait().context("it cannot be waited for")?;
    ensure!(status.is_none_or(|status| status.success()), "it failed");
    Ok(status.is_some())
}

/// Opens a recording on a screen; returns the seconds from the start of tmux to the first picture that counts all
/// execs, and the most memory in MB.
fn show(tool: &Path, path: &Path, execs: u64, options: &[&str]) -> Result<(f64, f64)> {
    let screen = Screen::new();
    let wanted = format!(" {} execs", with_commas(execs));
    let began = Instant::now();
    let (tool, path, options) = (tool.display(), path.display(), options.join(" "));
    let mut start = screen.tmux(&["new-session", "-d", "-x", "120", "-y", "40"]);
    run(start.arg(format!("exec '{tool}' -r '{path}' {options}")))?;
    let pid = capture(&mut screen.tmux(&["list-panes", "-F", "#{pane_pid}"]))?;
    let pid = pid.trim().parse().context("tmux names no process")?;
    loop {
        let shown = capture(&mut screen.tmux(&["capture-pane", "-p"]))?;
        if shown.contains(&wanted) {
            let seconds = began.elapsed().as_secs_f64();
            return Ok((seconds, Usage::of(pid)?.peak_mb));
        }
        if began.elapsed() > PATIENCE {
            bail!("`{wanted}` is not on the screen:\n{shown}");
        }
        thread::sleep(LOOK);
    }
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A server of tmux that ends with this.
struct Screen {
    socket: String,
}

impl Screen {
    fn new() -> Self {
        // One that has just been ended may not be gone yet.
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self {
            socket: format!("execsnoop-recordings-{}-{number}", std::process::id()),
        }
    }

    fn tmux(&self, args: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-L", &self.socket]).args(args);
        command
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let mut kill = self.tmux(&["kill-server"]);
        // It may have ended already.
        let _ = kill.stderr(Stdio::null()).status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_on_the_screen() {
        assert_eq!(with_commas(7), "7");
        assert_eq!(with_commas(500_280), "500,280");
        assert_eq!(with_commas(1_000_000), "1,000,000");
    }
}
