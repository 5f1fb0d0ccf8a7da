//! The section of keys: an action's name and its keys, for all modes or, in a section below `in`, for one.

use super::toml::{Fault, Key as Name, Value};
use super::{shown, unknown};
use crate::action::Action;
use crate::keymap::{Change, KEYMAP, Key, Keys, Mode};

/// The name of the part that has a section for each mode. Modes have names of actions.
pub(super) const IN: &str = "in";

/// Reads the section; what is wrong in it is left out, and told.
pub(super) fn read(value: &Value<'_>, faults: &mut Vec<Fault>) -> Keys {
    let mut changes = Vec::new();
    for (mode, name, value) in entries(value, faults) {
        match change(name, value, mode) {
            Ok(change) => changes.push((name.at, change)),
            Err(fault) => faults.push(fault),
        }
    }
    // Of two that are at odds the later one goes.
    changes.sort_by_key(|(at, _)| *at);
    let (places, changes): (Vec<usize>, Vec<Change>) = changes.into_iter().unzip();
    let (keys, conflicts) = Keys::changed(&changes);
    for conflict in conflicts {
        let at = places.get(conflict.change).copied().unwrap_or(0);
        let action = changes
            .get(conflict.change)
            .map(|change| change.action.name());
        let message = format!(
            "{} is for `{}` already ({}): choose another key for one of them, or none, which is `[]`",
            conflict.key.name(),
            conflict.taken.name(),
            mode_name(conflict.mode)
        );
        faults.push(Fault::new(at, message).about(&action.unwrap_or_default()));
    }
    keys
}

/// Returns what stands in the section: the mode that it is for, an action's name, and its keys.
fn entries<'v>(
    section: &Value<'v>,
    faults: &mut Vec<Fault>,
) -> Vec<(Option<Mode>, Name<'v>, Value<'v>)> {
    let mut table = |value: &Value<'v>, key: &str| match value.table() {
        Ok(entries) => entries,
        Err(fault) => {
            faults.push(fault.about(key));
            Vec::new()
        }
    };
    let (modes, all): (Vec<_>, Vec<_>) = table(section, "keys")
        .into_iter()
        .partition(|(name, _)| name.text == IN);
    let mut entries: Vec<_> = all
        .into_iter()
        .map(|(name, value)| (None, name, value))
        .collect();
    let modes: Vec<_> = modes
        .iter()
        .flat_map(|(name, value)| table(value, name.text))
        .collect();
    let mut unknown_modes = Vec::new();
    for (name, value) in modes {
        match mode(name.text) {
            Some(mode) => {
                let inner = table(&value, name.text).into_iter();
                entries.extend(inner.map(|(name, value)| (Some(mode), name, value)));
            }
            None => {
                let known = Mode::ALL.iter().map(|mode| mode_name(*mode));
                unknown_modes.push(Fault::new(name.at, unknown("place", name.text, known)));
            }
        }
    }
    faults.extend(unknown_modes);
    entries
}

fn change(name: Name<'_>, value: Value<'_>, mode: Option<Mode>) -> Result<Change, Fault> {
    let action = Action::ALL.iter().find(|action| action.name() == name.text);
    let Some(action) = action.copied() else {
        let known = Action::ALL.iter().map(|action| action.name());
        return Err(Fault::new(name.at, unknown("action", name.text, known)));
    };
    let mut rows = KEYMAP.iter().filter(|b| b.action == action && !b.fixed);
    if let Some(mode) = mode
        && !rows.any(|binding| binding.modes.contains(&mode))
    {
        let message = format!(
            "there are no keys for this in {} that can be changed",
            mode_name(mode)
        );
        return Err(Fault::new(name.at, message).about(name.text));
    }
    let keys = value.list().map_err(|fault| fault.about(name.text))?;
    let keys = keys.iter().map(|value| {
        let key = Key::parse(value.text()?).map_err(|message| value.fault(message))?;
        match mode {
            Some(Mode::Prompt) if key.types() => Err(value.fault(format!(
                "{} is typed where text is asked for: write such as \"Ctrl-{}\" or \"F9\"",
                shown(&key.name()),
                shown(&key.name())
            ))),
            _ => Ok(key),
        }
    });
    let keys: Result<Vec<Key>, Fault> = keys.collect();
    let keys = keys.map_err(|fault| fault.about(name.text))?;
    Ok(Change { action, mode, keys })
}

/// Returns what a mode is called in a configuration.
pub(super) fn mode_name(mode: Mode) -> String {
    format!("{mode:?}").to_lowercase()
}

fn mode(name: &str) -> Option<Mode> {
    Mode::ALL.into_iter().find(|mode| mode_name(*mode) == name)
}
