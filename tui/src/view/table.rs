//! The table of events: its titles, and the rows that are visible.

use super::paint::{self, line};
use super::{Look, area_of, cell};
use crate::app::App;
use crate::app::columns::MARK;
use crate::app::hits::Area;
use crate::cells;
use crate::event::Lost;
use crate::field::Field;
use crate::format;
use crate::list::Sort;
use crate::store::{Entry, EntryId, Row};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Fields whose end tells more than their beginning.
pub(super) const PATHS: [&str; 6] = ["file", "exe", "script", "interp", "cwd", "cgroup"];

/// Paints the titles and the rows, and notes where they are.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: super::LookAt<'_>) {
    let columns = app.columns_within(area.width);
    let rows = paint::below(area, 1);
    app.hits.rows = area_of(rows);
    let window = app
        .table
        .window(&app.list, &app.model, usize::from(rows.height));
    let sort = app.sort();
    let look = look_at.look(app);
    let headers = titles(buf, line(area, 0), &columns, sort, &look);
    let mut longest = 0;
    for (y, id) in (0..rows.height).zip(app.list.iter_from(window.top)) {
        let index = window.top + usize::from(y);
        let place = line(rows, y);
        let selected = window.selected == Some(index);
        longest = longest.max(entry(buf, place, id, app, &columns, selected, &look));
    }
    app.hits.cells = headers.clone();
    app.hits.headers = headers;
    app.hits.max_sideways = longest;
    app.table.sideways = app.table.sideways.min(longest);
}

fn titles(
    buf: &mut Buffer,
    area: Rect,
    columns: &[(&'static Field, u16)],
    sort: Option<Sort>,
    look: &Look<'_>,
) -> Vec<(Area, &'static Field)> {
    let glyphs = look.theme.glyphs;
    buf.set_style(area, look.theme.header);
    let mut hits = Vec::new();
    for (field, place) in places(area, columns) {
        let mark = match sort {
            Some(s) if s.field.key == field.key && s.descending => glyphs.descending,
            Some(s) if s.field.key == field.key => glyphs.ascending,
            _ => "",
        };
        let room = usize::from(place.width).saturating_sub(cells::width(mark));
        let blank = if mark.is_empty() || field.title.len() + 1 > room {
            ""
        } else {
            " "
        };
        let title = cells::fit(field.title, room, "");
        let text = format!("{title}{blank}{mark}");
        let style = if mark.is_empty() {
            look.theme.header
        } else {
            look.theme.header.patch(look.theme.accent)
        };
        if field.kind.right_aligned() {
            paint::text_right(buf, place, &text, style, "");
        } else {
            paint::text(buf, place, &text, style, "");
        }
        hits.push((area_of(place), field));
    }
    hits
}

/// Returns where each column stands on a line.
fn places(
    area: Rect,
    columns: &[(&'static Field, u16)],
) -> impl Iterator<Item = (&'static Field, Rect)> {
    let mut next = area.x + MARK;
    columns.iter().map(move |(field, width)| {
        let (x, width) = (next, *width);
        next = next.saturating_add(width + 1);
        (*field, Rect { x, width, ..area }.intersection(area))
    })
}

/// Paints one line. Returns by how much its command could be scrolled.
fn entry(
    buf: &mut Buffer,
    area: Rect,
    id: EntryId,
    app: &App,
    columns: &[(&'static Field, u16)],
    selected: bool,
    look: &Look<'_>,
) -> usize {
    if selected {
        paint::selected(buf, area, look.theme);
    }
    if app.marks.contains(&id) {
        let first = Rect { width: 1, ..area };
        let glyph = look.theme.glyphs.marked;
        paint::text(buf, first, glyph, look.theme.warn, "");
    }
    match app.model.store.get(id) {
        Some(Entry::Row(row)) => {
            let row = &*look.as_of(row);
            let mut longest = 0;
            for (field, place) in places(area, columns) {
                if field.width == 0 {
                    let folded = app.list.folded_into(id, row);
                    longest = command(buf, place, (row, folded), app.table.sideways, look);
                } else {
                    fixed(buf, place, field, row, look);
                }
            }
            longest
        }
        Some(Entry::Gap(lost)) => {
            gap(buf, paint::from_column(area, MARK), lost, look);
            0
        }
        None => 0,
    }
}

fn fixed(buf: &mut Buffer, place: Rect, field: &Field, row: &Row, look: &Look<'_>) {
    let (text, style) = cell::cell(field, row, look);
    let ellipsis = look.theme.glyphs.ellipsis;
    let excess = cells::width(&text).saturating_sub(place.width.into());
    if field.kind.right_aligned() {
        paint::text_right(buf, place, &text, style, ellipsis);
    } else if PATHS.contains(&field.key) && excess > 0 {
        // A tilde before a slash would be the home directory.
        let mark = if look.ascii { "..." } else { ellipsis };
        paint::scrolled(buf, place, &[(text, style)], excess, mark);
    } else {
        paint::text(buf, place, &text, style, ellipsis);
    }
}

/// Paints the command, with how many misses are folded into it; what was not captured is said behind it and never cut.
fn command(
    buf: &mut Buffer,
    place: Rect,
    (row, folded): (&Row, usize),
    sideways: usize,
    look: &Look<'_>,
) -> usize {
    let (parts, missing) = cell::command(row, folded, look);
    let note = missing.unwrap_or_default();
    let note_width = u16::try_from(cells::width(&note)).unwrap_or(0);
    let reserved = if note_width == 0 { 0 } else { note_width + 1 };
    let text = Rect {
        width: place.width.saturating_sub(reserved),
        ..place
    };
    let wide = paint::width(&parts);
    let parts = if sideways == 0 && wide > usize::from(text.width) {
        cell::without_directory(parts, look)
    } else {
        parts
    };
    let used = paint::scrolled(buf, text, &parts, sideways, look.theme.glyphs.ellipsis);
    if note_width > 0 {
        let at = if used == 0 { 0 } else { used + 1 };
        paint::text(
            buf,
            paint::from_column(place, at),
            &note,
            look.theme.warn,
            "",
        );
    }
    wide.saturating_sub(usize::from(text.width))
}

fn gap(buf: &mut Buffer, area: Rect, lost: &Lost, look: &Look<'_>) {
    let host = look.model.session.told_host(lost.host);
    let host = host.map(|host| format!("on {} ", crate::text::escape(host.as_bytes())));
    let style: Style = look.theme.failed;
    let events = if lost.count == 1 { "event" } else { "events" };
    let on = lost
        .cpu
        .map(|cpu| format!(", CPU {cpu}"))
        .unwrap_or_default();
    let at = look.time_of_day(lost.time_ns);
    let text = format!(
        " {} {events} lost {}here, before {at}{on} ",
        format::count(lost.count),
        host.unwrap_or_default(),
    );
    let fill = look.theme.glyphs.gap;
    for x in area.x..area.right() {
        buf.set_stringn(x, area.y, fill, 1, style);
    }
    let wide = u16::try_from(cells::width(&text)).unwrap_or(u16::MAX);
    let left = area.width.saturating_sub(wide) / 2;
    paint::text(
        buf,
        paint::from_column(area, left),
        &text,
        style,
        look.theme.glyphs.ellipsis,
    );
}
