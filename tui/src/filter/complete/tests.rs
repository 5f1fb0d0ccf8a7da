//! What is written where in a filter, and what could be.

use super::*;
use crate::filter::Filter;
use jiff::tz::TimeZone;
use proptest::prelude::*;

/// What is written at the cursor, which the last `^` stands for: what it is, and the text that it is in the place of.
fn at(text: &str) -> Option<(Wants, String, String)> {
    let cursor = text.rfind('^').unwrap();
    let text = [&text[..cursor], &text[cursor + 1..]].concat();
    let place = place(&text, cursor)?;
    Some((
        place.wants,
        place.typed,
        text.get(place.range).unwrap().to_owned(),
    ))
}

fn name(typed: &str, whole: &str) -> Option<(Wants, String, String)> {
    let of_process = false;
    Some((
        Wants::Name { of_process },
        typed.to_owned(),
        whole.to_owned(),
    ))
}

fn value(key: &'static str, typed: &str, whole: &str) -> Option<(Wants, String, String)> {
    Some((Wants::Value(key), typed.to_owned(), whole.to_owned()))
}

#[test]
fn names_are_written_where_tests_begin() {
    for before in [
        "",
        "a ",
        "!",
        "a|",
        "(",
        "not (b or ",
        "comm=sh ",
        "\"x\" ",
        "/a b/ ",
        "exit=0|(",
        "err in (EACCES, EPERM) ",
        "comm~^(a|b)$ ",
        "cwd=/srv/* ",
        "日本 ",
        "user in ",
    ] {
        let typed = format!("{before}us^er x");
        let wanted = match before {
            "user in " => value("user", "us", "user"),
            _ => name("us", "user"),
        };
        assert_eq!(at(&typed), wanted, "{typed}");
    }
    let named = |typed: &str| Some((Wants::Named, typed.to_owned(), format!("@{typed}")));
    assert_eq!(at("!@no-i^"), named("no-i"));
    assert_eq!(at("a|(@^"), named(""));
    assert_eq!(at("@a b@^"), None);
    assert_eq!(at("^"), name("", ""));
    let of_process = true;
    let under = (Wants::Name { of_process }, "co".into(), "co".into());
    assert_eq!(at("under((co^"), Some(under));
    assert_eq!(at("under(x) co^"), name("co", "co"));
}

#[test]
fn values_are_written_behind_signs() {
    assert_eq!(at("user=^"), value("user", "", ""));
    assert_eq!(at("a user!=ro^ot b"), value("user", "ro", "root"));
    assert_eq!(at("USER = al^"), value("user", "al", "al"));
    assert_eq!(at("comm=sh,b^"), value("comm", "b", "b"));
    assert_eq!(at("comm=sh|b^"), value("comm", "b", "b"));
    assert_eq!(at("err in (EACCES, EN^)"), value("err", "EN", "EN"));
    assert_eq!(
        at("arg=\"--fo^rce\" x"),
        value("arg", "--fo", "\"--force\"")
    );
    assert_eq!(at("arg=\"a b^"), value("arg", "a b", "\"a b"));
    assert_eq!(at("comm=日^本"), value("comm", "日", "日本"));
}

#[test]
fn elsewhere_nothing_is_missing() {
    for text in [
        "12^",
        "ssh-^",
        "comm~^ba^",
        "comm~ba^",
        "\"a^",
        "/ab^",
        "user=\"root\"^",
        "xyz=^",
    ] {
        let last = text.rfind('^').unwrap();
        assert_eq!(
            place(&text[..last], last).map(|place| place.wants),
            None,
            "{text}"
        );
    }
}

#[test]
fn every_name_is_offered_and_can_be_compared_by_its_signs() {
    let zone = TimeZone::UTC;
    let all = names("", false);
    assert_eq!(all.len(), FIELDS.len() + KEYS.len());
    for (name, _) in &all {
        for (sign, _) in signs(name) {
            let values = ["1", "ENOENT", "KILL", "script", "1s", "1M", "12:03"];
            let end = if sign.ends_with('(') { ")" } else { "" };
            let good = |value: &&str| {
                Filter::parse_in(&format!("{name}{sign}{value}{end}"), &zone).is_ok()
            };
            assert!(values.iter().any(good), "{name}{sign}");
        }
    }
    let keys = |typed| names(typed, false).into_iter().map(|(name, _)| name);
    assert_eq!(keys("CO").next(), Some("command"));
    assert!(keys("id").any(|name| name == "uid"));
    assert!(
        names("co", true)
            .iter()
            .all(|(name, _)| OF_PROCESSES.contains(name))
    );
    assert!(signs("running").is_empty() && signs("nosuch").is_empty());
}

proptest! {
    #[test]
    fn any_text_has_a_place_inside_it_or_none(
        parts in proptest::collection::vec("(us|comm|=|~| in |\\(|\\)|\"|/|,|\\||!| |日|under\\(|\\\\|\\*){1,3}", 0..8),
        at in 0usize..40,
    ) {
        let text = parts.concat();
        let cursor = text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(at).unwrap_or(text.len());
        if let Some(place) = place(&text, cursor) {
            prop_assert!(place.range.start <= cursor && cursor <= place.range.end);
            prop_assert!(text.get(place.range.clone()).is_some());
        }
    }
}
