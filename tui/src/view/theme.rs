//! What colours mean: one table of roles for each theme, in as many colours as the terminal has. Colour is never
//! the only cue: every meaning has a word or a sign.

mod glyphs;
mod inks;
#[cfg(test)]
mod tests;

use crate::appearance::{ColorMode, ThemeName};
use glyphs::{ASCII, Glyphs, UNICODE};
use inks::{COLOUR_BLIND, DARK, HIGH_CONTRAST, Inks, LIGHT};
use ratatui::style::{Color, Modifier, Style};

/// Styles by meaning.
#[derive(Debug)]
pub(super) struct Theme {
    /// The signs.
    pub glyphs: &'static Glyphs,
    /// What all else lies on; empty for the terminal's own.
    pub ground: Style,
    /// Ordinary text.
    pub text: Style,
    /// Secondary or ended.
    pub dim: Style,
    /// What the eye should find first.
    pub bright: Style,
    /// Failed or lost.
    pub failed: Style,
    /// Runs, or warns.
    pub warn: Style,
    /// The one accent: keys, the current tab.
    pub accent: Style,
    /// The selected row.
    pub selected: Style,
    /// The line of column titles.
    pub header: Style,
    /// Where the search was found.
    pub found: Style,
    /// The bars of the rate.
    pub bar: Style,
}

impl Theme {
    /// Makes a theme for a terminal.
    pub(super) fn new(name: ThemeName, color: ColorMode, ascii: bool) -> Self {
        let glyphs = if ascii { &ASCII } else { &UNICODE };
        let inks = match name {
            _ if color == ColorMode::Never => return Self::mono(glyphs),
            ThemeName::Mono => return Self::mono(glyphs),
            ThemeName::Sixteen => return Self::sixteen(glyphs),
            ThemeName::Dark => &DARK,
            ThemeName::Light => &LIGHT,
            ThemeName::HighContrast => &HIGH_CONTRAST,
            ThemeName::ColourBlind => &COLOUR_BLIND,
        };
        Self::inked(inks, color, glyphs)
    }

    /// Bold, dim, underlined and reversed.
    fn mono(glyphs: &'static Glyphs) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        Self {
            glyphs,
            ground: plain,
            text: plain,
            dim: plain.add_modifier(Modifier::DIM),
            bright: bold,
            failed: bold,
            warn: bold,
            accent: bold,
            selected: plain.add_modifier(Modifier::REVERSED),
            header: plain.add_modifier(Modifier::UNDERLINED),
            found: plain.add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
            bar: plain,
        }
    }

    /// The terminal's own colours, on its own background.
    fn sixteen(glyphs: &'static Glyphs) -> Self {
        let mono = Self::mono(glyphs);
        Self {
            failed: Style::new().fg(Color::Red),
            warn: Style::new().fg(Color::Yellow),
            accent: mono.accent.fg(Color::Cyan),
            bar: Style::new().fg(Color::Cyan),
            header: mono.header.add_modifier(Modifier::BOLD),
            found: Style::new().fg(Color::Black).bg(Color::Yellow),
            ..mono
        }
    }

    /// The colours of a table, or what comes near them among those that there are.
    fn inked(inks: &Inks, color: ColorMode, glyphs: &'static Glyphs) -> Self {
        let few = Self::sixteen(glyphs);
        let fg = |ink: inks::Ink| Style::new().fg(ink.on(color));
        let pair = |(text, ground): (inks::Ink, inks::Ink)| fg(text).bg(ground.on(color));
        let common = Self {
            ground: inks.ground.map(pair).unwrap_or_default(),
            failed: fg(inks.failed),
            warn: fg(inks.warn),
            accent: few.accent.patch(fg(inks.accent)),
            bar: fg(inks.bar),
            ..few
        };
        if color == ColorMode::Ansi16 {
            return common;
        }
        Self {
            dim: fg(inks.dim),
            selected: pair(inks.selected),
            header: pair(inks.header).add_modifier(Modifier::BOLD),
            found: pair(inks.found),
            ..common
        }
    }
}
