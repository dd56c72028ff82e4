//! The finished parts cut at their gaps: encoded text and places to fill, put together for each reader by copying.

use std::borrow::Cow;

use super::escape::{ADDRESS, Place, PlainText, escape, escape_into};
use super::markup::{Kind, is_url_attribute, segments};
use super::merge::{Gap, GapSource};
use super::quoted_printable::{encode_last, encode_piece};
use super::tokens::{Token, Tokens};
use super::wrap::Line;
use crate::diagnostic::{Diagnostic, Result};

/// What a list knows of a reader.
pub trait Fields {
    /// The value of a field; empty when the reader has none.
    fn field(&self, name: &str) -> &str;
}

/// Who a copy is for: what fills the gaps.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub fields: &'a dyn Fields,
    /// The reader's own link to leave.
    pub unsubscribe_url: &'a str,
}

/// A gap and the place where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filling {
    pub gap: Gap,
    pub place: Place,
}

impl Filling {
    fn octets(&self) -> usize {
        let name = match &self.gap.source {
            GapSource::Field(name) => name.len(),
            GapSource::UnsubscribeUrl => 0,
        };
        name + self.gap.default.as_ref().map_or(0, String::len)
    }

    /// The reader's value, or what stands in for it.
    fn value<'a>(&'a self, reader: Reader<'a>) -> &'a str {
        let value = match &self.gap.source {
            GapSource::Field(name) => reader.fields.field(name),
            GapSource::UnsubscribeUrl => reader.unsubscribe_url,
        };
        if value.is_empty() { self.gap.default.as_deref().unwrap_or_default() } else { value }
    }
}

/// A text with gaps that is put together before it is encoded: a subject, a paragraph to be wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    Text(String),
    Gap(Filling),
}

/// Segments in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phrase(pub Vec<Segment>);

impl Phrase {
    /// Cuts plain text at its gap tokens and puts values and held texts in place. What stands in an address is judged by the
    /// text as it was written, never by values.
    pub fn cut(text: &str, tokens: &Tokens) -> Phrase {
        let mut phrase = Phrase::default();
        let mut places = PlainText::new(text);
        let mut from = 0;
        for (range, token) in tokens.find(text) {
            phrase.push_text(text[from..range.start].trim_end_matches(ADDRESS));
            let place = places.at(range.start);
            match token {
                Token::Gap(index) => phrase.0.push(Segment::Gap(Filling { gap: tokens.gaps()[index].clone(), place })),
                Token::Value(index) => phrase.push_value(tokens.text(index), place, tokens),
                Token::Held(index) | Token::Rich(index) => phrase.push_text(tokens.text(index)),
                // They are in place long before.
                Token::Mjml(_) | Token::Name(_) | Token::Shortcode(_) | Token::End(_) | Token::Origin(_) => {}
            }
            from = range.end;
        }
        phrase.push_text(text[from..].trim_end_matches(ADDRESS));
        phrase
    }

    /// A value may itself hold gaps: a title with a merge field.
    fn push_value(&mut self, value: &str, place: Place, tokens: &Tokens) {
        // An argument of a shortcode brings its mark along.
        let (value, place) = match value.strip_prefix(ADDRESS) {
            Some(value) => (value, Place::PlainUrl),
            None => (value, place),
        };
        let mut places = PlainText::new(value);
        let mut from = 0;
        for (range, token) in tokens.find(value) {
            if from < range.start {
                self.push_text(&escape(after_begin(place, from), &value[from..range.start]));
            }
            let place = match place {
                Place::Plain => places.at(range.start),
                Place::PlainUrl if range.start > 0 => Place::UrlPart,
                place => place,
            };
            match token {
                Token::Gap(index) => self.0.push(Segment::Gap(Filling { gap: tokens.gaps()[index].clone(), place })),
                Token::Value(index) => self.push_value(tokens.text(index), place, tokens),
                _ => {}
            }
            from = range.end;
        }
        if from < value.len() || from == 0 {
            self.push_text(&escape(after_begin(place, from), &value[from..]));
        }
    }

    fn push_text(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Segment::Text(last)) => last.push_str(text),
            _ => self.0.push(Segment::Text(text.to_owned())),
        }
    }

    /// The whole text, when no reader changes it.
    pub fn fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Segment::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text in one line, as this reader gets it.
    pub fn line(&self, reader: Reader<'_>) -> Cow<'_, str> {
        if let Some(text) = self.fixed()
            && is_collapsed(text)
        {
            return Cow::Borrowed(text);
        }
        let mut out = String::new();
        self.fill_into(reader, &mut out);
        Cow::Owned(collapse(&out))
    }

    /// About how much memory it takes.
    pub fn octets(&self) -> usize {
        let of = |segment: &Segment| match segment {
            Segment::Text(text) => text.len(),
            Segment::Gap(filling) => filling.octets(),
        };
        self.0.iter().map(|segment| size_of::<Segment>() + of(segment)).sum()
    }

    /// The text in one line, as nobody in particular gets it: with defaults, or `…`.
    pub fn in_lists(&self) -> String {
        let shown = self.0.iter().map(|segment| match segment {
            Segment::Text(text) => text.as_str(),
            Segment::Gap(filling) => filling.gap.default.as_deref().unwrap_or("…"),
        });
        collapse(&shown.collect::<String>())
    }

    /// Appends the text as this reader gets it.
    pub fn fill_into(&self, reader: Reader<'_>, out: &mut String) {
        for segment in &self.0 {
            match segment {
                Segment::Text(text) => out.push_str(text),
                Segment::Gap(filling) => escape_into(filling.place, filling.value(reader), out),
            }
        }
    }
}

/// The place of what goes on after a gap: only at its beginning can an address turn out to be none.
fn after_begin(place: Place, from: usize) -> Place {
    if place == Place::PlainUrl && from > 0 { Place::Plain } else { place }
}

/// Runs of white space as one space, none at the ends: a text as a header or a title has it.
pub fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether [`collapse`] would change nothing; for a text beyond ASCII it may say no for nothing.
fn is_collapsed(text: &str) -> bool {
    let graphic = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    graphic(bytes.first())
        && graphic(bytes.last())
        && bytes.windows(2).all(|pair| pair[0].is_ascii_graphic() || (pair[0] == b' ' && pair[1] != b' '))
}

/// A piece of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Quoted-printable octets, from line start to line start.
    Encoded(Vec<u8>),
    /// A value, to be escaped and encoded.
    Gap(Filling),
    /// A paragraph of the plain text, wrapped when its values are known.
    Paragraph { first: String, rest: String, verbatim: bool, phrase: Phrase },
}

/// A part of the message as pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part(pub Vec<Piece>);

/// Room that is used again for every copy.
#[derive(Debug, Default)]
pub struct Scratch {
    value: String,
    line: String,
}

impl Part {
    /// About how much memory it takes.
    pub fn octets(&self) -> usize {
        let of = |piece: &Piece| match piece {
            Piece::Encoded(bytes) => bytes.capacity(),
            Piece::Gap(filling) => filling.octets(),
            Piece::Paragraph { first, rest, phrase, .. } => first.len() + rest.len() + phrase.octets(),
        };
        self.0.iter().map(|piece| size_of::<Piece>() + of(piece)).sum()
    }

    /// Cuts finished HTML at its gaps, each escaped for its place.
    ///
    /// # Errors
    /// A merge field where a value can't stand: in a style, a comment, a tag's name.
    pub fn cut_html(html: &str, tokens: &Tokens) -> Result<Part> {
        let mut cutter = Cutter::default();
        for segment in segments(html) {
            let text = &html[segment.range.clone()];
            let mut from = 0;
            for (range, token) in tokens.find(text) {
                let Token::Gap(index) = token else { continue };
                let gap = &tokens.gaps()[index];
                let place = place_of(&segment.kind, range.start).ok_or_else(|| match tokens.place_of(index) {
                    Some(at) => misplaced(gap).at(at.clone()),
                    None => misplaced(gap),
                })?;
                cutter.text.push_str(&text[from..range.start]);
                cutter.gap(Filling { gap: gap.clone(), place });
                from = range.end;
            }
            cutter.text.push_str(&text[from..]);
        }
        Ok(cutter.finish())
    }

    /// Cuts the plain text, given as logical lines; lines without gaps are wrapped now.
    pub fn cut_text(lines: &str, tokens: &Tokens) -> Part {
        let mut cutter = Cutter::default();
        for line in lines.split('\n') {
            let line = Line::parse(line);
            let phrase = Phrase::cut(line.text, tokens);
            match phrase.fixed() {
                Some(text) => line.wrap_into(text, &mut cutter.text),
                None => cutter.push(Piece::Paragraph {
                    first: line.first.to_owned(),
                    rest: line.rest.to_owned(),
                    verbatim: line.verbatim,
                    phrase,
                }),
            }
        }
        cutter.finish()
    }

    /// Appends this reader's copy of the part, encoded. Copying, but for what the reader fills.
    pub fn strike_into(&self, reader: Reader<'_>, scratch: &mut Scratch, out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Encoded(bytes) => out.extend_from_slice(bytes),
                Piece::Gap(filling) => {
                    scratch.value.clear();
                    escape_into(filling.place, filling.value(reader), &mut scratch.value);
                    encode_piece(&scratch.value, out);
                }
                Piece::Paragraph { first, rest, verbatim, phrase } => {
                    scratch.value.clear();
                    scratch.line.clear();
                    phrase.fill_into(reader, &mut scratch.value);
                    let line = Line { first, rest, text: "", verbatim: *verbatim };
                    line.wrap_into(&scratch.value, &mut scratch.line);
                    encode_piece(&scratch.line, out);
                }
            }
        }
    }
}

/// Gathers text between gaps and encodes it once.
#[derive(Default)]
struct Cutter {
    pieces: Vec<Piece>,
    text: String,
}

impl Cutter {
    fn gap(&mut self, filling: Filling) {
        self.push(Piece::Gap(filling));
    }

    fn push(&mut self, piece: Piece) {
        if !self.text.is_empty() {
            let mut bytes = Vec::with_capacity(self.text.len() + self.text.len() / 16);
            encode_piece(&self.text, &mut bytes);
            self.text.clear();
            self.pieces.push(Piece::Encoded(bytes));
        }
        self.pieces.push(piece);
    }

    fn finish(mut self) -> Part {
        let mut bytes = Vec::new();
        encode_last(self.text.trim_end_matches('\n'), &mut bytes);
        // A value at the very end leaves its line open with a soft break; a paragraph ends its own.
        if bytes.is_empty() && !matches!(self.pieces.last(), Some(Piece::Paragraph { .. })) {
            bytes.extend_from_slice(b"\r\n");
        }
        self.pieces.push(Piece::Encoded(bytes));
        Part(self.pieces)
    }
}

fn place_of(kind: &Kind<'_>, at: usize) -> Option<Place> {
    match kind {
        Kind::Text => Some(Place::Text),
        Kind::Attribute { name, .. }
            if name.eq_ignore_ascii_case("style") || name.to_ascii_lowercase().starts_with("on") =>
        {
            None
        }
        Kind::Attribute { name, .. } if is_url_attribute(name) => {
            Some(if at == 0 { Place::Url } else { Place::UrlPart })
        }
        Kind::Attribute { quote: Some(_), .. } => Some(Place::Attribute),
        Kind::Attribute { quote: None, .. } | Kind::Css | Kind::Other => None,
    }
}

fn misplaced(gap: &Gap) -> Diagnostic {
    let name = match &gap.source {
        GapSource::Field(name) => format!("subscriber.{name}"),
        GapSource::UnsubscribeUrl => "unsubscribe_url".to_owned(),
    };
    Diagnostic::error(format!("`{{{{ {name} }}}}` stands where a value can't stand: in a style, a comment or a tag"))
        .help("merge fields may stand in text, in attribute values and in links")
}
