//! The live source: the probe in the kernel, its ring buffer drained by a task.
//!
//! Wake-ups adapt: the task drains to empty, naps about a frame, and waits for the kernel
//! only when a nap brought nothing. A storm costs tens of wake-ups a second, an idle host none.

mod attach;
pub mod btf;
mod cgroups;
mod decode;
mod gaps;
mod hold;
mod loader;
mod misses;
mod only;
mod parts;
pub mod requirements;
mod shared;
mod texts;
pub mod tracefs;

pub use loader::{KERNEL_BTF, Options};
pub use only::Only;

use super::{Batch, Skipped, proc};
use crate::clock;
use crate::event::{Event, HostId, Lost, Missing};
use anyhow::{Context, Result, bail};
use aya::maps::{HashMap, Map, MapData, RingBuf};
use cgroups::Cgroups;
use decode::Decoder;
use loader::{Loaded, take_map};
use misses::Misses;
use probe_common::{CgroupPath, Counter, DecodeError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use zerocopy::{FromBytes, IntoBytes};

/// A control group's path as words, which any bytes make.
type CgroupWords = [u64; size_of::<CgroupPath>() / size_of::<u64>()];

/// How long the task naps between two drains.
const NAP: Duration = Duration::from_millis(33);
/// The same while more comes than anybody reads line by line, but far less than the ring has room for.
const LONG_NAP: Duration = Duration::from_millis(100);
/// As many records a second are more than anybody reads.
const BUSY: u128 = 300;
/// What comes within a long nap may become so many times as much before the next drain.
const HEADROOM: usize = 64;
/// Most events in one batch.
const BATCH_MAX: usize = 4096;
/// Bytes of records after which a batch takes no more: who executes decides how long they are.
const BATCH_BYTES: usize = 2 << 20;
/// Most batches between two looks at whether to stop.
const AT_ONCE: usize = 16;
/// How often the kernel is asked what no record tells.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How often it is asked where nothing comes: programs that it skipped leave no record.
const ASK_IDLE: Duration = Duration::from_secs(10);

/// Returns what makes events of records as a capture does, for benchmarks that have records and no
/// kernel; `cgroup_path` is how to learn the path of a control group.
#[doc(hidden)]
pub fn decoder(
    cgroup_path: impl Fn(u64) -> Option<CgroupPath> + Send + 'static,
) -> impl FnMut(&[u8], &mut Vec<Event>) -> Result<(), DecodeError> {
    let cgroups = Cgroups::new(cgroup_path);
    let mut decoder = Decoder::new(Missing::new(), proc::page_size(), cgroups);
    move |record, events| decoder.record(record, events)
}

/// The probe, attached: whatever is executed from now on is captured.
pub struct Probe {
    // Declared first: the programs leave the kernel before their maps do.
    loaded: Loaded,
    ring: shared::Ring,
    /// Bytes that it has room for.
    ring_size: usize,
    counters: shared::Counters,
    decoder: Decoder,
    misses: Misses,
    /// When to ask the kernel again; `None` is now.
    due: Option<Instant>,
    /// Whether something came since it was asked.
    owes: bool,
    /// Whether there is a capture filter.
    filtered: bool,
    /// What was told of it.
    skipped: Skipped,
    narrow: Narrow,
    /// How long loading and attaching took.
    pub took: Duration,
}

impl Probe {
    /// Loads and attaches the probe. Needs a tokio runtime with I/O.
    ///
    /// # Errors
    /// If the kernel lacks something that is required, or does not permit it.
    pub fn attach(options: &Options) -> Result<Self> {
        let began = Instant::now();
        let mut loaded = loader::load(options)?;
        let ring = RingBuf::try_from(take_map(&mut loaded.ebpf, "EVENTS")?)?;
        let counters = match take_map(&mut loaded.ebpf, "COUNTERS")? {
            Map::Array(counters) => shared::Counters::map(counters)?,
            _ => bail!("the probe's counters are no array"),
        };
        let paths = HashMap::try_from(take_map(&mut loaded.ebpf, "CGROUPS")?)?;
        let cgroups = Cgroups::new(move |id| cgroup_path(&paths, id));
        Ok(Self {
            misses: Misses::open(&loaded.ebpf),
            due: None,
            owes: false,
            filtered: options.only.any(),
            skipped: Skipped::default(),
            narrow: Narrow::Unseen,
            ring: shared::register(ring)?,
            ring_size: options.ring_size as usize,
            counters,
            decoder: Decoder::new(
                std::mem::take(&mut loaded.missing),
                proc::page_size(),
                cgroups,
            ),
            loaded,
            took: began.elapsed(),
        })
    }

    /// Returns what is not as it should be, a sentence each.
    pub fn problems(&self) -> &[String] {
        &self.loaded.problems
    }

    /// Returns the tracepoints that programs are attached to.
    pub fn attached(&self) -> &[&'static str] {
        &self.loaded.attached
    }

    /// Sees to it that failed execs of 32-bit programs are told, for which there is no tracepoint of its own: to
    /// be called where such programs run. The probe does so itself when one is executed.
    ///
    /// # Errors
    /// If the kernel refuses it, in a sentence.
    pub fn watch_narrow(&mut self) -> Result<()> {
        let attached = self.loaded.attach_narrow();
        self.misses.look_again(&self.loaded.ebpf);
        self.narrow = match attached {
            Ok(()) => Narrow::Watched,
            Err(_) => Narrow::Refused(Instant::now()),
        };
        attached.context("failed execs of 32-bit programs are not seen")
    }

    /// The same where it is due: when the first such program was executed, and from time to time if it was
    /// refused. Returns what went wrong, once.
    fn see_to_narrow(&mut self) -> Option<String> {
        match self.narrow {
            Narrow::Unseen if self.decoder.saw_narrow() => {
                let watched = self.watch_narrow();
                watched.err().map(|error| format!("{error:#}"))
            }
            Narrow::Refused(when) if when.elapsed() >= ASK_IDLE => {
                // Was told the first time.
                let _ = self.watch_narrow();
                None
            }
            _ => None,
        }
    }

    /// Hands over batches until `stop` comes or the receiver is gone; then takes the programs out
    /// of the kernel and hands over what is still in the ring.
    ///
    /// # Errors
    /// If the ring buffer can no longer be waited for.
    pub async fn run(
        mut self,
        batches: mpsc::Sender<Batch>,
        mut stop: oneshot::Receiver<()>,
    ) -> Result<()> {
        let every = |period| {
            let mut ticks = tokio::time::interval(period);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            ticks
        };
        let (mut tick, mut slow_tick) = (every(ASK_EVERY), every(ASK_IDLE));
        loop {
            tokio::select! {
                _ = &mut stop => break,
                () = batches.closed() => break,
                ready = self.ring.readable_mut() => {
                    ready.context("cannot wait for the ring buffer")?.clear_ready();
                }
                _ = tick.tick(), if self.filtered || self.owes => {}
                _ = slow_tick.tick() => {}
            }
            let mut last = Instant::now();
            while let Drained::Something(taken) = self.drain(&batches, AT_ONCE).await {
                let since = std::mem::replace(&mut last, Instant::now()).elapsed();
                tokio::select! {
                    _ = &mut stop => {
                        self.finish(&batches).await;
                        return Ok(());
                    }
                    () = tokio::time::sleep(taken.nap(since, self.ring_size)) => {}
                }
            }
        }
        self.finish(&batches).await;
        Ok(())
    }

    async fn finish(mut self, batches: &mpsc::Sender<Batch>) {
        self.due = None;
        self.drain(batches, AT_ONCE).await;
        self.loaded.detach();
        self.due = None;
        self.drain(batches, usize::MAX).await;
    }

    /// Hands over what is in the ring, but no more than so many batches: while more comes than can
    /// be handed over, nobody could stop it otherwise.
    async fn drain(&mut self, batches: &mpsc::Sender<Batch>, at_most: usize) -> Drained {
        let mut taken = Taken::default();
        for left in (0..at_most).rev() {
            let mut events = Vec::new();
            let more = self.take(&mut events, &mut taken) && left > 0;
            // Before the program is told: who hears of it may count on the rest.
            let problem = self.see_to_narrow();
            let (skipped, mut problems) = if more {
                (None, Vec::new())
            } else {
                self.owes |= !events.is_empty();
                self.ask(&mut events)
            };
            problems.extend(problem);
            // Execs that are skipped are no reason to come back soon.
            let events_here = events.len();
            if (events_here > 0 || skipped.is_some() || !problems.is_empty())
                && batches
                    .send(Batch {
                        events,
                        skipped,
                        problems,
                        ..Batch::default()
                    })
                    .await
                    .is_err()
            {
                return Drained::NobodyListens;
            }
            taken.events += events_here;
            if !more {
                break;
            }
        }
        match taken.events {
            0 => Drained::Nothing,
            _ => Drained::Something(taken),
        }
    }

    /// Decodes up to a batch of records; returns whether there may be more.
    fn take(&mut self, events: &mut Vec<Event>, taken: &mut Taken) -> bool {
        let ring = self.ring.get_mut();
        let mut bytes = 0;
        while events.len() < BATCH_MAX && bytes < BATCH_BYTES {
            let Some(record) = ring.next() else {
                taken.bytes += bytes;
                return false;
            };
            bytes += record.len();
            if self.decoder.record(&record, events).is_err() {
                let lost = Lost {
                    time_ns: clock::now_ns(),
                    count: 1,
                    cpu: None,
                    host: HostId::default(),
                };
                events.push(Event::Lost(lost));
            }
        }
        taken.bytes += bytes;
        true
    }

    /// Returns what the capture filter skipped so far, unless that was told.
    fn newly_skipped(&mut self) -> Option<Skipped> {
        if !self.filtered {
            return None;
        }
        let now = Skipped {
            not_captured: self.counters.sum(Counter::NotCaptured),
            untracked: self.counters.sum(Counter::Untracked) + self.loaded.untracked,
        };
        let changed = now != self.skipped;
        self.skipped = now;
        changed.then_some(now)
    }

    /// Asks the kernel what no record tells, unless it was asked a moment ago; returns what the capture
    /// filter skipped, if that changed, and a sentence for each thing that is amiss.
    fn ask(&mut self, events: &mut Vec<Event>) -> (Option<Skipped>, Vec<String>) {
        let now = Instant::now();
        if self.due.is_some_and(|due| now < due) {
            return (None, Vec::new());
        }
        self.due = Some(now + ASK_EVERY);
        self.owes = false;
        self.note_losses(events);
        let mut problems = self.loaded.attach_again();
        // How much came meanwhile nobody knows; that something may have is a loss.
        events.extend(problems.iter().map(|_| {
            Event::Lost(Lost {
                time_ns: clock::now_ns(),
                count: 1,
                cpu: None,
                host: HostId::default(),
            })
        }));
        problems.extend(self.misses.problem());
        (self.newly_skipped(), problems)
    }

    /// Tells of losses that no record in the ring told of.
    fn note_losses(&mut self, events: &mut Vec<Event>) {
        let now_ns = clock::now_ns();
        for (cpu, count) in self.counters.each(Counter::Lost).enumerate() {
            let cpu = u16::try_from(cpu).unwrap_or(u16::MAX);
            events.extend(self.decoder.counter(cpu, count, now_ns).map(Event::Lost));
        }
        let skipped = self.misses.new_ones();
        if skipped > 0 {
            events.push(Event::Lost(Lost {
                time_ns: now_ns,
                count: skipped,
                cpu: None,
                host: HostId::default(),
            }));
        }
    }
}

/// Whether failed execs of 32-bit programs are seen to.
#[derive(Clone, Copy)]
enum Narrow {
    /// There is no such program.
    Unseen,
    Watched,
    /// Not, since the kernel refused it then.
    Refused(Instant),
}

/// What a drain took out of the ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Taken {
    /// Events that were made of it.
    events: usize,
    /// Bytes of records.
    bytes: usize,
}

impl Taken {
    /// Returns how long to nap after it, when it came within `since` into a ring of so many bytes.
    fn nap(self, since: Duration, ring_size: usize) -> Duration {
        let busy = self.events as u128 * 1000 > BUSY * since.max(NAP).as_millis();
        let roomy = self.bytes < ring_size / HEADROOM;
        if busy && roomy { LONG_NAP } else { NAP }
    }
}

/// What came of draining the ring.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drained {
    Nothing,
    Something(Taken),
    /// The receiver is gone: there is nobody to tell.
    NobodyListens,
}

fn cgroup_path(paths: &HashMap<MapData, u64, CgroupWords>, id: u64) -> Option<CgroupPath> {
    let words = paths.get(&id, 0).ok()?;
    CgroupPath::read_from_bytes(words.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naps_are_long_only_where_much_comes_and_there_is_room() {
        let nap =
            |events, bytes, ms| Taken { events, bytes }.nap(Duration::from_millis(ms), 16 << 20);
        assert_eq!(nap(9, 4_500, 33), NAP);
        assert_eq!(nap(11, 5_500, 33), LONG_NAP);
        assert_eq!(nap(11, 5_500, 0), LONG_NAP);
        assert_eq!(nap(29, 14_500, 100), NAP);
        assert_eq!(nap(31, 15_500, 100), LONG_NAP);
        assert_eq!(nap(31, 256 << 10, 100), NAP);
        assert_eq!(nap(31, (256 << 10) - 1, 100), LONG_NAP);
    }
}
