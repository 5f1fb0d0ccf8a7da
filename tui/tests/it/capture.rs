//! The product as it captures lines: started, waited for, stopped, and what it told.

use crate::product;
use crate::wait::{self, PATIENCE};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The product, capturing; it is killed when this goes out of scope.
pub(crate) struct Capture {
    child: Child,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
    seen: Vec<Value>,
}

impl Capture {
    /// Starts it with `-o ndjson` and waits for its `start`: what is executed from then on is captured.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_by(product().args(["-o", "ndjson"]).args(args))
    }

    /// Starts it by a command that becomes it, with `-o ndjson`.
    pub(crate) fn start_by(command: &mut Command) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut errors = child.stderr.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // A part of this binary may have said something before it became the product.
            let lines = stdout.lines().skip_while(|line| {
                let line = line.as_ref();
                line.is_ok_and(|line| !line.starts_with('{'))
            });
            for line in lines {
                if sender.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
            text
        });
        let mut capture = Self {
            child,
            lines,
            stderr: Some(stderr),
            seen: Vec::new(),
        };
        if capture.next().is_none() {
            let status = wait::end_of(&mut capture.child, PATIENCE);
            panic!(
                "it ended before it began ({status:?}): {}",
                capture.stderr()
            );
        }
        assert_eq!(capture.seen[0]["event"], "start", "{:?}", capture.seen[0]);
        capture
    }

    /// Returns its process id.
    pub(crate) fn pid(&self) -> Pid {
        pid_of(&self.child)
    }

    /// Waits until it tells of something.
    pub(crate) fn wait_for(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.next() {
                Some(event) if is(event) => return event.clone(),
                Some(_) => {}
                None => panic!("{what}: it ended before"),
            }
        }
    }

    /// Returns how many events it told of, as far as they were taken.
    pub(crate) fn events(&self) -> usize {
        self.seen.len() - 1
    }

    /// Takes what it tells until the events are enough, or for a time.
    pub(crate) fn look_until(&mut self, patience: Duration, enough: impl Fn(&[Value]) -> bool) {
        wait::within(patience, &mut || {
            while let Ok(line) = self.lines.try_recv() {
                self.seen.push(parsed(&line));
            }
            enough(&self.seen[1..]).then_some(())
        });
    }

    /// Stops it by SIGINT and returns what it told.
    pub(crate) fn stop(self) -> Told {
        self.stop_by(Signal::SIGINT)
    }

    /// Stops it by a signal, which is a success, and returns what it told.
    pub(crate) fn stop_by(self, signal: Signal) -> Told {
        kill(self.pid(), signal).unwrap();
        self.ended()
    }

    /// Kills it, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it ends with success, and returns what it told.
    pub(crate) fn ended(mut self) -> Told {
        while self.next().is_some() {}
        let status = wait::end_of(&mut self.child, PATIENCE).expect("it ends");
        let stderr = self.stderr();
        assert!(status.success(), "{status}: {stderr}");
        assert_eq!(stderr, "");
        Told::new(std::mem::take(&mut self.seen))
    }

    /// Waits until it ends by itself, whatever with; returns that, what it told and what it said.
    pub(crate) fn finished(mut self) -> (ExitStatus, Told, String) {
        while self.next().is_some() {}
        let status = wait::end_of(&mut self.child, PATIENCE).expect("it ends");
        let stderr = self.stderr();
        (status, Told::new(std::mem::take(&mut self.seen)), stderr)
    }

    /// Waits for the next line; there is none after the last.
    fn next(&mut self) -> Option<&Value> {
        let line = wait::within(PATIENCE, &mut || match self.lines.try_recv() {
            Ok(line) => Some(Some(line)),
            Err(TryRecvError::Disconnected) => Some(None),
            Err(TryRecvError::Empty) => None,
        });
        match line {
            Some(Some(line)) => {
                self.seen.push(parsed(&line));
                self.seen.last()
            }
            Some(None) => None,
            None => panic!(
                "no line after {} within {PATIENCE:?}, and no end; its threads: {}",
                self.seen.len(),
                threads(self.pid())
            ),
        }
    }

    fn stderr(&mut self) -> String {
        self.stderr.take().unwrap().join().unwrap()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        kill_child(&mut self.child);
    }
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))
}

/// Tells where the threads of a process that hangs are.
pub(crate) fn threads(pid: Pid) -> String {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let told = tasks.map(|task| {
        let read = |name| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
        format!("\n{}{}{}", read("comm"), read("syscall"), read("stack"))
    });
    told.collect()
}

/// Returns a child's process id.
pub(crate) fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}

/// Ends a child, if it has not ended.
pub(crate) fn kill_child(child: &mut Child) {
    if let Ok(None) = child.try_wait() {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Runs a command to its end; returns its process id and its status.
pub(crate) fn run(command: &mut Command) -> (u32, ExitStatus) {
    let mut child = command.spawn().unwrap();
    let pid = child.id();
    let status = wait::end_of(&mut child, PATIENCE);
    kill_child(&mut child);
    (pid, status.expect("it ends"))
}

/// What a capture told, from `start` to `end`.
pub(crate) struct Told {
    events: Vec<Value>,
    pub(crate) end: Value,
}

impl Told {
    /// Takes all lines of a capture, and checks what holds of any.
    pub(crate) fn new(mut events: Vec<Value>) -> Self {
        assert_eq!(events[0]["event"], "start");
        let end = events.pop().unwrap();
        assert_eq!(end["event"], "end");
        events.remove(0);
        let seqs = events.iter().filter_map(|e| e["seq"].as_u64());
        let seqs: Vec<_> = seqs.collect();
        assert!(seqs.windows(2).all(|w| w[0] < w[1]), "seq goes up");
        Self { events, end }
    }

    /// Returns the events of a kind.
    pub(crate) fn all(&self, kind: &'static str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |e| e["event"] == kind)
    }

    /// Returns every event, in order.
    pub(crate) fn events(&self) -> &[Value] {
        &self.events
    }

    /// Returns the events of a kind about a process.
    pub(crate) fn of(&self, kind: &'static str, pid: u32) -> Vec<&Value> {
        self.all(kind).filter(|e| e["pid"] == pid).collect()
    }

    /// Returns the one exec of a process.
    pub(crate) fn exec(&self, pid: u32) -> &Value {
        one(&self.of("exec", pid))
    }

    /// Returns the one exit of a process.
    pub(crate) fn exit(&self, pid: u32) -> &Value {
        one(&self.of("exit", pid))
    }
}

/// Returns the one element that there must be.
#[track_caller]
pub(crate) fn one<'a>(list: &[&'a Value]) -> &'a Value {
    assert_eq!(list.len(), 1, "{list:#?}");
    list[0]
}

/// Returns the exact bytes of a captured text.
#[track_caller]
pub(crate) fn bytes(text: &Value) -> Vec<u8> {
    match text {
        Value::String(text) => text.clone().into_bytes(),
        Value::Object(object) => STANDARD.decode(object["base64"].as_str().unwrap()).unwrap(),
        other => panic!("{other} is no text"),
    }
}

/// Returns an event's time in nanoseconds since 1970.
#[track_caller]
pub(crate) fn time_ns(event: &Value) -> i128 {
    let time = event["time"].as_str().unwrap();
    time.parse::<jiff::Timestamp>().unwrap().as_nanosecond()
}
