//! Lines that hold to the schema.

use super::super::tests;
use super::super::{Exporter, Options};
use super::*;
use crate::event::{Args, Cgroup, Comm, Event, Flags, Status};
use proptest::prelude::*;
use serde_json::Value;
use std::sync::Arc;

/// The contract: every line of a kind has exactly these keys.
const SCHEMA: &[(&str, &str)] = &[
    (
        "start",
        "version host kernel arch boot_time time tool_version",
    ),
    (
        "exec",
        "time seq pid tid ppid uid gid comm parent_comm filename args args_bytes \
         args_missing_bytes argc ret error exe cwd interpreter euid egid old_euid loginuid session \
         tty cgroup container pid_ns ns_pid mnt_ns cpu flags env fork_to_exec_ns ancestors missing",
    ),
    (
        "exit",
        "time seq pid ppid comm exit_code signal core_dumped duration_ns lifetime_ns user_ns \
         system_ns max_rss_bytes missing",
    ),
    ("fork", "time seq pid ppid comm age_ns parent_age_ns"),
    ("process", "pid ppid uid comm args age_ns forked_only"),
    ("lost", "time count cpu"),
    ("end", "exec failed exit fork lost not_captured duration_ns"),
];

fn parse(line: &str) -> Value {
    assert_eq!(line.find('\n'), Some(line.len() - 1), "one line: {line}");
    let value: Value = serde_json::from_str(line).unwrap();
    let name = value["event"].as_str().unwrap();
    let (_, keys) = SCHEMA.iter().find(|(event, _)| *event == name).unwrap();
    let mut keys: Vec<_> = keys.split_whitespace().chain(["event"]).collect();
    keys.sort_unstable();
    let mut got: Vec<_> = value.as_object().unwrap().keys().collect();
    got.sort_unstable();
    assert_eq!(got, keys);
    let again = serde_json::to_string(&value).unwrap();
    assert_eq!(again.len() + 1, line.len(), "a key twice, or blanks");
    value
}

fn line(event: Event) -> String {
    let mut model = tests::model();
    let applied = model.apply(event);
    let mut out = Vec::new();
    assert_eq!(Ndjson::default().event(&applied, &model, &mut out), None);
    let text = String::from_utf8(out).unwrap();
    parse(&text);
    text
}

fn exec_line(exec: Exec) -> String {
    line(Event::Exec(Box::new(exec)))
}

/// Reads a text back.
fn text_of(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        value => {
            let bytes = STANDARD.decode(value["base64"].as_str().unwrap()).unwrap();
            assert!(
                std::str::from_utf8(&bytes).is_err(),
                "base64 only if needed"
            );
            bytes
        }
    }
}

#[test]
fn an_exec_is_as_the_schema_says() {
    insta::assert_snapshot!(exec_line(tests::ls()).trim_end(), @r#"{"event":"exec","time":"2023-11-14T12:01:52.345678901Z","seq":7,"pid":4711,"tid":4712,"ppid":42,"uid":1000,"gid":100,"comm":"ls","parent_comm":"bash","filename":"/bin/ls","args":["ls","-l","a b"],"args_bytes":10,"args_missing_bytes":0,"argc":3,"ret":0,"error":null,"exe":null,"cwd":null,"interpreter":null,"euid":null,"egid":null,"old_euid":null,"loginuid":null,"session":null,"tty":null,"cgroup":null,"container":null,"pid_ns":null,"ns_pid":null,"mnt_ns":null,"cpu":null,"flags":[],"env":null,"fork_to_exec_ns":678901,"ancestors":[{"pid":42,"comm":"bash","age_ns":112345678900}],"missing":{"exe":"its path could not be read","cwd":"its path could not be read","old_euid":"the call was not seen","loginuid":"not set","session":"not set","tty":"no controlling terminal","cgroup":"its path could not be read","container":"its control group is not known","env":"not asked for"}}"#);
}

#[test]
fn a_failed_exec_says_why() {
    let value = parse(&exec_line(Exec {
        ret: -13,
        ..tests::ls()
    }));
    assert_eq!(value["ret"], -13);
    assert_eq!(value["error"], "EACCES");
}

#[test]
fn the_ends_are_as_the_schema_says() {
    let mut out = Vec::new();
    let mut ndjson = Ndjson::default();
    ndjson.start(&tests::model().session, &mut out);
    ndjson.end(
        &Totals {
            execs: 1,
            failed: 2,
            exits: 3,
            forks: 4,
            lost: 5,
            not_captured: 6,
        },
        7,
        &mut out,
    );
    let text = String::from_utf8(out).unwrap();
    for line in text.split_inclusive('\n') {
        parse(line);
    }
    insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "VERSION"), @r#"
    {"event":"start","version":1,"host":"box","kernel":"6.12.0","arch":"x86_64","boot_time":"2023-11-14T12:00:00.000000000Z","time":"2023-11-14T12:01:40.000000000Z","tool_version":"VERSION"}
    {"event":"end","exec":1,"failed":2,"exit":3,"fork":4,"lost":5,"not_captured":6,"duration_ns":7}
    "#);
}

#[test]
fn exits_forks_and_losses_are_as_the_schema_says() {
    let exit = Exit {
        seq: 8,
        time_ns: 113_000_000_000,
        start_ns: 112_345_000_000,
        pid: 4711,
        ppid: 42,
        comm: "ls".into(),
        status: Status::Signal {
            number: 11,
            core_dumped: true,
        },
        user_ns: Some(1),
        system_ns: None,
        max_rss_bytes: Some(4096),
        duration_ns: None,
        missing: Arc::new(vec![("system_ns".into(), "too many threads".into())]),
        ..Exit::default()
    };
    let coded = Exit {
        status: Status::Code(3),
        missing: Arc::default(),
        ..exit.clone()
    };
    let fork = Fork {
        time_ns: 1,
        pid: 5,
        comm: "sh".into(),
        ..Fork::default()
    };
    let lost = Lost {
        time_ns: 2,
        count: 214,
        cpu: Some(1),
        ..Lost::default()
    };
    let text = [
        line(Event::Exit(exit)),
        line(Event::Exit(coded)),
        line(Event::Fork(fork)),
        line(Event::Lost(lost)),
    ];
    insta::assert_snapshot!(text.concat(), @r#"
    {"event":"exit","time":"2023-11-14T12:01:53.000000000Z","seq":8,"pid":4711,"ppid":42,"comm":"ls","exit_code":null,"signal":"SIGSEGV","core_dumped":true,"duration_ns":null,"lifetime_ns":655000000,"user_ns":1,"system_ns":null,"max_rss_bytes":4096,"missing":{"system_ns":"too many threads"}}
    {"event":"exit","time":"2023-11-14T12:01:53.000000000Z","seq":8,"pid":4711,"ppid":42,"comm":"ls","exit_code":3,"signal":null,"core_dumped":false,"duration_ns":null,"lifetime_ns":655000000,"user_ns":1,"system_ns":null,"max_rss_bytes":4096,"missing":{}}
    {"event":"fork","time":"2023-11-14T12:00:00.000000001Z","seq":0,"pid":5,"ppid":0,"comm":"sh","age_ns":null,"parent_age_ns":null}
    {"event":"lost","time":"2023-11-14T12:00:00.000000002Z","count":214,"cpu":1}
    "#);
}

#[test]
fn an_exit_has_its_programs_duration() {
    let exit = Exit {
        time_ns: 113_345_678_901,
        start_ns: 112_345_000_000,
        pid: 4711,
        ..Exit::default()
    };
    let events = [Event::Exec(Box::new(tests::ls())), Event::Exit(exit)];
    let (text, _) = tests::told(Options::default(), events);
    let value = parse(&format!("{}\n", text.lines().last().unwrap()));
    assert_eq!(value["duration_ns"], 1_000_000_000);
    assert_eq!(value["lifetime_ns"], 1_000_678_901);
}

#[test]
fn what_is_absent_is_null_and_says_why() {
    let value = parse(&exec_line(Exec {
        start_ns: 0,
        filename: None,
        args: Args {
            capture: Capture::Failed,
            ..Args::default()
        },
        ancestors: Box::default(),
        missing: Arc::new(vec![("exe".into(), "gone".into())]),
        ..tests::ls()
    }));
    let unreadable = "the process's memory could not be read";
    for (key, reason) in [
        ("filename", unreadable),
        ("args", unreadable),
        ("args_bytes", unreadable),
        ("args_missing_bytes", unreadable),
        ("exe", "gone"),
        ("cwd", "its path could not be read"),
        ("tty", "no controlling terminal"),
        ("cgroup", "its path could not be read"),
        ("container", "its control group is not known"),
        ("env", "not asked for"),
        ("loginuid", "not set"),
    ] {
        assert_eq!(value[key], Value::Null);
        assert_eq!(value["missing"][key], reason);
    }
    assert_eq!(value["parent_comm"], Value::Null);
    assert_eq!(value["fork_to_exec_ns"], Value::Null);
}

#[test]
fn cut_arguments_are_there_in_part() {
    let value = parse(&exec_line(Exec {
        args: Args {
            true_size: Some(9000),
            capture: Capture::Truncated,
            ..Args::from_list(&["ls", "-l"])
        },
        ..tests::ls()
    }));
    assert_eq!(value["args"], serde_json::json!(["ls", "-l"]));
    assert_eq!(value["args_bytes"], 9000);
    assert_eq!(value["args_missing_bytes"], 8994);
    assert_eq!(value["missing"]["args"], "truncated");
}

#[test]
fn a_program_and_its_surroundings_are_told() {
    let cgroup = Cgroup::new(*b"/lxc.payload.web/system.slice/cron.service");
    let mut exec = Exec {
        exe: Some((*b"/usr/bin/ls").into()),
        cwd: Some((*b"/srv/\xff").into()),
        tty: Some((*b"pts/3").into()),
        cgroup: Some(Arc::new(cgroup)),
        env: Some(Box::new(Args::from_list(&["A=1", "B="]))),
        ..tests::ls()
    };
    exec.flags.set(Flags::MEMFD, true);
    let value = parse(&exec_line(exec.clone()));
    assert_eq!(value["exe"], "/usr/bin/ls");
    assert_eq!(text_of(&value["cwd"]), b"/srv/\xff");
    assert_eq!(value["tty"], "pts/3");
    assert_eq!(
        value["cgroup"],
        "/lxc.payload.web/system.slice/cron.service"
    );
    assert_eq!(value["container"], "web");
    assert_eq!(value["env"], serde_json::json!(["A=1", "B="]));
    assert_eq!(value["flags"], serde_json::json!(["memfd"]));
    for key in ["exe", "cwd", "tty", "cgroup", "container", "env"] {
        assert_eq!(value["missing"][key], Value::Null);
    }
    exec.exe_capture = Capture::Truncated;
    exec.env = Some(Box::new(Args {
        capture: Capture::Failed,
        ..Args::default()
    }));
    let value = parse(&exec_line(exec));
    assert_eq!(
        value["exe"], "usr/bin/ls",
        "not to be taken for a whole path"
    );
    assert_eq!(value["missing"]["exe"], "its beginning is cut");
    assert_eq!(value["env"], Value::Null);
    assert_eq!(
        value["missing"]["env"],
        "the process's memory could not be read"
    );
}

proptest! {
    #[test]
    fn any_exec_has_the_schemas_keys_and_exact_bytes(exec in tests::exec()) {
        let value = parse(&exec_line(exec.clone()));
        prop_assert_eq!(text_of(&value["comm"]), exec.comm.as_bytes());
        for (key, bytes) in [
            ("parent_comm", exec.parent_comm().map(Comm::as_bytes)),
            ("filename", exec.filename.as_deref()),
            ("interpreter", exec.interpreter.as_deref()),
            ("tty", exec.tty.as_deref()),
            ("cgroup", exec.cgroup.as_ref().map(|cgroup| &*cgroup.path)),
        ] {
            prop_assert_eq!((!value[key].is_null()).then(|| text_of(&value[key])), bytes.map(<[u8]>::to_vec));
        }
        let args: Vec<_> = value["args"].as_array().into_iter().flatten().map(text_of).collect();
        prop_assert_eq!(args, exec.args.iter().map(<[u8]>::to_vec).collect::<Vec<_>>());
        for (key, path, capture) in [
            ("exe", &exec.exe, exec.exe_capture),
            ("cwd", &exec.cwd, exec.cwd_capture),
        ] {
            let rest = path.as_deref().map(|path| rest_of_path(path, capture).to_vec());
            prop_assert_eq!((!value[key].is_null()).then(|| text_of(&value[key])), rest);
        }
        let env: Vec<_> = value["env"].as_array().into_iter().flatten().map(text_of).collect();
        let given = exec.env.iter().flat_map(|env| env.iter().map(<[u8]>::to_vec));
        prop_assert_eq!(env, given.collect::<Vec<_>>());
        prop_assert_eq!(value["args_bytes"].as_u64(), exec.args.true_size);
        prop_assert_eq!(value["args_missing_bytes"].as_u64(), exec.args.missing_bytes());
        for (key, reason) in exec.missing.iter() {
            prop_assert_eq!(value["missing"][key.as_ref()].as_str(), Some(reason.as_ref()));
        }
    }

    #[test]
    fn any_exit_has_the_schemas_keys(
        status: u32,
        times: [u32; 2],
        used: [Option<u64>; 3],
        comm in tests::bytes(),
    ) {
        let exit = Exit {
            seq: 1,
            time_ns: times[0].into(),
            start_ns: times[1].into(),
            pid: 1,
            ppid: 0,
            comm: Comm::new(&comm),
            status: Status::from_wait(status),
            // The model adds these up, which is the kernel's to keep in range.
            user_ns: used[0].map(|ns| ns >> 1),
            system_ns: used[1].map(|ns| ns >> 1),
            max_rss_bytes: used[2],
            duration_ns: None,
            missing: Arc::default(), ..Exit::default() };
        let value = parse(&line(Event::Exit(exit.clone())));
        prop_assert_eq!(text_of(&value["comm"]), exit.comm.as_bytes());
        prop_assert_ne!(value["exit_code"].is_null(), value["signal"].is_null());
    }
}

#[test]
fn plain_strings_are_those_that_need_no_escape() {
    for byte in 0..=u8::MAX {
        let needs_none = (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
        for (length, place) in [(1, 0), (7, 6), (8, 0), (8, 7), (9, 8), (40, 21)] {
            let mut bytes = vec![b'a'; length];
            bytes[place] = byte;
            let mut out = Vec::new();
            assert_eq!(
                plain(&mut out, &bytes),
                needs_none,
                "{byte:#x} at {place} of {length}"
            );
            if needs_none {
                assert_eq!(
                    out,
                    serde_json::to_vec(str::from_utf8(&bytes).unwrap()).unwrap()
                );
            } else {
                assert_eq!(out, b"");
            }
        }
    }
    assert!(plain(&mut Vec::new(), b""));
}
