//! Rows put together: what they share, how many, how often, how they went, and the newest of them.

use super::paint;
use super::pivots::{
    BARS, Column, Shown, bars, cell_text, cell_titles, figure, last, lately, table,
};
use super::{Look, area_of, cell};
use crate::app::App;
use crate::app::pivots::By;
use crate::cells;
use crate::field::{Field, Value};
use crate::pivot::Group;
use crate::pivot::by::Values;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns of figures: what they sort by, title, width, and the narrowest screen that has them.
const FIGURES: [(By, &str, u16, u16); 8] = [
    (By::Count, "COUNT", 7, 0),
    (By::Count, "SHARE", 6, 52),
    (By::Rate, "RATE", 7, 44),
    (By::Rate, "", BARS, 110),
    (By::Failed, "FAIL", 6, 34),
    (By::Half, "P50", 6, 66),
    (By::Most, "P95", 6, 66),
    (By::Cost, "CPU", 6, 76),
];

/// The narrowest screen that has room for the newest command.
const LAST_FROM: u16 = 100;

/// Cells that the value of a field gets at most beside a newest command.
const LABEL_MAX: u16 = 22;

/// Paints the titles and the visible groups, and notes where they are.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: super::LookAt<'_>) {
    let rows = paint::below(area, 1);
    app.hits.rows = area_of(rows);
    app.refresh_order(look_at.now_ns);
    let order = &mut app.groups.order;
    let len = order.list().len();
    let window = order.cursor.window(len, usize::from(rows.height));
    let look = look_at.look(app);
    let columns = columns(area.width, &app.groups.fields, app.groups.order.by);
    let lately = lately(app.oldest_ns(), &look);
    let total = app.groups.by.as_ref().map_or(0, |by| by.pivot.total());
    let shown = Shown {
        order: &app.groups.order,
        window,
        gone: "no longer in the history",
    };
    let get = |id| app.groups.get(id);
    let hits = table(
        buf,
        area,
        &columns,
        &shown,
        &look,
        get,
        |buf, cell, group, column| match (column.by, column.title) {
            (By::Label(at), _) => label(buf, cell, group, at, &app.groups.fields, &look),
            (By::Last, _) => last(buf, cell, group, &look),
            (By::Rate, "") => bars(buf, cell, group, &look),
            _ => {
                let figure = figure(group, column, total, lately.tenths(group), &look);
                cell_text(buf, cell, column, figure, &look);
            }
        },
    );
    app.hits.cells = cell_titles(app, &hits);
    app.hits.columns = hits;
}

fn columns(width: u16, fields: &[&'static Field], by: By) -> Vec<Column> {
    let figures = FIGURES.iter().filter(|(_, _, _, from)| width >= *from);
    let used: u16 = figures.clone().map(|(_, _, width, _)| width + 1).sum();
    let rest = width.saturating_sub(used + 2);
    let with_last = width >= LAST_FROM || (by == By::Last && rest > 24);
    let count = u16::try_from(fields.len()).unwrap_or(1).max(1);
    let labels = match with_last {
        true => (rest * 2 / 5).min(count * LABEL_MAX),
        false => rest,
    };
    let each = (labels + 1).saturating_sub(count) / count;
    let mut out: Vec<Column> = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        out.push(Column::new(By::Label(at), field.title, each, false));
    }
    out.extend(figures.map(|(by, title, width, _)| Column::new(*by, title, *width, true)));
    if with_last {
        let used: u16 = out.iter().map(|column| column.width + 1).sum();
        let width = width.saturating_sub(used + 1);
        out.push(Column::new(By::Last, "LAST COMMAND", width, false));
    }
    out
}

fn label(
    buf: &mut Buffer,
    place: Rect,
    group: &Group<Values>,
    at: usize,
    fields: &[&'static Field],
    look: &Look<'_>,
) {
    let ellipsis = look.theme.glyphs.ellipsis;
    let Some(value) = group.label.get(at) else {
        return;
    };
    let key = fields.get(at).map_or("", |field| field.key);
    let text = match value {
        Value::None => {
            paint::text(buf, place, "none", look.theme.dim, ellipsis);
            return;
        }
        Value::Text(text) if text.is_empty() => {
            paint::text(buf, place, "empty", look.theme.dim, ellipsis);
            return;
        }
        Value::Exit(None) => "still runs".into(),
        value => cell::value_text(value, look),
    };
    let style = match value {
        Value::Outcome(errno) if *errno != 0 => look.theme.failed,
        _ => look.theme.bright,
    };
    let excess = cells::width(&text).saturating_sub(place.width.into());
    if super::table::PATHS.contains(&key) && excess > 0 {
        let mark = if look.ascii { "..." } else { ellipsis };
        paint::scrolled(buf, place, &[(text, style)], excess, mark);
    } else {
        paint::text(buf, place, &text, style, ellipsis);
    }
}
