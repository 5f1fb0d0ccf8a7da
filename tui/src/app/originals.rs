//! Command lines as they were before secrets in them were masked: the newest, to be revealed one at a time.

use super::App;
use super::details::Tab;
use super::popup::Popup;
use crate::event::Args;
use crate::redact::Original;
use std::collections::VecDeque;

/// So many are kept at most.
const MOST: usize = 4_096;

/// So many bytes of them are kept at most.
const MOST_BYTES: usize = 4 << 20;

/// The newest command lines that had secrets, by the number of their exec.
#[derive(Debug, Default)]
pub(super) struct Originals {
    kept: VecDeque<Original>,
    bytes: usize,
}

impl Originals {
    fn push(&mut self, original: Original) {
        self.bytes += original.args.bytes.len();
        self.kept.push_back(original);
        while self.kept.len() > MOST || self.bytes > MOST_BYTES {
            let Some(oldest) = self.kept.pop_front() else {
                return;
            };
            self.bytes -= oldest.args.bytes.len();
        }
    }

    fn get(&self, seq: u64) -> Option<&Args> {
        let at = self
            .kept
            .binary_search_by_key(&seq, |original| original.seq);
        self.kept.get(at.ok()?).map(|original| &original.args)
    }
}

impl App {
    /// Keeps command lines as they were before secrets were masked, in the order of their execs.
    pub fn keep_originals(&mut self, originals: Vec<Original>) {
        originals
            .into_iter()
            .for_each(|original| self.originals.push(original));
    }

    /// Returns the arguments of an exec as they were before secrets were masked, if they are kept.
    pub fn original(&self, seq: u64) -> Option<&Args> {
        self.originals.get(seq)
    }

    /// Shows the arguments of the line that the details are about as they were, or masked again.
    pub(super) fn reveal(&mut self) {
        let Some(Popup::Details(details)) = self.popups.last() else {
            return;
        };
        let revealed = details.revealed;
        let row = self.row_of(details.subject);
        if row.and_then(|row| self.original(row.exec.seq)).is_none() {
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

    fn original(seq: u64, size: usize) -> Original {
        let args = Args::from_list(&["x".repeat(size)]);
        Original { seq, args }
    }

    #[test]
    fn the_newest_are_kept() {
        let mut originals = Originals::default();
        (0..MOST as u64 + 10).for_each(|seq| originals.push(original(2 * seq, 5)));
        assert_eq!(originals.kept.len(), MOST);
        assert_eq!(originals.get(18), None);
        assert_eq!(originals.get(20), Some(&original(20, 5).args));
        assert_eq!(originals.get(21), None);
    }

    #[test]
    fn long_ones_do_not_fill_the_memory() {
        let mut originals = Originals::default();
        (0..100).for_each(|seq| originals.push(original(seq, MOST_BYTES / 10)));
        assert_eq!(originals.kept.len(), 9);
        let bytes: usize = originals.kept.iter().map(|one| one.args.bytes.len()).sum();
        assert_eq!(originals.bytes, bytes);
    }
}
