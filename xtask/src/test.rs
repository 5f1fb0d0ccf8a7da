//! `test`: all tests of the workspace, the fast ones first, then the live ones that watch the running kernel.
//!
//! Nothing is printed after cargo's own closing lines unless something failed.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::shell::{cargo, is_root, root, run as run_command, say};

/// Runs the fast tests, then the live ones where they can run; in CI they must.
pub(crate) fn run(args: &[OsString]) -> Result<()> {
    let hindrance = live_hindrance(is_root(), Path::new("/sys/kernel/btf/vmlinux").exists());
    if let Some(reason) = hindrance {
        say(&format!("LIVE TESTS WILL NOT RUN: {reason}"));
    }
    let start = Instant::now();
    run_tests(&["--workspace"], &[], args)?;
    if args
        .iter()
        .any(|arg| arg == "--ignored" || arg == "--include-ignored")
    {
        return Ok(());
    }
    match hindrance {
        None => {
            say(&format!(
                "fast tests passed in {} s; now the live ones",
                start.elapsed().as_secs()
            ));
            run_live_tests(args)
        }
        Some(reason) if env::var_os("CI").is_some() => {
            bail!("live tests must run in CI and did not: {reason}")
        }
        Some(_) => Ok(()),
    }
}

/// Runs the tests marked as ignored, one at a time since they share one kernel.
///
/// Those of the folder `tui/tests` come last, so that the closing lines tell of tests that ran. Examples in the documentation
/// stay out: an ignored one is not meant to run. Naming the whole workspace keeps cargo from building anything anew.
fn run_live_tests(args: &[OsString]) -> Result<()> {
    let how = ["--ignored", "--test-threads=1"];
    run_tests(&["--workspace", "--lib", "--bins"], &how, args)?;
    if root().join("tui/tests").is_dir() {
        run_tests(&["--workspace", "--test", "*"], &how, args)?;
    }
    Ok(())
}

/// Says what keeps the live tests from running, if anything does.
fn live_hindrance(root: bool, btf: bool) -> Option<&'static str> {
    match (root, btf) {
        (true, true) => None,
        (false, _) => Some(
            "they load programs into the kernel, which needs root (as root: `cargo xtask test`)",
        ),
        (true, false) => Some("this kernel has no BTF (/sys/kernel/btf/vmlinux is not there)"),
    }
}

fn run_tests(what: &[&str], how: &[&str], args: &[OsString]) -> Result<()> {
    run_command(
        cargo()
            .args(["test", "--locked", "--no-fail-fast"])
            .args(what)
            .arg("--")
            .args(how)
            .args(args),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_tests_need_root_and_btf() {
        assert_eq!(live_hindrance(true, true), None);
        assert!(live_hindrance(false, true).is_some_and(|reason| reason.contains("root")));
        assert!(live_hindrance(true, false).is_some_and(|reason| reason.contains("BTF")));
    }
}
