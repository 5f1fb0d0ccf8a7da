//! A Rust source file as the laws see it: its text, its code without comments and strings, its code without tests.

/// One source file of the workspace.
pub(crate) struct Source {
    /// Its path below the checkout, with `/`.
    pub(crate) path: String,
    /// Its text as it stands.
    pub(crate) text: String,
    /// Its text with comments and literals blanked, so that every line and column stays where it is.
    pub(crate) code: String,
    /// Its code with the `#[cfg(test)]` items blanked too.
    pub(crate) product: String,
    /// How many of its lines belong to `#[cfg(test)]` items.
    pub(crate) test_lines: usize,
}

impl Source {
    /// Reads a file's text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = blank_comments_and_literals(text);
        let (product, test_lines) = blank_tests(&code);
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            product,
            test_lines,
        }
    }

    /// Makes the whole file count as a test.
    pub(crate) fn make_test(&mut self) {
        self.product = blank(&self.product);
        self.test_lines = self.text.lines().count();
    }

    /// Names the files' paths, without `.rs`, that this file declares as test modules of their own.
    pub(crate) fn test_modules(&self) -> Vec<String> {
        let stem = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let folder = match stem.rsplit_once('/') {
            Some((folder, "lib" | "main" | "mod")) => folder,
            _ => stem,
        };
        let mut found = Vec::new();
        for start in test_attributes(&self.code) {
            let item = &self.code[start..item_end(&self.code, start)];
            if let Some(declaration) = item.strip_suffix(';') {
                let mut words = declaration.split_whitespace().rev();
                if let (Some(name), Some("mod")) = (words.next(), words.next()) {
                    found.push(format!("{folder}/{name}"));
                }
            }
        }
        found
    }
}

/// Finds the places where `word` stands alone, as byte offsets.
pub(crate) fn find_word<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |&at| {
            let before = code[..at].chars().next_back();
            let after = code[at + word.len()..].chars().next();
            !before.is_some_and(is_ident) && !after.is_some_and(is_ident)
        })
}

/// Returns the line, counted from 1, of a byte offset.
pub(crate) fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// Says whether a character can be part of a name.
pub(crate) fn is_ident(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Blanks everything but line ends.
fn blank(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\n' { c } else { ' ' })
        .collect()
}

fn blank_comments_and_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(c) = rest.chars().next() {
        let length = comment_length(rest).or_else(|| {
            if is_ident(previous) {
                quoted_length(rest)
            } else {
                literal_length(rest)
            }
        });
        if let Some(length) = length {
            code.push_str(&blank(&rest[..length]));
            rest = &rest[length..];
            previous = ' ';
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
            previous = c;
        }
    }
    code
}

/// Returns the length of the comment that `rest` begins with.
fn comment_length(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    Some(rest.len())
}

/// Returns the length of the string or character literal, with any prefix, that `rest` begins with.
fn literal_length(rest: &str) -> Option<usize> {
    let raw = ["br", "cr", "r"]
        .into_iter()
        .find_map(|prefix| Some((prefix, rest.strip_prefix(prefix)?)));
    if let Some((prefix, after)) = raw {
        let hashes = after.len() - after.trim_start_matches('#').len();
        if after[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = prefix.len() + hashes + 1;
            return Some(
                rest[open..]
                    .find(&close)
                    .map_or(rest.len(), |at| open + at + close.len()),
            );
        }
    }
    let prefix = usize::from(rest.starts_with(['b', 'c']));
    quoted_length(&rest[prefix..]).map(|length| prefix + length)
}

/// Returns the length of the `"…"` or `'…'` that `rest` begins with; a lifetime is none.
fn quoted_length(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices();
    let quote = chars
        .next()
        .map(|(_, c)| c)
        .filter(|c| *c == '"' || *c == '\'')?;
    if quote == '\'' {
        let mut ahead = rest.chars().skip(1);
        let escaped = ahead.next() == Some('\\');
        if !escaped && ahead.next() != Some('\'') {
            return None;
        }
    }
    let mut escaped = false;
    for (at, c) in chars {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// Blanks the test items and counts their lines.
fn blank_tests(code: &str) -> (String, usize) {
    let (mut product, mut lines, mut done) = (String::with_capacity(code.len()), 0, 0);
    if code.contains("#![cfg(test)]") {
        return (blank(code), code.lines().count());
    }
    for start in test_attributes(code) {
        if start < done {
            continue;
        }
        let end = item_end(code, start);
        product.push_str(&code[done..start]);
        product.push_str(&blank(&code[start..end]));
        lines += code[start..end].matches('\n').count() + 1;
        done = end;
    }
    product.push_str(&code[done..]);
    (product, lines)
}

/// Finds the attributes that make an item a test.
fn test_attributes(code: &str) -> Vec<usize> {
    let mut found: Vec<_> = ["#[cfg(test)]", "#[cfg(all(test,"]
        .iter()
        .flat_map(|form| code.match_indices(form))
        .map(|(at, _)| at)
        .collect();
    found.sort_unstable();
    found
}

/// Finds the end of the item whose attributes begin at `start`: past its `;` or its closing brace.
fn item_end(code: &str, start: usize) -> usize {
    let (mut brackets, mut braces) = (0_usize, 0_usize);
    for (at, c) in code[start..].char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            '{' => braces += 1,
            '}' if braces > 0 => braces -= 1,
            _ => {}
        }
        if brackets == 0 && braces == 0 && matches!(c, ';' | '}') {
            return start + at + 1;
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Source::new("x.rs", text).code
    }

    #[test]
    fn comments_and_literals_are_blanked_in_place() {
        for (text, kept) in [
            ("a // aya\nb", "a       \nb"),
            ("a /* x /* y */ z */ b", "a                   b"),
            ("f(\"a \\\" b\") c", "f(        ) c"),
            ("f(r#\"a \" b\"#) c", "f(          ) c"),
            ("f(b\"x\", 'y', '\\'') c", "f(    ,    ,     ) c"),
            ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}"),
            ("let number = 1;", "let number = 1;"),
            ("r#type + car", "r#type + car"),
        ] {
            assert_eq!(code(text), kept, "of {text}");
        }
    }

    #[test]
    fn test_items_are_blanked_and_counted() {
        let source = Source::new(
            "x.rs",
            "use a;\n#[cfg(test)]\nuse b;\nfn c() {}\n#[cfg(test)]\nmod tests {\n    fn d() {}\n}\n",
        );
        assert!(source.product.contains("use a;") && source.product.contains("fn c()"));
        assert!(!source.product.contains('b') && !source.product.contains('d'));
        assert_eq!(source.test_lines, 6);
        assert_eq!(source.product.lines().count(), source.text.lines().count());
    }

    #[test]
    fn a_test_module_in_a_file_of_its_own_is_named() {
        assert_eq!(
            Source::new("tui/src/app.rs", "#[cfg(test)]\nmod tests;\n").test_modules(),
            ["tui/src/app/tests"]
        );
        assert_eq!(
            Source::new("tui/src/lib.rs", "#[cfg(test)]\npub(crate) mod fixtures;").test_modules(),
            ["tui/src/fixtures"]
        );
        assert!(
            Source::new("tui/src/app.rs", "mod live;\n#[cfg(test)]\nmod tests {}")
                .test_modules()
                .is_empty()
        );
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(
            find_word("aya::x ayay maya aya", "aya").collect::<Vec<_>>(),
            [0, 17]
        );
        assert_eq!(line_of("a\nb\nc", 4), 3);
    }
}
