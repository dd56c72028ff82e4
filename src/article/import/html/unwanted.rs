//! Which elements of a page are no part of the article.

use scraper::ElementRef;

/// Elements that show nothing, or nothing that mail could: what a person calls them.
const NEVER: [(&str, &str); 22] = [
    ("script", "script"),
    ("style", "style sheet"),
    ("noscript", "fallback for scripts"),
    ("template", "template"),
    ("link", ""),
    ("meta", ""),
    ("iframe", "embedded frame"),
    ("object", "embedded object"),
    ("embed", "embedded object"),
    ("video", "video"),
    ("audio", "audio player"),
    ("canvas", "drawing"),
    ("svg", "drawing"),
    ("form", "form"),
    ("button", "button"),
    ("input", "form field"),
    ("select", "form field"),
    ("textarea", "form field"),
    ("dialog", "dialog"),
    ("nav", "navigation"),
    ("title", ""),
    ("head", ""),
];

/// Parts of class names and ids that page furniture carries.
const WORDS: [&str; 33] = [
    "ad",
    "ads",
    "advert",
    "advertisement",
    "author",
    "breadcrumb",
    "breadcrumbs",
    "byline",
    "comment",
    "comments",
    "cookie",
    "dateline",
    "jp",
    "meta",
    "nav",
    "navigation",
    "newsletter",
    "pagination",
    "promo",
    "related",
    "relatedposts",
    "respond",
    "share",
    "sharedaddy",
    "sharing",
    "sidebar",
    "skip",
    "social",
    "sponsored",
    "subscribe",
    "subscription",
    "tags",
    "widget",
];

/// What an unwanted element is called; empty where it isn't worth a word. `None`: it is part of the article, for all
/// that can be seen. `all` is how much text the article has: what holds half of that is no furniture, whatever its name.
pub(super) fn name(element: ElementRef<'_>, all: usize) -> Option<&'static str> {
    let tag = element.value().name();
    if let Some((_, name)) = NEVER.iter().find(|(unwanted, _)| *unwanted == tag) {
        return Some(name);
    }
    if is_hidden(element) {
        return Some("hidden part");
    }
    let small = || element.text().map(|text| text.trim().len()).sum::<usize>() * 2 < all;
    match tag {
        "footer" | "aside" if small() => Some(if tag == "aside" { "sidebar" } else { "page furniture" }),
        // Only what can hold a whole piece of the page; marks on words and single paragraphs are the author's own.
        "ul" | "ol" | "div" | "section" | "span" | "article" | "header" | "dl" | "table"
            if is_named(element) && small() =>
        {
            Some("page furniture")
        }
        _ => None,
    }
}

fn is_named(element: ElementRef<'_>) -> bool {
    let names = [element.attr("class"), element.attr("id")];
    names.into_iter().flatten().flat_map(|names| names.split(|c: char| !c.is_ascii_alphanumeric())).any(|word| {
        let word = word.to_ascii_lowercase();
        WORDS.contains(&word.as_str())
    })
}

fn is_hidden(element: ElementRef<'_>) -> bool {
    let style = element.attr("style").unwrap_or_default().to_ascii_lowercase().replace(' ', "");
    element.attr("hidden").is_some() || style.contains("display:none") || style.contains("visibility:hidden")
}
