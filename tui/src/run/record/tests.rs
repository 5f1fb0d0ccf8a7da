//! What becomes of a recording, whatever becomes of its file.

use super::*;
use crate::cli::RecordConfig;
use crate::fixture;
use crate::source::replay::{Recording, read_all};
use std::fs::File;
use std::path::Path;

fn place(path: &Path, max: Option<u64>) -> Place {
    let config = RecordConfig {
        path: path.to_owned(),
        force: false,
        max,
        keep: 3,
    };
    Place::new(&config, None).unwrap()
}

fn recorder(path: &Path, max: Option<u64>, model: &Model) -> Recorder {
    let place = place(path, max);
    let file = place.create(false).unwrap();
    let reserved = Reserved {
        name: path.display().to_string(),
        private: false,
        file: Some((place, file)),
    };
    reserved.begin(model).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().build().unwrap()
}

/// Records what a build does, so often.
fn record(recorder: &mut Recorder, model: &mut Model, times: u64) -> Option<String> {
    let mut told = None;
    for n in 0..times {
        for event in fixture::build() {
            let applied = model.apply(event);
            recorder.event(&applied, model);
        }
        let now_ns = fixture::START + n;
        told = told.or(recorder.flush(model, now_ns));
    }
    told
}

fn events_of(path: &Path) -> usize {
    let mut recording = Recording::open(path).unwrap();
    let mut events = 0;
    while let Some(batch) = recording.batch() {
        assert_eq!(batch.problems, Vec::<String>::new(), "{}", path.display());
        events += batch.events.len();
    }
    events
}

#[test]
fn all_events_are_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["plain", "x.gz", "x.zst"] {
        let path = dir.path().join(name);
        let mut model = fixture::model(1000);
        let mut recorder = recorder(&path, None, &model);
        assert_eq!(record(&mut recorder, &mut model, 3), None);
        let seen = recorder.seen;
        let (sentence, all) = runtime().block_on(recorder.finish(&model, fixture::START + 9));
        assert!(
            all && sentence.starts_with(&format!("{seen} events are recorded")),
            "{sentence}"
        );
        assert_eq!(events_of(&path) as u64, seen);
        let text = String::from_utf8(read_all(&path).unwrap()).unwrap();
        assert!(text.ends_with("\"duration_ns\":9}\n"), "{text}");
        assert!(text.contains("\"event\":\"process\""));
    }
}

#[test]
fn each_of_several_files_is_a_recording() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("day");
    let mut model = fixture::model(1000);
    let mut recorder = recorder(&path, Some(64 << 10), &model);
    for _ in 0..20 {
        assert_eq!(record(&mut recorder, &mut model, 4), None);
        // So that a full file is noticed before all is handed over.
        while recorder.shared.waiting.load(Relaxed) > 0 {
            std::thread::yield_now();
        }
    }
    runtime().block_on(recorder.finish(&model, fixture::START));
    for name in ["day", "day.1", "day.2"] {
        events_of(&dir.path().join(name));
    }
    assert!(!dir.path().join("day.3").exists());
}

#[test]
fn a_disk_that_is_full_stops_the_recording_and_is_told_once() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return;
    };
    let mut model = fixture::model(1000);
    let place = place(Path::new("day"), None);
    let mut recorder = Recorder::new("day".into(), Sink::new(Some(place), full), &model).unwrap();
    let mut told = None;
    while told.is_none() {
        told = record(&mut recorder, &mut model, 1);
    }
    let told = told.unwrap();
    assert!(
        told.starts_with("the recording to day has stopped after 0 events: No space left"),
        "{told}"
    );
    assert!(
        told.contains("after 0 B were written; make room, or let old files go with --write-max"),
        "{told}"
    );
    assert_eq!(record(&mut recorder, &mut model, 2), None, "told once");
    let seen = recorder.seen;
    let (sentence, all) = runtime().block_on(recorder.finish(&model, 0));
    assert!(
        !all && sentence.contains(&format!("and {seen} are not in it")),
        "{sentence}"
    );
}

#[test]
fn a_disk_that_does_not_keep_up_stops_the_recording() {
    let mut model = fixture::model(1000);
    let dir = tempfile::tempdir().unwrap();
    let mut recorder = recorder(&dir.path().join("day"), None, &model);
    recorder.shared.waiting.store(MOST_WAITING + 1, Relaxed);
    let told = record(&mut recorder, &mut model, 1).unwrap();
    assert!(told.contains("the disk is too slow"), "{told}");
}

#[test]
fn a_reader_that_goes_away_ends_the_recording() {
    let mut model = fixture::model(1000);
    let (reader, writer) = nix::unistd::pipe().unwrap();
    let mut recorder =
        Recorder::new(STDOUT.into(), Sink::new(None, writer.into()), &model).unwrap();
    assert_eq!(record(&mut recorder, &mut model, 1), None);
    assert!(!recorder.is_unread());
    drop(reader);
    let mut told = None;
    while told.is_none() {
        told = record(&mut recorder, &mut model, 1);
    }
    assert!(recorder.is_unread(), "{told:?}");
}
