//! Line mode: each batch is written as soon as it comes, by a thread of its own, so that a
//! reader that stalls holds up neither the capture nor the signals.

use super::assert::Assertion;
use super::command::Started;
use super::complain;
use super::live::{self, Capture, Stops};
use super::only::Rest;
use super::privileges;
use super::record::{Recorder, Reserved};
use crate::cli::{Config, LineConfig};
use crate::clock;
use crate::export::{Format, Options, Output, create_file};
use crate::model::Model;
use crate::source::Batch;
use crate::threads;
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep_until, timeout};

/// Buffers that may wait for a slow reader; then batches wait, and then the ring buffer.
const BUFFERS_WAITING: usize = 8;
/// How long a reader that stalls may hold up the end.
const LINGER: Duration = Duration::from_secs(2);

/// Captures and writes lines until told to stop.
pub(super) async fn run(
    config: &Config,
    lines: &LineConfig,
    args: &[OsString],
) -> Result<ExitCode> {
    let path = lines.file.as_deref();
    let output = path.map(|path| {
        privileges::with_those_of_later(config, false, || create_file(path, super::invoking_user()))
    });
    let output = output.transpose()?;
    let reserved = Reserved::new(config)?;
    let mut stops = Stops::new()?;
    let mut command = Started::held(&config.command, false, config.keep_privileges)?;
    let started = live::start_unless_stopped(config, args, command.as_ref(), &mut stops).await?;
    let Some((capture, model)) = started else {
        return Ok(ExitCode::SUCCESS);
    };
    let file = match output {
        Some(output) => output.begin()?,
        None => super::standard_output()?,
    };
    let recorder = reserved
        .map(|reserved| reserved.begin(&model))
        .transpose()?;
    let name = path.map_or("standard output".into(), |path| path.display().to_string());
    for problem in config.problems.iter().chain(&capture.problems) {
        complain(problem);
    }
    let (buffers, buffered) = mpsc::channel(BUFFERS_WAITING);
    let (done, written) = tokio::sync::oneshot::channel();
    threads::start("lines", move || done.send(write(file, &name, buffered)))?;

    let output = Output::new(lines.options.clone());
    let mut producer = Producer {
        capture,
        model,
        output,
        rest: Rest::new(config.only.rest.clone()),
        recorder,
        assertion: lines.assert.clone().map(Assertion::new),
        ends_when_broken: config.command.is_empty(),
        summary: lines.summary.then(|| summary(&lines.options)),
        silent: lines.silent,
        now_ns: None,
        pending: Vec::new(),
        buffers,
    };
    // Before anything that might end the run at once.
    if !producer.silent {
        let session = &producer.model.session;
        producer.output.start(session, &mut producer.pending);
    }
    producer.record();
    if let Some(command) = &mut command {
        command.release();
    }
    producer
        .until_stopped(config.duration, &mut stops, command.as_mut())
        .await;
    let stalls = producer.finish().await.is_err();
    let totals = producer.model.totals;
    let (not_captured, broken) = (totals.not_captured, producer.is_broken());
    let others = producer.assertion.as_ref().and_then(Assertion::others);
    let summed_up = producer.sum_up();
    let recorded = match producer.recorder.take() {
        // Whoever read it knows.
        Some(recorder) if recorder.is_unread() => true,
        Some(recorder) => {
            let now_ns = producer.now_ns();
            let (sentence, all) = recorder.finish(&producer.model, now_ns).await;
            complain(&sentence);
            all
        }
        None => true,
    };
    drop(producer.buffers);
    producer.capture.end().await?;
    // Taking the probe out may last; only a reader that stalls is not waited for.
    match timeout(if stalls { Duration::ZERO } else { LINGER }, written).await {
        Ok(result) => result.context("the writer is gone")??,
        Err(_) => complain("the reader of the output stalls: it does not get the rest"),
    }
    // The other formats have it in their end.
    if config.only.any() && matches!(lines.options.format, Format::Table | Format::Csv) {
        let word = if not_captured == 1 { "exec" } else { "execs" };
        complain(&format!("{not_captured} {word} not captured, as asked"));
    }
    // Nobody may be there to read it.
    let _ = std::io::stderr().write_all(&summed_up);
    others.iter().for_each(|sentence| complain(sentence));
    // The kernel takes all of it back at once, soon.
    std::mem::forget(producer.model);
    let of_command = command.map(Started::exit_code);
    let verdict = super::verdict(broken, config, totals.lost);
    Ok(verdict.or(of_command).unwrap_or(if recorded {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }))
}

/// Makes what adds up the same events that lines tell of.
fn summary(options: &Options) -> Output {
    Output::new(Options {
        format: Format::Summary,
        failed: true,
        count: None,
        ..options.clone()
    })
}

/// Writes buffers until there are no more; a reader that went away is no error.
fn write(mut file: File, name: &str, mut buffered: mpsc::Receiver<Vec<u8>>) -> Result<()> {
    while let Some(buffer) = buffered.blocking_recv() {
        match file.write_all(&buffer) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => {
                let remedy = "make room, or choose another place with -O";
                return Err(error).with_context(|| format!("cannot write to {name}: {remedy}"));
            }
        }
    }
    Ok(())
}

/// Makes lines of batches.
struct Producer {
    capture: Capture,
    model: Model,
    output: Output,
    rest: Rest,
    recorder: Option<Recorder>,
    assertion: Option<Assertion>,
    /// Whether a broken assertion ends the run.
    ends_when_broken: bool,
    summary: Option<Output>,
    /// Whether no lines are written.
    silent: bool,
    /// The instant up to which a recording tells.
    now_ns: Option<u64>,
    /// Lines that the writer does not have yet.
    pending: Vec<u8>,
    buffers: mpsc::Sender<Vec<u8>>,
}

impl Producer {
    /// Produces until a signal, the end of `duration`, the last exec asked for, or the reader's end.
    async fn until_stopped(
        &mut self,
        duration: Option<Duration>,
        stops: &mut Stops,
        command: Option<&mut Started>,
    ) {
        // A time too far to be told is never.
        let deadline = duration.and_then(|duration| Instant::now().checked_add(duration));
        let stop = stops.recv_or_end(command);
        let stopped = async {
            match deadline {
                Some(deadline) => tokio::select! {
                    () = stop => {}
                    () = sleep_until(deadline) => {}
                },
                None => stop.await,
            }
        };
        // Its own handle: a reader that went away is noticed though nothing else happens.
        let reader = self.buffers.clone();
        tokio::select! {
            () = stopped => {}
            () = reader.closed() => {}
            () = self.produce() => {}
        }
    }

    fn found_enough(&self) -> bool {
        let unread = self.recorder.as_ref().is_some_and(Recorder::is_unread);
        unread || (self.ends_when_broken && self.is_broken())
    }

    fn is_broken(&self) -> bool {
        self.assertion.as_ref().is_some_and(Assertion::is_broken)
    }

    async fn produce(&mut self) {
        // A stop cancels this at `send` or at `recv`; what is pending stays so.
        while self.send().await && !self.output.done() && !self.found_enough() {
            match self.capture.batches.recv().await {
                Some(batch) => self.tell(batch),
                None => return,
            }
        }
    }

    /// Takes the probe out of the kernel, and tells what it still had, and the end; a reader that
    /// is gone does not get it.
    ///
    /// # Errors
    /// If the reader stalls, who does not get it either.
    async fn finish(&mut self) -> Result<(), Elapsed> {
        self.capture.stop();
        while let Some(batch) = self.capture.batches.recv().await {
            self.tell(batch);
            if !timeout(LINGER, self.send()).await? {
                return Ok(());
            }
        }
        if !self.silent {
            let duration_ns = self.duration_ns();
            self.output
                .end(&self.model.totals, duration_ns, &mut self.pending);
        }
        timeout(LINGER, self.send()).await.map(drop)
    }

    /// Returns the time that it is: CLOCK_BOOTTIME, ns, of the recording if there is one.
    fn now_ns(&self) -> u64 {
        self.now_ns.unwrap_or_else(clock::now_ns)
    }

    fn duration_ns(&self) -> u64 {
        self.now_ns().saturating_sub(self.model.session.started_ns)
    }

    /// Returns what is added up, if anything.
    fn sum_up(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let duration_ns = self.duration_ns();
        if let Some(summary) = &mut self.summary {
            summary.end(&self.model.totals, duration_ns, &mut text);
        }
        text
    }

    fn tell(&mut self, mut batch: Batch) {
        self.capture.introduce(&mut batch, &mut self.model);
        self.now_ns = batch.now_ns.or(self.now_ns);
        let about_filter = batch.skipped.and_then(|skipped| self.rest.note(skipped));
        for sentence in about_filter.into_iter().chain(batch.problems) {
            complain(&sentence);
        }
        for event in batch.events {
            let (event, passes) = self.rest.ask(event, &self.model);
            if !passes {
                self.model.skip(&event);
                continue;
            }
            let applied = self.model.apply(event);
            if let Some(recorder) = &mut self.recorder {
                recorder.event(&applied, &self.model);
            }
            if let Some(assertion) = &mut self.assertion
                && let Some(told) = assertion.ask(&applied, &self.model)
            {
                told.iter().for_each(|sentence| complain(sentence));
            }
            if let Some(summary) = &mut self.summary {
                summary.event(&applied, &self.model, &mut Vec::new());
            }
            if !self.silent
                && let Some(line) = self.output.event(&applied, &self.model, &mut self.pending)
            {
                // Nobody may be there to read it.
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        }
        self.model.totals.not_captured = self.rest.not_captured();
        self.record();
    }

    /// Hands over what is to be recorded.
    fn record(&mut self) {
        let now_ns = self.now_ns();
        if let Some(recorder) = &mut self.recorder
            && let Some(sentence) = recorder.flush(&self.model, now_ns)
            && !recorder.is_unread()
        {
            complain(&sentence);
        }
    }

    /// Hands over what is pending; returns whether the writer is still there.
    async fn send(&mut self) -> bool {
        if self.pending.is_empty() {
            return !self.buffers.is_closed();
        }
        let Ok(permit) = self.buffers.reserve().await else {
            return false;
        };
        // As a rule the next ones are as many.
        let room = Vec::with_capacity(self.pending.len());
        permit.send(std::mem::replace(&mut self.pending, room));
        true
    }
}
