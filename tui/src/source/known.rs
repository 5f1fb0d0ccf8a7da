//! Texts that repeat, each kept once and shared.

use std::collections::HashMap;
use std::sync::Arc;

/// Most texts of a kind that are remembered; then they are forgotten and learnt anew, and those in use
/// stay with their users.
pub(super) const MOST: usize = 8192;

/// Longest text that is remembered: longer ones hardly repeat, and take room.
const LONGEST: usize = 512;

/// What was made of texts, by the text.
///
/// Hashed with a random seed: who executes chooses the texts, and could choose ones that collide.
#[derive(Debug)]
pub(super) struct Known<T: ?Sized>(HashMap<Box<[u8]>, Arc<T>>);

impl<T: ?Sized> Default for Known<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: ?Sized> Known<T> {
    /// Returns what was made of a text, and makes it the first time.
    pub(super) fn once(&mut self, key: &[u8], make: impl FnOnce() -> Arc<T>) -> Arc<T> {
        if let Some(known) = self.0.get(key) {
            return Arc::clone(known);
        }
        let made = make();
        if key.len() > LONGEST {
            return made;
        }
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(key.into(), Arc::clone(&made));
        made
    }

    /// Returns how many are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
