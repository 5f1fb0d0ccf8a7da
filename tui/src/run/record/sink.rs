//! The files of a recording: whole lines into them, packed as the name says, one file after the other.

use crate::export::{OutputFile, create_file, create_new_file};
use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// So many bytes of lines are packed at once.
const CHUNK: usize = 256 << 10;

/// Who gets the files, by user and group; `None` keeps them this process's.
pub(super) type Owner = Option<(u32, u32)>;

/// How lines are packed. Each chunk is packed by itself, so that what was written before can be read whatever
/// happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(path: &Path) -> Self {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::Plain,
        }
    }

    fn pack(self, lines: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain => Ok(lines.to_vec()),
            Self::Gzip => {
                let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
                gzip.write_all(lines)?;
                gzip.finish()
            }
            Self::Zstd => Ok(compress_to_vec(lines, CompressionLevel::Fastest)),
        }
    }
}

/// Where and how much to write.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) owner: Owner,
    /// The size from which on a file is followed by the next.
    pub(super) max: Option<u64>,
    /// How many files there are at most, the current one among them.
    pub(super) keep: u32,
}

impl Place {
    /// Returns the name of an older file, 1 being the one before the current.
    fn older(&self, number: u32) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(format!(".{number}"));
        name.into()
    }

    /// Creates the first file; what is there already stays, unless `force` says otherwise.
    ///
    /// # Errors
    /// If there can be no such file; the message names it and says what to do.
    pub(super) fn create(&self, force: bool) -> Result<OutputFile> {
        if force {
            return create_file(&self.path, self.owner);
        }
        if self.max.is_some() {
            for older in (1..self.keep).map(|number| self.older(number)) {
                if older.symlink_metadata().is_ok() {
                    let shown = older.display();
                    bail!(
                        "{shown} is there already, and older files would be called so: remove it, name another file, or replace it with --force"
                    );
                }
            }
        }
        create_new_file(&self.path, self.owner)
    }
}

/// The file that is written now.
#[derive(Debug)]
pub(super) struct Sink {
    place: Place,
    packing: Packing,
    file: File,
    /// Bytes of it that are whole.
    size: u64,
    /// Lines that are not packed yet.
    chunk: Vec<u8>,
    /// Bytes of all files.
    total: u64,
}

impl Sink {
    pub(super) fn new(place: Place, file: File) -> Self {
        Self {
            packing: Packing::of(&place.path),
            place,
            file,
            size: 0,
            chunk: Vec::new(),
            total: 0,
        }
    }

    /// Takes whole lines.
    ///
    /// # Errors
    /// If they cannot be written; the file then has all lines before them.
    pub(super) fn write(&mut self, lines: &[u8]) -> Result<()> {
        if self.packing == Packing::Plain {
            return self.put(lines);
        }
        self.chunk.extend_from_slice(lines);
        if self.chunk.len() >= CHUNK {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Writes what was taken and is not yet in the file.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let packed = self.packing.pack(&self.chunk).context("cannot pack it")?;
        self.chunk.clear();
        self.put(&packed)
    }

    /// Returns whether something was taken that is not yet in the file.
    pub(super) fn owes(&self) -> bool {
        !self.chunk.is_empty()
    }

    /// Returns whether the next file is due.
    pub(super) fn is_full(&self) -> bool {
        self.place.max.is_some_and(|max| self.size >= max)
    }

    /// Returns how many bytes there are in all files.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // What got through of it ends within a line.
            let _ = self.file.set_len(self.size);
            return Err(error.into());
        }
        self.size += bytes.len() as u64;
        self.total += bytes.len() as u64;
        Ok(())
    }

    /// Begins the next file; the oldest goes if there are too many.
    ///
    /// # Errors
    /// If files cannot be renamed or created.
    pub(super) fn next_file(&mut self) -> Result<()> {
        self.flush()?;
        let place = &self.place;
        let keep = place.keep.max(1);
        for number in (1..keep).rev() {
            let from = match number {
                1 => place.path.clone(),
                _ => place.older(number - 1),
            };
            match fs::rename(&from, place.older(number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).context("cannot rename it for the next file");
                }
                _ => {}
            }
        }
        if keep == 1 {
            fs::remove_file(&place.path).context("cannot remove it for the next file")?;
        }
        self.file = create_new_file(&place.path, place.owner)?.begin()?;
        self.size = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::replay::read_all;

    fn place(dir: &Path, name: &str, max: Option<u64>, keep: u32) -> Place {
        Place {
            path: dir.join(name),
            owner: None,
            max,
            keep,
        }
    }

    fn sink(place: &Place) -> Sink {
        let file = place.create(false).unwrap().begin().unwrap();
        Sink::new(place.clone(), file)
    }

    #[test]
    fn every_flush_can_be_read_whatever_comes_next() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["plain", "small.gz", "small.zst"] {
            let place = place(dir.path(), name, None, 5);
            let mut sink = sink(&place);
            let mut all = String::new();
            for n in 0..5 {
                let lines = format!("{{\"n\":{n}}}\n").repeat(20_000);
                sink.write(lines.as_bytes()).unwrap();
                all += &lines;
                sink.flush().unwrap();
                assert!(read_all(&place.path).unwrap() == all.as_bytes(), "{name}");
            }
            let size = fs::metadata(&place.path).unwrap().len();
            assert_eq!(sink.total(), size);
            assert!(name == "plain" || size < all.len() as u64 / 10, "{size}");
        }
    }

    #[test]
    fn files_follow_each_other_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(dir.path(), "day", Some(4), 3);
        let mut sink = sink(&place);
        for n in 0..5 {
            assert!(!sink.is_full());
            sink.write(format!("day {n}\n").as_bytes()).unwrap();
            assert!(sink.is_full());
            sink.next_file().unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["day", "day.1", "day.2"]);
        assert_eq!(fs::read(place.older(2)).unwrap(), b"day 3\n");
        assert_eq!(fs::read(&place.path).unwrap(), b"");
    }

    #[test]
    fn what_is_there_is_replaced_only_if_asked() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(dir.path(), "day", Some(4), 3);
        fs::write(&place.path, "precious").unwrap();
        let error = |place: &Place| format!("{:#}", place.create(false).unwrap_err());
        assert!(error(&place).contains("--force"));
        fs::remove_file(&place.path).unwrap();
        fs::write(place.older(2), "precious").unwrap();
        assert!(error(&place).contains("day.2 is there already"));
        place.create(true).unwrap();
        let no_rotation = Place { max: None, ..place };
        fs::remove_file(&no_rotation.path).unwrap();
        no_rotation.create(false).unwrap();
    }

    #[test]
    fn a_full_disk_leaves_whole_lines() {
        // Writing to it always fails so.
        let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
            return;
        };
        let dir = tempfile::tempdir().unwrap();
        let mut sink = Sink::new(place(dir.path(), "x", None, 1), full);
        let error = sink.write(b"line\n").unwrap_err();
        assert!(format!("{error:#}").contains("No space left"), "{error:#}");
        assert_eq!(sink.total(), 0);
    }
}
