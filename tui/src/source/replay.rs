//! Recordings: the event schema read back, whoever wrote it, as far as it is good.

mod ahead;
mod input;
mod line;
mod lines;
mod merge;

pub use input::{Input, STDIN};
pub use line::{End, Item, Parser};
pub use merge::Merged;

use super::{Batch, Skipped};
use crate::event::Session;
use anyhow::{Result, bail};
use lines::{Line, Lines};
use std::path::Path;

/// What is wrong with a line that was not kept.
const TOO_LONG: &str = "it is longer than any that this program writes";

/// Most events that are handed out at once.
const BATCH: usize = 4096;

/// A recording that is being read.
pub struct Recording {
    name: String,
    session: Session,
    lines: Lines,
    parser: Parser,
    /// What was read to find out about the machine.
    first: Option<Item>,
    damage: Damage,
    end: Option<End>,
    /// The latest instant that was told of.
    latest_ns: u64,
    finished: bool,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording")
            .field("name", &self.name)
            .field("session", &self.session)
            .field("damage", &self.damage)
            .finish_non_exhaustive()
    }
}

/// What could not be read.
#[derive(Debug, Default)]
struct Damage {
    lines: u64,
    /// The first such line's number, and what is wrong with it.
    first: Option<(u64, String)>,
    /// Why no more could be read, after which line.
    stopped: Option<(u64, String)>,
}

impl Damage {
    fn skip(&mut self, line: u64, why: String) {
        self.lines += 1;
        self.first.get_or_insert((line, why));
    }

    fn sentences(&self, name: &str, ended: bool) -> Vec<String> {
        let mut sentences = Vec::new();
        if let Some((line, why)) = &self.first {
            let (lines, first) = match self.lines {
                1 => ("1 line was".to_owned(), format!("line {line}")),
                n => (
                    format!("{n} lines were"),
                    format!("the first is line {line}"),
                ),
            };
            sentences.push(format!("{name}: {lines} skipped: {first}: {why}"));
        }
        match &self.stopped {
            Some((line, why)) => sentences.push(format!(
                "{name}: nothing can be read after line {line}: {why}"
            )),
            None if !ended => sentences.push(format!(
                "{name} has no end: it was cut off, or is still being written"
            )),
            None => {}
        }
        sentences
    }
}

impl Recording {
    /// Opens a recording, and reads on until it is known of which machine it is.
    ///
    /// # Errors
    /// If it cannot be read, or nothing in it is of the event schema.
    pub fn open(path: &Path) -> Result<Self> {
        Self::of(Input::open(path)?)
    }

    /// As [`Self::open`], of one that is open.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn of(input: Input) -> Result<Self> {
        let name = input.name.clone();
        Self::read(name, Lines::new(input.decompressed()?))
    }

    fn read(name: String, lines: Lines) -> Result<Self> {
        let mut recording = Self {
            name,
            session: Session::default(),
            lines,
            parser: Parser::default(),
            first: None,
            damage: Damage::default(),
            end: None,
            latest_ns: 0,
            finished: false,
        };
        match recording.item(true) {
            Some(Item::Start(session) | Item::Other(session)) => recording.session = session,
            Some(item) => {
                if let Item::Event(event) = &item {
                    recording.session.started_ns = event.time_ns();
                }
                recording.first = Some(item);
            }
            None => {
                let name = &recording.name;
                let why = match (&recording.damage.first, &recording.damage.stopped) {
                    (Some((line, why)), _) => format!("line {line}: {why}"),
                    (None, Some((_, why))) => why.clone(),
                    (None, None) => "it is empty".into(),
                };
                bail!("{name} is no recording: {why}");
            }
        }
        recording.latest_ns = recording.session.started_ns;
        Ok(recording)
    }

    /// Returns of which machine it is, and since when.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Waits for what comes next, and returns it; `None` after the last.
    pub fn batch(&mut self) -> Option<Batch> {
        let mut batch = Batch::default();
        while batch.events.len() < BATCH {
            // Whoever watches a recording grow is told at once.
            let wait = batch.is_empty();
            let Some(item) = self.first.take().or_else(|| self.item(wait)) else {
                break;
            };
            match item {
                // That of another run, put behind this one.
                Item::Start(_) => {}
                Item::Other(other) => batch.others.push(other),
                Item::Process(process) => batch.running.push(process),
                Item::Event(event) => {
                    self.latest_ns = self.latest_ns.max(event.time_ns());
                    batch.events.push(event);
                }
                Item::End(end) => {
                    let ended_ns = self.session.started_ns.saturating_add(end.duration_ns);
                    self.latest_ns = self.latest_ns.max(ended_ns);
                    batch.skipped = Some(Skipped {
                        not_captured: end.not_captured,
                        untracked: 0,
                    });
                    self.end = Some(end);
                }
            }
        }
        batch.now_ns = Some(self.latest_ns);
        if self.finished {
            return None;
        }
        if self.lines.is_done() && self.first.is_none() {
            self.finished = true;
            batch.problems = self.damage.sentences(&self.name, self.end.is_some());
        }
        Some(batch)
    }

    /// Returns the next thing that is told. Without waiting, it may be `None` though there is more to come.
    fn item(&mut self, wait: bool) -> Option<Item> {
        loop {
            let parsed = match self.lines.buffered() {
                Some(Line::Whole(line) | Line::Rest(line)) if line.trim_ascii().is_empty() => {
                    continue;
                }
                Some(Line::Whole(line) | Line::Rest(line)) => Some(self.parser.parse(line)),
                Some(Line::TooLong) => Some(Err(TOO_LONG.to_owned())),
                None => None,
            };
            let parsed = match parsed {
                Some(parsed) => parsed,
                None if !wait || self.lines.is_done() => return None,
                None => match self.lines.fill() {
                    Ok((Some(_), _)) => Err(TOO_LONG.to_owned()),
                    Ok((None, _)) => continue,
                    Err(error) => {
                        let line = self.lines.number();
                        self.damage.stopped = Some((line, error.to_string()));
                        continue;
                    }
                },
            };
            match parsed {
                Ok(item) => return Some(item),
                Err(why) => self.damage.skip(self.lines.number(), why),
            }
        }
    }
}

/// Reads all bytes of a recording, unpacked.
#[cfg(test)]
pub(crate) fn read_all(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut Input::open(path)?.decompressed()?, &mut bytes)?;
    Ok(bytes)
}
