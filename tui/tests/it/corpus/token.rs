//! The words that a corpus file is made of.

use std::iter::Peekable;
use std::str::Chars;

/// A word, with the line that it stands on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) line: u32,
    pub(super) what: What,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Word(String),
    Number(i64),
    Text(Vec<Part>),
    Sign(char),
}

/// A piece of a text: bytes, or what stands for others.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Bytes(Vec<u8>),
    /// `$NAME`
    Name(String),
    /// `{i}`, `{i+1}`, and within `each` also `{}`.
    Sum(String),
}

/// Cuts a file into words; `#` begins a comment.
pub(super) fn tokens(place: &str, text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        let what = match first {
            '\n' => {
                line += 1;
                continue;
            }
            ' ' => continue,
            '#' => {
                while rest.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            '"' => What::Text(parts(&mut rest, &format!("{place}:{line}"))),
            '0'..='9' => What::Number(number(&word(first, &mut rest))),
            'a'..='z' | 'A'..='Z' | '_' => What::Word(word(first, &mut rest)),
            sign if "()[]{}=,&+-*".contains(sign) => What::Sign(sign),
            other => panic!("{place}:{line}: what is {other:?}?"),
        };
        tokens.push(Token { line, what });
    }
    tokens
}

fn word(first: char, rest: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::from(first);
    while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || "_.".contains(*c)) {
        word.push(c);
    }
    word
}

fn number(word: &str) -> i64 {
    let digits = word.replace('_', "");
    let parsed = if let Some(octal) = digits.strip_prefix("0o") {
        i64::from_str_radix(octal, 8)
    } else if let Some(hex) = digits.strip_prefix("0x") {
        i64::from_str_radix(hex, 16)
    } else {
        digits.parse()
    };
    parsed.unwrap_or_else(|e| panic!("{word}: {e}"))
}

/// Reads a text after its opening quote.
fn parts(rest: &mut Peekable<Chars<'_>>, place: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut bytes = Vec::new();
    loop {
        let c = rest
            .next()
            .unwrap_or_else(|| panic!("{place}: the text does not end"));
        let part = match c {
            '"' => break,
            '\n' => panic!("{place}: the text does not end on its line"),
            '\\' => {
                escaped(rest, &mut bytes, place);
                continue;
            }
            '$' => {
                let first = rest.next().unwrap();
                Part::Name(word(first, rest))
            }
            '{' => {
                let mut sum = String::new();
                while let Some(c) = rest.next_if(|c| *c != '}') {
                    sum.push(c);
                }
                rest.next();
                Part::Sum(sum)
            }
            plain => {
                bytes.extend(plain.encode_utf8(&mut [0; 4]).bytes());
                continue;
            }
        };
        parts.push(Part::Bytes(std::mem::take(&mut bytes)));
        parts.push(part);
    }
    parts.push(Part::Bytes(bytes));
    parts
}

fn escaped(rest: &mut Peekable<Chars<'_>>, bytes: &mut Vec<u8>, place: &str) {
    match rest.next() {
        Some('n') => bytes.push(b'\n'),
        Some('r') => bytes.push(b'\r'),
        Some('t') => bytes.push(b'\t'),
        Some('e') => bytes.push(0x1b),
        Some('x') => {
            let digits: String = rest.by_ref().take(2).collect();
            let byte = u8::from_str_radix(&digits, 16);
            bytes.push(byte.unwrap_or_else(|e| panic!("{place}: \\x{digits}: {e}")));
        }
        Some(c @ ('"' | '\\' | '$' | '{')) => bytes.push(c as u8),
        other => panic!("{place}: what is \\{other:?}?"),
    }
}

#[test]
fn a_line_is_cut_into_its_words() {
    let text = "fd = f(0o17, \"a\\x00$DIR/{i+1}\") # no more\nB.c";
    let found = tokens("here", text);
    let lines: Vec<_> = found.iter().map(|token| token.line).collect();
    assert_eq!(lines, [1, 1, 1, 1, 1, 1, 1, 1, 2]);
    let what: Vec<_> = found.into_iter().map(|token| token.what).collect();
    let parts = vec![
        Part::Bytes(b"a\0".to_vec()),
        Part::Name("DIR".to_owned()),
        Part::Bytes(b"/".to_vec()),
        Part::Sum("i+1".to_owned()),
        Part::Bytes(Vec::new()),
    ];
    assert_eq!(
        what,
        [
            What::Word("fd".to_owned()),
            What::Sign('='),
            What::Word("f".to_owned()),
            What::Sign('('),
            What::Number(15),
            What::Sign(','),
            What::Text(parts),
            What::Sign(')'),
            What::Word("B.c".to_owned()),
        ]
    );
}
