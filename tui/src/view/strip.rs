//! The strip below the view: what the selected line is, how it went, and who started it.

use super::paint::{self, Part, line};
use super::{Look, tree};
use crate::app::{App, View};
use crate::cells;
use crate::event::Status;
use crate::field::{self, Value};
use crate::format;
use crate::process::Process;
use crate::store::{End, Row, Walk};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Lines that the strip takes.
pub(super) const HEIGHT: u16 = 3;

/// Paints the strip.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &App, look: &Look<'_>) {
    let theme = look.theme;
    let ellipsis = theme.glyphs.ellipsis;
    let top = line(area, 0);
    for x in top.x..top.right() {
        buf.set_stringn(x, top.y, theme.glyphs.rule, 1, theme.dim);
    }
    let Some(subject) = app.subject() else {
        return;
    };
    let process = app.process_of(subject);
    let row = app.row_of(subject).map(|row| look.as_of(row));
    let row = row.as_deref();
    let title = match (row, process) {
        (Some(row), _) => format!(" {} {} ", row.exec.pid, look.text(row.exec.comm.as_bytes())),
        (None, Some(p)) if p.is_host() => format!(" host {} ", look.text(&p.cmdline)),
        (None, Some(p)) => format!(" {} {} ", p.key.pid, look.text(p.comm.as_bytes())),
        (None, None) => " events were lost here ".to_owned(),
    };
    paint::over(
        buf,
        paint::from_column(top, 2),
        &title,
        theme.bright,
        ellipsis,
    );
    let facts = match (row, process) {
        (Some(row), _) => facts(row, app, look),
        (None, Some(process)) => process_facts(process, look),
        (None, None) => gap_facts(look),
    };
    paint::parts(buf, paint::from_column(line(area, 1), 2), &facts, ellipsis);
    let chain = lineage(row, process, look);
    paint::parts(
        buf,
        paint::from_column(line(area, 2), 2),
        &cut_left(chain, usize::from(area.width.saturating_sub(3)), look),
        ellipsis,
    );
    if let Some(row) = row {
        whole_command(buf, paint::below(area, HEIGHT), row, look);
    }
}

/// Paints a command over as many lines as there are; the last says if there is more.
fn whole_command(buf: &mut Buffer, area: Rect, row: &Row, look: &Look<'_>) {
    let width = usize::from(area.width.saturating_sub(3));
    let mut command = String::new();
    // No more than there can be cells for.
    let most = usize::from(area.height) * width * 4;
    field::command_start_into(&mut command, row, most);
    let command = look.plain(command.into());
    let lines = cells::wrap(&command, width.max(1));
    let last = usize::from(area.height).saturating_sub(1);
    let ellipsis = look.theme.glyphs.ellipsis;
    for (y, text) in (0..area.height).zip(&lines) {
        let place = paint::from_column(line(area, y), 2);
        let cut = usize::from(y) == last && lines.len() > last + 1;
        let more = if cut { ellipsis } else { "" };
        let text = cells::fit(text, width.saturating_sub(cells::width(more)), "");
        let text = format!("{}{more}", text.trim_end());
        paint::text(buf, place, &text, look.theme.bright, ellipsis);
    }
}

fn facts<'a>(row: &Row, app: &App, look: &Look<'_>) -> Vec<Part<'a>> {
    let theme = look.theme;
    let (words, bad) = outcome(row, look);
    let style = if bad { theme.failed } else { theme.text };
    let mut out: Vec<Part<'a>> = vec![(format!("{words}   ").into(), style)];
    if let (View::Failures, Some(group)) = (app.view, app.failures.selected()) {
        let cause = super::failures::cause(&group.label.what);
        out.push((format!("{cause}   ").into(), theme.text));
    }
    let mut fact = |name: &'static str, value: String| {
        out.push((name.into(), theme.dim));
        out.push((
            format!(" {}   ", look.plain(value.into())).into(),
            theme.text,
        ));
    };
    fact("user", look.user(Some(row.exec.uid)).into_owned());
    if let Some(file) = &row.exec.filename {
        fact("file", look.text(file).into_owned());
    }
    if let Some(interpreter) = &row.exec.interpreter {
        fact("by", look.text(interpreter).into_owned());
    }
    match row.walk.as_deref() {
        Some(Walk::Found { misses, ns }) => {
            let count = misses.len();
            let word = if count == 1 { "miss" } else { "misses" };
            let took = format::duration(*ns);
            fact("PATH", format!("{count} {word}, {took}"));
        }
        Some(Walk::Miss { .. }) => fact("PATH", "found elsewhere then".to_owned()),
        None => {}
    }
    if let Some(container) = row.exec.container() {
        let id = crate::container::short(container);
        fact("container", look.text(id.as_bytes()).into_owned());
    }
    for (name, key) in [("in", "cwd"), ("tty", "tty")] {
        let value = field::by_key(key).map(|field| (field.value)(row, look.model));
        if let Some(Value::Text(value)) = value {
            fact(name, look.text(&value).into_owned());
        }
    }
    out
}

/// Returns in words how an exec went and what became of it, and whether that is bad.
pub(super) fn outcome(row: &Row, look: &Look<'_>) -> (String, bool) {
    if let Some(error) = row.exec.error() {
        let words = nix::errno::Errno::from_raw(row.exec.errno()).desc();
        return (format!("failed: {error}, {words}"), true);
    }
    let after = |ns: Option<u64>| ns.map(format::duration).unwrap_or_default();
    match &row.end {
        None => {
            let since = look.now_ns.saturating_sub(row.exec.time_ns);
            (format!("runs for {}", format::duration(since)), false)
        }
        Some(End::Replaced { .. }) => {
            let after = after(row.duration_ns());
            (format!("replaced by its next exec after {after}"), false)
        }
        Some(End::Exited(exit)) => {
            let after = after(row.duration_ns());
            match exit.status {
                Status::Code(code) => (format!("exited {code} after {after}"), code != 0),
                Status::Signal { core_dumped, .. } => {
                    let core = if core_dumped { ", core dumped" } else { "" };
                    let signal = exit.status.signal_name().unwrap_or_default();
                    (format!("killed by {signal} after {after}{core}"), true)
                }
            }
        }
    }
}

fn process_facts<'a>(process: &Process, look: &Look<'_>) -> Vec<Part<'a>> {
    let theme = look.theme;
    let state = match tree::ended(process.life) {
        Some((words, _)) => words,
        None if process.own.execs == 0 => "runs; executed nothing since it is watched".to_owned(),
        None => "runs".to_owned(),
    };
    vec![
        ("user".into(), theme.dim),
        (format!(" {}   ", look.user(process.uid)).into(), theme.text),
        (state.into(), theme.text),
    ]
}

fn gap_facts<'a>(look: &Look<'_>) -> Vec<Part<'a>> {
    let words = "the kernel's buffer was full; what happened between these rows is not known";
    vec![(words.into(), look.theme.text)]
}

/// Returns who started whom down to the selected process, the oldest first.
pub(super) fn lineage<'a>(
    row: Option<&Row>,
    process: Option<&Process>,
    look: &Look<'_>,
) -> Vec<Part<'a>> {
    let theme = look.theme;
    let name = |comm: &[u8], pid: u32| format!("{}({pid})", look.text(comm));
    let mut names: Vec<String> = Vec::new();
    match (row, process) {
        (Some(row), _) => names.push(name(row.exec.comm.as_bytes(), row.exec.pid)),
        (None, Some(p)) => names.push(name(p.comm.as_bytes(), p.key.pid)),
        (None, None) => return Vec::new(),
    }
    let mut above: Vec<String> = match process {
        Some(p) => {
            let above = look.model.processes.ancestors(p.id);
            above.map(|p| name(p.comm.as_bytes(), p.key.pid)).collect()
        }
        None => Vec::new(),
    };
    if let (true, Some(row)) = (above.is_empty(), row) {
        let known = row.exec.ancestors.iter();
        above = known.map(|a| name(a.comm.as_bytes(), a.key.pid)).collect();
    }
    names.extend(above);
    let mut out: Vec<Part<'a>> = Vec::new();
    for (i, name) in names.into_iter().rev().enumerate() {
        if i > 0 {
            out.push((theme.glyphs.child.into(), theme.dim));
        }
        out.push((name.into(), theme.text));
    }
    if let Some((_, style)) = out.last_mut() {
        *style = theme.bright;
    }
    out
}

/// Drops the oldest ancestors of a chain that is wider than `room`.
fn cut_left<'a>(mut chain: Vec<Part<'a>>, room: usize, look: &Look<'_>) -> Vec<Part<'a>> {
    let mark = look.theme.glyphs.ellipsis;
    let mut cut = false;
    while chain.len() > 2 && paint::width(&chain) + usize::from(cut) > room {
        chain.drain(..if cut { 2 } else { 1 });
        cut = true;
    }
    if cut {
        chain.insert(0, (mark.into(), look.theme.dim));
    }
    chain
}
