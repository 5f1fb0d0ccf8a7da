//! Waiting, never for ever.

use std::io::Write;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Tells how many times slower than a real one this machine is, if it is interpreted.
const SLOWNESS: &str = "EXECSNOOP_TEST_SLOWNESS";

/// Returns how many times slower than a real one this machine is: waiting lasts longer, storms are shorter.
pub(crate) fn slowness() -> u32 {
    std::env::var(SLOWNESS).map_or(1, |text| text.parse().unwrap())
}

/// Says why the running test cannot run here, past what captures the output of tests that pass.
///
/// `cargo xtask vm` looks for the first word.
pub(crate) fn skip(reason: &str) {
    writeln!(std::io::stderr(), "SKIPPED: {reason}").unwrap();
}

/// Waits until something is there.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, &mut look).unwrap_or_else(|| panic!("{what}: not within {PATIENCE:?}"))
}

/// Waits until something is there, or for a time, which is longer on a slow machine.
///
/// A virtual machine that is stopped for a while may find its clock far ahead: whatever
/// happened between two looks, it counts as a second at most.
pub(crate) fn within<T>(patience: Duration, look: &mut dyn FnMut() -> Option<T>) -> Option<T> {
    let patience = patience * slowness();
    let mut waited = Duration::ZERO;
    loop {
        let began = Instant::now();
        if let Some(found) = look() {
            return Some(found);
        }
        if waited >= patience {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
        waited += began.elapsed().min(Duration::from_secs(1));
    }
}

/// Waits for a child's end, or for a time.
pub(crate) fn end_of(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    within(patience, &mut || child.try_wait().unwrap())
}

/// Returns a number that was not returned before.
pub(crate) fn number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
