//! The bytes of a list file: where each record and each field begins and ends.
//!
//! Reading and editing share this one look at the file, so a change can replace one field and leave every other byte.
//! The grammar is that of the csv crate (RFC 4180; any line end; quotes count only at the start of a field); a test
//! holds both against each other. What the fields mean is not known here.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::scan;
use crate::diagnostic::{Diagnostic, Place, Result};

/// No row of a list is longer; a quote that is never closed would swallow the readers behind it.
const LONGEST: usize = 1 << 20;
/// How much is read at once.
const BLOCK: usize = 1 << 17;

/// The place of one field in its record, quotes included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What [`split`] found: one record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Bytes without the line end.
    pub(super) content: usize,
    /// Bytes with the line end.
    pub(super) whole: usize,
    /// Line ends, those between quotes included.
    pub(super) lines: u64,
    /// The field whose quote is never closed.
    pub(super) unclosed: Option<usize>,
    /// The field that goes on behind its closing quote.
    pub(super) tangled: Option<usize>,
    /// It is printable ASCII without quotes, so that its fields are their values. Not always noticed.
    pub(super) plain: bool,
}

/// Finds the fields of the record at the start of `bytes`. `None`: it may go on behind them; not when this is the `last`
/// of the file.
pub(super) fn split(bytes: &[u8], delimiter: u8, last: bool, spans: &mut Vec<Span>) -> Option<Extent> {
    if let Some(content) = scan::plain(bytes, delimiter, spans) {
        let whole = content + line_end(&bytes[content..], last)?;
        return Some(Extent { content, whole, lines: 1, unclosed: None, tangled: None, plain: true });
    }
    split_any(bytes, delimiter, last, spans)
}

fn split_any(bytes: &[u8], delimiter: u8, last: bool, spans: &mut Vec<Span>) -> Option<Extent> {
    spans.clear();
    let mut extent = Extent { content: 0, whole: 0, lines: 0, unclosed: None, tangled: None, plain: false };
    let mut at = 0;
    loop {
        let start = at;
        let quoted = bytes.get(at) == Some(&b'"');
        if quoted {
            if let Some(end) = closing_quote(bytes, at + 1, last)? {
                at = end;
            } else {
                at = bytes.len();
                extent.unclosed = Some(spans.len());
            }
            extent.lines += line_ends(&bytes[start..at]);
        }
        match bytes[at..].iter().position(|b| *b == delimiter || *b == b'\n' || *b == b'\r') {
            Some(0) => {}
            Some(n) => {
                at += n;
                if quoted {
                    extent.tangled = extent.tangled.or(Some(spans.len()));
                }
            }
            None if last => {
                if quoted && at < bytes.len() {
                    extent.tangled = extent.tangled.or(Some(spans.len()));
                }
                at = bytes.len();
            }
            None => return None,
        }
        spans.push(Span { start, end: at });
        if bytes.get(at) != Some(&delimiter) {
            break;
        }
        at += 1;
    }
    extent.content = at;
    extent.whole = at + line_end(&bytes[at..], last)?;
    extent.lines += u64::from(extent.whole > at);
    Some(extent)
}

/// Where the text behind the closing quote begins, from `at` inside the quotes: `Some(None)` when it is never closed.
#[expect(clippy::option_option, reason = "not yet known, never, and there are three answers")]
fn closing_quote(bytes: &[u8], mut at: usize, last: bool) -> Option<Option<usize>> {
    loop {
        match bytes[at..].iter().position(|b| *b == b'"') {
            Some(n) if bytes.get(at + n + 1) == Some(&b'"') => at += n + 2,
            Some(n) if at + n + 1 == bytes.len() && !last => return None,
            Some(n) => return Some(Some(at + n + 1)),
            None => return last.then_some(None),
        }
    }
}

/// The length of the line end at the start of `bytes`. `None`: a `\r` whose `\n` may follow.
fn line_end(bytes: &[u8], last: bool) -> Option<usize> {
    match bytes {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r'] if !last => None,
        [b'\r' | b'\n', ..] => Some(1),
        _ => Some(0),
    }
}

/// How many line ends there are, `\r\n` being one.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    if memchr::memchr2(b'\r', b'\n', bytes).is_none() {
        return 0;
    }
    let mut lines = 0;
    let mut before = 0;
    for b in bytes {
        lines += u64::from(*b == b'\r' || (*b == b'\n' && before != b'\r'));
        before = *b;
    }
    lines
}

/// The value of a raw field: without its quotes, `""` as `"`.
pub(super) fn unquote(raw: &str) -> Cow<'_, str> {
    let Some(inner) = raw.strip_prefix('"') else { return Cow::Borrowed(raw) };
    match inner.find('"') {
        None => return Cow::Borrowed(inner),
        Some(end) if end + 1 == inner.len() => return Cow::Borrowed(&inner[..end]),
        Some(_) => {}
    }
    let mut value = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(end) = rest.find('"') {
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                value.push('"');
                rest = more;
            }
            None => break,
        }
    }
    value.push_str(rest);
    Cow::Owned(value)
}

/// A value as a field, in quotes where the grammar or a careless reader needs them.
pub(super) fn quote(value: &str, delimiter: u8) -> Cow<'_, str> {
    let special = |b: u8| b == delimiter || matches!(b, b'"' | b'\r' | b'\n');
    let outer_space = value.starts_with([' ', '\t']) || value.ends_with([' ', '\t']);
    if outer_space || value.bytes().any(special) {
        Cow::Owned(format!("\"{}\"", value.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(value)
    }
}

/// One record as it lies in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<'a> {
    /// The record without its line end.
    pub(super) bytes: &'a [u8],
    pub(super) spans: &'a [Span],
    /// A reference, so that a row is small: a million are handed from function to function.
    pub(super) extent: &'a Extent,
    /// The byte of the file at which it begins.
    pub(super) offset: u64,
    /// Its first line, counted from 1.
    pub(super) line: u64,
}

/// A record without quotes, its fields not looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    start: usize,
    end: usize,
    /// The byte of the file at which it begins.
    pub(super) offset: u64,
    /// Counted from 1.
    pub(super) number: u64,
}

/// Reads a file record by record through one buffer. Empty lines are passed over.
#[derive(Debug)]
pub(super) struct Records {
    file: File,
    /// The file as messages name it.
    label: String,
    pub(super) delimiter: u8,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The place of `buffer[start]` in the file.
    offset: u64,
    line: u64,
    ended: bool,
    block: usize,
    spans: Vec<Span>,
    extent: Extent,
}

impl Records {
    /// Begins at the start of `file`, behind its byte order mark.
    pub(super) fn new(file: File, label: &str) -> Result<Self> {
        let mut records = Records {
            file,
            label: label.to_owned(),
            delimiter: b',',
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset: 0,
            line: 1,
            ended: false,
            block: BLOCK,
            spans: Vec::new(),
            extent: Extent::default(),
        };
        records.fill()?;
        let begin = &records.buffer[..records.end];
        if begin.starts_with(b"\xff\xfe") || begin.starts_with(b"\xfe\xff") {
            return Err(Diagnostic::error("the list is in UTF-16, in which it can't be edited in place")
                .at(Place::file(label))
                .help("save it as `CSV UTF-8` in the spreadsheet"));
        }
        if begin.starts_with(b"\xef\xbb\xbf") {
            records.step(3);
        }
        Ok(records)
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The line behind the last record read.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Where the next record is looked for: byte and line.
    pub(super) fn place(&self) -> (u64, u64) {
        (self.offset, self.line)
    }

    /// Goes to a place to read a single record.
    pub(super) fn seek(&mut self, offset: u64, line: u64) -> Result<()> {
        self.go(offset, line, 1 << 12)
    }

    /// Goes to a place to read from there to the end.
    pub(super) fn restart(&mut self, offset: u64, line: u64) -> Result<()> {
        self.go(offset, line, BLOCK)
    }

    fn go(&mut self, offset: u64, line: u64, block: usize) -> Result<()> {
        self.file.seek(SeekFrom::Start(offset)).map_err(|error| self.failed(&error))?;
        (self.start, self.end, self.ended) = (0, 0, false);
        (self.offset, self.line, self.block) = (offset, line, block);
        Ok(())
    }

    /// The next record.
    pub(super) fn read(&mut self) -> Result<Option<Raw<'_>>> {
        let Some(extent) = self.locate()? else { return Ok(None) };
        self.extent = extent;
        let (start, offset, line) = (self.start, self.offset, self.line);
        self.step(extent.whole);
        self.line += extent.lines;
        let bytes = &self.buffer[start..start + extent.content];
        Ok(Some(Raw { bytes, spans: &self.spans, extent: &self.extent, offset, line }))
    }

    /// Goes past the next line when it is a record without a quote whose end is in the buffer; what it is needs no look at
    /// its fields then. `None`: only [`Records::read`] can tell.
    pub(super) fn line_at_once(&mut self) -> Option<Line> {
        let rest = &self.buffer[self.start..self.end];
        let length = memchr::memchr3(b'\n', b'\r', b'"', rest).filter(|length| *length > 0)?;
        let ending = match &rest[length..] {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] | [b'\r', _, ..] => 1,
            _ => return None,
        };
        let found = Line { start: self.start, end: self.start + length, offset: self.offset, number: self.line };
        self.step(length + ending);
        self.line += 1;
        Some(found)
    }

    /// The bytes of the line gone past last.
    pub(super) fn bytes(&self, line: &Line) -> &[u8] {
        &self.buffer[line.start..line.end]
    }

    /// Goes back to the beginning of the line gone past last.
    pub(super) fn back(&mut self, line: &Line) {
        (self.start, self.offset, self.line) = (line.start, line.offset, line.number);
    }

    /// The next record as it would be with another delimiter, without going past it.
    pub(super) fn peek(&mut self, delimiter: u8) -> Result<Option<Raw<'_>>> {
        self.delimiter = delimiter;
        let Some(extent) = self.locate()? else { return Ok(None) };
        self.extent = extent;
        let bytes = &self.buffer[self.start..self.start + extent.content];
        Ok(Some(Raw { bytes, spans: &self.spans, extent: &self.extent, offset: self.offset, line: self.line }))
    }

    fn locate(&mut self) -> Result<Option<Extent>> {
        loop {
            self.skip_empty_lines();
            let bytes = &self.buffer[self.start..self.end];
            if bytes.is_empty() && self.ended {
                return Ok(None);
            }
            if !bytes.is_empty()
                && let Some(extent) = split(bytes, self.delimiter, self.ended, &mut self.spans)
            {
                return if extent.unclosed.is_none() { Ok(Some(extent)) } else { Err(self.endless(bytes)) };
            }
            if bytes.len() >= LONGEST {
                let mut spans = Vec::new();
                let cut = split(bytes, self.delimiter, true, &mut spans);
                let is_open = cut.is_some_and(|cut| cut.unclosed.is_some());
                return Err(if is_open { self.endless(bytes) } else { self.too_long() });
            }
            self.fill()?;
        }
    }

    fn skip_empty_lines(&mut self) {
        while let Some(length) = line_end(&self.buffer[self.start..self.end], self.ended)
            && length > 0
        {
            self.step(length);
            self.line += 1;
        }
    }

    fn step(&mut self, length: usize) {
        self.start += length;
        self.offset += length as u64;
    }

    /// Reads a block behind what is left of the last one.
    fn fill(&mut self) -> Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let room = self.end + self.block.max(self.end);
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        loop {
            match self.file.read(&mut self.buffer[self.end..room]) {
                Ok(0) => self.ended = true,
                Ok(n) => self.end += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.failed(&error)),
            }
            return Ok(());
        }
    }

    fn failed(&self, error: &io::Error) -> Diagnostic {
        Diagnostic::io("read", std::path::Path::new(&self.label), error)
    }

    fn too_long(&self) -> Diagnostic {
        let line = usize::try_from(self.line).unwrap_or(usize::MAX);
        Diagnostic::error(format!("this row is longer than {} KB, which no row of a list is", LONGEST >> 10))
            .at(Place::line(&self.label, line))
            .help("look whether the file is a list, and whether its lines have ends")
    }

    /// The error for a record without an end.
    fn endless(&self, bytes: &[u8]) -> Diagnostic {
        let line = usize::try_from(self.line).unwrap_or(usize::MAX);
        let first = bytes.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
        let excerpt = String::from_utf8_lossy(&first[..first.len().min(200)]).into_owned();
        let column = excerpt.rfind('"').map_or(1, |at| excerpt[..at].chars().count() + 1);
        Diagnostic::error("this row does not end: a quote is opened and not closed")
            .at(Place { file: self.label.clone(), line, column, width: 1, excerpt })
            .help("close the quote, or write a quote that is part of the text twice, inside quotes: \"Ann \"\"A\"\"\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn ours(bytes: &[u8], delimiter: u8) -> Option<Vec<Vec<String>>> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let mut records = Records::new(file, "list.csv").unwrap();
        records.delimiter = delimiter;
        let mut rows = Vec::new();
        loop {
            match records.read() {
                Ok(None) => return Some(rows),
                Ok(Some(raw)) => rows.push(
                    raw.spans
                        .iter()
                        .map(|span| {
                            unquote(std::str::from_utf8(&raw.bytes[span.start..span.end]).unwrap()).into_owned()
                        })
                        .collect(),
                ),
                Err(_) => return None,
            }
        }
    }

    fn theirs(bytes: &[u8], delimiter: u8) -> Vec<Vec<String>> {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    proptest! {
        #[test]
        fn fields_are_those_of_the_csv_crate(text in "([a-cé,;\\t]|\"|\"\"|,\"|\",|\r\n|\n|\r){0,40}", comma: bool) {
            let delimiter = if comma { b',' } else { b';' };
            if let Some(rows) = ours(text.as_bytes(), delimiter) {
                prop_assert_eq!(rows, theirs(text.as_bytes(), delimiter));
            }
        }

        #[test]
        fn the_fast_way_finds_what_the_other_finds(text in "[a-e,; \"é\t]{0,30}(\r\n|\n|\r)[ab\n]{0,9}", last: bool) {
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            let found = split(text.as_bytes(), b',', last, &mut fast).map(|extent| Extent { plain: false, ..extent });
            prop_assert_eq!(found, split_any(text.as_bytes(), b',', last, &mut slow));
            if found.is_some() {
                prop_assert_eq!(fast, slow);
            }
        }

        #[test]
        fn a_record_is_not_found_before_it_is_there(text in "([ab,]|\"|\"\"|\r\n|\n|\r){1,30}", cut in 0usize..30) {
            let (mut now, mut later) = (Vec::new(), Vec::new());
            let cut = cut.min(text.len());
            if let Some(extent) = split(&text.as_bytes()[..cut], b',', false, &mut now) {
                let whole = split(text.as_bytes(), b',', true, &mut later);
                prop_assert_eq!(whole.map(|whole| Extent { plain: extent.plain, ..whole }), Some(extent));
                prop_assert_eq!(now, later);
            }
        }

        #[test]
        fn quoted_values_come_back(value in "[a,;\"\r\n \té]{0,12}") {
            let mut spans = Vec::new();
            let field = quote(&value, b';');
            split(field.as_bytes(), b';', true, &mut spans).unwrap();
            prop_assert_eq!(spans.as_slice(), &[Span { start: 0, end: field.len() }]);
            prop_assert_eq!(unquote(&field).into_owned(), value);
        }
    }

    #[test]
    fn records_larger_than_the_buffer_and_seeking_work() {
        let long = "x".repeat(BLOCK + 17);
        let text = format!("\u{feff}a,b\r\n\r\n{long},\"two\nlines\"\r\nc,d");
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        let mut records = Records::new(file, "list.csv").unwrap();
        assert_eq!(records.read().unwrap().unwrap().offset, 3);
        let raw = records.read().unwrap().unwrap();
        assert_eq!((raw.line, raw.offset, raw.bytes.len()), (3, 10, long.len() + 12));
        let raw = records.read().unwrap().unwrap();
        assert_eq!((raw.line, raw.bytes), (5, &b"c,d"[..]));
        assert!(records.read().unwrap().is_none());
        records.seek(10, 3).unwrap();
        assert_eq!(records.read().unwrap().unwrap().spans.len(), 2);
        assert_eq!(records.read().unwrap().unwrap().line, 5);
    }

    #[test]
    fn a_row_that_is_too_long_is_not_called_a_quote_left_open() {
        let told = |row: String| {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(format!("a,b\n{row}").as_bytes()).unwrap();
            file.rewind().unwrap();
            let mut records = Records::new(file, "list.csv").unwrap();
            records.read().unwrap();
            let error = records.read().unwrap_err();
            assert_eq!(error.place().unwrap().line, 2);
            error.message().to_owned()
        };
        assert!(told("x".repeat(LONGEST + 9)).contains("longer than 1024 KB"));
        assert!(told(format!("\"q\",{}", "x".repeat(LONGEST + 9))).contains("longer than 1024 KB"));
        assert!(told(format!("x,\"{}", "x\n".repeat(LONGEST))).contains("a quote is opened"));
    }

    #[test]
    fn a_quote_that_is_not_closed_swallows_no_reader_in_silence() {
        assert_eq!(ours(b"a,b\nc,\"d\ne,f\n", b','), None);
    }
}
