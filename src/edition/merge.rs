//! What a source says about the reader: the gaps that each reader fills, and the choices that group readers.
//!
//! A *gap* is `{{ subscriber.NAME }}`, with or without `| default(value="…")`, printed where nothing can look at it; it
//! becomes a token. Any other mention is a *choice*: readers with the same values of all choice fields share an edition.
//! The source is read conservatively: what can't be narrowed makes every field a choice. Being too careful costs
//! speed, being careless would say something false, so when in doubt a mention is a choice.

use std::collections::BTreeMap;
use std::ops::Range;

use super::shifts::{Edits, Shifts, Source};
use super::tags::{Tag, TagKind, tags};
use super::tokens::Tokens;
use crate::diagnostic::{Diagnostic, Place, Result};

/// What fills a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GapSource {
    /// A field of the reader.
    Field(String),
    /// The reader's own link to leave.
    UnsubscribeUrl,
}

/// A place that each reader fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub source: GapSource,
    /// Stands in for an empty field.
    pub default: Option<String>,
}

/// How an edition depends on a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// Only on whether it is filled: `{% if subscriber.name %}`.
    Filled,
    /// On its value.
    Value,
}

/// The choice fields that sources mention, and whether a mention names all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    pub fields: BTreeMap<String, Choice>,
    /// The first mention that can't be narrowed: every field is a choice field.
    pub every_field: Option<Place>,
}

impl Choices {
    fn add(&mut self, field: &str, choice: Choice) {
        let entry = self.fields.entry(field.to_owned()).or_insert(choice);
        *entry = (*entry).max(choice);
    }
}

/// A field that a source names, for checking it against the list's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub field: String,
    pub place: Place,
    /// A default stands in when it is empty.
    pub has_default: bool,
    pub is_gap: bool,
}

/// A source whose gaps have become tokens.
#[derive(Debug, Clone)]
pub struct Scanned {
    pub text: String,
    pub mentions: Vec<Mention>,
    shifts: Shifts,
    held: Shifts,
    /// Of what was put in after the scan.
    inserted: Shifts,
}

impl Scanned {
    /// The position in what the author wrote of a position in the scanned text.
    pub fn original(&self, position: usize) -> usize {
        self.held.original(self.shifts.original(self.inserted.original(position)))
    }

    /// Changes the scanned text once more.
    pub fn insert(&mut self, edits: Edits) {
        (self.text, self.inserted) = edits.apply(&self.text);
    }
}

/// Whether gaps may be made, or every mention shall be a choice: the slow way, against which the fast one is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merging {
    Gaps,
    ChoicesOnly,
}

/// Reads the tags of a source, turns gaps into tokens and notes choices.
///
/// # Errors
/// A mention that would print the reader's value unescaped.
pub fn scan(from_author: &Source<'_>, merging: Merging, tokens: &mut Tokens, choices: &mut Choices) -> Result<Scanned> {
    let source: &str = &from_author.text;
    let mut scanned = Scanned {
        text: String::with_capacity(source.len()),
        mentions: Vec::new(),
        shifts: Shifts::default(),
        held: from_author.shifts.clone(),
        inserted: Shifts::default(),
    };
    let mut from = 0;
    let mut captures = 0usize;
    for tag in tags(source) {
        let text = tag.text(source);
        captures = captures_after(&tag, source, captures);
        check_safe(from_author, &tag)?;
        let place = || from_author.place(tag.inner.clone());
        let gap = gap_of(text).filter(|_| tag.kind == TagKind::Print);
        if let Some((field, default)) = &gap {
            scanned.mentions.push(Mention {
                field: field.clone(),
                place: place(),
                has_default: default.is_some(),
                is_gap: true,
            });
        }
        match gap {
            // A tag with a line end inside stays, so that lines keep their numbers for error messages.
            Some((field, default))
                if merging == Merging::Gaps
                    && captures == 0
                    && field != "tags"
                    && !text.contains('\n')
                    && !from_author.is_looked_at(tag.range.start) =>
            {
                scanned.text.push_str(&source[from..tag.range.start]);
                trim_for(&tag, source, &mut scanned.text);
                scanned.text.push_str(&tokens.gap_at(Gap { source: GapSource::Field(field), default }, place()));
                from = tag.range.end + skip_for(&tag, source);
                scanned.shifts.note(scanned.text.len(), from);
            }
            Some((field, _)) => choices.add(&field, Choice::Value),
            None => note_choices(text, &place, choices, &mut scanned.mentions),
        }
    }
    scanned.text.push_str(&source[from..]);
    Ok(scanned)
}

/// Whether a source captures or filters what other templates print, so that a gap there could be looked at.
pub fn captures_templates(name: &str, source: &str) -> bool {
    // A shortcode's body comes to it finished, as a token; that of a component is captured as it is rendered.
    let is_shortcode = name.starts_with("shortcodes/");
    let mut captures = 0;
    tags(source).iter().any(|tag| {
        captures = captures_after(tag, source, captures);
        let text = tag.text(source);
        let filtered_super = text.contains("super()") && text.contains('|');
        let passes_a_body = text.starts_with('<') || (text.contains("body") && (captures > 0 || !is_shortcode));
        filtered_super || passes_a_body || (captures > 0 && matches!(tag.keyword(source), "include" | "block"))
    })
}

/// How many captures are open after this tag: `{% filter %}`, `{% set x %}…{% endset %}` and component bodies, whose
/// content an expression can look at.
pub(super) fn captures_after(tag: &Tag, source: &str, open: usize) -> usize {
    if tag.kind != TagKind::Block {
        return open;
    }
    let text = tag.text(source);
    match tag.keyword(source) {
        "filter" | "component" => open + 1,
        "set" | "set_global"
            if !text.contains('=') || text.split_once('|').is_some_and(|(left, _)| !left.contains('=')) =>
        {
            open + 1
        }
        "endfilter" | "endset" | "endcomponent" => open.saturating_sub(1),
        _ if text.starts_with("</") => open.saturating_sub(1),
        _ if text.starts_with('<') && !text.ends_with("/>") && !text.ends_with('/') => open + 1,
        _ => open,
    }
}

/// `{{-` takes the white space before it away, as Tera would.
fn trim_for(tag: &Tag, source: &str, out: &mut String) {
    if source[tag.range.start + 2..].starts_with('-') {
        out.truncate(out.trim_end().len());
    }
}

/// How much white space after the tag `-}}` takes away.
fn skip_for(tag: &Tag, source: &str) -> usize {
    let rest = &source[tag.range.end..];
    if source[..tag.range.end - 2].ends_with('-') { rest.len() - rest.trim_start().len() } else { 0 }
}

/// The field and default of an expression that is a gap.
pub(super) fn gap_of(expression: &str) -> Option<(String, Option<String>)> {
    let rest = expression.strip_prefix("subscriber.")?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (field, rest) = rest.split_at(end);
    if field.is_empty() {
        return None;
    }
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Some((field.to_owned(), None));
    }
    let arguments = rest
        .strip_prefix('|')?
        .trim_start()
        .strip_prefix("default")?
        .trim_start()
        .strip_prefix('(')?
        .strip_suffix(')')?;
    let value = arguments.trim().strip_prefix("value")?.trim_start().strip_prefix('=')?.trim();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
    // A string with escapes or quotes inside is left to Tera, which knows its rules.
    (!inner.contains(quote) && !inner.contains('\\')).then(|| (field.to_owned(), Some(inner.to_owned())))
}

/// Notes every mention of `subscriber` in an expression that is no gap.
fn note_choices(expression: &str, place: &dyn Fn() -> Place, choices: &mut Choices, mentions: &mut Vec<Mention>) {
    let filled = expression
        .strip_prefix("if ")
        .or_else(|| expression.strip_prefix("elif "))
        .map(str::trim)
        .map(|condition| condition.strip_prefix("not ").map_or(condition, str::trim));
    for range in identifiers(expression) {
        match &expression[range.clone()] {
            "subscriber" if !expression[..range.start].trim_end().ends_with('.') => {}
            "__tera_context" => drop(choices.every_field.get_or_insert_with(place)),
            _ => continue,
        }
        if &expression[range.clone()] != "subscriber" {
            continue;
        }
        let Some(field) = field_after(&expression[range.end..]) else {
            choices.every_field.get_or_insert_with(place);
            continue;
        };
        let only_asks = filled == Some(format!("subscriber.{field}").as_str());
        choices.add(field, if only_asks { Choice::Filled } else { Choice::Value });
        let after = expression[range.end + 1 + field.len()..].trim_start();
        let has_default =
            only_asks || after.strip_prefix('|').is_some_and(|rest| rest.trim_start().starts_with("default"));
        mentions.push(Mention { field: field.to_owned(), place: place(), has_default, is_gap: false });
    }
}

/// The name in `.name` at the start of `rest`; `None` when the field is not named plainly.
fn field_after(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix('.')?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// The identifiers of an expression, strings left out.
pub(super) fn identifiers(expression: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut quote = None;
    let mut start = None;
    let mut escaped = false;
    for (at, c) in expression.char_indices() {
        let word = c.is_alphanumeric() || c == '_';
        if quote.is_none() && word {
            start.get_or_insert(at);
        } else if let Some(begin) = start.take() {
            found.push(begin..at);
        }
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            _ => {}
        }
    }
    if let Some(begin) = start {
        found.push(begin..expression.len());
    }
    found
}

/// `| safe` would print a value as markup: allowed for what the author wrote, never where a reader's value may be.
fn check_safe(source: &Source<'_>, tag: &Tag) -> Result<()> {
    let text = tag.text(&source.text);
    let words: Vec<&str> = identifiers(text).into_iter().map(|range| &text[range]).collect();
    let first = words.first().copied().unwrap_or_default();
    if !words.contains(&"safe")
        || !text.contains('|')
        || matches!(first, "article" | "publication" | "theme" | "body") && !words.contains(&"subscriber")
    {
        return Ok(());
    }
    Err(Diagnostic::error("`safe` would let a reader's value become markup")
        .at(source.place(tag.inner.clone()))
        .help("leave `| safe` out: every value is escaped for the place where it stands"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan_text(source: &str) -> (Scanned, Choices, Vec<Gap>) {
        let mut tokens = Tokens::new(&[source]);
        let mut choices = Choices::default();
        let scanned = scan(&Source::as_written("t", source), Merging::Gaps, &mut tokens, &mut choices).unwrap();
        (scanned, choices, tokens.gaps().to_vec())
    }

    #[test]
    fn plain_prints_are_gaps() {
        for (source, default) in [
            ("{{ subscriber.name }}", None),
            ("{{subscriber.name}}", None),
            ("{{- subscriber.name -}}", None),
            ("{{ subscriber.name | default(value=\"friend\") }}", Some("friend")),
            ("{{ subscriber.name|default( value = 'my friend' ) }}", Some("my friend")),
        ] {
            let (_, choices, gaps) = scan_text(source);
            assert_eq!(choices, Choices::default(), "{source}");
            assert_eq!(gaps.len(), 1, "{source}");
            assert_eq!(gaps[0].default.as_deref(), default, "{source}");
        }
    }

    #[test]
    fn all_else_is_a_choice() {
        for (source, field, choice) in [
            ("{% if subscriber.name %}", "name", Choice::Filled),
            ("{% elif not subscriber.name %}", "name", Choice::Filled),
            ("{% if subscriber.name and x %}", "name", Choice::Value),
            ("{% if subscriber.plan == 'pro' %}", "plan", Choice::Value),
            ("{{ subscriber.name | upper }}", "name", Choice::Value),
            ("{{ subscriber.name | default(value=subscriber.plan) }}", "plan", Choice::Value),
            ("{{ subscriber.name | default(value=\"a\\\"b\") }}", "name", Choice::Value),
            ("{% for t in subscriber.tags %}", "tags", Choice::Value),
            ("{{ subscriber.tags }}", "tags", Choice::Value),
            ("{% set x = subscriber.name %}", "name", Choice::Value),
            ("{% filter upper %}{{ subscriber.name }}{% endfilter %}", "name", Choice::Value),
            ("{% set x %}{{ subscriber.name }}{% endset %}", "name", Choice::Value),
        ] {
            let (_, choices, gaps) = scan_text(source);
            assert_eq!(choices.fields.get(field), Some(&choice), "{source}");
            assert!(gaps.is_empty(), "{source}");
        }
    }

    #[test]
    fn what_cannot_be_narrowed_makes_every_field_a_choice() {
        for source in [
            "{% set s = subscriber %}",
            "{{ subscriber[field] }}",
            "{{ __tera_context }}",
            "{{ f(x=subscriber) }}",
            "{{ subscriber?.name }}",
        ] {
            assert!(scan_text(source).1.every_field.is_some(), "{source}");
        }
        for source in ["{{ \"subscriber\" }}", "{{ article.subscriber }}", "{# {{ subscriber }} #}"] {
            assert_eq!(scan_text(source).1, Choices::default(), "{source}");
        }
    }

    #[test]
    fn white_space_control_works_as_in_tera() {
        let (scanned, ..) = scan_text("a {{- subscriber.name -}} b {{ subscriber.name }} c");
        let words: Vec<&str> = scanned.text.split(' ').collect();
        assert_eq!(words.len(), 3, "{}", scanned.text);
        assert!(words[0].starts_with("alp") && words[0].ends_with('b'));
    }

    #[test]
    fn positions_lead_back_to_the_original() {
        let source = "ab {{ subscriber.name }} cd {{ subscriber.name }} ef";
        let (scanned, ..) = scan_text(source);
        assert_eq!(scanned.original(1), 1);
        assert_eq!(scanned.original(scanned.text.find("cd").unwrap()), source.find("cd").unwrap());
        assert_eq!(scanned.original(scanned.text.find("ef").unwrap()), source.find("ef").unwrap());
    }

    #[test]
    fn a_readers_value_is_never_safe() {
        let mut tokens = Tokens::new(&[]);
        let mut choices = Choices::default();
        for source in ["{{ subscriber.name | safe }}", "{% for t in x %}{{ t | safe }}{% endfor %}"] {
            assert!(
                scan(&Source::as_written("t", source), Merging::Gaps, &mut tokens, &mut choices).is_err(),
                "{source}"
            );
        }
        assert!(
            scan(
                &Source::as_written("t", "{{ article.extra.embed | safe }}"),
                Merging::Gaps,
                &mut tokens,
                &mut choices
            )
            .is_ok()
        );
    }
}
