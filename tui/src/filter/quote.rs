//! How values stand in a filter's text, so that they are read back as they were.

use crate::field::Field;
use crate::field::Value;
use crate::text::is_unsafe;
use std::fmt::Write;

/// Words that mean something by themselves.
pub(super) const RESERVED: [&str; 6] = ["and", "or", "not", "in", "running", "failed"];

/// Returns a value as it can stand after `field=`: plain where that is clear, else in quotes.
///
/// Any bytes are read back as they were.
pub fn quote(value: &[u8]) -> String {
    quote_with_wildcards(&[value])
}

/// Returns the term that keeps only the rows with this value of a field; put `!` before it to
/// leave them out. `None` where the language has no word for it: an instant.
pub fn term(field: &Field, value: &Value<'_>) -> Option<String> {
    let key = field.key;
    Some(match value {
        Value::None => format!("{key}=\"\""),
        Value::Number(n) => format!("{key}={n}"),
        Value::Text(words) if key == "flag" => {
            let words = words
                .split(|b| *b == b',')
                .map(|word| format!("flag={}", quote(word)));
            let words: Vec<_> = words.collect();
            match &words[..] {
                [word] => word.clone(),
                words => format!("({})", words.join(" ")),
            }
        }
        Value::Text(text) => format!("{key}={}", quote(text)),
        Value::Duration(n) => format!("{key}={}", written(super::value::Unit::Nanos, *n)),
        Value::Size(n) => format!("{key}={}", written(super::value::Unit::Bytes, *n)),
        Value::Outcome(errno) => {
            let errno = u64::try_from(*errno).unwrap_or(0);
            format!("{key}={}", written(super::value::Unit::Errno, errno))
        }
        Value::Exit(None) => "running".to_owned(),
        Value::Exit(Some(crate::event::Status::Code(code))) => format!("{key}={code}"),
        Value::Exit(Some(crate::event::Status::Signal { number, .. })) => {
            format!("sig={}", crate::event::signal_name(*number))
        }
        Value::Time(_) => return None,
    })
}

fn written(unit: super::value::Unit, n: u64) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = unit.write(&mut out, super::value::Span { low: n, high: n });
    out
}

/// Returns a part of a command line as it can stand by itself.
pub(super) fn phrase(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(word) if is_plain_word(word) => word.to_owned(),
        _ => {
            let mut out = String::with_capacity(text.len() + 2);
            out.push('"');
            escape_into(&mut out, text);
            out.push('"');
            out
        }
    }
}

/// Joins parts with wildcards between them.
pub(super) fn quote_with_wildcards<T: AsRef<[u8]>>(parts: &[T]) -> String {
    let plain = parts.iter().all(|part| part.as_ref().iter().all(is_plain));
    let empty = parts.len() == 1 && parts[0].as_ref().is_empty();
    let mut out = String::new();
    if !plain || empty {
        out.push('"');
    }
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push('*');
        }
        escape_into(&mut out, part.as_ref());
    }
    if !plain || empty {
        out.push('"');
    }
    out
}

fn is_plain(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-+./:@%".contains(byte)
}

fn is_plain_word(word: &str) -> bool {
    word.bytes().all(|b| is_plain(&b))
        && word.bytes().any(|b| !b.is_ascii_digit())
        && !word.starts_with(['/', '@'])
        && !RESERVED
            .iter()
            .any(|reserved| word.eq_ignore_ascii_case(reserved))
}

/// Escapes what could not stand between quotes, or not be seen.
fn escape_into(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            // Writing to a String cannot fail.
            let _ = match c {
                '"' | '\\' | '*' => write!(out, "\\{c}"),
                '\n' => write!(out, "\\n"),
                '\r' => write!(out, "\\r"),
                '\t' => write!(out, "\\t"),
                c if u32::from(c) < 0x80 && is_unsafe(c) => write!(out, "\\x{:02x}", u32::from(c)),
                c if is_unsafe(c) => write!(out, "\\u{{{:x}}}", u32::from(c)),
                c => write!(out, "{c}"),
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}
