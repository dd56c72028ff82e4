//! Block elements as Markdown: paragraphs, headings, lists, quotes, code, tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use scraper::{ElementRef, Node};

use super::super::{Note, beginning, escape, line_of, one_line};
use super::links::Base;
use super::page::{Page, text};
use super::{inline, unwanted};

/// Elements nested deeper than this give their bare text.
const DEEPEST: usize = 100;

/// Elements that stand within a line.
const INLINE: [&str; 41] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "img", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "time", "tt", "u", "var", "wbr", "picture", "source", "math",
];

/// Turns elements into Markdown and keeps account of what it leaves out.
pub(super) struct Writer<'a> {
    pub(super) source: &'a str,
    pub(super) base: &'a Base,
    pub(super) notes: &'a mut Vec<Note>,
    /// Emphasis and links that are open; none is opened twice.
    pub(super) open: Vec<&'static str>,
    pub(super) in_table: bool,
    /// Whether it comes from an export, with parts that only these have.
    pub(super) export: bool,
    title: &'a str,
    /// How much text the article has, in bytes.
    all: usize,
    /// Elements without text that were left out, by name.
    left_out: BTreeMap<&'static str, usize>,
    /// Links to places in the page, which became text.
    pub(super) within: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(source: &'a str, page: &'a Page<'a>, notes: &'a mut Vec<Note>) -> Self {
        Writer {
            source,
            base: &page.base,
            notes,
            open: Vec::new(),
            in_table: false,
            export: false,
            title: page.title.as_deref().unwrap_or_default(),
            all: page.root.text().map(|text| text.trim().len()).sum(),
            left_out: BTreeMap::new(),
            within: 0,
        }
    }

    /// Says what was left out without a place of its own.
    pub(super) fn finish(self) {
        for (name, count) in self.left_out {
            let what =
                if count == 1 { format!("left out a {name}") } else { format!("left out {count} of these: {name}") };
            self.notes.push(Note::whole(what.replace("a a", "an a").replace("a e", "an e")));
        }
        if self.within > 0 {
            self.notes.push(Note::whole(format!("{} to places in the page became text", counted(self.within, "link"))));
        }
    }

    /// Whether an element is left out; says so.
    pub(super) fn leaves_out(&mut self, element: ElementRef<'_>) -> bool {
        let Some(name) = unwanted::name(element, self.all) else { return false };
        let words = if matches!(name, "script" | "style sheet") { String::new() } else { spaced(element) };
        if let Some(address) =
            element.attr("src").filter(|_| matches!(element.value().name(), "iframe" | "video" | "audio" | "embed"))
        {
            let what =
                format!("left out an {name} of {address}: put in a link to it if it matters").replace("an v", "a v");
            self.notes.push(Note { line: line_of(self.source, address), what });
        } else if words.is_empty() || name == "fallback for scripts" {
            if !name.is_empty() {
                *self.left_out.entry(name).or_default() += 1;
            }
        } else if !name.is_empty() {
            let first = element.text().map(str::trim).find(|text| !text.is_empty()).unwrap_or_default();
            let what = format!("left out \"{}\" ({name})", beginning(&words, 8));
            self.notes.push(Note { line: line_of(self.source, first), what });
        }
        true
    }

    /// The blocks of what an element holds.
    pub(super) fn blocks(&mut self, element: ElementRef<'_>, depth: usize) -> Vec<String> {
        let mut out = Vec::new();
        let mut run = String::new();
        if depth > DEEPEST {
            escape::push_words(&mut run, &text(element));
        } else {
            for child in element.children() {
                match child.value() {
                    Node::Text(text) => escape::push_words(&mut run, text),
                    Node::Element(_) => {
                        let Some(child) = ElementRef::wrap(child) else { continue };
                        if let Some(blocks) = self.embed(child, depth + 1) {
                            out.extend(paragraphs(&mut run));
                            out.extend(blocks);
                            continue;
                        }
                        if self.leaves_out(child) {
                            continue;
                        }
                        if is_inline(child) {
                            self.inline(child, &mut run, depth + 1);
                        } else {
                            out.extend(paragraphs(&mut run));
                            let block = self.block(child, depth + 1, out.last());
                            out.extend(block);
                        }
                    }
                    _ => {}
                }
            }
        }
        out.extend(paragraphs(&mut run));
        out
    }

    fn block(&mut self, element: ElementRef<'_>, depth: usize, before: Option<&String>) -> Vec<String> {
        match element.value().name() {
            tag @ ("h1" | "h2" | "h3" | "h4" | "h5" | "h6") => {
                let level = tag[1..].parse().unwrap_or(2).max(2);
                self.heading(element, level, depth).into_iter().collect()
            }
            "ul" | "menu" => self.list(element, None, depth, before).into_iter().collect(),
            "ol" => {
                let start = element.attr("start").and_then(|start| start.parse().ok()).unwrap_or(1);
                self.list(element, Some(start), depth, before).into_iter().collect()
            }
            "blockquote" => {
                let inner = self.blocks(element, depth).join("\n\n");
                let quoted = inner.lines().map(|line| if line.is_empty() { ">".into() } else { format!("> {line}") });
                let quoted = quoted.collect::<Vec<_>>().join("\n");
                Some(quoted).filter(|quoted| !quoted.is_empty()).into_iter().collect()
            }
            "pre" => code_block(element).into_iter().collect(),
            "hr" => vec!["***".to_owned()],
            "table" => self.table(element, depth),
            _ => self.blocks(element, depth),
        }
    }

    fn heading(&mut self, element: ElementRef<'_>, level: usize, depth: usize) -> Option<String> {
        let words = text(element);
        if level == 2 && !words.is_empty() && words == self.title {
            return None;
        }
        let mut line = String::new();
        self.children(element, &mut line, depth);
        let line = line.replace('\n', " ");
        (!line.trim().is_empty()).then(|| escape::heading(level, &line))
    }

    /// A list; `before` is the block that it comes after. What stands in it outside of its entries becomes entries.
    fn list(
        &mut self,
        element: ElementRef<'_>,
        start: Option<u32>,
        depth: usize,
        before: Option<&String>,
    ) -> Option<String> {
        let mut entries: Vec<Vec<String>> = Vec::new();
        let mut run = String::new();
        for child in element.children() {
            if let Some(text) = child.value().as_text() {
                escape::push_words(&mut run, text);
            }
            let Some(child) = ElementRef::wrap(child) else { continue };
            if self.leaves_out(child) {
                continue;
            }
            if is_inline(child) {
                self.inline(child, &mut run, depth + 1);
                continue;
            }
            entries.push(paragraphs(&mut run));
            entries.push(match child.value().name() {
                "li" => self.blocks(child, depth + 1),
                _ => self.block(child, depth + 1, None),
            });
        }
        entries.push(paragraphs(&mut run));
        // Two lists side by side would be read as one: the second gets other marks.
        let after_list = before.is_some_and(|before| match start {
            None => before.starts_with("- "),
            Some(_) => before.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(". "),
        });
        let items: Vec<String> = entries
            .iter()
            .filter(|parts| !parts.is_empty())
            .zip(start.unwrap_or(0).min(999_999)..)
            .map(|(parts, number)| item(parts, start.map(|_| number), after_list))
            .collect();
        let loose = items.iter().any(|item| item.contains("\n\n"));
        (!items.is_empty()).then(|| items.join(if loose { "\n\n" } else { "\n" }))
    }

    /// A table of data; one that only lays out the page gives up its cells one after the other.
    fn table(&mut self, element: ElementRef<'_>, depth: usize) -> Vec<String> {
        let named = |element: &ElementRef<'_>, names: &[&str]| names.contains(&element.value().name());
        let rows: Vec<ElementRef<'_>> = element
            .child_elements()
            .flat_map(|child| if named(&child, &["tr"]) { vec![child] } else { child.child_elements().collect() })
            .filter(|row| named(row, &["tr"]))
            .collect();
        let cells = |row: &ElementRef<'_>| row.child_elements().filter(|cell| named(cell, &["td", "th"])).count();
        let columns = rows.iter().map(cells).max().unwrap_or(0);
        let complex = ["table", "ul", "ol", "pre", "blockquote", "h1", "h2", "h3", "img", "hr"];
        if columns < 2 || self.in_table || element.descendent_elements().skip(1).any(|inner| named(&inner, &complex)) {
            return self.blocks(element, depth);
        }
        self.in_table = true;
        let mut out: Vec<String> = Vec::new();
        for child in element.child_elements().filter(|child| named(child, &["caption"])) {
            out.extend(self.blocks(child, depth + 1));
        }
        let mut lines: Vec<String> = Vec::new();
        for (n, row) in rows.iter().enumerate() {
            let head = row.child_elements().any(|cell| named(&cell, &["th"]));
            if n == 0 {
                lines.push(if head { self.row(*row, columns, depth) } else { empty_row(columns) });
                lines.push(format!("|{}", " --- |".repeat(columns)));
                if head {
                    continue;
                }
            }
            lines.push(self.row(*row, columns, depth));
        }
        self.in_table = false;
        out.push(lines.join("\n"));
        out
    }

    fn row(&mut self, row: ElementRef<'_>, columns: usize, depth: usize) -> String {
        let mut line = String::from("|");
        let mut written = 0;
        for cell in row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th")) {
            let parts = self.blocks(cell, depth + 1).join(" ").replace("\\\n", " ").replace('\n', " ");
            let _ = write!(line, " {parts} |");
            written += 1;
        }
        line.push_str(&"  |".repeat(columns.saturating_sub(written)));
        line
    }
}

fn empty_row(columns: usize) -> String {
    format!("|{}", "  |".repeat(columns))
}

/// An entry of a list under its mark.
fn item(parts: &[String], number: Option<u32>, other_marks: bool) -> String {
    let mark = match (number, other_marks) {
        (None, false) => "- ".to_owned(),
        (None, true) => "* ".to_owned(),
        (Some(number), false) => format!("{number}. "),
        (Some(number), true) => format!("{number}) "),
    };
    let tight = parts.len() == 2 && (parts[1].starts_with("- ") || parts[1].starts_with("1. "));
    let text = parts.join(if tight { "\n" } else { "\n\n" });
    format!("{mark}{}", indented(&text, mark.len()))
}

/// The text of an element with a space between its pieces, for a note.
fn spaced(element: ElementRef<'_>) -> String {
    one_line(&element.text().collect::<Vec<_>>().join(" "))
}

fn counted(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// Whether an element stands within a line, with all that it holds.
fn is_inline(element: ElementRef<'_>) -> bool {
    let known = |element: &ElementRef<'_>| INLINE.contains(&element.value().name());
    known(&element) && element.descendent_elements().all(|inner| known(&inner) || is_silent(inner))
}

/// Elements that are left out wherever they stand, and so break no line.
fn is_silent(element: ElementRef<'_>) -> bool {
    matches!(
        element.value().name(),
        "script" | "style" | "noscript" | "svg" | "path" | "g" | "use" | "input" | "button"
    )
}

/// The run of text as paragraphs. Line ends in it are those that the page asked for; two of them end a paragraph.
fn paragraphs(run: &mut String) -> Vec<String> {
    let text = std::mem::take(run);
    let mut out = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n').map(escape::line).chain([String::new()]) {
        if line.trim().is_empty() {
            if !lines.is_empty() {
                out.push(std::mem::take(&mut lines).join("\\\n"));
            }
        } else {
            lines.push(line);
        }
    }
    out
}

fn indented(text: &str, by: usize) -> String {
    let space = " ".repeat(by);
    let lines = text.split('\n').enumerate();
    lines
        .map(|(n, line)| if n == 0 || line.is_empty() { line.to_owned() } else { format!("{space}{line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

fn code_block(element: ElementRef<'_>) -> Option<String> {
    let mut code = String::new();
    for node in element.descendants() {
        match node.value() {
            Node::Text(text) => code.push_str(text),
            Node::Element(inner) if inner.name() == "br" => code.push('\n'),
            _ => {}
        }
    }
    let code = code.trim_end().trim_start_matches('\n');
    let classes = element.descendent_elements().filter_map(|element| element.attr("class"));
    let language = classes
        .flat_map(str::split_whitespace)
        .find_map(|class| class.strip_prefix("language-").or_else(|| class.strip_prefix("lang-")))
        .filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-#".contains(&b)))
        .unwrap_or_default();
    let fence = "`".repeat((inline::longest_run(code) + 1).max(3));
    (!code.is_empty()).then(|| format!("{fence}{language}\n{code}\n{fence}"))
}
