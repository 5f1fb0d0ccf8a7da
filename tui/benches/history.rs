//! A made-up capture: always the same for the same size, and much like that of a machine that builds and serves.
//!
//! It is made of the probe's records, so that events come out of the decoder as in a live run and share their texts.
//! Six in ten execs are shells with a command of 60 to 200 bytes; two in a hundred have thousands of bytes of arguments, and
//! two in a hundred are not all ASCII. There are 300 executables and 20 users. Before one exec in twenty the same process
//! fails to execute something, and of what was executed 95 % end. Pids go up and begin anew.

use execsnoop_tui::event::{Event, Session};
use execsnoop_tui::model::Model;
use execsnoop_tui::resolve::Users;
use execsnoop_tui::source::probe;
use probe_common::limits::CGROUP_NAMES;
use probe_common::{
    Ancestor, CgroupPath, ExecFixed, ExitFixed, Header, Kind, exec_flag, limits::NONE,
};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use zerocopy::IntoBytes;

const EXECUTABLES: u64 = 300;
const USERS: u32 = 20;
const CGROUPS: u64 = 50;

/// The pids between which they go up; the first is near the end.
const PIDS: std::ops::Range<u32> = 300..131_072;
const FIRST_PID: u32 = 125_000;

/// When the capture began: CLOCK_BOOTTIME, ns.
const START: u64 = 5_000_000_000_000;

/// Shells and daemons that run all the time and start most of what is executed.
const DAEMONS: u32 = 40;

const WORDS: [&str; 48] = [
    "--color=auto",
    "--release",
    "-O2",
    "-c",
    "-e",
    "-g",
    "-o",
    "-q",
    "-v",
    "-Wall",
    "-xf",
    "&&",
    "|",
    "2>&1",
    "build/main.o",
    "cat",
    "cd",
    "check",
    "cut",
    "Debug",
    "deploy",
    "do",
    "done",
    "echo",
    "fetch",
    "find",
    "for",
    "grep",
    "head",
    "HEAD~3",
    "include/linux/sched.h",
    "install",
    "kernel",
    "ls",
    "make",
    "nginx.conf",
    "origin/main",
    "release-2.31.tar.gz",
    "sed",
    "sleep",
    "sort",
    "src/lib.rs",
    "status",
    "target/",
    "test",
    "uniq",
    "xargs",
    "zlib.h",
];

const FOLDERS: [&str; 5] = [
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/lib/gcc/x86_64-linux-gnu/14",
    "/opt/app/current/bin",
];

/// A generator of numbers (splitmix64): the same ones each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len() as u64) as usize]
    }
}

/// A process as its records tell of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Process {
    pid: u32,
    start_ns: u64,
    ppid: u32,
    comm: [u8; 16],
}

/// What is executed.
struct Command {
    /// The path as passed.
    filename: String,
    /// Path of what runs then; empty if it fails.
    exe: String,
    args: Vec<u8>,
}

/// The records of a capture, without end.
pub(crate) struct Records {
    random: Random,
    time_ns: u64,
    pid: u32,
    daemons: Vec<Process>,
    /// Who ends when.
    ends: BinaryHeap<Reverse<(u64, Process)>>,
    /// What is told next, the last first.
    ready: Vec<Vec<u8>>,
}

impl Records {
    /// Begins a capture.
    pub(crate) fn new() -> Self {
        let daemon = |number: u32| Process {
            pid: 1_000 + number,
            start_ns: u64::from(number + 1) * 1_000_000_000,
            ppid: 1,
            comm: comm(["bash", "make", "cron", "containerd-shim", "sshd"][number as usize % 5]),
        };
        Self {
            random: Random(1),
            time_ns: START,
            pid: FIRST_PID,
            daemons: (0..DAEMONS).map(daemon).collect(),
            ends: BinaryHeap::new(),
            ready: Vec::new(),
        }
    }

    fn new_process(&mut self, name: &str) -> (Process, Process) {
        self.pid += 1 + self.random.below(3) as u32;
        if self.pid >= PIDS.end {
            self.pid = PIDS.start;
        }
        let parent = match self.ends.peek() {
            Some(Reverse((_, process))) if self.random.percent(30) => *process,
            _ => self.random.pick(&self.daemons),
        };
        let process = Process {
            pid: self.pid,
            start_ns: self.time_ns - 200_000 - self.random.below(2_000_000),
            ppid: parent.pid,
            comm: comm(name),
        };
        (process, parent)
    }

    /// Makes what is executed.
    fn command(&mut self) -> Command {
        if self.random.percent(60) {
            let mut script = String::new();
            let size = 60 + self.random.below(140);
            self.words(&mut script, ' ', size);
            let args = format!("sh\0-c\0{script}\0");
            return Command {
                filename: "/bin/sh".into(),
                exe: "/usr/bin/dash".into(),
                args: args.into(),
            };
        }
        // Small numbers are more common, as some programs are.
        let end = 1 + self.random.below(EXECUTABLES);
        let number = self.random.below(end);
        let name = format!(
            "{}{number}",
            ["ls", "git", "python3.", "rustc-", "kube"][number as usize % 5]
        );
        let mut args = format!("{name}\0");
        let size = if self.random.percent(5) {
            2_000 + self.random.below(5_000)
        } else {
            self.random.below(80)
        };
        self.words(&mut args, '\0', size);
        args.push('\0');
        let path = format!("{}/{name}", FOLDERS[number as usize / 5 % 5]);
        Command {
            filename: path.clone(),
            exe: path,
            args: args.into(),
        }
    }

    /// Appends words until there are so many bytes of them.
    fn words(&mut self, text: &mut String, between: char, size: u64) {
        let from = text.len();
        if self.random.percent(2) {
            text.push_str("Übersicht");
            text.push(between);
        }
        loop {
            text.push_str(self.random.pick(&WORDS));
            if (text.len() - from) as u64 >= size {
                return;
            }
            text.push(between);
        }
    }

    fn header(&mut self, kind: Kind, pid: u32) -> Header {
        Header {
            time_ns: self.time_ns,
            lost: 0,
            cpu: self.random.below(8) as u16,
            kind: kind as u8,
            slot: 0,
            pid,
            tid: pid,
        }
    }

    fn exec(
        &mut self,
        process: &Process,
        parent: &Process,
        errno: i32,
        command: &Command,
    ) -> Vec<u8> {
        let failed = errno != 0;
        let Command {
            filename,
            exe,
            args,
        } = command;
        let exe_names = names(exe);
        let cwd = format!("/home/user{}/src/project", self.random.below(20));
        let cwd_names = names(&cwd);
        let uid = 1_000 + self.random.below(USERS.into()) as u32;
        let mut fixed = ExecFixed {
            start_ns: process.start_ns,
            cgroup: 1 + self.random.below(CGROUPS),
            flags: exec_flag::OLD_EUID | exec_flag::CWD | if failed { 0 } else { exec_flag::EXE },
            ret: -errno,
            ppid: process.ppid,
            uid,
            gid: uid,
            euid: uid,
            egid: uid,
            old_euid: uid,
            loginuid: if uid.is_multiple_of(2) { uid } else { NONE },
            session: uid % 7,
            ns_pid: process.pid,
            pid_ns: 0xf000_0001,
            mnt_ns: 0xf000_0002,
            argc: args.iter().filter(|byte| **byte == 0).count() as u32,
            args_size: args.len() as u32,
            args_len: args.len() as u32,
            filename_len: filename.len() as u16,
            exe_len: exe_names.len() as u16,
            cwd_len: cwd_names.len() as u16,
            ancestors: 1,
            comm: if failed { parent.comm } else { process.comm },
            ..ExecFixed::default()
        };
        if uid.is_multiple_of(3) {
            fixed.tty[..4].copy_from_slice(b"pts3");
        }
        let ancestor = Ancestor {
            start_ns: parent.start_ns,
            pid: parent.pid,
            forked_only: 0,
            comm: parent.comm,
        };
        let header = self.header(Kind::Exec, process.pid);
        let holes: &[u8] = if failed { &[0; 8] } else { &[] };
        [
            header.as_bytes(),
            fixed.as_bytes(),
            &exe_names,
            &cwd_names,
            ancestor.as_bytes(),
            filename.as_bytes(),
            holes,
            args,
        ]
        .concat()
    }

    fn exit(&mut self, process: &Process) -> Vec<u8> {
        let run_ns = 300_000 + self.random.below(90_000_000);
        let fixed = ExitFixed {
            start_ns: process.start_ns,
            user_ns: run_ns / 3,
            system_ns: run_ns / 5,
            run_ns,
            max_rss_pages: 300 + self.random.below(20_000),
            status: if self.random.percent(8) { 1 << 8 } else { 0 },
            ppid: process.ppid,
            comm: process.comm,
        };
        let header = self.header(Kind::Exit, process.pid);
        [header.as_bytes(), fixed.as_bytes()].concat()
    }
}

impl Iterator for Records {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if let Some(record) = self.ready.pop() {
            return Some(record);
        }
        if let Some(Reverse((at, process))) = self.ends.peek().copied()
            && at <= self.time_ns
        {
            self.ends.pop();
            return Some(self.exit(&process));
        }
        self.time_ns += self.random.below(2_000_000);
        let command = self.command();
        let name = command.filename.rsplit('/').next().unwrap_or_default();
        let (process, parent) = self.new_process(name);
        let failed = self.random.percent(5).then(|| {
            let command = Command {
                filename: format!("/usr/local/sbin/{name}"),
                exe: String::new(),
                args: command.args.clone(),
            };
            let errno = self.random.pick(&[2, 2, 2, 13, 8]);
            self.exec(&process, &parent, errno, &command)
        });
        let exec = self.exec(&process, &parent, 0, &command);
        if self.random.percent(95) {
            // Most end at once, some run for seconds.
            let scale = self
                .random
                .pick(&[3_000_000, 20_000_000, 200_000_000, 4_000_000_000]);
            let end = self.time_ns + 500_000 + self.random.below(scale);
            self.ends.push(Reverse((end, process)));
        }
        if failed.is_none() {
            return Some(exec);
        }
        self.ready.push(exec);
        failed
    }
}

/// The events of a capture, without end.
pub(crate) fn events() -> impl Iterator<Item = Event> {
    let mut decode = probe::decoder(cgroup_path);
    let mut events = Vec::new();
    Records::new().map(move |record| {
        decode(&record, &mut events).unwrap();
        events.pop().unwrap()
    })
}

/// Takes events up to so many execs, failed ones among them.
pub(crate) fn take_execs(events: &mut impl Iterator<Item = Event>, mut count: usize) -> Vec<Event> {
    let mut taken = Vec::new();
    while count > 0 {
        let event = events.next().unwrap();
        count -= usize::from(matches!(event, Event::Exec(_)));
        taken.push(event);
    }
    taken
}

/// Makes an empty model that keeps so many entries.
pub(crate) fn model(history: usize) -> Model {
    let names: Vec<_> = (0..USERS).map(|number| format!("user{number}")).collect();
    let users = (1_000..).zip(names.iter().map(String::as_str));
    let session = Session {
        host: "web-01".into(),
        kernel: "6.18.44".into(),
        arch: "x86_64".into(),
        boot_time_ns: 1_772_361_400_000_000_000,
        started_ns: START,
        ..Session::default()
    };
    Model::new(session, Users::new(users), history, usize::MAX)
}

/// Makes a model with so many entries; the history is full, and `events` go on where it ends.
pub(crate) fn full_model(count: usize, events: &mut impl Iterator<Item = Event>) -> Model {
    let mut model = model(count);
    while model.store.len() < count {
        model.apply(events.next().unwrap());
    }
    model
}

/// Returns the path of a control group; half of them are containers.
pub(crate) fn cgroup_path(id: u64) -> Option<CgroupPath> {
    let path = match id % 2 {
        0 => format!("/system.slice/service-{id}.service"),
        _ => format!("/system.slice/docker-{id:064x}.scope"),
    };
    let told = names(&path);
    let mut names = [0; CGROUP_NAMES];
    names.get_mut(..told.len())?.copy_from_slice(&told);
    Some(CgroupPath {
        len: told.len() as u32,
        cut: 0,
        names,
    })
}

/// Returns a path as the probe tells it: the names on the way up, the last first, each ended by a NUL.
fn names(path: &str) -> Vec<u8> {
    path.rsplit('/')
        .filter(|name| !name.is_empty())
        .flat_map(|name| [name.as_bytes(), b"\0"].concat())
        .collect()
}

fn comm(name: &str) -> [u8; 16] {
    let mut comm = [0; 16];
    let len = name.len().min(15);
    comm[..len].copy_from_slice(&name.as_bytes()[..len]);
    comm
}
