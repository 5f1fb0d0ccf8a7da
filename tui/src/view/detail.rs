//! Everything about one line, in tabs: facts, arguments, environment, lineage, and the event as JSON.
//!
//! ```text
//! ┌─ 48214 gcc ──────────────────────────────────────────────────────────────────────────────┐
//! │ [Facts]  Arguments 6   Environment   Lineage   JSON                                      │
//! │ /usr/bin/gcc -O2 -c bar.c -o bar.o                                                       │
//! │                                                                                          │
//! │ time       2024-03-09 12:00:04.121000 +00:00                                             │
//! │ result     exited 1 after 12ms                                                           │
//! └──────────────────────────────────────────────────────────────────────────── 30 more below ┘
//! ```

mod facts;
mod json;
mod lineage;

use super::paint::{self, Part};
use super::{Look, area_of, popup_frame, scroll_text};
use crate::app::App;
use crate::app::details::{Fact, Tab};
use crate::app::hits::Area;
use crate::app::popup::{Popup, Subject};
use crate::cells;
use crate::event::{Args, Capture};
use crate::format;
use crate::store::Entry;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Cells of the names on the left.
const NAMES: usize = 10;

/// Paints the details, and notes what is on which line.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &mut App, look_at: super::LookAt<'_>) {
    let Some(Popup::Details(details)) = app.popups.last() else {
        return;
    };
    let (subject, tab, revealed) = (details.subject, details.tab, details.revealed);
    let look = look_at.look(app);
    let height = area.height * 3 / 4;
    let place = Rect {
        y: area.y + area.height.saturating_sub(height.max(8).min(area.height)),
        height: height.max(8).min(area.height),
        ..area
    };
    let inside = popup_frame(buf, place, &title(subject, app), &look);
    let tabs = tabs(buf, paint::line(inside, 0), subject, tab, app, &look);
    let inside = paint::below(inside, 1);
    let shown = Shown {
        subject,
        tab,
        revealed,
    };
    let page = page(shown, app, &look, usize::from(inside.width));
    let (lines, facts): (Vec<_>, Vec<_>) = page.lines.into_iter().unzip();
    let Some(Popup::Details(details)) = app.popups.last_mut() else {
        return;
    };
    details.window(lines.len(), usize::from(inside.height));
    let (line, scroll) = (details.line, details.scroll);
    let look = look_at.look(app);
    let y = u16::try_from(line - scroll).unwrap_or(u16::MAX);
    buf.set_style(paint::line(inside, y), look.theme.selected);
    scroll_text(buf, inside, &lines, scroll, &look);
    app.hits.popup = area_of(inside);
    app.hits.popup_lines = lines.len();
    app.hits.detail_tabs = tabs;
    app.hits.facts = facts;
}

fn title(subject: Subject, app: &App) -> String {
    let (pid, comm) = match (app.entry_of(subject), app.process_of(subject)) {
        (Some(Entry::Row(row)), _) => (row.exec.pid, row.exec.comm),
        (_, Some(process)) => (process.key.pid, process.comm),
        _ => return "details".to_owned(),
    };
    format!("{pid} {}", text::escape(comm.as_bytes()))
}

/// Paints the names of the tabs, with how much there is. Returns where they are.
fn tabs(
    buf: &mut Buffer,
    area: Rect,
    subject: Subject,
    shown: Tab,
    app: &App,
    look: &Look<'_>,
) -> Vec<(Area, Tab)> {
    let theme = look.theme;
    let row = app.row_of(subject);
    let count = |tab: Tab| match tab {
        Tab::Arguments => Some(row?.exec.args.iter().count()),
        Tab::Environment => Some(row?.exec.env.as_deref()?.iter().count()),
        Tab::Facts | Tab::Lineage | Tab::Json => None,
    };
    let mut hits = Vec::new();
    let mut x = area.x;
    let short = area.width < 60;
    for (tab, name) in Tab::ALL {
        let name = if short && tab != shown {
            &name[..3]
        } else {
            name
        };
        let count = count(tab).filter(|_| !short);
        let count = count.map(|n| format!(" {}", format::short_count(n as u64)));
        let words = format!("{name}{}", count.unwrap_or_default());
        let (words, style) = match tab == shown {
            true => (format!("[{words}]"), theme.accent),
            false => (format!(" {words} "), theme.dim),
        };
        let place = Rect {
            x,
            width: area.right().saturating_sub(x),
            ..area
        };
        let used = paint::text(buf, place, &words, style, theme.glyphs.ellipsis);
        let hit = Rect {
            width: used,
            ..place
        };
        hits.push((area_of(hit), tab));
        x = x.saturating_add(used + 1).min(area.right());
    }
    hits
}

/// What the details show.
#[derive(Clone, Copy)]
struct Shown {
    subject: Subject,
    tab: Tab,
    /// Whether secrets are shown.
    revealed: bool,
}

fn page<'l, 'm>(shown: Shown, app: &App, look: &'l Look<'m>, width: usize) -> Page<'l, 'm> {
    let mut page = Page {
        lines: Vec::new(),
        about: None,
        width,
        look,
    };
    let Shown {
        subject,
        tab,
        revealed,
    } = shown;
    let process = app.process_of(subject);
    let row = app.row_of(subject);
    if let (Some(Entry::Gap(lost)), false) = (app.entry_of(subject), tab == Tab::Json) {
        match tab {
            Tab::Facts => page.gap(lost),
            _ => page.note("nothing is known of what was lost"),
        }
        return page;
    }
    match (tab, row, process) {
        (Tab::Json, _, _) => page.json(app.entry_of(subject)),
        (Tab::Lineage, row, process) => page.lineage(row, process),
        (Tab::Facts, Some(row), process) => {
            page.row(row, process);
            process.into_iter().for_each(|process| page.below(process));
        }
        (Tab::Facts, None, Some(process)) => {
            page.idle(process);
            page.below(process);
        }
        (Tab::Facts, None, None) => {
            page.note("this event left the history, oldest out first; --history keeps more");
        }
        (Tab::Arguments, Some(row), _) => match app.original(&row.exec) {
            Some(original) if revealed => {
                page.note("with what was masked; v masks it again");
                page.arguments(original);
            }
            Some(_) => {
                page.note("what looked secret is masked; v shows it");
                page.arguments(&row.exec.args);
            }
            None => page.arguments(&row.exec.args),
        },
        (Tab::Environment, Some(row), _) => page.environment(row.exec.env.as_deref()),
        (Tab::Arguments | Tab::Environment, None, _) => {
            page.note("no exec of this process is in the history");
        }
    }
    page
}

/// A line, and what it tells.
type Line = (Vec<Part<'static>>, Option<Fact>);

struct Page<'l, 'm> {
    lines: Vec<Line>,
    /// What the lines that come tell.
    about: Option<Fact>,
    width: usize,
    look: &'l Look<'m>,
}

impl Page<'_, '_> {
    fn about(&mut self, fact: Option<Fact>) {
        self.about = fact;
    }

    fn push(&mut self, parts: Vec<Part<'static>>) {
        self.lines.push((parts, self.about));
    }

    fn blank(&mut self) {
        self.lines.push((Vec::new(), None));
    }

    fn wrapped(&mut self, words: &str, style: Style) {
        for line in cells::wrap(words, self.width) {
            self.push(vec![(line.to_owned().into(), style)]);
        }
    }

    fn note(&mut self, words: &str) {
        self.wrapped(words, self.look.theme.warn);
    }

    fn dim(&mut self, words: &str) {
        self.wrapped(words, self.look.theme.dim);
    }

    fn heading(&mut self, words: String) {
        self.about(None);
        self.blank();
        self.push(vec![(words.into(), self.look.theme.accent)]);
    }

    /// Adds a name and its value, wrapped.
    fn fact(&mut self, name: &str, value: &str, style: Style) {
        let value = self.look.plain(value.into());
        let room = self.width.saturating_sub(NAMES + 1).max(8);
        for (i, line) in cells::wrap(&value, room).into_iter().enumerate() {
            let name = if i == 0 {
                cells::fit(name, NAMES, "")
            } else {
                String::new()
            };
            let blank = " ".repeat(NAMES + 1 - cells::width(&name));
            self.push(vec![
                (format!("{name}{blank}").into(), self.look.theme.dim),
                (line.to_owned().into(), style),
            ]);
        }
    }

    /// Adds a process, indented, in one line.
    fn limb(&mut self, pid: u32, depth: usize, mut parts: Vec<Part<'static>>) {
        let theme = self.look.theme;
        let corner = match depth {
            0 => String::new(),
            _ => format!("{} ", theme.glyphs.corner),
        };
        // What is deep stays in sight.
        let indent = " ".repeat((2 * depth.saturating_sub(1)).min(self.width / 3));
        parts.insert(0, (format!("{pid:>7}  {indent}{corner}").into(), theme.dim));
        self.push(parts);
    }

    fn arguments(&mut self, args: &Args) {
        let count = args.iter().count();
        if let Some(argc) = args.argc.filter(|argc| *argc as usize != count) {
            let (count, argc) = (format::count(count as u64), format::count(argc.into()));
            self.note(&format!("{count} of {argc} arguments"));
        }
        self.capture("the arguments", args);
        for (i, arg) in args.iter().enumerate() {
            self.about(Some(Fact::Argument(i)));
            let arg = self.look.text(arg);
            let arg = if arg.is_empty() { "''" } else { &*arg };
            self.fact(&format!("[{i}]"), arg, self.look.theme.text);
        }
        self.about(None);
        if count == 0 && args.capture == Capture::Whole {
            self.dim("no arguments, not even a name");
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

    fn environment(&mut self, env: Option<&Args>) {
        let Some(env) = env else {
            return self.dim("not captured; --env captures the environment of each exec");
        };
        let variables = env.iter().count();
        if let Some(all) = env.argc.filter(|all| *all as usize != variables) {
            self.note(&format!("{variables} of {all} variables"));
        }
        self.capture("the environment", env);
        for (i, variable) in env.iter().enumerate() {
            self.about(Some(Fact::Variable(i)));
            let variable = self.look.text(variable);
            self.wrapped(&variable, self.look.theme.text);
        }
        self.about(None);
        if variables == 0 && env.capture == Capture::Whole {
            self.dim("empty");
        }
    }
}
