//! The first and the last line: state and figures above, keys and place below.

use super::paint::{self, Part};
use super::{Look, area_of};
use crate::action::Action;
use crate::app::hits::Area;
use crate::app::{App, Tone, View};
use crate::event::Session;
use crate::format;
use crate::keymap::{Bound, Keys, Mode};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Paints the header. What matters least goes first when it gets narrow.
pub(super) fn header(buf: &mut Buffer, area: Rect, app: &App, look: &Look<'_>) {
    let mut left = left(app, look);
    let mut right = right(app, look);
    let wide = |list: &[(u8, Vec<Part<'_>>)]| -> usize {
        list.iter().map(|(_, parts)| paint::width(parts) + 2).sum()
    };
    while wide(&left) + wide(&right) > usize::from(area.width) + 1 {
        let least = left
            .iter()
            .chain(&right)
            .map(|(rank, _)| *rank)
            .max()
            .unwrap_or(0);
        if least == 0 {
            break;
        }
        left.retain(|(rank, _)| *rank < least);
        right.retain(|(rank, _)| *rank < least);
    }
    let ellipsis = look.theme.glyphs.ellipsis;
    let joined = |list: Vec<(u8, Vec<Part<'static>>)>, gap: &'static str| -> Vec<Part<'static>> {
        let mut out = Vec::new();
        for (i, (_, parts)) in list.into_iter().enumerate() {
            if i > 0 {
                out.push((gap.into(), look.theme.text));
            }
            out.extend(parts);
        }
        out
    };
    let spare = (usize::from(area.width) + 1).saturating_sub(wide(&left) + wide(&right));
    let gap = if area.width >= 110 && spare >= right.len() {
        "   "
    } else {
        "  "
    };
    let right = joined(right, gap);
    let left = joined(left, "  ");
    let right_width = u16::try_from(paint::width(&right)).unwrap_or(u16::MAX);
    let used = paint::parts(buf, paint::from_column(area, 1), &left, ellipsis);
    let start = area
        .width
        .saturating_sub(right_width.saturating_add(1))
        .max(used + 2);
    paint::parts(buf, paint::from_column(area, start), &right, ellipsis);
}

/// The ranked pieces of the left: 0 never goes.
fn left(app: &App, look: &Look<'_>) -> Vec<(u8, Vec<Part<'static>>)> {
    let theme = look.theme;
    let glyphs = theme.glyphs;
    let session = &look.model.session;
    let elapsed = format::elapsed(look.now_ns.saturating_sub(session.started_ns));
    let clean = |text: &str| look.text(text.as_bytes()).into_owned();
    let kernel = match session.others.is_empty() {
        true => clean(&session.kernel),
        false => String::new(),
    };
    let state = if let Some(moment) = app.moment() {
        let back = format::duration(moment.from_ns.saturating_sub(moment.time_ns));
        let minus = if look.ascii { '-' } else { '−' };
        let at = look.time_of_day(moment.time_ns);
        let text = format!("{} as of {at} ({minus}{back})", glyphs.paused);
        vec![(look.plain(text.into()), theme.warn)]
    } else if app.is_paused() {
        let waiting = format::count(app.waiting());
        let text = format!("{} paused, +{waiting} waiting", glyphs.paused);
        vec![(text.into(), theme.warn)]
    } else if app.status.ended.is_some() {
        vec![(format!("{} ended", glyphs.ended).into(), theme.warn)]
    } else {
        let sign = (glyphs.live.into(), theme.accent);
        vec![
            sign,
            (format!(" {}", app.options.source).into(), theme.text),
        ]
    };
    let mut out = vec![
        (3, vec![("execsnoop-tui".into(), theme.bright)]),
        (4, vec![(hosts(session).into(), theme.text)]),
        (6, vec![(kernel.into(), theme.dim)]),
        (0, state),
    ];
    if app.status.ended.is_none() {
        out.push((2, vec![(elapsed.into(), theme.text)]));
    }
    if app.options.presenter {
        out.push((0, vec![(key_cap(app, look).into(), theme.selected)]));
    }
    out.retain(|(_, parts)| paint::width(parts) > 0);
    out
}

/// Cells of the last key and what it does: always as many, so that nothing beside it moves.
const KEY_CAP: usize = 22;

/// Returns the last key and what it does.
fn key_cap(app: &App, look: &Look<'_>) -> String {
    let words = app.pressed().map(ToString::to_string).unwrap_or_default();
    let words = look.plain(words.into());
    let words = crate::cells::fit(&words, KEY_CAP - 2, look.theme.glyphs.ellipsis);
    let blanks = KEY_CAP - 1 - crate::cells::width(&words);
    format!(" {words}{:blanks$}", "")
}

/// Returns the machine's name, or how many machines there are.
fn hosts(session: &Session) -> String {
    let name = text::escape(session.host.as_bytes());
    match session.others.len() {
        0 => name.into_owned(),
        others => format!("{name} +{others} more"),
    }
}

fn right(app: &App, look: &Look<'_>) -> Vec<(u8, Vec<Part<'static>>)> {
    let theme = look.theme;
    let now = look.model.rate.previous_second(look.now_ns);
    let minute = || look.model.rate.last(look.now_ns, 60);
    let failed: u64 = minute().map(|b| b.failed).sum();
    let execs: u64 = minute().map(|b| b.execs).sum();
    let totals = look.model.totals;
    let figure = |name: &'static str, value: String, bad: bool| {
        let style = if bad { theme.failed } else { theme.text };
        let name_style = if bad { theme.failed } else { theme.dim };
        vec![(name.into(), name_style), (value.into(), style)]
    };
    let rate = format!("{}/s", format::count(now.execs + now.failed));
    let mut out = vec![
        (1, figure("exec ", rate, false)),
        (
            2,
            figure("failed ", format::share(failed, failed + execs), failed > 0),
        ),
        (
            0,
            figure("lost ", format::count(totals.lost), totals.lost > 0),
        ),
    ];
    if totals.not_captured > 0 {
        let skipped = format::count(totals.not_captured);
        out.push((3, figure("not captured ", skipped, false)));
    }
    if let Some(usage) = app.usage {
        let text = format!(
            "{:.1} % {}",
            usage.cpu * 100.0,
            format::size(usage.rss_bytes)
        );
        out.push((5, figure("self ", text, false)));
    }
    out
}

/// Paints what does not work, in one line.
pub(super) fn problem(buf: &mut Buffer, area: Rect, app: &App, look: &Look<'_>) {
    let Some(text) = problem_text(app) else {
        return;
    };
    let text = look.text(text.as_bytes()).into_owned();
    let line = [
        ("! ".into(), look.theme.warn),
        (text.into(), look.theme.warn),
    ];
    paint::parts(
        buf,
        paint::from_column(area, 1),
        &line,
        look.theme.glyphs.ellipsis,
    );
}

/// Returns what does not work, if anything: the most important of it.
pub(super) fn problem_text(app: &App) -> Option<String> {
    let status = &app.status;
    let more = status.problems.len() + usize::from(status.ended.is_some());
    let first = status.ended.as_ref().or(status.problems.first())?;
    Some(if more > 1 {
        let key = app.options.keys.text(Mode::Events, Action::Help);
        format!("{first} (and {} more: {key})", more - 1)
    } else {
        first.clone()
    })
}

/// Paints the footer: the answer to the last key, or the keys of the mode; and the place in the list.
/// Returns where the hints are.
pub(super) fn footer(
    buf: &mut Buffer,
    area: Rect,
    app: &App,
    look: &Look<'_>,
) -> Vec<(Area, Action)> {
    let mut hits = Vec::new();
    let theme = look.theme;
    let ellipsis = theme.glyphs.ellipsis;
    let place = place(app, look);
    let place_width = u16::try_from(paint::width(&place)).unwrap_or(0);
    let room = area.width.saturating_sub(place_width + 3);
    let left = Rect {
        x: area.x + 1,
        width: room,
        ..area
    };
    match &app.notice {
        Some(notice) => {
            let style = match notice.tone {
                Tone::Info => theme.text,
                Tone::Warning => theme.warn,
            };
            paint::text(
                buf,
                left,
                &look.plain((&*notice.text).into()),
                style,
                ellipsis,
            );
        }
        None => {
            let mut all = of_cell(app, look);
            let used: usize = all.iter().map(|(_, parts)| paint::width(parts)).sum();
            let room = (usize::from(room) + 2).saturating_sub(used);
            all.extend(hints(&app.options.keys, app.mode(), room, look));
            let mut rest = left;
            for (action, parts) in all {
                let used = paint::parts(buf, rest, &parts, "");
                // The blanks behind it are nobody's.
                let place = Rect {
                    width: used.saturating_sub(2),
                    height: 1,
                    ..rest
                };
                hits.push((area_of(place), action));
                rest = paint::from_column(rest, used);
            }
        }
    }
    let start = area.width.saturating_sub(place_width + 1);
    paint::parts(buf, paint::from_column(area, start), &place, "");
    hits
}

/// An action and how it is told.
pub(super) type Hint<'a> = (Action, Vec<Part<'a>>);

/// Returns what the keys for the marked cell would do, if one is marked.
fn of_cell<'a>(app: &App, look: &Look<'_>) -> Vec<Hint<'a>> {
    let Some(term) = super::marked::term(app, look).filter(|_| app.popups.is_empty()) else {
        return Vec::new();
    };
    let hint = |action, words: String, style| {
        let key = app.options.keys.text(app.mode(), action);
        (
            action,
            vec![(key.into(), look.theme.accent), (words.into(), style)],
        )
    };
    vec![
        hint(Action::KeepCell, format!(" {term}  "), look.theme.text),
        hint(Action::ExcludeCell, " not  ".to_owned(), look.theme.dim),
    ]
}

/// Returns as many hints as there is room for, in their order; that to the help, and that to the way out, are never
/// left out for others.
pub(super) fn hints<'a>(keys: &Keys, mode: Mode, room: usize, look: &Look<'_>) -> Vec<Hint<'a>> {
    let hint = |bound: &Bound| {
        let key = bound.keys.first().map(ToString::to_string);
        let key = look.plain(key.unwrap_or_default().into());
        let text = format!(" {}  ", bound.binding.hint.unwrap_or_default());
        vec![(key, look.theme.accent), (text.into(), look.theme.dim)]
    };
    let stays = |bound: &&Bound| matches!(bound.binding.action, Action::Help | Action::Close);
    let staying = keys.hints(mode).filter(stays);
    let mut reserved: usize = staying.map(|bound| paint::width(&hint(bound))).sum();
    let (mut full, mut used) = (false, 0);
    let mut all = Vec::new();
    for bound in keys.hints(mode) {
        let more = hint(bound);
        let wide = paint::width(&more);
        let stays = stays(&bound);
        if stays {
            reserved -= wide;
        } else {
            full |= used + wide + reserved > room;
        }
        if stays || !full {
            used += wide;
            all.push((bound.binding.action, more));
        }
    }
    all
}

fn place(app: &App, look: &Look<'_>) -> Vec<Part<'static>> {
    let theme = look.theme;
    let (index, len) = match app.view {
        View::Events => (app.table.selected(&app.list, &app.model), app.list.len()),
        View::Tree => (Some(app.tree.index()), app.tree.lines().len()),
        View::Group | View::Rate | View::Failures => match app.order() {
            Some(order) => (Some(order.cursor.index()), order.list().len()),
            None => (None, 0),
        },
    };
    let of = |n: usize| format::count(n as u64);
    let at = index.filter(|_| len > 0).map_or(0, |i| i + 1);
    let mut out: Vec<Part<'static>> = Vec::new();
    let follows = match app.view {
        View::Events => app.table.follow,
        View::Rate => app.rates.chosen().is_none(),
        View::Tree | View::Group | View::Failures => false,
    };
    if follows {
        out.push((
            format!("follow {} ", theme.glyphs.live).into(),
            theme.accent,
        ));
    }
    out.push((format!("{}/{}", of(at), of(len)).into(), theme.dim));
    out
}
