//! What is known of one exec or process, by name, and why a fact is missing.

use super::super::{cell, strip, tree};
use super::Page;
use crate::app::details::Fact;
use crate::event::{self, Flags, Lost, Reason};
use crate::field::{FIELDS, Value, by_key};
use crate::format;
use crate::process::{Life, Process};
use crate::store::Row;

/// Fields that have a line or a section of their own.
const OWN_LINE: [&str; 3] = ["time", "command", "res"];

/// The schema's keys of fields that are named otherwise here.
const SCHEMA_KEYS: [(&str, &str); 9] = [
    ("flag", "flags"),
    ("file", "filename"),
    ("interp", "interpreter"),
    ("login", "loginuid"),
    ("ses", "session"),
    ("nspid", "ns_pid"),
    ("pidns", "pid_ns"),
    ("mntns", "mnt_ns"),
    ("parent", "parent_comm"),
];

/// Cells of the words of flags.
const WORDS: usize = 8;

/// The schema's keys of what is told beside the arguments and the environment.
const OWN_SECTION: [&str; 4] = ["args", "args_bytes", "args_missing_bytes", "env"];

fn field(key: &str) -> Option<Fact> {
    by_key(key).map(Fact::Field)
}

impl Page<'_, '_> {
    pub(super) fn gap(&mut self, lost: &Lost) {
        let theme = self.look.theme;
        let text = theme.text;
        self.fact(
            "lost",
            &format!("{} events", format::count(lost.count)),
            theme.failed,
        );
        if let Some(host) = self.look.model.session.told_host(lost.host) {
            self.fact("host", &self.look.text(host.as_bytes()), theme.text);
        }
        self.fact("noticed", &self.look.date_time(lost.time_ns), text);
        let cpu = lost
            .cpu
            .map_or("not of one CPU".to_owned(), |cpu| cpu.to_string());
        self.fact("CPU", &cpu, text);
        self.blank();
        self.note("The kernel's buffer was full. What happened between the rows around this one is not known; a larger --ring-size loses less.");
    }

    pub(super) fn row(&mut self, row: &Row, process: Option<&Process>) {
        let theme = self.look.theme;
        let command = self.look.shown(crate::field::command_line(row).into());
        self.about(field("command"));
        self.wrapped(&command, theme.bright);
        self.about(None);
        self.capture("the arguments", &row.exec.args);
        self.blank();
        self.about(field("time"));
        self.fact("time", &self.look.date_time(row.exec.time_ns), theme.text);
        self.about(field("res"));
        let (words, bad) = strip::outcome(row, self.look);
        self.fact(
            "result",
            &words,
            if bad { theme.failed } else { theme.text },
        );
        if row.exec.failed() {
            self.fact("cause", event::exec_hint(row.exec.errno()), theme.text);
        }
        self.about(process.map(|process| Fact::Process(process.id)));
        let lineage = strip::lineage(Some(row), process, self.look);
        let lineage: String = lineage.into_iter().map(|(text, _)| text).collect();
        self.fact("lineage", &lineage, theme.text);
        self.about(None);
        self.fields(row);
    }

    fn fields(&mut self, row: &Row) {
        let exec = &row.exec;
        for field in FIELDS.iter().filter(|f| !OWN_LINE.contains(&f.key)) {
            self.about(Some(Fact::Field(field)));
            let value = (field.value)(row, self.look.model);
            let why = event::reason(exec, schema_key(field.key));
            match (&value, why) {
                (Value::None, None) => {}
                (Value::None, Some(why)) => self.absent(field.title, why),
                (Value::Exit(None), _) => {
                    self.fact(field.title, "still runs", self.look.theme.warn);
                }
                _ if field.key == "flag" => self.flags(field.title, exec.flags),
                (_, why) => {
                    let text = cell::value_text(&value, self.look).into_owned();
                    let style = cell::cell(field, row, self.look).1;
                    self.fact(field.title, &text, style);
                    if let Some(why) = why {
                        self.absent("", why);
                    }
                }
            }
        }
        self.about(None);
        let known = |key: &str| FIELDS.iter().any(|f| schema_key(f.key) == key);
        let told = |key: &str| exec.missing.iter().any(|(told, _)| told == key);
        for (key, _) in event::reasons(exec).filter(|(key, _)| !known(key)) {
            if OWN_SECTION.contains(&key) && !told(key) {
                continue;
            }
            if let Some(why) = event::reason(exec, key) {
                self.absent(&self.look.text(key.as_bytes()), why);
            }
        }
    }

    /// Adds what is not there instead of a value.
    fn absent(&mut self, name: &str, why: Reason<'_>) {
        let text = self.look.text(why.text.as_bytes());
        if why.none {
            self.fact(name, &text, self.look.theme.dim);
        } else {
            self.fact(name, &format!("? {text}"), self.look.theme.warn);
        }
    }

    /// Adds the words of flags, each with what it means.
    fn flags(&mut self, title: &str, flags: Flags) {
        for (i, (word, meaning)) in flags.explained().enumerate() {
            let name = if i == 0 { title } else { "" };
            let line = format!("{word:WORDS$} {meaning}");
            self.fact(name, &line, self.look.theme.text);
        }
    }

    /// A process that executed nothing while it was watched, or whose row is gone.
    pub(super) fn idle(&mut self, process: &Process) {
        let theme = self.look.theme;
        let (line, _) = tree::process_line(process, self.look, usize::MAX);
        self.about(Some(Fact::Process(process.id)));
        self.wrapped(&line, theme.bright);
        self.about(None);
        self.blank();
        self.about(Some(Fact::Process(process.id)));
        self.fact("PID", &process.key.pid.to_string(), theme.text);
        self.about(process.uid.map(Fact::User));
        self.fact("USER", &self.look.user(process.uid), theme.text);
        self.about(None);
        self.fact(
            "started",
            &self.look.date_time(process.key.start_ns),
            theme.text,
        );
        let state = match process.life {
            Life::Running => "runs".to_owned(),
            Life::Unwatched => "not watched: it executed nothing since its fork".to_owned(),
            Life::Ended { time_ns, .. } => {
                let words = tree::ended(process.life).map(|(words, _)| words);
                format!(
                    "{} at {}",
                    words.unwrap_or_default(),
                    self.look.time_of_day(time_ns)
                )
            }
        };
        self.fact("state", &state, theme.text);
        let lineage = strip::lineage(None, Some(process), self.look);
        let lineage: String = lineage.into_iter().map(|(text, _)| text).collect();
        self.fact("lineage", &lineage, theme.text);
    }

    pub(super) fn below(&mut self, process: &Process) {
        let theme = self.look.theme;
        let say = |c: &crate::process::Counts| {
            let cpu = format::duration(c.cpu_ns);
            let (execs, failed) = (format::count(c.execs), format::count(c.failed));
            format!("{execs} execs, {failed} failed, {cpu} CPU of what ended")
        };
        self.heading("process".to_owned());
        self.fact("itself", &say(&process.own), theme.text);
        self.fact("subtree", &say(&process.subtree), theme.text);
        self.fact(
            "children",
            &format::count(process.children.len() as u64),
            theme.text,
        );
    }
}

fn schema_key(key: &str) -> &str {
    let renamed = SCHEMA_KEYS.iter().find(|(field, _)| *field == key);
    renamed.map_or(key, |(_, schema)| schema)
}
