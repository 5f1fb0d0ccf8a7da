//! A timeline: programs as slices, for the Perfetto UI and others that read Chrome's trace format.
//!
//! A slice is nested in that of its parent as long as nothing else is: what runs beside it has the next free
//! lane. So a lane shows who waited for whom, and the number of lanes how much ran at once.

mod lanes;

use super::Exporter;
use crate::event::{Exec, Exit, ProcessKey, Session};
use crate::model::{Applied, Model, Totals};
use crate::process::Life;
use lanes::{Cut, Lanes};
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::{Value, json};

/// Everything is of one process of the trace; its threads are the lanes.
const PID: u32 = 1;

/// With more programs running than this, the oldest are told and forgotten, for whoever loses exits would keep them
/// for ever.
const MOST_RUNNING: usize = if cfg!(test) { 16 } else { 65_536 };

/// Writes slices as they end.
#[derive(Debug, Default)]
pub struct Trace {
    started_ns: u64,
    lanes: Lanes,
    running: FxHashMap<ProcessKey, Slice>,
    /// How many lanes have a name.
    named: usize,
}

/// A program that runs.
#[derive(Clone, Debug)]
struct Slice {
    lane: usize,
    since_ns: u64,
    name: String,
    args: serde_json::Map<String, Value>,
}

impl Exporter for Trace {
    fn start(&mut self, session: &Session, out: &mut Vec<u8>) {
        self.started_ns = session.started_ns;
        out.extend_from_slice(b"[\n");
        let name = format!("{} (Linux {})", session.host, session.kernel);
        let name = json!({"ph": "M", "pid": PID, "name": "process_name", "args": {"name": name}});
        write(out, &name);
    }

    fn event(&mut self, applied: &Applied, model: &Model, out: &mut Vec<u8>) -> Option<String> {
        match applied {
            Applied::Exec { entry, .. } => {
                let exec = &model.store.row(*entry)?.exec;
                if exec.failed() {
                    self.failed(exec, model, out);
                } else {
                    self.began(exec, model, out);
                }
            }
            Applied::Exit { exit, .. } => self.ended(exit, out),
            Applied::Gap { lost, .. } => {
                let name = format!("{} events lost", lost.count);
                let ts = self.ts(lost.time_ns);
                let gap = json!({"ph": "i", "s": "g", "pid": PID, "tid": 0, "ts": ts, "name": name, "cat": "lost"});
                write(out, &gap);
            }
            Applied::Fork(_) | Applied::Duplicate => {}
        }
        None
    }

    fn end(&mut self, _totals: &Totals, duration_ns: u64, out: &mut Vec<u8>) {
        let now_ns = self.started_ns.saturating_add(duration_ns);
        let mut left: Vec<_> = self.running.drain().collect();
        // Always in the same order.
        left.sort_unstable_by_key(|(key, slice)| (slice.since_ns, *key));
        for (_, slice) in left {
            let how = json!("runs on");
            out_slice(self.started_ns, &slice, now_ns, "running", Some(how), out);
        }
        // The last event needs no comma, and this one says nothing.
        let last =
            json!({"ph": "M", "pid": PID, "name": "process_sort_index", "args": {"sort_index": 0}});
        let _ = serde_json::to_writer(&mut *out, &last);
        out.extend_from_slice(b"\n]\n");
    }
}

impl Trace {
    /// Returns an instant as microseconds since the start.
    fn ts(&self, time_ns: u64) -> Value {
        micros(time_ns.saturating_sub(self.started_ns))
    }

    /// Returns the nearest process above an exec, itself included if `own`, that has a slice.
    fn nearest(&self, exec: &Exec, own: bool, model: &Model) -> Option<ProcessKey> {
        let own = own.then(|| exec.key());
        let process = model.processes.find(exec.key());
        let above = process.map(|process| model.processes.ancestors(process.id));
        let above = above.into_iter().flatten().map(|process| process.key);
        let mut all = own.into_iter().chain(above);
        all.find(|key| self.running.contains_key(key))
    }

    fn began(&mut self, exec: &Exec, model: &Model, out: &mut Vec<u8>) {
        let key = exec.key();
        self.close(
            key,
            exec.time_ns,
            "ok",
            Some(json!("became its next program")),
            out,
        );
        if self.running.len() >= MOST_RUNNING {
            self.forget_oldest(exec.time_ns, model, out);
        }
        let parent = self.nearest(exec, false, model);
        let below = parent.and_then(|parent| Some((parent, self.running.get(&parent)?.lane)));
        let lane = self.lanes.place(key, below);
        self.name_lanes(out);
        let slice = Slice {
            lane,
            since_ns: exec.time_ns,
            name: name(exec),
            args: facts(exec, model),
        };
        self.running.insert(key, slice);
    }

    fn ended(&mut self, exit: &Exit, out: &mut Vec<u8>) {
        let (cat, how) = match (exit.status.signal_name(), exit.status) {
            (Some(signal), _) => ("killed", json!(signal)),
            (None, crate::event::Status::Code(0)) => ("ok", json!(0)),
            (None, crate::event::Status::Code(code)) => ("nonzero", json!(code)),
            (None, _) => ("ok", Value::Null),
        };
        if let Some(slice) = self.running.get_mut(&exit.key()) {
            for (name, value) in [
                ("user_ns", exit.user_ns),
                ("system_ns", exit.system_ns),
                ("max_rss_bytes", exit.max_rss_bytes),
            ] {
                slice.args.insert(name.to_owned(), value.into());
            }
        }
        self.close(exit.key(), exit.time_ns, cat, Some(how), out);
    }

    fn failed(&mut self, exec: &Exec, model: &Model, out: &mut Vec<u8>) {
        let near = self.nearest(exec, true, model);
        let lane = near.and_then(|near| Some(self.running.get(&near)?.lane + 1));
        let name = format!("{} {}", exec.error().unwrap_or_default(), name(exec));
        let tid = lane.unwrap_or(0);
        let failed = json!({"ph": "i", "s": "t", "pid": PID, "tid": tid, "ts": self.ts(exec.time_ns), "name": name, "cat": "failed", "args": facts(exec, model)});
        write(out, &failed);
    }

    /// Writes the slices of processes whose end was not seen, and if there are none of the oldest: a quarter of all.
    fn forget_oldest(&mut self, now_ns: u64, model: &Model, out: &mut Vec<u8>) {
        let ended = |key: &ProcessKey| {
            let process = model.processes.find(*key);
            process.is_none_or(|process| matches!(process.life, Life::Ended { .. }))
        };
        let mut all: Vec<_> = self
            .running
            .iter()
            .map(|(key, slice)| (!ended(key), slice.since_ns, *key))
            .collect();
        all.sort_unstable();
        let gone = all.iter().take_while(|(lives, ..)| !lives).count();
        all.truncate(gone.max(MOST_RUNNING / 4));
        for (_, _, key) in all {
            let how = json!("its end was not seen so far");
            self.close(key, now_ns, "running", Some(how), out);
        }
    }

    /// Writes the slice of a process; those nested in it that go on get lanes of their own from now on.
    fn close(
        &mut self,
        key: ProcessKey,
        now_ns: u64,
        cat: &str,
        how: Option<Value>,
        out: &mut Vec<u8>,
    ) {
        let Some(slice) = self.running.remove(&key) else {
            return;
        };
        for Cut { key, lane } in self.lanes.remove(key, slice.lane) {
            if let Some(cut) = self.running.get_mut(&key) {
                out_slice(
                    self.started_ns,
                    cut,
                    now_ns,
                    "ok",
                    Some(json!("goes on in another lane")),
                    out,
                );
                cut.lane = lane;
                cut.since_ns = now_ns;
            }
        }
        self.name_lanes(out);
        out_slice(self.started_ns, &slice, now_ns, cat, how, out);
    }

    fn name_lanes(&mut self, out: &mut Vec<u8>) {
        while self.named < self.lanes.count() {
            self.named += 1;
            let tid = self.named;
            let name = format!("lane {tid}");
            for (key, args) in [
                ("thread_name", json!({ "name": name })),
                ("thread_sort_index", json!({ "sort_index": tid })),
            ] {
                write(
                    out,
                    &json!({"ph": "M", "pid": PID, "tid": tid, "name": key, "args": args}),
                );
            }
        }
    }
}

fn out_slice(
    started_ns: u64,
    slice: &Slice,
    now_ns: u64,
    cat: &str,
    how: Option<Value>,
    out: &mut Vec<u8>,
) {
    let mut args = slice.args.clone();
    args.insert("end".to_owned(), how.unwrap_or_default());
    let since_ns = slice.since_ns.saturating_sub(started_ns);
    let duration = micros(now_ns.saturating_sub(slice.since_ns));
    let ts = micros(since_ns);
    write(
        out,
        &json!({"ph": "X", "pid": PID, "tid": slice.lane + 1, "ts": ts, "dur": duration, "name": slice.name, "cat": cat, "args": args}),
    );
}

fn micros(ns: u64) -> Value {
    // Exact for about three months.
    (ns as f64 / 1e3).into()
}

/// Returns the last part of the path as passed, else the task's name.
fn name(exec: &Exec) -> String {
    let name = exec.file_name().unwrap_or(exec.comm.as_bytes());
    String::from_utf8_lossy(name).into_owned()
}

fn facts(exec: &Exec, model: &Model) -> serde_json::Map<String, Value> {
    let mut line = String::new();
    crate::text::command_line_into(&mut line, exec.args.iter());
    let text =
        |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let user = model.users.name(exec.uid);
    let user = user.map_or_else(|| exec.uid.to_string(), str::to_owned);
    let mut facts = serde_json::Map::new();
    for (key, value) in [
        ("command", json!(line)),
        ("pid", json!(exec.pid)),
        ("ppid", json!(exec.ppid)),
        ("user", json!(user)),
        ("exe", json!(text(exec.exe.as_deref()))),
        ("cwd", json!(text(exec.cwd.as_deref()))),
        ("container", json!(exec.container())),
        ("host", json!(model.session.told_host(exec.host))),
    ] {
        // It stands above all where there is one machine.
        if key != "host" || !value.is_null() {
            facts.insert(key.to_owned(), value);
        }
    }
    facts
}

fn write(out: &mut Vec<u8>, event: &impl Serialize) {
    // Writing plain values to a Vec cannot fail.
    let _ = serde_json::to_writer(&mut *out, event);
    out.extend_from_slice(b",\n");
}

#[cfg(test)]
mod tests;
