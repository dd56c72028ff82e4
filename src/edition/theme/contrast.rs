//! Whether words can be read on their background: the contrast of two colours as WCAG 2 reckons it.

use std::fmt;

/// A colour as red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// What WCAG's level AA asks of text.
pub const ENOUGH: f64 = 4.5;

impl Colour {
    /// Of red, green and blue.
    pub const fn new(parts: [u8; 3]) -> Colour {
        Colour(parts)
    }

    pub fn parts(self) -> [u8; 3] {
        self.0
    }

    /// The colour that lies this many hundredths of the way to another one.
    #[must_use]
    pub fn towards(self, other: Colour, hundredths: u32) -> Colour {
        let far = hundredths.min(100);
        let between = |from: u8, to: u8| {
            let sum = u32::from(from) * (100 - far) + u32::from(to) * far;
            u8::try_from(sum / 100).unwrap_or(to)
        };
        let ([r, g, b], [red, green, blue]) = (self.0, other.0);
        Colour([between(r, red), between(g, green), between(b, blue)])
    }

    /// Reads `#rgb` or `#rrggbb`.
    pub fn parse(text: &str) -> Option<Colour> {
        let digits = text.strip_prefix('#')?;
        let wide = match digits.len() {
            3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
            _ => digits.to_owned(),
        };
        if wide.len() != 6 || !wide.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let part = |at: usize| u8::from_str_radix(wide.get(at..at + 2)?, 16).ok();
        Some(Colour([part(0)?, part(2)?, part(4)?]))
    }

    /// Relative luminance, 0 for black to 1 for white.
    fn luminance(self) -> f64 {
        let [r, g, b] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
}

/// As in CSS.
impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The contrast of two colours, 1 for none to 21 for black on white.
pub fn ratio(one: Colour, other: Colour) -> f64 {
    let (one, other) = (one.luminance(), other.luminance());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(one: &str, other: &str) -> f64 {
        ratio(Colour::parse(one).unwrap(), Colour::parse(other).unwrap())
    }

    #[test]
    fn contrasts_are_those_of_wcag() {
        assert!((of("#000", "#ffffff") - 21.0).abs() < 1e-9);
        assert!((of("#777777", "#fff") - 4.478).abs() < 0.001);
        assert!((of("#fff", "#767676") - 4.542).abs() < 0.001);
        assert!((of("#123456", "#123456") - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_colour_is_written_as_it_is_read_and_moves_to_another() {
        let (brown, white) = (Colour::new([0x8a, 0x3b, 0x05]), Colour::new([255; 3]));
        assert_eq!(Colour::parse(&brown.to_string()), Some(brown));
        assert_eq!((brown.towards(white, 0), brown.towards(white, 100)), (brown, white));
        assert_eq!(brown.towards(Colour::new([0; 3]), 50).to_string(), "#451d02");
    }

    #[test]
    fn only_hexadecimal_colours_are_read() {
        for wrong in ["", "#", "red", "#12", "#1234", "#gggggg", "#1234567", "123456", "#é"] {
            assert_eq!(Colour::parse(wrong), None, "{wrong}");
        }
    }
}
