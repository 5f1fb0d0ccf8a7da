//! The doctor's trial: the probe is really attached, and has to see an exec of this program's own.

use crate::clock;
use crate::doctor::Trial;
use crate::event::Event;
use crate::source::probe::{Options, Probe};
use anyhow::{Context, Result, bail};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// How long the exec may take to come back as an event.
const PATIENCE: Duration = Duration::from_secs(5);

/// Attaches, executes something, and waits for it to come back.
///
/// # Errors
/// If the probe cannot be attached, or stays silent.
pub(super) fn run(options: &Options) -> Result<Trial> {
    super::runtime()?.block_on(async {
        let probe = Probe::attach(options)?;
        let mut trial = Trial {
            attach_ms: millis(probe.took),
            programs: probe.attached().iter().map(|name| ((*name).into(), "attached".into())).collect(),
            problems: probe.problems().to_vec(),
            ..Trial::default()
        };
        let (sender, mut batches) = mpsc::channel(64);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(probe.run(sender, stopped));
        let began = Instant::now();
        let name = format!("execsnoop-tui-trial-{}-{}", std::process::id(), clock::now_ns());
        execute(&name)?;
        let seen = async {
            while let Some(batch) = batches.recv().await {
                // By its name: this process may be in a pid namespace of its own.
                let ours = |event: &Event| {
                    matches!(event, Event::Exec(exec) if exec.args.iter().next() == Some(name.as_bytes()))
                };
                if batch.events.iter().any(ours) {
                    return true;
                }
            }
            false
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        trial.first_event_ms = millis(began.elapsed());
        drop(batches);
        // The task may have ended by itself, for want of a receiver.
        let _ = stop.send(());
        match seen {
            Ok(true) => Ok(trial),
            Ok(false) => match task.await.context("the capture was torn down")? {
                Err(error) => Err(error),
                Ok(()) => bail!("the capture ended before the trial's exec was seen"),
            },
            Err(_) => bail!(
                "the probe is attached but silent: an exec was not seen within {} s; please report the kernel's version",
                PATIENCE.as_secs()
            ),
        }
    })
}

/// Executes this program under a name; it prints its version and ends.
fn execute(name: &str) -> Result<()> {
    let mut command = Command::new("/proc/self/exe");
    command
        .arg0(name)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command
        .spawn()
        .context("cannot execute /proc/self/exe for the trial")?;
    child
        .wait()
        .context("cannot wait for the trial's process")?;
    Ok(())
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
