//! README.md and ARCHITECTURE.md against the program: what they list is what there is.
//!
//! Tables between `<!-- name -->` and `<!-- /name -->` are made of the program's own tables. When
//! one has drifted, `UPDATE_DOCS=1 cargo test -p execsnoop-tui --test docs` writes it anew.

#![cfg(test)]

use clap::CommandFactory;
use execsnoop_tui::app::commands::COMMANDS;
use execsnoop_tui::appearance::ThemeName;
use execsnoop_tui::cli::{Args, COMMAND_HELP};
use execsnoop_tui::event::Flags;
use execsnoop_tui::field::FIELDS;
use execsnoop_tui::filter::{Filter, KEYS};
use execsnoop_tui::keymap::{Group, KEYMAP, Mode};
use execsnoop_tui::settings::{KEYS_OF_ACTIONS, NAMED_FILTERS, SETTINGS, Settings};
use jiff::tz::TimeZone;
use std::fs;
use std::path::{Path, PathBuf};

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const README: &str = "README.md";
const UPDATE: &str = "UPDATE_DOCS";

/// The folders whose every module ARCHITECTURE.md lists.
const SOURCES: [&str; 4] = ["probe-common/src", "probe-ebpf/src", "tui/src", "xtask/src"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn generated_tables_are_up_to_date() {
    let mut text = read(README);
    let mut drifted = Vec::new();
    for (name, table) in [
        ("keys", keys()),
        ("commands", commands()),
        ("columns", columns()),
        ("flag words", flag_words()),
        ("filter names", filter_names()),
        ("flags", flags()),
        ("themes", themes()),
        ("settings", settings()),
    ] {
        let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let start = text.find(&open).unwrap_or_else(|| panic!("no {open}")) + open.len();
        let end = start + text[start..].find(&close).unwrap();
        if text[start..end] != table {
            drifted.push(name);
            text.replace_range(start..end, &table);
        }
    }
    if std::env::var_os(UPDATE).is_some() {
        // Whole or not at all: the other tests read it meanwhile.
        let new = root().join(".README.md.new");
        fs::write(&new, text).unwrap();
        fs::rename(new, root().join(README)).unwrap();
        return;
    }
    assert!(
        drifted.is_empty(),
        "{README} is behind the program in: {}; write it anew with\n    \
         {UPDATE}=1 cargo test -p execsnoop-tui --test docs\nand commit",
        drifted.join(", ")
    );
}

/// Every key, by the headings of the help.
fn keys() -> String {
    let mut out = String::from("| keys | action | where | what |\n|---|---|---|---|\n");
    for (group, heading) in Group::HEADINGS {
        row(
            &mut out,
            &[
                format!("**{heading}**"),
                String::new(),
                String::new(),
                String::new(),
            ],
        );
        for binding in KEYMAP.iter().filter(|binding| binding.group == group) {
            let keys: Vec<_> = binding
                .keys
                .iter()
                .map(|key| code(&key.to_string()))
                .collect();
            row(
                &mut out,
                &[
                    keys.join(" "),
                    binding.action.name(),
                    places(binding.modes),
                    binding.help.into(),
                ],
            );
        }
    }
    out
}

/// Every theme.
fn themes() -> String {
    let mut out = String::from("| theme | |\n|---|---|\n");
    for (_, name, doc) in ThemeName::ALL {
        row(&mut out, &[code(name), doc.into()]);
    }
    out
}

/// Every setting, and the sections.
fn settings() -> String {
    let mut out = String::from("| setting | default | what |\n|---|---|---|\n");
    for setting in SETTINGS {
        row(
            &mut out,
            &[
                code(setting.name),
                code(setting.default),
                setting.doc.into(),
            ],
        );
    }
    for (name, doc) in [("[filters]", NAMED_FILTERS), ("[keys]", KEYS_OF_ACTIONS)] {
        row(&mut out, &[code(name), String::new(), doc.into()]);
    }
    out
}

#[test]
fn the_configuration_of_the_readme_is_one() {
    let text = read(README);
    let (_, rest) = text.split_once("```toml\n").unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    let settings = Settings::parse(block, "README.md");
    assert!(settings.problems.is_empty(), "{:#?}", settings.problems);
    assert!(settings.names.get("noise").is_some() && settings.columns.len() > 3);
}

/// Where a key works: the modes, or those where it does not if that is shorter.
fn places(modes: &[Mode]) -> String {
    let names = |on: bool| -> Vec<String> {
        let chosen = Mode::ALL.iter().filter(|mode| modes.contains(mode) == on);
        chosen
            .map(|mode| format!("{mode:?}").to_lowercase())
            .collect()
    };
    match (names(true), names(false)) {
        (_, without) if without.is_empty() => "everywhere".to_owned(),
        (with, without) if without.len() < with.len() => {
            format!("all but {}", without.join(", "))
        }
        (with, _) => with.join(", "),
    }
}

/// Every command of the palette.
fn commands() -> String {
    let mut out = String::from("| command | what |\n|---|---|\n");
    for command in COMMANDS {
        let call = format!("{} {}", command.name, command.args);
        row(&mut out, &[code(call.trim_end()), command.doc.into()]);
    }
    out
}

/// Every field, with the width of the screen from which on it is a column unasked.
fn columns() -> String {
    let mut out = String::from("| field | header | shown | what |\n|---|---|---|---|\n");
    for field in FIELDS {
        let shown = match field.default_from {
            Some(0) => "always".to_owned(),
            Some(width) => format!("from {width} cells"),
            None => "on request".to_owned(),
        };
        row(
            &mut out,
            &[code(field.key), field.title.into(), shown, field.doc.into()],
        );
    }
    out
}

/// What can be special about an exec.
fn flag_words() -> String {
    let mut out = String::from("| word | what |\n|---|---|\n");
    for (_, word, meaning) in Flags::WORDS {
        row(&mut out, &[code(word), meaning.into()]);
    }
    out
}

/// What a filter knows besides the fields.
fn filter_names() -> String {
    let mut out = String::from("| name | such as | what |\n|---|---|---|\n");
    for key in KEYS {
        row(
            &mut out,
            &[code(key.key), code(key.example), key.doc.into()],
        );
    }
    out
}

/// Every flag of a live run, by the headings of `--help`.
fn flags() -> String {
    let command = Args::command();
    let mut out = String::from("| flag | what |\n|---|---|\n");
    let mut heading = None;
    for flag in command.get_arguments() {
        if flag.get_help_heading() != heading {
            heading = flag.get_help_heading();
            row(
                &mut out,
                &[format!("**{}**", heading.unwrap_or("Help")), String::new()],
            );
        }
        let short = flag.get_short().map(|short| format!("-{short}"));
        let long = flag.get_long().map(|long| format!("--{long}"));
        let names: Vec<_> = short.into_iter().chain(long).collect();
        let values = flag.get_value_names().unwrap_or_default();
        let takes = flag.get_action().takes_values() && !values.is_empty();
        let value = if takes && flag.is_require_equals_set() {
            format!("[={}]", values[0])
        } else if takes {
            format!(" {}", values[0])
        } else {
            String::new()
        };
        let name = code(&format!("{}{value}", names.join(" ")));
        let mut help = flag.get_help().map(ToString::to_string).unwrap_or_default();
        let possible: Vec<_> = flag
            .get_possible_values()
            .iter()
            .map(|v| v.get_name().to_owned())
            .collect();
        if takes && !possible.is_empty() {
            help += &format!(" ({})", possible.join(", "));
        }
        if takes && let [default] = flag.get_default_values() {
            help += &format!(" [default: {}]", default.display());
        }
        row(&mut out, &[name, help]);
    }
    row(&mut out, &[code("-- CMD ARG…"), COMMAND_HELP.into()]);
    out
}

fn row(out: &mut String, cells: &[String]) {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    out.push_str(&format!("| {} |\n", cells.join(" | ")));
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

#[test]
fn every_filter_of_the_readme_is_one() {
    let text = read(README);
    let (_, rest) = text.split_once("```filter\n").unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    let mut count = 0;
    for line in block.lines() {
        // The words behind three blanks tell what the filter means.
        let filters = line.split("   ").next().unwrap();
        for filter in filters.split("  ") {
            let parsed = Filter::parse_in(filter, &TimeZone::UTC);
            assert!(parsed.is_ok_and(|filter| !filter.is_empty()), "{filter:?}");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
    for key in KEYS {
        Filter::parse_in(key.example, &TimeZone::UTC).unwrap();
    }
}

#[test]
fn the_code_map_is_the_code() {
    let text = read(ARCHITECTURE);
    for folder in SOURCES {
        let mut files = Vec::new();
        list(&root().join(folder), &mut files);
        let heading = format!("`{folder}`");
        let start = text
            .find(&heading)
            .unwrap_or_else(|| panic!("no {heading}"))
            + heading.len();
        let end = text[start..]
            .find("\n#")
            .map_or(text.len(), |at| start + at);
        // A line of the map begins with the paths that it is about.
        let listed: Vec<_> = text[start..end]
            .lines()
            .filter_map(|line| line.strip_prefix("- "))
            .flat_map(|line| line.split(": ").next().unwrap_or(line).split('`'))
            .filter(|path| path.ends_with(".rs"))
            .collect();
        let there: Vec<_> = files
            .iter()
            .map(|file| {
                file.strip_prefix(root().join(folder))
                    .unwrap()
                    .to_str()
                    .unwrap()
            })
            .collect();
        for file in &there {
            assert!(
                listed.contains(file),
                "{ARCHITECTURE} does not list {folder}/{file}"
            );
        }
        for file in &listed {
            assert!(
                there.contains(file),
                "{ARCHITECTURE} lists {folder}/{file}, which is gone"
            );
        }
        for (i, file) in listed.iter().enumerate() {
            assert!(
                !listed[..i].contains(file),
                "{ARCHITECTURE} lists {folder}/{file} twice"
            );
        }
    }
}

/// Lists the Rust files below a folder, those of tests only left out.
fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            list(&path, files);
        } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

#[test]
fn links_lead_somewhere() {
    for name in [README, ARCHITECTURE, "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = read(name);
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            let outside = target.is_empty() || target.contains("://");
            assert!(
                outside || root().join(target).exists(),
                "{name} links to {target}"
            );
        }
    }
}
