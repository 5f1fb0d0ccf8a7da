//! What rows are compared by: a number each, and for texts what that number does not hold.

use crate::event::Status;
use crate::field::{Field, Kind, Value};
use crate::model::Model;
use crate::store::EntryId;
use std::borrow::Cow;

/// The key of what is not known: it comes last, whichever way the list is sorted.
pub(super) const UNKNOWN: u64 = u64::MAX;

/// How many bytes of a text are packed.
const HELD: usize = 15;

/// Groups of texts up to this size are compared one by one.
const SMALL: usize = 24;

/// Returns a row's key in ascending order.
pub(super) fn key_of(field: &Field, id: EntryId, model: &Model) -> u64 {
    if field.kind == Kind::Text {
        let text = text_of(field, id, model);
        return text.map_or(UNKNOWN, |text| cut(packed(&text)));
    }
    let Some(row) = model.store.row(id) else {
        return UNKNOWN;
    };
    let key = match (field.value)(row, model) {
        Value::Number(n) | Value::Duration(n) | Value::Time(n) | Value::Size(n) => n,
        Value::Outcome(errno) => i64::from(errno).abs_diff(i64::from(i32::MIN)),
        Value::Exit(Some(Status::Code(code))) => code.into(),
        Value::Exit(Some(Status::Signal {
            number,
            core_dumped,
        })) => 0x100 + 2 * u64::from(number) + u64::from(core_dumped),
        Value::Exit(None) => 0x1000,
        Value::Text(_) | Value::None => return UNKNOWN,
    };
    key.min(UNKNOWN - 1)
}

/// Turns a key of an ascending order into one of a descending order, and back.
pub(super) fn turned(key: u64, descending: bool) -> u64 {
    if descending && key != UNKNOWN {
        UNKNOWN - 1 - key
    } else {
        key
    }
}

/// Returns the text that a row is sorted by; of a command line without quotes and escapes.
pub(super) fn text_of<'a>(field: &Field, id: EntryId, model: &'a Model) -> Option<Cow<'a, [u8]>> {
    if field.key == "command" {
        return model.store.line(id);
    }
    match (field.value)(model.store.row(id)?, model) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Packs the beginning of a text, and how many bytes of it there are up to one more.
fn packed(text: &[u8]) -> u128 {
    let mut packed = [0; 16];
    let held = text.len().min(HELD);
    packed[..held].copy_from_slice(&text[..held]);
    packed[HELD] = text.len().min(HELD + 1) as u8;
    u128::from_be_bytes(packed)
}

/// Returns the keys and places of rows in ascending order, equal ones by place; those of which
/// the value is not known are apart.
pub(super) fn sorted(field: &Field, model: &Model) -> (Vec<(u64, u32)>, Vec<u32>) {
    let first = model.store.first_id().0;
    let rows = model.store.row_ids().map(|id| (id, (id.0 - first) as u32));
    let mut unknown = Vec::new();
    if field.kind != Kind::Text {
        let mut known = Vec::with_capacity(model.store.len());
        for (id, place) in rows {
            match key_of(field, id, model) {
                UNKNOWN => unknown.push(place),
                key => known.push((key, place)),
            }
        }
        known.sort_by_key(|(key, _)| *key);
        return (known, unknown);
    }
    let mut known = Vec::with_capacity(model.store.len());
    let mut texts = Vec::new();
    for (id, place) in rows {
        match text_of(field, id, model) {
            Some(text) => {
                known.push((packed(&text), place));
                // Of short texts nothing is left to compare.
                if text.len() > HELD {
                    texts.reserve(model.store.len() - texts.len());
                    texts.resize(place as usize, Cow::default());
                    texts.push(text);
                }
            }
            None => unknown.push(place),
        }
    }
    sort_texts(&mut known, &texts);
    let keys = known
        .into_iter()
        .map(|(packed, place)| (cut(packed), place));
    (keys.collect(), unknown)
}

/// Cuts a packed text to a key; texts of equal keys may differ.
fn cut(packed: u128) -> u64 {
    ((packed >> 64) as u64).min(UNKNOWN - 1)
}

/// Returns whether texts of this packed beginning may go on differently.
fn goes_on(packed: u128) -> bool {
    packed & 0xff > HELD as u128
}

/// Sorts texts by their packed beginnings, and by what follows these; the items' second parts
/// are their places in `texts`, by which equal ones are sorted already.
fn sort_texts(items: &mut [(u128, u32)], texts: &[Cow<'_, [u8]>]) {
    items.sort_by_key(|(packed, _)| *packed);
    for run in items.chunk_by_mut(|a, b| a.0 == b.0) {
        let packed = run[0].0;
        if run.len() > 1 && goes_on(packed) {
            sort_rests(run, texts);
            run.iter_mut().for_each(|item| item.0 = packed);
        }
    }
}

/// Sorts texts that are the same up to as much as is packed.
fn sort_rests(items: &mut [(u128, u32)], texts: &[Cow<'_, [u8]>]) {
    let rest = |place: u32, same: usize| {
        let text = texts.get(place as usize);
        text.and_then(|text| text.get(same..)).unwrap_or(&[])
    };
    let mut groups = vec![(0, items.len(), HELD)];
    while let Some((from, to, same)) = groups.pop() {
        let group = &mut items[from..to];
        if group.len() <= SMALL {
            group.sort_by(|a, b| rest(a.1, same).cmp(rest(b.1, same)));
            continue;
        }
        let text = rest(group[0].1, same);
        let mut common = text.len();
        for item in &group[1..] {
            common = common_prefix(&text[..common], rest(item.1, same));
            if common == 0 {
                break;
            }
        }
        let same = same + common;
        for item in &mut *group {
            item.0 = packed(rest(item.1, same));
        }
        group.sort_by_key(|(packed, _)| *packed);
        let mut start = from;
        for run in group.chunk_by(|a, b| a.0 == b.0) {
            let end = start + run.len();
            if run.len() > 1 && goes_on(run[0].0) {
                groups.push((start, end, same + HELD));
            }
            start = end;
        }
    }
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    if b.len() >= a.len() && a == &b[..a.len()] {
        return a.len();
    }
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_are_sorted_as_bytes_are(
            texts in proptest::collection::vec(
                "(aaaaaaaaaaaaaaaa|b|)(cccccccccccccccccccccc|\0|)(ccccccc|\0|)[a\0]{0,10}", 0..200
            )
        ) {
            let texts: Vec<Cow<'_, [u8]>> = texts.iter().map(|t| t.as_bytes().into()).collect();
            let items = texts.iter().zip(0..).map(|(text, place)| (packed(text), place));
            let mut items: Vec<(u128, u32)> = items.collect();
            sort_texts(&mut items, &texts);
            let mut plain: Vec<_> = (0..texts.len()).collect();
            plain.sort_by_key(|i| &texts[*i]);
            prop_assert_eq!(items.iter().map(|item| item.1 as usize).collect::<Vec<_>>(), plain);
            prop_assert!(items.iter().all(|item| item.0 == packed(&texts[item.1 as usize])));
        }

        #[test]
        fn packed_texts_keep_their_order(a in "[a-b\0]{0,20}", b in "[a-b\0]{0,20}") {
            let (pa, pb) = (packed(a.as_bytes()), packed(b.as_bytes()));
            prop_assert!((pa == pb && goes_on(pa)) || pa.cmp(&pb) == a.cmp(&b));
            prop_assert!(cut(pa) == cut(pb) || cut(pa).cmp(&cut(pb)) == a.cmp(&b));
        }
    }
}
