//! The article's events sorted into runs of prose and shortcodes with their bodies. A shortcode stands between paragraphs, or
//! in one when its template makes no MJML; where it can't stand is said here, at its place in the source.

use pulldown_cmark::{Event, Tag, TagEnd};

use super::shortcode::{Call, Instance};
use super::template::Template;
use super::tokens::{Token, Tokens};
use crate::diagnostic::{Diagnostic, Result};

/// Nobody reads what is deeper, and a template that prints its body twice doubles it with every level.
const DEEPEST: usize = 8;

/// A run of prose, or a shortcode with its body.
#[derive(Debug)]
pub enum Node<'a> {
    Prose(Vec<Event<'a>>),
    Shortcode { number: usize, body: Vec<Node<'a>> },
}

/// What the article's calls are, for building the tree.
pub struct Calls<'a> {
    pub template: &'a Template,
    pub instances: &'a [Instance],
}

impl Calls<'_> {
    /// Sorts events into prose and shortcodes.
    ///
    /// # Errors
    /// A shortcode that stands where it can't, or a body that isn't ended where it began.
    pub fn tree<'e>(&self, events: &[Event<'e>], tokens: &Tokens) -> Result<Vec<Node<'e>>> {
        let mut tree = Tree { nodes: Vec::new(), prose: Vec::new(), open: Vec::new() };
        let mut depth = 0usize;
        let mut at = 0;
        while at < events.len() {
            if depth == 0
                && let Some((found, length)) = alone(&events[at..], tokens)
                && found.iter().all(|token| self.stands_alone(*token, found.len()))
            {
                found.into_iter().try_for_each(|token| self.place(token, &mut tree))?;
                at += length;
                continue;
            }
            match &events[at] {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth = depth.saturating_sub(1),
                event => self.check_inside(event, tokens)?,
            }
            tree.prose.push(events[at].clone());
            at += 1;
        }
        tree.end_prose();
        match tree.open.last() {
            Some((number, _)) => Err(self.unbalanced(self.instances[*number].call)),
            None => Ok(tree.nodes),
        }
    }

    /// The call in the source that an instance came from.
    pub fn call(&self, number: usize) -> &Call {
        &self.template.originals().calls()[self.instances[number].call]
    }

    fn shortcode_is_block(&self, call: usize) -> bool {
        let originals = self.template.originals();
        originals
            .shortcodes()
            .get(&originals.calls()[call].name)
            .is_none_or(|shortcode| shortcode.is_block || shortcode.signature.has_body)
    }

    /// Whether a token in a paragraph of shortcodes only is taken out of it.
    fn stands_alone(&self, token: Token, neighbours: usize) -> bool {
        match token {
            Token::Shortcode(number) => neighbours == 1 || self.shortcode_is_block(self.instances[number].call),
            _ => true,
        }
    }

    fn place(&self, token: Token, tree: &mut Tree<'_>) -> Result<()> {
        tree.end_prose();
        match token {
            Token::Shortcode(number) => {
                let originals = self.template.originals();
                let call = &originals.calls()[self.instances[number].call];
                let has_body = originals.shortcodes().get(&call.name).is_some_and(|it| it.signature.has_body);
                if has_body && tree.open.len() >= DEEPEST {
                    return Err(Diagnostic::error(format!(
                        "shortcodes stand more than {DEEPEST} levels deep in one another"
                    ))
                    .at(call.place.clone())
                    .help("end some of them with {% end %} first"));
                }
                if has_body {
                    tree.open.push((number, std::mem::take(&mut tree.nodes)));
                } else {
                    tree.nodes.push(Node::Shortcode { number, body: Vec::new() });
                }
                Ok(())
            }
            Token::End(call) => match tree.open.pop() {
                Some((number, around)) if self.instances[number].call == call => {
                    let body = std::mem::replace(&mut tree.nodes, around);
                    tree.nodes.push(Node::Shortcode { number, body });
                    Ok(())
                }
                _ => Err(self.unbalanced(call)),
            },
            _ => Ok(()),
        }
    }

    fn unbalanced(&self, call: usize) -> Diagnostic {
        let call = &self.template.originals().calls()[call];
        Diagnostic::error(format!("the body of `{}` begins and ends in different places", call.name))
            .at(call.place.clone())
            .help("a condition or loop goes around the whole of it, or inside its body")
    }

    /// What stands between paragraphs may not be inside one, or inside a list, a quote or a table.
    fn check_inside(&self, event: &Event<'_>, tokens: &Tokens) -> Result<()> {
        let (Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text)) = event else {
            return Ok(());
        };
        let wrong = tokens.find(text).find_map(|(_, token)| match token {
            Token::Shortcode(number) => Some(self.instances[number].call).filter(|call| self.shortcode_is_block(*call)),
            Token::End(call) => Some(call),
            _ => None,
        });
        let Some(call) = wrong else { return Ok(()) };
        let call = &self.template.originals().calls()[call];
        Err(Diagnostic::error(format!("`{}` stands inside a paragraph, a list or a quote", call.name))
            .at(call.place.clone())
            .help("put it on a line of its own between paragraphs, not indented"))
    }
}

struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    prose: Vec<Event<'a>>,
    /// Shortcodes whose body is open, and what came before them.
    open: Vec<(usize, Vec<Node<'a>>)>,
}

impl Tree<'_> {
    fn end_prose(&mut self) {
        if !self.prose.is_empty() {
            self.nodes.push(Node::Prose(std::mem::take(&mut self.prose)));
        }
    }
}

/// The shortcodes of a paragraph that has nothing else, and how many events it is.
fn alone(events: &[Event<'_>], tokens: &Tokens) -> Option<(Vec<Token>, usize)> {
    if !matches!(events.first(), Some(Event::Start(Tag::Paragraph))) {
        return None;
    }
    let mut found = Vec::new();
    for (at, event) in events.iter().enumerate().skip(1) {
        match event {
            Event::Text(text) => {
                let mut from = 0;
                for (range, token) in tokens.find(text) {
                    let is_call = matches!(token, Token::Shortcode(_) | Token::End(_));
                    if !is_call || !text[from..range.start].trim().is_empty() {
                        return None;
                    }
                    found.push(token);
                    from = range.end;
                }
                if !text[from..].trim().is_empty() {
                    return None;
                }
            }
            Event::SoftBreak | Event::HardBreak => {}
            Event::End(TagEnd::Paragraph) => return (!found.is_empty()).then_some((found, at + 1)),
            _ => return None,
        }
    }
    None
}
