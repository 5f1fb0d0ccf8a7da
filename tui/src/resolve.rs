//! Names for numbers.

use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// So many users are asked for; whoever runs programs as more of them shall not fill the memory.
const MOST: usize = 65_536;

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

    /// Asks the system's user database for a uid that was not asked for before, as long as not too
    /// many were.
    pub fn learn(&mut self, uid: u32) {
        self.learn_by(uid, |uid| {
            let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid)).ok()??;
            Some(user.name.into())
        });
    }

    /// Each uid is asked for once, whether it has a name or not: a lookup may go to another host.
    fn learn_by(&mut self, uid: u32, ask: impl FnOnce(u32) -> Option<Box<str>>) {
        let full = self.names.len() >= MOST;
        if let Entry::Vacant(unknown) = self.names.entry(uid)
            && !full
        {
            unknown.insert(ask(uid));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_is_asked_for_once() {
        let mut users = Users::new([(0, "root")]);
        let mut asked = Vec::new();
        for uid in [0, 7, 8, 7, 8, 0] {
            users.learn_by(uid, |uid| {
                asked.push(uid);
                (uid == 7).then(|| "seven".into())
            });
        }
        assert_eq!(asked, [7, 8]);
        assert_eq!((users.name(7), users.name(8)), (Some("seven"), None));
    }

    #[test]
    fn the_table_is_bounded() {
        let mut users = Users::default();
        let mut asked = 0;
        for uid in 0..70_000 {
            users.learn_by(uid, |_| {
                asked += 1;
                None
            });
        }
        assert_eq!(asked, MOST);
    }
}
