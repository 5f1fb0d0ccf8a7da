//! The table itself: to add a fact of an exec is to add an entry here.

use super::{Field, Kind, Value};
use crate::event::{Capture, Flags, rest_of_path};
use crate::model::Model;
use crate::store::Row;
use crate::text;
use std::borrow::Cow;

/// Stands for the beginning of a path that lacks it.
pub const CUT_PATH: &str = "…/";

/// Every field, in the order of the columns.
pub static FIELDS: &[Field] = &[
    Field {
        key: "time",
        title: "TIME",
        width: 12,
        kind: Kind::Time,
        default_from: Some(0),
        doc: "time of day of the exec",
        value: |row, _| Value::Time(row.exec.time_ns),
    },
    Field {
        key: "pid",
        title: "PID",
        width: 7,
        kind: Kind::Number,
        default_from: Some(0),
        doc: "process id, as the host sees it",
        value: |row, _| Value::Number(row.exec.pid.into()),
    },
    Field {
        key: "ppid",
        title: "PPID",
        width: 7,
        kind: Kind::Number,
        default_from: Some(70),
        doc: "parent's process id",
        value: |row, _| Value::Number(row.exec.ppid.into()),
    },
    Field {
        key: "parent",
        title: "PARENT",
        width: 15,
        kind: Kind::Text,
        default_from: Some(100),
        doc: "parent's task name at that moment",
        value: |row, _| {
            row.exec
                .parent_comm()
                .map_or(Value::None, |comm| text_of(comm.as_bytes()))
        },
    },
    Field {
        key: "user",
        title: "USER",
        width: 10,
        kind: Kind::Text,
        default_from: Some(60),
        doc: "real user; with the effective one when the exec changed it (alice→root)",
        value: user,
    },
    Field {
        key: "res",
        title: "RES",
        width: 9,
        kind: Kind::Outcome,
        default_from: Some(0),
        doc: "ok, or the errno of the failed exec",
        value: |row, _| Value::Outcome(row.exec.errno()),
    },
    Field {
        key: "exit",
        title: "EXIT",
        width: 9,
        kind: Kind::Exit,
        default_from: Some(100),
        doc: "exit code or signal; … while it runs",
        value: |row, _| match (&row.end, row.exec.failed()) {
            (_, true) => Value::None,
            (None, false) => Value::Exit(None),
            (Some(_), false) => row
                .exit()
                .map_or(Value::None, |exit| Value::Exit(Some(exit.status))),
        },
    },
    Field {
        key: "dur",
        title: "DUR",
        width: 6,
        kind: Kind::Duration,
        default_from: Some(100),
        doc: "from the exec to the exit, or to the next exec of the same process",
        value: |row, _| row.duration_ns().map_or(Value::None, Value::Duration),
    },
    Field {
        key: "command",
        title: "COMMAND",
        width: 0,
        kind: Kind::Text,
        default_from: Some(0),
        doc: "the whole command line",
        value: |row, _| Value::Text(command_line(row).into_bytes().into()),
    },
    on_request("comm", "COMM", 15, Kind::Text, "task name", |row, _| {
        text_of(row.exec.comm.as_bytes())
    }),
    on_request(
        "file",
        "FILE",
        24,
        Kind::Text,
        "path as passed to execve",
        |row, _| row.exec.filename.as_deref().map_or(Value::None, text_of),
    ),
    on_request(
        "exe",
        "EXE",
        24,
        Kind::Text,
        "path of the program that runs; of a script, its interpreter",
        |row, _| path(row.exec.exe.as_deref(), row.exec.exe_capture),
    ),
    on_request(
        "script",
        "SCRIPT",
        24,
        Kind::Text,
        "path of the script, as passed to execve",
        |row, _| match &row.exec.filename {
            Some(file) if row.exec.flags.contains(Flags::SCRIPT) => text_of(file),
            _ => Value::None,
        },
    ),
    on_request(
        "interp",
        "INTERP",
        16,
        Kind::Text,
        "interpreter that the kernel ran for a script",
        |row, _| row.exec.interpreter.as_deref().map_or(Value::None, text_of),
    ),
    on_request(
        "argv0",
        "ARGV0",
        16,
        Kind::Text,
        "first argument, which may differ from the path",
        |row, _| row.exec.args.iter().next().map_or(Value::None, text_of),
    ),
    on_request(
        "argc",
        "ARGC",
        5,
        Kind::Number,
        "number of arguments",
        |row, _| {
            row.exec
                .args
                .argc
                .map_or(Value::None, |n| Value::Number(n.into()))
        },
    ),
    on_request(
        "cwd",
        "CWD",
        24,
        Kind::Text,
        "working directory",
        |row, _| path(row.exec.cwd.as_deref(), row.exec.cwd_capture),
    ),
    on_request(
        "tty",
        "TTY",
        6,
        Kind::Text,
        "controlling terminal, below /dev",
        |row, _| row.exec.tty.as_deref().map_or(Value::None, text_of),
    ),
    on_request(
        "cgroup",
        "CGROUP",
        24,
        Kind::Text,
        "path of the control group",
        |row, _| {
            let cgroup = row.exec.cgroup.as_deref();
            cgroup.map_or(Value::None, |cgroup| text_of(&cgroup.path))
        },
    ),
    on_request(
        "container",
        "CONTAINER",
        12,
        Kind::Text,
        "id or name of the container, as the control group tells it",
        |row, _| {
            let container = row.exec.container();
            container.map_or(Value::None, |container| text_of(container.as_bytes()))
        },
    ),
    on_request(
        "tid",
        "TID",
        7,
        Kind::Number,
        "thread that called exec",
        |row, _| Value::Number(row.exec.tid.into()),
    ),
    on_request("uid", "UID", 6, Kind::Number, "real user id", |row, _| {
        Value::Number(row.exec.uid.into())
    }),
    on_request(
        "euid",
        "EUID",
        6,
        Kind::Number,
        "effective user id after the exec",
        |row, _| id(row.exec.euid),
    ),
    on_request("gid", "GID", 6, Kind::Number, "real group id", |row, _| {
        Value::Number(row.exec.gid.into())
    }),
    on_request(
        "egid",
        "EGID",
        6,
        Kind::Number,
        "effective group id after the exec",
        |row, _| id(row.exec.egid),
    ),
    on_request(
        "login",
        "LOGIN",
        10,
        Kind::Text,
        "user who logged in (audit login uid)",
        |row, model| {
            row.exec
                .loginuid
                .map_or(Value::None, |uid| Value::Text(user_name(uid, model)))
        },
    ),
    on_request(
        "ses",
        "SES",
        6,
        Kind::Number,
        "audit session id",
        |row, _| id(row.exec.session),
    ),
    on_request(
        "nspid",
        "NSPID",
        7,
        Kind::Number,
        "process id inside its pid namespace",
        |row, _| id(row.exec.ns_pid),
    ),
    on_request(
        "pidns",
        "PIDNS",
        10,
        Kind::Number,
        "pid namespace",
        |row, _| id(row.exec.pid_ns),
    ),
    on_request(
        "mntns",
        "MNTNS",
        10,
        Kind::Number,
        "mount namespace",
        |row, _| id(row.exec.mnt_ns),
    ),
    on_request(
        "cpu",
        "CPU",
        6,
        Kind::Duration,
        "user and system time of the process",
        |row, _| {
            let cpu = row
                .exit()
                .and_then(|exit| Some(exit.user_ns? + exit.system_ns?));
            cpu.map_or(Value::None, Value::Duration)
        },
    ),
    on_request(
        "rss",
        "MAXRSS",
        7,
        Kind::Size,
        "largest resident set of the process",
        |row, _| {
            row.exit()
                .and_then(|exit| exit.max_rss_bytes)
                .map_or(Value::None, Value::Size)
        },
    ),
    on_request(
        "fork",
        "FORK",
        6,
        Kind::Duration,
        "from the fork to this exec",
        |row, _| Value::Duration(row.exec.time_ns.saturating_sub(row.exec.start_ns)),
    ),
    on_request(
        "flag",
        "FLAGS",
        12,
        Kind::Text,
        "words for what is special, such as script or setuid",
        |row, _| {
            let words: Vec<_> = row.exec.flags.words().collect();
            if words.is_empty() {
                Value::None
            } else {
                Value::Text(words.join(",").into_bytes().into())
            }
        },
    ),
    on_request(
        "seq",
        "SEQ",
        8,
        Kind::Number,
        "running number of the event",
        |row, _| Value::Number(row.exec.seq),
    ),
    on_request(
        "host",
        "HOST",
        10,
        Kind::Text,
        "machine it happened on; a column by itself where recordings of several are read",
        |row, model| match model.session.host_name(row.exec.host) {
            "" => Value::None,
            name => text_of(name.as_bytes()),
        },
    ),
];

const fn on_request(
    key: &'static str,
    title: &'static str,
    width: u16,
    kind: Kind,
    doc: &'static str,
    value: for<'a> fn(&'a Row, &'a Model) -> Value<'a>,
) -> Field {
    Field {
        key,
        title,
        width,
        kind,
        default_from: None,
        doc,
        value,
    }
}

fn text_of(bytes: &[u8]) -> Value<'_> {
    Value::Text(bytes.into())
}

/// A path; one whose beginning is cut has a mark in its place.
fn path(path: Option<&[u8]>, capture: Capture) -> Value<'_> {
    let Some(path) = path else {
        return Value::None;
    };
    match capture {
        Capture::Whole => text_of(path),
        Capture::Truncated | Capture::Failed => {
            let rest = rest_of_path(path, capture);
            Value::Text([CUT_PATH.as_bytes(), rest].concat().into())
        }
    }
}

fn id(id: Option<u32>) -> Value<'static> {
    id.map_or(Value::None, |id| Value::Number(id.into()))
}

fn user_name(uid: u32, model: &Model) -> Cow<'_, [u8]> {
    match model.users.name(uid) {
        Some(name) => name.as_bytes().into(),
        None => uid.to_string().into_bytes().into(),
    }
}

fn user<'a>(row: &'a Row, model: &'a Model) -> Value<'a> {
    let real = user_name(row.exec.uid, model);
    match row.exec.euid {
        Some(euid) if euid != row.exec.uid => {
            let arrow = "→".as_bytes();
            Value::Text(
                [real.as_ref(), arrow, user_name(euid, model).as_ref()]
                    .concat()
                    .into(),
            )
        }
        _ => Value::Text(real),
    }
}

/// Returns the command line as one line of text that is safe to show: the arguments, or the
/// path when there are none.
pub fn command_line(row: &Row) -> String {
    let mut line = String::with_capacity(row.exec.args.bytes.len() + 8);
    command_start_into(&mut line, row, usize::MAX);
    line
}

/// Appends the beginning of [`command_line`], of about `limit` bytes of arguments; returns whether that
/// is all.
pub fn command_start_into(line: &mut String, row: &Row, limit: usize) -> bool {
    let exec = &row.exec;
    if exec.args.bytes.is_empty() {
        let path = exec.filename.as_deref();
        return text::command_start_into(line, path.into_iter(), limit);
    }
    let unread = "\u{fffd}".as_bytes();
    let args = exec.args.iter_read().map(|arg| arg.unwrap_or(unread));
    text::command_start_into(line, args, limit)
}
