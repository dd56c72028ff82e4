//! From the MJML that Tera produced to finished HTML, by mrml, with nothing lost on the way.
//!
//! mrml writes attribute values the way Rust writes strings for debugging, so that `❤️`, quotes and backslashes come out
//! changed; it panics or overflows the stack on some input. So before it everything but plain ASCII is held back behind
//! tokens, values are escaped for their place, and depth is bounded; after it the tokens are put back and the CSS of
//! `<mj-style inline="inline">` is inlined.

use std::borrow::Cow;
use std::panic;

use super::escape::{Place as Spot, escape};
use super::markup::{Kind, is_url_attribute, segments};
use super::tokens::{Token, Tokens};
use crate::diagnostic::{Diagnostic, Place, Result};

/// MJML deeper than this is a mistake, and would overflow mrml's stack.
const DEEPEST: usize = 100;
/// mrml recurses; this is ample for [`DEEPEST`] levels.
const STACK: usize = 64 << 20;

/// MJML in which every value is escaped for its place and only plain ASCII is left, and its inline CSS.
#[derive(Debug)]
pub struct Resolved {
    pub mjml: String,
    pub inline_css: String,
}

impl Resolved {
    /// The MJML with its inline CSS in it again, as other programs that render MJML want it.
    pub fn whole(&self) -> String {
        let style = format!("<mj-style inline=\"inline\">{}</mj-style>\n</mj-head>", self.inline_css);
        self.mjml.replacen("</mj-head>", &style, 1)
    }
}

/// Escapes values for their places and holds back what mrml would spoil.
///
/// # Errors
/// A value where none may stand (CSS that it could escape from, a tag's name, a comment), or MJML nested too deeply.
pub fn resolve(file: &str, mjml: &str, tokens: &mut Tokens) -> Result<Resolved> {
    check_depth(file, mjml)?;
    let mut out = String::with_capacity(mjml.len());
    for segment in segments(mjml) {
        let text = &mjml[segment.range.clone()];
        let place = || Place::span(file, mjml, segment.range.clone());
        match &segment.kind {
            Kind::Text => out.push_str(&hold_runs(&values(text, tokens, |_| Spot::Text), tokens, |c| c.is_ascii())),
            Kind::Attribute { name, quote, .. } => {
                let is_url = is_url_attribute(name);
                let spot = |at: usize| {
                    if !is_url {
                        Spot::Attribute
                    } else if at == 0 {
                        Spot::Url
                    } else {
                        Spot::UrlPart
                    }
                };
                let resolved = values(text, tokens, spot);
                // Held text comes back between double quotes, whatever the author used.
                let resolved = if *quote == Some(b'\'') { resolved.replace('"', "&quot;") } else { resolved };
                out.push_str(&hold_runs(&resolved, tokens, is_plain_attribute));
            }
            Kind::Css => out.push_str(&css(text, tokens, &place)?),
            Kind::Other if tokens.any_in(text) => {
                return Err(Diagnostic::error("a value can't stand in a tag's name or a comment")
                    .at(place())
                    .help("values may stand in text and in attribute values"));
            }
            Kind::Other => out.push_str(text),
        }
    }
    let (mjml, inline_css) = take_inline_css(&out);
    Ok(Resolved { mjml, inline_css })
}

/// Replaces value tokens by the values, escaped for the place that `spot` tells from the position in the text. What isn't
/// plain is held, so that it comes out of the CSS inliner, which writes entities its own way, just as it went in.
fn values(text: &str, tokens: &mut Tokens, spot: impl Fn(usize) -> Spot) -> String {
    let found: Vec<_> = tokens.find(text).collect();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (range, token) in found {
        if let Token::Value(index) = token {
            out.push_str(&text[from..range.start]);
            let value = tokens.text(index).to_owned();
            value_at(&value, range.start, tokens, &spot, &mut out);
            from = range.end;
        }
    }
    out.push_str(&text[from..]);
    out
}

/// Appends one value. It may itself hold tokens (a title with a merge field): they stay.
fn value_at(value: &str, position: usize, tokens: &mut Tokens, spot: &impl Fn(usize) -> Spot, out: &mut String) {
    let inner: Vec<_> = tokens.find(value).collect();
    let piece = |from: usize, to: usize, tokens: &mut Tokens, out: &mut String| {
        if from < to {
            out.push_str(&hold_runs(&escape(spot(position + from), &value[from..to]), tokens, is_plain_attribute));
        }
    };
    // An address that is empty leads nowhere, like one that is none.
    if value.is_empty() && spot(position) == Spot::Url {
        out.push_str(&escape(Spot::Url, ""));
    }
    let mut from = 0;
    for (range, token) in inner {
        piece(from, range.start, tokens, out);
        match token {
            // An argument of a shortcode holds values that the article printed; older ones, so this ends.
            Token::Value(index) => {
                let inner = tokens.text(index).to_owned();
                value_at(&inner, position + range.start, tokens, spot, out);
            }
            _ => out.push_str(&value[range.clone()]),
        }
        from = range.end;
    }
    piece(from, value.len(), tokens, out);
}

/// The article's HTML with its value tokens replaced by the values, each escaped for its place.
pub fn fill_values(html: &str, tokens: &mut Tokens) -> String {
    let mut out = String::with_capacity(html.len());
    for segment in segments(html) {
        let text = &html[segment.range.clone()];
        match &segment.kind {
            Kind::Attribute { name, .. } if is_url_attribute(name) => {
                out.push_str(&values(text, tokens, |at| if at == 0 { Spot::Url } else { Spot::UrlPart }));
            }
            _ => out.push_str(&values(text, tokens, |_| Spot::Text)),
        }
    }
    out
}

/// What mrml passes on unchanged inside an attribute.
fn is_plain_attribute(c: char) -> bool {
    c.is_ascii_alphanumeric() || " #%.,:;/()_+-=?@!*[]".contains(c)
}

/// Holds back every run of characters that aren't `plain`.
fn hold_runs(text: &str, tokens: &mut Tokens, plain: impl Fn(char) -> bool) -> String {
    if text.chars().all(&plain) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        if plain(c) {
            if !run.is_empty() {
                out.push_str(&tokens.hold(std::mem::take(&mut run)));
            }
            out.push(c);
        } else {
            run.push(c);
        }
    }
    if !run.is_empty() {
        out.push_str(&tokens.hold(run));
    }
    out
}

/// CSS takes only values that can't leave their place: names, numbers, colours, font lists.
fn css(text: &str, tokens: &mut Tokens, place: &dyn Fn() -> Place) -> Result<String> {
    let mut wrong = None;
    let resolved = tokens.replace(text, |token, _| match token {
        Token::Value(index) => {
            let value = tokens.plain(tokens.text(index));
            let harmless = value.chars().all(|c| c.is_ascii_alphanumeric() || " #%.,()_-'".contains(c));
            if !harmless {
                wrong = Some(format!("the value `{value}` can't stand in a style"));
            }
            Some(value)
        }
        Token::Gap(_) => {
            wrong = Some("a merge field can't stand in a style".to_owned());
            None
        }
        _ => None,
    });
    match wrong {
        Some(message) => Err(Diagnostic::error(message)
            .at(place())
            .help("styles take plain words, numbers and colours, such as `#8a3b12`")),
        None => Ok(resolved),
    }
}

/// Takes `<mj-style inline="inline">…</mj-style>` out: mrml doesn't inline, we do.
fn take_inline_css(mjml: &str) -> (String, String) {
    let mut rest = mjml;
    let mut out = String::with_capacity(mjml.len());
    let mut css = String::new();
    while let Some(start) = rest.find("<mj-style") {
        let Some(tag_end) = rest[start..].find('>').map(|at| start + at + 1) else { break };
        let Some(close) = rest[tag_end..].find("</mj-style>").map(|at| tag_end + at) else { break };
        let end = close + "</mj-style>".len();
        if rest[start..tag_end].contains("inline=\"inline\"") {
            css.push_str(&rest[tag_end..close]);
            css.push('\n');
            out.push_str(&rest[..start]);
        } else {
            out.push_str(&rest[..end]);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    (out, css)
}

fn check_depth(file: &str, mjml: &str) -> Result<()> {
    const VOID: [&str; 8] = ["br", "hr", "img", "meta", "link", "input", "wbr", "col"];
    let mut depth = 0usize;
    // The next `>` is looked for once, however many `<` stand before it.
    let mut close = 0;
    for (at, _) in mjml.match_indices('<') {
        let rest = &mjml[at + 1..];
        if close <= at {
            close = mjml[at..].find('>').map_or(mjml.len(), |found| at + found);
        }
        if rest.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            let closes_itself = close < mjml.len() && mjml[..close].ends_with('/');
            depth += usize::from(!closes_itself && !VOID.contains(&name.as_str()));
        }
        if depth > DEEPEST {
            return Err(Diagnostic::error(format!("the MJML is nested more than {DEEPEST} levels deep"))
                .at(Place::span(file, mjml, at..at + 1))
                .help("look for elements that are not closed"));
        }
    }
    Ok(())
}

/// Renders MJML to HTML, once. `file` names the theme's file in errors.
///
/// # Errors
/// What mrml could not read, with its place in the MJML; also when it gives up in a panic.
pub fn render(file: &str, resolved: &Resolved, tokens: &Tokens) -> Result<String> {
    let html = on_large_stack(|| mrml_render(&resolved.mjml)).map_err(|(message, offset)| {
        let place = offset.map_or_else(|| Place::file(file), |range| Place::span(file, &resolved.mjml, range));
        Diagnostic::error(format!("MJML: {message}"))
            .at(place)
            .help("the line shown is of the MJML after Tera; `send --dry-run` writes it to preview/")
    })?;
    let html = tokens.put_back(&html, |token| matches!(token, Token::Rich(_)));
    let inliner = css_inline::CSSInliner::options()
        .inline_style_tags(false)
        .keep_style_tags(true)
        .keep_link_tags(false)
        .load_remote_stylesheets(false)
        .extra_css(Some(Cow::Borrowed(resolved.inline_css.as_str())))
        .build();
    let html = inliner.inline(&html).map_err(|error| {
        Diagnostic::error(format!("the theme's CSS can't be inlined: {error}")).at(Place::file(file))
    })?;
    Ok(tokens.put_back(&html, |_| true))
}

type RenderError = (String, Option<std::ops::Range<usize>>);

fn mrml_render(mjml: &str) -> Result<String, RenderError> {
    let parsed = mrml::parse(mjml).map_err(|error| (error.to_string(), None))?;
    let options = mrml::prelude::render::RenderOptions {
        disable_comments: true,
        social_icon_origin: Some("".into()),
        fonts: std::collections::HashMap::new(),
    };
    parsed.element.render(&options).map_err(|error| (error.to_string(), None))
}

/// Runs on a thread with room for recursion and turns a panic into an error.
fn on_large_stack(work: impl FnOnce() -> Result<String, RenderError> + Send) -> Result<String, RenderError> {
    let broken = |_| ("the renderer gave up on it".to_owned(), None);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).name("mjml".into());
        match thread.spawn_scoped(scope, || panic::catch_unwind(panic::AssertUnwindSafe(work)).map_err(broken)) {
            Ok(handle) => handle.join().map_err(broken)??,
            Err(error) => Err((format!("no thread could be started: {error}"), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(body: &str, values: &[&str]) -> String {
        let source = format!(
            "<mjml><mj-head><mj-style inline=\"inline\">.x {{ color: red }}</mj-style></mj-head><mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"
        );
        let mut tokens = Tokens::new(&[&source]);
        let mut source = source;
        for (at, value) in values.iter().enumerate() {
            let token = tokens.value(*value);
            source = source.replace(&format!("V{at}"), &token);
        }
        let resolved = resolve("t", &source, &mut tokens).unwrap();
        render("t", &resolved, &tokens).unwrap()
    }

    #[test]
    fn nothing_is_spoilt_in_attributes_and_text() {
        let hard = "❤️ \"q\" \\ a\u{a0}b e\u{301} 👩\u{200d}👩\u{200d}👧 <&>";
        let html = through(
            "<mj-image src=\"https://example.com/a.png\" alt=\"V0\" title=\"❤️\" /><mj-text><p class=\"x\">V0</p></mj-text>",
            &[hard],
        );
        let document = scraper::Html::parse_document(&html);
        let image = scraper::Selector::parse("img").unwrap();
        let text = scraper::Selector::parse("p").unwrap();
        let image = document.select(&image).next().unwrap();
        assert_eq!(image.attr("alt"), Some(hard));
        assert_eq!(image.attr("title"), Some("❤️"));
        let paragraph = document.select(&text).next().unwrap();
        assert_eq!(paragraph.text().collect::<String>(), hard);
        assert!(paragraph.attr("style").is_some_and(|style| style.contains("color")), "{html}");
    }

    #[test]
    fn values_in_links_are_encoded_and_scripts_refused() {
        let html = through(
            "<mj-text><a href=\"https://example.com/?q=V0\">a</a><a href=\"V1\">b</a><a href='V2'>c</a></mj-text>",
            &["a b&c", "javascript:alert(1)", "https://example.com/\"x"],
        );
        assert!(html.contains("https://example.com/?q=a%20b%26c"), "{html}");
        assert!(html.contains("href=\"#\""), "{html}");
        assert!(html.contains("https://example.com/%22x"), "{html}");
    }

    #[test]
    fn values_stay_out_of_styles_and_tags() {
        let mut tokens = Tokens::new(&[]);
        let value = tokens.value("red; background: url(x)");
        assert!(resolve("t", &format!("<mj-style>p {{ color: {value} }}</mj-style>"), &mut tokens).is_err());
        assert!(resolve("t", &format!("<mj-text><{value}></mj-text>"), &mut tokens).is_err());
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        let source = format!("<mjml><mj-body>{}</mj-body></mjml>", "<mj-wrapper>".repeat(5000));
        assert!(resolve("t", &source, &mut Tokens::new(&[])).unwrap_err().message().contains("levels deep"));
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        let html = through("<mj-text font-family=\"Roboto, Lato\">x</mj-text>", &[]);
        assert!(!html.contains("googleapis") && !html.contains("mailjet"), "{html}");
    }
}
