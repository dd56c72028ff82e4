//! Whether what an author put in braces means anything: a merge field, a value that articles know, or a name of the article's
//! own. Tera finds that out only where it goes, and takes an unknown name in a condition for "no".

use std::collections::BTreeSet;
use std::ops::Range;

use super::merge::identifiers;
use super::shifts::Source;
use super::tags::{Tag, TagKind, tags, unclosed};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};

/// What an article knows besides the names it sets itself.
const KNOWN: [&str; 9] =
    ["subscriber", "unsubscribe_url", "web_url", "publication", "article", "theme", "language", "dir", "loop"];

const WORDS: [&str; 14] =
    ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "null", "True", "False", "None"];

/// How braces are written that mean nothing.
pub const LITERALLY: &str = "to show the braces as they are, write {{ \"{{\" }} for them, or put the words in `code`";

/// Looks at every name in the tags of an author's text.
///
/// # Errors
/// The first that means nothing, and a tag that never ends.
pub fn check(source: &Source<'_>) -> Result<()> {
    let text: &str = &source.text;
    let found = tags(text);
    let own = own_names(text, &found);
    for tag in &found {
        let expression = tag.text(text);
        for at in identifiers(expression) {
            let name = &expression[at.clone()];
            if !is_value(expression, &at, tag) || KNOWN.contains(&name) || own.contains(name) {
                continue;
            }
            let place = source.place(tag.inner.start + at.start..tag.inner.start + at.end);
            return Err(unknown(name, tag.kind).at(place));
        }
    }
    let Some(at) = unclosed(text) else { return Ok(()) };
    let braces = &text[at..at + 2];
    Err(Diagnostic::error(format!("`{braces}` begins something that never ends"))
        .at(source.place(at..at + 2))
        .help(LITERALLY.replace("{{ \"{{\" }}", &format!("{{{{ \"{braces}\" }}}}"))))
}

fn unknown(name: &str, kind: TagKind) -> Diagnostic {
    let message = match kind {
        TagKind::Print => format!("`{name}` is no merge field and no shortcode"),
        TagKind::Block => format!("`{name}` means nothing here"),
    };
    let hint = match did_you_mean(name, KNOWN) {
        Some(likely) => format!("did you mean `{likely}`?"),
        None => format!("a field of the reader is written {{{{ subscriber.{name} }}}}"),
    };
    Diagnostic::error(message).help(hint).help(LITERALLY)
}

/// The names that a text sets itself: `{% set x = … %}`, `{% for k, v in … %}`.
fn own_names<'a>(text: &'a str, found: &[Tag]) -> BTreeSet<&'a str> {
    let mut own = BTreeSet::new();
    for tag in found.iter().filter(|tag| tag.kind == TagKind::Block) {
        let expression = tag.text(text);
        let end = match tag.keyword(text) {
            "set" | "set_global" => expression.find(['=', '|']).unwrap_or(expression.len()),
            "for" => expression.find(" in ").unwrap_or(0),
            _ => continue,
        };
        own.extend(identifiers(&expression[..end]).into_iter().skip(1).map(|at| &expression[at]));
    }
    own
}

/// Whether an identifier stands for a value: it is no keyword, attribute, filter, function, test or argument's name.
fn is_value(expression: &str, at: &Range<usize>, tag: &Tag) -> bool {
    let name = &expression[at.clone()];
    let before = expression[..at.start].trim_end();
    let after = expression[at.end..].trim_start();
    let is_statement = tag.kind == TagKind::Block
        && (at.start == 0 || ["filter", "endfilter", "block", "endblock", "macro", "component"].contains(&before));
    let is_argument =
        after.starts_with('=') && !after.starts_with("==") && !(tag.kind == TagKind::Block && before.is_empty());
    let is_test = before.ends_with(" is") || before.ends_with(" is not");
    !(WORDS.contains(&name)
        || name.starts_with(|c: char| c.is_ascii_digit())
        || before.ends_with(['.', '|'])
        || after.starts_with('(')
        || is_statement
        || is_argument
        || is_test)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Option<String> {
        check(&Source::as_written("a", text))
            .err()
            .map(|error| format!("{}: {}", error.place().unwrap(), error.message()))
    }

    #[test]
    fn what_means_something_passes() {
        for text in [
            "{{ subscriber.name | default(value=\"x\") }} {{ unsubscribe_url }} {{ \"{{\" }} {{ 1 + 2 }}",
            "{% if subscriber.plan == 'pro' and not subscriber.x is defined %}{% elif article.title %}{% endif %}",
            "{% for tag in subscriber.tags %}{{ tag }}{{ loop.index }}{% endfor %}{% set x = 1 %}{{ x | upper }}",
            "{% for k, v in article.extra %}{{ k }}{{ v }}{% endfor %}{% filter upper %}a{% endfilter %}",
            "{% set y %}a{% endset %}{{ y }}{# nothing #}{% raw %}{{ x }}{% endraw %}",
        ] {
            assert_eq!(wrong(text), None, "{text}");
        }
    }

    #[test]
    fn what_means_nothing_is_shown() {
        for (text, expected) in [
            ("a {{ name }}", "a:1:6: `name` is no merge field and no shortcode"),
            ("{% if subscribr.plan %}{% endif %}", "a:1:7: `subscribr` means nothing here"),
            ("{{ subscriber.name | default(value=nme) }}", "a:1:36: `nme` is no merge field and no shortcode"),
            ("x\n{{ open", "a:2:1: `{{` begins something that never ends"),
            ("{% if subscriber.x", "a:1:1: `{%` begins something that never ends"),
            ("a {# b", "a:1:3: `{#` begins something that never ends"),
        ] {
            assert_eq!(wrong(text).as_deref(), Some(expected), "{text}");
        }
    }
}
