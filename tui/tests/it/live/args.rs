//! What was executed, with which arguments, by whom.

use crate::capture::{Capture, Told, bytes, run};
use serde_json::{Value, json};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Runs `/bin/true` with arguments under a capture; returns what that told and its process id.
fn told_of(args: &[OsString]) -> (Told, u32) {
    let capture = Capture::start(&[]);
    let (pid, status) = run(Command::new("/bin/true").args(args));
    assert!(status.success());
    (capture.stop(), pid)
}

/// Returns an argument of so many bytes, no two neighbours of which are alike.
fn long(bytes: usize) -> OsString {
    let pattern = (b'a'..=b'z').cycle().take(bytes).collect();
    OsString::from_vec(pattern)
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn every_byte_of_the_arguments_is_told() {
    let args: [&[u8]; 9] = [
        b"",
        b"two words",
        b"tab\tand\nnewline\r",
        b"\x1b[31mred\x1b[0m\x07",
        b"\xff\xfenot UTF-8",
        "naïve 日本 \u{202e}".as_bytes(),
        b"'\"\\$(x)`",
        b"",
        b"--",
    ];
    let (told, pid) = told_of(&args.map(|arg| OsStr::from_bytes(arg).to_owned()));
    let exec = told.exec(pid);
    let mut expected = vec![json!("/bin/true")];
    expected.extend(args.iter().map(|arg| match std::str::from_utf8(arg) {
        Ok(text) => json!(text),
        Err(_) => json!({ "base64": "//5ub3QgVVRGLTg=" }),
    }));
    assert_eq!(exec["args"], Value::Array(expected));
    let size: usize = args.iter().map(|arg| arg.len() + 1).sum();
    assert_eq!(exec["args_bytes"], "/bin/true".len() + 1 + size);
    assert_eq!(exec["args_missing_bytes"], 0);
    assert_eq!(exec["filename"], "/bin/true");
    assert_eq!(exec["comm"], "true");
    assert_eq!((&exec["ret"], &exec["error"]), (&json!(0), &Value::Null));
    assert_eq!(exec["interpreter"], Value::Null);
    assert_eq!(exec["flags"], json!([]));
    assert_eq!(exec["missing"].get("args"), None);
    assert_eq!(exec["missing"].get("filename"), None);
    assert_eq!(told.end["lost"], 0);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn an_exec_tells_who_and_whose() {
    let capture = Capture::start(&[]);
    let (root, _) = run(&mut Command::new("/bin/true"));
    let (nobody, _) = run(Command::new("/bin/true").uid(65534).gid(65533));
    let told = capture.stop();
    let parent_comm = std::fs::read("/proc/self/comm").unwrap();
    let parent_comm = parent_comm.strip_suffix(b"\n").unwrap();
    for (pid, uid, gid) in [(root, 0, 0), (nobody, 65534, 65533)] {
        let exec = told.exec(pid);
        assert_eq!(exec["ppid"], std::process::id());
        assert_eq!(bytes(&exec["parent_comm"]), parent_comm);
        for (key, id) in [("uid", uid), ("euid", uid), ("gid", gid), ("egid", gid)] {
            assert_eq!(exec[key], id, "{key}");
        }
        assert_eq!(exec["tid"], pid);
        assert_eq!(exec["old_euid"], uid, "nothing changed it");
        let since_fork = exec["fork_to_exec_ns"].as_u64().unwrap();
        assert!((1..30_000_000_000).contains(&since_fork), "{since_fork}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn arguments_of_4096_bytes_are_whole() {
    let arg = long(4096 - "/bin/true".len() - 2);
    let (told, pid) = told_of(std::slice::from_ref(&arg));
    let exec = told.exec(pid);
    assert_eq!(exec["args_bytes"], 4096);
    assert_eq!(exec["args_missing_bytes"], 0);
    assert_eq!(exec["args"], json!(["/bin/true", arg.to_str().unwrap()]));
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn arguments_of_12_kib_are_whole() {
    let mut args = vec![long(63); 191];
    args.push(long(64 - 1 - "/bin/true".len() - 1));
    let (told, pid) = told_of(&args);
    let exec = told.exec(pid);
    assert_eq!(exec["args_bytes"], 12 << 10);
    assert_eq!(exec["args_missing_bytes"], 0);
    let told: Vec<_> = exec["args"].as_array().unwrap().iter().skip(1).collect();
    assert_eq!(
        told,
        args.iter().map(|a| a.to_str().unwrap()).collect::<Vec<_>>()
    );
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn an_argument_of_100_kb_is_cut_and_says_so() {
    let arg = long(100_000);
    let (told, pid) = told_of(std::slice::from_ref(&arg));
    let exec = told.exec(pid);
    let size = "/bin/true".len() + 1 + arg.len() + 1;
    assert_eq!(exec["args_bytes"], size);
    assert_eq!(exec["args"][0], "/bin/true");
    assert_eq!(exec["args"].as_array().unwrap().len(), 2);
    let kept = bytes(&exec["args"][1]);
    assert!(kept.len() >= 4096, "{} bytes", kept.len());
    assert!(
        arg.as_bytes().starts_with(&kept),
        "what is kept is the beginning"
    );
    assert_eq!(exec["args_missing_bytes"], arg.len() + 1 - kept.len());
    assert_eq!(exec["missing"]["args"], "truncated");
    assert_eq!(told.end["lost"], 0);
}
