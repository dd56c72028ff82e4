//! Parts of a plain text as Markdown.

use std::fmt::Write as _;

use super::super::escape;
use super::{Mark, Part, Shape};

/// The parts as Markdown blocks with an empty line between them.
pub(super) fn write(parts: &[Part]) -> String {
    let mut out = String::new();
    // The delimiter of the list that was just written.
    let mut list: Option<Mark> = None;
    for (n, part) in parts.iter().enumerate() {
        let continues = matches!((&part.shape, parts.get(n.wrapping_sub(1)).map(|part| &part.shape)),
            (Shape::Item(mark, _), Some(Shape::Item(before, _))) if belongs(*before, *mark));
        if n > 0 {
            out.push_str(if continues { "\n" } else { "\n\n" });
        }
        match &part.shape {
            Shape::Paragraph(lines) => {
                out.push_str(&lines.iter().map(|line| inline(line)).collect::<Vec<_>>().join("\\\n"));
            }
            Shape::Heading(text) => {
                let mut inline = String::new();
                escape::push_text(&mut inline, text);
                out.push_str(&escape::heading(2, &inline));
            }
            Shape::Item(mark, text) => {
                let mark = if continues { written(*mark, list, false) } else { written(*mark, list, true) };
                list = Some(mark);
                let _ = write!(out, "{mark} {}", inline(text));
                continue;
            }
            Shape::Quote(inner) => out.push_str(&quoted(&write(inner))),
            Shape::Rule => out.push_str("***"),
        }
        list = None;
    }
    out
}

fn inline(text: &str) -> String {
    let mut out = String::new();
    escape::push_text(&mut out, text);
    escape::line(&out)
}

/// Every line with the mark of a quote.
fn quoted(markdown: &str) -> String {
    markdown
        .lines()
        .map(|line| if line.is_empty() { ">".to_owned() } else { format!("> {line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether two entries that follow each other are of one list.
fn belongs(before: Mark, mark: Mark) -> bool {
    match (before, mark) {
        (Mark::Bullet(a), Mark::Bullet(b)) => a == b,
        (Mark::Number(n, a), Mark::Number(m, b)) => a == b && n.checked_add(1) == Some(m),
        _ => false,
    }
}

/// The mark as Markdown has it. Two lists side by side would become one: a new one gets another mark than the last.
fn written(mark: Mark, last: Option<Mark>, new: bool) -> Mark {
    match (mark, last) {
        (Mark::Bullet(_), Some(Mark::Bullet(c))) => Mark::Bullet(if new == (c == '-') { '*' } else { '-' }),
        (Mark::Bullet(_), _) => Mark::Bullet('-'),
        (Mark::Number(n, _), Some(Mark::Number(_, c))) => Mark::Number(n, if new == (c == '.') { ')' } else { '.' }),
        (Mark::Number(n, c), _) => Mark::Number(n, c),
    }
}
