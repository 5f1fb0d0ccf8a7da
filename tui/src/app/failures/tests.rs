//! The failures are what going through the history anew gives.

use super::*;
use crate::app::AppOptions;
use crate::event::{Event, Status};
use crate::fixture::*;
use crate::pivot::failed::Caller;
use crate::store::EntryId;
use proptest::prelude::*;
use std::collections::BTreeMap;

const NOW: u64 = START + 9 * S;

fn screen(history: usize, events: Vec<Event>) -> App {
    let mut app = App::new(model(history), AppOptions::default());
    app.act(Action::ViewFailures);
    app.apply(events);
    app.refresh_order(NOW);
    app
}

/// What is told of a group: lost time, rows newest first, callers.
type Told = (u64, Vec<EntryId>, BTreeMap<String, u32>);

fn named<'a>(callers: impl IntoIterator<Item = (&'a Caller, &'a u32)>) -> BTreeMap<String, u32> {
    let callers = callers.into_iter();
    callers
        .map(|(caller, count)| (format!("{caller:?}"), *count))
        .collect()
}

fn told(app: &App) -> BTreeMap<String, Told> {
    let pivot = &app.failures.by.as_ref().unwrap().pivot;
    let groups = pivot.iter().map(|(_, group)| {
        let s = &group.stats;
        let rows: Vec<_> = pivot.rows(group).collect();
        assert_eq!((s.count, s.failed), (rows.len() as u64, rows.len() as u64));
        let callers = named(&group.label.callers);
        (
            format!("{:?}", group.label.what),
            (s.cost_ns, rows, callers),
        )
    });
    groups.collect()
}

fn name(path: &Option<Box<[u8]>>) -> Option<Box<[u8]>> {
    let path = path.as_deref()?;
    let name = path.rsplit(|b| *b == b'/').next()?;
    (!name.is_empty()).then(|| name.into())
}

/// Looks at each failed exec and at all that came after it.
fn naive(app: &App) -> BTreeMap<String, Told> {
    let mut groups: BTreeMap<String, Told> = BTreeMap::new();
    let ids: Vec<_> = app.model.store.iter().map(|(id, _)| id).collect();
    for id in ids.iter().filter(|id| app.list.shows(**id)) {
        let Some(row) = app.model.store.row(*id).filter(|row| row.exec.failed()) else {
            continue;
        };
        let exec = &row.exec;
        let mut lost = None;
        let mut last = exec;
        let rows = ids.iter().filter(|other| *other > id);
        let rows = rows.filter_map(|id| app.model.store.row(*id));
        for next in rows.filter(|next| next.exec.key() == exec.key()) {
            let next = &next.exec;
            let soon = next.time_ns.saturating_sub(last.time_ns) < S;
            let same =
                name(&next.filename).is_some() && name(&next.filename) == name(&exec.filename);
            if !PASSED_OVER.contains(&last.errno()) || !soon || !same {
                break;
            }
            let took = next.time_ns.saturating_sub(last.time_ns);
            lost.get_or_insert(took);
            if !next.failed() {
                if next.filename != exec.filename {
                    last = next;
                }
                break;
            }
            last = next;
        }
        let found = !last.failed();
        let what = match found {
            true => What::Misses {
                name: name(&exec.filename).filter(|_| app.failures.by_name),
            },
            false => What::Failed {
                errno: exec.errno(),
                path: exec.filename.clone(),
            },
        };
        let group = groups.entry(format!("{what:?}")).or_default();
        group.0 += lost.filter(|_| found).unwrap_or(0);
        group.1.insert(0, *id);
        let caller = Caller {
            comm: exec.comm,
            uid: exec.uid,
        };
        *group.2.entry(format!("{caller:?}")).or_default() += 1;
    }
    groups
}

#[derive(Clone, Debug)]
enum Step {
    Events(Vec<Event>),
    Filter(&'static str),
    Split,
    Pause,
}

fn any_step() -> impl Strategy<Value = Step> {
    let event = (0u64..2_000, 1u32..4, 0usize..5, 0u8..10).prop_map(|(ms, pid, name, kind)| {
        let pid = 50_000 + pid;
        let paths = ["/usr/bin/ls", "/bin/ls", "/sbin/ls", "make", "/a/日本"];
        let path = [paths[name]];
        match kind {
            0 => lost(ms * MS, 3),
            1..5 => failed(ms * MS, pid, 4711, 2, &path),
            5 => failed(ms * MS, pid, 4711, [13, 8][name % 2], &path),
            6 => ended(ms * MS, pid, Status::Code(0)),
            _ => ran(ms * MS, pid, 4711, &path),
        }
    });
    let filters = vec![
        "",
        "ls",
        "res=ENOENT",
        "!failed",
        "failed pid=50001",
        "running|failed",
    ];
    prop_oneof![
        6 => proptest::collection::vec(event, 1..12).prop_map(|mut events| {
            events.sort_by_key(Event::time_ns);
            Step::Events(events)
        }),
        1 => proptest::sample::select(filters).prop_map(Step::Filter),
        1 => Just(Step::Split),
        1 => Just(Step::Pause),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_failures_are_what_looking_anew_gives(
        history in 1usize..40,
        steps in proptest::collection::vec(any_step(), 1..30),
    ) {
        let mut app = screen(history, Vec::new());
        for step in steps {
            match step {
                Step::Events(events) => app.apply(events),
                Step::Filter(text) => app.replace_filter(text),
                Step::Split => drop(app.act(Action::SplitMisses)),
                Step::Pause => drop(app.act(Action::Pause)),
            }
            if !app.is_paused() {
                prop_assert_eq!(told(&app), naive(&app));
                let all = app.model.store.iter().filter_map(|(id, _)| app.model.store.row(id));
                let failed = all.filter(|row| row.exec.failed()).count() as u64;
                let shown = app.failures.by.as_ref().unwrap().pivot.total();
                prop_assert_eq!(app.failures.hidden(), failed - shown);
            }
        }
    }
}

/// A walk of a process: misses, and what was found.
fn walk(at: u64, pid: u32) -> Vec<Event> {
    vec![
        failed(at, pid, 4711, 2, &["/usr/local/bin/cc", "-c"]),
        failed(at + MS, pid, 4711, 13, &["/root/bin/cc", "-c"]),
        failed(at + 3 * MS, pid, 4711, 2, &["/usr/games/cc", "-c"]),
        ran(at + 4 * MS, pid, 4711, &["/usr/bin/cc", "-c"]),
    ]
}

fn lines(app: &App) -> Vec<(What, u64, u64)> {
    let pivot = &app.failures.by.as_ref().unwrap().pivot;
    let groups = pivot.iter().map(|(_, group)| {
        let stats = &group.stats;
        (group.label.what.clone(), stats.count, stats.cost_ns)
    });
    groups.collect()
}

#[test]
fn a_walk_through_path_is_one_line_with_what_it_cost() {
    let mut app = screen(1_000, [walk(S, 50_001), walk(2 * S, 50_002)].concat());
    let all = What::Misses { name: None };
    assert_eq!(lines(&app), [(all.clone(), 6, 8 * MS)]);
    app.act(Action::SplitMisses);
    let name = Some(b"cc"[..].into());
    assert_eq!(lines(&app), [(What::Misses { name }, 6, 8 * MS)]);
    app.act(Action::SplitMisses);
    app.refresh_order(NOW);
    // Enter splits the line of all, and then lists what looked for one program.
    app.act(Action::Drill);
    app.refresh_order(NOW);
    app.act(Action::Drill);
    assert_eq!((app.view, app.rows_shown()), (View::Events, (6, 8)));
    app.act(Action::UndoFilter);
    assert!(app.list.filter().is_empty());
}

#[test]
fn what_is_no_walk_stays_a_failure() {
    let count = |events: Vec<Event>| {
        let app = screen(1_000, events);
        let lines = lines(&app).into_iter();
        lines
            .filter(|(what, ..)| matches!(what, What::Failed { .. }))
            .count()
    };
    let miss = |at, pid, path| failed(at, pid, 4711, 2, &[path]);
    let hit = |at, pid, path| ran(at, pid, 4711, &[path]);
    // Found nothing; too late; another process; another name; the same path, once it is there.
    assert_eq!(count(vec![miss(0, 1, "/a/x"), miss(MS, 1, "/b/x")]), 2);
    assert_eq!(count(vec![miss(0, 1, "/a/x"), hit(S, 1, "/b/x")]), 1);
    assert_eq!(count(vec![miss(0, 1, "/a/x"), hit(MS, 2, "/b/x")]), 1);
    assert_eq!(count(vec![miss(0, 1, "/a/x"), hit(MS, 1, "/b/y")]), 1);
    assert_eq!(count(vec![miss(0, 1, "/a/x"), hit(MS, 1, "/a/x")]), 1);
    // Not what execvp goes on after.
    let broken = failed(0, 1, 4711, 8, &["/a/x"]);
    assert_eq!(count(vec![broken, hit(MS, 1, "/b/x")]), 1);
    assert_eq!(count(vec![miss(0, 1, "/a/x"), hit(MS, 1, "/b/x")]), 0);
}

#[test]
fn going_into_a_failure_lists_its_rows_and_no_others() {
    let mut events = build();
    events.extend([
        failed(6 * S, 48_300, 4711, 2, &["/tmp/a \"b\"*\u{1b}\n"]),
        failed(6 * S, 48_300, 4711, 13, &["/tmp/日本"]),
        failed(6 * S, 48_301, 4711, 999, &["/tmp/x"]),
    ]);
    let mut app = screen(1_000, events);
    let lines = app.failures.order.list().len();
    assert!(lines >= 4);
    for index in 0..lines {
        app.select_group(index);
        let group = app.failures.selected().unwrap();
        let (count, what) = (group.stats.count, group.label.what.clone());
        if matches!(what, What::Misses { .. }) {
            continue;
        }
        app.act(Action::Drill);
        let text = app.list.filter().text().to_owned();
        assert_eq!(app.rows_shown().0 as u64, count, "{what:?} by {text}");
        app.act(Action::UndoFilter);
        app.act(Action::ViewFailures);
        app.refresh_order(NOW);
    }
}

#[test]
fn what_walked_and_went_is_forgotten() {
    let mut app = screen(3, Vec::new());
    for i in 0..100 {
        app.apply(vec![failed(i * MS, 50_000 + i as u32, 4711, 2, &["/a/x"])]);
    }
    let by = format!("{:?}", app.failures.by);
    assert!(by.len() < 6_000, "{} bytes: {by}", by.len());
}
