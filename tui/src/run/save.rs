//! Saving what the screen shows: lines are made between other work, a few rows at a time, and a thread writes them, so
//! that neither many rows nor a slow disk hold up the screen.

use super::invoking_user;
use super::record::sink::{Place, Sink};
use crate::app::App;
use crate::cli::RecordConfig;
use crate::export::saved::{Form, Saved};
use crate::format;
use crate::threads;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::sync::mpsc::{channel, unbounded_channel};
use tokio::time::timeout;

/// So many rows are made into lines at once.
const ROWS: usize = 2_000;

/// So many slices may wait for a slow disk.
const SLICES: usize = 4;

/// How long the disk may hold up the end.
const LINGER: Duration = Duration::from_secs(10);

/// What the thread that writes has to tell.
#[derive(Debug)]
pub(super) enum Told {
    /// The file is open.
    Open,
    /// There is one already, and nobody said to replace it.
    Exists,
    /// All was written, so many bytes.
    Written(u64),
    /// Not all was written, and why.
    Failed(String),
}

/// What there is to do next.
#[derive(Debug)]
pub(super) enum Step {
    /// The thread takes more lines.
    More,
    /// The thread told something.
    Told(Option<Told>),
}

/// Rows on their way to a file.
pub(super) struct Saving {
    path: PathBuf,
    saved: Saved,
    /// `None` once all lines were handed over.
    lines: Option<Sender<Vec<u8>>>,
    open: bool,
    told: UnboundedReceiver<Told>,
}

impl Saving {
    /// Begins to save what the filter shows to a file; a thread opens it.
    pub(super) fn begin(app: &App, path: &Path, form: Form, over: bool) -> Self {
        let (lines, taken) = channel(SLICES);
        let (tell, told) = unbounded_channel();
        let to = path.to_owned();
        let failed = tell.clone();
        let started = threads::start("saver", move || {
            let outcome = write(&to, over, taken, &tell);
            // Nobody may wait any more.
            let _ = tell.send(outcome.unwrap_or_else(|error| Told::Failed(format!("{error:#}"))));
        });
        if let Err(error) = started {
            let _ = failed.send(Told::Failed(format!("{error:#}")));
        }
        Self {
            path: path.to_owned(),
            saved: app.saved(form),
            lines: Some(lines),
            open: false,
            told,
        }
    }

    /// Waits for what there is to do next; for ever if nothing is saved.
    pub(super) async fn step(saving: &mut Option<Self>) -> Step {
        match saving {
            Some(saving) => saving.next_step().await,
            None => std::future::pending().await,
        }
    }

    async fn next_step(&mut self) -> Step {
        let room = async {
            match &self.lines {
                Some(lines) if self.open => drop(lines.reserve().await),
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            told = self.told.recv() => Step::Told(told),
            () = room => Step::More,
        }
    }

    /// Does it, and tells the screen; returns whether saving is over.
    pub(super) fn go_on(&mut self, step: Step, app: &mut App) -> bool {
        let told = match step {
            Step::More => {
                self.hand_over(app);
                let percent = self.saved.percent();
                app.tell_saving(Ok(format!("saving, {percent} % to {}", self.name())));
                return false;
            }
            Step::Told(Some(Told::Open)) => {
                self.open = true;
                return false;
            }
            Step::Told(told) => told,
        };
        match told {
            Some(Told::Exists) => app.ask_to_replace(&self.path),
            told => app.tell_saving(self.outcome(told)),
        }
        true
    }

    fn hand_over(&mut self, app: &App) {
        let mut slice = Vec::new();
        let more = self.saved.slice(app.model(), ROWS, &mut slice);
        if let Some(lines) = &self.lines {
            // There is room; and once the thread is gone, it has said why.
            let _ = lines.try_send(slice);
        }
        if !more {
            self.lines = None;
        }
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Returns what came of it in words.
    fn outcome(&self, told: Option<Told>) -> Result<String, String> {
        let (rows, name) = (self.saved.rows(), self.name());
        let words = match rows {
            1 => "1 row".to_owned(),
            rows => format!("{} rows", format::count(rows)),
        };
        match told {
            Some(Told::Written(bytes)) => {
                let size = format::size(bytes);
                Ok(format!("saved {words} ({size}) to {name}"))
            }
            Some(Told::Failed(why)) => Err(format!("not saved: {why}")),
            _ => Err(format!("not saved: {name} could not be written")),
        }
    }

    /// Waits until all is written, the screen is gone; returns what came of it, and whether that is all.
    pub(super) async fn finish(mut self, app: &App) -> Result<String, String> {
        let rest = async {
            loop {
                match self.next_step().await {
                    Step::More => self.hand_over(app),
                    Step::Told(Some(Told::Open)) => self.open = true,
                    Step::Told(told) => break told,
                }
            }
        };
        match timeout(LINGER, rest).await {
            Ok(Some(Told::Exists)) => Err(format!("not saved: {} is there already", self.name())),
            Ok(told) => self.outcome(told),
            Err(_) => Err(format!(
                "{} may lack the last rows: the disk stalls",
                self.name()
            )),
        }
    }
}

/// Opens the file, and writes until there are no more lines.
fn write(
    path: &Path,
    over: bool,
    mut taken: Receiver<Vec<u8>>,
    tell: &UnboundedSender<Told>,
) -> Result<Told> {
    let config = RecordConfig {
        path: at_home(path),
        force: over,
        max: None,
        keep: 1,
    };
    let place = Place::new(&config, invoking_user())?;
    if !over && place.is_taken() {
        return Ok(Told::Exists);
    }
    let file = place.create(over)?.begin_private()?;
    let mut sink = Sink::new(Some(place), file);
    // The screen may be gone by then.
    let _ = tell.send(Told::Open);
    let full = || {
        format!(
            "cannot write all of {}: make room, or name another file",
            path.display()
        )
    };
    while let Some(lines) = taken.blocking_recv() {
        sink.write(&lines).with_context(full)?;
    }
    sink.flush().with_context(full)?;
    Ok(Told::Written(sink.total()))
}

/// Returns a path with the user's home in the place of `~`.
fn at_home(path: &Path) -> PathBuf {
    let Ok(rest) = path.strip_prefix("~") else {
        return path.to_owned();
    };
    let user = nix::unistd::User::from_uid(nix::unistd::getuid());
    match user {
        Ok(Some(user)) => user.dir.join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests;
