//! Asking the processes above a row's.

use super::eval::Memory;
use crate::event::{Args, Exec, ProcessKey};
use crate::model::Model;
use crate::process::{Life, Process};
use crate::store::{End, Row};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// What one process adds to a question about all that are above.
pub(super) enum Found {
    /// The answer.
    Stop(u64),
    /// This, more than what is further above.
    Further(u64),
}

/// Sums up over the processes above a row's, its parent first; asks each of them only once.
pub(super) fn above(
    row: &Row,
    model: &Model,
    memory: &mut Memory,
    memo: usize,
    ask: &dyn Fn(&Process, &mut Memory) -> Found,
) -> u64 {
    let table = &model.processes;
    let parent = row.exec.ancestors.first();
    if let Some(known) = parent.and_then(|parent| memory.above.get(memo)?.get(&parent.key)) {
        return *known;
    }
    let parent = parent
        .and_then(|parent| table.find(parent.key))
        .or_else(|| {
            let own = table.find(row.exec.key())?;
            table.get(own.parent?)
        });
    let mut path: Vec<(ProcessKey, u64)> = Vec::new();
    let mut next = parent;
    let mut answer = 0;
    while let Some(process) = next.filter(|process| !process.is_host()) {
        if let Some(known) = memory.above.get(memo).and_then(|m| m.get(&process.key)) {
            answer = *known;
            break;
        }
        match ask(process, memory) {
            Found::Stop(found) => {
                path.push((process.key, 0));
                answer = found;
                break;
            }
            Found::Further(more) => path.push((process.key, more)),
        }
        next = process.parent.and_then(|id| table.get(id));
    }
    if memory.above.len() <= memo {
        memory.above.resize_with(memo + 1, FxHashMap::default);
    }
    for (key, more) in path.into_iter().rev() {
        answer += more;
        if let Some(known) = memory.above.get_mut(memo) {
            known.insert(key, answer);
        }
    }
    answer
}

/// Makes a row of what is known of a process: its latest exec, or what `/proc` told.
pub(super) fn as_row<'a>(process: &Process, model: &'a Model) -> Cow<'a, Row> {
    if let Some(row) = process.last_exec.and_then(|id| model.store.row(id)) {
        return Cow::Borrowed(row);
    }
    let parent = process.parent.and_then(|id| model.processes.get(id));
    Cow::Owned(Row {
        exec: Exec {
            host: process.key.host,
            pid: process.key.pid,
            ppid: parent.map_or(0, |parent| parent.key.pid),
            start_ns: process.key.start_ns,
            // Nobody has the largest id.
            uid: process.uid.unwrap_or(u32::MAX),
            comm: process.comm,
            args: Args {
                bytes: process.cmdline.clone(),
                ..Args::default()
            },
            ..Exec::default()
        },
        end: match process.life {
            Life::Ended { time_ns, .. } => Some(End::Replaced { time_ns }),
            Life::Running | Life::Unwatched => None,
        },
        ..Row::default()
    })
}
