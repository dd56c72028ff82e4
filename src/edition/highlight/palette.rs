//! The colours of code, made from the theme's own: key words have its accent, comments its small print, and the rest the
//! accent turned around the wheel (the greener side for texts), all of them moved towards black or white until they can be read on the ground of code.

use serde_json::{Map, Value as Json, json};

use super::Kind;
use crate::edition::theme::contrast::{Colour, ENOUGH, ratio};

/// The contrast that colours get which aren't the theme's own: more than a reader needs, so that all look alike strong.
const AIM: f64 = 6.0;
/// How far the strongest and the weakest part of a colour lie apart at least, to be turned into others.
const VIVID: u8 = 56;

/// A light and a dark look. What a theme of one's own doesn't set is as in ours.
const LOOKS: [(&str, [(&str, Colour); 3]); 2] = [
    (
        "light",
        [
            ("accent", Colour::new([0x8a, 0x3b, 0x12])),
            ("soft", Colour::new([0x69, 0x63, 0x5a])),
            ("tint", Colour::new([0xf3, 0xee, 0xe3])),
        ],
    ),
    (
        "dark",
        [
            ("accent_dark", Colour::new([0xe6, 0xa5, 0x7e])),
            ("soft_dark", Colour::new([0xaa, 0xa2, 0x94])),
            ("tint_dark", Colour::new([0x26, 0x23, 0x1f])),
        ],
    ),
];

/// For each kind its class and its two colours, by the theme's settings.
pub fn of(look: &Map<String, Json>) -> Json {
    let kinds = Kind::ALL.iter().map(|kind| {
        let mut entry = json!({"class": kind.class()});
        for (name, keys) in LOOKS {
            let [accent, soft, ground] =
                keys.map(|(key, ours)| look.get(key).and_then(Json::as_str).and_then(Colour::parse).unwrap_or(ours));
            let vivid = if is_vivid(accent) { accent } else { keys[0].1 };
            entry[name] = Json::from(colour(*kind, accent, soft, vivid, ground).to_string());
        }
        entry
    });
    kinds.collect()
}

fn colour(kind: Kind, accent: Colour, soft: Colour, vivid: Colour, ground: Colour) -> Colour {
    let [red, green, blue] = vivid.parts();
    let (least, most) = (red.min(green).min(blue), red.max(green).max(blue));
    let across = |part: u8| most - (part - least);
    // A third of the wheel to either side. What a diff adds is a text too, and green.
    let (mut one, mut other) = ([blue, red, green], [green, blue, red]);
    if other[1] > one[1] {
        (one, other) = (other, one);
    }
    match kind {
        Kind::Keyword => readable(accent, ground, ENOUGH),
        Kind::Comment => readable(soft, ground, ENOUGH),
        Kind::Text => readable(Colour::new(one), ground, AIM),
        Kind::Name => readable(Colour::new([red, green, blue].map(across)), ground, AIM),
        Kind::Number => readable(Colour::new(other), ground, AIM),
    }
}

fn is_vivid(colour: Colour) -> bool {
    let [red, green, blue] = colour.parts();
    red.max(green).max(blue) - red.min(green).min(blue) >= VIVID
}

/// The colour nearest to this one that has such a contrast to a ground, or the most there is.
fn readable(colour: Colour, ground: Colour, contrast: f64) -> Colour {
    let (black, white) = (Colour::new([0; 3]), Colour::new([255; 3]));
    // One of the two always has a contrast of 4.58 or more.
    let end = if ratio(black, ground) > ratio(white, ground) { black } else { white };
    let steps = (0..=50).map(|step| colour.towards(end, step * 2));
    steps.into_iter().find(|colour| ratio(*colour, ground) >= contrast).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::edition::theme::{Theme, builtin};

    fn colours(settings: &str, theme: &str) -> Vec<[Colour; 2]> {
        let look = Theme::builtin(theme).unwrap().schema.look(&toml::from_str(settings).unwrap());
        let read = |entry: &Json, look: &str| Colour::parse(entry[look].as_str().unwrap()).unwrap();
        of(&look).as_array().unwrap().iter().map(|entry| [read(entry, "light"), read(entry, "dark")]).collect()
    }

    #[test]
    fn the_colours_of_every_theme_can_be_read_and_told_apart() {
        for (name, _) in builtin::THEMES {
            let look = Theme::builtin(name).unwrap().schema.look(&toml::Table::new());
            let found = colours("", name);
            for (at, ground) in ["tint", "tint_dark"].into_iter().enumerate() {
                let ground = Colour::parse(look[ground].as_str().unwrap()).unwrap();
                let mut seen = Vec::new();
                for colour in found.iter().map(|both| both[at]) {
                    assert!(ratio(colour, ground) >= ENOUGH, "{name}: {colour} on {ground}");
                    assert!(!seen.contains(&colour), "{name}: {colour} twice");
                    seen.push(colour);
                }
            }
        }
    }

    #[test]
    fn key_words_have_the_accent_and_a_grey_one_takes_no_colour_from_the_rest() {
        assert_eq!(colours("", "letter")[0][0].to_string(), "#8a3b12");
        let grey = colours("accent = '#222222'", "plain");
        assert_eq!(grey[0][0].to_string(), "#222222");
        assert!(is_vivid(grey[1][0]) && is_vivid(grey[2][0]) && is_vivid(grey[4][0]), "{grey:?}");
    }

    proptest! {
        #[test]
        fn whatever_is_set_can_be_read(accent: [u8; 3], soft: [u8; 3], ground: [u8; 3]) {
            let [accent, soft, ground] = [accent, soft, ground].map(Colour::new);
            for kind in Kind::ALL {
                let found = colour(kind, accent, soft, accent, ground);
                prop_assert!(ratio(found, ground) >= ENOUGH, "{kind:?}: {found} on {ground}");
            }
        }
    }
}
