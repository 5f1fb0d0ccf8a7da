//! What was executed, with which arguments, by whom.

use crate::capture::{Capture, Told, bytes, one, run};
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
fn long_arguments_are_whole_up_to_the_budget_and_beyond_it_measured() {
    let list = |count: usize| vec![long(100_000); count];
    let size = |count: usize| "/bin/true".len() + 1 + count * 100_001;
    let run_all = |args: &[&str]| {
        let capture = Capture::start(args);
        let pids: Vec<_> = [1, 15]
            .map(|count| run(Command::new("/bin/true").args(list(count))).0)
            .into();
        let failed = Command::new("/nonexistent").args(list(3)).spawn();
        assert!(failed.is_err());
        (capture.stop(), pids)
    };
    let check = |exec: &Value, count: usize, kept: usize| {
        let args = exec["args"].as_array().unwrap();
        let bytes: Vec<_> = args.iter().map(bytes).collect();
        let (first, rest) = bytes.split_first().unwrap();
        let joined = rest.join(&0);
        let whole = vec![long(100_000); count].join(OsStr::new("\0"));
        assert!(whole.as_bytes().starts_with(&joined), "the beginning");
        let closed = usize::from(kept == first.len() + 1 + count * 100_001);
        assert_eq!(first.len() + 1 + joined.len() + closed, kept);
        let size = first.len() + 1 + count * 100_001;
        assert_eq!(exec["args_bytes"], size);
        assert_eq!(exec["args_missing_bytes"], size - kept);
        let cut = exec["missing"].get("args").and_then(Value::as_str);
        assert_eq!(cut, (kept < size).then_some("truncated"));
    };
    let failed = |told: &Told| {
        let execs = told.all("exec").filter(|e| e["filename"] == "/nonexistent");
        one(&execs.collect::<Vec<_>>()).clone()
    };
    let (told, pids) = run_all(&[]);
    check(told.exec(pids[0]), 1, size(1));
    check(told.exec(pids[1]), 15, 128 << 10);
    check(&failed(&told), 3, 128 << 10);
    assert_eq!(told.end["lost"], 0);
    let (told, pids) = run_all(&["--max-arg-bytes", "4M"]);
    check(told.exec(pids[0]), 1, size(1));
    check(told.exec(pids[1]), 15, size(15));
    check(&failed(&told), 3, "/nonexistent".len() + 1 + 3 * 100_001);
    let (told, pids) = run_all(&["--max-arg-bytes", "100"]);
    check(told.exec(pids[0]), 1, 100);
    check(&failed(&told), 3, 100);
    assert_eq!(told.end["lost"], 0);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn the_environment_is_told_on_request() {
    let values = [("A", "1"), ("EMPTY", ""), ("WORDS", "two words")];
    let run_with = |args: &[&str]| {
        let long = long(50_000);
        let capture = Capture::start(args);
        let (pid, _) = run(Command::new("/bin/true")
            .env_clear()
            .envs(values)
            .env("Z", long));
        let (none, _) = run(Command::new("/bin/true").env_clear());
        let told = capture.stop();
        (told.exec(pid).clone(), told.exec(none).clone())
    };
    let (exec, _) = run_with(&[]);
    assert_eq!(exec["env"], Value::Null);
    let (exec, none) = run_with(&["--env"]);
    let env = exec["env"].as_array().unwrap();
    assert_eq!(
        env[..3],
        [json!("A=1"), json!("EMPTY="), json!("WORDS=two words")]
    );
    assert_eq!(env[3].as_str().unwrap().len(), 50_002);
    assert_eq!((env.len(), &none["env"]), (4, &json!([])));
    assert_eq!(exec["args"], json!(["/bin/true"]));
    let (exec, _) = run_with(&["--env", "--max-arg-bytes", "20"]);
    assert_eq!(exec["env"], json!(["A=1", "EMPTY=", "WORDS=two"]));
    assert_eq!(exec["missing"]["env"], "truncated");
}
