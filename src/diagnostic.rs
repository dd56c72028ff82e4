//! What went wrong, where, and what to do next: the one error and warning type of the whole program.
//!
//! A [`Diagnostic`] says *what* (message), *where* ([`Place`]: file, line, column, the line itself) and *what next*
//! (help). It renders itself for people; machines get its fields. It does not print and knows no exit code.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use crate::address::masked;

/// The result of anything that can fail with a message for a person.
pub type Result<T, E = Diagnostic> = std::result::Result<T, E>;

/// How much it matters: an error stops the command, a warning and a note don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Note,
}

/// A place in a file that a person edits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file as the person would name it, usually relative to the publication.
    pub file: String,
    /// Line, counted from 1; 0 means the file as a whole.
    pub line: usize,
    /// Column in characters, counted from 1; 0 means the line as a whole.
    pub column: usize,
    /// How many characters are meant, at least 1 where a column is given.
    pub width: usize,
    /// The text of the line, without its line end.
    pub excerpt: String,
}

impl Place {
    /// A file as a whole.
    pub fn file(file: impl Into<String>) -> Self {
        Place { file: file.into(), line: 0, column: 0, width: 0, excerpt: String::new() }
    }

    /// A row of a table such as a subscriber list; `line` counts from 1.
    pub fn line(file: impl Into<String>, line: usize) -> Self {
        Place { line, ..Place::file(file) }
    }

    /// The place of a byte range in `source`, which is the whole text of `file`. A range past the end of the text
    /// or inside a character is moved to the nearest character before it.
    pub fn span(file: impl Into<String>, source: &str, range: std::ops::Range<usize>) -> Self {
        let start = floor_char(source, range.start);
        let end = floor_char(source, range.end).max(start);
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source[start..].find('\n').map_or(source.len(), |at| start + at);
        Place {
            file: file.into(),
            line: source[..start].matches('\n').count() + 1,
            column: source[line_start..start].chars().count() + 1,
            width: source[start..end.min(line_end).max(start)].chars().count().max(1),
            excerpt: source[line_start..line_end].trim_end_matches('\r').to_owned(),
        }
    }
}

/// The largest character boundary at or before `at`.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(f, "{}", self.file),
            (line, 0) => write!(f, "{}:{line}", self.file),
            (line, column) => write!(f, "{}:{line}:{column}", self.file),
        }
    }
}

/// An error, warning or note with its place and its next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic(Box<Fields>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Fields {
    severity: Severity,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    help: Vec<String>,
}

impl Diagnostic {
    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Diagnostic(Box::new(Fields { severity, message: message.into(), place: None, help: Vec::new() }))
    }

    /// Something that stops the command.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// Something that would embarrass the writer later.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// Something worth knowing.
    pub fn note(message: impl Into<String>) -> Self {
        Self::new(Severity::Note, message)
    }

    /// A failed file operation: `action` completes the sentence "can't … PATH", as in `read`, `write`, `create`.
    pub fn io(action: &str, path: &Path, error: &io::Error) -> Self {
        let help = match error.kind() {
            io::ErrorKind::PermissionDenied => "check who owns the file and its permissions",
            io::ErrorKind::NotFound => "check the name and the folder you are in",
            io::ErrorKind::StorageFull => "make room on the disk, then run the command again",
            io::ErrorKind::ReadOnlyFilesystem => "the disk is mounted read-only; use a folder that can be written",
            _ => "",
        };
        let diagnostic = Self::error(format!("can't {action} {}: {}", shown_path(path), plain(error)));
        if help.is_empty() { diagnostic } else { diagnostic.help(help) }
    }

    /// Where it is.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    /// What to do next; may be called several times.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.push(help.into());
        self
    }

    /// The same for a log that others may read: without anybody's address. A line of a file that has one isn't shown, only
    /// its place.
    #[must_use]
    pub fn masked(&self) -> Diagnostic {
        let Fields { severity, message, place, help } = &*self.0;
        let mut place = place.clone();
        place
            .iter_mut()
            .filter(|place| masked(&place.excerpt) != place.excerpt)
            .for_each(|place| place.excerpt.clear());
        let help = help.iter().map(|help| masked(help)).collect();
        Diagnostic(Box::new(Fields { severity: *severity, message: masked(message), place, help }))
    }

    pub fn severity(&self) -> Severity {
        self.0.severity
    }

    pub fn message(&self) -> &str {
        &self.0.message
    }

    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    pub fn helps(&self) -> &[String] {
        &self.0.help
    }

    /// The whole report as a person reads it, with colours when `styled`. Ends without a line end.
    pub fn render(&self, styled: bool) -> String {
        match &self.0.place {
            Some(place) if place.column > 0 && !place.excerpt.is_empty() => self.render_with_excerpt(place, styled),
            _ => self.render_in_lines(styled),
        }
    }

    /// Message, place, the line with the spot underlined, help.
    fn render_with_excerpt(&self, place: &Place, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let level = match self.0.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let message = printable(&self.0.message);
        let excerpt = printable(&place.excerpt).into_owned();
        // Escapes before the spot make the shown line longer than the written one.
        let before: String = place.excerpt.chars().take(place.column - 1).collect();
        let range = char_range(&excerpt, printable(&before).chars().count(), place.width);
        let snippet = Snippet::source(excerpt.as_str())
            .path(place.file.as_str())
            .line_start(place.line)
            .annotation(AnnotationKind::Primary.span(range));
        let helps = self.0.help.iter().map(|help| Level::HELP.message(help.as_str()));
        let group = level.primary_title(message.as_ref()).element(snippet).elements(helps);
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }

    /// Message, place and help, a line each.
    fn render_in_lines(&self, styled: bool) -> String {
        use anstyle::{AnsiColor, Effects, Style};
        let color = match self.0.severity {
            Severity::Error => AnsiColor::Red,
            Severity::Warning => AnsiColor::Yellow,
            Severity::Note => AnsiColor::Green,
        };
        let word = |text: &str, color: AnsiColor| {
            let style =
                if styled { Style::new().fg_color(Some(color.into())).effects(Effects::BOLD) } else { Style::new() };
            format!("{style}{text}{style:#}")
        };
        let name = match self.0.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let mut out = format!("{}: {}", word(name, color), printable(&self.0.message));
        if let Some(place) = &self.0.place {
            out.push_str(&format!("\n  {} {}", word("-->", AnsiColor::Cyan), printable(&place.to_string())));
        }
        for help in &self.0.help {
            out.push_str(&format!("\n  {}: {}", word("help", AnsiColor::Cyan), printable(help)));
        }
        out
    }
}

/// The byte range of `width` characters from character `start`, kept inside the text.
fn char_range(text: &str, start: usize, width: usize) -> std::ops::Range<usize> {
    let byte = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    byte(start)..byte(start + width.max(1))
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.0.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&printable(&self.0.message))
    }
}

impl std::error::Error for Diagnostic {}

/// A path as a person would write it: without a leading `./`, safe for a terminal.
pub fn shown_path(path: &Path) -> String {
    let shown: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    if shown.as_os_str().is_empty() { ".".to_owned() } else { printable(&shown.display().to_string()).into_owned() }
}

/// The words of an I/O error without Rust's "(os error 2)".
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// Text from outside made safe for a terminal or a log: control characters (C0, DEL, C1) and the invisible ones that
/// reorder text (bidi embeddings, overrides and isolates) are shown as escapes and not obeyed. Line ends stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.bytes().any(|b| b.is_ascii_control()) || !text.contains(is_shown_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_shown_escaped(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// What does something to a terminal, and what has no width and no purpose in any language's writing, by which two names that
/// look the same are different.
fn is_shown_escaped(c: char) -> bool {
    is_unprintable(c) || matches!(c, '\u{200B}' | '\u{2060}'..='\u{2064}')
}

/// Control and bidi-reordering characters, which no name, subject or terminal line may hold.
pub fn is_unprintable(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || is_bidi_control(c)
}

/// The invisible characters that reorder what follows them (Unicode UAX #9, section 2).
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
}

/// The candidate most like `word`, when it is alike enough to ask "did you mean".
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.78)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_shows_place_line_and_next_step() {
        let source = "+++\ntitel = \"x\"\n+++\n";
        let report = Diagnostic::error("unknown key `titel`")
            .at(Place::span("content/a.md", source, 4..9))
            .help("did you mean `title`?")
            .render(false);
        assert!(report.contains("content/a.md:2:1"), "{report}");
        assert!(report.contains("titel = \"x\""), "{report}");
        assert!(report.contains("^^^^^"), "{report}");
        assert!(report.contains("help: did you mean `title`?"), "{report}");
    }

    #[test]
    fn a_report_without_a_line_is_short() {
        let report =
            Diagnostic::error("nothing\u{1b} was sent").at(Place::file("a.md")).help("try again").render(false);
        assert_eq!(report, "error: nothing\\u{1b} was sent\n  --> a.md\n  help: try again");
    }

    #[test]
    fn for_a_log_no_address_is_left_and_the_place_is() {
        let source = "email;name\nann@example.com;Ann\n";
        let fault = Diagnostic::error("`ann@example.com` is in it twice").help("remove one ann@example.com");
        let fault = fault.at(Place::span("readers.csv", source, 11..26));
        assert_eq!(
            fault.masked().render(false),
            "error: `a…@example.com` is in it twice\n  --> readers.csv:2:1\n  help: remove one a…@example.com"
        );
        let harmless = Diagnostic::error("no column").at(Place::span("readers.csv", source, 0..5));
        assert_eq!(harmless.masked(), harmless);
    }

    #[test]
    fn terminal_escapes_are_shown_and_not_obeyed() {
        assert_eq!(printable("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(printable("pay\u{202e}exe"), "pay\\u{202e}exe");
        assert_eq!(printable("An\u{200b}n\u{9b}"), "An\\u{200b}n\\u{9b}");
        assert!(matches!(printable("👩\u{200d}🚀 a\nb"), Cow::Borrowed(_)));
        assert!(matches!(printable("Zoë 名前"), Cow::Borrowed(_)));
    }

    #[test]
    fn spans_inside_characters_and_past_the_end_do_not_panic() {
        let place = Place::span("f", "ä\nöö", 4..99);
        assert_eq!((place.line, place.column), (2, 1));
    }

    #[test]
    fn likely_words_are_suggested() {
        assert_eq!(did_you_mean("titel", ["title", "date"]), Some("title"));
        assert_eq!(did_you_mean("zzz", ["title", "date"]), None);
    }
}
