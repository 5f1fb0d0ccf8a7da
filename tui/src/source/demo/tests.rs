//! Always the same, and of everything something.

use super::*;
use crate::event::{Event, Flags, Status};
use crate::model::{Applied, Model};
use crate::resolve::Users;

fn played(minutes: u64) -> (Model, Vec<Event>) {
    let mut demo = Demo::new(minutes);
    let mut model = Model::new(
        demo.session().clone(),
        Users::new(USERS),
        1_000_000,
        usize::MAX,
    );
    let mut events = Vec::new();
    model.seed(demo.running().to_vec());
    while let Some(batch) = demo.batch() {
        events.extend(batch.events);
    }
    for event in &events {
        assert_ne!(model.apply(event.clone()), Applied::Duplicate);
    }
    (model, events)
}

#[test]
fn it_is_always_the_same() {
    assert_eq!(played(2).1, played(2).1);
}

#[test]
fn it_is_in_order_and_every_process_has_a_parent_and_an_end() {
    let (model, events) = played(3);
    assert!(events.is_sorted_by_key(Event::time_ns));
    for (_, entry) in model.store.iter() {
        let crate::store::Entry::Row(row) = entry else {
            continue;
        };
        let process = model.processes.find(row.exec.key()).unwrap();
        assert!(process.parent.is_some(), "{:?}", row.exec);
        assert!(row.exec.failed() || row.end.is_some(), "{:?}", row.exec);
    }
}

#[test]
fn there_is_something_of_everything() {
    let (model, events) = played(1);
    let totals = model.totals;
    assert!(
        totals.execs > 800 && totals.failed > 40 && totals.lost == 214,
        "{totals:?}"
    );
    let execs: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Exec(exec) => Some(exec),
            _ => None,
        })
        .collect();
    for flag in [
        Flags::SCRIPT,
        Flags::SETUID,
        Flags::MEMFD,
        Flags::DELETED,
        Flags::FD,
    ] {
        assert!(
            execs.iter().any(|exec| exec.flags.contains(flag)),
            "{flag:?}"
        );
    }
    assert!(execs.iter().any(|exec| exec.container().is_some()));
    assert!(execs.iter().any(|exec| exec.args.missing_bytes() > Some(0)));
    let crashed = |event: &Event| matches!(event, Event::Exit(exit) if matches!(exit.status, Status::Signal { number: 11, .. }));
    assert!(events.iter().any(crashed));
}
