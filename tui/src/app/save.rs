//! Saving what the filter shows: the name that is asked for, and how far the program has got with it.

use super::line::Line;
use super::popup::Popup;
use super::{App, Request};
use crate::action::Action;
use crate::export::saved::{Form, Saved};
use crate::format;
use crate::store::EntryId;
use jiff::Timestamp;
use std::path::PathBuf;

/// The name that is asked for.
#[derive(Clone, Debug)]
pub struct SavePrompt {
    /// The text.
    pub line: Line,
    /// Whether there is such a file, and it is asked whether to replace it.
    pub exists: bool,
}

impl SavePrompt {
    /// Returns what will be in the file; `None` if its name does not say it.
    pub fn form(&self) -> Option<Form> {
        Form::of(self.path().as_ref())
    }

    fn path(&self) -> PathBuf {
        self.line.text().trim().into()
    }
}

impl App {
    pub(super) fn open_save(&mut self) {
        let wall_ns = i128::from(self.model.session.wall_ns(self.now_ns));
        let now = Timestamp::from_nanosecond(wall_ns).unwrap_or_default();
        let now = now.to_zoned(self.options.zone.clone());
        let name = format!("execsnoop-{}.ndjson", now.strftime("%Y%m%d-%H%M%S"));
        self.popups.push(Popup::Save(SavePrompt {
            line: Line::new(name),
            exists: false,
        }));
    }

    pub(super) fn act_in_save(&mut self, action: Action) {
        let Some(Popup::Save(prompt)) = self.popups.last_mut() else {
            return;
        };
        match action {
            Action::Accept => self.accept_save(),
            // Whether it changed the text, nobody needs to know.
            _ => _ = prompt.line.edit(action),
        }
    }

    /// Asks the program to save, once the name says what.
    fn accept_save(&mut self) {
        let Some(Popup::Save(prompt)) = self.popups.last() else {
            return;
        };
        let (path, form, over) = (prompt.path(), prompt.form(), prompt.exists);
        let Some(form) = form else {
            return self.warn("the name says the form: let it end with .ndjson or .csv");
        };
        self.popups.pop();
        self.requests.push(Request::Save { path, form, over });
    }

    /// Asks whether to replace a file that is there.
    pub fn ask_to_replace(&mut self, path: &std::path::Path) {
        self.set_dirty();
        self.popups.push(Popup::Save(SavePrompt {
            line: Line::new(path.display().to_string()),
            exists: true,
        }));
    }

    /// Returns the rows that the filter shows, to be saved; of a recording also those that are folded into others.
    pub fn saved(&self, form: Form) -> Saved {
        let first = self.model.store.first_id().0;
        let entries: Vec<EntryId> = match form {
            Form::Csv => self.list.iter_from(0).collect(),
            Form::Ndjson => (first..self.model.store.next_id().0)
                .map(EntryId)
                .filter(|id| self.list.shows(*id) || self.gaps.binary_search(id).is_ok())
                .collect(),
        };
        let columns = self.columns_within(self.hits.screen.width);
        let columns: Vec<_> = match self.options.columns.iter().any(|column| column.chosen) {
            true => columns.into_iter().map(|(field, _)| field).collect(),
            // Nobody chose: all that is known.
            false => Vec::new(),
        };
        Saved::new(form, entries, &columns, &self.model)
    }

    /// Says how far saving has got, or what came of it.
    pub fn tell_saving(&mut self, told: Result<String, String>) {
        self.set_dirty();
        match told {
            Ok(sentence) => self.inform(sentence),
            Err(sentence) => self.warn(sentence),
        }
    }

    /// Returns what Enter will do in the prompt for a name, or what is wrong with it.
    pub(crate) fn save_in_words(&self, prompt: &SavePrompt) -> Result<String, &'static str> {
        let form = prompt.form();
        let form =
            form.ok_or("the name says the form: .ndjson or .csv, with .gz or .zst behind it")?;
        let rows = match form {
            Form::Csv => self.rows_shown().0,
            Form::Ndjson => self.rows_shown().0 + self.list.folded(),
        };
        let rows = format::count(rows as u64);
        Ok(match form {
            Form::Csv => format!("{rows} rows for a spreadsheet"),
            Form::Ndjson => format!("{rows} rows, to be opened with -r"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::*;
    use crossterm::event::Event;

    fn prompt(app: &App) -> &SavePrompt {
        match app.popups.last() {
            Some(Popup::Save(prompt)) => prompt,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_name_is_asked_for_and_says_the_form() {
        let mut app = app(100);
        app.apply(build());
        app.handle(Event::FocusGained, START + 9 * S);
        app.act(Action::Save);
        let name = "execsnoop-20260301-120009.ndjson";
        assert_eq!(prompt(&app).line.text(), name);
        let words = app.save_in_words(prompt(&app));
        assert_eq!(words, Ok("13 rows, to be opened with -r".to_owned()));
        app.act(Action::EraseLine);
        app.handle(Event::Paste("x".into()), START);
        app.act(Action::Accept);
        assert!(app.take_requests().is_empty() && app.notice.is_some());
        app.handle(Event::Paste(".csv.gz".into()), START);
        app.act(Action::Accept);
        let (path, form, over) = ("x.csv.gz".into(), Form::Csv, false);
        assert_eq!(app.take_requests(), [Request::Save { path, form, over }]);
        assert!(app.popups.is_empty());
    }

    #[test]
    fn a_file_that_is_there_is_asked_about() {
        let mut app = app(100);
        app.ask_to_replace("day.ndjson".as_ref());
        app.act(Action::Close);
        assert!(app.take_requests().is_empty() && app.popups.is_empty());
        app.ask_to_replace("day.ndjson".as_ref());
        app.act(Action::Accept);
        assert!(matches!(
            &app.take_requests()[..],
            [Request::Save { over: true, .. }]
        ));
    }

    #[test]
    fn what_the_filter_hides_is_not_saved() {
        let mut app = app(100);
        app.apply(build());
        app.replace_filter("failed");
        for form in [Form::Csv, Form::Ndjson] {
            let mut saved = app.saved(form);
            while saved.slice(&app.model, 2, &mut Vec::new()) {}
            assert_eq!(saved.rows(), 2, "{form:?}");
        }
    }
}
