//! What an empty list says about why it is empty.

use super::Look;
use super::paint::{self, line};
use crate::action::Action;
use crate::app::{App, View};
use crate::cells;
use crate::format;
use crate::keymap::Mode;
use crate::rate::SECOND_NS;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Paints the reason in the middle of the empty rows.
pub(super) fn draw(buf: &mut Buffer, area: Rect, app: &App, look: &Look<'_>) {
    let words = words(app, look);
    let words: Vec<String> = words
        .into_iter()
        .map(|text| look.plain(text.into()).into_owned())
        .collect();
    let width = usize::from(area.width.saturating_sub(4)).max(1);
    let lines: Vec<&str> = words
        .iter()
        .flat_map(|text| cells::wrap(text, width))
        .collect();
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let top = area.height.saturating_sub(height) / 2;
    for (text, y) in lines.iter().zip(top..area.height) {
        let wide = u16::try_from(cells::width(text)).unwrap_or(u16::MAX);
        let left = area.width.saturating_sub(wide) / 2;
        let place = paint::from_column(line(area, y), left);
        paint::text(buf, place, text, look.theme.dim, look.theme.glyphs.ellipsis);
    }
}

/// Why the view of failures is empty while something was executed.
fn no_failures(app: &App) -> Vec<String> {
    let hidden = app.failures.hidden();
    if hidden == 0 {
        let rows = format::count(app.rows_shown().1 as u64);
        return vec![format!(
            "Nothing failed: of {rows} execs in the history, all went well."
        )];
    }
    let clear = app.options.keys.text(Mode::Failures, Action::ClearFilter);
    let hidden = some(hidden, "failed exec");
    vec![format!("The filter hides {hidden}: {clear} clears it.")]
}

/// Why nobody started anything in the time that the view of rates looks at.
fn nothing_then(app: &App) -> String {
    let gone = app.oldest_ns().is_none_or(|oldest| {
        let to_ns = app.rates.span().to * SECOND_NS;
        oldest >= to_ns && app.model.store.first_id().0 > 0
    });
    match (app.list.filter().is_empty(), gone) {
        (_, true) => "The events of this time left the history; --history keeps more.".to_owned(),
        (true, false) => "Nothing was executed in this time.".to_owned(),
        (false, false) => {
            let clear = app.options.keys.text(Mode::Rate, Action::ClearFilter);
            format!("Nothing that passes the filter was executed in this time: {clear} clears it.")
        }
    }
}

/// After so long without a single event something may be wrong with the probe, s.
const SILENT: u64 = 60;

/// Why the list is empty, the most important first.
fn words(app: &App, look: &Look<'_>) -> Vec<String> {
    let mut out = match app.rows_shown() {
        (_, 0) => nothing_at_all(app, look),
        _ if app.view == View::Failures => no_failures(app),
        _ if app.view == View::Rate => vec![nothing_then(app)],
        (0, rows) if !app.list.filter().is_empty() => hidden(app, rows),
        _ => vec!["No process that executed something is known any more.".to_owned()],
    };
    let skipped = app.model.totals.not_captured;
    if skipped > 0 {
        out.push(format!(
            "The capture filter skipped {}: they were counted, not kept.",
            some(skipped, "event")
        ));
    }
    if app.is_paused() && app.waiting() > 0 {
        let pause = app.options.keys.text(app.view.mode(), Action::Pause);
        out.push(format!(
            "The view is paused: {pause} shows what came since, {}.",
            some(app.waiting(), "line")
        ));
    }
    out
}

/// "1 event", "1,204 events".
fn some(count: u64, what: &str) -> String {
    let more = if count == 1 { "" } else { "s" };
    format!("{} {what}{more}", format::count(count))
}

/// What the filter hides, and how to see it again.
fn hidden(app: &App, rows: usize) -> Vec<String> {
    let key = |action| app.options.keys.text(app.view.mode(), action);
    let (clear, undo) = (key(Action::ClearFilter), key(Action::UndoFilter));
    let all = match rows {
        1 => "the only row".to_owned(),
        rows => format!("all {} rows", format::count(rows as u64)),
    };
    vec![format!(
        "The filter hides {all}: {clear} clears it, {undo} undoes it."
    )]
}

/// Why nothing is listed where nothing was executed.
fn nothing_at_all(app: &App, look: &Look<'_>) -> Vec<String> {
    let totals = &app.model.totals;
    let started_ns = look.model.session.started_ns;
    let seconds = look.now_ns.saturating_sub(started_ns) / SECOND_NS;
    if let Some(ended) = &app.status.ended {
        let clean = crate::text::escape(ended.as_bytes()).into_owned();
        return vec!["Nothing was executed.".to_owned(), clean];
    }
    let (source, _) = app
        .options
        .source
        .split_once(',')
        .unwrap_or((app.options.source, ""));
    if source == "recording" {
        let mut out = vec!["Nothing was executed in this recording.".to_owned()];
        if totals.exits > 0 {
            let exits = some(totals.exits, "exit");
            out.push(format!(
                "It tells of {exits}, of programs from before it began."
            ));
        }
        return out;
    }
    if source != "live" {
        return vec![format!("Nothing was executed yet in this {source}.")];
    }
    let since: String = look.time_of_day(started_ns).chars().take(8).collect();
    let how_long = format::duration(seconds * SECOND_NS);
    let mut out = vec![format!(
        "Nothing was executed yet: the probe is live for {how_long}, since {since}."
    )];
    let others = totals.exits + totals.forks;
    if totals.not_captured > 0 {
        return out;
    }
    out.push(match (others, seconds) {
        (0, SILENT..) => {
            "Not one event came, which is unusual: `execsnoop-tui doctor` tries the probe."
                .to_owned()
        }
        (0, _) => {
            "Run a command in another terminal, such as ls: it appears here at once.".to_owned()
        }
        (others, _) => format!(
            "The probe works: it told of {}.",
            some(others, "other event")
        ),
    });
    out
}
