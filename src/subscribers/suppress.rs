//! Changes to `suppressions.csv`: who must not be written to any more, and who may be again.
//!
//! Rows are added behind the others and taken out whole; every other byte stays. Looking and writing happen under the
//! lock of the lists.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use jiff::civil::Date;

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result};
use crate::durable::{self, Lock, Privacy};

use super::dialect::ends;
use super::files::Files;
use super::key::Keys;
use super::list::Rows;
use super::record::quote;
use super::suppression::{ADDRESS, Suppressions, key};
use super::veil::{Veil, Veiled};

const HEADER: &str = "address,reason,date,source";

/// An address, or every address of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuppressionTarget {
    Address(Address),
    /// In its A-label form, without the `@`.
    Domain(String),
}

impl SuppressionTarget {
    /// Reads `ann@example.com` or `@example.com`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<SuppressionTarget> {
        let text = text.trim();
        let wrong = |error: &dyn std::fmt::Display| {
            Diagnostic::error(format!("`{text}` can't be suppressed: {error}"))
                .help("write an address, as in ann@example.com, or `@example.com` for a whole domain")
        };
        match text.strip_prefix('@') {
            Some(domain) => Address::parse(&format!("x@{domain}"))
                .map(|address| SuppressionTarget::Domain(address.domain().to_owned()))
                .map_err(|error| wrong(&error)),
            None => Address::parse(text).map(SuppressionTarget::Address).map_err(|error| wrong(&error)),
        }
    }
}

impl std::fmt::Display for SuppressionTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SuppressionTarget::Address(address) => address.fmt(f),
            SuppressionTarget::Domain(domain) => write!(f, "@{domain}"),
        }
    }
}

/// One row to be added.
#[derive(Debug, Clone)]
pub struct NewSuppression {
    pub target: SuppressionTarget,
    pub reason: String,
    /// As it is to be written: `2026-11-23`.
    pub date: String,
    pub source: String,
}

/// Suppresses those that aren't yet, and says for each whether it is new. The file's own order of columns is kept.
///
/// # Errors
/// The file can't be understood or written; then nothing is changed.
pub fn suppress_all(files: &Files, new: &[NewSuppression], dry_run: bool) -> Result<Vec<bool>> {
    let _lock = if dry_run { None } else { Some(lock(&files.suppressions)?) };
    add_new(&files.suppressions, new, dry_run)
}

/// Suppresses addresses that aren't yet, and says how many that were.
///
/// # Errors
/// As [`suppress_all`].
pub fn suppress(path: &Path, addresses: &[Address], reason: &str, source: &str, date: Date) -> Result<usize> {
    let _lock = lock(path)?;
    suppress_under_lock(path, addresses, reason, source, date)
}

/// [`suppress`] for one who holds the lock of the lists.
pub(super) fn suppress_under_lock(
    path: &Path,
    addresses: &[Address],
    reason: &str,
    source: &str,
    date: Date,
) -> Result<usize> {
    let new: Vec<NewSuppression> = addresses
        .iter()
        .map(|address| NewSuppression {
            target: SuppressionTarget::Address(address.clone()),
            reason: reason.to_owned(),
            date: date.to_string(),
            source: source.to_owned(),
        })
        .collect();
    Ok(add_new(path, &new, false)?.into_iter().filter(|is_new| *is_new).count())
}

fn add_new(path: &Path, new: &[NewSuppression], dry_run: bool) -> Result<Vec<bool>> {
    let known = Suppressions::load(path)?;
    let mut twice = Keys::default();
    let mut added = Vec::with_capacity(new.len());
    let mut rows = Vec::new();
    for new in new {
        let word = new.target.to_string();
        // That its domain is suppressed says nothing of the address once the domain is let in again.
        let is_known = match &new.target {
            SuppressionTarget::Address(_) => known.find(&word).is_some_and(|found| !found.by_domain),
            SuppressionTarget::Domain(_) => known.find(&word).is_some(),
        };
        let is_new = !is_known && twice.enter(&word).is_none();
        added.push(is_new);
        if is_new {
            rows.push([word, new.reason.clone(), new.date.clone(), new.source.clone()]);
        }
    }
    if !dry_run {
        append(path, &rows)?;
    }
    Ok(added)
}

/// Puts a word that nobody can read in the place of an address: it stays suppressed, and no row names it. Says whether a
/// row did, and whether the key was made just now. Only under the lock of the lists.
pub(super) fn veil(files: &Files, address: &Address, date: &str) -> Result<(bool, bool)> {
    let (veil, new_key) = Veil::load_or_create(&files.suppressions)?;
    let word = veil.over(address.as_str());
    let known = Suppressions::load(&files.suppressions)?;
    // First the new row, then without the old: at no instant may the person be let in.
    if known.find(address.as_str()).is_none_or(|found| !found.is_forgotten) {
        append(&files.suppressions, &[[word.to_string(), "forgotten".to_owned(), date.to_owned(), String::new()]])?;
    }
    let removed = take_out(&files.suppressions, &[SuppressionTarget::Address(address.clone())], None, false)?;
    Ok((removed[0].is_some(), new_key))
}

/// What kept somebody out, and no longer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetIn {
    pub reason: String,
    /// The person had been forgotten.
    pub was_forgotten: bool,
}

/// Takes targets out of the suppressions; `None` for one that wasn't in them by itself.
///
/// # Errors
/// The file can't be understood or written; then nothing is changed.
pub fn unsuppress(files: &Files, targets: &[SuppressionTarget], dry_run: bool) -> Result<Vec<Option<LetIn>>> {
    let _lock = if dry_run { None } else { Some(lock(&files.suppressions)?) };
    let suppressions = Suppressions::load(&files.suppressions)?;
    let has_forgotten = suppressions.counts().forgotten > 0;
    let veil = if has_forgotten { Some(Veil::load(&files.suppressions)?) } else { None };
    take_out(&files.suppressions, targets, veil.as_ref(), dry_run)
}

fn take_out(
    path: &Path,
    targets: &[SuppressionTarget],
    veil: Option<&Veil>,
    dry_run: bool,
) -> Result<Vec<Option<LetIn>>> {
    let mut found = vec![None; targets.len()];
    let mut keys = Keys::default();
    let mut numbers = Vec::new();
    for (n, target) in targets.iter().enumerate() {
        if keys.enter(&target.to_string()).is_none() {
            numbers.push(n);
        }
    }
    let veiled = |target: &SuppressionTarget| veil.zip(Some(target.to_string())).map(|(veil, text)| veil.over(&text));
    let veils: Vec<Option<Veiled>> = targets.iter().map(veiled).collect();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(Diagnostic::io("read", path, &error)),
    };
    let Some(mut rows) = Rows::read_file(file, path, &ADDRESS)? else { return Ok(found) };
    let reason = rows.columns().field("reason");
    let mut cuts = Vec::new();
    while let Some(row) = rows.read()? {
        let number = match Veiled::parse(row.email()) {
            Some(word) => {
                let word = word?;
                veils.iter().position(|veiled| *veiled == Some(word))
            }
            None => key(&row).and_then(|key| keys.find(&key)).and_then(|number| numbers.get(number).copied()),
        };
        if let Some(number) = number {
            let reason = reason.map_or("", |field| row.get(field)).to_owned();
            found[number].get_or_insert(LetIn { reason, was_forgotten: Veiled::parse(row.email()).is_some() });
            cuts.push((row.raw.offset, row.raw.offset + row.raw.extent.whole as u64));
        }
    }
    if !dry_run && !cuts.is_empty() {
        cut(path, &cuts).map_err(|error| Diagnostic::io("write", path, &error))?;
    }
    Ok(found)
}

/// Writes the file anew without these bytes.
fn cut(path: &Path, cuts: &[(u64, u64)]) -> io::Result<()> {
    let mut old = File::open(path)?;
    let copy = |out: &mut dyn Write| -> io::Result<()> {
        let mut at = 0;
        for (from, to) in cuts {
            io::copy(&mut Read::by_ref(&mut old).take(from - at), out)?;
            at = *to;
            old.seek(SeekFrom::Start(at))?;
        }
        io::copy(&mut old, out).map(|_| ())
    };
    durable::replace_with(path, Privacy::Private, copy).map_err(|error| io::Error::other(error.message().to_owned()))
}

/// Adds rows in the order of the file's own columns and in its own dialect.
fn append(path: &Path, rows: &[[String; 4]]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let form = Form::of(path)?;
    let (end, _) = ends(path)?;
    let mut text = if form.is_new { format!("{HEADER}{end}") } else { String::new() };
    for row in rows {
        let cells: Vec<_> = form.columns.iter().map(|part| part.map_or("", |part| row[part].as_str())).collect();
        let cells: Vec<_> = cells.into_iter().map(|cell| quote(cell, form.delimiter)).collect();
        text.extend([&cells.join(char::from(form.delimiter).to_string().as_str()), end]);
    }
    durable::append_with(path, Privacy::Private, |out| out.write_all(text.as_bytes()))
}

/// How the file is written.
struct Form {
    delimiter: u8,
    /// Which of address, reason, date and source each column holds.
    columns: Vec<Option<usize>>,
    /// It has yet to begin.
    is_new: bool,
}

impl Form {
    fn of(path: &Path) -> Result<Form> {
        let rows = match File::open(path) {
            Ok(file) => Rows::read_file(file, path, &ADDRESS)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Diagnostic::io("read", path, &error)),
        };
        let Some(rows) = rows else {
            return Ok(Form { delimiter: b',', columns: (0..4).map(Some).collect(), is_new: true });
        };
        let columns = rows.columns();
        let mut parts = vec![None; columns.len()];
        for (part, name) in ["reason", "date", "source"].iter().enumerate() {
            if let Some(column) = columns.column(name) {
                parts[column] = Some(part + 1);
            }
        }
        parts[columns.email] = Some(0);
        Ok(Form { delimiter: rows.delimiter(), columns: parts, is_new: false })
    }
}

/// The lock of the lists, which lie beside the suppressions.
fn lock(path: &Path) -> Result<Lock> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        durable::create_folder(folder, Privacy::Private)?;
        return Lock::acquire(&Files::of(folder).lock);
    }
    Lock::acquire(&Files::of(Path::new(".")).lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path());
        (folder, files)
    }

    fn new(target: &str) -> NewSuppression {
        let target = SuppressionTarget::parse(target).unwrap();
        NewSuppression { target, reason: "unknown; gone".into(), date: "2026-11-23".into(), source: "spring".into() }
    }

    #[test]
    fn each_address_is_suppressed_once_in_the_files_own_form() {
        let (_folder, files) = files();
        let path = &files.suppressions;
        let addresses = ["ann@example.com", "bob@example.com"].map(|text| Address::parse(text).unwrap());
        let day: Date = "2026-11-23".parse().unwrap();
        assert_eq!(suppress(path, &addresses[..1], "unknown", "spring", day).unwrap(), 1);
        assert_eq!(suppress(path, &addresses, "unknown", "spring", day).unwrap(), 1);
        assert_eq!(suppress(path, &addresses, "unknown", "spring", day).unwrap(), 0);
        let text = std::fs::read_to_string(path).unwrap();
        let rows = "ann@example.com,unknown,2026-11-23,spring\nbob@example.com,unknown,2026-11-23,spring\n";
        assert_eq!(text, format!("{HEADER}\n{rows}"));
        std::fs::write(path, "reason;E-Mail;note\n").unwrap();
        assert_eq!(
            suppress_all(&files, &[new("ann@example.com"), new("ANN@example.com")], false).unwrap(),
            [true, false]
        );
        assert_eq!(std::fs::read_to_string(path).unwrap(), "reason;E-Mail;note\n\"unknown; gone\";ann@example.com;\n");
        assert!(Suppressions::load(path).unwrap().reason_for("ann@example.com").is_some());
    }

    #[test]
    fn a_row_is_added_in_the_dialect_of_the_table_however_it_begins() {
        for (text, wanted) in [
            // The law of leaving found that a blank first line was taken for the heading.
            ("\r\nreason;address\r\n", "\r\nreason;address\r\n\"unknown; gone\";ann@example.com\r\n"),
            (
                "reason;address\rx;bob@example.com\r",
                "reason;address\rx;bob@example.com\r\n\"unknown; gone\";ann@example.com\r",
            ),
            (
                "\"reason\"\t\"why, or; by whom\"\t\"address\"\n",
                "\"reason\"\t\"why, or; by whom\"\t\"address\"\nunknown; gone\t\tann@example.com\n",
            ),
        ] {
            let (_folder, files) = files();
            std::fs::write(&files.suppressions, text).unwrap();
            suppress_all(&files, &[new("ann@example.com")], false).unwrap();
            assert_eq!(std::fs::read_to_string(&files.suppressions).unwrap(), wanted);
            assert!(Suppressions::load(&files.suppressions).unwrap().find("ann@example.com").is_some(), "{text:?}");
        }
    }

    #[test]
    fn who_is_let_in_again_leaves_the_others_as_they_are() {
        let (_folder, files) = files();
        let text =
            "address;reason\r\n\"Ann@example.com\";spam\r\n@example.org;\r\nbob@example.com;x\r\nann@example.com;twice";
        std::fs::write(&files.suppressions, text).unwrap();
        let targets =
            ["ann@EXAMPLE.com", "@example.org", "x@example.org"].map(|text| SuppressionTarget::parse(text).unwrap());
        let let_in = |reason: &str| Some(LetIn { reason: reason.to_owned(), was_forgotten: false });
        assert_eq!(unsuppress(&files, &targets, true).unwrap(), [let_in("spam"), let_in(""), None]);
        assert_eq!(std::fs::read_to_string(&files.suppressions).unwrap(), text);
        unsuppress(&files, &targets, false).unwrap();
        assert_eq!(std::fs::read_to_string(&files.suppressions).unwrap(), "address;reason\r\nbob@example.com;x\r\n");
    }

    #[test]
    fn a_veiled_person_is_named_nowhere_and_stays_out() {
        let (_folder, files) = files();
        std::fs::write(&files.suppressions, "address,reason\nbob@example.com,x\nann@example.com,spam\n").unwrap();
        let ann = Address::parse("Ann@example.com").unwrap();
        assert_eq!(veil(&files, &ann, "2026-11-23").unwrap(), (true, true));
        assert_eq!(veil(&files, &ann, "2026-11-23").unwrap(), (false, false));
        let text = std::fs::read_to_string(&files.suppressions).unwrap();
        assert!(!text.contains("ann@") && text.lines().count() == 3, "{text}");
        let suppressions = Suppressions::load(&files.suppressions).unwrap();
        assert!(suppressions.find("ann@example.com").unwrap().is_forgotten);
        let let_in = unsuppress(&files, &[SuppressionTarget::Address(ann)], false).unwrap();
        assert!(let_in[0].as_ref().unwrap().was_forgotten);
        assert!(Suppressions::load(&files.suppressions).unwrap().find("ann@example.com").is_none());
    }
}
