//! Putting text into cells: cut to its place, wide characters whole, nothing cut silently.

use crate::cells;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// A piece of text with its style.
pub(super) type Part<'a> = (Cow<'a, str>, Style);

/// Returns how many cells some parts take.
pub(super) fn width(parts: &[Part<'_>]) -> usize {
    parts.iter().map(|(text, _)| cells::width(text)).sum()
}

/// Paints parts from the left of `area`'s first line; `ellipsis` stands for what is cut.
/// Returns how many cells were painted.
pub(super) fn parts(buf: &mut Buffer, area: Rect, parts: &[Part<'_>], ellipsis: &str) -> u16 {
    scrolled(buf, area, parts, 0, ellipsis)
}

/// Takes away what is there.
pub(super) fn clear(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(buf.area);
    area.positions().for_each(|at| buf[at].reset());
}

/// Paints parts of which the first `skip` cells are scrolled away.
pub(super) fn scrolled(
    buf: &mut Buffer,
    area: Rect,
    parts: &[Part<'_>],
    skip: usize,
    ellipsis: &str,
) -> u16 {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return 0;
    }
    let room = usize::from(area.width);
    let total = width(parts);
    let mark = cells::width(ellipsis);
    let cut_left = skip > 0 && total > 0 && mark < room;
    let mut to_skip = skip + if cut_left { mark } else { 0 };
    let cut_right = total.saturating_sub(skip) > room;
    let end = room - if cut_right { mark.min(room) } else { 0 };
    let mut at = 0;
    let mut put = |at: &mut usize, end: usize, text: &str, style: Style| {
        let left = end.saturating_sub(*at);
        let (text, used) = cells::take(text, left);
        let x = area.x + u16::try_from(*at).unwrap_or(u16::MAX);
        if used > 0 {
            put_string(buf, (x, area.y), text, left, style);
        }
        *at += used;
    };
    let first = parts.first().map(|(_, style)| *style).unwrap_or_default();
    if cut_left {
        put(&mut at, end, ellipsis, first);
    }
    let mut style = first;
    for (text, part_style) in parts {
        let wide = cells::width(text);
        if to_skip >= wide {
            to_skip -= wide;
            continue;
        }
        style = *part_style;
        let (rest, blanks) = cells::skip(text, to_skip);
        to_skip = 0;
        put(&mut at, end, &"  "[..blanks.min(2)], style);
        let (_, used) = cells::take(rest, end.saturating_sub(at));
        put(&mut at, end, rest, style);
        if used < cells::width(rest) {
            break;
        }
    }
    if cut_right {
        put(&mut at, room, ellipsis, style);
    }
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// Puts a text of at most `most` cells into the buffer, which has room for it.
fn put_string(buf: &mut Buffer, (x, y): (u16, u16), text: &str, most: usize, style: Style) {
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        buf.set_stringn(x, y, text, most, style);
        return;
    }
    // Most of a screen: a cell for each byte.
    for (x, char) in (x..).zip(text.chars()) {
        if let Some(cell) = buf.cell_mut((x, y)) {
            cell.set_char(char).set_style(style);
        }
    }
}

/// Paints one text, cut to `area`'s width.
pub(super) fn text(buf: &mut Buffer, area: Rect, text: &str, style: Style, ellipsis: &str) -> u16 {
    parts(buf, area, &[(text.into(), style)], ellipsis)
}

/// Paints one text over what is already there, whose style goes.
pub(super) fn over(buf: &mut Buffer, area: Rect, string: &str, style: Style, ellipsis: &str) {
    let wide = u16::try_from(cells::width(string)).unwrap_or(u16::MAX);
    let place = Rect {
        width: wide.min(area.width),
        ..area
    };
    buf.set_style(place, Style::reset());
    text(buf, place, string, style, ellipsis);
}

/// Paints one text at the right of `area`, cut to its width.
pub(super) fn text_right(buf: &mut Buffer, area: Rect, string: &str, style: Style, ellipsis: &str) {
    let wide = u16::try_from(cells::width(string)).unwrap_or(u16::MAX);
    let x = area.right().saturating_sub(wide).max(area.x);
    let place = Rect {
        x,
        width: area.right().saturating_sub(x),
        ..area
    };
    text(buf, place, string, style, ellipsis);
}

/// Replaces what is not ASCII by question marks.
pub(super) fn without_others_than_ascii(buf: &mut Buffer) {
    let others = buf
        .content
        .iter_mut()
        .filter(|cell| !cell.symbol().is_ascii());
    others.for_each(|cell| {
        cell.set_symbol("?");
    });
}

/// Returns one line of `area`, counted from its top; empty if there is none.
pub(super) fn line(area: Rect, index: u16) -> Rect {
    if index >= area.height {
        return Rect { height: 0, ..area };
    }
    Rect {
        y: area.y + index,
        height: 1,
        ..area
    }
}

/// Returns `area` without its first `lines` lines.
pub(super) fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect {
        y: area.y + lines,
        height: area.height - lines,
        ..area
    }
}

/// Returns `area` without its first `left` columns.
pub(super) fn from_column(area: Rect, left: u16) -> Rect {
    let left = left.min(area.width);
    Rect {
        x: area.x + left,
        width: area.width - left,
        ..area
    }
}

/// Marks a line as the selected one.
pub(super) fn selected(buf: &mut Buffer, area: Rect, theme: &super::Theme) {
    buf.set_style(area, theme.selected);
    let first = Rect { width: 1, ..area };
    text(buf, first, theme.glyphs.mark, theme.accent, "");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn painted(list: &[&str], width: u16, skip: usize) -> String {
        let area = Rect::new(0, 0, width, 1);
        let mut buf = Buffer::empty(area);
        let list: Vec<Part<'_>> = list.iter().map(|t| ((*t).into(), Style::new())).collect();
        scrolled(&mut buf, area, &list, skip, "…");
        let mut out = String::new();
        let mut hidden = 0;
        for x in 0..width {
            let symbol = buf[(x, 0)].symbol();
            if hidden == 0 {
                out.push_str(symbol);
                hidden = cells::width(symbol).max(1);
            }
            hidden -= 1;
        }
        out
    }

    #[test]
    fn what_is_cut_is_marked_on_its_side() {
        assert_eq!(painted(&["abc", "def"], 8, 0), "abcdef  ");
        assert_eq!(painted(&["abc", "def"], 5, 0), "abcd…");
        assert_eq!(painted(&["abc", "defgh"], 5, 2), "…def…");
        assert_eq!(painted(&["abc", "defgh"], 5, 3), "…efgh");
        assert_eq!(painted(&["日本", "語x"], 6, 0), "日本… ");
        assert_eq!(painted(&["日本", "語x"], 6, 2), "… 語x ");
    }

    proptest! {
        #[test]
        fn painting_stays_in_its_place(
            list in proptest::collection::vec("\\PC{0,12}", 0..5),
            width in 1u16..30,
            skip in 0usize..40,
        ) {
            let area = Rect::new(0, 0, width + 5, 1);
            let mut buf = Buffer::empty(area);
            let list: Vec<Part<'_>> = list.iter().map(|t| (t.as_str().into(), Style::new())).collect();
            let used = scrolled(&mut buf, Rect { width, ..area }, &list, skip, "…");
            prop_assert!(used <= width);
            for x in width..width + 5 {
                prop_assert_eq!(buf[(x, 0)].symbol(), " ");
            }
        }
    }
}
