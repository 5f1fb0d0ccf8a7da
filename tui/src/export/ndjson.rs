//! One JSON object a line: the event schema, for programs, recordings and replay.
//!
//! Every line of a kind has the same keys. Text is a string if it is UTF-8, else
//! `{"base64": "…"}`; a fact that is not known is null, and an exec's `missing` says why. It also names the
//! texts that are there in part. A path whose beginning is cut does not begin with a slash.

use super::Exporter;
use super::stamp::Stamp;
use crate::event::{Args, Capture, Exec, Exit, Fork, Lost, Session, Status, reasons, rest_of_path};
use crate::model::{Applied, Model, Totals};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// Version of the schema.
const VERSION: u32 = 1;

/// Writes the schema.
#[derive(Debug)]
pub struct Ndjson {
    stamp: Stamp,
}

impl Default for Ndjson {
    fn default() -> Self {
        Self {
            stamp: Stamp::utc(),
        }
    }
}

impl Exporter for Ndjson {
    fn start(&mut self, session: &Session, out: &mut Vec<u8>) {
        let mut object = Object::event(out, "start");
        object.value("version", VERSION);
        object.value("host", &session.host);
        object.value("kernel", &session.kernel);
        object.value("arch", &session.arch);
        object.time("boot_time", session.boot_time_ns, &mut self.stamp);
        object.value("tool_version", env!("CARGO_PKG_VERSION"));
        object.end_line();
    }

    fn event(&mut self, applied: &Applied, model: &Model, out: &mut Vec<u8>) -> Option<String> {
        let wall_ns = |time_ns| model.session.wall_ns(time_ns);
        match applied {
            Applied::Exec { entry, .. } => {
                let exec_of = &model.store.row(*entry)?.exec;
                exec(exec_of, wall_ns(exec_of.time_ns), &mut self.stamp, out);
            }
            Applied::Exit {
                exit: e,
                duration_ns,
                ..
            } => exit(e, *duration_ns, wall_ns(e.time_ns), &mut self.stamp, out),
            Applied::Fork(f) => fork(f, wall_ns(f.time_ns), &mut self.stamp, out),
            Applied::Gap { lost: l, .. } => lost(*l, wall_ns(l.time_ns), &mut self.stamp, out),
            Applied::Duplicate => {}
        }
        None
    }

    fn end(&mut self, totals: &Totals, duration_ns: u64, out: &mut Vec<u8>) {
        let mut object = Object::event(out, "end");
        object.value("exec", totals.execs);
        object.value("failed", totals.failed);
        object.value("exit", totals.exits);
        object.value("fork", totals.forks);
        object.value("lost", totals.lost);
        object.value("not_captured", totals.not_captured);
        object.value("duration_ns", duration_ns);
        object.end_line();
    }
}

fn exec(exec: &Exec, wall_ns: i64, stamp: &mut Stamp, out: &mut Vec<u8>) {
    let mut object = Object::event(out, "exec");
    object.time("time", wall_ns, stamp);
    object.value("seq", exec.seq);
    object.value("pid", exec.pid);
    object.value("tid", exec.tid);
    object.value("ppid", exec.ppid);
    object.value("uid", exec.uid);
    object.value("gid", exec.gid);
    object.text("comm", Some(exec.comm.as_bytes()));
    object.text(
        "parent_comm",
        exec.parent_comm().map(|comm| comm.as_bytes()),
    );
    object.text("filename", exec.filename.as_deref());
    args("args", &exec.args, &mut object);
    object.value("args_bytes", exec.args.true_size);
    object.value("args_missing_bytes", exec.args.missing_bytes());
    object.value("ret", exec.ret);
    object.value("error", exec.error().as_deref());
    let exe = exec.exe.as_deref();
    object.text("exe", exe.map(|exe| rest_of_path(exe, exec.exe_capture)));
    let cwd = exec.cwd.as_deref();
    object.text("cwd", cwd.map(|cwd| rest_of_path(cwd, exec.cwd_capture)));
    object.text("interpreter", exec.interpreter.as_deref());
    object.value("euid", exec.euid);
    object.value("egid", exec.egid);
    object.value("old_euid", exec.old_euid);
    object.value("loginuid", exec.loginuid);
    object.value("session", exec.session);
    object.text("tty", exec.tty.as_deref());
    let cgroup = exec.cgroup.as_deref();
    object.text("cgroup", cgroup.map(|cgroup| &*cgroup.path));
    object.value("container", exec.container());
    object.value("pid_ns", exec.pid_ns);
    object.value("ns_pid", exec.ns_pid);
    object.value("mnt_ns", exec.mnt_ns);
    object.list("flags", exec.flags.words(), json);
    match &exec.env {
        Some(env) => args("env", env, &mut object),
        None => object.value("env", None::<u64>),
    }
    let since_fork = since(exec.start_ns, exec.time_ns);
    object.value("fork_to_exec_ns", since_fork);
    let mut missing = object.nested("missing");
    for (key, reason) in reasons(exec) {
        missing.entry(key, reason);
    }
    missing.end();
    object.end_line();
}

fn args(key: &str, args: &Args, object: &mut Object<'_>) {
    if args.capture == Capture::Failed && args.bytes.is_empty() {
        object.value(key, None::<u64>);
    } else {
        object.list(key, args.iter_read(), |out, arg| match arg {
            Some(arg) => text(out, arg),
            None => json(out, None::<u64>),
        });
    }
}

fn exit(exit: &Exit, duration_ns: Option<u64>, wall_ns: i64, stamp: &mut Stamp, out: &mut Vec<u8>) {
    let (code, core_dumped) = match exit.status {
        Status::Code(code) => (Some(code), false),
        Status::Signal { core_dumped, .. } => (None, core_dumped),
    };
    let mut object = Object::event(out, "exit");
    object.time("time", wall_ns, stamp);
    object.value("seq", exit.seq);
    object.value("pid", exit.pid);
    object.value("ppid", exit.ppid);
    object.text("comm", Some(exit.comm.as_bytes()));
    object.value("exit_code", code);
    object.value("signal", exit.status.signal_name().as_deref());
    object.value("core_dumped", core_dumped);
    object.value("duration_ns", duration_ns);
    object.value("lifetime_ns", since(exit.start_ns, exit.time_ns));
    object.value("user_ns", exit.user_ns);
    object.value("system_ns", exit.system_ns);
    object.value("max_rss_bytes", exit.max_rss_bytes);
    object.end_line();
}

fn fork(fork: &Fork, wall_ns: i64, stamp: &mut Stamp, out: &mut Vec<u8>) {
    let mut object = Object::event(out, "fork");
    object.time("time", wall_ns, stamp);
    object.value("seq", fork.seq);
    object.value("pid", fork.pid);
    object.value("ppid", fork.parent.pid);
    object.text("comm", Some(fork.comm.as_bytes()));
    object.end_line();
}

fn lost(lost: Lost, wall_ns: i64, stamp: &mut Stamp, out: &mut Vec<u8>) {
    let mut object = Object::event(out, "lost");
    object.time("time", wall_ns, stamp);
    object.value("count", lost.count);
    object.value("cpu", lost.cpu);
    object.end_line();
}

/// Returns the time since a fork; a start of 0 is an unknown one.
fn since(start_ns: u64, time_ns: u64) -> Option<u64> {
    time_ns.checked_sub(start_ns).filter(|_| start_ns != 0)
}

/// A JSON object being appended to a buffer, key by key.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    fn event(out: &'a mut Vec<u8>, name: &str) -> Self {
        let mut object = Self::new(out);
        object.value("event", name);
        object
    }

    fn comma(&mut self) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
    }

    /// Appends a key and a value that may hold anything.
    fn entry(&mut self, key: &str, value: &str) {
        self.comma();
        string(self.out, key);
        self.out.push(b':');
        string(self.out, value);
    }

    /// Appends a key, which is a plain word of the schema.
    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    fn value(&mut self, key: &str, value: impl Serialize) {
        json(self.key(key), value);
    }

    fn time(&mut self, key: &str, wall_ns: i64, stamp: &mut Stamp) {
        let out = self.key(key);
        out.push(b'"');
        stamp.nanoseconds_into(out, wall_ns);
        out.push(b'"');
    }

    fn text(&mut self, key: &str, bytes: Option<&[u8]>) {
        let out = self.key(key);
        match bytes {
            Some(bytes) => text(out, bytes),
            None => json(out, None::<u64>),
        }
    }

    fn list<T>(
        &mut self,
        key: &str,
        items: impl Iterator<Item = T>,
        write: impl Fn(&mut Vec<u8>, T),
    ) {
        let out = self.key(key);
        out.push(b'[');
        for (i, item) in items.enumerate() {
            if i > 0 {
                out.push(b',');
            }
            write(out, item);
        }
        out.push(b']');
    }

    fn nested(&mut self, key: &str) -> Object<'_> {
        Object::new(self.key(key))
    }

    fn end(self) {
        self.out.push(b'}');
    }

    fn end_line(self) {
        self.out.extend_from_slice(b"}\n");
    }
}

/// Appends a number, a string or null.
fn json(out: &mut Vec<u8>, value: impl Serialize) {
    // Writing plain values to a Vec cannot fail.
    let _ = serde_json::to_writer(out, &value);
}

/// Appends a string.
fn string(out: &mut Vec<u8>, text: &str) {
    if !plain(out, text.as_bytes()) {
        json(out, text);
    }
}

/// Appends bytes as a string if none of them needs an escape, as most need none; returns whether it did.
fn plain(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let of_words = words.iter().fold(0, |found, word| found | escaped(*word));
    let mut last = [b' '; 8];
    last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    let is_plain = of_words | escaped(last) == 0;
    if is_plain {
        out.reserve(bytes.len() + 2);
        out.push(b'"');
        out.extend_from_slice(bytes);
        out.push(b'"');
    }
    is_plain
}

/// Returns zero if none of eight bytes is a control character, a quote, a backslash or beyond ASCII.
///
/// In each byte below 0x80, subtracting borrows into its highest bit just if it was smaller; what a borrow
/// does to the byte above only matters where one was found already.
fn escaped(word: [u8; 8]) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(word);
    let less = |bytes: u64, than: u8| bytes.wrapping_sub(ONES * u64::from(than)) & !bytes;
    let is = |byte: u8| less(word ^ (ONES * u64::from(byte)), 1);
    (word | less(word, b' ') | is(b'"') | is(b'\\') | is(0x7f)) & (ONES * 0x80)
}

/// Appends captured bytes.
fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    if plain(out, bytes) {
        return;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => json(out, text),
        Err(_) => {
            let mut object = Object::new(out);
            object.value("base64", STANDARD.encode(bytes));
            object.end();
        }
    }
}

#[cfg(test)]
mod tests;
