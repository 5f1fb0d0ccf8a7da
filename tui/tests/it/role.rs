//! Parts that this binary plays as a child of its own tests: what a test cannot do to itself.

use crate::{PRODUCT, utf8, wait};
use execsnoop_tui::terminal::{Options, Terminal};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Tells which part to play, and with what.
const PART: &str = "EXECSNOOP_TEST_PART";
const WITH: &str = "EXECSNOOP_TEST_WITH";

/// Makes a command that plays a part.
pub(crate) fn command(part: &str, with: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "role::play", "--nocapture"])
        .env(PART, part)
        .env(WITH, with)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// Makes a line for a shell that plays a part.
pub(crate) fn line(part: &str, with: &Path) -> String {
    let binary = std::env::current_exe().unwrap();
    let (binary, with) = (utf8(&binary), utf8(with));
    format!(
        "env RUST_BACKTRACE=0 {PART}='{part}' {WITH}='{with}' '{binary}' --exact role::play --nocapture"
    )
}

/// What the part that panics says.
pub(crate) const LAST_WORDS: &str = "the last words of the screen";

/// Plays the part that the environment names; as a test of its own there is none.
#[test]
fn play() {
    let (Some(part), Some(with)) = (std::env::var_os(PART), std::env::var_os(WITH)) else {
        return;
    };
    let with = Path::new(&with);
    match part.to_str().unwrap() {
        "a capture with few rights" => capture_with_few_rights(),
        "panic on the screen" => panic_on_the_screen(with),
        part => panic!("there is no part {part}"),
    }
}

/// Becomes the product with the two capabilities that it cannot do without, and without tracefs.
fn capture_with_few_rights() {
    let nothing = None::<&str>;
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    mount(
        nothing,
        "/",
        nothing,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        nothing,
    )
    .unwrap();
    for place in ["/sys/kernel/tracing", "/sys/kernel/debug"] {
        if Path::new(place).exists() {
            let tmpfs = Some("tmpfs");
            mount(tmpfs, place, tmpfs, MsFlags::empty(), nothing).unwrap();
        }
    }
    let kept = [caps::Capability::CAP_BPF, caps::Capability::CAP_PERFMON];
    for cap in caps::all() {
        if !kept.contains(&cap) && caps::has_cap(None, caps::CapSet::Bounding, cap).unwrap() {
            caps::drop(None, caps::CapSet::Bounding, cap).unwrap();
        }
    }
    let error = Command::new(PRODUCT)
        .args(["-o", "ndjson"])
        .stdout(Stdio::inherit())
        .exec();
    panic!("{PRODUCT}: {error}");
}

/// Takes the terminal, and panics once a file is there.
fn panic_on_the_screen(go: &Path) {
    let mut terminal = Terminal::enter(Options { mouse: true }).unwrap();
    terminal.try_draw(|_| {}).unwrap();
    wait::until("the word", || go.exists().then_some(()));
    panic!("{LAST_WORDS}");
}
