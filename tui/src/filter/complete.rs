//! What could be written next in a filter: where the cursor stands in it, and the names and signs that fit there.

use super::key::{KEYS, OF_PROCESSES, is_known};
use super::names::in_name;
use super::parse::{Sign, sign};
use super::scan::Cursor;
use crate::field::{self, FIELDS, Kind};

/// What stands at a place of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// A name, or words to look for.
    Name {
        /// Whether it stands in `under(…)`, which takes few names.
        of_process: bool,
    },
    /// The name of a filter, behind its `@`.
    Named,
    /// A value of the field or name of this key.
    Value(&'static str),
}

/// A place in a filter's text where something is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What stands here.
    pub wants: Wants,
    /// Where it begins and ends, in bytes.
    pub range: std::ops::Range<usize>,
    /// What of it stands before the cursor, without a quote.
    pub typed: String,
}

/// Returns what is being written at the cursor, a place in bytes; `None` where it is neither a name nor
/// a value: in patterns, in phrases, and behind what is complete.
pub fn place(text: &str, cursor: usize) -> Option<Place> {
    let (head, tail) = text.split_at_checked(cursor)?;
    let mut walk = Walk {
        at: Cursor::new(head),
        under: Vec::new(),
    };
    let (wants, column, typed) = walk.walk()?;
    let from = head.char_indices().nth(column).map_or(cursor, |(at, _)| at);
    let quoted = head[from..].starts_with('"');
    let rest = match (wants, quoted) {
        (Wants::Name { .. }, _) => length(tail, |c| c.is_ascii_alphanumeric() || c == '_'),
        (Wants::Named, _) => length(tail, in_name),
        (Wants::Value(_), false) => length(tail, |c| !c.is_whitespace() && !",|)".contains(c)),
        (Wants::Value(_), true) => tail.find('"').map_or(0, |end| end + 1),
    };
    Some(Place {
        wants,
        range: from..cursor + rest,
        typed,
    })
}

/// Returns how many bytes of a text's beginning are of a kind.
fn length(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is(c)).unwrap_or(text.len())
}

/// What is written where, and as what: the column of its beginning, and its text.
type Written = (Wants, usize, String);

/// A walk through what stands before the cursor, more forgiving than the parser.
struct Walk {
    at: Cursor,
    /// Of each open bracket, whether tests of processes stand in it.
    under: Vec<bool>,
}

impl Walk {
    fn walk(&mut self) -> Option<Written> {
        loop {
            match self.at.peek() {
                None => return Some((self.name(), self.at.column(), String::new())),
                Some(c) if c.is_whitespace() || matches!(c, '!' | '|') => _ = self.at.eat_len(1),
                Some('(') => self.open(self.in_under()),
                Some(')') => {
                    self.under.pop();
                    self.at.eat_len(1);
                }
                Some('"') => _ = self.at.quoted().ok()?,
                Some('/') if self.at.slashed().is_some() => {}
                Some('@') => {
                    let from = self.at.column();
                    let word = self.at.word();
                    let typed = word.trim_start_matches('@');
                    if self.at.peek().is_none() {
                        let name = typed.chars().all(in_name);
                        return name.then(|| (Wants::Named, from, typed.to_owned()));
                    }
                }
                Some(_) => {
                    if let Some(written) = self.test()? {
                        return Some(written);
                    }
                }
            }
        }
    }

    fn in_under(&self) -> bool {
        self.under.last().is_some_and(|under| *under)
    }

    fn open(&mut self, under: bool) {
        self.under.push(under);
        self.at.eat_len(1);
    }

    fn name(&self) -> Wants {
        Wants::Name {
            of_process: self.in_under(),
        }
    }

    /// Steps over a word or a comparison; returns it if the text ends in it.
    fn test(&mut self) -> Option<Option<Written>> {
        let from = self.at.column();
        let name = self.at.name();
        self.at.eat_len(name.len());
        if self.at.peek().is_none() && !name.is_empty() {
            return Some(Some((self.name(), from, name)));
        }
        let key = name.to_ascii_lowercase();
        if key == "under" && self.at.peek() == Some('(') {
            self.open(true);
            return Some(None);
        }
        match (known(&key), self.sign(&key)) {
            (Some(key), Some(sign)) => self.values(key, sign),
            (None, Some(_)) => None,
            (_, None) => {
                self.at.go_to(from);
                self.at.word();
                // Neither a name nor complete.
                self.at.peek().map(|_| None)
            }
        }
    }

    /// Steps over the sign of a comparison, and blanks around it.
    fn sign(&mut self, key: &str) -> Option<Sign> {
        let mut found = sign(&mut self.at);
        if found.is_none() && is_known(key) {
            self.at.skip_blanks();
            found = sign(&mut self.at);
            if found.is_none() && self.at.is_keyword("in") && self.at.peek_at(2).is_some() {
                self.at.eat_len(2);
                found = Some(Sign::In);
            }
        }
        self.at.skip_blanks();
        found
    }

    fn values(&mut self, key: &'static str, sign: Sign) -> Option<Option<Written>> {
        if let Sign::Like { .. } = sign {
            return self.pattern().map(|()| None);
        }
        let brackets = matches!(sign, Sign::In) && self.at.eat("(");
        loop {
            if brackets {
                self.at.skip_blanks();
            }
            let from = self.at.column();
            if self.at.peek() == Some('"') {
                let quoted = self.at.quoted_or_rest();
                if let Err(typed) = quoted {
                    return Some(Some((Wants::Value(key), from, typed)));
                }
                // Behind the closing quote nothing is missing.
                self.at.peek()?;
            } else {
                let typed = self.at.bare_value();
                if self.at.peek().is_none() {
                    return Some(Some((Wants::Value(key), from, typed)));
                }
            }
            if brackets {
                self.at.skip_blanks();
            }
            if !self.at.eat(",") && (brackets || !self.another_after_bar()) {
                // A bracket is closed here, and none was noted as open.
                let _ = brackets && self.at.eat(")");
                return Some(None);
            }
        }
    }

    /// Steps over a `|` if no test stands behind it.
    fn another_after_bar(&mut self) -> bool {
        let bar = self.at.column();
        if !self.at.eat("|") {
            return false;
        }
        let value = self.at.column();
        let name = self.at.name();
        self.at.eat_len(name.len());
        let test = matches!(self.at.peek(), Some('(' | '!')) || sign(&mut self.at).is_some();
        self.at.go_to(if test { bar } else { value });
        !test
    }

    /// Steps over a pattern; `None` if the text ends in it.
    fn pattern(&mut self) -> Option<()> {
        match self.at.peek() {
            Some('"') => _ = self.at.quoted_pattern().ok()?,
            Some('/') if self.at.slashed().is_some() => {}
            _ => _ = self.at.bare_pattern(),
        }
        self.at.peek().map(drop)
    }
}

/// Returns the key of a field or of another name that can be compared.
fn known(key: &str) -> Option<&'static str> {
    if !is_known(key) {
        return None;
    }
    let field = field::by_key(key).map(|field| field.key);
    field.or_else(|| {
        KEYS.iter()
            .find(|known| known.key == key)
            .map(|known| known.key)
    })
}

/// Returns the names that begin with what is typed, then those that have it elsewhere, each as it is to be
/// written and with what it means.
pub fn names(typed: &str, of_process: bool) -> Vec<(&'static str, &'static str)> {
    let typed = typed.to_ascii_lowercase();
    let fields = FIELDS.iter().map(|field| (field.key, field.doc));
    let others = KEYS.iter().map(|key| match key.key {
        "under" => ("under(", key.doc),
        name => (name, key.doc),
    });
    let all = fields.chain(others);
    let all = all.filter(|(name, _)| !of_process || OF_PROCESSES.contains(name));
    let all: Vec<_> = all.filter(|(name, _)| name.contains(&typed)).collect();
    let (mut first, rest): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|(name, _)| name.starts_with(&typed));
    first.extend(rest);
    first
}

/// Returns the signs that can stand behind a name, each with what it asks; none if it is not compared.
pub fn signs(key: &str) -> &'static [(&'static str, &'static str)] {
    const WORDS: &[(&str, &str)] = &[
        ("=", "is one of: a,b; * is anything"),
        ("!=", "is known, and none of"),
    ];
    const TEXT: &[(&str, &str)] = &[
        ("=", "is one of: a,b; * is anything"),
        ("!=", "is known, and none of"),
        ("~", "has a part that this regex matches"),
        ("!~", "is known, and this regex matches no part"),
        (" in (", "is one of a list: (a, b)"),
    ];
    const NUMBER: &[(&str, &str)] = &[
        ("=", "is one of, or in a range: 1,5,10..20"),
        ("!=", "is known, and none of"),
        (">", "more than"),
        (">=", "at least"),
        ("<", "less than"),
        ("<=", "at most"),
    ];
    let Some(key) = known(&key.to_ascii_lowercase()) else {
        return &[];
    };
    match (key, field::by_key(key).map(|field| field.kind)) {
        ("err" | "sig" | "flag", _) | (_, Some(Kind::Outcome)) => WORDS,
        ("arg" | "env" | "anc", _) | (_, Some(Kind::Text)) => TEXT,
        _ => NUMBER,
    }
}

#[cfg(test)]
mod tests;
