//! Slices that a viewer can nest.

use crate::event::{Event, Status};
use crate::export::tests::told_in_full;
use crate::export::{Format, Options};
use crate::fixture::{self, ended, failed, ran};
use proptest::prelude::*;
use serde_json::Value;

fn trace(events: Vec<Event>) -> Vec<Value> {
    let options = Options {
        format: Format::Trace,
        ..Options::default()
    };
    let text = told_in_full(options, &mut fixture::model(100), events);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Name, lane, begin and end of each slice.
fn slices(events: &[Value]) -> Vec<(String, u64, f64, f64)> {
    let slices = events.iter().filter(|event| event["ph"] == "X");
    let slice = |event: &Value| {
        let (ts, dur) = (
            event["ts"].as_f64().unwrap(),
            event["dur"].as_f64().unwrap(),
        );
        let name = event["name"].as_str().unwrap().to_owned();
        (name, event["tid"].as_u64().unwrap(), ts, ts + dur)
    };
    slices.map(slice).collect()
}

#[test]
fn what_never_ends_is_not_kept_for_ever() {
    let many = 100;
    let one = |n: u32| ran(u64::from(n) * 1_000, 1_000 + n, 4711, &["/usr/bin/lost"]);
    let mut trace = super::Trace::default();
    let mut model = fixture::model(1_000);
    let mut out = Vec::new();
    for n in 0..many {
        let applied = model.apply(one(n));
        crate::export::Exporter::event(&mut trace, &applied, &model, &mut out);
        assert!(trace.running.len() <= super::MOST_RUNNING);
    }
    crate::export::Exporter::end(&mut trace, &model.totals, 1_000_000, &mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("its end was not seen so far"), "{text}");
    let told = text.matches("\"ph\":\"X\"").count();
    assert_eq!(told, many as usize, "each is told");
}

#[test]
fn a_build_is_a_timeline() {
    let events = trace(vec![
        ran(1_000, 100, 4711, &["/usr/bin/make"]),
        ran(2_000, 101, 100, &["/usr/bin/cc", "a.c"]),
        ran(3_000, 102, 100, &["/usr/bin/cc", "b.c"]),
        failed(3_500, 102, 100, 2, &["/no/as"]),
        ran(4_000, 103, 101, &["/usr/bin/as"]),
        ended(5_000, 103, Status::Code(0)),
        fixture::lost(5_500, 7),
        ended(6_000, 101, Status::Code(0)),
        ended(7_000, 102, Status::Code(1)),
    ]);
    let told: Vec<_> = slices(&events);
    let slice = |name: &str, lane, from, to| (name.to_owned(), lane, from, to);
    assert_eq!(
        told,
        [
            slice("as", 1, 4.0, 5.0),
            slice("cc", 1, 2.0, 6.0),
            slice("cc", 2, 3.0, 7.0),
            slice("make", 1, 1.0, 60_000_000.0),
        ]
    );
    let instants: Vec<_> = events.iter().filter(|event| event["ph"] == "i").collect();
    assert_eq!(instants[0]["name"], "ENOENT as");
    assert_eq!(instants[0]["tid"], 2);
    assert_eq!(instants[1]["name"], "7 events lost");
    assert_eq!(events.last().unwrap()["ph"], "M");
    let cc = events
        .iter()
        .find(|event| event["cat"] == "nonzero")
        .unwrap();
    assert_eq!(cc["args"]["command"], "/usr/bin/cc b.c");
    assert_eq!(cc["args"]["end"], 1);
}

proptest! {
    /// A viewer nests slices of a lane by their times: they must lie within each other, or apart.
    #[test]
    fn slices_of_a_lane_never_overlap_in_part(steps in proptest::collection::vec((0..8_u32, 0..8_u32, 0..3_u8), 0..60)) {
        let mut at = 0;
        let events = steps.into_iter().map(|(pid, parent, kind)| {
            at += 1_000;
            match kind {
                0 => ended(at, 100 + pid, Status::Code(0)),
                _ => ran(at, 100 + pid, 100 + parent, &["x"]),
            }
        });
        let told = slices(&trace(events.collect()));
        for (i, one) in told.iter().enumerate() {
            for other in told.iter().skip(i + 1).filter(|other| other.1 == one.1) {
                let apart = one.3 <= other.2 || other.3 <= one.2;
                let within = |a: &(_, _, f64, f64), b: &(_, _, f64, f64)| a.2 <= b.2 && b.3 <= a.3;
                prop_assert!(apart || within(one, other) || within(other, one), "{one:?} {other:?}");
            }
        }
    }
}
