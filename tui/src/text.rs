//! Untrusted bytes made visible: the one way from captured bytes to a terminal.
//!
//! Control characters, invalid UTF-8 and characters that hide or reorder text are
//! shown as escapes; everything else stays as it is.

use std::borrow::Cow;
use std::fmt::Write;

/// Returns whether a character could act on a terminal, hide, or reorder text.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Returns bytes as text that is safe to show.
///
/// `\n`, `\r`, `\t` and `\e` name the usual ones; other unsafe characters
/// are `\xNN` below 0x80 and `\u{…}` above, bytes that are no UTF-8 are `\xNN`.
pub fn escape(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(is_unsafe) => Cow::Borrowed(text),
        _ => {
            let mut out = String::with_capacity(bytes.len() + 16);
            escape_into(&mut out, bytes);
            Cow::Owned(out)
        }
    }
}

/// Returns text for a terminal that has ASCII only: all else is shown as [`escape`] shows what is unsafe.
pub fn ascii(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c.is_ascii() {
            true => out.push(c),
            false => escape_char(&mut out, c),
        }
    }
    Cow::Owned(out)
}

/// Appends bytes to `out` as [`escape`] shows them.
pub fn escape_into(out: &mut String, bytes: &[u8]) {
    // Most is plain ASCII.
    if bytes.iter().all(|b| matches!(b, b' '..=b'~'))
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return out.push_str(text);
    }
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_unsafe(c) {
                escape_char(out, c);
            } else {
                out.push(c);
            }
        }
        for byte in chunk.invalid() {
            push_fmt(out, format_args!("\\x{byte:02x}"));
        }
    }
}

fn escape_char(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x1b' => out.push_str("\\e"),
        c if u32::from(c) < 0x80 => push_fmt(out, format_args!("\\x{:02x}", u32::from(c))),
        c => push_fmt(out, format_args!("\\u{{{:x}}}", u32::from(c))),
    }
}

fn push_fmt(out: &mut String, args: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(args);
}

/// Appends arguments as one line that tells "a b" from "a" "b".
///
/// An argument that is empty or holds a blank or a quote stands in single quotes.
pub fn command_line_into<'a>(out: &mut String, args: impl Iterator<Item = &'a [u8]>) {
    command_start_into(out, args, usize::MAX);
}

/// Appends the beginning of what [`command_line_into`] appends, of about `limit` bytes of arguments;
/// returns whether that is all.
pub fn command_start_into<'a>(
    out: &mut String,
    args: impl Iterator<Item = &'a [u8]>,
    limit: usize,
) -> bool {
    let mut left = limit;
    for (i, arg) in args.enumerate() {
        if i > 0 {
            out.push(' ');
        }
        if arg.len() > left {
            argument_into(out, start(arg, left));
            return false;
        }
        argument_into(out, arg);
        left = left.saturating_sub(arg.len() + 1);
    }
    true
}

/// Returns at most so many bytes, without a character that is cut.
fn start(bytes: &[u8], most: usize) -> &[u8] {
    let cut = bytes.get(..most).unwrap_or(bytes);
    match std::str::from_utf8(cut) {
        Err(error) if error.error_len().is_none() => cut.get(..error.valid_up_to()).unwrap_or(cut),
        _ => cut,
    }
}

fn argument_into(out: &mut String, arg: &[u8]) {
    let plain = !arg.is_empty() && !arg.iter().any(|b| matches!(b, b' ' | b'\'' | b'"'));
    if plain {
        return escape_into(out, arg);
    }
    out.push('\'');
    for (j, part) in arg.split(|b| *b == b'\'').enumerate() {
        if j > 0 {
            out.push_str("'\\''");
        }
        escape_into(out, part);
    }
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_point_comes_through_that_could_act_on_a_terminal() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let shown = escape(c.encode_utf8(&mut [0; 4]).as_bytes()).into_owned();
            assert!(!shown.is_empty());
            assert!(
                !shown.chars().any(|c| c.is_control()),
                "{:x} came through",
                u32::from(c)
            );
            if is_unsafe(c) {
                assert!(
                    shown.starts_with('\\') && shown.is_ascii(),
                    "{:x} is {shown}",
                    u32::from(c)
                );
            }
        }
        for byte in 0x80..=0xff_u8 {
            assert_eq!(escape(&[byte]), format!("\\x{byte:02x}"));
        }
    }

    #[test]
    fn command_lines_tell_arguments_apart() {
        let line = |args: &[&str]| {
            let mut out = String::new();
            command_line_into(&mut out, args.iter().map(|a| a.as_bytes()));
            out
        };
        assert_eq!(line(&["ls", "-l"]), "ls -l");
        assert_eq!(line(&["a b", "", "it's"]), "'a b' '' 'it'\\''s'");
        assert_eq!(line(&["\x1b]0;x\x07", "a\nb"]), "\\e]0;x\\x07 a\\nb");
    }

    #[test]
    fn the_start_of_a_command_line_is_cut_between_characters() {
        let start = |args: &[&str], limit| {
            let mut out = String::new();
            let whole = command_start_into(&mut out, args.iter().map(|a| a.as_bytes()), limit);
            (out, whole)
        };
        assert_eq!(start(&["ls", "-l"], 6), ("ls -l".to_owned(), true));
        assert_eq!(start(&["ls", "-l"], 4), ("ls -".to_owned(), false));
        assert_eq!(start(&["ls", "a b c"], 6), ("ls 'a b'".to_owned(), false));
        assert_eq!(start(&["日本"], 5), ("日".to_owned(), false));
    }
}
