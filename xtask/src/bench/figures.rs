//! Figures of several runs, and what `/proc` says of a process.

use std::fmt;
use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// What was measured in several runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures(Vec<f64>);

impl Figures {
    pub(super) fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// Returns the middle one, or the mean of the two in the middle.
    pub(super) fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let upper = *sorted.get(sorted.len() / 2)?;
        let lower = *sorted.get((sorted.len() - 1) / 2)?;
        Some(f64::midpoint(lower, upper))
    }

    fn least(&self) -> Option<f64> {
        self.0.iter().copied().reduce(f64::min)
    }

    fn most(&self) -> Option<f64> {
        self.0.iter().copied().reduce(f64::max)
    }

    pub(super) fn json(&self) -> Value {
        json!({ "median": self.median(), "min": self.least(), "max": self.most(), "runs": self.0 })
    }
}

/// `median [min..max]`, with as many digits as the formatter says; a dash if nothing was measured.
impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = out.precision().unwrap_or(2);
        match (self.median(), self.least(), self.most()) {
            (Some(median), Some(least), Some(most)) if least < most => {
                write!(out, "{median:.digits$} [{least:.digits$}..{most:.digits$}]")
            }
            (Some(median), ..) => write!(out, "{median:.digits$}"),
            _ => write!(out, "–"),
        }
    }
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// Time on a processor of all its threads that are still there, in ms.
    pub(super) cpu_ms: f64,
    /// What part of it was in the kernel's code, by the kernel's own split of all its threads.
    pub(super) system_part: Split,
    /// Times that a thread of it went to sleep.
    pub(super) sleeps: u64,
    /// Most memory that it ever had, in MB.
    pub(super) peak_mb: f64,
}

impl Usage {
    pub(super) fn of(pid: u32) -> Result<Self> {
        let (mut ns, mut sleeps) = (0, 0);
        let tasks = format!("/proc/{pid}/task");
        let entries = fs::read_dir(&tasks).with_context(|| format!("{tasks} cannot be read"))?;
        for task in entries.flatten() {
            // A thread may end in between.
            let read = |name| fs::read_to_string(task.path().join(name)).unwrap_or_default();
            let first = read("schedstat");
            ns += first
                .split(' ')
                .next()
                .and_then(|n| n.parse().ok())
                .unwrap_or(0_u64);
            sleeps += number(&read("status"), "voluntary_ctxt_switches:").unwrap_or(0);
        }
        let status = format!("/proc/{pid}/status");
        let status =
            fs::read_to_string(&status).with_context(|| format!("{status} cannot be read"))?;
        let peak = number(&status, "VmHWM:").unwrap_or(0);
        let stat = format!("/proc/{pid}/stat");
        let stat = fs::read_to_string(&stat).with_context(|| format!("{stat} cannot be read"))?;
        Ok(Self {
            cpu_ms: ns as f64 / 1e6,
            system_part: Split::read(&stat).context("/proc has another form than proc(5) says")?,
            sleeps,
            peak_mb: peak as f64 / 1024.0,
        })
    }
}

/// Ticks of a process's time on a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split {
    user: u64,
    system: u64,
}

impl Split {
    /// Reads `/proc/PID/stat`: fields 14 and 15 of proc(5).
    fn read(stat: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace().skip(11);
        let mut next = || fields.next()?.parse().ok();
        Some(Self {
            user: next()?,
            system: next()?,
        })
    }

    /// Returns which part of the time since an earlier look was the system's; `None` if there was none.
    pub(super) fn system_since(self, earlier: Self) -> Option<f64> {
        let (user, system) = (self.user - earlier.user, self.system - earlier.system);
        let all = user + system;
        (all > 0).then(|| system as f64 / all as f64)
    }
}

/// Sums the time of the kernel programs that a process holds, in ns. The kernel counts it only while
/// `kernel.bpf_stats_enabled` is on.
pub(super) fn program_ns(pid: u32) -> u64 {
    let dir = format!("/proc/{pid}/fdinfo");
    let texts = fs::read_dir(dir).into_iter().flatten().flatten();
    let texts = texts.filter_map(|entry| fs::read_to_string(entry.path()).ok());
    let mut of_programs = std::collections::BTreeMap::new();
    for text in texts {
        if let (Some(id), Some(ns)) = (number(&text, "prog_id:"), number(&text, "run_time_ns:")) {
            of_programs.insert(id, ns);
        }
    }
    of_programs.into_values().sum()
}

/// Finds the number after a name at the begin of a line.
fn number(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_a_middle_and_a_spread() {
        let mut figures = Figures::default();
        assert_eq!(format!("{figures}"), "–");
        figures.add(3.0);
        assert_eq!(format!("{figures:.1}"), "3.0");
        figures.add(1.0);
        assert_eq!(format!("{figures:.1}"), "2.0 [1.0..3.0]");
        figures.add(9.0);
        assert_eq!(figures.median(), Some(3.0));
    }

    #[test]
    fn time_is_split_in_two() {
        let line = |user: u64, system: u64| {
            format!("7 (a) b) S 1 1 1 0 -1 0 1 2 3 4 {user} {system} 0 0 20")
        };
        let split = |user, system| Split::read(&line(user, system)).expect("as proc(5) says");
        assert_eq!(split(40, 70).system_since(split(10, 60)), Some(0.25));
        assert_eq!(split(1, 1).system_since(split(1, 1)), None);
        assert_eq!(Split::read("7 (a"), None);
    }

    #[test]
    fn this_process_has_used_something() {
        let usage = Usage::of(std::process::id()).expect("there");
        assert!(usage.peak_mb > 0.5, "{usage:?}");
        assert_eq!(number("a:\t1\nVmHWM:\t  12 kB\n", "VmHWM:"), Some(12));
    }
}
