//! What is suspicious about an address that is valid: nobody's own mailbox, or a domain that is most likely misspelt.
//! Both are only ever told; nobody is left out because of it.

use std::collections::HashMap;

use serde::Serialize;

use super::Address;

/// What a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "likely")]
pub enum Suspicion {
    /// The mailbox of a task, read by whoever does it (RFC 2142 and what is common): such mailboxes complain.
    Role,
    /// Most likely this domain was meant.
    Typo(&'static str),
}

/// Local parts of tasks.
const ROLES: [&str; 39] = [
    "abuse",
    "accounting",
    "accounts",
    "admin",
    "administrator",
    "billing",
    "bookings",
    "careers",
    "contact",
    "customerservice",
    "enquiries",
    "feedback",
    "ftp",
    "hello",
    "help",
    "hostmaster",
    "hr",
    "info",
    "jobs",
    "legal",
    "list",
    "mail",
    "mailer-daemon",
    "marketing",
    "news",
    "no-reply",
    "noc",
    "noreply",
    "office",
    "orders",
    "postmaster",
    "press",
    "privacy",
    "root",
    "sales",
    "security",
    "support",
    "usenet",
    "webmaster",
];

/// The domains that most readers have, which are most often misspelt.
const COMMON: [&str; 30] = [
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "yahoo.co.uk",
    "yahoo.fr",
    "hotmail.com",
    "hotmail.co.uk",
    "hotmail.fr",
    "outlook.com",
    "live.com",
    "icloud.com",
    "aol.com",
    "comcast.net",
    "verizon.net",
    "protonmail.com",
    "proton.me",
    "gmx.de",
    "gmx.net",
    "gmx.at",
    "web.de",
    "t-online.de",
    "freenet.de",
    "orange.fr",
    "wanadoo.fr",
    "laposte.net",
    "libero.it",
    "bluewin.ch",
    "yandex.ru",
    "fastmail.com",
    "btinternet.com",
];

/// Domains of their own that look like a misspelt one.
const GENUINE: [&str; 26] = [
    "mail.com",
    "email.com",
    "ymail.com",
    "gmx.com",
    "gmx.ch",
    "gmx.fr",
    "live.fr",
    "live.co.uk",
    "live.nl",
    "aol.fr",
    "aol.de",
    "me.com",
    "mac.com",
    "yahoo.de",
    "yahoo.it",
    "yahoo.es",
    "yahoo.ca",
    "hotmail.de",
    "hotmail.it",
    "hotmail.es",
    "outlook.de",
    "outlook.fr",
    "mail.de",
    "email.de",
    "fastmail.fm",
    "hey.com",
];

/// What is most often typed instead, where likeness alone would not tell.
const TYPOS: [(&str, &str); 22] = [
    ("gmail.co", "gmail.com"),
    ("gmail.cm", "gmail.com"),
    ("gmail.con", "gmail.com"),
    ("gmail.om", "gmail.com"),
    ("gmail.de", "gmail.com"),
    ("gmail.fr", "gmail.com"),
    ("gmail.net", "gmail.com"),
    ("gmail.org", "gmail.com"),
    ("gmai.com", "gmail.com"),
    ("gmial.com", "gmail.com"),
    ("gamil.com", "gmail.com"),
    ("gnail.com", "gmail.com"),
    ("gmail.comm", "gmail.com"),
    ("googlemail.co", "googlemail.com"),
    ("hotmail.co", "hotmail.com"),
    ("hotmail.con", "hotmail.com"),
    ("hotmal.com", "hotmail.com"),
    ("yahoo.con", "yahoo.com"),
    ("yaho.com", "yahoo.com"),
    ("outlook.co", "outlook.com"),
    ("icloud.co", "icloud.com"),
    ("web.dee", "web.de"),
];

impl Address {
    /// What is suspicious about it. Its likely misspelling says more than its being a role.
    pub fn suspicion(&self) -> Option<Suspicion> {
        likely_domain(self.domain())
            .map(Suspicion::Typo)
            .or_else(|| is_role(self.local_part()).then_some(Suspicion::Role))
    }

    /// The address that was most likely meant.
    pub fn likely(&self) -> Option<String> {
        likely_domain(self.domain()).map(|domain| format!("{}@{domain}", self.local_part()))
    }
}

fn is_role(local: &str) -> bool {
    let begin = local.split('+').next().unwrap_or(local);
    // Seen at once of nearly everybody.
    if begin.len() > 16 || begin.bytes().any(|b| b.is_ascii_digit() || b == b'.') {
        return false;
    }
    ROLES.iter().any(|role| role.eq_ignore_ascii_case(begin))
}

/// The common domain that a domain most likely stands for. Two slips at most, and one in a short name: anything further
/// away is a domain of its own.
fn likely_domain(domain: &str) -> Option<&'static str> {
    if COMMON.contains(&domain) || GENUINE.contains(&domain) {
        return None;
    }
    if let Some((_, meant)) = TYPOS.iter().find(|(typo, _)| *typo == domain) {
        return Some(meant);
    }
    let meant = COMMON.into_iter().find(|common| strsim::damerau_levenshtein(common, domain) == 1)?;
    // A letter more or less in a short name is another name: `gmx.dev`, `web.dk`.
    let name = meant.split('.').next().unwrap_or_default();
    (name.len() > 4).then_some(meant)
}

/// Looks at many addresses: each domain is judged once.
#[derive(Debug, Default)]
pub struct Suspicions {
    domains: HashMap<String, Option<&'static str>>,
    /// The domain looked at last: the next one is often the same.
    last: String,
    last_likely: Option<&'static str>,
}

impl Suspicions {
    /// [`Address::suspicion`] of an address in its text form.
    pub fn of(&mut self, address: &str) -> Option<Suspicion> {
        let (local, domain) = address.rsplit_once('@')?;
        if self.last != domain {
            self.last_likely = self.likely(domain);
            domain.clone_into(&mut self.last);
        }
        self.last_likely.map(Suspicion::Typo).or_else(|| is_role(local).then_some(Suspicion::Role))
    }

    fn likely(&mut self, domain: &str) -> Option<&'static str> {
        // Addresses with domains of their own must not fill the memory.
        const KEPT: usize = 10_000;
        if let Some(known) = self.domains.get(domain) {
            return *known;
        }
        let found = likely_domain(domain);
        if self.domains.len() < KEPT {
            self.domains.insert(domain.to_owned(), found);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_domains_are_known() {
        let likely = |text: &str| Address::parse(text).unwrap().likely();
        for (typed, meant) in [
            ("gmial.com", "gmail.com"),
            ("gmaill.com", "gmail.com"),
            ("gmail.co", "gmail.com"),
            ("hotmial.com", "hotmail.com"),
            ("yahooo.com", "yahoo.com"),
            ("outlok.com", "outlook.com"),
            ("icloud.con", "icloud.com"),
            ("t-onlin.de", "t-online.de"),
        ] {
            assert_eq!(likely(&format!("ann@{typed}")), Some(format!("ann@{meant}")), "{typed}");
        }
        for domain in
            COMMON.into_iter().chain(GENUINE).chain(["example.com", "gmx.dev", "web.dk", "aol.it", "live.org"])
        {
            assert_eq!(likely(&format!("ann@{domain}")), None, "{domain}");
        }
    }

    #[test]
    fn roles_are_nobodys_own_mailbox() {
        assert!(ROLES.iter().all(|role| is_role(&role.to_uppercase())));
        let mut suspicions = Suspicions::default();
        for text in ["info@example.com", "Abuse@example.com", "support+x@example.com"] {
            assert_eq!(Address::parse(text).unwrap().suspicion(), Some(Suspicion::Role), "{text}");
            assert_eq!(suspicions.of(text), Some(Suspicion::Role));
        }
        for text in ["informatics@example.com", "ann.info@example.com", "ann@example.com"] {
            assert_eq!(Address::parse(text).unwrap().suspicion(), None, "{text}");
            assert_eq!(suspicions.of(text), None);
        }
        assert_eq!(suspicions.of("info@gmial.com"), Some(Suspicion::Typo("gmail.com")));
    }
}
