//! What the tables of groups have in common: titles, figures, bars.

use super::paint::{self, line};
use super::{Look, area_of, cell};
use crate::app::hits::Area;
use crate::app::pivots::{By, Lately, Order};
use crate::cells;
use crate::format;
use crate::pivot::Group;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

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
pub(super) fn titles(
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
    let (mut parts, _) = cell::command(row, look);
    if paint::width(&parts) > usize::from(place.width) {
        parts = cell::without_directory(parts, look);
    }
    paint::parts(buf, place, &parts, look.theme.glyphs.ellipsis);
}

/// The seconds that rates on this frame are of.
pub(super) fn lately(oldest_ns: Option<u64>, look: &Look<'_>) -> Lately {
    Lately::new(look.now_ns, oldest_ns)
}
