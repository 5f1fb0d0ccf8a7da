//! Where the made-up programs play: pids and numbers of events are handed out, and all is put in order of time.

use super::S;
use crate::event::{
    Ancestor, Args, Cgroup, Comm, Event, Exec, Exit, Flags, HostId, Lost, ProcessKey, Running,
    Status,
};
use std::sync::Arc;

const MS: u64 = 1_000_000;

/// The pids between which they go up.
const PIDS: std::ops::Range<u32> = 2_000..4_000_000;

/// Who runs something, and where.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub(super) uid: u32,
    pub(super) cwd: Arc<[u8]>,
    pub(super) tty: Option<Arc<[u8]>>,
    pub(super) cgroup: Arc<Cgroup>,
    /// Numbers of the namespaces of pids and mounts.
    pub(super) namespaces: (u32, u32),
    pub(super) session: Option<u32>,
}

impl Who {
    pub(super) fn new(uid: u32, cwd: &str, tty: Option<&str>, cgroup: &str) -> Self {
        Self {
            uid,
            cwd: cwd.as_bytes().into(),
            tty: tty.map(|tty| tty.as_bytes().into()),
            cgroup: Arc::new(Cgroup::new(cgroup.as_bytes())),
            namespaces: (4_026_531_836, 4_026_531_841),
            session: tty.map(|_| 4),
        }
    }
}

/// A process of the made-up machine.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) key: ProcessKey,
    pub(super) comm: Comm,
    ppid: u32,
}

/// What became of a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    /// How long after its exec it ends, ms.
    pub(super) after_ms: u64,
    pub(super) status: Status,
    /// Share of that time on a CPU, percent.
    pub(super) busy: u64,
    pub(super) rss_kib: u64,
}

impl Fate {
    pub(super) fn well(after_ms: u64) -> Self {
        Self {
            after_ms,
            status: Status::Code(0),
            busy: 20,
            rss_kib: 3_400,
        }
    }

    pub(super) fn busy(after_ms: u64, rss_kib: u64) -> Self {
        Self {
            busy: 93,
            rss_kib,
            ..Self::well(after_ms)
        }
    }

    pub(super) fn ending(self, status: Status) -> Self {
        Self { status, ..self }
    }
}

/// Everything that was played and not yet taken.
#[derive(Debug)]
pub(super) struct Stage {
    started_ns: u64,
    /// The instant that a scene begins at: CLOCK_BOOTTIME, ns.
    pub(super) now_ns: u64,
    pid: u32,
    seq: u64,
    random: u64,
    events: Vec<Event>,
    /// The processes that are always there, by name.
    cast: Vec<(&'static str, Actor)>,
}

impl Stage {
    pub(super) fn new(started_ns: u64) -> Self {
        Self {
            started_ns,
            now_ns: started_ns,
            pid: PIDS.start,
            seq: 0,
            random: 0x2545_f491_4f6c_dd1d,
            events: Vec::new(),
            cast: Vec::new(),
        }
    }

    /// Returns what was played, in order of time, and numbers it.
    pub(super) fn take(&mut self) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.events);
        events.sort_by_key(Event::time_ns);
        for event in &mut events {
            self.seq += 1;
            match event {
                Event::Exec(exec) => exec.seq = self.seq,
                Event::Exit(exit) => exit.seq = self.seq,
                Event::Fork(_) | Event::Lost(_) => {}
            }
        }
        events
    }

    /// Returns a number below a bound, always the same one in the same place.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound.max(1)
    }

    /// Adds a process that ran before.
    pub(super) fn add(
        &mut self,
        name: &'static str,
        pid: u32,
        ppid: u32,
        uid: u32,
        args: &[&str],
    ) -> Running {
        let key = ProcessKey {
            pid,
            start_ns: S + u64::from(pid) * 10 * MS,
            ..ProcessKey::default()
        };
        let comm = Comm::from(name);
        self.cast.push((name, Actor { key, comm, ppid }));
        Running {
            key,
            ppid,
            uid: Some(uid),
            comm,
            cmdline: Args::from_list(args).bytes,
            forked_only: false,
            narrow: false,
        }
    }

    /// Returns a process that is always there.
    pub(super) fn actor(&self, name: &str) -> Actor {
        let found = self.cast.iter().find(|(known, _)| *known == name);
        found.map_or_else(
            || Actor {
                key: ProcessKey {
                    pid: 1,
                    start_ns: S,
                    ..ProcessKey::default()
                },
                comm: "systemd".into(),
                ppid: 0,
            },
            |(_, actor)| actor.clone(),
        )
    }

    /// Forks a process, which has executed nothing yet.
    pub(super) fn fork(&mut self, at_ms: u64, parent: &Actor) -> Actor {
        self.pid += 1;
        if self.pid >= PIDS.end {
            self.pid = PIDS.start;
        }
        let jitter = self.below(MS);
        Actor {
            key: ProcessKey {
                pid: self.pid,
                start_ns: self.now_ns + at_ms * MS + jitter,
                ..ProcessKey::default()
            },
            comm: parent.comm,
            ppid: parent.key.pid,
        }
    }

    /// Makes an exec of a process, which a scene may still change.
    pub(super) fn exec_of(
        &mut self,
        actor: &Actor,
        above: &Actor,
        who: &Who,
        args: &[&str],
    ) -> Exec {
        let path = args.first().copied().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let [pid_ns, mnt_ns] = [who.namespaces.0, who.namespaces.1];
        Exec {
            time_ns: actor.key.start_ns + 180_000 + self.below(400_000),
            start_ns: actor.key.start_ns,
            pid: actor.key.pid,
            tid: actor.key.pid,
            ppid: actor.ppid,
            uid: who.uid,
            gid: who.uid,
            euid: Some(who.uid),
            egid: Some(who.uid),
            old_euid: Some(who.uid),
            loginuid: who.session.map(|_| who.uid),
            session: who.session,
            ns_pid: Some(actor.key.pid),
            pid_ns: Some(pid_ns),
            mnt_ns: Some(mnt_ns),
            cpu: Some(self.below(8) as u16),
            comm: name.into(),
            filename: Some(path.as_bytes().into()),
            exe: Some(path.as_bytes().into()),
            cwd: Some(Arc::clone(&who.cwd)),
            tty: who.tty.clone(),
            cgroup: Some(Arc::clone(&who.cgroup)),
            args: Args::from_list(args),
            ancestors: [Ancestor {
                key: above.key,
                comm: above.comm,
            }]
            .into(),
            ..Exec::default()
        }
    }

    /// Plays an exec as it stands.
    pub(super) fn play(&mut self, exec: Exec) {
        self.events.push(Event::Exec(Box::new(exec)));
    }

    /// Ends a process, so long after its exec.
    pub(super) fn end(&mut self, actor: &Actor, exec_ns: u64, fate: Fate) {
        let ran_ns = fate.after_ms * MS + self.below(MS);
        let used_ns = ran_ns / 100 * fate.busy;
        self.events.push(Event::Exit(Exit {
            time_ns: exec_ns + ran_ns,
            start_ns: actor.key.start_ns,
            pid: actor.key.pid,
            ppid: actor.ppid,
            comm: actor.comm,
            status: fate.status,
            user_ns: Some(used_ns / 4 * 3),
            system_ns: Some(used_ns / 4),
            max_rss_bytes: Some(fate.rss_kib << 10),
            ..Exit::default()
        }));
    }

    /// Forks, executes and ends a program; returns its process.
    pub(super) fn run(
        &mut self,
        at_ms: u64,
        parent: &Actor,
        who: &Who,
        args: &[&str],
        fate: Fate,
    ) -> Actor {
        let mut actor = self.fork(at_ms, parent);
        let exec = self.exec_of(&actor, parent, who, args);
        actor.comm = exec.comm;
        let exec_ns = exec.time_ns;
        self.play(exec);
        self.end(&actor, exec_ns, fate);
        actor
    }

    /// Runs a script: the kernel runs its interpreter.
    pub(super) fn script(
        &mut self,
        at_ms: u64,
        parent: &Actor,
        who: &Who,
        interpreter: &str,
        path: &str,
        fate: Fate,
    ) -> Actor {
        let mut actor = self.fork(at_ms, parent);
        let mut exec = self.exec_of(&actor, parent, who, &[path]);
        exec.args = Args::from_list(&[interpreter, path]);
        exec.exe = Some(interpreter.as_bytes().into());
        exec.interpreter = Some(interpreter.as_bytes().into());
        exec.flags.set(Flags::SCRIPT, true);
        actor.comm = exec.comm;
        let exec_ns = exec.time_ns;
        self.play(exec);
        self.end(&actor, exec_ns, fate);
        actor
    }

    /// Fails to execute something in a process that was forked for it.
    pub(super) fn fail(
        &mut self,
        actor: &Actor,
        parent: &Actor,
        who: &Who,
        late_us: u64,
        errno: i32,
        args: &[&str],
    ) {
        let exec = self.exec_of(actor, parent, who, args);
        self.play(Exec {
            time_ns: actor.key.start_ns + 100_000 + late_us * 1_000,
            ret: -errno,
            comm: parent.comm,
            exe: None,
            interpreter: None,
            ..exec
        });
    }

    /// Loses events.
    pub(super) fn lose(&mut self, at_ms: u64, count: u64) {
        self.events.push(Event::Lost(Lost {
            time_ns: self.now_ns + at_ms * MS,
            count,
            cpu: Some(3),
            host: HostId::default(),
        }));
    }

    /// Begins a minute.
    pub(super) fn begin(&mut self, minute: u64) {
        self.now_ns = self.started_ns + minute * 60 * S;
    }
}
