//! What is played in each minute: a build, cron, a session over ssh, containers, a service that fails and is
//! started again and again, a search along PATH, a storm with losses, and a program that lies in memory only.

mod people;
mod services;
mod trouble;
mod work;

use super::stage::Stage;
use crate::event::Running;

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
    work::build(stage);
    services::cron(stage);
    people::ssh(stage);
    services::containers(stage);
    services::failing_service(stage);
    people::at_the_shell(stage);
    trouble::storm(stage);
    trouble::in_memory(stage);
}
