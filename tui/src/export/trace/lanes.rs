//! Which slice stands where: each lane is a stack of slices, every one within the one below it.

use crate::event::ProcessKey;
use std::collections::BTreeSet;

/// Lanes with the slices that are open.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    stacks: Vec<Vec<ProcessKey>>,
    /// Lanes without an open slice.
    free: BTreeSet<usize>,
}

/// A slice that goes on in another lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) key: ProcessKey,
    pub(super) lane: usize,
}

impl Lanes {
    /// Returns how many lanes there were so far.
    pub(super) fn count(&self) -> usize {
        self.stacks.len()
    }

    /// Opens a slice: within its parent's if that one, in its lane, has none open within it.
    pub(super) fn place(&mut self, key: ProcessKey, parent: Option<(ProcessKey, usize)>) -> usize {
        let nested = parent.filter(|(parent, lane)| {
            let stack = self.stacks.get(*lane);
            stack.and_then(|stack| stack.last()) == Some(parent)
        });
        let lane = match nested {
            Some((_, lane)) => lane,
            None => self.free.pop_first().unwrap_or_else(|| {
                self.stacks.push(Vec::new());
                self.stacks.len() - 1
            }),
        };
        if let Some(stack) = self.stacks.get_mut(lane) {
            stack.push(key);
        }
        lane
    }

    /// Closes a slice. Those within it are cut, since they would end later: each goes on in a lane of its own.
    pub(super) fn remove(&mut self, key: ProcessKey, lane: usize) -> Vec<Cut> {
        let Some(stack) = self.stacks.get_mut(lane) else {
            return Vec::new();
        };
        let Some(place) = stack.iter().rposition(|open| *open == key) else {
            return Vec::new();
        };
        let within = stack.split_off(place).split_off(1);
        let is_free = stack.is_empty();
        let mut cuts = Vec::with_capacity(within.len());
        let mut parent = None;
        for key in within {
            // What was within another that goes on stays within it.
            let lane = self.place(key, parent);
            parent = Some((key, lane));
            cuts.push(Cut { key, lane });
        }
        if is_free {
            self.free.insert(lane);
        }
        cuts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(pid: u32) -> ProcessKey {
        ProcessKey {
            pid,
            start_ns: 0,
            ..ProcessKey::default()
        }
    }

    #[test]
    fn one_child_is_within_its_parent_and_the_next_beside_it() {
        let mut lanes = Lanes::default();
        assert_eq!(lanes.place(key(1), None), 0);
        assert_eq!(lanes.place(key(2), Some((key(1), 0))), 0);
        assert_eq!(lanes.place(key(3), Some((key(1), 0))), 1);
        assert_eq!(lanes.place(key(4), Some((key(3), 1))), 1);
        // 3 ends before 4, which goes on.
        let cut = Cut {
            key: key(4),
            lane: 2,
        };
        assert_eq!(lanes.remove(key(3), 1), [cut]);
        assert_eq!(lanes.remove(key(2), 0), []);
        assert_eq!(lanes.place(key(5), Some((key(1), 0))), 0);
        assert_eq!(lanes.place(key(6), None), 1);
    }

    proptest! {
        #[test]
        fn each_slice_is_open_in_one_lane(steps in proptest::collection::vec((0..12_u32, 0..12_u32), 0..80)) {
            let mut lanes = Lanes::default();
            let mut open: std::collections::HashMap<u32, usize> = Default::default();
            for (pid, parent) in steps {
                if let Some(lane) = open.remove(&pid) {
                    for cut in lanes.remove(key(pid), lane) {
                        prop_assert!(open.insert(cut.key.pid, cut.lane).is_some());
                    }
                } else {
                    let parent = open.get(&parent).map(|lane| (key(parent), *lane));
                    open.insert(pid, lanes.place(key(pid), parent));
                }
                let mut stands: Vec<_> = lanes.stacks.iter().enumerate()
                    .flat_map(|(lane, stack)| stack.iter().map(move |key| (key.pid, lane)))
                    .collect();
                stands.sort_unstable();
                let mut wanted: Vec<_> = open.clone().into_iter().collect();
                wanted.sort_unstable();
                prop_assert_eq!(stands, wanted);
                let free: Vec<_> = lanes.stacks.iter().enumerate().filter(|(_, stack)| stack.is_empty()).map(|(lane, _)| lane).collect();
                prop_assert_eq!(lanes.free.iter().copied().collect::<Vec<_>>(), free);
            }
        }
    }
}
