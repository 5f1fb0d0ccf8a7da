//! The names of the views, the filter, and how much of the history it shows.

use super::Look;
use super::paint::{self, Part};
use crate::app::hits::Area;
use crate::app::{App, View};
use crate::format;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Paints the line. Returns where the tabs are.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &App, look: &Look<'_>) -> Vec<(Area, View)> {
    let mut hits = Vec::new();
    let theme = look.theme;
    let ellipsis = theme.glyphs.ellipsis;
    let mut x = area.x + 1;
    let plain = app.list.filter().is_empty() && app.search.is_empty();
    // What is not here gives way to what is hidden, and to how much.
    let short = area.width < if plain { 72 } else { 100 };
    for (i, (view, name)) in View::ALL.into_iter().enumerate() {
        let number = i + 1;
        let text = match (view == app.view, short) {
            (true, _) => format!("[{number} {name}]"),
            (false, false) => format!(" {number} {name} "),
            (false, true) => format!(" {number} "),
        };
        let style = if view == app.view {
            theme.accent
        } else {
            theme.dim
        };
        let place = Rect {
            x,
            width: area.right().saturating_sub(x),
            ..area
        };
        let used = paint::text(buf, place, &text, style, ellipsis);
        hits.push((
            Area {
                x,
                y: area.y,
                width: used,
                height: 1,
            },
            view,
        ));
        x = x.saturating_add(used);
    }
    let (shown, all) = app.rows_shown();
    let count = if app.list.filter().is_empty() {
        format!("{} rows", format::count(all as u64))
    } else {
        format!(
            "{} of {}",
            format::count(shown as u64),
            format::count(all as u64)
        )
    };
    let start = x.saturating_add(2);
    let rest = Rect {
        x: start,
        width: area.right().saturating_sub(start.saturating_add(1)),
        ..area
    };
    let count_width = u16::try_from(count.len()).unwrap_or(0);
    paint::text_right(buf, rest, &count, theme.text, ellipsis);
    let mut parts: Vec<Part<'_>> = Vec::new();
    if !app.list.filter().is_empty() {
        let text = look
            .text(app.list.filter().text().trim().as_bytes())
            .into_owned();
        parts.push(("filter ".into(), theme.warn));
        parts.push((text.into(), theme.bright));
    }
    for term in app.terms().into_iter().filter(|term| !term.on) {
        let text = crate::text::escape(term.text.as_bytes()).into_owned();
        let between = if parts.is_empty() { "" } else { "  " };
        parts.push((format!("{between}off ").into(), theme.warn));
        parts.push((text.into(), theme.dim));
    }
    if !app.search.is_empty() {
        if !parts.is_empty() {
            parts.push(("  ".into(), theme.text));
        }
        parts.push(("search ".into(), theme.dim));
        parts.push((
            look.shown(app.search.text().into()).into_owned().into(),
            theme.found,
        ));
    }
    let middle = Rect {
        width: rest.width.saturating_sub(count_width + 2),
        ..rest
    };
    paint::parts(buf, middle, &parts, ellipsis);
    hits
}
