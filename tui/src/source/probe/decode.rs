//! Records of the ring buffer made into events, with losses where they happened.

use super::cgroups::Cgroups;
use super::gaps::Gaps;
use super::parts::{Assembly, Parts};
use super::texts::Texts;
use crate::event::{
    Ancestor, Args, Capture, Comm, Event, Exec, Exit, Flags, Fork, HostId, Lost, Missing,
    ProcessKey, Status,
};
use probe_common::limits::NONE;
use probe_common::{DecodeError, ExecFixed, ExitFixed, ForkFixed, Header, Record, exec_flag};
use std::sync::Arc;

/// Makes events of records, in order.
#[derive(Debug)]
pub(super) struct Decoder {
    seq: u64,
    losses: Losses,
    gaps: Gaps,
    page_size: u64,
    has: Has,
    parts: Parts,
    texts: Texts,
    cgroups: Cgroups,
    saw_narrow: bool,
}

/// Which facts of an exit this kernel gives.
#[derive(Clone, Copy, Debug)]
struct Has {
    times: bool,
    max_rss: bool,
}

impl Decoder {
    /// Makes a decoder; `missing` is what this kernel cannot give at all.
    pub(super) fn new(missing: Missing, page_size: u64, cgroups: Cgroups) -> Self {
        let has = |key| !missing.iter().any(|(k, _)| k == key);
        let has = Has {
            times: has("user_ns"),
            max_rss: has("max_rss_bytes"),
        };
        Self {
            seq: 0,
            losses: Losses::default(),
            gaps: Gaps::new(missing),
            page_size,
            has,
            parts: Parts::default(),
            texts: Texts::default(),
            cgroups,
            saw_narrow: false,
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
        let (Record::Exec(header, _)
        | Record::Exit(header, _)
        | Record::Fork(header, _)
        | Record::Part(header, _)
        | Record::Narrow(header)) = &record;
        if let Some(lost) = self.losses.by_record(header) {
            events.push(Event::Lost(lost));
        }
        let event = match record {
            Record::Exec(header, exec) => {
                self.saw_narrow |= exec.fixed.flags & exec_flag::NARROW != 0;
                Event::Exec(Box::new(self.exec(&header, &exec)))
            }
            Record::Exit(header, exit) => Event::Exit(self.exit(&header, &exit)),
            Record::Fork(header, fork) => Event::Fork(self.fork(&header, &fork)),
            Record::Part(header, part) => {
                self.parts.add(&header, &part);
                return Ok(());
            }
            Record::Narrow(_) => {
                self.saw_narrow = true;
                return Ok(());
            }
        };
        self.seq += 1;
        events.push(event);
        Ok(())
    }

    /// Returns whether a program of 32 bits was executed so far.
    pub(super) fn saw_narrow(&self) -> bool {
        self.saw_narrow
    }

    /// Notes a loss that no record has told of yet: `count` is a CPU's count so far.
    pub(super) fn counter(&mut self, cpu: u16, count: u64, now_ns: u64) -> Option<Lost> {
        self.losses.by_counter(cpu, count as u32, now_ns)
    }

    fn exec(&mut self, header: &Header, record: &probe_common::Exec<'_>) -> Exec {
        let fixed = &record.fixed;
        let has = |flag| fixed.flags & flag != 0;
        let failed = fixed.ret != 0;
        let old_euid = if failed {
            // What fails before the point of no return changes nothing.
            some(fixed.euid).filter(|_| !has(exec_flag::DYING))
        } else {
            has(exec_flag::OLD_EUID).then_some(fixed.old_euid)
        };
        let parts = self.parts.take(header);
        let (args, env) = arguments(record, parts);
        let (filename, filename_capture) = filename(record);
        let interpreter = record.interpreter;
        let exe_cut = has(exec_flag::EXE_CUT);
        let cwd_cut = has(exec_flag::CWD_CUT);
        let cut = |cut| {
            if cut {
                Capture::Truncated
            } else {
                Capture::Whole
            }
        };
        let tty = until_nul(&fixed.tty);
        let mut exec = Exec {
            seq: self.seq + 1,
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
            filename,
            filename_capture,
            interpreter: (!interpreter.is_empty()).then(|| self.texts.plain(interpreter)),
            interpreter_capture: cut(has(exec_flag::INTERPRETER_CUT)),
            exe: has(exec_flag::EXE).then(|| self.texts.path(record.exe, exe_cut)),
            exe_capture: cut(exe_cut),
            cwd: has(exec_flag::CWD).then(|| self.texts.path(record.cwd, cwd_cut)),
            cwd_capture: cut(cwd_cut),
            tty: (!tty.is_empty()).then(|| self.texts.terminal(tty)),
            cgroup: self.cgroups.get(fixed.cgroup),
            args,
            env,
            ancestors: record.ancestors().map(ancestor).collect(),
            flags: Flags::default(),
            missing: Arc::default(),
            host: HostId::default(),
        };
        exec.flags = flags(fixed, &exec);
        exec.missing = self.gaps.of_exec(&exec, fixed.flags);
        exec
    }

    fn exit(&self, header: &Header, fixed: &ExitFixed) -> Exit {
        let followed = fixed.run_ns != u64::MAX;
        let times = (self.has.times && followed).then(|| split_run_time(fixed));
        Exit {
            seq: self.seq + 1,
            time_ns: header.time_ns,
            start_ns: fixed.start_ns,
            pid: header.pid,
            ppid: fixed.ppid,
            comm: Comm::new(&fixed.comm),
            status: Status::from_wait(fixed.status),
            duration_ns: None,
            user_ns: times.map(|(user, _)| user),
            system_ns: times.map(|(_, system)| system),
            max_rss_bytes: self
                .has
                .max_rss
                .then(|| fixed.max_rss_pages.saturating_mul(self.page_size)),
            missing: self.gaps.of_exit(!followed),
            host: HostId::default(),
        }
    }

    fn fork(&self, header: &Header, fixed: &ForkFixed) -> Fork {
        Fork {
            seq: self.seq + 1,
            time_ns: header.time_ns,
            start_ns: fixed.start_ns,
            pid: header.pid,
            parent: ProcessKey {
                pid: fixed.ppid,
                start_ns: fixed.parent_start_ns,
                ..ProcessKey::default()
            },
            comm: Comm::new(&fixed.comm),
            host: HostId::default(),
        }
    }
}

/// Returns the words for what is special about an exec.
fn flags(fixed: &ExecFixed, exec: &Exec) -> Flags {
    let has = |flag| fixed.flags & flag != 0;
    let succeeded = fixed.ret == 0;
    let memfd = has(exec_flag::EXE_PSEUDO)
        && exec
            .exe
            .as_ref()
            .is_some_and(|exe| exe.starts_with(b"/memfd:"));
    let by_descriptor = has(exec_flag::DIRFD)
        && exec.filename.as_ref().is_some_and(|path| {
            let number = path.strip_prefix(b"/dev/fd/");
            number.is_some_and(|number| number.iter().all(u8::is_ascii_digit))
        });
    let mut flags = Flags::default();
    flags.set(Flags::SCRIPT, has(exec_flag::SCRIPT));
    flags.set(Flags::KERNEL, has(exec_flag::KERNEL));
    let other_user = exec.old_euid.is_some_and(|old| old != fixed.euid);
    flags.set(Flags::SETUID, succeeded && other_user);
    flags.set(Flags::SETGID, has(exec_flag::SETGID));
    flags.set(Flags::CAPS, has(exec_flag::CAPS));
    flags.set(Flags::FD, by_descriptor);
    flags.set(Flags::MEMFD, memfd);
    flags.set(Flags::DELETED, has(exec_flag::DELETED));
    flags.set(Flags::PTRACED, has(exec_flag::PTRACED));
    flags.set(Flags::NARROW, has(exec_flag::NARROW));
    flags.set(Flags::CHECK, has(exec_flag::CHECK));
    flags
}

/// Returns the path as passed. What is relative to a descriptor is told as the kernel itself tells it when
/// the exec succeeds.
fn filename(record: &probe_common::Exec<'_>) -> (Option<Box<[u8]>>, Capture) {
    let fixed = &record.fixed;
    let has = |flag| fixed.flags & flag != 0;
    if has(exec_flag::FILENAME_FAULT) {
        return (None, Capture::Failed);
    }
    let name = record.filename;
    let cut = has(exec_flag::FILENAME_CUT);
    let relative = fixed.ret != 0
        && has(exec_flag::DIRFD)
        && !name.starts_with(b"/")
        && (!name.is_empty() || has(exec_flag::EMPTY_PATH));
    let capture = if cut {
        Capture::Truncated
    } else {
        Capture::Whole
    };
    if !relative {
        return (Some(name.into()), capture);
    }
    let mut path = format!("/dev/fd/{}", fixed.dirfd).into_bytes();
    if !name.is_empty() {
        path.push(b'/');
        path.extend_from_slice(name);
    }
    (Some(path.into()), capture)
}

fn arguments(record: &probe_common::Exec<'_>, parts: Assembly) -> (Args, Option<Box<Args>>) {
    let fixed = &record.fixed;
    let has = |flag| fixed.flags & flag != 0;
    let sent = |mut bytes: Vec<u8>, len: u32| -> Box<[u8]> {
        bytes.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        bytes.into()
    };
    let bytes = if has(exec_flag::ARGS_IN_PARTS) {
        sent(parts.args, fixed.args_len)
    } else {
        record.args.into()
    };
    let fault = has(exec_flag::ARGS_FAULT);
    let unmeasured = has(exec_flag::ARGC_CUT);
    // What was found before a fault is no true size when the exec failed: its list was walked.
    let known = !(unmeasured || fault && fixed.ret < 0);
    let size = u64::from(fixed.args_size);
    let args = Args {
        capture: match (fault, (bytes.len() as u64) < size || unmeasured) {
            (true, _) => Capture::Failed,
            (false, true) => Capture::Truncated,
            (false, false) => Capture::Whole,
        },
        true_size: known.then_some(size),
        argc: if known { some(fixed.argc) } else { None },
        holes: record.holes,
        bytes,
    };
    let env = has(exec_flag::ENV).then(|| {
        let size = u64::from(fixed.env_size);
        let bytes = sent(parts.env, fixed.env_len);
        let whole = bytes.len() as u64 >= size;
        Box::new(Args {
            capture: match (has(exec_flag::ENV_FAULT), whole) {
                (true, _) => Capture::Failed,
                (false, false) => Capture::Truncated,
                (false, true) => Capture::Whole,
            },
            true_size: Some(size),
            bytes,
            ..Args::default()
        })
    });
    (args, env)
}

fn until_nul(name: &[u8]) -> &[u8] {
    let len = name.iter().position(|byte| *byte == 0);
    name.get(..len.unwrap_or(name.len())).unwrap_or_default()
}

fn ancestor(record: probe_common::Ancestor) -> Ancestor {
    let key = ProcessKey {
        pid: record.pid,
        start_ns: record.start_ns,
        ..ProcessKey::default()
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
            host: HostId::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::gaps::CALL_UNSEEN;
    use super::*;
    use probe_common::{Kind, PartFixed};
    use zerocopy::IntoBytes;

    fn decoder(missing: Missing) -> Decoder {
        Decoder::new(missing, 4096, Cgroups::new(|_| None))
    }

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
        let mut decoder = decoder(Missing::new());
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
        let mut decoder = decoder(Missing::new());
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
    fn times_that_were_not_followed_are_missing() {
        let mut bytes = exit_record(0, 0);
        let times = size_of::<Header>() + 8..size_of::<Header>() + 32;
        bytes[times].fill(0xff);
        let mut events = Vec::new();
        decoder(Missing::new()).record(&bytes, &mut events).unwrap();
        let [Event::Exit(exit)] = &events[..] else {
            panic!("no exit")
        };
        assert_eq!((exit.user_ns, exit.system_ns), (None, None));
        assert_eq!(exit.max_rss_bytes, Some(8192));
        let missing: Vec<_> = exit.missing.iter().map(|(key, _)| &**key).collect();
        assert_eq!(missing, ["user_ns", "system_ns"]);
    }

    #[test]
    fn a_fact_that_the_kernel_lacks_is_absent() {
        let missing = vec![(
            "max_rss_bytes".into(),
            "this kernel has no signal_struct.maxrss".into(),
        )];
        let mut decoder = decoder(missing);
        let mut events = Vec::new();
        decoder.record(&exit_record(0, 0), &mut events).unwrap();
        let Some(Event::Exit(exit)) = events.first() else {
            panic!("no exit")
        };
        assert_eq!(exit.max_rss_bytes, None);
        assert!(exit.user_ns.is_some());
    }

    fn exec_of(header: Header, fixed: ExecFixed) -> Exec {
        let header = Header { kind: 1, ..header };
        let holes: &[u8] = if fixed.ret == 0 { &[] } else { &[0; 8] };
        let bytes = [header.as_bytes(), fixed.as_bytes(), holes].concat();
        let kernels = vec![("session".into(), "this kernel has no audit".into())];
        let mut events = Vec::new();
        decoder(kernels).record(&bytes, &mut events).unwrap();
        match events.remove(0) {
            Event::Exec(exec) => *exec,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_the_event_does_not_tell_has_a_reason_and_the_kernels_comes_first() {
        let flags = exec_flag::NOT_ENTERED | exec_flag::FILENAME_FAULT | exec_flag::ARGS_FAULT;
        let fixed = ExecFixed {
            flags,
            ret: -1,
            ..ExecFixed::default()
        };
        let exec = exec_of(Header::default(), fixed);
        let keys: Vec<_> = exec.missing.iter().map(|(key, _)| key.as_ref()).collect();
        let own = ["filename", "args"];
        assert_eq!(keys[0], "session");
        assert_eq!(keys[1..], own);
        assert_eq!(exec.missing[0].1, "this kernel has no audit");
        assert_eq!(exec.missing[1].1, CALL_UNSEEN);
    }

    #[test]
    fn arguments_in_parts_are_put_before_the_record_that_ends_them() {
        let part = |offset: u32, bytes: &[u8]| {
            let header = Header {
                kind: Kind::Part as u8,
                pid: 7,
                ..Header::default()
            };
            let fixed = PartFixed {
                offset,
                len: bytes.len() as u32,
                ..PartFixed::default()
            };
            [header.as_bytes(), fixed.as_bytes(), bytes].concat()
        };
        let header = Header {
            kind: Kind::Exec as u8,
            pid: 7,
            ..Header::default()
        };
        let fixed = ExecFixed {
            flags: exec_flag::ARGS_IN_PARTS,
            args_size: 9,
            args_len: 6,
            ..ExecFixed::default()
        };
        let mut decoder = decoder(Missing::new());
        let mut events = Vec::new();
        for record in [
            part(0, b"ab\0"),
            part(3, b"cd\0"),
            [header.as_bytes(), fixed.as_bytes()].concat(),
        ] {
            decoder.record(&record, &mut events).unwrap();
        }
        assert_eq!(events.len(), 1, "parts are no events");
        let Some(Event::Exec(exec)) = events.first() else {
            panic!("no exec")
        };
        assert_eq!(*exec.args.bytes, *b"ab\0cd\0");
        assert_eq!(exec.args.capture, Capture::Truncated);
        assert_eq!(exec.args.missing_bytes(), Some(3));
        assert_eq!(exec.seq, 1);
    }

    #[test]
    fn what_is_relative_to_a_descriptor_is_told_as_the_kernel_does() {
        let told = |name: &[u8], flags| {
            let header = Header {
                kind: Kind::Exec as u8,
                ..Header::default()
            };
            let fixed = ExecFixed {
                flags: flags | exec_flag::DIRFD,
                ret: -2,
                dirfd: 5,
                filename_len: name.len() as u16,
                ..ExecFixed::default()
            };
            let bytes = [header.as_bytes(), fixed.as_bytes(), name, &[0; 8]].concat();
            let mut events = Vec::new();
            let mut decoder = decoder(Missing::new());
            decoder.record(&bytes, &mut events).unwrap();
            match events.remove(0) {
                Event::Exec(exec) => {
                    let name = String::from_utf8(exec.filename.unwrap().into()).unwrap();
                    (name, exec.flags.contains(Flags::FD))
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(told(b"x", 0), ("/dev/fd/5/x".into(), false));
        assert_eq!(told(b"/x", 0), ("/x".into(), false));
        assert_eq!(told(b"", exec_flag::EMPTY_PATH), ("/dev/fd/5".into(), true));
        assert_eq!(told(b"", 0), (String::new(), false));
    }

    #[test]
    fn a_user_that_changed_is_told_and_a_failure_changes_none() {
        let fixed = ExecFixed {
            old_euid: 1000,
            ..Default::default()
        };
        let flags = exec_flag::OLD_EUID;
        let fixed = ExecFixed { flags, ..fixed };
        let exec = exec_of(Header::default(), fixed);
        assert_eq!((exec.old_euid, exec.euid), (Some(1000), Some(0)));
        assert!(exec.flags.contains(Flags::SETUID));
        let fixed = ExecFixed {
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
