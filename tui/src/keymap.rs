//! The one table of keys: dispatch, footer, help and docs walk it, by way of the [`Keys`] in force.

mod keys;

pub use keys::{Bound, Change, Conflict, Keys};

use crate::action::Action;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;

/// Where keys go: to the view, or to what is open on top of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The table of events.
    Events,
    /// The tree of processes.
    Tree,
    /// Rows put together.
    Group,
    /// Counts by time.
    Rate,
    /// Failed execs put together.
    Failures,
    /// The details of one line.
    Details,
    /// The menu of fields to sort by.
    Sort,
    /// The menu of fields to group by.
    By,
    /// The menu of columns.
    Columns,
    /// The menu of what can be copied.
    Copy,
    /// The list of the filter's terms.
    Filters,
    /// The keys and columns.
    Help,
    /// A text is looked for in the keys and columns.
    HelpSearch,
    /// A line of text is asked for.
    Prompt,
    /// A command is asked for.
    Palette,
    /// The name of a file is asked for.
    Save,
    /// A file is there already.
    Replace,
}

impl Mode {
    /// Every mode, in the order of the help.
    pub const ALL: [Self; 17] = [
        Self::Events,
        Self::Tree,
        Self::Group,
        Self::Rate,
        Self::Failures,
        Self::Details,
        Self::Sort,
        Self::By,
        Self::Columns,
        Self::Copy,
        Self::Filters,
        Self::Help,
        Self::HelpSearch,
        Self::Prompt,
        Self::Palette,
        Self::Save,
        Self::Replace,
    ];

    /// Returns whether characters are typed into a line.
    pub fn types(self) -> bool {
        EDITED.contains(&self)
    }
}

/// One key with its modifiers; Shift counts only for keys that are no characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    control: bool,
}

impl Key {
    /// Returns the key of a terminal's key event.
    pub fn of(event: &KeyEvent) -> Self {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let code = match event.code {
            KeyCode::Char(c) if control => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        Self { code, control }
    }

    /// Returns what a terminal would send.
    pub fn event(self) -> KeyEvent {
        let modifiers = if self.control {
            KeyModifiers::CONTROL
        } else {
            KeyModifiers::NONE
        };
        KeyEvent::new(self.code, modifiers)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.control {
            f.write_str("Ctrl-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "F{n}"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::BackTab => f.write_str("Shift-Tab"),
            KeyCode::Delete => f.write_str("Del"),
            other => write!(f, "{other:?}"),
        }
    }
}

const fn c(c: char) -> Key {
    k(KeyCode::Char(c))
}

const fn k(code: KeyCode) -> Key {
    Key {
        code,
        control: false,
    }
}

const fn ctrl(c: char) -> Key {
    Key {
        code: KeyCode::Char(c),
        control: true,
    }
}

const fn control(code: KeyCode) -> Key {
    Key {
        code,
        control: true,
    }
}

/// What a binding is about: a heading of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Getting around.
    Move,
    /// What is shown, and how.
    View,
    /// Finding and hiding.
    Find,
    /// The past, and replays.
    Time,
    /// In the tree.
    Tree,
    /// In tables of groups.
    Groups,
    /// In the chart of rates.
    Rate,
    /// While something is open on top.
    Popup,
    /// While a text is typed.
    Prompt,
    /// The program.
    Program,
}

impl Group {
    /// Every group with its heading, in the order of the help.
    pub const HEADINGS: [(Self, &'static str); 10] = [
        (Self::Move, "Move"),
        (Self::View, "View"),
        (Self::Find, "Find and filter"),
        (Self::Time, "Past and replay"),
        (Self::Tree, "Tree"),
        (Self::Groups, "Groups"),
        (Self::Rate, "Rate"),
        (Self::Popup, "Details, menus, help"),
        (Self::Prompt, "While typing"),
        (Self::Program, "Program"),
    ];
}

/// Keys that do something in some modes.
#[derive(Debug)]
pub struct Binding {
    /// Any of these.
    pub keys: &'static [Key],
    /// In these modes.
    pub modes: &'static [Mode],
    /// Do this.
    pub action: Action,
    /// In words, for the help and the docs.
    pub help: &'static str,
    /// In one word, for the footer; most have none.
    pub hint: Option<&'static str>,
    /// Where the help lists it.
    pub group: Group,
    /// Whether its keys stay whatever a person changes.
    pub fixed: bool,
}

impl Binding {
    const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Makes it one that nobody changes: a way out.
    const fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }
}

const fn bind(
    group: Group,
    modes: &'static [Mode],
    keys: &'static [Key],
    action: Action,
    help: &'static str,
) -> Binding {
    Binding {
        keys,
        modes,
        action,
        help,
        hint: None,
        group,
        fixed: false,
    }
}

const EVENTS: &[Mode] = &[Mode::Events];
const TREE: &[Mode] = &[Mode::Tree];
const GROUP: &[Mode] = &[Mode::Group];
const RATE: &[Mode] = &[Mode::Rate];
const FAILURES: &[Mode] = &[Mode::Failures];
const GROUPS: &[Mode] = &[Mode::Group, Mode::Failures];
const TABLES: &[Mode] = &[Mode::Events, Mode::Group, Mode::Rate, Mode::Failures];
const ROWS: &[Mode] = &[Mode::Events, Mode::Tree];
const LISTS: &[Mode] = &[
    Mode::Events,
    Mode::Tree,
    Mode::Group,
    Mode::Rate,
    Mode::Failures,
];
const DETAILS: &[Mode] = &[Mode::Details];
const SORT: &[Mode] = &[Mode::Sort];
const BY: &[Mode] = &[Mode::By];
const COLUMNS: &[Mode] = &[Mode::Columns];
const COPY: &[Mode] = &[Mode::Copy];
const FILTERS: &[Mode] = &[Mode::Filters];
const COPIED: &[Mode] = &[
    Mode::Events,
    Mode::Tree,
    Mode::Group,
    Mode::Rate,
    Mode::Failures,
    Mode::Details,
];
const PROMPT: &[Mode] = &[Mode::Prompt];
const SAVE: &[Mode] = &[Mode::Save];
const REPLACE: &[Mode] = &[Mode::Replace];
const PALETTE: &[Mode] = &[Mode::Palette];
const TYPED: &[Mode] = &[Mode::Prompt, Mode::Palette];
const EDITED: &[Mode] = &[Mode::Prompt, Mode::Palette, Mode::HelpSearch, Mode::Save];
const HELP: &[Mode] = &[Mode::Help];
const HELP_SEARCH: &[Mode] = &[Mode::HelpSearch];
const SCROLLED: &[Mode] = &[
    Mode::Events,
    Mode::Tree,
    Mode::Group,
    Mode::Rate,
    Mode::Failures,
    Mode::Details,
    Mode::Sort,
    Mode::By,
    Mode::Filters,
    Mode::Help,
];
const CLOSABLE: &[Mode] = &[
    Mode::Details,
    Mode::Sort,
    Mode::By,
    Mode::Columns,
    Mode::Copy,
    Mode::Filters,
    Mode::Help,
    Mode::HelpSearch,
    Mode::Prompt,
    Mode::Palette,
    Mode::Save,
    Mode::Replace,
];
const ALL: &[Mode] = &Mode::ALL;

/// Every key.
#[rustfmt::skip] // one line a binding, so that it reads as a table
pub static KEYMAP: &[Binding] = &{
    use Action as A;
    use Group as G;
    use KeyCode as K;
    [
        // In the order of the footer and, within a group, of the help.
        bind(G::Find,    LISTS,    &[c('f'), k(K::F(4)), c('\\')],             A::Filter,          "filter: hide what does not pass").hint("filter"),
        bind(G::Find,    LISTS,    &[c('/'), k(K::F(3))],                      A::Search,          "search: find, hide nothing").hint("search"),
        bind(G::View,    LISTS,    &[c(' ')],                                  A::Pause,           "pause the view; the capture goes on").hint("pause"),
        bind(G::View,    TABLES,   &[c('t'), k(K::F(5))],                      A::ToggleTree,      "tree of processes, and back").hint("tree"),
        bind(G::View,    TREE,     &[c('t'), k(K::F(5))],                      A::ToggleTree,      "back to the events").hint("events"),
        bind(G::Groups,  GROUPS,   &[k(K::Enter)],                             A::Drill,           "the events behind this line: adds a filter").hint("events"),
        bind(G::Rate,    RATE,     &[k(K::Left), c('h')],                      A::Left,            "the moment before").hint("moment"),
        bind(G::Rate,    RATE,     &[k(K::Right), c('l')],                     A::Right,           "the next moment"),
        bind(G::Rate,    RATE,     &[k(K::Enter)],                             A::Drill,           "the events from this moment on").hint("events"),
        bind(G::Rate,    RATE,     &[c('-')],                                  A::CoarserSpan,     "more time in a column: 1 s, 10 s, 1 min").hint("span"),
        bind(G::Rate,    RATE,     &[c('+')],                                  A::FinerSpan,       "less time in a column"),
        bind(G::Rate,    RATE,     &[c('0')],                                  A::LineStart,       "the oldest moment"),
        bind(G::Rate,    RATE,     &[c('$')],                                  A::LineEnd,         "the newest, and along with it"),
        bind(G::Rate,    RATE,     &[c('F')],                                  A::Follow,          "go along with the newest, or no longer"),
        bind(G::Rate,    RATE,     &[c('d')],                                  A::Details,         "every fact of this parent").hint("details"),
        bind(G::Groups,  GROUP,    &[c('b')],                                  A::GroupBy,         "group by other fields").hint("by"),
        bind(G::Groups,  FAILURES, &[c('i')],                                  A::SplitMisses,     "PATH misses by program, or all in one line").hint("misses"),
        bind(G::View,    TABLES,   &[c('s'), k(K::F(6))],                      A::SortMenu,        "sort by any field").hint("sort"),
        bind(G::Tree,    TREE,     &[k(K::Right), c('l'), c('+')],             A::Unfold,          "unfold, or to the first child").hint("unfold"),
        bind(G::Tree,    TREE,     &[k(K::Left), c('h'), c('-')],              A::Fold,            "fold, or to the parent").hint("fold"),
        bind(G::Tree,    TREE,     &[c('o')],                                  A::ToggleFold,      "fold or unfold"),
        bind(G::Tree,    TREE,     &[c('*')],                                  A::ToggleAll,       "unfold everything, or fold it"),
        bind(G::Tree,    TREE,     &[c('i')],                                  A::ShowIdle,        "processes that executed nothing too, or no longer"),
        bind(G::View,    ROWS,     &[k(K::Enter), c('d')],                     A::Details,         "every fact of this line").hint("details"),
        bind(G::Groups,  GROUPS,   &[c('d')],                                  A::Details,         "every fact of the newest event of this line").hint("details"),
        bind(G::Find,    COPIED,   &[c('y')],                                  A::Copy,            "copy: command, pid, arguments, JSON or row").hint("copy"),
        bind(G::Program, LISTS,    &[c(':')],                                  A::Palette,         "commands, and everything that a key does, by its name"),
        bind(G::Program, LISTS,    &[c('?'), k(K::F(1))],                      A::Help,            "this help").hint("help"),
        bind(G::Program, LISTS,    &[c('q'), k(K::F(10))],                     A::Quit,            "quit").hint("quit"),
        bind(G::Popup,   SORT,     &[k(K::Enter)],                             A::Accept,          "sort by this field; again: turn around").hint("sort by this"),
        bind(G::Popup,   BY,       &[k(K::Enter)],                             A::Accept,          "group by this field, or by those that are marked").hint("group by this"),
        bind(G::Popup,   BY,       &[c(' ')],                                  A::Mark,            "mark this field, to group by several").hint("mark"),
        bind(G::Popup,   COPY,     &[k(K::Enter)],                             A::Accept,          "copy this").hint("copy this"),
        bind(G::Popup,   COPY,     &[c('c')],                                  A::CopyCommand,     "copy a command that does the same in a shell").hint("command"),
        bind(G::Popup,   COPY,     &[c('p')],                                  A::CopyPid,         "copy the process id").hint("pid"),
        bind(G::Popup,   COPY,     &[c('a')],                                  A::CopyArgv,        "copy the arguments, as words for a shell").hint("argv"),
        bind(G::Popup,   COPY,     &[c('j')],                                  A::CopyJson,        "copy the event as ndjson has it").hint("JSON"),
        bind(G::Popup,   COPY,     &[c('r')],                                  A::CopyRow,         "copy the columns of the table, with tabs between").hint("row"),
        bind(G::Popup,   COPY,     &[k(K::Up)],                                A::Up,              "the one above"),
        bind(G::Popup,   COPY,     &[k(K::Down)],                              A::Down,            "the one below"),
        bind(G::Popup,   FILTERS,  &[c(' ')],                                  A::Mark,            "switch this term off, or on again").hint("on/off"),
        bind(G::Popup,   FILTERS,  &[k(K::Enter)],                             A::Accept,          "edit this term").hint("edit"),
        bind(G::Popup,   FILTERS,  &[k(K::Delete), k(K::Backspace)],           A::RemoveTerm,      "take this term out of the filter").hint("remove"),
        bind(G::Popup,   FILTERS,  &[c('q'), c('|')],                          A::Close,           "close the list of filters"),
        bind(G::Find,    LISTS,    &[c('|')],                                  A::FilterList,      "list of filters: each term on or off, with what it hides"),
        bind(G::Popup,   HELP,     &[c('/'), k(K::F(3))],                      A::Search,          "look for a text: only lines that have it are shown").hint("search"),
        bind(G::Popup,   HELP_SEARCH, &[k(K::Enter)],                          A::Accept,          "keep these lines, to scroll through them").hint("keep"),
        bind(G::Popup,   HELP_SEARCH, &[k(K::Up)],                             A::Up,              "a line up"),
        bind(G::Popup,   HELP_SEARCH, &[k(K::Down)],                           A::Down,            "a line down"),
        bind(G::Popup,   HELP_SEARCH, &[k(K::PageUp)],                         A::PageUp,          "a screenful up, while a text is looked for"),
        bind(G::Popup,   HELP_SEARCH, &[k(K::PageDown)],                       A::PageDown,        "a screenful down, while a text is looked for"),
        bind(G::Prompt,  PROMPT,   &[k(K::Enter)],                             A::Accept,          "take what is typed, or what is highlighted"),
        bind(G::Prompt,  PROMPT,   &[k(K::Tab)],                               A::SwapPrompt,      "filter instead of search, and back; takes what is highlighted").hint("filter/search"),
        bind(G::Prompt,  TYPED,    &[k(K::Up), ctrl('p')],                     A::Up,              "earlier lines; among offers: up").hint("earlier"),
        bind(G::Prompt,  TYPED,    &[k(K::Down), ctrl('n')],                   A::Down,            "later lines; into the offers, and down"),
        bind(G::Prompt,  PROMPT,   &[ctrl(' ')],                               A::Complete,        "complete: offer names and values, take the best").hint("complete"),
        bind(G::Prompt,  PALETTE,  &[k(K::Enter)],                             A::Accept,          "do what is highlighted, or the command with what stands behind it"),
        bind(G::Prompt,  PALETTE,  &[k(K::Tab), ctrl(' ')],                    A::Complete,        "write what is highlighted").hint("write"),
        bind(G::Prompt,  PALETTE,  &[k(K::PageUp)],                            A::PageUp,          "far up among the offers"),
        bind(G::Prompt,  PALETTE,  &[k(K::PageDown)],                          A::PageDown,        "far down among the offers"),
        bind(G::Prompt,  TYPED,    &[ctrl('r')],                               A::Recall,          "offer earlier lines that have what is typed"),
        bind(G::Popup,   DETAILS,  &[c('=')],                                  A::KeepFact,        "filter: only what has this fact").hint("only this"),
        bind(G::Popup,   DETAILS,  &[c('!')],                                  A::ExcludeFact,     "filter: only what has not this fact").hint("not this"),
        bind(G::Popup,   DETAILS,  &[c('v')],                                  A::Reveal,          "what --redact masked of this command line, or mask it again"),
        bind(G::Popup,   DETAILS,  &[k(K::Tab)],                               A::NextTab,         "next tab of the details").hint("tabs"),
        bind(G::Popup,   DETAILS,  &[k(K::BackTab)],                           A::PreviousTab,     "tab of the details before"),
        bind(G::Popup,   DETAILS,  &[k(K::Enter)],                             A::Accept,          "details of this process; else close"),
        bind(G::Popup,   DETAILS,  &[k(K::Left), c('h')],                      A::Left,            "details of the line before").hint("line before"),
        bind(G::Popup,   DETAILS,  &[k(K::Right), c('l')],                     A::Right,           "details of the next line").hint("next"),
        bind(G::Popup,   CLOSABLE, &[k(K::Esc)],                               A::Close,           "close what is on top, or give up a search in it (never quits)").hint("close").fixed(),
        bind(G::Popup,   DETAILS,  &[c('q'), c('d')],                          A::Close,           "close the details"),
        bind(G::Popup,   HELP,     &[c('q'), c('?'), k(K::F(1)), k(K::Enter)], A::Close,           "close the help"),
        bind(G::Popup,   COPY,     &[c('q'), c('y')],                          A::Close,           "close the menu of what to copy"),
        bind(G::Popup,   SORT,     &[c('q'), c('s'), k(K::F(6))],              A::Close,           "close the menu"),
        bind(G::Popup,   BY,       &[c('q'), c('b')],                          A::Close,           "close the menu of groups"),
        bind(G::Move,    SCROLLED, &[k(K::Up), c('k')],                        A::Up,              "up; leaves follow"),
        bind(G::Move,    SCROLLED, &[k(K::Down), c('j')],                      A::Down,            "down"),
        bind(G::Move,    SCROLLED, &[k(K::PageUp), ctrl('b')],                 A::PageUp,          "a screenful up"),
        bind(G::Move,    SCROLLED, &[k(K::PageDown), ctrl('f')],               A::PageDown,        "a screenful down"),
        bind(G::Move,    SCROLLED, &[ctrl('u')],                               A::HalfUp,          "half a screenful up"),
        bind(G::Move,    SCROLLED, &[ctrl('d')],                               A::HalfDown,        "half a screenful down"),
        bind(G::Move,    SCROLLED, &[k(K::Home), c('g')],                      A::Top,             "to the top"),
        bind(G::Move,    SCROLLED, &[k(K::End), c('G')],                       A::Bottom,          "to the end; follows new events"),
        bind(G::Move,    EVENTS,   &[k(K::Left), c('h')],                      A::Left,            "scroll commands left"),
        bind(G::Move,    EVENTS,   &[k(K::Right), c('l')],                     A::Right,           "scroll commands right"),
        bind(G::Move,    EVENTS,   &[c('0')],                                  A::LineStart,       "to the commands' beginning"),
        bind(G::Move,    EVENTS,   &[c('$')],                                  A::LineEnd,         "to the commands' end"),
        bind(G::Move,    ROWS,     &[c('P')],                                  A::Parent,          "to the parent"),
        bind(G::View,    ROWS,     &[c('a')],                                  A::Lineage,         "lineage: the processes above and below"),
        bind(G::View,    LISTS,    &[c('w')],                                  A::Wrap,            "wrap: the selected line's whole command below, or no longer"),
        bind(G::Tree,    TREE,     &[c('z')],                                  A::Zoom,            "zoom: only this subtree; on its root: all again"),
        bind(G::Move,    EVENTS,   &[c('m')],                                  A::ToggleMark,      "mark this row, or no longer"),
        bind(G::Move,    EVENTS,   &[c('}')],                                  A::NextMark,        "to the next marked row"),
        bind(G::Move,    EVENTS,   &[c('{')],                                  A::PreviousMark,    "to the marked row before"),
        bind(G::Move,    LISTS,    &[c('e')],                                  A::NextFailure,     "to the next failed exec"),
        bind(G::Move,    LISTS,    &[c('E')],                                  A::PreviousFailure, "to the previous failed exec"),
        bind(G::View,    LISTS,    &[c('1')],                                  A::ViewEvents,      "events"),
        bind(G::View,    LISTS,    &[c('2')],                                  A::ViewTree,        "tree of processes"),
        bind(G::View,    LISTS,    &[c('3')],                                  A::ViewGroup,       "groups: rows put together by what they share"),
        bind(G::View,    LISTS,    &[c('4')],                                  A::ViewRate,        "rate: how much happened when, and who started it"),
        bind(G::View,    LISTS,    &[c('5')],                                  A::ViewFailures,    "failures: why, with which path, how often"),
        bind(G::View,    LISTS,    &[k(K::Tab)],                               A::NextView,        "next view"),
        bind(G::View,    LISTS,    &[k(K::BackTab)],                           A::PreviousView,    "view before"),
        bind(G::View,    EVENTS,   &[c('F')],                                  A::Follow,          "follow new events, or no longer"),
        bind(G::View,    TABLES,   &[c('<')],                                  A::SortLeft,        "sort by the column to the left"),
        bind(G::View,    TABLES,   &[c('>')],                                  A::SortRight,       "sort by the column to the right"),
        bind(G::View,    TABLES,   &[c('I')],                                  A::InvertSort,      "turn the order around"),
        bind(G::Find,    LISTS,    &[c('n')],                                  A::SearchNext,      "next hit of the search"),
        bind(G::Find,    LISTS,    &[c('N')],                                  A::SearchPrevious,  "previous hit of the search"),
        bind(G::Find,    LISTS,    &[c('p')],                                  A::FilterPid,       "filter by this line's pid"),
        bind(G::Find,    LISTS,    &[c('c')],                                  A::FilterComm,      "filter by this line's task name"),
        bind(G::Find,    LISTS,    &[c('u')],                                  A::FilterUser,      "filter by this line's user"),
        bind(G::Find,    LISTS,    &[c('x')],                                  A::FailuresOnly,    "failures only, all execs, or with PATH misses folded"),
        bind(G::Find,    LISTS,    &[k(K::Backspace)],                         A::UndoFilter,      "back to the filter before"),
        bind(G::Find,    LISTS,    &[ctrl('g')],                               A::ClearFilter,     "no filter"),
        bind(G::Time,    LISTS,    &[c('[')],                                  A::MomentBefore,    "as of the event before: what came later is left out"),
        bind(G::Time,    LISTS,    &[c(']')],                                  A::MomentNext,      "as of the next event; after the last: back to the present"),
        bind(G::Time,    LISTS,    &[control(K::Left)],                        A::SecondBefore,    "as of a second earlier"),
        bind(G::Time,    LISTS,    &[control(K::Right)],                       A::SecondNext,      "as of a second later"),
        bind(G::Time,    LISTS,    &[c('(')],                                  A::Slower,          "replay at half the speed"),
        bind(G::Time,    LISTS,    &[c(')')],                                  A::Faster,          "replay at twice the speed"),
        bind(G::Time,    LISTS,    &[c(';')],                                  A::StepReplay,      "replay the next event only, and pause"),
        bind(G::View,    EVENTS,   &[c('C'), k(K::F(2))],                      A::Columns,         "columns: which, in which order, how wide"),
        bind(G::Find,    LISTS,    &[ctrl('s')],                               A::Save,            "save what the filter shows to a file"),
        bind(G::Prompt,  SAVE,     &[k(K::Enter)],                             A::Accept,          "save to this file; its ending says the form").hint("save"),
        bind(G::Prompt,  REPLACE,  &[c('y')],                                  A::Accept,          "replace the file").hint("replace"),
        bind(G::Prompt,  REPLACE,  &[c('n'), c('q')],                          A::Close,           "leave the file as it is").hint("leave it"),
        bind(G::Find,    LISTS,    &[c(',')],                                  A::CellLeft,        "mark the cell to the left, for = and !"),
        bind(G::Find,    LISTS,    &[c('.')],                                  A::CellRight,       "mark the cell to the right"),
        bind(G::Find,    LISTS,    &[c('=')],                                  A::KeepCell,        "filter: only what has the marked cell's value"),
        bind(G::Find,    LISTS,    &[c('!')],                                  A::ExcludeCell,     "filter: only what has another value"),
        bind(G::Popup,   COLUMNS,  &[c(' ')],                                  A::Mark,            "make this field a column, or no longer").hint("on/off"),
        bind(G::Popup,   COLUMNS,  &[c('<')],                                  A::ColumnBefore,    "move the column to the left").hint("left"),
        bind(G::Popup,   COLUMNS,  &[c('>')],                                  A::ColumnAfter,     "move the column to the right").hint("right"),
        bind(G::Popup,   COLUMNS,  &[c('+'), c('=')],                          A::Wider,           "make the column wider").hint("wider"),
        bind(G::Popup,   COLUMNS,  &[c('-')],                                  A::Narrower,        "make the column narrower").hint("narrower"),
        bind(G::Popup,   COLUMNS,  &[c('0')],                                  A::UsualWidth,      "give the column its usual width"),
        bind(G::Popup,   COLUMNS,  &[ctrl('r')],                               A::ResetColumns,    "take the columns that there are by default").hint("reset"),
        bind(G::Popup,   COLUMNS,  &[k(K::Up)],                                A::Up,              "the field above; letters show only fields that have them"),
        bind(G::Popup,   COLUMNS,  &[k(K::Down)],                              A::Down,            "the field below"),
        bind(G::Popup,   COLUMNS,  &[k(K::PageUp)],                            A::PageUp,          "a screenful of fields up"),
        bind(G::Popup,   COLUMNS,  &[k(K::PageDown)],                          A::PageDown,        "a screenful of fields down"),
        bind(G::Popup,   COLUMNS,  &[k(K::Home)],                              A::Top,             "the first field"),
        bind(G::Popup,   COLUMNS,  &[k(K::End)],                               A::Bottom,          "the last field"),
        bind(G::Popup,   COLUMNS,  &[k(K::Backspace)],                         A::EraseChar,       "delete the last letter"),
        bind(G::Popup,   COLUMNS,  &[k(K::Enter), c('C'), k(K::F(2))],         A::Accept,          "close the menu of columns"),
        bind(G::Prompt,  EDITED,   &[k(K::Left), ctrl('b')],                   A::CursorLeft,      "cursor left"),
        bind(G::Prompt,  EDITED,   &[k(K::Right), ctrl('f')],                  A::CursorRight,     "cursor right; at the end: take the best offer"),
        bind(G::Prompt,  EDITED,   &[k(K::Home), ctrl('a')],                   A::CursorStart,     "cursor to the start"),
        bind(G::Prompt,  EDITED,   &[k(K::End), ctrl('e')],                    A::CursorEnd,       "cursor to the end"),
        bind(G::Prompt,  EDITED,   &[k(K::Backspace), ctrl('h')],              A::EraseChar,       "delete the character before"),
        bind(G::Prompt,  EDITED,   &[k(K::Delete), ctrl('d')],                 A::DeleteChar,      "delete the character here"),
        bind(G::Prompt,  EDITED,   &[ctrl('w')],                               A::EraseWord,       "delete the word before"),
        bind(G::Prompt,  EDITED,   &[ctrl('u')],                               A::EraseLine,       "delete everything before"),
        bind(G::Program, LISTS,    &[c('T')],                                  A::NextTheme,       "next theme: other colours"),
        bind(G::Program, ALL,      &[ctrl('l')],                               A::Redraw,          "paint anew"),
        bind(G::Program, ALL,      &[ctrl('z')],                               A::Suspend,         "stop; the shell's fg comes back"),
        bind(G::Program, ALL,      &[ctrl('c')],                               A::Quit,            "quit").fixed(),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_means_two_things_in_one_mode() {
        for mode in Mode::ALL {
            let mut seen = HashSet::new();
            for binding in KEYMAP.iter().filter(|b| b.modes.contains(&mode)) {
                for key in binding.keys {
                    assert!(seen.insert(*key), "{key} twice in {mode:?}");
                }
            }
        }
    }

    #[test]
    fn every_action_has_a_key_and_every_binding_words() {
        for action in Action::ALL {
            assert!(
                KEYMAP.iter().any(|b| b.action == *action),
                "{action:?} has no key"
            );
        }
        for binding in KEYMAP {
            assert!(!binding.keys.is_empty() && !binding.modes.is_empty());
            assert!(!binding.help.is_empty(), "{binding:?}");
            assert!(
                Group::HEADINGS.iter().any(|(g, _)| *g == binding.group),
                "{binding:?} is not in the help"
            );
        }
    }

    #[test]
    fn every_key_comes_back_from_the_terminal_and_has_a_name() {
        let mut names = HashSet::new();
        for key in KEYMAP.iter().flat_map(|b| b.keys) {
            assert_eq!(Key::of(&key.event()), *key);
            names.insert((key.to_string(), *key));
        }
        let texts: HashSet<_> = names.iter().map(|(text, _)| text).collect();
        assert_eq!(texts.len(), names.len(), "two keys with one name");
    }

    #[test]
    fn every_mode_can_be_left_and_has_hints() {
        for mode in Mode::ALL {
            let keys = Keys::default();
            assert!(
                keys.hints(mode).next().is_some(),
                "{mode:?} has an empty footer"
            );
            let open = !LISTS.contains(&mode);
            let esc = keys.lookup(mode, k(KeyCode::Esc));
            assert_eq!(esc, open.then_some(Action::Close), "{mode:?}");
            assert_eq!(keys.lookup(mode, ctrl('c')), Some(Action::Quit));
        }
    }

    #[test]
    fn typing_is_never_taken_by_a_binding() {
        let keys = Keys::default();
        for c in ' '..='~' {
            for mode in EDITED {
                assert_eq!(keys.lookup(*mode, super::c(c)), None, "{c} in {mode:?}");
            }
        }
    }

    #[test]
    fn an_action_has_its_keys_in_one_place_for_each_mode() {
        for mode in Mode::ALL {
            let mut seen = HashSet::new();
            let here = KEYMAP.iter().filter(|b| b.modes.contains(&mode));
            for binding in here.filter(|b| !b.fixed) {
                assert!(
                    seen.insert(binding.action),
                    "{:?} twice in {mode:?}",
                    binding.action
                );
            }
        }
    }
}
