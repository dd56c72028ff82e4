//! One pass over the MJML: elements, attributes and their nesting against the table of what MJML knows.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use htmlparser::{ElementEnd, StrSpan, Token, Tokenizer};

use super::components::{self, Component, find};
use super::defaults::{Defaults, Given};
use super::form::Form;
use super::unlike;
use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean};
use crate::edition::shifts::Edits;
use crate::edition::tokens::Tokens;

/// HTML elements without an end.
const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

/// Attributes that every element takes.
const EVERYWHERE: [&str; 2] = ["css-class", "mj-class"];

/// Elements that MJML knows and we don't render, and what to write instead.
const REFUSED: [(&str, &str); 4] = [
    ("mj-carousel", "show one picture with <mj-image> and link the others"),
    ("mj-include", "write {% include \"partials/NAME.mjml\" %}"),
    ("mj-html-attributes", "write the attributes in the HTML itself, inside <mj-text> or <mj-raw>"),
    ("mj-selector", "write the attributes in the HTML itself, inside <mj-text> or <mj-raw>"),
];

/// Reads MJML whose values are still tokens, and gives it back with what mrml would read otherwise than mjml mended. `place`
/// finds where a range of it was written.
///
/// # Errors
/// The first mistake, at its place.
pub fn lint(mjml: &str, tokens: &Tokens, place: &dyn Fn(Range<usize>) -> Place) -> Result<String> {
    let mut lint = Lint {
        mjml,
        tokens,
        place,
        open: Vec::new(),
        element: None,
        in_condition: false,
        seen: BTreeSet::new(),
        defaults: Defaults::default(),
        edits: Edits::default(),
    };
    let ascii = in_ascii(mjml);
    for token in Tokenizer::from(&*ascii) {
        match token {
            Ok(token) => lint.take(token)?,
            Err(error) => return Err(lint.unreadable(&ascii, &error)),
        }
    }
    lint.end()?;
    Ok(lint.edits.apply(mjml).0)
}

/// The text with a letter for each octet beyond ASCII, at which the tokenizer may panic. Every position stays what it is.
fn in_ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let letters = |c: char| (0..c.len_utf8()).map(move |_| if c.is_ascii() { c } else { 'x' });
    Cow::Owned(text.chars().flat_map(letters).collect())
}

/// A part of the MJML as it was written.
#[derive(Clone, Copy)]
struct Part<'m> {
    text: &'m str,
    start: usize,
}

impl Part<'_> {
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// An element that isn't closed yet.
struct Open<'m> {
    name: &'m str,
    at: Range<usize>,
    /// What MJML knows of it; nothing for HTML.
    component: Option<&'static Component>,
}

struct Lint<'m, 'c> {
    mjml: &'m str,
    tokens: &'c Tokens,
    place: &'c dyn Fn(Range<usize>) -> Place,
    open: Vec<Open<'m>>,
    /// The element whose attributes are being read, and those it has.
    element: Option<(Open<'m>, Vec<Given<'m>>)>,
    /// Between `<!--[if …]>` and `<![endif]-->`, where HTML needn't be closed.
    in_condition: bool,
    /// The elements of MJML that there are.
    seen: BTreeSet<&'static str>,
    /// What is set for elements elsewhere.
    defaults: Defaults<'m>,
    edits: Edits,
}

impl<'m> Lint<'m, '_> {
    fn error(&self, at: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at((self.place)(at))
    }

    /// What stands there.
    fn part(&self, span: StrSpan<'_>) -> Part<'m> {
        Part { text: self.mjml.get(span.range()).unwrap_or_default(), start: span.start() }
    }

    fn take(&mut self, token: Token<'_>) -> Result<()> {
        match token {
            Token::ElementStart { local, span, .. } => self.start(self.part(local).text, span.range()),
            Token::Attribute { local, value, span, .. } => {
                let value = value.map(|value| self.part(value));
                self.attribute(self.part(local).text, value, span.range())
            }
            Token::ElementEnd { end: ElementEnd::Open, .. } => self.opened(false),
            Token::ElementEnd { end: ElementEnd::Empty, .. } => self.opened(true),
            Token::ElementEnd { end: ElementEnd::Close(_, name), span } => {
                self.close(self.part(name).text, span.range())
            }
            Token::Text { text } => self.text(self.part(text)),
            Token::ConditionalCommentStart { .. } => {
                self.in_condition = true;
                Ok(())
            }
            Token::ConditionalCommentEnd { .. } => {
                self.in_condition = false;
                Ok(())
            }
            Token::Cdata { span, .. } => {
                Err(self.error(span.range(), "CDATA can't stand in a mail").help("write the text without it"))
            }
            _ => Ok(()),
        }
    }

    /// The MJML element in which what comes next stands.
    fn parent(&self) -> Option<&'static Component> {
        self.open.iter().rev().find_map(|open| open.component)
    }

    fn start(&mut self, name: &'m str, at: Range<usize>) -> Result<()> {
        let is_mjml = name == "mjml" || name.starts_with("mj-");
        let mut component = None;
        if self.parent().is_some_and(|parent| parent.name == "mj-attributes") {
            self.check_default(name, &at)?;
        } else if is_mjml {
            component = Some(self.known(name, &at)?);
            self.check_nesting(name, &at)?;
            self.seen.extend(component.map(|component| component.name));
        } else if self.parent().is_none_or(|parent| !parent.is_text) {
            let inside = self.parent().map_or("this place", |parent| parent.name);
            return Err(self
                .error(at, format!("<{name}> is HTML and can't stand in {inside} itself"))
                .help("put HTML inside <mj-text>, <mj-table> or <mj-raw>"));
        } else if let Some(parent) = self.parent().filter(|parent| matches!(parent.name, "mj-title" | "mj-preview")) {
            return Err(self
                .error(at, format!("{} takes words and no markup", parent.name))
                .help("leave the markup out; mail programs show only the words"));
        }
        self.element = Some((Open { name, at, component }, Vec::new()));
        Ok(())
    }

    fn known(&self, name: &str, at: &Range<usize>) -> Result<&'static Component> {
        if let Some((_, instead)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
            return Err(self.error(at.clone(), format!("<{name}> is not for templates of letterpress")).help(*instead));
        }
        find(name).ok_or_else(|| {
            let error = self.error(at.clone(), format!("MJML has no element <{name}>"));
            match did_you_mean(name, components::all().iter().map(|component| component.name)) {
                Some(likely) => error.help(format!("did you mean <{likely}>?")),
                None => error.help("HTML goes inside <mj-text> or <mj-raw>"),
            }
        })
    }

    /// In `mj-attributes` stand the names of elements, `mj-all` and `mj-class`.
    fn check_default(&self, name: &str, at: &Range<usize>) -> Result<()> {
        if let Some(open) = self.open.last().filter(|open| open.name != "mj-attributes") {
            let error = self.error(at.clone(), format!("<{name}> can't stand in <{}> of <mj-attributes>", open.name));
            return Err(error.help(format!("write the attributes on <{}> itself, and close it with />", open.name)));
        }
        if matches!(name, "mj-all" | "mj-class") || find(name).is_some() {
            return Ok(());
        }
        Err(self.known(name, at).err().unwrap_or_else(|| self.error(at.clone(), format!("<{name}> is unknown"))))
    }

    fn check_nesting(&self, name: &str, at: &Range<usize>) -> Result<()> {
        let Some(parent) = self.parent() else {
            if name == "mjml" {
                return Ok(());
            }
            return Err(self
                .error(at.clone(), format!("<{name}> stands outside of <mjml>"))
                .help("MJML begins with <mjml>"));
        };
        if parent.children.contains(&name) {
            return Ok(());
        }
        let parents: Vec<String> = components::all()
            .iter()
            .filter(|component| component.children.contains(&name))
            .map(|component| format!("<{}>", component.name))
            .collect();
        let error = self.error(at.clone(), format!("<{name}> can't stand in <{}>", parent.name));
        Err(if parents.is_empty() { error } else { error.help(format!("it stands in {}", parents.join(", "))) })
    }

    fn attribute(&mut self, name: &'m str, value: Option<Part<'m>>, at: Range<usize>) -> Result<()> {
        let Some((element, given)) = &mut self.element else { return Ok(()) };
        let in_defaults =
            self.open.last().and_then(|open| open.component).is_some_and(|open| open.name == "mj-attributes");
        if element.component.is_none() && !in_defaults {
            return Ok(());
        }
        let (element_name, component) = (element.name, element.component);
        if given.iter().any(|one| one.name == name) {
            return Err(self.error(at, format!("`{name}` is given twice")).help("keep one of the two"));
        }
        let Some(value) = value else {
            return Err(self.error(at, format!("`{name}` has no value")).help(format!("write {name}=\"…\"")));
        };
        let plain = self.tokens.plain(value.text);
        given.push(Given { name, value: plain.clone(), at: at.clone() });
        let forms = match component {
            Some(_) if EVERYWHERE.contains(&name) => {
                self.mend_class(name, value);
                return Ok(());
            }
            Some(component) => component.attribute(name).into_iter().collect(),
            None => default_forms(element_name, name),
        };
        if forms.is_empty() {
            return Err(self.unknown_attribute(element_name, component, name, at));
        }
        if let Some(instead) = unlike::instead(element_name, name, &plain) {
            return Err(self
                .error(at, format!("`{name}` of <{element_name}> comes out otherwise than in other renderers of MJML"))
                .help(instead));
        }
        self.value(name, value, &forms)
    }

    fn unknown_attribute(
        &self,
        element: &str,
        component: Option<&'static Component>,
        name: &str,
        at: Range<usize>,
    ) -> Diagnostic {
        let error = self.error(at, format!("<{element}> has no attribute `{name}`"));
        let known: Vec<&str> = match component.or_else(|| find(element)) {
            Some(component) => component.attributes().map(|(name, _)| name).chain(EVERYWHERE).collect(),
            None => components::all().iter().flat_map(|one| one.attributes().map(|(name, _)| name)).collect(),
        };
        match did_you_mean(name, known.iter().copied()) {
            Some(likely) => error.help(format!("did you mean `{likely}`?")),
            None if known.len() < 60 => error.help(format!("it has {}", known.join(", "))),
            None => error.help("no element of MJML has it"),
        }
    }

    /// A value of one of these forms; a merge field only where any text may stand.
    fn value(&mut self, name: &str, value: Part<'m>, forms: &[&'static Form]) -> Result<()> {
        let plain = self.tokens.plain(value.text);
        if forms.contains(&&Form::Text) {
            return Ok(());
        }
        if self.tokens.any_in(&plain) {
            return Err(self
                .error(value.range(), format!("a merge field can't stand in `{name}`"))
                .help("every reader's copy is laid out the same; use {% if %} to choose between layouts"));
        }
        let Some(form) = forms.iter().find(|form| form.fits(&plain)) else {
            return Err(self
                .error(value.range(), format!("`{plain}` is no value for `{name}`"))
                .help(format!("it takes {}", forms[0])));
        };
        if let Some(mended) = form.mended(&plain) {
            self.edits.push(value.range(), mended);
        }
        Ok(())
    }

    /// Of several classes mjml lets the last win and mrml the first.
    fn mend_class(&mut self, name: &str, value: Part<'m>) {
        let classes: Vec<&str> = value.text.split_ascii_whitespace().collect();
        if name == "mj-class" && classes.len() > 1 {
            let reversed: Vec<&str> = classes.into_iter().rev().collect();
            self.edits.push(value.range(), reversed.join(" "));
        }
    }

    fn opened(&mut self, closes_itself: bool) -> Result<()> {
        let Some((element, given)) = self.element.take() else { return Ok(()) };
        if element.component.is_some_and(|one| matches!(one.name, "mj-image" | "mj-social-element")) {
            self.check_picture(&element, &given)?;
        }
        match element.component {
            Some(component) => self.defaults.meet(component.name, &given),
            None if matches!(element.name, "mj-all" | "mj-class") => self.defaults.set(element.name, given),
            None => {}
        }
        let is_html = element.component.is_none();
        let needs_no_end = self.in_condition || VOID.contains(&element.name.to_ascii_lowercase().as_str());
        if !(closes_itself || is_html && needs_no_end) {
            self.open.push(element);
        }
        Ok(())
    }

    /// mjml writes an empty `alt`, mrml none; and where a network is named alone, mjml takes its picture from a server of its
    /// makers.
    fn check_picture(&mut self, element: &Open<'m>, given: &[Given<'m>]) -> Result<()> {
        let has = |name: &str| given.iter().any(|one| one.name == name);
        if element.name == "mj-social-element" && !has("src") {
            return Err(self
                .error(element.at.clone(), "this <mj-social-element> has no picture of its own")
                .help("write src=\"https://…\": those that MJML shows for a `name` lie on a stranger's server"));
        }
        if !has("alt") {
            self.edits.push(element.at.end..element.at.end, " alt=\"\"");
        }
        Ok(())
    }

    fn close(&mut self, name: &str, at: Range<usize>) -> Result<()> {
        let is_html = name != "mjml" && !name.starts_with("mj-");
        if is_html && (self.in_condition || VOID.contains(&name.to_ascii_lowercase().as_str())) {
            return Ok(());
        }
        match self.open.pop() {
            Some(open) if open.name == name => Ok(()),
            Some(open) => Err(self
                .error(open.at.clone(), format!("<{}> is not closed where </{name}> comes", open.name))
                .help(format!("write </{}> before it", open.name))),
            None => Err(self.error(at, format!("</{name}> closes nothing")).help("remove it")),
        }
    }

    fn text(&mut self, text: Part<'m>) -> Result<()> {
        let words = text.text.trim();
        let Some(parent) = self.parent().filter(|parent| !parent.is_text && !words.is_empty()) else { return Ok(()) };
        let start = text.start + (text.text.len() - text.text.trim_start().len());
        Err(self
            .error(start..start + words.len(), format!("words can't stand in <{}> itself", parent.name))
            .help("put them inside <mj-text>"))
    }

    fn end(&mut self) -> Result<()> {
        if let Some(open) = self.open.last() {
            return Err(self
                .error(open.at.clone(), format!("<{}> is not closed", open.name))
                .help(format!("write </{}> where it ends", open.name)));
        }
        if let Some(conflict) = self.defaults.conflict() {
            let (attribute, element) = (conflict.attribute, conflict.element);
            return Err(self
                .error(conflict.at, format!("`{attribute}`, set here for <{element}> too, comes out otherwise than in other renderers of MJML"))
                .help(format!("set it for the other elements one by one; for <{element}> {}", conflict.instead)));
        }
        for needed in ["mjml", "mj-body"] {
            if !self.seen.contains(needed) {
                return Err(self
                    .error(0..self.mjml.len().min(1), format!("there is no <{needed}>"))
                    .help("MJML is <mjml><mj-head>…</mj-head><mj-body>…</mj-body></mjml>"));
            }
        }
        Ok(())
    }

    /// The tokenizer stopped.
    fn unreadable(&self, ascii: &str, error: &htmlparser::Error) -> Diagnostic {
        let position = error.pos();
        let lines = usize::try_from(position.row).unwrap_or(1).saturating_sub(1);
        let start: usize = ascii.split_inclusive('\n').take(lines).map(str::len).sum();
        let columns = usize::try_from(position.col).unwrap_or(1).saturating_sub(1);
        let line = ascii.get(start..).unwrap_or_default();
        let at = self.mjml.floor_char_boundary(start + columns.min(line.len()));
        let end = self.mjml.ceil_char_boundary(at + 1);
        self.error(at..end, "this can't be read as MJML")
            .help("a `<` that begins no element is written &lt;, and a `&` &amp;")
    }
}

/// What an attribute may hold where defaults are set: of the element named, or of any.
fn default_forms(element: &str, name: &str) -> Vec<&'static Form> {
    static TEXT: Form = Form::Text;
    if matches!((element, name), ("mj-class", "name")) || EVERYWHERE.contains(&name) {
        return vec![&TEXT];
    }
    let of = |component: &'static Component| component.attribute(name);
    match find(element) {
        Some(component) => of(component).into_iter().collect(),
        None => components::all().iter().filter_map(of).collect(),
    }
}

#[cfg(test)]
mod tests;
