//! Bytes read ahead by a thread of their own, so that they are decompressed while those before are looked at.

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
}

impl Ahead {
    /// Begins to read.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn new(mut source: Box<dyn Read + Send>) -> io::Result<Self> {
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
        std::thread::Builder::new().spawn(read)?;
        Ok(Self {
            chunks,
            chunk: Vec::new(),
            read: 0,
        })
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
            // After an end or an error nothing is sent any more.
            self.chunk = self.chunks.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
            self.read = 0;
        }
        let mut rest = self.chunk.get(self.read..).unwrap_or_default();
        let count = rest.read(to)?;
        self.read += count;
        Ok(count)
    }
}
