//! Tables as bcc prints them.

use super::super::tests::{ls, model, told};
use super::super::{Format, Options};
use super::*;
use crate::event::{Args, Event};

fn options() -> TableOptions {
    TableOptions {
        zone: TimeZone::UTC,
        ..TableOptions::default()
    }
}

fn table(options: TableOptions, execs: Vec<Exec>) -> String {
    let mut out = Vec::new();
    Table::new(&options).start(&model().session, &mut out);
    let (rows, _) = told(
        Options {
            format: Format::Table,
            table: options,
            ..Options::default()
        },
        execs.into_iter().map(|exec| Event::Exec(Box::new(exec))),
    );
    String::from_utf8(out).unwrap() + &rows
}

/// ARGS of one exec.
fn shown(options: &TableOptions, exec: &Exec) -> String {
    let mut line = String::new();
    args(&mut line, exec, options);
    line
}

/// What bcc's execsnoop prints, flag by flag, as its format strings say: `%-9s` of the time, `%-8.3f` of the seconds,
/// `%-6d` of the user, `%-16s %-7d %-7s %3d %s` of the rest.
const BCC: &str = include_str!("bcc.txt");

#[test]
fn each_flag_prints_what_bcc_prints() {
    let missed = Exec {
        time_ns: ls().time_ns + 1_000_000_000,
        ret: -2,
        pid: 4712,
        comm: "bash".into(),
        filename: Some((*b"/usr/local/bin/ls").into()),
        args: Args::from_list(&["ls", "--color=auto"]),
        ..ls()
    };
    for section in BCC.split("$ execsnoop").skip(1) {
        let (flags, expected) = section.split_once('\n').unwrap();
        let words: Vec<_> = flags.split_whitespace().collect();
        let has = |flag| words.contains(&flag);
        let value = |flag| {
            let place = words.iter().position(|word| *word == flag)?;
            words.get(place + 1).copied()
        };
        let regex = |flag| value(flag).map(|text| regex::bytes::Regex::new(text).unwrap());
        let table = TableOptions {
            time: has("-T"),
            timestamp: has("-t"),
            uid: has("-U"),
            quote: has("-q"),
            max_args: value("--max-args").map_or(20, |n| n.parse().unwrap()),
            ..options()
        };
        let mut out = Vec::new();
        Table::new(&table).start(&model().session, &mut out);
        let asked = Options {
            format: Format::Table,
            failed: has("-x"),
            select: crate::export::Select {
                name: regex("-n"),
                line: regex("-l"),
                ..Default::default()
            },
            table,
            ..Options::default()
        };
        let events = [ls(), missed.clone()].map(|exec| Event::Exec(Box::new(exec)));
        let printed = String::from_utf8(out).unwrap() + &told(asked, events).0;
        assert_eq!(printed.trim_end(), expected.trim_end(), "execsnoop{flags}");
    }
}

#[test]
fn the_columns_are_bccs() {
    let execs = vec![
        ls(),
        Exec {
            ret: -2,
            pid: 4_194_303,
            comm: "a-long-name-15c".into(),
            ..ls()
        },
    ];
    insta::assert_snapshot!(table(options(), execs), @r"
    PCOMM            PID     PPID    RET ARGS
    ls               4711    42        0 /bin/ls -l a b
    a-long-name-15c  4194303 42       -2 /bin/ls -l a b
    ");
}

#[test]
fn times_and_users_come_before() {
    let all = TableOptions {
        time: true,
        timestamp: true,
        uid: true,
        ..options()
    };
    let late = Exec {
        time_ns: 123_456_789_000_000,
        uid: 4_294_967_294,
        ..ls()
    };
    insta::assert_snapshot!(table(all, vec![ls(), late]), @r"
    TIME     TIME(s) UID   PCOMM            PID     PPID    RET ARGS
    12:01:52 12.345  1000  ls               4711    42        0 /bin/ls -l a b
    22:17:36 123356.789 4294967294 ls               4711    42        0 /bin/ls -l a b
    ");
}

#[test]
fn quotation_marks_tell_arguments_apart() {
    let quote = TableOptions {
        quote: true,
        ..options()
    };
    let exec = Exec {
        args: Args::from_list(&["ls", "a b", "", r#"say "hi""#, r"back\slash", "new\nline"]),
        ..ls()
    };
    assert_eq!(
        shown(&quote, &exec),
        r#""/bin/ls" "a b" "" "say \"hi\"" "back\\slash" "new\nline""#
    );
    assert_eq!(
        shown(&options(), &exec),
        r#"/bin/ls a b  say "hi" back\slash new\nline"#
    );
}

#[test]
fn what_acts_on_a_terminal_is_escaped() {
    let exec = Exec {
        comm: "\x1b[31mred".into(),
        filename: Some((*b"/tmp/\x1b]0;x\x07").into()),
        args: Args::from_list(&[&b"x"[..], b"\xff", "\u{202e}txt.exe".as_bytes()]),
        ..ls()
    };
    insta::assert_snapshot!(table(options(), vec![exec]), @r"
    PCOMM            PID     PPID    RET ARGS
    \e[31mred        4711    42        0 /tmp/\e]0;x\x07 \xff \u{202e}txt.exe
    ");
}

#[test]
fn the_path_stands_for_the_first_argument() {
    let words = |exec: &Exec| -> Vec<_> {
        arguments(exec)
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect()
    };
    assert_eq!(words(&ls()), ["/bin/ls", "-l", "a b"]);
    for filename in [None, Some(Box::default())] {
        assert_eq!(words(&Exec { filename, ..ls() }), ["ls", "-l", "a b"]);
    }
    let none = Args::default();
    assert_eq!(words(&Exec { args: none, ..ls() }), ["/bin/ls"]);
    let mut script = Exec {
        filename: Some((*b"./run.sh").into()),
        interpreter: Some((*b"/bin/sh").into()),
        args: Args::from_list(&["/bin/sh", "-e", "./run.sh", "x"]),
        ..ls()
    };
    script.flags.set(Flags::SCRIPT, true);
    assert_eq!(words(&script), ["./run.sh", "x"]);
    script.filename = Some((*b"./other").into());
    assert_eq!(words(&script), ["/bin/sh", "-e", "./run.sh", "x"]);
}

#[test]
fn no_more_words_are_shown_than_asked_for() {
    let max = |max_args| TableOptions {
        max_args,
        ..options()
    };
    assert_eq!(shown(&max(2), &ls()), "/bin/ls -l ...");
    assert_eq!(shown(&max(3), &ls()), "/bin/ls -l a b");
}

#[test]
fn a_hole_is_marked() {
    let exec = |bytes: &[u8], true_size, capture| Exec {
        args: Args {
            bytes: bytes.into(),
            true_size,
            capture,
            ..Args::default()
        },
        ..ls()
    };
    let shown = |exec: &Exec| shown(&options(), exec);
    let cut = |bytes, size| shown(&exec(bytes, size, Capture::Truncated));
    assert_eq!(cut(b"ls\0-l\0", Some(3180)), "/bin/ls -l …[+3.1 KiB]");
    assert_eq!(cut(b"ls\0-l", Some(9)), "/bin/ls -l…[+4 B]");
    assert_eq!(cut(b"ls\0-l\0", None), "/bin/ls -l …");
    assert_eq!(cut(b"ls\0", Some(3 << 20)), "/bin/ls …[+3.0 MiB]");
    let failed = |bytes| exec(bytes, None, Capture::Failed);
    assert_eq!(shown(&failed(b"ls\0-l\0")), "/bin/ls -l [?]");
    assert_eq!(shown(&failed(b"")), "/bin/ls [?]");
    assert_eq!(
        shown(&Exec {
            filename: None,
            ..failed(b"")
        }),
        "[?]"
    );
}

#[test]
fn losses_are_told_apart_from_the_columns() {
    let lost = |cpu| {
        Event::Lost(Lost {
            time_ns: 187_000_000_000,
            count: 214,
            cpu,
            ..Lost::default()
        })
    };
    let notice = |cpu| {
        told(
            Options {
                format: Format::Table,
                table: options(),
                ..Options::default()
            },
            [lost(cpu)],
        )
    };
    let (out, text) = notice(Some(1));
    assert_eq!(out, "");
    assert_eq!(text, "execsnoop-tui: 214 events lost on CPU 1 at 12:03:07");
    assert_eq!(notice(None).1, "execsnoop-tui: 214 events lost at 12:03:07");
}

/// Printed by bcc 0.26's execsnoop on Linux 6.1, with `-x` and with `-x -U -q --max-args 5`.
#[test]
fn recorded_lines_of_bcc_are_printed_alike() {
    let plain = "\
PCOMM            PID     PPID    RET ARGS
grep             213     1         0 /usr/bin/grep -q PCOMM bcc_all.out
date             214     1         0 /usr/bin/date +%s.%N
execsnoop-bpfcc  215     1         0 /usr/sbin/execsnoop-bpfcc
";
    let quoted = "\
UID   PCOMM            PID     PPID    RET ARGS
0     grep             337     1         0 \"/usr/bin/grep\" \"-q\" \"PCOMM\" \"bcc_times.out\"
0     seq              338     1         0 \"/usr/bin/seq\" \"900\"
";
    let exec = |pid, words: &[&str]| Exec {
        pid,
        ppid: 1,
        uid: 0,
        euid: Some(0),
        comm: words[0].rsplit('/').next().unwrap().into(),
        filename: Some(words[0].as_bytes().into()),
        args: Args::from_list(words),
        ..ls()
    };
    let execs = vec![
        exec(213, &["/usr/bin/grep", "-q", "PCOMM", "bcc_all.out"]),
        exec(214, &["/usr/bin/date", "+%s.%N"]),
        exec(215, &["/usr/sbin/execsnoop-bpfcc"]),
    ];
    assert_eq!(table(options(), execs), plain);
    let asked = TableOptions {
        uid: true,
        quote: true,
        max_args: 5,
        ..options()
    };
    let execs = vec![
        exec(337, &["/usr/bin/grep", "-q", "PCOMM", "bcc_times.out"]),
        exec(338, &["/usr/bin/seq", "900"]),
    ];
    assert_eq!(table(asked, execs), quoted);
}
