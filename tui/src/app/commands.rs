//! The commands of the palette that take something behind their name: what is understood, said and done.

use super::group::MOST_FIELDS;
use super::pivots::By;
use super::popup::sort_by;
use super::{App, Outcome, View};
use crate::field::{self, Column, Field};
use crate::filter::{Filter, FilterError};
use crate::format;
use crate::keymap::Mode;
use crate::list::Sort;
use crate::pivot::by::suits;
use crate::process::ProcessId;
use crate::store::Entry;

/// One command.
#[derive(Debug)]
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// What stands behind the name; empty if nothing.
    pub args: &'static str,
    /// What it does.
    pub doc: &'static str,
    pub(super) takes: Takes,
}

/// What stands behind a command's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Group,
    Sort,
    Filter,
    Columns,
    View,
    Pid,
    Nothing,
}

/// Every command.
#[rustfmt::skip] // one line a command, so that it reads as a table
pub static COMMANDS: &[Command] = &[
    Command { name: "filter",  args: "EXPR",     doc: "keep what passes, in place of the filter; nothing keeps all", takes: Takes::Filter },
    Command { name: "group",   args: "FIELD,…",  doc: "put rows together by these fields",                           takes: Takes::Group },
    Command { name: "sort",    args: "FIELD",    doc: "sort by a field; -FIELD: largest first",                      takes: Takes::Sort },
    Command { name: "columns", args: "FIELD,…",  doc: "show these columns, as wide as FIELD:20; nothing: those that fit",  takes: Takes::Columns },
    Command { name: "view",    args: "NAME",     doc: "show another view",                                           takes: Takes::View },
    Command { name: "goto",    args: "PID",      doc: "select the newest line of a process",                         takes: Takes::Pid },
    Command { name: "quit",    args: "",         doc: "end the program",                                             takes: Takes::Nothing },
];

/// A command with what stands behind it, understood.
#[derive(Debug)]
enum Order {
    Group(Vec<&'static Field>),
    Sort(Sort),
    SortGroups(By, String, bool),
    Filter(Filter),
    Columns(Vec<Column>),
    View(View),
    Process(ProcessId),
    Quit,
}

/// Splits a line into the command that it begins with and where, in bytes, what is behind its name begins; `None` as
/// long as the name is being typed, or is that of none.
pub(super) fn split(text: &str) -> Option<(&'static Command, usize)> {
    let start = text.len() - text.trim_start().len();
    let end = start + text.get(start..)?.find(char::is_whitespace)?;
    let name = text.get(start..end)?.to_lowercase();
    let command = COMMANDS.iter().find(|command| command.name == name)?;
    let rest = text.get(end..)?;
    Some((command, end + rest.len() - rest.trim_start().len()))
}

/// Something wrong with what begins at a byte of the line.
fn wrong(text: &str, at: usize, message: impl Into<String>) -> FilterError {
    FilterError {
        column: text.get(..at).map_or(0, |head| head.chars().count()),
        message: message.into(),
    }
}

/// Reads fields with commas between them, from a byte of the line on.
fn fields(text: &str, from: usize) -> Result<Vec<&'static Field>, FilterError> {
    let mut at = from;
    let mut found: Vec<&'static Field> = Vec::new();
    for part in text.get(from..).unwrap_or_default().split(',') {
        let here = at + part.len() - part.trim_start().len();
        let field = one_field(text, here, part.trim())?;
        if found.iter().any(|known| known.key == field.key) {
            return Err(wrong(
                text,
                here,
                format!("{} stands there twice", field.key),
            ));
        }
        found.push(field);
        at += part.len() + 1;
    }
    Ok(found)
}

/// Reads columns with commas between them, from a byte of the line on.
fn columns(text: &str, from: usize) -> Result<Vec<Column>, FilterError> {
    let mut at = from;
    let mut found: Vec<Column> = Vec::new();
    for part in text.get(from..).unwrap_or_default().split(',') {
        let here = at + part.len() - part.trim_start().len();
        let (key, width) = part.split_once(':').unwrap_or((part, ""));
        one_field(text, here, key.trim())?;
        let column = Column::parse(part.trim());
        let column = column.map_err(|message| {
            // The width stands behind the colon.
            let at = here + part.trim_start().len() - width.len();
            wrong(text, at, message)
        })?;
        if found.iter().any(|c| c.field.key == column.field.key) {
            let message = format!("{} stands there twice", column.field.key);
            return Err(wrong(text, here, message));
        }
        found.push(column);
        at += part.len() + 1;
    }
    Ok(found)
}

/// Returns the keys of columns, with commas between them.
fn in_words(columns: &[Column]) -> String {
    let keys: Vec<_> = columns.iter().map(|column| column.field.key).collect();
    keys.join(", ")
}

fn one_field(text: &str, at: usize, key: &str) -> Result<&'static Field, FilterError> {
    let key = key.to_lowercase();
    if key.is_empty() {
        return Err(wrong(text, at, "a field is missing here"));
    }
    field::by_key(&key).ok_or_else(|| {
        let near = field::near(&key);
        let near = match near.is_empty() {
            true => String::new(),
            false => format!("; near: {}", near.join(", ")),
        };
        wrong(text, at, format!("there is no field {key}{near}"))
    })
}

/// Returns the name of a group table's column as it is typed.
pub(super) fn title_key(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

fn sorts_by(title: &str, descending: bool) -> String {
    match descending {
        true => format!("sorts by {title}, largest first"),
        false => format!("sorts by {title}, smallest first"),
    }
}

impl App {
    fn understand(&self, text: &str) -> Result<Order, FilterError> {
        let Some((command, from)) = split(text) else {
            return Err(wrong(text, 0, "this is no command"));
        };
        let args = text.get(from..).unwrap_or_default().trim_end();
        let missing = |what: &str| wrong(text, from, format!("{what} is missing here"));
        Ok(match command.takes {
            Takes::Filter => {
                let column = wrong(text, from, "").column;
                let shifted = |error: FilterError| FilterError {
                    column: error.column + column,
                    ..error
                };
                Order::Filter(self.parse(args).map_err(shifted)?)
            }
            Takes::Group => {
                let fields = fields(text, from)?;
                if let Some(field) = fields.iter().find(|field| !suits(field)) {
                    let message = format!("nearly every row has another {}", field.key);
                    return Err(wrong(text, from, message));
                }
                if fields.len() > MOST_FIELDS {
                    let message = format!("at most {MOST_FIELDS} fields at once");
                    return Err(wrong(text, from, message));
                }
                Order::Group(fields)
            }
            Takes::Columns if args.is_empty() => Order::Columns(Vec::new()),
            Takes::Columns => Order::Columns(columns(text, from)?),
            Takes::Sort => self.understand_sort(text, from, args)?,
            Takes::View => {
                let name = args.to_lowercase();
                match View::by_name(&name) {
                    Some(view) => Order::View(view),
                    None if name.is_empty() => return Err(missing("a view")),
                    None => {
                        let names = View::names().join(", ");
                        let message = format!("there is no view {name}; there are {names}");
                        return Err(wrong(text, from, message));
                    }
                }
            }
            Takes::Pid => {
                let Ok(pid) = args.parse::<u32>() else {
                    return Err(missing("the number of a process"));
                };
                match self.model.processes.with_pid(pid) {
                    Some(process) => Order::Process(process.id),
                    None => {
                        let message = format!("no process {pid} is known; those that ended go");
                        return Err(wrong(text, from, message));
                    }
                }
            }
            Takes::Nothing if args.is_empty() => Order::Quit,
            Takes::Nothing => {
                let message = format!("nothing stands behind {}", command.name);
                return Err(wrong(text, from, message));
            }
        })
    }

    fn understand_sort(&self, text: &str, from: usize, args: &str) -> Result<Order, FilterError> {
        let stripped = args.strip_prefix('-').or_else(|| args.strip_suffix('-'));
        let key = stripped.unwrap_or(args).trim();
        let at = from + args.find(key).unwrap_or(0);
        if self.view == View::Tree {
            return Err(wrong(text, 0, "the tree is in the order of its processes"));
        }
        if self.order().is_none() {
            let field = one_field(text, at, key)?;
            let usual = sort_by(field, None);
            return Ok(Order::Sort(match stripped {
                Some(_) => Sort {
                    descending: true,
                    ..usual
                },
                None => usual,
            }));
        }
        let columns = self.order_columns();
        let hit = columns
            .iter()
            .find(|(_, (title, _))| title_key(title) == key.to_lowercase());
        match hit {
            Some((by, (title, _))) => {
                let descending = stripped.is_some() || !matches!(by, By::Label(_));
                Ok(Order::SortGroups(*by, title.clone(), descending))
            }
            None => {
                let names: Vec<_> = columns
                    .iter()
                    .map(|(_, (title, _))| title_key(title))
                    .collect();
                let message = format!("this view has the columns {}", names.join(", "));
                Err(wrong(text, at, message))
            }
        }
    }

    /// Returns what a line would do, in words; nothing as long as a name is typed.
    pub(super) fn would_do(&self, text: &str) -> Result<Option<String>, FilterError> {
        if split(text).is_none() {
            let found = text.trim().is_empty() || !self.items(text).is_empty();
            return match found {
                true => Ok(None),
                false => Err(wrong(text, 0, "no command and no key is called so")),
            };
        }
        let keys = |fields: &[&Field]| {
            let keys: Vec<_> = fields.iter().map(|field| field.key).collect();
            keys.join(", ")
        };
        let all = self.rows_shown().1;
        let rows = format!("{} rows", format::count(all as u64));
        Ok(Some(match self.understand(text)? {
            Order::Filter(filter) if filter.is_empty() => format!("keeps all {rows}"),
            Order::Filter(filter) => {
                let mut passed = 0;
                filter.tester(&self.model).each(|id, passes| {
                    let row = || self.gaps.binary_search(&id).is_err();
                    passed += u64::from(passes && row());
                });
                format!("keeps {} of {rows}", format::count(passed))
            }
            Order::Group(fields) => format!("groups {rows} by {}", keys(&fields)),
            Order::Columns(columns) if columns.is_empty() => {
                "shows the columns that fit".to_owned()
            }
            Order::Columns(columns) => format!("shows the columns {}", in_words(&columns)),
            Order::Sort(sort) => sorts_by(sort.field.title, sort.descending),
            Order::SortGroups(_, title, descending) => sorts_by(&title, descending),
            Order::View(view) => format!("shows {}", view.name()),
            Order::Process(id) => {
                let process = self.model.processes.get(id);
                let comm = process.map_or(&b""[..], |process| process.comm.as_bytes());
                format!("goes to {}", crate::text::escape(comm))
            }
            Order::Quit => "ends the program".to_owned(),
        }))
    }

    /// Does what a line says, if it is understood.
    pub(super) fn accept_command(&mut self, text: &str) -> Outcome {
        let order = match self.understand(text) {
            Ok(order) => order,
            Err(error) => {
                self.warn(error.message);
                return Outcome::Continue;
            }
        };
        self.popups.pop();
        self.histories.palette.push(text);
        match order {
            Order::Filter(filter) => self.take_filter(filter),
            Order::Group(fields) => {
                if self.view != View::Group {
                    self.set_view(View::Group);
                }
                self.group_by(fields);
            }
            Order::Columns(columns) => self.take_columns(&columns),
            Order::Sort(sort) => self.set_sort(sort),
            Order::SortGroups(by, _, descending) => {
                self.sort_groups(by);
                // The column that it was sorted by was turned around.
                if self
                    .order()
                    .is_some_and(|order| order.descending != descending)
                {
                    self.sort_groups(by);
                }
            }
            Order::View(view) => self.set_view(view),
            Order::Process(id) => self.go_to_process(id),
            Order::Quit => return Outcome::Quit,
        }
        Outcome::Continue
    }

    fn take_columns(&mut self, columns: &[Column]) {
        self.inform(match columns {
            [] => "the events have the columns that fit".to_owned(),
            columns => format!("the events have the columns {}", in_words(columns)),
        });
        self.set_columns(columns);
    }

    /// Selects the newest line of a process: in the tree its own, else its latest exec's.
    fn go_to_process(&mut self, id: ProcessId) {
        let page = self.hits.page();
        if self.view == View::Tree {
            if !self.tree.reveal(id, &self.model, page) {
                self.warn("the tree does not show this process");
            }
            return;
        }
        let pid = self.model.processes.get(id).map(|process| process.key.pid);
        let is = |entry: &Entry| matches!(entry, Entry::Row(row) if Some(row.exec.pid) == pid);
        let mut newest = self.model.store.iter();
        let entry = newest.rfind(|(_, entry)| is(entry)).map(|(id, _)| id);
        drop(newest);
        let place = entry.and_then(|id| self.list.position(id, &self.model).ok());
        match (place, entry) {
            (Some(index), _) => {
                if self.view != View::Events {
                    self.set_view(View::Events);
                }
                self.table.select(index, &self.list, &self.model, page);
            }
            (None, Some(_)) => self.warn("the filter hides this process"),
            (None, None) => {
                let key = self
                    .options
                    .keys
                    .text(Mode::Events, crate::action::Action::ToggleTree);
                self.warn(format!("it executed nothing; {key} shows it in the tree"));
            }
        }
    }
}
