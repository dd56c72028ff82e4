//! One record of a list file: where it and each of its fields begins and ends.
//!
//! Reading and editing share this one look at the file, so a change can replace one field and leave every other byte.
//! The grammar is that of the csv crate (RFC 4180; any line end; quotes count only at the start of a field); a test of
//! `records` holds both against each other. What the fields mean is not known here.

use std::borrow::Cow;

use super::scan;

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
pub(super) fn line_end(bytes: &[u8], last: bool) -> Option<usize> {
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
    let bytes = value.as_bytes();
    let special = || memchr::memchr3(b'"', b'\r', b'\n', bytes).or_else(|| memchr::memchr(delimiter, bytes));
    let outer_space = value.starts_with([' ', '\t']) || value.ends_with([' ', '\t']);
    if outer_space || special().is_some() {
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
    /// The same; `None` when it is not UTF-8.
    pub(super) text: Option<&'a str>,
    pub(super) spans: &'a [Span],
    /// A reference, so that a row is small: a million are handed from function to function.
    pub(super) extent: &'a Extent,
    /// The byte of the file at which it begins.
    pub(super) offset: u64,
    /// Its first line, counted from 1.
    pub(super) line: u64,
    /// It is known already that the column of addresses has a plain one.
    pub(super) has_plain_address: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
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
}
