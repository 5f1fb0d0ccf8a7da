//! What the kernel shares with the program, of which the compiler cannot know: the one place of `unsafe` here.
#![allow(
    unsafe_code,
    reason = "tokio can't know that a descriptor outlives its registration, nor the compiler what is mapped"
)]

use anyhow::{Context, Result};
use aya::maps::{MapData, RingBuf};
use memmap2::{MmapOptions, MmapRaw};
use probe_common::Counter;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The ring buffer, registered with the runtime until it is dropped.
pub(crate) type Ring = AsyncFd<RingBuf<MapData>>;

/// Registers the ring buffer with the current runtime.
pub(crate) fn register(ring: RingBuf<MapData>) -> Result<Ring> {
    // SAFETY: `RingBuf` owns its map's descriptor, gives out the same one each time, and closes
    // it only when it is dropped; `AsyncFd` owns the ring and deregisters before it drops it.
    unsafe { AsyncFd::register_with_interest(ring, Interest::READABLE) }
        .map_err(|error| std::io::Error::other(error.to_string()))
        .context("cannot wait for the ring buffer")
}

/// The probe's counters, mapped: to read them keeps no program of the probe from running, as looking into a map by a
/// call does.
pub(crate) struct Counters {
    memory: MmapRaw,
    /// For programs that are loaded later.
    _array: MapData,
    cpus: usize,
}

impl Counters {
    /// Maps an array of [`Counter::PLACES`] numbers for each CPU.
    pub(crate) fn map(array: MapData) -> Result<Self> {
        let places = array.info()?.max_entries() as usize;
        let memory = MmapOptions::new()
            .len(places * size_of::<u64>())
            .map_raw_read_only(&array.fd().as_fd())
            .context("cannot map the probe's counters")?;
        Ok(Self {
            memory,
            _array: array,
            cpus: places / PLACES,
        })
    }

    /// Returns what each CPU counted, in the order of their numbers.
    pub(crate) fn each(&self, what: Counter) -> impl Iterator<Item = u64> {
        let first = self.memory.as_ptr().cast::<u64>();
        (0..self.cpus).map(move |cpu| {
            // SAFETY: within what is mapped, which is aligned to a page, as long as `self` is there; nobody here
            // reads or writes it otherwise, and the probe adds to it by atomic instructions.
            let count =
                unsafe { AtomicU64::from_ptr(first.add(cpu * PLACES + what as usize).cast_mut()) };
            count.load(Ordering::Relaxed)
        })
    }

    /// Returns what all of them counted.
    pub(crate) fn sum(&self, what: Counter) -> u64 {
        self.each(what).sum()
    }
}

/// Places of a CPU.
const PLACES: usize = Counter::PLACES as usize;
