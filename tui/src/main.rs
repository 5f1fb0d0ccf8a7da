//! The program: all of it is in the library.

fn main() -> std::process::ExitCode {
    execsnoop_tui::run::main(std::env::args_os())
}
