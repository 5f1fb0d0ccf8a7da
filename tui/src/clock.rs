//! The kernel's clocks: the one that the probe reads, and how far off the time of day is.

use nix::time::{ClockId, clock_gettime};
use std::sync::OnceLock;

const SECOND_NS: i64 = 1_000_000_000;

/// Returns CLOCK_BOOTTIME in ns, as the kernel itself has it.
pub fn now_ns() -> u64 {
    u64::try_from(booted_ns()).unwrap_or(0)
}

/// Returns an instant of CLOCK_BOOTTIME that the kernel told this process, as it has it itself.
pub(crate) fn of_kernel_ns(told_ns: u64) -> u64 {
    told_ns.saturating_add_signed(-ahead_ns())
}

fn booted_ns() -> i64 {
    read(ClockId::CLOCK_BOOTTIME).saturating_sub(ahead_ns())
}

/// Returns how far what this process is told is ahead, since it is in a time namespace of its own.
fn ahead_ns() -> i64 {
    static AHEAD: OnceLock<i64> = OnceLock::new();
    *AHEAD.get_or_init(|| {
        let offsets = std::fs::read_to_string("/proc/self/timens_offsets");
        offset_ns(&offsets.unwrap_or_default()).unwrap_or(0)
    })
}

/// Returns the offset of CLOCK_BOOTTIME, of lines of a clock, seconds and nanoseconds.
fn offset_ns(offsets: &str) -> Option<i64> {
    let mut lines = offsets.lines().map(str::split_whitespace);
    let mut words = lines.find_map(|mut words| (words.next()? == "boottime").then_some(words))?;
    let (seconds, ns) = (words.next()?.parse::<i64>(), words.next()?.parse::<i64>());
    seconds.ok()?.checked_mul(SECOND_NS)?.checked_add(ns.ok()?)
}

/// Returns the Unix time in ns at which CLOCK_BOOTTIME was zero.
///
/// The two clocks cannot be read at once, so the tightest of several brackets is
/// taken: it is right to half its width, which is well below a microsecond.
pub fn boot_time_ns() -> i64 {
    (0..16)
        .map(|_| {
            let before = booted_ns();
            let wall = read(ClockId::CLOCK_REALTIME);
            let after = booted_ns();
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
            .saturating_mul(SECOND_NS)
            .saturating_add(time.tv_nsec())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_namespace_may_have_another_zero() {
        let of = |seconds: &str| offset_ns(&format!("monotonic  5 0\nboottime  {seconds}\n"));
        assert_eq!(of("        0         0"), Some(0));
        assert_eq!(of("   100000         7"), Some(100_000_000_000_007));
        assert_eq!(of("       -3 500000000"), Some(-2_500_000_000));
        assert_eq!(offset_ns(""), None);
        assert_eq!(of("9223372036854775807 0"), None);
    }
}
