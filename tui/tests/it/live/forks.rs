//! Forks, which are told on request only.

use crate::capture::{Capture, one, run};
use serde_json::Value;
use std::process::Command;

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn forks_are_told_on_request() {
    let capture = Capture::start(&["--events", "exec,exit,fork"]);
    let (pid, _) = run(Command::new("/bin/sh").args(["-c", "(exit 7); exit 8"]));
    let told = capture.stop();
    let fork = one(&told.of("fork", pid));
    assert_eq!(fork["ppid"], std::process::id());
    let below: Vec<_> = told.all("fork").filter(|f| f["ppid"] == pid).collect();
    let below = one(&below);
    assert_eq!(below["comm"], "sh");
    let below = u32::try_from(below["pid"].as_u64().unwrap()).unwrap();
    assert_eq!(
        told.exit(below)["exit_code"],
        7,
        "though it executed nothing"
    );
    assert_eq!(told.exit(pid)["exit_code"], 8);
    let seq = |event: &Value| event["seq"].as_u64();
    assert!(seq(fork) < seq(told.exec(pid)));
    let forks = told.all("fork").count();
    assert_eq!(told.end["fork"], forks);
}
