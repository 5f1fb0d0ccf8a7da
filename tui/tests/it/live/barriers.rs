//! What stands in the way of a run, or takes something from it: it is told in a sentence, and what can go on does.

use crate::capture::{Told, kill_child, pid_of, run};
use crate::role::{self, USER, product};
use crate::{PRODUCT, product, wait};
use nix::sys::signal::{Signal, kill};
use nix::sys::utsname::uname;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::{Child, Command, Stdio};

/// The kernel's own description of its types.
const TYPES: &str = "/sys/kernel/btf/vmlinux";

/// What it complains about, as a file in its directory.
const ERRORS: &str = "errors";

/// The product under some limitation, as a child that writes a file; it is killed when this goes out of scope.
pub(super) struct Limited {
    child: Child,
    dir: tempfile::TempDir,
}

impl Limited {
    /// Starts it by the part that sets the limitation up; with `types`, they are given in a file.
    fn start(part: &str, types: bool) -> Self {
        Self::start_as(USER, part, types)
    }

    /// The same, as a user of one's own choice.
    pub(super) fn start_as(user: u32, part: &str, types: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(product::NAME);
        fs::copy(PRODUCT, &path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        if types {
            fs::copy(TYPES, dir.path().join(product::TYPES)).unwrap();
        }
        chown(dir.path(), Some(user), None).unwrap();
        let mut command = role::command(part, dir.path());
        // Not a pipe: a verifier's words may be more than one holds, and nobody reads before the end.
        let errors = File::create(dir.path().join(ERRORS)).unwrap();
        let child = command.stderr(errors).spawn().unwrap();
        Self { child, dir }
    }

    /// Waits until it captures.
    pub(super) fn captures(mut self) -> Self {
        let out = self.dir.path().join(product::OUT);
        let started = wait::until("the start line, or an end", || {
            let started = fs::read(&out).is_ok_and(|text| text.ends_with(b"\n"));
            let ended = self.child.try_wait().unwrap().is_some();
            (started || ended).then_some(started)
        });
        assert!(started, "it ended: {}", self.complaints());
        self
    }

    /// Stops it, which is a success; returns what it told, and what it complained about.
    pub(super) fn stop(mut self) -> (Told, String) {
        kill(pid_of(&self.child), Signal::SIGINT).unwrap();
        let status = wait::end_of(&mut self.child, wait::PATIENCE).expect("it ends");
        assert!(status.success(), "{status}: {}", self.complaints());
        let text = fs::read_to_string(self.dir.path().join(product::OUT)).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        (Told::new(lines.collect()), self.complaints())
    }

    /// Waits until it ends by itself because it cannot run; returns the sentence that says why.
    pub(super) fn refuses(mut self) -> String {
        let status = wait::end_of(&mut self.child, wait::PATIENCE).expect("it ends");
        let said = self.complaints();
        assert_eq!(status.code(), Some(1), "{said}");
        let sentence = said.strip_suffix('\n').unwrap();
        assert!(!sentence.contains('\n'), "more than a line: {said}");
        sentence.to_owned()
    }

    fn complaints(&self) -> String {
        fs::read_to_string(self.dir.path().join(ERRORS)).unwrap()
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        kill_child(&mut self.child);
    }
}

/// Executes something, and something that is not there; returns the process of the first.
fn execute() -> u32 {
    Command::new("/nonexistent/program").status().unwrap_err();
    run(Command::new("/bin/true").arg("limited")).0
}

/// Returns whether the running kernel is older than that.
pub(super) fn is_before(major: u32, minor: u32) -> bool {
    let release = uname().unwrap().release().to_str().unwrap().to_owned();
    let mut numbers = release.split('.').map(|number| number.parse().unwrap_or(0));
    let version: (u32, u32) = (numbers.next().unwrap(), numbers.next().unwrap());
    version < (major, minor)
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn two_capabilities_are_enough_where_memory_may_be_locked() {
    let capture = Limited::start("product with two capabilities", false).captures();
    let pid = execute();
    let (told, said) = capture.stop();
    assert_eq!(told.exec(pid)["args"][1], "limited");
    assert_eq!(told.exit(pid)["exit_code"], 0);
    let failed_is_seen = told.end["failed"].as_u64() >= Some(1);
    assert!(
        failed_is_seen || said.contains("failed execs are not seen: "),
        "{said}"
    );
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn memory_to_lock_is_asked_for_where_the_kernel_counts_it() {
    if !is_before(5, 11) {
        wait::skip("from Linux 5.11 on memory of BPF is not counted as locked");
        return;
    }
    let said = Limited::start("product with little memory to lock", false).refuses();
    assert!(said.contains("RLIMIT_MEMLOCK is 64 KiB"), "{said}");
    assert!(said.contains("`ulimit -l unlimited`"), "{said}");
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_kernel_without_types_is_refused_unless_they_are_given() {
    let said = Limited::start("product without types", false).refuses();
    let sentence = format!("this kernel does not describe its types: there is no {TYPES}; ");
    assert!(said.contains(&sentence), "{said}");
    assert!(said.contains("`--btf FILE`"), "{said}");
    let capture = Limited::start("product without types", true).captures();
    let pid = execute();
    let (told, said) = capture.stop();
    assert_eq!(said, "");
    assert_eq!(told.exec(pid)["args"][1], "limited");
    assert_eq!(told.exec(pid)["ppid"], std::process::id());
    assert!(told.end["failed"].as_u64() >= Some(1));
}

/// The name is known to `cargo xtask vm`, which boots a kernel for it.
#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn a_kernel_that_is_locked_down_is_named() {
    let level = fs::read_to_string("/sys/kernel/security/lockdown").unwrap_or_default();
    if !level.contains("[confidentiality]") {
        wait::skip(
            "kernel lockdown is not at `confidentiality`; cargo xtask vm boots a kernel where it is",
        );
        return;
    }
    let mut command = product();
    let output = command
        .args(["-o", "ndjson"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let sentence = "execsnoop-tui: kernel lockdown is at `confidentiality`, ";
    assert!(said.starts_with(sentence), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
