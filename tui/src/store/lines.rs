//! The command lines of many rows next to each other, so that all can be searched at once.

use super::Row;
use std::ops::Range;

/// Longer lines are left where they are.
pub(super) const LONGEST: usize = 1024;

/// The bits of an end that tell of its line.
const LEFT: u32 = 1 << 31;
const GAP: u32 = 1 << 30;

/// Command lines as they are searched: a space between two arguments, no quotes or escapes.
#[derive(Debug, Default)]
pub struct Lines {
    /// Each line with a NUL behind it.
    text: Vec<u8>,
    /// Where each line's NUL is, and its bits.
    ends: Vec<u32>,
}

/// One command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// The line.
    Text(&'a [u8]),
    /// It is too long to be here: [`Row::raw_line`] has it.
    Left,
}

impl Lines {
    /// Appends a row's line; a gap has an empty one.
    pub(super) fn push(&mut self, row: Option<&Row>) {
        let raw = row.map_or(&[][..], Row::raw_line);
        let mut bits = if row.is_some() { 0 } else { GAP };
        if raw.len() > LONGEST {
            bits |= LEFT;
        } else {
            let space = |byte: &u8| if *byte == 0 { b' ' } else { *byte };
            self.text.extend(raw.iter().map(space));
        }
        self.ends.push(self.text.len() as u32 | bits);
        self.text.push(0);
    }

    /// Returns a line by its place.
    pub fn get(&self, place: usize) -> Option<Line<'_>> {
        match self.ends.get(place)? {
            end if end & LEFT != 0 => Some(Line::Left),
            end => self
                .text
                .get(self.start(place)..end_of(*end))
                .map(Line::Text),
        }
    }

    /// Returns several lines, each with a NUL behind it.
    pub fn text(&self, places: Range<usize>) -> &[u8] {
        let from = self.start(places.start);
        self.text.get(from..self.start(places.end)).unwrap_or(&[])
    }

    /// Returns where lines end in [`Lines::text`], each at its NUL.
    pub fn ends(&self, places: Range<usize>) -> impl Iterator<Item = usize> {
        let from = self.start(places.start);
        let ends = self.ends.get(places).unwrap_or(&[]);
        ends.iter().map(move |end| end_of(*end) - from)
    }

    /// Returns which of up to 64 lines are of rows, as a mask.
    pub fn rows(&self, places: Range<usize>) -> u64 {
        let ends = self.ends.get(places).unwrap_or(&[]);
        let bits = ends.iter().take(64).map(|end| u64::from(end & GAP == 0));
        bits.enumerate()
            .fold(0, |mask, (number, bit)| mask | bit << number)
    }

    fn start(&self, place: usize) -> usize {
        let before = place
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        before.map_or(0, |end| end_of(*end) + 1)
    }
}

fn end_of(end: u32) -> usize {
    (end & !(LEFT | GAP)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Args, Exec};

    fn row(args: &[Vec<u8>]) -> Row {
        let exec = Exec {
            filename: Some((*b"/bin/none").into()),
            args: Args::from_list(args),
            ..Exec::default()
        };
        Row {
            exec,
            ..Row::default()
        }
    }

    #[test]
    fn a_long_line_is_left_where_it_is() {
        let mut lines = Lines::default();
        lines.push(Some(&row(&[b"a".to_vec(), b"b".to_vec()])));
        lines.push(Some(&row(&[vec![b'x'; LONGEST + 1]])));
        lines.push(None);
        lines.push(Some(&row(&[])));
        assert_eq!(lines.get(0), Some(Line::Text(b"a b")));
        assert_eq!(lines.get(1), Some(Line::Left));
        assert_eq!(lines.get(2), Some(Line::Text(b"")));
        assert_eq!(lines.get(3), Some(Line::Text(b"/bin/none")));
        assert_eq!(lines.get(4), None);
        assert_eq!(lines.rows(1..4), 0b101);
        assert_eq!(lines.text(1..4), b"\0\0/bin/none\0");
        assert_eq!(lines.ends(1..4).collect::<Vec<_>>(), [0, 1, 11]);
    }
}
