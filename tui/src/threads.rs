//! Threads, where no more of them may be: that is an error in a sentence.

use anyhow::{Context, Result, anyhow};
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::thread::Builder;

const FAILED: &str = "cannot start a thread; if there are as many processes as this user or control group may have \
                      (`ulimit -u`, pids.max), end some or raise that limit";

/// Starts a thread of this program's own, which nobody joins.
///
/// # Errors
/// If there can be no more threads.
pub(crate) fn start<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<()> {
    let builder = Builder::new().name(name.to_owned());
    builder.spawn(run).map(drop).context(FAILED)
}

/// Calls what starts a thread in a library, and panics if it cannot.
///
/// # Errors
/// Instead of that panic.
pub(crate) fn started_by<T>(library: impl FnOnce() -> T) -> Result<T> {
    let print = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let started = panic::catch_unwind(AssertUnwindSafe(library));
    panic::set_hook(print);
    started.map_err(|panic| anyhow!("{}", words(panic.as_ref())).context(FAILED))
}

/// Returns what a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason was told")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_library_is_an_error_with_its_words() {
        assert_eq!(started_by(|| 7).unwrap(), 7);
        let error = started_by(|| -> u8 { panic!("OS can't spawn {}", "it") }).unwrap_err();
        let told = format!("{error:#}");
        assert!(told.starts_with("cannot start a thread; "), "{told}");
        assert!(told.ends_with(": OS can't spawn it"), "{told}");
    }
}
