//! The menu of fields to sort by.

use super::paint::Part;
use super::{popup_frame, scroll_text};
use crate::app::App;
use crate::app::popup::Popup;
use crate::field::FIELDS;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Paints the menu, and notes where its lines are.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: super::LookAt<'_>) {
    let Some(Popup::Sort(menu)) = app.popups.last() else {
        return;
    };
    let (selected, scroll) = (menu.selected, menu.scroll);
    let look = look_at.look(app);
    let theme = look.theme;
    let sort = app.sort();
    let width = area.width.min(60);
    let wanted = u16::try_from(FIELDS.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        width,
        height: area.height.min(wanted),
        ..area
    };
    let inside = popup_frame(buf, place, "sort by", &look);
    let page = usize::from(inside.height).max(1);
    let scroll = scroll
        .min(selected)
        .max((selected + 1).saturating_sub(page));
    let lines: Vec<Vec<Part<'static>>> = FIELDS
        .iter()
        .map(|field| {
            let mark = match sort {
                Some(s) if s.field.key == field.key && s.descending => theme.glyphs.descending,
                Some(s) if s.field.key == field.key => theme.glyphs.ascending,
                _ => " ",
            };
            vec![
                (format!(" {mark} {:<9} ", field.title).into(), theme.bright),
                (field.doc.into(), theme.dim),
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
    if let Some(Popup::Sort(menu)) = app.popups.last_mut() {
        menu.scroll = scroll;
    }
}
