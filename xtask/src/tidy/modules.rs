//! The law of direction: which module of the tool may name which other.

use super::Finding;
use super::source::{Source, find_word, is_ident, line_of};

/// The folder whose modules the law is about.
pub(crate) const HOME: &str = "tui/src/";

/// The modules, each with those it may name; `*` stands for every one. Edit this when a module is added.
const EDGES: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("clock", &[]),
    ("appearance", &[]),
    ("container", &[]),
    ("event", &["container"]),
    ("resolve", &[]),
    ("rewrite", &[]),
    ("redact", &["event", "rewrite"]),
    ("rate", &[]),
    ("action", &[]),
    ("cells", &["text"]),
    ("format", &["event"]),
    ("shell", &["text"]),
    ("threads", &[]),
    ("terminal", &["threads"]),
    ("store", &["event"]),
    ("process", &["event", "store"]),
    ("model", &["event", "process", "rate", "resolve", "store"]),
    ("field", &["event", "model", "store", "text"]),
    (
        "filter",
        &[
            "container",
            "event",
            "field",
            "model",
            "process",
            "store",
            "text",
        ],
    ),
    ("list", &["event", "field", "filter", "model", "store"]),
    ("pivot", &["event", "field", "model", "rate", "store"]),
    ("keymap", &["action", "text"]),
    (
        "app",
        &[
            "action",
            "appearance",
            "cells",
            "event",
            "export",
            "field",
            "filter",
            "format",
            "keymap",
            "list",
            "model",
            "pivot",
            "process",
            "rate",
            "redact",
            "shell",
            "store",
            "text",
        ],
    ),
    (
        "view",
        &[
            "action",
            "app",
            "appearance",
            "cells",
            "container",
            "event",
            "export",
            "field",
            "filter",
            "format",
            "keymap",
            "list",
            "model",
            "pivot",
            "process",
            "rate",
            "store",
            "text",
        ],
    ),
    (
        "export",
        &[
            "event", "field", "filter", "format", "model", "pivot", "process", "store", "text",
        ],
    ),
    ("source", &["clock", "event", "text", "threads"]),
    (
        "cli",
        &[
            "app",
            "appearance",
            "compare",
            "event",
            "export",
            "field",
            "filter",
            "keymap",
            "list",
            "settings",
            "text",
        ],
    ),
    (
        "settings",
        &[
            "action",
            "app",
            "appearance",
            "field",
            "filter",
            "keymap",
            "list",
            "text",
        ],
    ),
    (
        "compare",
        &[
            "cells", "event", "filter", "format", "model", "pivot", "rewrite", "store", "text",
        ],
    ),
    ("doctor", &["source", "text"]),
    (
        "manual",
        &[
            "appearance",
            "cli",
            "event",
            "field",
            "filter",
            "keymap",
            "settings",
        ],
    ),
    // Made-up events, compiled for tests only.
    ("fixture", &["event", "model", "resolve", "store"]),
    ("run", &["*"]),
];

/// Names every edge between modules that the table does not allow.
pub(crate) fn direction(source: &Source) -> Vec<Finding> {
    let Some((module, depth)) = module_of(&source.path) else {
        return Vec::new();
    };
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == module) else {
        let text = format!(
            "the module `{module}` is not in the table EDGES of xtask/src/tidy/modules.rs: add it with what it may name"
        );
        return vec![Finding::new(source, 1, text)];
    };
    let forbidden = |name: &str| {
        let known = EDGES.iter().any(|(other, _)| *other == name);
        known && name != module && !allowed.contains(&"*") && !allowed.contains(&name)
    };
    named_from_root(&source.product, depth)
        .into_iter()
        .filter(|(_, name)| forbidden(name))
        .map(|(line, name)| {
            Finding::new(
                source,
                line,
                format!("`{module}` may not name `{name}`: it lies above or beside it"),
            )
        })
        .collect()
}

/// Returns the top module that a file belongs to and how deep in the tree of modules the file is.
///
/// The root (`lib.rs`, `main.rs`) belongs to none.
pub(crate) fn module_of(path: &str) -> Option<(&str, usize)> {
    let inner = path.strip_prefix(HOME)?.strip_suffix(".rs")?;
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    let module = inner.split('/').next()?;
    let is_root = matches!(inner, "lib" | "main");
    (!is_root).then(|| (module, inner.split('/').count()))
}

/// Lists the names that are reached from the crate's root, by `crate::` or by `super::` often enough, with their lines.
fn named_from_root(code: &str, depth: usize) -> Vec<(usize, String)> {
    let mut named = names_after(code, "crate::");
    let chain = "super::".repeat(depth);
    let outer = format!("super::{chain}");
    let longer: Vec<_> = code
        .match_indices(&outer)
        .map(|(at, _)| at + "super::".len())
        .collect();
    for at in find_path(code, &chain).filter(|at| !longer.contains(at)) {
        named.extend(first_names(code, at + chain.len()));
    }
    named
}

/// Lists the first names after each occurrence of a path's beginning such as `crate::`, also in `crate::{a, b::c}`.
pub(crate) fn names_after(code: &str, path: &str) -> Vec<(usize, String)> {
    find_path(code, path)
        .flat_map(|at| first_names(code, at + path.len()))
        .collect()
}

/// Finds where a path begins: not in the middle of another name or path.
fn find_path<'a>(code: &'a str, path: &'a str) -> impl Iterator<Item = usize> + 'a {
    let head = path.split("::").next().unwrap_or(path);
    find_word(code, head)
        .filter(move |&at| code[at..].starts_with(path) && !code[..at].ends_with("::"))
}

fn first_names(code: &str, at: usize) -> Vec<(usize, String)> {
    let rest = &code[at..];
    let name = |from: usize| {
        let tail = &code[from..];
        let name: String = tail
            .trim_start()
            .chars()
            .take_while(|c| is_ident(*c))
            .collect();
        let begin = from + tail.len() - tail.trim_start().len();
        (!name.is_empty()).then(|| (line_of(code, begin), name))
    };
    if !rest.trim_start().starts_with('{') {
        return name(at).into_iter().collect();
    }
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for (offset, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 && c == '}' {
            break;
        }
        if depth == 1 && matches!(c, '{' | ',') {
            names.extend(name(at + offset + 1));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        direction(&Source::new(path, text))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn an_edge_upwards_is_named_with_its_line() {
        let found = findings("tui/src/event.rs", "//! Doc.\nuse crate::view::Row;\n");
        assert_eq!(
            found,
            ["tui/src/event.rs:2: `event` may not name `view`: it lies above or beside it"]
        );
    }

    #[test]
    fn an_edge_downwards_and_words_in_comments_and_tests_pass() {
        let text = "//! crate::view\nuse crate::event::Exec;\n#[cfg(test)]\nmod tests { use crate::view::Row; }\n";
        assert!(findings("tui/src/field.rs", text).is_empty());
        assert!(findings("tui/src/run.rs", "use crate::{app, view};").is_empty());
        assert!(findings("tui/src/lib.rs", "pub mod app; use crate::view;").is_empty());
        assert!(findings("xtask/src/tidy.rs", "use crate::view;").is_empty());
    }

    #[test]
    fn groups_nested_files_and_super_are_seen_through() {
        assert_eq!(
            findings(
                "tui/src/app/mode.rs",
                "use crate::{\n    store::{Id, Row},\n    view,\n};"
            )
            .len(),
            1
        );
        assert_eq!(
            findings("tui/src/event.rs", "use super::app::App;").len(),
            1
        );
        assert_eq!(
            findings("tui/src/source/probe.rs", "use super::super::app::App;").len(),
            1
        );
        assert!(findings("tui/src/source/probe.rs", "use super::replay;").is_empty());
        assert!(findings("tui/src/view/table.rs", "use super::run::draw;").is_empty());
    }

    #[test]
    fn a_module_that_the_table_lacks_is_refused() {
        assert_eq!(findings("tui/src/novelty.rs", "").len(), 1);
    }

    #[test]
    fn the_table_knows_all_it_names_and_has_no_circle() {
        let mut settled: Vec<&str> = Vec::new();
        loop {
            let before = settled.len();
            for (module, allowed) in EDGES {
                let below = allowed
                    .iter()
                    .all(|name| *name == "*" || settled.contains(name));
                if below && !settled.contains(module) {
                    settled.push(module);
                }
            }
            if settled.len() == before {
                break;
            }
        }
        let left: Vec<_> = EDGES
            .iter()
            .map(|(module, _)| module)
            .filter(|module| !settled.contains(module))
            .collect();
        assert!(
            left.is_empty(),
            "in a circle or above an unknown module: {left:?}"
        );
    }
}
