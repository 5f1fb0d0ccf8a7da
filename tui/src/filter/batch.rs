//! Many rows asked at once, and their command lines searched in one go.

use super::pattern::Needle;
use crate::model::Model;
use crate::store::{Entry, Line, Part, Row};

/// What is asked at once: one bit of a mask for each entry. Short loops over many rows are
/// much faster than long ways with each of them, as most time goes to fetching rows from memory.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) model: &'a Model,
}

/// So few lines are searched one by one.
const FEW: u32 = 8;

#[derive(Clone, Copy)]
pub(super) enum Rows<'a> {
    One(&'a Row),
    Part(Part<'a>),
}

impl<'a> Batch<'a> {
    /// The most entries a batch can have.
    pub(super) const MOST: usize = u64::BITS as usize;

    /// Makes a batch of up to [`Batch::MOST`] entries.
    pub(super) fn new(part: Part<'a>, model: &'a Model) -> Self {
        Self {
            rows: Rows::Part(part),
            model,
        }
    }

    /// Returns the mask of all its rows.
    pub(super) fn all(self) -> u64 {
        match self.rows {
            Rows::One(_) => 1,
            Rows::Part(part) => part.lines.rows(part.places()),
        }
    }

    fn row(self, number: usize) -> Option<&'a Row> {
        match self.rows {
            Rows::One(row) => Some(row),
            Rows::Part(part) => match part.entries.get(number)? {
                Entry::Row(row) => Some(row),
                Entry::Gap(_) => None,
            },
        }
    }

    /// Returns which of the wanted rows pass a test.
    pub(super) fn which(self, wanted: u64, mut test: impl FnMut(&'a Row) -> bool) -> u64 {
        mask(wanted, |number| self.row(number).is_some_and(&mut test))
    }

    /// Returns which of the wanted rows have a command line that passes a test.
    pub(super) fn which_lines(
        self,
        wanted: u64,
        buffer: &mut Vec<u8>,
        test: impl Fn(&[u8]) -> bool,
    ) -> u64 {
        mask(wanted, |number| {
            if let Rows::Part(part) = self.rows
                && let Some(Line::Text(line)) = part.lines.get(part.place + number)
            {
                return test(line);
            }
            self.row(number).is_some_and(|row| test(line(row, buffer)))
        })
    }

    /// Returns which of the wanted rows have a text in their command lines.
    pub(super) fn which_have(self, wanted: u64, needle: &Needle, buffer: &mut Vec<u8>) -> u64 {
        let part = match self.rows {
            Rows::Part(part) if wanted.count_ones() > FEW => part,
            _ => return self.which_lines(wanted, buffer, |line| needle.is_in(line)),
        };
        let places = part.places();
        let mut found = 0;
        needle.find_in(
            part.lines.text(places.clone()),
            part.lines.ends(places),
            buffer,
            |number| {
                found |= 1 << (number as u32 % u64::BITS);
            },
        );
        let left = |number: usize| part.lines.get(part.place + number) == Some(Line::Left);
        let far = mask(wanted & !found, |number| {
            left(number)
                && self
                    .row(number)
                    .is_some_and(|row| needle.is_in(row.raw_line()))
        });
        (found & wanted) | far
    }
}

/// Returns which bits pass a test by their number.
fn mask(mut wanted: u64, mut test: impl FnMut(usize) -> bool) -> u64 {
    let mut passed = 0;
    while wanted != 0 {
        let number = wanted.trailing_zeros();
        wanted &= wanted - 1;
        passed |= u64::from(test(number as usize)) << number;
    }
    passed
}

/// Returns the command line with a space between two arguments.
fn line<'a>(row: &Row, buffer: &'a mut Vec<u8>) -> &'a [u8] {
    let space = |byte: &u8| if *byte == 0 { b' ' } else { *byte };
    buffer.clear();
    buffer.extend(row.raw_line().iter().map(space));
    buffer
}
