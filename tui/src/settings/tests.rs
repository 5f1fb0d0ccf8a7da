//! Which settings are taken, and what is said of others.

use super::*;
use crate::action::Action;
use crate::keymap::{KEYMAP, Key, Mode};
use proptest::prelude::*;

fn parse(text: &str) -> Settings {
    Settings::parse(text, "config.toml")
}

/// What is wrong with a file, which is said without its name.
fn problems(text: &str) -> Vec<String> {
    let problems = parse(text).problems;
    let own = |problem: String| problem.strip_prefix("config.toml:").unwrap().to_owned();
    problems.into_iter().map(own).collect()
}

#[test]
fn everything_can_be_set() {
    let settings = parse(
        r#"
        theme = "color-blind"
        color = "always"
        ascii = "never"
        columns = ["pid", "USER", "command"]
        sort = "-dur"
        view = "tree"
        mouse = false
        history = 2_000
        filter = "@mine !@noise at>=12:03"
        [filters]
        mine = "user=alice"
        noise = "comm=sh,ba*"
        [keys]
        pause = "Z"
        quit = ["Q", "F10"]
        details = []
        [keys.in.tree]
        unfold = "Right"
        "#,
    );
    assert!(settings.problems.is_empty(), "{:?}", settings.problems);
    assert_eq!(settings.theme, Some(ThemeName::ColourBlind));
    assert_eq!(
        (settings.color, settings.ascii),
        (Some(When::Always), Some(When::Never))
    );
    let columns: Vec<_> = settings.columns.iter().map(|c| c.field.key).collect();
    assert_eq!(columns, ["pid", "user", "command"]);
    let sort = settings.sort.unwrap();
    assert_eq!((sort.field.key, sort.descending), ("dur", true));
    assert_eq!(
        (settings.view, settings.mouse),
        (Some(View::Tree), Some(false))
    );
    assert_eq!(settings.history, Some(2000));
    assert_eq!(settings.filter.as_deref(), Some("@mine !@noise at>=12:03"));
    assert_eq!(settings.names.get("noise"), Some("comm=sh,ba*"));
    let does = |mode, key: &str| settings.keys.lookup(mode, Key::parse(key).unwrap());
    assert_eq!(does(Mode::Tree, "Z"), Some(Action::Pause));
    assert_eq!(does(Mode::Tree, "Q"), Some(Action::Quit));
    assert_eq!(does(Mode::Tree, "q"), None);
    assert_eq!(does(Mode::Tree, "l"), None);
    assert_eq!(does(Mode::Tree, "Right"), Some(Action::Unfold));
    assert_eq!(settings.keys.text(Mode::Events, Action::Details), "no key");
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_the_rest_is_used() {
    let text = "theme = \"drak\"\n\
         colums = [\"pid\"]\n\
         mouse = \"no\"\n\
         columns = [\"pid\", \"pd\"]\n\
         history = 0\n\
         sort = \"-tim\"\n\
         view = \"chart\"\n\
         color = 1\n\
         ascii = \"always\"\n\
         filter = \"pid=1 pidd=2\"\n";
    assert_eq!(
        problems(text),
        [
            "1: `theme`: `drak` is no theme; did you mean `dark`?",
            "2: `colums` is no setting; did you mean `columns`?",
            "3: `mouse`: this is a string: write true or false",
            "4: `columns`: there is no field `pd`; did you mean `pid` or `cpu` or `cwd`?",
            "5: `history`: write a whole number from 1, such as 500_000",
            "6: `sort`: there is no field `tim`; did you mean `tid` or `time` or `gid`?",
            "7: `view`: `chart` is no view: write events, tree, group, rate, failures",
            "8: `color`: this is an integer: write a text in quotes",
            "10: `filter`: column 7: there is no field pidd; near: pid, gid, pidns",
        ]
    );
    assert_eq!(parse(text).ascii, Some(When::Always));
}

#[test]
fn what_is_no_toml_spares_what_stands_elsewhere() {
    let settings = parse("mouse = false\ntheme = dark\nview = \"tree\"\n");
    assert_eq!(
        (settings.mouse, settings.view),
        (Some(false), Some(View::Tree))
    );
    let [problem] = &settings.problems[..] else {
        panic!("{:?}", settings.problems)
    };
    assert!(
        problem.starts_with("config.toml:2: this is no TOML: "),
        "{problem}"
    );
    let settings = parse("mouse = false\n[keys\nmouse = true\n");
    assert!(
        settings.problems[0].starts_with("config.toml:2: "),
        "{:?}",
        settings.problems
    );
    let settings = parse("mouse = false\nmouse = true\n");
    assert!(
        settings.problems[0].starts_with("config.toml:2: "),
        "{:?}",
        settings.problems
    );
}

#[test]
fn of_many_faults_the_first_are_told() {
    let text: String = (0..50).map(|i| format!("wrong{i} = 1\n")).collect();
    let problems = parse(&text).problems;
    assert_eq!(problems.len(), 21);
    assert_eq!(problems[19], "config.toml:20: `wrong19` is no setting");
    assert_eq!(problems[20], "config.toml: 30 more lines are wrong");
}

#[test]
fn wrong_filters_are_left_out_and_told_with_their_column() {
    let text = "[filters]\n\
         good = \"user=alice\"\n\
         wrong = \"pid=x\"\n\
         a = \"@b\"\n\
         b = \"x @a\"\n\
         \"no name\" = \"x\"\n\
         number = 5\n";
    let problems = problems(text);
    let begins = [
        "3: `wrong`: column 5: ",
        "4: `a`: column 1: in @b, column 3: in @a, column 1: a filter cannot be made of itself",
        "5: `b`: column 3: in @a, column 1: in @b, column 3: a filter cannot be made of itself",
        "6: `no name` cannot be the name of a filter",
        "7: `number`: this is an integer: write a text in quotes",
    ];
    assert_eq!(problems.len(), begins.len(), "{problems:#?}");
    for (problem, begin) in problems.iter().zip(begins) {
        assert!(problem.starts_with(begin), "{problem}");
    }
    let names: Vec<_> = parse(text)
        .names
        .iter()
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(names, ["good"]);
}

#[test]
fn wrong_keys_are_left_out_and_told() {
    let text = "[keys]\n\
         puase = \"Z\"\n\
         pause = \"Strg-x\"\n\
         filter = 5\n\
         follow = [\"X\", \"x\"]\n\
         search = \"S\"\n\
         sort-menu = \"S\"\n\
         [keys.in.prompt]\n\
         accept = \"o\"\n\
         close = \"F9\"\n\
         [keys.in.trees]\n\
         fold = \"H\"\n\
         [keys.in.events]\n\
         fold = \"H\"\n";
    let begins = [
        "2: `puase` is no action; did you mean `pause`?",
        "3: `pause`: there is no key `Strg-x`: write such as",
        "4: `filter`: this is an integer: write a text in quotes, or a list of them in []",
        "5: `follow`: x is for `failures-only` already (events): choose another key",
        "7: `sort-menu`: S is for `search` already (events): choose another key",
        "9: `accept`: o is typed where text is asked for: write such as \"Ctrl-o\"",
        "10: `close`: there are no keys for this in prompt that can be changed",
        "11: `trees` is no place; did you mean `tree`?",
        "14: `fold`: there are no keys for this in events that can be changed",
    ];
    let problems = problems(text);
    assert_eq!(problems.len(), begins.len(), "{problems:#?}");
    for (problem, begin) in problems.iter().zip(begins) {
        assert!(problem.starts_with(begin), "{problem}\n{begin}");
    }
    let keys = parse(text).keys;
    assert_eq!(
        keys.lookup(Mode::Events, Key::parse("S").unwrap()),
        Some(Action::Search)
    );
    assert_eq!(
        keys.lookup(Mode::Events, Key::parse("s").unwrap()),
        Some(Action::SortMenu)
    );
}

/// What stands behind a lone `#` in the printed file.
fn without_comments(printed: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    printed.lines().map(line).collect()
}

#[test]
fn the_printed_file_says_what_is_so_without_it() {
    let printed = printed();
    for line in printed.lines() {
        assert!(line.is_empty() || line.starts_with('#'), "{line}");
        assert!(line.is_ascii() || !line.starts_with("#["), "{line}");
    }
    let untouched = parse(&printed);
    assert!(untouched.problems.is_empty() && untouched.theme.is_none());
    let all = without_comments(&printed);
    let settings = parse(&all);
    assert!(
        settings.problems.is_empty(),
        "{:#?}\n{all}",
        settings.problems
    );
    assert_eq!(settings.theme, Some(ThemeName::default()));
    assert_eq!(
        (settings.color, settings.ascii),
        (Some(When::Auto), Some(When::Auto))
    );
    assert!(settings.columns.is_empty());
    assert!(settings.sort.unwrap().is_arrival());
    assert_eq!(
        (settings.view, settings.mouse),
        (Some(View::Events), Some(true))
    );
    assert_eq!(settings.history, Some(100_000));
    assert_eq!(settings.filter.as_deref(), Some(""));
    assert_eq!(settings.names, Names::default());
    let default = Keys::default();
    let same = |keys: &Keys| -> Vec<_> {
        keys.bound()
            .map(|b| (b.binding.help, b.modes.clone(), b.keys.clone()))
            .collect()
    };
    assert_eq!(same(&settings.keys), same(&default));
    for setting in SETTINGS {
        assert!(
            all.contains(&format!("\n{} = {}\n", setting.name, setting.default)),
            "{}",
            setting.name
        );
    }
    for binding in KEYMAP.iter().filter(|binding| !binding.fixed) {
        assert!(
            all.contains(&format!("\n{} = [", binding.action.name())),
            "{binding:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_text_gives_settings(text in "\\PC{0,40}|((theme|keys|filters|columns|\\[keys\\]|a|=|\\[|\\]|\"|,|\n|x|@a| ){0,20})") {
        let settings = parse(&text);
        for problem in settings.problems {
            prop_assert!(problem.starts_with("config.toml:"), "{}", problem);
            prop_assert!(!problem.contains('\n'), "{}", problem);
        }
    }

    #[test]
    fn a_line_that_is_cut_off_or_changed_never_panics(at in 0usize..9000, byte in "\\PC") {
        let mut text = without_comments(&printed());
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.insert_str(at, &byte);
        let _ = parse(&text);
        text.truncate(at);
        let _ = parse(&text);
    }
}
