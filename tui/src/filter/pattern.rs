//! Tests of bytes: a substring, a text with wildcards, a regular expression.

use memchr::{memchr_iter, memchr2_iter, memmem};
use regex::bytes::{Regex, RegexBuilder};

/// Bytes of command lines, the commonest first; the others are rarer.
const COMMON: &[u8] = b" /-e.starnioldcpumhbgfy_1023=kvw456789xjqz";

/// A part of a command line, smart-case: capitals in it ask for exact case (of ASCII).
///
/// It is searched in the arguments as they were captured; the NUL between two of them
/// counts as a space.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    text: Box<[u8]>,
    folded: Box<[u8]>,
    ignore_case: bool,
    /// The place of its rarest byte, and how that byte may be written.
    anchor: usize,
    first: u8,
    second: u8,
    finder: memmem::Finder<'static>,
}

impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Needle {
    pub(super) fn new(text: &[u8]) -> Self {
        let ignore_case = !text.iter().any(u8::is_ascii_uppercase);
        let folded: Box<[u8]> = text.iter().map(|b| fold(*b, ignore_case)).collect();
        let rarity = |byte: &u8| {
            let place = COMMON.iter().position(|c| c == &byte.to_ascii_lowercase());
            place.unwrap_or(COMMON.len())
        };
        let anchor = (0..folded.len())
            .max_by_key(|i| rarity(&folded[*i]))
            .unwrap_or(0);
        let first = folded.get(anchor).copied().unwrap_or(0);
        let second = match first {
            b' ' => 0,
            byte if ignore_case => byte.to_ascii_uppercase(),
            byte => byte,
        };
        Self {
            text: text.into(),
            finder: memmem::Finder::new(&folded).into_owned(),
            folded,
            ignore_case,
            anchor,
            first,
            second,
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Tells in which of several lines it is, by their numbers; each line ends with a NUL, at
    /// the places of `ends`.
    pub(super) fn find_in(
        &self,
        lines: &[u8],
        ends: impl Iterator<Item = usize>,
        buffer: &mut Vec<u8>,
        mut found: impl FnMut(usize),
    ) {
        let lines = if self.ignore_case {
            buffer.clear();
            buffer.extend_from_slice(lines);
            buffer.make_ascii_lowercase();
            &buffer[..]
        } else {
            lines
        };
        let find = |from: usize| {
            let hit = self.finder.find(lines.get(from..).unwrap_or(&[]));
            hit.map(|at| from + at)
        };
        let mut hit = find(0);
        for (number, end) in ends.enumerate() {
            let Some(at) = hit else {
                return;
            };
            if at <= end {
                found(number);
                hit = find(end + 1);
            }
        }
    }

    pub(super) fn is_in(&self, line: &[u8]) -> bool {
        let len = self.folded.len();
        if len == 0 {
            return true;
        }
        let Some(last) = line.len().checked_sub(len) else {
            return false;
        };
        let places = &line[self.anchor..=last + self.anchor];
        let here = |start: usize| {
            line[start..start + len]
                .iter()
                .zip(&self.folded)
                .all(|(a, b)| fold(*a, self.ignore_case) == *b)
        };
        if self.first == self.second {
            memchr_iter(self.first, places).any(here)
        } else {
            memchr2_iter(self.first, self.second, places).any(here)
        }
    }
}

fn fold(byte: u8, ignore_case: bool) -> u8 {
    match byte {
        0 => b' ',
        byte if ignore_case => byte.to_ascii_lowercase(),
        byte => byte,
    }
}

/// A whole text in which anything may stand in some places: between the parts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Glob {
    parts: Vec<Box<[u8]>>,
}

impl Glob {
    /// Makes the pattern of the parts around its wildcards; there is at least one.
    pub(super) fn new(parts: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut all: Vec<Box<[u8]>> = Vec::new();
        let mut parts = parts.into_iter().peekable();
        while let Some(part) = parts.next() {
            // Two wildcards in a row are one.
            if all.is_empty() || parts.peek().is_none() || !part.is_empty() {
                all.push(part.into());
            }
        }
        Self { parts: all }
    }

    pub(super) fn parts(&self) -> &[Box<[u8]>] {
        &self.parts
    }

    /// Returns the text, if there is no wildcard.
    pub(super) fn exact(&self) -> Option<&[u8]> {
        match &self.parts[..] {
            [part] => Some(part),
            _ => None,
        }
    }

    pub(super) fn matches(&self, text: &[u8]) -> bool {
        let (first, middle, last) = match &self.parts[..] {
            [] => return text.is_empty(),
            [whole] => return **whole == *text,
            [first, middle @ .., last] => (first, middle, last),
        };
        let Some(rest) = text.strip_prefix(&first[..]) else {
            return false;
        };
        let Some(mut rest) = rest.strip_suffix(&last[..]) else {
            return false;
        };
        for part in middle {
            match memmem::find(rest, part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

/// A regular expression over bytes; `.` stands for line breaks too.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    source: Box<str>,
    ignore_case: bool,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.source, self.ignore_case) == (&other.source, other.ignore_case)
    }
}

impl Pattern {
    /// Compiles a pattern; the error says in one line what is wrong.
    pub(super) fn new(source: &str, ignore_case: bool) -> Result<Self, String> {
        let source = without_escaped_slashes(source);
        let regex = RegexBuilder::new(&source)
            .case_insensitive(ignore_case)
            .dot_matches_new_line(true)
            .size_limit(1 << 22)
            .build()
            .map_err(|error| one_line(&error))?;
        Ok(Self {
            source: source.into(),
            ignore_case,
            regex,
        })
    }

    pub(super) fn matches(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("/")?;
        for pair in pairs(&self.source) {
            f.write_str(if pair == "/" { "\\/" } else { pair })?;
        }
        f.write_str(if self.ignore_case { "/i" } else { "/" })
    }
}

/// Cuts a pattern into characters, each with the backslash before it.
fn pairs(source: &str) -> impl Iterator<Item = &str> {
    let mut rest = source;
    std::iter::from_fn(move || {
        let mut chars = rest.chars();
        if chars.next()? == '\\' {
            chars.next();
        }
        let (pair, tail) = rest.split_at(rest.len() - chars.as_str().len());
        rest = tail;
        Some(pair)
    })
}

fn without_escaped_slashes(source: &str) -> String {
    pairs(source)
        .map(|pair| if pair == "\\/" { "/" } else { pair })
        .collect()
}

fn one_line(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "the regex is too big".to_owned(),
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!("the regex is wrong: {}", last.trim_start_matches("error: "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wildcards_stand_for_anything() {
        let glob = |text: &str| Glob::new(text.split('*').map(|p| p.as_bytes().to_vec()));
        for (pattern, text, matches) in [
            ("sh", "sh", true),
            ("sh", "ash", false),
            ("ba*", "bash", true),
            ("*sh", "bash", true),
            ("b*a*h", "bash", true),
            ("b*a*h", "bsh", false),
            ("ab*ba", "aba", false),
            ("**", "", true),
            ("*a*a*", "a", false),
        ] {
            assert_eq!(
                glob(pattern).matches(text.as_bytes()),
                matches,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn a_nul_counts_as_a_space_and_capitals_ask_for_case() {
        let line = b"Git\0commit\0-m\0Fix it";
        for (needle, found) in [
            ("git", true),
            ("Git", true),
            ("GIT", false),
            ("git commit", true),
            ("fix it", true),
            ("commit -m Fix", true),
            ("tig", false),
            ("", true),
            (" ", true),
            ("it", true),
            ("Git commit -m Fix it!", false),
        ] {
            assert_eq!(
                Needle::new(needle.as_bytes()).is_in(line),
                found,
                "{needle}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_needle_finds_what_a_plain_search_finds(line in "[aB \0]{0,12}", needle in "[aBb ]{0,3}") {
            let seen = line.replace('\0', " ");
            let plain = if needle.contains('B') {
                seen.contains(&needle)
            } else {
                seen.to_lowercase().contains(&needle)
            };
            prop_assert_eq!(Needle::new(needle.as_bytes()).is_in(line.as_bytes()), plain);
        }

        #[test]
        fn many_lines_are_searched_as_each_is(
            lines in proptest::collection::vec("[aB ]{0,6}", 0..6), needle in "[aBb ]{0,3}"
        ) {
            let needle = Needle::new(needle.as_bytes());
            let text: String = lines.iter().map(|line| format!("{line}\0")).collect();
            let ends = text.match_indices('\0').map(|(end, _)| end);
            let mut found = Vec::new();
            needle.find_in(text.as_bytes(), ends, &mut Vec::new(), |number| found.push(number));
            let each = (0..lines.len()).filter(|i| needle.is_in(lines[*i].as_bytes()));
            prop_assert_eq!(found, each.collect::<Vec<_>>());
        }
    }
}
