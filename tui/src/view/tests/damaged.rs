//! Recordings that are damaged, in any order, cut off or mixed up: each is shown and printed as far as it goes.

use super::*;
use crate::export::ndjson::Ndjson;
use crate::export::{Exporter, FORMATS, Options, Output, recording};
use crate::model::Model;
use crate::resolve::Users;
use crate::source::Batch;
use crate::source::demo::Demo;
use crate::source::replay::Recording;
use proptest::prelude::*;
use std::sync::OnceLock;

/// Returns the lines of a made-up minute, the processes that ran before in front.
fn minute() -> &'static [Vec<u8>] {
    static LINES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    LINES.get_or_init(|| {
        let mut demo = Demo::new(1);
        let session = demo.session().clone();
        let mut model = Model::new(session, Users::default(), 10_000, usize::MAX);
        model.seed(demo.running().to_vec());
        let mut out = Vec::new();
        let (mut ndjson, now_ns) = (Ndjson::default(), model.session.started_ns);
        recording::begin(&model, now_ns, &mut ndjson, &mut out);
        while let Some(batch) = demo.batch() {
            for event in batch.events {
                let applied = model.apply(event);
                ndjson.event(&applied, &model, &mut out);
            }
        }
        ndjson.end(&model.totals, 60 * S, &mut out);
        let lines = out.split_inclusive(|byte| *byte == b'\n');
        lines.map(<[u8]>::to_vec).collect()
    })
}

/// Reads a recording; returns its batches.
fn batches(bytes: &[u8]) -> Option<(Model, Vec<Batch>)> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("recording");
    std::fs::write(&path, bytes).unwrap();
    // A sentence says why not.
    let mut recording = Recording::open(&path).ok()?;
    let session = recording.session().clone();
    let model = Model::new(session, Users::default(), 300, 1 << 20);
    Some((model, std::iter::from_fn(|| recording.batch()).collect()))
}

/// Shows batches in every view, and prints them in every form.
fn show(bytes: &[u8]) {
    let Some((model, all)) = batches(bytes) else {
        return;
    };
    let mut shot = Shot::new(App::new(model, AppOptions::default()), 100, 30);
    for batch in all {
        shot.now = batch.now_ns.unwrap();
        shot.app.model_mut().seed(batch.running);
        shot.app.apply(batch.events);
        shot.app.tick(shot.now);
        shot.draw();
    }
    shot.keys("Up d 2 Home Right 3 b Enter 4 Left Left Enter 5 Home Enter Enter Tab Tab Esc 1 s Down Enter f f a i l e d Enter");
    for info in FORMATS {
        let Some((mut model, all)) = batches(bytes) else {
            return;
        };
        let mut output = Output::new(Options {
            format: info.format,
            ..Options::default()
        });
        let mut out = Vec::new();
        output.start(&model.session, &mut out);
        for event in all.into_iter().flat_map(|batch| batch.events) {
            let applied = model.apply(event);
            output.event(&applied, &model, &mut out);
        }
        output.end(&model.totals, 60 * S, &mut out);
        assert!(out.ends_with(b"\n"), "{}", info.name);
    }
}

/// Something that is done to a recording.
#[derive(Clone, Debug)]
enum Damage {
    Swap(prop::sample::Index, prop::sample::Index),
    Double(prop::sample::Index),
    Drop(prop::sample::Index),
    /// One bit of the byte at a place.
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    /// A number becomes another one.
    Number(prop::sample::Index, prop::sample::Index, u64),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = || any::<prop::sample::Index>();
    prop_oneof![
        4 => (place(), place()).prop_map(|(a, b)| Damage::Swap(a, b)),
        2 => place().prop_map(Damage::Double),
        2 => place().prop_map(Damage::Drop),
        4 => (place(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        1 => place().prop_map(Damage::Cut),
        4 => (place(), place(), prop_oneof![Just(0), Just(u64::MAX), Just(u64::MAX >> 1), any::<u64>()])
            .prop_map(|(line, number, value)| Damage::Number(line, number, value)),
    ]
}

/// Replaces one of a line's numbers.
fn renumber(line: &[u8], which: prop::sample::Index, value: u64) -> Vec<u8> {
    let text = String::from_utf8_lossy(line);
    let number = regex::Regex::new(r":(-?\d+)[,}]").unwrap();
    let found: Vec<_> = number
        .captures_iter(&text)
        .filter_map(|hit| hit.get(1))
        .collect();
    if found.is_empty() {
        return line.to_vec();
    }
    let found = found[which.index(found.len())];
    let (before, after) = (&text[..found.start()], &text[found.end()..]);
    format!("{before}{value}{after}").into_bytes()
}

fn damaged(mut lines: Vec<Vec<u8>>, damages: Vec<Damage>) -> Vec<u8> {
    let mut bits = Vec::new();
    for damage in damages {
        let count = lines.len();
        match damage {
            Damage::Swap(a, b) => lines.swap(a.index(count), b.index(count)),
            Damage::Double(at) => lines.push(lines[at.index(count)].clone()),
            Damage::Drop(at) if count > 1 => drop(lines.remove(at.index(count))),
            Damage::Number(at, which, value) => {
                let line = &mut lines[at.index(count)];
                *line = renumber(line, which, value);
            }
            later => bits.push(later),
        }
    }
    let mut bytes = lines.concat();
    for damage in bits {
        match damage {
            Damage::Flip(at, bit) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Damage::Cut(at) if !bytes.is_empty() => bytes.truncate(at.index(bytes.len())),
            _ => {}
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn damaged_recordings_are_shown_as_far_as_they_are_good(
        from: prop::sample::Index,
        damages in prop::collection::vec(damage(), 0..40),
    ) {
        let all = minute();
        let from = from.index(all.len());
        // The begin, and a part of the rest.
        let lines = all[..9].iter().chain(all[9..].iter().skip(from).take(250)).chain(all.last());
        show(&damaged(lines.cloned().collect(), damages));
    }
}

#[test]
fn a_recording_told_backwards_is_shown() {
    let mut lines = minute().to_vec();
    lines[1..].reverse();
    show(&lines.concat());
    lines.reverse();
    show(&lines.concat());
}
