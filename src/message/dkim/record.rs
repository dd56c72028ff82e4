//! The record that publishes a key in the DNS (RFC 6376 section 3.6.1, RFC 8463 section 4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::Signer;

/// The longest string of a TXT record (RFC 1035 section 3.3).
const LONGEST_STRING: usize = 255;

/// A TXT record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DnsRecord {
    pub name: String,
    pub value: String,
}

impl DnsRecord {
    pub fn of(signer: &Signer) -> DnsRecord {
        let (key, public) = (signer.key().algorithm().key_type(), STANDARD.encode(signer.key().public()));
        DnsRecord {
            name: format!("{}._domainkey.{}", signer.selector(), signer.domain()),
            value: format!("v=DKIM1; k={key}; p={public}"),
        }
    }

    /// The value in strings of at most 255 octets, as the DNS holds it; who reads it puts them together again.
    pub fn strings(&self) -> Vec<&str> {
        let mut rest = self.value.as_str();
        let mut strings = Vec::new();
        // The value is ASCII.
        while let Some((string, after)) = rest.split_at_checked(LONGEST_STRING) {
            strings.push(string);
            rest = after;
        }
        if !rest.is_empty() {
            strings.push(rest);
        }
        strings
    }

    /// The line of a zone file.
    pub fn zone_line(&self) -> String {
        let strings: Vec<String> = self.strings().iter().map(|string| format!("\"{string}\"")).collect();
        format!("{}. IN TXT ( {} )", self.name, strings.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_into_strings() {
        for length in [1, 254, 255, 256, 510, 511] {
            let record = DnsRecord { name: "a._domainkey.example.com".into(), value: "x".repeat(length) };
            let strings = record.strings();
            assert_eq!((strings.concat(), strings.len()), (record.value.clone(), length.div_ceil(255)), "{length}");
            assert!(strings.iter().all(|string| (1..=255).contains(&string.len())));
        }
        let record = DnsRecord { name: "a._domainkey.example.com".into(), value: "y".repeat(256) };
        assert_eq!(record.zone_line(), format!("a._domainkey.example.com. IN TXT ( \"{}\" \"y\" )", "y".repeat(255)));
    }
}
