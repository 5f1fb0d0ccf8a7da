//! Any text is a configuration: what is wrong in it is told with its line, in one line of text.

#![no_main]

use execsnoop_tui::settings::Settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let settings = Settings::parse(text, "config.toml");
    for problem in &settings.problems {
        assert!(problem.starts_with("config.toml:"), "{problem:?}");
        assert!(!problem.contains('\n'), "{problem:?}");
    }
});
