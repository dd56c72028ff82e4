//! Dates as people write them, for the languages we know; others get ISO 8601, which is right everywhere.

use jiff::civil::Date;

const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const FRENCH: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const SPANISH: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// A day in words: `22 November 2026`, `22. November 2026`, `22 de noviembre de 2026`.
pub fn in_words(date: Date, language: &str) -> String {
    let month = |names: &[&'static str; 12]| names[usize::from(date.month().unsigned_abs()).clamp(1, 12) - 1];
    let (day, year) = (date.day(), date.year());
    match language.split('-').next().unwrap_or_default() {
        "en" if language.eq_ignore_ascii_case("en-US") => format!("{} {day}, {year}", month(&ENGLISH)),
        "en" => format!("{day} {} {year}", month(&ENGLISH)),
        "de" => format!("{day}. {} {year}", month(&GERMAN)),
        "fr" if day == 1 => format!("1er {} {year}", month(&FRENCH)),
        "fr" => format!("{day} {} {year}", month(&FRENCH)),
        "es" => format!("{day} de {} de {year}", month(&SPANISH)),
        _ => date.to_string(),
    }
}

/// Whether a language is written from right to left.
pub fn is_right_to_left(language: &str) -> bool {
    let mut parts = language.split('-');
    let primary = parts.next().unwrap_or_default().to_ascii_lowercase();
    let script = parts.find(|part| part.len() == 4).map(str::to_ascii_lowercase);
    match script.as_deref() {
        Some(script) => matches!(script, "arab" | "hebr" | "thaa" | "syrc" | "nkoo" | "adlm"),
        None => matches!(
            primary.as_str(),
            "ar" | "he" | "iw" | "fa" | "ur" | "ps" | "yi" | "dv" | "sd" | "ug" | "ckb" | "arc"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_people_write_them() {
        let date = jiff::civil::date(2026, 11, 22);
        assert_eq!(in_words(date, "en"), "22 November 2026");
        assert_eq!(in_words(date, "en-US"), "November 22, 2026");
        assert_eq!(in_words(date, "de-CH"), "22. November 2026");
        assert_eq!(in_words(date, "ja"), "2026-11-22");
    }

    #[test]
    fn directions_follow_the_script() {
        assert!(
            is_right_to_left("ar")
                && is_right_to_left("az-Arab")
                && !is_right_to_left("ur-Latn")
                && !is_right_to_left("en")
        );
    }
}
