//! Who started whom: the processes above one, and those that it started.

use super::super::tree;
use super::Page;
use crate::app::details::Fact;
use crate::format;
use crate::process::{Life, Process};
use crate::store::Row;

/// Children that are listed at most: the newest.
const CHILDREN: usize = 200;

/// The longest command, in bytes.
const COMMAND: usize = 1_000;

impl Page<'_, '_> {
    /// Adds the processes above, the oldest first, then the process itself and its children.
    pub(super) fn lineage(&mut self, row: Option<&Row>, process: Option<&Process>) {
        let model = self.look.model;
        let mut depth = 0;
        let above: Vec<&Process> = match process {
            Some(process) => model.processes.ancestors(process.id).collect(),
            None => Vec::new(),
        };
        for process in above.iter().rev() {
            self.process(process, depth, false);
            depth += 1;
        }
        if let (true, Some(row)) = (above.is_empty(), row) {
            let told: Vec<_> = row.exec.ancestors.iter().collect();
            for ancestor in told.into_iter().rev() {
                let comm = self.look.text(ancestor.comm.as_bytes()).into_owned();
                let pid = ancestor.key.pid;
                let dim = self.look.theme.dim;
                self.about(Some(Fact::Pid(pid)));
                self.limb(pid, depth, vec![(comm.into(), dim)]);
                depth += 1;
            }
        }
        match (process, row) {
            (Some(process), _) => self.process(process, depth, true),
            (None, Some(row)) => {
                let comm = self.look.text(row.exec.comm.as_bytes()).into_owned();
                let bright = self.look.theme.bright;
                self.about(Some(Fact::Pid(row.exec.pid)));
                self.limb(row.exec.pid, depth, vec![(comm.into(), bright)]);
            }
            (None, None) => {}
        }
        let Some(process) = process else {
            self.about(None);
            return self.note("the process is no longer known: what it started is not told");
        };
        let more = process.children.len().saturating_sub(CHILDREN);
        for child in process.children.iter().skip(more) {
            if let Some(child) = model.processes.get(*child) {
                self.process(child, depth + 1, false);
            }
        }
        self.about(None);
        if more > 0 {
            let more = format::count(more as u64);
            self.note(&format!("and {more} older ones that it started"));
        } else if process.children.is_empty() {
            self.blank();
            self.dim("It started nothing that is known.");
        }
    }

    fn process(&mut self, process: &Process, depth: usize, is_it: bool) {
        let theme = self.look.theme;
        let (line, _) = tree::process_line(process, self.look, COMMAND);
        let command = match (is_it, process.life) {
            (true, _) => theme.bright,
            (false, Life::Ended { .. }) => theme.dim,
            (false, _) => theme.text,
        };
        let user = self.look.user(process.uid).into_owned();
        let mut parts = vec![
            (line.into(), command),
            (format!("  {user}").into(), theme.dim),
        ];
        if process.own.failed > 0 {
            let failed = format::count(process.own.failed);
            parts.push((format!("  {failed} failed").into(), theme.failed));
        }
        if let Some((words, bad)) = tree::ended(process.life) {
            let style = if bad { theme.failed } else { theme.dim };
            parts.push((format!("  {words}").into(), style));
        }
        self.about(Some(Fact::Process(process.id)));
        self.limb(process.key.pid, depth, parts);
    }
}
