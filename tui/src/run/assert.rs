//! What every exec is asserted to be, and the first that is not.

use crate::cli::AssertConfig;
use crate::format;
use crate::model::{Applied, Model};
use crate::store::{EntryId, Row};
use crate::text;
use jiff::tz::TimeZone;

/// Asks every exec, and remembers how many did not pass.
pub(super) struct Assertion {
    config: AssertConfig,
    broken: u64,
}

impl Assertion {
    pub(super) fn new(config: AssertConfig) -> Self {
        Self { config, broken: 0 }
    }

    /// Returns whether an exec did not pass.
    pub(super) fn is_broken(&self) -> bool {
        self.broken > 0
    }

    /// Asks what an event was about, right after the model took it in; returns sentences about the first exec
    /// that does not pass.
    pub(super) fn ask(&mut self, applied: &Applied, model: &Model) -> Option<[String; 3]> {
        let row = self.asked_of(applied, model)?;
        if self.config.filter.matches(row, model) {
            return None;
        }
        self.broken += 1;
        (self.broken == 1).then(|| self.tell(row, model))
    }

    /// Returns how many there were, if more than the one that was told.
    pub(super) fn others(&self) -> Option<String> {
        let others = self.broken.checked_sub(1).filter(|others| *others > 0)?;
        let words = if others == 1 { "exec" } else { "execs" };
        let others = format::count(others);
        Some(format!("{others} more {words} did not pass --assert"))
    }

    /// Returns the row to ask now: what is known only later is asked of a program that has ended, or never ran.
    fn asked_of<'a>(&self, applied: &Applied, model: &'a Model) -> Option<&'a Row> {
        let row = |entry: EntryId| model.store.row(entry);
        match applied {
            Applied::Exec { entry, .. } => {
                row(*entry).filter(|row| !self.config.later || row.exec.failed())
            }
            Applied::Exit { entry, .. } if self.config.later => row((*entry)?),
            _ => None,
        }
    }

    fn tell(&self, row: &Row, model: &Model) -> [String; 3] {
        let exec = &row.exec;
        let name = |comm: &[u8], pid: u32| format!("{}({pid})", text::escape(comm));
        let process = model.processes.find(exec.key());
        let above = process.map(|process| model.processes.ancestors(process.id));
        let mut lineage: Vec<_> = above
            .into_iter()
            .flatten()
            .map(|process| name(process.comm.as_bytes(), process.key.pid))
            .collect();
        lineage.reverse();
        lineage.push(name(exec.comm.as_bytes(), exec.pid));
        let user = match model.users.name(exec.uid) {
            Some(user) => user.to_owned(),
            None => exec.uid.to_string(),
        };
        let outcome = exec.error();
        let time = format::time_of_day(model.session.wall_ns(exec.time_ns), &TimeZone::system());
        let mut line = String::new();
        text::command_line_into(&mut line, exec.args.iter());
        let path = text::escape(exec.filename.as_deref().unwrap_or_default());
        [
            format!(
                "an exec does not pass --assert '{}'",
                self.config.filter.text()
            ),
            format!(
                "  {time} pid {} user {user} {} {path}: {line}",
                exec.pid,
                outcome.as_deref().unwrap_or("ok"),
            ),
            format!("  {}", lineage.join(" › ")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Status;
    use crate::filter::Filter;
    use crate::fixture::{ended, failed, model, ran};

    fn assertion(filter: &str) -> Assertion {
        let filter = Filter::parse(filter).unwrap();
        Assertion::new(AssertConfig {
            later: filter.asks_later(),
            filter,
        })
    }

    #[test]
    fn the_first_exec_that_does_not_pass_is_told_with_its_lineage() {
        let mut model = model(10);
        let mut assertion = assertion("res=ok");
        let mut ask = |event| {
            let applied = model.apply(event);
            assertion.ask(&applied, &model)
        };
        assert_eq!(ask(ran(1, 50_000, 4711, &["make", "a b"])), None);
        let told = ask(failed(2, 50_001, 50_000, 2, &["cc", "it's"])).unwrap();
        assert!(told[0].ends_with("'res=ok'"), "{told:?}");
        assert!(
            told[1].contains("pid 50001 user alice ENOENT cc: cc"),
            "{told:?}"
        );
        assert_eq!(
            told[2],
            "  systemd(1) › sshd(812) › bash(4711) › make(50000) › cc(50001)"
        );
        assert_eq!(ask(failed(3, 50_001, 50_000, 2, &["ld"])), None);
        assert_eq!(
            assertion.others().unwrap(),
            "1 more exec did not pass --assert"
        );
    }

    #[test]
    fn what_is_known_later_is_asked_at_the_end() {
        let mut model = model(10);
        let mut assertion = assertion("exit=0");
        let mut broken = |event| {
            let applied = model.apply(event);
            assertion.ask(&applied, &model);
            assertion.is_broken()
        };
        assert!(!broken(ran(1, 50, 4711, &["cc"])));
        assert!(
            !broken(ran(2, 50, 4711, &["cc1"])),
            "it became another program"
        );
        assert!(!broken(ended(3, 50, Status::Code(0))));
        assert!(!broken(ran(4, 51, 4711, &["cc"])));
        assert!(broken(ended(5, 51, Status::Code(1))));
    }
}
