//! The state of the screen: what is shown, selected, filtered and open. Draws nothing, reads no
//! clock and does no I/O: events, keys and the time come in, the view reads what is to be drawn.

mod act;
mod arguments;
mod cell;
mod choosing;
pub mod column_menu;
pub mod columns;
pub mod commands;
mod completing;
pub mod copy;
pub mod cursor;
pub mod details;
pub mod failures;
mod filtering;
mod find;
pub mod group;
mod handle;
pub mod help;
pub mod history;
pub mod hits;
pub mod line;
pub mod moment;
mod mouse;
pub mod offers;
pub mod options;
mod originals;
pub mod palette;
mod passing;
mod pause;
pub mod pivots;
pub mod popup;
pub mod pressed;
pub mod prompt;
mod prompting;
pub mod rates;
pub mod save;
mod search;
mod selection;
pub mod table;
pub mod terms;
pub mod tree;
mod views;
pub mod words;

pub use crate::appearance::ColorMode;
pub use options::{AppOptions, ProbeStatus, SelfUsage};
pub use search::Search;
pub use views::View;

use crate::event::Event;
use crate::keymap::Mode;
use crate::list::{List, Sort};
use crate::model::{Applied, Model};
use crate::store::EntryId;
use history::Histories;
use hits::Hits;
use pause::Paused;
use popup::Popup;
use prompt::Prompt;
use std::collections::{BTreeSet, VecDeque};
use table::Table;
use terms::{Kept, Off};
use tree::Tree;

#[cfg(test)]
mod tests;

/// What the program has to do after an event of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing but to draw, if [`App::dirty`].
    Continue,
    /// End.
    Quit,
    /// Stop until the shell's `fg`.
    Suspend,
    /// Paint every cell anew.
    Redraw,
}

/// What the program has to do that the screen cannot: it does no input or output.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Give a text to the terminal's clipboard.
    Copy(String),
    /// Save what the filter shows.
    Save {
        /// The file.
        path: std::path::PathBuf,
        /// What is to be in it.
        form: crate::export::saved::Form,
        /// Whether to replace one that is there.
        over: bool,
    },
    /// Replay so many times as fast as it happened.
    Speed(f64),
    /// Let the next event of a replay that stands still happen.
    Step,
}

/// How a notice is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It worked.
    Info,
    /// It did not.
    Warning,
}

/// One sentence in answer to the last key.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The sentence.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

/// The whole state of the screen.
#[derive(Debug)]
pub struct App {
    pub(crate) model: Model,
    pub(crate) options: AppOptions,
    pub(crate) list: List,
    pub(crate) view: View,
    pub(crate) table: Table,
    pub(crate) tree: Tree,
    pub(crate) groups: group::Groups,
    pub(crate) rates: rates::Rates,
    pub(crate) failures: failures::Failures,
    /// What is open on top of the view, the topmost last.
    pub(crate) popups: Vec<Popup>,
    pub(crate) search: Search,
    pub(crate) notice: Option<Notice>,
    pub(crate) status: ProbeStatus,
    pub(crate) usage: Option<SelfUsage>,
    pub(crate) hits: Hits,
    pressed: Option<pressed::Pressed>,
    /// What the marked cell tells.
    cell: Option<&'static crate::field::Field>,
    requests: Vec<Request>,
    histories: Histories,
    undo: VecDeque<Kept>,
    off: Off,
    originals: originals::Originals,
    /// Whether the selected line's whole command is shown.
    pub(crate) wrap: bool,
    /// The rows that a person has marked.
    pub(crate) marks: BTreeSet<EntryId>,
    gaps: VecDeque<EntryId>,
    paused: Option<Paused>,
    moment: Option<moment::Moment>,
    /// Whether the next event of a replay was asked for.
    stepping: bool,
    dirty: bool,
    second: u64,
    /// The time of the last event of the terminal.
    now_ns: u64,
}

impl App {
    /// Makes a screen for a model, which may hold history already.
    pub fn new(model: Model, options: AppOptions) -> Self {
        let mut list = List::new();
        list.set_folding(true, &model);
        list.set_filter(options.filter.clone(), &model);
        let sort = options.sort.filter(|sort| !sort.is_arrival());
        if sort.is_some() {
            list.set_sort(sort, &model);
        }
        let gaps = model.store.iter();
        let gaps = gaps.filter(|(_, entry)| matches!(entry, crate::store::Entry::Gap(_)));
        let mut tree = Tree::default();
        tree.touch();
        let view = options.view;
        let mut app = Self {
            gaps: gaps.map(|(id, _)| id).collect(),
            model,
            options,
            list,
            view: View::Events,
            table: Table::default(),
            tree,
            groups: group::Groups::default(),
            rates: rates::Rates::default(),
            failures: failures::Failures::default(),
            popups: Vec::new(),
            search: Search::default(),
            notice: None,
            status: ProbeStatus::default(),
            usage: None,
            hits: Hits::default(),
            pressed: None,
            cell: None,
            requests: Vec::new(),
            histories: Histories::default(),
            undo: VecDeque::new(),
            off: Off::default(),
            wrap: false,
            marks: BTreeSet::new(),
            originals: originals::Originals::default(),
            paused: None,
            moment: None,
            stepping: false,
            now_ns: 0,
            dirty: true,
            second: 0,
        };
        if view != app.view {
            app.set_view(view);
        }
        app
    }

    /// Returns the model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Returns the model, for what is no event: names of users.
    pub fn model_mut(&mut self) -> &mut Model {
        &mut self.model
    }

    /// Takes in a batch of events.
    pub fn apply(&mut self, batch: Vec<Event>) {
        self.apply_and_tell(batch, |_, _| {});
    }

    /// Takes in a batch of events; `tell` hears what each meant, right after the model took it in.
    pub fn apply_and_tell(&mut self, batch: Vec<Event>, mut tell: impl FnMut(&Applied, &Model)) {
        self.dirty |= !batch.is_empty();
        self.take_step(batch.len(), |app| {
            for event in batch {
                let applied = app.apply_one(event);
                tell(&applied, &app.model);
            }
        });
        if !self.is_paused() {
            self.tree.touch();
        }
    }

    /// Takes note of an event that a capture filter skipped.
    pub fn skip(&mut self, event: &Event) {
        if let Some(replaced) = self.model.skip(event) {
            self.changed(replaced);
            self.dirty = true;
        }
    }

    fn apply_one(&mut self, event: Event) -> Applied {
        let first = self.model.store.first_id();
        let applied = self.model.apply(event);
        if self.model.store.first_id() > first {
            self.evict();
        }
        match &applied {
            &Applied::Exec {
                entry, replaced, ..
            } => {
                if let Some(old) = replaced {
                    self.changed(old);
                }
                self.arrived(entry);
            }
            &Applied::Gap { entry, .. } => {
                self.gaps.push_back(entry);
                self.arrived(entry);
            }
            Applied::Exit { entry, .. } => {
                if let Some(entry) = entry {
                    self.changed(*entry);
                }
            }
            Applied::Fork(_) | Applied::Duplicate => {}
        }
        applied
    }

    fn evict(&mut self) {
        let first = self.model.store.first_id();
        self.list.evict(first);
        while self.marks.first().is_some_and(|id| *id < first) {
            self.marks.pop_first();
        }
        self.evict_groups(first);
        self.forget_waiting(first);
        while self.gaps.front().is_some_and(|id| *id < first) {
            self.gaps.pop_front();
        }
    }

    fn arrived(&mut self, id: EntryId) {
        if self.paused.is_some() {
            self.wait_for(id);
        } else {
            self.list.insert(id, &self.model);
            self.listed(id);
        }
    }

    fn changed(&mut self, id: EntryId) {
        match &mut self.paused {
            Some(paused) => {
                if id < paused.from {
                    paused.changed.insert(id);
                }
                self.wait_for(id);
            }
            None => {
                self.list.update(id, &self.model);
                self.listed(id);
            }
        }
    }

    /// Tells the views of an entry that the list was told of.
    fn listed(&mut self, id: EntryId) {
        self.mark_in_tree(id);
        self.group(id);
    }

    /// Takes note that time went by, about once a second.
    pub fn tick(&mut self, now_ns: u64) {
        self.pass_time(now_ns);
        let second = now_ns / 1_000_000_000;
        if second != self.second {
            self.second = second;
            self.touch_groups();
            self.dirty |= self.status.ended.is_none();
            self.age(second);
        }
    }

    /// Asks a filter by age anew, the more seldom the longer that takes.
    fn age(&mut self, second: u64) {
        let every = 1 + self.model.store.len() as u64 / 100_000;
        if self.list.filter().ages() && self.paused.is_none() && second.is_multiple_of(every) {
            self.list.refresh(&self.model);
            self.regroup();
            self.dirty = true;
        }
        if second.is_multiple_of(every) {
            self.count_terms();
        }
    }

    /// Returns whether something visible changed since the last [`App::take_dirty`].
    pub fn dirty(&self) -> bool {
        self.dirty
    }

    /// Returns whether something visible changed since it was last asked.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    pub(crate) fn set_dirty(&mut self) {
        self.dirty = true;
    }

    /// Sets how many events a capture filter skipped.
    pub fn set_not_captured(&mut self, count: u64) {
        self.dirty |= self.model.totals.not_captured != count;
        self.model.totals.not_captured = count;
    }

    /// Sets what the source tells about itself.
    pub fn set_probe_status(&mut self, status: ProbeStatus) {
        self.dirty |= self.status != status;
        self.status = status;
    }

    /// Returns what the source told about itself.
    pub fn probe_status(&self) -> &ProbeStatus {
        &self.status
    }

    /// Sets what this program costs: share of one CPU, and resident bytes.
    pub fn set_self_usage(&mut self, cpu: f64, rss_bytes: u64) {
        // Only what the header shows of it counts as a change.
        let usage = SelfUsage {
            cpu: (cpu * 1000.0).round() / 1000.0,
            rss_bytes: rss_bytes >> 20 << 20,
        };
        self.dirty |= self.usage != Some(usage);
        self.usage = Some(usage);
    }

    /// Returns where keys go now.
    pub fn mode(&self) -> Mode {
        match (self.popups.last(), self.view) {
            (Some(Popup::Details(_)), _) => Mode::Details,
            (Some(Popup::Sort(_)), _) => Mode::Sort,
            (Some(Popup::By(_)), _) => Mode::By,
            (Some(Popup::Columns(_)), _) => Mode::Columns,
            (Some(Popup::Copy(_)), _) => Mode::Copy,
            (Some(Popup::Save(prompt)), _) if prompt.exists => Mode::Replace,
            (Some(Popup::Save(_)), _) => Mode::Save,
            (Some(Popup::Terms(_)), _) => Mode::Filters,
            (Some(Popup::Help(help)), _) if help.typing => Mode::HelpSearch,
            (Some(Popup::Help(_)), _) => Mode::Help,
            (Some(Popup::Prompt(prompt)), _) => prompt.mode(),
            (None, view) => view.mode(),
        }
    }

    /// Returns what the program has to do since this was last asked.
    pub fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }

    /// Returns the prompt, if one is open.
    pub fn prompt(&self) -> Option<&Prompt> {
        match self.popups.last() {
            Some(Popup::Prompt(prompt)) => Some(prompt),
            _ => None,
        }
    }

    /// Scrolls what the prompt offers so that the highlighted one is among `page` visible lines.
    pub(crate) fn scroll_offers(&mut self, page: usize) {
        self.with_prompt(|prompt| prompt.offers.scroll(page));
    }

    /// Returns what was typed in the prompts.
    pub fn histories(&self) -> &Histories {
        &self.histories
    }

    /// Sets what was typed in the prompts earlier.
    pub fn set_histories(&mut self, histories: Histories) {
        self.histories = histories;
    }

    /// Returns how many execs are listed, and how many the history holds.
    pub fn rows_shown(&self) -> (usize, usize) {
        let rows = self.model.store.len().saturating_sub(self.gaps.len());
        let paused = self.paused.as_ref().map_or(EntryId(u64::MAX), |p| p.from);
        let until = self.moment.map_or(paused, |moment| moment.until);
        let gaps = match self.list.sort() {
            None => self.gaps.partition_point(|id| *id < until),
            Some(_) => 0,
        };
        (self.list.len().saturating_sub(gaps), rows)
    }

    /// Sorts the table; the order of arrival is the same as by time, with the gaps in it.
    pub(crate) fn set_sort(&mut self, sort: Sort) {
        let order = Some(sort).filter(|sort| !sort.is_arrival());
        self.list.set_sort(order, &self.model);
        self.caught_up();
        let way = if sort.descending {
            "largest first"
        } else {
            "smallest first"
        };
        self.inform(format!("sorted by {}, {way}", sort.field.title));
    }

    /// Returns by which field the table is sorted, and whether the largest comes first.
    pub(crate) fn sort(&self) -> Option<Sort> {
        let by_time = || crate::field::by_key("time");
        self.list.sort().or_else(|| {
            by_time().map(|field| Sort {
                field,
                descending: false,
            })
        })
    }

    fn inform(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            tone: Tone::Info,
        });
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            tone: Tone::Warning,
        });
    }
}
