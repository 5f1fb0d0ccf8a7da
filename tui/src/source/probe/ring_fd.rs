//! Waiting for the ring buffer without a thread of its own: the one place of `unsafe` here.
#![allow(
    unsafe_code,
    reason = "tokio can't know that a descriptor outlives its registration"
)]

use anyhow::{Context, Result};
use aya::maps::{MapData, RingBuf};
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
