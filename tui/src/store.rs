//! The bounded history: execs and the places where events were lost, oldest out first.
//!
//! Entries stand next to each other in chunks, with their command lines, because going
//! through all of them to filter or sort is a matter of how far apart they are in memory.

mod lines;

pub use lines::{Line, Lines};

use crate::event::{Exec, Exit, Lost};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

/// Names one entry of the history for good; ids grow by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub u64);

/// How the program of a row came to its end.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Its process ended.
    Exited(Exit),
    /// Its process executed another program, at this time.
    Replaced {
        /// When: CLOCK_BOOTTIME, ns.
        time_ns: u64,
    },
}

impl End {
    /// Returns when.
    pub fn time_ns(&self) -> u64 {
        match self {
            Self::Exited(exit) => exit.time_ns,
            Self::Replaced { time_ns } => *time_ns,
        }
    }
}

/// An exec with what became of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The exec.
    pub exec: Exec,
    /// Its end, once known; always `None` when the exec failed.
    pub end: Option<End>,
    /// What it has to do with a walk through `PATH` that found something.
    pub walk: Option<Box<Walk>>,
}

/// A row's part in a walk through `PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Walk {
    /// It was not there.
    Miss {
        /// The row of what was found in the end.
        found: EntryId,
        /// The time until the next try, ns.
        ns: u64,
    },
    /// It was found.
    Found {
        /// The rows of the tries before, oldest first; some may have left the history.
        misses: Box<[EntryId]>,
        /// The time that they took, ns.
        ns: u64,
    },
}

impl Row {
    /// Returns how long the program ran, once it ended.
    pub fn duration_ns(&self) -> Option<u64> {
        Some(
            self.end
                .as_ref()?
                .time_ns()
                .saturating_sub(self.exec.time_ns),
        )
    }

    /// Returns it as it was at an instant: what ended later runs.
    pub fn as_of(&self, time_ns: u64) -> Cow<'_, Row> {
        match &self.end {
            Some(end) if end.time_ns() > time_ns => Cow::Owned(Row {
                end: None,
                ..self.clone()
            }),
            _ => Cow::Borrowed(self),
        }
    }

    /// Returns the exit, if the process ended in this program.
    pub fn exit(&self) -> Option<&Exit> {
        match &self.end {
            Some(End::Exited(exit)) => Some(exit),
            _ => None,
        }
    }

    /// Returns whether the program still runs, as far as is known.
    pub fn running(&self) -> bool {
        !self.exec.failed() && self.end.is_none()
    }

    /// Returns the row that was found in the end, if this is a miss of a walk through `PATH`.
    pub fn missed(&self) -> Option<EntryId> {
        match self.walk.as_deref() {
            Some(Walk::Miss { found, .. }) => Some(*found),
            _ => None,
        }
    }

    /// Returns the misses before this was found, oldest first.
    pub fn misses(&self) -> &[EntryId] {
        match self.walk.as_deref() {
            Some(Walk::Found { misses, .. }) => misses,
            _ => &[],
        }
    }

    /// Returns the command line with a NUL between two arguments: the arguments, or the path
    /// when there are none.
    pub fn raw_line(&self) -> &[u8] {
        let args = &self.exec.args.bytes;
        match (args.is_empty(), &self.exec.filename) {
            (true, Some(path)) => path,
            _ => args.strip_suffix(b"\0").unwrap_or(args),
        }
    }
}

/// One entry of the history.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are rows, and they are gone through faster without a box each"
)]
pub enum Entry {
    /// An exec.
    Row(Row),
    /// Events were lost here.
    Gap(Lost),
}

impl Entry {
    /// When it happened: CLOCK_BOOTTIME, ns.
    pub fn time_ns(&self) -> u64 {
        match self {
            Self::Row(row) => row.exec.time_ns,
            Self::Gap(lost) => lost.time_ns,
        }
    }
}

/// How many entries a chunk has; few in tests, so that they see many chunks.
const CHUNK: usize = if cfg!(test) { 4 } else { 1024 };

/// Entries that follow each other.
#[derive(Debug)]
struct Chunk {
    entries: Vec<Entry>,
    lines: Lines,
}

/// Bytes of a text that rows commonly share, and that do not count.
const SHARED: usize = 128;

/// Returns about how many bytes an entry takes, with its copy among the lines.
fn bytes_of(entry: &Entry) -> usize {
    let Entry::Row(row) = entry else {
        return size_of::<Entry>();
    };
    let exec = &row.exec;
    let boxed = exec.filename.as_ref().map_or(0, |bytes| bytes.len());
    let env = exec.env.as_ref().map_or(0, |env| env.bytes.len());
    // Texts that repeat are shared; but who executes decides whether they do, so long ones count.
    let shared = [&exec.exe, &exec.cwd, &exec.interpreter]
        .into_iter()
        .flatten();
    let long: usize = shared.map(|text| text.len().saturating_sub(SHARED)).sum();
    let texts = exec.args.bytes.len() + boxed + env + long;
    let ancestors = size_of_val(&*exec.ancestors);
    size_of::<Entry>() + texts + ancestors + row.raw_line().len().min(lines::LONGEST)
}

/// Entries that follow each other, with their command lines.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The first one's id.
    pub first: EntryId,
    /// The entries.
    pub entries: &'a [Entry],
    /// Where their command lines are.
    pub lines: &'a Lines,
    /// The place of the first one's command line.
    pub place: usize,
}

impl Part<'_> {
    /// Returns the places of its command lines.
    pub fn places(&self) -> Range<usize> {
        self.place..self.place + self.entries.len()
    }
}

/// The newest entries, up to a limit of their number and of their bytes.
#[derive(Debug)]
pub struct Store {
    chunks: VecDeque<Chunk>,
    /// How many entries of the first chunk are gone.
    gone: usize,
    first: u64,
    len: usize,
    limit: usize,
    bytes: usize,
    byte_limit: usize,
}

impl Store {
    /// Makes an empty history of at most `limit` entries (at least one) and about `byte_limit`
    /// bytes (at least one entry).
    pub fn new(limit: usize, byte_limit: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            gone: 0,
            first: 0,
            len: 0,
            limit: limit.max(1),
            bytes: 0,
            byte_limit,
        }
    }

    /// Appends an entry; returns its id, and the entry that had to go.
    pub fn push(&mut self, entry: Entry) -> (EntryId, Option<(EntryId, Entry)>) {
        let evicted = if self.len >= self.limit {
            self.evict()
        } else {
            None
        };
        let id = self.next_id();
        if self
            .chunks
            .back()
            .is_none_or(|chunk| chunk.entries.len() == CHUNK)
        {
            self.chunks.push_back(Chunk {
                entries: Vec::with_capacity(CHUNK.min(self.limit)),
                lines: Lines::default(),
            });
        }
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.lines.push(match &entry {
                Entry::Row(row) => Some(row),
                Entry::Gap(_) => None,
            });
            self.bytes += bytes_of(&entry);
            chunk.entries.push(entry);
            self.len += 1;
        }
        (id, evicted)
    }

    /// Drops the oldest entry if the entries take more bytes than they may; returns it.
    ///
    /// To be called until it returns nothing, after each [`Store::push`].
    pub fn evict_excess(&mut self) -> Option<(EntryId, Entry)> {
        if self.bytes > self.byte_limit && self.len > 1 {
            self.evict()
        } else {
            None
        }
    }

    fn evict(&mut self) -> Option<(EntryId, Entry)> {
        let entry = self.chunks.front_mut()?.entries.get_mut(self.gone)?;
        let old = std::mem::replace(entry, Entry::Gap(Lost::default()));
        let id = EntryId(self.first);
        self.first += 1;
        self.gone += 1;
        self.len -= 1;
        self.bytes = self.bytes.saturating_sub(bytes_of(&old));
        if self.gone == CHUNK {
            self.chunks.pop_front();
            self.gone = 0;
        }
        Some((id, old))
    }

    /// Returns an entry, unless it is gone.
    pub fn get(&self, id: EntryId) -> Option<&Entry> {
        let (chunk, place) = self.place(id)?;
        self.chunks.get(chunk)?.entries.get(place)
    }

    /// Returns the row of an entry, unless it is gone or a gap.
    pub fn row(&self, id: EntryId) -> Option<&Row> {
        match self.get(id)? {
            Entry::Row(row) => Some(row),
            Entry::Gap(_) => None,
        }
    }

    pub(crate) fn row_mut(&mut self, id: EntryId) -> Option<&mut Row> {
        let (chunk, place) = self.place(id)?;
        match self.chunks.get_mut(chunk)?.entries.get_mut(place)? {
            Entry::Row(row) => Some(row),
            Entry::Gap(_) => None,
        }
    }

    /// Returns a row's command line with a space between two arguments.
    pub fn line(&self, id: EntryId) -> Option<Cow<'_, [u8]>> {
        let (chunk, place) = self.place(id)?;
        match self.chunks.get(chunk)?.lines.get(place)? {
            Line::Text(line) => Some(line.into()),
            Line::Left => {
                let space = |byte: &u8| if *byte == 0 { b' ' } else { *byte };
                Some(self.row(id)?.raw_line().iter().map(space).collect())
            }
        }
    }

    /// Returns all entries with their ids, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (EntryId, &Entry)> + ExactSizeIterator {
        (0..self.len).map(|index| {
            let place = self.gone + index;
            let entry = &self.chunks[place / CHUNK].entries[place % CHUNK];
            (EntryId(self.first + index as u64), entry)
        })
    }

    /// Returns the ids of all rows, oldest first, without looking at the rows.
    pub fn row_ids(&self) -> impl Iterator<Item = EntryId> {
        self.parts(64).flat_map(|part| {
            let rows = part.lines.rows(part.places());
            let numbers = (0..part.entries.len() as u64).filter(move |n| rows >> n & 1 == 1);
            numbers.map(move |number| EntryId(part.first.0 + number))
        })
    }

    /// Returns all entries in parts of up to `most`, oldest first.
    pub fn parts(&self, most: usize) -> impl Iterator<Item = Part<'_>> {
        let most = most.max(1);
        let base = self.first - self.gone as u64;
        self.chunks
            .iter()
            .enumerate()
            .flat_map(move |(number, chunk)| {
                let gone = if number == 0 { self.gone } else { 0 };
                let entries = chunk.entries.get(gone..).unwrap_or(&[]);
                entries
                    .chunks(most)
                    .enumerate()
                    .map(move |(part, entries)| {
                        let place = gone + part * most;
                        Part {
                            first: EntryId(base + (number * CHUNK + place) as u64),
                            entries,
                            lines: &chunk.lines,
                            place,
                        }
                    })
            })
    }

    /// Returns the id of the oldest entry that is still there, or the next one's if there is none.
    pub fn first_id(&self) -> EntryId {
        EntryId(self.first)
    }

    /// Returns the oldest entry.
    pub fn oldest(&self) -> Option<&Entry> {
        self.get(self.first_id())
    }

    /// Returns the newest entry.
    pub fn newest(&self) -> Option<&Entry> {
        self.get(EntryId(self.next_id().0.checked_sub(1)?))
    }

    /// Returns the id that the next entry will get.
    pub fn next_id(&self) -> EntryId {
        EntryId(self.first + self.len as u64)
    }

    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns how many entries there can be.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Returns which chunk an entry is in, and where.
    fn place(&self, id: EntryId) -> Option<(usize, usize)> {
        let index = usize::try_from(id.0.checked_sub(self.first)?).ok()?;
        let place = index.checked_add(self.gone)?;
        Some((place / CHUNK, place % CHUNK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(count: u64) -> Entry {
        Entry::Gap(Lost {
            count,
            ..Lost::default()
        })
    }

    #[test]
    fn the_oldest_goes_first_and_ids_stay() {
        let mut store = Store::new(2, usize::MAX);
        assert_eq!(store.push(gap(1)), (EntryId(0), None));
        assert_eq!(store.push(gap(2)), (EntryId(1), None));
        assert_eq!(store.push(gap(3)), (EntryId(2), Some((EntryId(0), gap(1)))));
        assert_eq!(store.get(EntryId(0)), None);
        assert_eq!(store.get(EntryId(2)), Some(&gap(3)));
        assert_eq!(store.get(EntryId(3)), None);
        assert_eq!(store.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn chunks_come_and_go_unseen() {
        for limit in 1..12 {
            let mut store = Store::new(limit, usize::MAX);
            for count in 0..40 {
                let (id, evicted) = store.push(gap(count));
                assert_eq!(id, EntryId(count));
                let old = count.checked_sub(limit as u64);
                assert_eq!(evicted, old.map(|old| (EntryId(old), gap(old))));
                let all: Vec<_> = (store.first_id().0..=count)
                    .map(|id| (EntryId(id), gap(id)))
                    .collect();
                assert_eq!(store.len(), all.len());
                assert!(store.iter().eq(all.iter().map(|(id, entry)| (*id, entry))));
                assert!(
                    store
                        .iter()
                        .rev()
                        .eq(all.iter().rev().map(|(id, entry)| (*id, entry)))
                );
                assert!(all.iter().all(|(id, entry)| store.get(*id) == Some(entry)));
                let mut parts = Vec::new();
                for part in store.parts(3) {
                    assert_eq!(
                        part.lines
                            .text(part.place..part.place + part.entries.len())
                            .len(),
                        part.entries.len()
                    );
                    parts.extend(
                        (part.first.0..)
                            .map(EntryId)
                            .zip(part.entries.iter().cloned()),
                    );
                }
                assert_eq!(parts, all);
            }
        }
    }

    #[test]
    fn long_arguments_do_not_outgrow_the_history() {
        let long = |n: u8| {
            let args = crate::event::Args::from_list(&[[n; 10_000]]);
            Entry::Row(Row {
                exec: Exec {
                    args,
                    ..Exec::default()
                },
                ..Row::default()
            })
        };
        let mut store = Store::new(1000, 50_000);
        for n in 0..100 {
            store.push(long(n));
            while store.evict_excess().is_some() {}
            assert!(store.bytes <= 50_000);
        }
        assert_eq!(store.next_id(), EntryId(100));
        assert!((3..=4).contains(&store.len()), "{}", store.len());
        let whole = store
            .iter()
            .map(|(_, entry)| bytes_of(entry))
            .sum::<usize>();
        assert_eq!(whole, store.bytes);
    }
}
