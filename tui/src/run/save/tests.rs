//! Files that are saved: private, whole, to be read again, and never in the place of another unasked.

use super::*;
use crate::app::{AppOptions, Tone};
use crate::event::Event;
use crate::fixture;
use crate::model::Model;
use crate::resolve::Users;
use crate::source::replay::{Recording, read_all};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

fn app(events: Vec<Event>) -> App {
    let mut app = App::new(fixture::model(100_000), AppOptions::default());
    app.apply(events);
    app
}

/// Saves as the screen's loop does; returns the last thing that is said.
fn save(app: &mut App, path: &Path, over: bool) -> (String, Tone) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let form = Form::of(path).unwrap();
    let mut saving = Some(Saving::begin(app, path, form, over));
    runtime.block_on(async {
        loop {
            let step = Saving::step(&mut saving).await;
            if saving.as_mut().unwrap().go_on(step, app) {
                break;
            }
        }
    });
    let notice = app.notice.take();
    notice.map_or((String::new(), Tone::Info), |notice| {
        (notice.text, notice.tone)
    })
}

fn many() -> Vec<Event> {
    let job = |n: u64| fixture::ran(n * fixture::MS, 50_000 + n as u32, 4711, &["job", "日本"]);
    (0..5_000).map(job).collect()
}

#[test]
fn what_is_saved_can_be_read_again() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.ndjson", "a.ndjson.gz", "a.jsonl.zst"] {
        let path = dir.path().join(name);
        let mut from = app(fixture::build());
        let (said, tone) = save(&mut from, &path, false);
        assert_eq!(tone, Tone::Info, "{said}");
        assert!(
            said.starts_with("saved 13 rows (") && said.ends_with(name),
            "{said}"
        );
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );

        let mut recording = Recording::open(&path).unwrap();
        let session = recording.session().clone();
        let users = Users::new([(0, "root"), (1000, "alice"), (999, "build")]);
        let mut model = Model::new(session, users, 1_000, usize::MAX);
        let mut problems = Vec::new();
        while let Some(batch) = recording.batch() {
            model.seed(batch.running);
            problems.extend(batch.problems);
            for event in batch.events {
                model.apply(event);
            }
        }
        assert!(problems.is_empty(), "{problems:?}");
        let rows = |model: &Model| -> Vec<String> {
            let rows = model.store.iter().filter_map(|(id, _)| model.store.row(id));
            let all = |row| {
                crate::field::FIELDS
                    .iter()
                    .map(move |field| (field.value)(row, model))
            };
            let mut rows: Vec<_> = rows
                .map(|row| format!("{:?}", all(row).collect::<Vec<_>>()))
                .collect();
            rows.sort();
            rows
        };
        assert_eq!(rows(&model), rows(from.model()));
        assert_eq!(model.totals.lost, 214);
    }
}

#[test]
fn many_rows_go_slice_by_slice() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    let (said, _) = save(&mut app(many()), &path, false);
    assert!(said.starts_with("saved 5,000 rows ("), "{said}");
    let text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
    assert_eq!(text.lines().count(), 5_001);
    let packed = dir.path().join("a.csv.gz");
    save(&mut app(many()), &packed, false);
    assert_eq!(read_all(&packed).unwrap(), text.as_bytes());
}

#[test]
fn a_file_that_is_there_is_replaced_only_if_asked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.ndjson");
    fs::write(&path, "precious").unwrap();
    let mut app = app(fixture::build());
    save(&mut app, &path, false);
    assert_eq!(app.mode(), crate::keymap::Mode::Replace, "it is asked");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    save(&mut app, &path, true);
    assert!(
        fs::read(&path)
            .unwrap()
            .starts_with(b"{\"event\":\"start\"")
    );
}

#[test]
fn what_cannot_be_saved_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let mut app = app(many());
    let target = dir.path().join("target");
    let link = dir.path().join("link.csv");
    fs::write(&target, "precious").unwrap();
    symlink(&target, &link).unwrap();
    let (said, tone) = save(&mut app, &link, true);
    assert!(
        tone == Tone::Warning && said.contains("symbolic link"),
        "{said}"
    );
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    let (said, _) = save(&mut app, &dir.path().join("no/such.csv"), false);
    assert!(said.contains("create it"), "{said}");
}

#[test]
fn what_is_being_saved_is_finished_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let app = app(many());
    let saving = Saving::begin(&app, &path, Form::Csv, false);
    let told = runtime.block_on(saving.finish(&app)).unwrap();
    assert!(told.starts_with("saved 5,000 rows"), "{told}");
}

#[test]
fn a_tilde_is_the_home_of_the_user() {
    assert_eq!(at_home(Path::new("a/~/b")), Path::new("a/~/b"));
    assert!(at_home(Path::new("~/b.csv")).is_absolute());
}
