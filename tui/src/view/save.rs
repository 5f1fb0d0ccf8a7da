//! The prompt for a file's name, and below it what will be saved; or the question whether to replace a file.

use super::Look;
use super::paint::{self, Part, line};
use super::prompt::typed;
use super::status;
use crate::app::App;
use crate::app::popup::Popup;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Lines that it takes.
pub(super) const HEIGHT: u16 = 2;

/// Paints the prompt on two lines. Returns where the text cursor is.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &App, look: &Look<'_>) -> Option<Position> {
    let Some(Popup::Save(prompt)) = app.popups.last() else {
        return None;
    };
    let theme = look.theme;
    let ellipsis = theme.glyphs.ellipsis;
    paint::clear(buf, area);
    let first = line(area, 0);
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut cursor = None;
    if prompt.exists {
        let name = crate::text::escape(prompt.line.text().as_bytes());
        let question = [
            (" ".into(), theme.text),
            (name, theme.bright),
            (" is there already: replace it?".into(), theme.warn),
        ];
        paint::parts(buf, first, &question, ellipsis);
    } else {
        cursor = typed(buf, first, " save as: ", &prompt.line, theme).cursor;
        parts.push(match app.save_in_words(prompt) {
            Ok(words) => (format!("{words}   ").into(), theme.text),
            Err(wrong) => (format!("{wrong}   ").into(), theme.failed),
        });
    }
    let room = usize::from(area.width).saturating_sub(paint::width(&parts));
    let hints = status::hints(&app.options.keys, app.mode(), room, look);
    parts.extend(hints.into_iter().flat_map(|(_, parts)| parts));
    paint::parts(buf, paint::from_column(line(area, 1), 1), &parts, ellipsis);
    cursor
}
