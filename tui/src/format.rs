//! Numbers, times and sizes in words: one style everywhere. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Returns a count with its thousands set apart: "1,204".
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a count in at most five characters: "9,999", "12.3k", "4.1M".
pub fn short_count(n: u64) -> String {
    if n < 10_000 {
        return count(n);
    }
    let mut value = n as f64;
    for unit in ['k', 'M', 'G', 'T'] {
        value /= 1000.0;
        if value < 99.95 {
            return format!("{value:.1}{unit}");
        }
        if value < 999.5 {
            return format!("{value:.0}{unit}");
        }
    }
    "lots".to_owned()
}

/// Returns a length of time in at most six characters: "412µs", "41ms", "3.1s", "4m01s", "2h05m".
pub fn duration(ns: u64) -> String {
    let us = ns / 1_000;
    let seconds = ns / 1_000_000_000;
    if ns == 0 {
        "0s".to_owned()
    } else if us == 0 {
        format!("{ns}ns")
    } else if us < 1_000 {
        format!("{us}µs")
    } else if us < 9_950 {
        format!("{:.1}ms", ns as f64 / 1e6)
    } else if us < 999_500 {
        format!("{:.0}ms", ns as f64 / 1e6)
    } else if us < 59_950_000 {
        format!("{:.1}s", ns as f64 / 1e9)
    } else if seconds < 3_600 {
        format!("{}m{:02}s", seconds / 60, seconds % 60)
    } else if seconds < 360_000 {
        format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60)
    } else {
        format!("{}d", seconds / 86_400)
    }
}

/// Returns a size in at most seven characters: "512 B", "3.1 KiB", "21 MiB".
pub fn size(bytes: u64) -> String {
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut unit = "";
    for next in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
        value /= 1024.0;
        unit = next;
        if value < 999.5 {
            break;
        }
    }
    if value < 9.95 {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

/// Returns a share of a whole: "3.1 %", or "0 %" and "100 %" when it is exactly that.
pub fn share(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        "0 %".to_owned()
    } else if part == whole {
        "100 %".to_owned()
    } else {
        format!(
            "{:.1} %",
            (part as f64 / whole as f64 * 100.0).clamp(0.1, 99.9)
        )
    }
}

/// Returns whole seconds in words: "10 s", "1 min".
pub fn span(seconds: u64) -> String {
    match seconds {
        60.. if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

/// Returns a running time as a clock shows it: "00:12:41".
pub fn elapsed(ns: u64) -> String {
    let s = ns / 1_000_000_000;
    format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// Returns the time of day of a Unix time in ns: "12:03:07.118".
pub fn time_of_day(wall_ns: i64, zone: &TimeZone) -> String {
    strftime(wall_ns, zone, "%H:%M:%S%.3f")
}

/// Returns date and time of a Unix time in ns, to the microsecond, with its offset.
pub fn date_time(wall_ns: i64, zone: &TimeZone) -> String {
    strftime(wall_ns, zone, "%Y-%m-%d %H:%M:%S%.6f %:z")
}

fn strftime(wall_ns: i64, zone: &TimeZone, format: &str) -> String {
    match Timestamp::from_nanosecond(wall_ns.into()) {
        Ok(at) => at.to_zoned(zone.clone()).strftime(format).to_string(),
        Err(_) => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_said_in_one_style() {
        assert_eq!(
            [0, 999, 1_204, 1_000_000].map(count),
            ["0", "999", "1,204", "1,000,000"]
        );
        assert_eq!(
            [9_999, 12_345, 999_900, 4_100_000].map(short_count),
            ["9,999", "12.3k", "1.0M", "4.1M"]
        );
        assert_eq!(
            [
                17,
                412_999,
                2_140_000,
                41_000_000,
                3_140_000_000,
                241_000_000_000,
                7_530_000_000_000
            ]
            .map(duration),
            ["17ns", "412µs", "2.1ms", "41ms", "3.1s", "4m01s", "2h05m"]
        );
        assert_eq!(
            [512, 1_000, 3_174, 22_000_000].map(size),
            ["512 B", "1.0 KiB", "3.1 KiB", "21 MiB"]
        );
        assert_eq!(share(31, 1000), "3.1 %");
        assert_eq!(share(1, 1_000_000), "0.1 %");
        assert_eq!(share(0, 0), "0 %");
        assert_eq!(elapsed(761_000_000_000), "00:12:41");
        assert_eq!(
            time_of_day(1_700_000_000_118_000_000, &TimeZone::UTC),
            "22:13:20.118"
        );
    }

    proptest! {
        #[test]
        fn nothing_outgrows_its_column(n in any::<u64>()) {
            for n in [n, n >> 20, n >> 30, n >> 40, n >> 50] {
                prop_assert!(duration(n).chars().count() <= 6 || n > 99_999 * 86_400_000_000_000);
                prop_assert!(size(n).len() <= 7);
                prop_assert!(short_count(n).len() <= 5, "{}", short_count(n));
            }
        }

        #[test]
        fn any_instant_has_a_time_of_day(ns in any::<i64>()) {
            prop_assert!(!time_of_day(ns, &TimeZone::UTC).is_empty());
        }
    }
}
