//! An article and a theme, read and scanned for merge fields: ready to be set for each group of readers.
//!
//! A [`Group`] is what readers of one edition have in common: the values of all choice fields. [`Template::set`] makes the
//! edition of a group; the rest of what a reader brings fills gaps when a copy is struck.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use tera::{Context, Kwargs, State, Tera, TeraResult, Value};

use super::attachments::{self, Attachment};
use super::blocks::Setter;
use super::dates;
use super::finish::{check_links, check_tokens, text_lines, used_images};
use super::images::{self, Images, elements};
use super::merge::{Choice, Gap, GapSource, Merging, captures_templates};
use super::nodes::Calls;
use super::originals::{Originals, PREHEADER, SUBJECT, TITLE, subject_of};
use super::pieces::{Fields, Part, Phrase, collapse};
use super::shortcode::instance;
use super::steps::{self, Output};
use super::theme::{self, Theme, ThemeSettings, words};
use super::tokens::{Tokens, mark_value};
use super::{Edition, autolink, clean, highlight, lint, markdown, minify, mjml, stories, text};
use crate::article::{Article, SubjectChooser};
use crate::diagnostic::{Diagnostic, Place, Result};
use crate::publication::Publication;

/// All that an edition is made from.
#[derive(Debug, Clone)]
pub struct Sources {
    pub publication: Publication,
    pub article: Article,
    pub theme: Theme,
    pub settings: ThemeSettings,
    /// Other articles that this one names.
    pub stories: Vec<Article>,
    pub images: Images,
    pub attachments: Vec<Attachment>,
    /// The fields that readers have.
    pub columns: Vec<String>,
}

/// What readers of one edition have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Group {
    /// The article's language, by its place in [`super::Templates::languages`].
    pub language: usize,
    /// The values of the choice fields, in the order of [`Template::choices`].
    pub values: Vec<String>,
}

/// Sources, scanned.
#[derive(Debug)]
pub struct Template {
    sources: Sources,
    tera: Tera,
    tokens: Tokens,
    unsubscribe_url: String,
    choices: BTreeMap<String, Choice>,
    /// The first mention that makes every field a choice.
    every_field: Option<Place>,
    originals: Originals,
    warnings: Vec<Diagnostic>,
    /// Who gets which of several subjects.
    subjects: Option<SubjectChooser>,
    /// The fields that fill gaps without a default.
    bare_gaps: Vec<String>,
}

/// The choice that several subjects are: no column can be called so, since spaces in headings become `_`.
pub const SUBJECT_GROUP: &str = "subject group";

/// Gmail shows 102 KB of HTML; what is ten times that was never meant to be a letter.
const LONGEST_ARTICLE: usize = 1 << 20;

impl Template {
    /// Reads the sources and finds what they say about the reader.
    ///
    /// # Errors
    /// A template that Tera can't read, a field that readers don't have, a value that would become markup.
    pub fn new(sources: Sources, merging: Merging) -> Result<Template> {
        let mut originals = Originals::new(&sources)?;
        let mut tokens = Tokens::new(&originals.texts());
        let captured = sources.theme.files.iter().any(|(name, source)| captures_templates(name, source));
        let mut choices = originals.scan(if captured { Merging::ChoicesOnly } else { merging }, &mut tokens)?;
        let every_field = choices.every_field.take();
        if every_field.is_some() {
            choices = originals.scan(Merging::ChoicesOnly, &mut tokens)?;
            choices.fields.extend(sources.columns.iter().map(|column| (column.clone(), Choice::Value)));
        }
        let article = &sources.article;
        let subjects = article.test.as_ref().map(|test| test.chooser(&sources.publication.list_id, &article.slug));
        if subjects.is_some() {
            choices.fields.insert(SUBJECT_GROUP.to_owned(), Choice::Value);
        }
        let mut warnings = originals.check_mentions(&sources.columns)?;
        warnings.extend(sources.theme.schema.faint(&sources.settings.0));
        warnings.extend(clean::removed(&article.file, &article.source, article.body.start));
        warnings.extend(images::without_alt(article));
        warnings.extend(images::unshown(article, &sources.theme));
        warnings.extend(images::heavy(article, &sources.images));
        warnings.extend(attachments::heavy(article, &sources.attachments));
        let bare = originals.mentions().filter(|mention| mention.is_gap && !mention.has_default);
        let bare_gaps: BTreeSet<String> = bare.map(|mention| mention.field.clone()).collect();
        let unsubscribe_url = tokens.gap(Gap { source: GapSource::UnsubscribeUrl, default: None });
        let mut tera = new_tera();
        tera.add_raw_templates(originals.templates()).map_err(|error| originals.error(&error))?;
        Ok(Template {
            sources,
            tera,
            tokens,
            unsubscribe_url,
            choices: choices.fields,
            every_field,
            originals,
            warnings,
            subjects,
            bare_gaps: bare_gaps.into_iter().collect(),
        })
    }

    /// The fields whose values tell readers of different editions apart, and how.
    pub fn choices(&self) -> &BTreeMap<String, Choice> {
        &self.choices
    }

    /// Fields that leave a hole when a reader has none: gaps without a default.
    pub fn bare_gaps(&self) -> &[String] {
        &self.bare_gaps
    }

    /// Where a choice by this field is written, if one place can be named.
    pub fn choice_place(&self, field: &str) -> Option<&Place> {
        let narrow = self.originals.mentions().find(|mention| mention.field == field && !mention.is_gap);
        narrow.map(|mention| &mention.place).or(self.every_field.as_ref())
    }

    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The language of the article, or else the publication's.
    pub fn language(&self) -> &str {
        self.sources.article.language.as_deref().unwrap_or(&self.sources.publication.language)
    }

    pub(super) fn originals(&self) -> &Originals {
        &self.originals
    }

    /// The group that a reader belongs to.
    pub fn group_of(&self, reader: &dyn Fields) -> Group {
        Group { language: 0, values: self.values(reader).map(str::to_owned).collect() }
    }

    /// Whether a reader belongs to a group.
    pub fn is_of(&self, reader: &dyn Fields, group: &Group) -> bool {
        self.values(reader).eq(group.values.iter().map(String::as_str))
    }

    /// What tells a reader's edition apart.
    fn values<'a>(&'a self, reader: &'a dyn Fields) -> impl Iterator<Item = &'a str> {
        self.choices.iter().map(|(field, choice)| match choice {
            _ if field == SUBJECT_GROUP => self.subject_group(reader),
            Choice::Value => reader.field(field),
            Choice::Filled => {
                if reader.field(field).is_empty() {
                    ""
                } else {
                    "yes"
                }
            }
        })
    }

    /// Which of several subjects a reader gets: its letter; empty when there is but one.
    pub fn subject_group(&self, reader: &dyn Fields) -> &'static str {
        self.subjects.as_ref().map_or("", |subjects| subjects.letter_of(reader.field("email")))
    }

    /// The name of the subject that a group gets.
    fn subject_name(&self, group: &Group) -> String {
        let letter = self.choices.keys().zip(&group.values).find(|(field, _)| *field == SUBJECT_GROUP);
        letter.map_or_else(|| SUBJECT.to_owned(), |(_, letter)| subject_of(letter))
    }

    /// Sets the edition for a group.
    ///
    /// # Errors
    /// Whatever Tera, MJML or the merge fields' places have against the sources, at its place in the author's file.
    pub fn set(&self, group: &Group) -> Result<Edition> {
        if group.values.iter().any(|value| self.tokens.could_be_in(value)) {
            return Err(Diagnostic::error("a reader's field looks like a merge token of this mailing")
                .help("change any word of the article and run the command again"));
        }
        steps::begin();
        let mut tokens = self.tokens.clone();
        let article = &self.sources.article;
        let language = self.language().to_owned();
        let mut context = self.context(group, &language);
        let title = self.short(TITLE, &context, &mut tokens)?;
        let subject = self.short(&self.subject_name(group), &context, &mut tokens)?;
        let source = self.render(&article.file, &context, &mut tokens)?;
        if source.len() > LONGEST_ARTICLE {
            let size = format!("the article has {} KB of text: far too much for a mail", source.len() / 1024);
            return Err(Diagnostic::error(size)
                .at(Place::file(&*article.file))
                .help("put the long part on the web and link it"));
        }
        let (source, instances) = instance::take(&source, &mut tokens).ok_or_else(|| changed_call(&article.file))?;
        let source = autolink::link_bare(&source);
        let content = markdown::parse(&source, &language, &tokens);
        let mut preheader = self.short(PREHEADER, &context, &mut tokens)?;
        if preheader.is_empty() {
            preheader = content.beginning(&tokens);
        }
        check_links(&content, article, &tokens)?;
        let calls = Calls { template: self, instances: &instances };
        let nodes = calls.tree(&content.body, &tokens)?;
        let images = &self.sources.images;
        let mut setter =
            Setter { calls, context: &context, images, tokens: &mut tokens, terms: content.terms, depth: 0 };
        let set = setter.article(&nodes, &content)?;
        let summary = setter.summary(&content)?;
        let lines = text::write(&nodes, &content, images, setter.tokens);
        let article_text = setter.text(lines)?.join("\n");
        let held_text = tokens.rich(article_text);
        let mut values = self.article_values(&language);
        for (key, text) in [("title", &title), ("subject", &subject), ("preheader", &preheader)] {
            values[key] = Json::from(tokens.plain(text));
        }
        values["image"] = images::lead_value(article, images::LEAD, &self.sources.images, &content.terms, &mut tokens);
        values["html"] = Json::from(set.html.as_str());
        values["summary"] = Json::from(summary);
        values["blocks"] = set.blocks.clone();
        values["text"] = Json::from(held_text.as_str());
        let stories = stories::told(&self.sources, &language, &mut tokens)?;
        values["stories"] = stories.values;
        context.insert("article", &values);
        context.insert("code", &highlight::colours(&self.look(), &tokens));
        let rendered = self.render(theme::MJML, &context, &mut tokens)?;
        set.check_html(&rendered, &tokens).map_err(|_| self.originals.prints_html())?;
        let (rendered, origins) = self.originals.origins(&tokens.put_mjml(&rendered), &tokens);
        let place = |range| self.originals.place_of(&rendered, range, &origins);
        let linted = lint::lint(&rendered, &tokens, &place)?;
        let resolved = mjml::resolve(theme::MJML, &linted, &mut tokens)?;
        let html = mjml::render(theme::MJML, &resolved, &tokens)?;
        let html = elements::with_heights(&html.replace('\r', ""), &self.sources.images);
        let html = minify::minify(&html);
        let rendered_text = self.render(theme::TEXT, &context, &mut tokens)?;
        let held: Vec<String> = std::iter::once(held_text).chain(stories.texts).collect();
        let lines = text_lines(&rendered_text, &held, &tokens);
        check_tokens(&html, &tokens)?;
        check_tokens(&lines, &tokens)?;
        let html_part = Part::cut_html(&html, &tokens)?;
        let text_part = Part::cut_text(&lines, &tokens);
        let images = used_images(&self.sources.images, &html);
        Ok(Edition {
            subject: Phrase::cut(&subject, &tokens),
            preheader: Phrase::cut(&preheader, &tokens),
            html: html_part,
            text: text_part,
            images,
            attachments: self.sources.attachments.clone(),
            mjml: tokens.put_back(&resolved.whole(), |_| true),
            language,
            warnings: self.warnings.clone(),
        })
    }

    /// Title and subject for lists and summaries, which are of no reader in particular: as somebody gets them of whom
    /// nothing is known, with `…` for a gap without a default.
    pub fn in_lists(&self) -> (String, String) {
        steps::begin();
        let group = Group { language: 0, values: vec![String::new(); self.choices.len()] };
        let context = self.context(&group, self.language());
        let mut tokens = self.tokens.clone();
        let mut line = |name, written: &str| {
            let text = self.short(name, &context, &mut tokens);
            text.map_or_else(|_| written.to_owned(), |text| Phrase::cut(&text, &tokens).in_lists())
        };
        let article = &self.sources.article;
        (line(TITLE, &article.title), line(SUBJECT, &article.subject))
    }

    /// What the templates may say.
    fn context(&self, group: &Group, language: &str) -> Context {
        let publication = &self.sources.publication;
        let slug = &self.sources.article.slug;
        let subscriber: Map<String, Json> = self
            .choices
            .keys()
            .zip(&group.values)
            .filter(|(field, _)| *field != SUBJECT_GROUP)
            .map(|(field, value)| (field.clone(), field_value(field, value)))
            .collect();
        let web_url =
            publication.web_url.as_deref().unwrap_or_default().replace("{slug}", slug).replace("{language}", language);
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
        context.insert("article", &self.article_values(language));
        context.insert("theme", &self.look());
        context.insert("words", &words::of(language, &self.sources.settings.0));
        context.insert("language", language);
        context.insert("dir", if dates::is_right_to_left(language) { "rtl" } else { "ltr" });
        context.insert("unsubscribe_url", &self.unsubscribe_url);
        context.insert("web_url", &web_url);
        context
    }

    /// The value of every setting of the theme.
    fn look(&self) -> Map<String, Json> {
        self.sources.theme.schema.look(&self.sources.settings.0)
    }

    /// What templates may say of the article before it is set.
    fn article_values(&self, language: &str) -> Json {
        let article = &self.sources.article;
        json!({
            "title": article.title, "subject": "", "preheader": "", "slug": article.slug,
            "author": article.author.as_deref().unwrap_or_default(),
            "date": article.date.map(|date| date.to_string()).unwrap_or_default(),
            "date_text": article.date.map(|date| dates::in_words(date, language)).unwrap_or_default(),
            "language": language, "extra": article.extra, "html": "", "text": "", "blocks": [], "summary": "", "image": null,
            "stories": [],
        })
    }

    /// Renders one template; printed values come back as tokens.
    pub(super) fn render(&self, name: &str, context: &Context, tokens: &mut Tokens) -> Result<String> {
        let mut output = Output::default();
        let rendered = self.tera.render_to(name, context, &mut output);
        if output.overflowed {
            return Err(Diagnostic::error("the template writes more than 16 MB")
                .at(Place::file(self.originals.shown_name(name)))
                .help("look for a loop that repeats too much"));
        }
        rendered.map_err(|error| self.originals.error(&error))?;
        tokens.values_of_marks(&output.into_text()).map_err(|_| {
            Diagnostic::error("a filter over a block has cut a value in two")
                .at(Place::file(name))
                .help("apply the filter to the value itself, as in {{ article.title | upper }}")
        })
    }

    /// A short text of the front matter in one line, with its values and merge fields as tokens.
    fn short(&self, name: &str, context: &Context, tokens: &mut Tokens) -> Result<String> {
        let rendered = self.render(name, context, tokens)?;
        Ok(collapse(&rendered))
    }
}

fn changed_call(file: &str) -> Diagnostic {
    Diagnostic::error("a filter over a block has changed a shortcode")
        .at(Place::file(file))
        .help("apply the filter to the words themselves")
}

fn new_tera() -> Tera {
    let mut tera = Tera::default();
    // The empty suffix is the end of every name: whatever is printed is marked, whatever the template is called.
    tera.autoescape_on([""]);
    tera.set_escape_fn(mark_value);
    steps::register(&mut tera);
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
