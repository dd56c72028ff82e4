//! Hugo, Jekyll, Zola, Pelican, and files as such.

use super::{DOT, document, outcomes, previewed, zip};
use crate::publication::Publication;

#[test]
fn a_hugo_site_comes_in_with_its_bundles() {
    let letter = Publication::new()
        .readers(1)
        .file("site/hugo.toml", "baseURL = 'https://example.com'\n")
        .file("site/content/_index.md", "---\ntitle: Home\n---\n")
        .file("site/content/posts/First Post.md", "+++\ntitle = 'First'\ndate = 2022-03-04T23:30:00+02:00\ndraft = true\ntags = ['a', 'b']\nweight = 3\n+++\n\n{{< youtube abc >}}\n\n{{< notice tip >}}Mind *this*.{{< /notice >}}\n\n![Far](/img/far.gif) ![Web](https://example.com/x.png) ![Gone](gone.png)\n")
        .file("site/content/posts/bundle/index.md", "---\ntitle: Bundled\ndate: 2022-03-05\nauthor: Ann Lee\ndescription: In short\nmood: calm\n---\n![Near](near.gif)\n\n`{{< code >}}`\n")
        .file("site/content/posts/bundle/near.gif", DOT)
        .file("site/static/img/far.gif", DOT);
    letter
        .run(["import", "site"])
        .success()
        .stderr_has("hugo: 2 articles")
        .stderr_has("line 11: `{{< notice tip >}}` means nothing here")
        .stderr_has("`gone.png` is not in what was imported")
        .stderr_has("1 `_index` pages")
        .stderr_has("1 drafts; 2 pictures copied, 1 stay on the web");
    let first = letter.read("content/first-post/index.md");
    for words in [
        "date = 2022-03-04\n",
        "draft = true",
        "published = \"2022-03-04T23:30:00+02:00\"",
        "tags = [\"a\", \"b\"]",
        "[Video on YouTube](https://www.youtube.com/watch?v=abc)",
        "{\\{\\< notice tip >}}Mind *this*.",
        "![Far](far.gif)",
    ] {
        assert!(first.contains(words), "{words}: {first}");
    }
    let bundle = letter.read("content/bundle/index.md");
    for words in
        ["author = \"Ann Lee\"", "preheader = \"In short\"", "mood = \"calm\"", "![Near](near.gif)", "`{{< code >}}`"]
    {
        assert!(bundle.contains(words), "{words}: {bundle}");
    }
    assert!(previewed(&letter, "bundle").contains("{{< code >}}"));
}

#[test]
fn a_jekyll_site_comes_in_with_its_drafts() {
    let letter = Publication::new()
        .readers(1)
        .file("site/_config.yml", "title: x\n")
        .file("site/about.md", "---\ntitle: About\n---\n")
        .file("site/_posts/2020-02-03-a-day.md", "---\nlayout: post\ntitle: \"A day\"\ncategories: sea sand\n---\n{% include note.html %}\n\n{% highlight ruby %}\nputs '{{ x }}'\n{% endhighlight %}\n\n![Sea]({{ site.baseurl }}/assets/sea.gif)\n")
        .file("site/_posts/2020-02-04-hidden.md", "---\ntitle: Hidden\npublished: false\n---\nNo.\n")
        .file("site/_drafts/some-day.md", "---\ntitle: Some day\ndate: 2020-02-05 10:00:00 +0100\n---\nYes.\n")
        .file("site/assets/sea.gif", DOT);
    letter
        .run(["import", "site"])
        .success()
        .stderr_has("jekyll: 3 articles")
        .stderr_has("left out `layout`")
        .stderr_has("about.md: not in _posts");
    let day = letter.read("content/a-day/index.md");
    for words in [
        "date = 2020-02-03\n",
        "categories = [\"sea\", \"sand\"]",
        "{\\% include note.html %}",
        "```ruby\nputs '{{ x }}'\n```",
        "![Sea](sea.gif)",
    ] {
        assert!(day.contains(words), "{words}: {day}");
    }
    for slug in ["hidden", "some-day"] {
        assert!(letter.read(&format!("content/{slug}.md")).contains("draft = true"), "{slug}");
    }
    let shown = previewed(&letter, "a-day");
    assert!(shown.contains("{% include note.html %}") && shown.contains("puts '{{ x }}'"), "{shown}");
}

#[test]
fn a_zola_site_comes_in_with_taxonomies() {
    let letter = Publication::new()
        .file("site/config.toml", "base_url = 'https://example.com'\n")
        .file("site/content/_index.md", "+++\nsort_by = 'date'\n+++\n")
        .file("site/content/2021-01-02-hello/index.md", "+++\ntitle = 'Hello'\n[taxonomies]\ntags = ['x']\n[extra]\nmood = 'calm'\n+++\n{{ youtube(id=\"abc\") }}\n\n{% note() %}\nWords.\n{% end %}\n");
    letter.run(["import", "site"]).success().stderr_has("zola: 1 articles");
    let text = letter.read("content/hello.md");
    for words in [
        "date = 2021-01-02\n",
        "tags = [\"x\"]",
        "mood = \"calm\"",
        "watch?v=abc",
        "{\\% note() %}\nWords.\n{\\% end %}",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_pelican_site_comes_in_and_a_single_file_of_it_too() {
    let post = "Title: A walk: part one\nDate: 2019-07-08 09:10\nCategory: hills\nTags: far, near\nSlug: walk-one\nAuthors: Ann Lee; Bob Ray\nSummary: In short\nStatus: draft\n\nText with ![A dot]({static}/images/dot.gif).\n";
    let letter = Publication::new()
        .file("site/pelicanconf.py", "SITENAME = 'x'\n")
        .file("site/content/hills/walk.md", post)
        .file("site/content/pages/about.md", "Title: About\nDate: 2019-01-01\n\nUs.\n")
        .file("site/content/images/dot.gif", DOT);
    letter.run(["import", "site"]).success().stderr_has("pelican: 1 articles").stderr_has("a page and no article");
    let text = letter.read("content/walk-one/index.md");
    for words in [
        "title = \"A walk: part one\"",
        "preheader = \"In short\"",
        "author = \"Ann Lee, Bob Ray\"",
        "date = 2019-07-08\n",
        "draft = true",
        "categories = [\"hills\"]",
        "tags = [\"far\", \"near\"]",
        "![A dot](dot.gif)",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let single = Publication::new().file("walk.md", post);
    single.run(["import", "walk.md"]).success().stderr_has("read as front matter");
    let text = single.read("content/walk-one.md");
    assert!(
        text.contains("title = \"A walk: part one\"") && text.contains("draft = true") && !text.contains("Category:"),
        "{text}"
    );
}

#[test]
fn files_as_such_come_in_from_a_folder_and_from_a_zip() {
    let files: [(&str, &[u8]); 3] = [
        ("letters/one.md", b"# One\n\nText.\n"),
        ("letters/two.txt", b"Two Things\n\nBy Ann Lee\n\nSome words.\n"),
        (
            "letters/three.html",
            b"<!doctype html><title>Three</title><article><h1>Three</h1><p>Some words.</p></article>",
        ),
    ];
    let zipped = Publication::new().file("letters.zip", zip(&files));
    let mut folder = Publication::new();
    for (name, bytes) in files {
        folder = folder.file(name, bytes);
    }
    for (letter, source) in [(zipped, "letters.zip"), (folder, "letters")] {
        let output = letter.run(["import", source, "--json"]);
        assert_eq!(document(&output)["from"], "files");
        assert_eq!(outcomes(&output), ["new content/one.md", "new content/three.md", "new content/two.md"]);
        assert!(letter.read("content/two.md").contains("author = \"Ann Lee\""));
    }
}

#[test]
fn what_it_is_can_be_said() {
    let letter = Publication::new().file("in/a.md", "---\ntitle: A\npublished: false\n---\nText.\n");
    letter.run(["import", "in", "--from", "nonsense"]).code(2).stderr_has("one of substack, ghost");
    letter.run(["import", "in", "--from", "jekyll"]).code(1).stderr_has("no articles of jekyll");
    letter.run(["import", "in", "--from", "hugo", "--dry-run"]).success().stderr_has("nothing was written");
    assert!(letter.files("content").is_empty());
    letter.run(["import", "in", "--from", "hugo"]).success();
    assert!(letter.read("content/a.md").contains("draft = true"));
}

#[test]
fn one_broken_article_stops_no_other() {
    let letter = Publication::new()
        .file("in/a.md", "---\ntitle: [\n---\nText.\n")
        .file("in/b.md", "---\ntitle: B\ndraft: false\n---\nText.\n");
    letter.run(["import", "in"]).code(1).stderr_has("in/a.md".trim_start_matches("in/")).stderr_has("failed 1");
    assert!(letter.read("content/b.md").contains("title = \"B\""));
}

#[test]
fn braces_show_wherever_they_were_written() {
    let letter = Publication::new().readers(1).file(
        "in/b.md",
        "---\ntitle: \"Using {{ x }} well\"\ndescription: \"The {% y %} too\"\ndraft: false\n---\nText {{ z }} and {# w #} and `{{ c }}`, {{< d \"e\" >}}.\n",
    );
    letter.run(["import", "in", "--from", "hugo"]).success();
    let shown = previewed(&letter, "b");
    for words in ["Using {{ x }} well", "Text {{ z }} and {# w #} and `{{ c }}`, {{< d “e” >}}."] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}
