//! An article's templates, one for each language it is written in, and which of them a reader gets.
//!
//! A reader is matched by the column `language`: `de-AT` gets `letter.de-AT.md`, else `letter.de.md`, else the main file.
//! Everything else is [`Template`]'s business.

use std::collections::BTreeMap;

use super::Edition;
use super::merge::{Choice, Merging};
use super::pieces::Fields;
use super::template::{Group, Sources, Template};
use crate::diagnostic::{Diagnostic, Place, Result};
use crate::publication::is_language_tag;

/// The column that tells a reader's language.
pub const COLUMN: &str = "language";

/// The templates of all languages, the main file's first.
#[derive(Debug)]
pub struct Templates {
    all: Vec<Template>,
    /// The language of each.
    tags: Vec<String>,
    warnings: Vec<Diagnostic>,
}

impl From<Template> for Templates {
    /// One language for everybody.
    fn from(template: Template) -> Self {
        let tags = vec![template.language().to_owned()];
        Templates { all: vec![template], tags, warnings: Vec::new() }
    }
}

impl Templates {
    /// Reads the sources of every language.
    ///
    /// # Errors
    /// As [`Template::new`]; and a second file in the main file's language.
    pub fn new(sources: Sources, merging: Merging) -> Result<Templates> {
        let variants = sources.article.variants.clone();
        let without_variants = sources.clone();
        let mut templates = Templates::from(Template::new(sources, merging)?);
        for variant in variants {
            let main = &templates.main().sources().article.file;
            let language = templates.main().language();
            if variant.tag.eq_ignore_ascii_case(language) {
                return Err(Diagnostic::error(format!("{main} and {} are both in `{language}`", variant.article.file))
                    .at(Place::file(main.clone()))
                    .help("say in its front matter in which language the main file is, as in `language = \"en\"`"));
            }
            let sources = Sources { article: variant.article, ..without_variants.clone() };
            templates.all.push(Template::new(sources, merging)?);
            templates.tags.push(variant.tag);
        }
        templates.warn_without_column();
        Ok(templates)
    }

    fn warn_without_column(&mut self) {
        let sources = self.main().sources();
        if self.all.len() > 1 && !sources.columns.iter().any(|column| column == COLUMN) {
            let tags = self.tags[1..].join(", ");
            let warning = format!("the list has no column `{COLUMN}`: nobody gets the article in {tags}");
            let warning = Diagnostic::warning(warning).at(Place::file(sources.article.file.clone()));
            self.warnings.push(warning.help("add the column to the list, with values as in `en`, `de` or `pt-BR`"));
        }
    }

    /// The main file's template.
    pub fn main(&self) -> &Template {
        &self.all[0]
    }

    /// All that editions are made from, with every language of the article.
    pub fn sources(&self) -> &Sources {
        self.main().sources()
    }

    /// The languages, the main file's first; a [`Group`] names one by its place here.
    pub fn languages(&self) -> &[String] {
        &self.tags
    }

    /// What concerns the article as a whole.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The template of a group's readers.
    pub fn of(&self, group: &Group) -> &Template {
        self.all.get(group.language).unwrap_or_else(|| self.main())
    }

    /// The choice fields of all languages.
    pub fn choices(&self) -> BTreeMap<&str, Choice> {
        let mut choices: BTreeMap<&str, Choice> = BTreeMap::new();
        for (field, choice) in self.all.iter().flat_map(Template::choices) {
            let known = choices.entry(field).or_insert(*choice);
            *known = (*known).max(*choice);
        }
        choices
    }

    /// Where a choice by this field is written, if one place can be named.
    pub fn choice_place(&self, field: &str) -> Option<&Place> {
        self.all.iter().find_map(|template| template.choice_place(field))
    }

    /// The group that a reader belongs to.
    pub fn group_of(&self, reader: &dyn Fields) -> Group {
        let language = self.language_of(reader);
        Group { language, ..self.all[language].group_of(reader) }
    }

    /// Whether a reader belongs to a group.
    pub fn is_of(&self, reader: &dyn Fields, group: &Group) -> bool {
        self.language_of(reader) == group.language && self.of(group).is_of(reader, group)
    }

    /// Sets the edition for a group.
    ///
    /// # Errors
    /// As [`Template::set`].
    pub fn set(&self, group: &Group) -> Result<Edition> {
        self.of(group).set(group)
    }

    /// The place in [`Templates::languages`] of what a reader gets.
    fn language_of(&self, reader: &dyn Fields) -> usize {
        if self.all.len() == 1 { 0 } else { best(&self.tags, reader.field(COLUMN)) }
    }
}

/// The language that fits best, the first when none does (RFC 4647 section 3.4): what is wanted loses its last part until
/// there is one of that name.
fn best(tags: &[String], wanted: &str) -> usize {
    let same = |tag: &str, wanted: &str| {
        tag.len() == wanted.len()
            && tag.bytes().zip(wanted.bytes()).all(|(a, b)| a.eq_ignore_ascii_case(&if b == b'_' { b'-' } else { b }))
    };
    let mut wanted = wanted.trim();
    loop {
        if let Some(found) = tags.iter().position(|tag| same(tag, wanted)) {
            return found;
        }
        match wanted.rfind(['-', '_']) {
            Some(end) => wanted = &wanted[..end],
            None => return 0,
        }
    }
}

/// Whether the value of a reader's column can be understood: a language tag, or nothing.
pub fn is_language(value: &str) -> bool {
    let value = value.trim();
    value.is_empty() || is_language_tag(&value.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::super::law::{reader, said, sources};
    use super::*;

    const MJML: &str = "<mjml><mj-body><mj-section><mj-column><mj-text><h1>{{ article.title }}</h1>{{ article.html }}</mj-text></mj-column></mj-section></mj-body></mjml>";

    struct Of<'a>(&'a str);

    impl Fields for Of<'_> {
        fn field(&self, name: &str) -> &str {
            match name {
                "language" => self.0,
                "name" => "Zoë",
                _ => "",
            }
        }
    }

    fn two_languages(columns: &[&str], main_language: Option<&str>) -> Sources {
        let mut sources = sources(
            "Hello {{ subscriber.name }}",
            "Hi",
            MJML,
            "{{ language }} {{ dir }} {{ web_url }} {{ article.text }}",
        );
        sources.columns = columns.iter().map(|column| (*column).to_owned()).collect();
        sources.article.language = main_language.map(str::to_owned);
        sources.publication.web_url = Some("https://example.com/{language}/{slug}".to_owned());
        let text = |tag: &str, text: &str| (format!("content/a.{tag}.md"), tag.to_owned(), text.to_owned());
        let german = text(
            "de",
            "+++\ntitle = 'T'\nsubject = 'Hallo'\n+++\n{% if subscriber.city == 'Wien' %}Servus{% else %}Hallo{% endif %}",
        );
        sources.article =
            sources.article.with_variants([german, text("ar", "# مرحبا\n\nأهلا {{ subscriber.name }}")]).unwrap();
        sources
    }

    #[test]
    fn the_language_that_fits_best_is_found() {
        let tags = ["en", "de", "de-AT", "zh-Hant"].map(str::to_owned);
        for (wanted, found) in [
            ("de", "de"),
            ("DE", "de"),
            ("de-AT", "de-AT"),
            ("de_at", "de-AT"),
            ("de-CH", "de"),
            ("de-AT-x-wien", "de-AT"),
            ("fr", "en"),
            ("", "en"),
            ("zh-Hant-TW", "zh-Hant"),
            ("zh", "en"),
            ("deutsch", "en"),
            (" de ", "de"),
            ("-", "en"),
            ("d\u{e9}", "en"),
        ] {
            assert_eq!(tags[best(&tags, wanted)], found, "{wanted:?}");
        }
    }

    #[test]
    fn every_reader_gets_the_language_of_the_column() {
        let templates =
            Templates::new(two_languages(&["email", "name", "city", "language"], None), Merging::Gaps).unwrap();
        assert_eq!(templates.languages(), ["en", "de", "ar"]);
        assert!(templates.warnings().is_empty());
        assert_eq!(templates.choices().keys().copied().collect::<Vec<_>>(), ["city"]);
        assert_eq!(templates.choice_place("city").unwrap().to_string(), "content/a.de.md:5:4");
        for (language, subject, text) in [
            ("en-GB", "Hi", "en ltr https://example.com/en/a Hello"),
            ("de-CH", "Hallo", "de ltr https://example.com/de/a Hallo"),
            ("ar", "مرحبا", "ar rtl https://example.com/ar/a أهلا"),
        ] {
            let group = templates.group_of(&Of(language));
            assert!(templates.is_of(&Of(language), &group));
            assert_eq!(templates.is_of(&Of("x"), &group), group.language == 0);
            let edition = templates.set(&group).unwrap();
            assert_eq!(edition.subject.fixed(), Some(subject));
            assert_eq!(edition.language, templates.languages()[group.language]);
            let mut struck = Vec::new();
            let reader = super::super::Reader { fields: &Of(language), unsubscribe_url: "https://example.com/u" };
            edition.text.strike_into(reader, &mut super::super::Scratch::default(), &mut struck);
            let struck = super::super::quoted_printable::decode(&struck);
            assert!(struck.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(text), "{struck}");
        }
    }

    #[test]
    fn a_list_without_the_column_is_told() {
        let templates = Templates::new(two_languages(&["email", "name", "city"], None), Merging::Gaps).unwrap();
        assert!(templates.warnings()[0].message().contains("no column `language`"));
        let twice = Templates::new(two_languages(&["email", "name", "city"], Some("de")), Merging::Gaps).unwrap_err();
        assert!(twice.message().contains("are both in `de`"), "{twice:?}");
    }

    #[test]
    fn one_language_is_everybodys() {
        let sources = sources("Hello", "Hi", MJML, "{{ article.text }}");
        let templates = Templates::new(sources.clone(), Merging::Gaps).unwrap();
        assert_eq!(templates.group_of(&Of("de")), templates.group_of(&Of("en")));
        assert!(said(&sources, Merging::Gaps, &reader(["", "", "", ""])).is_ok());
    }

    #[test]
    fn values_of_the_column_are_judged() {
        for good in ["", "de", "de-AT", "de_AT", " en "] {
            assert!(is_language(good), "{good:?}");
        }
        for bad in ["deutsch", "d", "de AT", "größe", "en;de"] {
            assert!(!is_language(bad), "{bad:?}");
        }
    }
}
