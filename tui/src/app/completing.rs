//! What is offered while one types: names, signs and values of a filter, and earlier lines.

use super::history::History;
use super::offers::{Offer, Offers};
use crate::event::{Flags, exec_hint};
use crate::filter::Names;
use crate::filter::complete::{Wants, names, place, signs};
use crate::filter::seen::{Seen, has_values};
use crate::format;
use crate::model::Model;

/// Names are offered from so many characters on, unless they are asked for.
const ENOUGH: usize = 2;

/// So many values or earlier lines are offered.
const MOST: usize = 100;

/// Returns what could be written at the cursor of a filter. The values of the field there are looked for once and
/// kept in `seen`.
pub(super) fn in_filter(
    text: &str,
    cursor: usize,
    asked: bool,
    seen: &mut Option<Seen>,
    model: &Model,
    named: &Names,
) -> Offers {
    let Some(place) = place(text, cursor) else {
        return Offers::default();
    };
    let mut list = match place.wants {
        Wants::Name { of_process } if asked || place.typed.chars().count() >= ENOUGH => {
            let compared = signs(&place.typed).iter();
            let compared = compared.map(|(sign, doc)| (format!("{}{sign}", place.typed), *doc));
            let names = names(&place.typed, of_process).into_iter();
            let names = names.map(|(name, doc)| (name.to_owned(), doc));
            let offers = compared.chain(names);
            offers.map(|(text, doc)| Offer::new(text, doc)).collect()
        }
        Wants::Name { .. } => Vec::new(),
        Wants::Named => {
            let named = named.iter();
            let named = named.filter(|(name, _)| name.contains(&place.typed));
            let offer = |(name, filter): (&str, &str)| {
                Offer::new(format!("@{name}"), crate::text::escape(filter.as_bytes()))
            };
            named.map(offer).collect()
        }
        Wants::Value(key) if has_values(key) => {
            let known = seen.take().filter(|seen| seen.key == key);
            let known = seen.insert(known.unwrap_or_else(|| Seen::new(key, model)));
            values(known, &place.typed, model)
        }
        Wants::Value(_) => Vec::new(),
    };
    let written = text.get(place.range.clone());
    list.retain(|offer| written != Some(&offer.text));
    Offers {
        range: place.range,
        list,
        ..Offers::default()
    }
}

fn values(seen: &Seen, typed: &str, model: &Model) -> Vec<Offer> {
    let matching = seen.matching(typed, MOST).into_iter();
    let offer = |(text, count): (String, u32)| {
        let share = format::share(count.into(), seen.rows.into());
        let mut doc = match count {
            0 => "not seen".to_owned(),
            _ => format!("in {share} of the rows"),
        };
        if let Some(meaning) = meaning(seen.key, &text, model) {
            doc = format!("{doc}: {meaning}");
        }
        Offer::new(text, doc)
    };
    matching.map(offer).collect()
}

/// Returns what a value means, if its name does not say it.
fn meaning(key: &str, value: &str, model: &Model) -> Option<String> {
    match key {
        "flag" => {
            let word = Flags::WORDS.into_iter().find(|(_, word, _)| *word == value);
            word.map(|(_, _, meaning)| meaning.to_owned())
        }
        "err" | "res" => {
            let errno = (1..200).find(|errno| crate::event::errno_name(*errno) == value);
            errno.map(|errno| exec_hint(errno).to_owned())
        }
        "uid" | "euid" => {
            let name = model.users.name(value.parse().ok()?)?;
            Some(crate::text::escape(name.as_bytes()).into_owned())
        }
        _ => None,
    }
}

/// Returns the earlier lines that have what is typed, the newest first.
pub(super) fn earlier(text: &str, history: &History) -> Offers {
    let typed = text.to_lowercase();
    let lines = history.newest_first();
    let lines = lines.filter(|line| line.to_lowercase().contains(&typed));
    let list: Vec<Offer> = lines.take(MOST).map(|line| Offer::new(line, "")).collect();
    Offers {
        range: 0..text.len(),
        selected: (!list.is_empty()).then_some(0),
        list,
        ..Offers::default()
    }
}
