//! A case as a corpus file writes it: what its programs do, and what is to be told of them.

use super::token::{Part, Token, What, tokens};

/// One weird exec.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// The file, for messages.
    pub(super) file: &'static str,
    pub(super) items: Vec<Node<Item>>,
}

/// Something, several of them, or one thing or another.
#[derive(Debug)]
pub(super) enum Node<T> {
    One(T),
    /// `for i 3 { … }`: with `i` from 0.
    For(String, Expr, Vec<Node<T>>),
    /// `when FACT { … } else { … }`
    When(String, Vec<Node<T>>, Vec<Node<T>>),
    /// `kernel "5.10..5.18" { … } else { … }`: from the first on, before the second. There may be
    /// several ranges, with commas.
    Kernel(String, Vec<Node<T>>, Vec<Node<T>>),
}

/// A part of a case.
#[derive(Debug)]
pub(super) enum Item {
    /// Flags that the capture needs.
    Flags(Vec<Expr>),
    /// A file: name, mode, contents.
    File(Expr, Expr, Expr),
    /// What a file below `/proc/sys` holds while the case runs.
    Sysctl(Expr, Expr),
    /// A program.
    Program {
        name: String,
        bits32: bool,
        /// Its first part belongs where nothing can lie.
        nowhere: bool,
        interpreter: Option<Expr>,
        body: Vec<Node<Step>>,
    },
    /// What is to be told, besides that `start` was executed and ended well.
    Told(Vec<Node<Event>>),
    /// The shortest of the durations is below so many nanoseconds.
    Shortest(Expr),
    /// The case is left out, because of this.
    Skip(Expr),
}

/// What a program does: a system call, mostly.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) line: u32,
    pub(super) what: Do,
}

/// The kinds of steps.
#[derive(Debug)]
pub(super) enum Do {
    /// `into = call(args) is RESULT { what the child does that got 0 }`
    Call {
        into: Option<Name>,
        call: String,
        args: Vec<Expr>,
        is: Option<Expr>,
        child: Option<Vec<Node<Step>>>,
    },
    /// `if name is 1 { … }`
    If(Name, Expr, Vec<Node<Step>>),
    /// `tell a b`: says what these are, to the expectations.
    Tell(Vec<Name>),
}

/// An event that is to be told, and what it is to say.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) line: u32,
    pub(super) kind: String,
    pub(super) fields: Vec<(String, Expr)>,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Number(i64),
    Text(Vec<Part>),
    List(Vec<Expr>),
    Name(Name),
    /// `&name`: where it lies.
    Address(Name),
    /// `a + 1` or `a - 1`.
    Sum(Box<Expr>, char, Box<Expr>),
    Call(String, Vec<Expr>),
}

/// `a` or `a[1]`.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) word: String,
    pub(super) index: Option<Box<Expr>>,
}

/// Reads a file's cases.
pub(super) fn cases(file: &'static str, text: &str) -> Vec<Case> {
    let mut reader = Reader::new(file, text);
    let mut cases = Vec::new();
    while reader.word_is("case") {
        let Expr::Text(parts) = reader.value() else {
            reader.fail("a case has a name")
        };
        let [Part::Bytes(name)] = &parts[..] else {
            reader.fail("a case's name is plain")
        };
        cases.push(Case {
            name: String::from_utf8(name.clone()).unwrap(),
            file,
            items: reader.block(Reader::item),
        });
    }
    if reader.at < reader.tokens.len() {
        reader.fail("a case was expected");
    }
    cases
}

/// Reads a value that stands alone.
pub(super) fn expr(text: &str) -> Expr {
    Reader::new("a value", text).value()
}

struct Reader {
    file: &'static str,
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn new(file: &'static str, text: &str) -> Self {
        let tokens = tokens(file, text);
        Self {
            file,
            tokens,
            at: 0,
        }
    }

    fn fail(&self, why: &str) -> ! {
        let token = self.tokens.get(self.at).or(self.tokens.last());
        let line = token.map_or(0, |token| token.line);
        let what = token.map(|token| &token.what);
        panic!("{}:{line}: {why}, at {what:?}", self.file)
    }

    fn line(&self) -> u32 {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    fn peek(&self, ahead: usize) -> Option<&What> {
        self.tokens.get(self.at + ahead).map(|token| &token.what)
    }

    fn next_is(&self, sign: char) -> bool {
        self.peek(0) == Some(&What::Sign(sign))
    }

    /// Goes over a sign, if it is next.
    fn sign_is(&mut self, sign: char) -> bool {
        let is = self.next_is(sign);
        self.at += usize::from(is);
        is
    }

    /// Goes over a word, if it is next.
    fn word_is(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(0), Some(What::Word(next)) if next == word);
        self.at += usize::from(is);
        is
    }

    fn sign(&mut self, sign: char) {
        if !self.sign_is(sign) {
            self.fail(&format!("`{sign}` was expected"));
        }
    }

    fn word(&mut self) -> String {
        let Some(What::Word(word)) = self.peek(0) else {
            self.fail("a word was expected")
        };
        let word = word.clone();
        self.at += 1;
        word
    }

    fn plain_text(&mut self) -> String {
        match self.value() {
            Expr::Text(parts) => match &parts[..] {
                [Part::Bytes(bytes)] => String::from_utf8(bytes.clone()).unwrap(),
                _ => self.fail("a plain text was expected"),
            },
            _ => self.fail("a text was expected"),
        }
    }

    fn block<T>(&mut self, one: fn(&mut Self) -> T) -> Vec<Node<T>> {
        self.sign('{');
        let mut nodes = Vec::new();
        while !self.sign_is('}') {
            nodes.push(self.node(one));
        }
        nodes
    }

    fn node<T>(&mut self, one: fn(&mut Self) -> T) -> Node<T> {
        if self.word_is("for") {
            let (word, times) = (self.word(), self.value());
            return Node::For(word, times, self.block(one));
        }
        let when = self.word_is("when");
        if !when && !self.word_is("kernel") {
            return Node::One(one(self));
        }
        let of = if when { self.word() } else { self.plain_text() };
        let then = self.block(one);
        let other = if self.word_is("else") {
            self.block(one)
        } else {
            Vec::new()
        };
        if when {
            Node::When(of, then, other)
        } else {
            Node::Kernel(of, then, other)
        }
    }

    fn item(&mut self) -> Item {
        match &*self.word() {
            "flags" => {
                let mut flags = vec![self.value()];
                while let Some(What::Text(_)) = self.peek(0) {
                    flags.push(self.value());
                }
                Item::Flags(flags)
            }
            "file" => Item::File(self.value(), self.value(), self.value()),
            "sysctl" => Item::Sysctl(self.value(), self.value()),
            "program" => Item::Program {
                name: self.word(),
                bits32: self.word_is("i386"),
                nowhere: self.word_is("nowhere"),
                interpreter: self.word_is("interpreter").then(|| self.value()),
                body: self.block(Self::step),
            },
            "told" => Item::Told(self.block(Self::event)),
            "shortest" => Item::Shortest(self.value()),
            "skip" => Item::Skip(self.value()),
            _ => {
                self.at -= 1;
                self.fail("a case has no such part")
            }
        }
    }

    fn step(&mut self) -> Step {
        let line = self.line();
        let what = if self.word_is("tell") {
            let mut names = Vec::new();
            // What is told stands on one line, so that the next line may be a call.
            while self.line() == line && !self.next_is('}') {
                names.push(self.name());
            }
            Do::Tell(names)
        } else if self.word_is("if") {
            let name = self.name();
            if !self.word_is("is") {
                self.fail("`is` was expected");
            }
            Do::If(name, self.value(), self.block(Self::step))
        } else {
            let called = self.peek(1) == Some(&What::Sign('('));
            let into = (!called).then(|| self.name());
            if !called {
                self.sign('=');
            }
            Do::Call {
                into,
                call: self.word(),
                args: {
                    self.sign('(');
                    self.values(')')
                },
                is: self.word_is("is").then(|| self.value()),
                child: self.next_is('{').then(|| self.block(Self::step)),
            }
        };
        Step { line, what }
    }

    fn event(&mut self) -> Event {
        let line = self.line();
        let kind = self.word();
        if !["exec", "exit"].contains(&&*kind) {
            self.at -= 1;
            self.fail("an exec or an exit was expected");
        }
        let mut fields = Vec::new();
        while self.peek(1) == Some(&What::Sign('=')) {
            let key = self.word();
            self.sign('=');
            fields.push((key, self.value()));
        }
        Event { line, kind, fields }
    }

    fn values(&mut self, end: char) -> Vec<Expr> {
        let mut values = Vec::new();
        while !self.sign_is(end) {
            values.push(self.value());
            if !self.next_is(end) {
                self.sign(',');
            }
        }
        values
    }

    fn name(&mut self) -> Name {
        let word = self.word();
        let index = self.sign_is('[').then(|| {
            let index = self.value();
            self.sign(']');
            Box::new(index)
        });
        Name { word, index }
    }

    fn value(&mut self) -> Expr {
        let mut value = self.operand();
        while let Some(What::Sign(sign @ ('+' | '-'))) = self.peek(0) {
            let sign = *sign;
            self.at += 1;
            value = Expr::Sum(Box::new(value), sign, Box::new(self.operand()));
        }
        value
    }

    fn operand(&mut self) -> Expr {
        if self.sign_is('[') {
            return Expr::List(self.values(']'));
        }
        if self.sign_is('&') {
            return Expr::Address(self.name());
        }
        if self.sign_is('-') {
            let zero = Box::new(Expr::Number(0));
            return Expr::Sum(zero, '-', Box::new(self.operand()));
        }
        match self.peek(0).cloned() {
            Some(What::Number(number)) => {
                self.at += 1;
                Expr::Number(number)
            }
            Some(What::Text(parts)) => {
                self.at += 1;
                Expr::Text(parts)
            }
            Some(What::Word(word)) if self.peek(1) == Some(&What::Sign('(')) => {
                self.at += 2;
                Expr::Call(word, self.values(')'))
            }
            _ => Expr::Name(self.name()),
        }
    }
}
