//! The tree of processes as lines: only what is unfolded, made anew only when something changed.

use super::table::{Window, scrolled, window_top};
use crate::model::Model;
use crate::process::{Counts, Life, Process, ProcessId};
use rustc_hash::{FxHashMap, FxHashSet};

/// A process with more children than this is folded until someone unfolds it.
const CROWD: usize = 64;

/// With more lines than this, the tree is made anew at most twice a second.
const MANY_LINES: usize = 5_000;

/// What a line's fold mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Nothing below.
    Leaf,
    /// Its children are shown.
    Open,
    /// Its children are hidden.
    Closed,
}

/// One line of the tree.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Which process.
    pub id: ProcessId,
    /// How many ancestors it has in the tree.
    pub depth: u16,
    /// Which of the outer 64 levels go on below this line.
    pub guides: u64,
    /// Whether it is its parent's last child.
    pub last: bool,
    /// Whether its children are shown.
    pub fold: Fold,
    /// Of its subtree.
    pub counts: Counts,
    /// Whether it lives.
    pub life: Life,
}

/// Which processes are unfolded unless said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Base {
    /// Those with few children.
    #[default]
    Auto,
    /// All.
    Open,
    /// None.
    Closed,
}

/// Where the tree stands.
#[derive(Debug, Default)]
pub struct Tree {
    lines: Vec<Line>,
    chosen: Option<ProcessId>,
    index: usize,
    line: usize,
    base: Base,
    folds: FxHashMap<ProcessId, bool>,
    /// Only this process and what is below it is shown.
    root: Option<ProcessId>,
    /// Whether processes that executed nothing are shown.
    pub show_idle: bool,
    /// With a filter: the processes that have a row which passes, and those above them.
    matched: Option<FxHashSet<ProcessId>>,
    stale: bool,
    made_ns: u64,
    /// The moment that it shows, if that is not the present.
    as_of: Option<u64>,
}

impl Tree {
    /// Takes note that processes changed.
    pub fn touch(&mut self) {
        self.stale = true;
    }

    /// Shows the processes of a moment: none that was forked later, and those that ended later as running; or those
    /// of the present.
    pub fn set_as_of(&mut self, as_of: Option<u64>) {
        self.as_of = as_of;
        // It is to be seen at once.
        self.made_ns = 0;
        self.stale = true;
    }

    fn life(&self, process: &Process) -> Life {
        match process.life {
            Life::Ended { time_ns, .. } if self.as_of.is_some_and(|as_of| time_ns > as_of) => {
                Life::Running
            }
            life => life,
        }
    }

    /// Makes the lines anew if something changed. Returns whether they are up to date.
    pub fn refresh(&mut self, model: &Model, now_ns: u64) -> bool {
        let soon = now_ns.saturating_sub(self.made_ns) < 500_000_000;
        if !self.stale {
            return true;
        }
        if self.lines.len() > MANY_LINES && soon {
            return false;
        }
        self.rebuild(model);
        self.made_ns = now_ns;
        true
    }

    /// Makes the lines anew.
    pub fn rebuild(&mut self, model: &Model) {
        self.stale = false;
        let above: Vec<ProcessId> = match self.chosen {
            Some(id) => model.processes.above(id).map(|p| p.id).collect(),
            None => Vec::new(),
        };
        self.keep_open(&above, model);
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        let mut todo: Vec<(ProcessId, u16, u64, bool)> = Vec::new();
        let root = self.root.and_then(|id| model.processes.get(id));
        let roots: Vec<&Process> = match root {
            Some(root) => vec![root],
            None => model.processes.roots().filter(|p| self.shows(p)).collect(),
        };
        push_all(&mut todo, &roots, 0, 0);
        while let Some((id, depth, guides, last)) = todo.pop() {
            let Some(process) = model.processes.get(id) else {
                continue;
            };
            let below = || {
                process
                    .children
                    .iter()
                    .filter_map(|id| model.processes.get(*id))
            };
            let mut below = below().filter(|p| self.shows(p)).peekable();
            let fold = if below.peek().is_none() {
                Fold::Leaf
            } else if self.is_open(process, model) {
                Fold::Open
            } else {
                Fold::Closed
            };
            lines.push(Line {
                id,
                depth,
                guides,
                last,
                fold,
                counts: process.subtree,
                life: self.life(process),
            });
            if fold == Fold::Open {
                let children: Vec<&Process> = below.collect();
                let goes_on = if last || depth == 0 { 0 } else { bit(depth) };
                push_all(
                    &mut todo,
                    &children,
                    depth.saturating_add(1),
                    guides | goes_on,
                );
            }
        }
        self.lines = lines;
        self.find_chosen(model);
    }

    /// A crowd in which something was selected stays open, also when the selection leaves it.
    fn keep_open(&mut self, above: &[ProcessId], model: &Model) {
        let crowd = |id: &&ProcessId| {
            let process = model.processes.get(**id);
            process.is_some_and(|p| self.is_crowd(p, model))
        };
        if self.base == Base::Auto {
            let crowds: Vec<_> = above.iter().filter(crowd).copied().collect();
            for id in crowds {
                self.folds.entry(id).or_insert(true);
            }
        }
    }

    /// Returns whether more children of a process are shown than unfold by themselves.
    fn is_crowd(&self, process: &Process, model: &Model) -> bool {
        let children = process
            .children
            .iter()
            .filter_map(|id| model.processes.get(*id));
        children.filter(|p| self.shows(p)).take(CROWD + 1).count() > CROWD
    }

    fn shows(&self, process: &Process) -> bool {
        let busy = process.subtree.execs + process.subtree.failed > 0;
        let passes = self
            .matched
            .as_ref()
            .is_none_or(|m| m.contains(&process.id));
        let was_there = |as_of| process.key.start_ns <= as_of;
        passes && (busy || self.show_idle) && self.as_of.is_none_or(was_there)
    }

    fn is_open(&self, process: &Process, model: &Model) -> bool {
        match (self.folds.get(&process.id), self.base) {
            (Some(open), _) => *open,
            (None, Base::Open) => true,
            (None, Base::Closed) => false,
            (None, Base::Auto) => !self.is_crowd(process, model),
        }
    }

    /// Puts the selection on its process, on what hides it, or else near where it was.
    fn find_chosen(&mut self, model: &Model) {
        let last = self.lines.len().saturating_sub(1);
        let place = |id: ProcessId| self.lines.iter().position(|line| line.id == id);
        let found = self.chosen.and_then(|id| {
            let above = model.processes.above(id).map(|p| p.id);
            std::iter::once(id).chain(above).find_map(place)
        });
        self.index = found.unwrap_or_else(|| self.index.min(last));
        if self
            .chosen
            .is_none_or(|id| model.processes.get(id).is_none())
        {
            self.chosen = self.lines.get(self.index).map(|line| line.id);
        }
    }

    /// Makes the selected process the root, or shows all again if it is. Returns whether there is a root.
    pub fn zoom(&mut self, model: &Model) -> bool {
        let selected = self.selected().map(|line| line.id);
        self.root = selected.filter(|id| self.root != Some(*id));
        self.rebuild(model);
        self.root.is_some()
    }

    /// Returns the root, if only a subtree is shown.
    pub fn root(&self) -> Option<ProcessId> {
        self.root
    }

    /// Returns the lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Returns the selected line.
    pub fn selected(&self) -> Option<&Line> {
        self.lines.get(self.index)
    }

    /// Returns the selected line's index.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Decides which lines are visible on `height` lines of the screen.
    pub fn window(&mut self, height: usize) -> Window {
        if self.lines.is_empty() {
            return Window::default();
        }
        let top = window_top(self.index, self.line, self.lines.len(), height);
        self.line = self.index - top;
        Window {
            top,
            selected: Some(self.index),
        }
    }

    /// Selects a line.
    pub fn select(&mut self, index: usize, height: usize) {
        let top = self.window(height).top;
        self.index = index.min(self.lines.len().saturating_sub(1));
        self.chosen = self.lines.get(self.index).map(|line| line.id);
        self.line = self.index.saturating_sub(top).min(height.saturating_sub(1));
    }

    /// Selects a process and unfolds what hides it. Returns whether it is shown.
    pub fn reveal(&mut self, id: ProcessId, model: &Model, height: usize) -> bool {
        let below = |root| id == root || model.processes.above(id).any(|p| p.id == root);
        self.root = self.root.filter(|root| below(*root));
        for above in model.processes.above(id) {
            if !self.is_open(above, model) {
                self.folds.insert(above.id, true);
            }
        }
        self.chosen = Some(id);
        self.rebuild(model);
        let shown = self.selected().is_some_and(|line| line.id == id);
        self.line = height / 2;
        shown
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize, height: usize) {
        self.select(self.index.saturating_add_signed(by), height);
    }

    /// Scrolls; the selection stays on its process while that is visible.
    pub fn scroll(&mut self, by: isize, height: usize) {
        let window = self.window(height);
        let Some(index) = window.selected else {
            return;
        };
        let (top, to) = scrolled(window.top, index, by, self.lines.len(), height);
        if top == window.top {
            self.step(by.signum(), height);
        } else {
            self.select(to, height);
            self.line = to - top;
        }
    }

    /// Folds or unfolds the line of an index.
    pub fn set_open(&mut self, index: usize, open: bool, model: &Model) {
        let Some(line) = self.lines.get(index) else {
            return;
        };
        self.folds.insert(line.id, open);
        self.rebuild(model);
    }

    /// Unfolds everything, or folds it if that was done before. Returns whether all is unfolded.
    pub fn toggle_all(&mut self, model: &Model) -> bool {
        self.base = match self.base {
            Base::Open => Base::Closed,
            Base::Auto | Base::Closed => Base::Open,
        };
        self.folds.clear();
        self.rebuild(model);
        self.base == Base::Open
    }

    /// Returns the index of the parent's line.
    pub fn parent_of(&self, index: usize) -> Option<usize> {
        let depth = self.lines.get(index)?.depth;
        self.lines
            .get(..index)?
            .iter()
            .rposition(|line| line.depth < depth)
    }

    /// Begins to show only what is marked, or everything again.
    pub fn restrict(&mut self, on: bool) {
        self.matched = on.then(FxHashSet::default);
        self.stale = true;
    }

    /// Returns whether only what is marked is shown.
    pub fn restricted(&self) -> bool {
        self.matched.is_some()
    }

    /// Marks a process that has a row which passes the filter, and all above it.
    ///
    /// While nothing changes in between, what is above a marked process is marked: `all_at_once`
    /// then saves going all the way up. Later, an old process may have got a parent.
    pub fn mark(&mut self, id: ProcessId, model: &Model, all_at_once: bool) {
        let Some(matched) = &mut self.matched else {
            return;
        };
        if matched.insert(id) {
            for above in model.processes.above(id) {
                if !matched.insert(above.id) && all_at_once {
                    break;
                }
            }
        }
    }
}

fn bit(depth: u16) -> u64 {
    1u64.checked_shl(u32::from(depth)).unwrap_or(0)
}

fn push_all(
    todo: &mut Vec<(ProcessId, u16, u64, bool)>,
    processes: &[&Process],
    depth: u16,
    guides: u64,
) {
    for (i, process) in processes.iter().rev().enumerate() {
        todo.push((process.id, depth, guides, i == 0));
    }
}
