//! A live capture, set up for whoever consumes it.

use crate::cli::Config;
use crate::event::Event;
use crate::model::Model;
use crate::resolve::Users;
use crate::source::probe::{Options, Probe, requirements};
use crate::source::{Batch, proc};
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Batches that may wait for their consumer; then the ring buffer holds what comes.
const BATCHES_WAITING: usize = 64;

/// A capture that runs.
pub(super) struct Capture {
    /// What comes; ends when the capture does.
    pub(super) batches: mpsc::Receiver<Batch>,
    /// What the probe could not do, a sentence each.
    pub(super) problems: Vec<String>,
    /// How long loading and attaching took.
    pub(super) took: Duration,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<()>>,
}

/// Attaches the probe; whatever is executed from then on is captured.
///
/// The model knows the processes that already run.
///
/// # Errors
/// Why it cannot be, and what to do: the first of the checks that is not met, if one is.
pub(super) fn start(config: &Config, args: &[OsString]) -> Result<(Capture, Model)> {
    let options = Options {
        ring_size: config.ring_size,
        btf: config.btf.clone(),
        exits: true,
        forks: config.forks,
    };
    let mut probe = Probe::attach(&options).map_err(|error| {
        let checks = super::checks(options.btf.as_deref(), options.ring_size, args);
        requirements::first_obstacle(&checks).unwrap_or(error)
    })?;
    let session = proc::session();
    let (problems, took) = (std::mem::take(&mut probe.problems), probe.took);
    let (sender, batches) = mpsc::channel(BATCHES_WAITING);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(probe.run(sender, stopped));
    let mut model = Model::new(session, Users::default(), config.history);
    model.seed(proc::running());
    Ok((
        Capture {
            batches,
            problems,
            took,
            stop: Some(stop),
            task,
        },
        model,
    ))
}

impl Capture {
    /// Takes the probe out of the kernel; what is still in the ring is handed over.
    pub(super) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // If the task is already gone, there is nothing to stop.
            let _ = stop.send(());
        }
    }

    /// Waits for the task to end, once the batches have.
    ///
    /// # Errors
    /// If the task could not go on.
    pub(super) async fn end(self) -> Result<()> {
        drop(self.batches);
        self.task.await.context("the capture was torn down")?
    }
}

/// Takes note of the users that events name.
pub(super) fn learn_users(model: &mut Model, events: &[Event]) {
    for event in events {
        if let Event::Exec(exec) = event {
            let ids = [Some(exec.uid), exec.euid, exec.loginuid];
            ids.into_iter()
                .flatten()
                .for_each(|uid| model.users.learn(uid));
        }
    }
}

/// The signals that end the program.
pub(super) struct Stops {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Stops {
    /// Takes these signals over from their defaults.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for any of them.
    pub(super) async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
