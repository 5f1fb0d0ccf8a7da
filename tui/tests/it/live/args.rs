//! Arguments and environments that are longer than what is kept.

use crate::capture::{Capture, Told, bytes, one, run};
use serde_json::{Value, json};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::Command;

/// Returns an argument of so many bytes, no two neighbours of which are alike.
fn long(bytes: usize) -> OsString {
    let pattern = (b'a'..=b'z').cycle().take(bytes).collect();
    OsString::from_vec(pattern)
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
