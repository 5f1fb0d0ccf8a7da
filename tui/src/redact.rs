//! Secrets in command lines and environments, masked: what is shown, recorded and filtered has them no more.
//!
//! It goes by names (`--password=…`, `token: …`), by programs' flags (`mysql -p…`), by places (`https://me:…@host`) and
//! by the shapes that well-known services give their keys. It rather masks too much; what it does not know stays.

use crate::event::{Args, Capture, Exec, Flags, ProcessKey, Running, base_name};
use crate::rewrite::Rewrites;
use regex::bytes::Regex;
use std::borrow::Cow;

/// What stands in the place of a secret.
pub const MASK: &str = "[redacted]";

/// Names whose values are secrets: with anything before one of these words, and other words behind it.
const NAMES: &str = "[a-z0-9_.-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)s?[0-9]*(?-i:[A-Z][A-Za-z0-9]*)?(?:[_.-][a-z0-9_.-]*)?";

/// Expressions, and what they are replaced by; the secret is what is not taken over.
const PATTERNS: [(&str, &str); 10] = [
    // NAME=value, "name": "value", name: value
    (
        r#"(?i)((?:NAMES)["']?\s*(?:=>|=|:)\s*)("[^"]*"|'[^']*'|[^\s"'&;,}]+)"#,
        "${1}[redacted]",
    ),
    // Headers, up to the end of what is quoted
    (
        r#"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]*(?:key|auth)[a-z-]*)(\s*[:=]\s*)[^"'\r\n]+"#,
        "${1}${2}[redacted]",
    ),
    (
        r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}",
        "${1} [redacted]",
    ),
    // scheme://user:password@host
    (
        r#"(?i)\b([a-z][a-z0-9+.-]*://[^/\s:@"']*):[^/\s@"']+@"#,
        "${1}:[redacted]@",
    ),
    // scheme://token@host
    (
        r#"(?i)\b([a-z][a-z0-9+.-]*://)[a-z0-9_-]{20,}@"#,
        "${1}[redacted]@",
    ),
    // Flags of programs that a shell is told to start
    (
        r#"\b(curl\b[^|;&\n]*?\s(?:-[uU]|--user|--proxy-user)[ =]?)[^\s"']+"#,
        "${1}[redacted]",
    ),
    (r#"\b(sshpass\s+-p\s*)[^\s"']+"#, "${1}[redacted]"),
    (
        r#"\b((?:mysql|mariadb)[a-z-]*\b[^|;&\n]*?\s-p)[^\s"']+"#,
        "${1}[redacted]",
    ),
    // Keys by the shapes that services give them
    (
        r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abposr]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|AIza[0-9A-Za-z_-]{30,}|npm_[A-Za-z0-9]{30,}|hf_[A-Za-z0-9]{30,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)",
        MASK,
    ),
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*", MASK),
];

/// A flag that a secret follows, which its name does not tell.
struct Flag {
    /// Of these programs.
    programs: &'static [&'static str],
    /// If this is among the arguments, unless it is empty.
    with: &'static str,
    flag: &'static str,
    place: Place,
}

/// Where the secret stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Right behind the flag.
    Joined,
    /// In the next argument.
    Apart,
    /// Either.
    Both,
}

const fn flag(programs: &'static [&'static str], flag: &'static str, place: Place) -> Flag {
    Flag {
        programs,
        with: "",
        flag,
        place,
    }
}

const MYSQL: &[&str] = &[
    "mysql",
    "mysqldump",
    "mysqladmin",
    "mysqlimport",
    "mysqlshow",
    "mariadb",
    "mariadb-dump",
    "mariadb-admin",
];
const LDAP: &[&str] = &[
    "ldapsearch",
    "ldapadd",
    "ldapmodify",
    "ldapdelete",
    "ldappasswd",
    "ldapwhoami",
];

const FLAGS: &[Flag] = &[
    flag(MYSQL, "-p", Place::Joined),
    flag(&["7z", "7za", "7zr"], "-p", Place::Joined),
    flag(&["sshpass"], "-p", Place::Both),
    flag(&["redis-cli"], "-a", Place::Apart),
    flag(LDAP, "-w", Place::Both),
    flag(
        &[
            "zip",
            "unzip",
            "sqlcmd",
            "bcp",
            "ipmitool",
            "mosquitto_pub",
            "mosquitto_sub",
        ],
        "-P",
        Place::Both,
    ),
    flag(&["curl"], "-u", Place::Both),
    flag(&["curl"], "-U", Place::Both),
    flag(&["curl"], "--user", Place::Apart),
    flag(&["curl"], "--proxy-user", Place::Apart),
    flag(&["smbclient", "rpcclient"], "-U", Place::Both),
    flag(&["useradd", "usermod"], "-p", Place::Apart),
    flag(&["openssl"], "-k", Place::Apart),
    flag(&["openssl"], "-K", Place::Apart),
    flag(&["openssl"], "-pass", Place::Apart),
    flag(&["openssl"], "-passin", Place::Apart),
    flag(&["openssl"], "-passout", Place::Apart),
    Flag {
        with: "login",
        ..flag(&["docker", "podman", "helm", "oc", "az"], "-p", Place::Both)
    },
];

/// Flags of any program whose next argument is a secret, where the name itself does not stand before a `=`.
const NEXT: &str = r"(?i)^--?(?:NAMES)$";

/// Names one exec, also where recordings of several machines are read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Which {
    /// Of which process.
    pub process: ProcessKey,
    /// When: CLOCK_BOOTTIME, ns.
    pub time_ns: u64,
}

impl Which {
    /// Returns the name of an exec.
    pub fn of(exec: &Exec) -> Self {
        Self {
            process: exec.key(),
            time_ns: exec.time_ns,
        }
    }
}

/// The arguments of an exec before secrets in them were masked.
#[derive(Clone, Debug, PartialEq)]
pub struct Original {
    /// Whose.
    pub of: Which,
    /// As they were.
    pub args: Args,
}

/// Finds and masks secrets.
#[derive(Debug)]
pub struct Redactor {
    patterns: Rewrites,
    next: Regex,
}

impl Redactor {
    /// Makes one.
    ///
    /// # Errors
    /// None but what the tests would find: the expressions are fixed.
    pub fn new() -> Result<Self, regex::Error> {
        let named = |(pattern, with): (&str, _)| (pattern.replace("NAMES", NAMES), with);
        Ok(Self {
            patterns: Rewrites::new(PATTERNS.map(named))?,
            next: Regex::new(&NEXT.replace("NAMES", NAMES))?,
        })
    }

    /// Masks what looks secret in an exec's arguments and environment; returns the arguments as they were, if any had
    /// to be masked.
    pub fn mask(&self, exec: &mut Exec) -> Option<Args> {
        let in_env = exec
            .env
            .as_deref()
            .and_then(|env| self.masked(env, |_, variable| self.patterns.apply(variable)));
        let in_args = self.command(&exec.args, exec.filename.as_deref());
        exec.flags
            .set(Flags::REDACTED, in_args.is_some() || in_env.is_some());
        exec.env = in_env.map(Box::new).or(exec.env.take());
        in_args.map(|masked| std::mem::replace(&mut exec.args, masked))
    }

    /// Masks what looks secret in the arguments of processes that already ran.
    pub fn mask_running(&self, running: &mut [Running]) {
        for process in running {
            let args = Args {
                bytes: std::mem::take(&mut process.cmdline),
                ..Args::default()
            };
            process.cmdline = self.command(&args, None).unwrap_or(args).bytes;
        }
    }

    fn command(&self, args: &Args, path: Option<&[u8]>) -> Option<Args> {
        let flags = flags_of(args, path);
        self.masked(args, |before, arg| self.argument(&flags, before, arg))
    }

    fn masked<'a>(
        &self,
        args: &'a Args,
        mask: impl Fn(&[u8], &'a [u8]) -> Cow<'a, [u8]>,
    ) -> Option<Args> {
        let mut bytes = Vec::new();
        let mut changed = false;
        let mut before: &[u8] = &[];
        for arg in args.iter() {
            let masked = mask(before, arg);
            changed |= matches!(masked, Cow::Owned(_));
            bytes.extend_from_slice(&masked);
            bytes.push(0);
            before = arg;
        }
        if !changed {
            return None;
        }
        if args.capture != Capture::Whole && args.bytes.last() != Some(&0) {
            bytes.pop();
        }
        let (was, is) = (args.bytes.len() as u64, bytes.len() as u64);
        Some(Args {
            bytes: bytes.into(),
            true_size: args.true_size.map(|size| (size + is).saturating_sub(was)),
            ..args.clone()
        })
    }

    /// Masks an argument; `before` is the one before it.
    fn argument<'a>(&self, flags: &[&Flag], before: &[u8], arg: &'a [u8]) -> Cow<'a, [u8]> {
        let apart = |flag: &&Flag| flag.place != Place::Joined && flag.flag.as_bytes() == before;
        let follows = self.next.is_match(before) && !arg.starts_with(b"-");
        if !arg.is_empty() && (follows || flags.iter().any(apart)) {
            return MASK.as_bytes().to_vec().into();
        }
        let joined = flags.iter().find(|flag| {
            let secret = arg.strip_prefix(flag.flag.as_bytes());
            flag.place != Place::Apart && secret.is_some_and(|secret| !secret.is_empty())
        });
        match joined {
            Some(flag) => [flag.flag.as_bytes(), MASK.as_bytes()].concat().into(),
            None => self.patterns.apply(arg),
        }
    }
}

/// Returns the flags of a program that secrets follow; `path` names it where it has no arguments.
fn flags_of(args: &Args, path: Option<&[u8]>) -> Vec<&'static Flag> {
    let path = args.iter().next().or(path).unwrap_or_default();
    let name = base_name(path);
    let is_of = |flag: &&Flag| {
        flag.programs
            .iter()
            .any(|program| program.as_bytes() == name)
            && (flag.with.is_empty() || args.iter().any(|arg| arg == flag.with.as_bytes()))
    };
    FLAGS.iter().filter(is_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn line(args: &[&str]) -> String {
        let mut exec = fixture::exec(0, 7, 1, &["x"]);
        exec.args = Args::from_list(args);
        let was = Redactor::new().unwrap().mask(&mut exec);
        assert_eq!(was.is_some(), exec.flags.contains(Flags::REDACTED));
        if let Some(was) = was {
            assert_eq!(was, Args::from_list(args));
        }
        assert_eq!(exec.args.true_size, Some(exec.args.bytes.len() as u64));
        let words: Vec<_> = exec.args.iter().map(String::from_utf8_lossy).collect();
        words.join(" ")
    }

    #[test]
    fn secrets_are_masked() {
        for (args, masked) in [
            (
                &["app", "--password=hunter2"][..],
                "app --password=[redacted]",
            ),
            (
                &["app", "--password", "hunter2", "x"],
                "app --password [redacted] x",
            ),
            (
                &["app", "--db-passwd=a b", "y"],
                "app --db-passwd=[redacted] b y",
            ),
            (
                &["/usr/bin/mysql", "-u", "me", "-phunter2"],
                "/usr/bin/mysql -u me -p[redacted]",
            ),
            (
                &["sshpass", "-p", "hunter2", "ssh", "h"],
                "sshpass -p [redacted] ssh h",
            ),
            (
                &["docker", "login", "-p", "hunter2"],
                "docker login -p [redacted]",
            ),
            (&["curl", "-u", "me:hunter2", "h"], "curl -u [redacted] h"),
            (
                &["curl", "-H", "Authorization: Bearer abcdef1234567890"],
                "curl -H Authorization: [redacted]",
            ),
            (
                &["git", "clone", "https://me:hunter2@h/r"],
                "git clone https://me:[redacted]@h/r",
            ),
            (
                &["git", "clone", "https://abcdefghij0123456789@h/r"],
                "git clone https://[redacted]@h/r",
            ),
            (&["x", "AKIAIOSFODNN7EXAMPLE"], "x [redacted]"),
            (
                &["x", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"],
                "x [redacted]",
            ),
            (
                &[
                    "sh",
                    "-c",
                    "curl -s -u me:hunter2 h | mysql -u me -phunter2 shop",
                ],
                "sh -c curl -s -u [redacted] h | mysql -u me -p[redacted] shop",
            ),
            (
                &["sh", "-c", "sshpass -p hunter2 ssh -p 22 h"],
                "sh -c sshpass -p [redacted] ssh -p 22 h",
            ),
            (
                &["curl", "--user", "me:hunter2", "h"],
                "curl --user [redacted] h",
            ),
            (
                &["sh", "-c", "PGPASSWORD=hunter2 psql -c 'select 1'"],
                "sh -c PGPASSWORD=[redacted] psql -c 'select 1'",
            ),
            (
                &["curl", "-d", r#"{"token": "abc", "n": 1}"#],
                r#"curl -d {"token": [redacted], "n": 1}"#,
            ),
            (
                &["x", "https://h/?api_key=abc&n=1"],
                "x https://h/?api_key=[redacted]&n=1",
            ),
            (
                &["x", "-----BEGIN RSA PRIVATE KEY-----\nabc\n"],
                "x [redacted]",
            ),
        ] {
            assert_eq!(line(args), masked);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for args in [
            &["ls", "-l", "--color=auto"][..],
            &[
                "git",
                "commit",
                "--author=Me <me@h>",
                "-m",
                "tokenizer: done",
            ],
            &["make", "PWD=/home/me", "-p"],
            &["ssh", "-p", "22", "me@h"],
            &["docker", "run", "-p", "80:80", "nginx"],
            &["mysql", "-p", "shop"],
            &["mkdir", "-p", "a/b"],
            &["curl", "https://h:8080/a@b"],
            &["app", "--password-file", "-"],
        ] {
            assert_eq!(line(args), args.join(" "));
        }
    }

    #[test]
    fn the_environment_is_masked_by_names_and_shapes() {
        let mut exec = fixture::exec(0, 7, 1, &["x"]);
        let env = Args::from_list(&[
            "HOME=/root",
            "AWS_SECRET_ACCESS_KEY=abc",
            "X=ghp_abcdefghijklmnopqrstuvw",
        ]);
        exec.env = Some(Box::new(env));
        assert_eq!(Redactor::new().unwrap().mask(&mut exec), None);
        let env = exec.env.unwrap();
        let words: Vec<_> = env.iter().map(String::from_utf8_lossy).collect();
        assert_eq!(
            words,
            [
                "HOME=/root",
                "AWS_SECRET_ACCESS_KEY=[redacted]",
                "X=[redacted]"
            ]
        );
        assert!(exec.flags.contains(Flags::REDACTED));
    }

    #[test]
    fn processes_that_already_ran_are_masked() {
        let mut all = [&b"mysql\0-px\0"[..], b"mysql\0shop\0"].map(|cmdline| Running {
            cmdline: cmdline.into(),
            ..running()
        });
        Redactor::new().unwrap().mask_running(&mut all);
        assert_eq!(&*all[0].cmdline, b"mysql\0-p[redacted]\0");
        assert_eq!(&*all[1].cmdline, b"mysql\0shop\0");
    }

    fn running() -> Running {
        Running {
            key: fixture::key(7),
            ppid: 1,
            uid: None,
            comm: "mysql".into(),
            cmdline: Box::default(),
            forked_only: false,
            narrow: false,
        }
    }

    #[test]
    fn cut_arguments_stay_cut() {
        let mut exec = fixture::exec(0, 7, 1, &["x"]);
        exec.args = Args {
            bytes: b"app\0--token=abcdef"[..].into(),
            true_size: Some(100),
            argc: Some(2),
            capture: Capture::Truncated,
            holes: 0,
        };
        Redactor::new().unwrap().mask(&mut exec).unwrap();
        assert_eq!(&*exec.args.bytes, b"app\0--token=[redacted]");
        assert_eq!(exec.args.true_size, Some(104));
    }
}
