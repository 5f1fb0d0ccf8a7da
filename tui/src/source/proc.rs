//! What the machine knows before the first event: the processes that already run,
//! and which machine this is.
//!
//! Processes come and go while they are read; what vanished is left out. Under
//! `hidepid` a reader without CAP_SYS_PTRACE sees only its own user's.

use crate::clock;
use crate::event::{Comm, ProcessKey, Running, Session};
use nix::sys::utsname::uname;
use nix::unistd::{SysconfVar, sysconf};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// No more of any file is read, and so no more of a process's arguments.
const FILE_LIMIT: usize = 64 * 1024;

/// Inode number of the initial pid namespace: `PROC_PID_INIT_INO` of include/linux/proc_ns.h.
pub(crate) const INITIAL_PID_NAMESPACE: u64 = 0xefff_fffc;

/// What it means that `/proc` does not tell of every process.
pub const HIDDEN: &str =
    "other users' processes are hidden (hidepid): parents that already run have no name";

/// Returns whether `/proc` tells of every process.
pub fn tells_all() -> bool {
    std::fs::read("/proc/1/stat").is_ok()
}

/// Describes this machine, as of now.
pub fn session() -> Session {
    let (kernel, arch) = uname().map_or_else(
        |_| Default::default(),
        |name| (lossy(name.release()), lossy(name.machine())),
    );
    Session {
        host: nix::unistd::gethostname().map_or_else(|_| String::new(), |name| lossy(&name)),
        kernel,
        arch,
        boot_time_ns: clock::boot_time_ns(),
        started_ns: clock::now_ns(),
        others: Vec::new(),
    }
}

fn lossy(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}

/// Returns the size of a page of memory, in bytes.
pub fn page_size() -> u64 {
    system_number(SysconfVar::PAGE_SIZE, 4096)
}

/// Returns how many CPUs are in use.
pub fn cpus() -> u64 {
    system_number(SysconfVar::_NPROCESSORS_ONLN, 1)
}

fn system_number(variable: SysconfVar, usual: u64) -> u64 {
    let number = sysconf(variable).ok().flatten();
    number.and_then(|n| u64::try_from(n).ok()).unwrap_or(usual)
}

/// Reads every process that runs now, kernel threads included, oldest first.
///
/// Inside a pid namespace of its own `/proc` has other ids than the events, so there are none.
pub fn running() -> Vec<Running> {
    let own = std::fs::metadata("/proc/self/ns/pid");
    if own.is_ok_and(|namespace| namespace.ino() != INITIAL_PID_NAMESPACE) {
        return Vec::new();
    }
    running_under(Path::new("/proc"), system_number(SysconfVar::CLK_TCK, 100))
}

fn running_under(proc: &Path, ticks_per_second: u64) -> Vec<Running> {
    let mut found = Vec::new();
    let mut buffer = vec![0; FILE_LIMIT];
    for entry in proc.read_dir().into_iter().flatten().flatten() {
        let is_process = pid_of(&entry.file_name()).is_some();
        if let Some(process) = is_process
            .then(|| read_process(&entry.path(), ticks_per_second, &mut buffer))
            .flatten()
        {
            found.push(process);
        }
    }
    found.sort_unstable_by_key(|process| (process.key.start_ns, process.key.pid));
    found
}

fn pid_of(name: &OsStr) -> Option<u32> {
    number(name.as_bytes())
}

/// Reads what `/proc` says in short of every process that there is now.
pub fn stats() -> Vec<Stat> {
    let entries = Path::new("/proc").read_dir().into_iter().flatten();
    let pids = entries.filter_map(|entry| pid_of(&entry.ok()?.file_name()));
    pids.filter_map(stat_of).collect()
}

/// Reads what `/proc` says in short of one process, or thread; `None` if it is gone.
pub fn stat_of(pid: u32) -> Option<Stat> {
    // The longest name and the largest numbers take about 1,100 bytes.
    let mut buffer = [0; 2048];
    Stat::parse(read_file(
        Path::new(&format!("/proc/{pid}/stat")),
        &mut buffer,
    )?)
}

/// Reads one process's directory; `None` when it is gone or not for us to read.
fn read_process(dir: &Path, ticks_per_second: u64, buffer: &mut [u8]) -> Option<Running> {
    let stat = Stat::parse(read_file(&dir.join("stat"), buffer)?)?;
    let mut uid = 0;
    let mut cmdline = Vec::new();
    // Threads of the kernel are root's, and have no arguments.
    if !stat.kernel_thread() {
        uid = real_uid(read_file(&dir.join("status"), buffer)?)?;
        // The arguments sit in the process's memory, which can be gone before it is.
        let bytes = read_file(&dir.join("cmdline"), buffer).unwrap_or_default();
        cmdline.reserve_exact(bytes.len() + 1);
        cmdline.extend_from_slice(bytes);
        if bytes.last().is_some_and(|last| *last != 0) {
            cmdline.push(0);
        }
    }
    Some(Running {
        key: ProcessKey {
            pid: stat.pid,
            start_ns: clock::of_kernel_ns(stat.start_ns(ticks_per_second)),
            ..ProcessKey::default()
        },
        ppid: stat.ppid,
        uid: Some(uid),
        comm: stat.comm,
        cmdline: cmdline.into(),
        forked_only: stat.never_executed(),
        narrow: stat.narrow(),
    })
}

/// Reads a file as far as the buffer goes.
///
/// Files of `/proc` claim to be empty, so the standard reader would feel its way
/// with small reads; this takes a whole one at once.
fn read_file<'b>(path: &Path, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let mut file = File::open(path).ok()?;
    let mut len = 0;
    loop {
        match file.read(buffer.get_mut(len..)?) {
            Ok(0) => return buffer.get(..len),
            Ok(n) => len += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// What `/proc/PID/stat` says, as far as it is of use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Process id.
    pub pid: u32,
    /// Task name; `stat` gives longer ones for some kernel threads.
    pub comm: Comm,
    /// Parent's process id; 0 for those that the kernel started.
    pub ppid: u32,
    /// `task_struct.flags`: `PF_…` bits.
    pub flags: u32,
    /// How many threads it has, those included that ended and wait to be reaped.
    pub threads: u32,
    /// When it was forked: CLOCK_BOOTTIME in clock ticks.
    pub start_ticks: u64,
    /// Where its stack began; 0 or 1 where that is not for us to know.
    pub start_stack: u64,
}

impl Stat {
    pub(crate) const PF_EXITING: u32 = 0x4;
    const PF_FORKNOEXEC: u32 = 0x40;
    const PF_KTHREAD: u32 = 0x0020_0000;

    /// Reads the bytes of a `stat` file; `None` if they are none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        // A task name holds anything, `) R 1` too, but nothing after it holds `)`.
        let open = bytes.iter().position(|b| *b == b'(')?;
        let close = bytes.iter().rposition(|b| *b == b')')?;
        let mut rest = bytes
            .get(close + 1..)?
            .split(u8::is_ascii_whitespace)
            .filter(|field| !field.is_empty());
        // Fields as proc(5) numbers them: 3 state, 4 ppid, 9 flags, 20 num_threads, 22 starttime, 28 startstack.
        Some(Self {
            pid: number(bytes.get(..open)?.trim_ascii())?,
            comm: Comm::new(bytes.get(open + 1..close)?),
            ppid: number(rest.nth(1)?)?,
            flags: number(rest.nth(4)?)?,
            threads: number(rest.nth(10)?)?,
            start_ticks: number(rest.nth(1)?)?,
            start_stack: number(rest.nth(5)?)?,
        })
    }

    /// Returns the start time in ns, no later than the true one by less than a tick.
    pub fn start_ns(&self, ticks_per_second: u64) -> u64 {
        let ns = u128::from(self.start_ticks) * 1_000_000_000 / u128::from(ticks_per_second.max(1));
        u64::try_from(ns).unwrap_or(u64::MAX)
    }

    /// Returns whether it ends, or has ended.
    pub fn ends(&self) -> bool {
        // A leader may end before its other threads do.
        self.flags & Self::PF_EXITING != 0 && self.threads <= 1
    }

    /// Returns whether it runs in the kernel only.
    pub fn kernel_thread(&self) -> bool {
        self.flags & Self::PF_KTHREAD != 0
    }

    /// Returns whether it is a 32-bit program: its stack begins where those can reach.
    pub fn narrow(&self) -> bool {
        (2..1 << 32).contains(&self.start_stack)
    }

    /// Returns whether it still is what it was forked as.
    pub fn never_executed(&self) -> bool {
        self.flags & Self::PF_FORKNOEXEC != 0
    }
}

/// Returns the real uid that the bytes of a `status` file name.
fn real_uid(status: &[u8]) -> Option<u32> {
    // The task name is escaped in this file, so a line is a line.
    let line = status
        .split(|b| *b == b'\n')
        .find_map(|line| line.strip_prefix(b"Uid:"))?;
    let first = line
        .split(u8::is_ascii_whitespace)
        .find(|field| !field.is_empty())?;
    number(first)
}

/// Reads a decimal number, digits only.
fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(digits).ok()?;
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stat_line(pid: u32, comm: &[u8], ppid: u32, flags: u32, start: u64) -> Vec<u8> {
        let mut line = format!("{pid} (").into_bytes();
        line.extend_from_slice(comm);
        let rest = format!(
            ") S {ppid} 1 1 0 -1 {flags} 97 0 0 0 0 0 0 0 20 0 1 0 {start} 3133440 381 18446744073709551615 1 1 1048576\n"
        );
        line.extend_from_slice(rest.as_bytes());
        line
    }

    #[test]
    fn stat_is_read_whatever_the_name_holds() {
        for comm in [&b"bash"[..], b") R 1 (", b"a\nb", b"", b"((", b"\xff\xfe)"] {
            let stat = Stat::parse(&stat_line(7, comm, 3, 0x40, 232_213)).unwrap();
            assert_eq!(stat.comm, Comm::new(comm));
            assert_eq!((stat.pid, stat.ppid), (7, 3));
            assert!(stat.never_executed() && !stat.kernel_thread());
            assert_eq!(stat.start_ns(100), 2_322_130_000_000);
        }
        for torn in [
            &b""[..],
            b"7",
            b"7 (a",
            b"7 a) S 1",
            b"7 (a) S 1 1 1 0 -1 64",
        ] {
            assert_eq!(Stat::parse(torn), None);
        }
    }

    #[test]
    fn uid_is_the_real_one() {
        let status = b"Name:\tUid:\\n9\nUmask:\t0022\nUid:\t1000\t0\t0\t0\nGid:\t5\t5\t5\t5\n";
        assert_eq!(real_uid(status), Some(1000));
        assert_eq!(real_uid(b"Uid:\t\n"), None);
        assert_eq!(real_uid(b"Uid:\t4294967296\n"), None);
        assert_eq!(real_uid(b"Uid:\t+1\n"), None);
    }

    #[test]
    fn processes_that_vanish_or_hide_are_left_out() {
        let proc = tempfile::tempdir().unwrap();
        let add = |pid: &str, files: &[(&str, &[u8])]| {
            let dir = proc.path().join(pid);
            std::fs::create_dir(&dir).unwrap();
            for (name, bytes) in files {
                std::fs::write(dir.join(name), bytes).unwrap();
            }
        };
        let status: (&str, &[u8]) = ("status", b"Uid:\t5\t5\t5\t5\n");
        let stat = |pid, start, flags| stat_line(pid, b"it", 1, flags, start);
        add(
            "20",
            &[("stat", &stat(20, 9, 0)), status, ("cmdline", b"a\0b")],
        );
        add("3", &[("stat", &stat(3, 9, 0)), status]);
        add("2", &[("stat", &stat(2, 1, 0x20_0000))]);
        add("4", &[]);
        add("5", &[("stat", &stat(5, 9, 0))]);
        add("self", &[("stat", &stat(6, 9, 0)), status]);

        let found = running_under(proc.path(), 100);
        let seen: Vec<_> = found.iter().map(|p| (p.key.pid, &*p.cmdline)).collect();
        assert_eq!(seen, [(2, &b""[..]), (3, b""), (20, b"a\0b\0")]);
        let uids: Vec<_> = found.iter().map(|p| (p.uid, p.ppid)).collect();
        assert_eq!(uids, [(Some(0), 1), (Some(5), 1), (Some(5), 1)]);
        assert_eq!(running_under(Path::new("/nowhere"), 100), []);
    }

    #[test]
    fn this_process_is_among_the_running() {
        let before = std::time::Instant::now();
        let all = running();
        eprintln!("{} processes in {:?}", all.len(), before.elapsed());
        let own = all
            .iter()
            .find(|p| p.key.pid == std::process::id())
            .unwrap();
        assert_eq!(own.ppid, nix::unistd::getppid().as_raw().cast_unsigned());
        assert_eq!(own.uid, Some(nix::unistd::getuid().as_raw()));
        assert!(own.key.start_ns <= clock::now_ns());
        let argv: Vec<_> = own.cmdline.split(|b| *b == 0).collect();
        assert_eq!(argv.len(), std::env::args_os().count() + 1);
    }

    #[test]
    fn the_session_tells_the_time_of_day() {
        let session = session();
        let wall = session.wall_ns(clock::now_ns());
        let real = clock::read(nix::time::ClockId::CLOCK_REALTIME);
        assert!((real - wall).abs() < 50_000_000, "off by {}", real - wall);
        assert!(!session.kernel.is_empty() && !session.arch.is_empty());
    }

    proptest! {
        #[test]
        fn parsers_take_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Stat::parse(&bytes);
            let _ = real_uid(&bytes);
        }

        #[test]
        fn cut_and_changed_stat_lines_never_panic(cut in 0_usize..200, at in 0_usize..200, byte: u8) {
            let mut line = stat_line(7, b"a) (b", 3, 0, u64::MAX);
            if let Some(place) = line.get_mut(at) {
                *place = byte;
            }
            line.truncate(cut);
            if let Some(stat) = Stat::parse(&line) {
                stat.start_ns(1);
                stat.start_ns(0);
            }
        }

        #[test]
        fn stat_round_trips(
            pid: u32, ppid: u32, flags: u32, start: u64,
            comm in proptest::collection::vec(1..=u8::MAX, 0..16),
        ) {
            let line = stat_line(pid, &comm, ppid, flags, start);
            let expected = Stat { pid, comm: Comm::new(&comm), ppid, flags, threads: 1, start_ticks: start, start_stack: 1 << 20 };
            prop_assert_eq!(Stat::parse(&line), Some(expected));
        }
    }
}
