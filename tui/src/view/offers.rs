//! What is offered to be put into the line that is typed, in a box above it.

use super::paint::{self, Part};
use super::{Look, popup_frame, scroll_text};
use crate::app::offers::Offers;
use crate::cells;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The frame's lines, and its columns with the blanks inside.
const FRAME: (u16, u16) = (2, 4);

/// From so many columns on there is room for keys.
const WITH_KEYS: u16 = 60;

/// The most columns of a box.
const WIDEST: u16 = 90;

/// The most columns that names take, where something stands behind them.
const NAMES: usize = 36;

/// Returns how many offers there is room for.
pub(super) fn room(area: Rect, most: u16) -> u16 {
    area.height.saturating_sub(FRAME.0).min(most)
}

/// Paints the box at the bottom of `area`, below the part of the line that it is about: that begins in column `x`.
pub(super) fn draw(
    buf: &mut Buffer,
    area: Rect,
    x: u16,
    offers: &Offers,
    (title, page): (&str, u16),
    look: &Look<'_>,
) {
    let theme = look.theme;
    let page = page.min(u16::try_from(offers.list.len()).unwrap_or(u16::MAX));
    if page == 0 || area.width <= FRAME.1 {
        return;
    }
    let list = &offers.list;
    let widest = |width: &dyn Fn(usize) -> usize| (0..list.len()).map(width).max().unwrap_or(0);
    let keys = match area.width >= WITH_KEYS {
        true => widest(&|i| cells::width(&list[i].key)),
        false => 0,
    };
    let docs = widest(&|i| cells::width(&list[i].doc));
    let most = if docs > 0 { NAMES } else { usize::MAX };
    let names = widest(&|i| cells::width(&list[i].text)).min(most);
    let wanted = [keys, names, docs].into_iter().filter(|width| *width > 0);
    let wanted = wanted
        .map(|width| width + 2)
        .sum::<usize>()
        .max(cells::width(title) + 4);
    let width = u16::try_from(wanted)
        .unwrap_or(u16::MAX)
        .saturating_add(FRAME.1);
    let width = width.min(WIDEST).min(area.width);
    let height = page + FRAME.0;
    let place = Rect {
        x: area.x + x.saturating_sub(2).min(area.width - width),
        y: area.bottom().saturating_sub(height),
        width,
        height,
    };
    let inside = popup_frame(buf, place, title, look);
    let column = |text: &str, wide: usize| {
        let text = cells::fit(text, wide, theme.glyphs.ellipsis);
        let blanks = wide.saturating_sub(cells::width(&text)) + 2;
        format!("{text}{}", " ".repeat(if wide > 0 { blanks } else { 0 }))
    };
    let lines: Vec<Vec<Part<'_>>> = list
        .iter()
        .map(|offer| {
            let possible = offer.why_not.is_none();
            let (key, name) = match possible {
                true => (theme.accent, theme.bright),
                false => (theme.dim, theme.dim),
            };
            let key_text = look.plain(offer.key.as_str().into());
            let doc = offer
                .why_not
                .as_ref()
                .map(|why| format!("{}: {why}", offer.doc));
            let doc = doc.map_or(offer.doc.as_str().into(), std::borrow::Cow::from);
            vec![
                (" ".into(), theme.text),
                (column(&offer.text, names).into(), name),
                (column(&key_text, keys).into(), key),
                (look.plain(doc), theme.dim),
            ]
        })
        .collect();
    let scroll = scroll_text(buf, inside, &lines, offers.scroll, look);
    let selected = offers.selected.and_then(|at| at.checked_sub(scroll));
    if let Some(y) = selected.and_then(|y| u16::try_from(y).ok()) {
        paint::selected(buf, paint::line(inside, y), theme);
    }
}
