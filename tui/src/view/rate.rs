//! The rate of execs over the last minutes, with the failed ones on a line of their own.

use super::paint;
use super::{Look, area_of, paint::line};
use crate::app::hits::Area;
use crate::format;
use crate::rate::{Bucket, SECOND_NS};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Seconds that the bars reach back at least, if the screen has the width.
const SPAN: usize = 300;

/// The busiest second of each column, oldest first.
struct Column {
    execs: u64,
    failed: u64,
}

/// Paints one line, or two if `area` is that high. Returns where the bars are, the first second of the first of them
/// and how many seconds each has.
pub(super) fn draw(buf: &mut Buffer, area: Rect, look: &Look<'_>) -> (Area, u64, u64) {
    let label = label_width(area.width);
    let bars = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(label + 1),
        ..area
    };
    let width = usize::from(bars.width);
    if width == 0 {
        return Default::default();
    }
    let per_column = SPAN.div_ceil(width).max(1);
    let columns = columns(look, width, per_column);
    let seconds = per_column as u64;
    let newest = look.now_ns / SECOND_NS;
    let newest = newest - newest % seconds;
    let oldest = newest.saturating_sub((width as u64 - 1) * seconds);
    let all = |c: &Column| c.execs + c.failed;
    let peak = columns.iter().map(all).max().unwrap_or(0);
    let minutes = (per_column * width / 60).max(1);
    let totals = look.model.totals;
    let ellipsis = look.theme.glyphs.ellipsis;
    paint_bars(
        buf,
        line(bars, 0),
        &columns,
        all,
        peak,
        look.theme.bar,
        look,
    );
    if area.height >= 2 {
        let worst = columns.iter().map(|c| c.failed).max().unwrap_or(0);
        paint_bars(
            buf,
            line(bars, 1),
            &columns,
            |c| c.failed,
            worst,
            look.theme.failed,
            look,
        );
        let text = format!(
            "{} failed, peak {}/s",
            format::count(totals.failed),
            format::count(worst)
        );
        let style = if worst > 0 {
            look.theme.failed
        } else {
            look.theme.dim
        };
        paint::text_right(
            buf,
            label_area(line(area, 1), label),
            &text,
            style,
            ellipsis,
        );
    }
    let text = if area.width >= 100 {
        let execs = format::count(totals.execs);
        format!(
            "{execs} execs, peak {}/s, {minutes} min",
            format::count(peak)
        )
    } else {
        format!("peak {}/s, {minutes} min", format::count(peak))
    };
    paint::text_right(
        buf,
        label_area(line(area, 0), label),
        &text,
        look.theme.dim,
        ellipsis,
    );
    (area_of(bars), oldest, seconds)
}

fn label_width(width: u16) -> u16 {
    match width {
        0..40 => 0,
        40..100 => 24,
        _ => 36,
    }
}

fn label_area(line: Rect, label: u16) -> Rect {
    let label = label.min(line.width).saturating_sub(1);
    Rect {
        x: line.right().saturating_sub(label + 1),
        width: label,
        ..line
    }
}

/// Columns stand on whole multiples of their seconds, so that bars move but never change their shape.
fn columns(look: &Look<'_>, width: usize, per_column: usize) -> Vec<Column> {
    let second = look.now_ns / 1_000_000_000;
    let into = usize::try_from(second % per_column as u64).unwrap_or(0);
    let count = (width - 1) * per_column + into + 1;
    let buckets: Vec<Bucket> = look.model.rate.last(look.now_ns, count).collect();
    let busiest = |seconds: &[Bucket]| Column {
        execs: seconds.iter().map(|b| b.execs).max().unwrap_or(0),
        failed: seconds.iter().map(|b| b.failed).max().unwrap_or(0),
    };
    buckets.chunks(per_column).map(busiest).collect()
}

fn paint_bars(
    buf: &mut Buffer,
    area: Rect,
    columns: &[Column],
    value: impl Fn(&Column) -> u64,
    peak: u64,
    style: Style,
    look: &Look<'_>,
) {
    let glyphs = look.theme.glyphs;
    for (x, column) in (area.x..area.right()).zip(columns) {
        let level = (value(column) * 8).div_ceil(peak.max(1)).min(8);
        let sign = match usize::try_from(level).unwrap_or(0) {
            0 => glyphs.zero,
            level => glyphs.bars.get(level - 1).copied().unwrap_or(glyphs.zero),
        };
        if area.height > 0 {
            buf.set_stringn(x, area.y, sign, 1, style);
        }
    }
}
