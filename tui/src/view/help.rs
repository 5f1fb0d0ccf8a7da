//! The help: every key and every column, out of the tables that the program itself goes by.

use super::paint::Part;
use super::{Look, popup_frame, scroll_text};
use crate::app::App;
use crate::app::popup::Popup;
use crate::cells;
use crate::event::Flags;
use crate::field::{CUT_PATH, FIELDS};
use crate::keymap::Group;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Cells of the keys on the left.
const KEYS: usize = 18;

/// Paints the help, and notes how long it is.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: super::LookAt<'_>) {
    let Some(Popup::Help { scroll }) = app.popups.last() else {
        return;
    };
    let scroll = *scroll;
    let look = look_at.look(app);
    let width = area.width.min(90);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        width,
        ..area
    };
    let inside = popup_frame(buf, place, "help", &look);
    let lines = lines(app, &look, usize::from(inside.width));
    let total = lines.len();
    let scroll = scroll_text(buf, inside, &lines, scroll, &look);
    app.hits.popup = super::area_of(inside);
    app.hits.popup_lines = total;
    if let Some(Popup::Help { scroll: at }) = app.popups.last_mut() {
        *at = scroll;
    }
}

fn lines(app: &App, look: &Look<'_>, width: usize) -> Vec<Vec<Part<'static>>> {
    let theme = look.theme;
    let mut lines: Vec<Vec<Part<'static>>> = Vec::new();
    let heading = |lines: &mut Vec<Vec<Part<'static>>>, words: &'static str| {
        if !lines.is_empty() {
            lines.push(Vec::new());
        }
        lines.push(vec![(words.into(), theme.accent)]);
    };
    let entry = |lines: &mut Vec<Vec<Part<'static>>>, name: String, words: &str| {
        let room = width.saturating_sub(KEYS + 1).max(8);
        let words = look.plain(words.into());
        for (i, line) in cells::wrap(&words, room).into_iter().enumerate() {
            let name = if i == 0 { name.clone() } else { String::new() };
            let blank = " ".repeat((KEYS + 1).saturating_sub(cells::width(&name)).max(1));
            lines.push(vec![
                (
                    look.plain(format!("{name}{blank}").into())
                        .into_owned()
                        .into(),
                    theme.bright,
                ),
                (line.to_owned().into(), theme.text),
            ]);
        }
    };
    let status = &app.status;
    if !status.problems.is_empty() || status.ended.is_some() {
        heading(&mut lines, "What does not work");
        for problem in status.ended.iter().chain(&status.problems) {
            let clean = crate::text::escape(problem.as_bytes()).into_owned();
            for line in cells::wrap(&clean, width) {
                lines.push(vec![(line.to_owned().into(), theme.warn)]);
            }
        }
    }
    for (group, words) in Group::HEADINGS {
        heading(&mut lines, words);
        let bound = app.options.keys.bound();
        for bound in bound.filter(|bound| bound.binding.group == group) {
            entry(&mut lines, bound.keys_text(), bound.binding.help);
        }
    }
    if app.options.names.iter().next().is_some() {
        heading(&mut lines, "Named filters");
        for (name, text) in app.options.names.iter() {
            let text = crate::text::escape(text.as_bytes());
            entry(&mut lines, format!("@{name}"), &text);
        }
    }
    heading(&mut lines, "Signs");
    let glyphs = theme.glyphs;
    let cut_path = look.plain(CUT_PATH.into());
    for (sign, words) in [
        (glyphs.failed, "the exec failed; the errno's name says why"),
        (
            glyphs.ellipsis,
            "in EXIT: still runs; at the end of a text: cut to the width",
        ),
        (glyphs.gap, "events were lost here"),
        (
            &*cut_path,
            "at the beginning of a path: what stood there was not captured",
        ),
        ("+3.1 KiB", "so much of the arguments was not captured"),
        (
            "? not read",
            "the arguments could not be read; the details say why",
        ),
    ] {
        entry(&mut lines, sign.to_owned(), words);
    }
    heading(&mut lines, "Columns and fields");
    for field in FIELDS {
        entry(
            &mut lines,
            format!("{} {}", field.title, field.key),
            field.doc,
        );
    }
    heading(&mut lines, "Words of FLAGS");
    for (_, word, meaning) in Flags::WORDS {
        entry(&mut lines, word.to_owned(), meaning);
    }
    if let Some(ms) = status.startup_ms {
        lines.push(Vec::new());
        let words = format!("the capture was ready {ms:.0} ms after the start");
        lines.push(vec![(words.into(), theme.dim)]);
    }
    lines
}
