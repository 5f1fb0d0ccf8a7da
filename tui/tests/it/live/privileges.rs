//! What the program may still do once it captures.

use crate::capture::{Capture, run};
use crate::tmux::Tmux;
use crate::{PRODUCT, product};
use nix::unistd::{Pid, getpid};
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

/// A user and a group that nobody else here is.
const USER: &str = "61235";

/// CAP_PERFMON and CAP_BPF.
const TWO: u64 = 1 << 38 | 1 << 39;

/// The rights of a thread, as `/proc` has them.
type Rights = BTreeMap<String, String>;

fn rights_of_threads(pid: Pid) -> Vec<Rights> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    // A thread may have ended since it was listed.
    let status = |thread: fs::DirEntry| match fs::read_to_string(thread.path().join("status")) {
        Ok(text) => Some(text),
        Err(error) => {
            assert!(!thread.path().exists(), "{error}");
            None
        }
    };
    let rights = |text: String| -> Rights {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        lines
            .map(|(key, value)| {
                (
                    key.to_owned(),
                    value.split_whitespace().collect::<Vec<_>>().join(" "),
                )
            })
            .collect()
    };
    threads
        .filter_map(|thread| status(thread.unwrap()).map(rights))
        .collect()
}

fn start_under_sudo(args: &[&str]) -> Capture {
    let mut command = product();
    command
        .args(["--no-config", "-o", "ndjson"])
        .args(args)
        .env("SUDO_UID", USER)
        .env("SUDO_GID", USER);
    Capture::start_by(&mut command)
}

/// Checks that one thread has at most the two capabilities, all others none, and none a way to more.
fn check_given_up(threads: &[Rights]) {
    let number = |thread: &Rights, key: &str| u64::from_str_radix(&thread[key], 16).unwrap();
    let mut with_some = 0;
    for thread in threads {
        for key in ["CapInh", "CapAmb", "CapBnd"] {
            assert_eq!(number(thread, key), 0, "{key}: {thread:?}");
        }
        assert_eq!(thread["NoNewPrivs"], "1", "{thread:?}");
        assert_eq!(thread["Seccomp"], "2", "filtered: {thread:?}");
        let (permitted, effective) = (number(thread, "CapPrm"), number(thread, "CapEff"));
        assert_eq!(permitted & !TWO, 0, "{thread:?}");
        assert_eq!(effective & !TWO, 0, "{thread:?}");
        with_some += u32::from(permitted != 0);
    }
    assert_eq!(with_some, 1, "{threads:?}");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn under_sudo_it_becomes_the_user_and_captures_on() {
    let capture = start_under_sudo(&[]);
    let threads = rights_of_threads(capture.pid());
    check_given_up(&threads);
    for thread in &threads {
        let four = [USER; 4].join(" ");
        assert_eq!((&thread["Uid"], &thread["Gid"]), (&four, &four));
        assert_eq!(thread["Groups"], USER);
    }
    let (pid, _) = run(&mut Command::new("/bin/true"));
    let told = capture.stop();
    assert_eq!(told.exec(pid)["comm"], "true");
    assert!(told.exec(pid)["cgroup"].is_string(), "by a look into a map");
    assert_eq!(told.exit(pid)["exit_code"], 0);
    assert_eq!(told.end["lost"], 0);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn under_sudo_the_screen_becomes_the_user_too_and_stops_and_goes_on() {
    let tmux = Tmux::open(100, 30);
    let pid = tmux.start_command(&format!(
        "env SUDO_UID={USER} SUDO_GID={USER} '{PRODUCT}' --no-config -f 'comm=true'"
    ));
    tmux.wait_for("lost 0");
    let threads = rights_of_threads(pid);
    check_given_up(&threads);
    let four = [USER; 4].join(" ");
    assert!(threads.iter().all(|thread| thread["Uid"] == four));
    run(Command::new("/bin/true").arg("seen"));
    tmux.wait_for("true seen");
    tmux.press(&["C-z"]);
    tmux.wait_for_prompt();
    run(Command::new("/bin/true").arg("later"));
    tmux.line("fg");
    tmux.wait_for("true later");
    tmux.press(&["q"]);
    tmux.wait_for_prompt();
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn without_sudo_it_stays_the_user_and_gives_up_the_rest() {
    let capture = Capture::start(&[]);
    let threads = rights_of_threads(capture.pid());
    check_given_up(&threads);
    assert!(threads.iter().all(|thread| thread["Uid"] == "0 0 0 0"));
    capture.stop();
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn root_that_calls_sudo_gives_up_the_rest_too_beside_a_command() {
    let mut command = product();
    command
        .args(["-o", "ndjson", "--", "sleep", "2"])
        .env("SUDO_UID", "0")
        .env("SUDO_GID", "0");
    let capture = Capture::start_by(&mut command);
    check_given_up(&rights_of_threads(capture.pid()));
    capture.stop();
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn what_is_to_be_kept_is_kept() {
    let own = &rights_of_threads(getpid())[0]["CapEff"];
    let capture = start_under_sudo(&["--keep-privileges"]);
    for thread in rights_of_threads(capture.pid()) {
        assert_eq!((&thread["CapEff"], &*thread["NoNewPrivs"]), (own, "0"));
        assert_eq!(thread["Uid"], "0 0 0 0");
    }
    capture.stop();
}
