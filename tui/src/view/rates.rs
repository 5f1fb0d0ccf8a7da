//! The view Rate: the chart, what was at the chosen moment, and who started it.
//!
//! ```text
//!  execs   2,310/s                 ▂▅█▆▃                ▂▃▁
//!                            ▂▃▅▇█████████▅▃▂▁    ▁▂▄▆██████▇▅▃▂▁
//!  failed     71/s                  ▁                  ▃▅▂
//!  exits   2,298/s           ▂▃▅▇█▇▅▃▂▁         ▁▂▄▆███▇▅▃▂▁
//!  lost         0/s
//!  1 s a column     ╵12:03:00   ▲  ╵12:03:15      ╵12:03:30
//!  12:03:07  1,204 execs  37 failed (3.1 %)  1,188 exits  nothing lost
//!  PARENT            PID COUNT ▼  SHARE    RATE   FAIL    P50    P95    CPU LAST COMMAND
//! ▌make            48200   1,120   93 %  1,120/s  0.4 %   38ms  210ms   41s gcc -O2 -c foo.c
//! ```

use super::chart::{self, Heights};
use super::paint::{self, Part, line};
use super::pivots::{Column, Shown, cell_text, cell_titles, figure, last, rate, table};
use super::{Look, area_of};
use crate::app::App;
use crate::app::pivots::By;
use crate::format;
use crate::pivot::Group;
use crate::pivot::spawners::{Span, Spawner};
use crate::rate::SECOND_NS;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns of figures: what they sort by, title, width, and the narrowest screen that has them.
const FIGURES: [(By, &str, u16, u16); 7] = [
    (By::Count, "COUNT", 7, 0),
    (By::Count, "SHARE", 6, 52),
    (By::Count, "RATE", 7, 44),
    (By::Failed, "FAIL", 6, 34),
    (By::Half, "P50", 6, 66),
    (By::Most, "P95", 6, 66),
    (By::Cost, "CPU", 6, 76),
];

/// Cells of a task name and of a process id, which has up to seven digits.
const PARENT: u16 = 15;
const PID: u16 = 7;

/// The narrowest screen that has room for the newest command.
const LAST_FROM: u16 = 100;

/// Paints the chart, the figures of the moment and the visible parents, and notes where they are.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: super::LookAt<'_>) {
    app.refresh_order(look_at.now_ns);
    let heights = Heights::of(area.height);
    app.hits.chart = chart::draw(buf, area, heights, app, look_at);
    let below = paint::below(area, heights.total() + 1);
    let rows = paint::below(below, 1);
    app.hits.rows = area_of(rows);
    let order = &mut app.rates.order;
    let len = order.list().len();
    let window = order.cursor.window(len, usize::from(rows.height));
    let look = look_at.look(app);
    let moment = line(area, heights.total());
    let facts = facts(app, &look);
    let ellipsis = look.theme.glyphs.ellipsis;
    paint::parts(buf, paint::from_column(moment, 1), &facts, ellipsis);
    if below.height == 0 {
        return;
    }
    let columns = columns(area.width, app.rates.order.by);
    let spawners = app.rates.spawners.as_ref();
    let total = spawners.map_or(0, |spawners| spawners.pivot.total());
    let seconds = app.rates.span().seconds();
    let shown = Shown {
        order: &app.rates.order,
        window,
        gone: "not in this time any more",
    };
    let get = |id| app.rates.get(id);
    let hits = table(
        buf,
        below,
        &columns,
        &shown,
        &look,
        get,
        |buf, cell, group, column| {
            fill(buf, cell, group, column, (total, seconds), &look);
        },
    );
    app.hits.cells = cell_titles(app, &hits);
    app.hits.columns = hits;
}

/// Returns what was at the moment that is looked at.
fn facts<'a>(app: &App, look: &Look<'_>) -> Vec<Part<'a>> {
    let theme = look.theme;
    let Span { from, to } = app.rates.span();
    let clock = |second: u64| -> String {
        let time = look.time_of_day(second * SECOND_NS);
        time.chars().take(8).collect()
    };
    let seconds = to.saturating_sub(from);
    let when = match (app.rates.chosen(), seconds) {
        (None, _) => format!("last {}", format::span(seconds)),
        (Some(_), 1) => clock(from),
        (Some(_), _) => format!("{} to {}", clock(from), clock(to)),
    };
    let bucket = app.at_the_moment();
    let execs = bucket.execs + bucket.failed;
    let count = |n: u64, one: &str, more: &str| match n {
        1 => format!("1 {one}"),
        _ => format!("{} {more}", format::count(n)),
    };
    let mut out: Vec<Part<'a>> = vec![(format!("{when}  ").into(), theme.accent)];
    let rate = match rate(execs * 10 / seconds.max(1)) {
        _ if seconds == 1 => String::new(),
        rate if rate.is_empty() => rate,
        rate => format!(", {rate}"),
    };
    out.push((
        format!("{}{rate}  ", count(execs, "exec", "execs")).into(),
        theme.text,
    ));
    out.push(match bucket.failed {
        0 => ("none failed  ".into(), theme.dim),
        failed => {
            let share = format::share(failed, execs);
            let words = format!("{} failed ({share})  ", format::count(failed));
            (words.into(), theme.failed)
        }
    });
    out.push((
        format!("{}  ", count(bucket.exits, "exit", "exits")).into(),
        theme.text,
    ));
    out.push(match bucket.lost {
        0 => ("nothing lost".into(), theme.dim),
        lost => (format!("{} lost", format::count(lost)).into(), theme.failed),
    });
    let counting = app.rates.spawners.as_ref().is_some_and(|s| !s.done);
    if counting {
        out.push(("  still counting".into(), theme.warn));
    } else if let Some(oldest_ns) = app.oldest_ns().filter(|ns| *ns > from * SECOND_NS)
        && app.model.store.first_id().0 > 0
    {
        let oldest = clock(oldest_ns / SECOND_NS);
        let words = format!("  below: since {oldest}, older rows left the history");
        out.push((words.into(), theme.warn));
    }
    out
}

fn columns(width: u16, by: By) -> Vec<Column> {
    let figures = FIGURES.iter().filter(|(_, _, _, from)| width >= *from);
    let used: u16 = figures.clone().map(|(_, _, width, _)| width + 1).sum();
    let rest = width.saturating_sub(used + PID + 3);
    let with_last = width >= LAST_FROM || (by == By::Last && rest > 24);
    let parent = if with_last { PARENT.min(rest) } else { rest };
    let mut out = vec![
        Column::new(By::Label(0), "PARENT", parent, false),
        Column::new(By::Label(1), "PID", PID, true),
    ];
    out.extend(figures.map(|(by, title, width, _)| Column::new(*by, title, *width, true)));
    if with_last {
        let last = rest.saturating_sub(parent + 1);
        out.push(Column::new(By::Last, "LAST COMMAND", last, false));
    }
    out
}

fn fill(
    buf: &mut Buffer,
    place: Rect,
    group: &Group<Spawner>,
    column: &Column,
    (total, seconds): (u64, u64),
    look: &Look<'_>,
) {
    let theme = look.theme;
    let cell = match column.by {
        By::Label(0) => match look.text(group.label.comm.as_bytes()) {
            comm if comm.is_empty() => ("? not seen".to_owned(), theme.warn),
            comm => (comm.into_owned(), theme.bright),
        },
        By::Label(_) => (group.label.pid.to_string(), theme.text),
        By::Last => return last(buf, place, group, look),
        _ => {
            let tenths = group.stats.count * 10 / seconds.max(1);
            figure(group, column, total, tenths, look)
        }
    };
    cell_text(buf, place, column, cell, look);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_fit_and_the_parent_is_seen() {
        for width in 30..300 {
            for by in [By::Count, By::Last] {
                let columns = columns(width, by);
                let wide: u16 = columns.iter().map(|column| column.width + 1).sum();
                assert!(wide <= width, "{wide} cells of {width}");
                assert!(columns[0].width >= 9, "{width}");
            }
        }
    }
}
