//! From text to tests, by recursive descent.
//!
//! ```text
//! either   = both ("or" both)*
//! both     = one (["and"] one)*
//! one      = unary ("|" unary)*
//! unary    = "!" unary | "not" one | "(" either ")" | "@" name | test
//! ```

mod terms;

pub(super) use terms::terms;

use super::FilterError;
use super::ast::{Expr, Op, Test, Texts};
use super::key::{Subject, is_known, look_up};
use super::names::Names;
use super::pattern::Needle;
use super::quote::RESERVED;
use super::scan::{Cursor, ends_word};
use super::typed::{Raw, compile, flag, number, texts};
use jiff::tz::TimeZone;

/// How deep brackets and negations may stand in each other.
const MAX_DEPTH: usize = 64;

/// How many named filters there may be in one: each can be made of many.
const MAX_NAMED: usize = 200;

/// Signs of comparisons, longer ones first.
const SIGNS: [(&str, Sign); 10] = [
    ("!=", Sign::Op(Op::Ne)),
    ("!~", Sign::Like { negated: true }),
    ("<=", Sign::Op(Op::Le)),
    (">=", Sign::Op(Op::Ge)),
    ("==", Sign::Op(Op::Eq)),
    ("=~", Sign::Like { negated: false }),
    ("=", Sign::Op(Op::Eq)),
    ("~", Sign::Like { negated: false }),
    ("<", Sign::Op(Op::Lt)),
    (">", Sign::Op(Op::Gt)),
];

#[derive(Clone, Copy)]
pub(super) enum Sign {
    Op(Op),
    Like { negated: bool },
    In,
}

/// Steps over the sign of a comparison, if one is here.
pub(super) fn sign(cursor: &mut Cursor) -> Option<Sign> {
    let sign = SIGNS.iter().find(|(text, _)| cursor.eat(text));
    sign.map(|(_, sign)| *sign)
}

struct Parser<'a> {
    cursor: Cursor,
    zone: Option<&'a TimeZone>,
    names: &'a Names,
    /// The named filters that are being read, each within the one before.
    within: Vec<String>,
    /// How many of them were read.
    named: usize,
    memos: usize,
    depth: usize,
    of_process: bool,
}

/// Parses a filter.
pub(super) fn parse(
    text: &str,
    zone: Option<&TimeZone>,
    names: &Names,
) -> Result<Expr, FilterError> {
    let mut parser = Parser::new(text, zone, names);
    parser.cursor.skip_blanks();
    if parser.cursor.peek().is_none() {
        return Ok(Expr::All(Vec::new()));
    }
    parser.whole()
}

impl<'a> Parser<'a> {
    fn new(text: &str, zone: Option<&'a TimeZone>, names: &'a Names) -> Self {
        Self {
            cursor: Cursor::new(text),
            zone,
            names,
            within: Vec::new(),
            named: 0,
            memos: 0,
            depth: 0,
            of_process: false,
        }
    }
}

impl Parser<'_> {
    fn error(&self, message: impl Into<String>) -> FilterError {
        FilterError::new(self.cursor.column(), message)
    }

    /// Parses up to the end of the text.
    fn whole(&mut self) -> Result<Expr, FilterError> {
        let expr = self.either()?;
        match self.cursor.peek() {
            None => Ok(expr),
            Some(_) => Err(self.error("there is no bracket that this one closes")),
        }
    }

    fn either(&mut self) -> Result<Expr, FilterError> {
        let mut parts = vec![self.both()?];
        while self.keyword("or") {
            parts.push(self.both()?);
        }
        Ok(Expr::any(parts))
    }

    fn both(&mut self) -> Result<Expr, FilterError> {
        let mut parts = vec![self.one()?];
        loop {
            let and = self.keyword("and");
            let end = matches!(self.cursor.peek(), None | Some(')'));
            if !and && (end || self.cursor.is_keyword("or")) {
                return Ok(Expr::all(parts));
            }
            parts.push(self.one()?);
        }
    }

    fn one(&mut self) -> Result<Expr, FilterError> {
        let mut parts = vec![self.unary()?];
        loop {
            self.cursor.skip_blanks();
            if !self.cursor.eat("|") {
                return Ok(Expr::any(parts));
            }
            parts.push(self.unary()?);
        }
    }

    fn unary(&mut self) -> Result<Expr, FilterError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("too many brackets in each other"));
        }
        self.cursor.skip_blanks();
        let expr = if self.cursor.eat("!") {
            Expr::not(self.unary()?)
        } else if self.keyword("not") {
            Expr::not(self.one()?)
        } else if self.cursor.peek() == Some('(') {
            self.brackets()?
        } else if let Some(name) = self.cursor.at_name() {
            self.named(&name)?
        } else {
            Expr::Test(Box::new(self.test()?))
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn brackets(&mut self) -> Result<Expr, FilterError> {
        let open = self.cursor.column();
        self.cursor.eat("(");
        let expr = self.either()?;
        self.cursor.skip_blanks();
        if self.cursor.eat(")") {
            Ok(expr)
        } else {
            Err(FilterError::new(open, "this bracket is not closed"))
        }
    }

    /// Parses the filter of a name; errors in it are told where the name stands.
    fn named(&mut self, name: &str) -> Result<Expr, FilterError> {
        let column = self.cursor.column();
        let error = |message: String| FilterError::new(column, message);
        let Some(text) = self.names.get(name) else {
            return Err(error(self.names.unknown(name)));
        };
        if let Some(at) = self.within.iter().position(|outer| outer == name) {
            let way = self
                .within
                .get(at..)
                .unwrap_or_default()
                .join(" is made of @");
            return Err(error(format!(
                "a filter cannot be made of itself: @{way} is made of @{name}"
            )));
        }
        self.named += 1;
        if self.named > MAX_NAMED {
            return Err(error(format!("more than {MAX_NAMED} named filters in one")));
        }
        self.cursor.eat_len(1 + name.len());
        let outer = std::mem::replace(&mut self.cursor, Cursor::new(text));
        self.within.push(name.to_owned());
        let expr = self.whole();
        let expr = expr.map_err(|inner| error(format!("in @{name}, {inner}")))?;
        self.within.pop();
        self.cursor = outer;
        Ok(expr)
    }

    /// Steps over blanks, and over a word if it is there.
    fn keyword(&mut self, word: &str) -> bool {
        self.cursor.skip_blanks();
        self.cursor.is_keyword(word) && self.cursor.eat_len(word.len())
    }

    fn test(&mut self) -> Result<Test, FilterError> {
        match self.cursor.peek() {
            None => return Err(self.error("a test is missing here")),
            Some(c @ (')' | '|')) => {
                return Err(self.error(format!("a test is missing before `{c}`")));
            }
            Some('"') => {
                let text = self.cursor.quoted()?.join(&b'*');
                return Ok(Test::Words(Box::new(Needle::new(&text))));
            }
            Some('/') => {
                let column = self.cursor.column();
                if let Some((pattern, ignore_case)) = self.cursor.slashed() {
                    return compile(&pattern, ignore_case, column).map(Test::Line);
                }
            }
            Some(_) => {}
        }
        if let Some(word) = ["and", "or"]
            .into_iter()
            .find(|word| self.cursor.is_keyword(word))
        {
            return Err(self.error(format!("a test is missing before `{word}`")));
        }
        let column = self.cursor.column();
        let name = self.cursor.name();
        if !name.is_empty() {
            if let Some(test) = self.after_name(column, &name)? {
                return Ok(test);
            }
            self.cursor.go_to(column);
        }
        let word = self.cursor.word();
        Ok(match word.as_str() {
            "running" if !self.of_process => Test::Running,
            "failed" if !self.of_process => Test::Failed,
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => match digits.parse() {
                Ok(pid) => Test::Pid(pid),
                Err(_) => Test::Words(Box::new(Needle::new(digits.as_bytes()))),
            },
            word => Test::Words(Box::new(Needle::new(word.as_bytes()))),
        })
    }

    /// Parses `under(…)` and comparisons; `None` if it is a mere word.
    fn after_name(&mut self, column: usize, name: &str) -> Result<Option<Test>, FilterError> {
        let key = name.to_ascii_lowercase();
        self.cursor.go_to(column + name.len());
        if key == "under" && self.cursor.peek() == Some('(') {
            let outer = std::mem::replace(&mut self.of_process, true);
            let memo = self.memos;
            self.memos += 1;
            let expr = Box::new(self.brackets()?);
            self.of_process = outer;
            return Ok(Some(Test::Under { memo, expr }));
        }
        let sign = match sign(&mut self.cursor) {
            Some(sign) => sign,
            None if !is_known(&key) => return Ok(None),
            None => {
                self.cursor.skip_blanks();
                if self.keyword("in") {
                    Sign::In
                } else if let Some(sign) = sign(&mut self.cursor) {
                    sign
                } else {
                    return Ok(None);
                }
            }
        };
        let subject = look_up(&key, column, self.zone, self.of_process, &mut self.memos)?;
        self.cursor.skip_blanks();
        if let Sign::Like { negated } = sign {
            return self.like(&key, subject, negated).map(Some);
        }
        let (op, listed) = match sign {
            Sign::Op(op) => (op, false),
            _ => (Op::Eq, true),
        };
        let unit = match &subject {
            Subject::Number(of) => Some(of.unit()),
            _ => None,
        };
        let fits = |text: &str| unit.is_none_or(|unit| unit.parse(text).is_ok());
        let values = self.values(&key, listed, fits)?;
        match subject {
            Subject::Number(of) => number(of, op, &values),
            Subject::Text(of) => {
                let (negated, is) = texts(of.key(), op, values)?;
                Ok(Test::Text { of, negated, is })
            }
            Subject::Command => {
                let (negated, is) = texts("command", op, values)?;
                Ok(Test::Command { negated, is })
            }
            Subject::Flag => flag(op, &values),
        }
        .map(Some)
    }

    fn like(&mut self, key: &str, subject: Subject, negated: bool) -> Result<Test, FilterError> {
        let column = self.cursor.column();
        if matches!(subject, Subject::Number(_) | Subject::Flag) {
            let message = format!("{key} is not a text; ~ and !~ look for a pattern in one");
            return Err(FilterError::new(column, message));
        }
        let slashed = match self.cursor.peek() {
            Some('/') => self.cursor.slashed(),
            Some('"') => Some((self.cursor.quoted_pattern()?, false)),
            _ => None,
        };
        let (pattern, ignore_case) = slashed.unwrap_or_else(|| (self.cursor.bare_pattern(), false));
        if pattern.is_empty() {
            return Err(FilterError::new(
                column,
                format!("a pattern is missing after `{key}~`"),
            ));
        }
        let is = Texts::Pattern(compile(&pattern, ignore_case, column)?);
        Ok(match subject {
            Subject::Text(of) => Test::Text { of, negated, is },
            _ => Test::Command { negated, is },
        })
    }

    /// Parses one or several values: `a`, `a,b`, `a|b`, and, after `in`, `(a, b)`.
    fn values(
        &mut self,
        key: &str,
        listed: bool,
        fits: impl Fn(&str) -> bool,
    ) -> Result<Vec<Raw>, FilterError> {
        let open = self.cursor.column();
        let brackets = listed && self.cursor.eat("(");
        let mut values = Vec::new();
        loop {
            if brackets {
                self.cursor.skip_blanks();
            }
            let value = self.value()?;
            if value.parts == [b""] && self.cursor.column() == value.column {
                let message = format!("a value for {key} is missing here");
                return Err(FilterError::new(value.column, message));
            }
            values.push(value);
            if brackets {
                self.cursor.skip_blanks();
            }
            if self.cursor.eat(",") || (!brackets && self.another_after_bar(&fits)) {
                continue;
            }
            if brackets && !self.cursor.eat(")") {
                return Err(FilterError::new(open, "this bracket is not closed"));
            }
            return Ok(values);
        }
    }

    /// Steps over a `|`, if the text behind it is another value rather than another test.
    fn another_after_bar(&mut self, fits: impl Fn(&str) -> bool) -> bool {
        let bar = self.cursor.column();
        if !self.cursor.eat("|") {
            return false;
        }
        let value = self.cursor.column();
        let name = self.cursor.name();
        let test = match self.cursor.peek() {
            None | Some('!' | '(') => true,
            Some('/') => self.cursor.slashed().is_some(),
            Some('"') => !fits(""),
            Some(c) if ends_word(c) => true,
            Some('@') if self.cursor.at_name().is_some() => true,
            Some(_) => {
                let reserved = RESERVED.contains(&name.as_str());
                let text = self.cursor.bare_value();
                self.cursor.go_to(value + name.len());
                let compared = !name.is_empty() && sign(&mut self.cursor).is_some();
                let under = name == "under" && self.cursor.peek() == Some('(');
                reserved || compared || under || !fits(&text)
            }
        };
        self.cursor.go_to(if test { bar } else { value });
        !test
    }

    fn value(&mut self) -> Result<Raw, FilterError> {
        let column = self.cursor.column();
        let parts = if self.cursor.peek() == Some('"') {
            self.cursor.quoted()?
        } else {
            let text = self.cursor.bare_value();
            text.split('*')
                .map(|part| part.as_bytes().to_vec())
                .collect()
        };
        Ok(Raw { column, parts })
    }
}
