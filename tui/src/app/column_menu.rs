//! The menu of columns: which fields the table shows, in which order and how wide.

use super::App;
use super::handle::moved;
use super::popup::Popup;
use crate::action::Action;
use crate::field::{Column, FIELDS, WIDTHS};

/// A field in the menu.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// The column that it is, or would be.
    pub column: Column,
    /// Whether it is one.
    pub on: bool,
}

/// The menu.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnMenu {
    /// Index into [`ColumnMenu::shown`] of the selected line.
    pub selected: usize,
    /// First visible line.
    pub scroll: usize,
    /// What was typed: only fields that have it are shown.
    pub typed: String,
    /// Every field: the columns in their order, and the others where they would stand.
    lines: Vec<Line>,
}

impl ColumnMenu {
    /// Opens the menu for a table with these columns.
    pub fn new(columns: &[Column]) -> Self {
        Self {
            selected: 0,
            scroll: 0,
            typed: String::new(),
            lines: lines(columns),
        }
    }

    /// Returns the lines that have what was typed.
    pub fn shown(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| self.has_typed(line))
    }

    fn has_typed(&self, line: &Line) -> bool {
        let field = line.column.field;
        let has = |text: &str| text.to_lowercase().contains(&self.typed);
        has(field.key) || has(field.title) || has(field.doc)
    }

    /// Returns the place of the selected line among all.
    fn place(&self) -> Option<usize> {
        let key = self.shown().nth(self.selected)?.column.field.key;
        self.lines.iter().position(|l| l.column.field.key == key)
    }

    fn type_text(&mut self, text: &str) {
        self.typed.push_str(text);
        self.selected = 0;
    }

    /// Returns the columns that it stands for.
    fn columns(&self) -> Vec<Column> {
        let on = self.lines.iter().filter(|line| line.on);
        on.map(|line| line.column).collect()
    }

    /// Changes the selected line, which is then a column that somebody asked for.
    fn change(&mut self, change: impl FnOnce(&mut Line)) {
        let place = self.place();
        if let Some(line) = place.and_then(|place| self.lines.get_mut(place)) {
            line.column.chosen = true;
            change(line);
        }
    }

    /// Moves the selected column past the next one on a side; returns whether there is one.
    fn shift(&mut self, before: bool) -> bool {
        let Some(place) = self.place() else {
            return false;
        };
        let on = |at: &usize| self.lines.get(*at).is_some_and(|line| line.on);
        let beside = match before {
            true => (0..place).rev().find(on),
            false => (place + 1..self.lines.len()).find(on),
        };
        let Some(beside) = beside else {
            return false;
        };
        let mut line = self.lines.remove(place);
        line.column.chosen = true;
        self.lines.insert(beside, line);
        let shown = self.lines.iter().take(beside);
        self.selected = shown.filter(|line| self.has_typed(line)).count();
        true
    }
}

/// Returns a line for every field. What is no column yet would come behind the others, but before the last if that is
/// the elastic one.
fn lines(columns: &[Column]) -> Vec<Line> {
    let is_on = |key| columns.iter().any(|column| column.field.key == key);
    let off = FIELDS.iter().filter(|field| !is_on(field.key));
    let off = off.map(|field| Line {
        column: field.into(),
        on: false,
    });
    let mut lines: Vec<Line> = columns
        .iter()
        .map(|column| Line {
            column: *column,
            on: true,
        })
        .collect();
    let elastic = lines.pop_if(|last| last.column.field.width == 0);
    lines.extend(off);
    lines.extend(elastic);
    lines
}

impl App {
    pub(super) fn open_columns(&mut self) {
        let menu = ColumnMenu::new(&self.options.columns);
        self.popups.push(Popup::Columns(menu));
    }

    /// Shows only the fields that have what is typed.
    pub(super) fn type_in_columns(&mut self, text: &str) {
        self.set_dirty();
        self.notice = None;
        if let Some(Popup::Columns(menu)) = self.popups.last_mut() {
            menu.type_text(&text.to_lowercase());
        }
    }

    pub(super) fn act_in_columns(&mut self, action: Action) {
        let page = usize::from(self.hits.popup.height).max(1);
        let Some(Popup::Columns(menu)) = self.popups.last_mut() else {
            return;
        };
        let last = menu.shown().count().saturating_sub(1);
        let selected = menu.shown().nth(menu.selected).copied();
        let wrong = match (action, selected) {
            (Action::Accept, _) => {
                self.popups.pop();
                return;
            }
            (Action::ResetColumns, _) => {
                *menu = ColumnMenu::new(&Column::defaults());
                self.inform("the columns are those that there are by default");
                return self.set_columns(&[]);
            }
            (Action::EraseChar, _) => {
                menu.selected = 0;
                let some = menu.typed.pop().is_some();
                (!some).then_some("nothing was typed: letters show only the fields that have them")
            }
            (
                Action::Mark
                | Action::ColumnBefore
                | Action::ColumnAfter
                | Action::Wider
                | Action::Narrower
                | Action::UsualWidth,
                Some(line),
            ) => menu.change_column(action, &line),
            _ => {
                menu.selected = moved(action, menu.selected, last, page);
                return;
            }
        };
        match wrong {
            Some(wrong) => self.warn(wrong),
            None => {
                let columns = menu.columns();
                self.set_columns(&columns);
            }
        }
    }
}

impl ColumnMenu {
    /// Changes the selected column; returns why not, if it cannot be.
    fn change_column(&mut self, action: Action, line: &Line) -> Option<&'static str> {
        let alone = self.lines.iter().filter(|line| line.on).count() == 1;
        let (least, most) = (*WIDTHS.start(), *WIDTHS.end());
        let cells = match line.column.cells() {
            // What the elastic column begins with when it gets a width of its own.
            0 => 40,
            cells => cells,
        };
        match action {
            Action::Mark if line.on && alone => return Some("one column has to stay"),
            Action::Mark => self.change(|line| line.on = !line.on),
            _ if !line.on => return Some("it is no column yet: Space makes it one"),
            Action::ColumnBefore if !self.shift(true) => return Some("it is the leftmost"),
            Action::ColumnAfter if !self.shift(false) => return Some("it is the rightmost"),
            Action::Wider if cells >= most => return Some("it is as wide as can be"),
            Action::Wider => self.change(|line| line.column.width = Some(cells + 1)),
            Action::Narrower if cells <= least => return Some("it is as narrow as can be"),
            Action::Narrower => self.change(|line| line.column.width = Some(cells - 1)),
            Action::UsualWidth if line.column.width.is_none() => {
                return Some("it has its usual width");
            }
            Action::UsualWidth => self.change(|line| line.column.width = None),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::app;
    use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
    use proptest::prelude::*;

    fn press(app: &mut App, keys: &str) {
        for c in keys.chars() {
            let code = match c {
                'v' => KeyCode::Down,
                '^' => KeyCode::Up,
                '~' => KeyCode::Backspace,
                c => KeyCode::Char(c),
            };
            app.handle(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), 0);
        }
    }

    fn columns(app: &App) -> String {
        let columns = app.options.columns.iter().map(|column| {
            let width = column.width.map(|width| format!(":{width}"));
            format!("{}{}", column.field.key, width.unwrap_or_default())
        });
        columns.collect::<Vec<_>>().join(",")
    }

    fn menu(app: &App) -> &ColumnMenu {
        match app.popups.last() {
            Some(Popup::Columns(menu)) => menu,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_key_changes_the_table_at_once() {
        let mut app = app(9);
        app.set_columns(&Column::parse_all(&["time", "pid", "command"]).unwrap());
        press(&mut app, "Cv>");
        assert_eq!(columns(&app), "time,command,pid");
        press(&mut app, "<<");
        assert_eq!(columns(&app), "pid,time,command");
        press(&mut app, "+++-");
        assert_eq!(columns(&app), "pid:9,time,command");
        press(&mut app, "0 ");
        assert_eq!(columns(&app), "time,command");
        press(&mut app, "tty");
        let shown: Vec<_> = menu(&app).shown().map(|l| l.column.field.key).collect();
        assert_eq!(shown, ["tty"]);
        press(&mut app, " ");
        assert_eq!(columns(&app), "time,tty,command", "before the elastic one");
        press(&mut app, "~~~");
        assert_eq!(menu(&app).shown().count(), FIELDS.len());
        app.act(Action::ResetColumns);
        assert_eq!(app.options.columns, Column::defaults());
    }

    #[test]
    fn one_column_stays() {
        let mut app = app(9);
        app.set_columns(&Column::parse_all(&["command"]).unwrap());
        press(&mut app, "Ccommand ");
        assert_eq!(columns(&app), "command");
        assert!(app.notice.is_some(), "and it says so");
    }

    proptest! {
        #[test]
        fn no_keys_lose_or_double_a_field(keys in "[v^ <>+0~ad-]{0,40}") {
            let mut app = app(9);
            press(&mut app, "C");
            press(&mut app, &keys);
            let keys: std::collections::HashSet<_> =
                menu(&app).lines.iter().map(|line| line.column.field.key).collect();
            prop_assert_eq!(keys.len(), FIELDS.len());
            prop_assert_eq!(menu(&app).lines.len(), FIELDS.len());
            prop_assert!(!app.options.columns.is_empty());
            prop_assert_eq!(&menu(&app).columns(), &app.options.columns);
        }
    }
}
