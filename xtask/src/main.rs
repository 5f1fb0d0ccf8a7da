//! Chores of the project, so that a person and the CI run the same commands: see `cargo xtask --help`.

mod apt;
mod apt_src;
mod bench;
mod bpf_linker;
mod build_ebpf;
mod counts;
mod dist;
mod fuzz;
mod lint;
mod object_check;
mod run;
mod shell;
mod strip;
mod test;
mod tidy;
mod toolchain;
mod vm;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Build, test and release chores of execsnoop-tui.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the kernel programs into assets/execsnoop.bpf.o, installing the pinned tools as needed.
    BuildEbpf {
        /// Write nothing: fail if the committed object is not what the sources give.
        #[arg(long)]
        check: bool,
    },
    /// Count the instructions of the library's benchmarks under valgrind and compare with tui/benches/counts.txt.
    Counts {
        /// Compare nothing: write the file anew.
        #[arg(long)]
        update: bool,
    },
    /// Build execsnoop-tui for release and start it, through sudo if need be.
    Run {
        /// What execsnoop-tui is started with.
        #[arg(last = true)]
        args: Vec<OsString>,
    },
    /// Run all tests: the fast ones, then the live ones, which need root and a kernel with BTF.
    Test {
        /// A filter or other arguments for the test programs.
        #[arg(last = true)]
        args: Vec<OsString>,
    },
    /// Run the live tests on other kernels, booted in QEMU, and print which passes where.
    Vm(vm::Options),
    /// Measure what the tool costs beside its peers: storms, CPU, memory, kernel programs, start.
    Bench(bench::Options),
    /// Execute a tiny program as often as asked, as fast as asked.
    Storm(bench::StormOptions),
    /// Make the packages of a release in target/dist: a static program, an archive and Debian's package.
    Dist(dist::Options),
    /// Fuzz what reads foreign bytes: records, filters, recordings, texts, /proc and kernel types.
    Fuzz(fuzz::Options),
    /// Check format, lints of host and kernel code, documentation, house laws and dependencies.
    Lint,
    /// Check the house laws that neither the compiler nor clippy knows.
    Tidy,
}

fn main() -> ExitCode {
    match perform(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<()> {
    match task {
        Task::BuildEbpf { check: false } => build_ebpf::write(),
        Task::BuildEbpf { check: true } => build_ebpf::check(),
        Task::Counts { update } => counts::run(update),
        Task::Run { args } => run::run(&args),
        Task::Test { args } => test::run(&args),
        Task::Vm(options) => vm::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Storm(options) => bench::storm(&options),
        Task::Dist(options) => dist::perform(&options),
        Task::Fuzz(options) => fuzz::perform(&options),
        Task::Lint => lint::run(),
        Task::Tidy => tidy::check(),
    }
}
