//! The keys in force: those of the table, with what a person has changed. Dispatch, footer and help ask here.

use super::{Binding, KEYMAP, Key, Mode};
use crate::action::Action;
use crossterm::event::KeyCode;

/// A binding, or the part of it that is for some of its modes, with the keys in force.
#[derive(Clone, Debug)]
pub struct Bound {
    /// What it does, and in which words.
    pub binding: &'static Binding,
    /// In these modes.
    pub modes: Vec<Mode>,
    /// By any of these keys; there may be none.
    pub keys: Vec<Key>,
}

impl Bound {
    /// Returns the keys in words, such as "f F4".
    pub fn keys_text(&self) -> String {
        let keys: Vec<_> = self.keys.iter().map(Key::to_string).collect();
        keys.join(" ")
    }
}

/// Other keys for an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is done.
    pub action: Action,
    /// Where; `None` for everywhere. What is said of one mode goes before what is said of all.
    pub mode: Option<Mode>,
    /// By any of these; with none, it is unbound.
    pub keys: Vec<Key>,
}

/// Why a change cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which of the changes, from 0.
    pub change: usize,
    /// The key that would mean two things.
    pub key: Key,
    /// Where it would.
    pub mode: Mode,
    /// What it means there already.
    pub taken: Action,
}

/// The keys in force.
#[derive(Clone, Debug)]
pub struct Keys {
    bound: Vec<Bound>,
}

impl Default for Keys {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Keys {
    /// Changes the keys of the table. A change that would make a key mean two things in one mode is left out and
    /// returned; of two that are at odds, that is the later one.
    pub fn changed(changes: &[Change]) -> (Self, Vec<Conflict>) {
        let mut taken: Vec<(usize, &Change)> = changes.iter().enumerate().collect();
        let mut conflicts = Vec::new();
        while let Some(conflict) = conflict(&taken) {
            taken.retain(|(number, _)| *number != conflict.change);
            conflicts.push(conflict);
        }
        (Self::of(&taken), conflicts)
    }

    fn of(changes: &[(usize, &Change)]) -> Self {
        let mut bound: Vec<Bound> = Vec::new();
        for binding in KEYMAP {
            let from = bound.len();
            for mode in binding.modes {
                let (keys, _) = keys_of(binding, *mode, changes);
                let parts = bound.get_mut(from..).unwrap_or_default();
                match parts.iter_mut().find(|part| part.keys == keys) {
                    Some(part) => part.modes.push(*mode),
                    None => bound.push(Bound {
                        binding,
                        modes: vec![*mode],
                        keys,
                    }),
                }
            }
        }
        Self { bound }
    }

    /// Returns every binding that has a key, in the order of the table.
    pub fn bound(&self) -> impl Iterator<Item = &Bound> {
        self.bound.iter().filter(|bound| !bound.keys.is_empty())
    }

    /// Returns what a key does in a mode.
    pub fn lookup(&self, mode: Mode, key: Key) -> Option<Action> {
        let hit = self.in_mode(mode).find(|bound| bound.keys.contains(&key));
        hit.map(|bound| bound.binding.action)
    }

    /// Returns the bindings of a mode that have a hint, in order.
    pub fn hints(&self, mode: Mode) -> impl Iterator<Item = &Bound> {
        self.in_mode(mode)
            .filter(|bound| bound.binding.hint.is_some())
    }

    /// Returns a key that does this in that mode, in words: "no key" if none does.
    pub fn text(&self, mode: Mode, action: Action) -> String {
        let hit = self
            .in_mode(mode)
            .find(|bound| bound.binding.action == action);
        let key = hit.and_then(|bound| bound.keys.first());
        key.map_or_else(|| "no key".to_owned(), Key::to_string)
    }

    fn in_mode(&self, mode: Mode) -> impl Iterator<Item = &Bound> {
        self.bound()
            .filter(move |bound| bound.modes.contains(&mode))
    }
}

/// Returns the keys of a binding in one of its modes, and which change they are from.
fn keys_of(
    binding: &Binding,
    mode: Mode,
    changes: &[(usize, &Change)],
) -> (Vec<Key>, Option<usize>) {
    let of_table = || (binding.keys.to_vec(), None);
    if binding.fixed {
        return of_table();
    }
    let of = |of: Option<Mode>| {
        let mut about = changes.iter().rev();
        about.find(|(_, change)| change.action == binding.action && change.mode == of)
    };
    let Some((number, change)) = of(Some(mode)).or_else(|| of(None)) else {
        return of_table();
    };
    let usable = |key: &&Key| !mode.types() || !key.types();
    let keys: Vec<Key> = change.keys.iter().filter(usable).copied().collect();
    if keys.is_empty() && !change.keys.is_empty() {
        // What is typed there is text.
        return of_table();
    }
    (keys, Some(*number))
}

fn conflict(changes: &[(usize, &Change)]) -> Option<Conflict> {
    for mode in Mode::ALL {
        let mut seen: Vec<(Key, Action, Option<usize>)> = Vec::new();
        for binding in KEYMAP.iter().filter(|b| b.modes.contains(&mode)) {
            let (keys, change) = keys_of(binding, mode, changes);
            for key in keys {
                let other = seen
                    .iter()
                    .find(|(other, action, _)| *other == key && *action != binding.action);
                if let Some((_, action, other)) = other
                    && let Some(blamed) = change.max(*other)
                {
                    let taken = if Some(blamed) == change {
                        *action
                    } else {
                        binding.action
                    };
                    return Some(Conflict {
                        change: blamed,
                        key,
                        mode,
                        taken,
                    });
                }
                seen.push((key, binding.action, change));
            }
        }
    }
    None
}

/// Names of keys that are no characters, as they are written in a configuration; the first of each is what it is
/// called there.
const NAMES: [(KeyCode, &[&str]); 16] = [
    (KeyCode::Char(' '), &["Space"]),
    (KeyCode::Enter, &["Enter", "Return"]),
    (KeyCode::Esc, &["Esc", "Escape"]),
    (KeyCode::Tab, &["Tab"]),
    (KeyCode::BackTab, &["Shift-Tab", "BackTab"]),
    (KeyCode::Backspace, &["Backspace"]),
    (KeyCode::Delete, &["Del", "Delete"]),
    (KeyCode::Insert, &["Ins", "Insert"]),
    (KeyCode::Home, &["Home"]),
    (KeyCode::End, &["End"]),
    (KeyCode::PageUp, &["PgUp", "PageUp"]),
    (KeyCode::PageDown, &["PgDn", "PageDown"]),
    (KeyCode::Up, &["Up", "↑"]),
    (KeyCode::Down, &["Down", "↓"]),
    (KeyCode::Left, &["Left", "←"]),
    (KeyCode::Right, &["Right", "→"]),
];

impl Key {
    /// Returns whether it types a character.
    pub fn types(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.control
    }

    /// Reads a key as help and configuration write it: `f`, `F4`, `Ctrl-f`, `Space`, `Up`, `Shift-Tab`.
    ///
    /// # Errors
    /// If there is no such key, or no terminal tells it from another.
    pub fn parse(text: &str) -> Result<Self, String> {
        let begins = |with: &str| {
            let head = text.get(..with.len());
            let hit = head.is_some_and(|head| head.eq_ignore_ascii_case(with));
            text.get(with.len()..)
                .filter(|rest| hit && !rest.is_empty())
        };
        let none = || {
            format!(
                "there is no key `{}`: write such as \"f\", \"F4\", \"Ctrl-f\", \"Space\", \"Up\", \"PgDn\", \"Shift-Tab\"",
                crate::text::escape(text.as_bytes())
            )
        };
        if begins("Alt-").is_some() {
            return Err("a key with Alt cannot be told from Esc and the key".into());
        }
        let control = begins("Ctrl-");
        let code = match code(control.unwrap_or(text)) {
            Some(code) => code,
            None if begins("Shift-").is_some() => {
                return Err(
                    "Shift counts for Shift-Tab only: write a capital letter for a letter".into(),
                );
            }
            None => return Err(none()),
        };
        let other = match (control, code) {
            (None, _) => None,
            (Some(_), KeyCode::Char('i' | 'I')) => Some("Tab"),
            (Some(_), KeyCode::Char('m' | 'M')) => Some("Enter"),
            (Some(_), KeyCode::Char('[')) => Some("Esc"),
            (Some(_), _) => None,
        };
        if let Some(other) = other {
            return Err(format!(
                "terminals send the same for {text} and for {other}"
            ));
        }
        let code = match code {
            KeyCode::Char(c) if control.is_some() => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        Ok(Self {
            code,
            control: control.is_some(),
        })
    }

    /// Returns its name in ASCII, which [`Key::parse`] reads.
    pub fn name(self) -> String {
        let control = if self.control { "Ctrl-" } else { "" };
        let known = NAMES.iter().find(|(code, _)| *code == self.code);
        let name = known.and_then(|(_, names)| names.first());
        match (name, self.code) {
            (Some(name), _) => format!("{control}{name}"),
            (None, KeyCode::Char(c)) => format!("{control}{c}"),
            _ => self.to_string(),
        }
    }
}

fn code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.clone().next())
        && !c.is_control()
        && !"↑↓←→".contains(c)
    {
        return Some(KeyCode::Char(c));
    }
    let mut known = NAMES.iter();
    let hit = known.find(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
    hit.map(|(code, _)| *code).or_else(|| {
        let number = name.strip_prefix(['F', 'f'])?;
        let number = (1..=24).find(|known: &u8| known.to_string() == number)?;
        Some(KeyCode::F(number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> Key {
        Key::parse(text).unwrap()
    }

    fn change(action: Action, mode: Option<Mode>, keys: &[&str]) -> Change {
        let keys = keys.iter().map(|text| key(text)).collect();
        Change { action, mode, keys }
    }

    #[test]
    fn the_names_of_all_keys_are_read_back() {
        for one in KEYMAP.iter().flat_map(|binding| binding.keys) {
            assert_eq!(Key::parse(&one.name()).as_ref(), Ok(one));
            assert_eq!(Key::parse(&one.to_string()).as_ref(), Ok(one));
            assert!(one.name().is_ascii(), "{one}");
        }
        assert_eq!(key("ctrl-F"), key("Ctrl-f"));
        assert_ne!(key("F"), key("f"));
        assert_eq!(key("pagedown"), key("PgDn"));
        for wrong in [
            "", "Ctrl-", "foo", "Alt-x", "Ctrl-i", "Ctrl-m", "Shift-a", "F0", "F25", "F+1", "ab",
            "\n",
        ] {
            assert!(Key::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_change_holds_in_every_mode_of_its_action_or_in_one() {
        let (keys, conflicts) = Keys::changed(&[
            change(Action::Pause, None, &["Z", "F9"]),
            change(Action::Left, None, &["H"]),
            change(Action::Left, Some(Mode::Rate), &["Left"]),
            change(Action::Details, None, &[]),
        ]);
        assert_eq!(conflicts, []);
        assert_eq!(keys.lookup(Mode::Tree, key("Z")), Some(Action::Pause));
        assert_eq!(keys.lookup(Mode::Tree, key("Space")), None);
        assert_eq!(keys.text(Mode::Events, Action::Pause), "Z");
        assert_eq!(keys.lookup(Mode::Events, key("H")), Some(Action::Left));
        assert_eq!(keys.lookup(Mode::Rate, key("H")), None);
        assert_eq!(keys.lookup(Mode::Rate, key("Left")), Some(Action::Left));
        assert_eq!(keys.lookup(Mode::Events, key("Enter")), None);
        assert_eq!(keys.text(Mode::Events, Action::Details), "no key");
        assert!(
            keys.bound()
                .all(|bound| bound.binding.action != Action::Details)
        );
        assert!(keys.hints(Mode::Events).all(|bound| !bound.keys.is_empty()));
    }

    #[test]
    fn a_key_that_would_mean_two_things_is_refused() {
        let of = |changes: &[Change]| Keys::changed(changes).1;
        let conflicts = of(&[change(Action::Pause, None, &["x"])]);
        let [conflict] = &*conflicts else {
            panic!("{conflicts:?}")
        };
        assert_eq!((conflict.change, conflict.taken), (0, Action::FailuresOnly));
        // Two that swap their keys are at peace.
        let swap = [
            change(Action::Pause, None, &["x"]),
            change(Action::FailuresOnly, None, &["Space"]),
        ];
        assert_eq!(of(&swap), []);
        // The later of two that want the same; with it falls who took its key.
        let both = [
            change(Action::Pause, None, &["x"]),
            change(Action::FailuresOnly, None, &["X"]),
            change(Action::Filter, None, &["X"]),
        ];
        let (keys, conflicts) = Keys::changed(&both);
        assert_eq!(conflicts.iter().map(|c| c.change).collect::<Vec<_>>(), [2]);
        assert_eq!(keys.lookup(Mode::Events, key("f")), Some(Action::Filter));
        // What leads out of everything stays.
        assert_eq!(of(&[change(Action::Up, None, &["Esc"])]).len(), 1);
        assert_eq!(of(&[change(Action::Pause, None, &["Ctrl-c"])]).len(), 1);
    }

    #[test]
    fn there_is_always_a_way_out_and_letters_are_typed() {
        let all = |keys: &[&str]| -> Vec<Change> {
            Action::ALL
                .iter()
                .map(|action| change(*action, None, keys))
                .collect()
        };
        for changes in [all(&[]), all(&["j"]), all(&["F2", "x"])] {
            let (keys, _) = Keys::changed(&changes);
            for mode in Mode::ALL {
                assert_eq!(keys.lookup(mode, key("Ctrl-c")), Some(Action::Quit));
            }
            assert_eq!(keys.lookup(Mode::Help, key("Esc")), Some(Action::Close));
            for c in ' '..='~' {
                assert_eq!(
                    keys.lookup(Mode::Prompt, key(&c.to_string().replace(' ', "Space"))),
                    None
                );
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_or_not(text in "\\PC{0,8}|(Ctrl-|ctrl-|Shift-|F)\\PC{0,3}") {
            if let Ok(key) = Key::parse(&text) {
                prop_assert_eq!(Key::parse(&key.name()), Ok(key));
            }
        }

        #[test]
        fn no_changes_make_a_key_mean_two_things(
            picks in proptest::collection::vec((0..Action::ALL.len(), "[a-dXZ]|F[1-9]", 0..3usize), 0..12),
        ) {
            let changes: Vec<Change> = picks.iter().map(|(at, text, mode)| {
                let mode = [None, Some(Mode::Events), Some(Mode::Details)][*mode];
                change(Action::ALL[*at], mode, &[text])
            }).collect();
            let (keys, _) = Keys::changed(&changes);
            for mode in Mode::ALL {
                let mut seen: Vec<(Key, Action)> = Vec::new();
                for bound in keys.in_mode(mode) {
                    for key in &bound.keys {
                        let action = bound.binding.action;
                        let clash = seen.iter().any(|(other, does)| other == key && *does != action);
                        prop_assert!(!clash, "{} in {:?}", key, mode);
                        seen.push((*key, action));
                    }
                }
            }
        }
    }
}
