//! Columns of the table: which fields, in which order, how wide; and how a person writes them.

use super::{FIELDS, Field, by_key, near};
use crate::text;
use std::ops::RangeInclusive;

/// Widths that can be asked for, in cells.
pub const WIDTHS: RangeInclusive<u16> = 2..=400;

/// One column of the table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What it tells.
    pub field: &'static Field,
    /// Its width in cells, if it is not the field's own.
    pub width: Option<u16>,
    /// Whether a person asked for it: it gives way to others last, and on no width of the screen by itself.
    pub chosen: bool,
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        let of = |column: &Self| (column.field.key, column.width, column.chosen);
        of(self) == of(other)
    }
}

impl From<&'static Field> for Column {
    fn from(field: &'static Field) -> Self {
        Self {
            field,
            width: None,
            chosen: true,
        }
    }
}

impl Column {
    /// Returns the columns that there are as long as nobody asks for others.
    pub fn defaults() -> Vec<Self> {
        let fields = FIELDS.iter().filter(|field| field.default_from.is_some());
        let column = |field| Self {
            chosen: false,
            ..Self::from(field)
        };
        fields.map(column).collect()
    }

    /// Returns its width in cells; 0 takes what is left.
    pub fn cells(&self) -> u16 {
        self.width.unwrap_or(self.field.width)
    }

    /// Reads a column: a field's key, perhaps with `:WIDTH` behind it.
    ///
    /// # Errors
    /// If there is no such field, or no such width.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (key, width) = match text.split_once(':') {
            Some((key, width)) => (key, Some(width.trim())),
            None => (text, None),
        };
        let field = named(key)?;
        let parse = |width: &str| {
            let cells = width.parse().ok().filter(|cells| WIDTHS.contains(cells));
            let (from, to) = (WIDTHS.start(), WIDTHS.end());
            let width = text::escape(width.as_bytes());
            cells.ok_or_else(|| {
                format!("`{width}` is no width of {key}: write {from} to {to}, such as {key}:20")
            })
        };
        Ok(Self {
            width: width.map(parse).transpose()?,
            ..Self::from(field)
        })
    }

    /// Reads columns, left to right; none may be there twice.
    ///
    /// # Errors
    /// As [`Column::parse`].
    pub fn parse_all<T: AsRef<str>>(texts: &[T]) -> Result<Vec<Self>, String> {
        let mut columns: Vec<Self> = Vec::new();
        for text in texts {
            let column = Self::parse(text.as_ref())?;
            if columns.iter().any(|c| c.field.key == column.field.key) {
                return Err(format!("`{}` stands there twice", column.field.key));
            }
            columns.push(column);
        }
        Ok(columns)
    }
}

/// Returns the field of a key as a person writes it.
///
/// # Errors
/// If there is none: the names that are near, and on a second line all of them.
pub fn named(key: &str) -> Result<&'static Field, String> {
    let folded = key.trim().to_lowercase();
    if let Some(field) = by_key(&folded) {
        return Ok(field);
    }
    let mut message = format!("there is no field `{}`", text::escape(key.as_bytes()));
    let near = near(&folded);
    if !near.is_empty() {
        message += &format!("; did you mean `{}`?", near.join("` or `"));
    }
    let keys: Vec<_> = FIELDS.iter().map(|field| field.key).collect();
    message += &format!("\nfields: {}", keys.join(", "));
    Err(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_are_read_with_their_widths() {
        let columns = Column::parse_all(&["Time", " user:20 ", "command"]).unwrap();
        let read: Vec<_> = columns.iter().map(|c| (c.field.key, c.width)).collect();
        assert_eq!(
            read,
            [("time", None), ("user", Some(20)), ("command", None)]
        );
        assert!(columns.iter().all(|column| column.chosen));
        let error = |text: &[&str]| Column::parse_all(text).unwrap_err();
        assert!(error(&["usr"]).contains("did you mean `user`"));
        assert!(error(&["pid", "pid:9"]).contains("twice"));
        for wrong in ["pid:", "pid:0", "pid:1", "pid:9999", "pid:x"] {
            assert!(error(&[wrong]).contains("pid:20"), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_columns_or_a_sentence(texts: Vec<String>) {
            if let Err(sentence) = Column::parse_all(&texts) {
                prop_assert!(!sentence.is_empty());
            }
        }
    }
}
