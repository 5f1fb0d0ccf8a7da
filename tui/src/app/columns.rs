//! Which columns fit on the screen.

use crate::field::{FIELDS, Field};
use std::borrow::Cow;

/// Cells that the elastic column gets at least, if there are that many.
const ELASTIC_MIN: u16 = 12;

/// Cells left of the first column, for the mark of the selected row.
pub const MARK: u16 = 1;

/// Returns the fields that are columns by themselves on a screen that is `width` cells wide, where several machines
/// are told of: which one it is stands behind the time.
pub fn of_several_hosts(width: u16) -> Vec<&'static Field> {
    /// Narrower ones have no room for it.
    const FROM: u16 = 60;
    let shown = |field: &&Field| match field.key {
        "host" => width >= FROM,
        _ => field.default_from.is_some_and(|from| from <= width),
    };
    let mut fields: Vec<_> = FIELDS.iter().filter(shown).collect();
    if let Some(place) = fields.iter().position(|field| field.key == "host") {
        let host = fields.remove(place);
        fields.insert(1.min(fields.len()), host);
    }
    fields
}

/// Returns the columns of a screen that is `width` cells wide, each with its own width.
///
/// Columns that were asked for stay as long as they fit; otherwise the table of fields says from
/// which width on each is shown. The elastic column is always among them, if it was asked for, and
/// so is the one that the rows are sorted by: an order whose reason is hidden would puzzle.
pub fn columns(
    width: u16,
    wanted: Option<&[&'static Field]>,
    sort: Option<&'static Field>,
) -> Vec<(&'static Field, u16)> {
    let by_default = |field: &&'static Field| field.default_from.is_some_and(|from| from <= width);
    let mut fields: Vec<&'static Field> = match wanted {
        Some(wanted) => wanted.to_vec(),
        None => FIELDS.iter().filter(by_default).collect(),
    };
    let is_sort = |field: &Field| sort.is_some_and(|sort| sort.key == field.key);
    if let Some(sort) = sort.filter(|_| !fields.iter().any(|field| is_sort(field))) {
        let elastic = fields.iter().position(|field| field.width == 0);
        fields.insert(elastic.unwrap_or(fields.len()), sort);
    }
    let needed = |fields: &[&'static Field]| -> usize {
        let cells = |f: &&Field| usize::from(if f.width == 0 { ELASTIC_MIN } else { f.width }) + 1;
        fields.iter().map(cells).sum::<usize>() + usize::from(MARK)
    };
    while fields.len() > 1 && needed(&fields) > usize::from(width) + 1 {
        let fixed = |sorted: bool| move |f: &&Field| f.width > 0 && is_sort(f) == sorted;
        let last = fields.iter().rposition(|f| fixed(false)(f));
        match last.or_else(|| fields.iter().rposition(|f| fixed(true)(f))) {
            Some(last) => drop(fields.remove(last)),
            None => break,
        }
    }
    let fixed: u16 = fields.iter().map(|f| f.width.saturating_add(1)).sum();
    let left = width.saturating_sub(fixed.saturating_add(MARK).saturating_sub(1));
    let with_width = |field: &'static Field| match field.width {
        0 => (field, left),
        fixed => (field, fixed.min(width.saturating_sub(MARK))),
    };
    fields.into_iter().map(with_width).collect()
}

impl super::App {
    /// Returns the columns that are shown whatever the table of fields says, if that does not decide.
    pub(crate) fn wanted_columns(&self, width: u16) -> Option<Cow<'_, [&'static Field]>> {
        match &self.options.columns {
            Some(asked) => Some(Cow::Borrowed(asked)),
            None if self.model.session.others.is_empty() => None,
            None => Some(Cow::Owned(of_several_hosts(width))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::by_key;

    fn keys(width: u16, wanted: Option<&[&'static Field]>) -> Vec<&'static str> {
        columns(width, wanted, None)
            .iter()
            .map(|(f, _)| f.key)
            .collect()
    }

    #[test]
    fn optional_columns_go_first() {
        assert_eq!(keys(50, None), ["time", "pid", "res", "command"]);
        assert_eq!(
            keys(80, None),
            ["time", "pid", "ppid", "user", "res", "command"]
        );
        assert_eq!(keys(120, None).len(), 9);
        assert_eq!(keys(20, None), ["command"]);
    }

    #[test]
    fn columns_never_outgrow_the_screen() {
        let all: Vec<_> = FIELDS.iter().collect();
        for width in 0..300 {
            for wanted in [None, Some(&all[..]), Some(&all[..3])] {
                for sort in [None, by_key("dur"), by_key("command"), by_key("pid")] {
                    let columns = columns(width, wanted, sort);
                    let used: u16 = columns.iter().map(|(_, w)| w + 1).sum::<u16>() + MARK - 1;
                    assert!(used <= width.max(2), "{used} of {width}");
                    assert!(!columns.is_empty());
                    let sorted =
                        |(field, _): &(&Field, u16)| sort.is_some_and(|s| s.key == field.key);
                    assert!(width < 30 || sort.is_none() || columns.iter().any(sorted));
                }
            }
        }
        let pid = [by_key("pid").unwrap(), by_key("dur").unwrap()];
        assert_eq!(keys(80, Some(&pid)), ["pid", "dur"]);
    }
}
