//! What rows are compared by: a number each, and for texts what that number does not hold.

use crate::event::Status;
use crate::field::{Field, Kind, Value, command_line};
use crate::model::Model;
use crate::store::Row;
use std::borrow::Cow;
use std::cmp::Ordering;

/// The key of what is not known: it comes last, whichever way the list is sorted.
pub(super) const UNKNOWN: u64 = u64::MAX;

/// How many bytes of a text a key holds.
const HELD: usize = 7;

/// Groups of texts up to this size are compared one by one.
const SMALL: usize = 24;

/// Returns a row's key in ascending order.
pub(super) fn key_of(field: &Field, row: &Row, model: &Model) -> u64 {
    if field.kind == Kind::Text {
        return text_of(field, row, model).map_or(UNKNOWN, |text| key_of_text(&text));
    }
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

/// Compares two rows by a text, in ascending order.
pub(super) fn compare_texts(field: &Field, a: &Row, b: &Row, model: &Model) -> Ordering {
    text_of(field, a, model).cmp(&text_of(field, b, model))
}

/// Returns the text that a row is sorted by.
///
/// In a command line the blanks are NULs: nothing else in one is as small, so the order is
/// the same, and most rows have that text already.
fn text_of<'a>(field: &Field, row: &'a Row, model: &'a Model) -> Option<Cow<'a, [u8]>> {
    if field.key == "command" {
        let args = &row.exec.args.bytes;
        if !args.is_empty() && is_shown_as_is(args) {
            return Some(args.strip_suffix(b"\0").unwrap_or(args).into());
        }
        let mut line = command_line(row).into_bytes();
        for byte in line.iter_mut().filter(|byte| **byte == b' ') {
            *byte = 0;
        }
        return Some(line.into());
    }
    match (field.value)(row, model) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Returns whether arguments are shown without quotes and escapes.
fn is_shown_as_is(args: &[u8]) -> bool {
    let (mut plain, mut before) = (true, 0);
    for byte in args {
        let quoted = matches!(byte, b'\'' | b'"');
        plain &= (matches!(byte, b'!'..=b'~') && !quoted) || (*byte == 0 && before != 0);
        before = *byte;
    }
    plain
}

/// Packs the beginning of a text, and how many bytes of it there are up to one more.
fn key_of_text(text: &[u8]) -> u64 {
    let mut packed = [0; 8];
    let held = text.len().min(HELD);
    packed[..held].copy_from_slice(&text[..held]);
    packed[HELD] = text.len().min(HELD + 1) as u8;
    u64::from_be_bytes(packed)
}

/// Returns the keys and numbers of rows in ascending order, equal ones by number; those of
/// which the value is not known are apart.
pub(super) fn sorted<'a>(
    field: &Field,
    rows: impl Iterator<Item = (u32, &'a Row)>,
    model: &'a Model,
) -> (Vec<(u64, u32)>, Vec<u32>) {
    let mut known = Vec::with_capacity(rows.size_hint().1.unwrap_or(0));
    let mut unknown = Vec::new();
    if field.kind != Kind::Text {
        for (number, row) in rows {
            match key_of(field, row, model) {
                UNKNOWN => unknown.push(number),
                key => known.push((key, number)),
            }
        }
        known.sort_unstable();
        return (known, unknown);
    }
    let mut texts: Vec<Cow<'a, [u8]>> = Vec::with_capacity(known.capacity());
    let mut numbers = Vec::with_capacity(known.capacity());
    for (number, row) in rows {
        match text_of(field, row, model) {
            Some(text) => {
                known.push((0, texts.len() as u32));
                texts.push(text);
                numbers.push(number);
            }
            None => unknown.push(number),
        }
    }
    sort_texts(&mut known, &texts);
    for (key, number) in &mut known {
        *key = key_of_text(&texts[*number as usize]);
        *number = numbers[*number as usize];
    }
    (known, unknown)
}

/// Sorts texts a few bytes at a time; the items' second parts are their places in `texts`.
fn sort_texts(items: &mut [(u64, u32)], texts: &[Cow<'_, [u8]>]) {
    let mut groups = vec![(0, items.len(), 0)];
    while let Some((from, to, same)) = groups.pop() {
        let group = &mut items[from..to];
        let rest = |number: u32, same: usize| texts[number as usize].get(same..).unwrap_or(&[]);
        if group.len() <= SMALL {
            group.sort_unstable_by(|a, b| {
                rest(a.1, same)
                    .cmp(rest(b.1, same))
                    .then_with(|| a.1.cmp(&b.1))
            });
            continue;
        }
        let Some(first) = group.first().map(|item| rest(item.1, same)) else {
            continue;
        };
        let mut more = first.len();
        for item in &group[1..] {
            more = common_prefix(&first[..more], rest(item.1, same));
            if more == 0 {
                break;
            }
        }
        let same = same + more;
        for item in &mut *group {
            item.0 = key_of_text(rest(item.1, same));
        }
        group.sort_unstable();
        let mut start = from;
        for run in group.chunk_by(|a, b| a.0 == b.0) {
            let end = start + run.len();
            if run.len() > 1 && run[0].0 as u8 > HELD as u8 {
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
            texts in proptest::collection::vec("(aaaaaaaaaa|b|)(ccccccc|\0|)[a\0]{0,10}", 0..200)
        ) {
            let texts: Vec<Cow<'_, [u8]>> = texts.iter().map(|t| t.as_bytes().into()).collect();
            let mut items: Vec<(u64, u32)> = (0..texts.len() as u32).map(|i| (0, i)).collect();
            sort_texts(&mut items, &texts);
            let mut plain: Vec<_> = (0..texts.len()).collect();
            plain.sort_by_key(|i| &texts[*i]);
            prop_assert_eq!(items.iter().map(|item| item.1 as usize).collect::<Vec<_>>(), plain);
        }

        #[test]
        fn keys_keep_the_order_of_texts(a in "[a-b\0]{0,12}", b in "[a-b\0]{0,12}") {
            let (ka, kb) = (key_of_text(a.as_bytes()), key_of_text(b.as_bytes()));
            prop_assert!(ka == kb || ka.cmp(&kb) == a.cmp(&b));
        }
    }
}
