//! Values of single flags: text in, a value or a sentence out.

use crate::app::View;
use probe_common::limits::ARG_BYTES_MAX;
use regex::bytes::Regex;
use std::path::Path;
use std::time::Duration;

/// Parses a regular expression.
pub(super) fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| error.to_string())
}

/// Parses a number from 1, perhaps with K or M behind it for thousands and millions.
pub(super) fn positive(text: &str) -> Result<u64, String> {
    scaled(text, 1000)
        .filter(|n| *n > 0)
        .ok_or_else(|| "write a whole number from 1, such as 500, 20K or 1M".into())
}

/// Parses how many times as much something is to be.
pub(super) fn factor(text: &str) -> Result<f64, String> {
    let factor = text.strip_suffix(['x', 'X']).unwrap_or(text).parse().ok();
    factor
        .filter(|factor: &f64| factor.is_finite() && *factor > 1.0)
        .ok_or_else(|| "write a number above 1, such as 1.5 or 2".into())
}

/// How fast something is replayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// At once.
    Max,
    /// So many times as fast as it happened.
    Times(f64),
}

/// Parses a speed, perhaps with an x behind it.
pub(super) fn speed(text: &str) -> Result<Speed, String> {
    const RANGE: std::ops::RangeInclusive<f64> = 0.001..=100_000.0;
    if text == "max" {
        return Ok(Speed::Max);
    }
    let number = text.strip_suffix(['x', 'X']).unwrap_or(text);
    let times = number.parse().ok().filter(|times| RANGE.contains(times));
    times.map(Speed::Times).ok_or_else(|| {
        "write how many times as fast it is to be, such as 1, 0.5 or 60, or `max` for all at once".into()
    })
}

/// Returns whether a name stands for standard input or output.
pub(super) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Parses the name of a view.
pub(super) fn view(text: &str) -> Result<View, String> {
    let names = || View::names().join(", ");
    View::by_name(text).ok_or_else(|| format!("write one of {}", names()))
}

/// Parses the ring buffer's size in bytes, perhaps with K, M or G behind it.
pub(super) fn ring_size(text: &str) -> Result<u32, String> {
    const RANGE: std::ops::RangeInclusive<u64> = 64 << 10..=1 << 30;
    scaled(text, 1024)
        .filter(|n| RANGE.contains(n))
        .and_then(|n| u32::try_from(n).ok())
        .ok_or_else(|| "write a size from 64K to 1G, such as 16M".into())
}

/// Parses how many bytes the history may take, perhaps with K, M or G behind it.
pub(super) fn history_size(text: &str) -> Result<usize, String> {
    const LEAST: u64 = 1 << 20;
    scaled(text, 1024)
        .filter(|n| *n >= LEAST)
        .and_then(|n| usize::try_from(n).ok())
        .ok_or_else(|| "write a size from 1M, such as 512M or 2G".into())
}

/// Parses the size of a file, perhaps with K, M or G behind it.
pub(super) fn file_size(text: &str) -> Result<u64, String> {
    scaled(text, 1024)
        .filter(|n| *n >= 64 << 10)
        .ok_or_else(|| "write a size from 64K, such as 100M or 2G".into())
}

/// Parses how many bytes of arguments to capture, perhaps with K or M behind it.
pub(super) fn arg_bytes(text: &str) -> Result<u32, String> {
    scaled(text, 1024)
        .and_then(|n| u32::try_from(n).ok())
        .filter(|n| (1..=ARG_BYTES_MAX).contains(n))
        .ok_or_else(|| "write a size from 1 to 4M, such as 16K".into())
}

fn scaled(text: &str, thousand: u64) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor = match text.get(digits.len()..)? {
        "" => 1,
        "k" | "K" => thousand,
        "m" | "M" => thousand.pow(2),
        "g" | "G" => thousand.pow(3),
        _ => return None,
    };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Parses a length of time: a number and ms, s, m, h or d; without a unit it is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = || {
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match text.get(number.len()..)? {
            "ms" => 0.001,
            "" | "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return None;
        }
        let seconds = number.parse::<f64>().ok()? * unit;
        let time = Duration::try_from_secs_f64(seconds).ok()?;
        (!time.is_zero()).then_some(time)
    };
    parsed().ok_or_else(|| "write a time such as 10s, 5m, 1.5h or 500ms".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_take_suffixes() {
        assert_eq!(positive("7"), Ok(7));
        assert_eq!(positive("100K"), Ok(100_000));
        assert_eq!(positive("2m"), Ok(2_000_000));
        assert_eq!(ring_size("16M"), Ok(16 << 20));
        assert_eq!(ring_size("1G"), Ok(1 << 30));
        assert_eq!(history_size("2G"), Ok(2 << 30));
        for wrong in ["", "1023K", "0", "1T", "-1M", "99999999999999999999G"] {
            assert!(history_size(wrong).is_err(), "{wrong}");
        }
        for wrong in [
            "",
            "0",
            "K",
            "-1",
            "1.5K",
            "1KB",
            "é",
            "+1",
            "99999999999999999999",
        ] {
            assert!(positive(wrong).is_err(), "{wrong}");
        }
        assert_eq!(arg_bytes("4M"), Ok(4 << 20));
        assert_eq!(arg_bytes("100"), Ok(100));
        for wrong in ["0", "5M", "4G", ""] {
            assert!(arg_bytes(wrong).is_err(), "{wrong}");
        }
        for wrong in ["63K", "2G", "1"] {
            assert!(ring_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_take_units() {
        let ms = |text| duration(text).unwrap().as_millis();
        assert_eq!(ms("10"), 10_000);
        assert_eq!(ms("10s"), 10_000);
        assert_eq!(ms("5m"), 300_000);
        assert_eq!(ms("1.5h"), 5_400_000);
        assert_eq!(ms("1d"), 86_400_000);
        assert_eq!(ms("250ms"), 250);
        for wrong in [
            "", "s", "0", "-1s", "1x", "1..2", "inf", "nan", "1e9", "1 s",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_a_value_or_an_error(text: String) {
            let _ = (positive(&text), ring_size(&text), duration(&text), regex(&text));
        }
    }
}
