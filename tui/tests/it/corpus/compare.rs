//! What was told held against what was to be told: every difference, by case.

use super::want::{Want, Wanted};
use super::{PENDING_FACTS, PENDING_FLAGS, PENDING_KEYS};
use crate::capture::{bytes, time_ns};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Keys that may name a case's directory.
const FILES: [&str; 2] = ["filename", "args"];

fn holds(value: &Value, dir: &str) -> bool {
    match value {
        Value::String(text) => text.contains(dir),
        Value::Array(list) => list.iter().any(|value| holds(value, dir)),
        _ => false,
    }
}

/// Returns the events of one case: those that name its directory, and those of the processes so
/// found and their children.
pub(super) fn family<'a>(dir: &str, events: &'a [Value]) -> Vec<&'a Value> {
    let mut alive = BTreeSet::new();
    let mut family = Vec::new();
    for event in events {
        let (Some(pid), Some(ppid)) = (event["pid"].as_u64(), event["ppid"].as_u64()) else {
            continue;
        };
        let exec = event["event"] == "exec";
        let names = || FILES.iter().any(|key| holds(&event[*key], dir));
        if alive.contains(&pid) || exec && (alive.contains(&ppid) || names()) {
            family.push(event);
            if exec {
                alive.insert(pid);
            } else {
                alive.remove(&pid);
            }
        }
    }
    family
}

/// Returns every difference between what is wanted of a case and what was told.
pub(super) fn differences(case: &str, wanted: &[Wanted], told: &[&Value]) -> Vec<String> {
    let mut names = HashMap::new();
    let mut of_pid: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    let mut order = Vec::new();
    for event in told {
        let pid = event["pid"].as_u64().unwrap();
        if !order.contains(&pid) {
            order.push(pid);
        }
        of_pid.entry(pid).or_default().push(event);
    }
    // Processes that the case cannot know come in the order of their first events.
    let known: BTreeSet<_> = wanted
        .iter()
        .filter_map(|w| number(&w.keys["pid"]))
        .collect();
    let mut unknown = order.into_iter().filter(|pid| !known.contains(pid));
    for want in wanted {
        if let Want::Same(name) = &want.keys["pid"]
            && !names.contains_key(name)
            && let Some(pid) = unknown.next()
        {
            names.insert(name.clone(), Value::from(pid));
        }
    }
    let mut differences = Vec::new();
    let mut next: HashMap<u64, usize> = HashMap::new();
    for want in wanted {
        let pid = match &want.keys["pid"] {
            Want::Same(name) => names.get(name).and_then(Value::as_u64),
            pid => number(pid),
        };
        let at = pid.map(|pid| next.entry(pid).or_default());
        let event = pid.zip(at).and_then(|(pid, at)| {
            *at += 1;
            of_pid.get(&pid)?.get(*at - 1).copied()
        });
        let place = format!("line {}: {} of process {pid:?}", want.line, want.kind);
        match event {
            None => differences.push(format!("{place}: not told")),
            Some(event) => {
                for difference in of_event(case, want, event, &mut names) {
                    differences.push(format!("{place}: {difference}"));
                }
            }
        }
    }
    for (pid, events) in of_pid {
        let seen = next.get(&pid).copied().unwrap_or(0);
        for event in events.iter().skip(seen) {
            differences.push(format!("told, and not wanted: {}", cut(event)));
        }
    }
    differences.extend(lives(told));
    differences
}

fn number(want: &Want) -> Option<u64> {
    match want {
        Want::Is(value) => value.as_u64(),
        _ => None,
    }
}

fn of_event(
    case: &str,
    want: &Wanted,
    event: &Value,
    names: &mut HashMap<String, Value>,
) -> Vec<String> {
    if event["event"] != *want.kind {
        return vec![format!("told was {}", cut(event))];
    }
    let pending = |key: &str| PENDING_KEYS.contains(&key) || PENDING_FACTS.contains(&(case, key));
    let mut found = Vec::new();
    let told = event.as_object().unwrap();
    for key in told.keys() {
        if key != "missing" && !want.keys.contains_key(key) {
            found.push(format!("{key} is a key that no expectation knows"));
        }
    }
    for (key, want) in &want.keys {
        if pending(key) {
            continue;
        }
        let told = match (&**key, told.get(key)) {
            ("flags", Some(flags)) => &without_pending(flags),
            (_, Some(told)) => told,
            (_, None) => {
                found.push(format!("there is no key {key}"));
                continue;
            }
        };
        let same = match want {
            Want::Is(value) if key == "flags" => *told == without_pending(value),
            Want::Is(value) => told == value,
            Want::Any => true,
            Want::Between(from, to) => told.as_i64().is_some_and(|n| (*from..=*to).contains(&n)),
            Want::EndOf(text) => {
                let told = if told.is_null() {
                    Vec::new()
                } else {
                    bytes(told)
                };
                !told.is_empty() && told.len() < text.len() && text.ends_with(&told)
            }
            Want::Same(name) => names.entry(name.clone()).or_insert(told.clone()) == told,
        };
        if !same {
            let want = match want {
                Want::Is(value) => cut(value),
                Want::Same(name) => format!("{name}, which is {}", names[name]),
                other => format!("{other:?}"),
            };
            found.push(format!("{key} is {}, wanted is {want}", cut(told)));
        }
    }
    if let Some(Value::Object(missing)) = told.get("missing") {
        let keys: BTreeSet<_> = missing.keys().chain(want.missing.keys()).collect();
        let keys = keys.into_iter();
        for key in keys.filter(|k| !pending(k)) {
            let (told, want) = (missing.get(key), want.missing.get(key));
            if told != want {
                found.push(format!("missing.{key} is {told:?}, wanted is {want:?}"));
            }
        }
    }
    found
}

fn without_pending(flags: &Value) -> Value {
    let flags = flags.as_array().into_iter().flatten();
    let kept = flags.filter(|flag| !PENDING_FLAGS.iter().any(|word| *flag == word));
    kept.cloned().collect()
}

/// Checks what holds of every life: its end is joined to its own exec, and to no other's.
fn lives(told: &[&Value]) -> Vec<String> {
    let mut last: HashMap<u64, &Value> = HashMap::new();
    let mut wrong = Vec::new();
    for event in told {
        let pid = event["pid"].as_u64().unwrap();
        if event["event"] == "exec" {
            if event["ret"] == 0 {
                last.insert(pid, event);
            }
            continue;
        }
        let Some(exec) = last.remove(&pid) else {
            continue;
        };
        let of = |event: &Value, key: &str| event[key].as_i64().unwrap_or(0);
        let (duration, lifetime) = (of(event, "duration_ns"), of(event, "lifetime_ns"));
        if time_ns(event) - time_ns(exec) != i128::from(duration) {
            wrong.push(format!(
                "process {pid}: {duration} ns are not since its exec"
            ));
        }
        if lifetime != duration + of(exec, "fork_to_exec_ns") {
            wrong.push(format!(
                "process {pid}: {lifetime} ns are not since its fork"
            ));
        }
    }
    wrong
}

/// Writes a value, but not all of a long one.
fn cut(value: &Value) -> String {
    const MOST: usize = 600;
    let text = value.to_string();
    let short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        format!("{short}… ({} bytes)", text.len())
    } else {
        short
    }
}
