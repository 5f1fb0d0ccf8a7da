//! The kernel's clocks: the one that the probe reads, and how far off the time of day is.

use nix::time::{ClockId, clock_gettime};

/// Returns CLOCK_BOOTTIME in ns.
pub fn now_ns() -> u64 {
    u64::try_from(read(ClockId::CLOCK_BOOTTIME)).unwrap_or(0)
}

/// Returns the Unix time in ns at which CLOCK_BOOTTIME was zero.
///
/// The two clocks cannot be read at once, so the tightest of several brackets is
/// taken: it is right to half its width, which is well below a microsecond.
pub fn boot_time_ns() -> i64 {
    (0..16)
        .map(|_| {
            let before = read(ClockId::CLOCK_BOOTTIME);
            let wall = read(ClockId::CLOCK_REALTIME);
            let after = read(ClockId::CLOCK_BOOTTIME);
            let width = after.saturating_sub(before);
            let middle = before.saturating_add(width / 2);
            (width, wall.saturating_sub(middle))
        })
        .min_by_key(|(width, _)| *width)
        .map_or(0, |(_, offset)| offset)
}

/// Returns what a clock shows, in ns.
pub(crate) fn read(clock: ClockId) -> i64 {
    // The clocks that are asked for are in every kernel that can run the probe.
    clock_gettime(clock).map_or(0, |time| {
        time.tv_sec()
            .saturating_mul(1_000_000_000)
            .saturating_add(time.tv_nsec())
    })
}
