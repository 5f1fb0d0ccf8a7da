//! What the tables of groups have in common: titles, figures, bars.

use super::paint::{self, line};
use super::{Look, area_of, cell};
use crate::app::App;
use crate::app::hits::Area;
use crate::app::pivots::{By, Lately, Order};
use crate::app::table::Window;
use crate::cells;
use crate::field::Field;
use crate::format;
use crate::pivot::{Group, GroupId};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Seconds of one bar.
const BAR_SECONDS: u32 = 5;

/// Bars of a row.
pub(super) const BARS: u16 = 12;

/// A column that has a place on the screen.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// What a click on its title sorts by.
    pub by: By,
    /// Its title.
    pub title: &'static str,
    /// Cells.
    pub width: u16,
    /// Whether its cells stand at its right.
    pub right: bool,
}

impl Column {
    pub(super) fn new(by: By, title: &'static str, width: u16, right: bool) -> Self {
        Self {
            by,
            title,
            width,
            right,
        }
    }
}

/// Which groups are in sight.
pub(super) struct Shown<'a> {
    /// All, in order.
    pub order: &'a Order,
    /// Which of them.
    pub window: Window,
    /// What is told of one that is gone.
    pub gone: &'static str,
}

/// Paints the titles and the groups in sight, each cell by `fill`; returns where the titles are.
pub(super) fn table<'g, L: 'g>(
    buf: &mut Buffer,
    area: Rect,
    columns: &[Column],
    shown: &Shown<'_>,
    look: &Look<'_>,
    group: impl Fn(GroupId) -> Option<&'g Group<L>>,
    fill: impl Fn(&mut Buffer, Rect, &Group<L>, &Column),
) -> Vec<(Area, By)> {
    let Shown {
        order,
        window,
        gone,
    } = shown;
    let hits = titles(buf, area, columns, order, look);
    let rows = paint::below(area, 1);
    for (y, id) in (0..rows.height).zip(order.list().iter().skip(window.top)) {
        let place = line(rows, y);
        if window.selected == Some(window.top + usize::from(y)) {
            paint::selected(buf, place, look.theme);
        }
        let Some(group) = group(*id) else {
            paint::text(buf, paint::from_column(place, 1), gone, look.theme.dim, "");
            continue;
        };
        for (column, cell) in places(place, columns) {
            fill(buf, cell, group, column);
        }
    }
    hits
}

/// Paints a cell, on the side where its column has them.
pub(super) fn cell_text(
    buf: &mut Buffer,
    place: Rect,
    column: &Column,
    (words, style): (String, Style),
    look: &Look<'_>,
) {
    let words = look.plain(words.into());
    let ellipsis = look.theme.glyphs.ellipsis;
    match column.right {
        true => paint::text_right(buf, place, &words, style, ellipsis),
        false => drop(paint::text(buf, place, &words, style, ellipsis)),
    }
}

/// Returns a figure of a group: of so many rows in all, and of those of a second in tenths.
pub(super) fn figure<L>(
    group: &Group<L>,
    column: &Column,
    total: u64,
    tenths: u64,
    look: &Look<'_>,
) -> (String, Style) {
    let theme = look.theme;
    let stats = &group.stats;
    let time = |ns: Option<u64>| ns.map(format::duration).unwrap_or_default();
    match (column.by, column.title) {
        (By::Count, "COUNT") => (format::short_count(stats.count), theme.text),
        (By::Count, "SHARE") => (format::share(stats.count, total), theme.dim),
        (By::Count | By::Rate, _) => (rate(tenths), theme.text),
        (By::Failed, _) if stats.failed == 0 => (String::new(), theme.text),
        (By::Failed, _) => (format::share(stats.failed, stats.count), theme.failed),
        (By::Half, _) => (time(stats.durations.percentile(50)), theme.text),
        (By::Most, _) => (time(stats.durations.percentile(95)), theme.text),
        _ => (time(Some(stats.cost_ns).filter(|ns| *ns > 0)), theme.text),
    }
}

/// Returns the titles of the columns that tell a field.
pub(super) fn cell_titles(app: &App, titles: &[(Area, By)]) -> Vec<(Area, &'static Field)> {
    let fields = titles.iter().map(|(area, by)| (*area, app.field_of(*by)));
    let fields = fields.filter_map(|(area, field)| Some((area, field?)));
    let mut out: Vec<(Area, &'static Field)> = Vec::new();
    for (area, field) in fields {
        // Two columns can tell of one field: the first counts.
        if !out.iter().any(|(_, known)| known.key == field.key) {
            out.push((area, field));
        }
    }
    out
}

/// Returns where each column stands on a line.
pub(super) fn places(area: Rect, columns: &[Column]) -> impl Iterator<Item = (&Column, Rect)> {
    let mut next = area.x + 1;
    columns.iter().map(move |column| {
        let (x, width) = (next, column.width);
        next = next.saturating_add(width + 1);
        (column, Rect { x, width, ..area }.intersection(area))
    })
}

/// Paints the titles. Returns where they are.
fn titles(
    buf: &mut Buffer,
    area: Rect,
    columns: &[Column],
    order: &Order,
    look: &Look<'_>,
) -> Vec<(Area, By)> {
    let theme = look.theme;
    let area = line(area, 0);
    buf.set_style(area, theme.header);
    let mut hits = Vec::new();
    let mut marked = false;
    for (column, place) in places(area, columns) {
        // Two columns can be of one order: the first has the mark.
        let is_sort = column.by == order.by && !marked && !column.title.is_empty();
        marked |= is_sort;
        let mark = match (is_sort, order.descending) {
            (false, _) => "",
            (true, true) => theme.glyphs.descending,
            (true, false) => theme.glyphs.ascending,
        };
        let room = usize::from(place.width).saturating_sub(cells::width(mark));
        let blank = if mark.is_empty() || column.title.len() + 1 > room {
            ""
        } else {
            " "
        };
        let title = cells::fit(column.title, room, "");
        let text = format!("{title}{blank}{mark}");
        let style = if is_sort {
            theme.header.patch(theme.accent)
        } else {
            theme.header
        };
        if column.right {
            paint::text_right(buf, place, &text, style, "");
        } else {
            paint::text(buf, place, &text, style, "");
        }
        hits.push((area_of(place), column.by));
    }
    hits
}

/// Returns a rate in words: "4.1/s", "1,204/s", nothing when there is none.
pub(super) fn rate(tenths: u64) -> String {
    match tenths {
        0 => String::new(),
        1..100 => format!("{}.{}/s", tenths / 10, tenths % 10),
        _ => format!("{}/s", format::short_count(tenths / 10)),
    }
}

/// Paints how a group's rows came over the last minute; each group has a height of its own.
pub(super) fn bars<L>(buf: &mut Buffer, area: Rect, group: &Group<L>, look: &Look<'_>) {
    let now = (look.now_ns / 1_000_000_000) as u32;
    let end = (now / BAR_SECONDS + 1) * BAR_SECONDS;
    let begin = |bar: u16| end.saturating_sub((u32::from(BARS) - u32::from(bar)) * BAR_SECONDS);
    let counts = (0..BARS).map(|bar| group.stats.between(begin(bar), begin(bar) + BAR_SECONDS));
    let counts: Vec<u64> = counts.collect();
    let peak = counts.iter().copied().max().unwrap_or(0).max(1);
    let glyphs = look.theme.glyphs;
    for (x, count) in (area.x..area.right()).zip(counts) {
        let level = usize::try_from((count * 8).div_ceil(peak)).unwrap_or(0);
        let sign = match level.checked_sub(1) {
            Some(level) => glyphs.bars.get(level).copied().unwrap_or(glyphs.zero),
            None => glyphs.zero,
        };
        if area.height > 0 {
            buf.set_stringn(x, area.y, sign, 1, look.theme.bar);
        }
    }
}

/// Paints the newest command of a group.
pub(super) fn last<L>(buf: &mut Buffer, place: Rect, group: &Group<L>, look: &Look<'_>) {
    let Some(row) = look.model.store.row(group.newest()) else {
        return;
    };
    let (mut parts, _) = cell::command(row, 0, look);
    if paint::width(&parts) > usize::from(place.width) {
        parts = cell::without_directory(parts, look);
    }
    paint::parts(buf, place, &parts, look.theme.glyphs.ellipsis);
}

/// The seconds that rates on this frame are of.
pub(super) fn lately(oldest_ns: Option<u64>, look: &Look<'_>) -> Lately {
    Lately::new(look.now_ns, oldest_ns)
}
