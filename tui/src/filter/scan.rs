//! A filter's text, read character by character: words, quotes, patterns, values.

use super::FilterError;
use super::names::in_name;

/// A place in a text; columns are characters from 0.
#[derive(Debug)]
pub(super) struct Cursor {
    chars: Vec<char>,
    at: usize,
}

impl Cursor {
    pub(super) fn new(text: &str) -> Self {
        Self {
            chars: text.chars().collect(),
            at: 0,
        }
    }

    pub(super) fn column(&self) -> usize {
        self.at
    }

    pub(super) fn go_to(&mut self, column: usize) {
        self.at = column;
    }

    /// Returns the column behind the last character before here that is no blank, at least `from`.
    pub(super) fn behind_last(&self, from: usize) -> usize {
        let text = self.chars.get(from..self.at).unwrap_or_default();
        let blanks = text.iter().rev().take_while(|c| c.is_whitespace()).count();
        from + text.len() - blanks
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Steps over a text, if it is here.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let here = text
            .chars()
            .enumerate()
            .all(|(i, c)| self.peek_at(i) == Some(c));
        if here {
            self.at += text.chars().count();
        }
        here
    }

    /// Steps over this many characters; always true.
    pub(super) fn eat_len(&mut self, len: usize) -> bool {
        self.at += len;
        true
    }

    /// Returns the name that begins here, of a field perhaps; it may be empty.
    pub(super) fn name(&self) -> String {
        let rest = &self.chars[self.at.min(self.chars.len())..];
        if rest.first().is_some_and(char::is_ascii_digit) {
            return String::new();
        }
        rest.iter()
            .take_while(|c| c.is_ascii_alphanumeric() || **c == '_')
            .collect()
    }

    /// Returns the name of a filter, if an `@` and a name are here and end here: `@types/node` is a word.
    pub(super) fn at_name(&self) -> Option<String> {
        let rest = self.chars.get(self.at..)?;
        let (_, rest) = rest.split_first().filter(|(first, _)| **first == '@')?;
        let name: String = rest.iter().take_while(|c| in_name(**c)).collect();
        let ends = rest.get(name.len()).is_none_or(|c| ends_word(*c));
        (ends && !name.is_empty()).then_some(name)
    }

    /// Returns whether this word is here and ends here, capitals or not.
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        let len = word.len();
        let same = |(i, c): (usize, char)| {
            self.peek_at(i)
                .is_some_and(|here| here.eq_ignore_ascii_case(&c))
        };
        word.chars().enumerate().all(same) && self.peek_at(len).is_none_or(ends_word)
    }

    /// Steps over a word and returns it: up to a blank, bracket, bar or quote.
    pub(super) fn word(&mut self) -> String {
        let from = self.at;
        while self.peek().is_some_and(|c| !ends_word(c)) {
            self.at += 1;
        }
        self.chars[from..self.at].iter().collect()
    }

    /// Steps over `/pattern/` or `/pattern/i`, if it is here and its end ends a word:
    /// `/usr/bin` is none.
    pub(super) fn slashed(&mut self) -> Option<(String, bool)> {
        let mut end = 1;
        while self.peek_at(end)? != '/' {
            end += if self.peek_at(end) == Some('\\') {
                2
            } else {
                1
            };
        }
        let ignore_case = self.peek_at(end + 1) == Some('i');
        let after = end + 1 + usize::from(ignore_case);
        if !self.peek_at(after).is_none_or(ends_word) {
            return None;
        }
        let pattern = self.chars[self.at + 1..self.at + end].iter().collect();
        self.at += after;
        Some((pattern, ignore_case))
    }

    /// Steps over a pattern without quotes: up to a blank, or a `)` that it did not open.
    pub(super) fn bare_pattern(&mut self) -> String {
        let from = self.at;
        let (mut open, mut class) = (0_usize, None);
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace()) {
            match (c, class) {
                ('\\', _) => {
                    self.at += usize::from(self.peek_at(1).is_some_and(|c| !c.is_whitespace()))
                }
                ('[', None) => {
                    class = Some(self.at + 1 + usize::from(self.peek_at(1) == Some('^')))
                }
                (']', Some(first)) if self.at > first => class = None,
                ('(', None) => open += 1,
                (')', None) if open == 0 => break,
                (')', None) => open -= 1,
                _ => {}
            }
            self.at += 1;
        }
        self.chars[from..self.at].iter().collect()
    }

    /// Steps over a value without quotes: up to a blank, comma or bar, or a `)` that it did
    /// not open.
    pub(super) fn bare_value(&mut self) -> String {
        let from = self.at;
        let mut open = 0_usize;
        while let Some(c) = self.peek() {
            match c {
                c if c.is_whitespace() => break,
                '(' => open += 1,
                ')' if open == 0 => break,
                ')' => open -= 1,
                ',' | '|' if open == 0 => break,
                _ => {}
            }
            self.at += 1;
        }
        self.chars[from..self.at].iter().collect()
    }

    /// Steps over a text in double quotes; returns its parts around `*`.
    ///
    /// `\n \r \t \e`, `\xNN` (a byte) and `\u{N}` (a character) are known; a backslash
    /// before `"`, `*` or itself takes that as it is, and stays before anything else.
    pub(super) fn quoted(&mut self) -> Result<Vec<Vec<u8>>, FilterError> {
        let from = self.at;
        self.at += 1;
        let mut parts = vec![Vec::new()];
        loop {
            let Some(c) = self.peek() else {
                return Err(FilterError::new(from, "this quote is not closed"));
            };
            self.at += 1;
            match c {
                '"' => return Ok(parts),
                '*' => parts.push(Vec::new()),
                '\\' => {
                    let escaped = self.escape();
                    if let Some(part) = parts.last_mut() {
                        part.extend_from_slice(&escaped);
                    }
                }
                c => {
                    if let Some(part) = parts.last_mut() {
                        part.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                }
            }
        }
    }

    /// Steps over a text in double quotes; the error is what stands behind a quote that is not closed.
    pub(super) fn quoted_or_rest(&mut self) -> Result<(), String> {
        let from = self.at + 1;
        let rest = self.quoted().map(drop);
        rest.map_err(|_| self.chars.iter().skip(from).collect())
    }

    /// Steps over a pattern in double quotes; only `\"` is not as it stands.
    pub(super) fn quoted_pattern(&mut self) -> Result<String, FilterError> {
        let from = self.at;
        self.at += 1;
        let mut pattern = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '"' => return Ok(pattern),
                '\\' if self.peek() == Some('"') => {}
                '\\' => {
                    pattern.push('\\');
                    pattern.extend(self.peek());
                    self.at += 1;
                    continue;
                }
                c => {
                    pattern.push(c);
                    continue;
                }
            }
            pattern.push('"');
            self.at += 1;
        }
        Err(FilterError::new(from, "this quote is not closed"))
    }

    /// Reads what a backslash stands for; the cursor is behind it.
    fn escape(&mut self) -> Vec<u8> {
        let one = match self.peek() {
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('e') => 0x1b,
            Some('"') => b'"',
            Some('*') => b'*',
            Some('\\') => b'\\',
            Some('x') => {
                let digit = |i| self.peek_at(i).and_then(|c| c.to_digit(16));
                let Some(byte) = digit(1).zip(digit(2)).map(|(a, b)| a << 4 | b) else {
                    return b"\\".to_vec();
                };
                self.at += 2;
                byte as u8
            }
            Some('u') => return self.escaped_char().unwrap_or_else(|| b"\\".to_vec()),
            _ => return b"\\".to_vec(),
        };
        self.at += 1;
        vec![one]
    }

    /// Reads `u{N}`.
    fn escaped_char(&mut self) -> Option<Vec<u8>> {
        if self.peek_at(1)? != '{' {
            return None;
        }
        let (mut code, mut i) = (0_u32, 2);
        while self.peek_at(i)? != '}' {
            code = code.checked_mul(16)? + self.peek_at(i)?.to_digit(16)?;
            i += 1;
        }
        let c = char::from_u32(code).filter(|_| i > 2)?;
        self.at += i + 1;
        Some(c.encode_utf8(&mut [0; 4]).as_bytes().to_vec())
    }
}

/// Returns whether a word ends before this character.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '|' | '"')
}
