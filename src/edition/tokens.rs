//! Stand-ins of letters and digits for what must pass through Markdown, Tera and MJML unharmed.
//!
//! A merge field is a *gap* token until the finished part is cut there; a value printed by a template is a *value*
//! token until its place is known and with it the escaping; a *held* text is put back exactly as it was. All three
//! read as one word to every stage. Control characters mark values inside Tera's output, where no state can be kept.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use super::escape::{Place as Spot, escape};
use super::merge::Gap;
use crate::diagnostic::Place;

/// Before and after a value that Tera printed. No source may hold these characters, so they can't be forged.
pub const VALUE_START: char = '\u{1}';
pub const VALUE_END: char = '\u{2}';

/// Tera's escape function: marks the value and leaves its escaping to the stage that knows its place.
pub fn mark_value(value: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::with_capacity(value.len() + 2);
    text.push(VALUE_START);
    text.extend(value.chars().filter(|c| !matches!(*c, VALUE_START | VALUE_END)));
    text.push(VALUE_END);
    out.write_all(text.as_bytes())
}

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// Filled for each reader: index into [`Tokens::gaps`].
    Gap(usize),
    /// A value to be escaped for its place: index into the texts.
    Value(usize),
    /// A text to be put back at the very end as it is: index into the texts.
    Held(usize),
    /// Markup to be put back before CSS is inlined: index into the texts.
    Rich(usize),
    /// MJML to be put in place before mrml: index into the texts.
    Mjml(usize),
    /// The name that a heading gives itself: index into the texts.
    Name(usize),
    /// A shortcode, or the beginning of one with a body: its number among those of the article.
    Shortcode(usize),
    /// The end of a shortcode's body: the number of the call in the article's source.
    End(usize),
    /// Where a tag of a template was written: its number among those of the theme.
    Origin(usize),
}

/// The tokens of one composition.
#[derive(Debug, Clone)]
pub struct Tokens {
    prefix: String,
    gaps: Vec<Gap>,
    /// Where gaps stand in what their author wrote, by their index.
    places: BTreeMap<usize, Place>,
    texts: Vec<String>,
    /// More than any shortcode's number.
    shortcodes: usize,
    origins: usize,
}

impl Tokens {
    /// Chooses a prefix that occurs in none of the sources, the same for the same sources.
    pub fn new(sources: &[&str]) -> Self {
        let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for source in sources {
            digest.update(source.as_bytes());
        }
        let digest = digest.finish();
        let seed = u64::from_be_bytes(digest.as_ref()[..8].try_into().expect("SHA-256 has 32 bytes"));
        let lower: Vec<String> = sources.iter().map(|source| source.to_ascii_lowercase()).collect();
        let prefix = (0..=u64::MAX)
            .map(|n| format!("lp{:012x}", seed.wrapping_add(n) >> 16))
            .find(|prefix| !lower.iter().any(|source| source.contains(prefix.as_str())))
            .expect("a finite text can't hold every prefix");
        Tokens { prefix, gaps: Vec::new(), places: BTreeMap::new(), texts: Vec::new(), shortcodes: 0, origins: 0 }
    }

    /// Whether a text could be taken for a token.
    pub fn could_be_in(&self, text: &str) -> bool {
        text.to_ascii_lowercase().contains(&self.prefix)
    }

    pub fn gap(&mut self, gap: Gap) -> String {
        self.gaps.push(gap);
        format!("{}g{}z", self.prefix, self.gaps.len() - 1)
    }

    /// A gap that stands somewhere in a source.
    pub fn gap_at(&mut self, gap: Gap, place: Place) -> String {
        self.places.insert(self.gaps.len(), place);
        self.gap(gap)
    }

    /// Where a gap stands in what its author wrote.
    pub fn place_of(&self, gap: usize) -> Option<&Place> {
        self.places.get(&gap)
    }

    pub fn value(&mut self, value: impl Into<String>) -> String {
        self.texts.push(value.into());
        format!("{}v{}z", self.prefix, self.texts.len() - 1)
    }

    pub fn hold(&mut self, text: impl Into<String>) -> String {
        self.texts.push(text.into());
        format!("{}h{}z", self.prefix, self.texts.len() - 1)
    }

    pub fn rich(&mut self, markup: impl Into<String>) -> String {
        self.texts.push(markup.into());
        format!("{}r{}z", self.prefix, self.texts.len() - 1)
    }

    pub fn mjml(&mut self, markup: impl Into<String>) -> String {
        self.texts.push(markup.into());
        format!("{}m{}z", self.prefix, self.texts.len() - 1)
    }

    pub fn name(&mut self, name: impl Into<String>) -> String {
        self.texts.push(name.into());
        format!("{}n{}z", self.prefix, self.texts.len() - 1)
    }

    pub fn shortcode(&mut self, number: usize) -> String {
        self.shortcodes = self.shortcodes.max(number + 1);
        format!("{}s{number}z", self.prefix)
    }

    pub fn end(&mut self, call: usize) -> String {
        self.shortcodes = self.shortcodes.max(call + 1);
        format!("{}e{call}z", self.prefix)
    }

    pub fn origin(&mut self) -> String {
        self.origins += 1;
        format!("{}o{}z", self.prefix, self.origins - 1)
    }

    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    pub fn text(&self, index: usize) -> &str {
        &self.texts[index]
    }

    /// Every token in `text` with its place, in order.
    pub fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (Range<usize>, Token)> + 'a {
        text.match_indices(self.prefix.as_str()).filter_map(|(start, _)| {
            let rest = &text[start + self.prefix.len()..];
            let digits = rest.get(1..)?.bytes().take_while(u8::is_ascii_digit).count();
            let number: usize = rest.get(1..=digits)?.parse().ok()?;
            if rest.as_bytes().get(1 + digits) != Some(&b'z') {
                return None;
            }
            let token = match rest.as_bytes()[0] {
                b'g' if number < self.gaps.len() => Token::Gap(number),
                b'v' if number < self.texts.len() => Token::Value(number),
                b'h' if number < self.texts.len() => Token::Held(number),
                b'r' if number < self.texts.len() => Token::Rich(number),
                b'm' if number < self.texts.len() => Token::Mjml(number),
                b'n' if number < self.texts.len() => Token::Name(number),
                b's' if number < self.shortcodes => Token::Shortcode(number),
                b'e' if number < self.shortcodes => Token::End(number),
                b'o' if number < self.origins => Token::Origin(number),
                _ => return None,
            };
            Some((start..start + self.prefix.len() + digits + 2, token))
        })
    }

    /// How often the prefix of our tokens occurs, in whatever case a filter may have left it.
    pub fn count_in(&self, text: &str) -> usize {
        text.to_ascii_lowercase().matches(&self.prefix).count()
    }

    /// Whether a text holds any token.
    pub fn any_in(&self, text: &str) -> bool {
        text.contains(&self.prefix)
    }

    /// Replaces tokens: `with` gives the text for a token or `None` to leave it.
    pub fn replace(&self, text: &str, mut with: impl FnMut(Token, Range<usize>) -> Option<String>) -> String {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for (range, token) in self.find(text) {
            if let Some(new) = with(token, range.clone()) {
                out.push_str(&text[from..range.start]);
                out.push_str(&new);
                from = range.end;
            }
        }
        out.push_str(&text[from..]);
        out
    }

    /// Plain text with its values and held texts in place; gaps stay.
    pub fn plain(&self, text: &str) -> String {
        self.replace(text, |token, _| match token {
            Token::Value(index) => Some(escape(Spot::Plain, &self.texts[index])),
            Token::Held(index) => Some(self.texts[index].clone()),
            _ => None,
        })
    }

    /// A text with its held texts in place.
    pub fn unheld(&self, text: &str) -> String {
        self.replace(text, |token, _| match token {
            Token::Held(index) => Some(self.texts[index].clone()),
            _ => None,
        })
    }

    /// Puts held and rich texts back, of those that are `wanted`; one may hold further tokens.
    pub fn put_back(&self, text: &str, wanted: impl Fn(Token) -> bool) -> String {
        let mut out = text.to_owned();
        // Code in an article in a theme: a few levels, and never a circle, since a text only holds older tokens.
        for _ in 0..8 {
            let next = self.replace(&out, |token, _| match token {
                Token::Held(index) | Token::Rich(index) if wanted(token) => Some(self.texts[index].clone()),
                _ => None,
            });
            if next == out {
                break;
            }
            out = next;
        }
        out
    }

    /// Whether one of the texts that were held or set so far is `wanted`.
    #[cfg(feature = "highlight")]
    pub fn any_text(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.texts.iter().any(|text| wanted(text))
    }

    /// A text without the shortcodes that stand in it.
    pub fn without_shortcodes(&self, text: &str) -> String {
        self.replace(text, |token, _| matches!(token, Token::Shortcode(_) | Token::End(_)).then(String::new))
    }

    /// The one token that a text is, but for white space around it.
    pub fn only(&self, text: &str) -> Option<Token> {
        let text = text.trim();
        self.find(text).next().filter(|(range, _)| *range == (0..text.len())).map(|(_, token)| token)
    }

    /// Puts MJML in place: where it stands by itself, and where a template printed it and it became a value.
    pub fn put_mjml(&self, text: &str) -> String {
        let markup = |token: Token| match token {
            Token::Mjml(index) => Some(self.texts[index].clone()),
            _ => None,
        };
        self.replace(text, |token, _| match token {
            Token::Value(index) => self.only(&self.texts[index]).and_then(markup),
            token => markup(token),
        })
    }

    /// Turns the marks around the values of a Tera rendering into value tokens.
    ///
    /// # Errors
    /// `Err(())` when a filter over a block has cut a value in two.
    pub fn values_of_marks(&mut self, rendered: &str) -> Result<String, CutValue> {
        let mut out = String::with_capacity(rendered.len());
        let mut rest = rendered;
        while let Some(start) = rest.find(VALUE_START) {
            out.push_str(&rest[..start]);
            let inner = &rest[start + 1..];
            let end = inner.find([VALUE_START, VALUE_END]).ok_or(CutValue)?;
            if !inner[end..].starts_with(VALUE_END) {
                return Err(CutValue);
            }
            let token = self.value(&inner[..end]);
            out.push_str(&token);
            rest = &inner[end + 1..];
        }
        if rest.contains(VALUE_END) {
            return Err(CutValue);
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// A filter over a whole block has cut a printed value in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutValue;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edition::merge::{Gap, GapSource};

    fn gap() -> Gap {
        Gap { source: GapSource::UnsubscribeUrl, default: None }
    }

    #[test]
    fn tokens_are_letters_and_digits_and_found_again() {
        let mut tokens = Tokens::new(&["some source"]);
        let (g, v) = (tokens.gap(gap()), tokens.value("x"));
        assert!(g.bytes().chain(v.bytes()).all(|b| b.is_ascii_alphanumeric()));
        let text = format!("a{g}{v}1b");
        let found: Vec<_> = tokens.find(&text).map(|(range, token)| (&text[range], token)).collect();
        assert_eq!(found, [(g.as_str(), Token::Gap(0)), (v.as_str(), Token::Value(0))]);
    }

    #[test]
    fn the_prefix_is_in_no_source() {
        let first = Tokens::new(&["text"]).prefix;
        // A source that holds the very prefix chosen for it can't be built without knowing the digest; force the loop.
        let forced = Tokens::new(&[first.as_str()]);
        assert!(!first.contains(&forced.prefix));
    }

    #[test]
    fn marks_become_values_and_forged_ones_are_dropped() {
        let mut tokens = Tokens::new(&[]);
        let mut out = Vec::new();
        mark_value("a\u{1}b\u{2}c", &mut out).unwrap();
        let rendered = format!("<{}>", String::from_utf8(out).unwrap());
        let with_tokens = tokens.values_of_marks(&rendered).unwrap();
        assert_eq!(tokens.text(0), "abc");
        assert_eq!(tokens.replace(&with_tokens, |_, _| Some("V".into())), "<V>");
        assert_eq!(tokens.values_of_marks("a\u{1}b"), Err(CutValue));
    }
}
