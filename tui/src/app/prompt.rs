//! A line of text that is typed: for the filter or the search.

use crate::filter::FilterError;
use unicode_segmentation::UnicodeSegmentation;

/// What the text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// Hides what does not pass.
    Filter,
    /// Finds, hides nothing.
    Search,
}

/// A text that is being typed.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What it is for.
    pub kind: PromptKind,
    text: String,
    cursor: usize,
    /// Why the text is no filter.
    pub error: Option<FilterError>,
    /// Whether something is found.
    pub found: bool,
    /// The filter, the search and the selection to go back to.
    pub(super) before: super::prompting::Before,
}

impl Prompt {
    /// Opens a prompt with a text, the cursor at its end.
    pub(super) fn new(kind: PromptKind, text: String, before: super::prompting::Before) -> Self {
        Self {
            kind,
            cursor: text.len(),
            text,
            error: None,
            found: true,
            before,
        }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text before the cursor and the text after it.
    pub fn around_cursor(&self) -> (&str, &str) {
        self.text
            .split_at_checked(self.cursor)
            .unwrap_or((&self.text, ""))
    }

    /// Inserts what is printable of a text at the cursor.
    pub fn insert(&mut self, text: &str) {
        for c in text.chars().filter(|c| !crate::text::is_unsafe(*c)) {
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }

    /// Drops the blanks at the end.
    pub(super) fn trim_end(&mut self) {
        self.text.truncate(self.text.trim_end().len());
        self.cursor = self.cursor.min(self.text.len());
    }

    fn before_cursor(&self) -> usize {
        let head = self.around_cursor().0;
        let last = head.graphemes(true).next_back();
        self.cursor - last.map_or(0, str::len)
    }

    fn after_cursor(&self) -> usize {
        let next = self.around_cursor().1.graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn erase_to(&mut self, from: usize) {
        self.text.replace_range(from..self.cursor, "");
        self.cursor = from;
    }

    /// Moves the cursor one character left.
    pub fn left(&mut self) {
        self.cursor = self.before_cursor();
    }

    /// Moves the cursor one character right.
    pub fn right(&mut self) {
        self.cursor = self.after_cursor();
    }

    /// Moves the cursor to the start.
    pub fn start(&mut self) {
        self.cursor = 0;
    }

    /// Moves the cursor to the end.
    pub fn end(&mut self) {
        self.cursor = self.text.len();
    }

    /// Deletes the character before the cursor.
    pub fn erase_char(&mut self) {
        self.erase_to(self.before_cursor());
    }

    /// Deletes the character under the cursor.
    pub fn delete_char(&mut self) {
        self.text
            .replace_range(self.cursor..self.after_cursor(), "");
    }

    /// Deletes the word before the cursor.
    pub fn erase_word(&mut self) {
        let head = self.around_cursor().0.trim_end();
        self.erase_to(head.rfind(' ').map_or(0, |at| at + 1));
    }

    /// Deletes everything before the cursor.
    pub fn erase_line(&mut self) {
        self.erase_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prompt(text: &str) -> Prompt {
        Prompt::new(PromptKind::Filter, text.to_owned(), Default::default())
    }

    #[test]
    fn editing_goes_by_what_looks_like_one_character() {
        let mut p = prompt("ls e\u{301}日");
        p.erase_char();
        p.erase_char();
        assert_eq!(p.text(), "ls ");
        p.insert("-l\x1b\n foo");
        assert_eq!(p.text(), "ls -l foo");
        p.erase_word();
        assert_eq!(p.text(), "ls -l ");
        p.start();
        p.delete_char();
        p.right();
        assert_eq!(p.around_cursor(), ("s", " -l "));
        p.erase_line();
        assert_eq!(p.text(), " -l ");
    }

    proptest! {
        #[test]
        fn any_editing_keeps_the_cursor_in_the_text(
            text in "\\PC{0,12}",
            edits in proptest::collection::vec((0..8u8, "\\PC{0,3}"), 0..30),
        ) {
            let mut p = prompt(&text);
            for (edit, more) in edits {
                match edit {
                    0 => p.left(),
                    1 => p.right(),
                    2 => p.start(),
                    3 => p.end(),
                    4 => p.erase_char(),
                    5 => p.delete_char(),
                    6 => p.erase_word(),
                    _ => p.insert(&more),
                }
                prop_assert!(p.text().is_char_boundary(p.cursor));
            }
        }
    }
}
