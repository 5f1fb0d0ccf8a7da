//! A case played: its files written, its program run, what that said listened to.

use super::assemble::{FAILED, FAILED_STATUS, SAYING, assemble};
use super::case::{Case, Item};
use super::machine::{ELSEWHERE, Form, Machine, NOWHERE};
use super::value::{Env, Facts};
use super::want::REASONS;
use crate::capture::kill_child;
use crate::wait::{self, PATIENCE};
use crate::{elf, utf8};
use nix::sys::stat::stat;
use nix::unistd::getsid;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use tempfile::TempDir;

/// What every program is started with.
pub(super) const ENVIRONMENT: [(&str, &str); 2] = [("CORPUS", "1"), ("EMPTY", "")];

/// A case that was played, and all that its names stand for.
pub(super) struct Played {
    pub(super) env: Env,
    /// What went wrong.
    pub(super) wrong: Vec<String>,
    /// Kept until the events are there: what runs longer may still need it.
    _dir: TempDir,
    sysctls: Vec<Sysctl>,
}

impl Played {
    /// Gives the machine back what the case changed.
    pub(super) fn restore(&mut self) {
        self.sysctls.clear();
    }
}

/// Plays a case, to the end of every process that it started.
pub(super) fn play(case: &Case, facts: &Facts, here: &Here) -> Played {
    let dir = tempfile::Builder::new().prefix("corpus-").tempdir();
    let dir = dir.unwrap();
    let path = fs::canonicalize(dir.path()).unwrap();
    // Other users are to reach the files.
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    elf::write(&path).unwrap();
    let mut env = Env::new(facts.clone());
    env.texts
        .insert("DIR".to_owned(), utf8(&path).as_bytes().to_vec());
    let reasons = REASONS.map(|(name, reason)| (name.to_owned(), reason.into()));
    env.texts.extend(reasons);
    env.numbers.extend(here.numbers());
    let (mut names, mut sysctls) = (Vec::new(), Vec::new());
    env.items(case, &mut |item, env| match item {
        Item::File(name, mode, text) => {
            let mode = env.number(mode).expect("a mode");
            write(&path, &text_of(env, name), mode, &text_of(env, text));
        }
        Item::Program {
            name,
            bits32,
            nowhere,
            interpreter,
            body,
        } => {
            let machine = if *bits32 {
                Machine::I386
            } else {
                Machine::NATIVE
            };
            let interpreter = interpreter.as_ref().map(|i| text_of(env, i));
            let mut form = Form::plain(machine);
            form.linker = interpreter.as_deref();
            if *nowhere {
                form.at = NOWHERE;
            } else if interpreter.is_some() {
                form.at = ELSEWHERE;
            }
            let bytes = assemble(&form, body, env, &mut names);
            write(&path, name.as_bytes(), 0o755, &bytes);
        }
        Item::Sysctl(name, value) => {
            let name = String::from_utf8(text_of(env, name)).unwrap();
            sysctls.push(Sysctl::set(&name, &text_of(env, value)));
        }
        Item::Flags(_) | Item::Told(_) | Item::Shortest(_) | Item::Skip(_) => {}
    });
    let mut played = Played {
        env,
        wrong: Vec::new(),
        _dir: dir,
        sysctls,
    };
    run(&path, &names, &mut played);
    played
}

fn text_of(env: &Env, value: &super::case::Expr) -> Vec<u8> {
    env.text(value).expect("a text")
}

fn write(dir: &Path, name: &[u8], mode: i64, bytes: &[u8]) {
    let path = dir.join(OsStr::from_bytes(name));
    fs::write(&path, bytes).unwrap();
    let mode = u32::try_from(mode).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
}

/// Runs `start` and takes what was said; its output ends when the last of its family does.
fn run(dir: &Path, names: &[String], played: &mut Played) {
    let mut command = Command::new(dir.join("start"));
    command.env_clear().envs(ENVIRONMENT).current_dir(dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let root = child.id();
    let mut stdout = child.stdout.take().unwrap();
    let (sender, said) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.read_to_end(&mut bytes);
        let _ = sender.send(read.map(|_| bytes));
    });
    let status = wait::end_of(&mut child, PATIENCE);
    kill_child(&mut child);
    let numbers = &mut played.env.numbers;
    numbers.insert("ROOT".to_owned(), root.into());
    let Ok(bytes) = said.recv_timeout(PATIENCE) else {
        let why = "a process of the case does not end";
        return played.wrong.push(why.to_owned());
    };
    let bytes = bytes.unwrap();
    for saying in bytes.chunks_exact(SAYING) {
        let (number, value) = saying.split_at(8);
        let number = u64::from_le_bytes(number.try_into().unwrap());
        let value = i64::from_le_bytes(value.try_into().unwrap());
        match usize::try_from(number).ok().and_then(|i| names.get(i)) {
            Some(name) => {
                numbers.insert(name.clone(), value);
            }
            None => played.wrong.push(format!(
                "line {}: the call gave {value}, which it should not",
                number ^ FAILED
            )),
        }
    }
    match status {
        None => played.wrong.push("`start` does not end".to_owned()),
        Some(status) if status.code().map(i64::from) == Some(FAILED_STATUS) => {
            played.wrong.push("`start` failed".to_owned());
        }
        Some(_) => {}
    }
}

/// A file below `/proc/sys` that gets back what it held.
struct Sysctl {
    path: PathBuf,
    before: Vec<u8>,
}

impl Sysctl {
    fn set(name: &str, value: &[u8]) -> Self {
        let path = Path::new("/proc/sys").join(name);
        let before = fs::read(&path).unwrap();
        let sysctl = Self { path, before };
        fs::write(&sysctl.path, value).unwrap();
        sysctl
    }
}

impl Drop for Sysctl {
    fn drop(&mut self) {
        let restored = fs::write(&self.path, &self.before);
        // A panic would hide the one that may be under way.
        if let Err(error) = restored {
            super::shout(&format!(
                "{} is not what it was: {error}",
                self.path.display()
            ));
        }
    }
}

/// What is true of this process, and so of those that it starts.
pub(super) struct Here {
    pub(super) comm: Vec<u8>,
    /// What keys say of each of its children; some cannot say anything.
    pub(super) keys: HashMap<&'static str, Value>,
    numbers: HashMap<String, i64>,
}

impl Here {
    pub(super) fn look() -> Self {
        let read = |name: &str| fs::read(format!("/proc/self/{name}"));
        let id = |name: &str| match read(name).ok().and_then(|id| String::from_utf8(id).ok()) {
            Some(id) if id.trim() != u32::MAX.to_string() => {
                id.trim().parse().map_or(Value::Null, |id: u32| json!(id))
            }
            _ => Value::Null,
        };
        let inode = |name: &str| stat(&*format!("/proc/self/ns/{name}")).unwrap().st_ino;
        let (pid_ns, mnt_ns) = (inode("pid"), inode("mnt"));
        let keys = HashMap::from([
            ("loginuid", id("loginuid")),
            ("session", id("sessionid")),
            ("pid_ns", json!(pid_ns)),
            ("mnt_ns", json!(mnt_ns)),
            ("tty", tty()),
            ("cgroup", cgroup()),
            ("container", Value::Null),
        ]);
        let comm = read("comm").unwrap();
        let numbers = [
            ("RUNNER", std::process::id().into()),
            ("PID_NS", i64::try_from(pid_ns).unwrap()),
            ("MNT_NS", i64::try_from(mnt_ns).unwrap()),
        ];
        Self {
            comm: comm.trim_ascii_end().to_vec(),
            keys,
            numbers: numbers.map(|(name, n)| (name.to_owned(), n)).into(),
        }
    }

    fn numbers(&self) -> HashMap<String, i64> {
        self.numbers.clone()
    }
}

/// Returns the controlling terminal as the kernel names it, by its device number.
fn tty() -> Value {
    let text = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after) = text.rsplit_once(')').unwrap();
    let device: u32 = after.split_whitespace().nth(4).unwrap().parse().unwrap();
    let minor = (device & 0xff) | (device >> 12 & 0xf_ff00);
    match (device >> 8) & 0xfff {
        major @ 136..=143 => json!(format!("pts/{}", minor + ((major - 136) << 20))),
        4 if minor < 64 => json!(format!("tty{minor}")),
        4 => json!(format!("ttyS{}", minor - 64)),
        204 => json!(format!("ttyAMA{}", minor - 64)),
        _ => {
            assert!(getsid(None).is_ok());
            Value::Null
        }
    }
}

/// Returns the path of the control group: where it is at the root of the unified hierarchy, that in
/// another. Where there is no hierarchy at all, it is at the root as well.
fn cgroup() -> Value {
    let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let of_others = text.lines().filter(|line| !line.starts_with("0::"));
    let paths = of_others.filter_map(|line| line.splitn(3, ':').nth(2));
    let unified = text.lines().find_map(|line| line.strip_prefix("0::"));
    let all = unified.into_iter().chain(paths);
    json!(all.into_iter().find(|path| *path != "/").unwrap_or("/"))
}
