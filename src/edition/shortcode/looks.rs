//! What a shortcode's templates do with their arguments, which decides whether a merge field in one can be a gap.
//!
//! A gap is filled after the setting, so nothing may have looked at it: an argument that is only printed may hold gaps, one
//! that is compared or filtered may not, and one that is merely asked for (`{% if caption %}`) may where it is never empty.

use std::collections::BTreeSet;

use super::signature::{Kind, Signature};
use crate::edition::merge::{captures_after, gap_of, identifiers};
use crate::edition::tags::{TagKind, tags};

/// The arguments that templates look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looks {
    /// At what is in them.
    into: BTreeSet<String>,
    /// Only at whether they are empty.
    whether: BTreeSet<String>,
}

impl Looks {
    /// Reads a shortcode's templates.
    pub fn of(templates: &[&str], signature: &Signature) -> Looks {
        let mut looks = Looks::default();
        // An address that may be left out is none when it is empty, and one that leads nowhere when it is something else.
        let optional =
            signature.parameters.iter().filter(|parameter| parameter.kind == Kind::Url && parameter.default.is_some());
        looks.whether.extend(optional.map(|parameter| parameter.name.clone()));
        for template in templates {
            let mut captures = 0;
            for tag in tags(template) {
                captures = captures_after(&tag, template, captures);
                let text = tag.text(template);
                let mentions = identifiers(text);
                let every = tag.keyword(template) == "include"
                    || mentions.iter().any(|at| &text[at.clone()] == "__tera_context");
                for name in signature.parameters.iter().map(|parameter| &parameter.name) {
                    let is_mentioned = mentions
                        .iter()
                        .any(|at| text[at.clone()] == **name && !text[..at.start].trim_end().ends_with('.'));
                    if every {
                        looks.into.insert(name.clone());
                    } else if is_mentioned && (captures > 0 || !(tag.kind == TagKind::Print && text == name)) {
                        let kind =
                            if captures == 0 && asks_only(text, name) { &mut looks.whether } else { &mut looks.into };
                        kind.insert(name.clone());
                    }
                }
            }
        }
        looks
    }

    /// Whether a merge field in this argument, written so, would be looked at.
    pub fn at(&self, name: &str, written: &str) -> bool {
        self.into.contains(name) || (self.whether.contains(name) && !is_never_empty(written))
    }
}

/// `if name`, `elif not name`.
fn asks_only(text: &str, name: &str) -> bool {
    let condition = text.strip_prefix("if ").or_else(|| text.strip_prefix("elif ")).map(str::trim);
    condition.map(|condition| condition.strip_prefix("not ").map_or(condition, str::trim)) == Some(name)
}

/// Whether an argument says something whatever the reader's fields are.
fn is_never_empty(written: &str) -> bool {
    if written.contains("{%") || written.contains("{#") {
        return false;
    }
    let mut around = String::new();
    let mut from = 0;
    for tag in tags(written) {
        around.push_str(&written[from..tag.range.start]);
        from = tag.range.end;
        if gap_of(tag.text(written)).is_some_and(|(_, default)| default.is_some_and(|default| !default.is_empty())) {
            return true;
        }
    }
    around.push_str(&written[from..]);
    !around.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_printed_is_not_looked_at() {
        let signature = Signature::parse("x", "{# x(a, b, c, d, e) #}").unwrap();
        let looks = Looks::of(
            &[
                "{{ a }}{% if b %}{{ b }}{% endif %}{{ c | upper }}{{ x.a }}",
                "{% filter upper %}{{ d }}{% endfilter %}{% if e == \"1\" %}{% endif %}",
            ],
            &signature,
        );
        let gap = "{{ subscriber.name }}";
        assert_eq!(["a", "b", "c", "d", "e"].map(|name| looks.at(name, gap)), [false, true, true, true, true]);
        assert!(!looks.at("b", "Dear {{ subscriber.name }}"));
        assert!(!looks.at("b", "{{ subscriber.name | default(value=\"friend\") }}"));
        assert!(looks.at("b", "{% if x %}a{% endif %} {{ subscriber.name }}"));
        assert!(Looks::of(&["{% include \"y.mjml\" %}"], &signature).at("a", gap));
    }
}
