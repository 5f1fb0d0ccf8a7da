//! Numbers with their units, as the filter language writes them.

use crate::event::{errno_name, signal_name};
use std::fmt;

/// The ns of a minute.
const MINUTE: u64 = 60 * SECOND;
/// The ns of a second.
const SECOND: u64 = 1_000_000_000;

/// Lengths of time by unit, largest first; the first name is the one written.
const TIMES: [(&str, u64); 7] = [
    ("h", 60 * MINUTE),
    ("m", MINUTE),
    ("s", SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// Sizes by unit, largest first.
const SIZES: [(&str, u64); 4] = [
    ("T", 1 << 40),
    ("G", 1 << 30),
    ("M", 1 << 20),
    ("K", 1 << 10),
];

/// Names of errnos beside the kernel's own.
const MORE_ERRNOS: [(&str, u64); 3] = [("EWOULDBLOCK", 11), ("EDEADLOCK", 35), ("ENOTSUP", 95)];

/// What a number counts, and so how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Things.
    Count,
    /// Time, ns.
    Nanos,
    /// Bytes.
    Bytes,
    /// An errno by name; 0 is `ok`.
    Errno,
    /// A signal by name.
    Signal,
    /// A time of day: ns since midnight.
    Clock,
}

/// All numbers from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The smallest.
    pub(super) low: u64,
    /// The largest.
    pub(super) high: u64,
}

impl Span {
    pub(super) fn contains(self, n: u64) -> bool {
        self.low <= n && n <= self.high
    }
}

impl Unit {
    /// Returns whether numbers of this unit are more or less.
    pub(super) fn is_ordered(self) -> bool {
        !matches!(self, Unit::Errno | Unit::Signal)
    }

    /// Reads a number or a range; the error tells what is expected.
    pub(super) fn parse(self, text: &str) -> Result<Span, String> {
        let Some((from, to)) = text.split_once("..") else {
            return self.number(text);
        };
        let low = if from.is_empty() {
            0
        } else {
            self.number(from)?.low
        };
        let high = if to.is_empty() {
            u64::MAX
        } else {
            self.number(to)?.high
        };
        if from.is_empty() && to.is_empty() {
            return Err("a range needs an end: 1..500, 500.., ..500".to_owned());
        }
        if low > high {
            return Err(format!("`{text}` runs backwards"));
        }
        Ok(Span { low, high })
    }

    fn number(self, text: &str) -> Result<Span, String> {
        let exactly = |n| Span { low: n, high: n };
        match self {
            Unit::Count => count(text)
                .map(exactly)
                .ok_or_else(|| format!("`{text}` is not a number")),
            Unit::Nanos => nanos(text).map(exactly).ok_or_else(|| {
                format!("`{text}` is not a length of time with its unit, such as 2s, 5ms, 1m30s")
            }),
            Unit::Bytes => bytes(text)
                .map(exactly)
                .ok_or_else(|| format!("`{text}` is not a size such as 200M, 64K, 1.5G")),
            Unit::Errno => errno(text)
                .map(exactly)
                .ok_or_else(|| format!("`{text}` is not an error's name such as ENOENT, or ok")),
            Unit::Signal => signal(text)
                .map(exactly)
                .ok_or_else(|| format!("`{text}` is not a signal such as KILL or SIGKILL")),
            Unit::Clock => {
                clock(text).ok_or_else(|| format!("`{text}` is not a time of day such as 12:03"))
            }
        }
    }

    /// Writes a range so that [`Unit::parse`] reads the same.
    pub(super) fn write(self, f: &mut impl fmt::Write, span: Span) -> fmt::Result {
        if self == Unit::Clock {
            return write_clock(f, span);
        }
        if span.low == span.high {
            return self.write_number(f, span.low);
        }
        if span.low > 0 || span.high == u64::MAX {
            self.write_number(f, span.low)?;
        }
        f.write_str("..")?;
        if span.high < u64::MAX {
            self.write_number(f, span.high)?;
        }
        Ok(())
    }

    fn write_number(self, f: &mut impl fmt::Write, n: u64) -> fmt::Result {
        let largest = |units: &[(&'static str, u64)]| {
            units
                .iter()
                .copied()
                .find(|(_, size)| n.is_multiple_of(*size))
        };
        match self {
            Unit::Nanos if n == 0 => f.write_str("0s"),
            Unit::Nanos => {
                let (name, size) = largest(&TIMES).unwrap_or(("ns", 1));
                write!(f, "{}{name}", n / size)
            }
            Unit::Bytes if n > 0 => {
                let (name, size) = largest(&SIZES).unwrap_or(("", 1));
                write!(f, "{}{name}", n / size)
            }
            Unit::Errno if n == 0 => f.write_str("ok"),
            Unit::Errno => match i32::try_from(n) {
                Ok(errno) => f.write_str(&errno_name(errno)),
                Err(_) => write!(f, "{n}"),
            },
            Unit::Signal => match u8::try_from(n) {
                Ok(number) if number > 0 => f.write_str(&signal_name(number)),
                _ => write!(f, "{n}"),
            },
            _ => write!(f, "{n}"),
        }
    }
}

fn count(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Reads `12`, `1.5`; returns it times `unit`, cut to a whole number, and what follows.
fn scaled(text: &str) -> Option<(impl Fn(u64) -> Option<u64>, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (whole, rest) = text.split_at(end);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(tail) => {
            let end = tail
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(tail.len());
            (Some(&tail[..end]), &tail[end..])
        }
        None => (None, rest),
    };
    let whole: u64 = whole.parse().ok()?;
    let fraction = match fraction {
        None => (0, 1),
        Some(digits) if (1..=12).contains(&digits.len()) => (
            digits.parse::<u128>().ok()?,
            10_u128.pow(digits.len() as u32),
        ),
        Some(_) => return None,
    };
    let times = move |unit: u64| {
        let more = fraction.0 * u128::from(unit) / fraction.1;
        whole
            .checked_mul(unit)?
            .checked_add(u64::try_from(more).ok()?)
    };
    Some((times, rest))
}

fn nanos(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() || text.is_empty() {
        let (times, tail) = scaled(rest)?;
        let end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (name, tail) = tail.split_at(end);
        let (_, unit) = TIMES.iter().find(|(known, _)| *known == name)?;
        total = total.checked_add(times(*unit)?)?;
        rest = tail;
    }
    Some(total)
}

fn bytes(text: &str) -> Option<u64> {
    let (times, name) = scaled(text)?;
    let name = name.strip_suffix(['b', 'B']).unwrap_or(name);
    let name = name.strip_suffix('i').unwrap_or(name);
    let unit = match name {
        "" => 1,
        name => {
            SIZES
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))?
                .1
        }
    };
    times(unit)
}

fn errno(text: &str) -> Option<u64> {
    if text.eq_ignore_ascii_case("ok") {
        return Some(0);
    }
    let small = |n: &u64| *n <= i32::MAX as u64;
    if let Some(n) = count(text) {
        return Some(n).filter(small);
    }
    let more = MORE_ERRNOS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    let known = |n: &i32| errno_name(*n).eq_ignore_ascii_case(text);
    more.map(|(_, n)| *n)
        .or_else(|| (1..=133).find(known).map(|n| n as u64))
        .or_else(|| count(text.strip_prefix('E')?).filter(small))
}

fn signal(text: &str) -> Option<u64> {
    if let Some(n) = count(text) {
        return Some(n).filter(|n| *n <= 127);
    }
    let known = |n: &u8| {
        let name = signal_name(*n);
        name.eq_ignore_ascii_case(text) || name["SIG".len()..].eq_ignore_ascii_case(text)
    };
    (1..=127).find(known).map(u64::from)
}

/// Reads HH:MM, HH:MM:SS or HH:MM:SS.fraction: a minute, a second or a part of one.
fn clock(text: &str) -> Option<Span> {
    let two = |text: &str, below: u64| {
        let n = count(text).filter(|_| (1..=2).contains(&text.len()))?;
        (n < below).then_some(n)
    };
    let mut parts = text.splitn(3, ':');
    let hour = two(parts.next()?, 24)?;
    let minute = two(parts.next()?, 60)?;
    let low = hour * 60 * MINUTE + minute * MINUTE;
    let Some(second) = parts.next() else {
        return Some(Span {
            low,
            high: low + MINUTE - 1,
        });
    };
    let (second, fraction) = second
        .split_once('.')
        .map_or((second, None), |(s, f)| (s, Some(f)));
    let low = low + two(second, 60)? * SECOND;
    let Some(fraction) = fraction else {
        return Some(Span {
            low,
            high: low + SECOND - 1,
        });
    };
    if !(1..=9).contains(&fraction.len()) {
        return None;
    }
    let unit = 10_u64.pow(9 - fraction.len() as u32);
    let low = low + count(fraction)? * unit;
    Some(Span {
        low,
        high: low + unit - 1,
    })
}

fn write_clock(f: &mut impl fmt::Write, span: Span) -> fmt::Result {
    let until = span.high.saturating_add(1);
    let units = [MINUTE, SECOND].into_iter();
    let units = units.chain((1..=9).map(|digits| 10_u64.pow(9 - digits)));
    for unit in units {
        if span.low.is_multiple_of(unit) && span.low.checked_add(unit) == Some(until) {
            return write_instant(f, span.low, unit);
        }
    }
    let coarsest = |n: u64| {
        [MINUTE, SECOND, 1_000_000, 1_000, 1]
            .into_iter()
            .find(|unit| n.is_multiple_of(*unit))
            .unwrap_or(1)
    };
    if span.low > 0 || span.high == u64::MAX {
        write_instant(f, span.low, coarsest(span.low))?;
    }
    f.write_str("..")?;
    if span.high < u64::MAX {
        let unit = coarsest(until);
        write_instant(f, until - unit, unit)?;
    }
    Ok(())
}

fn write_instant(f: &mut impl fmt::Write, n: u64, unit: u64) -> fmt::Result {
    write!(f, "{:02}:{:02}", n / (60 * MINUTE), n / MINUTE % 60)?;
    if unit < MINUTE {
        write!(f, ":{:02}", n / SECOND % 60)?;
    }
    if unit < SECOND {
        let digits = 9 - unit.ilog10() as usize;
        write!(f, ".{:0digits$}", n % SECOND / unit)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(unit: Unit, text: &str, low: u64, high: u64, written: &str) {
        let span = unit.parse(text).unwrap();
        assert_eq!(span, Span { low, high }, "{text}");
        let mut out = String::new();
        unit.write(&mut out, span).unwrap();
        assert_eq!(out, written);
        assert_eq!(unit.parse(&out), Ok(span));
    }

    #[test]
    fn numbers_have_their_units() {
        let (s, k) = (SECOND, 1 << 10);
        reads(Unit::Count, "0", 0, 0, "0");
        reads(Unit::Count, "1..500", 1, 500, "1..500");
        reads(Unit::Count, "500..", 500, u64::MAX, "500..");
        reads(Unit::Count, "0..", 0, u64::MAX, "0..");
        reads(Unit::Clock, "0:00..", 0, u64::MAX, "00:00..");
        reads(Unit::Count, "..500", 0, 500, "..500");
        reads(Unit::Nanos, "0", 0, 0, "0s");
        reads(Unit::Nanos, "1.5s", 3 * s / 2, 3 * s / 2, "1500ms");
        reads(Unit::Nanos, "1m30s", 90 * s, 90 * s, "90s");
        reads(Unit::Nanos, "5µs..2h", 5_000, 7200 * s, "5us..2h");
        reads(Unit::Bytes, "1.5k", 1536, 1536, "1536");
        reads(Unit::Bytes, "64KiB..1G", 64 * k, k * k * k, "64K..1G");
        reads(Unit::Errno, "enoent", 2, 2, "ENOENT");
        reads(Unit::Errno, "ok", 0, 0, "ok");
        reads(Unit::Errno, "E999", 999, 999, "E999");
        reads(Unit::Signal, "kill", 9, 9, "SIGKILL");
        reads(Unit::Signal, "SIGRTMIN+1", 35, 35, "SIGRTMIN+1");
        let noon = 12 * 60 * MINUTE;
        reads(Unit::Clock, "12:00", noon, noon + MINUTE - 1, "12:00");
        reads(Unit::Clock, "12:00:00", noon, noon + s - 1, "12:00:00");
        reads(
            Unit::Clock,
            "12:00:00.00",
            noon,
            noon + s / 100 - 1,
            "12:00:00.00",
        );
        reads(
            Unit::Clock,
            "12:00..12:00:01",
            noon,
            noon + 2 * s - 1,
            "12:00..12:00:01",
        );
        reads(Unit::Clock, "12:00..", noon, u64::MAX, "12:00..");
        reads(
            Unit::Clock,
            "0:00..0:00:00.5",
            0,
            6 * s / 10 - 1,
            "..00:00:00.599",
        );
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for (unit, text) in [
            (Unit::Count, ""),
            (Unit::Count, "+1"),
            (Unit::Count, "99999999999999999999"),
            (Unit::Count, ".."),
            (Unit::Count, "5..1"),
            (Unit::Nanos, "2"),
            (Unit::Nanos, ""),
            (Unit::Nanos, "2x"),
            (Unit::Nanos, "1.s"),
            (Unit::Nanos, "99999999999h"),
            (Unit::Bytes, "K"),
            (Unit::Errno, "ENOSUCHTHING"),
            (Unit::Signal, "BANG"),
            (Unit::Signal, ""),
            (Unit::Clock, "24:00"),
            (Unit::Clock, "12"),
            (Unit::Clock, "12:000"),
        ] {
            assert!(unit.parse(text).is_err(), "{text}");
        }
    }
}
