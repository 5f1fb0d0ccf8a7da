//! Reads the facts of this machine.

use super::KernelVersion;
use super::facts::{
    Answer, Btf, BtfFile, Capabilities, Command, Confinement, Facts, Lockdown, Tracing,
};
use crate::source::probe::{KERNEL_BTF, tracefs};
use crate::source::proc::{self, INITIAL_PID_NAMESPACE};
use aya::maps::MapType;
use aya::programs::{ProgramError, ProgramType};
use aya::sys::{
    BpfHelper, SyscallError, is_helper_supported, is_map_supported, is_program_supported,
};
use caps::{CapSet, Capability};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::statfs::{SECURITYFS_MAGIC, statfs};
use nix::unistd::{Uid, User, geteuid};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// What failed execs are best caught with.
const TRACEPOINTS: [&str; 4] = [
    "syscalls/sys_enter_execve",
    "syscalls/sys_exit_execve",
    "syscalls/sys_enter_execveat",
    "syscalls/sys_exit_execveat",
];

/// What the programs call that not every kernel has, or lets them.
const HELPERS: [(&str, BpfHelper); 4] = [
    (
        "bpf_probe_read_kernel",
        BpfHelper::BPF_FUNC_probe_read_kernel,
    ),
    ("bpf_probe_read_user", BpfHelper::BPF_FUNC_probe_read_user),
    (
        "bpf_ktime_get_boot_ns",
        BpfHelper::BPF_FUNC_ktime_get_boot_ns,
    ),
    ("bpf_ringbuf_output", BpfHelper::BPF_FUNC_ringbuf_output),
];

/// Inode number that the kernel gives the first user namespace (`linux/proc_ns.h`).
const INITIAL_USER_NAMESPACE: u64 = 0xEFFF_FFFD;

/// What the run to be checked asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The file of `--btf`.
    pub btf: Option<&'a Path>,
    /// The arguments to repeat in a command that would work; none of `doctor`'s own.
    pub args: &'a [OsString],
    /// Bytes of all maps together.
    pub map_bytes: u64,
    /// The user's id that the run takes once it has attached.
    pub becomes: Option<u32>,
}

impl Facts {
    /// Reads them. Nothing stays behind on the machine.
    pub fn read(request: Request<'_>) -> Self {
        Self {
            kernel: KernelVersion::current().ok(),
            release: nix::sys::utsname::uname()
                .map_or_else(|_| "?".into(), |n| n.release().to_string_lossy().into()),
            uid: geteuid().as_raw(),
            capabilities: read_capabilities(),
            lockdown: read_lockdown(),
            memlock: getrlimit(Resource::RLIMIT_MEMLOCK).ok(),
            memlock_needed: request.map_bytes,
            btf: read_btf(request.btf),
            ring_buffer: map_answer(is_map_supported(MapType::RingBuf)),
            raw_tracepoint: program_answer(is_program_supported(ProgramType::RawTracePoint)),
            helpers: HELPERS
                .map(|(name, helper)| {
                    let answer = is_helper_supported(ProgramType::RawTracePoint, helper);
                    (name, program_answer(answer))
                })
                .into(),
            tracing: read_tracing(),
            unprivileged_bpf_disabled: read_number("/proc/sys/kernel/unprivileged_bpf_disabled"),
            perf_event_paranoid: read_number("/proc/sys/kernel/perf_event_paranoid"),
            confinement: read_confinement(),
            sees_pid_1: proc::tells_all(),
            becomes: request.becomes.map(name_of),
            can_fence: has_seccomp_filters(),
            command: Command {
                program: std::env::current_exe().unwrap_or_else(|_| "execsnoop-tui".into()),
                args: request.args.to_vec(),
            },
        }
    }
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}

fn failure(error: &io::Error) -> Answer {
    match errno(error) {
        Errno::EPERM | Errno::EACCES => Answer::Refused,
        other => Answer::Failed(other),
    }
}

fn map_answer(result: Result<bool, SyscallError>) -> Answer {
    match result {
        Ok(true) => Answer::Yes,
        Ok(false) => Answer::No,
        Err(error) => failure(&error.io_error),
    }
}

fn program_answer(result: Result<bool, ProgramError>) -> Answer {
    match result {
        Err(ProgramError::SyscallError(error)) => failure(&error.io_error),
        Err(_) | Ok(false) => Answer::No,
        Ok(true) => Answer::Yes,
    }
}

fn read_capabilities() -> Capabilities {
    let effective = caps::read(None, CapSet::Effective).unwrap_or_default();
    let has = |capability| effective.contains(&capability);
    Capabilities {
        bpf: has(Capability::CAP_BPF),
        perfmon: has(Capability::CAP_PERFMON),
        sys_admin: has(Capability::CAP_SYS_ADMIN),
        sys_resource: has(Capability::CAP_SYS_RESOURCE),
    }
}

fn read_lockdown() -> Lockdown {
    const SECURITY: &str = "/sys/kernel/security";
    let mounted = statfs(SECURITY).is_ok_and(|fs| fs.filesystem_type() == SECURITYFS_MAGIC);
    match fs::read_to_string(Path::new(SECURITY).join("lockdown")) {
        Ok(text) => Lockdown::Text(text),
        Err(_) if !mounted => Lockdown::NoSecurityfs,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Lockdown::Absent,
        Err(error) => Lockdown::Unreadable(errno(&error)),
    }
}

fn read_btf(given: Option<&Path>) -> Btf {
    let path = given.unwrap_or(Path::new(KERNEL_BTF));
    let mut head = Vec::new();
    // A pipe that nobody writes to must not hold up the report.
    let mut options = fs::OpenOptions::new();
    options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    let read = options
        .open(path)
        .and_then(|file| file.take(4).read_to_end(&mut head));
    Btf {
        path: path.into(),
        given: given.is_some(),
        file: match read {
            Ok(_) => BtfFile::of(&head),
            Err(error) => BtfFile::Unreadable(errno(&error)),
        },
    }
}

fn read_tracing() -> Result<Tracing, String> {
    let place = tracefs::mounted().map(Path::to_path_buf);
    tracefs::with_tracefs(|path| {
        let lacking = TRACEPOINTS
            .into_iter()
            .filter_map(|name| {
                let error = fs::read(path.join("events").join(name).join("id")).err()?;
                Some((name, errno(&error)))
            })
            .collect();
        Tracing { place, lacking }
    })
    .map_err(|error| format!("{error:#}"))
}

/// Returns an account's name, or its id.
fn name_of(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}

fn has_seccomp_filters() -> bool {
    let actions = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail");
    actions.is_ok_and(|actions| actions.split_whitespace().any(|action| action == "errno"))
}

fn read_number(path: &str) -> Option<i64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn read_confinement() -> Confinement {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let words = |path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    Confinement {
        initial_user_namespace: is_namespace("user", INITIAL_USER_NAMESPACE),
        initial_pid_namespace: is_namespace("pid", INITIAL_PID_NAMESPACE),
        uid_map: words("/proc/self/uid_map"),
        seccomp: status_number(&status, "Seccomp:") == Some(2),
        no_new_privs: status_number(&status, "NoNewPrivs:") == Some(1),
        container: read_container(),
    }
}

fn is_namespace(kind: &str, inode: u64) -> Option<bool> {
    let found = fs::metadata(Path::new("/proc/self/ns").join(kind)).ok()?;
    Some(found.ino() == inode)
}

fn status_number(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().parse().ok()
}

fn read_container() -> Option<String> {
    // systemd's convention, then what the two common engines leave.
    let named = fs::read_to_string("/run/systemd/container").ok();
    let named = named.map(|name| name.trim().to_owned());
    named.filter(|name| !name.is_empty()).or_else(|| {
        [("/run/.containerenv", "Podman"), ("/.dockerenv", "Docker")]
            .into_iter()
            .find(|(file, _)| Path::new(file).exists())
            .map(|(_, name)| name.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_no_btf() {
        let absent = read_btf(Some(Path::new("/nowhere")));
        assert_eq!(absent.file, BtfFile::Unreadable(Errno::ENOENT));
    }

    #[test]
    fn numbers_are_found_in_a_status_file() {
        let status = "Name:\tx\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";
        assert_eq!(status_number(status, "Seccomp:"), Some(2));
        assert_eq!(status_number(status, "NoNewPrivs:"), Some(1));
        assert_eq!(status_number(status, "Uid:"), None);
    }
}
