//! Failed execs put together: why, with which path, how often, when last, and who called.

use super::paint::{self, Part};
use super::pivots::{BARS, Column, Shown, bars, cell_text, cell_titles, lately, rate, table};
use super::{Look, area_of};
use crate::app::App;
use crate::app::pivots::{By, Lately};
use crate::event::{errno_name, exec_hint};
use crate::format;
use crate::pivot::Group;
use crate::pivot::failed::{Failure, What};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns beside the path: what they sort by, title, width, and the narrowest screen that has them.
const FIGURES: [(By, &str, u16, u16); 7] = [
    (By::Count, "COUNT", 7, 0),
    (By::Count, "SHARE", 6, 96),
    (By::Rate, "RATE", 7, 90),
    (By::Rate, "", BARS, 130),
    (By::Cost, "LOST", 6, 64),
    (By::Last, "LAST", 8, 52),
    (By::Label(2), "CALLERS", 20, 76),
];

/// Cells of the error.
const ERROR: u16 = 9;

/// The narrowest screen that has room for the cause, and cells of paths there.
const CAUSE_FROM: u16 = 150;
const PATH_MAX: u16 = 48;

/// Paints the titles and the visible failures, and notes where they are.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: super::LookAt<'_>) {
    let rows = paint::below(area, 1);
    app.hits.rows = area_of(rows);
    app.refresh_order(look_at.now_ns);
    let order = &mut app.failures.order;
    let len = order.list().len();
    let window = order.cursor.window(len, usize::from(rows.height));
    let look = look_at.look(app);
    let columns = columns(area.width);
    let lately = lately(app.oldest_ns(), &look);
    let total = app.failures.by.as_ref().map_or(0, |by| by.pivot.total());
    let shown = Shown {
        order: &app.failures.order,
        window,
        gone: "no longer in the history",
    };
    let get = |id| app.failures.get(id);
    let hits = table(
        buf,
        area,
        &columns,
        &shown,
        &look,
        get,
        |buf, cell, group, column| {
            fill(buf, cell, group, column, (total, lately), &look);
        },
    );
    app.hits.cells = cell_titles(app, &hits);
    app.hits.columns = hits;
}

fn columns(width: u16) -> Vec<Column> {
    let figures = FIGURES.iter().filter(|(_, _, _, from)| width >= *from);
    let used: u16 = figures.clone().map(|(_, _, width, _)| width + 1).sum();
    let rest = width.saturating_sub(used + ERROR + 3);
    let with_cause = width >= CAUSE_FROM;
    let path = if with_cause { rest.min(PATH_MAX) } else { rest };
    let mut out = vec![
        Column::new(By::Label(0), "ERROR", ERROR, false),
        Column::new(By::Label(1), "PATH", path, false),
    ];
    out.extend(figures.map(|(by, title, width, _)| {
        let right = !matches!(by, By::Label(_));
        Column::new(*by, title, *width, right)
    }));
    if with_cause {
        let cause = rest.saturating_sub(path + 1);
        out.push(Column::new(By::Label(0), "CAUSE", cause, false));
    }
    out
}

fn fill(
    buf: &mut Buffer,
    place: Rect,
    group: &Group<Failure>,
    column: &Column,
    (total, lately): (u64, Lately),
    look: &Look<'_>,
) {
    let theme = look.theme;
    let ellipsis = theme.glyphs.ellipsis;
    let stats = &group.stats;
    let what = &group.label.what;
    let truly = matches!(what, What::Failed { .. });
    let figure = if truly { theme.text } else { theme.dim };
    let (words, style) = match (column.by, column.title) {
        (By::Label(0), "CAUSE") => (cause(what).to_owned(), theme.dim),
        (By::Label(0), _) => match what {
            What::Failed { errno, .. } => {
                let name = errno_name(*errno);
                (format!("{} {name}", theme.glyphs.failed), theme.failed)
            }
            What::Misses { .. } => ("PATH miss".to_owned(), theme.dim),
        },
        (By::Label(1), _) => return path(buf, place, what, look),
        (By::Label(_), _) => {
            let parts = callers(group, look);
            paint::parts(buf, place, &parts, ellipsis);
            return;
        }
        (By::Rate, "") => return bars(buf, place, group, look),
        (By::Count, "COUNT") => (format::short_count(stats.count), figure),
        (By::Count, _) => (format::share(stats.count, total), theme.dim),
        (By::Rate, _) => (rate(lately.tenths(group)), figure),
        (By::Cost, _) if truly => return,
        (By::Cost, _) => (format::duration(stats.cost_ns), figure),
        _ => {
            let row = look.model.store.row(group.newest());
            let time = row.map(|row| look.time_of_day(row.exec.time_ns));
            // Whole seconds.
            let time = time.unwrap_or_default().chars().take(8).collect();
            (time, figure)
        }
    };
    cell_text(buf, place, column, (words, style), look);
}

fn path(buf: &mut Buffer, place: Rect, what: &What, look: &Look<'_>) {
    let theme = look.theme;
    let ellipsis = theme.glyphs.ellipsis;
    let path = match what {
        What::Failed { path: None, .. } => {
            paint::text(buf, place, "? not read", theme.warn, ellipsis);
            return;
        }
        What::Failed { path: Some(p), .. } if p.is_empty() => {
            paint::text(buf, place, "empty", theme.dim, ellipsis);
            return;
        }
        What::Misses { name: None } => {
            let words = "programs that were found further on";
            paint::text(buf, place, words, theme.dim, ellipsis);
            return;
        }
        What::Failed { path: Some(p), .. } | What::Misses { name: Some(p) } => look.text(p),
    };
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    let (directory, name) = path.split_at(name);
    let parts: [Part<'_>; 2] = [(directory.into(), theme.dim), (name.into(), theme.bright)];
    let excess = paint::width(&parts).saturating_sub(place.width.into());
    if excess > 0 {
        // A tilde before a slash would be the home directory.
        let mark = if look.ascii { "..." } else { ellipsis };
        paint::scrolled(buf, place, &parts, excess, mark);
    } else {
        paint::parts(buf, place, &parts, ellipsis);
    }
}

/// Returns who called last, and how many others there are.
fn callers<'a>(group: &Group<Failure>, look: &Look<'_>) -> Vec<Part<'a>> {
    let theme = look.theme;
    let Some(row) = look.model.store.row(group.newest()) else {
        return Vec::new();
    };
    let comm = look.text(row.exec.comm.as_bytes()).into_owned();
    let user = look.user(Some(row.exec.uid));
    let others = group.label.callers.len().saturating_sub(1);
    let mut parts: Vec<Part<'a>> = vec![(comm.into(), theme.text)];
    if others > 0 {
        let others = format::short_count(others as u64);
        parts.push((format!(" +{others}").into(), theme.warn));
    }
    parts.push((format!(" {user}").into(), theme.dim));
    parts
}

/// Returns why such execs fail, in words.
pub(super) fn cause(what: &What) -> &'static str {
    match what {
        What::Failed { errno, .. } => exec_hint(*errno),
        What::Misses { .. } => {
            "harmless: each directory of PATH is tried until one has the program"
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_columns_fit_and_the_path_is_seen() {
        for width in 30..300 {
            let columns = super::columns(width);
            let wide: u16 = columns.iter().map(|column| column.width + 1).sum();
            assert!(wide <= width, "{wide} cells of {width}");
            assert!(columns[1].width >= 10, "{width}");
        }
    }
}
