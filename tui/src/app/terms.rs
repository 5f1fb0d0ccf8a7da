//! The list of what the filter asks: each term on a line, on or off, with the rows that it alone hides.

use super::App;
use super::handle::moved;
use super::popup::Popup;
use crate::action::Action;
use crate::filter::{Filter, FilterError};
use crate::keymap::Mode;

#[cfg(test)]
mod tests;

/// A part of the filter that a row must pass, or would if it were on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The part, a filter itself.
    pub text: String,
    /// Whether rows are asked.
    pub on: bool,
}

/// Terms that are off, each with how many of those that are on stand before it. Those that are on are the filter's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Off(Vec<(usize, String)>);

impl Off {
    fn of(terms: &[Term]) -> Self {
        let mut before = 0;
        let mut off = Vec::new();
        for term in terms {
            if term.on {
                before += 1;
            } else {
                off.push((before, term.text.clone()));
            }
        }
        Self(off)
    }

    fn among(&self, on: Vec<String>) -> Vec<Term> {
        let mut terms = Vec::with_capacity(on.len() + self.0.len());
        let mut off = self.0.iter().peekable();
        let term = |(_, text): &(usize, String)| Term {
            text: text.clone(),
            on: false,
        };
        for (place, text) in on.into_iter().enumerate() {
            while let Some(here) = off.next_if(|(before, _)| *before <= place) {
                terms.push(term(here));
            }
            terms.push(Term { text, on: true });
        }
        terms.extend(off.map(term));
        terms
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The filter and what of it is off, to go back to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) text: String,
    pub(super) off: Off,
}

/// The list of terms, open on top of a view.
#[derive(Clone, Debug, Default)]
pub struct TermList {
    /// The selected line.
    pub selected: usize,
    /// First visible line.
    pub scroll: usize,
    /// Of each term that is on, how many rows only it hides; of each that is off, how many more it would hide.
    pub hides: Vec<usize>,
}

/// A term that is edited, among the others.
#[derive(Clone, Debug)]
pub(super) struct Edited {
    at: usize,
    terms: Vec<Term>,
}

impl Edited {
    /// Returns the terms with a filter in the place of the edited one.
    fn with(&self, filter: &Filter) -> Vec<Term> {
        let on = |text| Term { text, on: true };
        let mut terms = self.terms.clone();
        let at = self.at.min(terms.len());
        let to = (at + 1).min(terms.len());
        terms.splice(at..to, filter.terms().into_iter().map(on));
        terms
    }
}

impl App {
    /// Returns the terms of the filter, and those that are off in their places.
    pub fn terms(&self) -> Vec<Term> {
        self.off.among(self.list.filter().terms())
    }

    /// Returns the filter with what of it is off.
    pub(super) fn kept(&self) -> Kept {
        Kept {
            text: self.list.filter().text().trim().to_owned(),
            off: self.off.clone(),
        }
    }

    /// Returns the filter that the terms that are on make up.
    fn made_of(&self, terms: &[Term]) -> Result<Filter, FilterError> {
        let on = terms.iter().filter(|term| term.on);
        Filter::all(
            on.map(|term| term.text.as_str()),
            &self.options.zone,
            &self.options.names,
        )
    }

    fn set_terms(&mut self, terms: &[Term]) {
        // Terms of filters are filters.
        if let Ok(filter) = self.made_of(terms) {
            let before = self.kept();
            self.set_filter(filter);
            self.off = Off::of(terms);
            self.remember(before);
        }
    }

    pub(super) fn open_terms(&mut self) {
        if self.terms().is_empty() {
            let key = self.options.keys.text(Mode::Events, Action::Filter);
            return self.warn(format!("there is no filter: {key} makes one"));
        }
        self.popups.push(Popup::Terms(TermList::default()));
        self.count_terms();
    }

    /// Counts anew what each term hides, if the list is shown.
    pub(super) fn count_terms(&mut self) {
        if !matches!(self.popups.last(), Some(Popup::Terms(_))) {
            return;
        }
        let terms = self.terms();
        let hides = self.hidden_by(&terms);
        if let Some(Popup::Terms(list)) = self.popups.last_mut() {
            list.hides = hides;
            list.selected = list.selected.min(terms.len().saturating_sub(1));
        }
        if terms.is_empty() {
            self.popups.pop();
            self.inform("no term is left, so there is no filter");
        }
    }

    fn hidden_by(&self, terms: &[Term]) -> Vec<usize> {
        let first = self.model.store.first_id().0;
        // Of each entry the terms that hide it: none, this one, or several.
        let mut hidden: Vec<u16> = vec![0; self.model.store.len()];
        const SEVERAL: u16 = u16::MAX;
        let parsed: Vec<_> = terms.iter().map(|term| self.parse(&term.text)).collect();
        let mut hides = vec![0; terms.len()];
        let places = terms.iter().zip(&parsed).enumerate();
        for (place, (term, filter)) in places.clone() {
            let (Ok(filter), true) = (filter, term.on) else {
                continue;
            };
            let own = u16::try_from(place + 1).unwrap_or(SEVERAL);
            filter.tester(&self.model).each(|id, passes| {
                if let Some(by) = hidden.get_mut((id.0 - first) as usize).filter(|_| !passes) {
                    *by = if *by == 0 { own } else { SEVERAL };
                }
            });
        }
        for by in &hidden {
            if let Some(count) = hides.get_mut(usize::from(*by).wrapping_sub(1)) {
                *count += 1;
            }
        }
        for (place, (term, filter)) in places {
            let (Ok(filter), false) = (filter, term.on) else {
                continue;
            };
            filter.tester(&self.model).each(|id, passes| {
                let shown = hidden.get((id.0 - first) as usize) == Some(&0);
                hides[place] += usize::from(shown && !passes);
            });
        }
        hides
    }

    pub(super) fn act_in_terms(&mut self, action: Action, page: usize) {
        let mut terms = self.terms();
        let Some(Popup::Terms(list)) = self.popups.last_mut() else {
            return;
        };
        let at = list.selected;
        match action {
            Action::Mark => {
                if let Some(term) = terms.get_mut(at) {
                    term.on = !term.on;
                    self.set_terms(&terms);
                }
            }
            Action::RemoveTerm if at < terms.len() => {
                terms.remove(at);
                self.set_terms(&terms);
            }
            Action::Accept => {
                let text = terms.get(at).map(|term| term.text.clone());
                return self.open_term(text.unwrap_or_default(), Edited { at, terms });
            }
            _ => {
                list.selected = moved(action, at, terms.len().saturating_sub(1), page);
                return;
            }
        }
        self.count_terms();
    }

    /// Parses what is typed in the place of a term; returns the whole filter with it.
    pub(super) fn parse_edited(&self, text: &str, edited: &Edited) -> Result<Filter, FilterError> {
        let filter = self.parse(text)?;
        self.made_of(&edited.with(&filter))
    }

    /// Takes what was typed in the place of a term.
    pub(super) fn take_edited(&mut self, text: &str, edited: &Edited) {
        if let Ok(filter) = self.parse(text) {
            self.off = Off::of(&edited.with(&filter));
        }
    }
}
