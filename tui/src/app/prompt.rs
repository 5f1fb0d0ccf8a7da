//! What a line of text is asked for: the filter, the search, or a command; and how far it has got.

use super::line::Line;
use super::offers::Offers;
use super::terms::Edited;
use crate::filter::FilterError;
use crate::filter::seen::Seen;
use crate::keymap::Mode;

/// What the text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// Hides what does not pass.
    Filter,
    /// Finds, hides nothing.
    Search,
    /// Does something.
    Palette,
}

impl PromptKind {
    /// Returns what its text is, in a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Search => "search",
            Self::Palette => "command",
        }
    }
}

/// A text that is being typed, and what comes of it.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What it is for.
    pub kind: PromptKind,
    /// The text.
    pub line: Line,
    /// Why the text is no filter, or no command.
    pub error: Option<FilterError>,
    /// Whether something is found.
    pub found: bool,
    /// What the command that is typed would do.
    pub says: Option<String>,
    /// What could be put into the line.
    pub offers: Offers,
    /// What is offered is asked for: also where little was typed yet.
    pub(super) asked: bool,
    /// Earlier lines are offered, in place of what could be written next.
    pub(super) recalling: bool,
    /// The text was changed since it was put there as a whole.
    pub(super) edited: bool,
    /// The earlier line that stands here, and the text that stood here before it.
    pub(super) recalled: Option<(usize, String)>,
    /// The values of the field that was last written.
    pub(super) seen: Option<Seen>,
    /// The term that is edited, if not all of the filter is.
    pub(super) term: Option<Edited>,
    /// The filter, the search and the selection to go back to.
    pub(super) before: super::prompting::Before,
}

impl Prompt {
    /// Opens a prompt with a text, the cursor at its end.
    pub(super) fn new(kind: PromptKind, text: String, before: super::prompting::Before) -> Self {
        Self {
            kind,
            line: Line::new(text),
            error: None,
            found: true,
            says: None,
            offers: Offers::default(),
            asked: false,
            recalling: false,
            edited: false,
            recalled: None,
            seen: None,
            term: None,
            before,
        }
    }

    /// Returns what is asked for, in a word.
    pub fn label(&self) -> &'static str {
        match &self.term {
            Some(_) => "term",
            None => self.kind.name(),
        }
    }

    /// Returns where keys go while it is open.
    pub fn mode(&self) -> Mode {
        match self.kind {
            PromptKind::Filter | PromptKind::Search => Mode::Prompt,
            PromptKind::Palette => Mode::Palette,
        }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        self.line.text()
    }

    /// Puts another text in the place of all.
    pub(super) fn put(&mut self, text: String) {
        self.line = Line::new(text);
        self.edited = false;
    }
}
