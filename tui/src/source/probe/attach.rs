//! The probe's programs: verified, attached to what they are about, and taken out again.

use super::hold::Hold;
use super::loader::{Loaded, Options, Rounds};
use super::only;
use anyhow::{Context, Result};
use aya::Ebpf;
use aya::maps::{MapData, ProgramArray};
use aya::programs::{Program, ProgramError, RawTracePoint, TracePoint};
use aya::util::KernelVersion;
use perf_event::Builder;
use perf_event::events::Tracepoint;
use probe_common::go_on;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

/// The syscall tracepoints that tell of failed execs.
const ENDS: [(&str, &str); 2] = [
    ("exit_exec", "sys_exit_execve"),
    ("exit_exec", "sys_exit_execveat"),
];

/// Those that tell of their begins, where [`PREPARE`] is not. Attached after the ends: a call whose begin
/// alone was seen leaves an entry for nothing.
const BEGINS: [(&str, &str); 2] = [
    ("enter_execve", "sys_enter_execve"),
    ("enter_execveat", "sys_enter_execveat"),
];

/// The raw tracepoint that tells of an exec before the point of no return, since Linux 6.10.
pub(super) const PREPARE: &str = "sched_prepare_exec";

/// The tracepoints of every exec that succeeds, and of the end of every thread.
const EXEC: &str = "sched_process_exec";
const EXIT: &str = "sched_process_exit";

/// The raw tracepoint of the end of every system call.
const CALL_END: &str = "sys_exit";

/// The programs of each kind, all of which are needed.
const BY_RAW: [&str; 5] = [
    "process_exec",
    "exec_up",
    "send_parts",
    "exit_threads",
    "process_exit",
];
const BY_PERF: [&str; 5] = [
    "perf_exec",
    "perf_up",
    "perf_parts",
    "perf_threads",
    "perf_exit",
];
const FAILED: [&str; 3] = ["exit_exec", "failed_up", "read_round"];
const FAILED_RAW: [&str; 3] = ["raw_exit", "raw_up", "raw_round"];

/// Programs that only note something for others: what one of them skips is no lost record.
const NOTING: [&str; 3] = ["prepare_exec", "enter_execve", "enter_execveat"];

/// Lines of the verifier's that are told: an instruction, what it works on, what is wrong with it.
const VERIFIER_LINES: usize = 4;

/// The first kernel that runs raw tracepoint programs with preemption on.
const PREEMPTIBLE: KernelVersion = KernelVersion::new(6, 19, 0);

/// What this kernel has to attach to.
#[derive(Clone, Copy)]
pub(super) struct Hooks {
    /// [`PREPARE`].
    pub(super) prepared: bool,
    /// The tracepoints of perf are better than raw ones, and have all that is read of them.
    pub(super) perf: bool,
}

/// Returns whether raw tracepoint programs are preempted: then others miss what happens meanwhile.
pub(super) fn raw_is_preemptible() -> bool {
    is_since(PREEMPTIBLE)
}

/// Returns whether the running kernel is of this version or a later one.
pub(super) fn is_since(version: KernelVersion) -> bool {
    KernelVersion::current().is_ok_and(|running| running >= version)
}

impl Loaded {
    /// Attaches all programs, with `tracefs` or the reason why it cannot be had.
    pub(super) fn attach(
        &mut self,
        options: &Options,
        hooks: Hooks,
        tracefs: Result<&Path>,
    ) -> Result<()> {
        let by_perf = tracefs.as_ref().ok().filter(|_| hooks.perf).copied();
        self.call_end =
            by_perf.and_then(|tracefs| number_of(tracefs, "raw_syscalls", CALL_END).ok());
        let long = if by_perf.is_some() { BY_PERF } else { BY_RAW };
        let prepare = hooks.prepared.then_some("prepare_exec");
        self.verify_at_once(&long.into_iter().chain(prepare).collect::<Vec<_>>());
        // What keeps the capture filter right comes before what asks it.
        let (filtered, tree) = (options.only.any(), !options.only.tree.is_empty());
        if options.exits || filtered {
            self.attach_exit(by_perf)?;
        }
        if options.forks || tree {
            self.attach_raw("process_fork", "sched_process_fork")?;
        }
        if !options.only.cgroups.is_empty() {
            self.attach_raw("cgroup_removed", "cgroup_rmdir")?;
            self.attach_raw("cgroup_made", "cgroup_mkdir")?;
        }
        if tree {
            self.untracked = only::plant(&mut self.ebpf, &options.only.tree)?;
        }
        if !hooks.prepared {
            // They note what execs change.
            self.attach_failed(hooks, tracefs);
            return self.attach_exec(by_perf);
        }
        self.attach_raw("prepare_exec", PREPARE)?;
        self.attach_exec(by_perf)?;
        self.attach_failed(hooks, tracefs);
        Ok(())
    }

    fn attach_exit(&mut self, by_perf: Option<&Path>) -> Result<()> {
        let attached = by_perf.map(|tracefs| self.attach_exit_by_perf(tracefs));
        if self.is_attached(attached) {
            return Ok(());
        }
        self.put(
            |rounds| &mut rounds.parts,
            &[(go_on::THREADS, "exit_threads")],
        )?;
        self.attach_raw("process_exit", EXIT)
    }

    fn attach_exec(&mut self, by_perf: Option<&Path>) -> Result<()> {
        let attached = by_perf.map(|tracefs| self.attach_exec_by_perf(tracefs));
        if self.is_attached(attached) {
            return Ok(());
        }
        let programs = [(go_on::ROUND, "send_parts"), (go_on::WALK, "exec_up")];
        self.put(|rounds| &mut rounds.parts, &programs)?;
        self.attach_raw("process_exec", EXEC)
    }

    /// Attaches what tells of failed execs, or says that nothing does.
    fn attach_failed(&mut self, hooks: Hooks, tracefs: Result<&Path>) {
        self.verify_at_once(&if tracefs.is_ok() { FAILED } else { FAILED_RAW });
        let attached = tracefs.and_then(|tracefs| self.attach_ends(tracefs, hooks.prepared));
        let Err(error) = attached else {
            return;
        };
        self.drop_ends();
        // Without their begins, calls are told from the registers at their ends.
        if let Err(instead) = self.attach_fallback() {
            self.problems.push(format!(
                "failed execs are not seen: {error:#}; nor in another way: {instead:#}"
            ));
        }
    }

    /// Takes what came of attaching by way of perf, where that was tried; a raw tracepoint has to do otherwise.
    fn is_attached(&mut self, attached: Option<Result<()>>) -> bool {
        match attached {
            Some(Ok(())) => true,
            Some(Err(error)) => {
                self.problems.push(format!(
                    "more may be lost than need be, since this kernel preempts programs of raw tracepoints: {error:#}"
                ));
                false
            }
            None => false,
        }
    }

    /// Loads programs, each on a thread of its own: what takes the time is the verifier. What it
    /// refuses is loaded again where it is needed, and told there.
    fn verify_at_once(&mut self, names: &[&str]) {
        std::thread::scope(|scope| {
            for (name, program) in self.ebpf.programs_mut() {
                if names.contains(&name) {
                    // What has no thread is loaded where it is needed, too.
                    let _ =
                        std::thread::Builder::new().spawn_scoped(scope, move || match program {
                            Program::RawTracePoint(program) => program.load(),
                            Program::TracePoint(program) => program.load(),
                            _ => Ok(()),
                        });
                }
            }
        });
    }

    fn attach_exit_by_perf(&mut self, tracefs: &Path) -> Result<()> {
        self.put(
            |rounds| &mut rounds.perf_parts,
            &[(go_on::THREADS, "perf_threads")],
        )?;
        self.attach_traced(tracefs, "perf_exit", "sched", EXIT)
    }

    fn attach_exec_by_perf(&mut self, tracefs: &Path) -> Result<()> {
        let programs = [(go_on::ROUND, "perf_parts"), (go_on::WALK, "perf_up")];
        self.put(|rounds| &mut rounds.perf_parts, &programs)?;
        self.attach_traced(tracefs, "perf_exec", "sched", EXEC)
    }

    fn attach_raw(&mut self, program: &'static str, tracepoint: &'static str) -> Result<()> {
        let raw = self.load_raw(program)?;
        let link = raw.attach(tracepoint).and_then(|id| raw.take_link(id));
        let link =
            link.with_context(|| format!("cannot attach to the raw tracepoint {tracepoint}"))?;
        self.holds
            .push(Hold::by_link(program, tracepoint, link.into()));
        self.attached.push(tracepoint);
        Ok(())
    }

    fn load_raw(&mut self, program: &str) -> Result<&mut RawTracePoint> {
        let raw: &mut RawTracePoint = self.program(program)?.try_into()?;
        if raw.fd().is_err() {
            raw.load().map_err(|error| refused(program, error))?;
        }
        Ok(raw)
    }

    fn attach_fallback(&mut self) -> Result<()> {
        self.put_raw_rounds()?;
        self.attach_raw("raw_exit", CALL_END)
    }

    fn put_raw_rounds(&mut self) -> Result<()> {
        let programs = [(go_on::ROUND, "raw_round"), (go_on::WALK, "raw_up")];
        self.put(|rounds| &mut rounds.raw, &programs)
    }

    /// Attaches what tells of failed execs of 32-bit programs, unless something does already. Costs a little with
    /// every system call of every program, so it is for where there are some.
    pub(super) fn attach_narrow(&mut self) -> Result<()> {
        if self.attached.contains(&CALL_END) {
            return Ok(());
        }
        // It may be refused: some distributions allow it only to who may do anything.
        if let Some(id) = self.call_end
            && self.attach_to_event("perf_narrow", CALL_END, id).is_ok()
        {
            return Ok(());
        }
        self.verify_at_once(&FAILED_RAW);
        self.put_raw_rounds()?;
        self.put(|rounds| &mut rounds.raw, &[(go_on::BEGIN, "raw_exit")])?;
        self.attach_raw("narrow_exit", CALL_END)
    }

    /// Attaches to the event of perf of this number, which tracefs tells nobody but root. It stays disabled: nothing is made of it but that the program runs, on all CPUs.
    fn attach_to_event(
        &mut self,
        program: &'static str,
        tracepoint: &'static str,
        id: u64,
    ) -> Result<()> {
        // What may be refused before what takes long.
        let event = Builder::new(Tracepoint::with_id(id))
            .any_pid()
            .one_cpu(0)
            .include_kernel()
            .build();
        let failed = || format!("cannot attach to the tracepoint {tracepoint}");
        let mut event = event.with_context(failed)?;
        let fd = self.load_traced(program)?.fd()?.as_fd().as_raw_fd();
        event.set_bpf(fd).with_context(failed)?;
        self.holds
            .push(Hold::by_event(program, tracepoint, event, id));
        self.attached.push(tracepoint);
        Ok(())
    }

    /// Attaches anew what somebody has detached; returns a sentence for each.
    pub(super) fn attach_again(&mut self) -> Vec<String> {
        let closed: Vec<_> = self.holds.extract_if(.., Hold::is_closed).collect();
        let again = closed.into_iter().map(|hold| {
            let (program, tracepoint) = (hold.program, hold.tracepoint);
            self.attached.retain(|attached| *attached != tracepoint);
            let again = match hold.let_go() {
                Some(event) => self.attach_to_event(program, tracepoint, event),
                None => self.attach_raw(program, tracepoint),
            };
            let now = match again {
                Ok(()) => "it is attached again".to_owned(),
                Err(error) => format!("start anew, as it cannot be attached again: {error:#}"),
            };
            format!(
                "somebody detached the program {program} from the tracepoint {tracepoint}: \
                 what happened there in the last ten seconds may be missing; {now}"
            )
        });
        again.collect()
    }

    /// Takes the programs out of the kernel; the maps stay.
    pub(super) fn detach(&mut self) {
        self.holds.clear();
        for (_, program) in self.ebpf.programs_mut() {
            // What is not loaded needs no unloading.
            let _ = match program {
                Program::RawTracePoint(program) => program.unload(),
                Program::TracePoint(program) => program.unload(),
                _ => Ok(()),
            };
        }
    }

    fn attach_ends(&mut self, tracefs: &Path, prepared: bool) -> Result<()> {
        let programs = [(go_on::ROUND, "read_round"), (go_on::WALK, "failed_up")];
        self.put(|rounds| &mut rounds.failed, &programs)?;
        let begins = BEGINS.iter().filter(|_| !prepared);
        for (program, tracepoint) in ENDS.iter().chain(begins) {
            self.attach_traced(tracefs, program, "syscalls", tracepoint)?;
        }
        Ok(())
    }

    /// Takes out what was attached of them, so that no failure is told twice.
    fn drop_ends(&mut self) {
        for (program, tracepoint) in ENDS.iter().chain(&BEGINS) {
            if let Ok(Program::TracePoint(program)) = self.program(program) {
                // What is not loaded needs no unloading.
                let _ = program.unload();
            }
            self.attached.retain(|attached| attached != tracepoint);
            self.holds.retain(|hold| hold.tracepoint != *tracepoint);
        }
    }

    /// Attaches to a tracepoint by way of tracefs and perf.
    fn attach_traced(
        &mut self,
        tracefs: &Path,
        program: &'static str,
        category: &str,
        tracepoint: &'static str,
    ) -> Result<()> {
        let id = number_of(tracefs, category, tracepoint)?;
        self.attach_to_event(program, tracepoint, id)
    }

    fn load_traced(&mut self, program: &str) -> Result<&mut TracePoint> {
        let traced: &mut TracePoint = self.program(program)?.try_into()?;
        if traced.fd().is_err() {
            traced.load().map_err(|error| refused(program, error))?;
        }
        Ok(traced)
    }

    /// Loads programs, and puts them where those that go on in them find them.
    fn put(
        &mut self,
        array: fn(&mut Rounds) -> &mut ProgramArray<MapData>,
        programs: &[(u32, &str)],
    ) -> Result<()> {
        for (place, name) in programs {
            let program = match self.program(name)? {
                Program::RawTracePoint(_) => self.load_raw(name)?.fd()?.try_clone()?,
                _ => self.load_traced(name)?.fd()?.try_clone()?,
            };
            array(&mut self.rounds)
                .set(*place, &program, 0)
                .with_context(|| format!("cannot put the program {name} in its place"))?;
        }
        Ok(())
    }

    fn program(&mut self, name: &str) -> Result<&mut Program> {
        self.ebpf
            .program_mut(name)
            .with_context(|| format!("the probe has no program {name}"))
    }
}

/// Returns the number of perf's event at a tracepoint.
fn number_of(tracefs: &Path, category: &str, tracepoint: &str) -> Result<u64> {
    let path = tracefs
        .join("events")
        .join(category)
        .join(tracepoint)
        .join("id");
    let shown = path.display();
    let id = std::fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
    id.trim()
        .parse()
        .with_context(|| format!("{shown} has no number"))
}

/// Says why a program was refused: of what the verifier said, which is long, the last that is no count.
fn refused(program: &str, error: ProgramError) -> anyhow::Error {
    let refused = format!("the kernel refused the program {program}");
    let ProgramError::LoadError {
        io_error,
        verifier_log,
    } = error
    else {
        return anyhow::Error::from(error).context(refused);
    };
    let log = verifier_log.to_string();
    let is_said = |line: &&str| {
        let counts = [
            "processed ",
            "verification time",
            "stack depth",
            "peak_states",
        ];
        !line.trim().is_empty() && !counts.iter().any(|count| line.starts_with(count))
    };
    let mut last: Vec<_> = log
        .lines()
        .filter(is_said)
        .rev()
        .take(VERIFIER_LINES)
        .collect();
    last.reverse();
    let error = anyhow::Error::from(io_error);
    if last.is_empty() {
        return error.context(refused);
    }
    error.context(format!("{refused} ({})", last.join(" / ")))
}

/// Returns the loaded programs each of whose runs tells something, by name and each to be held on its own.
pub(crate) fn telling(ebpf: &Ebpf) -> impl Iterator<Item = (&str, OwnedFd)> {
    ebpf.programs()
        .filter(|(name, _)| !NOTING.contains(name))
        .filter_map(|(name, program)| {
            let fd = program.fd().ok()?.as_fd().try_clone_to_owned().ok()?;
            Some((name, fd))
        })
}
