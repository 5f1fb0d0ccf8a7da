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
    let words = words(app);
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
    let what = if hidden == 1 {
        "failed exec"
    } else {
        "failed execs"
    };
    let hidden = format::count(hidden);
    vec![format!(
        "The filter hides {hidden} {what}: {clear} clears it."
    )]
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

fn words(app: &App) -> Vec<String> {
    let (_, all) = app.rows_shown();
    if app.view == View::Failures && all > 0 {
        return no_failures(app);
    }
    if app.view == View::Rate && all > 0 {
        return vec![nothing_then(app)];
    }
    let filtered = !app.list.filter().is_empty();
    if all > 0 && filtered {
        let clear = app.options.keys.text(Mode::Events, Action::ClearFilter);
        let rows = format::count(all as u64);
        let one = if all == 1 { "row" } else { "rows" };
        return vec![format!("The filter hides {rows} {one}: {clear} clears it.")];
    }
    if let Some(ended) = &app.status.ended {
        let clean = crate::text::escape(ended.as_bytes()).into_owned();
        return vec!["Nothing was executed.".to_owned(), clean];
    }
    let mut out = vec![match (app.view, app.options.source) {
        (View::Tree, _) if all > 0 => "No process that executed something is left.".to_owned(),
        (_, "live") => "Nothing was executed yet. The probe is live.".to_owned(),
        (_, source) => format!("Nothing was executed yet in this {source}."),
    }];
    let skipped = app.model.totals.not_captured;
    if skipped > 0 {
        let skipped = format::count(skipped);
        out.push(format!("The capture filter skipped {skipped} events."));
    }
    if app.is_paused() && app.waiting() > 0 {
        let pause = app.options.keys.text(Mode::Events, Action::Pause);
        out.push(format!(
            "The view is paused: {pause} shows what came since."
        ));
    }
    out
}
