//! What two recordings are compared by.

use super::Context;
use super::resolve::parsed;
use super::value::{self, is_standard};
use crate::compare::By;
use crate::filter::Filter;
use crate::settings::Place;
use clap::ValueEnum;
use std::path::PathBuf;

/// The flags of `diff`.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// The recording that is as it should be (of -w or -o ndjson; plain, gzip or zstd)
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// The recording to look at; `-` is standard input
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// By what commands are matched
    #[arg(long, value_enum, value_name = "WHAT", default_value = "command")]
    pub by: By,
    /// Compare only execs that pass this filter, such as 'under(comm=make)'
    #[arg(short, long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// From how many times as long on a median duration is a difference
    #[arg(long, value_name = "N", value_parser = value::factor, default_value = "2")]
    pub factor: f64,
    /// Form of the report
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    pub output: DiffFormat,
}

/// The form in which differences are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people
    Table,
    /// One JSON object a line
    Ndjson,
}

/// What to compare, and how.
#[derive(Debug)]
pub struct DiffConfig {
    /// The recording that is as it should be.
    pub a: PathBuf,
    /// The one to look at.
    pub b: PathBuf,
    /// By what commands are matched.
    pub by: By,
    /// Which execs are compared.
    pub filter: Filter,
    /// From which ratio on durations differ.
    pub factor: f64,
    /// The form of the report.
    pub format: DiffFormat,
    /// What is wrong with the configuration, a sentence each.
    pub problems: Vec<String>,
}

pub(super) fn resolve(args: DiffArgs, context: &Context<'_>) -> Result<DiffConfig, String> {
    if is_standard(&args.a) && is_standard(&args.b) {
        return Err("both recordings are standard input: name a file for one".into());
    }
    // Of what is set, named filters are all that it could ask for.
    let settings = (context.settings)(match args.filter {
        Some(_) => Place::Usual,
        None => Place::Nowhere,
    });
    let filter = parsed(
        "--filter",
        &args.filter.unwrap_or_default(),
        context,
        &settings.names,
    )?;
    // It is asked when an exec happens, and again when its program ends.
    if filter.asks_later() {
        return Err("--filter: what is known only when a program ends cannot be asked here".into());
    }
    Ok(DiffConfig {
        a: args.a,
        b: args.b,
        by: args.by,
        filter,
        factor: args.factor,
        format: args.output,
        problems: settings.problems,
    })
}
