//! A storm of execs: two workers run a program that only ends, each time with the worker's name and a number.

use std::env;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// The workers' names, which open the arguments: `storm-a-17`.
const WORKERS: [&str; 2] = ["storm-a-", "storm-b-"];

/// How many execs, and how fast.
#[derive(Clone, Copy)]
pub(super) struct Storm {
    /// Of both workers together.
    pub(super) execs: usize,
    /// Execs a second; as many as there can be if there is none.
    pub(super) rate: Option<f64>,
}

impl Storm {
    /// Lets it happen; returns execs a second. Each worker is a process of its own: threads would wait for each
    /// other's memory at every exec.
    pub(super) fn blow(self, program: &Path) -> Result<f64> {
        let each = self.execs / WORKERS.len();
        let own = env::current_exe().context("the path of xtask itself is not known")?;
        let began = Instant::now();
        let mut workers = Vec::new();
        for name in WORKERS {
            let mut command = Command::new(&own);
            command.args(["storm", "--worker", name, "--execs", &each.to_string()]);
            command.arg("--program").arg(program);
            if let Some(rate) = self.rate {
                command.args(["--rate", &(rate / WORKERS.len() as f64).to_string()]);
            }
            workers.push(command.spawn().context("a worker cannot be started")?);
        }
        for mut worker in workers {
            let status = worker.wait().context("a worker cannot be waited for")?;
            ensure!(status.success(), "a worker failed ({status})");
        }
        let execs = (each * WORKERS.len()) as f64;
        Ok(execs / began.elapsed().as_secs_f64())
    }
}

/// Executes the program as often, the number behind the name.
pub(super) fn work(program: &Path, name: &str, storm: Storm) -> Result<()> {
    let began = Instant::now();
    for number in 0..storm.execs {
        if let Some(rate) = storm.rate {
            let due = Duration::from_secs_f64(number as f64 / rate);
            thread::sleep(due.saturating_sub(began.elapsed()));
        }
        let status = Command::new(program)
            .arg(format!("{name}{number}"))
            .env_clear()
            .status()
            .with_context(|| format!("the storm cannot run {}", program.display()))?;
        ensure!(status.success(), "{} failed ({status})", program.display());
    }
    Ok(())
}

/// What of a storm is in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Different execs.
    pub(super) execs: usize,
    /// Those seen again, once for each time.
    pub(super) again: usize,
    /// Those with a smaller number than one of the same worker before.
    pub(super) late: usize,
    /// The smallest number of any.
    pub(super) first: Option<usize>,
}

/// Looks for the execs of a storm in what a tool told of it.
pub(super) fn seen(text: &str) -> Seen {
    let mut seen = Seen::default();
    for name in WORKERS {
        let mut numbers = std::collections::HashSet::new();
        let mut highest = 0;
        for (at, _) in text.match_indices(name) {
            let rest = text.get(at + name.len()..).unwrap_or_default();
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let Some(number) = rest.get(..digits).and_then(|d| d.parse::<usize>().ok()) else {
                continue;
            };
            seen.late += usize::from(number < highest);
            highest = highest.max(number);
            seen.again += usize::from(!numbers.insert(number));
        }
        seen.execs += numbers.len();
        seen.first = seen.first.into_iter().chain(numbers).min();
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_doubled_or_late_is_seen() {
        let text = "x storm-a-3 storm-a-4\nstorm-b-7\" storm-b-7 storm-b-2 storm-a-\n";
        let expected = Seen {
            execs: 4,
            again: 1,
            late: 1,
            first: Some(2),
        };
        assert_eq!(seen(text), expected);
        assert_eq!(seen("nothing"), Seen::default());
    }
}
