//! Plain text: title, byline, paragraphs, and what stands in them by form alone (headings, lists, quotes).
//!
//! The lines become [`Part`]s, which [`markdown`] writes. How lines belong together is the business of
//! [`lines`].

mod lines;
mod markdown;

use super::{Note, beginning, byline, furniture, headings};
use crate::article::FrontMatter;
use lines::{Block, Line};

/// A piece of the text with the line that it began on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    line: usize,
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    /// Lines that stay apart; most often one.
    Paragraph(Vec<String>),
    Heading(String),
    /// One entry of a list: its mark (`-`, or a number with what follows it) and its text.
    Item(Mark, String),
    Quote(Vec<Part>),
    Rule,
}

/// What an entry of a list begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Bullet(char),
    Number(u32, char),
}

/// A run-in heading of so many words is believed alone.
const SURE: usize = 4;

/// The longest line that is a title.
const TITLE: usize = 200;

/// Reads a text: its front matter and its Markdown.
pub(super) fn read(source: &str, notes: &mut Vec<Note>) -> (FrontMatter, String) {
    let mut lines: Vec<Line<'_>> =
        source.split('\n').enumerate().map(|(n, text)| Line { number: n + 1, text: text.trim_end() }).collect();
    leave_out_furniture(&mut lines, notes);
    let mut blocks = lines::blocks(&lines);
    let title = take_title(&mut blocks, notes);
    let mut author = take_byline(&mut blocks, notes);
    let mut parts = lines::parts(blocks, 0);
    if author.is_none() {
        author = take_run_in_byline(&mut parts, notes);
    }
    find_headings(&mut parts, notes);
    for part in &parts {
        if let Shape::Paragraph(lines) = &part.shape
            && let Some(words) = lines.last().and_then(|line| furniture::lost_link(line))
        {
            let what = format!("the sentence ends at \"{words}\" without its link: kept; add the address");
            notes.push(Note::at(part.line, what));
        }
    }
    (FrontMatter { title, author, ..FrontMatter::default() }, markdown::write(&parts))
}

/// Takes page furniture off the end.
fn leave_out_furniture(lines: &mut Vec<Line<'_>>, notes: &mut Vec<Note>) {
    while let Some(last) = lines.last() {
        if furniture::is_furniture(last.text) && lines.len() > 1 {
            notes.push(Note::at(last.number, format!("left out \"{}\" (page furniture)", beginning(last.text, 12))));
        } else if !last.text.trim().is_empty() {
            break;
        }
        lines.pop();
    }
}

/// Takes the title off the beginning: the first line, or the first lines where a title was wrapped. A text that begins
/// with a whole paragraph has none; then its first words are the title and stay where they are.
fn take_title(blocks: &mut Vec<Block<'_>>, notes: &mut Vec<Note>) -> Option<String> {
    let first = blocks.first_mut()?;
    let number = first[0].number;
    let wrapped = first.len() > 1 && lines::is_wrapped(first) && !lines::is_underline(first[1].text);
    let whole = lines::joined(first);
    let (title, taken) = if !wrapped && first[0].text.chars().count() <= TITLE {
        (without_marks(first[0].text).to_owned(), 1)
    } else if wrapped && lines::is_deliberate(first[0].text, first[1].text) {
        (first[0].text.trim().to_owned(), 1)
    } else if wrapped && whole.split_whitespace().count() <= 25 && blocks.len() > 1 {
        let taken = blocks[0].len();
        (whole, taken)
    } else {
        let title = first_words(&whole);
        notes.push(Note::at(
            number,
            format!("no title line: the title is made of the first words, \"{title}\"; change it"),
        ));
        return Some(title);
    };
    notes.push(Note::at(number, format!("title \"{title}\"")));
    let first = &mut blocks[0];
    first.drain(..taken);
    if first.first().is_some_and(|line| lines::is_underline(line.text)) {
        first.remove(0);
    }
    if first.is_empty() {
        blocks.remove(0);
    }
    Some(title)
}

/// A title line without the marks of a heading.
fn without_marks(line: &str) -> &str {
    let line = line.trim();
    let text = line.trim_start_matches('#');
    if text.starts_with(' ') { text.trim() } else { line }
}

/// The first sentence when it is short, else the first words.
fn first_words(text: &str) -> String {
    let sentence = text.find(['.', '!', '?']).map_or(text, |at| &text[..at]);
    let short = sentence.split_whitespace().count() <= 12;
    super::beginning(if short { sentence } else { text }, if short { 12 } else { 8 })
}

/// Takes a byline on a line of its own, which comes right after the title.
fn take_byline(blocks: &mut Vec<Block<'_>>, notes: &mut Vec<Note>) -> Option<String> {
    let block = blocks.first_mut()?;
    let line = block[0];
    let (author, rest) = byline::byline(line.text.trim())?;
    let alone = rest == line.text.trim().len()
        && (block.len() == 1 || !lines::is_wrapped(block) || lines::is_deliberate(line.text, block[1].text));
    if !alone {
        return None;
    }
    notes.push(Note::at(line.number, format!("author \"{author}\" from the byline")));
    block.remove(0);
    if block.is_empty() {
        blocks.remove(0);
    }
    Some(author)
}

/// Takes a byline that runs into the first paragraph, which stays.
fn take_run_in_byline(parts: &mut [Part], notes: &mut Vec<Note>) -> Option<String> {
    let first = parts.first_mut()?;
    let Shape::Paragraph(lines) = &mut first.shape else { return None };
    let (author, rest) = byline::byline(&lines[0])?;
    if rest >= lines[0].len() {
        return None;
    }
    lines[0].drain(..rest);
    let what = format!("author \"{author}\" from the byline; the rest of the paragraph is kept");
    notes.push(Note::at(first.line, what));
    Some(author)
}

/// Turns run-in headings, and capitalised lines between paragraphs, into headings.
fn find_headings(parts: &mut Vec<Part>, notes: &mut Vec<Note>) {
    let phrase = |part: &Part| match &part.shape {
        Shape::Paragraph(lines) => headings::run_in(&lines[0]).map(|(phrase, _)| phrase.to_owned()),
        _ => None,
    };
    let phrases: Vec<Option<String>> = parts.iter().map(phrase).collect();
    // In a conversation the same names come again and again; a heading stands once.
    let once = |phrase: &str| phrases.iter().flatten().filter(|other| *other == phrase).count() == 1;
    // "New York: …" is a name as likely as a heading: few words are believed only where surer ones stand beside them.
    let sure = |phrase: &str| phrase.split(' ').count() >= SURE;
    let company = phrases.iter().flatten().any(|phrase| sure(phrase) && once(phrase));
    let mut out: Vec<Part> = Vec::with_capacity(parts.len() + 8);
    let old = std::mem::take(parts);
    for (n, mut part) in old.iter().cloned().enumerate() {
        let follows = old.get(n + 1).is_some_and(is_long);
        match &mut part.shape {
            Shape::Paragraph(lines) => {
                let found = headings::run_in(&lines[0]).filter(|(phrase, _)| once(phrase));
                if let Some((phrase, _)) = found.filter(|(phrase, _)| !sure(phrase) && !company) {
                    let what = format!("\"{phrase}:\" may be a name as well as a heading: kept as text");
                    notes.push(Note::at(part.line, what));
                } else if let Some((heading, rest)) = found {
                    let heading = heading.to_owned();
                    lines[0].drain(..rest);
                    notes.push(Note::at(part.line, format!("heading \"{heading}\"; its colon is left out")));
                    out.push(Part { line: part.line, shape: Shape::Heading(heading) });
                } else if n > 0 && follows && lines.len() == 1 && headings::alone(&lines[0]) {
                    notes.push(Note::at(part.line, format!("heading \"{}\"", lines[0])));
                    part.shape = Shape::Heading(std::mem::take(&mut lines[0]));
                }
            }
            Shape::Heading(heading) => notes.push(Note::at(part.line, format!("heading \"{heading}\""))),
            _ => {}
        }
        out.push(part);
    }
    *parts = out;
}

/// Whether a part is a paragraph that a heading can stand over.
fn is_long(part: &Part) -> bool {
    matches!(&part.shape, Shape::Paragraph(lines) if lines.iter().map(|line| line.split(' ').count()).sum::<usize>() >= 12)
}
