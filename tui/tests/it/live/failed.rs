//! Execs that fail: tried by this very process, which goes on.

use super::barriers::is_before;
use crate::capture::{Capture, bytes, one, run};
use crate::{role, wait};
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::unistd::{execve, execveat, gettid};
use serde_json::{Value, json};
use std::ffi::{CStr, CString};
use std::fs::{self, File, Permissions};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A call that fails, and how.
struct Attempt {
    path: CString,
    args: Vec<CString>,
    errno: Errno,
}

impl Attempt {
    /// Fails with an error, and with arguments that tell it from others.
    fn new(path: &Path, errno: Errno) -> Self {
        let args = ["zero", "", "two words\n", &format!("{errno:?}")];
        Self {
            path: CString::new(path.as_os_str().as_bytes()).unwrap(),
            args: args.map(|arg| CString::new(arg).unwrap()).to_vec(),
            errno,
        }
    }

    fn make(&self) {
        const NO_ENV: [&CStr; 0] = [];
        let Err(errno) = execve(&self.path, &self.args, &NO_ENV);
        assert_eq!(errno, self.errno, "of {:?}", self.path);
    }
}

/// Makes the attempts under a capture, and returns the execs of this process: one of each.
fn told_of(attempts: &[Attempt]) -> Vec<Value> {
    let capture = Capture::start(&[]);
    attempts.iter().for_each(Attempt::make);
    let told = capture.stop();
    let execs = told.of("exec", std::process::id());
    assert_eq!(execs.len(), attempts.len(), "{execs:#?}");
    for (exec, attempt) in execs.iter().zip(attempts) {
        let errno = attempt.errno;
        assert_eq!(exec["error"], format!("{errno:?}"));
        assert_eq!(exec["ret"], -(errno as i32));
        assert_eq!(exec["tid"], gettid().as_raw());
        assert_eq!(exec["ppid"], std::os::unix::process::parent_id());
        assert_eq!(exec["old_euid"], exec["euid"], "nothing changed");
        assert!(exec["euid"].is_u64());
    }
    assert_eq!(told.end["lost"], 0);
    assert!(told.end["failed"].as_u64() >= Some(attempts.len() as u64));
    execs.into_iter().cloned().collect()
}

/// Writes a file that is no program.
fn rubbish(dir: &Path, name: &str, mode: u32) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, b"\x00\x01 no program").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn failed_execs_are_told_with_their_error_path_and_arguments() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let plain = rubbish(dir, "plain", 0o644);
    let rubbish = rubbish(dir, "rubbish", 0o755);
    let busy = dir.join("busy");
    fs::copy(&rubbish, &busy).unwrap();
    // Were it not for the writer, it would still be no program: this process always goes on.
    let writer = File::options().append(true).open(&busy).unwrap();
    let ring = dir.join("loop");
    symlink(&ring, &ring).unwrap();
    let attempts = [
        Attempt::new(&dir.join("none"), Errno::ENOENT),
        Attempt::new(dir, Errno::EACCES),
        Attempt::new(&plain, Errno::EACCES),
        Attempt::new(&rubbish, Errno::ENOEXEC),
        Attempt::new(&plain.join("below"), Errno::ENOTDIR),
        Attempt::new(&ring, Errno::ELOOP),
        Attempt::new(&busy, Errno::ETXTBSY),
        Attempt::new(Path::new("relative/none"), Errno::ENOENT),
        Attempt::new(Path::new(""), Errno::ENOENT),
    ];
    for (exec, attempt) in told_of(&attempts).iter().zip(&attempts) {
        assert_eq!(bytes(&exec["filename"]), attempt.path.as_bytes());
        let args = attempt.args.iter().map(|arg| arg.to_str().unwrap());
        assert_eq!(exec["args"], json!(args.collect::<Vec<_>>()));
        let size: usize = attempt.args.iter().map(|a| a.count_bytes() + 1).sum();
        assert_eq!(exec["args_bytes"], size, "{exec}");
        assert_eq!(exec["args_missing_bytes"], 0);
        assert_eq!(exec["missing"].get("filename"), None);
        assert_eq!(exec["missing"].get("args"), None);
    }
    drop(writer);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_failed_exec_without_arguments_has_none() {
    let mut attempt = Attempt::new(Path::new("/nonexistent/program"), Errno::ENOENT);
    attempt.args.clear();
    let execs = told_of(&[attempt]);
    assert_eq!(execs[0]["args"], json!([]));
    assert_eq!(execs[0]["args_bytes"], 0);
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn what_is_too_big_is_cut_and_measured() {
    // One more than what Linux allows with the NUL (`MAX_ARG_STRLEN`), so that it has looked at all of it: what a
    // forked child has not touched since may need a fault, which no probe can take.
    let arg = vec![b'x'; 128 << 10];
    let mut attempt = Attempt::new(Path::new("/bin/true"), Errno::E2BIG);
    attempt.args.push(CString::new(arg.clone()).unwrap());
    attempt.args.push(c"after".to_owned());
    let size: usize = attempt.args.iter().map(|a| a.count_bytes() + 1).sum();
    let execs = told_of(&[attempt]);
    let exec = &execs[0];
    assert_eq!(exec["filename"], "/bin/true");
    assert_eq!(exec["args_bytes"], size, "{exec}");
    assert_eq!(exec["args"][3], "E2BIG");
    let kept = bytes(&exec["args"][4]);
    assert!(kept.len() >= 4096 && arg.starts_with(&kept));
    let missing = arg.len() + 1 - kept.len() + "after\0".len();
    assert_eq!(exec["args_missing_bytes"], missing);
    assert_eq!(exec["missing"]["args"], "truncated");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_path_that_is_too_long_is_cut_and_one_with_a_long_name_is_whole() {
    let path = format!("/{}", "directory/".repeat(500));
    let name = format!("/tmp/{}", "n".repeat(300));
    let execs = told_of(&[
        Attempt::new(Path::new(&path), Errno::ENAMETOOLONG),
        Attempt::new(Path::new(&name), Errno::ENAMETOOLONG),
    ]);
    assert_eq!(execs[0]["filename"], path[..4095]);
    assert_eq!(execs[0]["missing"]["filename"], "truncated");
    assert_eq!(execs[1]["filename"], name);
    assert_eq!(execs[1]["missing"].get("filename"), None, "it is whole");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn execveat_fails_as_execve_does() {
    let dir = tempfile::tempdir().unwrap();
    rubbish(dir.path(), "rubbish", 0o755);
    let opened = File::open(dir.path()).unwrap();
    let args = [c"zero", c"", c"at"];
    let at = |name: &CStr| {
        const NO_ENV: [&CStr; 0] = [];
        let Err(errno) = execveat(&opened, name, &args, &NO_ENV, AtFlags::empty());
        errno
    };
    // Linux 5.10.223 looks for nothing below a descriptor.
    let of_rubbish = at(c"rubbish");
    let of_rubbish_name = match of_rubbish {
        Errno::ENOENT => "ENOENT",
        _ => "ENOEXEC",
    };
    let capture = Capture::start(&[]);
    assert_eq!(at(c"none"), Errno::ENOENT);
    assert_eq!(at(c"rubbish"), of_rubbish);
    let told = capture.stop();
    let execs = told.of("exec", std::process::id());
    assert_eq!(execs.len(), 2, "{execs:#?}");
    for (exec, name, error) in [
        (execs[0], "none", "ENOENT"),
        (execs[1], "rubbish", of_rubbish_name),
    ] {
        assert_eq!(exec["error"], error);
        let path = format!("/dev/fd/{}/{name}", opened.as_raw_fd());
        assert_eq!(exec["filename"], path, "as when it succeeds");
        assert_eq!(exec["args"], json!(["zero", "", "at"]));
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn without_the_tracepoints_of_calls_failures_are_told_all_the_same() {
    if is_before(5, 15) {
        wait::skip("before Linux 5.15 no program can ask for the registers of a call");
        return;
    }
    let nowhere = Path::new("/");
    let capture = Capture::start_by(&mut role::command("a capture with few rights", nowhere));
    let mut failing = Command::new("/nonexistent");
    assert!(failing.args(["one", "", "two"]).spawn().is_err());
    let (pid, _) = run(&mut Command::new("/bin/true"));
    let told = capture.stop();
    let failed = told.all("exec").filter(|e| e["filename"] == "/nonexistent");
    let failed = failed.collect::<Vec<_>>();
    let exec = one(&failed);
    assert_eq!(exec["error"], "ENOENT");
    assert_eq!(exec["args"], json!(["/nonexistent", "one", "", "two"]));
    assert_eq!((&exec["uid"], &exec["old_euid"]), (&json!(0), &json!(0)));
    let exec = told.exec(pid);
    if is_before(6, 10) {
        assert_eq!(exec["old_euid"], Value::Null);
        assert!(exec["missing"]["old_euid"].is_string());
    } else {
        assert_eq!(exec["old_euid"], 0, "told right before it is changed");
    }
    assert_eq!(told.end["lost"], 0);
}
