//! Text in terminal cells: how wide it is, and cutting it without breaking a wide character.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Returns how many cells one grapheme takes.
fn grapheme_width(grapheme: &str) -> usize {
    // Terminals give the halfwidth sound marks a cell of their own, unicode-width gives them none.
    let marks = grapheme
        .chars()
        .filter(|c| matches!(c, '\u{ff9e}' | '\u{ff9f}'))
        .count();
    grapheme.width() + marks
}

/// Returns how many cells a text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(grapheme_width).sum()
}

/// Returns the longest beginning of `text` that takes at most `cells` cells, and its width.
pub fn take(text: &str, cells: usize) -> (&str, usize) {
    if text.is_ascii() {
        let end = text.len().min(cells);
        return (text.get(..end).unwrap_or(text), end);
    }
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = grapheme_width(grapheme);
        if used + wide > cells {
            return (text.get(..at).unwrap_or(text), used);
        }
        used += wide;
    }
    (text, used)
}

/// Returns what is left of `text` after its first `cells` cells, and how many blanks stand for a
/// wide character that was cut in half.
pub fn skip(text: &str, cells: usize) -> (&str, usize) {
    let (head, used) = take(text, cells);
    let rest = text.get(head.len()..).unwrap_or_default();
    if used == cells || rest.is_empty() {
        return (rest, 0);
    }
    let mut graphemes = rest.graphemes(true);
    let cut = graphemes.next().map_or(0, grapheme_width);
    (graphemes.as_str(), (used + cut).saturating_sub(cells))
}

/// Returns `text` in at most `cells` cells; `…` stands for what was cut.
pub fn fit(text: &str, cells: usize, ellipsis: &str) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mark = width(ellipsis);
    if cells < mark {
        return String::new();
    }
    let mut out = take(text, cells - mark).0.to_owned();
    out.push_str(ellipsis);
    out
}

/// Returns `text` in lines of at most `cells` cells, broken after blanks where that can be.
pub fn wrap(text: &str, cells: usize) -> Vec<&str> {
    let cells = cells.max(2);
    let mut lines = Vec::new();
    let mut rest = text;
    loop {
        let head = take(rest, cells).0;
        if head.len() == rest.len() {
            lines.push(rest);
            return lines;
        }
        let at_blank = head
            .rfind(' ')
            .map(|at| at + 1)
            .filter(|at| *at > head.len() / 2);
        let one = rest.graphemes(true).next().map_or(rest.len(), str::len);
        let (line, after) = rest.split_at(at_blank.unwrap_or(head.len()).max(one));
        lines.push(line);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_characters_are_cut_whole() {
        assert_eq!(width("日本語"), 6);
        assert_eq!(take("日本語", 3), ("日", 2));
        assert_eq!(skip("日本語", 3), ("語", 1));
        assert_eq!(fit("日本語", 5, "…"), "日本…");
        assert_eq!(fit("日本語", 6, "…"), "日本語");
        assert_eq!(fit("e\u{301}tude", 3, "…"), "e\u{301}t…");
        assert_eq!(wrap("gcc -O2 -c foo.c", 8), ["gcc -O2 ", "-c foo.c"]);
        assert_eq!(wrap("日本語", 3), ["日", "本", "語"]);
    }

    proptest! {
        #[test]
        fn cut_text_fits(text in "\\PC{0,40}", cells in 0usize..50) {
            prop_assert!(width(&fit(&text, cells, "…")) <= cells);
            let (head, used) = take(&text, cells);
            prop_assert!(used <= cells && text.starts_with(head));
            prop_assert_eq!(wrap(&text, cells).concat(), text.clone());
            let (rest, blanks) = skip(&text, cells);
            prop_assert!(text.ends_with(rest));
            prop_assert!(rest.is_empty() || width(rest) + blanks + cells >= width(&text));
        }
    }
}
