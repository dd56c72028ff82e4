//! The article's content as plain text that reads well: headings, lists, quotes, tables and footnotes by their looks,
//! links numbered and listed at the end. Made from the same parse as the HTML, never from the HTML.

use pulldown_cmark::{BlockQuoteKind, Event, HeadingLevel, Tag, TagEnd};
use unicode_width::UnicodeWidthStr;

use super::anchors::decoded;
use super::escape::ADDRESS;
use super::images::Images;
use super::markdown::Content;
use super::nodes::Node;
use super::text_shortcodes::{END_SHORTCODE, begin_shortcode};
use super::text_table::Table;
use super::tokens::Tokens;
use super::wrap::{WIDTH, mark, mark_verbatim};

/// Writes an article as logical lines (see [`super::wrap`]). Its shortcodes are marks for [`super::text_shortcodes`].
pub fn write(nodes: &[Node<'_>], content: &Content<'_>, images: &Images, tokens: &Tokens) -> Vec<String> {
    let mut writer = Writer {
        tokens,
        images,
        content,
        lines: Vec::new(),
        inline: String::new(),
        frames: Vec::new(),
        links: Vec::new(),
        open_links: Vec::new(),
        table: None,
        code: None,
    };
    writer.nodes(nodes);
    if !content.footnotes.is_empty() {
        writer.blank();
        writer.lines.push(mark("", "", &format!("{}:", content.terms.notes)));
        for (at, footnote) in content.footnotes.iter().enumerate() {
            let marker = format!("({}) ", at + 1);
            writer.frames.push(Frame { leads: at == 0, ..Frame::new(" ".repeat(marker.len()), Some(marker)) });
            writer.events(footnote);
            writer.frames.pop();
        }
    }
    if !writer.links.is_empty() {
        writer.blank();
        writer.lines.push(mark("", "", &format!("{}:", content.terms.links)));
        for (at, url) in writer.links.iter().enumerate() {
            let marker = format!("[{}] ", at + 1);
            writer.lines.push(mark(&marker, &" ".repeat(marker.len()), url));
        }
    }
    writer.lines
}

/// A container whose lines are indented: a quote, a list, a list item.
struct Frame {
    /// Before every line but the first.
    indent: String,
    /// Before the first line, taken when it is written.
    marker: Option<String>,
    /// The next number of an ordered list.
    number: Option<u64>,
    /// The first item of a list that stands in no other: an empty line goes before it.
    leads: bool,
    /// How many items the list has so far.
    items: usize,
    /// A line of it has been written.
    started: bool,
}

impl Frame {
    fn new(indent: impl Into<String>, marker: Option<String>) -> Self {
        Frame { indent: indent.into(), marker, number: None, leads: false, items: 0, started: false }
    }
}

struct Writer<'a> {
    tokens: &'a Tokens,
    images: &'a Images,
    content: &'a Content<'a>,
    lines: Vec<String>,
    inline: String,
    frames: Vec<Frame>,
    links: Vec<String>,
    /// Where the text of each open link begins, and its address.
    open_links: Vec<(usize, String)>,
    table: Option<Table>,
    code: Option<String>,
}

impl Writer<'_> {
    fn nodes(&mut self, nodes: &[Node<'_>]) {
        for node in nodes {
            match node {
                Node::Prose(events) => self.events(events),
                Node::Shortcode { number, body } => {
                    self.blank();
                    self.lines.push(begin_shortcode(*number));
                    self.nodes(body);
                    self.lines.push(END_SHORTCODE.to_string());
                }
            }
        }
    }

    fn events(&mut self, events: &[Event<'_>]) {
        for event in events {
            self.event(event);
        }
        self.paragraph();
    }

    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(*tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(text),
                None => self.inline.push_str(text),
            },
            Event::Code(code) => {
                self.inline.push('`');
                self.inline.push_str(code);
                self.inline.push('`');
            }
            Event::SoftBreak => self.inline.push(' '),
            Event::HardBreak => self.inline.push('\n'),
            Event::Rule => self.block(|writer| {
                let (first, rest) = writer.indents();
                writer.lines.push(mark(&first, &rest, "* * *"));
            }),
            Event::FootnoteReference(number) => self.inline.push_str(&format!(" ({number})")),
            Event::TaskListMarker(done) => self.inline.push_str(if *done { "[x] " } else { "[ ] " }),
            Event::Html(html) => self.raw_html(html),
            Event::InlineHtml(html) if html.to_ascii_lowercase().starts_with("<br") => self.inline.push('\n'),
            Event::InlineHtml(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock | Tag::DefinitionListTitle => self.paragraph(),
            Tag::Heading { .. } => {
                self.paragraph();
                self.blank();
            }
            Tag::BlockQuote(None) => self.open(Frame::new("> ", None)),
            Tag::BlockQuote(Some(kind)) => self.callout(*kind),
            Tag::DefinitionListDefinition => self.open(Frame::new("    ", Some("    ".to_owned()))),
            Tag::List(number) => self.open(Frame { number: *number, ..Frame::new("", None) }),
            Tag::Item => self.item(),
            Tag::CodeBlock(_) => {
                self.paragraph();
                self.code = Some(String::new());
            }
            Tag::Emphasis => self.inline.push('_'),
            Tag::Strong => self.inline.push('*'),
            Tag::Strikethrough => self.inline.push('~'),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.open_links.push((self.inline.len(), dest_url.to_string()))
            }
            Tag::Table(_) => {
                self.paragraph();
                self.table = Some(Table { rows: Vec::new(), header: false });
            }
            Tag::TableHead => self.table.iter_mut().for_each(|table| {
                table.header = true;
                table.rows.push(Vec::new());
            }),
            Tag::TableRow => self.table.iter_mut().for_each(|table| table.rows.push(Vec::new())),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock | TagEnd::DefinitionListTitle => self.paragraph(),
            TagEnd::Heading(level) => self.heading(level),
            TagEnd::BlockQuote(_) | TagEnd::Item | TagEnd::List(_) | TagEnd::DefinitionListDefinition => self.close(),
            TagEnd::CodeBlock => self.code_block(),
            TagEnd::Emphasis => self.inline.push('_'),
            TagEnd::Strong => self.inline.push('*'),
            TagEnd::Strikethrough => self.inline.push('~'),
            TagEnd::Link => self.link(),
            TagEnd::Image => self.image(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.inline).trim().replace('\n', " ");
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.finish_table(),
            _ => {}
        }
    }

    fn open(&mut self, frame: Frame) {
        self.paragraph();
        self.frames.push(frame);
    }

    /// A callout: a bar down its side, and its title as the first line.
    fn callout(&mut self, kind: BlockQuoteKind) {
        self.paragraph();
        self.blank();
        let (first, rest) = self.indents();
        let title = self.content.terms.callout(kind).to_uppercase();
        self.lines.push(mark(&format!("{first}| "), &format!("{rest}| "), &title));
        self.frames.push(Frame::new("| ", Some("| ".to_owned())));
    }

    fn close(&mut self) {
        self.paragraph();
        self.frames.pop();
    }

    fn item(&mut self) {
        self.paragraph();
        let nested = self.frames.iter().rev().skip(1).any(|frame| frame.items > 0);
        let first = self.frames.last_mut().is_none_or(|list| {
            list.items += 1;
            list.items == 1
        });
        let marker = match self.frames.last_mut().and_then(|list| list.number.as_mut()) {
            Some(number) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            None => "- ".to_owned(),
        };
        self.frames.push(Frame { leads: first && !nested, ..Frame::new(" ".repeat(marker.len()), Some(marker)) });
    }

    /// What stands before the next line and before those after it; markers are used up.
    fn indents(&mut self) -> (String, String) {
        let mut first = String::new();
        let mut rest = String::new();
        for frame in &mut self.frames {
            first.push_str(&frame.marker.take().unwrap_or_else(|| frame.indent.clone()));
            rest.push_str(&frame.indent);
            frame.started = true;
        }
        (first, rest)
    }

    /// An empty line between blocks; items of a list follow one another without, and nested lists their item. It is
    /// indented as what is around the block that begins.
    fn blank(&mut self) {
        let follows_on = self.frames.last().is_some_and(|frame| frame.marker.is_some() && !frame.leads);
        if self.lines.is_empty() || follows_on {
            return;
        }
        let around = self.frames.iter().take_while(|frame| frame.started);
        let indent: String = around.map(|frame| frame.indent.as_str()).collect();
        self.lines.push(mark_verbatim(indent.trim_end()));
    }

    fn block(&mut self, write: impl FnOnce(&mut Self)) {
        self.paragraph();
        self.blank();
        write(self);
    }

    /// Writes what has gathered as one paragraph.
    fn paragraph(&mut self) {
        let text = std::mem::take(&mut self.inline);
        if text.trim().is_empty() || self.table.is_some() {
            if self.table.is_some() {
                self.inline = text;
            }
            return;
        }
        self.blank();
        for line in text.trim().lines() {
            let (first, rest) = self.indents();
            self.lines.push(mark(&first, &rest, line.trim()));
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let text = std::mem::take(&mut self.inline).replace('\n', " ");
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.blank();
        let (first, rest) = self.indents();
        self.lines.push(mark(&first, &rest, text));
        // A line under a heading must fit it, and with a merge field its length isn't known.
        if level <= HeadingLevel::H3 && !self.tokens.any_in(text) {
            let rule = if level <= HeadingLevel::H2 { "=" } else { "-" };
            let room = WIDTH.saturating_sub(rest.width());
            self.lines.push(mark_verbatim(&format!("{rest}{}", rule.repeat(text.width().min(room)))));
        }
    }

    fn code_block(&mut self) {
        // What is held counts by its own width, and is not to be cut itself.
        let code = self.tokens.unheld(&self.code.take().unwrap_or_default());
        self.blank();
        let (first, rest) = self.indents();
        let room = WIDTH.saturating_sub(rest.width() + 4).max(20);
        let mut indent = first;
        for line in code.trim_end_matches('\n').split('\n') {
            for piece in cut(&line.replace('\t', "    "), room) {
                self.lines.push(mark_verbatim(&format!("{indent}    {piece}")));
                indent.clone_from(&rest);
            }
        }
    }

    fn link(&mut self) {
        let Some((start, url)) = self.open_links.pop() else { return };
        let text = self.inline[start..].trim().to_owned();
        if text.is_empty() {
            return;
        }
        if let Some(name) = url.strip_prefix('#') {
            // Nothing can be clicked here: the heading that is meant is named.
            let name = decoded(name);
            let heading = self.content.headings.iter().find(|heading| heading.id == name);
            let bare = |text: &str| text.replace(['_', '*', '~', '`'], "").to_lowercase();
            if let Some(heading) = heading.filter(|heading| bare(heading.title.trim()) != bare(&text)) {
                self.inline.push_str(&format!(" (→\u{a0}{})", heading.title.trim()));
            }
            return;
        }
        if text == url || ["mailto:", "https://"].iter().any(|scheme| Some(text.as_str()) == url.strip_prefix(scheme)) {
            // The address itself is the text: say it once, in full.
            let url = url.strip_prefix("mailto:").unwrap_or(&url);
            self.inline.replace_range(start.., url);
            return;
        }
        let number = self.number_of(url);
        self.inline.push_str(&format!(" [{number}]"));
    }

    /// The number of a link; the same address has one number, but for merge fields, whose values aren't known.
    fn number_of(&mut self, url: String) -> usize {
        let begins = self.tokens.find(&url).next().is_some_and(|(range, _)| range.start == 0);
        let url = if begins { format!("{ADDRESS}{url}") } else { url };
        if let Some(at) = self.links.iter().position(|known| *known == url) {
            return at + 1;
        }
        self.links.push(url);
        self.links.len()
    }

    fn image(&mut self) {
        let Some((start, name)) = self.open_links.pop() else { return };
        let alt = self.inline[start..].trim().to_owned();
        self.inline.truncate(start);
        let url = self.images.get(&name).map_or(name.as_str(), |image| image.url.as_str());
        if alt.is_empty() {
            return;
        }
        self.inline.push_str(&format!("[{}: {alt}]", self.content.terms.image));
        if url.starts_with("https://") && self.open_links.is_empty() {
            let number = self.number_of(url.to_owned());
            self.inline.push_str(&format!(" [{number}]"));
        }
    }

    fn finish_table(&mut self) {
        let Some(table) = self.table.take() else { return };
        self.blank();
        let (first, rest) = self.indents();
        self.lines.extend(table.lines(&first, &rest, self.tokens));
    }

    /// A block of raw HTML: its words, as a paragraph.
    fn raw_html(&mut self, html: &str) {
        let fragment = scraper::Html::parse_fragment(html);
        let hidden = ["script", "style", "template", "noscript", "svg"];
        for node in fragment.root_element().descendants() {
            let inside_hidden = node
                .ancestors()
                .any(|parent| parent.value().as_element().is_some_and(|element| hidden.contains(&element.name())));
            if let Some(text) = node.value().as_text().filter(|_| !inside_hidden) {
                self.inline.push_str(&text.split_whitespace().collect::<Vec<_>>().join(" "));
                self.inline.push(' ');
            }
        }
    }
}

/// Cuts a line of code into pieces of at most `room` columns, behind a space where one is near.
fn cut(line: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = line;
    loop {
        let mut width = 0;
        let over = rest.char_indices().find(|(_, c)| {
            width += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
            width > room
        });
        let Some((end, _)) = over else { break };
        let space = rest[..end].rfind(' ').map(|at| at + 1).filter(|at| *at > end / 2);
        // A character wider than the room stands alone.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let (piece, after) = rest.split_at(space.unwrap_or(end).max(first));
        pieces.push(piece.to_owned());
        rest = after;
    }
    pieces.push(rest.to_owned());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_of_code_are_cut_behind_a_space_where_one_is_near() {
        assert_eq!(cut("let a = function(b, c);", 12), ["let a = ", "function(b, ", "c);"]);
        assert_eq!(cut("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(cut("名前名前", 3), ["名", "前", "名", "前"]);
        assert_eq!(cut("名", 1), ["名", ""]);
        assert_eq!(cut("", 4), [""]);
    }
}
