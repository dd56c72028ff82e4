//! What a shortcode takes, as its template says in a comment at its very beginning: `{# button(url: url, text, align="center") #}`.
//!
//! A parameter may have a kind (text when none is named) and a default; one without a default must be given. `body` among
//! the parameters means that the shortcode has a body, which is Markdown.

use serde_json::{Value as Json, json};

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// An address that leads somewhere from a mailbox.
    Url,
    /// An image beside the article, or an https address.
    Image,
    Number,
    /// `true` or `false`.
    Flag,
}

impl Kind {
    const ALL: [(&'static str, Kind); 5] = [
        ("text", Kind::Text),
        ("url", Kind::Url),
        ("image", Kind::Image),
        ("number", Kind::Number),
        ("flag", Kind::Flag),
    ];
}

#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub kind: Kind,
    pub default: Option<Json>,
}

impl Parameter {
    /// What a template gets when the argument is left out.
    pub fn default(&self) -> Json {
        match (self.kind, &self.default) {
            (Kind::Image, _) => json!({"url": "", "width": 0, "height": 0, "shown": 0, "link": ""}),
            (_, Some(value)) => value.clone(),
            (_, None) => Json::from(""),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Signature {
    pub parameters: Vec<Parameter>,
    pub has_body: bool,
}

impl Signature {
    /// Reads the signature of `name` from its template.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(name: &str, template: &str) -> Result<Signature, String> {
        let missing = || format!("does not begin with its signature {{# {name}(…) #}}");
        let comment = template.trim_start().strip_prefix("{#").ok_or_else(missing)?;
        let comment = comment.trim_start_matches('-').trim_start();
        let rest = comment.strip_prefix(name).map(str::trim_start).and_then(|rest| rest.strip_prefix('('));
        let mut rest = rest.ok_or_else(missing)?.trim_start();
        let mut signature = Signature::default();
        while let Some(after) = parameter(rest, &mut signature)? {
            rest = after;
        }
        Ok(signature)
    }

    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

/// Reads one parameter and what separates it from the next; `None` after the closing bracket.
fn parameter<'a>(rest: &'a str, signature: &mut Signature) -> Result<Option<&'a str>, String> {
    if rest.starts_with(')') {
        return Ok(None);
    }
    let (name, rest) = word(rest);
    if name.is_empty() {
        return Err(format!("has a signature that can't be read from `{}` on", beginning(rest)));
    }
    let mut rest = rest.trim_start();
    let mut kind = Kind::Text;
    if let Some(after) = rest.strip_prefix(':') {
        let (wanted, after) = word(after.trim_start());
        kind = Kind::ALL.iter().find(|(known, _)| *known == wanted).map(|(_, kind)| *kind).ok_or_else(|| {
            format!("has a parameter `{name}` of the kind `{wanted}`; there are text, url, image, number and flag")
        })?;
        rest = after.trim_start();
    }
    let mut default = None;
    if let Some(after) = rest.strip_prefix('=') {
        let (value, after) = literal(after.trim_start())
            .ok_or_else(|| format!("has a default for `{name}` that is no text, number, true or false"))?;
        default = Some(value);
        rest = after.trim_start();
    }
    if name == "body" {
        signature.has_body = true;
    } else {
        signature.parameters.push(Parameter { name: name.to_owned(), kind, default });
    }
    match rest.strip_prefix(',') {
        Some(after) => Ok(Some(after.trim_start())),
        None if rest.starts_with(')') => Ok(Some(rest)),
        None => Err(format!("has a signature that can't be read from `{}` on", beginning(rest))),
    }
}

/// A name at the start and what follows it.
pub fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    text.split_at(end)
}

fn literal(text: &str) -> Option<(Json, &str)> {
    if let Some(inner) = text.strip_prefix('"') {
        let (value, rest) = inner.split_once('"')?;
        return Some((Json::from(value), rest));
    }
    let end = text.find([',', ')', ' ', '\n']).unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    serde_json::from_str(value).ok().filter(|value: &Json| value.is_number() || value.is_boolean()).map(|v| (v, rest))
}

fn beginning(text: &str) -> String {
    text.chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_read() {
        let read = |text| Signature::parse("x", text);
        let all = read("{#- x(body, a, b: url, c=\"d, e\", f: number = 24, g: flag=true) -- words -#}\n<p>").unwrap();
        assert!(all.has_body);
        let names: Vec<&str> = all.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "f", "g"]);
        assert_eq!(all.parameter("b").unwrap().kind, Kind::Url);
        assert_eq!(all.parameter("c").unwrap().default, Some(Json::from("d, e")));
        assert_eq!(all.parameter("f").unwrap().default, Some(Json::from(24)));
        assert_eq!(read("{# x() #}").unwrap(), Signature::default());
    }

    #[test]
    fn mistakes_in_signatures_are_named() {
        for (text, message) in [
            ("<p>", "does not begin"),
            ("{# y() #}", "does not begin"),
            ("{# x(a: colour) #}", "`colour`"),
            ("{# x(a=b) #}", "default for `a`"),
            ("{# x(a b) #}", "from `b)"),
            ("{# x(a", "can't be read"),
            ("{# x(,) #}", "can't be read"),
        ] {
            let error = Signature::parse("x", text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
