//! Every outcome of every check, on machines that are made up.

use super::*;
use nix::errno::Errno;

/// A machine on which everything works, seen by root.
fn good() -> Facts {
    Facts {
        kernel: Some(KernelVersion::new(6, 18, 44)),
        release: "6.18.44-generic".into(),
        uid: 0,
        capabilities: Capabilities {
            bpf: true,
            perfmon: true,
            sys_admin: true,
            sys_resource: true,
        },
        lockdown: Lockdown::Text("[none] integrity confidentiality\n".into()),
        memlock: Some((65536, 65536)),
        memlock_needed: 16 << 20,
        btf: Btf {
            path: "/sys/kernel/btf/vmlinux".into(),
            given: false,
            file: BtfFile::Btf,
        },
        ring_buffer: Answer::Yes,
        raw_tracepoint: Answer::Yes,
        helpers: vec![
            ("bpf_probe_read_kernel", Answer::Yes),
            ("bpf_ringbuf_output", Answer::Yes),
        ],
        tracing: Ok(Tracing {
            place: Some("/sys/kernel/tracing".into()),
            lacking: Vec::new(),
        }),
        unprivileged_bpf_disabled: Some(2),
        perf_event_paranoid: Some(2),
        confinement: Confinement {
            initial_user_namespace: Some(true),
            initial_pid_namespace: Some(true),
            uid_map: "0 0 4294967295".into(),
            ..Confinement::default()
        },
        sees_pid_1: true,
        becomes: None,
        can_fence: true,
        command: Command {
            program: "/usr/bin/execsnoop-tui".into(),
            args: vec!["-x".into()],
        },
    }
}

/// The same machine, seen by a user without any rights.
fn user() -> Facts {
    let mut facts = good();
    facts.uid = 1000;
    facts.capabilities = Capabilities::default();
    facts.ring_buffer = Answer::Refused;
    facts.raw_tracepoint = Answer::Refused;
    facts.helpers = vec![("bpf_probe_read_kernel", Answer::Refused)];
    facts.tracing = Err("cannot make a mount namespace for tracefs: EPERM".into());
    facts
}

fn found(facts: &Facts, key: &str) -> Check {
    let checks = check(facts);
    checks.into_iter().find(|c| c.key == key).unwrap()
}

#[track_caller]
fn expect(facts: &Facts, key: &str, state: State, says: &str) {
    let check = found(facts, key);
    let remedy = check.remedy.clone().unwrap_or_default();
    let text = format!("{}; {remedy}", check.detail);
    assert_eq!(check.state, state, "{text}");
    assert!(text.contains(says), "{says:?} is not in {text:?}");
}

#[track_caller]
fn obstacle(facts: &Facts, sentence: &str) {
    let error = first_obstacle(&check(facts)).map(|e| e.to_string());
    assert_eq!(error.as_deref(), Some(sentence));
}

#[test]
fn a_good_machine_is_all_ok() {
    let checks = check(&good());
    assert!(checks.iter().all(|c| c.state == State::Ok), "{checks:#?}");
    assert!(checks.iter().all(|c| c.remedy.is_none()));
    assert!(first_obstacle(&checks).is_none());
}

#[test]
fn keys_and_titles_are_unique_and_plain() {
    for (i, (key, title, _)) in CHECKS.iter().enumerate() {
        assert!(key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        assert!(title.is_ascii());
        let later = CHECKS.iter().skip(i + 1);
        assert!(later.clone().all(|(k, t, _)| k != key && t != title));
    }
}

#[test]
fn what_is_missing_or_warned_of_comes_with_a_remedy() {
    let mut sick = user();
    sick.kernel = Some(KernelVersion::new(5, 4, 0));
    sick.ring_buffer = Answer::No;
    sick.lockdown = Lockdown::Text("none integrity [confidentiality]".into());
    sick.btf.file = BtfFile::Unreadable(Errno::ENOENT);
    sick.capabilities.bpf = true;
    sick.sees_pid_1 = false;
    for check in check(&sick) {
        let bad = matches!(check.state, State::Missing | State::Warning);
        assert_eq!(bad, check.remedy.is_some(), "{check:?}");
    }
}

#[test]
fn kernels() {
    let mut facts = good();
    for (version, ring, state, says) in [
        (
            (6, 1, 0),
            Answer::Yes,
            State::Ok,
            "Linux 6.1.0 (6.18.44-generic)",
        ),
        ((5, 8, 0), Answer::Yes, State::Warning, "5.10 is the oldest"),
        ((5, 7, 9), Answer::No, State::Missing, "is too old: 5.8 is"),
        ((4, 18, 0), Answer::Yes, State::Warning, "ported back"),
        (
            (4, 18, 0),
            Answer::Refused,
            State::Warning,
            "boot Linux 5.8",
        ),
    ] {
        let (major, minor, patch) = version;
        facts.kernel = Some(KernelVersion::new(major, minor, patch));
        facts.ring_buffer = ring;
        expect(&facts, "kernel", state, says);
    }
    facts.kernel = None;
    expect(&facts, "kernel", State::Unknown, "6.18.44-generic");
}

#[test]
fn a_too_old_kernel_is_the_first_obstacle() {
    let mut facts = good();
    facts.kernel = Some(KernelVersion::new(4, 19, 0));
    facts.release = "4.19.0-27-amd64".into();
    facts.ring_buffer = Answer::No;
    obstacle(
        &facts,
        "Linux 4.19.0 (4.19.0-27-amd64) is too old: 5.8 is the first with BPF ring buffers; \
         boot Linux 5.8 or later",
    );
}

#[test]
fn a_user_without_rights_gets_the_command_to_run() {
    obstacle(
        &user(),
        "CAP_BPF and CAP_PERFMON are missing; run `sudo execsnoop-tui -x`, or once \
         `sudo setcap cap_bpf,cap_perfmon+ep /usr/bin/execsnoop-tui` (whoever may execute it then sees everybody's command lines)",
    );
    for key in ["ring_buffer", "raw_tracepoints", "helpers"] {
        expect(&user(), key, State::Unknown, "see capabilities");
    }
    expect(
        &user(),
        "tracepoints",
        State::Warning,
        "root can: `sudo execsnoop-tui -x`",
    );
    expect(&user(), "confinement", State::Ok, "none");
}

#[test]
fn capability_sets() {
    let mut facts = user();
    let caps = |bpf, perfmon| Capabilities {
        bpf,
        perfmon,
        ..Capabilities::default()
    };
    facts.capabilities = caps(true, false);
    expect(
        &facts,
        "capabilities",
        State::Missing,
        "CAP_PERFMON is missing (CAP_BPF",
    );
    facts.capabilities = caps(false, true);
    expect(
        &facts,
        "capabilities",
        State::Missing,
        "CAP_BPF is missing (CAP_PERF",
    );
    facts.capabilities = caps(true, true);
    expect(&facts, "capabilities", State::Ok, "CAP_BPF and CAP_PERFMON");

    facts.kernel = Some(KernelVersion::new(5, 10, 0));
    facts.capabilities = caps(false, false);
    expect(
        &facts,
        "capabilities",
        State::Missing,
        "cap_perfmon,cap_sys_resource+ep",
    );

    facts.kernel = Some(KernelVersion::new(4, 18, 0));
    facts.capabilities = caps(true, true);
    expect(
        &facts,
        "capabilities",
        State::Missing,
        "CAP_SYS_ADMIN is missing; run `sudo",
    );
    facts.capabilities.sys_admin = true;
    expect(&facts, "capabilities", State::Ok, "CAP_SYS_ADMIN");
}

#[test]
fn remedies_for_missing_capabilities_work_where_one_stands() {
    let mut facts = user();
    facts.confinement.no_new_privs = true;
    expect(
        &facts,
        "capabilities",
        State::Missing,
        "no_new_privs bars sudo",
    );
    facts.uid = 0;
    expect(&facts, "capabilities", State::Missing, "--cap-add BPF");
    facts.confinement.initial_user_namespace = Some(false);
    expect(
        &facts,
        "capabilities",
        State::Missing,
        "on the host: `sudo execsnoop-tui -x`",
    );
}

#[test]
fn root_of_a_user_namespace_is_no_root() {
    let mut facts = good();
    facts.ring_buffer = Answer::Refused;
    facts.confinement.initial_user_namespace = Some(false);
    facts.confinement.uid_map = "0 1000 1".into();
    obstacle(
        &facts,
        "capabilities of another user namespace than the initial one do not count for BPF \
         (uid map 0 1000 1); run it outside this container or user namespace, on the host: \
         `sudo execsnoop-tui -x`",
    );
    facts.confinement.initial_user_namespace = None;
    expect(
        &facts,
        "user_namespace",
        State::Unknown,
        "/proc/self/ns/user",
    );
}

#[test]
fn lockdown_levels() {
    let mut facts = good();
    for (lockdown, state, says) in [
        (
            Lockdown::Text("none [integrity] confidentiality".into()),
            State::Ok,
            "integrity",
        ),
        (
            Lockdown::Text("none integrity [confidentiality]\n".into()),
            State::Missing,
            "is at `confidentiality`",
        ),
        (Lockdown::Text("]x[".into()), State::Unknown, "no level"),
        (Lockdown::Absent, State::Ok, "has no lockdown"),
        (Lockdown::NoSecurityfs, State::Unknown, "securityfs"),
        (
            Lockdown::Unreadable(Errno::EACCES),
            State::Unknown,
            "EACCES",
        ),
    ] {
        facts.lockdown = lockdown;
        expect(&facts, "lockdown", state, says);
    }
}

#[test]
fn memlock_matters_on_old_kernels_only() {
    let mut facts = good();
    facts.capabilities.sys_resource = false;
    expect(&facts, "memlock", State::Ok, "not limited");
    facts.kernel = Some(KernelVersion::new(5, 10, 223));
    expect(
        &facts,
        "memlock",
        State::Missing,
        "is 64 KiB, and the buffers need 16384 KiB",
    );
    facts.memlock = Some((65536, u64::MAX));
    expect(&facts, "memlock", State::Ok, "hard limit");
    facts.memlock = Some((u64::MAX, u64::MAX));
    expect(&facts, "memlock", State::Ok, "may be locked");
    facts.memlock = Some((0, 0));
    facts.capabilities.sys_resource = true;
    expect(&facts, "memlock", State::Ok, "CAP_SYS_RESOURCE");
}

#[test]
fn type_data() {
    let mut facts = good();
    facts.btf.file = BtfFile::Unreadable(Errno::ENOENT);
    obstacle(
        &facts,
        "this kernel does not describe its types: there is no /sys/kernel/btf/vmlinux; \
         give this kernel's with `--btf FILE`, or boot a kernel with CONFIG_DEBUG_INFO_BTF=y",
    );
    facts.btf.path = "/tmp/x.btf".into();
    facts.btf.given = true;
    for (file, says) in [
        (
            BtfFile::Unreadable(Errno::ENOENT),
            "cannot read /tmp/x.btf: ENOENT",
        ),
        (BtfFile::ForeignEndian, "other byte order"),
        (BtfFile::Elf, "objcopy"),
        (BtfFile::Other, "/tmp/x.btf holds no BTF"),
    ] {
        facts.btf.file = file;
        expect(&facts, "btf", State::Missing, says);
    }
    facts.btf.file = BtfFile::Btf;
    expect(&facts, "btf", State::Ok, "/tmp/x.btf");
}

#[test]
fn answers_of_the_kernel() {
    let mut facts = good();
    facts.raw_tracepoint = Answer::No;
    expect(
        &facts,
        "raw_tracepoints",
        State::Missing,
        "CONFIG_BPF_EVENTS",
    );
    facts.raw_tracepoint = Answer::Failed(Errno::ENOSYS);
    expect(
        &facts,
        "raw_tracepoints",
        State::Missing,
        "no bpf system call",
    );
    facts.raw_tracepoint = Answer::Failed(Errno::ENOMEM);
    expect(&facts, "raw_tracepoints", State::Missing, "ENOMEM");

    facts.helpers = vec![("bpf_ringbuf_output", Answer::No)];
    expect(
        &facts,
        "helpers",
        State::Missing,
        "bpf_ringbuf_output; boot Linux 5.8 or later",
    );
    facts.helpers = vec![("bpf_probe_read_kernel", Answer::No)];
    expect(
        &facts,
        "helpers",
        State::Missing,
        "lockdown=confidentiality",
    );
    facts.helpers = vec![("bpf_x", Answer::Failed(Errno::ENOMEM))];
    expect(&facts, "helpers", State::Unknown, "bpf_x cannot be tried");
}

#[test]
fn tracepoints_are_never_required() {
    let mut facts = good();
    let lack = |place: Option<&str>, lacking: &[(&'static str, Errno)]| {
        Ok(Tracing {
            place: place.map(Into::into),
            lacking: lacking.to_vec(),
        })
    };
    facts.tracing = lack(None, &[]);
    expect(&facts, "tracepoints", State::Ok, "not mounted, but can be");
    facts.tracing = lack(None, &[("a/b", Errno::ENOENT), ("a/c", Errno::ENOENT)]);
    expect(&facts, "tracepoints", State::Warning, "has no a/b, a/c");
    expect(
        &facts,
        "tracepoints",
        State::Warning,
        "CONFIG_FTRACE_SYSCALLS",
    );
    facts.tracing = lack(Some("/t"), &[("a/b", Errno::EACCES)]);
    expect(
        &facts,
        "tracepoints",
        State::Warning,
        "cannot read a/b (EACCES)",
    );
    expect(
        &facts,
        "tracepoints",
        State::Warning,
        "tracefs is root's: `sudo",
    );
    facts.tracing = Err("cannot mount tracefs: ENODEV".into());
    expect(&facts, "tracepoints", State::Warning, "ENODEV");
    expect(&facts, "tracepoints", State::Warning, "`mount -t tracefs");
}

#[test]
fn few_capabilities_and_a_paranoid_kernel() {
    let mut facts = good();
    facts.perf_event_paranoid = Some(3);
    expect(&facts, "unprivileged", State::Ok, "paranoid = 3");
    facts.capabilities.sys_admin = false;
    expect(
        &facts,
        "unprivileged",
        State::Warning,
        "kernel.perf_event_paranoid=2",
    );
    facts.perf_event_paranoid = None;
    expect(&facts, "unprivileged", State::Ok, "paranoid = ?");
}

#[test]
fn refusals_in_spite_of_capabilities_have_a_cause() {
    let mut facts = good();
    facts.ring_buffer = Answer::Refused;
    expect(
        &facts,
        "ring_buffer",
        State::Unknown,
        "see confinement below",
    );
    obstacle(
        &facts,
        "the kernel refuses the bpf system call (EPERM) although the capabilities suffice; \
         look for a security module's rule (SELinux, AppArmor) in the kernel's log",
    );
    facts.confinement.seccomp = true;
    facts.confinement.container = Some("Docker".into());
    obstacle(
        &facts,
        "a seccomp filter (Docker) refuses the bpf system call (EPERM); \
         run it on the host, or the container with `--privileged --pid=host`",
    );
}

#[test]
fn walls_that_are_not_in_the_way() {
    let mut facts = good();
    facts.confinement.seccomp = true;
    facts.confinement.no_new_privs = true;
    expect(
        &facts,
        "confinement",
        State::Ok,
        "a seccomp filter and no_new_privs, not",
    );
    facts.confinement.initial_pid_namespace = Some(false);
    expect(&facts, "confinement", State::Warning, "--pid=host");
    facts.sees_pid_1 = false;
    expect(&facts, "processes", State::Warning, "hidepid");
}

#[test]
fn an_obstacle_cannot_act_on_a_terminal() {
    let mut facts = good();
    facts.btf.path = "/tmp/\x1b]0;x".into();
    facts.btf.file = BtfFile::Other;
    let error = first_obstacle(&check(&facts)).unwrap().to_string();
    assert!(error.starts_with("/tmp/\\e]0;x holds no BTF"), "{error}");
}

#[test]
fn this_machine_can_be_read_by_anybody() {
    let before = std::time::Instant::now();
    let facts = Facts::read(Request::default());
    eprintln!("read in {:?}: {facts:#?}", before.elapsed());
    eprintln!("{:#?}", check(&facts));
    assert!(facts.kernel.is_some());
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn nothing_is_in_the_way_of_root_here() {
    let checks = check(&Facts::read(Request::default()));
    assert!(first_obstacle(&checks).is_none(), "{checks:#?}");
}

#[test]
fn the_rights_that_are_left_are_told() {
    let mut facts = good();
    expect(&facts, "rights", State::Ok, "those of uid 0, CAP_BPF and");
    facts.becomes = Some("alice".into());
    expect(&facts, "rights", State::Ok, "those of alice, CAP_BPF and");
    facts.can_fence = false;
    expect(&facts, "rights", State::Warning, "CONFIG_SECCOMP_FILTER=y");
}
