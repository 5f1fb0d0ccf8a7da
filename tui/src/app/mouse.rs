//! What clicks and the wheel do.

use super::copy::What;
use super::hits::Area;
use super::popup::{Popup, sort_by};
use super::{App, Outcome, View};
use crate::action::Action;
use crate::keymap::Mode;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

/// Lines by which one turn of the wheel scrolls.
const WHEEL: isize = 3;

impl App {
    pub(super) fn mouse(&mut self, event: MouseEvent) -> Outcome {
        match event.kind {
            MouseEventKind::ScrollUp => self.wheel(-WHEEL, event),
            MouseEventKind::ScrollDown => self.wheel(WHEEL, event),
            MouseEventKind::Down(MouseButton::Left) => {
                self.set_dirty();
                return self.click(event.column, event.row);
            }
            _ => return Outcome::Continue,
        }
        self.set_dirty();
        Outcome::Continue
    }

    fn wheel(&mut self, by: isize, at: MouseEvent) {
        let (chart, _) = self.hits.chart;
        if self.popups.is_empty() && chart.contains(at.column, at.row) {
            // Up goes back in time, as it does in the table of events.
            let way = if by < 0 { Action::Left } else { Action::Right };
            self.act(way);
            return;
        }
        let page = self.hits.page();
        let visible = usize::from(self.hits.popup.height);
        let last = self.hits.popup_lines.saturating_sub(visible);
        let items = self.sort_items();
        match self.popups.last_mut() {
            Some(Popup::Details(details)) => details.scroll_by(by, self.hits.popup_lines, visible),
            Some(Popup::Help(help)) => {
                help.scroll = help.scroll.saturating_add_signed(by).min(last);
            }
            Some(Popup::Sort(menu)) => {
                let to = menu.selected.saturating_add_signed(by.signum());
                menu.selected = to.min(items - 1);
            }
            Some(Popup::By(menu)) => {
                let to = menu.selected.saturating_add_signed(by.signum());
                menu.selected = to.min(menu.last());
            }
            Some(Popup::Columns(_)) => {
                let way = if by < 0 { Action::Up } else { Action::Down };
                self.act_in_columns(way);
            }
            Some(Popup::Copy(menu)) => {
                let to = menu.selected.saturating_add_signed(by.signum());
                menu.selected = to.min(What::ALL.len() - 1);
            }
            Some(Popup::Terms(list)) => {
                let to = list.selected.saturating_add_signed(by.signum());
                list.selected = to.min(list.hides.len().saturating_sub(1));
            }
            Some(Popup::Prompt(_) | Popup::Save(_)) => {}
            None => match self.view {
                View::Events => self.table.scroll(by, &self.list, &self.model, page),
                View::Tree => self.tree.scroll(by, page),
                View::Group | View::Rate | View::Failures => {
                    if let Some(order) = self.order_mut() {
                        order.scroll(by, page);
                    }
                }
            },
        }
    }

    fn click(&mut self, x: u16, y: u16) -> Outcome {
        self.notice = None;
        let hints = self.hits.hints.iter();
        if let Some(action) = hit(hints, x, y) {
            return self.act(action);
        }
        match self.mode() {
            Mode::Sort | Mode::By | Mode::Columns | Mode::Copy | Mode::Filters => {
                self.click_menu(x, y);
            }
            Mode::Details => self.click_details(x, y),
            Mode::Help | Mode::HelpSearch => {
                if !self.hits.popup.contains(x, y) {
                    self.popups.pop();
                }
            }
            Mode::Prompt | Mode::Palette | Mode::Save | Mode::Replace => {}
            Mode::Events | Mode::Tree | Mode::Group | Mode::Rate | Mode::Failures => {
                self.click_view(x, y);
            }
        }
        Outcome::Continue
    }

    fn click_view(&mut self, x: u16, y: u16) {
        let hits = &self.hits;
        let (chart, first) = hits.chart;
        let (bars, oldest, seconds) = hits.bars;
        if let Some(view) = hit(hits.tabs.iter(), x, y) {
            self.set_view(view);
        } else if bars.contains(x, y) {
            self.click_bar(oldest + u64::from(x - bars.x) * seconds, seconds);
        } else if chart.contains(x, y) {
            let column = first + u64::from(x - chart.x) * self.rates.step();
            self.click_moment(column);
        } else if let (View::Events, Some(field)) = (self.view, hit(hits.headers.iter(), x, y)) {
            self.set_sort(sort_by(field, self.sort()));
        } else if let Some(by) = hit(hits.columns.iter(), x, y) {
            self.sort_groups(by);
        } else if let Some(index) = hit(hits.marks.iter(), x, y) {
            self.tree.select(index, self.hits.page());
            self.act(Action::ToggleFold);
        } else if hits.rows.contains(x, y) {
            let line = usize::from(y - hits.rows.y);
            self.mark_at(x);
            self.click_row(line);
        }
    }

    /// Selects the clicked line; a click on the selected one does what Enter does.
    fn click_row(&mut self, line: usize) {
        let page = self.hits.page();
        let again = match self.view {
            View::Events => {
                let window = self.table.window(&self.list, &self.model, page);
                let index = window.top + line;
                if index >= self.list.len() {
                    return;
                }
                self.table.select(index, &self.list, &self.model, page);
                window.selected == Some(index)
            }
            View::Tree => {
                let window = self.tree.window(page);
                let index = window.top + line;
                if index >= self.tree.lines().len() {
                    return;
                }
                self.tree.select(index, page);
                window.selected == Some(index)
            }
            View::Group | View::Rate | View::Failures => {
                let Some(order) = self.order_mut() else {
                    return;
                };
                let len = order.list().len();
                let window = order.cursor.window(len, page);
                let index = window.top + line;
                if index >= len {
                    return;
                }
                order.select(index, page);
                let again = window.selected == Some(index);
                if again && self.view != View::Rate {
                    self.act(Action::Drill);
                    return;
                }
                again
            }
        };
        if again {
            self.open_details();
        }
    }

    fn click_menu(&mut self, x: u16, y: u16) {
        let area = self.hits.popup;
        if !area.contains(x, y) {
            return self.close();
        }
        let items = self.sort_items();
        let line = usize::from(y - area.y);
        match self.popups.last_mut() {
            Some(Popup::Sort(menu)) if menu.scroll + line < items => {
                menu.selected = menu.scroll + line;
                self.act(Action::Accept);
            }
            Some(Popup::Copy(menu)) if line < What::ALL.len() => {
                menu.selected = line;
                self.act(Action::Accept);
            }
            Some(Popup::Columns(menu)) if menu.scroll + line < menu.shown().count() => {
                menu.selected = menu.scroll + line;
                self.act(Action::Mark);
            }
            Some(Popup::Terms(list)) if list.scroll + line < list.hides.len() => {
                list.selected = list.scroll + line;
                self.act(Action::Mark);
            }
            Some(Popup::By(menu)) if menu.scroll + line <= menu.last() => {
                menu.selected = menu.scroll + line;
                self.act(Action::Mark);
            }
            _ => {}
        }
    }
}

/// Returns what stands at a cell of the screen.
fn hit<'a, T: Copy + 'a>(
    mut hits: impl Iterator<Item = &'a (Area, T)>,
    x: u16,
    y: u16,
) -> Option<T> {
    let hit = hits.find(|(area, _)| area.contains(x, y));
    hit.map(|(_, what)| *what)
}
