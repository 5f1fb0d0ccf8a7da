//! What is measured, the same by time and by instructions.

use crate::history;
use execsnoop_tui::app::{App, AppOptions};
use execsnoop_tui::event::Event;
use execsnoop_tui::export::Exporter;
use execsnoop_tui::export::ndjson::Ndjson;
use execsnoop_tui::field;
use execsnoop_tui::filter::Filter;
use execsnoop_tui::list::{List, Sort};
use execsnoop_tui::model::{Applied, Model};
use execsnoop_tui::source::probe;
use execsnoop_tui::source::replay::Parser;
use execsnoop_tui::store::EntryId;
use execsnoop_tui::view;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// A wide screen, and the classic one.
pub(crate) const WIDE: (u16, u16) = (200, 50);
pub(crate) const CLASSIC: (u16, u16) = (80, 24);

/// So many bytes of lines are written at once.
const WRITTEN: usize = 64 << 10;

/// Makes a sort by the field of this key.
pub(crate) fn by(key: &str, descending: bool) -> Sort {
    let field = field::by_key(key).unwrap();
    Sort { field, descending }
}

/// Decodes records as a capture does.
pub(crate) fn decode(records: &[Vec<u8>]) -> Vec<Event> {
    let mut decode = probe::decoder(history::cgroup_path);
    let mut events = Vec::with_capacity(records.len());
    for record in records {
        decode(record, &mut events).unwrap();
    }
    events
}

/// Takes events into a model.
pub(crate) fn ingest(model: &mut Model, events: Vec<Event>) {
    for event in events {
        model.apply(event);
    }
}

/// Asks every row of a model, in a list in order of arrival; returns how many pass.
pub(crate) fn filter(list: &mut List, model: &Model, filter: Filter) -> usize {
    list.set_filter(filter, model);
    list.len()
}

/// A full history with a sorted and filtered list of it, and what happens next.
pub(crate) struct Growing {
    events: Box<dyn Iterator<Item = Event>>,
    model: Model,
    list: List,
}

impl Growing {
    pub(crate) fn new(entries: usize, filter: &str, sort: Sort) -> Self {
        let mut events = history::events();
        let model = history::full_model(entries, &mut events);
        let mut list = List::new();
        list.set_filter(Filter::parse(filter).unwrap(), &model);
        list.set_sort(Some(sort), &model);
        Self {
            events: Box::new(events),
            model,
            list,
        }
    }

    /// Takes events into the model up to the next exec, the list being told of the others; returns its entry.
    pub(crate) fn next_entry(&mut self) -> EntryId {
        loop {
            match self.model.apply(self.events.next().unwrap()) {
                Applied::Exec { entry, .. } => return entry,
                Applied::Exit {
                    entry: Some(entry), ..
                } => self.list.update(entry, &self.model),
                _ => {}
            }
        }
    }

    /// Tells the list of a new entry, and of the oldest that went.
    pub(crate) fn insert(&mut self, entry: EntryId) {
        self.list.evict(self.model.store.first_id());
        self.list.insert(entry, &self.model);
    }
}

/// The screen of a full history, at its newest row.
pub(crate) struct Screen {
    events: Box<dyn Iterator<Item = Event>>,
    pub(crate) app: App,
    terminal: Terminal<TestBackend>,
}

impl Screen {
    pub(crate) fn new(entries: usize, (width, height): (u16, u16), sort: Option<Sort>) -> Self {
        let mut events = history::events();
        let model = history::full_model(entries, &mut events);
        let options = AppOptions {
            sort,
            ..AppOptions::default()
        };
        let mut screen = Self {
            events: Box::new(events),
            app: App::new(model, options),
            terminal: Terminal::new(TestBackend::new(width, height)).unwrap(),
        };
        screen.frame();
        screen
    }

    /// Takes the events of so many execs out of what happens next.
    pub(crate) fn batch(&mut self, execs: usize) -> Vec<Event> {
        history::take_execs(&mut self.events, execs)
    }

    pub(crate) fn apply(&mut self, batch: Vec<Event>) {
        self.app.apply(batch);
    }

    /// Draws, so that rows which arrived since the last frame push the others up.
    pub(crate) fn frame(&mut self) {
        let newest = self.app.model().store.iter().next_back();
        let now_ns = newest.and_then(|(id, _)| Some(self.app.model().store.row(id)?.exec.time_ns));
        let app = &mut self.app;
        self.terminal
            .draw(|frame| view::draw(frame, app, now_ns.unwrap_or(0)))
            .unwrap();
    }
}

/// Events that a model took in, to be told.
pub(crate) struct Told {
    model: Model,
    applied: Vec<Applied>,
}

impl Told {
    pub(crate) fn new(events: usize) -> Self {
        let mut model = history::model(events);
        let applied = history::events().take(events);
        let applied = applied.map(|event| model.apply(event)).collect();
        Self { model, applied }
    }

    /// Writes them as ndjson; returns how many bytes that makes.
    pub(crate) fn ndjson(&self) -> usize {
        let (mut ndjson, mut out, mut bytes) = (Ndjson::default(), Vec::new(), 0);
        for applied in &self.applied {
            ndjson.event(applied, &self.model, &mut out);
            if out.len() >= WRITTEN {
                bytes += out.len();
                out.clear();
            }
        }
        bytes + out.len()
    }

    /// Writes them as one recording.
    pub(crate) fn recording(&self) -> Vec<u8> {
        let (mut ndjson, mut out) = (Ndjson::default(), Vec::new());
        ndjson.start(&self.model.session, &mut out);
        for applied in &self.applied {
            ndjson.event(applied, &self.model, &mut out);
        }
        out
    }
}

/// Reads a recording back; returns how many lines of it were good.
pub(crate) fn read(recording: &[u8]) -> usize {
    let mut parser = Parser::default();
    let lines = recording.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| parser.parse(line).is_ok()).count()
}
