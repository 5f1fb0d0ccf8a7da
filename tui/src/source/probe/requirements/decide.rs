//! How each requirement is decided: from the facts alone.

use super::facts::{Answer, Btf, BtfFile, Confinement, Facts, Lockdown, Tracing};
use super::{KernelVersion, State};
use crate::source::proc;
use nix::errno::Errno;

/// What a check found, and what to do about it.
pub(super) struct Finding(
    pub(super) State,
    pub(super) String,
    pub(super) Option<String>,
);

fn ok(detail: impl Into<String>) -> Finding {
    Finding(State::Ok, detail.into(), None)
}

fn missing(detail: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding(State::Missing, detail.into(), Some(remedy.into()))
}

fn warning(detail: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding(State::Warning, detail.into(), Some(remedy.into()))
}

fn unknown(detail: impl Into<String>) -> Finding {
    Finding(State::Unknown, detail.into(), None)
}

/// BPF ring buffers, CAP_BPF and CAP_PERFMON came with it.
pub(super) const OLDEST: KernelVersion = KernelVersion::new(5, 8, 0);
/// The oldest kernel that was tried.
const OLDEST_TRIED: KernelVersion = KernelVersion::new(5, 10, 0);
/// From here on BPF memory is no longer charged to RLIMIT_MEMLOCK.
const NO_MEMLOCK: KernelVersion = KernelVersion::new(5, 11, 0);

pub(super) fn kernel(facts: &Facts) -> Finding {
    let Some(version) = facts.kernel else {
        return unknown(format!("cannot tell the version of {}", facts.release));
    };
    let name = format!("Linux {version} ({})", facts.release);
    if version >= OLDEST_TRIED {
        ok(name)
    } else if version >= OLDEST {
        warning(
            format!("{name} should do, but 5.10 is the oldest that was tried"),
            "use 5.10 or later if something is amiss",
        )
    } else if facts.ring_buffer == Answer::No {
        missing(
            format!("{name} is too old: 5.8 is the first with BPF ring buffers"),
            "boot Linux 5.8 or later",
        )
    } else {
        warning(
            format!("{name} is older than 5.8, unless what it lacks was ported back to it"),
            "boot Linux 5.8 or later",
        )
    }
}

pub(super) fn capabilities(facts: &Facts) -> Finding {
    let caps = facts.capabilities;
    if caps.sys_admin {
        return ok("CAP_SYS_ADMIN");
    }
    if caps.suffice(facts.kernel) {
        return ok("CAP_BPF and CAP_PERFMON");
    }
    let lack = match (facts.knows_cap_bpf(), caps.bpf, caps.perfmon) {
        (false, _, _) => "CAP_SYS_ADMIN is missing",
        (true, false, false) => "CAP_BPF and CAP_PERFMON are missing",
        (true, true, _) => "CAP_PERFMON is missing (CAP_BPF is there)",
        (true, false, true) => "CAP_BPF is missing (CAP_PERFMON is there)",
    };
    let program = &facts.command;
    let remedy = if facts.confinement.initial_user_namespace == Some(false) {
        format!("{OUTSIDE}: `{}`", program.sudo())
    } else if facts.uid == 0 {
        "this root was stripped of them: give them back, in a container with \
         `--cap-add BPF --cap-add PERFMON` or `--privileged`"
            .into()
    } else if facts.confinement.no_new_privs {
        format!(
            "no_new_privs bars sudo and setcap here: from another session, run `{}`",
            program.sudo()
        )
    } else if facts.knows_cap_bpf() {
        format!(
            "run `{}`, or once `{}` (whoever may execute it then sees everybody's command lines)",
            program.sudo(),
            program.setcap(facts.kernel.is_some_and(|v| v < NO_MEMLOCK))
        )
    } else {
        format!("run `{}`", program.sudo())
    };
    missing(lack, remedy)
}

const OUTSIDE: &str = "run it outside this container or user namespace, on the host";

pub(super) fn user_namespace(facts: &Facts) -> Finding {
    match facts.confinement.initial_user_namespace {
        Some(true) => ok("the initial one"),
        None => unknown("cannot read /proc/self/ns/user"),
        Some(false) => missing(
            format!(
                "capabilities of another user namespace than the initial one do not count for BPF (uid map {})",
                facts.confinement.uid_map
            ),
            format!("{OUTSIDE}: `{}`", facts.command.sudo()),
        ),
    }
}

pub(super) fn lockdown(facts: &Facts) -> Finding {
    match &facts.lockdown {
        Lockdown::Absent => ok("none: this kernel has no lockdown"),
        Lockdown::NoSecurityfs => {
            unknown("securityfs is not mounted; the check of BPF helpers tells more")
        }
        Lockdown::Unreadable(error) => unknown(format!("cannot be read: {error}")),
        Lockdown::Text(text) => match bracketed(text) {
            Some("confidentiality") => missing(
                "kernel lockdown is at `confidentiality`, which forbids BPF programs to read kernel memory",
                "boot with `lockdown=integrity` or without `lockdown=` on the kernel command line",
            ),
            Some(level) => ok(level),
            None => unknown(format!("no level is marked in `{}`", text.trim())),
        },
    }
}

/// Returns the word in brackets of a list such as `none [integrity] confidentiality`.
fn bracketed(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('[')?;
    rest.split_once(']').map(|(word, _)| word)
}

pub(super) fn memlock(facts: &Facts) -> Finding {
    let Some(version) = facts.kernel else {
        return unknown("matters before Linux 5.11 only");
    };
    if version >= NO_MEMLOCK {
        return ok("not limited since Linux 5.11");
    }
    let Some((soft, hard)) = facts.memlock else {
        return unknown("RLIMIT_MEMLOCK cannot be read");
    };
    let need = facts.memlock_needed;
    if facts.capabilities.sys_resource {
        ok("will be raised, with CAP_SYS_RESOURCE")
    } else if soft >= need {
        ok(format!("{} KiB of it may be locked", soft / 1024))
    } else if hard >= need {
        ok("will be raised to its hard limit")
    } else {
        missing(
            format!(
                "RLIMIT_MEMLOCK is {} KiB, and the buffers need {} KiB before Linux 5.11",
                hard / 1024,
                need / 1024
            ),
            format!(
                "run `{}`, or raise the limit with `ulimit -l unlimited` as root",
                facts.command.sudo()
            ),
        )
    }
}

pub(super) fn btf(facts: &Facts) -> Finding {
    let Btf { path, given, file } = &facts.btf;
    let path = path.display();
    let with_option =
        "give this kernel's with `--btf FILE`, or boot a kernel with CONFIG_DEBUG_INFO_BTF=y";
    match file {
        BtfFile::Btf => ok(path.to_string()),
        BtfFile::ForeignEndian => missing(
            format!("{path} is BTF of a machine of the other byte order"),
            with_option,
        ),
        BtfFile::Elf => missing(
            format!("{path} is an ELF file, not BTF alone"),
            "cut the BTF out of it: `objcopy -O binary --only-section=.BTF \
             --set-section-flags .BTF=alloc VMLINUX FILE`",
        ),
        BtfFile::Other => missing(format!("{path} holds no BTF"), with_option),
        BtfFile::Unreadable(error) if *given => missing(
            format!("cannot read {path}: {error}"),
            "give a file of this kernel's BTF with `--btf FILE`",
        ),
        BtfFile::Unreadable(Errno::ENOENT) => missing(
            format!("this kernel does not describe its types: there is no {path}"),
            with_option,
        ),
        BtfFile::Unreadable(error) => missing(format!("cannot read {path}: {error}"), with_option),
    }
}

pub(super) fn ring_buffer(facts: &Facts) -> Finding {
    answer(
        facts,
        facts.ring_buffer,
        "a ring buffer",
        "boot Linux 5.8 or later",
    )
}

pub(super) fn raw_tracepoints(facts: &Facts) -> Finding {
    answer(
        facts,
        facts.raw_tracepoint,
        "a raw tracepoint program",
        "boot a kernel with CONFIG_BPF_EVENTS=y",
    )
}

fn answer(facts: &Facts, answer: Answer, what: &str, remedy: &str) -> Finding {
    match answer {
        Answer::Yes => ok(format!("{what} was made")),
        Answer::No => missing(format!("this kernel does not know {what}"), remedy),
        Answer::Refused => unknown(facts.refusal(what)),
        Answer::Failed(Errno::ENOSYS) => missing(
            "this kernel has no bpf system call, or a seccomp filter hides it",
            "boot a kernel with CONFIG_BPF_SYSCALL=y, or run it outside the container",
        ),
        Answer::Failed(error) => Finding(
            State::Missing,
            format!("{what} cannot be made: {error}"),
            None,
        ),
    }
}

pub(super) fn helpers(facts: &Facts) -> Finding {
    let lacking: Vec<_> = facts
        .helpers
        .iter()
        .filter(|(_, answer)| *answer == Answer::No)
        .map(|(name, _)| *name)
        .collect();
    if !lacking.is_empty() {
        let names = lacking.join(", ");
        let remedy = if lacking.contains(&"bpf_probe_read_kernel") {
            "boot Linux 5.8 or later without `lockdown=confidentiality`"
        } else {
            "boot Linux 5.8 or later"
        };
        return missing(format!("this kernel denies programs {names}"), remedy);
    }
    match facts.helpers.iter().find(|(_, a)| *a != Answer::Yes) {
        None => ok("all that the programs call"),
        Some((name, Answer::Failed(error))) => unknown(format!("{name} cannot be tried: {error}")),
        Some((name, _)) => unknown(facts.refusal(name)),
    }
}

pub(super) fn tracepoints(facts: &Facts) -> Finding {
    const INSTEAD: &str = "without them the end of every system call is looked at for failed execs, which costs a \
                           little, and before Linux 6.10 who the user was before an exec is not known";
    let sudo = facts.command.sudo();
    match &facts.tracing {
        Ok(Tracing { place, lacking }) => {
            let (absent, unreadable): (Vec<_>, Vec<_>) = lacking
                .iter()
                .partition(|(_, error)| *error == Errno::ENOENT);
            let names = |list: &[(&str, Errno)]| {
                let names: Vec<_> = list.iter().map(|(name, _)| *name).collect();
                names.join(", ")
            };
            if let Some((_, error)) = unreadable.first() {
                warning(
                    format!("cannot read {} ({error:?})", names(&unreadable)),
                    format!("{INSTEAD}; tracefs is root's: `{sudo}`"),
                )
            } else if !absent.is_empty() {
                warning(
                    format!("this kernel has no {}", names(&absent)),
                    format!("{INSTEAD}; a kernel with CONFIG_FTRACE_SYSCALLS=y has these"),
                )
            } else {
                ok(match place {
                    Some(path) => format!("tracefs at {}", path.display()),
                    None => "tracefs is not mounted, but can be, unseen by others".into(),
                })
            }
        }
        Err(error) if facts.uid == 0 => warning(
            error.clone(),
            format!("{INSTEAD}; or `mount -t tracefs tracefs /sys/kernel/tracing`"),
        ),
        Err(error) => warning(error.clone(), format!("{INSTEAD}; root can: `{sudo}`")),
    }
}

pub(super) fn unprivileged(facts: &Facts) -> Finding {
    let number = |n: Option<i64>| n.map_or_else(|| "?".into(), |n| n.to_string());
    let settings = format!(
        "kernel.unprivileged_bpf_disabled = {}, kernel.perf_event_paranoid = {}",
        number(facts.unprivileged_bpf_disabled),
        number(facts.perf_event_paranoid)
    );
    let paranoid = facts.perf_event_paranoid.is_some_and(|level| level > 2);
    if facts.can_use_bpf() && !facts.capabilities.sys_admin && paranoid {
        return warning(
            format!("{settings}: syscall tracepoints may need CAP_SYS_ADMIN"),
            format!(
                "run `{}`, or `sudo sysctl kernel.perf_event_paranoid=2`",
                facts.command.sudo()
            ),
        );
    }
    ok(settings)
}

pub(super) fn confinement(facts: &Facts) -> Finding {
    let Confinement {
        seccomp,
        no_new_privs,
        initial_pid_namespace,
        ..
    } = facts.confinement;
    let place = facts
        .confinement
        .container
        .as_deref()
        .map_or_else(String::new, |name| format!(" ({name})"));
    if facts.refused() && facts.can_use_bpf() {
        return if seccomp {
            missing(
                format!("a seccomp filter{place} refuses the bpf system call (EPERM)"),
                "run it on the host, or the container with `--privileged --pid=host`",
            )
        } else {
            missing(
                "the kernel refuses the bpf system call (EPERM) although the capabilities suffice",
                "look for a security module's rule (SELinux, AppArmor) in the kernel's log",
            )
        };
    }
    if initial_pid_namespace == Some(false) {
        return warning(
            format!("a pid namespace of its own{place}: what already runs outside has no name"),
            "run it on the host, or the container with `--pid=host`",
        );
    }
    let found: Vec<_> = [
        (seccomp, "a seccomp filter"),
        (no_new_privs, "no_new_privs"),
    ]
    .into_iter()
    .filter_map(|(on, name)| on.then_some(name))
    .collect();
    ok(match found.as_slice() {
        [] => "none".into(),
        some => format!("{}, not in the way", some.join(" and ")),
    })
}

pub(super) fn processes(facts: &Facts) -> Finding {
    if facts.sees_pid_1 {
        return ok("every process");
    }
    warning(proc::HIDDEN, format!("run `{}`", facts.command.sudo()))
}

pub(super) fn rights(facts: &Facts) -> Finding {
    let user = match &facts.becomes {
        Some(name) => format!("those of {name}"),
        None => format!("those of uid {}", facts.uid),
    };
    let rest = "CAP_BPF and CAP_PERFMON in one thread, nothing by exec";
    if facts.can_fence {
        return ok(format!(
            "{user}, {rest}; a filter of system calls (seccomp)"
        ));
    }
    warning(
        format!("{user}, {rest}; all system calls, as this kernel has no seccomp filters"),
        "a kernel with CONFIG_SECCOMP_FILTER=y has them",
    )
}
