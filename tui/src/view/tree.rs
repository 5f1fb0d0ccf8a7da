//! The tree of processes: counts of each subtree, and who started whom.

use super::paint::{self, Part, line};
use super::{Look, area_of, cell};
use crate::action::Action;
use crate::app::App;
use crate::app::hits::Area;
use crate::app::tree::{Fold, Line};
use crate::event::Status;
use crate::field::{Field, by_key, command_start_into};
use crate::format;
use crate::keymap::Mode;
use crate::process::{Life, Process};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use std::borrow::Cow;

/// A column of figures: its title, width, and the narrowest screen that has it.
const COLUMNS: [(&str, u16, u16); 6] = [
    ("PID", 7, 0),
    ("EXECS", 6, 34),
    ("FAIL", 5, 48),
    ("CPU", 6, 60),
    ("AGE", 6, 70),
    ("USER", 10, 100),
];

/// Paints the titles and the visible lines, and notes where they are.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: super::LookAt<'_>) {
    let rows = paint::below(area, 1);
    app.hits.rows = area_of(rows);
    if !app.tree.refresh(&app.model, look_at.now_ns) {
        app.set_dirty();
    }
    let window = app.tree.window(usize::from(rows.height));
    let look = look_at.look(app);
    let root = app.tree.root().and_then(|id| app.model.processes.get(id));
    let title = match root {
        Some(root) => {
            let key = app.options.keys.text(Mode::Tree, Action::Zoom);
            format!("COMMAND  below {}; {key} on it shows all", root.key.pid)
        }
        None => "COMMAND".to_owned(),
    };
    let (indent, cells) = titles(buf, line(area, 0), &title, &look);
    let mut marks = Vec::new();
    for y in 0..rows.height {
        let index = window.top + usize::from(y);
        let Some(one) = app.tree.lines().get(index) else {
            break;
        };
        let place = line(rows, y);
        if window.selected == Some(index) {
            paint::selected(buf, place, look.theme);
        }
        let rest = paint::from_column(place, indent);
        let Some(process) = app.model.processes.get(one.id) else {
            // The view stands still, the history does not.
            paint::text(buf, rest, "no longer in the history", look.theme.dim, "");
            continue;
        };
        figures(buf, place, one, process, &look);
        if let Some(mark) = branch(buf, rest, one, process, &look) {
            marks.push((mark, index));
        }
    }
    app.hits.marks = marks;
    app.hits.cells = cells;
}

/// Paints the titles. Returns where the commands begin, and which columns tell a field.
fn titles(
    buf: &mut Buffer,
    area: Rect,
    last: &str,
    look: &Look<'_>,
) -> (u16, Vec<(Area, &'static Field)>) {
    let mut cells = Vec::new();
    let mut cell = |place: Rect, key: &str| {
        cells.extend(by_key(key).map(|field| (area_of(place), field)));
    };
    buf.set_style(area, look.theme.header);
    let mut x = area.x + 1;
    for (title, width, from) in COLUMNS {
        if area.width >= from {
            let place = Rect { x, width, ..area }.intersection(area);
            if title == "USER" {
                paint::text(buf, place, title, look.theme.header, "");
            } else {
                paint::text_right(buf, place, title, look.theme.header, "");
            }
            if matches!(title, "PID" | "USER") {
                cell(place, &title.to_lowercase());
            }
            x = x.saturating_add(width + 1);
        }
    }
    x = x.saturating_add(1);
    let place = paint::from_column(area, x - area.x);
    paint::text(buf, place, last, look.theme.header, "");
    cell(place, "comm");
    (x - area.x, cells)
}

fn figures(buf: &mut Buffer, area: Rect, one: &Line, process: &Process, look: &Look<'_>) {
    let theme = look.theme;
    let base = life_style(one.life, look);
    let mut x = area.x + 1;
    for (title, width, from) in COLUMNS {
        if area.width < from {
            continue;
        }
        // What a subtree did by then is not known.
        let some = |n: u64, text: String| match n {
            _ if look.is_past => String::new(),
            0 => String::new(),
            _ => text,
        };
        let counts = one.counts;
        let (text, style): (Cow<'_, str>, Style) = match title {
            "PID" if process.is_host() => ("host".into(), theme.dim),
            "PID" => (process.key.pid.to_string().into(), base),
            "EXECS" => (
                some(counts.execs, format::short_count(counts.execs)).into(),
                base,
            ),
            "FAIL" => (
                some(counts.failed, format::short_count(counts.failed)).into(),
                theme.failed,
            ),
            "CPU" => (
                some(counts.cpu_ns, format::duration(counts.cpu_ns)).into(),
                base,
            ),
            "AGE" | "USER" if process.is_host() => ("".into(), theme.dim),
            "AGE" => (format::duration(age(one, process, look)).into(), theme.dim),
            _ => (look.user(process.uid), theme.dim),
        };
        let place = Rect { x, width, ..area }.intersection(area);
        let text = look.plain(text);
        if title == "USER" {
            paint::text(buf, place, &text, style, theme.glyphs.ellipsis);
        } else {
            paint::text_right(buf, place, &text, style, theme.glyphs.ellipsis);
        }
        x = x.saturating_add(width + 1);
    }
}

/// From the fork to the end, or till now.
fn age(one: &Line, process: &Process, look: &Look<'_>) -> u64 {
    let until = match one.life {
        Life::Ended { time_ns, .. } => time_ns,
        Life::Running | Life::Unwatched => look.now_ns,
    };
    until.saturating_sub(process.key.start_ns)
}

fn life_style(life: Life, look: &Look<'_>) -> Style {
    match life {
        Life::Running => look.theme.text,
        Life::Unwatched | Life::Ended { .. } => look.theme.dim,
    }
}

/// Paints guides, fold mark, command and what became of it. Returns where the fold mark is.
fn branch(
    buf: &mut Buffer,
    area: Rect,
    one: &Line,
    process: &Process,
    look: &Look<'_>,
) -> Option<Area> {
    let theme = look.theme;
    let glyphs = theme.glyphs;
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut guides = String::new();
    for level in 1..one.depth.min(64) {
        let goes_on = one.guides >> level & 1 == 1;
        guides.push_str(if goes_on { glyphs.trunk } else { "  " });
    }
    if one.depth > 0 {
        guides.push_str(if one.last {
            glyphs.corner
        } else {
            glyphs.branch
        });
    }
    // Deep down the guides give way, so that the command stays in sight.
    let room = usize::from(area.width) / 2;
    let wide = crate::cells::width(&guides);
    if wide > room {
        let (cut, _) = crate::cells::skip(&guides, wide - room);
        guides = format!("{}{cut}", glyphs.ellipsis);
    }
    let guide_width = u16::try_from(crate::cells::width(&guides)).unwrap_or(u16::MAX);
    parts.push((guides.into(), theme.dim));
    let mark = match one.fold {
        Fold::Open => glyphs.open,
        Fold::Closed => glyphs.closed,
        Fold::Leaf if one.depth > 0 => glyphs.leaf,
        Fold::Leaf => " ",
    };
    let mark_style = if one.fold == Fold::Leaf {
        theme.dim
    } else {
        theme.accent
    };
    parts.push((mark.into(), mark_style));
    parts.push((" ".into(), theme.text));
    let notes = notes(one, process, look);
    let notes_width = notes
        .iter()
        .map(|(text, _)| crate::cells::width(text) + 2)
        .sum::<usize>();
    let notes_width = u16::try_from(notes_width).unwrap_or(u16::MAX);
    let reserved = if notes_width <= area.width / 2 {
        notes_width
    } else {
        0
    };
    let place = Rect {
        width: area.width.saturating_sub(reserved),
        ..area
    };
    let mut command = command(one, process, look);
    if paint::width(&parts) + paint::width(&command) > usize::from(place.width) {
        command = cell::without_directory(command, look);
    }
    parts.append(&mut command);
    let used = paint::parts(buf, place, &parts, glyphs.ellipsis);
    if reserved > 0 {
        let notes: Vec<Part<'_>> = notes
            .into_iter()
            .flat_map(|(text, style)| [("  ".into(), style), (text, style)])
            .collect();
        paint::parts(buf, paint::from_column(area, used), &notes, glyphs.ellipsis);
    }
    let shown = one.fold != Fold::Leaf && guide_width < area.width;
    shown.then(|| Area {
        x: area.x + guide_width,
        y: area.y,
        width: 1,
        height: 1,
    })
}

fn command<'a>(one: &Line, process: &Process, look: &Look<'_>) -> Vec<Part<'a>> {
    let base = life_style(one.life, look);
    let (line, whole) = process_line(process, look, cell::LINE_MAX);
    let mut parts = cell::command_parts(line, whole, base, look);
    if matches!(one.life, Life::Ended { .. }) {
        for (_, style) in &mut parts {
            *style = style.remove_modifier(Modifier::BOLD).patch(look.theme.dim);
        }
    }
    parts
}

/// Returns the beginning of what a process runs, about `limit` bytes of arguments in one line that is safe to
/// show, and whether it is all.
pub(super) fn process_line(process: &Process, look: &Look<'_>, limit: usize) -> (String, bool) {
    let mut line = String::new();
    let row = process.last_exec.and_then(|id| look.model.store.row(id));
    let whole = match row {
        Some(row) => command_start_into(&mut line, row, limit),
        None if process.cmdline.is_empty() => true,
        None => {
            let body = process
                .cmdline
                .strip_suffix(b"\0")
                .unwrap_or(&process.cmdline);
            text::command_start_into(&mut line, body.split(|b| *b == 0), limit)
        }
    };
    if line.is_empty() {
        line = format!("[{}]", look.text(process.comm.as_bytes()));
    }
    let line = look.shown(line.into()).into_owned();
    (line, whole)
}

/// What a line says behind its command, in words, so that colour is not the only cue.
fn notes<'a>(one: &Line, process: &Process, look: &Look<'_>) -> Vec<Part<'a>> {
    let theme = look.theme;
    let mut out: Vec<Part<'a>> = Vec::new();
    if one.fold == Fold::Closed {
        let below = format::count(process.children.len() as u64);
        let word = if process.children.len() == 1 {
            "child"
        } else {
            "children"
        };
        out.push((format!("{below} {word}").into(), theme.accent));
    }
    if look.is_past {
        let row = process.last_exec.and_then(|id| look.model.store.row(id));
        if row.is_some_and(|row| row.exec.time_ns > look.now_ns) {
            out.push(("executed this later".into(), theme.dim));
        }
    }
    if let Some((text, bad)) = ended(one.life) {
        let style = if bad { theme.warn } else { theme.dim };
        out.push((text.into(), style));
    }
    if process.own.execs == 0 && process.own.failed > 0 {
        out.push(("exec failed".into(), theme.failed));
    }
    if !look.model.processes.has_parent(process) && process.key.pid > 2 {
        out.push(("parent never seen".into(), theme.dim));
    }
    out
}

/// Returns how a process ended, in words, and whether that is worth a look; `None` while it runs.
pub(super) fn ended(life: Life) -> Option<(String, bool)> {
    match life {
        Life::Running | Life::Unwatched => None,
        Life::Ended { status: None, .. } => Some(("ended, unseen".to_owned(), false)),
        Life::Ended {
            status: Some(Status::Code(code)),
            ..
        } => Some((format!("ended {code}"), code != 0)),
        Life::Ended {
            status: Some(status),
            ..
        } => Some((
            format!("ended {}", status.signal_name().unwrap_or_default()),
            true,
        )),
    }
}
