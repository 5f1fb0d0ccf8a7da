//! Booting a kernel in QEMU, until its first process ends the machine.
//!
//! Always by QEMU's own interpreter (TCG), never by KVM: it is slow, but the same everywhere, also where this machine is itself a
//! virtual one or a container. The processors of a guest take turns in one thread: interpreted in several at the same time, now
//! and then a kernel dies in them, or hangs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::arch::Arch;
use crate::apt;
use crate::shell::say;

/// Processors of a guest: the storms have two workers.
const PROCESSORS: usize = 2;

/// How long a guest may take, of which the tests take a few minutes on a machine that has time.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// Finds QEMU for a kind of machine, or has Debian's package installed.
pub(super) fn find(arch: Arch) -> Result<PathBuf> {
    apt::system_program(arch.qemu(), &[arch.qemu_package()])
}

/// A machine to boot.
pub(super) struct Machine<'a> {
    pub(super) arch: Arch,
    pub(super) image: &'a Path,
    pub(super) archive: &'a Path,
    /// What the kernel's command line has besides: parameters, and the first process's environment.
    pub(super) parameters: &'a str,
    /// Where the logs go, without their endings.
    pub(super) logs: &'a Path,
}

/// What came of a machine.
pub(super) struct Ran {
    /// What the kernel said.
    pub(super) console: String,
    /// What the first process told.
    pub(super) told: String,
    pub(super) took: Duration,
    /// Why it is not over, if it had to be ended.
    pub(super) problem: Option<String>,
}

/// The files of a machine's logs.
pub(super) fn logs(stem: &Path) -> [PathBuf; 2] {
    ["console.log", "told.log"].map(|ending| stem.with_extension(ending))
}

impl Machine<'_> {
    /// Boots it and waits for its end; a kernel that dies before the first process says a word gets a second chance.
    pub(super) fn run(&self) -> Result<Ran> {
        let ran = self.boot()?;
        if !ran.told.is_empty() {
            return Ok(ran);
        }
        say(&format!(
            "{} DID NOT COME UP, and is booted once more; its kernel said:\n{}",
            self.logs.display(),
            ran.console
        ));
        self.boot()
    }

    fn boot(&self) -> Result<Ran> {
        let began = Instant::now();
        let [console, told] = logs(self.logs);
        let own = self.logs.with_extension("qemu.log");
        let mut command = Command::new(self.arch.qemu());
        command
            .args(["-accel", "tcg,thread=single"])
            .args(self.arch.machine())
            .args(["-m", "1024"])
            .args(["-smp", &PROCESSORS.to_string()])
            .args(["-nodefaults", "-no-user-config", "-display", "none"])
            .arg("-no-reboot")
            .args(["-serial", &format!("file:{}", console.display())])
            .args(["-chardev", &format!("file,id=told,path={}", told.display())])
            .args(self.arch.told_device("told"))
            .arg("-kernel")
            .arg(self.image)
            .arg("-initrd")
            .arg(self.archive)
            // A first process that dies ends the machine at once: panic=-1.
            .args([
                "-append",
                &format!(
                    "console={} panic=-1 loglevel=5 VM_PORT={} {}",
                    self.arch.console(),
                    self.arch.told(),
                    self.parameters
                ),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&own).context("QEMU's log cannot be written")?);
        let child = command.spawn().context("QEMU cannot be started")?;
        let mut problem = wait(child)?;
        let said = read(&own);
        if problem.is_none() && !said.trim().is_empty() {
            problem = Some(format!("QEMU says: {}", said.trim()));
        }
        fs::remove_file(&own).context("QEMU's log cannot be removed")?;
        Ok(Ran {
            console: read(&console),
            told: read(&told),
            took: began.elapsed(),
            problem,
        })
    }
}

/// Waits for a machine's end; returns why it had to be ended, if so.
fn wait(mut child: Child) -> Result<Option<String>> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("QEMU cannot be waited for")? {
            return Ok((!status.success()).then(|| format!("QEMU failed ({status})")));
        }
        if began.elapsed() > PATIENCE {
            child.kill().context("QEMU cannot be ended")?;
            child.wait().context("QEMU cannot be waited for")?;
            return Ok(Some(format!(
                "it did not end within {} s",
                PATIENCE.as_secs()
            )));
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Reads a log; a serial line ends lines in two characters.
fn read(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\r', "")
}
