//! Elements within a line as Markdown: emphasis, links, code, images. Where marks would not be read as marks, the words
//! go without them: words come first.

use std::fmt::Write as _;

use scraper::{ElementRef, Node};

use super::super::{Note, beginning, escape, line_of};
use super::blocks::Writer;
use super::links::{self, Target};

/// Stands for what comes before a piece of text, so that white space at its start is seen; never written.
const BEFORE: char = '\0';

impl Writer<'_> {
    /// What an element holds, within a line.
    pub(super) fn children(&mut self, element: ElementRef<'_>, out: &mut String, depth: usize) {
        for child in element.children() {
            match child.value() {
                Node::Text(text) => escape::push_words(out, text),
                Node::Element(_) => {
                    if let Some(child) = ElementRef::wrap(child)
                        && !self.leaves_out(child)
                    {
                        self.inline(child, out, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn inline(&mut self, element: ElementRef<'_>, out: &mut String, depth: usize) {
        if depth > 100 {
            escape::push_words(out, &element.text().collect::<Vec<_>>().concat());
            return;
        }
        match element.value().name() {
            "br" => {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
            }
            "b" | "strong" => self.emphasis(element, "**", "__", out, depth),
            "i" | "em" | "cite" => self.emphasis(element, "*", "_", out, depth),
            "del" | "s" | "strike" => self.emphasis(element, "~~", "", out, depth),
            "code" | "kbd" | "samp" | "tt" => self.code(element, out),
            "a" => self.link(element, out, depth),
            "img" => self.image(element, out),
            "q" => {
                out.push('“');
                self.children(element, out, depth);
                out.push('”');
            }
            _ => self.children(element, out, depth),
        }
    }

    /// What an element holds, with the white space around it told apart.
    fn inner(&mut self, element: ElementRef<'_>, depth: usize) -> (bool, String, bool) {
        let mut inner = String::from(BEFORE);
        self.children(element, &mut inner, depth);
        let inner = &inner[BEFORE.len_utf8()..];
        let text = inner.trim().replace("\n\n", "\n");
        (inner.starts_with([' ', '\n']), text, inner.ends_with([' ', '\n']))
    }

    fn emphasis(
        &mut self,
        element: ElementRef<'_>,
        mark: &'static str,
        other: &'static str,
        out: &mut String,
        depth: usize,
    ) {
        let nested = self.open.contains(&mark);
        self.open.push(mark);
        let (before, text, after) = self.inner(element, depth);
        self.open.pop();
        if before {
            space(out);
        }
        let left = out.chars().next_back();
        let right = if after { Some(' ') } else { next_char(element) };
        // Marks right after marks would be read as one.
        let mark = if left == mark.chars().next() { other } else { mark };
        let intraword = mark.starts_with('_') && right.is_some_and(char::is_alphanumeric);
        if nested || mark.is_empty() || intraword || !flanks(left, &text, right) {
            escape::push_escaped(out, &text);
        } else {
            out.push_str(mark);
            out.push_str(&text);
            out.push_str(mark);
        }
        if after {
            space(out);
        }
    }

    fn code(&mut self, element: ElementRef<'_>, out: &mut String) {
        let code = element.text().collect::<Vec<_>>().concat();
        let (before, after) = (code.starts_with(char::is_whitespace), code.ends_with(char::is_whitespace));
        let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
        if before {
            space(out);
        }
        if code.is_empty() {
            return;
        }
        if out.ends_with('`') {
            escape::push_words(out, &code);
        } else {
            let ticks = "`".repeat(longest_run(&code) + 1);
            let pad = if code.starts_with('`') || code.ends_with('`') { " " } else { "" };
            let code = if self.in_table { code.replace('|', "\\|") } else { code };
            let _ = write!(out, "{ticks}{pad}{code}{pad}{ticks}");
        }
        if after {
            space(out);
        }
    }

    fn link(&mut self, element: ElementRef<'_>, out: &mut String, depth: usize) {
        if self.footnote_mark(element, out) {
            return;
        }
        let address = element.attr("href").unwrap_or_default();
        let address = if self.export { address.trim_start_matches("__GHOST_URL__") } else { address };
        let nested = self.open.contains(&"[");
        self.open.push("[");
        let (before, text, after) = self.inner(element, depth);
        self.open.pop();
        if before {
            space(out);
        }
        let target = match self.base.resolve(address) {
            Target::Good(target) => Some(target),
            Target::Relative(target) => {
                let next = if self.export { "`--site` names it" } else { "write it in full" };
                let what = format!("the link `{target}` is relative to a site that isn't named: {next}");
                self.notes.push(Note { line: line_of(self.source, address), what });
                Some(target)
            }
            Target::Refused(scheme) => {
                let what = format!("left out the `{scheme}:` link of \"{}\"; its words are kept", beginning(&text, 8));
                self.notes.push(Note { line: line_of(self.source, address), what });
                None
            }
            Target::Within => {
                self.within += usize::from(address.starts_with('#'));
                None
            }
        };
        match target {
            Some(target) if !nested && !text.is_empty() => {
                if out.ends_with('!') {
                    out.insert(out.len() - 1, '\\');
                }
                let _ = write!(out, "[{text}]({})", links::written(&target));
            }
            _ => escape::push_escaped(out, &text),
        }
        if after {
            space(out);
        }
    }

    pub(super) fn image(&mut self, element: ElementRef<'_>, out: &mut String) {
        // Pages that load images late keep the address elsewhere.
        let written =
            |name: &str| element.attr(name).filter(|address| !address.is_empty() && !address.starts_with("data:"));
        let Some(address) = written("src").or_else(|| written("data-src")).or_else(|| written("data-lazy-src")) else {
            self.notes.push(Note::whole("left out an image that has no address"));
            return;
        };
        let dot = |name: &str| element.attr(name).is_some_and(|size| matches!(size.trim_end_matches("px"), "0" | "1"));
        let line = line_of(self.source, address);
        if dot("width") || dot("height") {
            self.notes.push(Note { line, what: format!("left out a tracking image ({address})") });
            return;
        }
        let base = if self.export { &links::Base::new(None) } else { self.base };
        let target = match base.resolve(address) {
            Target::Good(target) => target,
            // Where it lies in the export is found out later.
            Target::Relative(target) if self.export => target,
            Target::Relative(target) => {
                let what = format!("the image `{target}` is expected beside the article");
                self.notes.push(Note { line, what });
                target
            }
            Target::Within | Target::Refused(_) => return,
        };
        let mut alt = String::new();
        escape::push_words(&mut alt, element.attr("alt").unwrap_or_default());
        let _ = write!(out, "![{}]({})", alt.trim(), links::written(&target));
    }
}

/// One space, where none stands yet.
fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '\n']) {
        out.push(' ');
    }
}

/// Whether marks around a text are read as marks (CommonMark section 6.2): outside a letter and a sign can't both touch
/// them in the wrong order.
fn flanks(left: Option<char>, text: &str, right: Option<char>) -> bool {
    let sign = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    let open = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else { return false };
    (!sign(first) || open(left)) && (!sign(last) || open(right)) && left != Some('\\')
}

/// The character that comes after an element in its line.
fn next_char(element: ElementRef<'_>) -> Option<char> {
    let mut at = element;
    loop {
        for sibling in at.next_siblings() {
            match sibling.value() {
                Node::Text(text) => {
                    if let Some(c) = text.chars().next() {
                        return Some(c);
                    }
                }
                Node::Element(_) => {
                    let element = ElementRef::wrap(sibling)?;
                    if let Some(c) = element.text().find_map(|text| text.chars().next()) {
                        return Some(c);
                    }
                }
                _ => {}
            }
        }
        at = at.parent().and_then(ElementRef::wrap)?;
        if matches!(at.value().name(), "p" | "li" | "div" | "td" | "body" | "html") {
            return None;
        }
    }
}

/// The longest run of backticks in a text.
pub(super) fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
