//! `bench`: what this tool and its peers cost, side by side in one run.

mod figures;
mod recordings;
mod storm;
mod subject;

#[path = "../../tui/tests/it/elf.rs"]
mod elf;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use self::figures::{Figures, Usage, program_ns};
use self::storm::Storm;
use self::subject::Subject;
use crate::apt;
use crate::shell::{cargo, is_root, run as run_command, say, work_dir};

/// What is to be measured, and how often.
#[derive(Args)]
pub(crate) struct Options {
    /// Runs of each, in turns.
    #[arg(long, value_name = "N", default_value_t = 5)]
    runs: usize,
    /// Execs in a storm.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    execs: usize,
    /// Only tools whose name holds one of these.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Measure recordings instead: opened on a screen, and streamed. Needs no root.
    #[arg(long)]
    recordings: bool,
    /// Events in a recording.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    events: usize,
    /// Print JSON and no table.
    #[arg(long)]
    json: bool,
    /// Install Debian's packages of the peers first.
    #[arg(long)]
    install_peers: bool,
}

/// A storm on its own.
#[derive(Args)]
pub(crate) struct StormOptions {
    /// Execs of two workers together.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    execs: usize,
    /// Execs a second; as many as there can be if it is left out.
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// Be one worker, of this name.
    #[arg(long, hide = true, requires = "program")]
    worker: Option<String>,
    /// What it executes.
    #[arg(long, hide = true)]
    program: Option<PathBuf>,
}

/// What was found of a tool.
#[derive(Default)]
struct Found {
    /// Execs a second with it, as part of those without it right before.
    ratio: Figures,
    captured: Figures,
    again: Figures,
    late: Figures,
    cpu: Figures,
    system: Figures,
    peak_mb: Figures,
    kernel_us: Figures,
    cpu_at_a_thousand: Figures,
    captured_in_spite: Figures,
    start_ms: Figures,
    sleeps: Figures,
}

/// Execs a second of the run that is not as fast as can be.
const THOUSAND: f64 = 1000.0;

/// How long user space is stopped, and the execs a second meanwhile.
const STALL: Duration = Duration::from_secs(2);
const STALL_RATE: f64 = 10_000.0;

/// How long an idle tool is watched.
const IDLE: Duration = Duration::from_secs(5);

/// Lets a storm happen, and says how fast it was.
pub(crate) fn storm(options: &StormOptions) -> Result<()> {
    let storm = Storm {
        execs: options.execs,
        rate: options.rate,
    };
    if let (Some(name), Some(program)) = (&options.worker, &options.program) {
        return storm::work(program, name, storm);
    }
    let rate = storm.blow(&tiny()?)?;
    println!("{} execs, {rate:.0} a second", options.execs);
    Ok(())
}

/// Measures all of them, and prints a table or JSON.
pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!(
        is_root() || options.recordings,
        "tracing needs root: run it with sudo -E"
    );
    if options.install_peers {
        for (program, package) in subject::PEERS {
            apt::system_program(program, &[package])?;
        }
    }
    run_command(cargo().args(["build", "--release", "--locked", "--package", TOOL]))?;
    let tool = crate::run::release_dir()?.join(TOOL);
    if options.recordings {
        return recordings::measure(&tool, options.events, options.runs, options.json);
    }
    let mut subjects = subject::all(&tool);
    let asked = |subject: &Subject| {
        options.only.is_empty()
            || options
                .only
                .iter()
                .any(|name| subject.name.contains(&**name))
    };
    subjects.retain(asked);
    ensure!(!subjects.is_empty(), "no tool is called so");
    let bench = Bench {
        tiny: tiny()?,
        dir: work_dir().join("bench"),
        execs: options.execs,
    };
    let mut found: Vec<_> = subjects.iter().map(|_| Found::default()).collect();
    for turn in 1..=options.runs {
        say(&format!("run {turn} of {}", options.runs));
        for (subject, found) in subjects.iter().zip(&mut found) {
            bench
                .measure(subject, found)
                .with_context(|| subject.name.to_owned())?;
        }
    }
    if options.json {
        let all = subjects.iter().zip(&found).map(|(s, f)| in_json(s, f));
        println!("{:#}", Value::from_iter(all));
    } else {
        print_table(&subjects, &found, options);
    }
    Ok(())
}

const TOOL: &str = "execsnoop-tui";

fn tiny() -> Result<PathBuf> {
    let dir = work_dir().join("bench");
    fs::create_dir_all(&dir).with_context(|| format!("{} cannot be created", dir.display()))?;
    elf::write(&dir).context("the program of the storm cannot be written")
}

/// What all measurements have in common.
struct Bench {
    tiny: PathBuf,
    dir: PathBuf,
    execs: usize,
}

impl Bench {
    fn measure(&self, subject: &Subject, found: &mut Found) -> Result<()> {
        self.storm(subject, found)?;
        self.programs(subject, found)?;
        self.thousand(subject, found)?;
        if subject.own {
            self.stall(subject, found)?;
        }
        self.start(subject, found)
    }

    fn started(&self, subject: &Subject) -> Result<subject::Running> {
        let running = subject.start(&self.dir)?;
        running.wait_until_it_sees(&self.tiny, subject.own)?;
        Ok(running)
    }

    fn blow(&self, execs: usize, rate: Option<f64>) -> Result<f64> {
        Storm { execs, rate }.blow(&self.tiny)
    }

    /// As many execs as there can be: without the tool, then with it.
    fn storm(&self, subject: &Subject, found: &mut Found) -> Result<()> {
        let without = self.blow(self.execs, None)?;
        let running = self.started(subject)?;
        let before = Usage::of(running.pid)?;
        let with = self.blow(self.execs, None)?;
        running.settle()?;
        let after = Usage::of(running.pid)?;
        found.ratio.add(with / without);
        found.peak_mb.add(after.peak_mb);
        let cpu_ms = after.cpu_ms - before.cpu_ms;
        found.cpu.add(cpu_ms / self.execs as f64 * 1000.0);
        if let Some(part) = after.system_part.system_since(before.system_part) {
            found.system.add(100.0 * part);
        }
        if let Some(seen) = running.stop()? {
            found.captured.add(percent(seen.execs, self.execs));
            found.again.add(seen.again as f64);
            found.late.add(seen.late as f64);
        }
        Ok(())
    }

    /// What its kernel programs take, by the kernel's own count, which costs something itself.
    fn programs(&self, subject: &Subject, found: &mut Found) -> Result<()> {
        let counting = Counting::on()?;
        let running = self.started(subject)?;
        let before = program_ns(running.pid);
        let execs = self.execs / 4;
        self.blow(execs, None)?;
        let ns = program_ns(running.pid) - before;
        drop(counting);
        if ns > 0 {
            found.kernel_us.add(ns as f64 / execs as f64 / 1000.0);
        }
        running.stop()?;
        Ok(())
    }

    /// At a rate that is slow for a machine, and fast for a person; and nothing at all before.
    fn thousand(&self, subject: &Subject, found: &mut Found) -> Result<()> {
        let running = self.started(subject)?;
        thread::sleep(Duration::from_secs(1));
        let idle = Usage::of(running.pid)?;
        thread::sleep(IDLE);
        let before = Usage::of(running.pid)?;
        found
            .sleeps
            .add((before.sleeps - idle.sleeps) as f64 / IDLE.as_secs_f64());
        let execs = 3000;
        self.blow(execs, Some(THOUSAND))?;
        running.settle()?;
        let after = Usage::of(running.pid)?;
        let cpu_ms = after.cpu_ms - before.cpu_ms;
        found.cpu_at_a_thousand.add(cpu_ms / execs as f64 * 1000.0);
        running.stop()?;
        Ok(())
    }

    /// With user space stopped for a while.
    fn stall(&self, subject: &Subject, found: &mut Found) -> Result<()> {
        let running = self.started(subject)?;
        let pid = running.pid.to_string();
        let execs = (STALL_RATE * STALL.as_secs_f64()) as usize;
        run_command(Command::new("kill").args(["-STOP", &pid]))?;
        let began = Instant::now();
        let blown = self.blow(execs, Some(STALL_RATE));
        thread::sleep(STALL.saturating_sub(began.elapsed()));
        run_command(Command::new("kill").args(["-CONT", &pid]))?;
        blown?;
        running.settle()?;
        if let Some(seen) = running.stop()? {
            found.captured_in_spite.add(percent(seen.execs, execs));
        }
        Ok(())
    }

    /// From its start to the first exec that it tells of; those are a ms apart.
    fn start(&self, subject: &Subject, found: &mut Found) -> Result<()> {
        let began = Instant::now();
        let running = subject.start(&self.dir)?;
        let lag = began.elapsed();
        self.blow(3000, Some(2.0 * THOUSAND))?;
        if let Some(first) = running.stop()?.and_then(|seen| seen.first) {
            found
                .start_ms
                .add(lag.as_secs_f64() * 1000.0 + first as f64);
        }
        Ok(())
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part.min(whole) as f64 / whole as f64
}

/// The kernel counts the time of its programs while this is there.
struct Counting {
    before: String,
}

impl Counting {
    const SWITCH: &str = "/proc/sys/kernel/bpf_stats_enabled";

    fn on() -> Result<Self> {
        let before = fs::read_to_string(Self::SWITCH).context(Self::SWITCH)?;
        fs::write(Self::SWITCH, "1").context(Self::SWITCH)?;
        Ok(Self { before })
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        if let Err(error) = fs::write(Self::SWITCH, &self.before) {
            say(&format!("{} stays on: {error}", Self::SWITCH));
        }
    }
}

fn size_bytes(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |meta| meta.len())
}

fn print_table(subjects: &[Subject], found: &[Found], options: &Options) {
    println!(
        "{} runs of {} execs by two workers; median [least..most]\n",
        options.runs, options.execs
    );
    println!(
        "| tool | storm, × without | seen, % | doubled | out of order | CPU ms/1000 execs | of it in the kernel, % | the same at 1,000/s | \
         kernel µs/exec | seen after 2 s stopped, % | start to first exec, ms | idle wake-ups/s | peak MB | program, KB |"
    );
    println!("|{}", " --- |".repeat(14));
    for (subject, found) in subjects.iter().zip(found) {
        println!(
            "| {} | {:.3} | {:.2} | {:.0} | {:.0} | {:.1} | {:.0} | {:.1} | {:.1} | {:.2} | {:.0} | {:.1} | {:.1} | {} |",
            subject.name,
            found.ratio,
            found.captured,
            found.again,
            found.late,
            found.cpu,
            found.system,
            found.cpu_at_a_thousand,
            found.kernel_us,
            found.captured_in_spite,
            found.start_ms,
            found.sleeps,
            found.peak_mb,
            size_bytes(&subject.program) / 1024,
        );
    }
}

fn in_json(subject: &Subject, found: &Found) -> Value {
    json!({
        "tool": subject.name,
        "storm_ratio": found.ratio.json(),
        "captured_percent": found.captured.json(),
        "doubled": found.again.json(),
        "out_of_order": found.late.json(),
        "cpu_ms_per_1000_execs": found.cpu.json(),
        "cpu_system_percent": found.system.json(),
        "cpu_ms_per_1000_execs_at_1000_per_s": found.cpu_at_a_thousand.json(),
        "kernel_us_per_exec": found.kernel_us.json(),
        "captured_percent_stopped_2_s": found.captured_in_spite.json(),
        "start_to_first_exec_ms": found.start_ms.json(),
        "idle_wakeups_per_s": found.sleeps.json(),
        "peak_mb": found.peak_mb.json(),
        "program_kb": size_bytes(&subject.program) / 1024,
    })
}
