//! The menu of columns, below the titles and the first rows of the table, where its changes are seen at once.
//!
//! ```text
//!  TIME ▲          PID USER       RES       COMMAND
//!  12:03:07.118  48213 build      ok        gcc -O2 -c foo.c
//! ┌─ columns ─────────────────────────────────────────────────┐
//! │ x time        12  time of day of the exec                 │
//! │ x tty    no room  controlling terminal, below /dev        │
//! │   comm        15  task name                               │
//! ```

use super::paint::Part;
use super::{LookAt, area_of, popup_frame, scroll_text};
use crate::app::App;
use crate::app::column_menu::Line;
use crate::app::popup::Popup;
use crate::app::table::in_sight;
use crate::field::Field;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Rows of the table that stay in sight above the menu, if it still has room for so many lines with its frame.
const ROWS: u16 = 3;
const LEAST: u16 = 7;

/// Paints the menu, and notes where its lines are.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: LookAt<'_>) {
    let look = look_at.look(app);
    let Some(Popup::Columns(menu)) = app.popups.last() else {
        return;
    };
    let width = area.width.min(74);
    let shown: Vec<Line> = menu.shown().copied().collect();
    let wanted = u16::try_from(shown.len().max(1) + 2).unwrap_or(u16::MAX);
    let below = area.bottom().saturating_sub(app.hits.rows.y + ROWS);
    let most = if below >= LEAST { below } else { area.height };
    let height = wanted.min(most);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.bottom().saturating_sub(height),
        width,
        height,
    };
    let title = match menu.typed.as_str() {
        "" => "columns".to_owned(),
        typed => format!("columns with '{typed}'"),
    };
    let inside = popup_frame(buf, place, &title, &look);
    let page = usize::from(inside.height).max(1);
    let selected = menu.selected;
    let scroll = in_sight(menu.scroll, selected, page);
    let seen: Vec<(&Field, u16)> = app.columns_within(app.hits.screen.width);
    let parts = |line: &Line| -> Vec<Part<'static>> {
        let field = line.column.field;
        let seen = seen.iter().any(|(one, _)| one.key == field.key);
        let mark = if line.on { "x" } else { " " };
        let (cells, style) = match (line.on, seen, line.column.cells()) {
            (true, false, _) => ("no room".to_owned(), look.theme.warn),
            (_, _, 0) => ("rest".to_owned(), look.theme.text),
            (_, _, cells) => (cells.to_string(), look.theme.text),
        };
        let name = match line.on {
            true => look.theme.bright,
            false => look.theme.text,
        };
        vec![
            (format!(" {mark} {:<9} ", field.key).into(), name),
            (format!("{cells:>7}  ").into(), style),
            (look.plain(field.doc.into()), look.theme.dim),
        ]
    };
    let mut lines: Vec<Vec<Part<'_>>> = shown.iter().map(parts).collect();
    if lines.is_empty() {
        lines.push(vec![(" no field has this".into(), look.theme.warn)]);
    } else if let Ok(y) = u16::try_from(selected - scroll) {
        buf.set_style(super::paint::line(inside, y), look.theme.selected);
    }
    let scroll = scroll_text(buf, inside, &lines, scroll, &look);
    app.hits.popup = area_of(inside);
    app.hits.popup_lines = lines.len();
    if let Some(Popup::Columns(menu)) = app.popups.last_mut() {
        menu.scroll = scroll;
    }
}
