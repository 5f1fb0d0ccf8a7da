//! One line of the event schema, read back into what it was written of.
//!
//! Any bytes give an item or a sentence that says what is wrong. What the schema does not tell is worked out
//! so that the same line would be written again.

mod gaps;
mod quick;
mod shape;
mod text;
mod when;

use super::super::known::Known;
use crate::event::{
    Ancestor, Args, Capture, Cgroup, Comm, Event, Exec, Exit, Fork, HostId, Lost, ProcessKey,
    Running, SCHEMA_VERSION, Session, Status, signal_number,
};
use gaps::Gaps;
use serde::Deserialize;
use shape::{EndLine, ExecLine, ExitLine, ForkLine, Kind, LostLine, ProcessLine, StartLine};
use std::sync::Arc;
use text::{Text, Words};
use when::Clock;

/// The largest errno that the kernel can return.
const MAX_ERRNO: i32 = 4095;

/// What a line tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// The capture began, on this machine.
    Start(Session),
    /// Another machine is told of from here on: the next host.
    Other(Session),
    /// A process that already ran then.
    Process(Running),
    /// Something happened.
    Event(Event),
    /// The capture ended.
    End(End),
}

/// How a capture ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Execs that a capture filter skipped.
    pub not_captured: u64,
    /// How long it lasted.
    pub duration_ns: u64,
}

/// Reads lines, one after the other: what they share is kept once.
#[derive(Debug, Default)]
pub struct Parser {
    clock: Clock,
    started_ns: u64,
    /// The names of the machines, by their number.
    hosts: Vec<Box<str>>,
    /// That of lines that name none: the one that began last.
    host: HostId,
    paths: Known<[u8]>,
    cgroups: Known<Cgroup>,
    /// A control group's path and its container, next to each other.
    cgroup_key: Vec<u8>,
    gaps: Gaps,
    /// Where arguments are read into before they are kept, which takes as much as there are.
    room: Vec<u8>,
}

/// What is wrong with a line, in words.
type Wrong = String;

impl Parser {
    /// Reads a line, with or without its newline. All times are those of the first `start`'s clock; without
    /// one before them, they are counted from 1970.
    ///
    /// # Errors
    /// What is wrong with it; the next line can be read all the same.
    pub fn parse(&mut self, line: &[u8]) -> Result<Item, Wrong> {
        let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
        let line = line.trim_end_matches(['\n', '\r']);
        // As this program writes it; others may begin with another key.
        let begin = line
            .strip_prefix("{\"event\":\"")
            .and_then(|rest| rest.split_once('"'));
        let kind = match begin {
            Some((kind, _)) => std::borrow::Cow::Borrowed(kind.as_bytes()),
            None => {
                let kind: Kind<'_> = read(line)?;
                kind.event.ok_or("it has no key `event`")?.0
            }
        };
        match &*kind {
            b"exec" => {
                let quick = quick::exec(line, &mut self.room)
                    .filter(|quick| self.gaps.knows(quick.missing));
                self.exec(quick.map_or_else(|| read(line), Ok)?)
            }
            b"exit" => {
                let quick = quick::exit(line);
                let quick = quick.filter(|quick| self.gaps.knows_of_exit(quick.missing));
                self.exit(&quick.map_or_else(|| read(line), Ok)?)
            }
            b"fork" => self.fork(&read(line)?),
            b"lost" => self.lost(&read(line)?),
            b"process" => self.process(read(line)?),
            b"start" => self.start(read(line)?),
            b"end" => {
                let end: EndLine = read(line)?;
                Ok(Item::End(End {
                    not_captured: end.not_captured,
                    duration_ns: end.duration_ns,
                }))
            }
            other => {
                let other = String::from_utf8_lossy(other);
                Err(format!("there is no event `{other}`"))
            }
        }
    }

    fn time(&mut self, time: Option<&Text<'_>>) -> Result<u64, Wrong> {
        let time = time.ok_or("it has no key `time`")?;
        self.clock.boottime(&time.0)
    }

    fn start(&mut self, line: StartLine<'_>) -> Result<Item, Wrong> {
        if let Some(version) = line.version.filter(|version| *version > SCHEMA_VERSION) {
            return Err(format!(
                "it is of version {version} of the format, and this program reads version {SCHEMA_VERSION}: use a newer one"
            ));
        }
        let boot = line.boot_time.ok_or("it has no key `boot_time`")?;
        let boot_time_ns = self.clock.begin(&boot.0)?;
        self.started_ns = match &line.time {
            Some(time) => self.clock.boottime(&time.0)?,
            None => 0,
        };
        let known = self.hosts.iter().position(|known| **known == *line.host);
        let number = u16::try_from(known.unwrap_or(self.hosts.len()));
        self.host = HostId(number.map_err(|_| "it is of one machine too many")?);
        let session = Session {
            host: line.host,
            kernel: line.kernel,
            arch: line.arch,
            boot_time_ns,
            started_ns: self.started_ns,
            others: Vec::new(),
        };
        if known.is_none() {
            self.hosts.push(session.host.as_str().into());
        }
        if known.is_some() || self.host == HostId::default() {
            return Ok(Item::Start(session));
        }
        // It tells of its own clock; times of its events are by that of the first all the same.
        let own = self.clock.unix(&boot.0)?;
        let started_ns = session.wall_ns(session.started_ns).saturating_sub(own);
        Ok(Item::Other(Session {
            boot_time_ns: own,
            started_ns: u64::try_from(started_ns).unwrap_or(0),
            ..session
        }))
    }

    /// Returns which machine a line is of.
    fn host(&self, name: Option<&Text<'_>>) -> HostId {
        let known = name.and_then(|name| {
            let mut names = self.hosts.iter();
            let known = names.position(|known| *known.as_bytes() == *name.0);
            u16::try_from(known?).ok()
        });
        known.map_or(self.host, HostId)
    }

    fn exec(&mut self, line: ExecLine<'_>) -> Result<Item, Wrong> {
        let time_ns = self.time(line.time.as_ref())?;
        let host = self.host(line.host.as_ref());
        let pid = line.pid.ok_or("it has no key `pid`")?;
        if !(-MAX_ERRNO..=0).contains(&line.ret) {
            return Err(format!("`ret` is {}, which is no errno", line.ret));
        }
        let ancestors: Box<[Ancestor]> = match (line.ancestors, &line.parent_comm) {
            (Some(ancestors), _) => ancestors
                .into_iter()
                .map(|above| Ancestor {
                    key: key(host, above.pid, above.age_ns, time_ns),
                    comm: Comm::new(&above.comm.0),
                })
                .collect(),
            (None, Some(comm)) => Box::new([Ancestor {
                key: key(host, line.ppid, None, time_ns),
                comm: Comm::new(&comm.0),
            }]),
            (None, None) => Box::default(),
        };
        let lacks = self.gaps.read(line.missing)?;
        let path = |paths: &mut Known<[u8]>, text: Option<Text<'_>>| {
            text.map(|text| paths.once(&text.0, || (*text.0).into()))
        };
        let mut words = line.args;
        let args = args(words.as_mut(), line.args_bytes, line.args_missing_bytes);
        self.room = words.map_or_else(Vec::new, |words| words.bytes);
        let mut exec = Exec {
            seq: line.seq,
            time_ns,
            start_ns: key(host, pid, line.fork_to_exec_ns, time_ns).start_ns,
            host,
            pid,
            tid: line.tid.unwrap_or(pid),
            ppid: line.ppid,
            ret: line.ret,
            uid: line.uid,
            gid: line.gid,
            euid: line.euid,
            egid: line.egid,
            old_euid: line.old_euid,
            loginuid: line.loginuid,
            session: line.session,
            ns_pid: line.ns_pid,
            pid_ns: line.pid_ns,
            mnt_ns: line.mnt_ns,
            cpu: line.cpu,
            comm: comm(line.comm.as_ref()),
            filename: line.filename.map(|text| text.0.into_owned().into()),
            filename_capture: lacks.filename,
            interpreter: path(&mut self.paths, line.interpreter),
            interpreter_capture: lacks.interpreter,
            exe: path(&mut self.paths, line.exe),
            exe_capture: lacks.exe,
            cwd: path(&mut self.paths, line.cwd),
            cwd_capture: lacks.cwd,
            tty: path(&mut self.paths, line.tty),
            cgroup: self.cgroup(line.cgroup, line.container),
            args: Args {
                argc: line.argc,
                capture: lacks.args_capture(&args),
                ..args
            },
            env: lacks.env(
                line.env
                    .map(|mut words| self::args(Some(&mut words), None, None)),
            ),
            ancestors,
            flags: line.flags.0,
            missing: Arc::default(),
        };
        exec.missing = self.gaps.told(&exec);
        Ok(Item::Event(Event::Exec(Box::new(exec))))
    }

    fn cgroup(
        &mut self,
        path: Option<Text<'_>>,
        container: Option<Text<'_>>,
    ) -> Option<Arc<Cgroup>> {
        let path = path?.0;
        let key = &mut self.cgroup_key;
        key.clear();
        key.extend_from_slice(&path);
        if let Some(container) = &container {
            key.push(0);
            key.extend_from_slice(&container.0);
        }
        Some(self.cgroups.once(key, || {
            let container = container.map(|name| String::from_utf8_lossy(&name.0).into());
            Arc::new(Cgroup {
                path: path.into(),
                container,
            })
        }))
    }

    fn exit(&mut self, line: &ExitLine<'_>) -> Result<Item, Wrong> {
        let time_ns = self.time(line.time.as_ref())?;
        let host = self.host(line.host.as_ref());
        let pid = line.pid.ok_or("it has no key `pid`")?;
        let status = match (&line.signal, line.exit_code) {
            (Some(name), _) => Status::Signal {
                number: signal_number(&name.0).ok_or("its `signal` is none")?,
                core_dumped: line.core_dumped,
            },
            (None, Some(code)) => Status::Code(code),
            (None, None) => return Err("it has neither `exit_code` nor `signal`".into()),
        };
        // What was used is added up.
        let most = u64::MAX >> 2;
        if line.user_ns.max(line.system_ns) > Some(most) {
            return Err("more CPU time than there can be".into());
        }
        Ok(Item::Event(Event::Exit(Exit {
            seq: line.seq,
            time_ns,
            start_ns: key(host, pid, line.lifetime_ns, time_ns).start_ns,
            host,
            pid,
            ppid: line.ppid,
            comm: comm(line.comm.as_ref()),
            status,
            duration_ns: line.duration_ns,
            user_ns: line.user_ns,
            system_ns: line.system_ns,
            max_rss_bytes: line.max_rss_bytes,
            missing: self.gaps.of_exit(line.missing)?,
        })))
    }

    fn fork(&mut self, line: &ForkLine<'_>) -> Result<Item, Wrong> {
        let time_ns = self.time(line.time.as_ref())?;
        let host = self.host(line.host.as_ref());
        let pid = line.pid.ok_or("it has no key `pid`")?;
        Ok(Item::Event(Event::Fork(Fork {
            seq: line.seq,
            time_ns,
            start_ns: key(host, pid, line.age_ns, time_ns).start_ns,
            host,
            pid,
            parent: key(host, line.ppid, line.parent_age_ns, time_ns),
            comm: comm(line.comm.as_ref()),
        })))
    }

    fn lost(&mut self, line: &LostLine<'_>) -> Result<Item, Wrong> {
        Ok(Item::Event(Event::Lost(Lost {
            time_ns: self.time(line.time.as_ref())?,
            count: line.count,
            cpu: line.cpu,
            host: self.host(line.host.as_ref()),
        })))
    }

    fn process(&self, line: ProcessLine<'_>) -> Result<Item, Wrong> {
        let pid = line.pid.ok_or("it has no key `pid`")?;
        Ok(Item::Process(Running {
            key: key(self.host, pid, line.age_ns, self.started_ns),
            ppid: line.ppid,
            uid: line.uid,
            comm: comm(line.comm.as_ref()),
            cmdline: line
                .args
                .map_or_else(Box::default, |words| words.bytes.into()),
            forked_only: line.forked_only,
            narrow: false,
        }))
    }
}

fn read<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, Wrong> {
    serde_json::from_str(line).map_err(|error| {
        let text = error.to_string();
        text.replace(" at line 1 column ", " at byte ")
    })
}

fn comm(text: Option<&Text<'_>>) -> Comm {
    text.map(|text| Comm::new(&text.0)).unwrap_or_default()
}

/// Returns a process by its age at a time; one of unknown age has the start time 0.
fn key(host: HostId, pid: u32, age_ns: Option<u64>, time_ns: u64) -> ProcessKey {
    let start_ns = age_ns.and_then(|age_ns| time_ns.checked_sub(age_ns));
    ProcessKey {
        host,
        pid,
        start_ns: start_ns.unwrap_or(0),
    }
}

/// Puts arguments together; those that are null could not be read.
fn args(words: Option<&mut Words>, true_size: Option<u64>, missing: Option<u64>) -> Args {
    let Some(words) = words else {
        return Args {
            true_size,
            capture: Capture::Failed,
            ..Args::default()
        };
    };
    // Each word was read with a NUL behind it, which the last one may have lacked.
    let size = true_size
        .zip(missing)
        .map(|(all, gone)| all.checked_sub(gone));
    let without_nul = words.bytes.len().checked_sub(1);
    let ends_in_word = words.bytes.ends_with(b"\0") && !words.bytes.ends_with(b"\0\0");
    if ends_in_word
        && words.bytes.len() > 1
        && size.flatten() == without_nul.map(|size| size as u64)
    {
        words.bytes.pop();
    }
    Args {
        bytes: (&*words.bytes).into(),
        true_size,
        argc: None,
        capture: Capture::Whole,
        holes: words.holes,
    }
}

#[cfg(test)]
mod tests;
