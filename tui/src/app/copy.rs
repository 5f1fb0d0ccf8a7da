//! What can be copied of a line: to be run again, looked at elsewhere, or told to somebody.

use super::popup::{Popup, Subject};
use super::words::words;
use super::{App, Request};
use crate::action::Action;
use crate::event::{Capture, Exec, base_name};
use crate::export::ndjson;
use crate::field::FIELDS;
use crate::format;
use crate::shell;
use crate::store::{Entry, Row};

#[cfg(test)]
mod tests;

/// The longest text that terminals take for their clipboard, in bytes: 100,000 in base64.
pub const CLIPBOARD: usize = 74_994;

/// Something that can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A command for a shell that does the same exec again.
    Command,
    /// The process id.
    Pid,
    /// The arguments as words for a shell.
    Argv,
    /// The event as ndjson has it.
    Json,
    /// The cells of the row, with tabs between.
    Row,
}

impl What {
    /// Everything, each with the action that copies it, its name and its meaning.
    pub const ALL: [(Self, Action, &'static str, &'static str); 5] = [
        (
            Self::Command,
            Action::CopyCommand,
            "command",
            "the same exec again, in a shell",
        ),
        (Self::Pid, Action::CopyPid, "pid", "the process id"),
        (
            Self::Argv,
            Action::CopyArgv,
            "argv",
            "the arguments as words for a shell",
        ),
        (
            Self::Json,
            Action::CopyJson,
            "JSON",
            "the event as ndjson has it, and its exit",
        ),
        (
            Self::Row,
            Action::CopyRow,
            "row",
            "the columns of the table, with tabs between",
        ),
    ];
}

/// The menu of what can be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyMenu {
    /// Of what.
    pub subject: Subject,
    /// Index into [`What::ALL`] of the selected one.
    pub selected: usize,
}

impl App {
    /// Asks what of the selected line is to be copied.
    pub(super) fn open_copy(&mut self) {
        let subject = match self.popups.last() {
            Some(Popup::Details(details)) => Some(details.subject),
            _ => self.subject(),
        };
        match subject {
            Some(subject) => self.popups.push(Popup::Copy(CopyMenu {
                subject,
                selected: 0,
            })),
            None => self.warn("there is no line to copy"),
        }
    }

    pub(super) fn act_in_copy(&mut self, action: Action) {
        let Some(Popup::Copy(menu)) = self.popups.last_mut() else {
            return;
        };
        let subject = menu.subject;
        let last = What::ALL.len() - 1;
        let chosen = match action {
            Action::Accept => What::ALL.get(menu.selected),
            Action::Up => {
                menu.selected = menu.selected.saturating_sub(1);
                None
            }
            Action::Down => {
                menu.selected = (menu.selected + 1).min(last);
                None
            }
            _ => What::ALL.iter().find(|(_, by, ..)| *by == action),
        };
        if let Some((what, _, name, _)) = chosen {
            self.popups.pop();
            self.copy(*what, name, subject);
        }
    }

    fn copy(&mut self, what: What, name: &str, subject: Subject) {
        let (text, note) = match self.text_of(what, subject) {
            Ok(text) => text,
            Err(why) => return self.warn(why),
        };
        let size = format::size(text.len() as u64);
        if text.len() > CLIPBOARD {
            let most = format::size(CLIPBOARD as u64);
            return self.warn(format!(
                "not copied: the {name} has {size}, terminals take {most}"
            ));
        }
        self.requests.push(Request::Copy(text));
        let note = note.map(|note| format!("; {note}")).unwrap_or_default();
        let hint = self.options.clipboard.map(|hint| format!("; {hint}"));
        let hint = hint.unwrap_or_default();
        self.inform(format!(
            "the {name}, {size}, went to the terminal's clipboard{note}{hint}"
        ));
    }

    /// Returns a text and what there is to be said about it, or why there is none.
    fn text_of(&self, what: What, subject: Subject) -> Result<(String, Option<String>), String> {
        let entry = self.entry_of(subject);
        let row = self.row_of(subject);
        let lost = matches!(entry, Some(Entry::Gap(_)));
        let none = || {
            let why = match lost {
                true => "nothing is known of what was lost",
                false => "no exec of this process is in the history",
            };
            why.to_owned()
        };
        match what {
            What::Pid => {
                let process = self.process_of(subject).map(|process| process.key.pid);
                let pid = row.map(|row| row.exec.pid).or(process);
                Ok((pid.ok_or_else(none)?.to_string(), None))
            }
            What::Json => {
                let json = ndjson::of_entry(entry.ok_or_else(none)?, &self.model.session);
                Ok((json, None))
            }
            What::Command => Ok((command(&row.ok_or_else(none)?.exec)?, None)),
            What::Argv => {
                let exec = &row.ok_or_else(none)?.exec;
                let argv = shell::words(exec.args.iter());
                Ok((argv, cut(exec)))
            }
            What::Row => Ok((self.cells(row.ok_or_else(none)?), None)),
        }
    }

    fn cells(&self, row: &Row) -> String {
        let shown = self.columns_within(self.hits.screen.width);
        let fields = match shown.is_empty() {
            true => FIELDS.iter().collect(),
            false => shown
                .into_iter()
                .map(|(field, _)| field)
                .collect::<Vec<_>>(),
        };
        let cell = |field: &&'static crate::field::Field| {
            let value = (field.value)(row, &self.model);
            let mut cell = words(&value, &self.model, &self.options.zone).into_owned();
            if let (true, Some(cut)) = (field.width == 0, cut(&row.exec)) {
                cell.push_str(&format!(" ({cut})"));
            }
            cell
        };
        let cells: Vec<String> = fields.iter().map(cell).collect();
        cells.join("\t")
    }
}

/// Says what of the arguments is not there.
fn cut(exec: &Exec) -> Option<String> {
    match (exec.args.capture, exec.args.missing_bytes()) {
        (Capture::Whole, _) => None,
        (Capture::Truncated, Some(missing)) => {
            let missing = format::size(missing);
            Some(format!("{missing} of the arguments were not captured"))
        }
        (Capture::Truncated | Capture::Failed, _) => {
            Some("not all arguments were captured".to_owned())
        }
    }
}

/// Returns a command that does an exec again: in its directory, its file by the path as passed, with its
/// arguments.
///
/// # Errors
/// If it would do something else, as not all is known.
fn command(exec: &Exec) -> Result<String, String> {
    if let Some(cut) = cut(exec) {
        // Half of a command can do harm.
        return Err(format!("not copied: {cut}"));
    }
    // A path below /dev/fd is of a descriptor that the shell does not have.
    let passed = exec.filename.as_deref();
    let passed = passed.filter(|path| !path.is_empty() && !path.starts_with(b"/dev/fd/"));
    fn known(text: Option<&[u8]>, capture: Capture) -> Option<&[u8]> {
        text.filter(|text| text.starts_with(b"/") && capture == Capture::Whole)
    }
    let exe = known(exec.exe.as_deref(), exec.exe_capture);
    let cwd = known(exec.cwd.as_deref(), exec.cwd_capture);
    let Some(file) = passed.or(exe) else {
        return Err("not copied: the path of what was executed is not known".to_owned());
    };
    if cwd.is_none() && !file.starts_with(b"/") {
        return Err("not copied: the path is relative, and its directory is not known".to_owned());
    }
    let name = base_name(file);
    let argv0 = exec.args.iter().next();
    let mut out = String::new();
    if let Some(cwd) = cwd {
        out.push_str("(cd -- ");
        shell::word_into(&mut out, cwd, false);
        out.push_str(" && ");
    }
    match argv0 {
        Some(argv0) if argv0 != file && argv0 != name => {
            // Programs such as busybox and login shells go by the name that they are called by.
            let open = if cwd.is_none() { "(" } else { "" };
            out.push_str(open);
            out.push_str("exec -a ");
            shell::word_into(&mut out, argv0, false);
            out.push(' ');
            shell::word_into(&mut out, &with_slash(file), false);
        }
        _ => shell::word_into(&mut out, &with_slash(file), true),
    }
    for arg in exec.args.iter().skip(1) {
        out.push(' ');
        shell::word_into(&mut out, arg, false);
    }
    if out.starts_with('(') {
        out.push(')');
    }
    Ok(out)
}

/// A path without a slash is one in the directory to execve, but a name to be searched to a shell.
fn with_slash(path: &[u8]) -> Vec<u8> {
    match path.contains(&b'/') {
        true => path.to_owned(),
        false => [b"./", path].concat(),
    }
}
