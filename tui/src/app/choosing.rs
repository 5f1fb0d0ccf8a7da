//! Going through what is offered to a prompt, and through earlier lines, and taking one.

use super::offers::{Does, Offer};
use super::popup::Popup;
use super::prompt::{Prompt, PromptKind};
use super::{App, Outcome};

impl App {
    /// Puts the highlighted offer into the line, or the best; asks for offers if there are none.
    pub(super) fn complete(&mut self) {
        if self.prompt().is_some_and(|p| p.offers.list.is_empty()) {
            self.with_prompt(|prompt| prompt.asked = true);
            self.renew_offers();
            if self.prompt().is_some_and(|p| p.offers.list.is_empty()) {
                self.warn("nothing is known that could stand here");
            }
        } else {
            self.take_best();
        }
    }

    pub(super) fn take_best(&mut self) {
        let best = self.prompt().and_then(|prompt| prompt.offers.best());
        if let Some(offer) = best.cloned() {
            self.take_offer(&offer);
        }
    }

    fn take_offer(&mut self, offer: &Offer) {
        self.with_prompt(|prompt| {
            let range = prompt.offers.range.clone();
            prompt.line.replace(range, &offer.text);
            prompt.edited = !prompt.recalling;
            (prompt.asked, prompt.recalling) = (false, false);
        });
        self.prompt_changed();
    }

    /// Offers earlier lines that have what is typed, or no longer.
    pub(super) fn recall(&mut self) {
        let mut recalling = false;
        self.with_prompt(|prompt| {
            prompt.recalling = !prompt.recalling;
            recalling = prompt.recalling;
        });
        self.renew_offers();
        if recalling && self.prompt().is_some_and(|p| p.offers.list.is_empty()) {
            self.with_prompt(|prompt| prompt.recalling = false);
            self.renew_offers();
            self.warn("no earlier line has this");
        }
    }

    pub(super) fn up_in_prompt(&mut self) {
        let mut older = false;
        self.with_prompt(|prompt| {
            let offers = &mut prompt.offers;
            match offers.selected {
                Some(0) if prompt.kind == PromptKind::Palette => older = true,
                Some(0) if !prompt.recalling => offers.selected = None,
                None if !prompt.edited || offers.list.is_empty() => older = true,
                _ => _ = offers.step(-1),
            }
        });
        if older {
            self.go_through_history(1);
        }
    }

    pub(super) fn down_in_prompt(&mut self) {
        let mut newer = false;
        self.with_prompt(|prompt| {
            newer = prompt.recalled.is_some() && !prompt.edited;
            newer |= prompt.offers.list.is_empty();
            if !newer {
                prompt.offers.step(1);
            }
        });
        if newer {
            self.go_through_history(-1);
        }
    }

    /// Puts an earlier line in the place of what is typed, or a later one; before the earliest comes what was typed.
    fn go_through_history(&mut self, by: isize) {
        let Some(Popup::Prompt(prompt)) = self.popups.last_mut() else {
            return;
        };
        let name = prompt.kind.name();
        let history = self.histories.of(prompt.kind);
        let at = prompt.recalled.as_ref().map(|(at, _)| *at);
        let next = match (at, by > 0) {
            (None, true) => Some(0),
            (None, false) => return self.warn(format!("no later {name}")),
            (Some(at), true) => Some(at + 1),
            (Some(at), false) => at.checked_sub(1),
        };
        let draft = |prompt: &Prompt| match &prompt.recalled {
            Some((_, draft)) => draft.clone(),
            None => prompt.text().to_owned(),
        };
        match next.map(|at| (at, history.newest_first().nth(at))) {
            Some((at, Some(line))) => {
                let draft = draft(prompt);
                prompt.put(line.to_owned());
                prompt.recalled = Some((at, draft));
            }
            Some((_, None)) => return self.warn(format!("no earlier {name}")),
            None => {
                let draft = draft(prompt);
                prompt.put(draft);
                prompt.recalled = None;
            }
        }
        self.prompt_changed();
    }

    pub(super) fn accept_offer(&mut self, offer: &Offer) -> Outcome {
        match (&offer.why_not, offer.does) {
            (Some(why), _) => self.warn(why.clone()),
            (None, Does::Insert) => self.take_offer(offer),
            (None, Does::Act(action)) => {
                self.popups.pop();
                self.histories.of_mut(PromptKind::Palette).push(&offer.text);
                return self.act(action);
            }
        }
        Outcome::Continue
    }
}
