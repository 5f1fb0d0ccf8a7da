//! The line that is typed, and below it what Enter will do, or what is wrong and where.

use super::Look;
use super::paint::{self, Part, line};
use crate::app::App;
use crate::app::prompt::{Prompt, PromptKind};
use crate::cells;
use crate::format;
use crate::keymap::Mode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Lines that the prompt takes.
pub(super) const HEIGHT: u16 = 2;

/// Paints the prompt on two lines. Returns where the text cursor is.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &App, look: &Look<'_>) -> Option<Position> {
    let prompt = app.prompt()?;
    let theme = look.theme;
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            buf[(x, y)].reset();
        }
    }
    let label = match prompt.kind {
        PromptKind::Filter => " filter: ",
        PromptKind::Search => " search: ",
    };
    let first = line(area, 0);
    let used = paint::text(buf, first, label, theme.accent, "");
    let field = paint::from_column(first, used);
    let (before, _) = prompt.around_cursor();
    let room = usize::from(field.width).saturating_sub(2);
    let skip = cells::width(before).saturating_sub(room);
    let text = [(prompt.text().into(), theme.bright)];
    paint::scrolled(buf, field, &text, skip, theme.glyphs.ellipsis);
    let at = u16::try_from(cells::width(before) - skip).unwrap_or(0);
    below(buf, line(area, 1), prompt, app, look, (used, skip));
    let x = field.x.saturating_add(at);
    (x < area.right()).then_some(Position { x, y: first.y })
}

fn below(
    buf: &mut Buffer,
    area: Rect,
    prompt: &Prompt,
    app: &App,
    look: &Look<'_>,
    (start, skip): (u16, usize),
) {
    let theme = look.theme;
    let ellipsis = theme.glyphs.ellipsis;
    if let Some(error) = &prompt.error {
        let head: String = prompt.text().chars().take(error.column).collect();
        let column = cells::width(&head).saturating_sub(skip);
        let column = u16::try_from(column)
            .unwrap_or(u16::MAX)
            .saturating_add(start);
        let words = crate::text::escape(error.message.as_bytes()).into_owned();
        let wide = u16::try_from(cells::width(&words) + 2).unwrap_or(u16::MAX);
        if column.saturating_add(wide) <= area.width {
            let text = format!("^ {words}");
            paint::text(
                buf,
                paint::from_column(area, column),
                &text,
                theme.failed,
                ellipsis,
            );
        } else {
            // No room to the right of the caret: the words stand on its left.
            let left = Rect {
                width: column.min(area.width.saturating_sub(1)),
                ..area
            };
            paint::text_right(buf, left, &format!("{words} "), theme.failed, ellipsis);
            let caret = column.min(area.width.saturating_sub(1));
            paint::text(buf, paint::from_column(area, caret), "^", theme.failed, "");
        }
        return;
    }
    let (shown, all) = app.rows_shown();
    let mut parts: Vec<Part<'_>> = match prompt.kind {
        PromptKind::Filter => {
            let hits = format!(
                "{} of {} rows",
                format::count(shown as u64),
                format::count(all as u64)
            );
            let style = if shown == 0 { theme.warn } else { theme.text };
            vec![(hits.into(), style), ("   ".into(), theme.text)]
        }
        PromptKind::Search if !prompt.found => vec![("nothing has it   ".into(), theme.warn)],
        PromptKind::Search => vec![],
    };
    for bound in app.options.keys.hints(Mode::Prompt) {
        let key = bound
            .keys
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        parts.push((key.into(), theme.accent));
        let hint = bound.binding.hint.unwrap_or_default();
        parts.push((format!(" {hint}  ").into(), theme.dim));
    }
    paint::parts(buf, paint::from_column(area, 1), &parts, ellipsis);
}
