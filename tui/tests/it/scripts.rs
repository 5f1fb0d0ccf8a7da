//! What scripts ask of a recording: sums, assertions, exit statuses. Neither root nor a kernel is needed.

use crate::product;
use std::path::Path;
use std::process::Output;

/// A shell that runs two programs, of which one is not found at first and one fails; and a loss.
const RECORDING: &str = r#"{"event":"start","version":1,"host":"ci","kernel":"6.12","arch":"x86_64","boot_time":"2026-03-01T00:00:00Z","time":"2026-03-01T12:00:00Z"}
{"event":"process","pid":7,"ppid":1,"uid":0,"comm":"bash","args":["-bash"],"age_ns":5}
{"event":"exec","time":"2026-03-01T12:00:01Z","pid":100,"ppid":7,"comm":"sh","parent_comm":"bash","filename":"/bin/sh","args":["sh","-c","x"],"ret":0,"fork_to_exec_ns":1000,"ancestors":[{"pid":7,"comm":"bash","age_ns":1000000005}]}
{"event":"exec","time":"2026-03-01T12:00:02Z","pid":101,"ppid":100,"comm":"sh","parent_comm":"sh","filename":"/usr/local/bin/cc","args":["cc","it's"],"ret":-2,"fork_to_exec_ns":1000,"ancestors":[{"pid":100,"comm":"sh","age_ns":1000001000}]}
{"event":"exec","time":"2026-03-01T12:00:02.5Z","pid":101,"ppid":100,"comm":"cc","parent_comm":"sh","filename":"/usr/bin/cc","args":["cc","it's"],"ret":0,"fork_to_exec_ns":500001000,"ancestors":[{"pid":100,"comm":"sh","age_ns":1500001000}]}
{"event":"lost","time":"2026-03-01T12:00:03Z","count":3,"cpu":0}
{"event":"exit","time":"2026-03-01T12:00:04Z","pid":101,"ppid":100,"comm":"cc","exit_code":1,"lifetime_ns":2000001000,"user_ns":700000000,"system_ns":100000000}
{"event":"exit","time":"2026-03-01T12:00:05Z","pid":100,"ppid":7,"comm":"sh","exit_code":0,"lifetime_ns":4000001000,"user_ns":1,"system_ns":1}
{"event":"end","exec":2,"failed":1,"exit":2,"fork":0,"lost":3,"not_captured":0,"duration_ns":6000000000}
"#;

fn run(args: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("recording");
    std::fs::write(&path, RECORDING).unwrap();
    run_on(&path, args)
}

fn run_on(path: &Path, args: &[&str]) -> Output {
    let mut command = product();
    command.arg("-r").arg(path).args(args).env("TZ", "UTC");
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_broken_assertion_is_told_with_its_lineage() {
    let told = run(&["--assert", "res=ok"]);
    assert_eq!(told.status.code(), Some(3));
    assert_eq!(text(&told.stdout), "");
    assert_eq!(
        text(&told.stderr),
        "execsnoop-tui: an exec does not pass --assert 'res=ok'\n\
         execsnoop-tui:   12:00:02.000 pid 101 user 0 ENOENT /usr/local/bin/cc: cc 'it'\\''s'\n\
         execsnoop-tui:   bash(7) › sh(100) › sh(101)\n"
    );
    let told = run(&["--assert", "failed or exit=0"]);
    assert_eq!(told.status.code(), Some(3));
    assert!(text(&told.stderr).contains(" pid 101 user 0 ok /usr/bin/cc"));
    let told = run(&["--assert", "failed or exit<=1"]);
    assert_eq!((told.status.code(), text(&told.stderr)), (Some(0), ""));
}

#[test]
fn a_loss_is_a_failure_only_if_asked() {
    assert_eq!(run(&["-o", "ndjson"]).status.code(), Some(0));
    let told = run(&["-o", "ndjson", "--fail-on-loss"]);
    assert_eq!(told.status.code(), Some(4));
    assert_eq!(text(&told.stderr), "execsnoop-tui: 3 events were lost\n");
    let told = run(&["--fail-on-loss", "--assert", "res=ok"]);
    assert_eq!(told.status.code(), Some(3), "what was found goes before");
}

#[test]
fn what_ran_is_summed_up() {
    let told = run(&["-o", "summary"]);
    let expected = "\
COMMAND          COUNT  FAILED     CPU     P50     P95     MAX
cc                   2       1   800ms    1.5s    1.5s    1.5s
sh                   1       0     2ns    4.0s    4.0s    4.0s
all, in 6.0s         3       1   800ms    1.5s    4.0s    4.0s
3 events were lost, and are not in these sums
";
    assert_eq!(text(&told.stdout), expected);
    let told = run(&["--summary"]);
    assert_eq!((text(&told.stdout), text(&told.stderr)), ("", expected));
    let told = run(&["--summary", "-xo", "table"]);
    assert!(text(&told.stdout).contains("/usr/local/bin/cc it's"));
    assert!(text(&told.stderr).ends_with(expected));
}
#[test]
fn recordings_of_two_machines_are_one_list() {
    let dir = tempfile::tempdir().unwrap();
    let other = RECORDING
        .replace("\"host\":\"ci\"", "\"host\":\"db-1\"")
        .replace("T12:00:0", "T12:00:1");
    std::fs::write(dir.path().join("ci"), RECORDING).unwrap();
    std::fs::write(dir.path().join("db"), other).unwrap();
    let run = |args: &[&str]| {
        let mut command = product();
        command.current_dir(dir.path()).args(args).env("TZ", "UTC");
        command.output().unwrap()
    };
    let both = ["-r", "db", "-r", "ci"];
    let told = run(&[&both[..], &["-o", "ndjson"]].concat());
    let lines = text(&told.stdout).lines();
    let count = |part: &str| lines.clone().filter(|line| line.contains(part)).count();
    assert_eq!(count("\"event\":\"start\""), 2);
    assert_eq!(count("\"event\":\"exec\",\"host\":\"db-1\""), 3);
    assert_eq!(count("\"event\":\"exit\",\"host\":\"ci\""), 2);
    assert_eq!(count("\"event\":\"end\",\"exec\":4,"), 1);
    std::fs::write(dir.path().join("both"), &told.stdout).unwrap();
    let again = run(&["-r", "both", "-xT", "-f", "host=db*"]);
    let told = run(&[&both[..], &["-xT", "-f", "host=db*"]].concat());
    let expected = "\
TIME     PCOMM            PID     PPID    RET ARGS
12:00:11 sh               100     7         0 /bin/sh -c x
12:00:12 sh               101     100      -2 /usr/local/bin/cc it's
12:00:12 cc               101     100       0 /usr/bin/cc it's
";
    assert_eq!(text(&told.stdout), expected);
    // The recording does not tell how long the arguments were, and what is made of it says so.
    assert_eq!(text(&again.stdout).replace(" …", ""), expected);
    let losses = text(&told.stderr);
    assert!(
        losses.contains("3 events lost on CPU 0 on db-1 at 12:00:13"),
        "{losses}"
    );
    let told = run(&["-r", "-", "-r", "-", "-o", "ndjson"]);
    assert_eq!(told.status.code(), Some(2));
}

#[test]
fn recordings_that_differ_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let (good, bad) = (dir.path().join("good"), dir.path().join("bad"));
    std::fs::write(
        &good,
        RECORDING.replace(r#""exit_code":1"#, r#""exit_code":0"#),
    )
    .unwrap();
    std::fs::write(&bad, RECORDING).unwrap();
    let diff = |args: &[&str]| {
        let mut command = product();
        command.arg("diff").args(args).current_dir(&dir);
        command.output().unwrap()
    };
    let told = diff(&["good", "bad", "-o", "ndjson"]);
    assert_eq!(told.status.code(), Some(3));
    let lines: Vec<_> = text(&told.stdout).lines().collect();
    let [line] = lines[..] else {
        panic!("{lines:?}");
    };
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["what"], "fails");
    assert_eq!(line["command"], r"cc 'it'\''s'");
    assert_eq!(
        (&line["a"]["runs"], &line["b"]["bad"]["exit 1"]),
        (&1.into(), &1.into())
    );
    assert!(text(&told.stderr).contains("3 events were lost in that recording"));
    let told = diff(&["bad", "good", "-f", "comm=cc"]);
    assert_eq!(told.status.code(), Some(3));
    assert!(
        text(&told.stdout).contains("fails in A only (1)"),
        "{}",
        text(&told.stdout)
    );
    let told = diff(&["bad", "bad"]);
    assert_eq!(told.status.code(), Some(0));
    for (args, status, sentence) in [
        (&["bad", "nosuch"][..], 1, "cannot open nosuch"),
        (&["-", "-"], 2, "both recordings are standard input"),
        (
            &["bad", "good", "-f", "dur>1s"],
            2,
            "known only when a program ends",
        ),
        (&["bad", "good", "--factor", "1"], 2, "a number above 1"),
    ] {
        let told = diff(args);
        assert_eq!(told.status.code(), Some(status), "{args:?}");
        assert!(
            text(&told.stderr).contains(sentence),
            "{}",
            text(&told.stderr)
        );
    }
}

#[test]
fn times_of_day_are_those_of_the_zone() {
    for (zone, filter, execs) in [
        ("UTC", "at>=12:00:02", 2),
        ("UTC", "at<12:00:02", 1),
        ("Europe/Berlin", "at>=13:00:02", 2),
        ("Europe/Berlin", "at<13:00", 0),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("recording");
        std::fs::write(&path, RECORDING).unwrap();
        let mut command = product();
        command
            .arg("-r")
            .arg(&path)
            .args(["-o", "ndjson", "-f", filter])
            .env("TZ", zone);
        let told = command.output().unwrap();
        let lines = text(&told.stdout).lines();
        let told = lines
            .filter(|line| line.contains(r#""event":"exec""#))
            .count();
        assert_eq!(told, execs, "{zone} {filter}");
    }
}
