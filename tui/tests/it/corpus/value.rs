//! What the values of a case mean: names looked up, texts put together.

use super::case::{Case, Expr, Item, Name, Node, expr};
use super::token::Part;
use execsnoop_tui::event::errno_name;
use nix::libc;
use nix::sys::signal::Signal;
use std::collections::HashMap;

/// What is known of the machine.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// Version, patch level and sublevel.
    pub(super) kernel: [u32; 3],
    /// Words that hold here, such as `ia32`.
    pub(super) hold: Vec<&'static str>,
}

/// What names stand for.
#[derive(Clone, Debug)]
pub(super) struct Env {
    pub(super) facts: Facts,
    pub(super) numbers: HashMap<String, i64>,
    pub(super) texts: HashMap<String, Vec<u8>>,
}

/// An element of a list.
pub(super) enum Element {
    Text(Vec<u8>),
    Other(Expr),
}

impl Env {
    /// Knows only the machine.
    pub(super) fn new(facts: Facts) -> Self {
        Self {
            facts,
            numbers: HashMap::new(),
            texts: HashMap::new(),
        }
    }

    /// Goes through what is there on this machine, in order.
    pub(super) fn walk<T>(&mut self, nodes: &[Node<T>], f: &mut dyn FnMut(&T, &mut Self)) {
        for node in nodes {
            match node {
                Node::One(one) => f(one, self),
                Node::For(name, times, nodes) => {
                    let times = self.number(times).expect("a count");
                    for i in 0..times {
                        self.numbers.insert(name.clone(), i);
                        self.walk(nodes, f);
                    }
                    self.numbers.remove(name);
                }
                Node::When(fact, then, other) => {
                    let holds = self.facts.hold.contains(&&**fact);
                    self.walk(if holds { then } else { other }, f);
                }
                Node::Kernel(range, then, other) => {
                    let within = within(self.facts.kernel, range);
                    self.walk(if within { then } else { other }, f);
                }
            }
        }
    }

    /// Goes through the parts of a case.
    pub(super) fn items(&mut self, case: &Case, f: &mut dyn FnMut(&Item, &mut Self)) {
        self.walk(&case.items, f);
    }

    /// Returns a name with its index.
    pub(super) fn name(&self, name: &Name) -> String {
        match &name.index {
            None => name.word.clone(),
            Some(index) => {
                let index = self.number(index).expect("an index");
                format!("{}[{index}]", name.word)
            }
        }
    }

    /// Returns a value that is a number, and known.
    pub(super) fn number(&self, value: &Expr) -> Option<i64> {
        match value {
            Expr::Number(number) => Some(*number),
            Expr::Name(name) => {
                let name = self.name(name);
                let known = self.numbers.get(&name).copied();
                known.or_else(|| constant(&name))
            }
            Expr::Sum(left, sign, right) => {
                let (left, right) = (self.number(left)?, self.number(right)?);
                Some(if *sign == '+' {
                    left + right
                } else {
                    left - right
                })
            }
            _ => None,
        }
    }

    /// Returns a value that is a text.
    pub(super) fn text(&self, value: &Expr) -> Option<Vec<u8>> {
        match value {
            Expr::Text(parts) => Some(parts.iter().flat_map(|part| self.part(part)).collect()),
            Expr::Call(name, args) => match (&**name, &args[..]) {
                ("times", [text, times]) => {
                    let times = usize::try_from(self.number(times)?).unwrap();
                    Some(self.text(text)?.repeat(times))
                }
                // No two neighbours are alike.
                ("letters", [count]) => {
                    let count = usize::try_from(self.number(count)?).unwrap();
                    Some((b'a'..=b'z').cycle().take(count).collect())
                }
                // What a byte makes as a text: 0 makes an empty one.
                ("byte", [byte]) => {
                    let byte = u8::try_from(self.number(byte)?).unwrap();
                    Some(if byte == 0 { Vec::new() } else { vec![byte] })
                }
                ("first", [count, text]) => {
                    let mut text = self.text(text)?;
                    text.truncate(usize::try_from(self.number(count)?).unwrap());
                    Some(text)
                }
                ("last", [count, text]) => {
                    let text = self.text(text)?;
                    let count = usize::try_from(self.number(count)?).unwrap();
                    Some(text[text.len() - count..].to_vec())
                }
                ("series", [text, from, to]) => {
                    let mut env = self.clone();
                    let numbers = self.number(from)?..self.number(to)?;
                    let texts = numbers.map(|i| {
                        env.numbers.insert(String::new(), i);
                        env.text(text).unwrap()
                    });
                    Some(texts.collect::<Vec<_>>().concat())
                }
                ("after", [before, text]) => {
                    let (before, text) = (self.text(before)?, self.text(text)?);
                    Some(text.strip_prefix(&before[..]).unwrap().to_vec())
                }
                ("join", texts) => {
                    let texts = texts.iter().map(|text| self.text(text).unwrap());
                    Some(texts.flatten().collect())
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn part(&self, part: &Part) -> Vec<u8> {
        match part {
            Part::Bytes(bytes) => bytes.clone(),
            Part::Name(name) => match (self.texts.get(name), self.numbers.get(name)) {
                (Some(text), _) => text.clone(),
                (None, Some(number)) => number.to_string().into_bytes(),
                (None, None) => panic!("nothing is called ${name}"),
            },
            Part::Sum(sum) => {
                let number = if sum.is_empty() {
                    self.numbers.get("").copied()
                } else {
                    self.number(&expr(sum))
                };
                let number = number.unwrap_or_else(|| panic!("{{{sum}}} is no number"));
                number.to_string().into_bytes()
            }
        }
    }

    /// Returns a list's elements, with `each` made into those that it stands for.
    pub(super) fn elements(&self, list: &[Expr]) -> Vec<Element> {
        let mut elements = Vec::new();
        for value in list {
            match value {
                Expr::Call(name, args) if name == "each" => {
                    let times = self.number(&args[1]).expect("a count");
                    let mut env = self.clone();
                    elements.extend((0..times).map(|i| {
                        env.numbers.insert(String::new(), i);
                        Element::Text(env.text(&args[0]).expect("a text"))
                    }));
                }
                Expr::Call(name, args) if name == "from" => {
                    let first = usize::try_from(self.number(&args[0]).expect("a number"));
                    let all = self.elements(&args[1..]).into_iter();
                    elements.extend(all.skip(first.unwrap()));
                }
                value => elements.push(match self.text(value) {
                    Some(text) => Element::Text(text),
                    None => Element::Other(value.clone()),
                }),
            }
        }
        elements
    }
}

/// Returns the number of an error's name.
pub(super) fn errno(name: &str) -> Option<i32> {
    (1..134).find(|number| errno_name(*number) == name)
}

/// Returns a signal's name.
pub(super) fn signal_name(number: i32) -> &'static str {
    Signal::try_from(number).unwrap().as_str()
}

/// Returns whether a version lies in one of some ranges such as `5.10..5.18`, the second of which is
/// out.
fn within(kernel: [u32; 3], ranges: &str) -> bool {
    ranges.split(", ").any(|range| {
        let (from, to) = range.split_once("..").expect("a range of versions");
        let from = version(from).unwrap_or_default();
        let to = version(to).unwrap_or([u32::MAX; 3]);
        (from..to).contains(&kernel)
    })
}

/// Reads a version; what is not told of it is 0.
pub(super) fn version(text: &str) -> Option<[u32; 3]> {
    let mut numbers = text.split('.').map(|number| {
        let end = number.find(|c: char| !c.is_ascii_digit());
        number[..end.unwrap_or(number.len())].parse::<u32>()
    });
    let first = numbers.next()?.ok()?;
    let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
    Some([first, next(), next()])
}

macro_rules! constants {
    ($($name:ident)*) => {
        /// Returns a constant of the system's by its name.
        fn constant(name: &str) -> Option<i64> {
            match name {
                $(stringify!($name) => Some(i64::try_from(libc::$name).unwrap_or(-1)),)*
                name => errno(name).map(|number| -i64::from(number)),
            }
        }
    };
}

constants! {
    AT_EMPTY_PATH AT_FDCWD AT_SYMLINK_NOFOLLOW
    CLONE_FILES CLONE_FS CLONE_NEWNS CLONE_NEWPID CLONE_PARENT CLONE_SIGHAND CLONE_SYSVSEM CLONE_THREAD
    CLONE_VFORK CLONE_VM
    MFD_CLOEXEC O_CLOEXEC O_CREAT O_DIRECTORY O_PATH O_RDONLY O_WRONLY
    PR_SET_CHILD_SUBREAPER PR_SET_NAME PTRACE_CONT PTRACE_TRACEME
    RLIMIT_CORE RLIM_INFINITY RLIMIT_STACK SECCOMP_SET_MODE_FILTER
    SIGABRT SIGCHLD SIGKILL SIGSEGV SIGTERM
}

#[test]
fn versions_lie_in_ranges() {
    assert_eq!(version("6.18.44-fc-v445"), Some([6, 18, 44]));
    assert_eq!(version("7.3-rc1"), Some([7, 3, 0]));
    assert!(within([5, 10, 262], "..5.18"));
    assert!(!within([5, 18, 0], "..5.18"));
    assert!(within([5, 10, 223], "5.10.200..5.10.250"));
    assert!(!within([5, 10, 262], "5.10.200..5.10.250"));
    assert!(within([7, 3, 4], "5.18.."));
    assert!(within([5, 15, 2], "..5.10.110, 5.11..5.15.33"));
}

#[test]
fn names_are_known() {
    assert_eq!(constant("ENOENT"), Some(-2));
    assert_eq!(constant("RLIM_INFINITY"), Some(-1));
    assert_eq!(constant("AT_FDCWD"), Some(-100));
    assert_eq!(constant("nothing"), None);
}
