//! What runs by itself: cron, containers, and a service that fails and is started again and again.

use super::super::stage::{Fate, Stage, Who};
use super::{EACCES, ENOENT, WEB, WORKER};
use crate::event::Status;

pub(super) fn cron(stage: &mut Stage) {
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

pub(super) fn containers(stage: &mut Stage) {
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

pub(super) fn failing_service(stage: &mut Stage) {
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
