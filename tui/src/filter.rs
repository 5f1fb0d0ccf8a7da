//! The filter language: text in, a test of rows out.

use crate::field::command_line;
use crate::model::Model;
use crate::store::Row;

/// A test that rows pass or do not.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
}

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Where, in characters from 0.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl Filter {
    /// Parses a filter; an empty text passes every row.
    ///
    /// # Errors
    /// If the text does not follow the grammar.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// Returns the text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether every row passes.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Returns whether a row passes.
    pub fn matches(&self, row: &Row, _model: &Model) -> bool {
        command_line(row).contains(&self.text)
    }
}
