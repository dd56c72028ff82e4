//! Bare addresses in Markdown become links, as GitHub Flavored Markdown has it (section 6.9): `https://…`, `www.…` and mail
//! addresses. The Markdown is rewritten before it is parsed, so that `_` and `--` in an address are no emphasis and no dash.
//!
//! `www.` is linked with https, which is what such sites mean today.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::markdown::options;
use super::shifts::Edits;

/// The Markdown with bare addresses written as links.
pub fn link_bare(markdown: &str) -> Cow<'_, str> {
    if !["://", "www.", "WWW.", "@"].iter().any(|sign| markdown.contains(sign)) {
        return Cow::Borrowed(markdown);
    }
    let mut edits = Edits::default();
    let mut from = 0;
    for (range, limit) in texts(markdown) {
        let mut at = range.start.max(from);
        while at < range.end {
            if let Some((found, link)) = starting_at(markdown, at, limit).or_else(|| mail_at(markdown, at, limit, from))
            {
                at = found.end;
                from = found.end;
                edits.push(found, link);
            } else {
                at += markdown[at..].chars().next().map_or(1, char::len_utf8);
            }
        }
    }
    Cow::Owned(edits.apply(markdown).0)
}

/// The ranges of text that isn't in a link, in code or in HTML, each with the end of the block around it.
fn texts(markdown: &str) -> Vec<(Range<usize>, usize)> {
    let mut found = Vec::new();
    let mut blocks: Vec<usize> = Vec::new();
    let mut links = 0usize;
    for (event, range) in Parser::new_ext(markdown, options()).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_)) => links += 1,
            Event::End(TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock) => links = links.saturating_sub(1),
            Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough)
            | Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => {}
            Event::InlineHtml(html) if is_anchor(&html) => links += 1,
            Event::InlineHtml(html) if html.to_ascii_lowercase().starts_with("</a") => links = links.saturating_sub(1),
            Event::Start(_) => blocks.push(range.end),
            Event::End(_) => drop(blocks.pop()),
            Event::Text(_) if links == 0 => found.push((range, blocks.last().copied().unwrap_or(markdown.len()))),
            _ => {}
        }
    }
    found
}

fn is_anchor(html: &str) -> bool {
    let lower = html.to_ascii_lowercase();
    lower.starts_with("<a ") || lower.starts_with("<a>")
}

/// The address that begins here, and the link to write for it.
fn starting_at(text: &str, at: usize, limit: usize) -> Option<(Range<usize>, String)> {
    let rest = &text[at..limit.max(at)];
    let begins = |start: &str| rest.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
    let scheme = ["https://", "http://", "www."].into_iter().find(|start| begins(start))?;
    let before = text[..at].chars().next_back();
    if !before.is_none_or(|c| c.is_whitespace() || "*_~(\"'“‘„‚«»[>—–".contains(c)) {
        return None;
    }
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '`')).unwrap_or(rest.len());
    let address = trimmed(&rest[..end]);
    let domain_at = if scheme == "www." { 0 } else { scheme.len() };
    if address.len() <= scheme.len() || !is_domain(&address[domain_at..]) {
        return None;
    }
    let target = unescaped(address);
    let link =
        if scheme == "www." { format!("[{}](<https://{target}>)", escaped(&target)) } else { format!("<{target}>") };
    Some((at..at + address.len(), link))
}

/// What closes a sentence or a bracket around an address is no part of it.
fn trimmed(address: &str) -> &str {
    let mut address = address;
    loop {
        let shorter = address.trim_end_matches([
            '?', '!', '.', ',', ':', '*', '_', '~', '\'', '"', '”', '’', '“', '»', '«', '…', '。', '、', '|', '\\', ']',
        ]);
        let shorter = match shorter.strip_suffix(')') {
            Some(inner) if shorter.matches(')').count() > shorter.matches('(').count() => inner,
            _ => shorter,
        };
        let shorter = match shorter.strip_suffix(';').and_then(|inner| inner.rfind('&').map(|at| (inner, at))) {
            Some((inner, at))
                if at + 1 < inner.len() && inner[at + 1..].chars().all(|c| c.is_ascii_alphanumeric() || c == '#') =>
            {
                &inner[..at]
            }
            _ => shorter.trim_end_matches(';'),
        };
        if shorter.len() == address.len() {
            return address;
        }
        address = shorter;
    }
}

/// Whether an address goes on with a domain: at least two labels, and none of the last two with `_`.
fn is_domain(rest: &str) -> bool {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(rest.len());
    let labels: Vec<&str> = rest[..end].split('.').collect();
    labels.len() > 1
        && labels.iter().all(|label| !label.is_empty())
        && !labels.iter().rev().take(2).any(|label| label.contains('_'))
}

/// The mail address whose `@` stands here.
fn mail_at(text: &str, at: usize, limit: usize, from: usize) -> Option<(Range<usize>, String)> {
    let domain = text[at..limit.max(at)].strip_prefix('@')?;
    let before = &text[from.min(at)..at];
    let is_local = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let start = from.min(at) + before.trim_end_matches(is_local).len();
    let local = text[start..at].trim_start_matches(['_', '.', '-', '+']);
    let start = at - local.len();
    let previous = text[..start].chars().next_back();
    if local.is_empty() || previous.is_some_and(|c| c.is_alphanumeric() || matches!(c, ':' | '/' | '\\')) {
        return None;
    }
    let length =
        domain.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(domain.len());
    let domain = domain[..length].trim_end_matches('.');
    if !is_domain(domain) || domain.contains('_') || domain.ends_with('-') {
        return None;
    }
    Some((start..at + 1 + domain.len(), format!("<{local}@{domain}>")))
}

/// Without the backslashes that Markdown asks for.
fn unescaped(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    let mut chars = address.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.peek().is_some_and(char::is_ascii_punctuation) {
            continue;
        }
        out.push(c);
    }
    out
}

fn escaped(text: &str) -> String {
    let escape = |c: char| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.to_string() };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bare_addresses_become_links() {
        for (source, linked) in [
            ("see https://example.com/a_b_c--d now", "see <https://example.com/a_b_c--d> now"),
            ("(https://example.com/x).", "(<https://example.com/x>)."),
            ("https://example.com/a(b) c", "<https://example.com/a(b)> c"),
            ("https://example.com/?q=1&hl=en&copy;", "<https://example.com/?q=1&hl=en>&copy;"),
            ("**https://example.com**", "**<https://example.com>**"),
            ("www.example.com/a-b.", "[www\\.example\\.com\\/a\\-b](<https://www.example.com/a-b>)."),
            ("write ann.lee+x@example.org.", "write <ann.lee+x@example.org>."),
            ("| a | https://example.com/x |\n|-|-|\n", "| a | <https://example.com/x> |\n|-|-|\n"),
            ("http://example.com\nx", "<http://example.com>\nx"),
        ] {
            assert_eq!(link_bare(source), linked, "{source}");
        }
    }

    #[test]
    fn what_is_no_address_stays() {
        for source in [
            "`https://example.com`",
            "[https://example.com](https://example.com)",
            "<https://example.com>",
            "<a href=\"x\">https://example.com</a>",
            "```\nhttps://example.com\n```\n",
            "[x]: https://example.com\n",
            "https:// and www. and @ann a@b http://localhost",
            "xhttps://example.com",
            "https://a_b.example_x.com",
            "![a](https://example.com/a.png)",
        ] {
            assert_eq!(link_bare(source), source);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_gone_through(source in "(https://|www\\.|a@b\\.c|[().*_`<>&;\\\\|é \n]|example\\.com){0,20}") {
            let linked = link_bare(&source);
            prop_assert!(linked.len() >= source.len() - source.matches('\\').count());
        }
    }
}
