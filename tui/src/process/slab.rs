//! Where processes are kept: side by side, each found by its id at once.

use super::{Process, ProcessId};

/// The bits of an id that say where its process is; those above tell it from others there, and grow with time.
const PLACE_BITS: u32 = 28;
const PLACES: u64 = 1 << PLACE_BITS;

/// Processes by their ids, which are in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Slab {
    slots: Vec<Option<Process>>,
    free: Vec<u32>,
    /// How many came so far.
    came: u64,
}

impl Slab {
    /// Adds a process with a new id, and returns that.
    pub(super) fn insert(&mut self, process: Process) -> ProcessId {
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        let id = ProcessId(self.came << PLACE_BITS | u64::from(place));
        self.came += 1;
        if let Some(slot) = self.slots.get_mut(place as usize) {
            *slot = Some(Process { id, ..process });
        }
        id
    }

    pub(super) fn get(&self, id: ProcessId) -> Option<&Process> {
        let process = self.slots.get(place(id))?.as_ref();
        process.filter(|process| process.id == id)
    }

    pub(super) fn get_mut(&mut self, id: ProcessId) -> Option<&mut Process> {
        let process = self.slots.get_mut(place(id))?.as_mut();
        process.filter(|process| process.id == id)
    }

    pub(super) fn remove(&mut self, id: ProcessId) {
        if self.get(id).is_some()
            && let Some(slot) = self.slots.get_mut(place(id))
        {
            *slot = None;
            self.free.push(place(id) as u32);
        }
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Returns all of them, in no order.
    pub(super) fn values(&self) -> impl Iterator<Item = &Process> {
        self.slots.iter().flatten()
    }
}

fn place(id: ProcessId) -> usize {
    (id.0 & (PLACES - 1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_is_a_map_whose_keys_grow(steps in proptest::collection::vec((any::<bool>(), 0_usize..20), 0..200)) {
            let mut slab = Slab::default();
            let mut plain = BTreeMap::new();
            let mut gone = Vec::new();
            for (number, (adds, which)) in steps.into_iter().enumerate() {
                if adds {
                    let uid = Some(number as u32);
                    let id = slab.insert(Process { uid, ..Process::default() });
                    prop_assert!(plain.last_key_value().is_none_or(|(last, _)| *last < id));
                    plain.insert(id, uid);
                } else if let Some(id) = plain.keys().nth(which).copied() {
                    slab.remove(id);
                    slab.remove(id);
                    plain.remove(&id);
                    gone.push(id);
                }
            }
            prop_assert_eq!(slab.len(), plain.len());
            prop_assert_eq!(slab.values().count(), plain.len());
            for (id, uid) in &plain {
                prop_assert_eq!(slab.get(*id).map(|p| (p.id, p.uid)), Some((*id, *uid)));
                prop_assert!(slab.get_mut(*id).is_some());
            }
            prop_assert!(gone.iter().all(|id| slab.get(*id).is_none()));
        }
    }
}
