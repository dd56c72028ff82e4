//! Adds rows to `suppressions.csv`: addresses that must not be written to any more.

use std::io::{BufRead, BufReader};
use std::path::Path;

use jiff::civil::Date;

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result};
use crate::durable::{self, Privacy};

use super::suppression::Suppressions;

const HEADER: &str = "address,reason,date,source";

/// Suppresses addresses that aren't yet, and says how many that were. The file's own order of columns is kept.
///
/// # Errors
/// The file can't be understood or written; then nothing is changed.
pub fn suppress(path: &Path, addresses: &[Address], reason: &str, source: &str, date: Date) -> Result<usize> {
    let known = Suppressions::load(path)?;
    let new = addresses.iter().filter(|address| known.reason_for(address.as_str()).is_none());
    let header = header_of(path)?;
    let delimiter =
        *[b',', b';', b'\t'].iter().max_by_key(|byte| header.bytes().filter(|b| b == *byte).count()).unwrap_or(&b',');
    let columns: Vec<String> = header.split(char::from(delimiter)).map(|name| name.trim().to_lowercase()).collect();
    let mut lines = Vec::new();
    if !path.exists() || std::fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0) {
        lines.push(HEADER.to_owned());
    }
    let before = lines.len();
    for address in new {
        let date = date.to_string();
        let cells = columns.iter().map(|column| match column.as_str() {
            "reason" => reason,
            "date" => &date,
            "source" => source,
            "address" | "email" | "e_mail" | "email_address" | "e-mail" => address.as_str(),
            _ => "",
        });
        lines.push(line(cells, delimiter)?);
    }
    let added = lines.len() - before;
    if added > 0 {
        durable::append_lines(path, Privacy::Private, &lines)?;
    }
    Ok(added)
}

/// The first line, or what it will be.
fn header_of(path: &Path) -> Result<String> {
    let mut header = String::new();
    match std::fs::File::open(path) {
        Ok(file) => {
            BufReader::new(file).read_line(&mut header).map_err(|error| Diagnostic::io("read", path, &error))?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Diagnostic::io("read", path, &error)),
    }
    let header = header.trim_start_matches('\u{feff}').trim_end().replace('"', "");
    Ok(if header.is_empty() { HEADER.to_owned() } else { header })
}

fn line<'a>(cells: impl Iterator<Item = &'a str>, delimiter: u8) -> Result<String> {
    let failed = |error: &dyn std::fmt::Display| Diagnostic::error(format!("a suppression can't be written: {error}"));
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(cells).map_err(|error| failed(&error))?;
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_is_suppressed_once_in_the_files_own_form() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("suppressions.csv");
        let addresses = ["ann@example.com", "bob@example.com"].map(|text| Address::parse(text).unwrap());
        let day: Date = "2026-11-23".parse().unwrap();
        assert_eq!(suppress(&path, &addresses[..1], "unknown", "spring", day).unwrap(), 1);
        assert_eq!(suppress(&path, &addresses, "unknown", "spring", day).unwrap(), 1);
        assert_eq!(suppress(&path, &addresses, "unknown", "spring", day).unwrap(), 0);
        let text = std::fs::read_to_string(&path).unwrap();
        let rows = "ann@example.com,unknown,2026-11-23,spring\nbob@example.com,unknown,2026-11-23,spring\n";
        assert_eq!(text, format!("{HEADER}\n{rows}"));
        std::fs::write(&path, "reason;address;note\n").unwrap();
        suppress(&path, &addresses[..1], "unknown; gone", "spring", day).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "reason;address;note\n\"unknown; gone\";ann@example.com;\n"
        );
        assert!(Suppressions::load(&path).unwrap().reason_for("ann@example.com").is_some());
    }
}
