//! Records of the ring buffer made into events, with losses where they happened.

use crate::event::{
    Ancestor, Args, Capture, Comm, Event, Exec, Exit, Flags, Fork, Lost, Missing, ProcessKey,
    Status,
};
use probe_common::limits::{FILENAME_MAX, NONE};
use probe_common::{DecodeError, ExitFixed, ForkFixed, Header, Record, exec_flag};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Makes events of records, in order.
#[derive(Debug)]
pub(super) struct Decoder {
    seq: u64,
    losses: Losses,
    /// What this kernel cannot give at all.
    missing: Missing,
    missing_by_gaps: FxHashMap<u16, Arc<Missing>>,
    page_size: u64,
    has: Has,
}

/// A fact that one exec may lack.
struct Gap {
    key: &'static str,
    why: &'static str,
    found: fn(&Exec) -> bool,
}

const UNREADABLE: &str = "the process's memory could not be read";

/// Every gap that an exec of its own can have.
const GAPS: [Gap; 7] = [
    Gap {
        key: "filename",
        why: UNREADABLE,
        found: |exec| exec.filename.is_none(),
    },
    Gap {
        key: "args",
        why: UNREADABLE,
        found: |exec| exec.args.capture == Capture::Failed,
    },
    Gap {
        key: "args_missing_bytes",
        why: "not all arguments could be measured",
        found: |exec| exec.args.true_size.is_none(),
    },
    Gap {
        key: "old_euid",
        why: "started by the kernel",
        found: |exec| exec.old_euid.is_none() && exec.flags.contains(Flags::KERNEL),
    },
    Gap {
        key: "old_euid",
        why: "the call was not seen",
        found: |exec| exec.old_euid.is_none() && !exec.flags.contains(Flags::KERNEL),
    },
    Gap {
        key: "loginuid",
        why: "not set",
        found: |exec| exec.loginuid.is_none(),
    },
    Gap {
        key: "session",
        why: "not set",
        found: |exec| exec.session.is_none(),
    },
];

/// Which facts of an exit this kernel gives.
#[derive(Clone, Copy, Debug)]
struct Has {
    times: bool,
    max_rss: bool,
}

impl Decoder {
    /// Makes a decoder; `missing` is what this kernel cannot give at all.
    pub(super) fn new(missing: Missing, page_size: u64) -> Self {
        let has = |key| !missing.iter().any(|(k, _)| k == key);
        let has = Has {
            times: has("user_ns"),
            max_rss: has("max_rss_bytes"),
        };
        Self {
            seq: 0,
            losses: Losses::default(),
            missing,
            missing_by_gaps: FxHashMap::default(),
            page_size,
            has,
        }
    }

    /// Decodes one record; a loss that it tells of comes before it.
    ///
    /// # Errors
    /// If the bytes are no record.
    pub(super) fn record(
        &mut self,
        bytes: &[u8],
        events: &mut Vec<Event>,
    ) -> Result<(), DecodeError> {
        let record = Record::decode(bytes)?;
        let (Record::Exec(header, _) | Record::Exit(header, _) | Record::Fork(header, _)) = &record;
        if let Some(lost) = self.losses.by_record(header) {
            events.push(Event::Lost(lost));
        }
        self.seq += 1;
        events.push(match record {
            Record::Exec(header, exec) => Event::Exec(Box::new(self.exec(&header, &exec))),
            Record::Exit(header, exit) => Event::Exit(self.exit(&header, &exit)),
            Record::Fork(header, fork) => Event::Fork(self.fork(&header, &fork)),
        });
        Ok(())
    }

    /// Notes a loss that no record has told of yet: `count` is a CPU's count so far.
    pub(super) fn counter(&mut self, cpu: u16, count: u64, now_ns: u64) -> Option<Lost> {
        self.losses.by_counter(cpu, count as u32, now_ns)
    }

    fn exec(&mut self, header: &Header, record: &probe_common::Exec<'_>) -> Exec {
        let fixed = &record.fixed;
        let has = |flag| header.flags & flag != 0;
        let mut flags = Flags::default();
        flags.set(Flags::SCRIPT, has(exec_flag::SCRIPT));
        flags.set(Flags::KERNEL, has(exec_flag::KERNEL));
        let old_euid = match fixed.ret {
            0 => has(exec_flag::OLD_EUID).then_some(fixed.old_euid),
            // What failed changed nothing.
            _ => some(fixed.euid),
        };
        flags.set(
            Flags::SETUID,
            fixed.ret == 0 && old_euid.is_some_and(|old| old != fixed.euid),
        );
        let filename_fault = has(exec_flag::FILENAME_FAULT);
        // A name that is too long may stand in a path that is not: only a full one was cut.
        let filename_cut = has(exec_flag::FILENAME_CUT) && record.filename.len() >= FILENAME_MAX;
        let args = args(header, record);
        let mut exec = Exec {
            seq: self.seq,
            time_ns: header.time_ns,
            start_ns: fixed.start_ns,
            pid: header.pid,
            tid: header.tid,
            ppid: fixed.ppid,
            ret: fixed.ret,
            uid: fixed.uid,
            gid: fixed.gid,
            euid: some(fixed.euid),
            egid: some(fixed.egid),
            old_euid,
            loginuid: some(fixed.loginuid),
            session: some(fixed.session),
            ns_pid: some(fixed.ns_pid),
            pid_ns: some(fixed.pid_ns),
            mnt_ns: some(fixed.mnt_ns),
            cpu: Some(header.cpu),
            comm: Comm::new(&fixed.comm),
            filename: (!filename_fault).then(|| record.filename.into()),
            filename_capture: match (filename_fault, filename_cut) {
                (true, _) => Capture::Failed,
                (false, true) => Capture::Truncated,
                (false, false) => Capture::Whole,
            },
            interpreter: (!record.interpreter.is_empty()).then(|| record.interpreter.into()),
            interpreter_capture: if has(exec_flag::INTERPRETER_CUT) {
                Capture::Truncated
            } else {
                Capture::Whole
            },
            exe: None,
            exe_capture: Capture::Whole,
            cwd: None,
            cwd_capture: Capture::Whole,
            tty: None,
            cgroup: None,
            args,
            env: None,
            ancestors: record.ancestors().map(ancestor).collect(),
            flags,
            missing: Arc::default(),
        };
        exec.missing = self.missing_of(&exec);
        exec
    }

    /// Returns why facts are missing: what the kernel cannot give, and this event's own gaps.
    /// The same gaps come again and again, so each set of them is put together once.
    fn missing_of(&mut self, exec: &Exec) -> Arc<Missing> {
        let gaps = GAPS.iter().enumerate().filter(|(_, gap)| (gap.found)(exec));
        let set = gaps.fold(0_u16, |set, (i, _)| set | 1 << i);
        let kernels = &self.missing;
        let missing = self.missing_by_gaps.entry(set).or_insert_with(|| {
            let told = |key: &str| kernels.iter().any(|(k, _)| k == key);
            let own = GAPS
                .iter()
                .enumerate()
                .filter(|(i, gap)| set & 1 << i != 0 && !told(gap.key));
            let own = own.map(|(_, gap)| (gap.key.into(), gap.why.into()));
            Arc::new(kernels.iter().cloned().chain(own).collect())
        });
        Arc::clone(missing)
    }

    fn exit(&self, header: &Header, fixed: &ExitFixed) -> Exit {
        let times = self.has.times.then(|| split_run_time(fixed));
        Exit {
            seq: self.seq,
            time_ns: header.time_ns,
            start_ns: fixed.start_ns,
            pid: header.pid,
            ppid: fixed.ppid,
            comm: Comm::new(&fixed.comm),
            status: Status::from_wait(fixed.status),
            user_ns: times.map(|(user, _)| user),
            system_ns: times.map(|(_, system)| system),
            max_rss_bytes: self
                .has
                .max_rss
                .then(|| fixed.max_rss_pages.saturating_mul(self.page_size)),
        }
    }

    fn fork(&self, header: &Header, fixed: &ForkFixed) -> Fork {
        Fork {
            seq: self.seq,
            time_ns: header.time_ns,
            start_ns: fixed.start_ns,
            pid: header.pid,
            parent: ProcessKey {
                pid: fixed.ppid,
                start_ns: fixed.parent_start_ns,
            },
            comm: Comm::new(&fixed.comm),
        }
    }
}

fn args(header: &Header, record: &probe_common::Exec<'_>) -> Args {
    let fixed = &record.fixed;
    let fault = header.flags & exec_flag::ARGS_FAULT != 0;
    let unmeasured = header.flags & exec_flag::ARGC_CUT != 0;
    // What was found before a fault is no true size when the exec failed: its list was walked.
    let known = !(unmeasured || fault && fixed.ret < 0);
    Args {
        bytes: record.args.into(),
        true_size: known.then_some(fixed.args_size.into()),
        argc: if known { some(fixed.argc) } else { None },
        capture: match (fault, fixed.args_len < fixed.args_size || unmeasured) {
            (true, _) => Capture::Failed,
            (false, true) => Capture::Truncated,
            (false, false) => Capture::Whole,
        },
    }
}

fn ancestor(record: probe_common::Ancestor) -> Ancestor {
    let key = ProcessKey {
        pid: record.pid,
        start_ns: record.start_ns,
    };
    Ancestor {
        key,
        comm: Comm::new(&record.comm),
    }
}

fn some(id: u32) -> Option<u32> {
    (id != NONE).then_some(id)
}

/// Splits the exact run time as the kernel's `cputime_adjust` does for `getrusage(2)`: the ticks
/// only give the proportion.
fn split_run_time(fixed: &ExitFixed) -> (u64, u64) {
    let run = u128::from(fixed.run_ns);
    let (user, system) = (u128::from(fixed.user_ns), u128::from(fixed.system_ns));
    if system == 0 {
        return (fixed.run_ns, 0);
    }
    let system = u64::try_from(run * system / (user + system)).unwrap_or(fixed.run_ns);
    (fixed.run_ns - system, system)
}

/// What each CPU has lost so far, as far as it was told.
#[derive(Debug, Default)]
struct Losses {
    told: Vec<u32>,
}

impl Losses {
    fn by_record(&mut self, header: &Header) -> Option<Lost> {
        self.by_counter(header.cpu, header.lost, header.time_ns)
    }

    /// A count that is not ahead of what was told comes from a record older than that.
    fn by_counter(&mut self, cpu: u16, count: u32, time_ns: u64) -> Option<Lost> {
        let index = usize::from(cpu);
        if index >= self.told.len() {
            self.told.resize(index + 1, 0);
        }
        let told = self.told.get_mut(index)?;
        let new = count.wrapping_sub(*told);
        if new == 0 || new > u32::MAX / 2 {
            return None;
        }
        *told = count;
        Some(Lost {
            time_ns,
            count: new.into(),
            cpu: Some(cpu),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::IntoBytes;

    fn exit_record(cpu: u16, lost: u32) -> Vec<u8> {
        let header = Header {
            kind: 2,
            cpu,
            lost,
            pid: 7,
            ..Header::default()
        };
        let fixed = ExitFixed {
            user_ns: 1_000,
            system_ns: 3_000,
            run_ns: 8_000,
            max_rss_pages: 2,
            status: 9,
            ..ExitFixed::default()
        };
        [header.as_bytes(), fixed.as_bytes()].concat()
    }

    fn lost_counts(events: &[Event]) -> Vec<u64> {
        events
            .iter()
            .filter_map(|e| {
                if let Event::Lost(l) = e {
                    Some(l.count)
                } else {
                    None
                }
            })
            .collect()
    }

    #[test]
    fn losses_come_before_the_record_that_tells_of_them_and_only_once() {
        let mut decoder = Decoder::new(Missing::new(), 4096);
        let mut events = Vec::new();
        for (cpu, lost) in [(0, 0), (1, 3), (0, 2), (1, 3), (1, 4)] {
            decoder
                .record(&exit_record(cpu, lost), &mut events)
                .unwrap();
        }
        assert_eq!(lost_counts(&events), [3, 2, 1]);
        assert!(matches!(events[1], Event::Lost(Lost { cpu: Some(1), .. })));
        assert_eq!(decoder.counter(0, 5, 9).map(|l| l.count), Some(3));
        assert_eq!(decoder.counter(0, 5, 9), None);
        events.clear();
        decoder.record(&exit_record(0, 4), &mut events).unwrap();
        assert_eq!(events.len(), 1, "an older record tells nothing new");
    }

    #[test]
    fn exits_have_status_times_and_memory() {
        let mut decoder = Decoder::new(Missing::new(), 4096);
        let mut events = Vec::new();
        decoder.record(&exit_record(0, 0), &mut events).unwrap();
        let Some(Event::Exit(exit)) = events.first() else {
            panic!("no exit")
        };
        assert_eq!(exit.status.signal_name().as_deref(), Some("SIGKILL"));
        assert_eq!((exit.user_ns, exit.system_ns), (Some(2_000), Some(6_000)));
        assert_eq!((exit.max_rss_bytes, exit.seq), (Some(8192), 1));
    }

    #[test]
    fn a_fact_that_the_kernel_lacks_is_absent() {
        let missing = vec![(
            "max_rss_bytes".into(),
            "this kernel has no signal_struct.maxrss".into(),
        )];
        let mut decoder = Decoder::new(missing, 4096);
        let mut events = Vec::new();
        decoder.record(&exit_record(0, 0), &mut events).unwrap();
        let Some(Event::Exit(exit)) = events.first() else {
            panic!("no exit")
        };
        assert_eq!(exit.max_rss_bytes, None);
        assert!(exit.user_ns.is_some());
    }

    fn exec_of(header: Header, fixed: probe_common::ExecFixed) -> Exec {
        let header = Header { kind: 1, ..header };
        let bytes = [header.as_bytes(), fixed.as_bytes()].concat();
        let kernels = vec![("session".into(), "this kernel has no audit".into())];
        let mut events = Vec::new();
        Decoder::new(kernels, 4096)
            .record(&bytes, &mut events)
            .unwrap();
        match events.remove(0) {
            Event::Exec(exec) => *exec,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_fact_that_is_missing_has_one_reason() {
        let fixed = probe_common::ExecFixed {
            loginuid: NONE,
            session: NONE,
            ..Default::default()
        };
        let flags = exec_flag::FILENAME_FAULT | exec_flag::ARGS_FAULT;
        let exec = exec_of(
            Header {
                flags,
                ..Header::default()
            },
            fixed,
        );
        let keys: Vec<_> = exec.missing.iter().map(|(key, _)| key.as_ref()).collect();
        assert_eq!(
            keys,
            ["session", "filename", "args", "old_euid", "loginuid"]
        );
        assert_eq!(exec.missing[0].1, "this kernel has no audit");
    }

    #[test]
    fn a_user_that_changed_is_told_and_a_failure_changes_none() {
        let fixed = probe_common::ExecFixed {
            old_euid: 1000,
            ..Default::default()
        };
        let flags = exec_flag::OLD_EUID;
        let exec = exec_of(
            Header {
                flags,
                ..Header::default()
            },
            fixed,
        );
        assert_eq!((exec.old_euid, exec.euid), (Some(1000), Some(0)));
        assert!(exec.flags.contains(Flags::SETUID));
        let fixed = probe_common::ExecFixed {
            ret: -2,
            old_euid: NONE,
            euid: 7,
            ..Default::default()
        };
        let exec = exec_of(Header::default(), fixed);
        assert_eq!(
            (exec.old_euid, exec.error().as_deref()),
            (Some(7), Some("ENOENT"))
        );
        assert!(!exec.flags.contains(Flags::SETUID));
    }
}
