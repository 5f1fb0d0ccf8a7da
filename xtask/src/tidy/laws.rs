//! The laws about one file at a time.

use super::Finding;
use super::modules::{HOME, module_of, names_after};
use super::source::{Source, find_word, line_of};

/// The one file of the tool that may hold `unsafe`.
const UNSAFE_FILE: &str = "tui/src/source/probe/shared.rs";

/// The modules of the model, which do no input or output and read no clock.
const MODEL: [&str; 7] = [
    "store", "process", "rate", "filter", "field", "event", "app",
];

/// The parts of `std` that reach outside.
const OUTSIDE: [&str; 4] = ["fs", "env", "net", "process"];

/// What else reaches outside or reads a clock.
const OUTSIDE_CALLS: [&str; 9] = [
    "io::stdin",
    "io::stdout",
    "io::stderr",
    "println",
    "eprintln",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
];

/// Words that stand for work not done; spelled so that this file does not hold them.
const UNDONE: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Names that say nothing about a file's duty.
const VAGUE: [&str; 5] = ["utils", "util", "helpers", "helper", "misc"];

/// The length of a file, tests apart, that is named, and the one that is refused.
const LONG: usize = 400;
const TOO_LONG: usize = 500;

/// aya stays behind one door, so that everything else runs without a kernel.
pub(crate) fn aya_behind_the_probe(source: &Source) -> Vec<Finding> {
    let allowed = source.path.starts_with("tui/src/source/probe/")
        || source.path == "tui/src/source/probe.rs";
    if allowed || !source.path.starts_with(HOME) {
        return Vec::new();
    }
    words(
        source,
        &source.code,
        "aya",
        "`aya` may be named only under tui/src/source/probe",
    )
}

/// ratatui is for the screen; state holds no widgets and no styles.
pub(crate) fn ratatui_behind_the_view(source: &Source) -> Vec<Finding> {
    let allowed = module_of(&source.path)
        .is_none_or(|(module, _)| module.starts_with("view") || module.starts_with("terminal"));
    if allowed && !is_root(source) {
        return Vec::new();
    }
    words(
        source,
        &source.code,
        "ratatui",
        "`ratatui` may be named only in tui/src/view* and tui/src/terminal*",
    )
}

/// The model is a function of what it is fed.
pub(crate) fn model_is_pure(source: &Source) -> Vec<Finding> {
    if !module_of(&source.path).is_some_and(|(module, _)| MODEL.contains(&module)) {
        return Vec::new();
    }
    let text = |what: &str| {
        format!(
            "the model does no input or output and reads no clock: `{what}` belongs to run, source or export"
        )
    };
    let modules = names_after(&source.product, "std::")
        .into_iter()
        .filter(|(_, name)| OUTSIDE.contains(&&**name))
        .map(|(line, name)| Finding::new(source, line, text(&format!("std::{name}"))));
    let calls = OUTSIDE_CALLS
        .iter()
        .flat_map(|call| words(source, &source.product, call, &text(call)));
    modules.chain(calls).collect()
}

/// `unsafe` is for the kernel programs, and for one file where the system forces it.
pub(crate) fn no_unsafe(source: &Source) -> Vec<Finding> {
    if source.path.starts_with("probe-ebpf/") || source.path == UNSAFE_FILE {
        return Vec::new();
    }
    words(
        source,
        &source.code,
        "unsafe",
        &format!("`unsafe` may stand only in probe-ebpf and {UNSAFE_FILE}"),
    )
}

/// What is not done is an issue, not a comment.
pub(crate) fn nothing_undone(source: &Source) -> Vec<Finding> {
    UNDONE
        .iter()
        .flat_map(|word| {
            words(
                source,
                &source.text,
                word,
                &format!("`{word}`: do it or file an issue"),
            )
        })
        .collect()
}

/// A file's name tells its duty.
pub(crate) fn telling_name(source: &Source) -> Vec<Finding> {
    let stem = source
        .path
        .rsplit('/')
        .next()
        .and_then(|name| name.strip_suffix(".rs"));
    match stem.filter(|stem| VAGUE.contains(stem)) {
        Some(stem) => vec![Finding::new(
            source,
            1,
            format!("`{stem}.rs` says nothing: name the file after its duty"),
        )],
        None => Vec::new(),
    }
}

/// Every file of the tool says what it is for.
pub(crate) fn opening_doc(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with(HOME) || source.text.starts_with("//!") {
        return Vec::new();
    }
    vec![Finding::new(
        source,
        1,
        "the file must open with a `//!` line that says what it is for".to_owned(),
    )]
}

/// A file stays short enough to be read at once; long ones are named, very long ones refused.
pub(crate) fn short_enough(source: &Source) -> Vec<Finding> {
    if !source.path.contains("/src/") {
        return Vec::new();
    }
    let lines = source
        .text
        .lines()
        .count()
        .saturating_sub(source.test_lines);
    if lines <= LONG {
        return Vec::new();
    }
    let text = format!(
        "{lines} lines without tests, over {LONG} (refused over {TOO_LONG}): split it along its duties"
    );
    let finding = Finding::new(source, 1, text);
    vec![if lines > TOO_LONG {
        finding
    } else {
        finding.into_note()
    }]
}

/// The chores build the project and so must not need it built.
pub(crate) fn chores_need_no_project_crate(source: &Source) -> Vec<Finding> {
    if source.path != "xtask/Cargo.toml" {
        return Vec::new();
    }
    let crates = ["probe-common", "probe-ebpf", "execsnoop-tui"];
    let named = crates.iter().flat_map(|name| {
        words(
            source,
            &source.text,
            name,
            &format!("xtask must not depend on `{name}`"),
        )
    });
    named
        .filter(|finding| !finding.is_description(source))
        .collect()
}

fn is_root(source: &Source) -> bool {
    [format!("{HOME}lib.rs"), format!("{HOME}main.rs")].contains(&source.path)
}

fn words(source: &Source, code: &str, word: &str, text: &str) -> Vec<Finding> {
    find_word(code, word)
        .map(|at| Finding::new(source, line_of(code, at), text.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Law = fn(&Source) -> Vec<Finding>;

    #[track_caller]
    fn passes(law: Law, path: &str, text: &str) {
        let found: Vec<_> = law(&Source::new(path, text))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(found.is_empty(), "{found:?}");
    }

    #[track_caller]
    fn fails(law: Law, path: &str, text: &str, line: usize) {
        let found: Vec<_> = law(&Source::new(path, text))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with(&format!("{path}:{line}: ")),
            "{found:?}"
        );
    }

    #[test]
    fn aya_only_behind_the_probe() {
        passes(
            aya_behind_the_probe,
            "tui/src/source/probe.rs",
            "use aya::Ebpf;",
        );
        passes(
            aya_behind_the_probe,
            "tui/src/source/probe/load.rs",
            "use aya::Ebpf;",
        );
        passes(
            aya_behind_the_probe,
            "tui/src/app.rs",
            "// aya is elsewhere\nlet s = \"aya\";",
        );
        passes(
            aya_behind_the_probe,
            "probe-ebpf/src/main.rs",
            "use aya_ebpf::x; use aya;",
        );
        fails(
            aya_behind_the_probe,
            "tui/src/source/replay.rs",
            "\nuse aya::Ebpf;",
            2,
        );
    }

    #[test]
    fn ratatui_only_on_the_screen() {
        passes(
            ratatui_behind_the_view,
            "tui/src/view/table.rs",
            "use ratatui::Frame;",
        );
        passes(
            ratatui_behind_the_view,
            "tui/src/terminal.rs",
            "use ratatui::Frame;",
        );
        fails(
            ratatui_behind_the_view,
            "tui/src/app.rs",
            "use ratatui::Frame;",
            1,
        );
        fails(
            ratatui_behind_the_view,
            "tui/src/main.rs",
            "fn main() { ratatui::init(); }",
            1,
        );
    }

    #[test]
    fn the_model_reaches_nothing_outside() {
        passes(
            model_is_pure,
            "tui/src/store.rs",
            "use std::collections::HashMap;\n#[cfg(test)]\nmod t { use std::fs; }",
        );
        passes(
            model_is_pure,
            "tui/src/run.rs",
            "std::fs::read(x); Instant::now();",
        );
        fails(
            model_is_pure,
            "tui/src/store.rs",
            "use std::{collections::HashMap,\n  fs};",
            2,
        );
        fails(
            model_is_pure,
            "tui/src/app/mode.rs",
            "let t = std::time::Instant::now();",
            1,
        );
        fails(
            model_is_pure,
            "tui/src/field.rs",
            "use std::io;\nio::stdout();",
            2,
        );
        fails(
            model_is_pure,
            "tui/src/rate.rs",
            "let t = SystemTime::now();",
            1,
        );
    }

    #[test]
    fn unsafe_only_where_it_is_forced() {
        passes(no_unsafe, "probe-ebpf/src/main.rs", "unsafe {}");
        passes(no_unsafe, UNSAFE_FILE, "unsafe {}");
        passes(
            no_unsafe,
            "tui/src/app.rs",
            "#![deny(unsafe_code)] // unsafe",
        );
        fails(no_unsafe, "tui/src/app.rs", "unsafe {}", 1);
        fails(no_unsafe, "xtask/src/main.rs", "#[unsafe(no_mangle)]", 1);
    }

    #[test]
    fn nothing_is_left_undone() {
        passes(
            nothing_undone,
            "tui/src/app.rs",
            "// methodology, mkstemp(\"aXXXXXX\")",
        );
        fails(
            nothing_undone,
            "tui/src/app.rs",
            &format!("\n// {}: later", UNDONE[0]),
            2,
        );
    }

    #[test]
    fn names_and_docs_tell_the_duty() {
        passes(telling_name, "tui/src/text.rs", "");
        fails(telling_name, "tui/src/view/utils.rs", "", 1);
        passes(opening_doc, "tui/src/text.rs", "//! Text.\n");
        passes(opening_doc, "xtask/src/run.rs", "use x;");
        fails(opening_doc, "tui/src/text.rs", "// Text.\n", 1);
    }

    #[test]
    fn long_files_are_named_and_very_long_ones_refused() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// x\n".repeat(600));
        passes(
            short_enough,
            "tui/src/app.rs",
            &format!("{}{tests}", "x\n".repeat(400)),
        );
        passes(short_enough, "tui/tests/screen.rs", &"x\n".repeat(900));
        let at = |lines: usize| short_enough(&Source::new("tui/src/app.rs", &"x\n".repeat(lines)));
        assert!(at(401).iter().all(|finding| !finding.refused) && at(401).len() == 1);
        assert!(at(501).iter().any(|finding| finding.refused));
    }

    #[test]
    fn the_chores_depend_on_no_project_crate() {
        passes(
            chores_need_no_project_crate,
            "xtask/Cargo.toml",
            "description = \"of execsnoop-tui\"\n[dependencies]\nanyhow = 1\n",
        );
        fails(
            chores_need_no_project_crate,
            "xtask/Cargo.toml",
            "[dependencies]\nprobe-common.workspace = true\n",
            2,
        );
    }
}
