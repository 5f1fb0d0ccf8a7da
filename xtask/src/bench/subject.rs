//! What is measured: this tool, with lines and with its screen, and those of its peers that are installed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::storm::{self, Seen};
use crate::shell::{capture, find_in_path, run};

/// How long a tool may take until it sees what is executed, and until it has ended.
const PATIENCE: Duration = Duration::from_secs(20);

/// The peers' programs, each with Debian's package that has it.
pub(super) const PEERS: [(&str, &str); 5] = [
    ("execsnoop", "libbpf-tools"),
    ("perf", "linux-perf"),
    ("bpftrace", "bpftrace"),
    ("forkstat", "forkstat"),
    ("extrace", "extrace"),
];

/// How a tool tells what it saw.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tells {
    /// Lines on standard output, with the arguments.
    Lines,
    /// Something that has no arguments, to a file of its own.
    NoArguments,
    /// On a screen, drawn in tmux.
    Screen,
}

/// A tool to measure.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) program: PathBuf,
    args: Vec<String>,
    tells: Tells,
    pub(super) own: bool,
}

/// Returns this tool, and the peers that are in PATH.
pub(super) fn all(tool: &Path) -> Vec<Subject> {
    let own = |name, args: &[&str], tells| Subject {
        name,
        program: tool.to_owned(),
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        tells,
        own: true,
    };
    let peer = |name, program: &str, args: &[&str], tells| {
        Some(Subject {
            name,
            program: find_in_path(program)?,
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            tells,
            own: false,
        })
    };
    let record = [
        "record",
        "-q",
        "-a",
        "-e",
        "sched:sched_process_exec",
        "-o",
        "perf.data",
    ];
    let mut subjects = vec![
        own("execsnoop-tui -o ndjson", &["-o", "ndjson"], Tells::Lines),
        own("execsnoop-tui, screen", &[], Tells::Screen),
    ];
    subjects.extend(peer("perf record", "perf", &record, Tells::NoArguments));
    subjects.extend(peer(
        "libbpf-tools execsnoop",
        "execsnoop",
        &[],
        Tells::Lines,
    ));
    subjects.extend(peer(
        "bpftrace execsnoop.bt",
        "execsnoop.bt",
        &[],
        Tells::Lines,
    ));
    subjects.extend(peer(
        "forkstat -e exec",
        "forkstat",
        &["-e", "exec"],
        Tells::Lines,
    ));
    subjects.extend(peer("extrace", "extrace", &[], Tells::Lines));
    subjects
}

/// A tool that runs.
pub(super) struct Running {
    child: Option<Child>,
    pub(super) pid: u32,
    output: PathBuf,
    tells: Tells,
    tmux: String,
}

impl Subject {
    /// Starts it, its output in `dir`.
    pub(super) fn start(&self, dir: &Path) -> Result<Running> {
        let output = dir.join("output");
        let tmux = format!("execsnoop-bench-{}", std::process::id());
        if self.tells == Tells::Screen {
            let mut command = Command::new("tmux");
            command.args(["-L", &tmux, "new-session", "-d", "-x", "120", "-y", "40"]);
            run(command.arg(format!("exec '{}'", self.program.display())))?;
            let mut list = Command::new("tmux");
            list.args(["-L", &tmux, "list-panes", "-F", "#{pane_pid}"]);
            let pid = capture(&mut list)?;
            return Ok(Running {
                child: None,
                pid: pid.trim().parse().context("tmux names no process")?,
                output,
                tells: self.tells,
                tmux,
            });
        }
        // Most peers need a tracefs that is mounted.
        let mount = "mount -t tracefs none /sys/kernel/tracing 2>/dev/null; exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--", "sh", "-c", mount, "sh"]);
        command.arg(&self.program).args(&self.args);
        let out = File::create(&output).context("the output cannot be created")?;
        let child = command
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} cannot be started", self.name))?;
        Ok(Running {
            pid: child.id(),
            child: Some(child),
            output,
            tells: self.tells,
            tmux,
        })
    }
}

impl Running {
    /// Waits until it sees what is executed, or long enough for one that tells it only later.
    pub(super) fn wait_until_it_sees(&self, program: &Path, own: bool) -> Result<()> {
        if !own {
            thread::sleep(Duration::from_millis(1500));
            return Ok(());
        }
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let mut probe = Command::new(program);
            probe.arg("sees").status().context("the tiny program")?;
            if self.text()?.contains("sees") {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("it told nothing within {} s", PATIENCE.as_secs())
    }

    /// Returns what it has told, or what is on its screen.
    fn text(&self) -> Result<String> {
        if self.tells == Tells::Screen {
            return capture(Command::new("tmux").args(["-L", &self.tmux, "capture-pane", "-p"]));
        }
        let bytes = fs::read(&self.output).context("the output cannot be read")?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Waits until what it tells no longer grows, so that the costs of all of it are counted.
    pub(super) fn settle(&self) -> Result<()> {
        let size = || -> Result<u64> {
            if self.tells == Tells::Screen {
                return Ok(0);
            }
            Ok(fs::metadata(&self.output)
                .context("the output is gone")?
                .len())
        };
        let mut before = size()?;
        loop {
            thread::sleep(Duration::from_millis(700));
            let now = size()?;
            if now == before {
                return Ok(());
            }
            before = now;
        }
    }

    /// Ends it; returns which execs of a storm it has told of, unless it tells no arguments.
    pub(super) fn stop(mut self) -> Result<Option<Seen>> {
        let screen = match self.tells {
            Tells::Screen => self.text()?,
            _ => String::new(),
        };
        run(Command::new("kill").args(["-INT", &self.pid.to_string()]))?;
        let began = Instant::now();
        while !self.has_ended()? {
            if began.elapsed() > PATIENCE {
                bail!("it did not end");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(match self.tells {
            Tells::NoArguments => None,
            Tells::Lines => Some(storm::seen(&self.text()?)),
            Tells::Screen => Some(Seen {
                execs: rows(&screen).context("the screen has no number of rows")?,
                ..Seen::default()
            }),
        })
    }

    fn has_ended(&mut self) -> Result<bool> {
        Ok(match &mut self.child {
            Some(child) => child
                .try_wait()
                .context("it cannot be waited for")?
                .is_some(),
            None => !Path::new(&format!("/proc/{}", self.pid)).exists(),
        })
    }
}

/// A tool that is left running ends with this.
impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It has ended already, as a rule.
            let _ = child.kill();
            let _ = child.wait();
        } else {
            let mut command = Command::new("tmux");
            let _ = command
                .args(["-L", &self.tmux, "kill-server"])
                .stderr(Stdio::null())
                .status();
        }
    }
}

/// Finds `12,345 rows` on the screen.
fn rows(screen: &str) -> Option<usize> {
    let (before, _) = screen.split_once(" rows")?;
    let number = before.rsplit(' ').next()?;
    number.replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_on_the_screen() {
        assert_eq!(
            rows(" [1 Events] 2 Tree       20,006 rows\n TIME"),
            Some(20_006)
        );
        assert_eq!(rows("nothing"), None);
    }
}
