//! Whatever happens, the list is what one would get by filtering and sorting everything anew.

use super::*;
use crate::event::*;
use crate::field::{FIELDS, Value};
use crate::resolve::Users;
use crate::store::{Entry, Row};
use proptest::prelude::*;

const FILTERS: [&str; 10] = [
    "",
    "make",
    "running",
    "failed",
    "!running",
    "dur>3s",
    "user!=root",
    "comm=cc*",
    "pid=2..4",
    "nothing has this",
];

/// What can be done to a list.
#[derive(Clone, Debug)]
enum Step {
    /// Events arrive; the list is told of each, or, when `late`, of all at the end.
    Events {
        events: Vec<Event>,
        late: bool,
    },
    Filter(&'static str),
    Sort(Option<Sort>),
    Fold(bool),
    Refresh,
}

fn event() -> impl Strategy<Value = Event> {
    let name = prop::sample::select(vec![
        "make",
        "cc1",
        "cc1plus",
        "/usr/bin/cc1",
        "a b",
        "",
        "it's",
    ]);
    let args = proptest::collection::vec(name, 0..3);
    let path = prop::sample::select(vec!["/a/cc", "/b/cc", "/c/cc", "/a/ld"]);
    let exec = (
        1..4_u32,
        args,
        0..3_u32,
        prop::bool::ANY,
        (prop::bool::ANY, path),
    );
    prop_oneof![
        4 => exec.prop_map(|(pid, args, uid, failed, (parent, path))| Event::Exec(Box::new(Exec {
            pid,
            filename: Some(path.as_bytes().into()),
            uid,
            ret: if failed { -2 } else { 0 },
            start_ns: u64::from(pid),
            comm: args.first().map_or(Comm::default(), |name| Comm::from(*name)),
            args: Args::from_list(&args),
            ancestors: if parent {
                [Ancestor { key: ProcessKey { pid: 9, start_ns: 9, ..ProcessKey::default() }, comm: "sh".into() }].into()
            } else {
                Box::default()
            },
            ..Exec::default()
        }))),
        2 => (1..6_u32, 0..4_u32).prop_map(|(pid, status)| Event::Exit(Exit {
            pid,
            start_ns: u64::from(pid),
            status: Status::from_wait(if status == 3 { 9 } else { status << 8 }),
            max_rss_bytes: (status > 1).then_some(u64::from(status)),
            ..Exit::default()
        })),
        1 => Just(Event::Lost(Lost { count: 1, ..Lost::default() })),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let sort = (0..FIELDS.len(), prop::bool::ANY).prop_map(|(field, descending)| Sort {
        field: &FIELDS[field],
        descending,
    });
    prop_oneof![
        6 => (proptest::collection::vec(event(), 1..12), prop::bool::ANY)
            .prop_map(|(events, late)| Step::Events { events, late }),
        2 => prop::sample::select(FILTERS.to_vec()).prop_map(Step::Filter),
        3 => proptest::option::of(sort).prop_map(Step::Sort),
        2 => prop::bool::ANY.prop_map(Step::Fold),
        1 => Just(Step::Refresh),
    ]
}

/// Does what it says, at the clock's next seconds.
fn run(step: Step, list: &mut List, model: &mut Model, clock: &mut u64) {
    match step {
        Step::Events { events, late } => {
            let (mut changed, mut new) = (Vec::new(), Vec::new());
            for event in events {
                *clock += 400_000_000;
                let applied = model.apply(at(event, *clock));
                let (ended, entry) = match applied {
                    crate::model::Applied::Exec {
                        entry, replaced, ..
                    } => (replaced, Some(entry)),
                    crate::model::Applied::Gap { entry, .. } => (None, Some(entry)),
                    crate::model::Applied::Exit { entry, .. } => (entry, None),
                    _ => (None, None),
                };
                changed.extend(ended);
                new.extend(entry);
                if !late {
                    list.evict(model.store.first_id());
                    changed.drain(..).for_each(|id| list.update(id, model));
                    new.drain(..).for_each(|id| list.insert(id, model));
                }
            }
            list.evict(model.store.first_id());
            changed.drain(..).for_each(|id| list.update(id, model));
            new.drain(..).for_each(|id| list.insert(id, model));
        }
        Step::Filter(text) => list.set_filter(Filter::parse(text).unwrap(), model),
        Step::Sort(sort) => list.set_sort(sort, model),
        Step::Fold(on) => list.set_folding(on, model),
        Step::Refresh => list.refresh(model),
    }
}

fn at(event: Event, time_ns: u64) -> Event {
    match event {
        Event::Exec(exec) => Event::Exec(Box::new(Exec {
            time_ns,
            seq: time_ns,
            ..*exec
        })),
        Event::Exit(exit) => Event::Exit(Exit { time_ns, ..exit }),
        Event::Lost(lost) => Event::Lost(Lost { time_ns, ..lost }),
        Event::Fork(fork) => Event::Fork(fork),
    }
}

/// Filters and sorts everything; also returns how many rows are hidden.
fn anew(list: &List, model: &Model) -> (Vec<EntryId>, usize) {
    let mut hidden = 0;
    let mut ids: Vec<EntryId> = Vec::new();
    for (id, entry) in model.store.iter() {
        match entry {
            Entry::Row(row) if !list.filter().matches(row, model) => hidden += 1,
            Entry::Row(row) => {
                let found = row.missed().and_then(|found| model.store.row(found));
                let listed = found.is_some_and(|found| list.filter().matches(found, model));
                if !(list.folding() && listed) {
                    ids.push(id);
                }
            }
            Entry::Gap(_) if list.sort().is_none() => ids.push(id),
            Entry::Gap(_) => {}
        }
    }
    if let Some(sort) = list.sort() {
        let value = |id: &EntryId| -> Value<'_> {
            let row: &Row = model.store.row(*id).unwrap();
            if sort.field.key == "command" {
                let space = |byte: &u8| if *byte == 0 { b' ' } else { *byte };
                return Value::Text(row.raw_line().iter().map(space).collect());
            }
            (sort.field.value)(row, model)
        };
        let (mut known, mut unknown): (Vec<_>, Vec<_>) =
            ids.into_iter().partition(|id| !value(id).is_none());
        known.sort_by(|a, b| value(a).order(&value(b)));
        if sort.descending {
            known.reverse();
            unknown.reverse();
        }
        known.extend(unknown);
        ids = known;
    }
    (ids, hidden)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn the_list_is_what_one_would_get_anew(
        limit in prop::sample::select(vec![3_usize, 20, 60]),
        before in proptest::collection::vec(event(), 0..8),
        steps in proptest::collection::vec(step(), 1..14),
    ) {
        let users = Users::new([(0, "root"), (1, "alice")]);
        let mut model = Model::new(Session::default(), users, limit, usize::MAX);
        let mut clock = 0;
        for event in before {
            clock += 400_000_000;
            model.apply(at(event, clock));
        }
        let mut list = List::new();
        list.set_filter(Filter::default(), &model);
        for step in steps {
            run(step, &mut list, &mut model, &mut clock);
            let (ids, hidden) = anew(&list, &model);
            prop_assert_eq!(list.iter_from(0).collect::<Vec<_>>(), ids.clone());
            prop_assert_eq!((list.len(), list.hidden()), (ids.len(), hidden));
            prop_assert_eq!(list.is_empty(), ids.is_empty());
            for (index, id) in ids.iter().enumerate() {
                prop_assert_eq!(list.get(index), Some(*id));
                prop_assert_eq!(list.position(*id, &model), Ok(index));
                prop_assert_eq!(list.iter_from(index).next(), Some(*id));
            }
            prop_assert_eq!(list.get(ids.len()), None);
            prop_assert_eq!(list.iter_from(ids.len() + 1).next(), None);
            for id in (0..=model.store.next_id().0 + 1).map(EntryId) {
                if !ids.contains(&id) {
                    let near = list.position(id, &model);
                    prop_assert!(near.is_err_and(|near| near <= ids.len()), "{:?} is {:?}", id, near);
                }
            }
        }
    }
}

#[test]
fn of_equal_values_the_older_comes_first_and_last_the_other_way() {
    let mut model = Model::new(Session::default(), Users::default(), 10, usize::MAX);
    for (pid, uid) in [(1, 5), (2, 4), (3, 5), (4, 4)] {
        model.apply(Event::Exec(Box::new(Exec {
            pid,
            uid,
            ..Exec::default()
        })));
    }
    let mut list = List::new();
    let field = crate::field::by_key("uid").unwrap();
    let mut order = |descending| {
        list.set_sort(Some(Sort { field, descending }), &model);
        list.iter_from(0).map(|id| id.0).collect::<Vec<_>>()
    };
    assert_eq!(order(false), [1, 3, 0, 2]);
    assert_eq!(order(true), [2, 0, 3, 1]);
}

#[test]
fn misses_are_folded_into_what_was_found_while_that_is_listed() {
    let mut model = Model::new(Session::default(), Users::default(), 10, usize::MAX);
    let mut list = List::new();
    list.set_folding(true, &model);
    let tries = [
        ("/a/cc", -2, 1, 0),
        ("/a/cc", -2, 2, 1),
        ("/b/cc", -13, 1, 2),
        ("/c/cc", 0, 1, 5),
        // Another name, the same path, too late, found nowhere.
        ("/a/ld", -2, 3, 6),
        ("/b/cc", 0, 3, 7),
        ("/b/cc", -2, 4, 8),
        ("/b/cc", 0, 4, 9),
        ("/a/cc", -2, 5, 10),
        ("/b/cc", 0, 5, 1_010),
    ];
    for (path, ret, pid, ms) in tries {
        let applied = model.apply(Event::Exec(Box::new(Exec {
            filename: Some(path.as_bytes().into()),
            pid,
            ret,
            time_ns: ms * 1_000_000,
            ..Exec::default()
        })));
        if let crate::model::Applied::Exec { entry, .. } = applied {
            list.insert(entry, &model);
        }
    }
    let listed = |list: &List| list.iter_from(0).map(|id| id.0).collect::<Vec<_>>();
    assert_eq!(listed(&list), [1, 3, 4, 5, 6, 7, 8, 9]);
    let found =
        |list: &List, id| list.folded_into(EntryId(id), model.store.row(EntryId(id)).unwrap());
    assert_eq!((found(&list, 3), found(&list, 5)), (2, 0));
    let walk = model.store.row(EntryId(3)).unwrap().walk.clone();
    let misses = [EntryId(0), EntryId(2)].into();
    let ns = 5_000_000;
    assert_eq!(
        walk,
        Some(Box::new(crate::store::Walk::Found { misses, ns }))
    );
    assert_eq!(
        (list.len(), list.hidden()),
        (8, 0),
        "what is folded is not hidden"
    );
    list.set_filter(Filter::parse("failed").unwrap(), &model);
    assert_eq!(
        listed(&list),
        [0, 1, 2, 4, 6, 8],
        "there is nothing to fold them into"
    );
    assert_eq!(list.hidden(), 4);
    list.set_filter(Filter::default(), &model);
    list.set_folding(false, &model);
    assert_eq!(list.len(), 10);
}
