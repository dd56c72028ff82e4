//! Reading the files of an import, row by row: who is named, with which values, and what is wrong with a row.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::column::Columns;
use super::super::defect::{Defects, shown};
use super::super::key::Keys;
use super::incoming::{FileSummary, Incoming, RowCounts, Suspicious};
use super::mapping::{Mapping, Source, Wishes};
use super::source::Opened;
use super::standing::Standing;
use super::store::Writer;
use super::table::{Entry, Table};
use super::value::{merged_tags, moment, tags};
use crate::address::{Address, Suspicions};
use crate::diagnostic::{Diagnostic, Place, Result};

/// How many rows are named in a sentence, and how many suspicious addresses.
const NAMED: usize = 20;
/// So many readers are entered together.
const TOGETHER: usize = 64;

/// Readers coming in, and what was said of them on the way.
pub(super) struct Intake {
    keys: Keys,
    waiting: Waiting,
    standings: Vec<Standing>,
    places: Vec<u64>,
    more: HashMap<usize, Vec<u64>>,
    writer: Writer,
    fields: Vec<String>,
    used: Vec<bool>,
    files: Vec<FileSummary>,
    pub(super) rows: RowCounts,
    defects: Defects,
    judge: Suspicions,
    suspicious: Vec<Suspicious>,
    suspicious_total: u64,
}

impl Intake {
    pub(super) fn new() -> Intake {
        Intake {
            keys: Keys::default(),
            waiting: Waiting::default(),
            standings: Vec::new(),
            places: Vec::new(),
            more: HashMap::new(),
            writer: Writer::new(),
            fields: Vec::new(),
            used: Vec::new(),
            files: Vec::new(),
            rows: RowCounts::default(),
            defects: Defects::default(),
            judge: Suspicions::default(),
            suspicious: Vec::new(),
            suspicious_total: 0,
        }
    }

    /// Reads one file.
    pub(super) fn file(&mut self, opened: Opened, wishes: &Wishes, list: Option<&Columns>) -> Result<()> {
        let mut table = Table::open(opened.file, &opened.label)?;
        let mapping = Mapping::of(&table, &opened.name, wishes, list)?;
        let mut numbers = Vec::new();
        for (field, _) in &mapping.columns {
            numbers.push(self.field(field)?);
        }
        let set = self.constants(wishes)?;
        self.files.push(summary(&table, &mapping));
        let before = self.rows.total;
        let label = table.label().to_owned();
        table.run(mapping.email.first().copied().unwrap_or_default());
        while let Some(entry) = table.read()? {
            if !entry.is_blank() {
                self.row(&entry, &mapping, &numbers, &set, &label)?;
            }
        }
        if let Some(file) = self.files.last_mut() {
            file.rows = self.rows.total - before;
        }
        Ok(())
    }

    /// The number of a column of the list.
    fn field(&mut self, name: &str) -> Result<u8> {
        let at = self.fields.iter().position(|known| known == name).unwrap_or_else(|| {
            self.fields.push(name.to_owned());
            self.used.push(false);
            self.fields.len() - 1
        });
        u8::try_from(at).map_err(|_| {
            Diagnostic::error("the files have more than 250 columns to import")
                .help("leave out `--keep-columns`, and name those that you need by `--map`")
        })
    }

    /// What everybody gets: the tag, and the values that the user gave.
    fn constants(&mut self, wishes: &Wishes) -> Result<Vec<(u8, String)>> {
        let tag = wishes.tag.iter().map(|tag| ("tags", tag));
        let set = wishes.set.iter().map(|(name, value)| (name.as_str(), value));
        set.chain(tag).map(|(name, value)| Ok((self.field(name)?, value.clone()))).collect()
    }

    fn row(
        &mut self,
        entry: &Entry<'_>,
        mapping: &Mapping,
        numbers: &[u8],
        set: &[(u8, String)],
        label: &str,
    ) -> Result<()> {
        self.rows.total += 1;
        let email = match email(entry, mapping) {
            Ok(email) => email,
            Err(None) => {
                self.rows.without_address += 1;
                return Ok(());
            }
            Err(Some(why)) => {
                self.invalid(entry, label, &why);
                return Ok(());
            }
        };
        let (standing, word) = mapping.rule.standing(entry);
        if let Some(word) = word {
            self.unclear(entry, label, &email, &word);
        }
        for ((name, source), number) in mapping.columns.iter().zip(numbers) {
            let value = read(source, entry);
            // Who has no name is often called by their address.
            let is_no_name = name == "name" && value == email;
            if !value.is_empty() && !is_no_name {
                self.used[usize::from(*number)] = true;
                self.writer.value(*number, &value);
            }
        }
        for (number, value) in set {
            self.used[usize::from(*number)] = true;
            self.writer.value(*number, value);
        }
        let place = self.writer.end_row()?;
        self.waiting.push(&email, (standing, place));
        if self.waiting.len() == TOGETHER {
            self.enter_waiting();
        }
        Ok(())
    }

    /// Enters who is waiting.
    fn enter_waiting(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        self.keys.touch(waiting.iter().map(|(email, _)| email));
        for (email, (standing, place)) in waiting.iter() {
            self.enter(email, standing, place);
        }
        waiting.clear();
        self.waiting = waiting;
    }

    fn enter(&mut self, email: &str, standing: Standing, place: u64) {
        if let Some(number) = self.keys.enter(email) {
            self.rows.repeated += 1;
            // Who is gone by one row is gone.
            self.standings[number] = self.standings[number].max(standing);
            self.more.entry(number).or_default().push(place);
            return;
        }
        self.standings.push(standing);
        self.places.push(place);
        if let Some(suspicion) = self.judge.of(email) {
            self.suspicious_total += 1;
            if self.suspicious.len() < NAMED {
                self.suspicious.push(Suspicious { address: email.to_owned(), suspicion });
            }
        }
    }

    fn invalid(&mut self, entry: &Entry<'_>, label: &str, why: &str) {
        self.rows.invalid += 1;
        if self.rows.invalid_rows.len() < NAMED {
            self.rows.invalid_rows.push(entry.line());
        }
        let line = entry.line();
        self.defects.push(|| {
            Diagnostic::error(format!("row {line}: {why}"))
                .at(Place::line(label, usize::try_from(line).unwrap_or(0)))
                .help("it is left out; correct it in the file and import it again")
        });
    }

    fn unclear(&mut self, entry: &Entry<'_>, label: &str, email: &str, word: &str) {
        let line = entry.line();
        self.defects.push(|| {
            let error = match word {
                "" => Diagnostic::error(format!("row {line}: nothing says whether {email} is subscribed")),
                word => Diagnostic::error(format!("row {line}: `{}` is no status that is known there", shown(word))),
            };
            let place = Place::line(label, usize::try_from(line).unwrap_or(0));
            error.at(place).help(
                "this reader is left as they are; write active, pending, unsubscribed, bounced or complained there, or \
                 say with `--status` what an empty one means, or with `--from` which program the file is of",
            )
        });
    }

    pub(super) fn finish(mut self) -> Result<Incoming> {
        self.enter_waiting();
        Ok(Incoming {
            keys: self.keys,
            standings: self.standings,
            places: self.places,
            more: self.more,
            store: self.writer.finish()?,
            // A column that nobody has a value for is none.
            fields: self
                .fields
                .into_iter()
                .zip(self.used)
                .map(|(name, used)| if used { name } else { String::new() })
                .collect(),
            files: self.files,
            rows: self.rows,
            defects: self.defects,
            suspicious: self.suspicious,
            suspicious_total: self.suspicious_total,
        })
    }
}

/// Who is about to be entered: the addresses one behind the other, each with what is known of them.
#[derive(Default)]
struct Waiting {
    emails: String,
    rows: Vec<(usize, (Standing, u64))>,
}

impl Waiting {
    fn push(&mut self, email: &str, known: (Standing, u64)) {
        self.emails.push_str(email);
        self.rows.push((self.emails.len(), known));
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn iter(&self) -> impl Iterator<Item = (&str, (Standing, u64))> {
        let begins = std::iter::once(0).chain(self.rows.iter().map(|(end, _)| *end));
        begins.zip(&self.rows).map(|(begin, (end, known))| (&self.emails[begin..*end], *known))
    }

    fn clear(&mut self) {
        self.emails.clear();
        self.rows.clear();
    }
}

/// The address of a row; else why it has none, or nothing when it need not have one.
fn email<'a>(entry: &Entry<'a>, mapping: &Mapping) -> Result<Cow<'a, str>, Option<String>> {
    if let Some(fault) = entry.fault() {
        return Err(Some(fault));
    }
    if let Some(email) = mapping.email.first().and_then(|column| entry.plain_address(*column)) {
        return Ok(Cow::Borrowed(email));
    }
    let Some(cell) = mapping.email.iter().map(|column| entry.value(*column)).find(|value| !value.is_empty()) else {
        return Err((!mapping.preset.without_address).then(|| "it has no address".to_owned()));
    };
    // Google writes several addresses into one cell.
    let text = cell.split(" ::: ").next().unwrap_or_default().trim();
    match Address::parse(text) {
        Ok(address) => Ok(Cow::Owned(String::from(address))),
        Err(error) => Err(Some(format!("`{}` is no address: {error}", shown(text)))),
    }
}

/// The value of one column of the list, from a row.
fn read<'a>(source: &Source, entry: &Entry<'a>) -> Cow<'a, str> {
    let first = |columns: &[usize]| columns.iter().map(|column| entry.value(*column)).find(|value| !value.is_empty());
    match source {
        Source::Text(columns) => first(columns).unwrap_or_default(),
        Source::Moment(columns) => match first(columns).unwrap_or_default() {
            Cow::Borrowed(text) => moment(text),
            Cow::Owned(text) => Cow::Owned(moment(&text).into_owned()),
        },
        Source::Tags(columns) => {
            let mut all = String::new();
            for column in columns {
                for tag in tags(&entry.value(*column)) {
                    if let Some(more) = merged_tags(&all, &tag) {
                        all = more;
                    }
                }
            }
            Cow::Owned(all)
        }
        Source::Joined(first, last) => {
            let (first, last) = (entry.value(*first), entry.value(*last));
            match (first.is_empty(), last.is_empty()) {
                (false, false) => Cow::Owned(format!("{first} {last}")),
                (false, true) => first,
                (true, _) => last,
            }
        }
    }
}

fn summary(table: &Table, mapping: &Mapping) -> FileSummary {
    let heading = |column: &usize| table.headings().get(*column).cloned().unwrap_or_default();
    let headings = |columns: &[usize]| columns.iter().map(heading).collect::<Vec<_>>().join(", ");
    let email = ("email".to_owned(), headings(&mapping.email));
    let columns = mapping.columns.iter().map(|(name, source)| {
        let from = match source {
            Source::Text(columns) | Source::Moment(columns) | Source::Tags(columns) => headings(columns),
            Source::Joined(first, last) => format!("{} + {}", heading(first), heading(last)),
        };
        (name.clone(), from)
    });
    FileSummary {
        file: table.label().to_owned(),
        from: mapping.preset.name,
        title: mapping.preset.title,
        rows: 0,
        columns: std::iter::once(email).chain(columns).collect(),
        left_out: mapping.left_out.clone(),
        note: mapping.preset.note,
    }
}
