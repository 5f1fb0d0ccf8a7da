//! What an exec or exit lacks, read back: how much of each text there is, and the reasons that its source gave.
//!
//! A line tells both kinds of reasons in one object: those of the source, then those that follow from the exec
//! itself. The latter are left out again, so that they are not told twice.

use crate::event::{Args, Capture, Exec, Missing, Reasons, gaps, own_gaps};
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The object of a line that has none.
const NOTHING: &str = "{}";

/// How many are remembered: more than there are ways in which execs commonly lack facts.
const MOST: usize = 1024;

/// What a line's `missing` says of how much of each text there is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Lacks {
    pub(super) filename: Capture,
    pub(super) interpreter: Capture,
    pub(super) exe: Capture,
    pub(super) cwd: Capture,
    args: Option<Capture>,
    args_told: bool,
    env: Option<Capture>,
}

impl Lacks {
    fn of(pairs: &Missing) -> Self {
        let why = |key| pairs.iter().find(|(k, _)| k == key).map(|(_, why)| &**why);
        let text = |key| match why(key) {
            Some(Reasons::UNREADABLE) => Some(Capture::Failed),
            Some(Reasons::TRUNCATED | Reasons::CUT_PATH) => Some(Capture::Truncated),
            _ => None,
        };
        let path = |key| text(key).unwrap_or_default();
        let of_size = match why("args_bytes") {
            Some(Reasons::UNREADABLE) => Some(Capture::Failed),
            Some(Reasons::TOO_MANY) => Some(Capture::Truncated),
            _ => None,
        };
        Self {
            filename: path("filename"),
            interpreter: path("interpreter"),
            exe: path("exe"),
            cwd: path("cwd"),
            args: text("args").or(of_size),
            args_told: why("args").is_some(),
            env: text("env"),
        }
    }

    /// Returns how much there is of arguments.
    pub(super) fn args_capture(&self, args: &Args) -> Capture {
        match (args.capture, self.args) {
            (Capture::Failed, _) => Capture::Failed,
            (_, Some(capture)) => capture,
            (_, None) if self.args_told && args.missing_bytes() != Some(0) => Capture::Truncated,
            (capture, None) => capture,
        }
    }

    /// Returns the environment, of which a null may mean that it could not be read.
    pub(super) fn env(&self, env: Option<Args>) -> Option<Box<Args>> {
        let unread = || {
            (self.env == Some(Capture::Failed)).then(|| Args {
                capture: Capture::Failed,
                ..Args::default()
            })
        };
        let mut env = env.or_else(unread)?;
        env.capture = self.env.unwrap_or_default();
        if env.capture == Capture::Whole {
            let count = env.bytes.iter().filter(|byte| **byte == 0).count();
            env.argc = u32::try_from(count).ok();
            env.true_size = Some(env.bytes.len() as u64);
        }
        Some(Box::new(env))
    }
}

/// Reads what execs lack; the same comes again and again, so it is made once.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Places among the known ones, by the text.
    places: HashMap<Box<str>, usize>,
    known: Vec<Known>,
    /// The place of the one that was read last.
    last: usize,
    /// Those of exits, by the text.
    of_exits: HashMap<Box<str>, Arc<Missing>>,
}

#[derive(Debug)]
struct Known {
    raw: Box<str>,
    lacks: Lacks,
    pairs: Missing,
    /// What is left for the source to have said, by the exec's own gaps.
    told: Vec<(u32, Arc<Missing>)>,
}

impl Gaps {
    /// Returns whether the object of an exec's line was read before, and so is good.
    pub(super) fn knows(&mut self, raw: Option<&str>) -> bool {
        let raw = raw.unwrap_or(NOTHING);
        let is_last = self
            .known
            .get(self.last)
            .is_some_and(|known| *known.raw == *raw);
        is_last || {
            let place = self.places.get(raw).copied();
            self.last = place.unwrap_or(self.last);
            place.is_some()
        }
    }

    /// Reads the object of an exec's line.
    pub(super) fn read(&mut self, raw: Option<&str>) -> Result<Lacks, String> {
        if !self.knows(raw) {
            let raw = raw.unwrap_or(NOTHING);
            let pairs = pairs(raw).map_err(|error| format!("`missing`: {error}"))?;
            if self.known.len() >= MOST {
                self.places.clear();
                self.known.clear();
            }
            self.last = self.known.len();
            self.known.push(Known {
                raw: raw.into(),
                lacks: Lacks::of(&pairs),
                pairs,
                told: Vec::new(),
            });
            self.places.insert(raw.into(), self.last);
        }
        let known = self.known.get(self.last);
        Ok(known.map(|known| known.lacks).unwrap_or_default())
    }

    /// Returns whether the object of an exit's line was read before, and so is good.
    pub(super) fn knows_of_exit(&self, raw: Option<&str>) -> bool {
        self.of_exits.contains_key(raw.unwrap_or(NOTHING))
    }

    /// Returns what an exit lacks by the object of its line.
    pub(super) fn of_exit(&mut self, raw: Option<&str>) -> Result<Arc<Missing>, String> {
        let raw = raw.unwrap_or(NOTHING);
        if let Some(known) = self.of_exits.get(raw) {
            return Ok(Arc::clone(known));
        }
        let pairs = pairs(raw).map_err(|error| format!("`missing`: {error}"))?;
        let missing = Arc::new(pairs);
        if self.of_exits.len() >= MOST {
            self.of_exits.clear();
        }
        self.of_exits.insert(raw.into(), Arc::clone(&missing));
        Ok(missing)
    }

    /// Returns what the source said of an exec, whose line's object was read last.
    pub(super) fn told(&mut self, exec: &Exec) -> Arc<Missing> {
        let Some(known) = self.known.get_mut(self.last) else {
            return Arc::default();
        };
        let own = own_gaps(exec);
        if let Some((_, told)) = known.told.iter().find(|(gaps, _)| *gaps == own) {
            return Arc::clone(told);
        }
        let told = Arc::new(before_own(&known.pairs, exec));
        if known.told.len() < MOST {
            known.told.push((own, Arc::clone(&told)));
        }
        told
    }
}

/// Returns the reasons before those that follow from the exec itself.
fn before_own(pairs: &Missing, exec: &Exec) -> Missing {
    let own: Vec<_> = gaps(exec).collect();
    let is_rest = |count: usize| {
        let (told, rest) = pairs.split_at(count);
        let untold = own
            .iter()
            .filter(|(key, _)| !told.iter().any(|(known, _)| known == key));
        untold.eq(rest
            .iter()
            .map(|(key, why)| (&**key, &**why))
            .collect::<Vec<_>>()
            .iter())
    };
    // One that this program did not write may fit nowhere: then all of it was told.
    let count = (0..=pairs.len()).find(|count| is_rest(*count));
    let mut told = pairs.clone();
    told.truncate(count.unwrap_or(pairs.len()));
    told
}

fn pairs(raw: &str) -> Result<Missing, serde_json::Error> {
    struct Reads;
    impl<'de> Visitor<'de> for Reads {
        type Value = Missing;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of reasons, or null")
        }

        fn visit_unit<E: Error>(self) -> Result<Missing, E> {
            Ok(Missing::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Missing, A::Error> {
            let mut pairs = Missing::new();
            while let Some((key, why)) = map.next_entry::<String, String>()? {
                pairs.push((key.into(), why.into()));
            }
            Ok(pairs)
        }
    }
    serde_json::Deserializer::from_str(raw).deserialize_any(Reads)
}
