//! Every fact of one line: the whole command, each argument, and why a fact is missing.

use super::paint::Part;
use super::{Look, cell, popup_frame, scroll_text, strip};
use crate::app::App;
use crate::app::popup::{Details, Popup, Subject};
use crate::cells;
use crate::event::{self, Args, Capture, Flags, Lost, Reason};
use crate::field::{FIELDS, Value};
use crate::format;
use crate::process::{Life, Process};
use crate::store::{Entry, Row};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Cells of the names on the left.
const NAMES: usize = 10;

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

/// Paints the details, and notes how long they are.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: super::LookAt<'_>) {
    let Some(Popup::Details(Details { subject, scroll })) = app.popups.last() else {
        return;
    };
    let (subject, scroll) = (*subject, *scroll);
    let look = look_at.look(app);
    let height = area.height * 3 / 4;
    let place = Rect {
        y: area.y + area.height.saturating_sub(height.max(8).min(area.height)),
        height: height.max(8).min(area.height),
        ..area
    };
    let inside = popup_frame(buf, place, &title(subject, app), &look);
    let lines = lines(subject, app, &look, usize::from(inside.width));
    let total = lines.len();
    let scroll = scroll_text(buf, inside, &lines, scroll, &look);
    app.hits.popup = super::area_of(inside);
    app.hits.popup_lines = total;
    if let Some(Popup::Details(details)) = app.popups.last_mut() {
        details.scroll = scroll;
    }
}

fn title(subject: Subject, app: &App) -> String {
    let (pid, comm) = match (app.entry_of(subject), strip::process_of(subject, app)) {
        (Some(Entry::Row(row)), _) => (row.exec.pid, row.exec.comm),
        (_, Some(process)) => (process.key.pid, process.comm),
        _ => return "details".to_owned(),
    };
    format!("{pid} {}", text::escape(comm.as_bytes()))
}

type Lines = Vec<Vec<Part<'static>>>;

fn lines(subject: Subject, app: &App, look: &Look<'_>, width: usize) -> Lines {
    let mut page = Page {
        lines: Vec::new(),
        width,
        look,
    };
    let process = strip::process_of(subject, app);
    let row = match app.entry_of(subject) {
        Some(Entry::Row(row)) => Some(row),
        Some(Entry::Gap(lost)) => {
            page.gap(lost);
            return page.lines;
        }
        None => None,
    };
    match (row, process) {
        (Some(row), _) => page.row(row, process),
        (None, Some(process)) => page.idle(process),
        (None, None) => {
            page.note("this event left the history, oldest out first; --history keeps more")
        }
    }
    if let Some(process) = process {
        page.below(process);
    }
    if let Some(env) = row.and_then(|row| row.exec.env.as_deref()) {
        page.env(env);
    }
    page.lines
}

struct Page<'l, 'm> {
    lines: Lines,
    width: usize,
    look: &'l Look<'m>,
}

impl Page<'_, '_> {
    fn note(&mut self, words: &str) {
        for line in cells::wrap(words, self.width) {
            self.lines
                .push(vec![(line.to_owned().into(), self.look.theme.warn)]);
        }
    }

    fn heading(&mut self, words: String) {
        self.lines.push(Vec::new());
        self.lines
            .push(vec![(words.into(), self.look.theme.accent)]);
    }

    /// Adds a name and its value, wrapped.
    fn fact(&mut self, name: &str, value: &str, style: ratatui::style::Style) {
        let value = self.look.plain(value.into());
        let room = self.width.saturating_sub(NAMES + 1).max(8);
        for (i, line) in cells::wrap(&value, room).into_iter().enumerate() {
            let name = if i == 0 {
                cells::fit(name, NAMES, "")
            } else {
                String::new()
            };
            let blank = " ".repeat(NAMES + 1 - cells::width(&name));
            self.lines.push(vec![
                (format!("{name}{blank}").into(), self.look.theme.dim),
                (line.to_owned().into(), style),
            ]);
        }
    }

    fn gap(&mut self, lost: &Lost) {
        let theme = self.look.theme;
        let text = theme.text;
        self.fact(
            "lost",
            &format!("{} events", format::count(lost.count)),
            theme.failed,
        );
        self.fact("noticed", &self.look.date_time(lost.time_ns), text);
        let cpu = lost
            .cpu
            .map_or("not of one CPU".to_owned(), |cpu| cpu.to_string());
        self.fact("CPU", &cpu, text);
        self.lines.push(Vec::new());
        self.note("The kernel's buffer was full. What happened between the rows around this one is not known; a larger --ring-size loses less.");
    }

    fn row(&mut self, row: &Row, process: Option<&Process>) {
        let theme = self.look.theme;
        let command = crate::field::command_line(row);
        for line in cells::wrap(&command, self.width) {
            self.lines
                .push(vec![(line.to_owned().into(), theme.bright)]);
        }
        self.capture("the arguments", &row.exec.args);
        self.lines.push(Vec::new());
        self.fact("time", &self.look.date_time(row.exec.time_ns), theme.text);
        let (words, bad) = strip::outcome(row, self.look);
        self.fact(
            "result",
            &words,
            if bad { theme.failed } else { theme.text },
        );
        if row.exec.failed() {
            self.fact("cause", event::exec_hint(-row.exec.ret), theme.text);
        }
        let lineage = strip::lineage(Some(row), process, self.look);
        let lineage: String = lineage.into_iter().map(|(text, _)| text).collect();
        self.fact("lineage", &lineage, theme.text);
        self.fields(row);
        let args: Vec<String> = row
            .exec
            .args
            .iter()
            .map(|a| text::escape(a).into_owned())
            .collect();
        let of = match row.exec.args.argc {
            Some(argc) if argc as usize != args.len() => format!(" of {argc}"),
            _ => String::new(),
        };
        self.heading(format!("{}{of} arguments", args.len()));
        for (i, arg) in args.iter().enumerate() {
            self.fact(
                &format!("[{i}]"),
                if arg.is_empty() { "''" } else { arg },
                theme.text,
            );
        }
    }

    /// Says what of a list of texts was not captured.
    fn capture(&mut self, what: &str, args: &Args) {
        let words = match (args.capture, args.missing_bytes()) {
            (Capture::Whole, _) => return,
            (Capture::Truncated, Some(missing)) => {
                let all = format::size(args.true_size.unwrap_or(0));
                let missing = format::size(missing);
                format!(
                    "cut: {missing} of {all} of {what} were not captured; --max-arg-bytes takes more"
                )
            }
            (Capture::Truncated, None) => {
                format!("cut: the true size of {what} is not known")
            }
            (Capture::Failed, _) => format!("cut: {what} could not be read"),
        };
        self.note(&words);
    }

    fn fields(&mut self, row: &Row) {
        let exec = &row.exec;
        for field in FIELDS.iter().filter(|f| !OWN_LINE.contains(&f.key)) {
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
        let known = |key: &str| FIELDS.iter().any(|f| schema_key(f.key) == key);
        let told = |key: &str| exec.missing.iter().any(|(told, _)| told == key);
        for (key, _) in event::reasons(exec).filter(|(key, _)| !known(key)) {
            if OWN_SECTION.contains(&key) && !told(key) {
                continue;
            }
            if let Some(why) = event::reason(exec, key) {
                self.absent(&text::escape(key.as_bytes()), why);
            }
        }
    }

    /// Adds what is not there instead of a value.
    fn absent(&mut self, name: &str, why: Reason<'_>) {
        let text = text::escape(why.text.as_bytes());
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

    fn env(&mut self, env: &Args) {
        let variables = env.iter().count();
        let of = match env.argc {
            Some(all) if all as usize != variables => format!(" of {all}"),
            _ => String::new(),
        };
        self.heading(format!("{variables}{of} variables of the environment"));
        self.capture("the environment", env);
        for variable in env.iter() {
            let variable = self.look.plain(text::escape(variable));
            for line in cells::wrap(&variable, self.width) {
                self.lines
                    .push(vec![(line.to_owned().into(), self.look.theme.text)]);
            }
        }
    }

    /// A process that executed nothing while it was watched, or whose row is gone.
    fn idle(&mut self, process: &Process) {
        let theme = self.look.theme;
        let (line, _) = super::tree::process_line(process, self.look, usize::MAX);
        for line in cells::wrap(&line, self.width) {
            self.lines
                .push(vec![(line.to_owned().into(), theme.bright)]);
        }
        self.lines.push(Vec::new());
        self.fact("PID", &process.key.pid.to_string(), theme.text);
        self.fact("USER", &self.look.user(process.uid), theme.text);
        self.fact(
            "started",
            &self.look.date_time(process.key.start_ns),
            theme.text,
        );
        let state = match process.life {
            Life::Running => "runs".to_owned(),
            Life::Unwatched => "not watched: it executed nothing since its fork".to_owned(),
            Life::Ended { time_ns, .. } => {
                let words = super::tree::ended(process.life).map(|(words, _)| words);
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

    fn below(&mut self, process: &Process) {
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
