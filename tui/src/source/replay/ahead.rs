//! Bytes read ahead by a thread of their own, so that they are decompressed while those before are looked at.

use crate::threads;
use anyhow::Result;
use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::{Receiver, sync_channel};

/// How much is handed over at once.
const CHUNK: usize = 256 << 10;

/// Chunks that may wait for their reader.
const WAITING: usize = 4;

/// What another thread reads.
pub(super) struct Ahead {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    /// How much of the chunk was handed out.
    read: usize,
    /// Whether the source has ended or failed, after which nothing is sent.
    ended: bool,
}

impl Ahead {
    /// Begins to read.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn new(mut source: Box<dyn Read + Send>) -> Result<Self> {
        let (sender, chunks) = sync_channel(WAITING);
        let read = move || {
            loop {
                let chunk = chunk(&mut source);
                let ends = !matches!(&chunk, Ok(chunk) if !chunk.is_empty());
                if sender.send(chunk).is_err() || ends {
                    return;
                }
            }
        };
        threads::start("read-ahead", read)?;
        Ok(Self {
            chunks,
            chunk: Vec::new(),
            read: 0,
            ended: false,
        })
    }

    /// Waits for the next chunk; an empty one is the end.
    fn next(&mut self) -> io::Result<Vec<u8>> {
        if self.ended {
            return Ok(Vec::new());
        }
        let gone = |_| Err(io::Error::other("the thread that reads it has panicked"));
        let next = self.chunks.recv().unwrap_or_else(gone);
        self.ended = !matches!(&next, Ok(chunk) if !chunk.is_empty());
        next
    }
}

/// Reads what there is at once; nothing at the end.
fn chunk(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match source.read(&mut chunk) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => {
                chunk.truncate(read?);
                return Ok(chunk);
            }
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.read == self.chunk.len() {
            self.chunk = self.next()?;
            self.read = 0;
        }
        let mut rest = self.chunk.get(self.read..).unwrap_or_default();
        let count = rest.read(to)?;
        self.read += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    /// Hands out one answer after the other, then the end.
    struct Script(VecDeque<io::Result<Vec<u8>>>);

    impl Read for Script {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let Some(answer) = self.0.pop_front() else {
                return Ok(0);
            };
            let answer = answer?;
            assert_ne!(answer, b"panic");
            to[..answer.len()].copy_from_slice(&answer);
            Ok(answer.len())
        }
    }

    fn ahead(script: Vec<io::Result<Vec<u8>>>) -> Ahead {
        Ahead::new(Box::new(Script(script.into()))).unwrap()
    }

    #[test]
    fn an_error_comes_after_what_was_read_before_it_and_once() {
        let interrupted = Err(ErrorKind::Interrupted.into());
        let damaged = Err(ErrorKind::InvalidData.into());
        let mut ahead = ahead(vec![
            Ok(b"one".into()),
            interrupted,
            Ok(b"two".into()),
            damaged,
            Ok(b"three".into()),
        ]);
        let mut text = Vec::new();
        let error = ahead.read_to_end(&mut text).unwrap_err();
        assert_eq!(
            (&*text, error.kind()),
            (&b"onetwo"[..], ErrorKind::InvalidData)
        );
        assert_eq!(ahead.read_to_end(&mut text).unwrap(), 0);
    }

    #[test]
    fn a_reader_that_panics_is_no_end() {
        let mut ahead = ahead(vec![Ok(b"one".into()), Ok(b"panic".into())]);
        let mut text = Vec::new();
        let error = ahead.read_to_end(&mut text).unwrap_err();
        assert_eq!((&*text, error.kind()), (&b"one"[..], ErrorKind::Other));
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_there(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..20),
            sizes in prop::collection::vec(1..70_usize, 1..10),
        ) {
            let whole = chunks.concat();
            let mut ahead = ahead(chunks.into_iter().map(Ok).collect());
            let mut text = Vec::new();
            for size in sizes.into_iter().cycle() {
                let mut part = vec![0; size];
                let count = ahead.read(&mut part).unwrap();
                if count == 0 {
                    break;
                }
                text.extend_from_slice(&part[..count]);
            }
            prop_assert_eq!(text, whole);
        }
    }
}
