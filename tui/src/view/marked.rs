//! The marked cell: its title reversed, and its value in the selected line underlined.

use super::{Look, paint::line, rect_of};
use crate::app::App;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Marks the cell, if one is marked and in sight.
pub(super) fn draw(buf: &mut Buffer, app: &mut App) {
    let selected = app.selected_line();
    let Some((title, _)) = app.marked_cell() else {
        return;
    };
    let title = rect_of(title);
    buf.set_style(title, Style::new().add_modifier(Modifier::REVERSED));
    let Some(y) = selected.and_then(|line| u16::try_from(line).ok()) else {
        return;
    };
    let row = line(rect_of(app.hits.rows), y);
    let cell = Rect {
        x: title.x,
        width: title.width,
        ..row
    };
    let style = Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
    buf.set_style(cell.intersection(buf.area), style);
}

/// Returns what `=` would keep, to be told in the footer.
pub(super) fn term(app: &App, look: &Look<'_>) -> Option<String> {
    let term = app.cell_term()?.ok()?;
    let term = crate::text::escape(term.as_bytes());
    Some(crate::cells::fit(&term, 32, look.theme.glyphs.ellipsis))
}
