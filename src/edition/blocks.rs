//! The article as blocks: runs of prose and what its shortcodes make, in the order in which a theme lays them out.
//!
//! A theme finds them as `article.blocks`, each with a `kind`: `prose` (its `html` goes into an `mj-text`), `column` (its
//! `mjml` goes beside that text, into an `mj-column`) or `section` (its `mjml` goes into the `mj-body`). Prose and columns
//! that follow one another are a run: the first of it has `opens`, the last `closes`.

use serde_json::{Value as Json, json};
use tera::Context;

use super::images::Images;
use super::markdown::Content;
use super::markup::{Kind as MarkupKind, segments};
use super::nodes::{Calls, Node};
use super::shortcode::mjml_file;
use super::shortcode::values::{self, Part};
use super::terms::Terms;
use super::tokens::{Token, Tokens};
use super::{highlight, html, mjml};
use crate::diagnostic::{Diagnostic, Result};

/// Where the markup of a block belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// HTML, inside a text.
    Prose,
    /// Inside a column.
    Column,
    /// A column itself: only inside a shortcode that makes a section.
    Beside,
    /// Inside the body of the mail.
    Section,
}

#[derive(Debug, Clone)]
struct Block {
    level: Level,
    markup: String,
    /// The shortcode that made it; of prose nothing is said.
    number: Option<usize>,
}

/// Sets nodes as blocks.
pub struct Setter<'a> {
    pub calls: Calls<'a>,
    pub context: &'a Context,
    pub images: &'a Images,
    pub tokens: &'a mut Tokens,
    pub terms: Terms,
    /// How many shortcodes are around.
    pub depth: usize,
}

impl Setter<'_> {
    /// What `article.html` and `article.blocks` are; the HTML is a refusal when some blocks aren't prose.
    ///
    /// # Errors
    /// Whatever a shortcode's template or its arguments have wrong.
    pub fn article(&mut self, nodes: &[Node<'_>], content: &Content<'_>) -> Result<Set> {
        let mut blocks = self.blocks(nodes)?;
        let notes: Vec<_> = content.footnotes.iter().map(|note| highlight::coloured(note, self.tokens)).collect();
        let footnotes = html::footnotes(&notes, self.images, &self.terms);
        let footnotes = self.finished(&footnotes)?;
        push_prose(&mut blocks, footnotes);
        if let Some(block) = blocks.iter().find(|block| block.level == Level::Beside) {
            return Err(self.wrong(block, "stands by itself").help(
                "a column stands in columns: put {% columns() %} before the first and {% end %} behind the last",
            ));
        }
        Ok(self.hand_out(blocks))
    }

    /// The prose before `<!-- more -->` as a token; nothing when the author has written none.
    ///
    /// # Errors
    /// As for the article.
    pub fn summary(&mut self, content: &Content<'_>) -> Result<String> {
        if content.summary.is_none() {
            return Ok(String::new());
        }
        // A summary that ends inside a shortcode's body has no end of its own.
        let nodes = self.calls.tree(content.summary(), self.tokens).unwrap_or_default();
        let mut html = String::new();
        for block in self.blocks(&nodes)? {
            if block.level == Level::Prose {
                html.push_str(&block.markup);
            }
        }
        Ok(self.tokens.rich(html))
    }

    fn blocks(&mut self, nodes: &[Node<'_>]) -> Result<Vec<Block>> {
        let mut blocks = Vec::new();
        for node in nodes {
            match node {
                Node::Prose(events) => {
                    let events = highlight::coloured(events, self.tokens);
                    let html = html::prose(&events, self.images, &self.terms);
                    let html = self.finished(&html)?;
                    push_prose(&mut blocks, html);
                }
                Node::Shortcode { number, body } => {
                    let block = self.shortcode(*number, body)?;
                    if block.level == Level::Prose {
                        push_prose(&mut blocks, block.markup);
                    } else {
                        blocks.push(block);
                    }
                }
            }
        }
        Ok(blocks)
    }

    /// Clean HTML with its values filled in and the shortcodes inside its paragraphs put in place.
    fn finished(&mut self, html: &str) -> Result<String> {
        let html = mjml::fill_values(html, self.tokens);
        let mut out = String::with_capacity(html.len());
        for segment in segments(&html) {
            let text = &html[segment.range];
            let found: Vec<_> = self.tokens.find(text).collect();
            let mut from = 0;
            for (range, token) in found {
                let Token::Shortcode(number) = token else { continue };
                if segment.kind != MarkupKind::Text {
                    let call = self.calls.call(number);
                    return Err(Diagnostic::error(format!(
                        "`{}` can't stand inside an address, a title or a picture's text",
                        call.name
                    ))
                    .at(call.place.clone())
                    .help("put it between words or paragraphs"));
                }
                out.push_str(&text[from..range.start]);
                let block = self.shortcode(number, &[])?;
                out.push_str(block.markup.trim());
                from = range.end;
            }
            out.push_str(&text[from..]);
        }
        Ok(out)
    }

    fn shortcode(&mut self, number: usize, body: &[Node<'_>]) -> Result<Block> {
        self.depth += 1;
        let inside = self.blocks(body);
        self.depth -= 1;
        let inside = inside?;
        let sections: Vec<Block> = inside.iter().filter(|block| block.level == Level::Section).cloned().collect();
        let inside = self.hand_out(inside);
        let mut context = self.context.clone();
        context.insert("inside", &(self.depth > 0));
        context.insert("body", &inside.html);
        context.insert("blocks", &inside.blocks);
        let name = self.arguments(number, Part::Html, &mut context)?;
        let file = mjml_file(&name);
        let rendered = self.calls.template.render(&file, &context, self.tokens)?;
        inside.check_html(&rendered, self.tokens).map_err(|_| {
            let call = self.calls.call(number);
            Diagnostic::error(format!("the body of `{name}` can only be prose"))
                .at(call.place.clone())
                .help("put buttons, images and the like before or behind it")
        })?;
        let markup = self.tokens.put_mjml(&rendered);
        let level = level(&markup);
        let markup = if level == Level::Prose { mjml::fill_values(&markup, self.tokens) } else { markup };
        // Only a wrapper may hold sections.
        let section = sections.into_iter().find(|_| !markup.trim_start().starts_with("<mj-wrapper"));
        if let Some(section) = section {
            return Err(self
                .wrong(&section, &format!("can't stand inside `{name}`"))
                .help("it takes the whole width of the mail: put it before or behind"));
        }
        Ok(Block { level, markup: markup.trim().to_owned(), number: Some(number) })
    }

    /// A block that stands where it can't.
    fn wrong(&self, block: &Block, what: &str) -> Diagnostic {
        match block.number.map(|number| self.calls.call(number)) {
            Some(call) => Diagnostic::error(format!("`{}` {what}", call.name)).at(call.place.clone()),
            None => Diagnostic::error(format!("a shortcode {what}")),
        }
    }

    /// Puts the arguments of a call where its template finds them, and says which shortcode it is.
    pub(super) fn arguments(&mut self, number: usize, part: Part, context: &mut Context) -> Result<String> {
        context.insert("terms", &json!({"image": self.terms.image, "video": self.terms.video}));
        let instance = &self.calls.instances[number];
        let originals = self.calls.template.originals();
        let call = &originals.calls()[instance.call];
        let Some(shortcode) = originals.shortcodes().get(&call.name) else { return Ok(call.name.clone()) };
        for parameter in &shortcode.signature.parameters {
            let given = call.arguments.iter().zip(&instance.arguments).find(|(given, _)| given.name == parameter.name);
            let value = match given {
                Some((given, value)) => {
                    // What is looked at is there as a whole; what is only printed, piece by piece, as it is elsewhere.
                    let value = if given.is_looked_at { self.tokens.plain(value) } else { value.clone() };
                    values::value(parameter, &value, part, self.images, self.tokens)
                        .map_err(|error| error.at(given.place.clone()))?
                }
                None => parameter.default(),
            };
            context.insert(parameter.name.clone(), &value);
        }
        Ok(call.name.clone())
    }

    fn hand_out(&mut self, blocks: Vec<Block>) -> Set {
        let is_prose = blocks.iter().all(|block| block.level == Level::Prose);
        let in_run =
            |block: Option<&Block>| block.is_some_and(|block| matches!(block.level, Level::Prose | Level::Column));
        let runs: Vec<(bool, bool)> = (0..blocks.len())
            .map(|at| {
                let here = in_run(blocks.get(at));
                let before = at.checked_sub(1).and_then(|at| blocks.get(at));
                (here && !in_run(before), here && !in_run(blocks.get(at + 1)))
            })
            .collect();
        let mut html = String::new();
        let mut handed = Vec::new();
        for (block, (opens, closes)) in blocks.into_iter().zip(runs) {
            let kind = match block.level {
                Level::Prose => "prose",
                Level::Column => "column",
                Level::Beside => "beside",
                Level::Section => "section",
            };
            let (mut held_html, mut held_mjml) = (String::new(), String::new());
            if block.level == Level::Prose {
                held_html = self.tokens.rich(block.markup);
                html.clone_from(&held_html);
            } else {
                held_mjml = self.tokens.mjml(block.markup);
            }
            handed.push(json!({"kind": kind, "html": held_html, "mjml": held_mjml, "opens": opens, "closes": closes}));
        }
        let html = if is_prose { html } else { self.tokens.rich("") };
        Set { html, blocks: Json::from(handed), is_prose }
    }
}

/// An article or a body, ready for templates.
#[derive(Debug)]
pub struct Set {
    /// A token for the HTML, if all is prose.
    pub html: String,
    pub blocks: Json,
    is_prose: bool,
}

/// A template prints HTML of what isn't prose only.
#[derive(Debug, Clone, Copy)]
pub struct NotProse;

impl Set {
    /// Whether a template printed the HTML though there are blocks that aren't prose.
    pub fn check_html(&self, rendered: &str, tokens: &Tokens) -> Result<(), NotProse> {
        let printed = |token: Token| matches!(token, Token::Value(index) if tokens.text(index).contains(&self.html));
        let is_printed =
            !self.is_prose && (rendered.contains(&self.html) || tokens.find(rendered).any(|(_, token)| printed(token)));
        if is_printed { Err(NotProse) } else { Ok(()) }
    }
}

/// Adds prose; what follows prose joins it.
fn push_prose(blocks: &mut Vec<Block>, html: String) {
    if html.trim().is_empty() {
        return;
    }
    match blocks.last_mut() {
        Some(block) if block.level == Level::Prose => block.markup.push_str(&html),
        _ => blocks.push(Block { level: Level::Prose, markup: html, number: None }),
    }
}

/// Where markup belongs, by its first MJML element.
fn level(markup: &str) -> Level {
    let Some(at) = markup.find("<mj-") else { return Level::Prose };
    let name = markup[at + 1..].split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next().unwrap_or_default();
    match name {
        "mj-section" | "mj-wrapper" | "mj-hero" => Level::Section,
        "mj-column" | "mj-group" => Level::Beside,
        _ => Level::Column,
    }
}
