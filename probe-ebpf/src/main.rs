//! The kernel programs of execsnoop-tui: one file per hook.
//!
//! Built by `cargo xtask build-ebpf` for `bpfel-unknown-none`; on any other target
//! this is an empty program, so that the workspace builds with plain stable Rust.
//!
//! Every program is short, bounded and early-returning. What a program relies on in
//! the kernel is cited above it. Offsets are globals that user space sets before
//! load, so the verifier sees constants.
#![cfg_attr(target_arch = "bpf", no_std, no_main, feature(asm_experimental_arch))]

/// Makes a function the program of that name on a tracepoint of perf. It returns 1, so that the event goes on to whoever
/// else listens; 0 would keep it from every other user of perf (`perf_trace_run_bpf_submit` of
/// kernel/events/core.c), and is what aya's own macro makes of anything.
#[cfg(target_arch = "bpf")]
macro_rules! passes_on {
    ($run:ident, $section:literal) => {
        const _: () = {
            #[unsafe(export_name = stringify!($run))]
            #[unsafe(link_section = $section)]
            fn entry(context: *mut ::aya_ebpf::cty::c_void) -> u32 {
                $run(::aya_ebpf::programs::TracePointContext::new(context));
                1
            }
        };
    };
}

#[cfg(target_arch = "bpf")]
mod args;
#[cfg(target_arch = "bpf")]
mod begun;
#[cfg(target_arch = "bpf")]
mod call;
#[cfg(target_arch = "bpf")]
mod cgroup;
#[cfg(target_arch = "bpf")]
mod exec;
#[cfg(target_arch = "bpf")]
mod exit;
#[cfg(target_arch = "bpf")]
mod facts;
#[cfg(target_arch = "bpf")]
mod failed;
#[cfg(target_arch = "bpf")]
mod fallback;
#[cfg(target_arch = "bpf")]
mod fork;
#[cfg(target_arch = "bpf")]
mod globals;
#[cfg(target_arch = "bpf")]
mod maps;
#[cfg(target_arch = "bpf")]
mod only;
#[cfg(target_arch = "bpf")]
mod parts;
#[cfg(target_arch = "bpf")]
mod path;
#[cfg(target_arch = "bpf")]
mod perf;
#[cfg(target_arch = "bpf")]
mod read;
#[cfg(target_arch = "bpf")]
mod walk;

#[cfg(not(target_arch = "bpf"))]
fn main() {}

/// The helpers used need a GPL-compatible licence.
#[cfg(target_arch = "bpf")]
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

/// The verifier refuses the endless loop, so a panic that could be reached fails at load.
#[cfg(target_arch = "bpf")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
