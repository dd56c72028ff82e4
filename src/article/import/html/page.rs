//! What a page says of itself, and which of its elements holds the article.

use jiff::civil::Date;
use scraper::{ElementRef, Html, Selector};

use super::super::{byline, one_line};
use super::links::Base;
use crate::article::front_matter::civil_date;
use crate::publication::is_language_tag;

/// What was found.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) title: Option<String>,
    pub(super) author: Option<String>,
    pub(super) date: Option<Date>,
    pub(super) language: Option<String>,
    pub(super) base: Base,
    /// The element with the article.
    pub(super) root: ElementRef<'a>,
    /// Which one that is, for a person.
    pub(super) place: String,
}

/// Where articles stand, the surest first.
const PLACES: [&str; 9] = [
    "[itemprop=articleBody]",
    ".entry-content",
    ".post-content",
    ".article-content",
    ".article-body",
    ".post-body",
    "article",
    "main",
    "[role=main]",
];

pub(super) fn look(html: &Html) -> Page<'_> {
    let (root, place) = root(html);
    let meta = |css: &str| first(html, css).and_then(|element| element.attr("content")).map(one_line);
    Page {
        title: title(html, root, meta("meta[property='og:title']"), meta("meta[property='og:site_name']").as_deref()),
        author: author(html),
        date: date(html, root),
        language: html.root_element().attr("lang").filter(|lang| is_language_tag(lang)).map(str::to_owned),
        base: Base::new(
            [("base[href]", "href"), ("link[rel=canonical]", "href"), ("meta[property='og:url']", "content")]
                .into_iter()
                .filter_map(|(css, name)| first(html, css).and_then(|element| element.attr(name)))
                .find(|address| address.starts_with("https://") || address.starts_with("http://")),
        ),
        root,
        place,
    }
}

fn every<'a>(html: &'a Html, css: &str) -> Vec<ElementRef<'a>> {
    Selector::parse(css).map(|selector| html.select(&selector).collect()).unwrap_or_default()
}

fn first<'a>(html: &'a Html, css: &str) -> Option<ElementRef<'a>> {
    every(html, css).into_iter().next()
}

/// The text of an element, in one line.
pub(super) fn text(element: ElementRef<'_>) -> String {
    one_line(&element.text().collect::<Vec<_>>().concat())
}

/// How much of an element is paragraphs.
fn prose(element: ElementRef<'_>) -> usize {
    element
        .descendent_elements()
        .filter(|element| matches!(element.value().name(), "p" | "li" | "blockquote"))
        .flat_map(|element| element.children())
        .map(|child| match child.value().as_text() {
            Some(text) => text.trim().len(),
            None => ElementRef::wrap(child).map_or(0, |inline| inline.text().map(|text| text.trim().len()).sum()),
        })
        .sum()
}

/// The known places that hold most of the page's prose; else the element with most of it in paragraphs of its own.
fn root(html: &Html) -> (ElementRef<'_>, String) {
    let body = first(html, "body").unwrap_or_else(|| html.root_element());
    let all = prose(body);
    for css in PLACES {
        let best =
            every(html, css).into_iter().map(|element| (prose(element), element)).max_by_key(|(prose, _)| *prose);
        // A teaser is an `article` too; the one that is meant has a good part of what there is to read.
        if let Some((_, element)) = best.filter(|(prose, _)| *prose > 0 && prose * 4 >= all) {
            return (element, named(element));
        }
    }
    let own = |element: &ElementRef<'_>| -> usize {
        let paragraphs = element.child_elements().filter(|child| child.value().name() == "p");
        paragraphs.map(|paragraph| paragraph.text().map(str::len).sum::<usize>()).sum()
    };
    let densest = body.descendent_elements().max_by_key(own).filter(|element| own(element) * 2 >= all && all > 0);
    densest.map_or_else(|| (body, "the whole page".to_owned()), |element| (element, named(element)))
}

/// `<div class="entry-content">`, for a person.
fn named(element: ElementRef<'_>) -> String {
    let name = element.value().name();
    match element.value().id().map(|id| ("id", id)).or_else(|| element.attr("class").map(|class| ("class", class))) {
        Some((key, value)) => format!("<{name} {key}=\"{}\">", one_line(value)),
        None => format!("<{name}>"),
    }
}

fn title(html: &Html, root: ElementRef<'_>, shared: Option<String>, site: Option<&str>) -> Option<String> {
    let inside = Selector::parse("h1").ok().and_then(|h1| root.select(&h1).next());
    let heading = inside.or_else(|| first(html, "h1")).map(text).filter(|text| !text.is_empty());
    let named = first(html, "title").map(text);
    let without_site = |title: String| {
        let end = site.filter(|site| !site.is_empty()).and_then(|site| title.strip_suffix(site));
        let short =
            end.map(|rest| rest.trim_end().trim_end_matches(['|', '-', '–', '—', '·', ':', '«', '»']).trim_end());
        short.filter(|short| !short.is_empty()).map_or(title.clone(), str::to_owned)
    };
    let shared =
        shared.or(if heading.is_none() { named } else { None }).map(without_site).filter(|text| !text.is_empty());
    match (shared, heading) {
        // The heading is the title as the author wrote it, where the other only says more about the site.
        (Some(shared), Some(heading)) if shared.starts_with(&heading) => Some(heading),
        (Some(shared), _) => Some(shared),
        (None, heading) => heading,
    }
}

fn author(html: &Html) -> Option<String> {
    let meta = ["meta[name=author]", "meta[property='article:author']"];
    let said = meta.into_iter().filter_map(|css| first(html, css)?.attr("content")).find_map(byline::name);
    let marks = [
        "[rel=author]",
        "[itemprop=author] [itemprop=name]",
        "[itemprop=author]",
        ".byline .author",
        ".byline",
        ".author .fn",
        ".p-author",
        ".post-author",
    ];
    said.or_else(|| {
        marks.into_iter().filter_map(|css| first(html, css)).find_map(|element| byline::name(&text(element)))
    })
}

fn date(html: &Html, root: ElementRef<'_>) -> Option<Date> {
    let said = [
        ("meta[property='article:published_time']", "content"),
        ("meta[itemprop=datePublished]", "content"),
        ("time[itemprop=datePublished]", "datetime"),
        ("time.published", "datetime"),
        ("time.entry-date", "datetime"),
    ];
    let marked = said.into_iter().filter_map(|(css, name)| first(html, css)?.attr(name)).find_map(civil_date);
    let time = Selector::parse("time[datetime]").ok();
    let inside = || root.select(time.as_ref()?).filter_map(|time| time.attr("datetime")).find_map(civil_date);
    marked.or_else(inside).or_else(|| first(html, "article time[datetime]")?.attr("datetime").and_then(civil_date))
}
