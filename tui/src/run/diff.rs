//! Two recordings read one after the other, and how they differ.

use super::privileges::{self, Kept};
use super::{complain, print, runtime};
use crate::cli::{DiffConfig, DiffFormat};
use crate::compare::{Tally, differences, table, write_ndjson};
use crate::model::Model;
use crate::resolve::Users;
use crate::source::replay::{Input, Recording};
use anyhow::{Context, Result};
use std::io::IsTerminal;
use std::process::ExitCode;

/// Programs that have not ended yet are remembered, so many and in so many bytes: the oldest go first.
const HISTORY: (usize, usize) = (200_000, 256 << 20);

/// Compares them; 3 is the status if they differ.
///
/// # Errors
/// If one cannot be read, or the output not be written.
pub(super) fn run(config: &DiffConfig) -> Result<ExitCode> {
    config.problems.iter().for_each(|problem| complain(problem));
    let inputs = (Input::open(&config.a)?, Input::open(&config.b)?);
    // What is in them may be anybody's.
    runtime()?.block_on(privileges::give_up_for(Kept::Nothing))?;
    let a = tally(inputs.0, config)?;
    let b = tally(inputs.1, config)?;
    let differences = differences(&a, &b, config.factor);
    let printed = print(|out| match config.format {
        DiffFormat::Ndjson => write_ndjson(out, &differences),
        DiffFormat::Table => table(out, &differences, width()),
    })?;
    Ok(match differences.is_empty() {
        true => printed,
        false => ExitCode::from(3),
    })
}

fn tally(input: Input, config: &DiffConfig) -> Result<Tally> {
    let mut recording = Recording::of(input)?;
    let session = recording.session().clone();
    let mut model = Model::new(session, Users::default(), HISTORY.0, HISTORY.1);
    let mut tally = Tally::new(config.by, config.filter.clone()).context("cannot compare")?;
    while let Some(batch) = recording.batch() {
        model.introduce(batch.others, batch.running);
        batch
            .problems
            .iter()
            .for_each(|sentence| complain(sentence));
        for event in batch.events {
            let applied = model.apply(event);
            tally.event(&applied, &model);
        }
    }
    if model.totals.lost > 0 {
        let lost = crate::format::count(model.totals.lost);
        complain(&format!(
            "{lost} events were lost in that recording, and are not compared"
        ));
    }
    Ok(tally)
}

/// Returns how wide lines may be: as wide as the terminal, if it is one.
fn width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let (width, _) = crossterm::terminal::size().ok()?;
    Some(width.into())
}
