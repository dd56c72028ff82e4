//! Shortcodes in the text part: the marks that [`super::text`] left among the article's lines become what their templates say.
//!
//! A template's lines are taken as they are. Where `{{ body }}` ends a line, the lines of the body stand there, each with
//! what stands before it: `> {{ body }}` makes a quote of it.

use super::blocks::Setter;
use super::shortcode::text_file;
use super::shortcode::values::Part;
use super::tokens::Token;
use super::wrap::{Line, VERBATIM, mark, mark_verbatim};
use crate::diagnostic::Result;

/// Before the number of a shortcode, on a line of its own.
const BEGIN: char = '\u{1c}';
/// The end of what stands inside it, on a line of its own.
pub const END_SHORTCODE: char = '\u{1d}';

/// The line that begins a shortcode.
pub fn begin_shortcode(number: usize) -> String {
    format!("{BEGIN}{number}")
}

impl Setter<'_> {
    /// Puts shortcodes in place of their marks.
    ///
    /// # Errors
    /// What Tera has against a template.
    pub fn text(&mut self, lines: Vec<String>) -> Result<Vec<String>> {
        let mut around: Vec<(usize, Vec<String>)> = Vec::new();
        let mut here: Vec<String> = Vec::new();
        for line in lines {
            if let Some(number) = line.strip_prefix(BEGIN).and_then(|number| number.parse().ok()) {
                around.push((number, std::mem::take(&mut here)));
            } else if line.starts_with(END_SHORTCODE) {
                let Some((number, before)) = around.pop() else { continue };
                let body = std::mem::replace(&mut here, before);
                here.extend(self.lines(number, &body)?);
            } else {
                here.push(self.inline(line)?);
            }
        }
        Ok(here)
    }

    /// A line with the shortcodes in its midst put in place, each in one line.
    fn inline(&mut self, line: String) -> Result<String> {
        let found: Vec<_> = self.tokens.find(&line).collect();
        if !found.iter().any(|(_, token)| matches!(token, Token::Shortcode(_))) {
            return Ok(line);
        }
        let mut out = String::with_capacity(line.len());
        let mut from = 0;
        for (range, token) in found {
            let Token::Shortcode(number) = token else { continue };
            out.push_str(&line[from..range.start]);
            let words = self.lines(number, &[])?;
            out.push_str(&words.join(" ").split_whitespace().collect::<Vec<_>>().join(" "));
            from = range.end;
        }
        out.push_str(&line[from..]);
        Ok(out)
    }

    /// What a shortcode's template says, as lines.
    fn lines(&mut self, number: usize, body: &[String]) -> Result<Vec<String>> {
        let held = self.tokens.rich("");
        let mut context = self.context.clone();
        context.insert("body", &held);
        let name = self.arguments(number, Part::Text, &mut context)?;
        let rendered = self.calls.template.render(&text_file(&name), &context, self.tokens)?;
        let mut out = Vec::new();
        for line in rendered.trim_matches('\n').lines() {
            let end = self.tokens.find(line).last();
            let is_body = |token: Token| matches!(token, Token::Value(index) if self.tokens.text(index) == held);
            match end {
                Some((range, token)) if is_body(token) => {
                    let before = &line[..range.start];
                    let mut lines = trimmed(body).to_vec();
                    lines.dedup_by(|a, b| is_blank(a) && is_blank(b));
                    out.extend(lines.iter().map(|line| after(before, line)));
                }
                _ => out.push(line.to_owned()),
            }
        }
        Ok(out)
    }
}

fn is_blank(line: &str) -> bool {
    line.trim_matches([' ', VERBATIM]).is_empty()
}

/// Lines without empty ones at either end.
fn trimmed(lines: &[String]) -> &[String] {
    let first = lines.iter().position(|line| !is_blank(line)).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !is_blank(line)).map_or(first, |at| at + 1);
    &lines[first..last]
}

/// A logical line with something before it.
fn after(before: &str, line: &str) -> String {
    if before.is_empty() {
        return line.to_owned();
    }
    let line = Line::parse(line);
    if line.verbatim {
        return mark_verbatim(format!("{before}{}", line.text).trim_end());
    }
    mark(&format!("{before}{}", line.first), &format!("{before}{}", line.rest), line.text)
}
