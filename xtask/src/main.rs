//! Chores of the project, so that a person and the CI run the same commands: see `cargo xtask --help`.

mod apt_src;
mod bpf_linker;
mod build_ebpf;
mod object_check;
mod shell;
mod strip;
mod toolchain;

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
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::BuildEbpf { check: false } => build_ebpf::write(),
        Task::BuildEbpf { check: true } => build_ebpf::check(),
    }
}
