//! Which addresses one provider takes for the same mailbox. Rules of providers, not of mail: only used when asked for.

/// How a provider reads a local part.
struct Rule {
    /// The domain that stands for all of them.
    domain: &'static str,
    aliases: &'static [&'static str],
    /// Dots say nothing.
    dots: bool,
    /// What follows this is a label of the owner's own.
    label: Option<char>,
}

const RULES: [Rule; 8] = [
    Rule { domain: "gmail.com", aliases: &["googlemail.com"], dots: true, label: Some('+') },
    Rule { domain: "outlook.com", aliases: &[], dots: false, label: Some('+') },
    Rule { domain: "hotmail.com", aliases: &[], dots: false, label: Some('+') },
    Rule { domain: "live.com", aliases: &[], dots: false, label: Some('+') },
    Rule { domain: "icloud.com", aliases: &["me.com", "mac.com"], dots: false, label: Some('+') },
    Rule { domain: "fastmail.com", aliases: &["fastmail.fm"], dots: false, label: Some('+') },
    Rule { domain: "proton.me", aliases: &["protonmail.com", "pm.me"], dots: true, label: Some('+') },
    Rule { domain: "yahoo.com", aliases: &[], dots: false, label: Some('-') },
];

/// The form of a normal form that two addresses of one mailbox share.
pub(super) fn form(normal: &str) -> String {
    let Some((local, domain)) = normal.rsplit_once('@') else { return normal.to_owned() };
    let Some(rule) = RULES.iter().find(|rule| rule.domain == domain || rule.aliases.contains(&domain)) else {
        return normal.to_owned();
    };
    let kept = rule.label.and_then(|label| local.split(label).next()).filter(|kept| !kept.is_empty());
    let kept = kept.unwrap_or(local);
    let kept = if rule.dots { kept.replace('.', "") } else { kept.to_owned() };
    format!("{kept}@{}", rule.domain)
}

#[cfg(test)]
mod tests {
    use super::super::Address;

    #[test]
    fn providers_read_past_dots_and_labels() {
        let form = |text: &str| Address::parse(text).unwrap().provider_form();
        for (one, other) in [
            ("Ann.Lee+news@gmail.com", "annlee@googlemail.com"),
            ("ann+x@outlook.com", "ann@outlook.com"),
            ("ann-shop@yahoo.com", "ann@yahoo.com"),
            ("a.nn@proton.me", "ann@protonmail.com"),
        ] {
            assert_eq!(form(one), form(other), "{one}");
        }
        for (one, other) in [
            ("a.nn@example.com", "ann@example.com"),
            ("ann+x@example.com", "ann@example.com"),
            ("a.nn@outlook.com", "ann@outlook.com"),
        ] {
            assert_ne!(form(one), form(other), "{one}");
        }
        assert_eq!(form("+x@gmail.com"), "+x@gmail.com", "nothing would be left of it");
    }
}
