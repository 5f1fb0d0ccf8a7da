//! A build: compilers, of which one crashes and one finds a mistake, and a command line that is longer than what is captured of it.

use super::super::stage::{Fate, Stage, Who};
use crate::event::{Args, Capture, Exec, Status};

pub(super) fn build(stage: &mut Stage) {
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
