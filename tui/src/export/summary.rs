//! What ran, in sum: a line for each command, once all is over.

use super::Exporter;
use crate::event::{Exec, Flags, Session};
use crate::format;
use crate::model::{Applied, Model, Totals};
use crate::pivot::Spread;
use crate::text;
use std::collections::HashMap;
use unicode_width::UnicodeWidthStr;

/// So many commands have a line of their own: whoever executes chooses the names.
const MOST: usize = 65_536;

/// What stands for the commands beyond those.
const OTHERS: &[u8] = b"(others)";

/// Adds up execs by their command, which is the last part of the path as passed.
#[derive(Debug, Default)]
pub struct Summary {
    commands: HashMap<Box<[u8]>, Sums>,
    all: Sums,
}

#[derive(Debug, Default)]
struct Sums {
    count: u64,
    failed: u64,
    /// User and system time of those that ended.
    cpu_ns: u64,
    durations: Spread,
}

impl Summary {
    /// Adds something to the sums of a command, and to those of all.
    fn add(&mut self, exec: &Exec, add: impl Fn(&mut Sums)) {
        add(&mut self.all);
        let mut name = command(exec);
        if self.commands.len() >= MOST && !self.commands.contains_key(name) {
            name = OTHERS;
        }
        match self.commands.get_mut(name) {
            Some(sums) => add(sums),
            None => add(self.commands.entry(name.into()).or_default()),
        }
    }
}

impl Exporter for Summary {
    fn start(&mut self, _session: &Session, _out: &mut Vec<u8>) {}

    fn event(&mut self, applied: &Applied, model: &Model, _out: &mut Vec<u8>) -> Option<String> {
        match applied {
            Applied::Exec { entry, .. } => {
                let exec = &model.store.row(*entry)?.exec;
                let failed = exec.failed();
                self.add(exec, |sums| {
                    sums.count += 1;
                    sums.failed += u64::from(failed);
                });
            }
            Applied::Exit {
                exit,
                entry,
                duration_ns,
            } => {
                let times = [exit.user_ns, exit.system_ns].into_iter().flatten();
                let cpu_ns = times.fold(0, u64::saturating_add);
                let row = entry.and_then(|entry| model.store.row(entry))?;
                self.add(&row.exec, |sums| {
                    sums.cpu_ns = sums.cpu_ns.saturating_add(cpu_ns);
                    if let Some(ns) = *duration_ns {
                        sums.durations.record(ns);
                    }
                });
            }
            Applied::Fork(_) | Applied::Gap { .. } | Applied::Duplicate => {}
        }
        None
    }

    fn end(&mut self, totals: &Totals, duration_ns: u64, out: &mut Vec<u8>) {
        let mut commands: Vec<_> = self.commands.iter().collect();
        commands.sort_unstable_by_key(|(name, sums)| (std::cmp::Reverse(sums.count), *name));
        let mut names: Vec<_> = commands
            .iter()
            .map(|(name, _)| text::escape(name))
            .collect();
        let all = format!("all, in {}", format::duration(duration_ns));
        names.push(all.as_str().into());
        let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
        let mut table = String::new();
        let titles = ["COUNT", "FAILED", "CPU", "P50", "P95", "MAX"].map(str::to_owned);
        line(&mut table, "COMMAND", widest, &titles);
        let sums = commands.iter().map(|(_, sums)| *sums).chain([&self.all]);
        for (name, sums) in names.iter().zip(sums) {
            line(&mut table, name, widest, &sums.cells());
        }
        for (count, what) in [
            (totals.lost, "events were lost, and are not in these sums"),
            (totals.not_captured, "execs were not captured, as asked"),
        ] {
            if count > 0 {
                table.push_str(&format!("{} {what}\n", format::count(count)));
            }
        }
        out.extend_from_slice(table.as_bytes());
    }
}

impl Sums {
    fn cells(&self) -> [String; 6] {
        let duration = |ns: Option<u64>| ns.map_or_else(|| "-".to_owned(), format::duration);
        let percentile = |percent| duration(self.durations.percentile(percent));
        [
            format::count(self.count),
            format::count(self.failed),
            format::duration(self.cpu_ns),
            percentile(50),
            percentile(95),
            percentile(100),
        ]
    }
}

fn line(table: &mut String, name: &str, widest: usize, cells: &[String; 6]) {
    table.push_str(name);
    let gap = widest.max("COMMAND".len()) - name.width();
    table.extend(std::iter::repeat_n(' ', gap));
    for (cell, width) in cells.iter().zip([10, 8, 8, 8, 8, 8]) {
        let pad = width - cell.width().min(width - 1);
        table.extend(std::iter::repeat_n(' ', pad));
        table.push_str(cell);
    }
    table.push('\n');
}

/// Returns the name that an exec counts for.
fn command(exec: &Exec) -> &[u8] {
    let named = exec.file_name().filter(|_| !exec.flags.contains(Flags::FD));
    named.unwrap_or(exec.comm.as_bytes())
}

#[cfg(test)]
mod tests {
    use crate::export::tests::told_in_full;
    use crate::export::{Format, Options};
    use crate::fixture;

    #[test]
    fn commands_are_summed_up_the_most_frequent_first() {
        let options = Options {
            format: Format::Summary,
            ..Options::default()
        };
        let mut model = fixture::model(100);
        let text = told_in_full(options, &mut model, fixture::build());
        insta::assert_snapshot!(text);
    }
}
