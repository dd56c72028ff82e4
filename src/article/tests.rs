//! Articles read, found and refused.

use super::*;

fn parse(source: &str) -> Result<Article> {
    Article::parse("content/far-away.md", source.to_owned())
}

/// The error as a person reads it.
fn complaint(source: &str) -> String {
    parse(source).expect_err(source).render(false)
}

#[test]
fn toml_and_yaml_say_the_same() {
    let toml = "+++\ntitle = \"Far \\\"& near\\\"\"\nsubject = 'For {{ subscriber.first_name }}'\npreheader = 'Soon'\n\
        author = 'Ann Lee'\ndate = 2026-11-22\nslug = 'near'\nlanguage = 'pt-BR'\ndraft = true\nsegment = 'city = \"Rome\"'\n\
        images = 'link'\n[extra]\nissue = 7\ntags = ['a', 'b']\n+++\nText\n";
    let yaml = "---\ntitle: Far \"& near\"\nsubject: 'For {{ subscriber.first_name }}'\npreheader: Soon\n\
        author: Ann Lee\ndate: 2026-11-22\nslug: near\nlanguage: pt-BR\ndraft: true\nsegment: city = \"Rome\"\n\
        images: link\nextra:\n  issue: 7\n  tags: [a, b]\n---\nText\n";
    let (toml, yaml) = (parse(toml).unwrap(), parse(yaml).unwrap());
    assert_eq!(toml.markdown(), "Text\n");
    assert_eq!(toml.slug, "near");
    assert_eq!(toml.date.unwrap().to_string(), "2026-11-22");
    assert_eq!(toml.extra["tags"][1], "b");
    assert_eq!(
        Article { source: String::new(), body: 0..0, ..toml },
        Article { source: String::new(), body: 0..0, ..yaml }
    );
}

#[test]
fn what_is_left_out_follows_from_the_rest() {
    let article = parse("+++\ntitle = 'Far'\n+++\n\nHello").unwrap();
    assert_eq!((article.slug.as_str(), article.subject.as_str()), ("far-away", "Far"));
    assert_eq!(article.images, None);
    assert!(!article.draft);
    assert_eq!(article.markdown(), "\nHello");
    assert_eq!(Article::parse("content/rome/index.md", "# Rome".into()).unwrap().slug, "rome");
    assert_eq!(parse("---\ntitle: x\nsubject:\nauthor: \"\"\n---\n").unwrap().author, None);
}

#[test]
fn the_first_heading_is_the_title_and_leaves_the_text() {
    let cases = [
        ("# Far & *away*\n\nText", "Far & away", "Text"),
        ("\n\n# Far #\nText", "Far", "Text"),
        ("Far\naway\n===\n\nText", "Far away", "Text"),
        ("+++\nauthor = 'A'\n+++\n\n# Far\n\n# Near", "Far", "# Near"),
        ("\u{feff}# Far\r\n\r\nText\r\n", "Far", "Text\n"),
    ];
    for (source, title, text) in cases {
        let article = parse(source).unwrap();
        assert_eq!((article.title.as_str(), article.markdown().trim_start()), (title, text), "{source}");
    }
    for source in ["", "\n", "Text\n\n# Far", "## Far", "#", "[a]: /b\n\n# Far", "+++\nauthor = 'A'\n+++\nText"] {
        assert!(complaint(source).contains("no title"), "{source}");
    }
    assert_eq!(parse("Text").unwrap_err().place().unwrap().line, 1);
}

#[test]
fn every_mistake_has_its_place_and_its_remedy() {
    // source, line:column, and what the report says
    let cases = [
        ("+++\ntitle = 'x'\ntitel = 'y'\n+++\n", "3:1", &["unknown key `titel`", "did you mean `title`", "extra"][..]),
        ("---\ntitle: x\nsubjct: y\n---\n", "3:1", &["unknown key `subjct`", "did you mean `subject`", "extra"]),
        ("+++\ntitle = 'x'\nzzz = 1\n+++\n", "3:1", &["known keys: title, subject"]),
        ("+++\ntitle = 5\n+++\n", "2:9", &["expected a string"]),
        ("---\ntitle: [a]\n---\n", "2:8", &["expected string"]),
        ("+++\ntitle = 'x\n+++\n", "2:11", &[]),
        ("---\ntitle: Far: away\n---\n", "2:11", &["needs quotes"]),
        ("---\ntitle: a\ntitle: b\n---\n", "3:1", &["`title` is there twice"]),
        ("+++\ntitle = 'a'\ntitle = 'b'\n+++\n", "3:1", &["duplicate key"]),
        ("+++\ntitle = 'x'\n\nText", "1:1", &["not closed", "`+++`"]),
        ("---\ntitle: x\n\nText", "1:1", &["not closed", "ruled line"]),
        ("+++\ntitle = ' '\n+++\n", "2:9", &["`title` is empty"]),
        ("+++\ntitle = \"a\\u202eb\"\n+++\n", "2:9", &["control character \\u{202e}"]),
        ("---\ntitle: é\nauthor: \"a\\0b\"\n---\n", "3:9", &["control character \\u{0}"]),
        ("---\ntitle: é\nsubject: \"a\\r\\nBcc: x@example.org\"\n---\n", "3:10", &["control character"]),
        ("+++\ntitle = 'x'\npreheader = \"\"\"a\nb\"\"\"\n+++\n", "3:13", &["more than one line"]),
        ("+++\ntitle = 'x'\ndate = 'tomorrow'\n+++\n", "3:8", &["no date", "2026-11-22"]),
        ("---\ntitle: x\ndate: 2026-13-01\n---\n", "3:7", &["no date"]),
        ("+++\ntitle = 'x'\ndate = 10:00:00\n+++\n", "3:8", &["no date"]),
        ("+++\ntitle = 'x'\nslug = '../up'\n+++\n", "3:8", &["can't be used", "`up` would do"]),
        ("---\ntitle: x\nlanguage: english please\n---\n", "3:11", &["language tag"]),
        ("+++\ntitle = 'x'\nimages = 'inline'\n+++\n", "3:10", &["`embed`"]),
        ("---\ntitle: x\ndraft: yes\n---\n", "3:8", &["`true` or `false`"]),
        ("---\njust text\n---\n", "2:1", &[]),
        ("# a\u{202e}b\n", "1:1", &["control character"]),
    ];
    for (source, place, words) in cases {
        let report = complaint(source);
        assert!(report.contains(&format!("content/far-away.md:{place}\n")), "{source}\nwanted {place}\n{report}");
        for word in words {
            assert!(report.contains(word), "{source}\nwanted {word}\n{report}");
        }
    }
}

#[test]
fn dates_are_read_in_every_notation() {
    for date in ["2026-11-22", "'2026-11-22'", "2026-11-22T09:30:00Z", "2026-11-22 09:30:00", "'2026-11-22T09:30'"] {
        let article = parse(&format!("+++\ntitle = 'x'\ndate = {date}\n+++\n")).unwrap();
        assert_eq!(article.date.unwrap().to_string(), "2026-11-22", "{date}");
    }
    let article = parse("---\ntitle: x\ndate: 2026-11-22 09:30:00 +0100\n---\n").unwrap();
    assert_eq!(article.date.unwrap().to_string(), "2026-11-22");
}

#[test]
fn a_file_name_that_is_no_slug_is_refused() {
    for file in ["content/Für Zoë.md", "content/A.md"] {
        let error = Article::parse(file, "# x".into()).unwrap_err();
        assert!(error.message().contains("no slug"), "{file}");
    }
    let error = Article::parse("content/Für Zoë.md", "# x".into()).unwrap_err();
    assert!(error.helps()[0].contains("`fur-zoe.md`"));
}

#[test]
fn a_file_in_another_encoding_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.md");
    std::fs::write(&path, b"# A\n\ncaf\xe9\n").unwrap();
    let error = Article::load(folder.path(), &path).unwrap_err();
    assert_eq!(error.place().unwrap().to_string(), "a.md:3");
    assert!(error.helps()[1].contains("letterpress import a.md"));
}

#[test]
fn the_articles_of_this_publication_can_be_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let articles = all(root).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let demo = articles.iter().find(|article| article.slug == "when-someone-you-love-is-far-away").unwrap();
    assert!(!demo.draft);
    assert!(demo.preheader.is_some() && demo.author.is_some() && demo.date.is_some());
    assert_eq!(demo.markdown().lines().filter(|line| line.starts_with("## ")).count(), 3);
    assert!((450..=700).contains(&demo.markdown().split_whitespace().count()));
}

mod finding {
    use super::*;
    use std::fs;
    use std::time::{Duration, SystemTime};

    fn publication(articles: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in articles {
            let path = folder.path().join("content").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn article(date: &str, more: &str) -> String {
        format!("+++\ntitle = 'x'\ndate = {date}\n{more}\n+++\n")
    }

    #[test]
    fn an_article_goes_by_slug_and_by_path() {
        let folder = publication(&[
            ("one.md", "# One"),
            ("two/index.md", "# Two"),
            ("three.md", "+++\ntitle = 'Three'\nslug = 'drei'\n+++\n"),
            (".hidden.md", "x"),
            ("notes.txt", "x"),
            ("empty/x.md", "x"),
        ]);
        let root = folder.path();
        let title = |name: &str| find(root, Some(name)).map(|article| article.title);
        for (name, expected) in [
            ("one", "One"),
            ("two", "Two"),
            ("drei", "Three"),
            ("three", "Three"),
            ("content/one.md", "One"),
            ("content/two", "Two"),
            ("content/two/index.md", "Two"),
            (root.join("content/one.md").to_str().unwrap(), "One"),
        ] {
            assert_eq!(title(name).as_deref(), Ok(expected), "{name}");
        }
        let two = find(root, Some("two")).unwrap();
        assert_eq!((two.file.as_str(), two.folder.clone()), ("content/two/index.md", root.join("content/two")));
        assert_eq!(all(root).unwrap().len(), 3);

        let report = title("onne").unwrap_err().render(false);
        assert!(report.contains("did you mean `one`?") && report.contains("one, drei, two"), "{report}");
        assert!(title("content/four.md").unwrap_err().message().contains("content/four.md"));
    }

    #[test]
    fn the_newest_that_is_no_draft_is_meant() {
        let folder = publication(&[
            ("a.md", &article("2026-01-01", "")),
            ("b.md", &article("2026-03-01", "")),
            ("c.md", &article("2026-02-01", "")),
            ("d.md", &article("2027-01-01", "draft = true")),
            ("e.md", "# Undated"),
        ]);
        assert_eq!(find(folder.path(), None).unwrap().slug, "b");
    }

    #[test]
    fn of_the_same_day_the_one_changed_last() {
        let folder = publication(&[("a.md", &article("2026-01-01", "")), ("b.md", &article("2026-01-01", ""))]);
        let touch = |name: &str, seconds: u64| {
            let file = fs::File::options().write(true).open(folder.path().join("content").join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        };
        touch("a.md", 2000);
        touch("b.md", 1000);
        assert_eq!(find(folder.path(), None).unwrap().slug, "a");
        touch("a.md", 1000);
        assert_eq!(find(folder.path(), None).unwrap().slug, "b");
    }

    #[test]
    fn none_to_find_says_how_to_begin() {
        let report = find(publication(&[]).path(), None).unwrap_err().render(false);
        assert!(report.contains("letterpress new"), "{report}");
        let drafts = publication(&[("a.md", &article("2026-01-01", "draft = true"))]);
        let report = find(drafts.path(), None).unwrap_err().render(false);
        assert!(report.contains("draft: a") && report.contains("draft = true"), "{report}");
        assert_eq!(find(drafts.path(), Some("a")).unwrap().slug, "a", "a draft can be named");
    }

    #[test]
    fn a_broken_article_is_not_passed_over() {
        let folder = publication(&[("a.md", "# A"), ("b.md", "+++\ntitel = 'x'\n+++\n")]);
        assert!(find(folder.path(), None).unwrap_err().message().contains("titel"));
        assert!(find(folder.path(), Some("b")).unwrap_err().message().contains("titel"));
        assert_eq!(find(folder.path(), Some("a")).unwrap().title, "A");
    }

    #[test]
    fn two_articles_of_one_slug_are_told_apart_by_path() {
        let folder = publication(&[("a.md", "# A"), ("b.md", "+++\ntitle = 'B'\nslug = 'a'\n+++\n")]);
        assert!(find(folder.path(), Some("a")).unwrap_err().message().contains("content/a.md and content/b.md"));
        assert_eq!(find(folder.path(), Some("content/b.md")).unwrap().title, "B");
    }
}

#[test]
fn several_subjects_are_read_in_both_notations() {
    let toml = parse("+++\ntitle = 'T'\nsubject = ['One', \"Oth{{ subscriber.name }}er\"]\nshare = [70, 30.0]\n+++\n")
        .unwrap();
    let yaml = parse("---\ntitle: T\nsubject: [One, 'Oth{{ subscriber.name }}er']\nshare: [70, 30]\n---\n").unwrap();
    let test = toml.test.unwrap();
    assert_eq!((toml.subject.as_str(), test.shares.as_slice()), ("One", &[70.0, 30.0][..]));
    assert_eq!(yaml.test.as_ref(), Some(&test));
    let block = parse("---\ntitle: T\nsubject:\n  - yes\n  - \"2026\"\n  - no\n---\n").unwrap().test.unwrap();
    assert_eq!(block.subjects, ["yes", "2026", "no"]);
    assert!((block.shares.iter().sum::<f64>() - 100.0).abs() < 1e-9);
    let one = parse("+++\ntitle = 'T'\nsubject = ['One']\n+++\n").unwrap();
    assert_eq!((one.subject.as_str(), one.test), ("One", None));
    assert_eq!(parse("---\ntitle: T\nsubject: 2026\n---\n").unwrap().subject, "2026");
}

#[test]
fn mistakes_in_several_subjects_are_placed() {
    for (keys, line, says) in [
        ("subject = ['a', 'b']\nshare = [50]", 4, "has 1 numbers, and there are 2 subjects"),
        ("subject = ['a', 'b']\nshare = [10, 10]", 4, "comes to 20, and not to 100"),
        ("subject = ['a', 'b']\nshare = [100, 0]", 4, "gives a subject to nobody"),
        ("subject = ['a', 'b']\nshare = [150, -50]", 4, "gives a subject to nobody"),
        ("subject = ['a', 'b']\nshare = [nan, nan]", 4, "not to 100"),
        ("subject = 'a'\nshare = [100]", 4, "is for several subjects"),
        ("subject = ['a', 'a']", 3, "is there twice"),
        ("subject = ['a', ' ']", 3, "is empty"),
        ("subject = ['a',\n\"b\\nc\"]", 4, "more than one line"),
        ("subject = [1, 2]", 3, "expected a string"),
        ("subject = 5", 3, "expected a string"),
    ] {
        let error = parse(&format!("+++\ntitle = 'T'\n{keys}\n+++\n")).unwrap_err();
        let shown = error.render(false);
        assert_eq!(error.place().unwrap().line, line, "{shown}");
        assert!(shown.contains(says), "{shown}");
    }
}
