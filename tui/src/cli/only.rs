//! The flags that choose what is captured, as one capture filter.

use super::resolve::parsed;
use super::{Context, LiveArgs};
use crate::filter::{Filter, Names, Pushed, Taken};
use std::path::PathBuf;

/// What is captured; what is not is only counted.
#[derive(Debug, Default)]
pub struct CaptureFilter {
    /// What the kernel asks, of `--only` and of `--tree`.
    pub pushed: Pushed,
    /// The control groups of `--cgroup`: they must be there.
    pub cgroups: Vec<PathBuf>,
    /// What is left to ask of the execs that the kernel lets through.
    pub rest: Filter,
}

impl CaptureFilter {
    /// Returns whether a flag asks for less than all.
    pub fn any(&self) -> bool {
        self.pushed != Pushed::default() || !self.cgroups.is_empty() || !self.rest.is_empty()
    }
}

/// Makes the capture filter of `--only`, `--tree` and `--cgroup`; a program that is started is a
/// tree of its own.
pub(super) fn capture_filter(
    args: &LiveArgs,
    command: bool,
    context: &Context<'_>,
    names: &Names,
) -> Result<CaptureFilter, String> {
    if command && !args.tree.is_empty() {
        return Err(
            "--tree and a command behind `--` are each a tree to capture: leave one out".into(),
        );
    }
    let filter = parsed("--only", args.only.as_deref().unwrap_or(""), context, names)?;
    let taken = Taken {
        tree: command || !args.tree.is_empty(),
        cgroups: !args.cgroup.is_empty(),
    };
    let (mut pushed, rest) = filter
        .split(taken, context.uid_of)
        .map_err(|message| format!("--only: {message}"))?;
    pushed.tree.extend(&args.tree);
    Ok(CaptureFilter {
        pushed,
        cgroups: args.cgroup.clone(),
        rest,
    })
}
