//! Parts of texts replaced by what stands for them, whatever the text.

use regex::bytes::{Regex, RegexSet};
use std::borrow::Cow;

/// Expressions with what replaces what they match, in the order in which they are applied.
#[derive(Debug)]
pub struct Rewrites {
    any: RegexSet,
    each: Vec<(Regex, &'static str)>,
}

impl Rewrites {
    /// Compiles them; `${1}` in a replacement is the first group.
    ///
    /// # Errors
    /// If an expression is none.
    pub fn new<P: AsRef<str>>(
        list: impl IntoIterator<Item = (P, &'static str)>,
    ) -> Result<Self, regex::Error> {
        let list: Vec<_> = list.into_iter().collect();
        let each = list
            .iter()
            .map(|(pattern, with)| Ok((Regex::new(pattern.as_ref())?, *with)));
        Ok(Self {
            any: RegexSet::new(list.iter().map(|(pattern, _)| pattern))?,
            each: each.collect::<Result<_, regex::Error>>()?,
        })
    }

    /// Returns the text rewritten; borrowed if nothing matches.
    pub fn apply<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(first) = self.any.matches(text).iter().next() else {
            return text.into();
        };
        let mut text = Cow::Borrowed(text);
        for (pattern, with) in self.each.iter().skip(first) {
            if let Cow::Owned(rewritten) = pattern.replace_all(&text, with.as_bytes()) {
                text = rewritten.into();
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_applies_to_what_another_has_left() {
        let rewrites = Rewrites::new([("never", "x"), ("a(.)", "<${1}>"), ("<b>", "B")]).unwrap();
        assert_eq!(&*rewrites.apply(b"ab ac"), b"B <c>");
        assert!(matches!(rewrites.apply(b"b c"), Cow::Borrowed(b"b c")));
        assert!(Rewrites::new([("(", "")]).is_err());
    }
}
