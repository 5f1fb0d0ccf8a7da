//! What the checks decide by.

use super::{KernelVersion, decide};
use nix::errno::Errno;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What the kernel answered when asked to make something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It did.
    Yes,
    /// It does not know how.
    No,
    /// It said EPERM or EACCES.
    Refused,
    /// It said something else.
    Failed(Errno),
}

/// Effective capabilities that matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// CAP_BPF
    pub bpf: bool,
    /// CAP_PERFMON
    pub perfmon: bool,
    /// CAP_SYS_ADMIN
    pub sys_admin: bool,
    /// CAP_SYS_RESOURCE
    pub sys_resource: bool,
}

impl Capabilities {
    /// Returns whether they suffice to load and attach the required programs.
    pub fn suffice(self, kernel: Option<KernelVersion>) -> bool {
        self.sys_admin || (self.bpf && self.perfmon && kernel.is_none_or(|v| v >= decide::OLDEST))
    }
}

/// What `/sys/kernel/security/lockdown` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lockdown {
    /// Its text.
    Text(String),
    /// This kernel has none.
    Absent,
    /// Nobody mounted what it would be in.
    NoSecurityfs,
    /// Reading it failed.
    Unreadable(Errno),
}

/// The file of the kernel's types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Btf {
    /// Where.
    pub path: PathBuf,
    /// Whether it was named with `--btf`.
    pub given: bool,
    /// What is there.
    pub file: BtfFile,
}

/// What a file begins as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BtfFile {
    /// BTF of this byte order.
    Btf,
    /// BTF of the other byte order.
    ForeignEndian,
    /// An ELF file, which may hold BTF.
    Elf,
    /// Something else.
    Other,
    /// It cannot be read.
    Unreadable(Errno),
}

impl BtfFile {
    /// Tells by its first bytes what a file is.
    pub fn of(head: &[u8]) -> Self {
        const MAGIC: u16 = 0xEB9F;
        match head {
            [0x7f, b'E', b'L', b'F', ..] => Self::Elf,
            [a, b, ..] if u16::from_ne_bytes([*a, *b]) == MAGIC => Self::Btf,
            [a, b, ..] if u16::from_ne_bytes([*b, *a]) == MAGIC => Self::ForeignEndian,
            _ => Self::Other,
        }
    }
}

/// How the syscall tracepoints stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracing {
    /// Where tracefs is mounted for everybody; `None` when it was mounted privately.
    pub place: Option<PathBuf>,
    /// Which of them cannot be read, and why.
    pub lacking: Vec<(&'static str, Errno)>,
}

/// Walls around this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confinement {
    /// Whether its user namespace is the initial one.
    pub initial_user_namespace: Option<bool>,
    /// Whether its pid namespace is the initial one.
    pub initial_pid_namespace: Option<bool>,
    /// `/proc/self/uid_map` on one line.
    pub uid_map: String,
    /// Whether a seccomp filter is on.
    pub seccomp: bool,
    /// Whether exec cannot give it more rights.
    pub no_new_privs: bool,
    /// What kind of container this is, if that is told.
    pub container: Option<String>,
}

/// How to start this program again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its file.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

impl Command {
    /// Returns the command line that runs it as root.
    pub fn sudo(&self) -> String {
        // sudo looks in its own list of directories, of which these are common.
        const KNOWN: [&str; 4] = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];
        let known = |dir: &Path| KNOWN.iter().any(|k| Path::new(k) == dir);
        let name = match (self.program.parent(), self.program.file_name()) {
            (Some(dir), Some(name)) if known(dir) => name,
            _ => self.program.as_os_str(),
        };
        let mut line = String::from("sudo");
        for word in std::iter::once(name).chain(self.args.iter().map(OsString::as_os_str)) {
            line.push(' ');
            line.push_str(&shell_word(word.as_bytes()));
        }
        line
    }

    /// Returns the command line that lets everybody run it.
    pub fn setcap(&self, memlock: bool) -> String {
        let more = if memlock { ",cap_sys_resource" } else { "" };
        let path = shell_word(self.program.as_os_str().as_bytes());
        format!("sudo setcap cap_bpf,cap_perfmon{more}+ep {path}")
    }
}

/// Quotes a word for a shell where it needs it.
fn shell_word(word: &[u8]) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(b);
    let text = String::from_utf8_lossy(word);
    if !word.is_empty() && word.iter().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What this machine is and allows.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Its kernel, as far as its version is known.
    pub kernel: Option<KernelVersion>,
    /// The kernel's name for itself.
    pub release: String,
    /// Effective user id.
    pub uid: u32,
    /// Effective capabilities.
    pub capabilities: Capabilities,
    /// Kernel lockdown.
    pub lockdown: Lockdown,
    /// RLIMIT_MEMLOCK, soft and hard, bytes.
    pub memlock: Option<(u64, u64)>,
    /// How much of it the maps need, bytes.
    pub memlock_needed: u64,
    /// The kernel's types.
    pub btf: Btf,
    /// A map of type ring buffer.
    pub ring_buffer: Answer,
    /// A program of type raw tracepoint.
    pub raw_tracepoint: Answer,
    /// Helpers by name.
    pub helpers: Vec<(&'static str, Answer)>,
    /// The syscall tracepoints, or why tracefs is out of reach.
    pub tracing: Result<Tracing, String>,
    /// `kernel.unprivileged_bpf_disabled`
    pub unprivileged_bpf_disabled: Option<i64>,
    /// `kernel.perf_event_paranoid`
    pub perf_event_paranoid: Option<i64>,
    /// Walls around this process.
    pub confinement: Confinement,
    /// Whether `/proc` shows what is not ours.
    pub sees_pid_1: bool,
    /// The account that a run becomes once it has attached; `None` if it stays who it is.
    pub becomes: Option<String>,
    /// Whether the kernel has filters of system calls.
    pub can_fence: bool,
    /// How to start this program again.
    pub command: Command,
}

impl Facts {
    /// Returns whether the kernel is new enough to know CAP_BPF.
    pub(super) fn knows_cap_bpf(&self) -> bool {
        self.kernel.is_none_or(|v| v >= decide::OLDEST)
    }

    /// Returns whether the kernel's own rules let this process use BPF.
    pub(super) fn can_use_bpf(&self) -> bool {
        self.capabilities.suffice(self.kernel)
            && self.confinement.initial_user_namespace != Some(false)
    }

    /// Returns whether any trial was refused.
    pub(super) fn refused(&self) -> bool {
        let tried = [self.ring_buffer, self.raw_tracepoint];
        let helpers = self.helpers.iter().map(|(_, answer)| *answer);
        tried
            .into_iter()
            .chain(helpers)
            .any(|a| a == Answer::Refused)
    }

    /// Says that something was refused, and where to look for the reason.
    pub(super) fn refusal(&self, what: &str) -> String {
        let place = if self.can_use_bpf() {
            "see confinement below"
        } else {
            "see capabilities and user namespace above"
        };
        format!("{what} was refused (EPERM), {place}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted_into_a_shell() {
        let mut command = Command {
            program: "/home/me/.cargo/bin/execsnoop-tui".into(),
            args: ["--filter", "pid > 3", "it's", "a|b", ""]
                .map(Into::into)
                .into(),
        };
        assert_eq!(
            command.sudo(),
            r"sudo /home/me/.cargo/bin/execsnoop-tui --filter 'pid > 3' 'it'\''s' 'a|b' ''"
        );
        assert_eq!(
            command.setcap(false),
            "sudo setcap cap_bpf,cap_perfmon+ep /home/me/.cargo/bin/execsnoop-tui"
        );
        command.program = "/usr/local/bin/execsnoop-tui".into();
        command.args.clear();
        assert_eq!(command.sudo(), "sudo execsnoop-tui");
        command.program = "/opt/my tools/execsnoop-tui".into();
        assert_eq!(
            command.setcap(true),
            "sudo setcap cap_bpf,cap_perfmon,cap_sys_resource+ep '/opt/my tools/execsnoop-tui'"
        );
    }

    #[test]
    fn type_data_is_told_by_its_first_bytes() {
        let magic = 0xEB9F_u16;
        assert_eq!(BtfFile::of(&magic.to_ne_bytes()), BtfFile::Btf);
        assert_eq!(
            BtfFile::of(&magic.swap_bytes().to_ne_bytes()),
            BtfFile::ForeignEndian
        );
        assert_eq!(BtfFile::of(b"\x7fELF"), BtfFile::Elf);
        assert_eq!(BtfFile::of(b""), BtfFile::Other);
    }
}
