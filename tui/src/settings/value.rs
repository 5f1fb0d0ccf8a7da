//! Values that the command line and the configuration file both take: text in, a value or a sentence out.

use crate::field::{self, Field};
use crate::list::Sort;
use crate::text;

/// Finds fields by their keys; none may be there twice.
///
/// # Errors
/// If one is no field; a second line lists what there is.
pub fn columns(keys: &[String]) -> Result<Vec<&'static Field>, String> {
    let mut columns: Vec<&'static Field> = Vec::new();
    for key in keys {
        let field = field_of(key)?;
        if columns.iter().any(|column| column.key == field.key) {
            return Err(format!("`{}` stands there twice", field.key));
        }
        columns.push(field);
    }
    Ok(columns)
}

/// Parses an order: a field's key, with a `-` before or behind it for the largest first.
///
/// # Errors
/// As [`columns`].
pub fn sort(text: &str) -> Result<Sort, String> {
    let stripped = text.strip_prefix('-').or_else(|| text.strip_suffix('-'));
    Ok(Sort {
        field: field_of(stripped.unwrap_or(text))?,
        descending: stripped.is_some(),
    })
}

fn field_of(key: &str) -> Result<&'static Field, String> {
    let folded = key.trim().to_lowercase();
    if let Some(field) = field::by_key(&folded) {
        return Ok(field);
    }
    let mut message = format!("there is no field `{}`", text::escape(key.as_bytes()));
    let near = field::near(&folded);
    if !near.is_empty() {
        message += &format!("; did you mean `{}`?", near.join("` or `"));
    }
    let keys: Vec<_> = field::FIELDS.iter().map(|field| field.key).collect();
    message += &format!("\nfields: {}", keys.join(", "));
    Err(message)
}
