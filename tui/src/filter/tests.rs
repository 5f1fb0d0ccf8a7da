//! The corpus of filters, and the laws of the language.

use super::*;
use crate::event::*;
use crate::field::{FIELDS, Kind};
use crate::fixture;
use crate::resolve::Users;
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;

/// Makes an exec of a process that started when it executed, below processes known by pid.
fn exec(at: u64, pid: u32, above: &[(u32, &str)], args: &[&[u8]]) -> Exec {
    let name = args.first().copied().unwrap_or(b"none");
    let base = name.rsplit(|b| *b == b'/').next().unwrap_or(name);
    let ancestor = |(pid, comm): &(u32, &str)| Ancestor {
        key: ProcessKey {
            pid: *pid,
            start_ns: u64::from(*pid),
            ..ProcessKey::default()
        },
        comm: (*comm).into(),
    };
    Exec {
        seq: at,
        time_ns: at * SECOND,
        start_ns: u64::from(pid),
        pid,
        tid: pid,
        ppid: above.first().map_or(0, |a| a.0),
        comm: Comm::new(base),
        filename: Some(name.into()),
        args: Args::from_list(args),
        ancestors: above.iter().map(ancestor).collect(),
        ..Exec::default()
    }
}

fn exit(at_ms: u64, pid: u32, status: u32) -> Event {
    Event::Exit(Exit {
        time_ns: at_ms * 1_000_000,
        start_ns: u64::from(pid),
        pid,
        status: Status::from_wait(status),
        user_ns: Some(u64::from(pid) * 500_000),
        system_ns: Some(u64::from(pid) * 500_000),
        max_rss_bytes: Some(u64::from(pid) << 20),
        ..Exit::default()
    })
}

/// Sixteen entries; the corpus names them by number. It began at 12:00 on a host in UTC+1.
pub(super) fn fixture() -> Model {
    let users = [(0, "root"), (33, "www-data"), (1000, "alice")];
    let noon = 1_704_106_800_000_000_000;
    let session = Session {
        boot_time_ns: noon,
        ..Session::default()
    };
    let mut model = Model::new(session, Users::new(users), 100, usize::MAX);
    model.seed(vec![
        Running {
            key: ProcessKey {
                pid: 1,
                start_ns: 1,
                ..ProcessKey::default()
            },
            comm: "systemd".into(),
            ..Running::default()
        },
        Running {
            key: ProcessKey {
                pid: 50,
                start_ns: 50,
                ..ProcessKey::default()
            },
            ppid: 1,
            comm: "cron".into(),
            cmdline: (*b"/usr/sbin/cron\0-f\0").into(),
            ..Running::default()
        },
    ]);
    let alice = |exec: Exec| Exec {
        uid: 1000,
        euid: Some(1000),
        loginuid: Some(1000),
        session: Some(3),
        ..exec
    };
    let failed = |exec: Exec, errno: i32| Exec {
        ret: -errno,
        comm: "make".into(),
        ..exec
    };
    let ssh: &[(u32, &str)] = &[(100, "sshd"), (1, "systemd")];
    let flags = |list: &[Flags]| {
        let mut set = Flags::default();
        list.iter().for_each(|flag| set.set(*flag, true));
        set
    };
    let events = [
        /* 0 */ alice(exec(60, 200, ssh, &[b"-bash", b"-l"])),
        /* 1 */ alice(exec(61, 201, &[(200, "bash")], &[b"make", b"-j2", b"all"])),
        /* 2 */
        alice(exec(
            62,
            202,
            &[(201, "make")],
            &[b"ccache", b"gcc", b"-c", b"main.c"],
        )),
        /* 3 */
        alice(exec(
            63,
            203,
            &[(202, "ccache")],
            &[b"/usr/bin/gcc", b"-c", b"main.c"],
        )),
        /* 4 */
        failed(
            alice(exec(64, 204, &[(201, "make")], &[b"/usr/local/bin/ninja"])),
            2,
        ),
        /* 5 */
        failed(
            alice(exec(65, 204, &[(201, "make")], &[b"/usr/bin/ninja"])),
            13,
        ),
        /* 6 */
        exec(
            120,
            300,
            &[(50, "cron"), (1, "systemd")],
            &[b"/bin/sh", b"-c", b"backup --force \"/srv/a b\""],
        ),
    ];
    for event in events {
        model.apply(Event::Exec(Box::new(event)));
    }
    /* 7 */
    model.apply(Event::Lost(Lost {
        time_ns: 121 * SECOND,
        count: 3,
        cpu: Some(0),
        ..Lost::default()
    }));
    let script = flags(&[Flags::SCRIPT]);
    let cgroup = |path: &str| Some(std::sync::Arc::new(Cgroup::new(path.as_bytes())));
    let events = [
        /* 8 */
        Exec {
            flags: script,
            interpreter: Some((*b"/bin/bash").into()),
            filename: Some((*b"./backup").into()),
            ..exec(
                122,
                301,
                &[(300, "sh")],
                &[b"backup", b"--force", b"/srv/a b"],
            )
        },
        /* 9 */
        Exec {
            uid: 1000,
            euid: Some(0),
            flags: flags(&[Flags::SCRIPT, Flags::SETUID]),
            ..exec(123, 301, &[(300, "sh")], &[b"sudo", b"-u", b"bob"])
        },
        /* 10 */
        Exec {
            uid: 33,
            exe: Some((*b"/usr/sbin/nginx").into()),
            cwd: Some((*b"/srv/www").into()),
            cgroup: cgroup("/system.slice/nginx.service"),
            ..exec(
                180,
                400,
                &[(1, "systemd")],
                &[b"nginx", b"-g", b"daemon off;"],
            )
        },
        /* 11 */
        Exec {
            uid: 4711,
            exe: Some((*b"usr/bin/git").into()),
            exe_capture: Capture::Truncated,
            cwd: Some((*b"/home/git").into()),
            tty: Some((*b"pts/3").into()),
            cgroup: cgroup(&format!("/docker/{}", "0123456789abcdef".repeat(4))),
            env: Some(Box::new(Args::from_list(&[
                "HOME=/home/git",
                "LD_PRELOAD=x.so",
            ]))),
            ..exec(181, 401, &[(1, "systemd")], &[b"git", b"gc"])
        },
        /* 12 */
        Exec {
            exe: Some((*b"/usr/bin/nginx").into()),
            flags: flags(&[Flags::MEMFD]),
            cgroup: cgroup("/lxc.payload.web/system.slice/nginx.service"),
            ..exec(182, 4711, &[(1, "systemd")], &[b"/usr/sbin/Nginx", b"-T"])
        },
        /* 13 */
        Exec {
            flags: flags(&[Flags::KERNEL]),
            ..exec(183, 500, &[], &[b"/sbin/modprobe", b"-q"])
        },
        /* 14 */
        Exec {
            comm: "we*ird".into(),
            ..exec(184, 501, &[], &[b"\xff\xfe", b"it's", b""])
        },
        /* 15 */
        Exec {
            filename: Some((*b"/usr/bin/true").into()),
            ..exec(185, 502, &[], &[])
        },
    ];
    for event in events {
        model.apply(Event::Exec(Box::new(event)));
    }
    for event in [
        exit(62_004, 202, 0),
        exit(63_500, 203, 9),
        exit(64_000, 201, 2 << 8),
        exit(182_001, 401, 128 << 8),
        exit(190_000, 300, 0),
    ] {
        model.apply(event);
    }
    model
}

fn zone() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(1))
}

fn passing(filter: &Filter, model: &Model) -> String {
    let mut tester = filter.tester(model);
    let rows = model
        .store
        .iter()
        .filter_map(|(id, _)| Some((id, model.store.row(id)?)));
    let ids: Vec<String> = rows
        .filter(|(_, row)| {
            let passes = tester.passes(row);
            assert_eq!(
                passes,
                filter.matches(row, model),
                "what is remembered is what is so"
            );
            passes
        })
        .map(|(id, _)| id.0.to_string())
        .collect();
    ids.join(" ")
}

/// The corpus: `text => plainest form => numbers of the rows that pass`, or
/// `text => ! column: message`.
#[test]
fn the_corpus_is_understood() {
    let model = fixture();
    let mut wrong = String::new();
    for line in include_str!("corpus.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let text = line.split(" => ").next().unwrap_or_default();
        let result = match Filter::parse_in(text, &zone()) {
            Ok(filter) => {
                let again = Filter::parse_in(&filter.to_string(), &zone()).unwrap();
                assert_eq!(again.expr, filter.expr, "{text} is {filter}");
                format!("{filter} => {}", passing(&filter, &model))
            }
            Err(error) => format!("! {}: {}", error.column, error.message),
        };
        let found = format!("{text} => {result}");
        if found != line {
            wrong += &format!("{found}\n");
        }
    }
    assert!(wrong.is_empty(), "these are not as in the corpus:\n{wrong}");
}

#[test]
fn every_field_can_be_asked_by_its_value() {
    let model = fixture();
    for (id, _) in model.store.iter() {
        let Some(row) = model.store.row(id) else {
            continue;
        };
        for field in FIELDS {
            let value = (field.value)(row, &model);
            let Some(text) = term(field, &value) else {
                assert_eq!(field.kind, Kind::Time, "{field:?}");
                continue;
            };
            let filter = Filter::parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert!(
                filter.matches(row, &model),
                "{text} does not match row {}",
                id.0
            );
            let without = Filter::parse(&format!("!{text}")).unwrap();
            assert!(
                !without.matches(row, &model),
                "!{text} matches row {}",
                id.0
            );
        }
    }
}

#[test]
fn names_without_a_column_stand_apart_and_their_examples_parse() {
    for key in KEYS {
        assert!(
            crate::field::by_key(key.key).is_none(),
            "{} is a field",
            key.key
        );
        assert!(
            Filter::parse_in(key.example, &zone()).is_ok(),
            "{}",
            key.example
        );
        assert!(key.example.starts_with(key.key) && !key.doc.is_empty());
    }
}

#[test]
fn terms_are_added_to_what_is_there() {
    let and = |text: &str, term: &str| {
        Filter::parse(text)
            .unwrap()
            .and(term)
            .map(|f| f.text().to_owned())
    };
    assert_eq!(and("", "pid=1").unwrap(), "pid=1");
    assert_eq!(and("nginx", " ").unwrap(), "nginx");
    assert_eq!(and("nginx", "!pid=1").unwrap(), "nginx !pid=1");
    assert_eq!(and("a or b", "c or d").unwrap(), "(a or b) (c or d)");
    assert_eq!(and("a|b", "c").unwrap(), "a|b c");
    assert_eq!(and("a|b", "|c").unwrap_err().column, 0);
    assert_eq!(and("err", "in").unwrap(), "err \"in\"");
    assert_eq!(and("user", "~/.bashrc").unwrap(), "user \"~/.bashrc\"");
    assert_eq!(and("a", "(").unwrap_err().column, 1);
}

#[test]
fn terms_are_told_apart_as_they_were_written() {
    let terms = |text: &str| Filter::parse(text).unwrap().terms();
    assert_eq!(terms(" "), [""; 0]);
    assert_eq!(terms(" make|ninja  !ccache "), ["make|ninja", "!ccache"]);
    assert_eq!(terms("(a or b)"), ["a or b"]);
    assert_eq!(terms("a and (b or c) d"), ["a", "b or c", "d"]);
    assert_eq!(terms("((a b)  (c|d))"), ["a", "b", "c|d"]);
    assert_eq!(terms("a or b c "), ["a or b c"]);
    assert_eq!(terms("(a)|b !(c d)"), ["(a)|b", "!(c d)"]);
    assert_eq!(
        terms("err in (EACCES, ENOENT) under(a b)"),
        ["err in (EACCES, ENOENT)", "under(a b)"]
    );
    assert_eq!(terms("\"日本 x\" é"), ["\"日本 x\"", "é"]);
}

proptest! {
    #[test]
    fn an_argument_is_found_wherever_it_stands(
        rows in proptest::collection::vec(proptest::collection::vec("[ab ]{0,4}", 0..4), 1..80),
        wanted in "[ab ]{0,4}",
    ) {
        let mut model = fixture::model(1_000);
        for args in &rows {
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            model.apply(fixture::ran(0, 10_000, 1, &args));
        }
        for (text, negated) in [(format!("arg=\"{wanted}\""), false), (format!("arg!=\"{wanted}\""), true)] {
            let filter = Filter::parse(&text).unwrap();
            let mut passed = Vec::new();
            filter.tester(&model).each(|_, passes| passed.push(passes));
            let expected: Vec<_> = rows.iter().map(|args| args.contains(&wanted) != negated).collect();
            prop_assert_eq!(passed, expected);
        }
    }
}

#[test]
fn errors_quote_what_is_wrong_in_one_line() {
    for text in [
        "err=\"a\\nb\"",
        "flag=\"a\\nb\"",
        "pid=\"\\e[2J\"",
        "under(exe=1)",
    ] {
        let error = Filter::parse(text).unwrap_err();
        assert!(
            !error.message.chars().any(crate::text::is_unsafe),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn only_an_age_changes_by_time() {
    assert!(Filter::parse("a or !(age<1m b)").unwrap().ages());
    assert!(!Filter::parse("dur<1m").unwrap().ages());
}

#[test]
fn a_time_of_day_needs_a_zone() {
    let error = Filter::parse("x at>12:03").unwrap_err();
    assert_eq!(
        error.to_string(),
        "column 3: at needs a time zone, and none is known here"
    );
}

fn any_term() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z\"*/=~|()!., @\\\\]{1,8}",
        "(pid|dur|res|comm|user|anc|sig|flag|rss|exit|at|err|x)(=|!=|~|!~|<|>=| in |)(|\"|\\(|/)[a-z0-9*,.|:]{0,6}(|\"|\\)|/|/i)",
        "(and|or|not|running|under\\(|\\)|\\(|!|\\|)",
    ]
}

fn names(list: &[(&str, &str)]) -> Names {
    let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    list.iter().map(own).collect()
}

#[test]
fn a_name_stands_for_its_filter() {
    let names = names(&[
        ("mine", "user=alice or user=bob"),
        ("noise", "comm=sh,ba*"),
        ("both", "@mine !@noise"),
        ("a-b_1", "under(@noise)"),
    ]);
    let plain =
        |text: &str| Filter::parse_with(text, None, &names).map(|filter| filter.to_string());
    for (text, form) in [
        ("@mine", "user=alice or user=bob"),
        ("@mine res=ok", "(user=alice or user=bob) res=ok"),
        ("!@mine", "!(user=alice or user=bob)"),
        ("@both", "(user=alice or user=bob) !comm=sh,ba*"),
        ("comm=x|@noise", "comm=x or comm=sh,ba*"),
        ("(@a-b_1)", "under(comm=sh,ba*)"),
        ("@noise|@mine", "comm=sh,ba* or user=alice or user=bob"),
        // These are no names.
        ("@types/node", "\"@types/node\""),
        ("\"@mine\"", "\"@mine\""),
        ("a@mine", "a@mine"),
        ("comm=@mine", "comm=@mine"),
    ] {
        assert_eq!(plain(text).as_deref(), Ok(form), "{text}");
        let filter = Filter::parse_with(text, None, &names).unwrap();
        assert_eq!(filter.text(), text);
        assert_eq!(Filter::parse(form).unwrap().expr, filter.expr, "{text}");
        let both = filter.and("@both").unwrap();
        assert!(both.text().contains("@both"), "{}", both.text());
    }
}

#[test]
fn a_name_that_cannot_stand_is_told_where_it_stands() {
    let names = names(&[
        ("mine", "user=alice"),
        ("wrong", "pid=x"),
        ("self", "a @self"),
        ("one", "@two"),
        ("two", "b or @three"),
        ("three", "@one"),
        ("empty", " "),
    ]);
    for (text, message) in [
        (
            "comm=sh @mime",
            "column 9: there is no filter named `mime`; did you mean `@mine`; as",
        ),
        (
            "@other",
            "column 1: there is no filter named `other`; as a text it is \"@other\"",
        ),
        ("a @wrong", "column 3: in @wrong, column 5: "),
        (
            "x or @self",
            "column 6: in @self, column 3: a filter cannot be made of itself: @self is made of @self",
        ),
        (
            "@one",
            "column 1: in @one, column 1: in @two, column 6: in @three, column 1: \
             a filter cannot be made of itself: @one is made of @two is made of @three is made of @one",
        ),
        (
            "@empty",
            "column 1: in @empty, column 2: a test is missing here",
        ),
    ] {
        let error = Filter::parse_with(text, None, &names)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(message), "{text}: {error}");
    }
    let error = Filter::parse("@any").unwrap_err();
    assert!(
        error.message.contains("[filters] of the configuration"),
        "{error}"
    );
}

#[test]
fn names_that_double_what_they_name_end() {
    let mut list = vec![("n0".to_owned(), "x".to_owned())];
    for i in 1..40 {
        list.push((format!("n{i}"), format!("@n{} @n{}", i - 1, i - 1)));
    }
    let names: Names = list.into_iter().collect();
    assert!(Filter::parse_with("@n4", None, &names).is_ok());
    let error = Filter::parse_with("@n39", None, &names).unwrap_err();
    assert!(
        error.message.contains("more than 200 named filters"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC*") {
        let _ = Filter::parse(&text);
    }

    #[test]
    fn the_plainest_form_is_read_back_as_it_was(terms in proptest::collection::vec(any_term(), 0..6)) {
        let text = terms.join(" ");
        if let Ok(filter) = Filter::parse_in(&text, &zone()) {
            let plain = filter.to_string();
            let again = Filter::parse_in(&plain, &zone());
            prop_assert_eq!(again.as_ref().map(|f| &f.expr), Ok(&filter.expr), "{} is {}", text, plain);
        }
    }

    #[test]
    fn errors_point_into_the_text(terms in proptest::collection::vec(any_term(), 0..6)) {
        let text = terms.join("");
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(error.column <= text.chars().count(), "{text}: {error}");
            prop_assert!(!error.message.contains('\n'));
        }
    }

    #[test]
    fn any_bytes_come_through_quotes(value in proptest::collection::vec(any::<u8>(), 0..12)) {
        let row = Row {
            exec: Exec { filename: Some(value.clone().into()), ..Exec::default() },
            ..Row::default()
        };
        let model = Model::new(Session::default(), Users::default(), 1, usize::MAX);
        let filter = Filter::parse(&format!("file={}", quote(&value))).unwrap();
        prop_assert!(filter.matches(&row, &model), "{filter}");
        let other = Row {
            exec: Exec { filename: Some([&value[..], b"x"].concat().into()), ..Exec::default() },
            ..Row::default()
        };
        prop_assert!(!filter.matches(&other, &model), "{filter}");
        let phrase = super::quote::phrase(&value);
        if !value.is_empty() {
            prop_assert!(Filter::parse(&phrase).unwrap().matches(&row, &model), "{phrase}");
        }
    }

    #[test]
    fn the_terms_of_a_filter_make_it_up(terms in proptest::collection::vec(any_term(), 0..6)) {
        if let Ok(filter) = Filter::parse_in(&terms.join(" "), &zone()) {
            let terms = filter.terms();
            let again = Filter::all(terms.iter().map(String::as_str), &zone(), &Names::default()).unwrap();
            prop_assert_eq!(again.to_string(), filter.to_string(), "{:?}", terms);
            prop_assert_eq!(again.terms(), terms);
        }
    }

    #[test]
    fn added_terms_must_hold_too(a in any_term(), b in any_term()) {
        let (Ok(one), Ok(two)) = (Filter::parse(&a), Filter::parse(&b)) else {
            return Ok(());
        };
        let model = fixture();
        let both = one.and(&b).unwrap();
        for (_, row) in model.store.iter().filter_map(|(id, _)| Some((id, model.store.row(id)?))) {
            prop_assert_eq!(
                both.matches(row, &model),
                one.matches(row, &model) && two.matches(row, &model),
                "{} and {} is {}", a, b, both
            );
        }
    }
}
