//! Parts that this binary plays as a child of its own tests: what a test cannot do to itself.

use crate::{PRODUCT, product, utf8, wait};
use caps::{CapSet, Capability};
use execsnoop_tui::terminal::{Options, Terminal};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_keepcaps;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

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
        "end at once in all threads" => end_at_once_in_all_threads(),
        "end while another thread does" => end_while_another_thread_does(),
        "panic on the screen" => panic_on_the_screen(with),
        "product with two capabilities" => product_with_two_capabilities(USER, with, RLIM_INFINITY),
        "product with little memory to lock" => product_with_two_capabilities(USER, with, 64 << 10),
        "product that sees its own processes only" => {
            product_that_sees_its_own_processes_only(with)
        }
        "product without types" => product_without_types(with),
        part => match part.strip_prefix(PROCESSES) {
            Some(number) => product_with_few_processes(with, number.parse().unwrap()),
            None => panic!("there is no part {part}"),
        },
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
    let error = product()
        .args(["-o", "ndjson"])
        .stdout(Stdio::inherit())
        .exec();
    panic!("{PRODUCT}: {error}");
}

/// What the thread uses that ends first.
pub(crate) const USED: Duration = Duration::from_millis(300);

/// Ends in a thread that has used much and takes long to end, while the others end at once.
fn end_while_another_thread_does() {
    std::thread::spawn(|| std::thread::sleep(Duration::from_secs(60)));
    let ends = std::thread::spawn(|| {
        // Files of its own, to be closed by itself.
        unshare(CloneFlags::CLONE_FILES).unwrap();
        let (most, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let null = File::open("/dev/null").unwrap();
        let files: Vec<_> = (0..most.min(20_000) - 50)
            .map_while(|_| null.try_clone().ok())
            .collect();
        assert!(files.len() > 500, "{}", files.len());
        let used = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
        while Duration::from(used()) < USED {}
        std::process::exit(0);
    });
    ends.join().unwrap();
}

/// Bytes that a part holds when it ends, and what it ends with.
pub(crate) const HELD: usize = 32 << 20;
pub(crate) const STATUS: i32 = 7;

/// Ends with much memory and several threads that are all running.
fn end_at_once_in_all_threads() {
    let held = std::hint::black_box(vec![1_u8; HELD]);
    for _ in 0..3 {
        std::thread::spawn(|| {
            loop {
                std::hint::spin_loop();
            }
        });
    }
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(held.last(), Some(&1));
    std::process::exit(STATUS);
}

/// Takes the terminal, and panics once a file is there.
fn panic_on_the_screen(go: &Path) {
    let mut terminal = Terminal::enter(Options {
        mouse: true,
        ..Options::default()
    })
    .unwrap();
    terminal.try_draw(|_| {}).unwrap();
    wait::until("the word", || go.exists().then_some(()));
    panic!("{LAST_WORDS}");
}

/// Becomes the product in a directory, as a user who may only load programs.
fn product_with_two_capabilities(user: u32, dir: &Path, memory_to_lock: u64) {
    become_user_with_two_capabilities(user, memory_to_lock);
    become_product(dir);
}

/// The part of a product of whose user there may be only so many processes, whose number follows.
pub(crate) const PROCESSES: &str = "product with so many processes: ";

fn product_with_few_processes(dir: &Path, number: u64) {
    become_user_with_two_capabilities(LONELY, RLIM_INFINITY);
    setrlimit(Resource::RLIMIT_NPROC, number, number).unwrap();
    become_product(dir);
}

fn product_that_sees_its_own_processes_only(dir: &Path) {
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    let nothing = None::<&str>;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(nothing, "/", nothing, private, nothing).unwrap();
    let proc = Some("proc");
    mount(proc, "/proc", proc, MsFlags::empty(), Some("hidepid=2")).unwrap();
    product_with_two_capabilities(LONELY, dir, RLIM_INFINITY);
}

fn become_user_with_two_capabilities(user: u32, memory_to_lock: u64) {
    // Who may not raise the limit need not either, on a kernel that counts no memory of BPF.
    let _ = setrlimit(Resource::RLIMIT_MEMLOCK, memory_to_lock, memory_to_lock);
    let (user, group) = (Uid::from_raw(user), Gid::from_raw(user));
    set_keepcaps(true).unwrap();
    setgroups(&[]).unwrap();
    setresgid(group, group, group).unwrap();
    setresuid(user, user, user).unwrap();
    let two = [Capability::CAP_BPF, Capability::CAP_PERFMON].into();
    // The ambient ones are those that an exec keeps.
    for set in [
        CapSet::Permitted,
        CapSet::Effective,
        CapSet::Inheritable,
        CapSet::Ambient,
    ] {
        caps::set(None, set, &two).unwrap();
    }
}

/// Becomes the product in a directory, where the kernel does not describe its types.
fn product_without_types(dir: &Path) {
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    let nothing = None::<&str>;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(nothing, "/", nothing, private, nothing).unwrap();
    mount(
        Some("none"),
        "/sys/kernel/btf",
        Some("tmpfs"),
        MsFlags::empty(),
        nothing,
    )
    .unwrap();
    become_product(dir);
}

/// Becomes the product in a directory, which writes a file there, and is given the types in it if there are some.
fn become_product(dir: &Path) {
    let mut product = Command::new(dir.join(product::NAME));
    crate::unconfigured(&mut product);
    product
        .args(["-o", "ndjson", "-O"])
        .arg(dir.join(product::OUT));
    let types = dir.join(product::TYPES);
    if types.exists() {
        product.arg("--btf").arg(types);
    }
    let error = product.exec();
    panic!("the product: {error}");
}

/// A user without a name.
pub(crate) const USER: u32 = 1000;

/// One who has no other processes either.
pub(crate) const LONELY: u32 = 61_237;

/// What is in the directory in which this binary becomes the product.
pub(crate) mod product {
    /// The product.
    pub(crate) const NAME: &str = "execsnoop-tui";
    /// What it writes.
    pub(crate) const OUT: &str = "out.ndjson";
    /// A file of types, if it is to have one.
    pub(crate) const TYPES: &str = "btf";
}
