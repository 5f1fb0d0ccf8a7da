//! What each flag means, and what a wrong one is answered with.

use super::*;
use crate::event::Exec;
use crate::export::Events;
use crate::field::{Column, FIELDS};
use crate::filter::Pushed;
use crate::settings::{Place, Settings};
use proptest::prelude::*;

fn context(stdout_is_terminal: bool) -> Context<'static> {
    Context {
        stdout_is_terminal,
        no_color: None,
        term: None,
        locale: None,
        zone: jiff::tz::TimeZone::UTC,
        settings: &|_| Settings::default(),
        uid_of: &|name| (name == "alice").then_some(1000),
    }
}

fn parse_on(context: &Context<'_>, line: &str) -> Result<Command, clap::Error> {
    parse(
        ["execsnoop-tui"].into_iter().chain(line.split_whitespace()),
        context,
    )
}

fn config(stdout_is_terminal: bool, line: &str) -> Config {
    match parse_on(&context(stdout_is_terminal), line).unwrap() {
        Command::Live(config) => *config,
        other => panic!("{other:?}"),
    }
}

fn screen(line: &str) -> ScreenConfig {
    match config(true, line).mode {
        Mode::Screen(screen) => screen,
        other => panic!("{other:?}"),
    }
}

fn lines(line: &str) -> LineConfig {
    match config(true, line).mode {
        Mode::Lines(lines) => lines,
        other => panic!("{other:?}"),
    }
}

/// The message of a usage error.
fn error(line: &str) -> String {
    let error = parse_on(&context(true), line).unwrap_err();
    assert_eq!(error.exit_code(), 2, "{line}");
    assert!(error.use_stderr());
    error.to_string()
}

#[test]
fn clap_finds_no_fault() {
    Args::command().debug_assert();
}

#[test]
fn every_flag_has_help_and_a_heading() {
    let command = Args::command();
    for arg in command.get_arguments() {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(!help.is_empty() && !help.ends_with('.'), "{}", arg.get_id());
        assert!(arg.get_help_heading().is_some(), "{}", arg.get_id());
        assert!(arg.get_long().is_some(), "{}", arg.get_id());
    }
    for arg in command.get_subcommands().flat_map(|c| c.get_arguments()) {
        assert!(arg.get_help().is_some(), "{}", arg.get_id());
    }
}

#[test]
fn the_screen_is_for_terminals() {
    assert!(matches!(config(true, "").mode, Mode::Screen(_)));
    let Mode::Lines(piped) = config(false, "").mode else {
        panic!("a pipe gets lines");
    };
    assert_eq!(piped.options.format, Format::Table);
    for flag in [
        "-o table",
        "-o ndjson",
        "-O f",
        "-T",
        "-t",
        "-U",
        "-q",
        "-n x",
        "-l x",
        "--max-args 3",
    ] {
        assert!(matches!(config(true, flag).mode, Mode::Lines(_)), "{flag}");
    }
    for flag in ["-x", "-u 0", "-P 1", "-f a", "--count 3", "--events exec"] {
        assert!(matches!(config(true, flag).mode, Mode::Screen(_)), "{flag}");
    }
}

#[test]
fn lines_that_never_look_back_keep_little() {
    for (asked, megabytes) in [
        ("-o ndjson", 16),
        ("-o table -x", 16),
        ("-o trace", 16),
        ("-o ndjson -f nginx", 64),
        ("-o table -n nginx", 64),
        ("-o csv", 64),
        ("--summary", 64),
        ("--assert uid=0", 64),
        ("-o ndjson -w file", 64),
    ] {
        assert_eq!(config(true, asked).history_size, megabytes << 20, "{asked}");
    }
}

#[test]
fn defaults_are_as_documented() {
    let config = config(true, "");
    assert_eq!(config.history, 100_000);
    assert_eq!(config.history_size, 256 << 20);
    assert_eq!(config.ring_size, None);
    assert!(!config.forks && config.duration.is_none() && config.count.is_none());
    let screen = screen("");
    assert!(screen.mouse && screen.color && !screen.ascii);
    assert!(
        screen.columns == Column::defaults() && screen.sort.is_none() && screen.filter.is_empty()
    );
    let options = lines("-o table").options;
    assert_eq!(options.table.max_args, 20);
    assert!(!options.failed, "as bcc");
    assert_eq!(options.events, Events::default());
    assert!(lines("-o ndjson").options.failed);
}

#[test]
fn bccs_flags_mean_what_they_mean_there() {
    let options = lines("-x -T -t -U -q -u alice -P 7 -n ^ls$ -l=-l$ --max-args 5").options;
    let table = &options.table;
    assert!(options.failed && table.time && table.timestamp && table.uid && table.quote);
    assert_eq!(table.max_args, 5);
    assert_eq!(options.select.uid, Some(1000));
    assert_eq!(options.select.ppid, Some(7));
    let ls = Exec {
        uid: 1000,
        ppid: 7,
        comm: "ls".into(),
        args: crate::event::Args::from_list(&["ls", "-l"]),
        ..Exec::default()
    };
    assert!(options.select.matches(&ls));
    assert!(!options.select.matches(&Exec {
        comm: "lsof".into(),
        ..ls
    }));
    assert_eq!(lines("-T -u 0").options.select.uid, Some(0));
    let long = "--fails --time --timestamp --print-uid --quote --uid 1 --ppid 1 --name a --line b";
    assert!(lines(long).options.table.quote);
}

#[test]
fn live_flags_are_read() {
    let config = config(
        true,
        "--duration 5m --count 20 --history 2K --history-size 5M --ring-size 1M --btf /b --events exec,fork",
    );
    assert_eq!(config.duration, Some(Duration::from_secs(300)));
    assert_eq!(config.count, Some(20));
    assert_eq!(config.history, 2000);
    assert_eq!(config.history_size, 5 << 20);
    assert_eq!(config.ring_size, Some(1 << 20));
    assert_eq!(config.btf.as_deref(), Some("/b".as_ref()));
    assert!(config.forks);
    let ndjson = lines("-o ndjson -O out --count 3 --events exit");
    assert_eq!(ndjson.file.as_deref(), Some("out".as_ref()));
    assert_eq!(ndjson.options.count, Some(3));
    let exits = Events {
        exec: false,
        exit: true,
        fork: false,
    };
    assert_eq!(ndjson.options.events, exits);
}

#[test]
fn what_to_capture_is_pushed_down_as_far_as_it_goes() {
    assert_eq!(config(true, "--only ccache").only.pushed, Pushed::default());
    let only = of_words(&["--only", "uid=0|user=alice comm=sh ccache", "-f", "make"]).only;
    assert_eq!(only.pushed.uids, [0, 1000]);
    assert_eq!(only.pushed.comms, ["sh".into()]);
    assert_eq!(only.rest.text(), "ccache");
    let only = of_words(&[
        "--tree", "7,8", "--tree", "9", "--only", "under(5)", "--cgroup", "/a",
    ])
    .only;
    assert_eq!(only.pushed.tree, [7, 8, 9]);
    assert_eq!(only.rest.text(), "under(5)", "both must hold");
    assert_eq!(only.cgroups, [PathBuf::from("/a")]);
    assert!(config(true, "").only.rest.is_empty());
}

#[test]
fn behind_two_dashes_stands_a_program() {
    let of = of_words(&["-x", "--only", "under(5)", "--", "make", "-j4", "--", "-x"]);
    assert_eq!(of.command, ["make", "-j4", "--", "-x"]);
    assert_eq!(
        of.only.pushed.tree,
        Vec::<u32>::new(),
        "it will be the tree"
    );
    assert_eq!(of.only.rest.text(), "under(5)");
    assert!(config(true, "").command.is_empty());
    assert!(error("make").contains("unrecognized subcommand"));
    assert!(error("--").contains("missing behind `--`"));
    assert!(error("doctor -- make").contains("commands start no program"));
}

fn of_words(words: &[&str]) -> Config {
    let args = ["execsnoop-tui"].iter().chain(words);
    match parse(args, &context(true)).unwrap() {
        Command::Live(config) => *config,
        other => panic!("{other:?}"),
    }
}

#[test]
fn screen_flags_are_read() {
    let screen = screen("--columns pid,USER,command --sort dur- --no-mouse --ascii --color never");
    let keys: Vec<_> = screen.columns.iter().map(|c| c.field.key).collect();
    assert_eq!(keys, ["pid", "user", "command"]);
    assert!(!screen.mouse && screen.ascii && !screen.color);
    for (text, descending) in [("dur", false), ("dur-", true), ("-dur", true)] {
        let sort = self::screen(&format!("--sort {text}")).sort.unwrap();
        assert_eq!((sort.field.key, sort.descending), ("dur", descending));
    }
}

#[test]
fn users_and_parents_become_the_screens_filter() {
    assert_eq!(screen("-f a|b").filter.text(), "a|b");
    assert_eq!(screen("-u alice").filter.text(), "uid=1000");
    assert_eq!(
        screen("-u 5 -P 7 -f a|b").filter.text(),
        "uid=5 ppid=7 (a|b)"
    );
}

#[test]
fn bare_consoles_get_ascii() {
    for (locale, term, line, ascii) in [
        (None, None, "", false),
        (Some("C.UTF-8"), Some("xterm"), "", false),
        (Some("en_US.utf8"), None, "", false),
        (Some("C"), None, "", true),
        (Some("POSIX"), Some("xterm"), "", true),
        (Some("de_DE@euro"), None, "", true),
        (Some("ja_JP.eucJP"), None, "--ascii=auto", true),
        (Some("C.UTF-8"), Some("linux"), "", true),
        (None, Some("linux"), "--ascii=never", false),
        (Some("C"), None, "--ascii=never", false),
        (Some("C.UTF-8"), None, "--ascii", true),
        (None, None, "--ascii=always", true),
    ] {
        let context = Context {
            locale: locale.map(Into::into),
            term: term.map(Into::into),
            ..context(true)
        };
        let Command::Live(config) = parse_on(&context, line).unwrap() else {
            panic!("not a live run")
        };
        let Mode::Screen(screen) = config.mode else {
            panic!("not the screen")
        };
        assert_eq!(screen.ascii, ascii, "{locale:?} {term:?} {line}");
    }
}

#[test]
fn colors_obey_the_flag_then_no_color_then_the_terminal() {
    let color = |terminal, no_color: Option<&str>, line: &str| {
        let context = Context {
            no_color: no_color.map(Into::into),
            ..context(terminal)
        };
        match parse_on(&context, line).unwrap() {
            Command::Doctor(doctor) => doctor.color,
            _ => panic!("not the doctor"),
        }
    };
    assert!(color(true, None, "doctor"));
    assert!(color(true, Some(""), "doctor"));
    assert!(!color(true, Some("1"), "doctor"));
    assert!(!color(false, None, "doctor"));
    assert!(color(false, Some("1"), "doctor --color always"));
    assert!(!color(true, None, "doctor --color never"));
}

#[test]
fn the_doctor_reports_in_two_forms() {
    for (line, format) in [
        ("doctor", DoctorFormat::Table),
        ("doctor -o table", DoctorFormat::Table),
        ("doctor -o json", DoctorFormat::Json),
    ] {
        match parse_on(&context(true), line).unwrap() {
            Command::Doctor(doctor) => assert_eq!(doctor.format, format),
            _ => panic!("not the doctor"),
        }
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for flag in ["-h", "--help", "-V", "--version", "doctor --help"] {
        let asked = parse_on(&context(true), flag).unwrap_err();
        assert_eq!(asked.exit_code(), 0, "{flag}");
        assert!(!asked.use_stderr());
    }
    let version = parse_on(&context(true), "--version").unwrap_err();
    assert!(version.to_string().contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn usage_errors_name_the_near_ones() {
    insta::assert_snapshot!(error("--filtr x"), @r"
    error: unexpected argument '--filtr' found

      tip: a similar argument exists: '--filter'

    Usage: execsnoop-tui [OPTIONS] [-- CMD ARG…]
           execsnoop-tui <COMMAND>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(error("--columns time,comand").lines().next().unwrap(), @"error: --columns: there is no field `comand`; did you mean `command`?");
    insta::assert_snapshot!(error("-o ndjsn"), @r"
    error: invalid value 'ndjsn' for '--output <FORMAT>'
      [possible values: table, ndjson, csv, summary, trace]

      tip: a similar value exists: 'ndjson'

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(error("docter"), @r"
    error: unrecognized subcommand 'docter'

      tip: a similar subcommand exists: 'doctor'

    Usage: execsnoop-tui [OPTIONS] [-- CMD ARG…]
           execsnoop-tui <COMMAND>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(error("--sort pdi").lines().next().unwrap(), @"error: --sort: there is no field `pdi`; did you mean `pid` or `gid` or `ppid`?");
}

#[test]
fn standard_output_gets_a_recording_or_lines() {
    let first = |to_terminal: bool, line: &str| {
        let error = parse_on(&context(to_terminal), line).unwrap_err();
        error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    insta::assert_snapshot!(first(true, "-w -"), @"error: --write: standard output is a terminal: redirect it, or name a file");
    insta::assert_snapshot!(first(false, "-w - -o table"), @"error: --write: standard output gets lines: write these to a file with -O, or record to a file");
    insta::assert_snapshot!(first(false, "-w - --write-max 1M"), @"error: --write-max: standard output is one stream: leave it out, or name a file");
    let record = |line: &str| config(false, line).record.unwrap().is_stdout();
    assert!(record("-w -") && record("-w - -o table -O lines"));
    assert!(!record("-w ./-"));
}

#[test]
fn only_what_is_told_later_has_a_speed() {
    assert_eq!(config(true, "").source, Source::Live);
    for (line, to_terminal, speed) in [
        ("--demo", true, Some(1.0)),
        ("--demo", false, None),
        ("--demo --speed max", true, None),
        ("--demo --speed 2.5x", false, Some(2.5)),
        ("-r x", true, None),
        ("-r x --speed 60", true, Some(60.0)),
    ] {
        assert_eq!(config(to_terminal, line).speed, speed, "{line}");
    }
    let first = |line: &str| error(line).lines().next().unwrap_or_default().to_owned();
    insta::assert_snapshot!(first("--speed 2"), @"error: --speed: a capture goes as fast as it happens: leave it out, or add -r FILE or --demo");
    insta::assert_snapshot!(first("--demo -- make"), @"error: a made-up machine (--demo) is shown and nothing started: leave out `--` and what follows it");
    insta::assert_snapshot!(first("-r x -- make"), @"error: a recording (-r) is read and nothing started: leave out `--` and what follows it");
    for speed in ["0", "-1", "nan", "inf", "fast", "", "1e9"] {
        assert!(
            first(&format!("--demo --speed={speed}")).contains("write how many times"),
            "{speed}"
        );
    }
    assert!(first("--demo -r x").contains("cannot be used with"));
}

#[test]
fn usage_errors_say_what_to_write() {
    insta::assert_snapshot!(error("-u nobdy"), @r"
    error: --uid: there is no user `nobdy`: write a name that `getent passwd` lists, or an id

    Usage: execsnoop-tui [OPTIONS] [-- CMD ARG…]
           execsnoop-tui <COMMAND>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(error("--only comm=sh|dur>2s").lines().next().unwrap(), @"error: --only: `dur>2s` asks what is known only after the exec, and so decides nothing when it is captured: leave that to -f");
    insta::assert_snapshot!(error("--only uid=x").lines().take(3).collect::<Vec<_>>().join("\n"), @r"
    error: --only: uid: `x` is not a number
      uid=x
          ^
    ");
    insta::assert_snapshot!(error("--tree 5 -- make").lines().next().unwrap(), @"error: --tree and a command behind `--` are each a tree to capture: leave one out");
    insta::assert_snapshot!(error("--tree 0").lines().next().unwrap(), @"error: invalid value '0' for '--tree <PID>': 0 is not in 1..=4294967295");
    insta::assert_snapshot!(error("--duration soon"), @r"
    error: invalid value 'soon' for '--duration <TIME>': write a time such as 10s, 5m, 1.5h or 500ms

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(error("-n ("), @r"
    error: invalid value '(' for '--name <REGEX>': regex parse error:
        (
        ^
    error: unclosed group

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(error("-o ndjson -T -q"), @r"
    error: -T -q shape the table, not ndjson: leave them out, or use -o table

    Usage: execsnoop-tui [OPTIONS] [-- CMD ARG…]
           execsnoop-tui <COMMAND>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(error("-o table --events exit"), @r"
    error: --events: the table tells execs only: add exec, or use -o ndjson

    Usage: execsnoop-tui [OPTIONS] [-- CMD ARG…]
           execsnoop-tui <COMMAND>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(error("--columns pid,pid"), @r"
    error: --columns: `pid` stands there twice

    Usage: execsnoop-tui [OPTIONS] [-- CMD ARG…]
           execsnoop-tui <COMMAND>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(error("doctor -x"), @r"
    error: unexpected argument '-x' found

    Usage: execsnoop-tui doctor [OPTIONS]

    For more information, try '--help'.
    ");
}

#[test]
fn an_unknown_field_lists_all() {
    let error = error("--columns zzz");
    assert!(
        FIELDS.iter().all(|field| error.contains(field.key)),
        "{error}"
    );
    assert!(!error.contains("did you mean"));
}

#[test]
fn a_filters_error_points_at_its_place() {
    let error = crate::filter::FilterError {
        column: 3,
        message: "no field `pidd`".into(),
    };
    insta::assert_snapshot!(resolve::show_filter_error("--filter", "日 \u{1b}pidd=3", &error), @r"
    --filter: no field `pidd`
      日 \epidd=3
           ^
    ");
}

proptest! {
    #[test]
    fn any_arguments_give_a_command_or_an_error(args: Vec<String>, terminal: bool) {
        let args = ["execsnoop-tui".to_owned()].into_iter().chain(args);
        let _ = parse(args, &context(terminal));
    }
}

/// What a command line and a file decide together.
fn with_file(line: &str, file: &str) -> Result<Config, String> {
    let settings = |place: Place<'_>| match place {
        Place::Nowhere => Settings::default(),
        Place::Usual | Place::At(_) => Settings::parse(file, "config.toml"),
    };
    let context = Context {
        settings: &settings,
        ..context(true)
    };
    match parse_on(&context, line) {
        Ok(Command::Live(config)) => Ok(*config),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn flags_go_before_the_file_and_the_file_before_the_defaults() {
    let file = "theme = \"light\"\ncolor = \"never\"\nascii = \"always\"\ncolumns = [\"pid\"]\n\
                sort = \"-dur\"\nview = \"rate\"\nmouse = false\nhistory = 77\nfilter = \"make\"\n\
                [keys]\npause = \"Z\"\n";
    let shown = |line: &str, file: &str| {
        let config = with_file(line, file).unwrap();
        let Mode::Screen(screen) = config.mode else {
            panic!("the screen")
        };
        assert!(config.problems.is_empty(), "{:?}", config.problems);
        let chosen = screen.columns.iter().filter(|column| column.chosen);
        let columns: Vec<_> = chosen.map(|column| column.field.key).collect();
        let columns = Some(columns).filter(|columns| !columns.is_empty());
        let sort = screen.sort.map(|sort| (sort.field.key, sort.descending));
        let pause = screen
            .keys
            .text(crate::keymap::Mode::Events, crate::action::Action::Pause);
        format!(
            "{:?} {} {} {columns:?} {sort:?} {:?} {} {} {:?} {pause}",
            screen.theme,
            screen.color,
            screen.ascii,
            screen.view,
            screen.mouse,
            config.history,
            screen.filter.text(),
        )
    };
    let default = r#"Dark true false None None Events true 100000 "" Space"#;
    assert_eq!(shown("", ""), default);
    assert_eq!(shown("--no-config", file), default);
    let set = r#"Light false true Some(["pid"]) Some(("dur", true)) Rate false 77 "make" Z"#;
    assert_eq!(shown("", file), set);
    assert_eq!(shown("--config other.toml", file), set);
    let flags = "--theme 16 --color always --ascii=never --columns ppid --sort pid --view tree --mouse --history 5 -f x";
    let given = r#"Sixteen true false Some(["ppid"]) Some(("pid", false)) Tree true 5 "x" Z"#;
    assert_eq!(shown(flags, file), given);
    assert_eq!(
        shown("--mouse --no-mouse", ""),
        default.replace("Events true", "Events false")
    );
    assert!(
        with_file("--config a --no-config", "")
            .unwrap_err()
            .contains("--no-config")
    );
}

#[test]
fn named_filters_are_for_every_flag_that_takes_a_filter() {
    let file =
        "filter = \"@mine\"\n[filters]\nmine = \"user=alice or user=bob\"\nnow = \"at>=12:03\"\n";
    for line in [
        "-f @mine",
        "-f @mine -o ndjson",
        "--only @mine",
        "--assert @mine",
        "-f @now",
        "-f @now -o ndjson",
        "--assert @now",
        "-u 5",
    ] {
        let config = with_file(line, file).unwrap_or_else(|error| panic!("{line}: {error}"));
        if line == "-u 5" {
            let Mode::Screen(screen) = config.mode else {
                panic!("the screen")
            };
            assert_eq!(screen.filter.text(), "uid=5 (@mine)");
            assert_eq!(screen.filter.to_string(), "uid=5 (user=alice or user=bob)");
        }
    }
    let error = with_file("--only x|@mien", file).unwrap_err();
    assert!(
        error.contains("--only: there is no filter named `mien`; did you mean `@mine`"),
        "{error}"
    );
    assert!(error.contains("\n  x|@mien\n    ^"), "{error}");
    let error = with_file("-f @mine --no-config", file).unwrap_err();
    assert!(
        error.contains("[filters] of the configuration names them"),
        "{error}"
    );
}

#[test]
fn what_is_wrong_with_the_file_stops_nothing() {
    let config = with_file("-o ndjson", "colour = 1\nhistory = 9\n").unwrap();
    assert_eq!(
        config.problems,
        ["config.toml:1: `colour` is no setting; did you mean `color`?"]
    );
    assert_eq!(config.history, 9);
    let parsed = parse_on(&context(true), "print-config");
    assert!(matches!(parsed, Ok(Command::PrintConfig)));
    let parsed = parse(
        ["execsnoop-tui", "print-config", "--", "ls"],
        &context(true),
    );
    assert!(
        parsed
            .unwrap_err()
            .to_string()
            .contains("commands start no program")
    );
}

#[test]
fn before_an_audience_secrets_are_masked_and_nothing_is_remembered() {
    let config = config(true, "--presenter");
    assert!(config.redact);
    let Mode::Screen(screen) = config.mode else {
        panic!("a terminal gets the screen");
    };
    assert!(screen.presenter && !screen.remember);
    assert!(super::tests::config(false, "--presenter -o ndjson").redact);
    assert!(!super::tests::screen("").presenter && !super::tests::config(true, "").redact);
}
