//! A configuration file with every setting as it is without one, for people to change.

use super::keys::{IN, mode_name};
use super::{KEYS_OF_ACTIONS, NAMED_FILTERS, SETTINGS};
use crate::action::Action;
use crate::appearance::ThemeName;
use crate::field::FIELDS;
use crate::keymap::{Group, KEYMAP, Key, Mode};
use std::fmt::Write;

/// How long a line of words gets.
const WIDTH: usize = 100;

/// Returns the file. Words stand behind `# `, settings behind `#`: without that they mean what they mean anyway.
pub fn printed() -> String {
    let mut out = String::new();
    words(
        &mut out,
        "Configuration of execsnoop-tui. Take away the `#` before what is to be changed.",
    );
    words(
        &mut out,
        "It is looked for at $XDG_CONFIG_HOME/execsnoop-tui/config.toml, or else in ~/.config: under sudo, in that of the user who called it.",
    );
    words(
        &mut out,
        "What the command line says goes before what stands here.",
    );
    for setting in SETTINGS {
        out.push('\n');
        words(&mut out, &format!("{}.", setting.doc));
        match setting.name {
            "theme" => {
                for (_, name, doc) in ThemeName::ALL {
                    words(&mut out, &format!("  {name:<13} {doc}"));
                }
            }
            "columns" => {
                for field in FIELDS {
                    words(&mut out, &format!("  {:<13} {}", field.key, field.doc));
                }
            }
            _ => {}
        }
        line(&mut out, &format!("{} = {}", setting.name, setting.default));
    }
    out.push('\n');
    words(&mut out, &format!("{NAMED_FILTERS}."));
    line(&mut out, "[filters]");
    words(&mut out, "mine = \"user=alice !comm=sh\"");
    out.push('\n');
    words(&mut out, &format!("{KEYS_OF_ACTIONS}:"));
    let modes: Vec<_> = Mode::ALL.iter().map(|mode| mode_name(*mode)).collect();
    words(&mut out, &format!("{}.", modes.join(", ")));
    keys(&mut out);
    out
}

fn words(out: &mut String, text: &str) {
    let indent = text.len() - text.trim_start().len();
    let mut wide = 0;
    out.push('#');
    for word in text.split_inclusive(' ') {
        if wide > 0 && wide + word.trim_end().len() > WIDTH {
            out.truncate(out.trim_end().len());
            let _ = write!(out, "\n#{:indent$}", "");
            wide = 0;
        }
        if wide == 0 && !word.trim().is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
        out.push_str(word);
        wide += word.len();
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
}

fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "#{text}");
}

/// Writes the keys: of each action those that it has in most modes, by the headings of the help; then for single modes
/// those that it has there in their place.
fn keys(out: &mut String) {
    line(out, "[keys]");
    let mut done: Vec<Action> = Vec::new();
    for (group, heading) in Group::HEADINGS {
        let mut first = true;
        for binding in KEYMAP.iter().filter(|b| b.group == group && !b.fixed) {
            if done.contains(&binding.action) {
                continue;
            }
            if std::mem::take(&mut first) {
                words(out, &format!("{heading}:"));
            }
            done.push(binding.action);
            entry(out, binding.action, usual(binding.action));
        }
    }
    for mode in Mode::ALL {
        let mut first = true;
        let here = KEYMAP
            .iter()
            .filter(|b| b.modes.contains(&mode) && !b.fixed);
        for binding in here.filter(|b| b.keys != usual(b.action)) {
            if std::mem::take(&mut first) {
                out.push('\n');
                line(out, &format!("[keys.{IN}.{}]", mode_name(mode)));
            }
            entry(out, binding.action, binding.keys);
        }
    }
}

/// Returns the keys that an action has in most modes.
fn usual(action: Action) -> &'static [Key] {
    let rows = KEYMAP.iter().filter(|b| b.action == action && !b.fixed);
    let most = rows.rev().max_by_key(|binding| binding.modes.len());
    most.map_or(&[], |binding| binding.keys)
}

fn entry(out: &mut String, action: Action, keys: &[Key]) {
    let quoted = |key: &Key| {
        let name = key.name().replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{name}\"")
    };
    let keys: Vec<_> = keys.iter().map(quoted).collect();
    let left = format!("{} = [{}]", action.name(), keys.join(", "));
    line(out, &format!("{left:<40} # {}", action.doc()));
}
