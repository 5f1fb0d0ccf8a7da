//! The groups are what counting the listed rows anew gives.

use super::*;
use crate::app::AppOptions;
use crate::event::{Event, Status};
use crate::fixture::*;
use crate::pivot::Stats;
use crate::store::EntryId;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn screen(history: usize) -> App {
    let mut app = App::new(model(history), AppOptions::default());
    app.act(Action::ViewGroup);
    app
}

/// What is told of a group: count, failed, cost, rows newest first, percentiles, rows by second.
type Told = (u64, u64, u64, Vec<EntryId>, [Option<u64>; 2], Vec<u64>);

fn seconds(stats: &Stats) -> Vec<u64> {
    let start = (START / S) as u32;
    (start..start + 10)
        .map(|s| stats.between(s, s + 1))
        .collect()
}

fn told(app: &App) -> BTreeMap<String, Told> {
    let pivot = &app.groups.by.as_ref().unwrap().pivot;
    let one = |group: &Group<Values>| {
        let s = &group.stats;
        let spread = [50, 95].map(|percent| s.durations.percentile(percent));
        let rows: Vec<_> = pivot.rows(group).collect();
        assert_eq!(rows.first(), Some(&group.newest()));
        (s.count, s.failed, s.cost_ns, rows, spread, seconds(s))
    };
    let groups = pivot.iter();
    groups
        .map(|(_, group)| (format!("{:?}", group.label), one(group)))
        .collect()
}

/// Counts all listed rows, one after the other.
fn naive(app: &App) -> BTreeMap<String, Told> {
    let mut groups: BTreeMap<String, Vec<EntryId>> = BTreeMap::new();
    for (id, _) in app.model.store.iter() {
        let Some(row) = app.model.store.row(id).filter(|_| app.list.shows(id)) else {
            continue;
        };
        let fields = app.groups.fields.iter();
        let values: Vec<Value<'_>> = fields.map(|field| (field.value)(row, &app.model)).collect();
        groups.entry(format!("{values:?}")).or_default().push(id);
    }
    let one = |ids: Vec<EntryId>| {
        let rows = || ids.iter().map(|id| app.model.store.row(*id).unwrap());
        let exits = rows().filter_map(|row| row.exit());
        let cost = exits.map(|exit| exit.user_ns.unwrap() + exit.system_ns.unwrap());
        let mut durations: Vec<u64> = rows().filter_map(|row| row.duration_ns()).collect();
        durations.sort();
        let percentile = |percent: usize| {
            let place = (durations.len() * percent).div_ceil(100).max(1) - 1;
            durations.get(place).map(|ns| near(*ns))
        };
        let mut by_second = vec![0; 10];
        for row in rows() {
            by_second[((row.exec.time_ns - START) / S) as usize] += 1;
        }
        let failed = rows().filter(|row| row.exec.failed()).count() as u64;
        let spread = [percentile(50), percentile(95)];
        let newest_first = ids.iter().rev().copied().collect();
        let count = ids.len() as u64;
        (count, failed, cost.sum(), newest_first, spread, by_second)
    };
    let groups = groups.into_iter();
    groups.map(|(key, ids)| (key, one(ids))).collect()
}

/// A duration as a spread gives it back.
fn near(ns: u64) -> u64 {
    let mut pivot = crate::pivot::Pivot::new(EntryId(0));
    let facts = crate::pivot::Facts {
        duration_ns: Some(ns),
        ..Default::default()
    };
    pivot.put(EntryId(0), b"", || (), facts);
    let (_, group) = pivot.iter().next().unwrap();
    group.stats.durations.percentile(50).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    Events(Vec<Event>),
    Filter(&'static str),
    Fields(Vec<&'static str>),
    Pause,
}

fn any_step() -> impl Strategy<Value = Step> {
    let event = (0u64..8_000, 1u32..12, 0usize..4, 0u8..8).prop_map(|(ms, pid, name, kind)| {
        let pid = 50_000 + pid;
        let all = [
            ["make", "-j"],
            ["/bin/gcc", "x"],
            ["日本", "ü"],
            ["sh", "-c"],
        ];
        match kind {
            0 => lost(ms * MS, 3),
            1 => failed(ms * MS, pid, 4711, 2, &all[name]),
            2..4 => ended(ms * MS, pid, Status::Code((name % 2) as u8)),
            _ => ran(ms * MS, pid, 4711, &all[name]),
        }
    });
    let filters = vec!["", "running", "gcc|make", "dur>1s", "failed", "exit!=0"];
    let fields = vec![
        vec!["comm"],
        vec!["exit"],
        vec!["pid", "res"],
        vec!["user", "comm", "flag"],
    ];
    prop_oneof![
        6 => proptest::collection::vec(event, 1..12).prop_map(Step::Events),
        1 => proptest::sample::select(filters).prop_map(Step::Filter),
        1 => proptest::sample::select(fields).prop_map(Step::Fields),
        1 => Just(Step::Pause),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_groups_are_what_counting_anew_gives(
        history in 1usize..40,
        steps in proptest::collection::vec(any_step(), 1..30),
    ) {
        let mut app = screen(history);
        for step in steps {
            match step {
                Step::Events(events) => app.apply(events),
                Step::Filter(text) => app.replace_filter(text),
                Step::Fields(keys) => {
                    app.groups.fields = keys.into_iter().filter_map(by_key).collect();
                    app.regroup();
                }
                Step::Pause => drop(app.act(Action::Pause)),
            }
            if !app.is_paused() {
                prop_assert_eq!(told(&app), naive(&app));
                let total = app.groups.by.as_ref().unwrap().pivot.total();
                prop_assert_eq!(total, app.rows_shown().0 as u64);
            }
        }
    }
}

#[test]
fn going_into_a_group_lists_its_rows_and_no_others() {
    for field in crate::field::FIELDS.iter().filter(|field| by::suits(field)) {
        let mut app = screen(1_000);
        app.apply(build());
        app.list.set_folding(false, &app.model);
        app.groups.fields = vec![field];
        app.regroup();
        app.refresh_order(START + 9 * S);
        for index in 0..app.groups.order.list().len() {
            app.select_group(index);
            let group = app.groups.selected().unwrap();
            let (count, label) = (group.stats.count, format!("{:?}", group.label));
            app.act(Action::Drill);
            let text = app.list.filter().text().to_owned();
            let shown = app.rows_shown().0 as u64;
            assert_eq!(shown, count, "{field:?} {label} by {text}");
            assert_eq!(app.view, View::Events);
            app.act(Action::UndoFilter);
            assert!(app.list.filter().is_empty());
            app.act(Action::ViewGroup);
            app.refresh_order(START + 9 * S);
        }
    }
}

#[test]
fn order_is_calm_and_goes_both_ways() {
    let mut app = screen(1_000);
    app.apply(build());
    let now = START + 9 * S;
    let names = |app: &App| -> Vec<String> {
        let name = |id: &GroupId| format!("{:?}", app.groups.get(*id).map(|g| g.label.clone()));
        app.groups.order.list().iter().map(name).collect()
    };
    app.refresh_order(now);
    let before = names(&app);
    let many = (0..5).map(|i| ran(8_000 * MS, 60_000 + i, 4711, &["late"]));
    app.apply(many.collect());
    app.refresh_order(now + S / 10);
    assert_eq!(names(&app), before, "too soon to be ordered anew");
    app.refresh_order(now + S);
    assert_ne!(names(&app), before);
    app.sort_groups(By::Label(0));
    app.refresh_order(now + S);
    let up = names(&app);
    app.act(Action::InvertSort);
    app.refresh_order(now + S);
    let mut down = names(&app);
    down.reverse();
    assert_eq!(up, down);
}
