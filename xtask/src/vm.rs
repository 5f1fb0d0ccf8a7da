//! `vm`: the live tests on other kernels than the running one, each booted in QEMU with the product as it is built here.

pub(crate) mod arch;
mod built;
mod cpio;
mod guest;
mod kernels;
mod qemu;
mod report;
mod told;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use self::arch::Arch;
use self::kernels::{Kernel, SERIES, Series, Store};
use self::qemu::Machine;
use self::report::Column;
use crate::apt::Unreachable;
use crate::shell::{say, work_dir};

/// How much slower a guest is than this machine: the tests wait longer and make shorter storms.
const SLOWNESS: u32 = 5;

/// The test that runs where the kernel is locked down, and needs no other.
const LOCKDOWN_TEST: &str = "live::barriers::a_kernel_that_is_locked_down_is_named";

/// What is to be run.
#[derive(Args)]
pub(crate) struct Options {
    /// Series of kernels, `all`, or `ci` for those that CI takes.
    #[arg(
        long,
        value_name = "SERIES",
        value_delimiter = ',',
        default_value = "all"
    )]
    kernel: Vec<String>,
    /// Kinds of machines; the other kind's programs are cross-built. With `--kernel ci`, those that CI takes.
    #[arg(long, value_name = "KIND", value_delimiter = ',', default_value = Arch::NATIVE.name())]
    arch: Vec<Arch>,
    /// Only tests whose name holds one of these.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    test: Vec<String>,
    /// Run the static program that releases have in the place of the tests: doctor, demo, capture, recording.
    #[arg(long, conflicts_with = "test")]
    release: bool,
    /// Keep the logs of guests in which nothing failed, too.
    #[arg(long)]
    keep_logs: bool,
    /// How many guests run at the same time; each keeps one processor busy.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Succeed, and say so, where Debian's archive cannot be reached at all and what is needed was never fetched.
    #[arg(long)]
    may_be_offline: bool,
}

/// A guest to run.
struct Guest {
    arch: Arch,
    head: String,
    kernel: Kernel,
    lockdown: bool,
}

/// Boots each kernel, runs the tests in it and prints the table; fails if anything failed or did not run.
pub(crate) fn run(options: &Options) -> Result<()> {
    let dir = work_dir().join("vm");
    let mut guests = Vec::new();
    for &arch in &options.arch {
        let chosen = chosen(&options.kernel, arch)?;
        let fetched = qemu::find(arch).and_then(|_| fetch(arch, &chosen, options, &dir));
        match fetched {
            Err(error)
                if options.may_be_offline && error.downcast_ref::<Unreachable>().is_some() =>
            {
                say(&format!(
                    "THE TESTS DID NOT RUN ON OTHER KERNELS: {error:#}"
                ));
                return Ok(());
            }
            fetched => guests.extend(fetched?),
        }
    }
    let began = Instant::now();
    let logs = dir.join("logs");
    fs::create_dir_all(&logs).with_context(|| format!("{} cannot be created", logs.display()))?;
    for &arch in &options.arch {
        let built = match options.release {
            true => built::release(arch)?,
            false => built::build(arch)?,
        };
        guest::write(arch, &built, &dir, &archive(&dir, arch))?;
    }
    say(&format!("built in {} s", began.elapsed().as_secs()));
    let jobs = options.jobs.unwrap_or_else(jobs).clamp(1, guests.len());
    let runner = Runner { options, dir, logs };
    let columns = runner.all(&guests, jobs)?;
    println!("{}", report::table(&columns));
    say(&format!("all of it took {} s", began.elapsed().as_secs()));
    let failed = columns.iter().filter(|column| column.failed());
    let failed: Vec<_> = failed.map(|column| &*column.head).collect();
    if !failed.is_empty() {
        bail!(
            "tests failed on {}; the logs are in {}",
            failed.join(", "),
            runner.logs.display()
        );
    }
    Ok(())
}

/// Returns the file that guests of that kind unpack.
fn archive(dir: &Path, arch: Arch) -> PathBuf {
    dir.join(format!("guest-{}.cpio", arch.debian()))
}

/// Returns the series that are asked for, from the oldest on.
fn chosen(asked: &[String], arch: Arch) -> Result<Vec<&'static Series>> {
    for name in asked {
        let known = ["all", "ci"].contains(&&**name) || SERIES.iter().any(|s| s.name == name);
        let names = SERIES.map(|series| series.name).join(", ");
        ensure!(
            known,
            "there is no kernel `{name}`; there are all, ci, {names}"
        );
    }
    let asks = |name: &str| asked.iter().any(|asked| asked == name);
    let is_chosen = |series: &&Series| {
        asks("all") || asks(series.name) || (asks("ci") && series.ci.contains(&arch))
    };
    Ok(SERIES.iter().filter(is_chosen).collect())
}

/// Fetches the kernels; for the tests the oldest and the newest have a second guest, where the kernel is locked down.
fn fetch(arch: Arch, chosen: &[&Series], options: &Options, dir: &Path) -> Result<Vec<Guest>> {
    let mut store = Store::new(arch, dir);
    let is_asked_for = |name: &String| LOCKDOWN_TEST.contains(&**name);
    let asked_for = options.test.is_empty() || options.test.iter().any(is_asked_for);
    let locked = asked_for && !options.release;
    let mut guests = Vec::new();
    for (index, series) in chosen.iter().enumerate() {
        let is_end = index == 0 || index + 1 == chosen.len();
        for lockdown in [false, true] {
            if lockdown && !(locked && is_end) {
                continue;
            }
            let locked = if lockdown { " locked" } else { "" };
            guests.push(Guest {
                arch,
                head: format!("{}{}{locked}", series.name, arch.suffix()),
                kernel: store.get(series)?,
                lockdown,
            });
        }
    }
    Ok(guests)
}

/// Returns how many guests this machine can run at the same time.
fn jobs() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What all guests have in common.
struct Runner<'a> {
    options: &'a Options,
    dir: PathBuf,
    logs: PathBuf,
}

impl Runner<'_> {
    /// Runs all guests, some at the same time, and returns their columns in order.
    fn all(&self, guests: &[Guest], jobs: usize) -> Result<Vec<Column>> {
        let waiting = Mutex::new(guests.iter().enumerate());
        let next = || waiting.lock().ok()?.next();
        let worker = || {
            let mut done = Vec::new();
            while let Some((index, guest)) = next() {
                done.push((index, self.one(guest)));
            }
            done
        };
        let mut columns: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
            let done = workers.into_iter().map(thread::ScopedJoinHandle::join);
            done.flatten().flatten().collect()
        });
        ensure!(columns.len() == guests.len(), "a guest was forgotten");
        columns.sort_by_key(|(index, _)| *index);
        columns.into_iter().map(|(_, column)| column).collect()
    }

    /// Runs a guest; what failed in it is printed at once.
    fn one(&self, guest: &Guest) -> Result<Column> {
        let stem = self.logs.join(guest.head.replace([' ', '.'], "-"));
        let parameters = self.parameters(guest);
        say(&format!(
            "booting {} ({})",
            guest.head, guest.kernel.version
        ));
        let machine = Machine {
            arch: guest.arch,
            image: &guest.kernel.image,
            archive: &archive(&self.dir, guest.arch),
            parameters: &parameters,
            logs: &stem,
        };
        let ran = machine.run()?;
        let told = told::read(&ran.told);
        let lacking = told.lacks(if guest.lockdown {
            &[]
        } else {
            &self.options.test
        });
        let problem = ran.problem.or_else(|| {
            let names = lacking.join(", ");
            (told.ended.is_some() && !names.is_empty())
                .then(|| format!("no test is called {names}"))
        });
        let column = Column::new(
            &guest.head,
            &guest.kernel.version,
            told,
            i32::from(guest.lockdown),
            ran.took,
            problem,
        );
        let verdict = if column.failed() { "FAILED" } else { "passed" };
        say(&format!(
            "{} {verdict} after {} s",
            guest.head,
            ran.took.as_secs()
        ));
        if column.failed() {
            eprint!("{}", report::details(&column, &ran.told, &ran.console));
        } else if !self.options.keep_logs {
            for log in qemu::logs(&stem) {
                fs::remove_file(&log)
                    .with_context(|| format!("{} cannot be removed", log.display()))?;
            }
        }
        Ok(column)
    }

    /// Returns what a guest's kernel is started with; it hands on what it does not know to the first process.
    fn parameters(&self, guest: &Guest) -> String {
        let mut tests = vec!["--ignored", "--test-threads=1", "--skip=screen::"];
        if guest.lockdown {
            tests.push(LOCKDOWN_TEST);
        } else {
            tests.extend(self.options.test.iter().map(String::as_str));
        }
        let tests = tests.join(",");
        let lockdown = if guest.lockdown {
            "lockdown=confidentiality "
        } else {
            ""
        };
        format!("{lockdown}EXECSNOOP_TEST_SLOWNESS={SLOWNESS} VM_TESTS={tests}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_chosen_by_name_or_by_set() {
        let names = |asked: &[&str]| -> Vec<_> {
            let asked: Vec<_> = asked.iter().map(|name| (*name).to_owned()).collect();
            let chosen = chosen(&asked, Arch::X86).expect("known");
            chosen.iter().map(|series| series.name).collect()
        };
        assert_eq!(names(&["6.1", "5.10"]), ["5.10", "6.1"], "in order");
        assert_eq!(names(&["all"]).len(), SERIES.len());
        assert!(names(&["ci", "6.18"]).contains(&"6.18"));
        assert!(chosen(&["6.2".to_owned()], Arch::X86).is_err());
    }
}
