//! Where an article calls shortcodes, and how their arguments get through Tera.
//!
//! A call becomes control characters around its arguments, which no source may hold: the arguments stay where they stood, so
//! that merge fields, conditions and loops mean in them what they mean around them, and a mistake has its place. What
//! stands in code is no call, and braces there are held back, since they are only shown.

use std::borrow::Cow;
use std::ops::Range;

use super::signature::word;
use super::{Shortcodes, values};
use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean};
use crate::edition::markdown::code_ranges;
use crate::edition::shifts::{Edits, Source};
use crate::edition::tags::{Tag, TagKind, tags};
use crate::edition::tokens::Tokens;

/// Before the number of a call.
pub const CALL: char = '\u{3}';
/// Before each argument.
pub const ARGUMENT: char = '\u{4}';
/// After the last argument, or after [`BODY_END`].
pub const CALL_END: char = '\u{5}';
/// After the number of the call whose body ends.
pub const BODY_END: char = '\u{6}';

/// A call as it stands in the source.
#[derive(Debug, Clone)]
pub struct Call {
    pub name: String,
    pub place: Place,
    pub arguments: Vec<Given>,
}

/// An argument of a call.
#[derive(Debug, Clone)]
pub struct Given {
    pub name: String,
    pub place: Place,
    /// A template looks at it, so that it must be known when it is set.
    pub is_looked_at: bool,
}

/// The article as the next stages read it.
#[derive(Debug)]
pub struct Written<'a> {
    pub source: Source<'a>,
    pub calls: Vec<Call>,
}

/// Finds the calls of an article and holds back what code shows.
///
/// # Errors
/// A shortcode that doesn't exist, an argument that is missing, unknown or no value, a body that never ends.
pub fn prepare<'a>(
    file: &'a str,
    written: &'a str,
    shortcodes: &Shortcodes,
    tokens: &mut Tokens,
) -> Result<Written<'a>> {
    let mut finder = Finder {
        file,
        written,
        shortcodes,
        edits: Edits::default(),
        calls: Vec::new(),
        open: Vec::new(),
        looked_at: Vec::new(),
        last_end: 0,
    };
    let shown = without_code(written);
    for name in names(&shown) {
        finder.edits.push(name.clone(), tokens.name(&written[name.start + 2..name.end - 1]));
    }
    for tag in tags_of(written) {
        finder.tag(&tag)?;
    }
    if let Some(call) = finder.open.last().map(|(call, _)| &finder.calls[*call]) {
        return Err(Diagnostic::error(format!("the body of `{}` never ends", call.name))
            .at(call.place.clone())
            .help("write {% end %} behind it"));
    }
    let Finder { edits, calls, looked_at, .. } = finder;
    let (text, below) = edits.apply(written);
    let (text, shifts) = hold_code(&text, tokens);
    let source = Source { file, written, text: Cow::Owned(text), shifts: shifts.after(below), looked_at, whole: None };
    Ok(Written { source, calls })
}

/// The tags of an article, those that code only shows left out.
pub fn tags_of(markdown: &str) -> Vec<Tag> {
    tags(&without_names(&without_code(markdown)))
}

/// The text with other letters for the braces in code, so that positions stay.
fn without_code(written: &str) -> String {
    let mut bytes = written.as_bytes().to_vec();
    for range in code_ranges(written) {
        bytes[range].iter_mut().filter(|byte| **byte == b'{').for_each(|byte| *byte = b'x');
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// Holds back template delimiters inside code, where they are only shown.
fn hold_code(text: &str, tokens: &mut Tokens) -> (String, crate::edition::shifts::Shifts) {
    let mut edits = Edits::default();
    let codes = code_ranges(text);
    let mut from = 0;
    for (at, _) in text.match_indices('{') {
        let opens = ["{{", "{%", "{#"].iter().any(|delimiter| text[at..].starts_with(delimiter));
        if opens && at >= from && codes.iter().any(|code| code.contains(&at)) {
            edits.push(at..at + 2, tokens.hold(&text[at..at + 2]));
            from = at + 2;
        }
    }
    edits.apply(text)
}

/// Where headings name themselves, as in `## Title {#name}`; no comment begins there.
fn names(text: &str) -> Vec<Range<usize>> {
    let name_at = |(at, _): (usize, &str)| {
        let rest = &text[at + 2..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))?;
        let after = rest[end..].strip_prefix('}')?;
        let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let ends_line = after.lines().next().unwrap_or_default().trim().is_empty();
        (end > 0 && ends_line && text[line_start..].starts_with('#')).then_some(at..at + 2 + end + 1)
    };
    text.match_indices("{#").filter_map(name_at).collect()
}

/// The text with another letter for the brace of headings' names.
fn without_names(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    names(text).into_iter().for_each(|name| bytes[name.start] = b'x');
    String::from_utf8(bytes).unwrap_or_default()
}

struct Finder<'a> {
    file: &'a str,
    written: &'a str,
    shortcodes: &'a Shortcodes,
    edits: Edits,
    calls: Vec<Call>,
    /// Calls whose body is open, and where they stand.
    open: Vec<(usize, Range<usize>)>,
    /// Where the last tag of a shortcode ended.
    last_end: usize,
    /// Arguments that a template looks at.
    looked_at: Vec<Range<usize>>,
}

impl<'a> Finder<'a> {
    fn place(&self, range: Range<usize>) -> Place {
        Place::span(self.file, self.written, range)
    }

    fn tag(&mut self, tag: &Tag) -> Result<()> {
        let text = tag.text(self.written);
        if tag.kind == TagKind::Block && text == "end" {
            return self.end(tag);
        }
        let (name, rest) = word(text);
        let is_call = !name.is_empty() && rest.trim_start().starts_with('(') && text.ends_with(')');
        if !is_call
            || (tag.kind == TagKind::Block && matches!(name, "if" | "elif" | "for" | "filter" | "set" | "include"))
        {
            // What stands behind a condition on its line begins there.
            if tag.kind == TagKind::Block && self.begins_line(tag) {
                self.last_end = tag.range.end;
            }
            return Ok(());
        }
        self.call(tag, name)
    }

    fn end(&mut self, tag: &Tag) -> Result<()> {
        let Some((call, _)) = self.open.pop() else {
            return Err(Diagnostic::error("`{% end %}` ends nothing")
                .at(self.place(tag.range.clone()))
                .help("{% end %} ends the body of a shortcode, {% endif %} a condition, {% endfor %} a loop"));
        };
        self.edits.push(tag.range.clone(), format!("\n\n{CALL}{call}{BODY_END}{CALL_END}\n\n"));
        self.last_end = tag.range.end;
        Ok(())
    }

    fn call(&mut self, tag: &Tag, name: &str) -> Result<()> {
        let place = self.place(tag.range.clone());
        let shortcode = self.shortcodes.named(name).map_err(|error| error.at(self.place(tag.inner.clone())))?;
        let has_body = tag.kind == TagKind::Block;
        if has_body != shortcode.signature.has_body {
            let (message, help) = if has_body {
                ("has no body", format!("write {{{{ {name}(…) }}}}"))
            } else {
                ("has a body", format!("write {{% {name}(…) %}} before it and {{% end %}} behind it"))
            };
            return Err(Diagnostic::error(format!("the shortcode `{name}` {message}")).at(place).help(help));
        }
        let stands_alone = has_body || shortcode.is_block;
        if stands_alone {
            self.check_line(tag, name)?;
        }
        let arguments = self.arguments(tag, name)?;
        let call = self.calls.len();
        let around = if stands_alone { "\n\n" } else { "" };
        let mut from = tag.range.start;
        let mut before = format!("{around}{CALL}{call}");
        for argument in &arguments {
            before.push(ARGUMENT);
            self.edits.push(from..argument.value.start, std::mem::take(&mut before));
            argument.escapes.iter().for_each(|at| self.edits.push(*at..*at + 1, ""));
            from = argument.value.end;
        }
        self.edits.push(from..tag.range.end, format!("{before}{CALL_END}{around}"));
        let mut given = Vec::new();
        for argument in arguments {
            let is_looked_at = shortcode.looks.at(argument.name, &self.written[argument.value.clone()]);
            let place = self.place(argument.value.clone());
            given.push(Given { name: argument.name.to_owned(), place, is_looked_at });
            if is_looked_at {
                self.looked_at.push(argument.value);
            }
        }
        self.calls.push(Call { name: name.to_owned(), place, arguments: given });
        if has_body {
            self.open.push((call, tag.range.clone()));
        }
        self.last_end = tag.range.end;
        Ok(())
    }

    /// Whether nothing but white space, shortcodes and conditions stands before a tag on its line.
    fn begins_line(&self, tag: &Tag) -> bool {
        let line_start = self.written[..tag.range.start].rfind('\n').map_or(0, |at| at + 1);
        self.written[line_start.max(self.last_end.min(tag.range.start))..tag.range.start].trim().is_empty()
    }

    /// What stands between paragraphs begins its line.
    fn check_line(&self, tag: &Tag, name: &str) -> Result<()> {
        if self.begins_line(tag) {
            return Ok(());
        }
        Err(Diagnostic::error(format!("`{name}` stands inside a paragraph, a list or a quote"))
            .at(self.place(tag.range.clone()))
            .help("put it on a line of its own, between paragraphs"))
    }

    fn arguments(&self, tag: &Tag, name: &str) -> Result<Vec<Argument<'a>>> {
        let signature = &self.shortcodes.named(name)?.signature;
        let takes = || {
            let names: Vec<&str> = signature.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            if names.is_empty() {
                format!("`{name}` takes nothing")
            } else {
                format!("`{name}` takes {}", names.join(", "))
            }
        };
        let mut found: Vec<Argument<'a>> = Vec::new();
        for argument in read_arguments(self.written, tag.inner.clone()).map_err(|(range, message)| {
            Diagnostic::error(message)
                .at(self.place(range))
                .help(format!("write it as in {name}(name=\"value\", other=\"value\")"))
        })? {
            let place = || self.place(argument.value.clone());
            let Some(parameter) = signature.parameter(argument.name) else {
                let hint = did_you_mean(argument.name, signature.parameters.iter().map(|p| p.name.as_str()))
                    .map_or_else(takes, |likely| format!("did you mean `{likely}`?"));
                return Err(Diagnostic::error(format!("`{name}` has no argument `{}`", argument.name))
                    .at(self.place(argument.named_at.clone()))
                    .help(hint));
            };
            values::check(parameter, &self.written[argument.value.clone()]).map_err(|error| error.at(place()))?;
            if found.iter().any(|known| known.name == argument.name) {
                return Err(Diagnostic::error(format!("`{}` is given twice", argument.name)).at(place()));
            }
            found.push(argument);
        }
        let missing = signature
            .parameters
            .iter()
            .find(|parameter| parameter.default.is_none() && !found.iter().any(|given| given.name == parameter.name));
        if let Some(missing) = missing {
            return Err(Diagnostic::error(format!("`{name}` lacks the argument `{}`", missing.name))
                .at(self.place(tag.range.clone()))
                .help(takes()));
        }
        Ok(found)
    }
}

/// The image files that the shortcodes of a text name, each with its place and the `width` asked for: what isn't an address
/// and ends like one.
pub fn image_files(markdown: &str) -> Vec<(String, Range<usize>, Option<usize>)> {
    let mut found = Vec::new();
    for tag in tags_of(markdown) {
        let (name, rest) = word(tag.text(markdown));
        if name.is_empty() || !rest.trim_start().starts_with('(') || !rest.ends_with(')') {
            continue;
        }
        let arguments = read_arguments(markdown, tag.inner.clone()).unwrap_or_default();
        let width = arguments.iter().find(|argument| argument.name == "width");
        let width = width.and_then(|argument| markdown[argument.value.clone()].parse().ok()).filter(|width| *width > 0);
        for argument in arguments {
            let value = &markdown[argument.value.clone()];
            let lower = value.to_ascii_lowercase();
            let is_image = [".png", ".jpg", ".jpeg", ".gif"].iter().any(|ending| lower.ends_with(ending));
            if is_image && !values::is_open(value) && !value.contains("://") {
                found.push((value.to_owned(), argument.value, width));
            }
        }
    }
    found
}

/// An argument and where its parts stand in the source.
#[derive(Debug)]
pub struct Argument<'a> {
    pub name: &'a str,
    pub named_at: Range<usize>,
    /// The value without quotes.
    pub value: Range<usize>,
    /// Where backslashes stand that only escape what follows them.
    pub escapes: Vec<usize>,
}

type Wrong = (Range<usize>, String);

/// Reads `name(a="…", b=1)`, which is at `range` of the source.
pub fn read_arguments(source: &str, range: Range<usize>) -> Result<Vec<Argument<'_>>, Wrong> {
    let end = range.end - 1;
    let skip = |at: usize| end - source[at..end].trim_start().len();
    let mut at = range.start + source[range].find('(').map_or(0, |at| at + 1);
    let mut found = Vec::new();
    at = skip(at);
    while at < end {
        let (name, rest) = word(&source[at..end]);
        let value = rest.trim_start().strip_prefix('=').map(str::trim_start);
        let Some(value) = value.filter(|value| !name.is_empty() && !value.is_empty()) else {
            return Err((at..end, "an argument has a name and a value".to_owned()));
        };
        let named_at = at..at + name.len();
        let value_at = end - value.len();
        let (value, escapes, after) = read_value(source, value_at, end)?;
        found.push(Argument { name, named_at, value, escapes });
        at = skip(after);
        match source.as_bytes()[at] {
            b',' if at < end => at = skip(at + 1),
            _ if at == end => {}
            _ => return Err((at..at + 1, "there is no comma between two arguments".to_owned())),
        }
    }
    Ok(found)
}

/// A quoted text, a number, `true` or `false`: its range without quotes, its escapes, and where it ends.
fn read_value(source: &str, at: usize, end: usize) -> Result<(Range<usize>, Vec<usize>, usize), Wrong> {
    let bytes = &source.as_bytes()[..end];
    let Some(quote) = bytes.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'`')) else {
        let length = source[at..end].find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(end - at);
        let value = &source[at..at + length];
        if value == "true" || value == "false" || value.parse::<f64>().is_ok_and(f64::is_finite) {
            return Ok((at..at + length, Vec::new(), at + length));
        }
        return Err((at..at + length, format!("`{value}` is no text in quotes, number, true or false")));
    };
    let mut escapes = Vec::new();
    let mut i = at + 1;
    // Quotes inside a merge field are its own: text="Dear {{ subscriber.name | default(value="friend") }}".
    let mut inside: Option<Option<u8>> = None;
    while i < end {
        match (inside, bytes[i]) {
            (None, b'\\') if matches!(bytes.get(i + 1), Some(b'"' | b'\'' | b'`' | b'\\')) => {
                escapes.push(i);
                i += 1;
            }
            (None, byte) if byte == quote => return Ok((at + 1..i, escapes, i + 1)),
            (None, b'{') if matches!(bytes.get(i + 1), Some(b'{' | b'%')) => {
                inside = Some(None);
                i += 1;
            }
            (Some(None), b'}' | b'%') if bytes.get(i + 1) == Some(&b'}') => {
                inside = None;
                i += 1;
            }
            (Some(_), b'\\') if bytes.get(i + 1) == Some(&quote) => escapes.push(i),
            (Some(None), byte @ (b'"' | b'\'' | b'`')) => inside = Some(Some(byte)),
            (Some(Some(open)), byte) if byte == open => inside = Some(None),
            _ => {}
        }
        i += 1;
    }
    Err((at..end, "this text has no closing quote".to_owned()))
}
