//! Made-up events for tests.

use crate::app::{App, AppOptions};
use crate::event::{
    Ancestor, Args, Capture, Cgroup, Event, Exec, Exit, Flags, Lost, ProcessKey, Running, Session,
    Status,
};
use crate::model::Model;
use crate::resolve::Users;
use std::sync::Arc;

/// One second in ns.
pub(crate) const S: u64 = 1_000_000_000;

/// One millisecond in ns.
pub(crate) const MS: u64 = 1_000_000;

/// When the made-up capture began: CLOCK_BOOTTIME.
pub(crate) const START: u64 = 5_000 * S;

/// The made-up machine: 2026-03-01 12:00:00 UTC when the capture began.
pub(crate) fn session() -> Session {
    Session {
        host: "web-01".into(),
        kernel: "6.18.44".into(),
        arch: "x86_64".into(),
        boot_time_ns: 1_772_366_400_000_000_000 - 5_000_000_000_000,
        started_ns: START,
        ..Session::default()
    }
}

/// A model that keeps `history` entries, with some processes that already ran.
pub(crate) fn model(history: usize) -> Model {
    let users = Users::new([(0, "root"), (1000, "alice"), (999, "build")]);
    let mut model = Model::new(session(), users, history, usize::MAX);
    let running = |pid: u32, ppid: u32, uid: u32, comm: &str, cmdline: &[&str]| Running {
        key: key(pid),
        ppid,
        uid: Some(uid),
        comm: comm.into(),
        forked_only: false,
        narrow: false,
        cmdline: Args::from_list(cmdline).bytes,
    };
    model.seed(vec![
        running(
            1,
            0,
            0,
            "systemd",
            &["/usr/lib/systemd/systemd", "--system"],
        ),
        running(2, 0, 0, "kthreadd", &[]),
        running(
            700,
            1,
            0,
            "dbus-daemon",
            &["/usr/bin/dbus-daemon", "--system"],
        ),
        running(812, 1, 0, "sshd", &["/usr/sbin/sshd", "-D"]),
        running(4711, 812, 1000, "bash", &["-bash"]),
        running(900, 1, 0, "cron", &["/usr/sbin/cron", "-f"]),
    ]);
    model
}

/// An empty screen for that model, in UTC.
pub(crate) fn app(history: usize) -> App {
    App::new(model(history), AppOptions::default())
}

/// The made-up start time of a pid's process.
pub(crate) fn key(pid: u32) -> ProcessKey {
    ProcessKey {
        pid,
        start_ns: if pid < 5_000 {
            u64::from(pid) * S / 10
        } else {
            START + u64::from(pid) * 1_000
        },
        ..ProcessKey::default()
    }
}

/// A successful exec at `at` ns after the start.
pub(crate) fn exec(at: u64, pid: u32, ppid: u32, args: &[&str]) -> Exec {
    let file = args.first().copied().unwrap_or("");
    let comm = file.rsplit('/').next().unwrap_or(file);
    Exec {
        seq: at / 1_000,
        time_ns: START + at,
        start_ns: key(pid).start_ns,
        pid,
        tid: pid,
        ppid,
        uid: 1000,
        gid: 1000,
        euid: Some(1000),
        old_euid: Some(1000),
        loginuid: Some(1000),
        session: Some(4),
        comm: comm.into(),
        filename: Some(file.as_bytes().into()),
        exe: Some(file.as_bytes().into()),
        cwd: Some(b"/home/alice/src"[..].into()),
        tty: Some(b"pts/3"[..].into()),
        cgroup: cgroup("/user.slice/user-1000.slice/session-4.scope"),
        args: Args::from_list(args),
        ancestors: [Ancestor {
            key: key(ppid),
            comm: match ppid {
                4711 => "bash".into(),
                900 => "cron".into(),
                _ => "make".into(),
            },
        }]
        .into(),
        ..Exec::default()
    }
}

fn cgroup(path: &str) -> Option<Arc<Cgroup>> {
    Some(Arc::new(Cgroup::new(path.as_bytes())))
}

/// What cron starts.
fn by_cron(at: u64, args: &[&str]) -> Event {
    Event::Exec(Box::new(Exec {
        uid: 0,
        euid: Some(0),
        old_euid: Some(0),
        loginuid: None,
        session: None,
        cwd: Some(b"/root"[..].into()),
        tty: None,
        cgroup: cgroup("/system.slice/cron.service"),
        ..exec(at, 48_260, 900, args)
    }))
}

/// The same as an event.
pub(crate) fn ran(at: u64, pid: u32, ppid: u32, args: &[&str]) -> Event {
    Event::Exec(Box::new(exec(at, pid, ppid, args)))
}

/// An exec that failed.
pub(crate) fn failed(at: u64, pid: u32, ppid: u32, errno: i32, args: &[&str]) -> Event {
    Event::Exec(Box::new(Exec {
        ret: -errno,
        exe: None,
        ..exec(at, pid, ppid, args)
    }))
}

/// The end of a process.
pub(crate) fn ended(at: u64, pid: u32, status: Status) -> Event {
    Event::Exit(Exit {
        time_ns: START + at,
        start_ns: key(pid).start_ns,
        pid,
        status,
        user_ns: Some(at / 100),
        system_ns: Some(at / 300),
        max_rss_bytes: Some(3_000_000 + u64::from(pid)),
        ..Exit::default()
    })
}

/// Lost events.
pub(crate) fn lost(at: u64, count: u64) -> Event {
    Event::Lost(Lost {
        time_ns: START + at,
        count,
        cpu: Some(1),
        ..Lost::default()
    })
}

/// A build with a bit of everything: ends, a signal, a setuid program, failures, a gap, a cut
/// command line, unreadable arguments, wide and hostile characters, a replaced program.
pub(crate) fn build() -> Vec<Event> {
    let sigsegv = Status::Signal {
        number: 11,
        core_dumped: true,
    };
    let mut sudo = exec(
        4_402 * MS,
        48_220,
        4711,
        &["/usr/bin/sudo", "systemctl", "restart", "nginx"],
    );
    sudo.euid = Some(0);
    sudo.flags.set(Flags::SETUID, true);
    sudo.flags.set(Flags::CAPS, true);
    sudo.env = Some(Box::new(Args {
        true_size: Some(9_000),
        capture: Capture::Truncated,
        ..Args::from_list(&["HOME=/home/alice", "LANG=C.UTF-8", "TERM=xterm\u{1b}"])
    }));
    let mut cut = exec(
        4_130 * MS,
        48_215,
        48_200,
        &["/usr/lib/gcc/x86_64-linux-gnu/14/cc1", "-quiet", "bar.c"],
    );
    cut.args.capture = Capture::Truncated;
    cut.args.true_size = Some(cut.args.bytes.len() as u64 + 3_174);
    cut.args.argc = Some(97);
    cut.cwd = Some(b"objects/x86_64/release"[..].into());
    cut.cwd_capture = Capture::Truncated;
    let mut unread = exec(4_600 * MS, 48_240, 4711, &[]);
    unread.args.capture = Capture::Failed;
    unread.args.true_size = None;
    unread.comm = "ghost".into();
    unread.filename = None;
    unread.exe = None;
    unread.cwd = None;
    unread.cgroup = None;
    unread.missing = vec![
        (
            "args".into(),
            "the new image's memory could not be read".into(),
        ),
        ("filename".into(), "the pointer was bad".into()),
    ]
    .into();
    let mut orphan = exec(
        4_700 * MS,
        48_250,
        48_249,
        &["/bin/sh", "-c", "echo it's \"done\""],
    );
    orphan.uid = 0;
    orphan.euid = Some(0);
    orphan.old_euid = Some(0);
    orphan.filename = Some(b"./done.sh"[..].into());
    orphan.interpreter = Some(b"/bin/sh"[..].into());
    orphan.flags.set(Flags::SCRIPT, true);
    orphan.tty = None;
    orphan.loginuid = None;
    orphan.session = None;
    orphan.cwd = Some(b"/app"[..].into());
    let id = "9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d";
    orphan.cgroup = cgroup(&format!("/system.slice/docker-{id}.scope"));
    let mut hostile = exec(
        4_550 * MS,
        48_235,
        4711,
        &[
            "/tmp/\u{1b}]52;c;eA==\u{7}x",
            "a\nb",
            "日本語",
            "\u{202e}evil",
        ],
    );
    hostile.exe = Some(b"/memfd:\xe2\x80\xae evil"[..].into());
    hostile.flags.set(Flags::MEMFD, true);
    hostile.flags.set(Flags::DELETED, true);
    hostile.args.bytes = [&hostile.args.bytes[..], b"\xff\xfe\0"].concat().into();
    vec![
        ran(1_000 * MS, 48_200, 4711, &["/usr/bin/make", "-j8"]),
        ran(
            4_118 * MS,
            48_213,
            48_200,
            &["/usr/bin/gcc", "-O2", "-c", "foo.c", "-o", "foo.o"],
        ),
        ran(
            4_121 * MS,
            48_214,
            48_200,
            &["/usr/bin/gcc", "-O2", "-c", "bar.c", "-o", "bar.o"],
        ),
        ended(4_159 * MS, 48_213, Status::Code(0)),
        Event::Exec(Box::new(cut)),
        ended(4_133 * MS, 48_214, Status::Code(1)),
        lost(4_340 * MS, 214),
        Event::Exec(Box::new(sudo)),
        failed(4_409 * MS, 48_221, 48_220, 13, &["/srv/app/run", "--now"]),
        failed(
            4_500 * MS,
            48_230,
            4711,
            2,
            &["/usr/local/bin/ls", "--color=auto"],
        ),
        ran(4_511 * MS, 48_230, 4711, &["/usr/bin/ls", "--color=auto"]),
        ended(4_513 * MS, 48_230, Status::Code(0)),
        ended(7_230 * MS, 48_215, sigsegv),
        Event::Exec(Box::new(hostile)),
        Event::Exec(Box::new(unread)),
        Event::Exec(Box::new(orphan)),
        by_cron(4_800 * MS, &["/bin/sh", "-c", "run-parts /etc/cron.hourly"]),
        by_cron(4_801 * MS, &["/usr/bin/run-parts", "/etc/cron.hourly"]),
    ]
}
