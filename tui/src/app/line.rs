//! A line of text that is typed, with its cursor.

use crate::action::Action;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// So many bytes a line can have; nobody types more, and a paste of the wrong thing shall not stall the screen.
pub const LONGEST: usize = 16 << 10;

/// A text that is being typed.
#[derive(Clone, Debug, Default)]
pub struct Line {
    text: String,
    cursor: usize,
}

impl Line {
    /// Makes a line of a text, the cursor at its end.
    pub fn new(text: String) -> Self {
        Self {
            cursor: text.len(),
            text,
        }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns where the cursor is, in bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Returns whether the cursor is behind the text.
    pub fn at_end(&self) -> bool {
        self.cursor == self.text.len()
    }

    /// Returns the text before the cursor and the text after it.
    pub fn around_cursor(&self) -> (&str, &str) {
        self.text
            .split_at_checked(self.cursor)
            .unwrap_or((&self.text, ""))
    }

    /// Inserts what is printable of a text at the cursor, a blank for each run of line ends and tabs. Returns
    /// whether all of that had room.
    pub fn insert(&mut self, text: &str) -> bool {
        let mut blank = false;
        for c in text.chars() {
            let c = match c {
                '\n' | '\r' | '\t' if blank => continue,
                '\n' | '\r' | '\t' => ' ',
                c if crate::text::is_unsafe(c) => continue,
                c => c,
            };
            blank = c == ' ';
            if self.text.len() + c.len_utf8() > LONGEST {
                return false;
            }
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
        true
    }

    /// Does what an action means for a line that is typed. Returns whether the text changed.
    pub fn edit(&mut self, action: Action) -> bool {
        let before = self.text.len();
        match action {
            Action::CursorLeft => self.left(),
            Action::CursorRight => self.right(),
            Action::CursorStart => self.start(),
            Action::CursorEnd => self.end(),
            Action::EraseChar => self.erase_char(),
            Action::DeleteChar => self.delete_char(),
            Action::EraseWord => self.erase_word(),
            Action::EraseLine => self.erase_line(),
            _ => {}
        }
        self.text.len() != before
    }

    /// Puts a text in the place of a part of the line, the cursor behind it.
    pub fn replace(&mut self, range: Range<usize>, with: &str) {
        if self.text.get(range.clone()).is_some() {
            self.cursor = range.start + with.len();
            self.text.replace_range(range, with);
        }
    }

    /// Drops the blanks at the end.
    pub fn trim_end(&mut self) {
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

    #[test]
    fn editing_goes_by_what_looks_like_one_character() {
        let mut line = Line::new("ls e\u{301}日".to_owned());
        line.erase_char();
        line.erase_char();
        assert_eq!(line.text(), "ls ");
        line.insert("-l\x1b foo");
        assert_eq!(line.text(), "ls -l foo");
        line.erase_word();
        assert_eq!(line.text(), "ls -l ");
        line.start();
        line.delete_char();
        line.right();
        assert_eq!(line.around_cursor(), ("s", " -l "));
        line.erase_line();
        assert_eq!(line.text(), " -l ");
        line.replace(1..3, "日");
        assert_eq!(line.around_cursor(), (" 日", " "));
        line.replace(2..3, "x");
        assert_eq!(line.text(), " 日 ", "not in the middle of a character");
    }

    #[test]
    fn what_is_pasted_never_acts_and_has_an_end() {
        let mut line = Line::default();
        assert!(line.insert("a\r\n\t b\u{1b}[31m\u{9b}2J\u{202e}c\u{7f}"));
        assert_eq!(line.text(), "a  b[31m2Jc");
        assert!(!line.insert(&"é".repeat(LONGEST)));
        assert!((LONGEST - 1..=LONGEST).contains(&line.text().len()));
    }

    proptest! {
        #[test]
        fn any_editing_keeps_the_cursor_in_the_text(
            text in "\\PC{0,12}",
            edits in proptest::collection::vec((0..9u8, "\\PC{0,3}", 0usize..20), 0..30),
        ) {
            let mut line = Line::new(text);
            for (edit, more, at) in edits {
                match edit {
                    0 => line.left(),
                    1 => line.right(),
                    2 => line.start(),
                    3 => line.end(),
                    4 => line.erase_char(),
                    5 => line.delete_char(),
                    6 => line.erase_word(),
                    7 => line.replace(at..at + more.len(), &more),
                    _ => drop(line.insert(&more)),
                }
                prop_assert!(line.text().is_char_boundary(line.cursor()));
            }
        }
    }
}
