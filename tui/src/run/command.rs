//! A program that is started for the capture: held until the probe is attached, then released
//! as the user who asked for it.
//!
//! Until then it is this very program, executed anew with a hidden first argument: it waits for a byte
//! from its parent, and ends without a word if that goes away. So nothing of the program's own is
//! executed before it is captured, and nothing at all if the capture cannot begin.

use super::{complain, invoking_user, privileges};
use crate::threads;
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Gid, Pid, Uid, pipe2, setsid};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use tokio::sync::oneshot;

/// The hidden first argument; a descriptor's number, a word for the terminal and the program follow.
const HOLD: &str = "--hold-until-captured";
/// The program keeps the terminal.
const ATTACHED: &str = "attached";
/// The program has no terminal.
const APART: &str = "apart";

/// What env(1) ends with if it cannot do its own part.
const CANNOT_PREPARE: u8 = 125;
/// What shells end with if a program cannot be executed, or is not there.
const CANNOT_EXECUTE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Variables by which programs know that sudo started them, which it did not start this one.
const OF_SUDO: [&str; 4] = ["SUDO_COMMAND", "SUDO_GID", "SUDO_UID", "SUDO_USER"];

/// The program: held at first.
#[derive(Debug)]
pub(super) struct Started {
    name: String,
    child: Child,
    /// Where the byte that releases it goes.
    go: Option<File>,
    /// Comes when it has ended; `None` once it came.
    end: Option<oneshot::Receiver<()>>,
}

impl Started {
    /// Starts a program, held; `None` if there is none to start. On a screen it gets no terminal.
    ///
    /// # Errors
    /// If this program cannot be executed anew.
    pub(super) fn held(
        words: &[OsString],
        on_screen: bool,
        keep_privileges: bool,
    ) -> Result<Option<Self>> {
        let Some(name) = words.first() else {
            return Ok(None);
        };
        let (wait, go) = pipe2(OFlag::O_CLOEXEC).context("cannot make a pipe")?;
        fcntl(&wait, FcntlArg::F_SETFD(FdFlag::empty())).context("cannot hand on a pipe")?;
        let mut command = Command::new("/proc/self/exe");
        command
            .arg0("execsnoop-tui")
            .arg(HOLD)
            .arg(wait.as_raw_fd().to_string())
            .arg(if on_screen { APART } else { ATTACHED })
            .args(words);
        if on_screen {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
        }
        let child = command
            .spawn()
            .context("cannot execute /proc/self/exe to start the command")?;
        Ok(Some(Self {
            name: name.to_string_lossy().into_owned(),
            end: Some(wait_aside(child.id(), keep_privileges)?),
            child,
            go: Some(go.into()),
        }))
    }

    /// Returns its process id, the same before and after its release.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it go on.
    pub(super) fn release(&mut self) {
        if let Some(mut go) = self.go.take() {
            // If it was killed meanwhile, its status tells.
            let _ = go.write_all(b"!");
        }
    }

    /// Waits until it has ended.
    pub(super) async fn ended(&mut self) {
        if let Some(end) = &mut self.end {
            // The sender goes away with the thread that waits, which is an end as well.
            let _ = end.await;
            self.end = None;
        }
    }

    /// Passes a signal on, unless the terminal gave it to the whole group of processes. Returns whether the program
    /// has it: one that has become another user does not get it of this one.
    pub(super) fn pass_on(&self, signal: i32) -> bool {
        let signal = Signal::try_from(signal).unwrap_or(Signal::SIGTERM);
        if let Some(pid) = pid(self.child.id())
            && !matches!(signal, Signal::SIGINT | Signal::SIGQUIT)
        {
            // It is not reaped yet, so no other process has its id.
            return kill(pid, signal).is_ok();
        }
        true
    }

    /// Returns how it ended; `None` if it still runs.
    pub(super) fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Returns what this program is to end with, and says so if the other one runs on.
    pub(super) fn exit_code(mut self) -> ExitCode {
        match self.status() {
            Some(status) => ExitCode::from(code(status)),
            None => {
                let pid = self.child.id();
                complain(&format!("{} (pid {pid}) runs on", self.name));
                ExitCode::SUCCESS
            }
        }
    }

    /// Tells in words how it ended.
    pub(super) fn end_in_words(&mut self) -> Option<String> {
        let status = self.status()?;
        let how = match status.signal().map(Signal::try_from) {
            Some(Ok(signal)) => format!("was killed by {}", signal.as_str()),
            _ => format!("ended with {}", code(status)),
        };
        Some(format!("{} {how}", self.name))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // One that is still held ends by this.
        if self.go.take().is_some() {
            let _ = self.child.wait();
        }
    }
}

/// Returns what a shell would call a status.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

fn pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().map(Pid::from_raw)
}

/// Waits for a child in a thread of its own, and leaves it to be reaped.
fn wait_aside(child: u32, keep_privileges: bool) -> Result<oneshot::Receiver<()>> {
    let (sender, end) = oneshot::channel();
    threads::start("command", move || {
        if !keep_privileges {
            // Nothing comes in here; whoever must be told is told of the other threads.
            let _ = privileges::give_up_all_of_thread();
        }
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        if let Some(pid) = pid(child) {
            while waitid(Id::Pid(pid), flags) == Err(Errno::EINTR) {}
        }
        let _ = sender.send(());
    })?;
    Ok(end)
}

/// Plays the held program if the command line asks for it; returns what to end with if it cannot be
/// executed.
pub(super) fn hold(args: &[OsString]) -> Option<ExitCode> {
    let [_, first, descriptor, terminal, words @ ..] = args else {
        return None;
    };
    (first == HOLD).then(|| held(descriptor, terminal == APART, words))
}

fn held(descriptor: &OsStr, apart: bool, words: &[OsString]) -> ExitCode {
    let Some((name, args)) = words.split_first() else {
        return ExitCode::from(CANNOT_PREPARE);
    };
    // It is known by the name of the program's file otherwise, which is `exe`.
    let _ = std::fs::write("/proc/self/comm", "execsnoop-tui");
    match released(descriptor) {
        Ok(true) => {}
        // Whoever started this is gone.
        Ok(false) => return ExitCode::from(CANNOT_PREPARE),
        Err(error) => {
            complain(&format!("cannot wait for the capture: {error:#}"));
            return ExitCode::from(CANNOT_PREPARE);
        }
    }
    if apart {
        // It leads no group of processes yet, so this cannot fail.
        let _ = setsid();
    }
    let mut command = Command::new(name);
    command.args(args);
    if let Err(error) = become_user(&mut command) {
        complain(&format!(
            "cannot become the user who called sudo: {error:#}"
        ));
        return ExitCode::from(CANNOT_PREPARE);
    }
    // This sets SIGPIPE and the blocked signals, the only ones that were changed, as programs expect them.
    let error = command.exec();
    complain(&format!("cannot execute {}: {error}", name.display()));
    ExitCode::from(if error.kind() == ErrorKind::NotFound {
        NOT_FOUND
    } else {
        CANNOT_EXECUTE
    })
}

/// Waits for the byte; returns whether it came.
fn released(descriptor: &OsStr) -> Result<bool> {
    let number: i32 = descriptor
        .to_str()
        .and_then(|text| text.parse().ok())
        .context("no descriptor to wait at")?;
    // Opened anew, it is closed by the exec that follows.
    let mut wait = File::open(format!("/proc/self/fd/{number}"))?;
    nix::unistd::close(number)?;
    let mut byte = [0];
    Ok(wait.read(&mut byte)? == 1)
}

/// Becomes the user who called sudo, if one did; the program sees the environment of that user's.
fn become_user(command: &mut Command) -> Result<()> {
    let Some((uid, gid)) = invoking_user() else {
        return Ok(());
    };
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    for name in OF_SUDO {
        command.env_remove(name);
    }
    if let Some(user) = privileges::become_user(uid, gid)? {
        command
            .env("HOME", &user.dir)
            .env("USER", &user.name)
            .env("LOGNAME", &user.name);
    }
    Ok(())
}
