//! Days and instants, as lists hold them and as expressions write them: `2026-01-31`, `2026-01-31T18:00:00Z`,
//! `2026-01-31 18:00:00 +0100`. Read by hand, since a list of a million readers is compared by them.
//!
//! A time without a zone is UTC, and so are all days: the same expression says the same on every machine.

use std::cmp::Ordering;

use crate::clock::Timestamp;

const DAY: i64 = 86_400;
const MICROS: i64 = 1_000_000;

/// An instant, or a whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Microseconds since 1970; of a day, its beginning.
    micros: i64,
    whole_day: bool,
}

impl Moment {
    /// Reads a value. `None`: it is empty, or no date of this form; what `01/02/2026` means is not guessed at.
    pub(super) fn parse(text: &str) -> Option<Moment> {
        let mut reader = Reader(text.trim().as_bytes());
        let year = reader.digits(4)?;
        reader.one_of(b"-")?;
        let month = reader.digits(2)?;
        reader.one_of(b"-")?;
        let day = reader.digits(2)?;
        if !(1..=12).contains(&month) || day < 1 || day > days_of(year, month) {
            return None;
        }
        let days = days_before(year, month, day);
        if reader.is_at_end() {
            return Some(Moment { micros: days * DAY * MICROS, whole_day: true });
        }
        reader.one_of(b"Tt ")?;
        let (seconds, fraction) = reader.time()?;
        let offset = reader.zone()?;
        reader.is_at_end().then_some(())?;
        Some(Moment { micros: (days * DAY + seconds - offset) * MICROS + fraction, whole_day: false })
    }

    pub(super) fn of(at: Timestamp) -> Moment {
        Moment { micros: at.as_microsecond(), whole_day: false }
    }

    /// Days since 1970.
    pub(super) fn day(self) -> i64 {
        self.micros.div_euclid(DAY * MICROS)
    }

    /// How this value stands to one that is written in an expression: to a day by its day, to an instant by the instant.
    pub(super) fn compare(self, written: Moment) -> Ordering {
        if written.whole_day { self.day().cmp(&written.day()) } else { self.micros.cmp(&written.micros) }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn digits(&mut self, n: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(n)?;
        let mut number = 0;
        for digit in digits {
            number = number * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        }
        self.0 = rest;
        Some(number)
    }

    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        wanted.contains(first).then_some(())?;
        self.0 = rest;
        Some(*first)
    }

    /// Hours and minutes, seconds and their fraction if there are any: whole seconds, and microseconds.
    fn time(&mut self) -> Option<(i64, i64)> {
        let hours = self.digits(2)?;
        self.one_of(b":")?;
        let minutes = self.digits(2)?;
        let seconds = if self.one_of(b":").is_some() { self.digits(2)? } else { 0 };
        // A leap second is the last of its minute.
        if hours > 23 || minutes > 59 || seconds > 60 {
            return None;
        }
        let fraction = if self.one_of(b".,").is_some() { self.fraction()? } else { 0 };
        Some((hours * 3600 + minutes * 60 + seconds.min(59), fraction))
    }

    fn fraction(&mut self) -> Option<i64> {
        let mut unit = MICROS;
        let mut fraction = 0;
        let mut any = false;
        while let Some(digit) = self.one_of(b"0123456789") {
            unit /= 10;
            fraction += i64::from(digit - b'0') * unit;
            any = true;
        }
        any.then_some(fraction)
    }

    /// How many seconds the zone is before UTC.
    fn zone(&mut self) -> Option<i64> {
        if self.is_at_end() {
            return Some(0);
        }
        let _ = self.one_of(b" ");
        if let Some(rest) = self.0.strip_prefix(b"UTC").or_else(|| self.0.strip_prefix(b"GMT")) {
            self.0 = rest;
            return Some(0);
        }
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.digits(2)?;
        let _ = self.one_of(b":");
        let minutes = if self.is_at_end() { 0 } else { self.digits(2)? };
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1 January 1970 to a day of the Gregorian calendar. The year is taken to begin in March, so that the day that
/// some years lack is its last.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let since_march = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (153 * since_march + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn lists_write_moments_in_many_ways() {
        let instant = |text: &str| Moment::of(text.parse().unwrap());
        for text in [
            "2026-01-31T18:00:00Z",
            "2026-01-31 18:00",
            "2026-01-31 18:00:00",
            "2026-01-31t18:00:00.000z",
            "2026-01-31T19:00+01:00",
            "2026-01-31 16:30:00 -0130",
            " 2026-01-31 18:00:00 UTC ",
            "2026-02-01T00:00:00+06",
        ] {
            assert_eq!(Moment::parse(text), Some(instant("2026-01-31T18:00:00Z")), "{text}");
        }
        assert_eq!(Moment::parse("2026-01-31T18:00:00.25Z"), Some(instant("2026-01-31T18:00:00.25Z")));
        let day = Moment::parse("2026-01-31").unwrap();
        assert!(day.whole_day && day.micros == instant("2026-01-31T00:00:00Z").micros);
        assert_eq!(Moment::parse("1969-12-31T23:59:59Z").unwrap().day(), -1);
        for text in [
            "",
            "x",
            "2026",
            "2026-1-1",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "01/02/2026",
            "2026-01-31T",
            "2026-01-31T25:00",
            "2026-01-31T18",
            "2026-01-31 18:00 soon",
            "2026-01-31T18:00:00.",
            "２０２６-01-01",
            "20260131",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_is_compared_by_days_and_an_instant_by_instants() {
        let compare =
            |value: &str, written: &str| Moment::parse(value).unwrap().compare(Moment::parse(written).unwrap());
        assert_eq!(compare("2026-01-31T23:59:59Z", "2026-01-31"), Ordering::Equal);
        assert_eq!(compare("2026-02-01T00:30:00+01:00", "2026-01-31"), Ordering::Equal);
        assert_eq!(compare("2026-01-31", "2026-01-31T00:00Z"), Ordering::Equal);
        assert_eq!(compare("2026-01-31", "2026-01-31T12:00Z"), Ordering::Less);
        assert_eq!(compare("2026-01-31T12:00:01Z", "2026-01-31T12:00Z"), Ordering::Greater);
    }

    proptest! {
        /// Against the calendar of jiff.
        #[test]
        fn days_are_those_of_the_calendar(n in -700_000i32..2_900_000) {
            let day = date(1970, 1, 1).checked_add(n.days());
            prop_assume!(day.is_ok_and(|day| day.year() >= 0));
            let day = date(1970, 1, 1).checked_add(n.days()).unwrap();
            prop_assert_eq!(Moment::parse(&day.to_string()).map(Moment::day), Some(i64::from(n)), "{}", day);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,+Z -]{0,16}|\\PC{0,24}") {
            let _ = Moment::parse(&text);
        }
    }
}
