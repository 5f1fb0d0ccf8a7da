//! Why facts of an event are missing: what this kernel cannot give, and what the probe could not have.

use crate::event::{Capture, Exec, Flags, Missing};
use probe_common::exec_flag;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The reasons of all events, each set of them put together once.
#[derive(Debug)]
pub(super) struct Gaps {
    /// What this kernel cannot give at all.
    of_kernel: Missing,
    by_gaps: FxHashMap<u32, Arc<Missing>>,
    /// Of exits, without their own gap and with it.
    of_exit: [Arc<Missing>; 2],
}

/// A fact that one exec may lack for a reason that the event itself does not tell.
struct Gap {
    key: &'static str,
    why: &'static str,
    found: fn(&Exec, u32) -> bool,
}

pub(super) const CALL_UNSEEN: &str =
    "the call was denied before the kernel looked at it, or begun before the capture";
const NO_ROOM: &str = "no room in the ring buffer";
const DYING: &str =
    "the thread was being killed: by then its memory and user may have been the new program's";
const UNREADABLE: &str = "could not be read";
const TOO_MANY_THREADS: &str = "more threads were ending at that moment than could be followed";

/// Every gap that an exec of its own can have.
const GAPS: [Gap; 11] = [
    Gap {
        key: "filename",
        why: DYING,
        found: |_, flags| flags & exec_flag::DYING != 0,
    },
    Gap {
        key: "args",
        why: DYING,
        found: |_, flags| flags & exec_flag::DYING != 0,
    },
    Gap {
        key: "old_euid",
        why: DYING,
        found: |_, flags| flags & exec_flag::DYING != 0,
    },
    Gap {
        key: "flags",
        why: "whether the exec changed its user, group or capabilities is not known: its begin was not seen, or another's took its place",
        found: |exec, flags| {
            flags & (exec_flag::OLD_EUID | exec_flag::KERNEL) == 0 && !exec.failed()
        },
    },
    Gap {
        key: "interpreter",
        why: "the begin of the exec was not seen, or another's took its place",
        found: |exec, flags| flags & exec_flag::NO_BPRM != 0 && !exec.failed(),
    },
    Gap {
        key: "filename",
        why: CALL_UNSEEN,
        found: |exec, flags| flags & exec_flag::NOT_ENTERED != 0 && exec.filename.is_none(),
    },
    Gap {
        key: "args",
        why: CALL_UNSEEN,
        found: |exec, flags| {
            flags & exec_flag::NOT_ENTERED != 0 && exec.args.capture == Capture::Failed
        },
    },
    Gap {
        key: "args",
        why: NO_ROOM,
        found: |exec, flags| {
            flags & exec_flag::PARTS_LOST != 0 && exec.args.missing_bytes() != Some(0)
        },
    },
    Gap {
        key: "env",
        why: NO_ROOM,
        found: |exec, flags| {
            let whole = exec
                .env
                .as_ref()
                .is_some_and(|env| env.missing_bytes() == Some(0));
            flags & exec_flag::PARTS_LOST != 0 && !whole
        },
    },
    Gap {
        key: "env",
        why: "not captured when an exec fails",
        found: |exec, flags| exec.failed() && flags & exec_flag::ENV != 0,
    },
    Gap {
        key: "interpreter",
        why: UNREADABLE,
        found: |exec, _| exec.flags.contains(Flags::SCRIPT) && exec.interpreter.is_none(),
    },
];

impl Gaps {
    /// Takes what this kernel cannot give at all.
    pub(super) fn new(of_kernel: Missing) -> Self {
        Self {
            of_exit: [false, true].map(|gap| Arc::new(missing_of_exit(&of_kernel, gap))),
            of_kernel,
            by_gaps: FxHashMap::default(),
        }
    }

    /// Returns why facts of an exec are missing: what the kernel cannot give, and its own gaps.
    /// The same gaps come again and again, so each set of them is put together once.
    pub(super) fn of_exec(&mut self, exec: &Exec, flags: u32) -> Arc<Missing> {
        let gaps = GAPS.iter().enumerate();
        let gaps = gaps.filter(|(_, gap)| (gap.found)(exec, flags));
        let set = gaps.fold(0_u32, |set, (i, _)| set | 1 << i);
        let of_kernel = &self.of_kernel;
        let missing = self.by_gaps.entry(set).or_insert_with(|| {
            let mut missing = of_kernel.clone();
            let own = GAPS.iter().enumerate().filter(|(i, _)| set & 1 << i != 0);
            for (_, gap) in own {
                if missing.iter().all(|(key, _)| key != gap.key) {
                    missing.push((gap.key.into(), gap.why.into()));
                }
            }
            Arc::new(missing)
        });
        Arc::clone(missing)
    }

    /// Returns why facts of an exit are missing, of one whose times were not followed or of another.
    pub(super) fn of_exit(&self, times: bool) -> Arc<Missing> {
        Arc::clone(&self.of_exit[usize::from(times)])
    }
}

/// Returns why facts of an exit are missing: those that the kernel cannot give, and its times, if that is the gap.
fn missing_of_exit(of_kernel: &Missing, times: bool) -> Missing {
    const TIMES: [&str; 2] = ["user_ns", "system_ns"];
    let of_exits = |key: &str| TIMES.contains(&key) || key == "max_rss_bytes";
    let own = TIMES.iter().filter(|_| times);
    let own = own.filter(|own| of_kernel.iter().all(|(key, _)| key != **own));
    let own = own.map(|key| ((*key).into(), TOO_MANY_THREADS.into()));
    let of_kernel = of_kernel.iter().filter(|(key, _)| of_exits(key));
    of_kernel.cloned().chain(own).collect()
}
