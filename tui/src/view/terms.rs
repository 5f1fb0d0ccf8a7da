//! The list of the filter's terms: which are on, and what each hides.

use super::paint::{self, Part};
use super::{LookAt, popup_frame, scroll_text};
use crate::app::App;
use crate::app::popup::Popup;
use crate::app::table::in_sight;
use crate::app::terms::Term;
use crate::cells;
use crate::format;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The most columns of the list.
const WIDEST: u16 = 90;

/// Paints the list, and notes where its lines are.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: LookAt<'_>) {
    let look = look_at.look(app);
    let Some(Popup::Terms(list)) = app.popups.last() else {
        return;
    };
    let theme = look.theme;
    let terms = app.terms();
    let width = area.width.min(WIDEST);
    let lines = u16::try_from(terms.len()).unwrap_or(u16::MAX);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        width,
        height: area.height.min(lines.saturating_add(2)),
        ..area
    };
    let (shown, all) = app.rows_shown();
    let (shown, all) = (format::count(shown as u64), format::count(all as u64));
    let title = format!("filter: {shown} of {all} rows");
    let inside = popup_frame(buf, place, &title, &look);
    let hides = |place: usize, term: &Term| {
        let rows = list.hides.get(place).copied().unwrap_or(0) as u64;
        let rows = format::count(rows);
        match term.on {
            true => format!("alone hides {rows}"),
            false => format!("off, would hide {rows}"),
        }
    };
    let widest = terms.iter().enumerate();
    let widest = widest.map(|(place, term)| cells::width(&hides(place, term)));
    let right = widest.max().unwrap_or(0);
    let left = usize::from(inside.width).saturating_sub(right + 7).max(8);
    let line = |(place, term): (usize, &Term)| -> Vec<Part<'static>> {
        let (mark, style) = match term.on {
            true => ("[x]", theme.bright),
            false => ("[ ]", theme.dim),
        };
        let text = crate::text::escape(term.text.as_bytes());
        let text = cells::fit(&text, left, theme.glyphs.ellipsis);
        let hides = hides(place, term);
        let blanks = left.saturating_sub(cells::width(&text)) + right - cells::width(&hides) + 1;
        vec![
            (format!(" {mark} ").into(), theme.text),
            (text.into(), style),
            (format!("{}{hides}", " ".repeat(blanks)).into(), theme.dim),
        ]
    };
    let lines: Vec<_> = terms.iter().enumerate().map(line).collect();
    let page = usize::from(inside.height).max(1);
    let scroll = in_sight(list.scroll, list.selected, page);
    let scroll = scroll_text(buf, inside, &lines, scroll, &look);
    let selected = list.selected.checked_sub(scroll);
    if let Some(y) = selected.and_then(|y| u16::try_from(y).ok()) {
        paint::selected(buf, paint::line(inside, y), theme);
    }
    app.hits.popup = super::area_of(inside);
    app.hits.popup_lines = lines.len();
    if let Some(Popup::Terms(list)) = app.popups.last_mut() {
        list.scroll = scroll;
    }
}
