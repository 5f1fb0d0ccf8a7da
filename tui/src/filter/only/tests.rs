//! What is pushed down, what stays, and the law between them.

use super::super::quote;
use super::super::tests::fixture;
use super::*;
use crate::event::Exec;
use crate::field::Kind;
use crate::model::Model;
use crate::store::{Entry, Row};
use proptest::prelude::*;

fn uid_of(name: &str) -> Option<u32> {
    match name {
        "root" => Some(0),
        "www-data" => Some(33),
        "alice" => Some(1000),
        _ => None,
    }
}

fn split(text: &str) -> Result<(Pushed, Filter), String> {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    filter.split(Taken::default(), &uid_of)
}

/// Shows what is pushed, and what is left.
fn shown(text: &str) -> String {
    let (pushed, rest) = split(text).unwrap();
    format!("{} / {}", filter_of(&pushed), rest.text())
}

/// Writes what is pushed as a filter.
fn filter_of(pushed: &Pushed) -> String {
    let list = |numbers: &[u32]| {
        let texts: Vec<_> = numbers.iter().map(u32::to_string).collect();
        texts.join(",")
    };
    let mut terms = Vec::new();
    if !pushed.tree.is_empty() {
        let trees: Vec<_> = pushed
            .tree
            .iter()
            .map(|pid| format!("under({pid})"))
            .collect();
        terms.push(trees.join("|"));
    }
    if !pushed.uids.is_empty() {
        terms.push(format!("uid={}", list(&pushed.uids)));
    }
    if !pushed.comms.is_empty() {
        let comms: Vec<_> = pushed.comms.iter().map(|c| quote(c.as_bytes())).collect();
        terms.push(format!("comm={}", comms.join(",")));
    }
    terms.join(" ")
}

#[test]
fn what_the_kernel_can_ask_is_pushed_down() {
    for (text, expected) in [
        ("", " / "),
        ("uid=1000", "uid=1000 / "),
        ("uid=0,33 uid in (5)", "uid=0,33 / uid=5"),
        ("uid=5..7", "uid=5,6,7 / "),
        ("user=alice", "uid=1000 / "),
        ("user=alice|user=root", "uid=1000,0 / "),
        ("uid=5|user=root", "uid=5,0 / "),
        ("comm=make,cc", "comm=make,cc / "),
        ("comm=make or comm=cc", "comm=make,cc / "),
        ("under(1234)", "under(1234) / "),
        ("under(1234) gcc", "under(1234) / gcc"),
        (
            "under(1|2)|under(pid=3,4)",
            "under(1)|under(2)|under(3)|under(4) / ",
        ),
        (
            "under(7) uid=0 comm=sh (x or y) res=ok",
            "under(7) uid=0 comm=sh / (x or y) res=ok",
        ),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_implied_stays() {
    for text in [
        "uid!=0",
        "!uid=0",
        "uid>5",
        "uid=5..",
        "uid=\"\"",
        "uid=0 or comm=sh",
        "uid=0 or (uid=5 x)",
        "comm!=sh",
        "comm=b*",
        "comm=sh,b*",
        "comm~^sh",
        "comm=\"\"",
        "comm=sixteen-bytes-ab",
        "user=nobody-knows",
        "user=1000",
        "user!=root",
        "!under(5)",
        "under(comm=cron)",
        "under(1|sh)",
        "pid=5",
        "5",
        "euid=0",
    ] {
        let plain = Filter::parse(text).unwrap().to_string();
        assert_eq!(shown(text), format!(" / {plain}"), "{text}");
    }
}

#[test]
fn who_asks_upwards_sees_everything_but_other_trees() {
    for (text, expected) in [
        ("uid=0 anc~sshd", " / uid=0 anc~/sshd/"),
        ("comm=make depth<=2", " / comm=make depth<=2"),
        (
            "comm=make under(comm=cron)",
            " / comm=make under(comm=cron)",
        ),
        ("comm=make !under(5)", " / comm=make !under(5)"),
        ("under(5) comm=make anc~sh", "under(5) / comm=make anc~/sh/"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
    let filter = Filter::parse("under(5) comm=make").unwrap();
    let taken = Taken {
        tree: true,
        cgroups: false,
    };
    let (pushed, rest) = filter.split(taken, &uid_of).unwrap();
    assert_eq!(
        (pushed, rest.text()),
        (Pushed::default(), "under(5) comm=make")
    );
}

#[test]
fn what_is_known_later_is_no_capture_filter() {
    for (text, term) in [
        ("exit!=0", "exit!=0"),
        ("x (a or !dur>2s)", "dur>2s"),
        ("cpu>1s", "cpu>1s"),
        ("rss>1M", "rss>1M"),
        ("sig=KILL", "sig=SIGKILL"),
        ("age<1m", "age<1m"),
        ("comm=sh running", "running"),
    ] {
        let error = split(text).unwrap_err();
        assert!(error.starts_with(&format!("`{term}` ")), "{text}: {error}");
    }
    for text in ["failed", "err=ENOENT", "res=ok", "fork>1ms", "flag=script"] {
        assert!(split(text).is_ok(), "{text}");
    }
}

/// Makes a test of a control group; the language may not know the name yet.
fn in_cgroup(path: &str) -> Expr {
    static FIELD: Field = Field {
        key: "cgroup",
        title: "CGROUP",
        width: 10,
        kind: Kind::Text,
        default_from: None,
        doc: "control group",
        value: |_, _| crate::field::Value::None,
    };
    let parts = path.split('*').map(|part| part.as_bytes().to_vec());
    Expr::Test(Box::new(Test::Text {
        of: Text::Field(&FIELD),
        negated: false,
        is: Texts::Globs(vec![Glob::new(parts)]),
    }))
}

#[test]
fn control_groups_are_pushed_and_asked_again() {
    let split = |path: &str, taken: Taken| {
        let filter = Filter::default().with(in_cgroup(path));
        let (pushed, rest) = filter.split(taken, &uid_of).unwrap();
        assert_eq!(rest.expr, filter.expr, "{path}");
        pushed.cgroups
    };
    let path = |path| split(path, Taken::default());
    assert_eq!(path("/a/b"), [b"/a/b"]);
    assert_eq!(path("/a/b/*"), [b"/a/b"]);
    for everything in ["/", "/*", "*", "/a*", "/a/*/b", "a/b", ""] {
        assert_eq!(path(everything), Vec::<Vec<u8>>::new(), "{everything}");
    }
    let taken = Taken {
        tree: false,
        cgroups: true,
    };
    assert_eq!(split("/a", taken), Vec::<Vec<u8>>::new());
}

/// The rows of the corpus, and some more.
fn rows(model: &Model) -> Vec<Row> {
    let mut rows = Vec::new();
    for part in model.store.parts(64) {
        rows.extend(part.entries.iter().filter_map(|entry| match entry {
            Entry::Row(row) => Some(row.clone()),
            Entry::Gap(_) => None,
        }));
    }
    rows.push(Row {
        exec: Exec::default(),
        ..Row::default()
    });
    rows
}

fn any_part() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        "uid=(0|33|1000|5)(,(0|1000|7))?",
        "user=(root|alice|www-data|1000|nobody)",
        "comm=(make|bash|sh|gcc|ccache|m\\*)(,(cron|make))?",
        "under\\((1|50|200|201|comm=cron|make)\\)",
        "(res=ok|failed|make|anc~sshd|depth<=2|ppid=200|flag=script)",
    ];
    let not = ("!?", one).prop_map(|(not, one)| format!("{not}{one}"));
    proptest::collection::vec(not, 1..4).prop_map(|all| format!("({})", all.join(" or ")))
}

proptest! {
    #[test]
    fn nothing_that_passes_is_skipped(parts in proptest::collection::vec(any_part(), 0..5)) {
        let text = parts.join(" ");
        let model = fixture();
        let whole = Filter::parse(&text).unwrap();
        let (pushed, rest) = whole.split(Taken::default(), &uid_of).unwrap();
        let pushed = Filter::parse(&filter_of(&pushed)).unwrap();
        for row in rows(&model) {
            let passes = whole.matches(&row, &model);
            let both = pushed.matches(&row, &model) && rest.matches(&row, &model);
            prop_assert_eq!(passes, both, "{}: {} / {}", text, pushed, rest);
        }
    }
}
