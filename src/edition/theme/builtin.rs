//! The themes that are built into the program, the same files as in `templates/` of this project.

type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../templates/", $folder, $name)))),*]
    };
}

/// What every theme has.
pub const SHARED: Files = files!["":
    "partials/blocks.mjml",
    "partials/colophon.mjml",
    "partials/style.mjml",
    "shortcodes/button.mjml",
    "shortcodes/button.txt",
    "shortcodes/column.mjml",
    "shortcodes/column.txt",
    "shortcodes/columns.mjml",
    "shortcodes/columns.txt",
    "shortcodes/image.mjml",
    "shortcodes/image.txt",
    "shortcodes/quote.mjml",
    "shortcodes/quote.txt",
    "shortcodes/spacer.mjml",
    "shortcodes/spacer.txt",
    "shortcodes/video.mjml",
    "shortcodes/video.txt",
];

/// The themes by name, the first of them the default.
pub const THEMES: &[(&str, Files)] = &[
    ("letter", files!["letter/": "article.mjml", "article.txt", "partials/masthead.mjml", "theme.toml"]),
    (
        "magazine",
        files!["magazine/":
            "article.mjml", "article.txt", "partials/masthead.mjml", "partials/stories.mjml", "theme.toml"],
    ),
    ("plain", files!["plain/": "article.mjml", "article.txt", "theme.toml"]),
];

/// The files of a theme beside those that all share.
pub fn of(name: &str) -> Option<Files> {
    THEMES.iter().find(|(known, _)| *known == name).map(|(_, files)| *files)
}

/// What a theme says of itself.
pub fn about(name: &str) -> &'static str {
    let file = of(name).into_iter().flatten().find(|(file, _)| *file == super::ABOUT);
    file.map_or("", |(_, text)| *text)
}

/// The files that may be taken out for editing, shared ones first.
pub fn files(name: &str) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    SHARED.iter().chain(of(name).unwrap_or_default())
}
