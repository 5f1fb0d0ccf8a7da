//! The files of a recording: whole lines into them, packed as the name says, one file after the other.

use crate::cli::RecordConfig;
use crate::export::{Folder, OutputFile, Owner};
use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// So many bytes of lines are packed at once.
const CHUNK: usize = 256 << 10;

/// How lines are packed. Each chunk is packed by itself, so that what was written before can be read whatever
/// happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(name: &OsStr) -> Self {
        match Path::new(name)
            .extension()
            .and_then(|ending| ending.to_str())
        {
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
pub(in crate::run) struct Place {
    folder: Folder,
    name: OsString,
    /// Who gets the files; `None` keeps them this process's.
    owner: Option<Owner>,
    /// The size from which on a file is followed by the next.
    max: Option<u64>,
    /// How many files there are at most, the current one among them.
    keep: u32,
}

impl Place {
    /// Finds the directory to write in.
    ///
    /// # Errors
    /// If there is none.
    pub(in crate::run) fn new(config: &RecordConfig, owner: Option<Owner>) -> Result<Self> {
        let (folder, name) = Folder::of(&config.path)?;
        Ok(Self {
            folder,
            name,
            owner,
            max: config.max,
            keep: config.keep.max(1),
        })
    }

    /// Returns the name of a file: 0 for the current one, 1 for the one before.
    fn name(&self, number: u32) -> OsString {
        let mut name = self.name.clone();
        if number > 0 {
            name.push(format!(".{number}"));
        }
        name
    }

    /// Returns whether there is such a file already.
    pub(in crate::run) fn is_taken(&self) -> bool {
        self.folder.has(&self.name)
    }

    /// Creates the first file; what is there already stays, unless `force` says otherwise.
    ///
    /// # Errors
    /// If there can be no such file; the message names it and says what to do.
    pub(in crate::run) fn create(&self, force: bool) -> Result<OutputFile> {
        if force {
            return self.folder.create(&self.name, self.owner);
        }
        if self.max.is_some() {
            for older in (1..self.keep).map(|number| self.name(number)) {
                if self.folder.has(&older) {
                    let shown = self.folder.shown(&older);
                    bail!(
                        "{shown} is there already, and older files would be called so: remove it, name another file, or replace it with --force"
                    );
                }
            }
        }
        self.folder.create_new(&self.name, self.owner)
    }

    /// Makes room for the next file, and creates it; the oldest goes if there are too many.
    fn next(&self) -> Result<File> {
        for number in (1..self.keep).rev() {
            self.folder
                .rename(&self.name(number - 1), &self.name(number))?;
        }
        if self.keep == 1 {
            self.folder.remove(&self.name)?;
        }
        self.folder.create_new(&self.name, self.owner)?.begin()
    }
}

/// The file that is written now.
#[derive(Debug)]
pub(in crate::run) struct Sink {
    /// `None` where there is one stream and no more.
    place: Option<Place>,
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
    pub(in crate::run) fn new(place: Option<Place>, file: File) -> Self {
        let packing = place.as_ref().map(|place| Packing::of(&place.name));
        Self {
            packing: packing.unwrap_or(Packing::Plain),
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
    pub(in crate::run) fn write(&mut self, lines: &[u8]) -> Result<()> {
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
    pub(in crate::run) fn flush(&mut self) -> Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let packed = self.packing.pack(&self.chunk).context("cannot pack it")?;
        self.chunk.clear();
        self.put(&packed)
    }

    /// Returns whether something was taken that is not yet in the file.
    pub(in crate::run) fn owes(&self) -> bool {
        !self.chunk.is_empty()
    }

    /// Returns whether the next file is due.
    pub(in crate::run) fn is_full(&self) -> bool {
        let max = self.place.as_ref().and_then(|place| place.max);
        max.is_some_and(|max| self.size >= max)
    }

    /// Returns how many bytes there are in all files.
    pub(in crate::run) fn total(&self) -> u64 {
        self.total
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // What got through of it ends within a line. A stream may have been written to before.
            if self.place.is_some() {
                let _ = self.file.set_len(self.size);
            }
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
    pub(in crate::run) fn next_file(&mut self) -> Result<()> {
        self.flush()?;
        let Some(place) = &self.place else {
            return Ok(());
        };
        self.file = place.next()?;
        self.size = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::replay::read_all;
    use std::fs;

    fn place(dir: &Path, name: &str, max: Option<u64>, keep: u32) -> Place {
        let config = RecordConfig {
            path: dir.join(name),
            force: false,
            max,
            keep,
        };
        Place::new(&config, None).unwrap()
    }

    fn sink(place: &Place) -> Sink {
        let file = place.create(false).unwrap().begin().unwrap();
        Sink::new(Some(place.clone()), file)
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
                let path = dir.path().join(name);
                assert!(read_all(&path).unwrap() == all.as_bytes(), "{name}");
            }
            let size = fs::metadata(dir.path().join(name)).unwrap().len();
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
        assert_eq!(fs::read(dir.path().join("day.2")).unwrap(), b"day 3\n");
        assert_eq!(fs::read(dir.path().join("day")).unwrap(), b"");
    }

    #[test]
    fn what_is_there_is_replaced_only_if_asked() {
        let dir = tempfile::tempdir().unwrap();
        let several = place(dir.path(), "day", Some(4), 3);
        let [day, older] = ["day", "day.2"].map(|name| dir.path().join(name));
        fs::write(&day, "precious").unwrap();
        let error = |place: &Place| format!("{:#}", place.create(false).unwrap_err());
        assert!(error(&several).contains("--force"));
        fs::remove_file(&day).unwrap();
        std::os::unix::fs::symlink("nowhere", &older).unwrap();
        assert!(error(&several).contains("day.2 is there already"));
        several.create(true).unwrap();
        place(dir.path(), "day", None, 3).create(false).unwrap();
    }

    #[test]
    fn a_stream_keeps_what_was_in_it_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, "before\n").unwrap();
        let read_only = File::open(&path).unwrap();
        let mut sink = Sink::new(None, read_only);
        assert!(sink.write(b"line\n").is_err() && !sink.is_full());
        assert_eq!(fs::read(&path).unwrap(), b"before\n");
    }

    #[test]
    fn a_full_disk_leaves_whole_lines() {
        // Writing to it always fails so.
        let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
            return;
        };
        let dir = tempfile::tempdir().unwrap();
        let mut sink = Sink::new(Some(place(dir.path(), "x", None, 1)), full);
        let error = sink.write(b"line\n").unwrap_err();
        assert!(format!("{error:#}").contains("No space left"), "{error:#}");
        assert_eq!(sink.total(), 0);
    }
}
