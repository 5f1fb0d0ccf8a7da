//! Can every theme be read, and are its colours told apart, by everybody?

use super::inks::nearest;
use super::*;
use proptest::prelude::*;

type Rgb = [u8; 3];

const ON_OWN_GROUND: [ThemeName; 3] = [
    ThemeName::Light,
    ThemeName::HighContrast,
    ThemeName::ColourBlind,
];

/// Backgrounds of terminals that are called dark; the last ones are Solarized's and Dracula's.
const DARK_GROUNDS: [Rgb; 4] = [
    [0, 0, 0],
    [0x1e, 0x1e, 0x1e],
    [0x00, 0x2b, 0x36],
    [0x28, 0x2a, 0x36],
];

/// What ordinary text is on them.
const DARK_TEXT: Rgb = [0xd0, 0xd0, 0xd0];

/// Red, green and blue of one of the 256 colours that are not the terminal's own.
fn of_index(index: u8) -> Option<Rgb> {
    let number = index.checked_sub(16)?;
    let step = |n: u8| [0, 0x5f, 0x87, 0xaf, 0xd7, 0xff][usize::from(n % 6)];
    Some(match number.checked_sub(216) {
        None => [step(number / 36), step(number / 6), step(number)],
        Some(grey) => [8 + 10 * grey; 3],
    })
}

fn far(a: Rgb, b: Rgb) -> u32 {
    let parts = a.into_iter().zip(b);
    parts.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

fn rgb(color: Color) -> Rgb {
    match color {
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Indexed(index) => of_index(index).unwrap(),
        other => panic!("{other} is shown as the terminal likes"),
    }
}

fn linear(part: u8) -> f64 {
    let part = f64::from(part) / 255.0;
    if part <= 0.040_45 {
        part / 12.92
    } else {
        ((part + 0.055) / 1.055).powf(2.4)
    }
}

/// The contrast of WCAG 2, from 1 to 21.
fn contrast(a: Rgb, b: Rgb) -> f64 {
    let luminance =
        |[r, g, b]: Rgb| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05;
    let (a, b) = (luminance(a), luminance(b));
    a.max(b) / a.min(b)
}

/// Every role with a name, its colour, and the contrast that it needs; `text` is what it has where it has none.
fn roles(theme: &Theme, least: f64) -> Vec<(&'static str, Style, f64)> {
    let dim = least.min(4.5) / 1.5;
    vec![
        ("text", theme.text, least),
        ("dim", theme.dim, dim),
        ("bright", theme.bright, least),
        ("failed", theme.failed, least),
        ("warn", theme.warn, least),
        ("accent", theme.accent, least),
        ("found", theme.found, least),
        ("bar", theme.bar, dim),
    ]
}

fn unreadable(
    name: ThemeName,
    color: ColorMode,
    grounds: &[(Rgb, Rgb)],
    least: f64,
) -> Vec<String> {
    let theme = Theme::new(name, color, false);
    let selected = |style: Style| (style.fg.map(rgb).unwrap(), style.bg.map(rgb).unwrap());
    let mut faults = Vec::new();
    let mut all: Vec<(&str, (Rgb, Rgb))> =
        grounds.iter().map(|pair| ("background", *pair)).collect();
    all.push(("selected row", selected(theme.selected)));
    all.push(("titles", selected(theme.header)));
    for (place, (text, ground)) in all {
        for (role, style, least) in roles(&theme, least) {
            let fg = style.fg.map_or(text, rgb);
            let bg = style.bg.map_or(ground, rgb);
            let contrast = contrast(fg, bg);
            if contrast < least {
                faults.push(format!(
                    "{name:?} {color:?}: {role} on the {place} {bg:x?}: {contrast:.2}"
                ));
            }
        }
    }
    faults
}

#[test]
fn the_contrast_of_known_pairs() {
    let close = |a: f64, b: f64| (a - b).abs() < 0.01;
    assert!(close(contrast([0; 3], [255; 3]), 21.0));
    assert!(close(contrast([0x77; 3], [255; 3]), 4.48));
    assert!(close(contrast([255, 0, 0], [255; 3]), 4.0));
}

#[test]
fn every_role_can_be_read_on_the_background_and_on_the_selected_row() {
    let mut faults = Vec::new();
    for color in [ColorMode::Rgb, ColorMode::Indexed] {
        let dark: Vec<_> = DARK_GROUNDS
            .iter()
            .map(|ground| (DARK_TEXT, *ground))
            .collect();
        faults.extend(unreadable(ThemeName::Dark, color, &dark, 4.5));
        for name in ON_OWN_GROUND {
            let ground = Theme::new(name, color, false).ground;
            let pair = (ground.fg.map(rgb).unwrap(), ground.bg.map(rgb).unwrap());
            let least = if name == ThemeName::HighContrast {
                7.0
            } else {
                4.5
            };
            faults.extend(unreadable(name, color, &[pair], least));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// What light of the three kinds of cones becomes for those who lack one: Machado, Oliveira and Fernandes 2009,
/// of linear red, green and blue.
const BLIND: [(&str, [[f64; 3]; 3]); 3] = [
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

/// CIELAB of a colour as somebody sees it.
fn lab(color: Rgb, eyes: [[f64; 3]; 3]) -> [f64; 3] {
    let light = color.map(linear);
    let dot =
        |row: [f64; 3], light: [f64; 3]| -> f64 { row.iter().zip(light).map(|(a, b)| a * b).sum() };
    let seen = eyes.map(|row| dot(row, light).clamp(0.0, 1.0));
    let xyz = [
        dot([0.4124, 0.3576, 0.1805], seen) / 0.9505,
        dot([0.2126, 0.7152, 0.0722], seen),
        dot([0.0193, 0.1192, 0.9505], seen) / 1.089,
    ];
    let [x, y, z] = xyz.map(|t| {
        if t > 0.008_856 {
            t.cbrt()
        } else {
            7.787 * t + 16.0 / 116.0
        }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn nobody_takes_one_meaning_for_another_in_the_theme_for_colour_blind_eyes() {
    let mut faults = Vec::new();
    for color in [ColorMode::Rgb, ColorMode::Indexed] {
        let theme = Theme::new(ThemeName::ColourBlind, color, false);
        let meanings = [
            ("text", theme.ground),
            ("dim", theme.dim),
            ("failed", theme.failed),
            ("warn", theme.warn),
            ("accent", theme.accent),
        ]
        .map(|(name, style)| (name, rgb(style.fg.unwrap())));
        for (eyes, matrix) in BLIND {
            for (i, (one, a)) in meanings.iter().enumerate() {
                for (other, b) in &meanings[..i] {
                    let (a, b) = (lab(*a, matrix), lab(*b, matrix));
                    let far = a
                        .iter()
                        .zip(b)
                        .map(|(a, b)| (a - b).powi(2))
                        .sum::<f64>()
                        .sqrt();
                    if far < 20.0 {
                        faults.push(format!("{eyes} {color:?}: {one} and {other}: {far:.1}"));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn colours_are_as_many_as_the_terminal_has() {
    let styles = |theme: &Theme| {
        let mut styles: Vec<_> = roles(theme, 4.5)
            .iter()
            .map(|(_, style, _)| *style)
            .collect();
        styles.extend([theme.ground, theme.selected, theme.header]);
        styles
    };
    for (name, _, _) in ThemeName::ALL {
        for color in [
            ColorMode::Never,
            ColorMode::Ansi16,
            ColorMode::Indexed,
            ColorMode::Rgb,
        ] {
            let theme = Theme::new(name, color, false);
            for style in styles(&theme) {
                for shown in [style.fg, style.bg].into_iter().flatten() {
                    let fits = match shown {
                        Color::Rgb(..) => color == ColorMode::Rgb && name != ThemeName::Sixteen,
                        Color::Indexed(index) => color == ColorMode::Indexed && index >= 16,
                        _ => color != ColorMode::Never,
                    };
                    assert!(
                        fits && name != ThemeName::Mono,
                        "{name:?} {color:?} {shown:?}"
                    );
                }
            }
            // Without colours failed, selected and found are still something else than text.
            for style in [
                theme.failed,
                theme.selected,
                theme.found,
                theme.header,
                theme.dim,
            ] {
                assert_ne!(style, theme.text, "{name:?} {color:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_other_of_the_256_is_nearer(color: [u8; 3]) {
        let chosen = far(color, of_index(nearest(color)).unwrap());
        let least = (16..=u8::MAX).filter_map(of_index).map(|other| far(color, other)).min();
        // The mean of three is rounded.
        prop_assert!(chosen <= least.unwrap() + 20, "{:?}", color);
    }

    #[test]
    fn a_colour_of_the_256_is_itself(index in 16u8..) {
        let color = of_index(index).unwrap();
        prop_assert_eq!(of_index(nearest(color)), Some(color));
    }
}
