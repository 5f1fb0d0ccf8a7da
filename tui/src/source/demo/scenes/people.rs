//! Who is logged in: a session over ssh, and a name that is looked for along PATH.

use super::super::stage::{Fate, Stage, Who};
use super::ENOENT;
use crate::event::{Flags, Status};

pub(super) fn ssh(stage: &mut Stage) {
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

/// Someone at a shell: a name is looked for along PATH.
pub(super) fn at_the_shell(stage: &mut Stage) {
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
