//! Lines that were typed earlier, of each prompt its own.

use super::prompt::PromptKind;
use serde::{Deserialize, Serialize};

/// So many lines of each prompt are kept.
const MOST: usize = 200;

/// Lines that were typed, the newest last; none twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct History {
    lines: Vec<String>,
}

impl History {
    /// Takes in a line as the newest; an earlier one that is the same goes, and the oldest when there are too many.
    pub fn push(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        self.lines.retain(|known| known != line);
        self.lines.push(line.to_owned());
        let excess = self.lines.len().saturating_sub(MOST);
        self.lines.drain(..excess);
    }

    /// Takes in all lines of another, which are newer.
    fn add(&mut self, newer: &Self) {
        newer.lines.iter().for_each(|line| self.push(line));
    }

    /// Returns the lines, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().rev().map(String::as_str)
    }
}

impl From<Vec<String>> for History {
    fn from(lines: Vec<String>) -> Self {
        let mut history = Self::default();
        for line in lines {
            let clean = !line.chars().any(crate::text::is_unsafe);
            if clean && line.len() <= super::line::LONGEST {
                history.push(&line);
            }
        }
        history
    }
}

impl From<History> for Vec<String> {
    fn from(history: History) -> Self {
        history.lines
    }
}

/// The histories of all prompts. They can be written out and read back: what is read is held to the same bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Histories {
    /// Filters.
    pub filter: History,
    /// Searched texts.
    pub search: History,
    /// Commands.
    pub palette: History,
}

impl Histories {
    /// Takes in all lines of others, which are newer.
    pub fn add(&mut self, newer: &Self) {
        self.filter.add(&newer.filter);
        self.search.add(&newer.search);
        self.palette.add(&newer.palette);
    }

    /// Returns the history of a prompt.
    pub fn of(&self, kind: PromptKind) -> &History {
        match kind {
            PromptKind::Filter => &self.filter,
            PromptKind::Search => &self.search,
            PromptKind::Palette => &self.palette,
        }
    }

    /// Returns the history of a prompt, to take in a line.
    pub fn of_mut(&mut self, kind: PromptKind) -> &mut History {
        match kind {
            PromptKind::Filter => &mut self.filter,
            PromptKind::Search => &mut self.search,
            PromptKind::Palette => &mut self.palette,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_once_and_not_for_ever() {
        let mut history = History::default();
        for line in ["a", " b ", "", "a"] {
            history.push(line);
        }
        assert_eq!(history.newest_first().collect::<Vec<_>>(), ["a", "b"]);
        for i in 0..1_000 {
            history.push(&i.to_string());
        }
        assert_eq!(history.newest_first().count(), MOST);
        assert_eq!(history.newest_first().next(), Some("999"));
    }

    #[test]
    fn histories_are_written_and_read_within_their_bounds() {
        let mut histories = Histories::default();
        histories.of_mut(PromptKind::Filter).push("comm=sh");
        let text = serde_json::to_string(&histories).unwrap();
        assert_eq!(serde_json::from_str::<Histories>(&text).unwrap(), histories);
        let hostile = r#"{"filter": ["a", "\u001b[2J", "a"], "more": 1}"#;
        let read: Histories = serde_json::from_str(hostile).unwrap();
        assert_eq!(read.filter.newest_first().collect::<Vec<_>>(), ["a"]);
        assert_eq!(read.search, History::default());
    }
}
