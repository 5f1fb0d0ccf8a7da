//! What a person has set in the configuration file: text in, settings and what is wrong with the rest out.
//!
//! One table, [`SETTINGS`], says which settings there are. What is good is used, also when something beside it is
//! not; each fault is a sentence with the line and the key. Nothing is read here.

mod keys;
mod print;
#[cfg(test)]
mod tests;
mod toml;
pub mod value;

use crate::app::View;
use crate::appearance::{ThemeName, When};
use crate::field::Column;
use crate::filter::{Filter, Names};
use crate::keymap::Keys;
use crate::list::Sort;
use jiff::tz::TimeZone;
use std::path::Path;
use toml::{Fault, File, Value};

pub use print::printed;

/// What is set; what is not is as it is without a file.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The colours.
    pub theme: Option<ThemeName>,
    /// Whether to use colours.
    pub color: Option<When>,
    /// Whether to keep to ASCII.
    pub ascii: Option<When>,
    /// The columns; empty for those that fit.
    pub columns: Vec<Column>,
    /// The order.
    pub sort: Option<Sort>,
    /// The view to begin with.
    pub view: Option<View>,
    /// Whether to take the mouse.
    pub mouse: Option<bool>,
    /// Whether to keep what is typed for the next time.
    pub remember: Option<bool>,
    /// How many execs to keep.
    pub history: Option<u64>,
    /// The filter to begin with.
    pub filter: Option<String>,
    /// The keys in force.
    pub keys: Keys,
    /// Filters that have a name.
    pub names: Names,
    /// What is wrong with the file, a sentence each.
    pub problems: Vec<String>,
}

/// Which file to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// None.
    Nowhere,
    /// Where such files are.
    Usual,
    /// This one.
    At(&'a Path),
}

/// One setting that there can be.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the file.
    pub name: &'static str,
    /// What it decides, in words.
    pub doc: &'static str,
    /// What it is without a file, as it would be written there.
    pub default: &'static str,
    set: fn(&mut Settings, &Value<'_>) -> Result<(), Fault>,
}

const fn setting(
    name: &'static str,
    default: &'static str,
    doc: &'static str,
    set: fn(&mut Settings, &Value<'_>) -> Result<(), Fault>,
) -> Setting {
    Setting {
        name,
        doc,
        default,
        set,
    }
}

/// Every setting, in the order in which they are printed.
#[rustfmt::skip] // one line a setting, so that it reads as a table
pub static SETTINGS: &[Setting] = &[
    setting("theme",   "\"dark\"",   "Colours of the screen",                                                  set_theme),
    setting("color",   "\"auto\"",   "Whether to use colours: \"auto\" (on a terminal, unless NO_COLOR is set), \"always\" or \"never\"", set_color),
    setting("ascii",   "\"auto\"",   "Whether to draw with ASCII only: \"auto\" (on the kernel's console, and where the locale is not UTF-8), \"always\" or \"never\"", set_ascii),
    setting("columns", "[]",         "Columns of the events, left to right; with none, the usual ones that fit", set_columns),
    setting("sort",    "\"time\"",   "Field that the events are sorted by; with a `-` before it, largest first", set_sort),
    setting("view",    "\"events\"", "View to begin with: \"events\", \"tree\", \"group\", \"rate\" or \"failures\"", set_view),
    setting("mouse",   "true",       "Whether clicks and the wheel are for the screen; without, the terminal selects text", set_mouse),
    setting("remember","true",       "Whether lines typed at the prompts are there the next time (~/.local/state/execsnoop-tui/typed.json)", set_remember),
    setting("history", "100_000",    "How many execs are kept; of a recording on the screen it is 2_000_000 where nothing is set", set_history),
    setting("filter",  "\"\"",       "Filter of the screen to begin with; lines take no notice of it",            set_filter),
];

/// What the section of filters is for.
pub const NAMED_FILTERS: &str = "Filters that have a name: @mine is one in every other filter, on the screen and the command line";

/// What the section of keys is for.
pub const KEYS_OF_ACTIONS: &str = "Keys of the actions, such as \"f\", \"F4\", \"Ctrl-f\", \"Space\", \"PgDn\", \"Shift-Tab\"; \
    several stand in [], and [] alone is none. Esc and Ctrl-c are always a way out. A section such as [keys.in.tree] \
    is for one place";

/// So many faults of a file are told.
const MOST_FAULTS: usize = 20;

/// The sections beside the settings.
const SECTIONS: [&str; 2] = ["keys", "filters"];

impl Settings {
    /// Reads a file's text; `name` is what it is called in the sentences.
    pub fn parse(text: &str, name: &str) -> Self {
        let mut settings = Self::default();
        let (file, mut faults) = File::parse(text);
        // The filter may be made of named ones.
        for (key, value) in file.entries() {
            match (key.text, &value) {
                ("filters", value) => settings.set_names(value, &mut faults),
                ("keys", value) => settings.keys = keys::read(value, &mut faults),
                _ => {}
            }
        }
        for (key, value) in file.entries() {
            if SECTIONS.contains(&key.text) {
                continue;
            }
            let set = SETTINGS.iter().find(|setting| setting.name == key.text);
            let result = match set {
                Some(setting) => {
                    (setting.set)(&mut settings, &value).map_err(|fault| fault.about(key.text))
                }
                None => Err(Fault::new(
                    key.at,
                    unknown("setting", key.text, known_settings()),
                )),
            };
            faults.extend(result.err());
        }
        faults.sort_by_key(|fault| fault.at);
        let more = faults.len().saturating_sub(MOST_FAULTS);
        let told = faults.iter().take(MOST_FAULTS);
        settings.problems = told
            .map(|fault| format!("{name}:{}: {}", file.line(fault.at), fault.message))
            .collect();
        if more > 0 {
            settings
                .problems
                .push(format!("{name}: {more} more lines are wrong"));
        }
        settings
    }

    /// Returns settings of which a file says nothing but that there is something wrong with it.
    pub fn problem(sentence: String) -> Self {
        Self {
            problems: vec![sentence],
            ..Self::default()
        }
    }

    fn set_names(&mut self, value: &Value<'_>, faults: &mut Vec<Fault>) {
        let entries = match value.table() {
            Ok(entries) => entries,
            Err(fault) => return faults.push(fault.about("filters")),
        };
        let mut texts = Vec::new();
        for (key, value) in entries {
            if !Names::is_name(key.text) {
                let message = format!(
                    "`{}` cannot be the name of a filter: it has letters, digits, `-` and `_`",
                    shown(key.text)
                );
                faults.push(Fault::new(key.at, message));
                continue;
            }
            match value.text() {
                Ok(text) => texts.push((key, text)),
                Err(fault) => faults.push(fault.about(key.text)),
            }
        }
        let own = |(key, text): &(toml::Key<'_>, &str)| (key.text.to_owned(), (*text).to_owned());
        let all: Names = texts.iter().map(own).collect();
        self.names = all.clone();
        for (key, text) in texts {
            if let Err(fault) = filter(text, &all) {
                self.names = self.names.without(key.text);
                faults.push(Fault::new(key.at, fault).about(key.text));
            }
        }
    }
}

fn known_settings() -> impl Iterator<Item = String> {
    let names = SETTINGS.iter().map(|setting| setting.name);
    names.chain(SECTIONS).map(ToOwned::to_owned)
}

/// Says that there is no such thing, and which are near.
fn unknown(what: &str, name: &str, known: impl Iterator<Item = String>) -> String {
    let mut near: Vec<(usize, String)> = known
        .map(|known| (strsim::damerau_levenshtein(name, &known), known))
        .filter(|(distance, known)| *distance <= 2.max(known.len() / 3))
        .collect();
    near.sort();
    let mut message = format!("`{}` is no {what}", shown(name));
    if let Some((_, near)) = near.first() {
        message += &format!("; did you mean `{near}`?");
    }
    message
}

fn shown(text: &str) -> std::borrow::Cow<'_, str> {
    crate::text::escape(text.as_bytes())
}

/// Parses a filter as the screen would.
fn filter(text: &str, names: &Names) -> Result<Filter, String> {
    Filter::parse_with(text, Some(&TimeZone::UTC), names).map_err(|error| error.to_string())
}

fn set_theme(settings: &mut Settings, value: &Value<'_>) -> Result<(), Fault> {
    let names = || ThemeName::ALL.iter().map(|(_, name, _)| (*name).to_owned());
    settings.theme = Some(value.choice("theme", names(), ThemeName::by_name)?);
    Ok(())
}

fn when(value: &Value<'_>) -> Result<Option<When>, Fault> {
    let names = When::ALL.iter().map(|(_, name)| (*name).to_owned());
    value.choice("choice here", names, When::by_name).map(Some)
}

fn set_color(settings: &mut Settings, value: &Value<'_>) -> Result<(), Fault> {
    settings.color = when(value)?;
    Ok(())
}

fn set_ascii(settings: &mut Settings, value: &Value<'_>) -> Result<(), Fault> {
    settings.ascii = when(value)?;
    Ok(())
}

fn set_columns(settings: &mut Settings, value: &Value<'_>) -> Result<(), Fault> {
    let texts = value.texts()?;
    settings.columns = Column::parse_all(&texts).map_err(|message| value.fault(message))?;
    Ok(())
}

fn set_sort(settings: &mut Settings, value: &Value<'_>) -> Result<(), Fault> {
    settings.sort = Some(value::sort(value.text()?).map_err(|message| value.fault(message))?);
    Ok(())
}

fn set_view(settings: &mut Settings, value: &Value<'_>) -> Result<(), Fault> {
    settings.view = Some(value.choice("view", View::names().into_iter(), View::by_name)?);
    Ok(())
}

fn set_mouse(settings: &mut Settings, value: &Value<'_>) -> Result<(), Fault> {
    settings.mouse = Some(value.yes_or_no()?);
    Ok(())
}

fn set_remember(settings: &mut Settings, value: &Value<'_>) -> Result<(), Fault> {
    settings.remember = Some(value.yes_or_no()?);
    Ok(())
}

fn set_history(settings: &mut Settings, value: &Value<'_>) -> Result<(), Fault> {
    let number = value.number()?;
    if number == 0 {
        return Err(value.fault("write a whole number from 1, such as 500_000"));
    }
    settings.history = Some(number);
    Ok(())
}

fn set_filter(settings: &mut Settings, value: &Value<'_>) -> Result<(), Fault> {
    let text = value.text()?;
    filter(text, &settings.names).map_err(|message| value.fault(message))?;
    settings.filter = Some(text.to_owned());
    Ok(())
}
