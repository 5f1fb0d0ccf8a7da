//! Command lines as they were before secrets in them were masked: the newest, to be revealed one at a time.

use super::App;
use super::details::Tab;
use super::popup::Popup;
use crate::event::{Args, Exec};
use crate::redact::{Original, Which};
use std::collections::{HashMap, VecDeque};

/// So many are kept at most.
const MOST: usize = 4_096;

/// So many bytes of them are kept at most.
const MOST_BYTES: usize = 4 << 20;

/// The newest command lines that had secrets, by their exec.
#[derive(Debug, Default)]
pub(super) struct Originals {
    kept: HashMap<Which, Args>,
    /// Those that are kept, as they came.
    order: VecDeque<Which>,
    bytes: usize,
}

impl Originals {
    fn push(&mut self, Original { of, args }: Original) {
        self.bytes += args.bytes.len();
        match self.kept.insert(of, args) {
            Some(before) => self.bytes -= before.bytes.len(),
            None => self.order.push_back(of),
        }
        while self.kept.len() > MOST || self.bytes > MOST_BYTES {
            let oldest = self.order.pop_front();
            let Some(gone) = oldest.and_then(|of| self.kept.remove(&of)) else {
                return;
            };
            self.bytes -= gone.bytes.len();
        }
    }

    fn get(&self, of: Which) -> Option<&Args> {
        self.kept.get(&of)
    }
}

impl App {
    /// Keeps command lines as they were before secrets were masked, in the order of their execs.
    ///
    /// Before an audience none is kept: what is not there cannot be revealed by mistake.
    pub fn keep_originals(&mut self, originals: Vec<Original>) {
        if self.options.presenter {
            return;
        }
        originals
            .into_iter()
            .for_each(|original| self.originals.push(original));
    }

    /// Returns the arguments of an exec as they were before secrets were masked, if they are kept.
    pub fn original(&self, exec: &Exec) -> Option<&Args> {
        self.originals.get(Which::of(exec))
    }

    /// Shows the arguments of the line that the details are about as they were, or masked again.
    pub(super) fn reveal(&mut self) {
        let Some(Popup::Details(details)) = self.popups.last() else {
            return;
        };
        let revealed = details.revealed;
        if self.options.presenter {
            return self.warn("what is masked stays masked with --presenter");
        }
        let row = self.row_of(details.subject);
        if row.and_then(|row| self.original(&row.exec)).is_none() {
            return self
                .warn("nothing of this command line was masked, or it is not kept any more");
        }
        if let Some(Popup::Details(details)) = self.popups.last_mut() {
            details.tab = Tab::Arguments;
            details.revealed = !revealed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{HostId, ProcessKey};

    fn which(time_ns: u64) -> Which {
        Which {
            process: ProcessKey::default(),
            time_ns,
        }
    }

    fn original(time_ns: u64, size: usize) -> Original {
        let args = Args::from_list(&["x".repeat(size)]);
        Original {
            of: which(time_ns),
            args,
        }
    }

    #[test]
    fn the_newest_are_kept() {
        let mut originals = Originals::default();
        (0..MOST as u64 + 10).for_each(|time| originals.push(original(2 * time, 5)));
        assert_eq!(originals.kept.len(), MOST);
        assert_eq!(originals.get(which(18)), None);
        assert_eq!(originals.get(which(20)), Some(&original(20, 5).args));
        assert_eq!(originals.get(which(21)), None);
    }

    #[test]
    fn long_ones_do_not_fill_the_memory() {
        let mut originals = Originals::default();
        let some = || (0..100).map(|time| original(time, MOST_BYTES / 10));
        some().chain(some()).for_each(|one| originals.push(one));
        assert_eq!((originals.kept.len(), originals.order.len()), (9, 9));
        let bytes: usize = originals.kept.values().map(|one| one.bytes.len()).sum();
        assert_eq!(originals.bytes, bytes);
    }

    #[test]
    fn the_same_moment_on_another_machine_is_another_exec() {
        let mut originals = Originals::default();
        let mut there = original(7, 3);
        there.of.process.host = HostId(1);
        originals.push(there.clone());
        originals.push(original(7, 5));
        assert_eq!(originals.get(which(7)), Some(&original(7, 5).args));
        assert_eq!(originals.get(there.of), Some(&there.args));
    }
}
