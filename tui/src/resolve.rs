//! Names for numbers.

use rustc_hash::FxHashMap;

/// Names of users by uid.
#[derive(Clone, Debug, Default)]
pub struct Users {
    names: FxHashMap<u32, Option<Box<str>>>,
}

impl Users {
    /// Makes a table of these names.
    pub fn new<'a>(names: impl IntoIterator<Item = (u32, &'a str)>) -> Self {
        Self {
            names: names
                .into_iter()
                .map(|(uid, name)| (uid, Some(name.into())))
                .collect(),
        }
    }

    /// Returns a user's name, if it has one.
    pub fn name(&self, uid: u32) -> Option<&str> {
        self.names.get(&uid)?.as_deref()
    }

    /// Asks the system's user database for a uid that was not asked for before.
    pub fn learn(&mut self, uid: u32) {
        self.names.entry(uid).or_insert_with(|| {
            let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid))
                .ok()
                .flatten();
            user.map(|user| user.name.into())
        });
    }
}
