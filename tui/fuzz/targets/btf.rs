//! Any bytes are kernel types or an error, and whatever they say can be asked for.

#![no_main]

use execsnoop_tui::source::probe::btf::Btf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(btf) = Btf::parse(bytes.to_vec(), |_| true) {
        let _ = btf.offset("task_struct", "mm.owner|signal.1.x");
        let _ = btf.offset("a", "b.c");
        let _ = btf.enumerator("a", "b");
        let _ = btf.tracepoint_args("a");
    }
});
