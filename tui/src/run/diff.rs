//! Two recordings read one after the other, and what differs between them told.

use super::privileges::{self, Kept};
use super::{complain, runtime};
use crate::cli::{DiffConfig, DiffFormat};
use crate::diff::{self, Side, Tally};
use crate::event::Session;
use crate::model::Model;
use crate::resolve::Users;
use crate::source::replay::{Input, Recording};
use anyhow::{Context, Result};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// What differs is told by this status, since 1 says that it could not be found out.
const DIFFERENT: u8 = 3;

/// How much is kept of a recording while it is read: ends refer back, and filters ask about processes above.
const HISTORY: usize = 100_000;
const HISTORY_BYTES: usize = 64 << 20;

/// Compares, and tells what differs.
///
/// # Errors
/// If one of them cannot be read, or the result not be written.
pub(super) fn run(config: &DiffConfig) -> Result<ExitCode> {
    let (a, b) = (Input::open(&config.a)?, Input::open(&config.b)?);
    // What is in them may be anybody's.
    runtime()?.block_on(privileges::give_up_all_but(Kept::Nothing))?;
    let (a, b) = (read(config, a)?, read(config, b)?);
    let changed = diff::compare(&a.tally, &b.tally, config.slower);
    let sides = [&a.side(), &b.side()];
    let told = match config.format {
        DiffFormat::Table => {
            let size = || crossterm::terminal::size().ok();
            let width = config.on_terminal.then(size).flatten();
            diff::table(sides, &changed, width.map(|(width, _)| width.into()))
        }
        DiffFormat::Ndjson => diff::ndjson(sides, &changed, config.by),
    };
    let mut stdout = std::io::stdout();
    match stdout
        .write_all(told.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            return Err(error).context("cannot write what differs");
        }
        // Who reads it has seen enough; the status is for the script around.
        Ok(()) | Err(_) => {}
    }
    Ok(match changed.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(DIFFERENT),
    })
}

/// A recording that was read.
struct Read {
    name: String,
    session: Session,
    duration_ns: u64,
    tally: Tally,
}

impl Read {
    fn side(&self) -> Side<'_> {
        Side {
            name: &self.name,
            session: &self.session,
            duration_ns: self.duration_ns,
            tally: &self.tally,
        }
    }
}

fn read(config: &DiffConfig, input: Input) -> Result<Read> {
    let mut recording = Recording::of(input)?;
    let name = recording.name().to_owned();
    let session = recording.session().clone();
    let mut model = Model::new(session, Users::default(), HISTORY, HISTORY_BYTES);
    let mut tally = Tally::new(config.by, config.filter.clone());
    let mut now_ns = model.session.started_ns;
    while let Some(batch) = recording.batch() {
        now_ns = batch.now_ns.unwrap_or(now_ns);
        batch.others.into_iter().for_each(|other| model.meet(other));
        model.seed(batch.running);
        batch.problems.iter().for_each(|problem| complain(problem));
        for event in batch.events {
            let applied = model.apply(event);
            tally.take(&applied, &model);
        }
    }
    Ok(Read {
        name,
        duration_ns: now_ns.saturating_sub(model.session.started_ns),
        session: model.session,
        tally,
    })
}
