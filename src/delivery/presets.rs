//! Rates for the large mailbox providers, for those who ask for them (`presets = true`).
//!
//! These are our own cautious choices for a sender whom a provider does not know well. They are not figures that the
//! providers publish: most publish none, and what they accept depends on the sender. A rate that is stated under
//! `[limits.domains]` goes before these.

/// A provider: all its domains together get so many messages a second.
pub(super) struct Preset {
    pub name: &'static str,
    pub per_second: f64,
    pub domains: &'static [&'static str],
}

pub(super) const PRESETS: [Preset; 10] = [
    Preset { name: "Gmail", per_second: 10.0, domains: &["gmail.com", "googlemail.com"] },
    Preset {
        name: "Outlook",
        per_second: 5.0,
        domains: &[
            "outlook.*",
            "hotmail.*",
            "msn.com",
            "live.com",
            "live.at",
            "live.be",
            "live.ca",
            "live.cn",
            "live.co.uk",
            "live.com.au",
            "live.com.mx",
            "live.de",
            "live.dk",
            "live.fr",
            "live.ie",
            "live.it",
            "live.jp",
            "live.nl",
            "live.no",
            "live.se",
            "windowslive.com",
            "passport.com",
        ],
    },
    Preset {
        name: "Yahoo",
        per_second: 5.0,
        domains: &[
            "yahoo.*",
            "ymail.com",
            "rocketmail.com",
            "myyahoo.com",
            "aol.*",
            "aim.com",
            "netscape.net",
            "verizon.net",
            "att.net",
            "sbcglobal.net",
            "bellsouth.net",
        ],
    },
    Preset { name: "iCloud", per_second: 5.0, domains: &["icloud.com", "me.com", "mac.com"] },
    Preset {
        name: "GMX and WEB.DE",
        per_second: 3.0,
        domains: &[
            "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "gmx.eu", "gmx.fr", "gmx.org", "web.de", "mail.com",
        ],
    },
    Preset { name: "T-Online", per_second: 2.0, domains: &["t-online.de", "magenta.de"] },
    Preset { name: "Comcast", per_second: 2.0, domains: &["comcast.net", "xfinity.com"] },
    Preset { name: "Orange", per_second: 2.0, domains: &["orange.fr", "wanadoo.fr"] },
    Preset { name: "Proton", per_second: 3.0, domains: &["proton.me", "protonmail.com", "protonmail.ch", "pm.me"] },
    Preset { name: "Mail.ru", per_second: 2.0, domains: &["mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru"] },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::delivery::{Glob, Rate};

    #[test]
    fn the_table_is_well_written() {
        let mut seen = BTreeSet::new();
        for preset in &PRESETS {
            let kept = Rate::from_per_second(preset.per_second).per_second();
            assert!((kept - preset.per_second).abs() < f64::EPSILON, "{}", preset.name);
            for domain in preset.domains {
                assert_eq!(Glob::parse(domain).unwrap().as_str(), *domain);
                assert!(seen.insert(*domain), "{domain} stands there twice");
            }
        }
    }
}
