//! One JSON object a line: the event schema, for programs, recordings and replay.
//!
//! Every line of a kind has the same keys; where several machines are told of, each has a `start`, and lines of events
//! also name theirs: `host`. Text is a string if it is UTF-8, else
//! `{"base64": "…"}`; a fact that is not known is null, and `missing` of an exec or exit says why. It also names
//! the texts that are there in part. A path whose beginning is cut does not begin with a slash.

mod missing;

use super::Exporter;
use super::stamp::Stamp;
use crate::event::{
    Ancestor, Args, Capture, Exec, Exit, Fork, HostId, Lost, Running, SCHEMA_VERSION, Session,
    Status, rest_of_path,
};
use crate::model::{Applied, Model, Totals};
use crate::store::Entry;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// Makes a key of the schema what stands before its value: all of it at once, since there are forty of them in
/// an event.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}

/// Writes the schema.
#[derive(Debug)]
pub struct Ndjson {
    stamp: Stamp,
    /// How many machines have their `start`.
    hosts: usize,
    missing: missing::Written,
}

impl Default for Ndjson {
    fn default() -> Self {
        Self {
            stamp: Stamp::utc(),
            hosts: 0,
            missing: missing::Written::default(),
        }
    }
}

impl Exporter for Ndjson {
    fn start(&mut self, session: &Session, out: &mut Vec<u8>) {
        let all = [session].into_iter().chain(&session.others);
        for session in all.skip(self.hosts) {
            self.begin(session, out);
        }
        self.hosts = 1 + session.others.len();
    }

    fn event(&mut self, applied: &Applied, model: &Model, out: &mut Vec<u8>) -> Option<String> {
        let session = &model.session;
        if !session.others.is_empty() && self.hosts <= session.others.len() {
            self.start(session, out);
        }
        match applied {
            Applied::Exec { entry, .. } => self.exec(&model.store.row(*entry)?.exec, session, out),
            Applied::Exit {
                exit: e,
                duration_ns,
                ..
            } => exit(e, *duration_ns, session, &mut self.stamp, out),
            Applied::Fork(f) => fork(f, session, &mut self.stamp, out),
            Applied::Gap { lost: l, .. } => lost(*l, session, &mut self.stamp, out),
            Applied::Duplicate => {}
        }
        None
    }

    fn end(&mut self, totals: &Totals, duration_ns: u64, out: &mut Vec<u8>) {
        let mut object = Object::event(out, "end");
        object.value(key!("exec"), totals.execs);
        object.value(key!("failed"), totals.failed);
        object.value(key!("exit"), totals.exits);
        object.value(key!("fork"), totals.forks);
        object.value(key!("lost"), totals.lost);
        object.value(key!("not_captured"), totals.not_captured);
        object.value(key!("duration_ns"), duration_ns);
        object.end_line();
    }
}

/// Returns the events of an entry: its exec and the exit that joined it, or its loss; each a line.
pub fn of_entry(entry: &Entry, session: &Session) -> String {
    let mut out = Vec::new();
    let mut writer = Ndjson::default();
    writer.begin_of(entry, session, &mut out);
    writer.end_of(entry, session, &mut out);
    // All text in it is UTF-8, as JSON is.
    String::from_utf8(out).unwrap_or_default()
}

impl Ndjson {
    fn begin(&mut self, session: &Session, out: &mut Vec<u8>) {
        let mut object = Object::event(out, "start");
        object.value(key!("version"), SCHEMA_VERSION);
        object.value(key!("host"), &session.host);
        object.value(key!("kernel"), &session.kernel);
        object.value(key!("arch"), &session.arch);
        object.time(key!("boot_time"), session.boot_time_ns, &mut self.stamp);
        let started = session.wall_ns(session.started_ns);
        object.time(key!("time"), started, &mut self.stamp);
        object.value(key!("tool_version"), env!("CARGO_PKG_VERSION"));
        object.end_line();
    }

    /// Appends the exec of an entry, or its loss.
    pub fn begin_of(&mut self, entry: &Entry, session: &Session, out: &mut Vec<u8>) {
        match entry {
            Entry::Row(row) => self.exec(&row.exec, session, out),
            Entry::Gap(gap) => lost(*gap, session, &mut self.stamp, out),
        }
    }

    /// Appends the exit that joined an entry, if one did.
    pub fn end_of(&mut self, entry: &Entry, session: &Session, out: &mut Vec<u8>) {
        let Entry::Row(row) = entry else {
            return;
        };
        if let Some(ended) = row.exit() {
            exit(ended, row.duration_ns(), session, &mut self.stamp, out);
        }
    }

    fn exec(&mut self, exec: &Exec, session: &Session, out: &mut Vec<u8>) {
        let mut object = Object::event(out, "exec");
        object.host(exec.host, session);
        object.time(key!("time"), session.wall_ns(exec.time_ns), &mut self.stamp);
        object.value(key!("seq"), exec.seq);
        object.value(key!("pid"), exec.pid);
        object.value(key!("tid"), exec.tid);
        object.value(key!("ppid"), exec.ppid);
        object.value(key!("uid"), exec.uid);
        object.value(key!("gid"), exec.gid);
        object.text(key!("comm"), Some(exec.comm.as_bytes()));
        object.text(
            key!("parent_comm"),
            exec.parent_comm().map(|comm| comm.as_bytes()),
        );
        object.text(key!("filename"), exec.filename.as_deref());
        args(key!("args"), &exec.args, &mut object);
        object.value(key!("args_bytes"), exec.args.true_size);
        object.value(key!("args_missing_bytes"), exec.args.missing_bytes());
        object.value(key!("argc"), exec.args.argc);
        object.value(key!("ret"), exec.ret);
        object.value(key!("error"), exec.error().as_deref());
        let exe = exec.exe.as_deref();
        object.text(
            key!("exe"),
            exe.map(|exe| rest_of_path(exe, exec.exe_capture)),
        );
        let cwd = exec.cwd.as_deref();
        object.text(
            key!("cwd"),
            cwd.map(|cwd| rest_of_path(cwd, exec.cwd_capture)),
        );
        object.text(key!("interpreter"), exec.interpreter.as_deref());
        object.value(key!("euid"), exec.euid);
        object.value(key!("egid"), exec.egid);
        object.value(key!("old_euid"), exec.old_euid);
        object.value(key!("loginuid"), exec.loginuid);
        object.value(key!("session"), exec.session);
        object.text(key!("tty"), exec.tty.as_deref());
        let cgroup = exec.cgroup.as_deref();
        object.text(key!("cgroup"), cgroup.map(|cgroup| &*cgroup.path));
        object.value(key!("container"), exec.container());
        object.value(key!("pid_ns"), exec.pid_ns);
        object.value(key!("ns_pid"), exec.ns_pid);
        object.value(key!("mnt_ns"), exec.mnt_ns);
        object.value(key!("cpu"), exec.cpu);
        object.list(key!("flags"), exec.flags.words(), json);
        match &exec.env {
            Some(env) => args(key!("env"), env, &mut object),
            None => object.value(key!("env"), None::<u64>),
        }
        let since_fork = since(exec.start_ns, exec.time_ns);
        object.value(key!("fork_to_exec_ns"), since_fork);
        object.list(key!("ancestors"), exec.ancestors.iter(), |out, above| {
            ancestor(above, exec.time_ns, out);
        });
        self.missing.append(exec, object.key(key!("missing")));
        object.end_line();
    }
}

fn args(key: &'static str, args: &Args, object: &mut Object<'_>) {
    if args.capture == Capture::Failed && args.bytes.is_empty() {
        object.value(key, None::<u64>);
    } else {
        object.list(key, args.iter_read(), |out, arg| match arg {
            Some(arg) => text(out, arg),
            None => json(out, None::<u64>),
        });
    }
}

fn exit(
    exit: &Exit,
    duration_ns: Option<u64>,
    session: &Session,
    stamp: &mut Stamp,
    out: &mut Vec<u8>,
) {
    let (code, core_dumped) = match exit.status {
        Status::Code(code) => (Some(code), false),
        Status::Signal { core_dumped, .. } => (None, core_dumped),
    };
    let mut object = Object::event(out, "exit");
    object.host(exit.host, session);
    object.time(key!("time"), session.wall_ns(exit.time_ns), stamp);
    object.value(key!("seq"), exit.seq);
    object.value(key!("pid"), exit.pid);
    object.value(key!("ppid"), exit.ppid);
    object.text(key!("comm"), Some(exit.comm.as_bytes()));
    object.value(key!("exit_code"), code);
    object.value(key!("signal"), exit.status.signal_name().as_deref());
    object.value(key!("core_dumped"), core_dumped);
    object.value(key!("duration_ns"), duration_ns);
    object.value(key!("lifetime_ns"), since(exit.start_ns, exit.time_ns));
    object.value(key!("user_ns"), exit.user_ns);
    object.value(key!("system_ns"), exit.system_ns);
    object.value(key!("max_rss_bytes"), exit.max_rss_bytes);
    let reasons = exit.missing.iter().map(|(key, why)| (&**key, &**why));
    missing::object(reasons, object.key(key!("missing")));
    object.end_line();
}

fn fork(fork: &Fork, session: &Session, stamp: &mut Stamp, out: &mut Vec<u8>) {
    let mut object = Object::event(out, "fork");
    object.host(fork.host, session);
    object.time(key!("time"), session.wall_ns(fork.time_ns), stamp);
    object.value(key!("seq"), fork.seq);
    object.value(key!("pid"), fork.pid);
    object.value(key!("ppid"), fork.parent.pid);
    object.text(key!("comm"), Some(fork.comm.as_bytes()));
    object.value(key!("age_ns"), since(fork.start_ns, fork.time_ns));
    let of_parent = since(fork.parent.start_ns, fork.time_ns);
    object.value(key!("parent_age_ns"), of_parent);
    object.end_line();
}

fn ancestor(above: &Ancestor, time_ns: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"pid\":");
    json(out, above.key.pid);
    let mut object = Object { out };
    object.text(key!("comm"), Some(above.comm.as_bytes()));
    object.value(key!("age_ns"), since(above.key.start_ns, time_ns));
    object.out.push(b'}');
}

/// Appends a process that already ran when the capture began.
pub fn running(process: &Running, session: &Session, out: &mut Vec<u8>) {
    let mut object = Object::event(out, "process");
    object.value(key!("pid"), process.key.pid);
    object.value(key!("ppid"), process.ppid);
    object.value(key!("uid"), process.uid);
    object.text(key!("comm"), Some(process.comm.as_bytes()));
    let words = Args {
        bytes: process.cmdline.clone(),
        ..Args::default()
    };
    object.list(key!("args"), words.iter(), text);
    let age = since(process.key.start_ns, session.started_ns);
    object.value(key!("age_ns"), age);
    object.value(key!("forked_only"), process.forked_only);
    object.end_line();
}

fn lost(lost: Lost, session: &Session, stamp: &mut Stamp, out: &mut Vec<u8>) {
    let mut object = Object::event(out, "lost");
    object.host(lost.host, session);
    object.time(key!("time"), session.wall_ns(lost.time_ns), stamp);
    object.value(key!("count"), lost.count);
    object.value(key!("cpu"), lost.cpu);
    object.end_line();
}

/// Returns the time since a fork; a start of 0 is an unknown one.
fn since(start_ns: u64, time_ns: u64) -> Option<u64> {
    time_ns.checked_sub(start_ns).filter(|_| start_ns != 0)
}

/// A JSON object being appended to a buffer, key by key.
struct Object<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Object<'a> {
    /// Begins an event of that name: its first key, before all others.
    fn event(out: &'a mut Vec<u8>, name: &str) -> Self {
        out.extend_from_slice(b"{\"event\":\"");
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
        Self { out }
    }

    /// Appends a key, as [`key!`] makes it.
    #[inline]
    fn key(&mut self, key: &'static str) -> &mut Vec<u8> {
        self.out.extend_from_slice(key.as_bytes());
        self.out
    }

    /// Appends the machine, where there are several.
    #[inline]
    fn host(&mut self, host: HostId, session: &Session) {
        if let Some(name) = session.told_host(host) {
            string(self.key(key!("host")), name);
        }
    }

    fn value(&mut self, key: &'static str, value: impl Serialize) {
        json(self.key(key), value);
    }

    fn time(&mut self, key: &'static str, wall_ns: i64, stamp: &mut Stamp) {
        let out = self.key(key);
        out.push(b'"');
        stamp.nanoseconds_into(out, wall_ns);
        out.push(b'"');
    }

    fn text(&mut self, key: &'static str, bytes: Option<&[u8]>) {
        let out = self.key(key);
        match bytes {
            Some(bytes) => text(out, bytes),
            None => json(out, None::<u64>),
        }
    }

    fn list<T>(
        &mut self,
        key: &'static str,
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
            out.extend_from_slice(b"{\"base64\":\"");
            out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
            out.extend_from_slice(b"\"}");
        }
    }
}

#[cfg(test)]
mod tests;
