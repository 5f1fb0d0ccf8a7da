//! Recordings of several machines, or of one, as one.

use super::*;
use crate::event::ProcessKey;
use crate::export::Exporter;
use crate::export::ndjson::Ndjson;
use crate::model::Model;
use crate::resolve::Users;
use crate::source::replay::lines::Lines;
use std::io::Cursor;

const BOOT: &str = "2026-03-01T00:00:0";

fn start(host: &str, second: u32) -> String {
    format!(
        "{{\"event\":\"start\",\"version\":1,\"host\":\"{host}\",\"boot_time\":\"{BOOT}{second}Z\",\"time\":\"2026-03-01T12:00:00Z\"}}\n"
    )
}

/// An exec of process 7, that was forked a second after 12:00, so many seconds after 12:00.
fn exec(second: u64, comm: &str) -> String {
    let age_ns = (second - 1) * 1_000_000_000;
    format!(
        "{{\"event\":\"exec\",\"time\":\"2026-03-01T12:00:{second:02}Z\",\"pid\":7,\"ppid\":1,\"comm\":\"{comm}\",\"args\":[\"{comm}\"],\"args_bytes\":2,\"args_missing_bytes\":0,\"argc\":1,\"fork_to_exec_ns\":{age_ns},\"ancestors\":[{{\"pid\":1,\"comm\":\"init\",\"age_ns\":40000000000}}]}}\n"
    )
}

fn recording(text: &str) -> Recording {
    let bytes = Cursor::new(text.as_bytes().to_vec());
    Recording::read("x".into(), Lines::new(Box::new(bytes))).unwrap()
}

/// Reads all; returns the model, the events' hosts with their commands, and the ndjson of it.
fn read(texts: &[String]) -> (Model, Vec<(String, String)>, String) {
    let recordings = texts.iter().map(|text| recording(text)).collect();
    let mut merged = Merged::new(recordings);
    let mut model = Model::new(merged.session().clone(), Users::default(), 99, usize::MAX);
    let (mut ndjson, mut out, mut told) = (Ndjson::default(), Vec::new(), Vec::new());
    ndjson.start(&model.session, &mut out);
    let mut latest_ns = 0;
    while let Some(batch) = merged.batch() {
        assert!(batch.now_ns >= Some(latest_ns));
        latest_ns = batch.now_ns.unwrap();
        model.introduce(batch.others, batch.running);
        for event in batch.events {
            if let Event::Exec(exec) = &event {
                let host = model.session.host_name(exec.host).to_owned();
                told.push((host, format!("{:?}", exec.comm)));
            }
            let applied = model.apply(event);
            ndjson.event(&applied, &model, &mut out);
        }
    }
    (model, told, String::from_utf8(out).unwrap())
}

fn told(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let texts = list.iter();
    texts
        .map(|(host, comm)| ((*host).to_owned(), format!("{comm:?}")))
        .collect()
}

#[test]
fn what_happened_on_two_machines_stands_in_one_order_and_apart() {
    let web = start("web", 5) + &exec(1, "a") + &exec(4, "c");
    let db = start("db", 0) + &exec(2, "b") + &exec(5, "d");
    let (model, order, text) = read(&[web, db]);
    let expected = told(&[("web", "a"), ("db", "b"), ("web", "c"), ("db", "d")]);
    assert_eq!(order, expected);
    // The one that was started first has the clock.
    assert_eq!(model.session.host, "db");
    let [web, db] = [1, 0].map(|host| model.processes.by_pid(HostId(host), 7).unwrap());
    assert_eq!((web.own.execs, db.own.execs), (2, 2));
    assert!(web.id != db.id);
    let roots: Vec<_> = model.processes.roots().collect();
    assert_eq!(roots.len(), 2, "one for each machine");
    assert!(
        roots
            .iter()
            .all(|root| root.is_host() && root.subtree.execs == 2)
    );
    let above = |id| {
        let above = model.processes.ancestors(id);
        above.map(|p| p.key.pid).collect::<Vec<_>>()
    };
    assert_eq!(above(web.id), [1], "the machine is no process");
    // Read back, it is the same.
    let (again, order, same) = read(std::slice::from_ref(&text));
    assert_eq!((order, same), (expected, text));
    assert_eq!(again.session.others.len(), 1);
}

#[test]
fn two_recordings_of_one_machine_go_on() {
    let first = start("web", 0) + &exec(1, "a");
    // It looked at the clock a second time, and found something else.
    let exit = "{\"event\":\"exit\",\"time\":\"2026-03-01T12:00:04Z\",\"pid\":7,\"ppid\":1,\"comm\":\"a\",\"exit_code\":3,\"lifetime_ns\":2000000000}\n";
    let second = start("web", 1) + exit;
    let (model, _, text) = read(&[second, first]);
    assert!(model.session.others.is_empty() && !text.contains("\"exec\",\"host\""));
    let row = model.store.iter().next().unwrap().0;
    let ended = model.store.row(row).unwrap().exit();
    assert!(ended.is_some(), "{:?}", model.store.row(row));
}

#[test]
fn losses_and_processes_that_ran_are_of_their_machine() {
    let lost = "{\"event\":\"lost\",\"time\":\"2026-03-01T12:00:03Z\",\"count\":3,\"cpu\":0}\n";
    let ran =
        "{\"event\":\"process\",\"pid\":1,\"ppid\":0,\"comm\":\"init\",\"age_ns\":39000000000}\n";
    let web = start("web", 1) + ran + &exec(1, "a");
    let db = start("db", 0) + ran + &exec(2, "b") + lost;
    let (model, _, text) = read(&[web, db]);
    let init = |host| {
        let key = model.processes.by_pid(HostId(host), 1).unwrap().key;
        ProcessKey { start_ns: 0, ..key }
    };
    assert_eq!(init(0).host, HostId(0));
    assert_eq!(init(1).host, HostId(1));
    assert!(
        text.contains("{\"event\":\"lost\",\"host\":\"db\""),
        "{text}"
    );
}

#[test]
fn a_machine_that_follows_in_the_same_file_is_another() {
    let (model, order, _) =
        read(&[start("web", 0) + &exec(1, "a") + &start("db", 0) + &exec(2, "b")]);
    assert_eq!(order, told(&[("web", "a"), ("db", "b")]));
    assert_eq!(model.session.others[0].host, "db");
}
