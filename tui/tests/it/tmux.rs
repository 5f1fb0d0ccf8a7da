//! A terminal of its own for each test: a shell in tmux, typed into and looked at.

use crate::wait::{self, PATIENCE};
use crate::{PRODUCT, unconfigured, utf8};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// What the shell shows when it waits for a command.
const PROMPT: &str = "ready>";

/// A shell in a terminal; both are gone when this goes out of scope.
pub(crate) struct Tmux {
    program: PathBuf,
    socket: String,
    server: Pid,
    dir: tempfile::TempDir,
}

impl Tmux {
    /// Opens a terminal of this size, and waits for its shell.
    pub(crate) fn open(width: u16, height: u16) -> Self {
        let number = wait::number();
        let mut tmux = Self {
            program: program(),
            socket: format!("execsnoop-{}-{number}", std::process::id()),
            server: Pid::from_raw(0),
            dir: tempfile::tempdir().unwrap(),
        };
        let (width, height) = (width.to_string(), height.to_string());
        let shell = format!("exec env -u ENV PS1='{PROMPT} ' /bin/sh");
        tmux.tmux(&["new-session", "-d", "-x", &width, "-y", &height, &shell]);
        let server = tmux.ask("#{pid}").parse().unwrap();
        tmux.server = Pid::from_raw(server);
        tmux.wait_for_prompt();
        tmux
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        unconfigured(&mut command);
        command
            .args(["-u", "-L", &self.socket, "-f", "/dev/null"])
            .args(args)
            .env_remove("TMUX")
            .env_remove("NO_COLOR")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    fn tmux(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {args:?}: {said}");
        output
    }

    /// Returns what tmux says of the terminal, such as `#{cursor_flag}`.
    pub(crate) fn ask(&self, format: &str) -> String {
        let output = self.tmux(&["display-message", "-p", format]);
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Returns what is to be seen.
    pub(crate) fn screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p"]);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until what is to be seen is as it should be, and returns it.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, is: impl Fn(&str) -> bool) -> String {
        let mut last = String::new();
        let seen = wait::within(PATIENCE, &mut || {
            last = self.screen();
            is(&last).then_some(())
        });
        assert!(
            seen.is_some(),
            "{what}: not within {PATIENCE:?}:\n{last}{}",
            self.threads()
        );
        last
    }

    /// Tells where the threads are of what the shell started.
    fn threads(&self) -> String {
        let pid = fs::read_to_string(self.file("pid")).unwrap_or_default();
        let pid = pid.trim().parse().map(Pid::from_raw);
        pid.map(crate::capture::threads).unwrap_or_default()
    }

    /// Waits until a text is to be seen.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Waits until the shell waits for a command.
    #[track_caller]
    pub(crate) fn wait_for_prompt(&self) {
        self.wait("the prompt", ends_in_prompt);
    }

    /// Presses keys by tmux's names for them.
    pub(crate) fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys", "--"], keys].concat());
    }

    /// Types a text.
    pub(crate) fn type_text(&self, text: &str) {
        self.tmux(&["send-keys", "-l", "--", text]);
    }

    /// Types a line for the shell.
    pub(crate) fn line(&self, text: &str) {
        self.type_text(text);
        self.press(&["Enter"]);
    }

    /// Changes the terminal's size.
    pub(crate) fn resize(&self, width: u16, height: u16) {
        let (width, height) = (width.to_string(), height.to_string());
        self.tmux(&["resize-window", "-x", &width, "-y", &height]);
    }

    /// Stops the terminal: it takes nothing and shows nothing until [`Tmux::go_on`].
    pub(crate) fn stall(&self) {
        kill(self.server, Signal::SIGSTOP).unwrap();
    }

    /// Lets the terminal go on.
    pub(crate) fn go_on(&self) {
        kill(self.server, Signal::SIGCONT).unwrap();
    }

    /// Returns the path of a file of this terminal's own.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Lets the shell run a command line and waits for what that writes to the file `name`.
    pub(crate) fn told(&self, command: &str, name: &str) -> String {
        let path = self.file(name);
        let _ = fs::remove_file(&path);
        let shown = utf8(&path);
        self.line(&format!("({command}) >{shown}.new; mv {shown}.new {shown}"));
        wait::until(command, || fs::read_to_string(&path).ok())
    }

    /// Starts the product from the shell and waits for its screen; returns its process id.
    pub(crate) fn start(&self, args: &str) -> Pid {
        let pid = self.start_command(&format!("'{PRODUCT}' {args}"));
        self.wait("the product's screen", |screen| screen.contains("lost 0"));
        pid
    }

    /// Starts a command from the shell; returns its process id.
    pub(crate) fn start_command(&self, command: &str) -> Pid {
        let (script, pid) = (self.file("run"), self.file("pid"));
        let _ = fs::remove_file(&pid);
        let shown = utf8(&pid);
        let text = format!("echo $$ >{shown}.new; mv {shown}.new {shown}\nexec {command}\n");
        fs::write(&script, text).unwrap();
        self.line(&format!("sh {}", utf8(&script)));
        let pid = wait::until("the command's start", || fs::read_to_string(&pid).ok());
        Pid::from_raw(pid.trim().parse().unwrap())
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        if self.server.as_raw() != 0 {
            let _ = kill(self.server, Signal::SIGCONT);
        }
        let _ = self.command(&["kill-server"]).output();
    }
}

/// Finds tmux once: a search at each call would be execs that fail.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|dir| dir.join("tmux"))
        .find(|p| p.is_file());
    found.expect("the tests of the screen need tmux, which is not in PATH: `apt-get install tmux`")
}

/// Returns whether the last of what is to be seen is a prompt.
pub(crate) fn ends_in_prompt(screen: &str) -> bool {
    screen.trim_end().ends_with(PROMPT)
}

/// Waits until a process is gone, or for a time; returns whether it is.
pub(crate) fn is_gone(pid: Pid, patience: Duration) -> bool {
    wait::within(patience, &mut || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok();
        // What follows the name, which may hold anything, begins with the state.
        let state = stat.as_ref().and_then(|stat| stat.rsplit(") ").next());
        state
            .is_none_or(|state| state.starts_with('Z'))
            .then_some(())
    })
    .is_some()
}
