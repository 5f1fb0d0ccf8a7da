//! What clicks and the wheel do.

use super::copy::What;
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
            MouseEventKind::Down(MouseButton::Left) => self.click(event.column, event.row),
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
            Some(Popup::Copy(menu)) => {
                let to = menu.selected.saturating_add_signed(by.signum());
                menu.selected = to.min(What::ALL.len() - 1);
            }
            Some(Popup::Terms(list)) => {
                let to = list.selected.saturating_add_signed(by.signum());
                list.selected = to.min(list.hides.len().saturating_sub(1));
            }
            Some(Popup::Prompt(_)) => {}
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

    fn click(&mut self, x: u16, y: u16) {
        self.notice = None;
        match self.mode() {
            Mode::Sort | Mode::By | Mode::Copy | Mode::Filters => return self.click_menu(x, y),
            Mode::Details => return self.click_details(x, y),
            Mode::Help | Mode::HelpSearch => {
                if !self.hits.popup.contains(x, y) {
                    self.popups.pop();
                }
                return;
            }
            Mode::Prompt | Mode::Palette => return,
            Mode::Events | Mode::Tree | Mode::Group | Mode::Rate | Mode::Failures => {}
        }
        if let Some((_, view)) = self.hits.tabs.iter().find(|(area, _)| area.contains(x, y)) {
            self.set_view(*view);
        } else if self.hits.chart.0.contains(x, y) {
            let (chart, first) = self.hits.chart;
            let column = first + u64::from(x - chart.x) * self.rates.step();
            self.click_moment(column);
        } else if let Some((_, field)) = self
            .hits
            .headers
            .iter()
            .find(|(area, _)| area.contains(x, y))
        {
            self.set_sort(sort_by(field, self.sort()));
        } else if let Some((_, by)) = self
            .hits
            .columns
            .iter()
            .find(|(area, _)| area.contains(x, y))
        {
            self.sort_groups(*by);
        } else if let Some((_, index)) =
            self.hits.marks.iter().find(|(area, _)| area.contains(x, y))
        {
            let index = *index;
            self.tree.select(index, self.hits.page());
            self.act(Action::ToggleFold);
        } else if self.hits.rows.contains(x, y) {
            self.click_row(usize::from(y - self.hits.rows.y));
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
