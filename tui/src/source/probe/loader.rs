//! The probe's way into the kernel: offsets and settings in, maps made.

use super::attach::{self, Hooks, PREPARE};
use super::btf::Btf;
use super::hold::Hold;
use super::only::Only;
use super::tracefs::with_tracefs;
use crate::event::Missing;
use crate::source::proc;
use anyhow::{Context, Result, anyhow, bail};
use aya::maps::{Map, MapData, ProgramArray};
use aya::programs::ProgramType;
use aya::sys::{BpfHelper, is_helper_supported};
use aya::util::KernelVersion;
use aya::{Ebpf, EbpfLoader};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::chroot;
use probe_common::Counter;
use probe_common::limits::NONE;
use probe_common::members::{MEMBERS, Member, knob};
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The probe, built and committed by `cargo xtask build-ebpf`.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../assets/execsnoop.bpf.o"
));

/// Where the running kernel describes its types.
pub const KERNEL_BTF: &str = "/sys/kernel/btf/vmlinux";

/// Largest file of type information that is taken.
const BTF_MAX: u64 = 256 << 20;

/// What the probe is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of the ring buffer; the kernel wants a power of two of pages, and is given one.
    pub ring_size: u32,
    /// The kernel's type information, if not where the kernel has it itself.
    pub btf: Option<PathBuf>,
    /// Whether exits are told.
    pub exits: bool,
    /// Whether forks are told, and then the exits of what never executed anything.
    pub forks: bool,
    /// Which processes are captured.
    pub only: Only,
    /// Most bytes of arguments, and of environment, that are captured of an exec.
    pub max_arg_bytes: u32,
    /// Whether the environment is captured.
    pub env: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ring_size: usual_ring_size(proc::cpus()),
            btf: None,
            exits: true,
            forks: false,
            only: Only::default(),
            max_arg_bytes: 128 << 10,
            env: false,
        }
    }
}

/// The arrays by which programs go on in others.
pub(crate) struct Rounds {
    pub(super) failed: ProgramArray<MapData>,
    pub(super) raw: ProgramArray<MapData>,
    pub(super) parts: ProgramArray<MapData>,
    pub(super) perf_parts: ProgramArray<MapData>,
}

/// Numbers of `execve` and `execveat`, of 64-bit and of 32-bit programs, and the bits by which a call is one of
/// the latter: `TS_COMPAT` in `thread_info.status`, `PSR_MODE32_BIT` in `pt_regs.pstate`.
const CALLS: [u32; 5] = if cfg!(target_arch = "x86_64") {
    [59, 322, 11, 358, 2]
} else {
    [221, 281, 11, 387, 0x10]
};

/// The first kernel that does not take the program's own byte off an address itself where a probe reads.
const TAGS_LEFT: KernelVersion = KernelVersion::new(6, 3, 0);

/// Returns those bits of the high half of a user address that are address: on arm64 the highest byte is the
/// program's own. Where the kernel takes it off itself it stays, since memory may be tagged too.
fn address_high() -> u32 {
    if cfg!(target_arch = "aarch64") && attach::is_since(TAGS_LEFT) {
        0x00ff_ffff
    } else {
        u32::MAX
    }
}

/// The probe in the kernel: dropping it takes it out again.
pub(crate) struct Loaded {
    /// What keeps programs attached. Declared first: who goes on in another program finds it until the end.
    pub(super) holds: Vec<Hold>,
    pub(crate) ebpf: Ebpf,
    /// Where programs find those that they go on in; they are emptied when this is dropped.
    pub(super) rounds: Rounds,
    /// Facts that this kernel cannot give.
    pub(crate) missing: Missing,
    /// What else is not as it should be, a sentence each.
    pub(crate) problems: Vec<String>,
    /// The tracepoints that programs are attached to.
    pub(crate) attached: Vec<&'static str>,
    /// Processes that the capture filter had no room for from the start.
    pub(crate) untracked: u64,
    /// The number of perf's event at the end of system calls, where programs of raw tracepoints are preempted.
    pub(super) call_end: Option<u64>,
}

/// Loads and attaches the programs.
pub(crate) fn load(options: &Options) -> Result<Loaded> {
    check_version(OBJECT)?;
    // Both may read the kernel's types, which takes a while: at the same time.
    let (btf, loader) = std::thread::scope(|scope| {
        let loader = std::thread::Builder::new().spawn_scoped(scope, loader_without_types);
        let btf = read_btf(options.btf.as_deref());
        // Where no thread is to be had, one after the other: this one keeps its root.
        (
            btf,
            loader.map_or_else(|_| Ok(EbpfLoader::new()), |loader| loader.join()),
        )
    });
    let btf = btf?;
    let mut loader = loader.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let (offsets, missing) = resolve(&btf)?;
    for (member, offset) in MEMBERS.iter().zip(&offsets) {
        loader.override_global(member.global, offset, true);
    }
    let flag = |on: bool| u32::from(on);
    let subsystem = |name| btf.enumerator("cgroup_subsys_id", name).unwrap_or(NONE);
    let task_regs = is_helper_supported(ProgramType::TracePoint, BpfHelper::BPF_FUNC_task_pt_regs);
    let task_btf = is_helper_supported(
        ProgramType::TracePoint,
        BpfHelper::BPF_FUNC_get_current_task_btf,
    );
    let prepared = btf.tracepoint_args(PREPARE).is_some();
    let event_fields = MEMBERS.iter().zip(&offsets);
    let event_fields = event_fields
        .filter(|(member, _)| member.of.starts_with("trace_event_raw_"))
        .all(|(_, offset)| *offset != NONE);
    let hooks = Hooks {
        prepared,
        perf: event_fields && attach::raw_is_preemptible(),
    };
    let [execve, execveat, execve32, execveat32, compat] = CALLS;
    let knobs = [
        (knob::NUMBER_EXECVE, execve),
        (knob::NUMBER_EXECVEAT, execveat),
        (knob::NUMBER32_EXECVE, execve32),
        (knob::NUMBER32_EXECVEAT, execveat32),
        (knob::COMPAT_MASK, compat),
        (knob::ADDRESS_HIGH, address_high()),
        (knob::NOTE_KEY, RandomState::new().hash_one(()) as u32),
        (knob::ALL_EXITS, flag(options.forks)),
        (
            knob::EXIT_HAS_GROUP_DEAD,
            flag(btf.tracepoint_args("sched_process_exit") == Some(2)),
        ),
        (knob::DIRECT, flag(task_btf.unwrap_or(false))),
        (knob::MAX_ARG_BYTES, options.max_arg_bytes),
        (knob::CAPTURE_ENV, flag(options.env)),
        (knob::HAS_TASK_REGS, flag(task_regs.unwrap_or(false))),
        (knob::PREPARED, flag(prepared)),
        (knob::SUBSYS_MEMORY, subsystem("memory_cgrp_id")),
        (knob::SUBSYS_PIDS, subsystem("pids_cgrp_id")),
    ];
    let only = &options.only;
    only.check(&missing)?;
    let of_filter = only.knobs(options.forks);
    for (name, value) in knobs.iter().chain(&of_filter) {
        loader.override_global(name, value, true);
    }
    for (map, size) in only.sizes() {
        loader.map_max_entries(map, size);
    }
    loader.map_max_entries("EVENTS", ring_size(options.ring_size));
    loader.map_max_entries("COUNTERS", possible_cpus()? * Counter::PLACES);
    let mut ebpf = loader.load(OBJECT).context(
        "the kernel refused the probe's maps; where memory is short, --ring-size asks for less",
    )?;
    only.fill(&mut ebpf)?;
    let rounds = Rounds {
        failed: take_map(&mut ebpf, "ROUNDS")?.try_into()?,
        raw: take_map(&mut ebpf, "RAW_ROUNDS")?.try_into()?,
        parts: take_map(&mut ebpf, "PART_ROUNDS")?.try_into()?,
        perf_parts: take_map(&mut ebpf, "PERF_PART_ROUNDS")?.try_into()?,
    };
    let mut loaded = Loaded {
        ebpf,
        rounds,
        missing,
        problems: Vec::new(),
        attached: Vec::new(),
        untracked: 0,
        call_end: None,
        holds: Vec::new(),
    };
    match with_tracefs(|tracefs| loaded.attach(options, hooks, Ok(tracefs))) {
        Ok(attached) => attached?,
        Err(error) => loaded.attach(options, hooks, Err(error))?,
    }
    Ok(loaded)
}

/// Makes a loader on a thread that ends with it. It would read all of the kernel's types, though no program here is
/// relocated by them, so it looks for them where there are none, if the thread may change its root.
fn loader_without_types() -> EbpfLoader<'static> {
    let elsewhere = unshare(CloneFlags::CLONE_FS).and_then(|()| chroot("/sys/kernel/btf"));
    // Else they are read for nothing.
    let _ = elsewhere;
    EbpfLoader::new()
}

/// Takes a map out of the object, for whoever keeps it.
pub(crate) fn take_map(ebpf: &mut Ebpf, name: &str) -> Result<Map> {
    ebpf.take_map(name)
        .with_context(|| format!("the probe has no map {name}"))
}

/// Takes an object of the layout that this program reads, and no other.
fn check_version(object: &[u8]) -> Result<()> {
    if memchr::memmem::find(object, probe_common::ABI_SYMBOL.as_bytes()).is_some() {
        return Ok(());
    }
    bail!(
        "assets/execsnoop.bpf.o is not of record layout {}: build it anew with `cargo xtask build-ebpf`",
        probe_common::ABI_VERSION
    )
}

fn read_btf(file: Option<&Path>) -> Result<Btf> {
    let path = file.unwrap_or(Path::new(KERNEL_BTF));
    if let Some(file) = file {
        check_file(file)?;
    }
    let bytes = std::fs::read(path).with_context(|| {
        format!(
            "cannot read the kernel's type information (BTF) from {}: name a file that has it with --btf, \
             or run a kernel built with CONFIG_DEBUG_INFO_BTF=y",
            path.display()
        )
    })?;
    let wanted = |name: &[u8]| {
        name == b"cgroup_subsys_id" || MEMBERS.iter().any(|member| member.of.as_bytes() == name)
    };
    Btf::parse(bytes, wanted).with_context(|| {
        format!(
            "{} is not the type information (BTF) of a kernel",
            path.display()
        )
    })
}

/// Takes a regular file of sane size, and from who is not root only one of root's: offsets that
/// a user chose would let a program with privileges read any of the kernel's memory for him.
fn check_file(path: &Path) -> Result<()> {
    let shown = path.display();
    let remedy = "name a file that has the kernel's BTF, such as a copy of /sys/kernel/btf/vmlinux";
    let found = std::fs::metadata(path)
        .with_context(|| format!("cannot read the file of --btf, {shown}: {remedy}"))?;
    if !found.is_file() || found.len() > BTF_MAX {
        bail!("{shown} is not the type information (BTF) of a kernel: {remedy}");
    }
    if !nix::unistd::geteuid().is_root() && (found.uid() != 0 || found.mode() & 0o022 != 0) {
        bail!("{shown} is not root's alone, so --btf takes it only from root: run it with sudo");
    }
    Ok(())
}

/// Looks up every member: the offsets in the table's order, and the facts that are lost.
fn resolve(btf: &Btf) -> Result<(Vec<u32>, Missing)> {
    let mut missing = Missing::new();
    let mut offsets = Vec::with_capacity(MEMBERS.len());
    for Member {
        of, path, facts, ..
    } in MEMBERS
    {
        let offset = path.split('|').find_map(|path| btf.offset(of, path));
        if offset.is_none() {
            if facts.is_empty() {
                return Err(anyhow!(
                    "this kernel's {of} has no {path}, which the probe needs: please report the kernel's version"
                ));
            }
            for fact in facts.iter().filter(|fact| !fact.is_empty()) {
                if !missing.iter().any(|(key, _)| key == fact) {
                    missing.push((
                        (*fact).into(),
                        format!("this kernel has no {of}.{path}").into(),
                    ));
                }
            }
        }
        offsets.push(offset.unwrap_or(NONE));
    }
    Ok((offsets, missing))
}

/// Returns how many CPUs there may ever be, with those numbers that are left out.
fn possible_cpus() -> Result<u32> {
    const POSSIBLE: &str = "/sys/devices/system/cpu/possible";
    let list = std::fs::read_to_string(POSSIBLE);
    let list = list.with_context(|| format!("cannot read {POSSIBLE}: mount sysfs at /sys"))?;
    end_of(&list).with_context(|| format!("{POSSIBLE} is no list of numbers"))
}

/// Returns the number after the last one of a list such as `0-3,8-11`.
fn end_of(list: &str) -> Option<u32> {
    let last = list.trim().rsplit(['-', ',']).next()?;
    last.parse::<u32>().ok()?.checked_add(1)
}

/// Returns the bytes of a ring buffer that loses nothing while user space stands still for a second, at 5,000 execs a
/// second on each of so many CPUs: with its end an exec of a build takes 550 bytes.
fn usual_ring_size(cpus: u64) -> u32 {
    (cpus.clamp(2, 16) as u32 * (4 << 20)).next_power_of_two()
}

/// Rounds up to a power of two of at least a page.
fn ring_size(bytes: u32) -> u32 {
    bytes
        .max(4096)
        .checked_next_power_of_two()
        .unwrap_or(1 << 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_object_is_of_this_layout() {
        check_version(OBJECT).unwrap();
        let error = check_version(b"\x7fELF").unwrap_err().to_string();
        assert!(error.contains("cargo xtask build-ebpf"), "{error}");
    }

    #[test]
    fn the_usual_ring_grows_with_the_machine() {
        let sizes = [0, 1, 2, 3, 4, 16, 1000].map(usual_ring_size);
        assert_eq!(sizes.map(|size| size >> 20), [8, 8, 8, 16, 16, 64, 64]);
    }

    #[test]
    fn ring_sizes_are_powers_of_two() {
        assert_eq!(ring_size(0), 4096);
        assert_eq!(ring_size(5000), 8192);
        assert_eq!(ring_size(16 << 20), 16 << 20);
        assert_eq!(ring_size(u32::MAX), 1 << 31);
    }

    #[test]
    fn cpus_are_counted_to_the_last() {
        assert_eq!(end_of("0\n"), Some(1));
        assert_eq!(end_of("0-127\n"), Some(128));
        assert_eq!(end_of("0-3,8-11\n"), Some(12));
        assert_eq!(end_of("\n"), None);
        assert!(possible_cpus().unwrap() >= 1);
    }

    #[test]
    fn a_file_that_is_no_btf_is_named() {
        let error = format!("{:#}", read_btf(Some(Path::new("/dev/null"))).unwrap_err());
        assert!(
            error.contains("/dev/null") && error.contains("BTF"),
            "{error}"
        );
        let error = format!(
            "{:#}",
            read_btf(Some(Path::new("/nonexistent"))).unwrap_err()
        );
        assert!(error.contains("--btf"), "{error}");
    }
}
