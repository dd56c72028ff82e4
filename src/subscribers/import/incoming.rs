//! Everybody whom the files of an import name: read once, row by row, and held in little memory.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;

use super::super::column::Columns;
use super::super::defect::{Defects, shown};
use super::super::key::Keys;
use super::mapping::{Mapping, Source, Wishes};
use super::source::{self, Opened};
use super::standing::Standing;
use super::store::{Store, Values, Writer};
use super::table::{Entry, Table};
use super::value::{merged_tags, moment, tags};
use crate::address::{self, Address, Suspicion, Suspicions};
use crate::diagnostic::{Diagnostic, Place, Result};

/// How many rows are named in a sentence, and how many suspicious addresses.
const NAMED: usize = 20;

/// One file of an import.
#[derive(Debug, Clone, Serialize)]
pub struct FileSummary {
    pub file: String,
    /// The program that it is of, as `--from` names it.
    pub from: &'static str,
    #[serde(skip)]
    pub title: &'static str,
    pub rows: u64,
    /// Columns of the list with the headings that they are filled from.
    pub columns: Vec<(String, String)>,
    /// Headings that are not imported.
    pub left_out: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

/// What became of rows that no reader comes from. All rows: the readers, and these.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RowCounts {
    pub total: u64,
    /// Nobody can tell whom they mean.
    pub invalid: u64,
    /// The first of them, by line.
    pub invalid_rows: Vec<u64>,
    /// Another row names the same reader; together they count as one.
    pub repeated: u64,
    /// People without an address, in an address book.
    pub without_address: u64,
}

/// A suspicious address.
#[derive(Debug, Clone, Serialize)]
pub struct Suspicious {
    pub address: String,
    #[serde(flatten)]
    pub suspicion: Suspicion,
}

/// Readers on their way in.
#[derive(Debug)]
pub struct Incoming {
    pub(super) keys: Keys,
    /// By the number of the key.
    pub(super) standings: Vec<Standing>,
    places: Vec<u64>,
    /// Further rows of a reader.
    more: HashMap<usize, Vec<u64>>,
    store: Store,
    /// The columns of the list that values are for.
    pub(super) fields: Vec<String>,
    pub files: Vec<FileSummary>,
    pub rows: RowCounts,
    /// Rows that say nothing clear, in words.
    pub defects: Defects,
    pub suspicious: Vec<Suspicious>,
    pub suspicious_total: u64,
}

impl Incoming {
    /// Reads the files. `list` is the list that they are for, when there is one.
    ///
    /// # Errors
    /// A file that can't be read or understood, or in which there is nobody.
    pub fn read(paths: &[PathBuf], wishes: &Wishes, list: Option<&Columns>) -> Result<Incoming> {
        let mut reader = Reader::new();
        for path in paths {
            let before = reader.rows.total;
            for opened in source::open(path)? {
                reader.file(opened, wishes, list)?;
            }
            if reader.rows.total == before {
                return Err(Diagnostic::error("there is nobody in this file: nothing was imported")
                    .at(Place::file(path.display().to_string()))
                    .help("look into it: a first line alone is no list; export the readers again"));
            }
        }
        reader.finish()
    }

    /// How many readers there are.
    pub fn len(&self) -> usize {
        self.standings.len()
    }

    pub fn is_empty(&self) -> bool {
        self.standings.is_empty()
    }

    /// The values of a reader by the number of the field; empty where there is none. Of several rows the first one that
    /// has a value counts, and the tags of all.
    pub(super) fn values(&mut self, number: usize, into: &mut Vec<String>) -> Result<()> {
        into.resize(self.fields.len(), String::new());
        into.iter_mut().for_each(String::clear);
        let Some(place) = self.places.get(number) else { return Ok(()) };
        fill(self.store.at(*place)?, &self.fields, into);
        for place in self.more.get(&number).into_iter().flatten() {
            fill(self.store.at(*place)?, &self.fields, into);
        }
        Ok(())
    }
}

fn fill(values: Values<'_>, fields: &[String], into: &mut [String]) {
    for (field, value) in values {
        let field = usize::from(field);
        let (Some(cell), Some(name)) = (into.get_mut(field), fields.get(field)) else { continue };
        if cell.is_empty() {
            cell.push_str(value);
        } else if name == "tags"
            && let Some(all) = merged_tags(cell, value)
        {
            *cell = all;
        }
    }
}

struct Reader {
    keys: Keys,
    standings: Vec<Standing>,
    places: Vec<u64>,
    more: HashMap<usize, Vec<u64>>,
    writer: Writer,
    fields: Vec<String>,
    used: Vec<bool>,
    files: Vec<FileSummary>,
    rows: RowCounts,
    defects: Defects,
    judge: Suspicions,
    suspicious: Vec<Suspicious>,
    suspicious_total: u64,
}

impl Reader {
    fn new() -> Reader {
        Reader {
            keys: Keys::default(),
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

    fn file(&mut self, opened: Opened, wishes: &Wishes, list: Option<&Columns>) -> Result<()> {
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
        let fault = entry.fault();
        let cell = mapping.email.iter().map(|column| entry.value(*column)).find(|value| !value.is_empty());
        let cell = match (cell, fault) {
            (_, Some(fault)) => {
                self.invalid(entry, label, &fault);
                return Ok(());
            }
            (None, None) if mapping.preset.without_address => {
                self.rows.without_address += 1;
                return Ok(());
            }
            (None, None) => {
                self.invalid(entry, label, "it has no address");
                return Ok(());
            }
            (Some(cell), None) => cell,
        };
        // Google writes several addresses into one cell.
        let text = if cell.contains(':') { cell.split(" ::: ").next().unwrap_or_default() } else { &cell };
        let text = text.trim();
        let parsed;
        let email = if address::is_plain(text) {
            text
        } else {
            match Address::parse(text) {
                Ok(address) => {
                    parsed = address;
                    parsed.as_str()
                }
                Err(error) => {
                    self.invalid(entry, label, &format!("`{}` is no address: {error}", shown(text)));
                    return Ok(());
                }
            }
        };
        let (standing, word) = mapping.rule.standing(entry);
        if let Some(word) = word {
            self.unclear(entry, label, email, &word);
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
        self.enter(email, standing, place);
        Ok(())
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

    fn finish(self) -> Result<Incoming> {
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
