//! Words for a shell: pasted, they give the same bytes again and run nothing else.

use crate::text::is_unsafe;

/// Appends a word. One that is `first` is where the shell looks for assignments and its own words.
pub fn word_into(out: &mut String, word: &[u8], first: bool) {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_@%+:,./-".contains(b);
    let equals = |(at, b): (usize, &u8)| *b == b'=' && at > 0 && !first;
    // A digit before a redirection cannot be meant, as there is always a blank behind.
    let is_plain = !word.is_empty()
        && word
            .iter()
            .enumerate()
            .all(|(at, b)| plain(b) || equals((at, b)))
        && !(first && RESERVED.contains(&word));
    match std::str::from_utf8(word) {
        Ok(text) if is_plain => out.push_str(text),
        Ok(text) if !text.chars().any(is_unsafe) => {
            out.push('\'');
            for (i, part) in text.split('\'').enumerate() {
                if i > 0 {
                    out.push_str("'\\''");
                }
                out.push_str(part);
            }
            out.push('\'');
        }
        _ => escaped_into(out, word),
    }
}

/// What a shell takes for its own in the first place of a command, although it needs no quotes elsewhere.
const RESERVED: [&[u8]; 20] = [
    b"if",
    b"then",
    b"else",
    b"elif",
    b"fi",
    b"do",
    b"done",
    b"case",
    b"esac",
    b"while",
    b"until",
    b"for",
    b"in",
    b"function",
    b"select",
    b"time",
    b"coproc",
    b"repeat",
    b"foreach",
    b"end",
];

/// Appends a word in `$'…'`, as bash, zsh, ksh and busybox read it: no byte in it can act on a terminal.
fn escaped_into(out: &mut String, word: &[u8]) {
    out.push_str("$'");
    for chunk in word.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' | '\\' => out.extend(['\\', c]),
                c if is_unsafe(c) => {
                    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                        octal_into(out, byte);
                    }
                }
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            octal_into(out, *byte);
        }
    }
    out.push('\'');
}

/// Three digits always, so that a digit behind them is not one of them.
fn octal_into(out: &mut String, byte: u8) {
    out.push('\\');
    for shift in [6, 3, 0] {
        out.push(char::from(b'0' + (byte >> shift & 7)));
    }
}

/// Returns words with blanks between them.
pub fn words<'a>(words: impl Iterator<Item = &'a [u8]>) -> String {
    let mut out = String::new();
    for (i, word) in words.enumerate() {
        if i > 0 {
            out.push(' ');
        }
        word_into(&mut out, word, i == 0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    fn one(word: &[u8], first: bool) -> String {
        let mut out = String::new();
        word_into(&mut out, word, first);
        out
    }

    #[test]
    fn only_what_needs_quotes_has_them() {
        for plain in ["ls", "/usr/bin/gcc", "-O2", "a.b_c-d", "x@y:/z,1%+"] {
            assert_eq!(one(plain.as_bytes(), true), plain);
        }
        assert_eq!(one(b"--color=auto", false), "--color=auto");
        assert_eq!(one(b"A=b", true), "'A=b'");
        assert_eq!(one(b"=ls", false), "'=ls'");
        assert_eq!(one(b"time", true), "'time'");
        assert_eq!(one(b"", false), "''");
        assert_eq!(one(b"~", false), "'~'");
        assert_eq!(one(b"it's $(x) `y` !z", false), "'it'\\''s $(x) `y` !z'");
        assert_eq!(one("日本".as_bytes(), false), "'日本'");
        assert_eq!(
            one(b"a\n\x1b\xff1'\\", false),
            "$'a\\012\\033\\3771\\'\\\\'"
        );
        assert_eq!(one("\u{202e}x".as_bytes(), false), "$'\\342\\200\\256x'");
    }

    /// What a shell makes of words, each ended by a NUL.
    fn read_by(shell: &str, line: &str) -> Vec<u8> {
        let mut child = Command::new(shell)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let script = format!("printf '%s\\0' {line}\n");
        child
            .stdin
            .take()
            .unwrap()
            .write_all(script.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap().stdout
    }

    fn any_word() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            proptest::collection::vec(1u8.., 0..12),
            "[ -~]{0,12}".prop_map(String::into_bytes),
            "\\PC{0,8}".prop_map(String::into_bytes),
            "[$`\\\\'\"!*?~=#;&|<>(){}\n\t-]{1,6}".prop_map(String::into_bytes),
        ]
        .prop_map(|mut word| {
            word.retain(|b| *b != 0);
            word
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_shell_reads_the_same_bytes(list in proptest::collection::vec(any_word(), 1..40)) {
            let mut line = String::new();
            for word in &list {
                line.push(' ');
                word_into(&mut line, word, false);
                line.push(' ');
                word_into(&mut line, word, true);
            }
            prop_assert!(!line.chars().any(is_unsafe), "{line:?}");
            let meant: Vec<u8> = list.iter().flat_map(|w| [&w[..], b"\0", w, b"\0"].concat()).collect();
            prop_assert_eq!(read_by("bash", &line), meant);
        }
    }
}
