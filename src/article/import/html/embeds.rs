//! What Substack and Ghost put between paragraphs: pictures with captions, footnotes, embedded films and posts,
//! bookmarks, walls and forms. Each becomes plain Markdown, or is left out and named.

use scraper::ElementRef;
use serde_json::Value;

use super::super::{Note, beginning, escape, line_of, one_line};
use super::blocks::Writer;
use super::links;
use super::page::text;

/// Parts that sell or count, and show nothing that belongs to the article: a part of their class, and their name.
const FORMS: [(&str, &str); 10] = [
    ("subscription-widget", "subscribe form"),
    ("subscribe-widget", "subscribe form"),
    ("kg-signup-card", "subscribe form"),
    ("poll-embed", "poll"),
    ("community-chat", "chat invitation"),
    ("captioned-button-wrap", "button with a caption"),
    ("directMessage", "message button"),
    ("install-substack-app", "advertisement for an app"),
    ("kg-audio-player", "audio player"),
    ("kg-video-overlay", "video player"),
];

impl Writer<'_> {
    /// The blocks of an element that only exports have; `None` for all others.
    pub(super) fn embed(&mut self, element: ElementRef<'_>, depth: usize) -> Option<Vec<String>> {
        if !self.export {
            return None;
        }
        let class = element.attr("class").unwrap_or_default();
        if class.split_whitespace().any(|name| name == "paywall-jump") || class.contains("paywall") {
            self.notes.push(Note::whole("the wall before the part for paying readers is left out; the part is kept"));
            return Some(Vec::new());
        }
        if let Some((_, name)) = FORMS.iter().find(|(part, _)| class.contains(part)) {
            let words = one_line(&element.text().collect::<Vec<_>>().join(" "));
            let what = format!("left out a {name}").replace("a a", "an a");
            let what = if words.is_empty() { what } else { format!("{what}: \"{}\"", beginning(&words, 8)) };
            self.notes.push(Note { line: line_of(self.source, class), what });
            return Some(Vec::new());
        }
        if class.contains("button-wrapper") || element.attr("data-component-name") == Some("ButtonCreateButton") {
            return self.button(element);
        }
        let name = element.value().name();
        if class.split_whitespace().any(|name| name == "footnote") {
            return self.footnote(element, depth);
        }
        if class.contains("kg-bookmark-card") {
            return self.bookmark(element);
        }
        if matches!(name, "iframe" | "video" | "audio") {
            let address = element.attr("src").or_else(|| child(element, "source")?.attr("src"))?;
            return self.linked(&playable(address), element.attr("title").unwrap_or_default(), address);
        }
        if name == "figure" {
            return Some(self.figure(element, depth));
        }
        self.embedded(element, class)
    }

    /// A marker of a footnote within a line.
    pub(super) fn footnote_mark(&mut self, element: ElementRef<'_>, out: &mut String) -> bool {
        let class = element.attr("class").unwrap_or_default();
        let number = text(element);
        let fine = self.export && class.contains("footnote-anchor") && is_number(&number);
        if fine {
            out.truncate(out.trim_end_matches(' ').len());
            out.push_str(&format!("[^{number}]"));
        }
        fine
    }

    fn footnote(&mut self, element: ElementRef<'_>, depth: usize) -> Option<Vec<String>> {
        let number = element
            .descendent_elements()
            .find(|inner| inner.attr("class").is_some_and(|class| class.contains("footnote-number")))
            .map(text)
            .filter(|number| is_number(number))?;
        let content = element
            .descendent_elements()
            .find(|inner| inner.attr("class").is_some_and(|class| class.contains("footnote-content")))?;
        let inner = self.blocks(content, depth + 1).join("\n\n");
        let inner = inner.replace('\n', "\n    ").replace("\n    \n", "\n\n");
        Some(vec![format!("[^{number}]: {inner}")])
    }

    /// A picture with its caption below it; a figure without a picture is what it holds.
    fn figure(&mut self, element: ElementRef<'_>, depth: usize) -> Vec<String> {
        let mut out = Vec::new();
        let caption = child(element, "figcaption");
        for image in element.descendent_elements().filter(|inner| inner.value().name() == "img") {
            let mut line = String::new();
            self.image(image, &mut line);
            let link = image.ancestors().take(6).filter_map(ElementRef::wrap).find(|outer| outer.value().name() == "a");
            let address = link.filter(|link| !link.attr("class").unwrap_or_default().contains("image-link"));
            let address = address.and_then(|link| link.attr("href")).filter(|address| address.starts_with("https://"));
            match address {
                Some(address) if !line.is_empty() => out.push(format!("[{line}]({})", links::written(address))),
                _ if !line.is_empty() => out.push(line),
                _ => {}
            }
        }
        if out.is_empty() {
            return self.blocks_without_caption(element, depth);
        }
        if let Some(caption) = caption {
            let mut words = String::new();
            self.children(caption, &mut words, depth + 1);
            let words = words.replace('\n', " ");
            let words = words.trim();
            if words.contains('*') {
                out.push(escape::line(words));
            } else if !words.is_empty() {
                out.push(format!("*{words}*"));
            }
        }
        out
    }

    fn blocks_without_caption(&mut self, element: ElementRef<'_>, depth: usize) -> Vec<String> {
        self.blocks(element, depth + 1)
    }

    /// A button as a link in a paragraph; those of the platform itself are left out.
    fn button(&mut self, element: ElementRef<'_>) -> Option<Vec<String>> {
        let link = child(element, "a")?;
        let address = link.attr("href").unwrap_or_default();
        let words = text(link);
        let own = ["action=share", "/subscribe?", "%%", "/leaderboard?", "/comments?", "/survey/"];
        if own.iter().any(|part| address.contains(part))
            || address.ends_with("/subscribe")
            || address.ends_with("/comments")
        {
            let what = format!("left out the button \"{}\", which leads to the old platform", beginning(&words, 8));
            self.notes.push(Note { line: line_of(self.source, address), what });
            return Some(Vec::new());
        }
        self.linked(address, &words, address)
    }

    fn bookmark(&mut self, element: ElementRef<'_>) -> Option<Vec<String>> {
        let link = child(element, "a")?;
        let address = link.attr("href").unwrap_or_default();
        let title = element
            .descendent_elements()
            .find(|inner| inner.attr("class").is_some_and(|class| class.contains("kg-bookmark-title")))
            .map(text)
            .unwrap_or_default();
        self.linked(address, &title, address)
    }

    /// What says in `data-attrs` what it shows: a film, a recording, a post.
    fn embedded(&mut self, element: ElementRef<'_>, class: &str) -> Option<Vec<String>> {
        let attributes: Value = serde_json::from_str(element.attr("data-attrs")?).ok()?;
        let get = |name: &str| attributes.get(name).and_then(Value::as_str).unwrap_or_default();
        let kind = class.split_whitespace().next().unwrap_or_default();
        let id = get("videoId");
        let address = match kind {
            "youtube-wrap" => format!("https://www.youtube.com/watch?v={id}"),
            "vimeo-wrap" => format!("https://vimeo.com/{id}"),
            "instagram" => format!("https://www.instagram.com/p/{}/", get("instagram_id")),
            "captioned-image-container" | "image-gallery-embed" => return None,
            _ => ["url", "canonical_url", "src", "targetUrl"]
                .map(get)
                .into_iter()
                .find(|a| a.starts_with("https://"))?
                .to_owned(),
        };
        let title = ["full_text", "title", "description"]
            .map(get)
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default();
        self.linked(&address, title, id)
    }

    /// A link in a paragraph of its own, and a word about it.
    fn linked(&mut self, address: &str, words: &str, at: &str) -> Option<Vec<String>> {
        let super::links::Target::Good(target) = self.base.resolve(address) else { return None };
        let host = target.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or("the web");
        let site = host.strip_prefix("www.").unwrap_or(host);
        let mut label = String::new();
        let words = one_line(words);
        if words.is_empty() {
            escape::push_words(&mut label, &format!("On {site}"));
        } else {
            escape::push_words(&mut label, &beginning(&words, 30));
        }
        let what = format!("what is shown from {site} became a link");
        self.notes.push(Note { line: line_of(self.source, at).filter(|_| !at.is_empty()), what });
        Some(vec![format!("[{}]({})", escape::line(&label), links::written(&target))])
    }
}

fn child<'a>(element: ElementRef<'a>, name: &str) -> Option<ElementRef<'a>> {
    element.descendent_elements().find(|inner| inner.value().name() == name)
}

fn is_number(text: &str) -> bool {
    (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The page of a film, where its player is shown.
fn playable(address: &str) -> String {
    let after = |mark: &str| {
        let rest = address.split_once(mark)?.1;
        Some(rest.split(['?', '&', '#', '/']).next().unwrap_or_default()).filter(|id| !id.is_empty())
    };
    if let Some(id) = after("youtube.com/embed/").or_else(|| after("youtube-nocookie.com/embed/")) {
        return format!("https://www.youtube.com/watch?v={id}");
    }
    match after("player.vimeo.com/video/") {
        Some(id) => format!("https://vimeo.com/{id}"),
        None => address.to_owned(),
    }
}
