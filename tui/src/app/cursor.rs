//! A selection in a list that is ordered anew now and then: it stays on its line, wherever that goes.

use super::table::{Window, scrolled, window_top};

/// Where a list stands.
#[derive(Clone, Debug)]
pub struct Cursor<K> {
    chosen: Option<K>,
    index: usize,
    line: usize,
}

impl<K> Default for Cursor<K> {
    fn default() -> Self {
        Self {
            chosen: None,
            index: 0,
            line: 0,
        }
    }
}

impl<K: Copy + PartialEq> Cursor<K> {
    /// Takes in that the list was ordered anew: the selection goes with its line, and stays where it
    /// is if that is gone.
    pub fn follow(&mut self, list: &[K]) {
        let place = self
            .chosen
            .and_then(|id| list.iter().position(|one| *one == id));
        self.index = place
            .unwrap_or(self.index)
            .min(list.len().saturating_sub(1));
        self.chosen = list.get(self.index).copied();
    }

    /// Forgets which line it was, but not where: lines have other names from now on.
    pub fn forget(&mut self) {
        self.chosen = None;
    }

    /// Returns the index of the selected line.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns the selected line.
    pub fn chosen(&self) -> Option<K> {
        self.chosen
    }

    /// Decides what of a list of `len` lines is visible on `height` lines of the screen.
    pub fn window(&mut self, len: usize, height: usize) -> Window {
        if len == 0 {
            return Window::default();
        }
        let top = window_top(self.index, self.line, len, height);
        self.line = self.index - top;
        Window {
            top,
            selected: Some(self.index),
        }
    }

    /// Selects a line.
    pub fn select(&mut self, index: usize, list: &[K], height: usize) {
        let top = self.window(list.len(), height).top;
        self.index = index.min(list.len().saturating_sub(1));
        self.chosen = list.get(self.index).copied();
        self.line = self.index.saturating_sub(top).min(height.saturating_sub(1));
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize, list: &[K], height: usize) {
        self.select(self.index.saturating_add_signed(by), list, height);
    }

    /// Scrolls; the selection stays on its line while that is visible.
    pub fn scroll(&mut self, by: isize, list: &[K], height: usize) {
        let Some(index) = self.window(list.len(), height).selected else {
            return;
        };
        let before = index - self.line;
        let (top, to) = scrolled(before, index, by, list.len(), height);
        if top == before {
            self.step(by.signum(), list, height);
        } else {
            self.select(to, list, height);
            self.line = to - top;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_goes_with_its_line() {
        let mut cursor = Cursor::default();
        cursor.follow(&[5, 6, 7]);
        cursor.step(1, &[5, 6, 7], 10);
        cursor.follow(&[7, 5, 9, 6]);
        assert_eq!((cursor.chosen(), cursor.index()), (Some(6), 3));
        cursor.follow(&[7, 5]);
        assert_eq!((cursor.chosen(), cursor.index()), (Some(5), 1));
        cursor.follow(&[]);
        assert_eq!(cursor.chosen(), None);
    }
}
