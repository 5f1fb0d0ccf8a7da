//! What a recording has beside the lines of ndjson: at its begin the processes that run, so that the tree and
//! the names of parents are there when it is read.

use super::Exporter;
use super::ndjson::{Ndjson, running};
use crate::event::{Running, Session};
use crate::model::Model;
use crate::process::Process;

/// Appends the begin of a recording, or of its next file: `start` as of an instant, and every process that ran then and
/// still does.
pub fn begin(model: &Model, now_ns: u64, ndjson: &mut Ndjson, out: &mut Vec<u8>) {
    let session = Session {
        started_ns: now_ns,
        ..model.session.clone()
    };
    ndjson.start(&session, out);
    let ran = |process: &&&Process| process.key.start_ns <= now_ns;
    for process in model.processes.living().iter().filter(ran) {
        let parent = process.parent.and_then(|id| model.processes.get(id));
        // One that executed something since has its command line there.
        let row = process.last_exec.and_then(|entry| model.store.row(entry));
        let executed = row.map(|row| &row.exec.args.bytes);
        let process = Running {
            key: process.key,
            ppid: parent.map_or(0, |parent| parent.key.pid),
            uid: process.uid,
            comm: process.comm,
            cmdline: executed.unwrap_or(&process.cmdline).clone(),
            forked_only: process.unwatched(),
            narrow: false,
        };
        running(&process, &session, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::resolve::Users;
    use crate::source::replay::{Item, Parser};

    #[test]
    fn the_processes_of_a_file_are_those_that_ran_when_it_began() {
        let mut model = fixture::model(100);
        for event in fixture::build() {
            model.apply(event);
        }
        let mut out = Vec::new();
        let now_ns = fixture::START + 60 * fixture::S;
        begin(&model, now_ns, &mut Ndjson::default(), &mut out);
        let mut parser = Parser::default();
        let mut again = Model::new(Session::default(), Users::default(), 9, usize::MAX);
        for line in out.split_inclusive(|byte| *byte == b'\n') {
            match parser.parse(line).unwrap() {
                Item::Start(session) => {
                    assert_eq!((session.started_ns, &*session.host), (now_ns, "web-01"));
                }
                Item::Process(process) => again.seed(vec![process]),
                other => panic!("{other:?}"),
            }
        }
        let names = |model: &Model| -> Vec<_> {
            let living = model.processes.living();
            let parent = |id| model.processes.get(id).map(|parent| parent.key);
            living
                .iter()
                .map(|p| {
                    (
                        p.key,
                        p.comm,
                        p.uid,
                        p.unwatched(),
                        p.parent.and_then(parent),
                    )
                })
                .collect()
        };
        assert_eq!(names(&again), names(&model));
        let make = again
            .processes
            .by_pid(crate::event::HostId(0), 48_200)
            .unwrap();
        assert_eq!(&*make.cmdline, b"/usr/bin/make\0-j8\0");
    }
}
