//! How the screen can look: themes by name, how many colours there are, and which characters.

/// One set of colours. What its roles look like is the view's business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ThemeName {
    /// On the terminal's own background.
    #[default]
    Dark,
    /// Dark on a light background of its own.
    Light,
    /// As far apart as can be.
    HighContrast,
    /// Told apart by everybody.
    ColourBlind,
    /// The terminal's own colours.
    Sixteen,
    /// None.
    Mono,
}

impl ThemeName {
    /// Every theme with its name and what it is, in the order in which one follows the other.
    pub const ALL: [(Self, &'static str, &'static str); 6] = [
        (
            Self::Dark,
            "dark",
            "for a dark background, the terminal's own",
        ),
        (Self::Light, "light", "dark on a light background"),
        (Self::HighContrast, "high-contrast", "bright on black"),
        (
            Self::ColourBlind,
            "colour-blind",
            "for all eyes, after Okabe and Ito",
        ),
        (Self::Sixteen, "16", "the terminal's own colours"),
        (Self::Mono, "mono", "no colours: bold, dim, reversed"),
    ];

    /// Returns the theme of a name, by either way of writing it.
    pub fn by_name(name: &str) -> Option<Self> {
        let name = name.replace("color-", "colour-");
        let hit = Self::ALL.iter().find(|(_, known, _)| *known == name);
        hit.map(|(theme, _, _)| *theme)
    }

    /// Returns its name, and what it is.
    pub fn words(self) -> (&'static str, &'static str) {
        let hit = Self::ALL.iter().find(|(theme, _, _)| *theme == self);
        hit.map_or(("", ""), |(_, name, doc)| (*name, *doc))
    }

    /// Returns the theme after this one, round and round.
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|(theme, _, _)| *theme == self);
        let to = at.map_or(0, |at| (at + 1) % Self::ALL.len());
        Self::ALL.get(to).map_or(self, |(theme, _, _)| *theme)
    }
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Where it makes sense.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl When {
    /// Every choice with its name.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Auto, "auto"),
        (Self::Always, "always"),
        (Self::Never, "never"),
    ];

    /// Returns the choice of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        let hit = Self::ALL.iter().find(|(_, known)| *known == name);
        hit.map(|(when, _)| *when)
    }

    /// Returns whether it is done, if `auto` is what makes sense.
    pub fn decide(self, auto: bool) -> bool {
        match self {
            Self::Auto => auto,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorMode {
    /// None: bold, dim and reverse only.
    Never,
    /// The sixteen of old, which look as the terminal is set up.
    Ansi16,
    /// 256.
    #[default]
    Indexed,
    /// Any of 24 bits.
    Rgb,
}

/// Terminals that have all colours, by the beginning of `TERM`: sudo does not pass on `COLORTERM`.
const OF_24_BITS: [&str; 5] = [
    "alacritty",
    "foot",
    "xterm-kitty",
    "xterm-ghostty",
    "wezterm",
];

impl ColorMode {
    /// Decides by the environment of a terminal that is to have colours: `TERM`, `COLORTERM`, and `STY`, which
    /// screen(1) sets.
    pub fn detect(term: &str, colorterm: &str, sty: &str) -> Self {
        let all = matches!(colorterm, "truecolor" | "24bit")
            || term.contains("direct")
            || OF_24_BITS.iter().any(|known| term.starts_with(known));
        if term == "dumb" {
            Self::Never
        } else if all && sty.is_empty() {
            Self::Rgb
        } else if all || !colorterm.is_empty() || term.contains("256color") {
            Self::Indexed
        } else {
            Self::Ansi16
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_environment() {
        for (term, colorterm, sty, mode) in [
            ("xterm-256color", "truecolor", "", ColorMode::Rgb),
            ("xterm-256color", "24bit", "", ColorMode::Rgb),
            ("xterm-256color", "", "", ColorMode::Indexed),
            ("xterm", "yes", "", ColorMode::Indexed),
            ("xterm-direct", "", "", ColorMode::Rgb),
            ("xterm-kitty", "", "", ColorMode::Rgb),
            // screen(1) hands on the variable of the terminal around it.
            ("screen", "truecolor", "1234.pts-0.host", ColorMode::Indexed),
            ("xterm", "", "", ColorMode::Ansi16),
            ("linux", "", "", ColorMode::Ansi16),
            ("dumb", "truecolor", "", ColorMode::Never),
        ] {
            assert_eq!(
                ColorMode::detect(term, colorterm, sty),
                mode,
                "{term} {colorterm} {sty}"
            );
        }
    }

    #[test]
    fn themes_follow_each_other_and_have_names() {
        let mut theme = ThemeName::default();
        for (expected, name, doc) in ThemeName::ALL {
            assert_eq!(theme, expected);
            assert_eq!(ThemeName::by_name(name), Some(theme));
            assert_eq!(theme.words(), (name, doc));
            theme = theme.next();
        }
        assert_eq!(theme, ThemeName::default());
    }
}
