//! Any text is a filter or an error with a column in the text; what a filter says of itself is the same filter.

#![no_main]

use execsnoop_tui::filter::Filter;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Filter::parse_in(text, &TimeZone::UTC) {
        Ok(filter) => {
            let plain = filter.to_string();
            let again = Filter::parse_in(&plain, &TimeZone::UTC);
            let again = again.map(|filter| filter.to_string());
            assert_eq!(again.as_deref(), Ok(&*plain), "of {text:?}");
        }
        Err(error) => assert!(error.column <= text.chars().count() + 1, "{error:?}"),
    }
});
