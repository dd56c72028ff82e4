//! The languages of an article: `letter.de.md` beside `letter.md`, `letter/index.de.md` beside `letter/index.md`.
//!
//! A variant is the same article in another language. What its front matter doesn't say is as in the main file; what is
//! true of the article as a whole (slug, segment, draft, images, attachments) can't be said otherwise in a variant. Words that readers
//! see come from the main file only when the variant has no title at all: a subject or preheader in another language
//! than the text would be worse than none.

use std::path::{Path, PathBuf};

use super::{Article, FrontMatter, enclosures};
use crate::diagnostic::{Diagnostic, Place, Result, shown_path};
use crate::publication::is_language_tag;

/// An article in another language than its main file.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The language in its file's name, by which readers are matched.
    pub tag: String,
    pub article: Article,
}

/// The main file and the language that a file's name speaks of: `content/letter.de.md` is `content/letter.md` in `de`.
pub fn parts_of(path: &Path) -> Option<(PathBuf, String)> {
    if path.extension()? != "md" {
        return None;
    }
    let (name, tag) = path.file_stem()?.to_str()?.rsplit_once('.')?;
    // Letters first: `notes-1.10.md` speaks of no language.
    let is_tag = is_language_tag(tag) && tag.split('-').next().is_some_and(|first| first.bytes().all(is_letter));
    (is_tag && !name.is_empty()).then(|| (path.with_file_name(format!("{name}.md")), tag.to_owned()))
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic()
}

/// The files beside a main file that hold it in other languages, ordered by name.
pub(super) fn files_of(main: &Path) -> Result<Vec<(PathBuf, String)>> {
    let folder = match main.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let entries = std::fs::read_dir(folder).map_err(|error| Diagnostic::io("read the folder", folder, &error))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Diagnostic::io("read the folder", folder, &error))?.path();
        match parts_of(&path) {
            Some((of, tag)) if of.file_name() == main.file_name() && path.is_file() => found.push((path, tag)),
            _ => {}
        }
    }
    found.sort();
    Ok(found)
}

/// A variant whose main file isn't there.
pub(super) fn orphan(path: &Path, main: &Path, tag: &str) -> Diagnostic {
    let (main, file) = (shown_path(main), path.file_name().unwrap_or_default().to_string_lossy());
    Diagnostic::error(format!("{file} holds an article in the language `{tag}`, and its main file {main} isn't there"))
        .at(Place::file(shown_path(path)))
        .help(format!("rename it to {main} if there is only this one; readers of other languages get the main file"))
}

impl Article {
    /// The article with the texts of its other languages: file, language and source of each.
    ///
    /// # Errors
    /// The first mistake in one of them, and two of one language.
    pub fn with_variants(mut self, texts: impl IntoIterator<Item = (String, String, String)>) -> Result<Article> {
        for (file, tag, source) in texts {
            if let Some(other) = self.variants.iter().find(|variant| variant.tag.eq_ignore_ascii_case(&tag)) {
                return Err(Diagnostic::error(format!("{} and {file} are in the same language", other.article.file))
                    .at(Place::file(file))
                    .help("remove one of them"));
            }
            let article = variant(&self, &file, &tag, source)?;
            self.variants.push(Variant { tag, article });
        }
        Ok(self)
    }

    /// The main file and its other languages.
    pub fn in_all_languages(&self) -> impl Iterator<Item = &Article> {
        std::iter::once(self).chain(self.variants.iter().map(|variant| &variant.article))
    }

    /// Whether two have the same texts in all languages.
    pub fn says_the_same(&self, other: &Article) -> bool {
        self.source == other.source
            && self.variants.len() == other.variants.len()
            && self
                .variants
                .iter()
                .zip(&other.variants)
                .all(|(one, two)| one.tag == two.tag && one.article.source == two.article.source)
    }
}

/// One variant, completed from the main file.
fn variant(main: &Article, file: &str, tag: &str, source: String) -> Result<Article> {
    let mut article = Article::parse_with(file, source, Some(main))?;
    check_whole(main, &article)?;
    check_language(&article, tag)?;
    let (front, _) = FrontMatter::parse(file, &article.source)?;
    let has_title = article.title != main.title || front.title.is_some();
    if front.subject.is_none() && !has_title {
        article.subject.clone_from(&main.subject);
        article.test.clone_from(&main.test);
    }
    check_subjects(main, &article)?;
    if let (Some(test), Some(of_main)) = (&mut article.test, &main.test) {
        test.shares.clone_from(&of_main.shares);
    }
    article.language = article.language.or_else(|| Some(tag.to_owned()));
    article.author = article.author.or_else(|| main.author.clone());
    article.date = article.date.or(main.date);
    article.draft = main.draft;
    article.segment.clone_from(&main.segment);
    article.images = main.images;
    article.attachments.clone_from(&main.attachments);
    article.image = article.image.or_else(|| main.image.as_ref().map(|lead| lead.in_variant(has_title)));
    for (key, value) in &main.extra {
        if !article.extra.contains_key(key) {
            article.extra.insert(key.clone(), value.clone());
        }
    }
    Ok(article)
}

/// The file of the lead picture; empty when there is none.
fn file_of(article: &Article) -> &str {
    article.image.as_ref().map_or("", |lead| &lead.file)
}

/// What is true of the article as a whole is said in the main file.
fn check_whole(main: &Article, article: &Article) -> Result<()> {
    let differs = [
        ("slug", article.slug != main.slug),
        ("segment", article.segment != main.segment),
        ("draft", article.draft != main.draft),
        ("images", article.images != main.images),
        ("image", file_of(article) != file_of(main)),
        ("attachments", !enclosures::same(&article.attachments, &main.attachments)),
    ];
    let mut wrong = differs.iter().filter(|(_, differs)| *differs);
    let Some((key, line)) = wrong.find_map(|(key, _)| Some((*key, line_of(article, key)?))) else {
        return Ok(());
    };
    Err(Diagnostic::error(format!("`{key}` is another one here than in {}", main.file))
        .at(Place::span(&*article.file, &article.source, line))
        .help(format!("it holds for all languages: write it in {} and leave it out here", main.file)))
}

/// Subjects that are tried against each other are as many in every language, so that a letter means one group of readers.
fn check_subjects(main: &Article, article: &Article) -> Result<()> {
    let count = |article: &Article| article.test.as_ref().map_or(1, |test| test.subjects.len());
    let at = |line: Option<std::ops::Range<usize>>| {
        line.map_or_else(|| Place::file(&*article.file), |line| Place::span(&*article.file, &article.source, line))
    };
    if count(article) != count(main) {
        let (here, there) = (count(article), count(main));
        let error = format!("the number of subjects here is {here}, in {} it is {there}", main.file);
        return Err(Diagnostic::error(error)
            .at(at(line_of(article, "subject")))
            .help("write as many in every language, in the same order"));
    }
    match line_of(article, "share") {
        Some(line) => Err(Diagnostic::error(format!("`share` holds for all languages: it is said in {}", main.file))
            .at(at(Some(line)))
            .help("leave it out here")),
        None => Ok(()),
    }
}

/// The language in the front matter may be narrower than the one in the file's name, and no other one.
fn check_language(article: &Article, tag: &str) -> Result<()> {
    let first = |language: &str| language.split('-').next().unwrap_or_default().to_ascii_lowercase();
    match &article.language {
        Some(language) if first(language) != first(tag) => {
            let place = line_of(article, "language").unwrap_or_default();
            Err(Diagnostic::error(format!("the file's name says `{tag}`, its front matter `{language}`"))
                .at(Place::span(&*article.file, &article.source, place))
                .help("rename the file, or leave `language` out"))
        }
        _ => Ok(()),
    }
}

/// The line of the front matter that sets a key.
fn line_of(article: &Article, key: &str) -> Option<std::ops::Range<usize>> {
    let mut at = 0;
    for line in article.source[..article.body.start].split_inclusive('\n') {
        let rest = line.trim_start().strip_prefix(key).map(str::trim_start);
        if rest.is_some_and(|rest| rest.starts_with([':', '='])) {
            return Some(at..at + line.trim_end().len());
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main_file() -> Article {
        let source = "+++\ntitle = 'Spring'\nsubject = 'It is spring'\npreheader = 'At last'\nauthor = 'Ann'\ndate = 2026-11-22\nlanguage = 'en'\nsegment = \"plan == 'pro'\"\n[extra]\nseason = 'spring'\nyear = 2026\n+++\nHello\n";
        Article::parse("content/spring.md", source.to_owned()).unwrap()
    }

    fn with(source: &str) -> Result<Article> {
        main_file().with_variants([("content/spring.de.md".to_owned(), "de".to_owned(), source.to_owned())])
    }

    #[test]
    fn names_of_files_tell_languages() {
        let parts = |name: &str| parts_of(Path::new(name)).map(|(main, tag)| (main.display().to_string(), tag));
        let some = |main: &str, tag: &str| Some((main.to_owned(), tag.to_owned()));
        assert_eq!(parts("content/letter.de.md"), some("content/letter.md", "de"));
        assert_eq!(parts("content/letter/index.pt-BR.md"), some("content/letter/index.md", "pt-BR"));
        for none in ["letter.md", "notes-1.10.md", "notes.german.md", ".de.md", "letter.de.txt", "de.md", "a.d_e.md"] {
            assert_eq!(parts(none), None, "{none}");
        }
    }

    #[test]
    fn missing_keys_are_as_in_the_main_file() {
        let article =
            with("+++\ntitle = 'Frühling'\nlanguage = 'de-AT'\n[extra]\nseason = 'Lenz'\n+++\nHallo\n").unwrap();
        let german = &article.variants[0].article;
        assert_eq!((german.slug.as_str(), german.title.as_str()), ("spring", "Frühling"));
        assert_eq!((german.subject.as_str(), german.preheader.as_deref()), ("Frühling", None), "no English words");
        assert_eq!((german.author.as_deref(), german.date), (Some("Ann"), main_file().date));
        assert_eq!((german.language.as_deref(), &german.segment), (Some("de-AT"), &main_file().segment));
        assert_eq!((&german.extra["season"], &german.extra["year"]), (&"Lenz".into(), &2026.into()));
        let headed = with("# Der Frühling\n\nHallo\n").unwrap();
        assert_eq!(headed.variants[0].article.subject, "Der Frühling");
        assert_eq!(headed.variants[0].article.language.as_deref(), Some("de"));
        let bare = with("Hallo\n").unwrap();
        let bare = &bare.variants[0].article;
        assert_eq!((bare.title.as_str(), bare.subject.as_str()), ("Spring", "It is spring"));
        assert_eq!(bare.markdown(), "Hallo\n");
    }

    #[test]
    fn a_variant_says_nothing_else_about_the_whole() {
        for (source, words) in [
            ("+++\nslug = 'fruehling'\n+++\nx", "`slug` is another one"),
            ("+++\nsegment = \"plan == 'free'\"\n+++\nx", "`segment` is another one"),
            ("---\ndraft: true\n---\nx", "`draft` is another one"),
            ("+++\nimages = 'link'\n+++\nx", "`images` is another one"),
            ("+++\nimage = 'b.jpg'\n+++\nx", "`image` is another one"),
            ("+++\nattachments = ['b.pdf']\n+++\nx", "`attachments` is another one"),
            ("+++\nlanguage = 'fr'\n+++\nx", "its front matter `fr`"),
        ] {
            let error = with(source).unwrap_err();
            assert!(error.message().contains(words), "{error:?}");
            assert_eq!(error.place().unwrap().to_string(), "content/spring.de.md:2:1");
        }
        assert!(with("+++\nslug = 'spring'\nsegment = \"plan == 'pro'\"\ndraft = false\n+++\nx").is_ok());
    }

    #[test]
    fn the_lead_picture_is_the_same_in_other_words() {
        let main =
            "+++\ntitle = 'Spring'\nimage = 'a.jpg'\nimage_alt = 'A door'\nattachments = ['a.pdf']\n+++\nHello\n";
        let with = |source: &str| {
            let main = Article::parse("content/spring.md", main.to_owned()).unwrap();
            main.with_variants([("content/spring.de.md".to_owned(), "de".to_owned(), source.to_owned())])
        };
        let german = |source: &str| with(source).unwrap().variants[0].article.clone();
        let alt = |article: &Article| article.image.clone().unwrap().alt;
        let worded = german("+++\ntitle = 'F'\nimage_alt = 'Eine Tür'\n+++\nHallo\n");
        assert_eq!((file_of(&worded), alt(&worded).as_deref()), ("a.jpg", Some("Eine Tür")));
        assert_eq!(worded.attachments[0].file, "a.pdf");
        let named = german("+++\ntitle = 'F'\nimage = 'a.jpg'\nattachments = ['a.pdf']\n+++\nHallo\n");
        assert_eq!((file_of(&named), alt(&named)), ("a.jpg", None), "no English words");
        assert_eq!(alt(&german("+++\ntitle = 'F'\n+++\nHallo\n")), None, "no English words");
        assert_eq!(alt(&german("Hallo\n")).as_deref(), Some("A door"));
        for file in ["content/a.md", "content/spring.de.md"] {
            let source = "+++\ntitle = 'T'\nimage_alt = 'x'\n+++\nx".to_owned();
            let error = match file {
                "content/a.md" => Article::parse(file, source).unwrap_err(),
                _ => Article::parse("content/spring.md", "# T\n\nx".to_owned())
                    .unwrap()
                    .with_variants([(file.to_owned(), "de".to_owned(), source)])
                    .unwrap_err(),
            };
            assert!(error.render(false).contains(&format!("{file}:3:13")), "{}", error.render(false));
        }
    }

    #[test]
    fn one_language_has_one_file() {
        let texts = [("a.de.md", "de"), ("a.DE.md", "DE")];
        let texts = texts.map(|(file, tag)| (file.to_owned(), tag.to_owned(), "x".to_owned()));
        assert!(main_file().with_variants(texts).unwrap_err().message().contains("same language"));
    }

    #[test]
    fn several_subjects_are_as_many_in_every_language() {
        let main = "+++\ntitle = 'Spring'\nsubject = ['One', 'Two']\nshare = [70, 30]\n+++\nHello\n";
        let with = |source: &str| {
            let main = Article::parse("content/spring.md", main.to_owned()).unwrap();
            main.with_variants([("content/spring.de.md".to_owned(), "de".to_owned(), source.to_owned())])
        };
        let german = with("+++\ntitle = 'F'\nsubject = ['Eins', 'Zwei']\n+++\nHallo\n").unwrap();
        let test = german.variants[0].article.test.clone().unwrap();
        assert_eq!((test.subjects, test.shares), (vec!["Eins".to_owned(), "Zwei".to_owned()], vec![70.0, 30.0]));
        let each = german.with_each_subject();
        assert_eq!((each[1].subject.as_str(), each[1].variants[0].article.subject.as_str()), ("Two", "Zwei"));
        assert!(each.iter().all(|article| article.variants[0].article.test.is_none()));
        assert_eq!(with("Hallo\n").unwrap().variants[0].article.test.as_ref().map(|test| test.subjects.len()), Some(2));
        for (source, line, says) in [
            ("+++\ntitle = 'F'\n+++\nHallo\n", 0, "is 1, in content/spring.md it is 2"),
            ("+++\ntitle = 'F'\nsubject = ['a', 'b', 'c']\n+++\nHallo\n", 3, "is 3,"),
            ("+++\nsubject = ['a', 'b']\nshare = [50, 50]\n+++\nHallo\n", 3, "holds for all languages"),
        ] {
            let error = with(source).unwrap_err();
            assert_eq!(error.place().unwrap().line, line, "{}", error.render(false));
            assert!(error.render(false).contains(says), "{}", error.render(false));
        }
    }
}
