//! Control groups: records have their ids, the probe's map has their paths.

use super::texts;
use crate::event::Cgroup;
use probe_common::CgroupPath;
use rustc_hash::FxHashMap;
use std::fmt;
use std::sync::Arc;

/// Most that are remembered; then they are asked for anew.
const MOST: usize = 4096;

/// Control groups by id, each asked for once.
pub(super) struct Cgroups {
    ask: Box<dyn Fn(u64) -> Option<CgroupPath> + Send>,
    known: FxHashMap<u64, Arc<Cgroup>>,
}

impl Cgroups {
    /// Makes them; `ask` is how to learn the path of one.
    pub(super) fn new(ask: impl Fn(u64) -> Option<CgroupPath> + Send + 'static) -> Self {
        Self {
            ask: Box::new(ask),
            known: FxHashMap::default(),
        }
    }

    /// Returns a control group, unless the probe has forgotten it.
    pub(super) fn get(&mut self, id: u64) -> Option<Arc<Cgroup>> {
        if id == 0 {
            return None;
        }
        if let Some(known) = self.known.get(&id) {
            return Some(Arc::clone(known));
        }
        let found = (self.ask)(id)?;
        let names = found.names.get(..usize::try_from(found.len).ok()?)?;
        let path = texts::path(names, found.cut != 0);
        let cgroup = Arc::new(Cgroup::new(path));
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(id, Arc::clone(&cgroup));
        Some(cgroup)
    }
}

impl fmt::Debug for Cgroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cgroups")
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use probe_common::limits::CGROUP_NAMES;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn each_is_asked_for_once() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let mut cgroups = Cgroups::new(|id| {
            ASKED.fetch_add(1, Ordering::Relaxed);
            let mut names = [0; CGROUP_NAMES];
            names[..22].copy_from_slice(b"x.service\0system.slice");
            let len = 23;
            (id == 5).then_some(CgroupPath { len, cut: 0, names })
        });
        assert_eq!(*cgroups.get(5).unwrap().path, *b"/system.slice/x.service");
        assert!(cgroups.get(5).is_some());
        assert_eq!(ASKED.load(Ordering::Relaxed), 1);
        assert!(cgroups.get(6).is_none() && cgroups.get(0).is_none());
        assert_eq!(ASKED.load(Ordering::Relaxed), 2, "0 is none");
    }
}
