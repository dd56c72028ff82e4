//! Reading a list: one row after the other through one buffer, each with what is wrong with it.
//!
//! A row with a fault is handed out too, so that it can be shown and mended; it names nobody to write to. Whether a row
//! repeats an earlier one is found in `repeat`, who may be written to in `audience`.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::path::Path;

use encoding_rs::WINDOWS_1252;

use crate::address::{self, Address};
use crate::diagnostic::{Diagnostic, Result};

use super::column::{Columns, email_names};
use super::defect::{Fault, Remark};
use super::files::Files;
use super::record::{Raw, unquote};
use super::records::Records;
use super::row::{Cells, Row, Value};
use super::status::Status;
use super::text::clean;

/// A list file, open at its first row.
#[derive(Debug)]
pub struct Rows {
    records: Records,
    columns: Columns,
    cells: Cells,
    /// Whether a row was not UTF-8, so far.
    windows_1252: bool,
    /// Byte and line behind the first line.
    begin: (u64, u64),
    opened: Stamp,
}

impl Rows {
    /// Opens a list and reads its first line.
    ///
    /// # Errors
    /// The file can't be read, or its first line does not name the column `email`.
    pub fn open(path: &Path) -> Result<Rows> {
        let file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                let help = Files::named(path.parent().unwrap_or(Path::new(".")), name).map(|files| files.help());
                Diagnostic::error(format!("there is no list {}", label(path))).help(help.unwrap_or_default())
            }
            _ => Diagnostic::io("read", path, &error),
        })?;
        Self::read_file(file, path, email_names())?.ok_or_else(|| {
            Diagnostic::error(format!("the list {} is empty", label(path)))
                .help("begin it with the line `email,name,status`")
        })
    }

    /// A table of addresses whose address column has one of the names `wanted`; `None`: it has not even a first line.
    pub(super) fn read_file(file: File, path: &Path, wanted: &[&str]) -> Result<Option<Rows>> {
        let metadata = file.metadata().map_err(|error| Diagnostic::io("read", path, &error))?;
        let opened = Stamp::of(&metadata);
        let mut records = Records::new(file, &label(path))?;
        let Some(columns) = Columns::read(&mut records, wanted)? else { return Ok(None) };
        let begin = records.place();
        records.run(begin.0, begin.1, columns.email);
        Ok(Some(Rows { records, columns, cells: Cells::default(), windows_1252: false, begin, opened }))
    }

    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The file as messages name it.
    pub fn label(&self) -> &str {
        self.records.label()
    }

    /// The byte between two fields.
    pub(super) fn delimiter(&self) -> u8 {
        self.records.delimiter
    }

    /// The line behind the last row read.
    pub(super) fn line(&self) -> u64 {
        self.records.line()
    }

    /// Where the next row is looked for: byte and line.
    pub(super) fn place(&self) -> (u64, u64) {
        self.records.place()
    }

    /// Another reader of a long file, which stands behind a line end near the middle of what is to come, and counts lines from
    /// 0 there. Whether a row begins there is not known.
    pub(super) fn halfway(&self) -> Option<Rows> {
        let records = self.records.halfway()?;
        let (columns, begin, opened) = (self.columns.clone(), self.begin, self.opened);
        Some(Rows { records, columns, cells: Cells::default(), windows_1252: false, begin, opened })
    }

    /// Goes back to the first row.
    pub(super) fn rewind(&mut self) {
        self.windows_1252 = false;
        self.records.run(self.begin.0, self.begin.1, self.columns.email);
    }

    /// Goes to a row whose place is known, to read it alone.
    pub(super) fn seek(&mut self, offset: u64, line: u64) {
        self.records.seek(offset, line);
    }

    /// Refuses to go on when the very file being read was written to meanwhile. One that was replaced as a whole, as our
    /// own changes do it, is read to its end as it was.
    pub(super) fn unchanged(&self) -> Result<()> {
        let now = self.records.file().metadata().map(|metadata| Stamp::of(&metadata));
        if now.is_ok_and(|now| now == self.opened) {
            return Ok(());
        }
        Err(Diagnostic::error(format!("{} was changed by another program while it was read", self.label()))
            .help("wait until it is saved, then run the command again"))
    }

    /// The next row.
    ///
    /// # Errors
    /// The file can't be read, or a quote is not closed, so that nobody can tell which readers follow.
    pub fn read(&mut self) -> Result<Option<Row<'_>>> {
        let Some(raw) = self.records.read()? else { return Ok(None) };
        let cells = &mut self.cells;
        let text = cells.fill(&raw, self.columns.email, &mut self.windows_1252);
        cells.fault = shape_fault(&raw, &self.columns);
        cells.find_address(&raw, text, cells.value(&raw, self.columns.email));
        let status = self.columns.status.map_or_else(Value::default, |column| cells.value(&raw, column));
        cells.find_status(text, status);
        Ok(Some(Row { raw, columns: &self.columns, text, cells: &self.cells }))
    }
}

/// Where a row begins, and what stands in the place of its address, in whatever case; it need not be one.
#[derive(Debug)]
pub(super) struct Glimpse<'a> {
    /// Byte and line.
    pub(super) begin: (u64, u64),
    pub(super) email: &'a [u8],
}

impl Rows {
    /// The next row, seen only so far as to tell which other rows may have its address. It stops at the rows that
    /// [`Rows::read`] stops at, in a third of the time.
    pub(super) fn glimpse(&mut self) -> Result<Option<Glimpse<'_>>> {
        if let Some(line) = self.records.line_at_once() {
            let bytes = self.records.bytes(&line);
            let field = nth_field(bytes, self.records.delimiter, self.columns.email);
            if is_plain(&bytes[field.clone()]) {
                let email = self.records.bytes(&line)[field].trim_ascii();
                return Ok(Some(Glimpse { begin: (line.offset, line.number), email }));
            }
            self.records.back(&line);
        }
        let row = self.read()?;
        Ok(row.map(|row| Glimpse { begin: (row.raw.offset, row.line()), email: row.email().as_bytes() }))
    }
}

/// Where a field of a record without quotes lies, counted from 0; an empty place at its end where the record ends before.
fn nth_field(record: &[u8], delimiter: u8, number: usize) -> Range<usize> {
    let mut start = 0;
    for _ in 0..number {
        start = memchr::memchr(delimiter, &record[start..]).map_or(record.len(), |at| start + at + 1);
    }
    start..memchr::memchr(delimiter, &record[start..]).map_or(record.len(), |at| start + at)
}

impl Cells {
    /// Takes the values of a record; gives its text, in which those lie that can stay as they are.
    fn fill<'a>(&mut self, raw: &Raw<'a>, email: usize, windows_1252: &mut bool) -> &'a str {
        self.values.clear();
        self.scratch.clear();
        self.remarks.clear();
        let text = raw.text;
        if !raw.extent.plain {
            if text.is_none() && !std::mem::replace(windows_1252, true) {
                self.remarks.push(Remark::Windows1252);
            }
            self.copy(raw, email, text);
        }
        text.unwrap_or_default()
    }

    /// Decodes, unquotes and cleans the fields of a record. An address is not cleaned: it is right or wrong.
    fn copy(&mut self, raw: &Raw<'_>, email: usize, text: Option<&str>) {
        for (column, span) in raw.spans.iter().enumerate() {
            // One field beyond ASCII is no reason to copy the others.
            if text.is_some() && is_plain(&raw.bytes[span.start..span.end]) {
                self.values.push(Value::in_record(*span));
                continue;
            }
            // Decided for the record as a whole: a field alone may look like UTF-8 by chance.
            let field = match text {
                Some(text) => Cow::Borrowed(text.get(span.start..span.end).unwrap_or_default()),
                None => WINDOWS_1252.decode_without_bom_handling(&raw.bytes[span.start..span.end]).0,
            };
            let value = unquote(&field);
            if column == email {
                self.values.push(Value::push(&mut self.scratch, value.trim_matches([' ', '\t'])));
                continue;
            }
            let (value, cleaned) = clean(&value);
            self.remarks.extend(cleaned.map(|cleaned| Remark::Cleaned { column, cleaned }));
            self.values.push(Value::push(&mut self.scratch, &value));
        }
    }

    /// Finds the address as it goes on the wire, and whether it is one.
    fn find_address(&mut self, raw: &Raw<'_>, text: &str, value: Value) {
        (self.email, self.has_address) = (value, true);
        let cell = value.of(text, &self.scratch);
        if raw.has_plain_address || address::is_plain(cell) {
            return;
        }
        match Address::parse(cell) {
            Ok(address) => self.email = Value::push(&mut self.scratch, address.as_str()),
            Err(error) => {
                self.has_address = false;
                self.fault.get_or_insert(Fault::Address(error));
            }
        }
    }

    /// Finds the status; a list without such a column has active readers only.
    fn find_status(&mut self, text: &str, value: Value) {
        let word = value.of(text, &self.scratch);
        self.status = Status::parse(word);
        if self.status.is_none() && self.fault.is_none() {
            self.fault = Some(Fault::Status(word.to_owned()));
        }
    }
}

/// Printable ASCII without quotes: a value that is read as it lies there.
#[expect(clippy::needless_bitwise_bool, reason = "a branch for every octet would be slower")]
fn is_plain(bytes: &[u8]) -> bool {
    // Without a way out in the middle, which keeps it fast.
    bytes.iter().fold(true, |all, byte| all & (b' '..=b'~').contains(byte) & (*byte != b'"'))
}

/// More fields than the first line names, or text behind a closing quote: then which field is which can't be known.
fn shape_fault(raw: &Raw<'_>, columns: &Columns) -> Option<Fault> {
    if let Some(column) = raw.extent.tangled {
        return Some(Fault::Tangled { column });
    }
    let surplus = raw.spans.get(columns.len()..)?;
    let filled = surplus.iter().any(|span| !raw.bytes[span.start..span.end].iter().all(u8::is_ascii_whitespace));
    filled.then(|| Fault::TooMany { found: raw.spans.len(), named: columns.len() })
}

/// A path as messages show it.
pub(super) fn label(path: &Path) -> String {
    let text = path.display().to_string();
    text.strip_prefix("./").map_or(text.clone(), str::to_owned)
}

/// By which a changed file is known without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<std::time::SystemTime>,
    /// Inode and time of its last change, where there are such.
    node: (u64, i64, i64),
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Stamp {
        #[cfg(unix)]
        let node = {
            use std::os::unix::fs::MetadataExt;
            (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
        };
        #[cfg(not(unix))]
        let node = (0, 0, 0);
        Stamp { length: metadata.len(), modified: metadata.modified().ok(), node }
    }

    /// The stamp of a file by its name; `None` when it can't be seen.
    pub(super) fn at(path: &Path) -> Option<Stamp> {
        std::fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata))
    }
}

#[cfg(test)]
mod tests {
    use super::super::test::{list, rows};
    use super::super::{Defects, Field};
    use super::*;
    use proptest::prelude::*;

    /// `line email|name|status|fault` of every row, and the defects.
    fn read(content: impl AsRef<[u8]>) -> (Vec<String>, Defects) {
        let list = list(content);
        let mut rows = rows(&list);
        let mut lines = Vec::new();
        let mut defects = Defects::default();
        while let Some(row) = rows.read().unwrap() {
            let fault = if row.fault().is_some() { "fault" } else { "" };
            lines.push(format!("{} {}|{}|{}|{fault}", row.line(), row.email(), row.name(), row.get(Field::Status)));
            defects.take(&row, "readers.csv");
        }
        (lines, defects)
    }

    #[test]
    fn every_dialect_is_read() {
        let plain = "email,name,status\nAnn@example.com,\"Lee, Ann\",\nbob@example.com,Bob,PENDING\n";
        let expected = ["2 Ann@example.com|Lee, Ann|active|", "3 bob@example.com|Bob|pending|"];
        let crlf = plain.replace('\n', "\r\n");
        let bom = format!("\u{feff}{plain}");
        let old_mac = plain.replace('\n', "\r");
        let semicolons = "email;name;status\nAnn@example.com;Lee, Ann;\nbob@example.com ; Bob;PENDING;;\n";
        let tabs = semicolons.replace(';', "\t");
        for text in [plain, &crlf, &bom, &old_mac, semicolons, &tabs, plain.trim_end()] {
            let (rows, defects) = read(text);
            assert_eq!(rows, expected, "{text:?}");
            assert_eq!(defects.total, 0, "{:?}", defects.first);
        }
    }

    #[test]
    fn windows_1252_is_read_and_told_once() {
        let (rows, defects) =
            read(b"email,name\nzoe@example.com,Zo\xeb\nz\xe9@example.com,\nc@example.com,\"\x80 \xc3\xab\"\n");
        assert_eq!(rows[0], "2 zoe@example.com|Zoë|active|");
        assert_eq!(rows[1], "3 zé@example.com||active|fault");
        let utf8 = read("email,name\nzoe@example.com,Zoë\n");
        assert_eq!(utf8.0, ["2 zoe@example.com|Zoë|active|"]);
        assert_eq!(utf8.1.total, 0);
        assert_eq!(rows[2], "4 c@example.com|€ Ã«|active|");
        let warnings = defects.first.iter().filter(|d| d.message().contains("Windows-1252")).count();
        assert_eq!((warnings, defects.total), (1, 2));
        assert!(Rows::open(&list(b"\xff\xfee\0m\0").files.list).unwrap_err().message().contains("UTF-16"));
    }

    #[test]
    fn faults_are_told_by_row_and_column() {
        let (rows, defects) = read(
            "email,name,status\nann@@example.com,Ann,\nbob@example.com,Bob,inactive\ncem@example.com,\"a\nb\",x\n\
             dan@example.com,Lee, Dan,active\neve@example.com,\"Eve\" E,\n",
        );
        assert!(rows.iter().all(|row| row.ends_with("|fault")), "{rows:?}");
        let places: Vec<String> = defects.first.iter().map(|d| d.place().unwrap().to_string()).collect();
        assert_eq!(
            places,
            [
                "readers.csv:2:1",
                "readers.csv:3:21",
                "readers.csv:5:4",
                "readers.csv:4:17",
                "readers.csv:6:26",
                "readers.csv:7:17"
            ]
        );
        let inactive = &defects.first[1];
        assert!(inactive.message().contains("`inactive` is no status"), "{inactive}");
        assert!(inactive.helps().iter().all(|help| !help.contains("`active`")), "{:?}", inactive.helps());
    }

    #[test]
    fn names_are_cleaned_and_told() {
        let (rows, defects) = read("email,name\nann@example.com,\"Ann\r\nBcc: x@example.org\u{202e}\"\n");
        assert_eq!(rows, ["2 ann@example.com|Ann Bcc: x@example.org|active|"]);
        assert_eq!(defects.total, 1);
        assert!(defects.first[0].message().contains("row 2, column `name`: 3 characters"), "{}", defects.first[0]);
    }

    #[test]
    fn a_reader_has_every_field() {
        let list = list("E-mail,Plan,name\nann@example.com,pro,Ann Lee\n");
        let mut rows = rows(&list);
        let row = rows.read().unwrap().unwrap();
        let reader = row.to_subscriber("readers.csv").unwrap();
        for (name, value) in [
            ("email", Some("ann@example.com")),
            ("name", Some("Ann Lee")),
            ("first_name", Some("Ann")),
            ("status", Some("active")),
            ("plan", Some("pro")),
            ("city", None),
        ] {
            assert_eq!(reader.field(name), value, "{name}");
            assert_eq!(row.field(name), value, "{name}");
        }
        assert_eq!((reader.row, reader.status), (2, Status::Active));
    }

    #[test]
    fn a_fault_is_no_subscriber() {
        let list = list("email,status\nann@example.com,gone\n");
        let mut rows = rows(&list);
        assert!(rows.read().unwrap().unwrap().to_subscriber("readers.csv").is_err());
    }

    proptest! {
        /// In files of any shape; a quote that is never closed ends both.
        #[test]
        fn a_glimpse_stops_where_reading_stops(
            rows in prop::collection::vec("[aA1@.,\" \té]{0,12}(@example\\.com|@EXAMPLE\\.com|)?(,\"x\n\"\"y\")?[\r\n]{1,2}", 0..30),
            first in "(a,b,|)email",
            end in "[a@.c]{0,4}",
        ) {
            let list = list(format!("{first}\n{}{end}", rows.concat()));
            let (mut read, mut seen) = (super::super::test::rows(&list), super::super::test::rows(&list));
            loop {
                let (row, glimpse) = (read.read(), seen.glimpse());
                prop_assert_eq!(row.is_err(), glimpse.is_err());
                let (Ok(row), Ok(glimpse)) = (row, glimpse) else { break };
                prop_assert_eq!(row.is_some(), glimpse.is_some());
                let Some((row, glimpse)) = row.zip(glimpse) else { break };
                prop_assert_eq!((row.raw.offset, row.line()), glimpse.begin);
                if row.has_address() {
                    prop_assert!(row.email().as_bytes().eq_ignore_ascii_case(glimpse.email));
                }
            }
        }
    }
}
