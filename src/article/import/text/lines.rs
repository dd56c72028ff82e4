//! How the lines of a plain text belong together: wrapped paragraphs, lines that stay apart, lists, quotes, rules.

use super::{Mark, Part, Shape};

/// A line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) text: &'a str,
}

/// Lines with no empty line between them; never none.
pub(super) type Block<'a> = Vec<Line<'a>>;

/// Quotes in quotes go this deep; further marks are text.
const DEEPEST: usize = 6;

/// Lines longer than this were not wrapped by anybody: each is a paragraph.
const UNWRAPPED: usize = 120;

/// Cuts lines into blocks, at empty lines and where an indented line begins a paragraph.
pub(super) fn blocks<'a>(lines: &[Line<'a>]) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let mut open = false;
    let indented = |text: &str| text.starts_with('\t') || text.starts_with("  ");
    for line in lines {
        if line.text.trim().is_empty() {
            open = false;
            continue;
        }
        match blocks.last_mut() {
            // In a list an indented line goes on with its entry.
            Some(block)
                if open
                    && (!indented(line.text)
                        || block.iter().any(|before| mark(before.text).is_some())
                        || block.last().is_some_and(|before| indented(before.text) && block.len() > 1)) =>
            {
                block.push(*line);
            }
            _ => blocks.push(vec![*line]),
        }
        open = true;
    }
    blocks
}

/// The blocks as parts; `depth` counts the quotes around them.
pub(super) fn parts(blocks: Vec<Block<'_>>, depth: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    for block in blocks {
        block_parts(&block, depth, &mut parts);
    }
    settle_lists(&mut parts);
    parts
}

fn block_parts(block: &[Line<'_>], depth: usize, parts: &mut Vec<Part>) {
    let line = block[0].number;
    if depth < DEEPEST && block.iter().all(|line| line.text.trim_start().starts_with('>')) {
        let inner: Vec<Line<'_>> = block
            .iter()
            .map(|line| {
                // One mark is taken; `>>` is a quote in the quote.
                let text = line.text.trim_start();
                let text = text.strip_prefix('>').unwrap_or(text);
                Line { number: line.number, text: text.strip_prefix(' ').unwrap_or(text) }
            })
            .collect();
        parts.push(Part { line, shape: Shape::Quote(self::parts(blocks(&inner), depth + 1)) });
    } else if let [line, under] = block
        && is_underline(under.text)
        && line.text.trim().chars().any(char::is_alphanumeric)
    {
        parts.push(Part { line: line.number, shape: Shape::Heading(line.text.trim().to_owned()) });
    } else if let [only] = block
        && is_rule(only.text)
    {
        parts.push(Part { line, shape: Shape::Rule });
    } else if is_list(block) {
        list_parts(block, parts);
    } else {
        paragraph_parts(block, parts);
    }
}

/// Whether entries of a list stand in a block: it begins with one, or they follow a line that announces them.
fn is_list(block: &[Line<'_>]) -> bool {
    let first = block.iter().position(|line| mark(line.text).is_some());
    first.is_some_and(|at| at == 0 || block[at - 1].text.ends_with(':'))
}

fn list_parts(block: &[Line<'_>], parts: &mut Vec<Part>) {
    let first = block.iter().position(|line| mark(line.text).is_some()).unwrap_or(0);
    if first > 0 {
        paragraph_parts(&block[..first], parts);
    }
    for line in &block[first..] {
        if let Some((mark, text)) = mark(line.text) {
            parts.push(Part { line: line.number, shape: Shape::Item(mark, text.to_owned()) });
        } else if let Some(Part { shape: Shape::Item(_, text), .. }) = parts.last_mut() {
            join(text, line.text);
        }
    }
}

fn paragraph_parts(block: &[Line<'_>], parts: &mut Vec<Part>) {
    let one = |line: &Line<'_>| Part { line: line.number, shape: Shape::Paragraph(vec![line.text.trim().to_owned()]) };
    if is_wrapped(block) {
        parts.push(Part { line: block[0].number, shape: Shape::Paragraph(vec![joined(block)]) });
    } else if block.iter().any(|line| width(line.text) > UNWRAPPED) {
        parts.extend(block.iter().map(one));
    } else {
        let lines = block.iter().map(|line| line.text.trim().to_owned()).collect();
        parts.push(Part { line: block[0].number, shape: Shape::Paragraph(lines) });
    }
}

/// A mark makes a list only in company: a number alone, or one out of order, is how a sentence begins.
fn settle_lists(parts: &mut [Part]) {
    let mut at = 0;
    while at < parts.len() {
        let run = parts[at..].iter().take_while(|part| matches!(part.shape, Shape::Item(..))).count();
        let mut start = at;
        while start < at + run {
            let length = 1 + parts[start..at + run].windows(2).take_while(|pair| follows(&pair[0], &pair[1])).count();
            if length == 1 {
                let Shape::Item(mark, text) = &parts[start].shape else { break };
                parts[start].shape = Shape::Paragraph(vec![format!("{mark} {text}")]);
            }
            start += length;
        }
        at += run.max(1);
    }
}

/// Whether the second entry goes on with the list of the first.
fn follows(one: &Part, two: &Part) -> bool {
    match (&one.shape, &two.shape) {
        (Shape::Item(Mark::Bullet(a), _), Shape::Item(Mark::Bullet(b), _)) => a == b,
        (Shape::Item(Mark::Number(n, a), _), Shape::Item(Mark::Number(m, b), _)) => {
            a == b && n.checked_add(1) == Some(*m)
        }
        _ => false,
    }
}

/// The mark that a line begins with, and the text after it.
fn mark(line: &str) -> Option<(Mark, &str)> {
    let line = line.trim_start();
    if is_rule(line) {
        return None;
    }
    let first = line.chars().next()?;
    if "-*+•◦▪●‣·".contains(first) {
        let text = &line[first.len_utf8()..];
        return (text.starts_with([' ', '\t']) && !text.trim().is_empty())
            .then_some((Mark::Bullet(first), text.trim()));
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let delimiter = line[digits..].chars().next().filter(|c| matches!(c, '.' | ')'))?;
    let text = &line[digits + 1..];
    // A number with a zero in front, or a very long one, would not come back the same.
    let number = (1..=4).contains(&digits) && !(digits > 1 && line.starts_with('0'));
    let written = number && text.starts_with([' ', '\t']) && !text.trim().is_empty();
    written.then(|| Some((Mark::Number(line[..digits].parse().ok()?, delimiter), text.trim()))).flatten()
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Mark::Bullet(c) => write!(f, "{c}"),
            Mark::Number(n, c) => write!(f, "{n}{c}"),
        }
    }
}

/// Whether somebody or something broke a paragraph into these lines to keep them short.
pub(super) fn is_wrapped(block: &[Line<'_>]) -> bool {
    if block.len() < 2 {
        return block.len() == 1;
    }
    let longest = block.iter().map(|line| width(line.text)).max().unwrap_or(0);
    let full = block.windows(2).all(|pair| {
        let next = pair[1].text.split_whitespace().next().unwrap_or_default();
        let line = width(pair[0].text);
        line * 10 >= longest * 6 || line + 1 + width(next) > longest
    });
    (45..=UNWRAPPED).contains(&longest) && full && !is_verse(block)
}

/// Three lines and more that all begin with a capital, most of them ending in punctuation.
fn is_verse(block: &[Line<'_>]) -> bool {
    let capital = |line: &Line<'_>| {
        line.text.trim_start().trim_start_matches(['“', '"', '‘', '\'', '(']).starts_with(char::is_uppercase)
    };
    let ended = block.iter().filter(|line| line.text.ends_with(|c: char| !c.is_alphanumeric())).count();
    block.len() > 2 && block.iter().all(capital) && ended * 2 >= block.len()
}

/// Whether the break after a line was meant: the next word would have found room, and it begins anew.
pub(super) fn is_deliberate(line: &str, next: &str) -> bool {
    let word = next.split_whitespace().next().unwrap_or_default();
    width(line) + 1 + width(word) <= width(next).max(60) && !word.starts_with(char::is_lowercase)
}

/// `=====` or `-----` under a line.
pub(super) fn is_underline(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 3 && (text.bytes().all(|b| b == b'=') || text.bytes().all(|b| b == b'-'))
}

/// A line of nothing but three or more of the same mark.
fn is_rule(text: &str) -> bool {
    let marks: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    marks.len() >= 3 && "*-_=~".contains(marks[0]) && marks.iter().all(|c| *c == marks[0])
}

/// The lines as one.
pub(super) fn joined(block: &[Line<'_>]) -> String {
    let mut out = String::new();
    for line in block {
        join(&mut out, line.text);
    }
    out
}

/// A word that was broken at its hyphen comes together again; else a space stands where the line ended.
fn join(out: &mut String, line: &str) {
    let line = line.trim();
    let mut end = out.chars().rev();
    let hyphenated = end.next() == Some('-') && end.next().is_some_and(char::is_alphabetic);
    let goes_on = hyphenated && line.starts_with(char::is_lowercase);
    if !out.is_empty() && !goes_on {
        out.push(' ');
    }
    out.push_str(line);
}

fn width(text: &str) -> usize {
    text.trim().chars().count()
}
