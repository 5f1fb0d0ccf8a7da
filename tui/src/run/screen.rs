//! The screen's loop: one owner of all state, a closed set of wake-ups, input first.

use super::command::Started;
use super::live::{self, Capture, Stops};
use super::only::Rest;
use super::record::{Recorder, Reserved};
use super::save::{Saving, Step};
use super::typed::Typed;
use crate::app::{App, AppOptions, ColorMode, Outcome, ProbeStatus, Request};
use crate::cli::{Config, Mode, ScreenConfig, Source};
use crate::model::{Applied, Model};
use crate::source::replay::STDIN;
use crate::source::{Batch, proc};
use crate::terminal::{self, Terminal};
use crate::{clock, threads, view};
use anyhow::{Context, Result};
use crossterm::event::EventStream;
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::Signal as NixSignal;
use nix::sys::time::TimeValLike;
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// Least time between two frames.
const FRAME: Duration = Duration::from_millis(33);

/// The same while more comes than anybody reads, until a key is pressed. The probe naps a little longer then, so that a
/// frame is due when its events come.
const BUSY_FRAME: Duration = Duration::from_millis(90);

/// The same before an audience, whose picture may come over a network.
const PRESENTER_FRAME: Duration = Duration::from_millis(250);

/// As many events a second are more than anybody reads.
const BUSY: u128 = 300;
/// How often the clock in the header moves.
const TICK: Duration = Duration::from_secs(1);

/// Captures and shows until told to quit.
pub(super) async fn run(
    config: &Config,
    screen: &ScreenConfig,
    args: &[OsString],
) -> Result<ExitCode> {
    let input_is_used = matches!(&config.source, Source::Recording(paths) if paths.iter().any(|path| path.as_os_str() == STDIN));
    terminal::check(input_is_used)?;
    // What the command line and NO_COLOR decide together was decided there.
    crossterm::style::force_color_output(screen.color);
    let reserved = Reserved::new(config)?;
    let mut stops = Stops::new()?;
    let mut command = Started::held(&config.command, true, config.keep_privileges)?;
    let typed = Typed::of_user(screen.remember, config.keep_privileges);
    let started = live::start_unless_stopped(config, args, command.as_ref(), &mut stops).await?;
    let Some((mut capture, model)) = started else {
        return Ok(ExitCode::SUCCESS);
    };
    let recorder = reserved
        .map(|reserved| reserved.begin(&model))
        .transpose()?;
    let mut app = App::new(model, options(screen, config));
    app.set_probe_status(ProbeStatus {
        startup_ms: Some(capture.took.as_secs_f64() * 1e3),
        problems: capture
            .problems
            .drain(..)
            .chain(config.problems.clone())
            .collect(),
        ended: None,
    });
    if let Some(typed) = &typed {
        app.set_histories(typed.load());
    }
    let mut terminal = Terminal::enter(terminal::Options {
        mouse: screen.mouse,
        input_is_used,
    })?;
    if let Some(command) = &mut command {
        command.release();
    }
    let mut screen = Loop::new(&mut app, &mut terminal, config, recorder);
    screen.record();
    let mut signal = None;
    let shown = tokio::select! {
        number = stops.recv() => { signal = Some(number); Ok(()) }
        () = until(config.duration) => Ok(()),
        shown = screen.run(&mut capture, command.as_mut()) => shown,
    };
    screen.terminal.leave();
    capture.stop();
    let saved = screen.save_rest().await;
    let recorded = screen.record_rest(&mut capture).await;
    let ended = capture.end().await;
    shown.and(ended)?;
    if let (Some(command), Some(signal)) = (&command, signal) {
        command.pass_on(signal);
    }
    if let Some(Err(error)) = typed.map(|typed| typed.save(app.histories())) {
        super::complain(&format!("{error:#}"));
    }
    let of_command = command.map(Started::exit_code);
    let verdict = super::verdict(false, config, app.model().totals.lost);
    // A million rows take a while, and the kernel takes all of it back at once.
    std::mem::forget(app);
    Ok(verdict.or(of_command).unwrap_or(if recorded && saved {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }))
}

fn options(screen: &ScreenConfig, config: &Config) -> AppOptions {
    let env = |name| std::env::var(name).unwrap_or_default();
    AppOptions {
        columns: screen.columns.clone(),
        sort: screen.sort,
        filter: screen.filter.clone(),
        mouse: screen.mouse,
        presenter: screen.presenter,
        theme: screen.theme,
        color: match screen.color {
            true => ColorMode::detect(&env("TERM"), &env("COLORTERM"), &env("STY")),
            false => ColorMode::Never,
        },
        ascii: screen.ascii,
        clipboard: match (env("TMUX").is_empty(), env("STY").is_empty()) {
            (false, _) => Some("tmux passes it on if set-clipboard is on"),
            (true, false) => Some("screen does not pass it on"),
            (true, true) => None,
        },
        view: screen.view,
        names: screen.names.clone(),
        keys: screen.keys.clone(),
        zone: TimeZone::system(),
        source: source(config, config.record.is_some()),
        speed: config.speed,
    }
}

/// Says where events come from, and whether they are recorded.
fn source(config: &Config, recorded: bool) -> &'static str {
    match (&config.source, recorded) {
        (Source::Recording(_), _) if config.speed.is_some() => "replay",
        (Source::Recording(_), _) => "recording",
        (Source::Demo, false) => "demo",
        (Source::Demo, true) => "demo, recorded",
        (Source::Live, false) => "live",
        (Source::Live, true) => "live, recorded",
    }
}

async fn until(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// Waits for the end of a program, for ever if there is none.
async fn end_of(command: &mut Option<&mut Started>) {
    match command {
        Some(command) => command.ended().await,
        None => std::future::pending().await,
    }
}

struct Loop<'a> {
    app: &'a mut App,
    terminal: &'a mut Terminal,
    /// After how many execs to end.
    count: Option<u64>,
    rest: Rest,
    recorder: Option<Recorder>,
    saving: Option<Saving>,
    /// What the events come from, without a recording.
    source: &'static str,
    /// The instant up to which a recording tells.
    recorded_ns: Option<u64>,
    /// Whether all of a recording was read.
    read_all: bool,
    last_frame: Instant,
    next_frame: Instant,
    /// Events since the last frame.
    since_frame: usize,
    /// Whether the terminal was still busy when a frame was due.
    stalled: bool,
    /// Whether another program has the terminal, since this one was stopped and goes on in the background.
    behind: bool,
    presenter: bool,
    usage: Usage,
}

impl<'a> Loop<'a> {
    fn new(
        app: &'a mut App,
        terminal: &'a mut Terminal,
        config: &Config,
        recorder: Option<Recorder>,
    ) -> Self {
        let usage = Usage::now();
        let presenter = matches!(&config.mode, Mode::Screen(screen) if screen.presenter);
        Self {
            app,
            terminal,
            count: config.count,
            rest: Rest::new(config.only.rest.clone()),
            recorder,
            saving: None,
            source: source(config, false),
            recorded_ns: None,
            read_all: false,
            last_frame: Instant::now(),
            next_frame: Instant::now(),
            since_frame: 0,
            stalled: false,
            behind: false,
            presenter,
            usage,
        }
    }

    /// Runs until the user quits, the terminal is gone, or enough was executed.
    async fn run(
        &mut self,
        capture: &mut Capture,
        mut command: Option<&mut Started>,
    ) -> Result<()> {
        let mut input = threads::started_by(EventStream::new)?;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let ready = self.terminal.ready();
        let mut goes_on = signal(SignalKind::from_raw(NixSignal::SIGCONT as i32))?;
        loop {
            tokio::select! {
                biased;
                event = input.next() => {
                    let event = event.context("the terminal is gone")?.context("cannot read keys")?;
                    self.next_frame = self.next_frame.min(self.last_frame + FRAME);
                    let outcome = self.app.handle(event, self.now_ns());
                    self.serve(capture);
                    capture.hold(self.app.is_paused());
                    match outcome {
                        Outcome::Continue => {}
                        Outcome::Quit => return Ok(()),
                        Outcome::Suspend => self.terminal.suspend()?,
                        Outcome::Redraw => self.terminal.redraw()?,
                    }
                }
                _ = tick.tick() => {
                    self.app.tick(self.now_ns());
                    self.record();
                    let (cpu, rss_bytes) = self.usage.since();
                    self.app.set_self_usage(cpu, rss_bytes);
                    // A shell may say nothing when it puts what runs in the foreground.
                    if self.behind {
                        self.take_terminal_again()?;
                    }
                }
                _ = goes_on.recv() => self.take_terminal_again()?,
                batch = capture.batches.recv(), if !self.read_all => match batch {
                    Some(batch) => {
                        self.take(batch, capture);
                        let totals = self.app.model().totals;
                        if self.count.is_some_and(|count| totals.execs + totals.failed >= count) {
                            return Ok(());
                        }
                    }
                    // It is there to be looked at.
                    None if capture.is_recorded() => self.read_all = true,
                    // Why is told when the capture is joined.
                    None => return Ok(()),
                },
                () = end_of(&mut command) => {
                    if let Some(command) = command.take() {
                        self.tell_end(command);
                    }
                }
                step = Saving::step(&mut self.saving) => self.go_on_saving(step),
                () = ready.notified(), if self.stalled => self.stalled = false,
                () = sleep_until(self.next_frame), if self.app.dirty() && !self.stalled && !self.behind => {}
            }
            self.draw()?;
        }
    }

    /// Does what keys asked for.
    fn serve(&mut self, capture: &Capture) {
        for request in self.app.take_requests() {
            match request {
                Request::Copy(text) => self.terminal.copy(&text),
                Request::Speed(times) => capture.set_speed(times),
                Request::Step => capture.step(),
                Request::Save { .. } if self.saving.is_some() => {
                    let told = "not saved: the one before is not done yet";
                    self.app.tell_saving(Err(told.to_owned()));
                }
                Request::Save { path, form, over } => {
                    self.saving = Some(Saving::begin(self.app, &path, form, over));
                }
            }
        }
    }

    fn go_on_saving(&mut self, step: Step) {
        if let Some(saving) = &mut self.saving
            && saving.go_on(step, self.app)
        {
            self.saving = None;
        }
    }

    /// Waits until what is being saved is; returns whether that is all.
    async fn save_rest(&mut self) -> bool {
        let Some(saving) = self.saving.take() else {
            return true;
        };
        let told = saving.finish(self.app).await;
        let all = told.is_ok();
        super::complain(&told.unwrap_or_else(|sentence| sentence));
        all
    }

    fn take(&mut self, batch: Batch, capture: &Capture) {
        self.since_frame += batch.events.len();
        for sentence in self.take_in(batch, capture) {
            self.problem(sentence);
        }
        self.record();
    }

    /// Takes in a batch; returns what is to be said, a sentence each.
    fn take_in(&mut self, mut batch: Batch, capture: &Capture) -> Vec<String> {
        let originals = capture.introduce(&mut batch, self.app.model_mut());
        self.app.keep_originals(originals);
        self.recorded_ns = batch.now_ns.or(self.recorded_ns);
        let recorder = &mut self.recorder;
        let mut tell = |applied: &Applied, model: &Model| {
            if let Some(recorder) = recorder {
                recorder.event(applied, model);
            }
        };
        if self.rest.is_empty() {
            self.app.apply_and_tell(batch.events, tell);
        } else {
            for event in batch.events {
                match self.rest.ask(event, self.app.model()) {
                    (event, true) => self.app.apply_and_tell(vec![event], &mut tell),
                    (event, false) => self.app.skip(&event),
                }
            }
        }
        let about_filter = batch.skipped.and_then(|skipped| self.rest.note(skipped));
        self.app.set_not_captured(self.rest.not_captured());
        about_filter.into_iter().chain(batch.problems).collect()
    }

    fn problem(&mut self, sentence: String) {
        let mut status = self.app.probe_status().clone();
        status.problems.push(sentence);
        self.app.set_probe_status(status);
    }

    /// Hands over what is to be recorded.
    fn record(&mut self) {
        if let Some(sentence) = self.flush() {
            self.problem(sentence);
            self.app.set_source(self.source);
        }
    }

    fn flush(&mut self) -> Option<String> {
        let now_ns = self.now_ns();
        self.recorder.as_mut()?.flush(self.app.model(), now_ns)
    }

    /// Records what came until the probe was taken out, and the end; returns whether that is all.
    async fn record_rest(&mut self, capture: &mut Capture) -> bool {
        if self.recorder.is_none() {
            return true;
        }
        while let Some(batch) = capture.batches.recv().await {
            let said = self.take_in(batch, capture);
            said.iter().for_each(|sentence| super::complain(sentence));
            // It is told at the end.
            let _ = self.flush();
        }
        let now_ns = self.now_ns();
        let Some(recorder) = self.recorder.take() else {
            return true;
        };
        let (sentence, all) = recorder.finish(self.app.model(), now_ns).await;
        super::complain(&sentence);
        all
    }

    /// Says that the program that was started has ended; what is listed stays.
    fn tell_end(&mut self, command: &mut Started) {
        let mut status = self.app.probe_status().clone();
        status.ended = command.end_in_words();
        self.app.set_probe_status(status);
    }

    /// Returns the time that it is: CLOCK_BOOTTIME, ns, of the recording if there is one.
    fn now_ns(&self) -> u64 {
        self.recorded_ns.unwrap_or_else(clock::now_ns)
    }

    fn take_terminal_again(&mut self) -> Result<()> {
        self.behind = !self.terminal.take_again().context("the terminal is gone")?;
        self.app.set_dirty();
        Ok(())
    }

    fn draw(&mut self) -> Result<()> {
        let now = Instant::now();
        if self.behind || self.stalled || !self.app.dirty() || now < self.next_frame {
            return Ok(());
        }
        let now_ns = self.now_ns();
        let app = &mut *self.app;
        let drawn = self
            .terminal
            .try_draw(|frame| view::draw(frame, app, now_ns));
        if drawn.context("the terminal is gone")? {
            self.app.take_dirty();
            let frame = match self.presenter {
                true => PRESENTER_FRAME,
                false => after_frame(self.since_frame, now - self.last_frame),
            };
            self.last_frame = now;
            self.next_frame = now + frame;
            self.since_frame = 0;
        } else {
            self.stalled = true;
        }
        Ok(())
    }
}

/// Returns the least time to the next frame, when so many events came within the time to this one.
fn after_frame(events: usize, elapsed: Duration) -> Duration {
    if events as u128 * 1000 > BUSY * elapsed.as_millis().max(FRAME.as_millis()) {
        BUSY_FRAME
    } else {
        FRAME
    }
}

/// What this program itself used, to tell the difference a tick later.
struct Usage {
    at: Instant,
    cpu: Duration,
}

impl Usage {
    fn now() -> Self {
        let micros = getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| {
            usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
        });
        Self {
            at: Instant::now(),
            cpu: Duration::from_micros(u64::try_from(micros).unwrap_or(0)),
        }
    }

    /// Returns the share of one CPU since the last call, and the resident set in bytes now.
    fn since(&mut self) -> (f64, u64) {
        let now = Self::now();
        let elapsed = now.at.duration_since(self.at).as_secs_f64();
        let used = now.cpu.saturating_sub(self.cpu).as_secs_f64();
        *self = now;
        let share = if elapsed > 0.0 { used / elapsed } else { 0.0 };
        (share, resident_bytes().unwrap_or(0))
    }
}

fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * proc::page_size())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_fewer_only_while_more_comes_than_anybody_reads() {
        let of = |events, ms| after_frame(events, Duration::from_millis(ms));
        assert_eq!(of(0, 0), FRAME);
        assert_eq!(of(9, 0), FRAME);
        assert_eq!(of(11, 33), BUSY_FRAME);
        assert_eq!(of(29, 100), FRAME);
        assert_eq!(of(31, 100), BUSY_FRAME);
        assert_eq!(of(100, 1000), FRAME);
        assert_eq!(of(usize::MAX, 1), BUSY_FRAME);
    }
}
