//! Instants as text, quickly: only the first event of a second asks the calendar.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const SECOND: i64 = 1_000_000_000;

/// Writes instants of one zone in one form, remembering the latest second.
#[derive(Debug)]
pub(super) struct Stamp {
    zone: TimeZone,
    form: &'static str,
    second: Option<i64>,
    text: String,
}

impl Stamp {
    /// Makes a stamp of RFC 3339 in UTC, with nanoseconds.
    pub(super) fn utc() -> Self {
        Self::new(TimeZone::UTC, "%Y-%m-%dT%H:%M:%S")
    }

    /// Makes a stamp of the time of day in a zone.
    pub(super) fn time_of_day(zone: TimeZone) -> Self {
        Self::new(zone, "%H:%M:%S")
    }

    fn new(zone: TimeZone, form: &'static str) -> Self {
        Self {
            zone,
            form,
            second: None,
            text: String::new(),
        }
    }

    /// Returns the second of a Unix time in ns, in the stamp's form.
    pub(super) fn second(&mut self, wall_ns: i64) -> &str {
        let second = wall_ns.div_euclid(SECOND);
        if self.second != Some(second) {
            // Nanoseconds in an i64 reach from 1677 to 2262, so this cannot fail.
            let time = Timestamp::from_second(second).unwrap_or_default();
            let zoned = time.to_zoned(self.zone.clone());
            self.text = zoned.strftime(self.form).to_string();
            self.second = Some(second);
        }
        &self.text
    }

    /// Appends a Unix time in ns with all nine digits and a `Z`; the zone should be UTC.
    pub(super) fn nanoseconds_into(&mut self, out: &mut Vec<u8>, wall_ns: i64) {
        out.extend_from_slice(self.second(wall_ns).as_bytes());
        let mut tail = *b".000000000Z";
        let mut rest = wall_ns.rem_euclid(SECOND);
        for digit in tail[1..10].iter_mut().rev() {
            *digit += (rest % 10) as u8;
            rest /= 10;
        }
        out.extend_from_slice(&tail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_rfc_3339_before_and_after_1970() {
        let text = |ns| {
            let mut out = Vec::new();
            Stamp::utc().nanoseconds_into(&mut out, ns);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(
            text(1_700_000_000_000_000_042),
            "2023-11-14T22:13:20.000000042Z"
        );
    }

    #[test]
    fn the_time_of_day_is_the_zones() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(Stamp::time_of_day(zone).second(SECOND * 3600), "03:00:00");
    }

    proptest! {
        #[test]
        fn any_time_reads_back(times: Vec<i64>) {
            let mut stamp = Stamp::utc();
            for ns in times {
                let mut out = Vec::new();
                stamp.nanoseconds_into(&mut out, ns);
                let read: Timestamp = std::str::from_utf8(&out).unwrap().parse().unwrap();
                prop_assert_eq!(read.as_nanosecond(), i128::from(ns));
            }
        }
    }
}
