//! An article and a theme, read and scanned for merge fields: ready to be set for each group of readers.
//!
//! A [`Group`] is what readers of one edition have in common: the values of all choice fields. [`Template::set`] makes the
//! edition of a group; the rest of what a reader brings fills gaps when a copy is struck.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Tag};
use serde_json::{Map, Value as Json, json};
use tera::{Context, Kwargs, State, Tera, TeraResult, Value};

use super::dates;
use super::escape::is_link;
use super::images::{Images, InlineImage};
use super::merge::{Choice, Choices, Gap, GapSource, Mention, Merging, Scanned, captures_templates, scan};
use super::pieces::{Fields, Part, Phrase, collapse};
use super::theme::{self, Theme, ThemeSettings};
use super::tokens::{Token, Tokens, mark_value};
use super::wrap::VERBATIM;
use super::{Edition, html, markdown, mjml, text};
use crate::article::Article;
use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean};
use crate::publication::Publication;

/// All that an edition is made from.
#[derive(Debug, Clone)]
pub struct Sources {
    pub publication: Publication,
    pub article: Article,
    pub theme: Theme,
    pub settings: ThemeSettings,
    pub images: Images,
    /// The fields that readers have.
    pub columns: Vec<String>,
}

/// The values of the choice fields that a group of readers shares, in the order of [`Template::choices`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Group(pub Vec<String>);

/// Sources, scanned.
#[derive(Debug)]
pub struct Template {
    sources: Sources,
    tera: Tera,
    tokens: Tokens,
    unsubscribe_url: String,
    choices: BTreeMap<String, Choice>,
    scanned: BTreeMap<String, Scanned>,
    originals: BTreeMap<String, String>,
    warnings: Vec<Diagnostic>,
    /// The fields that fill gaps without a default.
    bare_gaps: Vec<String>,
}

/// The names under which the article's short texts are templates.
const TITLE: &str = "the title";
const SUBJECT: &str = "the subject";
const PREHEADER: &str = "the preheader";

impl Template {
    /// Reads the sources and finds what they say about the reader.
    ///
    /// # Errors
    /// A template that Tera can't read, a field that readers don't have, a value that would become markup.
    pub fn new(sources: Sources, merging: Merging) -> Result<Template> {
        let mut originals = sources.theme.files.clone();
        let article = &sources.article;
        let body = body_at_its_lines(article);
        originals.insert(article.file.clone(), body);
        originals.insert(TITLE.into(), article.title.clone());
        originals.insert(SUBJECT.into(), article.subject.clone());
        originals.insert(PREHEADER.into(), article.preheader.clone().unwrap_or_default());
        let mut tokens = Tokens::new(&originals.values().map(String::as_str).collect::<Vec<_>>());
        let captured = sources.theme.files.values().any(|source| captures_templates(source));
        let merging = if captured { Merging::ChoicesOnly } else { merging };
        let (mut scanned, mut choices) = scan_all(&originals, &article.file, merging, &mut tokens)?;
        if choices.every_field && merging == Merging::Gaps {
            (scanned, choices) = scan_all(&originals, &article.file, Merging::ChoicesOnly, &mut tokens)?;
        }
        let warnings = check_mentions(&scanned, &sources.columns)?;
        let bare = |mention: &&Mention| mention.is_gap && !mention.has_default;
        let mut bare_gaps: Vec<String> =
            scanned.values().flat_map(|file| file.mentions.iter().filter(bare).map(|m| m.field.clone())).collect();
        bare_gaps.sort();
        bare_gaps.dedup();
        let mut fields = choices.fields;
        if choices.every_field {
            fields.extend(sources.columns.iter().map(|column| (column.clone(), Choice::Value)));
        }
        let unsubscribe_url = tokens.gap(Gap { source: GapSource::UnsubscribeUrl, default: None });
        let mut template = Template {
            sources,
            tera: new_tera(),
            tokens,
            unsubscribe_url,
            choices: fields,
            scanned,
            originals,
            warnings,
            bare_gaps,
        };
        let files: Vec<(&str, &str)> =
            template.scanned.iter().map(|(name, file)| (name.as_str(), file.text.as_str())).collect();
        let mut tera = template.tera.clone();
        tera.add_raw_templates(files).map_err(|error| template.tera_error(&error))?;
        template.tera = tera;
        Ok(template)
    }

    /// The fields whose values tell readers of different editions apart, and how.
    pub fn choices(&self) -> &BTreeMap<String, Choice> {
        &self.choices
    }

    /// Fields that leave a hole when a reader has none: gaps without a default.
    pub fn bare_gaps(&self) -> &[String] {
        &self.bare_gaps
    }

    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The group that a reader belongs to.
    pub fn group_of(&self, reader: &dyn Fields) -> Group {
        Group(
            self.choices
                .iter()
                .map(|(field, choice)| match choice {
                    Choice::Value => reader.field(field).to_owned(),
                    Choice::Filled => if reader.field(field).is_empty() { "" } else { "yes" }.to_owned(),
                })
                .collect(),
        )
    }

    /// Sets the edition for a group.
    ///
    /// # Errors
    /// Whatever Tera, MJML or the merge fields' places have against the sources, at its place in the author's file.
    pub fn set(&self, group: &Group) -> Result<Edition> {
        if group.0.iter().any(|value| self.tokens.could_be_in(value)) {
            return Err(Diagnostic::error("a reader's field looks like a merge token of this mailing")
                .help("change any word of the article and run the command again"));
        }
        let mut tokens = self.tokens.clone();
        let article = &self.sources.article;
        let language = article.language.clone().unwrap_or_else(|| self.sources.publication.language.clone());
        let mut context = self.context(group, &language);
        let title = self.short(TITLE, &context, &mut tokens)?;
        let subject = self.short(SUBJECT, &context, &mut tokens)?;
        let preheader = self.short(PREHEADER, &context, &mut tokens)?;
        let source = self.render(&article.file, &context, &mut tokens)?;
        let content = markdown::parse(&source, &language);
        check_links(&content, article, &tokens)?;
        let article_html = mjml::fill_values(&html::write(&content, &self.sources.images), &mut tokens);
        let article_text = text::write(&content, &self.sources.images, &tokens);
        let held_html = tokens.rich(article_html);
        let held_text = tokens.rich(article_text);
        context
            .insert("article", &self.article_values(&title, &subject, &preheader, &held_html, &held_text, &language));
        let rendered = self.render(theme::MJML, &context, &mut tokens)?;
        let resolved = mjml::resolve(theme::MJML, &rendered, &mut tokens)?;
        let html = mjml::render(theme::MJML, &resolved, &tokens)?;
        let html = html.replace('\r', "");
        let rendered_text = self.render(theme::TEXT, &context, &mut tokens)?;
        let lines = text_lines(&rendered_text, &held_text, &tokens);
        check_tokens(&html, &tokens)?;
        check_tokens(&lines, &tokens)?;
        let html_part = Part::cut_html(&html, &tokens).map_err(|error| error.at(Place::file(&*article.file)))?;
        let text_part = Part::cut_text(&lines, &tokens);
        let images = used_images(&self.sources.images, &html);
        Ok(Edition {
            subject: Phrase::cut(&subject, &tokens),
            preheader: Phrase::cut(&preheader, &tokens),
            html: html_part,
            text: text_part,
            images,
            mjml: tokens.put_back(&resolved.mjml, |_| true),
            language,
            warnings: self.warnings.clone(),
        })
    }

    /// What the templates may say.
    fn context(&self, group: &Group, language: &str) -> Context {
        let publication = &self.sources.publication;
        let slug = &self.sources.article.slug;
        let subscriber: Map<String, Json> = self
            .choices
            .keys()
            .zip(&group.0)
            .map(|(field, value)| (field.clone(), field_value(field, value)))
            .collect();
        let web_url = publication.web_url.as_deref().unwrap_or_default().replace("{slug}", slug);
        let mut context = Context::new();
        context.insert("subscriber", &subscriber);
        context.insert(
            "publication",
            &json!({
                "name": publication.name, "tagline": publication.tagline, "postal_address": publication.postal_address,
                "reason": publication.reason, "url": publication.url.as_deref().unwrap_or_default(), "language": publication.language,
                "from": {"name": publication.from.name, "address": publication.from.address.as_str()},
            }),
        );
        context.insert("article", &self.article_values(&self.sources.article.title, "", "", "", "", language));
        context.insert("theme", &self.sources.settings.0);
        context.insert("language", language);
        context.insert("dir", if dates::is_right_to_left(language) { "rtl" } else { "ltr" });
        context.insert("unsubscribe_url", &self.unsubscribe_url);
        context.insert("web_url", &web_url);
        context
    }

    fn article_values(
        &self,
        title: &str,
        subject: &str,
        preheader: &str,
        html: &str,
        text: &str,
        language: &str,
    ) -> Json {
        let article = &self.sources.article;
        json!({
            "title": title, "subject": subject, "preheader": preheader, "slug": article.slug,
            "author": article.author.as_deref().unwrap_or_default(),
            "date": article.date.map(|date| date.to_string()).unwrap_or_default(),
            "date_text": article.date.map(|date| dates::in_words(date, language)).unwrap_or_default(),
            "language": language, "extra": article.extra, "html": html, "text": text,
        })
    }

    /// Renders one template; printed values come back as tokens.
    fn render(&self, name: &str, context: &Context, tokens: &mut Tokens) -> Result<String> {
        let rendered = self.tera.render(name, context).map_err(|error| self.tera_error(&error))?;
        tokens.from_marks(&rendered).map_err(|_| {
            Diagnostic::error("a filter over a block has cut a value in two")
                .at(Place::file(name))
                .help("apply the filter to the value itself, as in {{ article.title | upper }}")
        })
    }

    /// A short text of the front matter: values filled in, merge fields left as tokens, in one line.
    fn short(&self, name: &str, context: &Context, tokens: &mut Tokens) -> Result<String> {
        let rendered = self.render(name, context, tokens)?;
        Ok(tokens.plain(&collapse(&rendered)))
    }

    /// Tera's error with its place in the file that the author wrote.
    fn tera_error(&self, error: &tera::Error) -> Diagnostic {
        let (message, file, range) = match error.kind() {
            tera::ErrorKind::SyntaxError(report) | tera::ErrorKind::RenderingError(report) => {
                (report.message().to_owned(), report.filename().to_owned(), Some(report.span().range.clone()))
            }
            _ => {
                // Errors of a whole load carry their place only in words: "error: … --> FILE:LINE:COLUMN".
                let text = error.to_string();
                let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
                let arrow = text.lines().find_map(|line| line.trim_start().strip_prefix("--> "));
                let mut parts = arrow.unwrap_or_default().rsplitn(3, ':');
                let (column, line) =
                    (parts.next().and_then(|n| n.parse().ok()), parts.next().and_then(|n| n.parse().ok()));
                let file = parts.next().unwrap_or_default().to_owned();
                let range = self
                    .scanned
                    .get(&file)
                    .zip(line.zip(column))
                    .and_then(|(scanned, (line, column))| offset_of(&scanned.text, line, column));
                (message, file, range.map(|at| at..at + 1))
            }
        };
        let place = match (self.originals.get(&file), self.scanned.get(&file), range) {
            (Some(original), Some(scanned), Some(range)) => {
                let start = scanned.original(range.start);
                Some(Place::span(
                    self.shown_name(&file),
                    original,
                    start..(start + range.len()).max(scanned.original(range.end)),
                ))
            }
            _ if file.is_empty() => None,
            _ => Some(Place::file(self.shown_name(&file))),
        };
        let mut diagnostic = Diagnostic::error(message);
        if let Some(place) = place {
            diagnostic = diagnostic.at(place);
        }
        if file == self.sources.article.file {
            diagnostic = diagnostic.help("an article may use {{ subscriber.FIELD }}, {{ unsubscribe_url }}, {{ web_url }} and {% if %}; to show such braces as they are, put them in `code`");
        }
        diagnostic
    }

    /// A template's name as the author knows it.
    fn shown_name(&self, file: &str) -> String {
        match file {
            TITLE | SUBJECT | PREHEADER => {
                format!("{} ({})", self.sources.article.file, file.trim_start_matches("the "))
            }
            _ if self.sources.theme.files.contains_key(file) => format!("templates/{file}"),
            _ => file.to_owned(),
        }
    }
}

/// The article's Markdown with as many empty lines before it as the front matter has, so that lines keep their numbers.
fn body_at_its_lines(article: &Article) -> String {
    let before = article.source[..article.body.start].matches('\n').count();
    format!("{}{}", "\n".repeat(before), &article.source[article.body.clone()])
}

type ScannedFiles = BTreeMap<String, Scanned>;

fn scan_all(
    originals: &BTreeMap<String, String>,
    article: &str,
    merging: Merging,
    tokens: &mut Tokens,
) -> Result<(ScannedFiles, Choices)> {
    let mut choices = Choices::default();
    let mut scanned = ScannedFiles::new();
    for (name, source) in originals {
        let held;
        let source = if name == article {
            held = hold_code(source, tokens);
            &held
        } else {
            source
        };
        scanned.insert(name.clone(), scan(name, source, merging, tokens, &mut choices)?);
    }
    Ok((scanned, choices))
}

/// Holds back template delimiters inside code, where they are only shown.
fn hold_code(source: &str, tokens: &mut Tokens) -> String {
    let mut out = String::with_capacity(source.len());
    let mut from = 0;
    for range in markdown::code_ranges(source) {
        if range.start < from {
            continue;
        }
        out.push_str(&source[from..range.start]);
        let mut code = source[range.clone()].to_owned();
        for delimiter in ["{{", "{%", "{#"] {
            while code.contains(delimiter) {
                code = code.replacen(delimiter, &tokens.hold(delimiter), 1);
            }
        }
        out.push_str(&code);
        from = range.end;
    }
    out.push_str(&source[from..]);
    out
}

/// Errors for fields that readers don't have, warnings where a default stands in for every reader.
fn check_mentions(scanned: &ScannedFiles, columns: &[String]) -> Result<Vec<Diagnostic>> {
    let mut warnings = Vec::new();
    for mention in scanned.values().flat_map(|file| &file.mentions) {
        if columns.contains(&mention.field) {
            continue;
        }
        let suggestion = match did_you_mean(&mention.field, columns.iter().map(String::as_str)) {
            Some(likely) => format!("did you mean `{likely}`?"),
            None => format!("the list has {}", columns.join(", ")),
        };
        if !mention.has_default {
            return Err(Diagnostic::error(format!("no reader has a field `{}`", mention.field))
                .at(mention.place.clone())
                .help(suggestion));
        }
        warnings.push(
            Diagnostic::warning(format!("no reader has a field `{}`: everyone gets the default", mention.field))
                .at(mention.place.clone())
                .help(suggestion),
        );
    }
    Ok(warnings)
}

fn new_tera() -> Tera {
    let mut tera = Tera::default();
    // The empty suffix is the end of every name: whatever is printed is marked, whatever the template is called.
    tera.autoescape_on([""]);
    tera.set_escape_fn(mark_value);
    // A reader's empty field is a missing one, for `default` as for gaps.
    tera.register_filter("default", |value: Value, arguments: Kwargs, _: &State<'_>| -> TeraResult<Value> {
        let default: Value = arguments.must_get("value")?;
        let missing = value.is_undefined() || value.is_none() || value.as_str() == Some("");
        Ok(if missing { default } else { value })
    });
    tera
}

/// A choice field as templates see it: `tags` is a list, all else text.
fn field_value(field: &str, value: &str) -> Json {
    if field == "tags" {
        return value
            .split([',', ';', ' '])
            .filter(|tag| !tag.is_empty())
            .map(|tag| Json::from(tag.to_owned()))
            .collect();
    }
    Json::from(value.to_owned())
}

/// The finished logical lines of the text part: the article's lines in place, no runs of empty lines. Whether a
/// line is empty is judged before values are known, so that readers with and without one are treated alike.
fn text_lines(rendered: &str, article_text: &str, tokens: &Tokens) -> String {
    // The article has lines of its own, whatever stands beside it in the template.
    let expanded = tokens.replace(rendered, |token, _| match token {
        Token::Value(index) if tokens.text(index) == article_text => {
            Some(format!("\n{}\n", tokens.put_back(article_text, |token| matches!(token, Token::Rich(_)))))
        }
        _ => None,
    });
    let is_blank = |line: &str| line.trim_matches([' ', '\t', VERBATIM]).is_empty();
    let mut lines: Vec<&str> = Vec::new();
    for line in expanded.split('\n') {
        if !is_blank(line) || lines.last().is_some_and(|last| !is_blank(last)) {
            lines.push(line);
        }
    }
    while lines.last().is_some_and(|last| is_blank(last)) {
        lines.pop();
    }
    lines.join("\n")
}

/// Links must lead somewhere from a mailbox: absolute, or within the message.
fn check_links(content: &markdown::Content<'_>, article: &Article, tokens: &Tokens) -> Result<()> {
    for event in content.body.iter().chain(content.footnotes.iter().flatten()) {
        let Event::Start(Tag::Link { dest_url, .. }) = event else { continue };
        if is_link(dest_url) || dest_url.starts_with('#') || tokens.any_in(dest_url) {
            continue;
        }
        let at = article.source.rfind(dest_url.as_ref()).unwrap_or(article.body.start);
        return Err(Diagnostic::error(format!("the link `{dest_url}` leads nowhere from a mailbox"))
            .at(Place::span(&*article.file, &article.source, at..at + dest_url.len()))
            .help("write the whole address, as in https://example.com/page"));
    }
    Ok(())
}

/// Every token must have come through as it was; a filter may have changed one.
fn check_tokens(text: &str, tokens: &Tokens) -> Result<()> {
    if tokens.count_in(text) == tokens.find(text).count() {
        return Ok(());
    }
    Err(Diagnostic::error("a template has changed a merge field or a link by a filter")
        .help("print {{ unsubscribe_url }} and the article's parts as they are, without filters"))
}

/// The images that the finished HTML shows, each once.
fn used_images(images: &Images, html: &str) -> Vec<InlineImage> {
    let mut used: Vec<InlineImage> = Vec::new();
    for image in images.values().filter_map(|image| image.inline.as_ref()) {
        if html.contains(&image.content_id) && !used.iter().any(|known| known.content_id == image.content_id) {
            used.push(image.clone());
        }
    }
    used
}

/// The byte offset of a line and column, both counted from 1.
fn offset_of(text: &str, line: usize, column: usize) -> Option<usize> {
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    Some(start + column.saturating_sub(1))
}
