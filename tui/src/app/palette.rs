//! What the palette offers: every command, and every action by its name and the words of the table of keys.

use super::commands::{COMMANDS, split};
use super::offers::{Does, Offer, Offers};
use super::{App, View};
use crate::action::Action;
use crate::filter::seen::Seen;
use crate::keymap::{KEYMAP, Keys, Mode};

#[cfg(test)]
mod tests;

impl App {
    /// Returns what could stand at the cursor of the palette's line: commands and actions, or what a command takes.
    pub(super) fn commands_for(
        &self,
        text: &str,
        cursor: usize,
        asked: bool,
        seen: &mut Option<Seen>,
    ) -> Offers {
        match split(text) {
            Some((command, from)) if cursor >= from => {
                self.args_for((command, from), text, cursor, asked, seen)
            }
            Some(_) => Offers::default(),
            None => {
                let list = self.items(text);
                Offers {
                    range: 0..text.len(),
                    selected: (!list.is_empty()).then_some(0),
                    list,
                    ..Offers::default()
                }
            }
        }
    }

    /// Returns the commands and actions that fit what is typed, best first; what is not possible here comes last.
    pub(super) fn items(&self, typed: &str) -> Vec<Offer> {
        let commands = COMMANDS.iter().map(|command| match command.args {
            "" => Offer::new(command.name, command.doc),
            args => Offer::new(
                format!("{} ", command.name),
                format!("{args}: {}", command.doc),
            ),
        });
        let here = self.view.mode();
        let mut actions: Vec<Action> = Vec::new();
        for binding in KEYMAP {
            if binding.action != Action::Palette && !actions.contains(&binding.action) {
                actions.push(binding.action);
            }
        }
        let actions = actions.into_iter();
        let actions = actions.filter_map(|action| offer_of(action, here, &self.options.keys));
        let all = commands.chain(actions);
        let scored = all.filter_map(|offer| Some((score(typed, &offer)?, offer)));
        let mut scored: Vec<_> = scored.collect();
        scored.sort_by_key(|(score, offer)| (offer.why_not.is_some(), std::cmp::Reverse(*score)));
        let mut list: Vec<Offer> = scored.into_iter().map(|(_, offer)| offer).collect();
        // A command without anything behind its name is one of the actions.
        if let Some(quit) = list
            .iter()
            .position(|offer| offer.does == Does::Act(Action::Quit))
        {
            let name = list[quit].text.clone();
            list.retain(|offer| offer.does != Does::Insert || offer.text != name);
        }
        list
    }
}

/// Returns what the palette tells of an action, as it is in a view.
fn offer_of(action: Action, here: Mode, keys: &Keys) -> Option<Offer> {
    let mut bindings = KEYMAP.iter().filter(|binding| binding.action == action);
    let in_view = bindings
        .clone()
        .find(|binding| binding.modes.contains(&here));
    let binding = in_view.or_else(|| bindings.next())?;
    let (mode, why_not) = match in_view {
        Some(_) => (here, None),
        None => (
            *binding.modes.first()?,
            Some(format!("only in {}", places(binding.modes))),
        ),
    };
    Some(Offer {
        text: action.name(),
        key: keys.text(mode, action),
        doc: binding.help.to_owned(),
        does: Does::Act(action),
        why_not,
    })
}

/// Returns where keys of some modes do something, in words.
pub fn places(modes: &[Mode]) -> String {
    let mut places: Vec<&str> = Vec::new();
    for mode in modes {
        let view = View::ALL.iter().find(|(view, _)| view.mode() == *mode);
        let place = match (view, mode) {
            (Some((_, name)), _) => name,
            (None, Mode::Details) => "the details",
            (None, Mode::Filters) => "the list of filters",
            (None, Mode::Help | Mode::HelpSearch) => "the help",
            (None, Mode::Prompt | Mode::Palette) => "prompts",
            (None, _) => "menus",
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.join(", ")
}

/// Returns how well an offer fits what is typed; `None` if some word of that is nowhere in it.
fn score(typed: &str, offer: &Offer) -> Option<u32> {
    let (name, doc) = (offer.text.trim_end(), offer.doc.to_lowercase());
    let parts: Vec<&str> = name.split('-').collect();
    let words = typed.split_whitespace();
    let scores = words.map(|word| {
        let word = word.to_lowercase();
        let word = word.as_str();
        Some(match () {
            () if name == word => 1_000,
            () if name.starts_with(word) => 500,
            () if begins_word(name, word) => 300,
            () if offer.key.eq_ignore_ascii_case(word) => 250,
            () if begins_word(&doc, word) => 200,
            () if by_beginnings(&parts, word) => 150,
            () if name.contains(word) => 100,
            () if doc.contains(word) => 60,
            () if in_order(name, word) => 30,
            () => return None,
        })
    });
    scores.sum()
}

fn begins_word(text: &str, word: &str) -> bool {
    let mut starts = text.match_indices(word).map(|(at, _)| at);
    starts.any(|at| {
        text.get(..at)
            .is_some_and(|head| !head.ends_with(char::is_alphanumeric))
    })
}

/// Returns whether a word is made of beginnings of some of the parts, in order: `tt` and `togtr` of `toggle-tree`.
fn by_beginnings(parts: &[&str], word: &str) -> bool {
    let same = |part: &str| {
        part.bytes()
            .zip(word.bytes())
            .take_while(|(a, b)| a == b)
            .count()
    };
    let goes_on = |(at, part): (usize, &&str)| {
        let rest = parts.get(at + 1..).unwrap_or_default();
        let ends = (1..=same(part)).rev().filter_map(|end| word.get(end..));
        ends.into_iter().any(|word| by_beginnings(rest, word))
    };
    word.is_empty() || parts.iter().enumerate().any(goes_on)
}

/// Returns whether a word's characters stand in a text in this order.
fn in_order(text: &str, word: &str) -> bool {
    let mut chars = text.chars();
    word.chars().all(|wanted| chars.any(|c| c == wanted))
}
