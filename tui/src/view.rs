//! From the state of the screen to cells. Only what is visible becomes cells.
//!
//! ```text
//!  status   execsnoop-tui  web-01  6.18.44  ● live  00:12:41        exec 1,204/s   failed 3.1 %   lost 0
//!  rate      ▁▁▂▂▃▅▇█▇▅▃▂▂▁▁▁▂▂▂▃▃▃▅▅▆▇█▇▇▆▅▅▃▂▁▁▁      98,204 execs, peak 2,310/s, 5 min
//!            ▂           ▁▁                ▃▅▂                                3,044 failed, peak 71/s
//!  tabs     [1 Events] 2 Tree    filter make|ninja                                     142 of 98,204
//!  table     TIME ▲          PID    PPID PARENT   USER     RES       EXIT    DUR COMMAND
//!  or tree   12:03:07.118  48213   48200 make     build    ok           0   41ms gcc -O2 -c foo.c
//!           ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 214 events lost here, before 12:03:07.402 ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
//!           ▌12:03:07.511  48230   48190 sh       alice    ok           0    2ms ls --color=auto
//!  problem  ! failed execs are not captured: …                                    (only if there is one)
//!  strip    ── 48230 ls ──────────────────────────────────────────────────────────────────────
//!             file /usr/bin/ls   user alice   exited 0 after 2.1ms
//!             systemd(1) › sshd(812) › bash(48190) › ls(48230)
//!  footer   f filter  / search  Space pause  t tree  s sort  Enter details  ? help   follow ● 142/142
//! ```
//!
//! Popups lie on top: details, sort menu, help; a prompt takes the last two lines.

mod cell;
mod chart;
mod columns;
mod detail;
mod empty;
mod failures;
mod group;
mod help;
mod marked;
mod menu;
mod offers;
mod paint;
mod pivots;
mod prompt;
mod rate;
mod rates;
mod save;
mod status;
mod strip;
mod table;
mod tabs;
mod terms;
mod theme;
mod tree;

#[cfg(test)]
mod tests;

use crate::app::hits::{Area, Hits};
use crate::app::popup::Popup;
use crate::app::{App, Search, View};
use crate::format;
use crate::model::Model;
use jiff::tz::TimeZone;
use paint::Part;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear, Widget};
use std::borrow::Cow;
use theme::Theme;

/// The narrowest and the lowest screen that there is something to be seen on.
const SMALLEST: (u16, u16) = (20, 5);

/// What every panel needs to look the same.
struct Look<'a> {
    theme: &'a Theme,
    model: &'a Model,
    search: &'a Search,
    zone: &'a TimeZone,
    ascii: bool,
    now_ns: u64,
    /// Whether that is a moment of the past.
    is_past: bool,
}

impl<'a> Look<'a> {
    /// Returns a row as it was at the moment that is looked at.
    fn as_of<'r>(&self, row: &'r crate::store::Row) -> Cow<'r, crate::store::Row> {
        match self.is_past {
            true => row.as_of(self.now_ns),
            false => Cow::Borrowed(row),
        }
    }

    /// Returns the time of day of an instant.
    fn time_of_day(&self, time_ns: u64) -> String {
        format::time_of_day(self.model.session.wall_ns(time_ns), self.zone)
    }

    /// Returns the date and the time of day of an instant.
    fn date_time(&self, time_ns: u64) -> String {
        format::date_time(self.model.session.wall_ns(time_ns), self.zone)
    }

    /// Returns a user's name, or its number, or a question mark.
    fn user(&self, uid: Option<u32>) -> Cow<'a, str> {
        match uid {
            None => "?".into(),
            Some(uid) => match self.model.users.name(uid) {
                Some(name) => self.text(name.as_bytes()),
                None => uid.to_string().into(),
            },
        }
    }

    /// Returns captured bytes as they are shown here.
    fn text<'t>(&self, bytes: &'t [u8]) -> Cow<'t, str> {
        self.shown(crate::text::escape(bytes))
    }

    /// Returns captured text that is escaped already as it is shown here.
    fn shown<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        if self.ascii {
            crate::text::ascii(text)
        } else {
            text
        }
    }

    /// Returns our own words without the few signs that bare consoles lack.
    fn plain<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        if !self.ascii || text.is_ascii() {
            return text;
        }
        // `~/` would be the home directory.
        let dots = [("…/", ".../"), ("…", "~")];
        let signs = [("µ", "u"), ("×", "x"), ("→", "->"), ("›", ">")];
        let signs =
            dots.into_iter()
                .chain(signs)
                .chain([("↑", "Up"), ("↓", "Down"), ("←", "Left")]);
        let replaced = signs.fold(text.into_owned(), |text, (sign, plain)| {
            text.replace(sign, plain)
        });
        crate::text::ascii(Cow::Owned(replaced))
    }
}

/// What makes a [`Look`] together with the state.
#[derive(Clone, Copy)]
struct LookAt<'t> {
    theme: &'t Theme,
    now_ns: u64,
}

impl<'t> LookAt<'t> {
    fn look<'a>(&self, app: &'a App) -> Look<'a>
    where
        't: 'a,
    {
        Look {
            theme: self.theme,
            model: &app.model,
            search: &app.search,
            zone: &app.options.zone,
            ascii: app.options.ascii,
            now_ns: self.now_ns,
            is_past: app.moment().is_some(),
        }
    }
}

/// Which lines each panel has; panels give way when the screen is low.
#[derive(Debug, Default)]
struct Panels {
    status: Rect,
    rate: Rect,
    tabs: Rect,
    body: Rect,
    problem: Rect,
    strip: Rect,
    footer: Rect,
}

impl Panels {
    fn new(screen: Rect, problem: bool, wrap: bool) -> Self {
        let lines = |on: bool, lines: u16| if on { lines } else { 0 };
        let height = screen.height;
        let status = 1;
        let rate = lines(height >= 12, 1) + lines(height >= 24, 1);
        let tabs = lines(height >= 8, 1);
        let problem = lines(problem && height >= 10, 1);
        let strip = match wrap {
            true => lines(height >= 10, strip::HEIGHT + height / 6),
            false => lines(height >= 20, strip::HEIGHT),
        };
        let footer = lines(height >= 6, 1);
        let body = height.saturating_sub(status + rate + tabs + problem + strip + footer);
        let mut y = screen.y;
        let mut next = |height: u16| {
            let panel = Rect {
                y,
                height,
                ..screen
            };
            y += height;
            panel
        };
        Self {
            status: next(status),
            rate: next(rate),
            tabs: next(tabs),
            body: next(body),
            problem: next(problem),
            strip: next(strip),
            footer: next(footer),
        }
    }
}

/// Draws the screen.
pub fn draw(frame: &mut Frame<'_>, app: &mut App, now_ns: u64) {
    draw_all(frame, app, now_ns);
    if app.options.ascii {
        // Of what is typed, a cell stands for a character, so that the cursor stands where it should.
        paint::without_others_than_ascii(frame.buffer_mut());
    }
}

fn draw_all(frame: &mut Frame<'_>, app: &mut App, now_ns: u64) {
    let now_ns = app.moment().map_or(now_ns, |moment| moment.time_ns);
    let screen = frame.area();
    app.hits = Hits {
        screen: area_of(screen),
        ..Hits::default()
    };
    let options = &app.options;
    let theme = Theme::new(options.theme, options.color, options.ascii);
    let look_at = LookAt {
        theme: &theme,
        now_ns,
    };
    if theme.ground != Style::new() {
        frame.buffer_mut().set_style(screen, theme.ground);
    }
    if screen.width < SMALLEST.0 || screen.height < SMALLEST.1 {
        let (width, height) = SMALLEST;
        let words = format!("needs {width}x{height}");
        paint::text(frame.buffer_mut(), screen, &words, theme.warn, "");
        return;
    }
    let panels = Panels::new(screen, status::problem_text(app).is_some(), app.wrap);
    let buf = frame.buffer_mut();
    let look = look_at.look(app);
    status::header(buf, panels.status, app, &look);
    let bars = rate::draw(buf, panels.rate, &look);
    let tabs = if panels.tabs.height > 0 {
        tabs::draw(buf, panels.tabs, app, &look)
    } else {
        Vec::new()
    };
    app.hits.tabs = tabs;
    app.hits.bars = bars;
    match app.view {
        View::Events => table::draw(buf, panels.body, app, look_at),
        View::Tree => tree::draw(buf, panels.body, app, look_at),
        View::Group => group::draw(buf, panels.body, app, look_at),
        View::Rate => rates::draw(buf, panels.body, app, look_at),
        View::Failures => failures::draw(buf, panels.body, app, look_at),
    }
    marked::draw(buf, app);
    let look = look_at.look(app);
    let lines = match app.view {
        View::Events if app.rows_shown().0 > 0 => usize::MAX,
        // Gaps pass every filter.
        View::Events => app.list.len(),
        View::Tree => app.tree.lines().len(),
        View::Group => app.groups.order.list().len(),
        View::Rate => app.rates.order.list().len(),
        View::Failures => app.failures.order.list().len(),
    };
    if let Ok(lines) = u16::try_from(lines)
        && (app.view == View::Events || lines == 0)
    {
        let rows = rect_of(app.hits.rows);
        empty::draw(buf, paint::below(rows, lines), app, &look);
    }
    status::problem(buf, panels.problem, app, &look);
    if panels.strip.height > 0 {
        strip::draw(buf, panels.strip, app, &look);
    }
    if panels.footer.height > 0 {
        let hints = status::footer(buf, panels.footer, app, &look);
        app.hits.hints = hints;
    }
    popups(frame, app, &panels, look_at);
}

fn popups(frame: &mut Frame<'_>, app: &mut App, panels: &Panels, look_at: LookAt<'_>) {
    let screen = frame.area();
    // Between the line of state and the line of keys, both of which stay in sight.
    let middle = Rect {
        y: panels.status.bottom(),
        height: screen
            .height
            .saturating_sub(panels.status.height + panels.footer.height),
        ..screen
    };
    let buf = frame.buffer_mut();
    match app.popups.last() {
        None => {}
        Some(Popup::Details(_)) => detail::draw(buf, middle, app, look_at),
        Some(Popup::Columns(_)) => columns::draw(buf, middle, app, look_at),
        Some(Popup::Sort(_) | Popup::By(_) | Popup::Copy(_)) => {
            menu::draw(buf, middle, app, look_at)
        }
        Some(Popup::Terms(_)) => terms::draw(buf, middle, app, look_at),
        Some(Popup::Help(_)) => {
            if let Some(cursor) = help::draw(buf, middle, app, look_at) {
                frame.set_cursor_position(cursor);
            }
        }
        Some(Popup::Save(_)) => {
            // They are painted over.
            app.hits.hints.clear();
            let place = Rect {
                y: screen.bottom().saturating_sub(save::HEIGHT),
                height: save::HEIGHT,
                ..screen
            };
            let cursor = save::draw(buf, place, app, &look_at.look(app));
            if let Some(cursor) = cursor {
                frame.set_cursor_position(cursor);
            }
        }
        Some(Popup::Prompt(_)) => {
            app.hits.hints.clear();
            let place = paint::below(screen, panels.status.height);
            let cursor = prompt::draw(buf, place, app, look_at);
            if let Some(cursor) = cursor {
                frame.set_cursor_position(cursor);
            }
        }
    }
}

/// Clears a popup's place and frames it. Returns what is inside the frame.
fn popup_frame(buf: &mut Buffer, area: Rect, title: &str, look: &Look<'_>) -> Rect {
    Clear.render(area, buf);
    buf.set_style(area, look.theme.ground);
    let block = Block::bordered().border_style(look.theme.dim);
    let block = if look.ascii {
        block.border_set(ASCII_BORDER)
    } else {
        block
    };
    let inside = block.inner(area);
    block.render(area, buf);
    let top = Rect {
        x: area.x + 2.min(area.width),
        width: area.width.saturating_sub(4),
        height: area.height.min(1),
        ..area
    };
    paint::over(
        buf,
        top,
        &look.plain(format!(" {title} ").into()),
        look.theme.ground.patch(look.theme.bright),
        look.theme.glyphs.ellipsis,
    );
    Rect {
        x: inside.x + 1.min(inside.width),
        width: inside.width.saturating_sub(2),
        ..inside
    }
}

const ASCII_BORDER: ratatui::symbols::border::Set<'static> = ratatui::symbols::border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Paints the lines from `scroll` on. Returns the scroll position that there can be.
fn scroll_text(
    buf: &mut Buffer,
    area: Rect,
    lines: &[Vec<Part<'_>>],
    scroll: usize,
    look: &Look<'_>,
) -> usize {
    let ellipsis = look.theme.glyphs.ellipsis;
    let page = usize::from(area.height);
    let scroll = scroll.min(lines.len().saturating_sub(page));
    for (y, parts) in (0..area.height).zip(lines.iter().skip(scroll)) {
        paint::parts(buf, paint::line(area, y), parts, ellipsis);
    }
    if lines.len() > page && area.width > 0 {
        let below = lines.len() - page - scroll;
        let text = if below > 0 {
            format!(" {below} more below ")
        } else {
            " end ".to_owned()
        };
        let frame = Rect {
            y: area.bottom(),
            height: 1,
            ..area
        };
        paint::text_right(buf, frame, &text, look.theme.dim, ellipsis);
    }
    scroll
}

fn area_of(rect: Rect) -> Area {
    Area {
        x: rect.x,
        y: rect.y,
        width: rect.width,
        height: rect.height,
    }
}

fn rect_of(area: Area) -> Rect {
    Rect::new(area.x, area.y, area.width, area.height)
}
