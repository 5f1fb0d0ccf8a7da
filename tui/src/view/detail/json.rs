//! The event as ndjson has it, a key a line.

use super::Page;
use crate::export::ndjson;
use crate::store::Entry;

impl Page<'_, '_> {
    /// Adds the event of an entry, and that of its exit.
    pub(super) fn json(&mut self, entry: Option<&Entry>) {
        let Some(entry) = entry else {
            return self.note("no event of this process is in the history");
        };
        let theme = self.look.theme;
        let events = ndjson::of_entry(entry, &self.look.model.session);
        for event in events.lines() {
            if !self.lines.is_empty() {
                self.blank();
            }
            for (key, value) in members(event) {
                let value = self.look.text(value.as_bytes());
                let line = format!("{key}: {value}");
                let mut lines = crate::cells::wrap(&line, self.width).into_iter();
                let first = lines.next().unwrap_or_default();
                let (name, rest) = match first.split_once(": ") {
                    Some((name, rest)) => (format!("{name}: "), rest.to_owned()),
                    None => (first.to_owned(), String::new()),
                };
                self.push(vec![(name.into(), theme.dim), (rest.into(), theme.text)]);
                for line in lines {
                    self.push(vec![(line.to_owned().into(), theme.text)]);
                }
            }
        }
    }
}

/// Splits an object into its keys with their values, both as they are written.
fn members(object: &str) -> Vec<(&str, &str)> {
    let inner = object.strip_prefix('{').and_then(|o| o.strip_suffix('}'));
    let inner = inner.unwrap_or(object);
    let (mut depth, mut text, mut escaped) = (0usize, false, false);
    let (mut from, mut colon) = (0, None);
    let mut out = Vec::new();
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            _ if text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && colon.is_none() => colon = Some(at),
            b',' if depth == 0 => {
                out.push((from, colon.take(), at));
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push((from, colon, inner.len()));
    let part = |(from, colon, to): (usize, Option<usize>, usize)| {
        let colon = colon?;
        Some((inner.get(from..colon)?, inner.get(colon + 1..to)?))
    };
    out.into_iter().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::members;

    #[test]
    fn an_object_is_split_at_its_own_commas_only() {
        let object = r#"{"a":1,"b":"x,\"y\":{\\","c":["p","q"],"d":{"e":[1,2],"f":"]"},"g":null}"#;
        assert_eq!(
            members(object),
            [
                ("\"a\"", "1"),
                ("\"b\"", r#""x,\"y\":{\\""#),
                ("\"c\"", r#"["p","q"]"#),
                ("\"d\"", r#"{"e":[1,2],"f":"]"}"#),
                ("\"g\"", "null"),
            ]
        );
        assert!(members("{}").is_empty());
    }
}
