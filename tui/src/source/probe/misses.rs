//! What the kernel did not let the probe see, by its own count.

use super::attach;
use aya::Ebpf;
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;

/// Programs that look at the end of every system call for those of 32-bit programs, each with why the kernel skips it. Of
/// what one of them skips next to nothing is an exec.
const LOOKING: [(&str, &str); 2] = [
    (
        "narrow_exit",
        "this kernel preempts what looks at the end of each system call for them; \
         --keep-privileges lets it use what is not preempted, where there is tracefs",
    ),
    (
        "perf_narrow",
        "the kernel does not let anything look at the end of a system call on a CPU where some program is looking \
         into a map of BPF",
    ),
];

/// Runs of programs that the kernel skipped, because the program was already running on that CPU.
pub(super) struct Misses {
    programs: Vec<Watched>,
    told: u64,
    /// Whether it was said that calls were not looked at.
    said: bool,
}

/// A program, held so that it can be asked once it is attached to nothing.
struct Watched {
    name: String,
    _program: OwnedFd,
    /// Its `/proc/self/fdinfo/N`.
    info: File,
    /// Of one that is [`LOOKING`]: why the kernel skips it.
    why_skipped: Option<&'static str>,
}

impl Misses {
    pub(super) fn open(ebpf: &Ebpf) -> Self {
        let mut misses = Self {
            programs: Vec::new(),
            told: 0,
            said: false,
        };
        misses.look_again(ebpf);
        misses
    }

    /// Finds programs that were loaded since.
    pub(super) fn look_again(&mut self, ebpf: &Ebpf) {
        for (name, fd) in attach::telling(ebpf) {
            if self.programs.iter().any(|known| known.name == name) {
                continue;
            }
            if let Ok(info) = File::open(format!("/proc/self/fdinfo/{}", fd.as_raw_fd())) {
                let looking = LOOKING.iter().find(|(looking, _)| *looking == name);
                self.programs.push(Watched {
                    why_skipped: looking.map(|(_, why)| *why),
                    name: name.to_owned(),
                    _program: fd,
                    info,
                });
            }
        }
    }

    /// Returns how many events may be lost since the last time.
    pub(super) fn new_ones(&mut self) -> u64 {
        let programs = self.programs.iter();
        let exact = programs.filter(|watched| watched.why_skipped.is_none());
        let total: u64 = exact
            .filter_map(|watched| recursion_misses(&watched.info))
            .sum();
        let new = total.saturating_sub(self.told);
        self.told = self.told.max(total);
        new
    }

    /// Returns what is to be said of calls whose end was not looked at, once there is one.
    pub(super) fn problem(&mut self) -> Option<String> {
        if self.said {
            return None;
        }
        let mut looking = self.programs.iter().filter_map(|watched| {
            let why = watched.why_skipped?;
            (recursion_misses(&watched.info)? > 0).then_some(why)
        });
        let why = looking.next()?;
        self.said = true;
        Some(format!(
            "failed execs of 32-bit programs may be missing from now on: {why}"
        ))
    }
}

/// Reads `recursion_misses` (kernels from 5.12) of a program's fdinfo.
fn recursion_misses(file: &File) -> Option<u64> {
    let mut buffer = [0; 1024];
    let len = file.read_at(&mut buffer, 0).ok()?;
    let text = std::str::from_utf8(buffer.get(..len)?).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("recursion_misses:"))?;
    line.trim().parse().ok()
}
