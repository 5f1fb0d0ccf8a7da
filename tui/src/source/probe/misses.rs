//! What the kernel did not let the probe see, by its own count.

use super::attach;
use aya::Ebpf;
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;

/// Runs of programs that the kernel skipped, because the program was already running on that CPU.
pub(super) struct Misses {
    programs: Vec<Watched>,
    told: u64,
}

/// A program, held so that it can be asked once it is attached to nothing.
struct Watched {
    name: String,
    _program: OwnedFd,
    /// Its `/proc/self/fdinfo/N`.
    info: File,
}

impl Misses {
    pub(super) fn open(ebpf: &Ebpf) -> Self {
        let mut misses = Self {
            programs: Vec::new(),
            told: 0,
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
                self.programs.push(Watched {
                    name: name.to_owned(),
                    _program: fd,
                    info,
                });
            }
        }
    }

    pub(super) fn new_ones(&mut self) -> u64 {
        let infos = self.programs.iter().map(|watched| &watched.info);
        let total: u64 = infos.filter_map(recursion_misses).sum();
        let new = total.saturating_sub(self.told);
        self.told = self.told.max(total);
        new
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
