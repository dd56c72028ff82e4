//! The forms that attribute values have in MJML: colours, lengths, one of some words. Facts of mjml 5.4 in a table; here is
//! what they mean, and how a value is written that both mjml and mrml read the same way.

use std::fmt;

/// The names of colours that MJML knows.
const COLORS: &str = include_str!("colors.txt");

/// The form of an attribute's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    Text,
    Color,
    Boolean,
    Integer,
    /// One of these words.
    OneOf(Vec<&'static str>),
    /// So many lengths at most, each a number with one of these units, or 0.
    Lengths {
        units: Vec<&'static str>,
        negative: bool,
        most: usize,
    },
}

impl Form {
    /// Reads a form as the table writes it: `unit(px,%){1,4}`, `enum(left,right)`, `color`.
    pub fn read(text: &'static str) -> Form {
        let inside = |text: &'static str| text.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
        match text {
            "color" => Form::Color,
            "boolean" => Form::Boolean,
            "integer" => Form::Integer,
            _ if text.starts_with("enum") => {
                Form::OneOf(inside(text).map(|(words, _)| words.split(',').collect()).unwrap_or_default())
            }
            _ if text.starts_with("unit") => {
                let (units, rest) = inside(text).unwrap_or(("px", ""));
                let most = if rest.is_empty() { 1 } else { 4 };
                Form::Lengths { units: units.split(',').collect(), negative: text.contains("Negative"), most }
            }
            _ => Form::Text,
        }
    }

    /// Whether a value has this form.
    pub fn fits(&self, value: &str) -> bool {
        match self {
            Form::Text => true,
            Form::Color => is_color(value),
            Form::Boolean => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
            Form::Integer => !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()),
            Form::OneOf(words) => words.contains(&value),
            Form::Lengths { units, negative, most } => {
                let lengths: Vec<&str> = value.split(' ').collect();
                lengths.len() <= *most && lengths.iter().all(|length| is_length(length, units, *negative))
            }
        }
    }

    /// The value as mrml has to be given it to do what mjml does; `None` when it is that already.
    ///
    /// mrml passes `0` over where a unit is usual, and doesn't spell out colours of three digits, which Outlook can't read.
    pub fn mended(&self, value: &str) -> Option<String> {
        let mended = match self {
            Form::Lengths { units, .. } if units.contains(&"px") => {
                let lengths: Vec<&str> =
                    value.split(' ').map(|length| if length == "0" { "0px" } else { length }).collect();
                lengths.join(" ")
            }
            Form::Color if value.len() == 4 && value.starts_with('#') => {
                let digits: String = value[1..].chars().flat_map(|digit| [digit, digit]).collect();
                format!("#{digits}")
            }
            _ => return None,
        };
        (mended != value).then_some(mended)
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Form::Text => f.write_str("any text"),
            Form::Color => f.write_str("a colour, as in #8a3b12, rgb(1, 2, 3) or teal"),
            Form::Boolean => f.write_str("true or false"),
            Form::Integer => f.write_str("a whole number"),
            Form::OneOf(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                write!(f, "one of {}", words.join(", "))
            }
            Form::Lengths { units, most, .. } => {
                let units: Vec<String> = units.iter().map(|unit| example(unit)).collect();
                let many = if *most > 1 { "one to four lengths, each " } else { "" };
                write!(f, "{many}{}", units.join(" or "))
            }
        }
    }
}

fn example(unit: &str) -> String {
    match unit {
        "auto" => "auto".to_owned(),
        "" => "a plain number".to_owned(),
        unit => format!("a number with {unit}"),
    }
}

fn is_color(value: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(hex) = value.strip_prefix('#') {
        return matches!(hex.len(), 3 | 6) && digits(hex);
    }
    let parts = |text: &'_ str, name: &str| -> Option<Vec<String>> {
        let inside = text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')?;
        Some(inside.split(',').map(|part| part.strip_prefix(' ').unwrap_or(part).to_owned()).collect())
    };
    let channel = |part: &String| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(parts) = parts(value, "rgb") {
        return parts.len() == 3 && parts.iter().all(channel);
    }
    if let Some(parts) = parts(value, "rgba") {
        let opacity =
            |part: &String| part.len() <= 5 && part.parse::<f32>().is_ok_and(|part| (0.0..=9.0).contains(&part));
        return parts.len() == 4 && parts[..3].iter().all(channel) && opacity(&parts[3]);
    }
    COLORS.split_ascii_whitespace().any(|name| name == value)
}

fn is_length(text: &str, units: &[&str], negative: bool) -> bool {
    if text == "0" || (text == "auto" && units.contains(&"auto")) {
        return true;
    }
    let number = if negative { text.strip_prefix('-').unwrap_or(text) } else { text };
    units.iter().filter(|unit| **unit != "auto").any(|unit| {
        number.strip_suffix(unit).is_some_and(|number| {
            let dots = number.bytes().filter(|byte| *byte == b'.').count();
            number.bytes().any(|byte| byte.is_ascii_digit())
                && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
                && dots <= 1
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_by_their_form() {
        for (form, good, bad) in [
            ("color", "#abc #AABBCC teal rgb(1,2,3) inherit", "#ab #abcd reddish rgb(1,2) 12px"),
            ("unit(px,%)", "0 10px 2.5% 600px", "10 px 10em -1px auto 1.2.3px"),
            ("unit(px,%,)", "1.5 20px 150%", "x 1em"),
            ("unit(px,auto)", "auto 5px", "5% none"),
            ("unitWithNegative(px,em)", "-1px -0.5em 1px", "1 5%"),
            ("enum(ltr,rtl)", "ltr rtl", "LTR left"),
            ("enum(full-width,false,)", "full-width false", "true"),
            ("integer", "3 12", "-1 a 1.5"),
            ("boolean", "true FALSE", "yes 1"),
            ("string", "anything", ""),
        ] {
            let form = Form::read(form);
            for value in good.split_ascii_whitespace() {
                assert!(form.fits(value), "{form:?} {value}");
            }
            for value in bad.split_ascii_whitespace() {
                assert!(!form.fits(value), "{form:?} {value}");
            }
        }
        let padding = Form::read("unit(px,%){1,4}");
        assert!(padding.fits("0 10px 0 5%") && !padding.fits("1px 1px 1px 1px 1px") && !padding.fits("1px, 2px"));
        assert!(Form::Color.fits("rgba(0, 0, 0, 0.5)"));
    }

    #[test]
    fn what_mrml_reads_otherwise_is_written_out() {
        let padding = Form::read("unit(px,%){1,4}");
        assert_eq!(padding.mended("0 10px 0"), Some("0px 10px 0px".to_owned()));
        assert_eq!(padding.mended("10px"), None);
        assert_eq!(Form::Color.mended("#a1f"), Some("#aa11ff".to_owned()));
        assert_eq!(Form::Color.mended("#aa11ff"), None);
        assert_eq!(Form::Text.mended("0"), None);
    }
}
