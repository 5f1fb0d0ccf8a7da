//! A value that the command line and the configuration file both take: text in, an order or a sentence out.

use crate::field;
use crate::list::Sort;

/// Parses an order: a field's key, with a `-` before or behind it for the largest first.
///
/// # Errors
/// If there is no such field; a second line lists what there is.
pub fn sort(text: &str) -> Result<Sort, String> {
    let stripped = text.strip_prefix('-').or_else(|| text.strip_suffix('-'));
    Ok(Sort {
        field: field::named(stripped.unwrap_or(text))?,
        descending: stripped.is_some(),
    })
}
