//! The colours of the themes by role, in 24 bits and among the terminal's own 16; those among 256 are the nearest.

use crate::appearance::ColorMode;
use ratatui::style::Color;

/// A colour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    /// Red, green and blue, eight bits each.
    rgb: u32,
    /// Where there are only 16; a terminal may show these as it likes.
    ansi: Color,
}

/// The colours of a theme. A terminal with 16 has no selection, titles or dim text of its own colour: these are
/// reversed, underlined and dim there.
#[derive(Debug)]
pub(super) struct Inks {
    /// Text and background; none for the terminal's own.
    pub(super) ground: Option<(Ink, Ink)>,
    pub(super) dim: Ink,
    pub(super) failed: Ink,
    pub(super) warn: Ink,
    pub(super) accent: Ink,
    pub(super) bar: Ink,
    /// Text and background.
    pub(super) selected: (Ink, Ink),
    /// Text and background.
    pub(super) header: (Ink, Ink),
    /// Text and background.
    pub(super) found: (Ink, Ink),
}

const fn ink(rgb: u32, ansi: Color) -> Ink {
    Ink { rgb, ansi }
}

/// On the terminal's own background, which is taken to be dark.
pub(super) const DARK: Inks = Inks {
    ground: None,
    dim: ink(0x8a8a8a, Color::Gray),
    failed: ink(0xff7b7b, Color::Red),
    warn: ink(0xffd75f, Color::Yellow),
    accent: ink(0x5fd7d7, Color::Cyan),
    bar: ink(0x5fafaf, Color::Cyan),
    selected: (ink(0xeeeeee, Color::White), ink(0x3a3a3a, Color::Black)),
    header: (ink(0xd0d0d0, Color::White), ink(0x303030, Color::Black)),
    found: (ink(0x000000, Color::Black), ink(0xffd75f, Color::Yellow)),
};

pub(super) const LIGHT: Inks = Inks {
    ground: Some((ink(0x1c1c1c, Color::Black), ink(0xfafafa, Color::Gray))),
    dim: ink(0x626262, Color::Black),
    failed: ink(0xaf0000, Color::Red),
    warn: ink(0x6b4e00, Color::Magenta),
    accent: ink(0x005faf, Color::Blue),
    bar: ink(0x005f87, Color::Blue),
    selected: (ink(0x000000, Color::Black), ink(0xd7d7ff, Color::Gray)),
    header: (ink(0x1c1c1c, Color::Black), ink(0xe4e4e4, Color::Gray)),
    found: (ink(0x000000, Color::Black), ink(0xffd75f, Color::Yellow)),
};

pub(super) const HIGH_CONTRAST: Inks = Inks {
    ground: Some((ink(0xffffff, Color::White), ink(0x000000, Color::Black))),
    dim: ink(0xbcbcbc, Color::Gray),
    failed: ink(0xff8787, Color::LightRed),
    warn: ink(0xffff00, Color::LightYellow),
    accent: ink(0x00ffff, Color::LightCyan),
    bar: ink(0x00ffff, Color::LightCyan),
    selected: (ink(0xffffff, Color::White), ink(0x00005f, Color::Blue)),
    header: (ink(0xffffff, Color::White), ink(0x1c1c1c, Color::Black)),
    found: (
        ink(0x000000, Color::Black),
        ink(0xffff00, Color::LightYellow),
    ),
};

/// After the palette of Okabe and Ito: vermillion, made lighter to be read on black, yellow and sky blue. No
/// kind of colour blindness makes two of them one, nor one of them the text or what is dim.
pub(super) const COLOUR_BLIND: Inks = Inks {
    ground: Some((ink(0xffffff, Color::White), ink(0x000000, Color::Black))),
    dim: ink(0x8a8a8a, Color::Gray),
    failed: ink(0xf07a28, Color::LightRed),
    warn: ink(0xf0e442, Color::LightYellow),
    accent: ink(0x56b4e9, Color::LightBlue),
    bar: ink(0x56b4e9, Color::LightBlue),
    selected: (ink(0xffffff, Color::White), ink(0x262626, Color::Black)),
    header: (ink(0xeeeeee, Color::White), ink(0x1c1c1c, Color::Black)),
    found: (
        ink(0x000000, Color::Black),
        ink(0xf0e442, Color::LightYellow),
    ),
};

impl Ink {
    /// Returns the colour that stands for it where there are so many.
    pub(super) fn on(self, color: ColorMode) -> Color {
        let [_, r, g, b] = self.rgb.to_be_bytes();
        match color {
            ColorMode::Never => Color::Reset,
            ColorMode::Ansi16 => self.ansi,
            ColorMode::Indexed => Color::Indexed(nearest([r, g, b])),
            ColorMode::Rgb => Color::Rgb(r, g, b),
        }
    }
}

/// The first of the 256 that every terminal shows alike.
const FIRST: u8 = 16;

/// The steps of the 6×6×6 cube, which is before the 24 greys.
const STEPS: [u8; 6] = [0, 0x5f, 0x87, 0xaf, 0xd7, 0xff];

/// The darkest of the greys, and from one to the next.
const GREYS: (u8, u8) = (8, 10);

/// Returns the one of the 256 colours that is nearest, of those that are not the terminal's own.
pub(super) fn nearest(rgb: [u8; 3]) -> u8 {
    let far = |other: [u8; 3]| -> u32 {
        let parts = rgb.iter().zip(other);
        parts.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let step = |part: u8| {
        let steps = (0..).zip(STEPS);
        let nearest = steps.min_by_key(|(_, step)| step.abs_diff(part));
        nearest.unwrap_or_default()
    };
    let [(r, red), (g, green), (b, blue)] = rgb.map(step);
    let mean = rgb.iter().map(|part| u16::from(*part)).sum::<u16>() / 3;
    let (first, each) = GREYS;
    let number = (mean.saturating_sub(u16::from(first)) + 5) / u16::from(each);
    let number = u8::try_from(number).unwrap_or(0).min(23);
    let grey = first + each * number;
    if far([grey; 3]) < far([red, green, blue]) {
        FIRST + 216 + number
    } else {
        FIRST + 36 * r + 6 * g + b
    }
}
