//! A recording, written beside whatever else is done: a thread of its own takes the lines, and what goes wrong
//! with it ends the recording, never the capture.

pub(super) mod sink;

use super::{invoking_user, privileges};
use crate::cli::Config;
use crate::export::ndjson::Ndjson;
use crate::export::{Exporter, OutputFile, recording};
use crate::format;
use crate::model::{Applied, Model, Totals};
use crate::threads;
use anyhow::Result;
use sink::{Place, Sink};
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::oneshot;

/// So many bytes may wait for a slow disk.
const MOST_WAITING: usize = if cfg!(test) { 1 << 20 } else { 64 << 20 };
/// How long lines may wait to be packed.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the disk may hold up the end.
const LINGER: Duration = Duration::from_secs(10);

/// The name by which standard output is told of.
const STDOUT: &str = "standard output";

/// The file of a recording, created before the capture begins; it goes again if that never does.
pub(super) struct Reserved {
    name: String,
    private: bool,
    /// `None` for standard output.
    file: Option<(Place, OutputFile)>,
}

impl Reserved {
    /// Creates the file, if one is asked for, with the rights that there will be when the next one is due.
    ///
    /// # Errors
    /// If there can be no such file; the message says what to do.
    pub(super) fn new(config: &Config) -> Result<Option<Self>> {
        let Some(record) = &config.record else {
            return Ok(None);
        };
        if record.is_stdout() {
            return Ok(Some(Self {
                name: STDOUT.to_owned(),
                private: false,
                file: None,
            }));
        }
        let file = privileges::with_those_of_later(config, record.max.is_some(), || {
            let place = Place::new(record, invoking_user())?;
            let file = place.create(record.force)?;
            Ok((place, file))
        })?;
        Ok(Some(Self {
            name: record.path.display().to_string(),
            private: record.force,
            file: Some(file),
        }))
    }

    /// Begins the recording, now that the capture is ready.
    ///
    /// # Errors
    /// If the file cannot be emptied.
    pub(super) fn begin(self, model: &Model) -> Result<Recorder> {
        let (place, file) = match self.file {
            Some((place, file)) if self.private => (Some(place), file.begin_private()?),
            Some((place, file)) => (Some(place), file.begin()?),
            None => (None, super::standard_output()?),
        };
        Recorder::new(self.name, Sink::new(place, file), model)
    }
}

/// What the thread that writes is told.
enum Message {
    /// Whole lines of so many events.
    Lines(Vec<u8>, u64),
    /// The last lines of this file, and the first of the next.
    NextFile(Vec<u8>, Vec<u8>),
}

/// What both sides know.
#[derive(Debug, Default)]
struct Shared {
    waiting: AtomicUsize,
    events: AtomicU64,
    bytes: AtomicU64,
    /// The number of the latest file that is full, from 1.
    full_file: AtomicU64,
    /// Why no more is written.
    stopped: OnceLock<String>,
    /// Whether that is since nobody reads it any more.
    unread: AtomicBool,
}

/// Makes lines of what happens, and hands them over.
pub(super) struct Recorder {
    name: String,
    ndjson: Ndjson,
    shared: Arc<Shared>,
    pending: Vec<u8>,
    /// Events in `pending`.
    events: u64,
    /// Events so far, also those since it stopped.
    seen: u64,
    /// The number of the file that is written.
    file: u64,
    /// Whether it was said that it stopped.
    told: bool,
    /// When this file began, and what had happened by then.
    began_ns: u64,
    before: Totals,
    lines: Option<Sender<Message>>,
    done: oneshot::Receiver<()>,
}

impl Recorder {
    fn new(name: String, sink: Sink, model: &Model) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let (lines, taken) = channel();
        let (sender, done) = oneshot::channel();
        let of_thread = Arc::clone(&shared);
        threads::start("recorder", move || {
            write(sink, &taken, &of_thread);
            // Nobody may wait any more.
            let _ = sender.send(());
        })?;
        let mut recorder = Self {
            name,
            ndjson: Ndjson::default(),
            shared,
            pending: Vec::new(),
            events: 0,
            seen: 0,
            file: 1,
            told: false,
            began_ns: model.session.started_ns,
            before: Totals::default(),
            lines: Some(lines),
            done,
        };
        recording::begin(
            model,
            recorder.began_ns,
            &mut recorder.ndjson,
            &mut recorder.pending,
        );
        Ok(recorder)
    }

    /// Takes in what an event meant, right after the model did.
    pub(super) fn event(&mut self, applied: &Applied, model: &Model) {
        if matches!(applied, Applied::Duplicate) {
            return;
        }
        self.seen += 1;
        if self.is_stopped() {
            return;
        }
        self.ndjson.event(applied, model, &mut self.pending);
        self.events += 1;
    }

    /// Hands over what was taken in; to be called after each batch. Returns a sentence if the recording has
    /// stopped, once.
    pub(super) fn flush(&mut self, model: &Model, now_ns: u64) -> Option<String> {
        if !self.is_stopped() && self.shared.waiting.load(Relaxed) > MOST_WAITING {
            let _ = self.shared.stopped.set("the disk is too slow".to_owned());
        }
        if self.is_stopped() {
            self.pending = Vec::new();
            self.lines = None;
        } else {
            self.hand_over();
            if self.shared.full_file.load(Relaxed) == self.file {
                self.next_file(model, now_ns);
            }
        }
        self.tell_once()
    }

    /// Returns whether it has a reader, and that one went away.
    pub(super) fn is_unread(&self) -> bool {
        self.shared.unread.load(Relaxed)
    }

    fn is_stopped(&self) -> bool {
        self.shared.stopped.get().is_some()
    }

    fn tell_once(&mut self) -> Option<String> {
        let why = self.shared.stopped.get()?;
        if std::mem::replace(&mut self.told, true) {
            return None;
        }
        let events = format::count(self.shared.events.load(Relaxed));
        let name = &self.name;
        Some(format!(
            "the recording to {name} has stopped after {events} events: {why}; the capture goes on without it"
        ))
    }

    fn hand_over(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let lines = std::mem::take(&mut self.pending);
        self.send(lines.len(), |events| Message::Lines(lines, events));
    }

    fn send(&mut self, bytes: usize, message: impl FnOnce(u64) -> Message) {
        let events = std::mem::take(&mut self.events);
        self.shared.waiting.fetch_add(bytes, Relaxed);
        if let Some(lines) = &self.lines {
            // Once the thread is gone, it has said why.
            let _ = lines.send(message(events));
        }
    }

    fn next_file(&mut self, model: &Model, now_ns: u64) {
        let mut last = Vec::new();
        self.end_file(&model.totals, now_ns, &mut last);
        let mut first = Vec::new();
        recording::begin(model, now_ns, &mut self.ndjson, &mut first);
        self.file += 1;
        self.began_ns = now_ns;
        self.before = model.totals;
        self.send(last.len() + first.len(), |_| Message::NextFile(last, first));
    }

    fn end_file(&mut self, totals: &Totals, now_ns: u64, out: &mut Vec<u8>) {
        let duration_ns = now_ns.saturating_sub(self.began_ns);
        self.ndjson
            .end(&totals.since(&self.before), duration_ns, out);
    }

    /// Writes the end, and waits until all is written; returns what came of it, and whether that is all.
    pub(super) async fn finish(mut self, model: &Model, now_ns: u64) -> (String, bool) {
        if !self.is_stopped() {
            let mut end = Vec::new();
            self.end_file(&model.totals, now_ns, &mut end);
            self.pending.append(&mut end);
            self.hand_over();
        }
        drop(self.lines.take());
        let in_time = tokio::time::timeout(LINGER, &mut self.done).await.is_ok();
        let (name, shared) = (&self.name, &self.shared);
        let events = shared.events.load(Relaxed);
        let recorded = format::count(events);
        let size = format::size(shared.bytes.load(Relaxed));
        if let Some(why) = shared.stopped.get() {
            let rest = format::count(self.seen.saturating_sub(events));
            let sentence = format!(
                "the recording to {name} stopped after {recorded} events, and {rest} are not in it: {why}"
            );
            (sentence, false)
        } else if in_time {
            let sentence = format!("{recorded} events are recorded in {name} ({size})");
            (sentence, true)
        } else {
            let sentence = format!("{name} may lack the last events: the disk stalls");
            (sentence, false)
        }
    }
}

/// Writes until there are no more lines, or it cannot.
fn write(mut sink: Sink, taken: &Receiver<Message>, shared: &Shared) {
    if let Err(error) = write_all(&mut sink, taken, shared) {
        let io = error.downcast_ref::<std::io::Error>();
        let unread = io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe);
        shared.unread.store(unread, Relaxed);
        let mut why = format!("{error:#}");
        if io.is_some_and(is_full) {
            let written = format::size(shared.bytes.load(Relaxed));
            let remedy = "make room, or let old files go with --write-max and --write-keep";
            why.push_str(&format!(", after {written} were written; {remedy}"));
        }
        // The first reason counts.
        let _ = shared.stopped.set(why);
    }
}

/// Returns whether it says that there is no room: on the disk, for the user, or in a file.
fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

fn write_all(sink: &mut Sink, taken: &Receiver<Message>, shared: &Shared) -> Result<()> {
    let mut file = 1;
    // Of events that are not in the file yet.
    let mut owed = 0;
    loop {
        let message = if sink.owes() {
            match taken.recv_timeout(PATIENCE) {
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
                Ok(message) => Some(message),
            }
        } else {
            match taken.recv() {
                Ok(message) => Some(message),
                Err(_) => break,
            }
        };
        let bytes = match message {
            None => {
                sink.flush()?;
                0
            }
            Some(Message::Lines(lines, events)) => {
                sink.write(&lines)?;
                owed += events;
                lines.len()
            }
            Some(Message::NextFile(last, first)) => {
                sink.write(&last)?;
                sink.next_file()?;
                file += 1;
                sink.write(&first)?;
                last.len() + first.len()
            }
        };
        shared.waiting.fetch_sub(bytes, Relaxed);
        shared.bytes.store(sink.total(), Relaxed);
        if !sink.owes() {
            shared.events.fetch_add(std::mem::take(&mut owed), Relaxed);
        }
        if sink.is_full() {
            shared.full_file.store(file, Relaxed);
        }
    }
    sink.flush()?;
    shared.events.fetch_add(owed, Relaxed);
    shared.bytes.store(sink.total(), Relaxed);
    Ok(())
}

#[cfg(test)]
mod tests;
