//! What is shown of any bytes has no character that could act on a terminal.

#![no_main]

use execsnoop_tui::text::{command_line_into, escape, is_unsafe};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert!(!escape(bytes).chars().any(is_unsafe));
    let mut line = String::new();
    command_line_into(&mut line, bytes.split(|byte| *byte == 0));
    assert!(!line.chars().any(is_unsafe));
});
