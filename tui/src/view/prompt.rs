//! The line that is typed, below it what Enter will do, or what is wrong and where, and above it what is offered.

use super::offers;
use super::paint::{self, Part, line};
use super::status;
use super::theme::Theme;
use super::{Look, LookAt};
use crate::action::Action;
use crate::app::line::Line;
use crate::app::offers::Does;
use crate::app::prompt::{Prompt, PromptKind};
use crate::app::{App, Tone};
use crate::cells;
use crate::format;
use crate::keymap::{Keys, Mode};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Lines that the prompt takes.
const HEIGHT: u16 = 2;

/// So many offers are shown at once; of commands more.
const OFFERS: u16 = 8;
const COMMANDS: u16 = 14;

/// Paints the prompt on the last two lines of `area`, and offers above them. Returns where the text cursor is.
pub(super) fn draw(
    buf: &mut Buffer,
    area: Rect,
    app: &mut App,
    look_at: LookAt<'_>,
) -> Option<Position> {
    let above = Rect {
        height: area.height.saturating_sub(HEIGHT),
        ..area
    };
    let most = match app.mode() {
        Mode::Palette => COMMANDS,
        _ => OFFERS,
    };
    let page = offers::room(above, most);
    app.scroll_offers(page.into());
    let (app, look) = (&*app, look_at.look(app));
    let prompt = app.prompt()?;
    let theme = look.theme;
    let place = paint::below(area, above.height);
    paint::clear(buf, place);
    let first = line(place, 0);
    let label = format!(" {}: ", prompt.label());
    let Typed { used, skip, cursor } = typed(buf, first, &label, &prompt.line, theme);
    below(buf, line(place, 1), prompt, app, &look, (used, skip));
    let part = prompt
        .text()
        .get(..prompt.offers.range.start)
        .unwrap_or_default();
    let column = usize::from(used) + cells::width(part).saturating_sub(skip);
    let column = u16::try_from(column).unwrap_or(u16::MAX);
    let title = title(prompt, &app.options.keys);
    offers::draw(buf, above, column, &prompt.offers, (&title, page), &look);
    cursor
}

/// A line that is typed, as it was painted.
pub(super) struct Typed {
    /// How many cells stand before it.
    used: u16,
    /// How many of its cells are scrolled away.
    skip: usize,
    /// Where the text cursor is.
    pub(super) cursor: Option<Position>,
}

/// Paints a label, and behind it a line that is typed, scrolled so that its cursor is seen.
pub(super) fn typed(
    buf: &mut Buffer,
    area: Rect,
    label: &str,
    line: &Line,
    theme: &Theme,
) -> Typed {
    let used = paint::text(buf, area, label, theme.accent, "");
    let field = paint::from_column(area, used);
    let (before, _) = line.around_cursor();
    let room = usize::from(field.width).saturating_sub(2);
    let skip = cells::width(before).saturating_sub(room);
    let text = [(line.text().into(), theme.bright)];
    paint::scrolled(buf, field, &text, skip, theme.glyphs.ellipsis);
    let at = u16::try_from(cells::width(before) - skip).unwrap_or(0);
    let x = field.x.saturating_add(at);
    let cursor = (x < area.right()).then_some(Position { x, y: area.y });
    Typed { used, skip, cursor }
}

/// What stands above the offers.
fn title(prompt: &Prompt, keys: &Keys) -> String {
    let key = |action| keys.text(prompt.mode(), action);
    let highlighted = prompt.offers.highlighted();
    if highlighted.is_some_and(|offer| offer.why_not.is_some()) {
        return "not in this view".to_owned();
    }
    match highlighted.map(|offer| offer.does) {
        Some(Does::Act(_)) => format!("{} does it", key(Action::Accept)),
        Some(Does::Insert) => format!("{} takes it", key(Action::Accept)),
        None => format!("{} takes the first", key(Action::CursorRight)),
    }
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
    if let Some(notice) = &app.notice {
        let style = match notice.tone {
            Tone::Info => theme.text,
            Tone::Warning => theme.warn,
        };
        let words = look.plain(notice.text.as_str().into());
        paint::text(buf, paint::from_column(area, 1), &words, style, ellipsis);
        return;
    }
    if let Some(error) = prompt
        .error
        .as_ref()
        .filter(|_| prompt.offers.selected.is_none())
    {
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
    let enter = app.options.keys.text(prompt.mode(), Action::Accept);
    let (words, good) = enter_does(prompt, app);
    let style = if good { theme.text } else { theme.warn };
    let mut parts: Vec<Part<'_>> = vec![
        (enter.into(), theme.accent),
        (format!(" {words}   ").into(), style),
    ];
    let left = usize::from(area.width).saturating_sub(paint::width(&parts));
    let hints = status::hints(&app.options.keys, app.mode(), left, look);
    parts.extend(hints.into_iter().flat_map(|(_, parts)| parts));
    paint::parts(buf, paint::from_column(area, 1), &parts, ellipsis);
}

/// What Enter does, in words, and whether that is of any use.
fn enter_does(prompt: &Prompt, app: &App) -> (String, bool) {
    if let Some(offer) = prompt.offers.highlighted() {
        return match (&offer.why_not, offer.does) {
            (Some(why), _) => (format!("does nothing here: {} is {why}", offer.text), false),
            (None, Does::Act(_)) => (format!("does {}", offer.text), true),
            (None, Does::Insert) => (format!("writes {}", offer.text.trim_end()), true),
        };
    }
    let (shown, all) = app.rows_shown();
    let all_rows = format!("{} rows", format::count(all as u64));
    match prompt.kind {
        PromptKind::Filter if app.list.filter().is_empty() => {
            (format!("keeps all {all_rows}"), true)
        }
        PromptKind::Filter => {
            let shown_rows = format::count(shown as u64);
            (format!("keeps {shown_rows} of {all_rows}"), shown > 0)
        }
        PromptKind::Search if !prompt.found => ("stays: nothing has it".to_owned(), false),
        PromptKind::Search if prompt.text().is_empty() => ("searches nothing".to_owned(), true),
        PromptKind::Search => (format!("stays here, keeps all {all_rows}"), true),
        PromptKind::Palette => (prompt.says.clone().unwrap_or_default(), true),
    }
}
