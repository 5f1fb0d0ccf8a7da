//! The menus: columns to sort by, fields to group by.

use super::paint::Part;
use super::{Look, popup_frame, scroll_text};
use crate::action::Action;
use crate::app::App;
use crate::app::copy::What;
use crate::app::popup::Popup;
use crate::app::table::in_sight;
use crate::field::{FIELDS, by_key};
use crate::keymap::Mode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A line of a menu: its mark, name and meaning.
type Line = (String, String, String);

/// Paints the menu, and notes where its lines are.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: super::LookAt<'_>) {
    let look = look_at.look(app);
    let (title, selected, scroll, lines) = match app.popups.last() {
        Some(Popup::Sort(menu)) => ("sort by", menu.selected, menu.scroll, to_sort(app, &look)),
        Some(Popup::By(menu)) => {
            let line = |(key, marked): &(&'static str, bool)| -> Line {
                let mark = if *marked { "x" } else { " " };
                let doc = by_key(key).map_or("", |field| field.doc);
                (mark.to_owned(), (*key).to_owned(), doc.to_owned())
            };
            let lines = menu.fields.iter().map(line).collect();
            ("group by", menu.selected, menu.scroll, lines)
        }
        Some(Popup::Copy(menu)) => {
            let line = |(_, action, name, doc): &(What, Action, &str, &str)| -> Line {
                let key = app.options.keys.text(Mode::Copy, *action);
                (key, (*name).to_owned(), (*doc).to_owned())
            };
            let lines = What::ALL.iter().map(line).collect();
            ("copy", menu.selected, 0, lines)
        }
        _ => return,
    };
    let theme = look.theme;
    let width = area.width.min(60);
    let wanted = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        width,
        height: area.height.min(wanted),
        ..area
    };
    let inside = popup_frame(buf, place, title, &look);
    let page = usize::from(inside.height).max(1);
    let scroll = in_sight(scroll, selected, page);
    let lines: Vec<Vec<Part<'static>>> = lines
        .into_iter()
        .map(|(mark, name, doc)| {
            vec![
                (format!(" {mark} {name:<9} ").into(), theme.bright),
                (look.plain(doc.into()), theme.dim),
            ]
        })
        .collect();
    if let Some(y) = selected
        .checked_sub(scroll)
        .and_then(|y| u16::try_from(y).ok())
    {
        buf.set_style(super::paint::line(inside, y), theme.selected);
    }
    let scroll = scroll_text(buf, inside, &lines, scroll, &look);
    app.hits.popup = super::area_of(inside);
    app.hits.popup_lines = lines.len();
    match app.popups.last_mut() {
        Some(Popup::Sort(menu)) => menu.scroll = scroll,
        Some(Popup::By(menu)) => menu.scroll = scroll,
        _ => {}
    }
}

fn to_sort(app: &App, look: &Look<'_>) -> Vec<Line> {
    let glyphs = look.theme.glyphs;
    let mark = |is: bool, descending: bool| match (is, descending) {
        (false, _) => " ",
        (true, true) => glyphs.descending,
        (true, false) => glyphs.ascending,
    };
    if let Some(order) = app.order() {
        let columns = app.order_columns().into_iter();
        let line = |(by, (title, doc))| {
            let mark = mark(by == order.by, order.descending);
            (mark.to_owned(), title, doc)
        };
        return columns.map(line).collect();
    }
    let sort = app.sort();
    let fields = FIELDS.iter().map(|field| {
        let is = sort.filter(|sort| sort.field.key == field.key);
        let mark = mark(is.is_some(), is.is_some_and(|sort| sort.descending));
        (
            mark.to_owned(),
            field.title.to_owned(),
            field.doc.to_owned(),
        )
    });
    fields.collect()
}
