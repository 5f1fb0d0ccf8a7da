//! Any text in `/proc/PID/stat` is a process or none.

#![no_main]

use execsnoop_tui::source::proc::Stat;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(stat) = Stat::parse(bytes) {
        let _ = stat.start_ns(100);
        let _ = (stat.ends(), stat.kernel_thread(), stat.narrow());
    }
});
