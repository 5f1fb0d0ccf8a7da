//! A live capture, set up for whoever consumes it.

use super::command::Started;
use super::pace::Passing;
use super::privileges::{self, Kept};
use super::{only, replay};
use crate::cli::{Config, Source};
use crate::event::Event;
use crate::model::Model;
use crate::redact::{Original, Redactor, Which};
use crate::resolve::Users;
use crate::source::probe::{Options, Probe, requirements};
use crate::source::{Batch, proc};
use anyhow::{Context, Result, anyhow};
use nix::errno::Errno;
use nix::sys::signal::Signal as NixSignal;
use std::ffi::OsString;
use std::task::Poll;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Batches that may wait for their consumer; then the ring buffer holds what comes.
const BATCHES_WAITING: usize = 64;

/// Says so if an error comes of a limit on open files.
fn too_few_files(error: &anyhow::Error) -> Option<anyhow::Error> {
    let emfile = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.and_then(std::io::Error::raw_os_error) == Some(Errno::EMFILE as i32)
    };
    error.chain().any(emfile).then(|| {
        anyhow!("the limit on open files is too low: raise it in this shell with `ulimit -n 256`")
    })
}

/// A capture that runs.
pub(super) struct Capture {
    /// What comes; ends when the capture does.
    pub(super) batches: mpsc::Receiver<Batch>,
    /// What the probe could not do, a sentence each.
    pub(super) problems: Vec<String>,
    /// How long loading and attaching took.
    pub(super) took: Duration,
    /// Whether the users that it names are this machine's.
    pub(super) knows_users: bool,
    pub(super) feed: Feed,
    /// What masks secrets, if they are to be masked.
    pub(super) redactor: Option<Redactor>,
}

/// Where the batches come from.
pub(super) enum Feed {
    /// The probe, by a task of its own.
    Probe {
        stop: Option<oneshot::Sender<()>>,
        task: JoinHandle<Result<()>>,
    },
    /// A recording, by a thread that ends once nobody listens; how its time passes.
    Recording { time: Passing },
}

/// As [`start`], unless a signal comes before: a recording may come from somewhere where there is none yet.
///
/// # Errors
/// As [`start`].
pub(super) async fn start_unless_stopped(
    config: &Config,
    args: &[OsString],
    command: Option<&Started>,
    stops: &mut Stops,
) -> Result<Option<(Capture, Model)>> {
    tokio::select! {
        started = start(config, args, command) => started.map(Some),
        _ = stops.recv() => Ok(None),
    }
}

/// Opens the recording that is asked for, or attaches the probe; whatever is executed from then on is captured.
///
/// The model knows the processes that already run. The rights that all this needs are given up then.
///
/// # Errors
/// Why it cannot be, and what to do: the first of the checks that is not met, if one is.
async fn start(
    config: &Config,
    args: &[OsString],
    command: Option<&Started>,
) -> Result<(Capture, Model)> {
    match &config.source {
        Source::Live => {}
        Source::Recording(paths) => return redacted(config, replay::start(config, paths).await?),
        Source::Demo => return redacted(config, replay::demo(config).await?),
    }
    let usual = Options::default();
    let options = Options {
        ring_size: config.ring_size.unwrap_or(usual.ring_size),
        btf: config.btf.clone(),
        exits: true,
        forks: config.forks,
        only: only::for_kernel(&config.only, command.map(Started::pid))?,
        max_arg_bytes: config.max_arg_bytes,
        env: config.env,
    };
    let mut probe = Probe::attach(&options).map_err(|error| {
        let obstacle = || {
            let checks = super::checks(options.btf.as_deref(), options.ring_size, args);
            requirements::first_obstacle(&checks)
        };
        too_few_files(&error).or_else(obstacle).unwrap_or(error)
    })?;
    let session = proc::session();
    let took = probe.took;
    let mut running = proc::running();
    let redactor = redactor(config)?;
    if let Some(redactor) = &redactor {
        redactor.mask_running(&mut running);
    }
    let mut problems = probe.problems().to_vec();
    if !proc::tells_all() {
        problems.push(proc::HIDDEN.to_owned());
    }
    if running.iter().any(|process| process.narrow)
        && let Err(error) = probe.watch_narrow()
    {
        problems.push(format!("{error:#}"));
    }
    privileges::give_up(config, Kept::Probe).await?;
    let (sender, batches) = mpsc::channel(BATCHES_WAITING);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(probe.run(sender, stopped));
    let mut model = Model::new(
        session,
        Users::default(),
        config.history,
        config.history_size,
    );
    model.seed(running);
    Ok((
        Capture {
            batches,
            problems,
            took,
            knows_users: true,
            feed: Feed::Probe {
                stop: Some(stop),
                task,
            },
            redactor,
        },
        model,
    ))
}

impl Capture {
    /// Returns whether it is a recording that is read.
    pub(super) fn is_recorded(&self) -> bool {
        matches!(self.feed, Feed::Recording { .. })
    }

    /// Lets the time of a recording stand still, or go on.
    pub(super) fn hold(&self, held: bool) {
        if let Feed::Recording { time } = &self.feed {
            time.hold(held);
        }
    }

    /// Lets the time of a recording pass so many times as fast as it did.
    pub(super) fn set_speed(&self, times: f64) {
        if let Feed::Recording { time } = &self.feed {
            time.set_speed(times);
        }
    }

    /// Lets the next event of a recording happen while its time stands still.
    pub(super) fn step(&self) {
        if let Feed::Recording { time } = &self.feed {
            time.step();
        }
    }

    /// Takes the probe out of the kernel, or reads no further; what is still there is handed over.
    pub(super) fn stop(&mut self) {
        match &mut self.feed {
            Feed::Probe { stop, .. } => {
                if let Some(stop) = stop.take() {
                    // If the task is already gone, there is nothing to stop.
                    let _ = stop.send(());
                }
            }
            // Whoever writes it may never end.
            Feed::Recording { .. } => self.batches.close(),
        }
    }

    /// Waits for the task to end, once the batches have.
    ///
    /// # Errors
    /// If the task could not go on.
    pub(super) async fn end(self) -> Result<()> {
        drop(self.batches);
        match self.feed {
            Feed::Probe { task, .. } => task.await.context("the capture was torn down")?,
            Feed::Recording { .. } => Ok(()),
        }
    }

    /// Lets the model know who and what a batch's events are about, and masks secrets in them; returns the command
    /// lines that had some, as they were.
    pub(super) fn introduce(&self, batch: &mut Batch, model: &mut Model) -> Vec<Original> {
        let originals = self.mask(batch);
        if self.knows_users {
            learn_users(model, &batch.events);
        }
        let others = std::mem::take(&mut batch.others);
        model.introduce(others, std::mem::take(&mut batch.running));
        originals
    }

    fn mask(&self, batch: &mut Batch) -> Vec<Original> {
        let Some(redactor) = &self.redactor else {
            return Vec::new();
        };
        redactor.mask_running(&mut batch.running);
        let execs = batch.events.iter_mut().filter_map(|event| match event {
            Event::Exec(exec) => Some(exec),
            _ => None,
        });
        execs
            .filter_map(|exec| {
                let of = Which::of(exec);
                redactor.mask(exec).map(|args| Original { of, args })
            })
            .collect()
    }
}

/// Has secrets masked in what is replayed.
fn redacted(config: &Config, (capture, model): (Capture, Model)) -> Result<(Capture, Model)> {
    let redactor = redactor(config)?;
    Ok((
        Capture {
            redactor,
            ..capture
        },
        model,
    ))
}

/// Returns what masks secrets, if that is asked for.
fn redactor(config: &Config) -> Result<Option<Redactor>> {
    let wanted = config.redact.then(Redactor::new);
    wanted.transpose().context("cannot look for secrets")
}

/// Takes note of the users that events name.
fn learn_users(model: &mut Model, events: &[Event]) {
    for event in events {
        if let Event::Exec(exec) = event {
            let ids = [Some(exec.uid), exec.euid, exec.loginuid];
            ids.into_iter()
                .flatten()
                .for_each(|uid| model.users.learn(uid));
        }
    }
}

/// The signals that end the program, so that it can leave everything as it was.
pub(super) struct Stops(Vec<(i32, Signal)>);

impl Stops {
    /// Takes these signals over from their defaults; what is ignored, as under `nohup`, stays so.
    pub(super) fn new() -> Result<Self> {
        let ignored = ignored_signals();
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::quit(),
            SignalKind::alarm(),
            SignalKind::user_defined1(),
            SignalKind::user_defined2(),
        ];
        let wanted = kinds.into_iter().filter(|kind| {
            let bit = u32::try_from(kind.as_raw_value() - 1).unwrap_or(0);
            ignored.checked_shr(bit).unwrap_or(0) & 1 == 0
        });
        // A file that may not grow further (`ulimit -f`) is an error of who writes it, not the end.
        drop(signal(SignalKind::from_raw(NixSignal::SIGXFSZ as i32))?);
        let taken = wanted.map(|kind| Ok((kind.as_raw_value(), signal(kind)?)));
        Ok(Self(taken.collect::<std::io::Result<_>>()?))
    }

    /// Waits for any of them; returns its number.
    pub(super) async fn recv(&mut self) -> i32 {
        std::future::poll_fn(|context| {
            let came = self.0.iter_mut().find_map(|(number, signal)| {
                let came = signal.poll_recv(context).is_ready();
                came.then_some(*number)
            });
            came.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Waits for one of them, or for the end of the program that was started. That one is to end
    /// first: a signal is passed on to it, and only a second one is a reason not to wait.
    pub(super) async fn recv_or_end(&mut self, command: Option<&mut Started>) {
        let Some(command) = command else {
            self.recv().await;
            return;
        };
        let signal = tokio::select! {
            () = command.ended() => return,
            signal = self.recv() => signal,
        };
        if !command.pass_on(signal) {
            return;
        }
        tokio::select! {
            () = command.ended() => {}
            _ = self.recv() => {}
        }
    }
}

/// Returns the signals that this process was started to ignore: bit 0 is signal 1.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
