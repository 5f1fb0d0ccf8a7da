//! The view Group: rows put together by fields that the user chooses.

use super::pivots::{By, Lately, Order, Words};
use super::popup::{ByMenu, Popup};
use super::{App, View};
use crate::action::Action;
use crate::field::{Field, Value, by_key};
use crate::filter::term;
use crate::keymap::Mode;
use crate::pivot::by::{self, Values};
use crate::pivot::{Group, GroupId};
use crate::store::Entry;
use std::cmp::Ordering;

#[cfg(test)]
mod tests;

/// By how many fields at once rows can be put together.
pub(super) const MOST_FIELDS: usize = 3;

/// The columns behind those of the fields, each with its title and what it tells.
pub const COLUMNS: [(By, &str, &str); 7] = [
    (
        By::Count,
        "COUNT",
        "rows, with their share of all that are listed",
    ),
    (
        By::Rate,
        "RATE",
        "execs per second over the last 10 seconds, with bars of the last minute",
    ),
    (By::Failed, "FAIL", "share of the execs that failed"),
    (By::Half, "P50", "median duration of those that ended"),
    (By::Most, "P95", "what 95 % of the durations are not above"),
    (By::Cost, "CPU", "user and system time of all together"),
    (By::Last, "LAST", "the newest"),
];

/// The state of the view.
#[derive(Debug)]
pub struct Groups {
    /// What rows are put together by.
    pub fields: Vec<&'static Field>,
    /// The groups, while the view is shown.
    pub by: Option<by::By>,
    /// How they are shown.
    pub order: Order,
}

impl Default for Groups {
    fn default() -> Self {
        Self {
            fields: by_key("comm").into_iter().collect(),
            by: None,
            order: Order::default(),
        }
    }
}

/// Compares values, those of one field first.
fn labels(one: &Values, other: &Values, place: usize) -> Ordering {
    let compare = |place: usize| match (one.get(place), other.get(place)) {
        (Some(one), Some(other)) => one.order(other),
        _ => Ordering::Equal,
    };
    let rest = (0..one.len()).map(compare).find(|order| order.is_ne());
    compare(place).then(rest.unwrap_or(Ordering::Equal))
}

impl Groups {
    pub(super) fn refresh(&mut self, now_ns: u64, oldest_ns: Option<u64>) {
        if let Some(by) = &self.by {
            let lately = Lately::new(now_ns, oldest_ns);
            self.order
                .refresh(&by.pivot, now_ns, lately, |_| false, labels);
        }
    }

    /// Returns a group.
    pub fn get(&self, id: GroupId) -> Option<&Group<Values>> {
        self.by.as_ref()?.pivot.get(id)
    }

    /// Returns the selected group.
    pub fn selected(&self) -> Option<&Group<Values>> {
        self.get(self.order.cursor.chosen()?)
    }

    /// Returns whether there is a group of this user after an exec that changed it, such as
    /// `alice→root` for `alice`.
    fn has_changed_user(&self, place: usize, value: &Value<'_>) -> bool {
        let is_user = self.fields.get(place).is_some_and(|f| f.key == "user");
        let (Value::Text(user), true, Some(by)) = (value, is_user, &self.by) else {
            return false;
        };
        let changed = [user, "→".as_bytes()].concat();
        let mut groups = by.pivot.iter().map(|(_, group)| group.label.get(place));
        groups.any(|value| matches!(value, Some(Value::Text(text)) if text.starts_with(&changed)))
    }

    /// Returns the terms that keep only the rows with this value of the field at a place.
    pub(super) fn terms(&self, place: usize, field: &Field, value: &Value<'_>) -> Vec<String> {
        let mut terms: Vec<String> = term(field, value).into_iter().collect();
        if field.key == "exit" && *value == Value::None {
            terms.push("!running".to_owned());
        }
        if self.has_changed_user(place, value) {
            // `user=alice` alone also lets those of her through that became another user.
            terms.push(format!("!{}=*→*", field.key));
        }
        terms
    }

    /// Returns the columns with their titles, left to right.
    pub fn columns(&self) -> Vec<(By, Words)> {
        let label = |(place, field): (usize, &&'static Field)| {
            (
                By::Label(place),
                (field.title.to_owned(), field.doc.to_owned()),
            )
        };
        let figures = COLUMNS
            .iter()
            .map(|(by, title, doc)| (*by, ((*title).to_owned(), (*doc).to_owned())));
        let fields = self.fields.iter().enumerate().map(label);
        fields.chain(figures).collect()
    }
}

impl App {
    /// When the oldest entry of the history was made.
    pub(crate) fn oldest_ns(&self) -> Option<u64> {
        self.model.store.oldest().map(Entry::time_ns)
    }

    pub(super) fn act_in_groups(&mut self, action: Action) {
        match action {
            Action::GroupBy => {
                let menu = ByMenu::new(&self.groups.fields);
                self.popups.push(Popup::By(menu));
            }
            Action::Drill => self.drill_into_group(),
            _ => self.act_in_order(action),
        }
    }

    /// Groups by other fields.
    pub(super) fn take_group_fields(&mut self, menu: &ByMenu) {
        self.group_by(menu.taken());
    }

    /// Groups by these fields.
    pub(super) fn group_by(&mut self, fields: Vec<&'static Field>) {
        if fields.len() > MOST_FIELDS {
            return self.warn(format!("at most {MOST_FIELDS} fields at once"));
        }
        let names: Vec<_> = fields.iter().map(|field| field.key).collect();
        let names = names.join(", ");
        self.groups.fields = fields;
        self.groups.order = Order::default();
        self.regroup();
        self.inform(format!("grouped by {names}"));
    }

    fn drill_into_group(&mut self) {
        let Some(group) = self.groups.selected() else {
            return self.warn("there is no group to go into");
        };
        let mut terms: Vec<String> = Vec::new();
        for (place, (field, value)) in self.groups.fields.iter().zip(&group.label).enumerate() {
            terms.extend(self.groups.terms(place, field, value));
        }
        self.drill(&terms.join(" "), View::Group);
    }

    /// Shows the events that also pass another term.
    pub(super) fn drill(&mut self, term: &str, from: View) {
        let newest = self.newest_of_group();
        match self.list.filter().and(term) {
            Ok(both) => {
                let text = both.text().to_owned();
                self.replace_filter(&text);
                self.set_view(View::Events);
                let place = newest.and_then(|id| self.list.position(id, &self.model).ok());
                if let Some(place) = place {
                    let page = self.hits.page();
                    self.table.select(place, &self.list, &self.model, page);
                }
                let undo = self.options.keys.text(Mode::Events, Action::UndoFilter);
                let tab = View::ALL.iter().position(|(view, _)| *view == from);
                let back = tab.map_or(1, |tab| tab + 1);
                let name = from.name();
                self.inform(format!(
                    "{undo} takes the term out again, {back} goes to {name}"
                ));
            }
            Err(error) => self.warn(error.message),
        }
    }
}
