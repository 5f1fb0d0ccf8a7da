//! Why facts of an exec are missing: what its source said, and what follows from the exec itself.

use super::{Capture, Exec, Flags};
use std::borrow::Cow;

/// Facts that could not be had: the schema's key of each, and the reason.
pub type Missing = Vec<(Cow<'static, str>, Cow<'static, str>)>;

/// Reasons by which a reader of the schema knows how much of a text there is.
#[derive(Clone, Copy, Debug)]
pub struct Reasons;

impl Reasons {
    /// It could not be read, from some point on or at all.
    pub const UNREADABLE: &str = "the process's memory could not be read";
    /// There are more arguments than even their size is known of.
    pub const TOO_MANY: &str = "more arguments than were followed";
    /// There is the beginning only.
    pub const TRUNCATED: &str = "truncated";
    /// There is the end of a path only.
    pub const CUT_PATH: &str = "its beginning is cut";
}

const UNREADABLE: &str = Reasons::UNREADABLE;
const TOO_MANY: &str = Reasons::TOO_MANY;
const TRUNCATED: &str = Reasons::TRUNCATED;
const NO_PATH: &str = "its path could not be read";
const CUT_PATH: &str = Reasons::CUT_PATH;
const NOT_SET: &str = "not set";

/// A fact that an exec may lack, wholly or in part.
struct Gap {
    key: &'static str,
    why: &'static str,
    /// Whether the reason is itself all there is to know: there is no such thing.
    none: bool,
    found: fn(&Exec) -> bool,
}

impl Gap {
    /// Something that there is, and that is not known.
    const fn unknown(key: &'static str, why: &'static str, found: fn(&Exec) -> bool) -> Self {
        Self {
            key,
            why,
            none: false,
            found,
        }
    }

    /// Something that there is not.
    const fn none(key: &'static str, why: &'static str, found: fn(&Exec) -> bool) -> Self {
        Self {
            key,
            why,
            none: true,
            found,
        }
    }
}

/// Every gap that an exec of its own can have; of those of one key, it has at most one.
static GAPS: [Gap; 25] = [
    Gap::unknown("filename", UNREADABLE, |exec| {
        exec.filename.is_none() || exec.filename_capture == Capture::Failed
    }),
    Gap::unknown("filename", TRUNCATED, |exec| {
        exec.filename.is_some() && exec.filename_capture == Capture::Truncated
    }),
    Gap::unknown("args", UNREADABLE, |exec| {
        exec.args.capture == Capture::Failed
    }),
    Gap::unknown("args", TRUNCATED, |exec| {
        exec.args.capture == Capture::Truncated
    }),
    Gap::unknown("args_bytes", UNREADABLE, no_size_of_unread),
    Gap::unknown("args_bytes", TOO_MANY, no_size_of_read),
    Gap::unknown("args_missing_bytes", UNREADABLE, no_size_of_unread),
    Gap::unknown("args_missing_bytes", TOO_MANY, no_size_of_read),
    Gap::none("exe", "nothing was executed", |exec| {
        exec.exe.is_none() && exec.failed()
    }),
    Gap::unknown("exe", NO_PATH, |exec| exec.exe.is_none() && !exec.failed()),
    Gap::unknown("exe", CUT_PATH, |exec| {
        exec.exe.is_some() && exec.exe_capture != Capture::Whole
    }),
    Gap::unknown("cwd", NO_PATH, |exec| exec.cwd.is_none()),
    Gap::unknown("cwd", CUT_PATH, |exec| {
        exec.cwd.is_some() && exec.cwd_capture != Capture::Whole
    }),
    Gap::unknown("interpreter", TRUNCATED, |exec| {
        exec.interpreter_capture != Capture::Whole
    }),
    Gap::none("old_euid", "started by the kernel", |exec| {
        exec.old_euid.is_none() && exec.flags.contains(Flags::KERNEL)
    }),
    Gap::unknown("old_euid", "the call was not seen", |exec| {
        exec.old_euid.is_none() && !exec.flags.contains(Flags::KERNEL)
    }),
    Gap::none("loginuid", NOT_SET, |exec| exec.loginuid.is_none()),
    Gap::none("session", NOT_SET, |exec| exec.session.is_none()),
    Gap::none("tty", "no controlling terminal", |exec| exec.tty.is_none()),
    Gap::unknown("cgroup", NO_PATH, |exec| exec.cgroup.is_none()),
    Gap::unknown("container", "its control group is not known", |exec| {
        exec.cgroup.is_none()
    }),
    Gap::none("container", "not in a container", |exec| {
        let cgroup = exec.cgroup.as_ref();
        cgroup.is_some_and(|cgroup| cgroup.container.is_none())
    }),
    Gap::none("env", "not asked for", |exec| exec.env.is_none()),
    Gap::unknown("env", TRUNCATED, |exec| {
        env_capture(exec) == Some(Capture::Truncated)
    }),
    Gap::unknown("env", UNREADABLE, |exec| {
        env_capture(exec) == Some(Capture::Failed)
    }),
];

fn no_size_of_unread(exec: &Exec) -> bool {
    exec.args.true_size.is_none() && exec.args.capture == Capture::Failed
}

fn no_size_of_read(exec: &Exec) -> bool {
    exec.args.true_size.is_none() && exec.args.capture != Capture::Failed
}

fn env_capture(exec: &Exec) -> Option<Capture> {
    exec.env.as_ref().map(|env| env.capture)
}

/// Why a fact is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason<'a> {
    /// In words; they may come from another host and hold anything.
    pub text: &'a str,
    /// Whether there is no such thing, rather than that it is not known.
    pub none: bool,
}

/// Returns what an exec lacks by its own account: the schema's key, and why. Also the keys of texts that
/// are there in part. No key comes twice.
///
/// What [`Exec::missing`] says of a key goes before.
pub fn gaps(exec: &Exec) -> impl Iterator<Item = (&'static str, &'static str)> {
    found(exec).map(|gap| (gap.key, gap.why))
}

fn found(exec: &Exec) -> impl Iterator<Item = &'static Gap> {
    GAPS.iter().filter(|gap| (gap.found)(exec))
}

/// Returns which gaps an exec has by its own account, a bit each: together with [`Exec::missing`] they make its
/// [`reasons`].
pub fn own_gaps(exec: &Exec) -> u32 {
    const _: () = assert!(GAPS.len() <= 32);
    let gaps = GAPS.iter().enumerate();
    gaps.fold(0, |set, (i, gap)| set | u32::from((gap.found)(exec)) << i)
}

/// Returns everything that an exec lacks and why: what its source said, then its own gaps.
pub fn reasons<'a>(exec: &'a Exec) -> impl Iterator<Item = (&'a str, &'a str)> {
    let told = exec.missing.iter().map(|(key, why)| (&**key, &**why));
    let untold = |key| !exec.missing.iter().any(|(known, _)| known == key);
    let own = found(exec).filter(move |gap| untold(gap.key));
    told.chain(own.map(|gap| -> (&'a str, &'a str) { (gap.key, gap.why) }))
}

/// Returns why an exec lacks the fact of a key of the schema, if it does.
pub fn reason<'a>(exec: &'a Exec, key: &str) -> Option<Reason<'a>> {
    let told = exec.missing.iter().find(|(known, _)| known == key);
    match told {
        Some((_, text)) => Some(Reason { text, none: false }),
        None => found(exec).find(|gap| gap.key == key).map(|gap| Reason {
            text: gap.why,
            none: gap.none,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Args, Cgroup};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    /// An exec that lacks nothing.
    fn whole() -> Exec {
        Exec {
            filename: Some((*b"/bin/ls").into()),
            args: Args::from_list(&["ls"]),
            exe: Some((*b"/usr/bin/ls").into()),
            cwd: Some((*b"/").into()),
            tty: Some((*b"pts/3").into()),
            cgroup: Some(Arc::new(Cgroup::new(*b"/lxc.payload.web"))),
            env: Some(Box::new(Args::from_list(&["A=1"]))),
            old_euid: Some(0),
            loginuid: Some(0),
            session: Some(1),
            ..Exec::default()
        }
    }

    fn told(exec: &Exec) -> BTreeMap<&str, &str> {
        let mut map = BTreeMap::new();
        for (key, why) in reasons(exec) {
            assert_eq!(map.insert(key, why), None, "{key} twice");
            assert_eq!(reason(exec, key).map(|reason| reason.text), Some(why));
        }
        map
    }

    #[test]
    fn an_exec_that_lacks_nothing_has_no_gaps() {
        assert_eq!(told(&whole()), BTreeMap::new());
        assert_eq!(reason(&whole(), "exe"), None);
    }

    #[test]
    fn one_that_lacks_everything_says_why() {
        let keys = |exec: &Exec| told(exec).into_keys().collect::<Vec<_>>().join(" ");
        let all = "args_bytes args_missing_bytes cgroup container cwd env exe filename loginuid \
                   old_euid session tty";
        assert_eq!(keys(&Exec::default()), all);
        let failed = Exec {
            ret: -2,
            ..Exec::default()
        };
        assert_eq!(told(&failed)["exe"], "nothing was executed");
        assert!(reason(&failed, "exe").is_some_and(|reason| reason.none));
        assert_eq!(told(&Exec::default())["exe"], "its path could not be read");
    }

    #[test]
    fn texts_in_part_are_gaps_too() {
        let cut = |capture| {
            let part = |args: Args| Args { capture, ..args };
            let whole = whole();
            Exec {
                args: part(whole.args.clone()),
                env: Some(Box::new(part(whole.args))),
                filename_capture: capture,
                interpreter_capture: capture,
                exe_capture: capture,
                cwd_capture: capture,
                ..self::whole()
            }
        };
        let keys = ["args", "cwd", "env", "exe", "filename", "interpreter"];
        for capture in [Capture::Truncated, Capture::Failed] {
            let cut = cut(capture);
            let told = told(&cut);
            assert_eq!(told.keys().copied().collect::<Vec<_>>(), keys);
            assert_eq!(told["exe"], "its beginning is cut");
            let of_args = match capture {
                Capture::Truncated => "truncated",
                _ => "the process's memory could not be read",
            };
            assert_eq!(told["args"], of_args);
        }
    }

    #[test]
    fn what_the_source_said_goes_before() {
        let exec = Exec {
            missing: Arc::new(vec![("tty".into(), "this kernel has no terminals".into())]),
            tty: None,
            ..whole()
        };
        let tty = reason(&exec, "tty").unwrap();
        assert_eq!(
            (tty.text, tty.none),
            ("this kernel has no terminals", false)
        );
        assert_eq!(told(&exec).len(), 1);
        let none = Exec {
            missing: Arc::default(),
            ..exec
        };
        assert!(reason(&none, "tty").is_some_and(|tty| tty.none));
    }
}
