//! What events are to say: what a case tells, and what follows from it for the other keys.

use super::case::{Case, Event, Expr, Item, Name};
use super::play::{ENVIRONMENT, Here, Played};
use super::value::{Element, Env, errno, signal_name};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// An event that is to be told.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) line: u32,
    pub(super) kind: String,
    pub(super) keys: BTreeMap<String, Want>,
    /// Why facts are missing.
    pub(super) missing: BTreeMap<String, Value>,
}

/// What a key is to say.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Want {
    Is(Value),
    Any,
    /// From one number to another.
    Between(i64, i64),
    /// The end of a text, and not all of it.
    EndOf(Vec<u8>),
    /// The same as wherever this name stands.
    Same(String),
}

/// A minute, which nothing takes.
const LONG: i64 = 60_000_000_000;
const NULL: Want = Want::Is(Value::Null);
const UNREADABLE: &str = "the process's memory could not be read";

/// Reasons for what is missing, as cases name them.
pub(super) const REASONS: [(&str, &str); 4] = [
    ("UNREADABLE", UNREADABLE),
    (
        "DYING",
        "the thread was being killed: by then its memory and user may have been the new program's",
    ),
    (
        "DENIED",
        "the call was denied before the kernel looked at it, or begun before the capture",
    ),
    ("CUT", "its beginning is cut"),
];

/// Why a key is null, unless the case says something else.
const NULL_REASONS: [(&str, &str); 9] = [
    ("exe", "nothing was executed"),
    ("env", "not asked for"),
    ("loginuid", "not set"),
    ("session", "not set"),
    ("old_euid", "started by the kernel"),
    ("tty", "no controlling terminal"),
    ("container", "not in a container"),
    ("filename", UNREADABLE),
    ("args", UNREADABLE),
];

/// What the capture was asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// How many bytes of arguments are kept.
    pub(super) args: usize,
    /// Whether the environment is told.
    pub(super) env: bool,
}

/// Returns the events that a case is to tell, in order.
pub(super) fn wanted(case: &Case, played: &mut Played, here: &Here, asked: Asked) -> Vec<Wanted> {
    let mut wants = Wants {
        here,
        asked,
        root: Want::Is(json!(played.env.numbers["ROOT"])),
        states: HashMap::new(),
    };
    let begin = event(
        "exec",
        &[("filename", "\"$DIR/start\""), ("args", "[\"$DIR/start\"]")],
    );
    let mut all = vec![wants.wanted(&begin, &played.env)];
    played.env.items(case, &mut |item, env| {
        if let Item::Told(events) = item {
            env.walk(events, &mut |event, env| all.push(wants.wanted(event, env)));
        }
    });
    let ends = |w: &Wanted| w.kind == "exit" && w.keys["pid"] == wants.root;
    if !all.iter().any(ends) {
        all.push(wants.wanted(&event("exit", &[]), &played.env));
    }
    all
}

fn event(kind: &str, fields: &[(&str, &str)]) -> Event {
    let fields = fields.iter();
    Event {
        line: 0,
        kind: kind.to_owned(),
        fields: fields
            .map(|(key, value)| ((*key).to_owned(), super::case::expr(value)))
            .collect(),
    }
}

/// What was told of a process so far.
#[derive(Clone)]
struct State {
    comm: Want,
    ppid: Want,
}

struct Wants<'a> {
    here: &'a Here,
    asked: Asked,
    root: Want,
    /// By the pid.
    states: HashMap<String, State>,
}

impl Wants<'_> {
    fn wanted(&mut self, event: &Event, env: &Env) -> Wanted {
        let mut wanted = Wanted {
            line: event.line,
            kind: event.kind.clone(),
            keys: BTreeMap::new(),
            missing: BTreeMap::new(),
        };
        for (key, value) in &event.fields {
            let want = want(value, env);
            match (key.strip_prefix("missing."), want) {
                (Some(key), Want::Is(reason)) => {
                    wanted.missing.insert(key.to_owned(), reason);
                }
                (_, want) => {
                    wanted.keys.insert(key.clone(), want);
                }
            }
        }
        let args = event.fields.iter().find(|(key, _)| key == "args");
        if let Some((_, Expr::List(list))) = args
            && let Some(texts) = texts(list, env)
        {
            self.args(&mut wanted, &texts);
        }
        self.common(&mut wanted);
        if event.kind == "exec" {
            self.exec(&mut wanted, env);
        } else {
            exit(&mut wanted);
        }
        let state = State {
            comm: wanted.keys["comm"].clone(),
            ppid: wanted.keys["ppid"].clone(),
        };
        self.states
            .insert(format!("{:?}", wanted.keys["pid"]), state);
        wanted
    }

    /// What both kinds have. What a process was called before, it is still.
    fn common(&self, wanted: &mut Wanted) {
        let pid = wanted.or("pid", self.root.clone());
        let state = self.states.get(&format!("{pid:?}"));
        let (ppid, comm) = match state {
            Some(state) => (state.ppid.clone(), state.comm.clone()),
            None if pid == self.root => (Want::Is(json!(std::process::id())), self.comm()),
            None => (self.root.clone(), Want::Is(json!("start"))),
        };
        wanted.or("ppid", ppid);
        let path = wanted.keys.get("filename").and_then(bytes_of);
        match path {
            Some(path) if !wanted.keys.contains_key("error") => {
                let name = path.rsplit(|b| *b == b'/').next().unwrap_or_default();
                let name = &name[..name.len().min(15)];
                wanted.or("comm", Want::Is(text(name)))
            }
            _ => wanted.or("comm", comm),
        };
        wanted.or("time", Want::Any);
        wanted.or("seq", Want::Any);
        wanted.or("event", Want::Is(json!(wanted.kind)));
    }

    /// What the programs are started with.
    fn env(&self) -> Want {
        if !self.asked.env {
            return NULL;
        }
        let env = ENVIRONMENT.map(|(name, value)| format!("{name}={value}"));
        Want::Is(json!(env))
    }

    fn comm(&self) -> Want {
        Want::Is(text(&self.here.comm))
    }

    fn exec(&self, wanted: &mut Wanted, env: &Env) {
        let pid = wanted.keys["pid"].clone();
        let error = wanted.or("error", NULL);
        let failed = error != NULL;
        let ret = match &error {
            Want::Is(Value::String(name)) => -errno(name).expect("an error"),
            _ => 0,
        };
        wanted.or("ret", Want::Is(json!(ret)));
        wanted.or("tid", pid.clone());
        wanted.or("ns_pid", pid.clone());
        let parent = if pid == self.root {
            self.comm()
        } else {
            Want::Is(json!("start"))
        };
        wanted.or("parent_comm", parent);
        let uid = wanted.or("uid", Want::Is(json!(0)));
        let gid = wanted.or("gid", Want::Is(json!(0)));
        let euid = wanted.or("euid", uid);
        wanted.or("egid", gid);
        wanted.or("old_euid", euid);
        for (key, value) in &self.here.keys {
            wanted.or(key, Want::Is(value.clone()));
        }
        let interpreter = wanted.or("interpreter", NULL);
        let flags = if interpreter == NULL {
            json!([])
        } else {
            json!(["script"])
        };
        wanted.or("flags", Want::Is(flags));
        wanted.or("fork_to_exec_ns", Want::Between(1, LONG));
        for key in ["cpu", "argc", "ancestors"] {
            wanted.or(key, Want::Any);
        }
        wanted.or("env", self.env());
        let dir = env.texts.get("DIR").map_or(NULL, |dir| Want::Is(text(dir)));
        wanted.or("cwd", dir);
        let filename = wanted.or("filename", Want::Any);
        let exe = match (failed, interpreter == NULL) {
            (true, _) => NULL,
            (false, true) => filename,
            (false, false) => interpreter,
        };
        wanted.or("exe", exe);
        for (key, reason) in NULL_REASONS {
            if wanted.keys.get(key) == Some(&NULL) {
                wanted.because(key, reason);
            }
        }
    }

    /// The arguments, of which only so many bytes are kept.
    fn args(&self, wanted: &mut Wanted, list: &[Vec<u8>]) {
        let all: Vec<u8> = list
            .iter()
            .flat_map(|arg| arg.iter().copied().chain([0]))
            .collect();
        let kept = &all[..all.len().min(self.asked.args)];
        let body = kept.strip_suffix(b"\0").unwrap_or(kept);
        let args = body.split(|b| *b == 0).filter(|_| !kept.is_empty());
        let args = args.map(text).collect();
        wanted
            .keys
            .insert("args".to_owned(), Want::Is(Value::Array(args)));
        wanted.or("args_bytes", Want::Is(json!(all.len())));
        let missing = all.len() - kept.len();
        wanted.or("args_missing_bytes", Want::Is(json!(missing)));
        if missing > 0 {
            wanted.because("args", "truncated");
        }
    }
}

fn exit(wanted: &mut Wanted) {
    let signal = wanted.or("signal", NULL);
    let code = if signal == NULL {
        json!(0)
    } else {
        Value::Null
    };
    wanted.or("exit_code", Want::Is(code));
    wanted.or("core_dumped", Want::Is(json!(false)));
    wanted.or("duration_ns", Want::Between(1, LONG));
    wanted.or("lifetime_ns", Want::Between(1, LONG));
    wanted.or("user_ns", Want::Between(0, LONG));
    wanted.or("system_ns", Want::Between(0, LONG));
    wanted.or("max_rss_bytes", Want::Between(0, 1 << 32));
}

impl Wanted {
    /// Returns what a key is to say: what the case tells, or else this.
    fn or(&mut self, key: &str, want: Want) -> Want {
        self.keys.entry(key.to_owned()).or_insert(want).clone()
    }

    fn because(&mut self, key: &str, reason: &str) {
        let missing = self.missing.entry(key.to_owned());
        missing.or_insert_with(|| json!(reason));
    }
}

/// Returns captured bytes as the schema has them.
pub(super) fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({ "base64": STANDARD.encode(bytes) }),
    }
}

fn bytes_of(want: &Want) -> Option<Vec<u8>> {
    match want {
        Want::Is(Value::Null) => None,
        Want::Is(value) => Some(crate::capture::bytes(value)),
        _ => None,
    }
}

/// Returns a list's texts, if it has nothing else.
fn texts(list: &[Expr], env: &Env) -> Option<Vec<Vec<u8>>> {
    let elements = env.elements(list).into_iter();
    let texts = elements.map(|element| match element {
        Element::Text(text) => Some(text),
        Element::Other(_) => None,
    });
    texts.collect()
}

fn want(value: &Expr, env: &Env) -> Want {
    if let Some(bytes) = env.text(value) {
        return Want::Is(text(&bytes));
    }
    match value {
        Expr::List(list) => {
            let values = env.elements(list).into_iter().map(|element| match element {
                Element::Text(bytes) => text(&bytes),
                Element::Other(value) => match want(&value, env) {
                    Want::Is(value) => value,
                    other => panic!("{other:?} is nothing for a list"),
                },
            });
            Want::Is(values.collect())
        }
        Expr::Call(name, args) if name == "between" => {
            let bound = |i: usize| env.number(&args[i]).expect("a bound");
            Want::Between(bound(0), bound(1))
        }
        Expr::Call(name, args) if name == "end_of" => {
            Want::EndOf(env.text(&args[0]).expect("a text"))
        }
        Expr::Call(name, args) if name == "signal" => {
            let number = env.number(&args[0]).expect("a signal");
            Want::Is(json!(signal_name(i32::try_from(number).unwrap())))
        }
        Expr::Name(name) => named(name, value, env),
        value => match env.number(value) {
            Some(number) => Want::Is(json!(number)),
            None => panic!("what is {value:?}?"),
        },
    }
}

fn named(name: &Name, value: &Expr, env: &Env) -> Want {
    let word = &*name.word;
    // An error or a signal is told by its name.
    if errno(word).is_some() || word.starts_with("SIG") {
        return Want::Is(json!(word));
    }
    match word {
        "null" => NULL,
        "true" => Want::Is(json!(true)),
        "false" => Want::Is(json!(false)),
        "any" => Want::Any,
        _ => match env.number(value) {
            Some(number) => Want::Is(json!(number)),
            None => Want::Same(env.name(name)),
        },
    }
}
