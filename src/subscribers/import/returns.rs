//! Exports of bounces and complaints: whom a mail provider found to be unreachable or unwilling.
//!
//! A mailbox that was full or a server that was slow is no reason: where the export tells such bounces apart, they are
//! left out.

use std::path::PathBuf;

use super::source;
use super::table::{Entry, Table};
use super::value::moment;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Place, Result};

const ADDRESS: [&str; 12] = [
    "email",
    "e_mail",
    "email_address",
    "emailaddress",
    "address",
    "recipient",
    "recipient_email",
    "recipientemail",
    "rcpt_to",
    "bounced_recipient",
    "final_recipient",
    "to",
];
const DATE: [&str; 12] = [
    "date",
    "created",
    "created_at",
    "createdat",
    "timestamp",
    "time",
    "bounced_at",
    "bouncedat",
    "complained_at",
    "suppressed_at",
    "last_event_at",
    "lastupdatetime",
];
const KIND: [&str; 8] =
    ["bounce_type", "bouncetype", "type", "category", "bounce_class", "bounce_category", "event", "suppression_reason"];
const CODE: [&str; 6] = ["enhanced_code", "enhanced_status", "status", "code", "dsn", "smtp_code"];
/// Words for what passes.
const SOFT: [&str; 12] = [
    "soft",
    "softbounce",
    "soft_bounce",
    "transient",
    "temporary",
    "deferred",
    "delayed",
    "delay",
    "block",
    "blocked",
    "autoresponder",
    "mailbox_full",
];

/// What such exports name.
#[derive(Debug, Default)]
pub struct Returns {
    /// With the date of each, empty where there is none.
    pub addresses: Vec<(Address, String)>,
    /// Rows about something that passes.
    pub soft: u64,
    /// Rows that name nobody, by line.
    pub invalid: Vec<u64>,
}

impl Returns {
    /// Reads the files.
    ///
    /// # Errors
    /// A file that can't be read, has no column of addresses, or names nobody.
    pub fn read(paths: &[PathBuf]) -> Result<Returns> {
        let mut returns = Returns::default();
        for path in paths {
            for opened in source::open(path)? {
                let mut table = Table::open(opened.file, &opened.label)?;
                returns.table(&mut table)?;
            }
        }
        Ok(returns)
    }

    fn table(&mut self, table: &mut Table) -> Result<()> {
        let Some(email) = table.find(&ADDRESS) else {
            let headings: Vec<&str> = table.headings().iter().map(String::as_str).take(12).collect();
            return Err(Diagnostic::error("no column is known to hold the addresses")
                .at(Place::file(table.label()))
                .help(format!("call it `email` in the first line, which names: {}", headings.join(", "))));
        };
        let (date, kind, code) = (table.find(&DATE), table.find(&KIND), table.find(&CODE));
        let mut rows = 0u64;
        while let Some(entry) = table.read()? {
            if entry.is_blank() {
                continue;
            }
            rows += 1;
            let text = entry.value(email);
            let text = text.trim_matches(['<', '>', ' ']);
            let text = text.strip_prefix("rfc822;").unwrap_or(text).trim();
            match Address::parse(text) {
                Ok(_) if is_soft(&entry, kind, code) => self.soft += 1,
                Ok(address) if entry.fault().is_none() => {
                    let date = date.map(|column| moment(&entry.value(column)).into_owned()).unwrap_or_default();
                    self.addresses.push((address, day(&date)));
                }
                _ => self.invalid.push(entry.line()),
            }
        }
        if rows == 0 {
            return Err(Diagnostic::error("there is nobody in this file: nothing was suppressed")
                .at(Place::file(table.label()))
                .help("look into it: a first line alone is no list"));
        }
        Ok(())
    }
}

fn is_soft(entry: &Entry<'_>, kind: Option<usize>, code: Option<usize>) -> bool {
    let word = kind.map(|column| entry.value(column).to_ascii_lowercase().replace([' ', '-'], "_"));
    let soft =
        word.is_some_and(|word| SOFT.contains(&word.as_str()) || SOFT.contains(&word.replace("_bounce", "").as_str()));
    // 4yz, or 4.y.z: the server itself says that it passes.
    let passes = code.is_some_and(|column| {
        let code = entry.value(column);
        let digits = code.split([' ', '-']).next().unwrap_or_default();
        digits.starts_with('4') && (digits.len() == 3 || digits.starts_with("4."))
    });
    soft || passes
}

/// The day of a moment; nothing when it isn't one.
fn day(moment: &str) -> String {
    let day = moment.get(..10).unwrap_or_default();
    if day.parse::<jiff::civil::Date>().is_ok() { day.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Returns> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bounces.csv");
        std::fs::write(&path, text).unwrap();
        Returns::read(&[path])
    }

    #[test]
    fn exports_of_providers_are_read() {
        for (text, expected, soft) in [
            (
                "status,reason,email,created\n5.1.1,550 no such user,ann@example.com,2026-01-02 03:04:05\n4.2.2,full,bob@example.com,2026-01-02 03:04:05\n",
                "ann@example.com 2026-01-02",
                1,
            ),
            (
                "address,code,error,created_at\nann@example.com,550,gone,2026-01-02T03:04:05Z\n",
                "ann@example.com 2026-01-02",
                0,
            ),
            (
                "EmailAddress;BounceType;BouncedAt\n<ann@example.com>;HardBounce;2026-01-02\nbob@example.com;SoftBounce;2026-01-02\n",
                "ann@example.com 2026-01-02",
                1,
            ),
            ("Recipient,Type\nann@example.com,Permanent\nbob@example.com,Transient\n", "ann@example.com ", 1),
            ("email\nann@example.com\n", "ann@example.com ", 0),
        ] {
            let returns = read(text).unwrap();
            let found: Vec<String> =
                returns.addresses.iter().map(|(address, date)| format!("{address} {date}")).collect();
            assert_eq!((found, returns.soft), (vec![expected.to_owned()], soft), "{text}");
        }
    }

    #[test]
    fn what_names_nobody_is_answered() {
        assert_eq!(read("email\nann\nbob@example.com\n").unwrap().invalid, [2]);
        assert!(read("who\nann@example.com\n").unwrap_err().helps()[0].contains("`email`"));
        assert!(read("email\n").unwrap_err().message().contains("nobody"));
    }
}
