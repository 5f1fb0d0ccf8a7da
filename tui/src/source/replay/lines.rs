//! Bytes cut into lines, as they come and without a copy of each.

use std::io::{ErrorKind, Read};

/// How much is read at once.
const CHUNK: usize = 1 << 20;

/// Longest line that is kept: the longest arguments and environment that are captured, all of them escaped, fit.
const LONGEST: usize = if cfg!(test) { 4 * CHUNK } else { 128 << 20 };

/// Lines out of a reader.
pub(super) struct Lines {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// Where in the buffer the bytes are that were read and not handed out.
    filled: std::ops::Range<usize>,
    /// Up to where no newline was found.
    searched: usize,
    /// Lines handed out so far.
    number: u64,
    /// Within a line that is too long.
    too_long: bool,
    ended: bool,
}

/// What there is of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// All of it, with its newline.
    Whole(&'a [u8]),
    /// The last one, which has no newline.
    Rest(&'a [u8]),
    /// It was too long to keep.
    TooLong,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            filled: 0..0,
            searched: 0,
            number: 0,
            too_long: false,
            ended: false,
        }
    }

    /// Returns the number of the line that was handed out last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Returns whether all lines were handed out.
    pub(super) fn is_done(&self) -> bool {
        self.ended && self.filled.is_empty()
    }

    /// Hands out the next line, if it was read already.
    pub(super) fn buffered(&mut self) -> Option<Line<'_>> {
        loop {
            let unread = self.buffer.get(self.searched..self.filled.end)?;
            let newline = memchr::memchr(b'\n', unread);
            let end = match newline {
                Some(at) => self.searched + at + 1,
                None if self.ended && !self.filled.is_empty() => self.filled.end,
                None => {
                    self.searched = self.filled.end;
                    return None;
                }
            };
            let line = self.filled.start..end;
            self.filled.start = end;
            self.searched = end;
            if std::mem::take(&mut self.too_long) {
                // Its end.
                continue;
            }
            self.number += 1;
            let line = self.buffer.get(line)?;
            return Some(match newline {
                Some(_) => Line::Whole(line),
                None => Line::Rest(line),
            });
        }
    }

    /// Waits for more; returns a line that is too long, if it turns out so, and whether there was more.
    ///
    /// # Errors
    /// If no more can be read.
    pub(super) fn fill(&mut self) -> std::io::Result<(Option<Line<'static>>, bool)> {
        if self.ended {
            return Ok((None, false));
        }
        let mut told = None;
        if self.too_long {
            self.filled = 0..0;
        } else if self.filled.len() > LONGEST {
            self.number += 1;
            self.too_long = true;
            self.filled = 0..0;
            told = Some(Line::TooLong);
        } else {
            self.buffer.copy_within(self.filled.clone(), 0);
            self.filled = 0..self.filled.len();
        }
        self.searched = self.filled.end;
        if self.buffer.len() - self.filled.end < CHUNK {
            let room = (self.filled.end + CHUNK).max(self.filled.end * 2);
            self.buffer.resize(room, 0);
        }
        let count = loop {
            let room = self.buffer.get_mut(self.filled.end..).unwrap_or_default();
            match self.reader.read(room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
                Ok(count) => break count,
            }
        };
        self.ended = count == 0;
        self.filled.end += count;
        // A last line without a newline is there to be handed out.
        Ok((told, !self.ended || !self.filled.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads some bytes at a time.
    struct Drips(Vec<u8>, usize);

    impl Read for Drips {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(self.1).min(to.len());
            to[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    fn all(bytes: &[u8], at_once: usize) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut lines = Lines::new(Box::new(Drips(bytes.to_vec(), at_once)));
        let mut all = Vec::new();
        loop {
            while let Some(line) = lines.buffered() {
                let line = match line {
                    Line::Whole(line) | Line::Rest(line) => line.to_vec(),
                    Line::TooLong => unreachable!(),
                };
                all.push((lines.number(), Some(line)));
            }
            let (told, more) = lines.fill().unwrap();
            if told.is_some() {
                all.push((lines.number(), None));
            }
            if !more {
                return all;
            }
        }
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_text(text in "[ab\n]{0,40}", at_once in 1_usize..9) {
            let wanted = text.split_inclusive('\n').map(|line| line.as_bytes().to_vec());
            let wanted: Vec<_> = (1..).zip(wanted.map(Some)).collect();
            prop_assert_eq!(all(text.as_bytes(), at_once), wanted);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_told_once_and_the_next_is_read() {
        let long = "x".repeat(6 * CHUNK);
        let text = format!("a\n{long}\nb\nc");
        let told = all(text.as_bytes(), 300_000);
        assert_eq!(
            told,
            [
                (1, Some(b"a\n".to_vec())),
                (2, None),
                (3, Some(b"b\n".to_vec())),
                (4, Some(b"c".to_vec()))
            ]
        );
    }
}
