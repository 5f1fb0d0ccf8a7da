//! Instants of the schema, turned into those of one machine's clock.

use jiff::Timestamp;

const SECOND: i64 = 1_000_000_000;

/// Bytes of an instant up to its seconds: `2026-03-01T12:00:00`.
const TO_SECONDS: usize = 19;

/// Reads instants; the latest second's is remembered, since most are of the same one.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Unix time in ns at which times are 0, once a machine is known.
    boot_time_ns: Option<i64>,
    /// The text of a second, and the Unix time in ns that it means.
    second: Option<([u8; TO_SECONDS], i64)>,
}

impl Clock {
    /// Takes the time at which a machine was started, unless an earlier one was taken; returns the one that
    /// holds.
    pub(super) fn begin(&mut self, boot_time: &[u8]) -> Result<i64, String> {
        let boot_time_ns = self.unix(boot_time)?;
        Ok(*self.boot_time_ns.get_or_insert(boot_time_ns))
    }

    /// Returns an instant as nanoseconds since the machine's start.
    pub(super) fn boottime(&mut self, text: &[u8]) -> Result<u64, String> {
        let unix = self.unix(text)?;
        // What came without a `start` before it is counted from 1970.
        let boot_time_ns = *self.boot_time_ns.get_or_insert(0);
        let since = i128::from(unix) - i128::from(boot_time_ns);
        u64::try_from(since).map_err(|_| "its time is before the machine's start".to_owned())
    }

    /// Returns an instant as a Unix time in ns.
    pub(super) fn unix(&mut self, text: &[u8]) -> Result<i64, String> {
        match self.unix_as_written(text) {
            Some(unix) => Ok(unix),
            None => any_form(text),
        }
    }

    /// Reads the form that this program writes.
    fn unix_as_written(&mut self, text: &[u8]) -> Option<i64> {
        let (head, tail) = text.split_first_chunk::<TO_SECONDS>()?;
        let digits = tail.strip_prefix(b".")?.strip_suffix(b"Z")?;
        let digits: &[u8; 9] = digits.try_into().ok()?;
        let mut ns = 0;
        for digit in digits {
            ns = ns * 10 + i64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
        }
        let second = match self.second {
            Some((known, second)) if known == *head => second,
            _ => {
                let text = [&head[..], b"Z"].concat();
                let second = any_form(&text).ok()?;
                self.second = Some((*head, second));
                second
            }
        };
        debug_assert!(second % SECOND == 0);
        second.checked_add(ns)
    }
}

fn any_form(text: &[u8]) -> Result<i64, String> {
    let wrong = || format!("`{}` is no time", String::from_utf8_lossy(text));
    let text = std::str::from_utf8(text).map_err(|_| wrong())?;
    let time: Timestamp = text.parse().map_err(|_| wrong())?;
    i64::try_from(time.as_nanosecond()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_forms_of_a_time_are_read_too() {
        let mut clock = Clock::default();
        let mut unix = |text: &str| clock.unix(text.as_bytes());
        assert_eq!(unix("1970-01-01T00:00:01.000000002Z"), Ok(1_000_000_002));
        assert_eq!(unix("1970-01-01T00:00:01Z"), Ok(SECOND));
        assert_eq!(unix("1970-01-01T01:00:01.5+01:00"), Ok(SECOND * 3 / 2));
        for wrong in [
            "",
            "yesterday",
            "1970-01-01T00:00:0x.000000000Z",
            "9999-01-01T00:00:00Z",
        ] {
            assert!(unix(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_start_of_a_machine_holds() {
        let mut clock = Clock::default();
        assert_eq!(clock.begin(b"1970-01-01T00:00:01Z"), Ok(SECOND));
        assert_eq!(clock.begin(b"1970-01-01T00:00:09Z"), Ok(SECOND));
        assert_eq!(clock.boottime(b"1970-01-01T00:00:03Z"), Ok(2_000_000_000));
        assert!(clock.boottime(b"1970-01-01T00:00:00Z").is_err());
        assert_eq!(
            Clock::default().boottime(b"1970-01-01T00:00:03Z"),
            Ok(3_000_000_000)
        );
    }
}
