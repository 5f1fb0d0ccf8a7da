//! The object `missing` of an exec, which most execs share with others: each is written once.

use super::string;
use crate::event::{Exec, Missing, own_gaps, reasons};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// How many are remembered: more than there are ways in which execs commonly lack facts.
const MOST: usize = 256;

/// What was written so far.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// By the address of what the exec's source said, and the exec's own gaps.
    texts: FxHashMap<(usize, u32), Text>,
}

#[derive(Debug)]
struct Text {
    /// Kept, so that no other can have its address.
    _told: Arc<Missing>,
    json: Vec<u8>,
}

impl Written {
    /// Appends what an exec lacks, and why, as an object.
    pub(super) fn append(&mut self, exec: &Exec, out: &mut Vec<u8>) {
        let key = (Arc::as_ptr(&exec.missing).addr(), own_gaps(exec));
        if let Some(text) = self.texts.get(&key) {
            out.extend_from_slice(&text.json);
            return;
        }
        let mut json = Vec::new();
        object(reasons(exec), &mut json);
        out.extend_from_slice(&json);
        if self.texts.len() >= MOST {
            self.texts.clear();
        }
        let _told = Arc::clone(&exec.missing);
        self.texts.insert(key, Text { _told, json });
    }
}

/// Appends facts and the reasons why they are missing, as an object.
pub(super) fn object<'a>(reasons: impl Iterator<Item = (&'a str, &'a str)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (number, (key, reason)) in reasons.enumerate() {
        if number > 0 {
            out.push(b',');
        }
        string(out, key);
        out.push(b':');
        string(out, reason);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Args;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_what_the_reasons_are(execs in proptest::collection::vec((0_usize..40, any::<[bool; 4]>()), 0..200)) {
            let told: Vec<Arc<Missing>> = (0..40)
                .map(|number| Arc::new(vec![("tty".into(), format!("reason \"{}\"", number / 2).into())]))
                .collect();
            let mut written = Written::default();
            for (number, [tty, loginuid, args, exe]) in execs {
                let exec = Exec {
                    missing: Arc::clone(&told[number]),
                    tty: tty.then(|| b"pts/1"[..].into()),
                    loginuid: loginuid.then_some(7),
                    args: Args { true_size: args.then_some(3), ..Args::default() },
                    exe: exe.then(|| b"/bin/x"[..].into()),
                    ..Exec::default()
                };
                let mut out = Vec::new();
                written.append(&exec, &mut out);
                let found: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&out).unwrap();
                let plain = reasons(&exec).map(|(key, why)| (key.to_owned(), why.into())).collect();
                prop_assert_eq!(found, plain);
                prop_assert!(written.texts.len() <= MOST);
            }
        }
    }
}
