//! The capture filter: what the probe is told of it, and what is asked of events before they count.

use crate::cli::CaptureFilter;
use crate::event::{Event, ProcessKey};
use crate::filter::Filter;
use crate::model::Model;
use crate::source::Skipped;
use crate::source::cgroup::{self, Cgroup};
use crate::source::probe::Only;
use crate::store::Row;
use anyhow::Result;
use rustc_hash::FxHashSet;

/// Finds out what the kernel is to ask; `command` is the process of a program that was started.
///
/// # Errors
/// If a control group of `--cgroup` is not there.
pub(super) fn for_kernel(filter: &CaptureFilter, command: Option<u32>) -> Result<Only> {
    let pushed = &filter.pushed;
    let wanted = filter.cgroups.iter().map(|path| cgroup::find(path));
    let mut cgroups = wanted.collect::<Result<Vec<_>>>()?;
    // One that a filter names may come later. Beside hierarchies of version 1 it may mean a group
    // of those, of which the kernel asks nothing: then the filter alone does, as it does anyway.
    let pushable = cgroup::only_version_2();
    let paths = pushed.cgroups.iter().filter(|_| pushable);
    cgroups.extend(paths.map(|path| Cgroup::at(path)));
    Ok(Only {
        tree: pushed.tree.iter().copied().chain(command).collect(),
        uids: pushed.uids.clone(),
        comms: pushed.comms.clone(),
        cgroups,
    })
}

/// What is left of the capture filter to be asked here.
#[derive(Debug)]
pub(super) struct Rest {
    filter: Filter,
    /// Processes whose program passed: their ends pass too.
    kept: FxHashSet<ProcessKey>,
    skipped_here: u64,
    by_kernel: Skipped,
    /// Whether it was said that the kernel's memory for processes is full.
    warned: bool,
}

impl Rest {
    pub(super) fn new(filter: Filter) -> Self {
        Self {
            filter,
            kept: FxHashSet::default(),
            skipped_here: 0,
            by_kernel: Skipped::default(),
            warned: false,
        }
    }

    /// Returns whether nothing is left to ask.
    pub(super) fn is_empty(&self) -> bool {
        self.filter.is_empty()
    }

    /// Gives an event back, and whether it is captured.
    pub(super) fn ask(&mut self, event: Event, model: &Model) -> (Event, bool) {
        if self.is_empty() {
            return (event, true);
        }
        match event {
            Event::Exec(exec) => {
                let row = Row {
                    exec: *exec,
                    ..Row::default()
                };
                let passes = self.filter.matches(&row, model);
                let exec = row.exec;
                match (passes, exec.failed()) {
                    (true, false) => {
                        self.kept.insert(exec.key());
                    }
                    (false, failed) => {
                        self.skipped_here += 1;
                        if !failed {
                            self.kept.remove(&exec.key());
                        }
                    }
                    (true, true) => {}
                }
                (Event::Exec(Box::new(exec)), passes)
            }
            Event::Exit(exit) => {
                let passes = self.kept.remove(&exit.key());
                (Event::Exit(exit), passes)
            }
            Event::Fork(fork) => {
                let passes = self.kept.contains(&fork.parent);
                (Event::Fork(fork), passes)
            }
            Event::Lost(lost) => (Event::Lost(lost), true),
        }
    }

    /// Takes note of what the kernel skipped; returns a sentence if it skips what it should not.
    pub(super) fn note(&mut self, skipped: Skipped) -> Option<String> {
        self.by_kernel = skipped;
        let first = skipped.untracked > 0 && !self.warned;
        self.warned |= first;
        first.then(|| {
            "there are more processes at once than the capture filter has room for: some of what they execute is not captured, \
             and not all of it is counted".to_owned()
        })
    }

    /// Returns how many execs were not captured so far.
    pub(super) fn not_captured(&self) -> u64 {
        self.by_kernel.not_captured + self.skipped_here
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Lost, Status};
    use crate::fixture::{ended, failed, model, ran};

    #[test]
    fn what_does_not_pass_is_skipped_with_its_end() {
        let model = model(10);
        let mut rest = Rest::new(Filter::parse("cc").unwrap());
        let mut ask = |event: Event| rest.ask(event.clone(), &model) == (event, true);
        assert!(ask(ran(1, 50, 4711, &["cc", "a.c"])));
        assert!(!ask(ran(2, 51, 4711, &["make"])));
        assert!(ask(failed(3, 51, 4711, 2, &["cc"])));
        assert!(!ask(failed(3, 50, 4711, 2, &["ld"])));
        assert!(!ask(ended(4, 51, Status::Code(0))));
        assert!(ask(ended(5, 50, Status::Code(0))));
        assert!(!ask(ended(5, 50, Status::Code(0))), "it ended before");
        assert!(!ask(ended(6, 4711, Status::Code(0))), "never seen");
        // What it becomes counts.
        assert!(ask(ran(7, 52, 4711, &["cc"])));
        assert!(!ask(ran(8, 52, 4711, &["ld"])));
        assert!(!ask(ended(9, 52, Status::Code(0))));
        assert!(ask(Event::Lost(Lost {
            time_ns: 1,
            count: 1,
            cpu: None,
            ..Lost::default()
        })));
        assert_eq!(rest.not_captured(), 3);
        assert!(rest.kept.is_empty());
    }

    #[test]
    fn both_counts_are_one() {
        let mut rest = Rest::new(Filter::default());
        let skipped = Skipped {
            not_captured: 7,
            untracked: 0,
        };
        assert_eq!(rest.note(skipped), None);
        assert_eq!(rest.not_captured(), 7);
        let full = Skipped {
            not_captured: 8,
            untracked: 1,
        };
        assert!(rest.note(full).is_some());
        assert_eq!(rest.note(full), None, "said once");
    }
}
