//! Themes end to end: choosing, settings, words, stories, files of one's own.

use crate::publication::Publication;

/// A publication with a `[theme]` and nothing but built-in templates, two articles and a reader.
fn letter(theme: &str) -> Publication {
    let letter = Publication::new().reader("ann@example.com", "Ann");
    let settings = format!("{}\n[theme]\n{theme}\n", letter.read("letterpress.toml"));
    letter
        .file("letterpress.toml", settings)
        .file("content/one.md", "+++\ntitle = \"One\"\nstories = [\"two\"]\n+++\nThe first.\n")
        .file(
            "content/two.md",
            "+++\ntitle = \"The second story\"\n+++\nDear {{ subscriber.email }},\n\nWhat it tells.\n",
        )
}

fn html(letter: &Publication) -> String {
    letter.run(["preview", "one"]).success();
    letter.read("preview/one/001-ann@example.com.html")
}

#[test]
fn every_theme_sets_an_article_and_the_magazine_its_stories() {
    for (theme, has_stories) in [("letter", false), ("magazine", true), ("plain", false)] {
        let html = html(&letter(&format!("name = \"{theme}\"")));
        assert!(html.contains("The first."), "{theme}");
        assert_eq!(html.contains("The second story") && html.contains("What it tells."), has_stories, "{theme}");
        assert_eq!(html.matches("<h1").count(), 1, "{theme}");
        assert!(!html.contains("Dear ann"), "{theme}");
    }
}

#[test]
fn settings_reach_the_mail_and_wrong_ones_are_placed() {
    let html =
        html(&letter("name = \"plain\"\naccent = \"#005a9c\"\nwidth = 700\n[theme.words]\nunsubscribe = \"Leave\""));
    assert!(html.contains("700px") && html.contains(">Leave</a>") && !html.contains("Unsubscribe"), "{html}");
    letter("acent = \"#005a9c\"")
        .run(["preview", "one"])
        .code(1)
        .stderr_has("did you mean `accent`?")
        .stderr_has("letterpress.toml:");
    letter("width = \"wide\"").run(["preview", "one"]).code(1).stderr_has("a whole number from 320 to 800");
    letter("name = \"magazin\"").run(["preview", "one"]).code(1).stderr_has("did you mean `magazine`?");
    letter("ink = \"#cccccc\"").run(["preview", "one"]).success().stderr_has("`ink` on `paper` has a contrast of");
}

#[test]
fn a_file_of_ones_own_replaces_the_built_in_one_and_its_mistakes_are_placed() {
    let letter = letter("name = \"magazine\"");
    letter.run(["theme", "copy", "partials/stories.mjml"]).success().stdout_has("templates/partials/stories.mjml");
    letter.run(["theme", "copy", "partials/stories.mjml"]).code(1).stderr_has("exists already");
    letter.run(["theme", "copy", "partials/story.mjml"]).code(1).stderr_has("did you mean `partials/stories.mjml`?");
    let letter = letter.file(
        "templates/partials/stories.mjml",
        "<mj-section><mj-column><mj-text>\n{{ article.nothing.at_all }}\n</mj-text></mj-column></mj-section>",
    );
    letter.run(["preview", "one"]).code(1).stderr_has("templates/partials/stories.mjml:2:");
    let letter = letter.file("templates/partials/stories.mjml", "{% include \"../../letterpress.toml\" %}");
    letter.run(["preview", "one"]).code(1);
}

#[test]
fn no_template_reads_files_environment_or_secrets() {
    let mut letter = letter("name = \"mine\"").file("templates/mine/article.txt", "x");
    for attempt in [
        "{{ get_env(name=\"PATH\") }}",
        "{{ load_data(path=\"letterpress.toml\") }}",
        "{% include \"/etc/hostname\" %}",
        "{% include \"../letterpress.toml\" %}",
        "{% extends \"../../letterpress.toml\" %}",
    ] {
        let source = format!(
            "<mjml><mj-body><mj-section><mj-column><mj-text>{attempt}</mj-text></mj-column></mj-section></mj-body></mjml>"
        );
        letter = letter.file("templates/mine/article.mjml", &source);
        letter.run(["preview", "one"]).code(1);
    }
}

#[test]
fn themes_and_their_settings_are_listed() {
    let letter = letter("name = \"plain\"\nradius = 9");
    letter.run(["theme", "list"]).success().stdout_has("* plain").stdout_has("  magazine");
    letter.run(["theme", "settings"]).success().stdout_has("radius = 9").stdout_has("pixels 0-40");
}
