//! Filters that have a name: `@name` stands for one of them in another.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Filters by name, as they were written. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Arc<BTreeMap<String, String>>);

impl Names {
    /// Returns the text of a filter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns every name with its text, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Returns the names without one of them.
    pub fn without(&self, name: &str) -> Self {
        let others = self.iter().filter(|(other, _)| *other != name);
        others
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect()
    }

    /// Returns whether a name can stand behind an `@`: letters, digits, `_` and `-`.
    pub fn is_name(name: &str) -> bool {
        !name.is_empty() && name.chars().all(in_name)
    }

    /// Says what there is in the place of a name that there is not.
    pub(super) fn unknown(&self, name: &str) -> String {
        let mut message = format!("there is no filter named `{name}`");
        let similar = |other: &&str| strsim::damerau_levenshtein(other, name) <= 2;
        let near: Vec<_> = self
            .iter()
            .map(|(other, _)| other)
            .filter(similar)
            .collect();
        if !near.is_empty() {
            message += &format!("; did you mean `@{}`", near.join("` or `@"));
        } else if self.0.is_empty() {
            message += "; [filters] of the configuration names them";
        }
        message + &format!("; as a text it is \"@{name}\"")
    }
}

impl FromIterator<(String, String)> for Names {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(all: T) -> Self {
        Self(Arc::new(all.into_iter().collect()))
    }
}

/// Returns whether a character can be part of a name.
pub(super) fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}
