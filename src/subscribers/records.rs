//! A list file, record by record: through one buffer, or by a thread ahead of who reads. Empty lines are passed over.
//!
//! What a record is, is said in `record`; what its fields mean is not known here.

use std::fs::File;
use std::io;

use super::ahead::Ahead;
use super::block::Block;
use super::record::{Extent, Raw, Span, line_end, split};
use crate::diagnostic::{Diagnostic, Place, Result};

/// No row of a list is longer; a quote that is never closed would swallow the readers behind it.
const LONGEST: usize = 1 << 20;
/// How much is read at once.
const BLOCK: usize = 1 << 17;
/// From so many octets on, a thread is worth its beginning. The lists of our tests are short, and read in both ways.
const LONG: u64 = if cfg!(test) { 100 } else { 1 << 20 };

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

/// A file being read.
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
    /// From how many octets on a way is long.
    long: u64,
    spans: Vec<Span>,
    extent: Extent,
    /// The column of the addresses; known when all records are to be read, in their order.
    addresses: Option<usize>,
    ahead: Option<Ahead>,
}

/// What stands at a place of the file.
enum Next {
    Record(Extent),
    /// More of the file has to be read to tell.
    Unknown,
    End,
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
            long: LONG,
            spans: Vec::new(),
            extent: Extent::default(),
            addresses: None,
            ahead: None,
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
    pub(super) fn seek(&mut self, offset: u64, line: u64) {
        self.go((offset, line), 1 << 12);
    }

    /// Goes to a place to read from there to the end, with the addresses in this column: of a long file, by a thread ahead of
    /// who reads.
    pub(super) fn run(&mut self, offset: u64, line: u64, addresses: usize) {
        self.go((offset, line), BLOCK);
        self.addresses = Some(addresses);
    }

    fn go(&mut self, place: (u64, u64), block: usize) {
        (self.start, self.end, self.ended) = (0, 0, false);
        (self.offset, self.line) = place;
        self.block = block;
        (self.addresses, self.ahead) = (None, None);
    }

    /// The next record.
    pub(super) fn read(&mut self) -> Result<Option<Raw<'_>>> {
        if let Some(addresses) = self.addresses.take() {
            self.ahead = self.look_ahead(addresses);
        }
        if self.ahead.is_some() {
            return self.read_ahead();
        }
        let Some(extent) = self.locate()? else { return Ok(None) };
        self.extent = extent;
        let (start, offset, line) = (self.start, self.offset, self.line);
        self.step(extent.whole);
        self.line += extent.lines;
        Ok(Some(self.raw(start, (offset, line))))
    }

    /// The next record of those that the thread found. Behind the last one, and at a fault, there is no thread any more.
    fn read_ahead(&mut self) -> Result<Option<Raw<'_>>> {
        let found = self.ahead.as_mut().map_or(Ok(None), Ahead::step);
        if !matches!(found, Ok(None)) {
            let place = found.as_ref().ok().copied().flatten().unwrap_or(self.place());
            self.go(place, BLOCK);
        }
        found?;
        let found = self.ahead.as_ref().and_then(Ahead::record);
        if let Some(raw) = &found {
            (self.offset, self.line) = (raw.offset + raw.extent.whole as u64, raw.line + raw.extent.lines);
        }
        Ok(found)
    }

    /// The record that was located last, and begins at this byte of the buffer and this place of the file.
    fn raw(&self, start: usize, (offset, line): (u64, u64)) -> Raw<'_> {
        let bytes = &self.buffer[start..start + self.extent.content];
        let text = std::str::from_utf8(bytes).ok();
        Raw { bytes, text, spans: &self.spans, extent: &self.extent, offset, line, has_plain_address: false }
    }

    /// A thread that reads from here; none for a short way, and where files have no reading at a place.
    fn look_ahead(&self, addresses: usize) -> Option<Ahead> {
        self.long_way()?;
        Ahead::begin(self.fork(self.place())?, addresses)
    }

    /// How far it is to the end, when that is far.
    fn long_way(&self) -> Option<u64> {
        let length = self.file.metadata().ok()?.len();
        length.checked_sub(self.offset).filter(|way| *way >= self.long)
    }

    /// Another look at the same file, from this place on. `None`: files have no reading at a place here.
    fn fork(&self, (offset, line): (u64, u64)) -> Option<Records> {
        if cfg!(not(unix)) {
            return None;
        }
        let (file, label) = (self.file.try_clone().ok()?, self.label.clone());
        let (buffer, spans) = (Vec::new(), Vec::new());
        let fresh =
            Records { file, label, buffer, spans, offset, line, start: 0, end: 0, ended: false, ahead: None, ..*self };
        Some(Records { addresses: None, ..fresh })
    }

    /// Another look at a long file, from the first line end behind the middle of what is to come; lines are counted from 0 there.
    pub(super) fn halfway(&self) -> Option<Records> {
        let mut bytes = vec![0; 1 << 16];
        let middle = self.offset + self.long_way()? / 2;
        let length = read_at(&self.file, &mut bytes, middle).ok()?;
        let line_end = memchr::memchr(b'\n', &bytes[..length])?;
        self.fork((middle + line_end as u64 + 1, 0))
    }

    /// All records that end in the next part of the file: none at its end. Those before a fault come before it is told.
    pub(super) fn read_block(&mut self, block: &mut Block, addresses: usize) -> Result<()> {
        let room = block.clear();
        loop {
            match self.look() {
                Ok(Next::Record(extent)) => {
                    block.push(self.start, &self.spans, extent, self.place());
                    self.step(extent.whole);
                    self.line += extent.lines;
                }
                Ok(Next::Unknown) if block.is_empty() => self.fill()?,
                Err(error) if block.is_empty() => return Err(error),
                _ => break,
            }
        }
        let mut bytes = std::mem::replace(&mut self.buffer, room);
        let rest = self.end - self.start;
        self.buffer.resize(self.buffer.len().max(rest), 0);
        self.buffer[..rest].copy_from_slice(&bytes[self.start..self.end]);
        bytes.truncate(self.start);
        (self.start, self.end) = (0, rest);
        block.fill(bytes, addresses);
        block.end = self.place();
        Ok(())
    }

    /// Goes past the next line when it is a record without a quote whose end is in the buffer; what it is needs no look at
    /// its fields then. `None`: only [`Records::read`] can tell.
    pub(super) fn line_at_once(&mut self) -> Option<Line> {
        if self.ahead.is_some() {
            return None;
        }
        // Who looks at lines looks at them here.
        self.addresses = None;
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
        Ok(Some(self.raw(self.start, self.place())))
    }

    fn locate(&mut self) -> Result<Option<Extent>> {
        loop {
            match self.look()? {
                Next::Record(extent) => return Ok(Some(extent)),
                Next::Unknown => self.fill()?,
                Next::End => return Ok(None),
            }
        }
    }

    /// Looks what stands here, behind empty lines.
    fn look(&mut self) -> Result<Next> {
        self.skip_empty_lines();
        let bytes = &self.buffer[self.start..self.end];
        if bytes.is_empty() {
            return Ok(if self.ended { Next::End } else { Next::Unknown });
        }
        if let Some(extent) = split(bytes, self.delimiter, self.ended, &mut self.spans) {
            return if extent.unclosed.is_none() { Ok(Next::Record(extent)) } else { Err(self.endless(bytes)) };
        }
        if bytes.len() < LONGEST {
            return Ok(Next::Unknown);
        }
        let mut spans = Vec::new();
        let cut = split(bytes, self.delimiter, true, &mut spans);
        let is_open = cut.is_some_and(|cut| cut.unclosed.is_some());
        Err(if is_open { self.endless(bytes) } else { self.too_long() })
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
            let place = self.offset + self.end as u64;
            match read_at(&self.file, &mut self.buffer[self.end..room], place) {
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

/// Reads from a place of a file, whoever else reads from it meanwhile.
#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, offset)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.read(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::record::unquote;
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn records(bytes: impl AsRef<[u8]>) -> Records {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes.as_ref()).unwrap();
        Records::new(file, "list.csv").unwrap()
    }

    fn ours(bytes: &[u8], delimiter: u8) -> Option<Vec<Vec<String>>> {
        let mut records = records(bytes);
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

    /// All that is found from here on, and the place behind it, or what was wrong at last.
    fn all(records: &mut Records) -> (Vec<String>, Result<(u64, u64), String>) {
        let mut found = Vec::new();
        loop {
            match records.read() {
                Ok(Some(raw)) => found.push(format!(
                    "{} {} {:?} {:?} {:?} {:?}",
                    raw.offset,
                    raw.line,
                    raw.bytes,
                    raw.text,
                    raw.spans,
                    Extent { plain: false, ..*raw.extent }
                )),
                Ok(None) => return (found, Ok(records.place())),
                Err(error) => return (found, Err(error.render(false))),
            }
        }
    }

    proptest! {
        #[test]
        fn a_thread_finds_what_is_found_without_it(
            pieces in proptest::collection::vec("[a-e,; é@.]{0,9}|\r\n|\n|\r|\"|a@example\\.com,|\u{80}", 0..60),
            block in 1usize..40,
            broken: bool,
        ) {
            let mut bytes = pieces.concat().into_bytes();
            if broken {
                bytes.iter_mut().filter(|byte| **byte == 0xc2).for_each(|byte| *byte = b'a');
            }
            let (mut here, mut ahead) = (records(&bytes), records(&bytes));
            ahead.run(ahead.offset, ahead.line, 0);
            (ahead.block, ahead.long) = (block, 0);
            let found = all(&mut ahead);
            prop_assert_eq!(&found, &all(&mut here));
            // The end stays the end, and a fault a fault.
            prop_assert_eq!((Vec::new(), found.1), all(&mut ahead));
        }

        #[test]
        fn fields_are_those_of_the_csv_crate(text in "([a-cé,;\\t]|\"|\"\"|,\"|\",|\r\n|\n|\r){0,40}", comma: bool) {
            let delimiter = if comma { b',' } else { b';' };
            if let Some(rows) = ours(text.as_bytes(), delimiter) {
                prop_assert_eq!(rows, theirs(text.as_bytes(), delimiter));
            }
        }

    }

    #[test]
    fn records_larger_than_the_buffer_and_seeking_work() {
        let long = "x".repeat(BLOCK + 17);
        let text = format!("\u{feff}a,b\r\n\r\n{long},\"two\nlines\"\r\nc,d");
        let mut records = records(text);
        assert_eq!(records.read().unwrap().unwrap().offset, 3);
        let raw = records.read().unwrap().unwrap();
        assert_eq!((raw.line, raw.offset, raw.bytes.len()), (3, 10, long.len() + 12));
        let raw = records.read().unwrap().unwrap();
        assert_eq!((raw.line, raw.bytes), (5, &b"c,d"[..]));
        assert!(records.read().unwrap().is_none());
        records.seek(10, 3);
        assert_eq!(records.read().unwrap().unwrap().spans.len(), 2);
        assert_eq!(records.read().unwrap().unwrap().line, 5);
    }

    #[test]
    fn a_thread_knows_plain_addresses_and_may_be_left_alone() {
        let text = "x,a@example.com\ny,A@example\nz,\"a@example.com\"\nw\n".repeat(30_000);
        let mut records = records(&text);
        for rounds in [3, 7] {
            records.run(0, 1, 1);
            for _ in 0..rounds {
                for (name, plain) in [("x", true), ("y", false), ("z", false), ("w", false)] {
                    let raw = records.read().unwrap().unwrap();
                    assert_eq!((&raw.text.unwrap()[..1], raw.has_plain_address), (name, plain));
                }
            }
            assert!(records.ahead.is_some() == cfg!(unix));
        }
        records.seek(records.offset, records.line);
        let raw = records.read().unwrap().unwrap();
        assert_eq!((raw.line, raw.bytes), (29, &b"x,a@example.com"[..]));
    }

    #[test]
    fn a_row_that_is_too_long_is_not_called_a_quote_left_open() {
        let told = |row: String| {
            let mut records = records(format!("a,b\n{row}"));
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
