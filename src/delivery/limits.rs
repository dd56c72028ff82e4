//! `[limits]` in `letterpress.toml`: how fast recipients' domains may be written to, how many messages a day may leave, and
//! how many refusals stop a mailing.
//!
//! What is written is checked and made fast to ask here; what happens while messages leave is kept by
//! [`Domains`](super::Domains) and [`Refusals`](super::Refusals).

use std::collections::HashMap;
use std::fmt;

use jiff::civil::Date;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de};

use super::presets::PRESETS;
use super::{Glob, Rate, Share};
use crate::publication::SettingError;

/// The settings as they are written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Whether the large providers' domains get rates of our own choice.
    #[serde(default)]
    pub presets: bool,
    /// `[limits.domains]`: rates by domain, the first that matches counts.
    #[serde(default)]
    pub domains: DomainRates,
    /// Warming up: how many messages may leave on the first day, the second, and so on; after the last there is no limit.
    pub per_day: Option<Vec<u64>>,
    /// The first of those days.
    pub per_day_from: Option<Day>,
    /// More rejections than this among the last outcomes stop the mailing.
    #[serde(default)]
    pub refusals: Share,
}

/// Globs and their rates, in the order in which they are written.
#[derive(Debug, Clone, Default)]
pub struct DomainRates(Vec<(Glob, Rate)>);

/// A day, written as TOML writes dates or as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub struct Day(pub Date);

impl LimitSettings {
    /// Checks what spans several keys.
    ///
    /// # Errors
    /// The setting that is wrong.
    pub fn check(&self) -> Result<(), SettingError> {
        match (&self.per_day, self.per_day_from) {
            (Some(days), _) if days.is_empty() => Err(SettingError::new(
                "per_day",
                "it lists no day",
                "write how many messages may leave on the first day, the second and so on, or leave it out",
            )),
            (Some(_), None) => Err(SettingError::new(
                "per_day",
                "the first of these days is not said",
                "write it as in per_day_from = 2026-11-20",
            )),
            (None, Some(_)) => Err(SettingError::new(
                "per_day_from",
                "how many messages may leave is not said",
                "write it as in per_day = [200, 500, 1000, 2000]",
            )),
            (Some(_), Some(_)) | (None, None) => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for DomainRates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DomainRatesVisitor)
    }
}

struct DomainRatesVisitor;

impl<'de> Visitor<'de> for DomainRatesVisitor {
    type Value = DomainRates;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of domains and rates, such as \"gmail.com\" = \"10/s\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DomainRates, A::Error> {
        // A TOML table comes sorted by its keys; the order in which it is written is that of its places.
        let mut rates = Vec::new();
        while let Some((glob, rate)) = map.next_entry::<toml::Spanned<Glob>, DomainRate>()? {
            rates.push((glob.span().start, glob.into_inner(), rate.0));
        }
        rates.sort_by_key(|(at, ..)| *at);
        Ok(DomainRates(rates.into_iter().map(|(_, glob, rate)| (glob, rate)).collect()))
    }
}

/// A rate, or a hint when it stands where TOML takes an unquoted domain for nested tables.
struct DomainRate(Rate);

impl<'de> Deserialize<'de> for DomainRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DomainRateVisitor)
    }
}

struct DomainRateVisitor;

impl<'de> Visitor<'de> for DomainRateVisitor {
    type Value = DomainRate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate in quotes, such as \"10/s\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<DomainRate, E> {
        Rate::parse(text).map(DomainRate).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<DomainRate, A::Error> {
        Err(de::Error::custom("a domain stands in quotes, as in \"gmail.com\" = \"10/s\""))
    }
}

impl TryFrom<toml::Value> for Day {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let text = match value {
            toml::Value::String(text) => text,
            other => other.to_string(),
        };
        text.parse().map(Day).map_err(|_| format!("`{text}` is no day: write it as in 2026-11-20"))
    }
}

/// The limits, ready to be asked. All domains of one limit are one group and share its rate.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    groups: Vec<Group>,
    /// The group of each domain that is named as a whole.
    literals: HashMap<String, usize>,
    /// The globs with stars, in order, with their groups.
    patterns: Vec<(Glob, usize)>,
    per_day: Vec<u64>,
    per_day_from: Option<Date>,
}

#[derive(Debug, Clone)]
struct Group {
    name: String,
    rate: Rate,
}

impl Limits {
    /// The stated limits first, then the presets if they are asked for.
    pub fn new(settings: &LimitSettings) -> Self {
        let mut limits = Limits {
            per_day: settings.per_day.clone().unwrap_or_default(),
            per_day_from: settings.per_day_from.map(|day| day.0),
            ..Limits::default()
        };
        for (glob, rate) in &settings.domains.0 {
            limits.add(glob.to_string(), *rate, [glob.clone()]);
        }
        for preset in PRESETS.iter().filter(|_| settings.presets) {
            let globs = preset.domains.iter().map(|domain| Glob::known(domain));
            limits.add(preset.name.to_owned(), Rate::from_per_second(preset.per_second), globs);
        }
        limits
    }

    fn add(&mut self, name: String, rate: Rate, globs: impl IntoIterator<Item = Glob>) {
        let group = self.groups.len();
        self.groups.push(Group { name, rate });
        for glob in globs {
            if glob.is_literal() {
                self.literals.entry(glob.to_string()).or_insert(group);
            } else {
                self.patterns.push((glob, group));
            }
        }
    }

    /// The group whose limit counts for `domain`, which is in lower-case A-label form as in an
    /// [`Address`](crate::address::Address): the first that matches.
    pub fn group_of(&self, domain: &str) -> Option<usize> {
        if self.groups.is_empty() {
            return None;
        }
        let literal = self.literals.get(domain).copied();
        let before = |group: usize| literal.is_none_or(|literal| group < literal);
        let mut patterns = self.patterns.iter().take_while(|(_, group)| before(*group));
        patterns.find(|(glob, _)| glob.matches(domain)).map(|(_, group)| *group).or(literal)
    }

    /// How many groups there are.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// What a group is called: its glob, or the provider's name.
    pub fn name_of(&self, group: usize) -> Option<&str> {
        self.groups.get(group).map(|group| group.name.as_str())
    }

    pub fn rate_of(&self, group: usize) -> Option<Rate> {
        self.groups.get(group).map(|group| group.rate)
    }

    /// How many messages may leave on `date` in all; `None`: as many as there are. Before the first day it is as on the
    /// first day.
    pub fn allowance(&self, date: Date) -> Option<u64> {
        let days = date.duration_since(self.per_day_from?).as_hours() / 24;
        self.per_day.get(usize::try_from(days).unwrap_or(0)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> LimitSettings {
        let settings: LimitSettings = toml::from_str(text).unwrap();
        settings.check().unwrap();
        settings
    }

    #[test]
    fn nothing_written_limits_nothing() {
        let limits = Limits::new(&settings(""));
        assert_eq!((limits.group_of("gmail.com"), limits.groups()), (None, 0));
        assert_eq!(limits.allowance("2026-11-20".parse().unwrap()), None);
    }

    #[test]
    fn the_first_that_matches_in_the_order_of_the_file_counts() {
        let text = "presets = true\n[domains]\n\"z*.example\" = \"1/s\"\n\"zz.example\" = \"2/s\"\n\"a.example\" = \"3/s\"\n\
                    \"*.example\" = \"4/s\"\n\"Gmail.com\" = \"100/min\"\n";
        let limits = Limits::new(&settings(text));
        let found = |domain| {
            let group = limits.group_of(domain)?;
            Some((limits.name_of(group)?.to_owned(), limits.rate_of(group)?.to_string()))
        };
        let expect = |name: &str, rate: &str| Some((name.to_owned(), rate.to_owned()));
        assert_eq!(found("zz.example"), expect("z*.example", "1/s"), "the glob stands before the name");
        assert_eq!(found("a.example"), expect("a.example", "3/s"), "the name stands before the glob");
        assert_eq!(found("b.example"), expect("*.example", "4/s"));
        assert_eq!(found("gmail.com"), expect("gmail.com", "100/min"), "what is stated goes before the presets");
        assert_eq!(found("googlemail.com"), expect("Gmail", "10/s"));
        assert_eq!(limits.group_of("hotmail.co.uk"), limits.group_of("msn.com"), "one provider, one group");
        assert_eq!(found("example.com"), None);
    }

    #[test]
    fn groups_are_found_as_by_asking_every_glob_in_turn() {
        let globs = ["*b*", "ab", "b*", "a", "a*", "ba", "ab*b", "*"];
        // Every order that rotating and cutting gives.
        for start in 0..globs.len() {
            for length in 0..globs.len() {
                let order: Vec<&str> = globs.iter().cycle().skip(start).take(length).copied().collect();
                let lines: String = order.iter().map(|glob| format!("\"{glob}\" = \"1/s\"\n")).collect();
                let limits = Limits::new(&settings(&format!("[domains]\n{lines}")));
                for domain in ["a", "b", "ab", "ba", "abb", "bab", "c"] {
                    let expected = order.iter().position(|glob| Glob::parse(glob).unwrap().matches(domain));
                    assert_eq!(limits.group_of(domain), expected, "{domain} in {order:?}");
                }
            }
        }
    }

    #[test]
    fn warming_up_goes_day_by_day() {
        for day in ["2026-11-20", "\"2026-11-20\""] {
            let limits = Limits::new(&settings(&format!("per_day = [200, 500, 0]\nper_day_from = {day}")));
            let allowed = |date: &str| limits.allowance(date.parse().unwrap());
            assert_eq!(allowed("2026-11-01"), Some(200), "a date in the future does not lift the limit");
            assert_eq!(allowed("2026-11-20"), Some(200));
            assert_eq!(allowed("2026-11-21"), Some(500));
            assert_eq!(allowed("2026-11-22"), Some(0));
            assert_eq!(allowed("2026-11-23"), None);
            assert_eq!(allowed("9999-12-31"), None);
        }
    }

    #[test]
    fn mistakes_are_told_in_words_and_placed() {
        for (text, words, at) in [
            ("[domains]\n\"a.com\" = \"fast\"", "`fast` is no rate", "\"fast\""),
            ("[domains]\n\"a.com\" = 5", "expected a rate in quotes", "5"),
            ("[domains]\ngmail.com = \"5/s\"", "a domain stands in quotes", "gmail"),
            ("[domains]\n\"ann@a.com\" = \"5/s\"", "is an address", "\"ann@a.com\""),
            ("domains = \"a.com\"", "a table of domains and rates", "\"a.com\""),
            ("per_day = [1]\nper_day_from = 14:00:00", "is no day", "14:00:00"),
            ("per_day = [-1]\nper_day_from = 2026-11-20", "-1", "-1"),
            ("presets = \"yes\"", "expected a boolean", "\"yes\""),
            ("refusals = \"many\"", "is no share", "\"many\""),
            ("refusals = 5", "expected a share in quotes", "5"),
            ("preset = true", "unknown field `preset`", "preset"),
        ] {
            let error = toml::from_str::<LimitSettings>(text).unwrap_err();
            assert!(error.message().contains(words), "{text}: {}", error.message());
            let range = error.span().unwrap_or_default();
            assert_eq!(text.get(range), Some(at), "{text}");
        }
        for (text, key) in
            [("per_day = [200]", "per_day"), ("per_day_from = 2026-11-20", "per_day_from"), ("per_day = []", "per_day")]
        {
            let settings: LimitSettings = toml::from_str(text).unwrap();
            assert_eq!(settings.check().unwrap_err().key, key);
        }
    }
}
