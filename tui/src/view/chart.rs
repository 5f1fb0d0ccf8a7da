//! The chart of the view Rate: execs, failures, exits and losses over time, and the line of time below.

use super::Look;
use super::paint::{self, line};
use crate::app::App;
use crate::app::hits::Area;
use crate::format;
use crate::rate::{Bucket, SECOND_NS};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Cells from one label of the line of time to the next, at least.
const APART: u64 = 12;

/// Seconds that labels of the line of time can be apart.
const MARKS: [u64; 9] = [15, 30, 60, 120, 300, 600, 900, 1_800, 3_600];

/// What is counted: its name and which of the counts it is.
type Series = (&'static str, fn(&Bucket) -> u64);

const SERIES: [Series; 4] = [
    ("execs", |bucket| bucket.execs + bucket.failed),
    ("failed", |bucket| bucket.failed),
    ("exits", |bucket| bucket.exits),
    ("lost", |bucket| bucket.lost),
];

/// Lines of each series, and of the line of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heights {
    series: [u16; 4],
    time: u16,
}

impl Heights {
    /// Gives the chart about half of a view that is `lines` high.
    pub(super) fn of(lines: u16) -> Self {
        let (series, time) = match lines {
            0..4 => ([lines.min(1), 0, 0, 0], 0),
            4..6 => ([1, 0, 0, 0], 0),
            6..9 => ([1, 1, 0, 0], 0),
            9..12 => ([1, 1, 1, 1], 1),
            _ => {
                let bars = (lines / 2).saturating_sub(1);
                let side = (bars / 6).clamp(1, 3);
                let lost = (bars / 8).clamp(1, 2);
                ([bars - 2 * side - lost, side, side, lost], 1)
            }
        };
        Self { series, time }
    }

    /// Returns how many lines that are.
    pub(super) fn total(self) -> u16 {
        self.series.iter().sum::<u16>() + self.time
    }
}

/// Paints the chart. Returns where the bars are, and the first second of the first of them.
pub(super) fn draw(
    buf: &mut Buffer,
    area: Rect,
    heights: Heights,
    app: &mut App,
    look_at: super::LookAt<'_>,
) -> (Area, u64) {
    let gutter = if area.width >= 80 { 20 } else { 14 };
    let bars = Rect {
        x: area.x + gutter,
        width: area.width.saturating_sub(gutter + 1),
        height: area.height.min(heights.total()),
        ..area
    };
    if bars.width == 0 || bars.height == 0 {
        return Default::default();
    }
    let first = app.rates.first_column(usize::from(bars.width), &app.model);
    let step = app.rates.step();
    let seconds = (0..u64::from(bars.width)).map(|column| first + column * step);
    let until = app.rates.now() + 1;
    let buckets = seconds.clone().map(|from| {
        // Of the newest column only what was when the view was paused.
        app.shown_rate().between(from, (from + step).min(until))
    });
    let buckets: Vec<Bucket> = buckets.collect();
    let look = look_at.look(app);
    let mut y = area.y;
    for ((name, value), height) in SERIES.iter().zip(heights.series) {
        let styles = match *name {
            "execs" => (look.theme.bar, look.theme.text),
            "exits" => (look.theme.dim, look.theme.text),
            _ => (look.theme.failed, look.theme.failed),
        };
        let values: Vec<u64> = buckets.iter().map(value).collect();
        let place = Rect { y, height, ..bars }.intersection(bars);
        let peak = values.iter().copied().max().unwrap_or(0);
        columns(buf, place, &values, peak, styles.0, &look);
        let gutter = Rect {
            x: area.x + 1,
            width: gutter - 2,
            ..place
        };
        let number = if peak > 0 { styles.1 } else { look.theme.dim };
        label(
            buf,
            gutter,
            name,
            peak,
            (step, area.width >= 80),
            (number, &look),
        );
        y += height;
    }
    let time = Rect {
        y,
        height: heights.time,
        ..bars
    };
    let chosen = app.rates.chosen();
    let mark = chosen.and_then(|chosen| seconds.clone().position(|from| from == chosen));
    let mark = mark.and_then(|column| u16::try_from(column).ok());
    if time.height > 0 {
        times(buf, time, seconds, mark, app, &look);
        let place = Rect {
            x: area.x + 1,
            width: gutter - 2,
            ..time
        };
        let words = format!("{} a column", format::span(step));
        paint::text(
            buf,
            place,
            &words,
            look.theme.dim,
            look.theme.glyphs.ellipsis,
        );
    }
    if let Some(column) = mark {
        let x = bars.x + column;
        let whole = Rect {
            x,
            width: 1,
            height: bars.height.saturating_sub(time.height),
            ..bars
        };
        buf.set_style(whole, look.theme.selected);
        let sign = look.theme.glyphs.ascending;
        if time.height > 0 {
            let place = Rect {
                x,
                width: 1,
                ..time
            };
            let style = look.theme.ground.patch(look.theme.accent);
            paint::over(buf, place, sign, style, "");
        }
    }
    (super::area_of(bars), first)
}

fn label(
    buf: &mut Buffer,
    place: Rect,
    name: &str,
    peak: u64,
    (step, with_unit): (u64, bool),
    (style, look): (Style, &Look<'_>),
) {
    if place.height == 0 {
        return;
    }
    let ellipsis = look.theme.glyphs.ellipsis;
    paint::text(buf, place, name, look.theme.dim, ellipsis);
    let unit = match step {
        _ if !with_unit => String::new(),
        1 => "/s".to_owned(),
        60 => "/min".to_owned(),
        step => format!("/{step} s"),
    };
    let number = format!("{}{unit}", format::short_count(peak));
    let room = paint::from_column(line(place, 0), 7);
    paint::text_right(buf, room, &number, style, ellipsis);
}

/// Paints bars on all lines of `area`, the highest up to the top.
fn columns(buf: &mut Buffer, area: Rect, values: &[u64], peak: u64, style: Style, look: &Look<'_>) {
    let glyphs = look.theme.glyphs;
    let steps = u64::from(area.height) * 8;
    for (x, value) in (area.x..area.right()).zip(values) {
        // Whatever there is has at least the lowest bar.
        let level = (u128::from(*value) * u128::from(steps)).div_ceil(u128::from(peak.max(1)));
        let level = usize::try_from(level).unwrap_or(0);
        for (above, y) in (area.y..area.bottom()).rev().enumerate() {
            let sign = match level.saturating_sub(above * 8).min(8) {
                0 => glyphs.zero,
                level => glyphs.bars.get(level - 1).copied().unwrap_or(glyphs.zero),
            };
            buf.set_stringn(x, y, sign, 1, style);
        }
    }
}

/// Paints the times of day at which columns begin.
fn times(
    buf: &mut Buffer,
    area: Rect,
    seconds: impl Iterator<Item = u64>,
    mark: Option<u16>,
    app: &App,
    look: &Look<'_>,
) {
    let step = app.rates.step();
    let apart = MARKS.into_iter().find(|mark| mark / step >= APART);
    let apart = apart.unwrap_or(3_600);
    let newest = app.rates.now();
    let end = area.right();
    for (x, second) in (area.x..end).zip(seconds) {
        let begins = app.rates.into_wall(second, apart, &app.model) < step;
        if !begins || second > newest {
            continue;
        }
        let time = look.time_of_day(second * SECOND_NS);
        let digits = if apart.is_multiple_of(60) { 5 } else { 8 };
        let time: String = time.chars().take(digits).collect();
        let words = format!("{}{time}", look.theme.glyphs.tick);
        // A label that is cut, or under the mark, would tell another time.
        let label = x..=x + digits as u16;
        let hidden = mark.is_some_and(|mark| label.contains(&(area.x + mark)));
        if usize::from(end - x) > digits && !hidden {
            let place = Rect {
                x,
                width: end - x,
                ..area
            };
            paint::text(buf, place, &words, look.theme.dim, "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Heights;

    #[test]
    fn the_chart_leaves_room_for_who_started_it() {
        for lines in 4..200 {
            let heights = Heights::of(lines);
            assert!(heights.total() + 3 <= lines, "{heights:?} of {lines}");
            assert!(heights.series[0] > 0);
            if lines >= 9 {
                assert!(heights.series.iter().all(|lines| *lines > 0));
                assert_eq!(heights.time, 1);
            }
        }
    }
}
