//! The programs of a case made into files that run.

use super::case::{Do, Expr, Name, Node, Step};
use super::machine::{Code, DATA, Form, Operand, image};
use super::value::{Element, Env};
use nix::libc;
use std::collections::HashMap;

/// What a program says of itself on its standard output: which of the names, and its value.
pub(super) const SAYING: usize = 16;

/// A number of a name that tells instead of the line of a step that went wrong.
pub(super) const FAILED: u64 = 1 << 32;

/// The status of a program a step of which went wrong.
pub(super) const FAILED_STATUS: i64 = 99;

/// Makes a program of its steps; `names` are those of the case, to which it adds its own.
pub(super) fn assemble(
    form: &Form<'_>,
    body: &[Node<Step>],
    env: &mut Env,
    names: &mut Vec<String>,
) -> Vec<u8> {
    let mut program = Program {
        code: Code::new(form.machine),
        data: Vec::new(),
        slots: HashMap::new(),
        names,
    };
    let (count, list) = (program.slot("argc"), program.slot("argv"));
    program.code.keep_arguments(count, list);
    program.steps(body, env);
    program.exit(Operand::Value(0));
    image(&program.code, &program.data, form)
}

struct Program<'a> {
    code: Code,
    data: Vec<u8>,
    /// Where each name's value lies; before it lies the name's number.
    slots: HashMap<String, u64>,
    names: &'a mut Vec<String>,
}

impl Program<'_> {
    /// Adds bytes to the data; returns where they lie.
    fn add(&mut self, bytes: &[u8]) -> u64 {
        self.data.resize(self.data.len().next_multiple_of(8), 0);
        let at = DATA + self.data.len() as u64;
        self.data.extend_from_slice(bytes);
        at
    }

    /// Adds a value with a number before it, so that both are said at once.
    fn saying(&mut self, number: u64) -> u64 {
        self.add(&[number.to_le_bytes(), [0; 8]].concat()) + 8
    }

    fn slot(&mut self, name: &str) -> u64 {
        if let Some(at) = self.slots.get(name) {
            return *at;
        }
        let known = self.names.iter().position(|known| known == name);
        let number = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        let at = self.saying(number as u64);
        self.slots.insert(name.to_owned(), at);
        at
    }

    fn say(&mut self, at: u64) {
        let write = self.number_of("write");
        let args = [1, at - 8, SAYING as u64].map(Operand::Value);
        self.code.call(write, &args);
    }

    fn exit(&mut self, status: Operand) {
        let exit = self.number_of("exit_group");
        self.code.call(exit, &[status]);
    }

    fn number_of(&self, call: &str) -> i64 {
        let number = if self.code.word_size() == 4 {
            number_on_i386(call)
        } else {
            number_here(call)
        };
        number.unwrap_or_else(|| panic!("no call {call}: add its number to assemble.rs"))
    }

    fn steps(&mut self, steps: &[Node<Step>], env: &mut Env) {
        env.walk(steps, &mut |step, env| self.step(step, env));
    }

    fn step(&mut self, step: &Step, env: &mut Env) {
        match &step.what {
            Do::Tell(names) => {
                for name in names {
                    let at = self.slot(&env.name(name));
                    self.say(at);
                }
            }
            Do::If(name, value, body) => {
                let at = self.slot(&env.name(name));
                self.code.accumulate(Operand::Kept(at, 0));
                let value = i32::try_from(env.number(value).expect("a number")).unwrap();
                let past = self.code.if_not(value);
                self.steps(body, env);
                self.code.land(&past);
            }
            Do::Call {
                into,
                call,
                args,
                is,
                child,
            } => {
                self.call(call, args, env);
                if let Some(into) = into {
                    let at = self.slot(&env.name(into));
                    self.code.keep(at);
                }
                self.check(step.line, is.as_ref(), env);
                if let Some(child) = child {
                    let past = self.code.if_not(0);
                    self.steps(child, env);
                    self.exit(Operand::Value(0));
                    self.code.land(&past);
                }
            }
        }
    }

    /// Makes a call, or one of the things that look like one.
    fn call(&mut self, call: &str, args: &[Expr], env: &mut Env) {
        if call == "buffer" {
            let size = usize::try_from(env.number(&args[0]).expect("a size")).unwrap();
            let at = self.add(&vec![0; size]);
            return self.code.accumulate(Operand::Value(at));
        }
        let args: Vec<_> = args.iter().map(|arg| self.operand(arg, env)).collect();
        match call {
            "value" => self.code.accumulate(args[0]),
            "peek" => {
                self.code.accumulate(args[0]);
                self.code.follow();
            }
            "byte_at" => {
                self.code.accumulate(args[0]);
                self.code.follow_to_byte();
            }
            "store" => self.code.store(args[0], args[1]),
            "exit" => self.exit(args[0]),
            "fork" => self.clone(0),
            "vfork" => self.clone(libc::CLONE_VM | libc::CLONE_VFORK),
            call => {
                let number = self.number_of(call);
                self.code.call(number, &args);
            }
        }
    }

    fn clone(&mut self, flags: i32) {
        let flags = u64::from(flags.unsigned_abs()) | libc::SIGCHLD as u64;
        let clone = self.number_of("clone");
        let args = [flags, 0, 0, 0, 0].map(Operand::Value);
        self.code.call(clone, &args);
    }

    /// Ends the program, unless the accumulator is what it should be; says the line then.
    fn check(&mut self, line: u32, is: Option<&Expr>, env: &Env) {
        let any = matches!(is, Some(Expr::Name(Name { word, .. })) if word == "any");
        if any {
            return;
        }
        let wrong = match is {
            None => self.code.if_negative(),
            Some(is) => {
                let value = env.number(is).expect("a result");
                self.code.if_not(i32::try_from(value).unwrap())
            }
        };
        let fine = self.code.jump_anyway();
        self.code.land(&wrong);
        let at = self.saying(FAILED | u64::from(line));
        self.code.keep(at);
        self.say(at);
        self.exit(Operand::Value(FAILED_STATUS as u64));
        self.code.land(&fine);
    }

    fn operand(&mut self, value: &Expr, env: &mut Env) -> Operand {
        if let Some(mut text) = env.text(value) {
            text.push(0);
            return Operand::Value(self.add(&text));
        }
        match value {
            Expr::List(list) => Operand::Value(self.list(list, env)),
            Expr::Address(name) => Operand::Value(self.slot(&env.name(name))),
            Expr::Name(name) if self.slots.contains_key(&env.name(name)) => {
                Operand::Kept(self.slot(&env.name(name)), 0)
            }
            Expr::Sum(left, sign, right) if env.number(value).is_none() => {
                let more = i32::try_from(env.number(right).expect("a number")).unwrap();
                let more = if *sign == '+' { more } else { -more };
                match self.operand(left, env) {
                    Operand::Kept(at, before) => Operand::Kept(at, before + more),
                    Operand::Value(at) => Operand::Value(at.wrapping_add_signed(more.into())),
                }
            }
            value => match env.number(value) {
                Some(number) => Operand::Value(number.cast_unsigned()),
                None => panic!("what is {value:?}?"),
            },
        }
    }

    /// Adds a list of words, ended by 0; texts are pointed to.
    fn list(&mut self, list: &[Expr], env: &mut Env) -> u64 {
        let mut words = Vec::new();
        for element in env.elements(list) {
            words.push(match element {
                Element::Text(mut text) => {
                    text.push(0);
                    self.add(&text)
                }
                Element::Other(value) => match self.operand(&value, env) {
                    Operand::Value(value) => value,
                    Operand::Kept(..) => panic!("{value:?} is not known yet: `&` gives its place"),
                },
            });
        }
        words.push(0);
        let size = self.code.word_size();
        let bytes: Vec<u8> = words
            .iter()
            .flat_map(|word| word.to_le_bytes().into_iter().take(size))
            .collect();
        self.add(&bytes)
    }
}

macro_rules! calls {
    ($($name:ident $number:ident)*) => {
        /// Returns a system call's number on this machine.
        fn number_here(name: &str) -> Option<i64> {
            match name {
                $(stringify!($name) => Some(libc::$number),)*
                _ => None,
            }
        }
    };
}

calls! {
    chdir SYS_chdir
    chroot SYS_chroot
    clone SYS_clone
    clone3 SYS_clone3
    close SYS_close
    dup3 SYS_dup3
    execve SYS_execve
    execveat SYS_execveat
    exit_group SYS_exit_group
    exit_thread SYS_exit
    fchmodat SYS_fchmodat
    fchownat SYS_fchownat
    fcntl SYS_fcntl
    getpid SYS_getpid
    getppid SYS_getppid
    gettid SYS_gettid
    kill SYS_kill
    memfd_create SYS_memfd_create
    mkdirat SYS_mkdirat
    mlockall SYS_mlockall
    mount SYS_mount
    nanosleep SYS_nanosleep
    newfstatat SYS_newfstatat
    openat SYS_openat
    pipe2 SYS_pipe2
    prctl SYS_prctl
    prlimit64 SYS_prlimit64
    ptrace SYS_ptrace
    read SYS_read
    renameat2 SYS_renameat2
    rt_sigprocmask SYS_rt_sigprocmask
    rt_sigtimedwait SYS_rt_sigtimedwait
    seccomp SYS_seccomp
    sendfile SYS_sendfile
    setresgid SYS_setresgid
    setresuid SYS_setresuid
    setsid SYS_setsid
    setxattr SYS_setxattr
    symlinkat SYS_symlinkat
    tkill SYS_tkill
    unlinkat SYS_unlinkat
    unshare SYS_unshare
    wait4 SYS_wait4
    write SYS_write
}

/// Returns a system call's number on i386.
fn number_on_i386(name: &str) -> Option<i64> {
    Some(match name {
        "write" => 4,
        "execve" => 11,
        "getpid" => 20,
        "wait4" => 114,
        "clone" => 120,
        "nanosleep" => 162,
        "prctl" => 172,
        "exit_group" => 252,
        "execveat" => 358,
        _ => return None,
    })
}
