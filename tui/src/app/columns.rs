//! Which columns the table has, and which of them fit on the screen.

use super::App;
use crate::field::{Column, Field};
use std::borrow::Cow;

/// Cells that the elastic column gets at least, if there are that many.
const ELASTIC_MIN: u16 = 12;

/// Cells left of the first column, for the mark of the selected row.
pub const MARK: u16 = 1;

/// Returns the columns of a screen that is `width` cells wide, each with its own width.
///
/// Those that are there by default have a width of the screen from which on each is shown. While there is no room
/// for all, they go first: what needs the widest screen, and of equal ones the rightmost. Then those go that were
/// asked for, from the right. The elastic column always stays, and the one that the rows are sorted by goes last, and
/// comes if it is not there: an order whose reason is hidden would puzzle.
pub fn columns(
    width: u16,
    wanted: &[Column],
    sort: Option<&'static Field>,
) -> Vec<(&'static Field, u16)> {
    let from = |column: &Column| match column.chosen {
        true => 0,
        false => column.field.default_from.unwrap_or(0),
    };
    let fits = |column: &&Column| from(column) <= width;
    let mut columns: Vec<Column> = wanted.iter().filter(fits).copied().collect();
    let is_sort = |field: &Field| sort.is_some_and(|sort| sort.key == field.key);
    if let Some(sort) = sort.filter(|_| !columns.iter().any(|column| is_sort(column.field))) {
        let elastic = columns.iter().position(|column| column.field.width == 0);
        columns.insert(elastic.unwrap_or(columns.len()), sort.into());
    }
    let needed = |columns: &[Column]| -> usize {
        let cells = columns.iter().map(|column| match column.cells() {
            0 => usize::from(ELASTIC_MIN) + 1,
            cells => usize::from(cells) + 1,
        });
        cells.sum::<usize>() + usize::from(MARK)
    };
    while columns.len() > 1 && needed(&columns) > usize::from(width) + 1 {
        let fixed = columns.iter().enumerate();
        let fixed = fixed.filter(|(_, column)| column.field.width > 0);
        let first = fixed.max_by_key(|(at, column)| {
            let stays = (is_sort(column.field), column.chosen);
            (std::cmp::Reverse(stays), from(column), *at)
        });
        match first.map(|(at, _)| at) {
            Some(at) => drop(columns.remove(at)),
            None => break,
        }
    }
    let fixed: u16 = columns
        .iter()
        .map(|column| column.cells().saturating_add(1))
        .fold(0, u16::saturating_add);
    let left = width.saturating_sub(fixed.saturating_add(MARK).saturating_sub(1));
    let with_width = |column: Column| match column.cells() {
        0 => (column.field, left),
        cells => (column.field, cells.min(width.saturating_sub(MARK))),
    };
    columns.into_iter().map(with_width).collect()
}

impl App {
    /// Shows other columns, left to right; none are those that there are by default.
    pub fn set_columns(&mut self, columns: &[Column]) {
        self.options.columns = match columns {
            [] => Column::defaults(),
            columns => columns.to_vec(),
        };
        self.set_dirty();
    }

    /// Returns the columns that are asked for. Where there are several machines and no column was chosen, which one it
    /// was stands behind the time.
    fn wanted_columns(&self) -> Cow<'_, [Column]> {
        let asked = &self.options.columns;
        let is_host = |column: &Column| column.field.key == "host";
        let chosen = asked.iter().any(|column| column.chosen || is_host(column));
        let host = crate::field::by_key("host").filter(|_| !self.model.session.others.is_empty());
        match host {
            Some(host) if !chosen => {
                let mut columns = asked.clone();
                let host = Column {
                    chosen: false,
                    ..host.into()
                };
                columns.insert(1.min(columns.len()), host);
                Cow::Owned(columns)
            }
            _ => Cow::Borrowed(asked),
        }
    }

    /// Returns the columns that there is room for on a screen that is `width` cells wide, each with its own width.
    pub(crate) fn columns_within(&self, width: u16) -> Vec<(&'static Field, u16)> {
        columns(
            width,
            &self.wanted_columns(),
            self.sort().map(|sort| sort.field),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{FIELDS, by_key};

    fn keys(width: u16, wanted: &[Column]) -> Vec<&'static str> {
        let columns = columns(width, wanted, None);
        columns.iter().map(|(field, _)| field.key).collect()
    }

    fn chosen(keys: &[&str]) -> Vec<Column> {
        Column::parse_all(keys).unwrap()
    }

    #[test]
    fn optional_columns_go_first() {
        let defaults = Column::defaults();
        assert_eq!(keys(50, &defaults), ["time", "pid", "res", "command"]);
        assert_eq!(
            keys(80, &defaults),
            ["time", "pid", "ppid", "user", "res", "command"]
        );
        assert_eq!(keys(120, &defaults).len(), 9);
        assert_eq!(keys(20, &defaults), ["command"]);
    }

    #[test]
    fn what_was_asked_for_goes_last() {
        let mut columns = Column::defaults();
        columns.splice(8..8, chosen(&["tty", "cwd:30"]));
        assert_eq!(keys(300, &columns).len(), 11);
        assert_eq!(
            keys(80, &columns),
            ["time", "pid", "tty", "cwd", "command"],
            "at first what needs the widest screen"
        );
        assert_eq!(keys(60, &columns), ["tty", "cwd", "command"]);
        assert_eq!(keys(40, &columns), ["tty", "command"]);
        let sorted = super::columns(50, &columns, by_key("cwd"));
        let sorted: Vec<_> = sorted.iter().map(|(field, _)| field.key).collect();
        assert_eq!(sorted, ["cwd", "command"], "that one after all others");
        let widths = super::columns(80, &chosen(&["command:30", "pid:9"]), None);
        let widths: Vec<_> = widths.iter().map(|(_, width)| *width).collect();
        assert_eq!(widths, [30, 9]);
    }

    #[test]
    fn columns_never_outgrow_the_screen() {
        let all: Vec<Column> = FIELDS.iter().map(Column::from).collect();
        let wide: Vec<Column> = all
            .iter()
            .map(|column| Column {
                width: Some(400),
                ..*column
            })
            .collect();
        for width in 0..300 {
            for wanted in [&Column::defaults()[..], &all, &all[..3], &wide] {
                for sort in [None, by_key("dur"), by_key("command"), by_key("pid")] {
                    let columns = columns(width, wanted, sort);
                    let used: u16 = columns.iter().map(|(_, w)| w + 1).sum::<u16>() + MARK - 1;
                    assert!(used <= width.max(2), "{used} of {width}");
                    assert!(!columns.is_empty());
                    let sorted =
                        |(field, _): &(&Field, u16)| sort.is_some_and(|s| s.key == field.key);
                    let narrow = width < 30 || wanted == wide;
                    assert!(narrow || sort.is_none() || columns.iter().any(sorted));
                }
            }
        }
        assert_eq!(keys(80, &chosen(&["pid", "dur"])), ["pid", "dur"]);
    }
}
