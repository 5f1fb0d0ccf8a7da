//! The help: every key and every column, out of the tables that the program itself goes by.

use super::paint::{self, Part};
use super::{Look, popup_frame, scroll_text};
use crate::app::commands::{COMMANDS, Command};
use crate::app::palette::places;
use crate::app::popup::Popup;
use crate::app::{App, Search};
use crate::cells;
use crate::event::Flags;
use crate::field::{CUT_PATH, FIELDS};
use crate::filter::KEYS;
use crate::keymap::{Bound, Group};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// The most columns of the help.
const WIDEST: u16 = 90;

/// Columns for how much is further below.
const BELOW: u16 = 17;

/// Stands before what is looked for.
const LABEL: &str = "search: ";

/// Cells of the keys on the left.
const NAMES: usize = 18;

/// A part of the help: its heading, its entries with their names, and how the entries look.
type Section = (String, Vec<(String, String)>, Style);

/// Paints the help, and notes how long it is. Returns where the text cursor is, if a text is looked for.
pub(super) fn draw(
    buf: &mut Buffer,
    area: Rect,
    app: &mut App,
    look_at: super::LookAt<'_>,
) -> Option<Position> {
    let Some(Popup::Help(help)) = app.popups.last() else {
        return None;
    };
    let look = look_at.look(app);
    let width = area.width.min(WIDEST);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        width,
        ..area
    };
    let inside = popup_frame(buf, place, "help", &look);
    let searched = help.typing || !help.line.text().is_empty();
    let (text, last) = match searched {
        true => {
            let height = inside.height.saturating_sub(1);
            (Rect { height, ..inside }, paint::below(inside, height))
        }
        false => (inside, Rect::default()),
    };
    let search = Search::new(help.line.text());
    let lines = lines(app, &search, &look, usize::from(inside.width));
    let total = lines.len();
    let scroll = scroll_text(buf, text, &lines, help.scroll, &look);
    let cursor = (searched && help.typing).then(|| help.line.around_cursor().0);
    let cursor = cursor.and_then(|before| {
        let x = last
            .x
            .saturating_add(u16::try_from(cells::width(LABEL) + cells::width(before)).ok()?);
        (x < last.right()).then_some(Position { x, y: last.y })
    });
    if searched {
        let line = [
            (LABEL.into(), look.theme.accent),
            (help.line.text().into(), look.theme.bright),
        ];
        // What is further below is told at the right of this line.
        let left = Rect {
            width: last.width.saturating_sub(BELOW),
            ..last
        };
        paint::parts(buf, left, &line, look.theme.glyphs.ellipsis);
    }
    app.hits.popup = super::area_of(text);
    app.hits.popup_lines = total;
    if let Some(Popup::Help(help)) = app.popups.last_mut() {
        help.scroll = scroll;
    }
    cursor
}

/// Returns the lines that have what is looked for, below their headings.
fn lines(app: &App, search: &Search, look: &Look<'_>, width: usize) -> Vec<Vec<Part<'static>>> {
    let theme = look.theme;
    let mut lines: Vec<Vec<Part<'static>>> = Vec::new();
    for (heading, entries, style) in sections(app, look) {
        let has = |(name, words): &(String, String)| {
            search.is_empty() || search.is_in(name) || search.is_in(words)
        };
        let entries: Vec<_> = entries.into_iter().filter(has).collect();
        if entries.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Vec::new());
        }
        lines.push(vec![(heading.into(), theme.accent)]);
        for (name, words) in entries {
            let words = look.plain(words.into()).into_owned();
            let left = if name.is_empty() { 0 } else { NAMES + 1 };
            let room = width.saturating_sub(left).max(8);
            for (i, line) in cells::wrap(&words, room).into_iter().enumerate() {
                let name = if i == 0 { name.as_str() } else { "" };
                let blanks = left.saturating_sub(cells::width(name));
                let mut parts = marked(name, theme.bright, search, look);
                let least = usize::from(!name.is_empty());
                parts.push((" ".repeat(blanks.max(least)).into(), theme.text));
                parts.extend(marked(line, style, search, look));
                lines.push(parts);
            }
        }
    }
    if lines.is_empty() {
        let text = crate::text::escape(search.text().as_bytes()).into_owned();
        lines.push(vec![(
            format!("nothing here has '{text}'").into(),
            theme.warn,
        )]);
    }
    lines
}

/// Cuts a text so that what is looked for has a style of its own.
fn marked(text: &str, style: Style, search: &Search, look: &Look<'_>) -> Vec<Part<'static>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some((from, to)) = search.find(text, at).filter(|(from, to)| from < to) {
        parts.push((text[at..from].to_owned().into(), style));
        parts.push((text[from..to].to_owned().into(), look.theme.found));
        at = to;
    }
    parts.push((text[at..].to_owned().into(), style));
    parts
}

/// Everything that the help tells: the keys of the present view come before those of the others.
fn sections(app: &App, look: &Look<'_>) -> Vec<Section> {
    let mut out: Vec<Section> = Vec::new();
    let plain = |text: &str| look.plain(text.to_owned().into()).into_owned();
    let status = &app.status;
    let problems = status.ended.iter().chain(&status.problems);
    let clean = |text: &String| crate::text::escape(text.as_bytes()).into_owned();
    let problems = problems.map(|problem| (String::new(), clean(problem)));
    let theme = look.theme;
    out.push((
        "What does not work".to_owned(),
        problems.collect(),
        theme.warn,
    ));
    let here = app.view.mode();
    for now in [true, false] {
        for (group, words) in Group::HEADINGS {
            let bound = app.options.keys.bound();
            let bound = bound.filter(|bound| bound.binding.group == group);
            let bound = bound.filter(|bound| bound.modes.contains(&here) == now);
            let entry = |bound: &Bound| {
                let help = bound.binding.help;
                let words = match now {
                    true => help.to_owned(),
                    false => format!("{help}  ({})", places(&bound.modes)),
                };
                (plain(&bound.keys_text()), words)
            };
            let heading = match now {
                true => format!("{words}, in {}", app.view.name()),
                false => format!("{words}, elsewhere"),
            };
            out.push((heading, bound.map(entry).collect(), theme.text));
        }
    }
    let of_command = |command: &Command| {
        let call = format!(":{} {}", command.name, command.args);
        (plain(call.trim_end()), command.doc.to_owned())
    };
    let commands = COMMANDS.iter().map(of_command);
    out.push(("Commands".to_owned(), commands.collect(), theme.text));
    let name = |(name, text): (&str, &str)| {
        let text = crate::text::escape(text.as_bytes());
        (plain(&format!("@{name}")), text.into_owned())
    };
    let named = app.options.names.iter().map(name);
    out.push(("Named filters".to_owned(), named.collect(), theme.text));
    let glyphs = look.theme.glyphs;
    let signs = [
        (glyphs.failed, "the exec failed; the errno's name says why"),
        (
            glyphs.ellipsis,
            "in EXIT: still runs; at the end of a text: cut to the width",
        ),
        (glyphs.gap, "events were lost here"),
        (
            &*look.plain(CUT_PATH.into()),
            "at the beginning of a path: what stood there was not captured",
        ),
        ("+3.1 KiB", "so much of the arguments was not captured"),
        (
            "? not read",
            "the arguments could not be read; the details say why",
        ),
    ];
    let signs = signs.map(|(sign, words)| (sign.to_owned(), words.to_owned()));
    out.push(("Signs".to_owned(), signs.into(), theme.text));
    let fields = FIELDS.iter().map(|field| {
        let name = format!("{} {}", field.title, field.key);
        (plain(&name), field.doc.to_owned())
    });
    out.push((
        "Columns and fields".to_owned(),
        fields.collect(),
        theme.text,
    ));
    let names = KEYS
        .iter()
        .map(|key| (key.example.to_owned(), key.doc.to_owned()));
    out.push((
        "More names of filters".to_owned(),
        names.collect(),
        theme.text,
    ));
    let flags = Flags::WORDS
        .into_iter()
        .map(|(_, word, meaning)| (word.to_owned(), meaning.to_owned()));
    out.push(("Words of FLAGS".to_owned(), flags.collect(), theme.text));
    if let Some(ms) = status.startup_ms {
        let words = format!("the capture was ready {ms:.0} ms after the start");
        out.push((
            "This run".to_owned(),
            vec![(String::new(), words)],
            theme.dim,
        ));
    }
    out
}
