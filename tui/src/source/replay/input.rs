//! The bytes of a recording: a file or standard input, plain or compressed, which its first bytes tell.

use super::ahead::Ahead;
use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, IsTerminal, Read};
use std::os::fd::AsFd;
use std::path::Path;

const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The name that stands for standard input.
pub const STDIN: &str = "-";

/// A recording that is open, and not yet looked into: that needs no rights.
#[derive(Debug)]
pub struct Input {
    pub(super) name: String,
    file: File,
}

impl Input {
    /// Opens a recording, or standard input if it is called `-`.
    ///
    /// # Errors
    /// If it cannot be opened; the message names it and says what to do.
    pub fn open(path: &Path) -> Result<Self> {
        let name = match path.to_string_lossy() {
            name if name == STDIN => "standard input".to_owned(),
            name => name.into_owned(),
        };
        let file = open(path)?;
        Ok(Self { name, file })
    }

    /// Returns its bytes, decompressed.
    ///
    /// # Errors
    /// If its first bytes cannot be read.
    pub(super) fn decompressed(self) -> Result<Box<dyn Read + Send>> {
        let Self { name, file } = self;
        decompressed(Box::new(file)).with_context(|| format!("cannot read {name}"))
    }
}

fn open(path: &Path) -> Result<File> {
    let shown = path.display();
    let file = if path.as_os_str() == STDIN {
        if io::stdin().is_terminal() {
            bail!("standard input is a terminal: pipe a recording into it, or name a file");
        }
        let stdin = io::stdin().as_fd().try_clone_to_owned();
        File::from(stdin.context("cannot use standard input")?)
    } else {
        let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
        if file.metadata().is_ok_and(|found| found.is_dir()) {
            bail!("cannot open {shown}: it is a directory; name a recording in it");
        }
        file
    };
    Ok(file)
}

/// Returns what is in a stream, decompressed if it is compressed.
pub(super) fn decompressed(mut stream: Box<dyn Read + Send>) -> Result<Box<dyn Read + Send>> {
    let mut first = Vec::new();
    stream.by_ref().take(4).read_to_end(&mut first)?;
    let (gzip, zstd) = (first.starts_with(&GZIP), first == ZSTD);
    let stream = Cursor::new(first).chain(stream);
    let packed: Box<dyn Read + Send> = if gzip {
        Box::new(MultiGzDecoder::new(BufReader::new(stream)))
    } else if zstd {
        Box::new(Zstd {
            source: BufReader::with_capacity(1 << 18, stream),
            decoder: FrameDecoder::new(),
            within: false,
        })
    } else {
        return Ok(Box::new(stream));
    };
    Ok(Box::new(Ahead::new(packed)?))
}

/// Decompresses one frame after the other.
struct Zstd<R> {
    source: R,
    decoder: FrameDecoder,
    /// Whether a frame was begun and not all of it was handed out.
    within: bool,
}

impl<R: BufRead> Zstd<R> {
    /// Begins the next frame; returns whether there is one.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.source) {
                Ok(()) => return Ok(true),
                // What other tools put between frames.
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = self.source.by_ref().take(length.into());
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(broken(error)),
            }
        }
        Ok(false)
    }
}

fn broken(error: FrameDecoderError) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("zstd: {error}"))
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while !to.is_empty() {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(to);
            }
            if self.within && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder
                    .decode_blocks(&mut self.source, one)
                    .map_err(broken)?;
            } else {
                self.within = self.begin()?;
                if !self.within {
                    return Ok(0);
                }
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write;

    fn read(bytes: Vec<u8>) -> (Vec<u8>, Option<io::Error>) {
        let mut out = Vec::new();
        let mut read = decompressed(Box::new(Cursor::new(bytes))).unwrap();
        let error = read.read_to_end(&mut out).err();
        (out, error)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    #[test]
    fn members_and_frames_follow_each_other() {
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        for (name, bytes) in [
            ("plain", b"one\ntwo\n".to_vec()),
            ("gzip", [gzip(b"one\n"), gzip(b"two\n")].concat()),
            (
                "zstd",
                [zstd(b"one\n"), zstd(b""), skippable, zstd(b"two\n")].concat(),
            ),
        ] {
            let (text, error) = read(bytes);
            assert_eq!(
                (&*text, error.is_none()),
                (&b"one\ntwo\n"[..], true),
                "{name}"
            );
        }
        assert_eq!(read(Vec::new()).0, b"");
        assert_eq!(read(b"{".to_vec()).0, b"{");
    }

    #[test]
    fn what_was_whole_before_a_cut_is_read() {
        for one in [gzip(b"one\n"), zstd(b"one\n")] {
            let cut = [&one[..], &one[..one.len() - 3]].concat();
            let (text, error) = read(cut);
            assert!(text.starts_with(b"one\n") && error.is_some());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>, magic in prop_oneof![Just(&ZSTD[..]), Just(&GZIP[..])]) {
            let _ = read([magic, &bytes].concat());
        }

        #[test]
        fn any_damage_is_read_or_refused(at: prop::sample::Index, bit in 0..8_u8, text: Vec<u8>) {
            for mut bytes in [gzip(&text), zstd(&text)] {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
                let _ = read(bytes);
            }
        }
    }
}
