//! Finished HTML made smaller without a change in what it says: white space in styles and between the parts of tables, and
//! comments in styles.
//!
//! Text is left as it is, and what Outlook alone reads too. Merge fields stand in text and in other attributes only, so no
//! reader's value is touched: the law of merging holds.

use super::markup::{Kind, segments};

/// Makes HTML smaller.
pub fn minify(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let segments = segments(html);
    let mut tag = "";
    let mut outlook = false;
    for (at, segment) in segments.iter().enumerate() {
        let text = &html[segment.range.clone()];
        match &segment.kind {
            Kind::Other => {
                if let Some(name) = tag_name(text) {
                    tag = name;
                } else if text.starts_with("<!") {
                    outlook = text.starts_with("<!--[if") && !text.ends_with("-->");
                    tag = "";
                }
                out.push_str(text);
            }
            Kind::Css if !outlook => out.push_str(&css(text)),
            // An entity has a semicolon of its own, and a quoted text its spaces.
            Kind::Attribute { name, .. } if name.eq_ignore_ascii_case("style") && !text.contains(['&', '"', '\'']) => {
                out.push_str(&css(text));
            }
            Kind::Text if !outlook && text.bytes().all(|byte| byte.is_ascii_whitespace()) => {
                let next = segments.get(at + 1).and_then(|next| tag_name(&html[next.range.clone()]));
                if !(AFTER.contains(&tag) && next.is_some_and(|next| BEFORE.contains(&next))) {
                    out.push_str(text);
                }
            }
            _ => out.push_str(text),
        }
    }
    out
}

/// Between one of these and one of the next, a table has no place for text.
const AFTER: [&str; 11] = ["table", "thead", "tbody", "tfoot", "tr", "/thead", "/tbody", "/tfoot", "/tr", "/td", "/th"];
const BEFORE: [&str; 11] = ["thead", "tbody", "tfoot", "tr", "td", "th", "/thead", "/tbody", "/tfoot", "/tr", "/table"];

/// The name of the tag that begins here, with its slash.
fn tag_name(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('<')?;
    let name = rest.strip_prefix('/').unwrap_or(rest);
    let length = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    rest.starts_with(|c: char| c == '/' || c.is_ascii_alphabetic()).then(|| &rest[..rest.len() - name.len() + length])
}

/// Makes a style sheet, or the declarations of one element, smaller.
fn css(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '/' if rest.starts_with("/*") => {
                // Behind its beginning: `/*/` begins a comment and does not end it.
                let Some((_, behind)) = rest[2..].split_once("*/") else {
                    out.push_str(rest);
                    break;
                };
                // Two names with nothing but a comment between them stay two.
                rest = behind;
                space(&mut out, rest);
                continue;
            }
            '"' | '\'' => quoted(rest, c),
            // What stands in an address or a function keeps its spaces.
            '(' => closed(rest),
            '\\' => c.len_utf8() + rest[1..].chars().next().map_or(0, char::len_utf8),
            c if c.is_ascii_whitespace() => {
                rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
                space(&mut out, rest);
                continue;
            }
            '}' => {
                while out.ends_with([';', ' ']) {
                    out.pop();
                }
                1
            }
            ':' if is_declaration(&rest[1..]) => {
                out.push(':');
                rest = rest[1..].trim_start_matches(|c: char| c.is_ascii_whitespace());
                continue;
            }
            _ => c.len_utf8(),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    while out.ends_with(';') {
        out.pop();
    }
    out
}

/// One space, where one is needed.
fn space(out: &mut String, rest: &str) {
    let after = out.chars().next_back();
    let is_needed = !after.is_none_or(|c| matches!(c, '{' | '}' | ';' | ',' | ' '))
        && !rest.starts_with(['{', '}', ';'])
        && !rest.is_empty();
    if is_needed {
        out.push(' ');
    }
}

/// The length of a quoted text with its quotes; all that is left when it isn't closed.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of what stands in brackets, with them; all that is left when they aren't closed.
fn closed(text: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '"' | '\'' => {
                at += quoted(&text[at..], c);
                continue;
            }
            _ => {}
        }
        at += c.len_utf8();
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Whether what follows a colon is a value, and not the rest of a selector.
fn is_declaration(after: &str) -> bool {
    let end = after.find(['{', ';', '}']);
    end.is_none_or(|end| !after[end..].starts_with('{'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn styles_lose_their_white_space_and_keep_their_meaning() {
        for (given, expected) in [
            (
                "a { color : red ; }\n  b c > d , e { margin: 0  auto !important }\n",
                "a{color :red}b c > d ,e{margin:0 auto !important}",
            ),
            ("a :hover, a:not( .b ) { x: y }", "a :hover,a:not( .b ){x:y}"),
            ("@media (max-width: 480px) {\n .a { b: c; }\n}", "@media (max-width: 480px){.a{b:c}}"),
            (
                "a { content: \"; }  : \"; b: url( x y ); width: calc(1px + 2px) }",
                "a{content:\"; }  : \";b:url( x y );width:calc(1px + 2px)}",
            ),
            ("a/* x */b { } /* y */", "a b{}"),
            ("a { } /*/ b { c: d } /*/ e { }", "a{}e{}"),
            ("margin: 0 0 20px; color: #fff;", "margin:0 0 20px;color:#fff"),
            ("a { content: \"open", "a{content:\"open"),
            ("@import url(x) ; /* open", "@import url(x);/* open"),
        ] {
            assert_eq!(css(given), expected);
        }
    }

    #[test]
    fn text_outlook_and_entities_are_left_alone() {
        let kept = "<p>a  b</p>\n<!--[if mso]> <style>a { b: c }</style> <table> <tr> <![endif]--><p style=\"font: &quot;a: b&quot;\"> </p>";
        assert_eq!(minify(kept), kept);
        assert_eq!(
            minify("<pre>\n a\n</pre> <b>x</b> <i style=\"a: b;\">y</i>"),
            "<pre>\n a\n</pre> <b>x</b> <i style=\"a:b\">y</i>"
        );
        assert_eq!(
            minify("<table class=\"x\">\n<tr>\n <td> a </td>\n</tr>\n</table>\n<p>b</p>"),
            "<table class=\"x\"><tr><td> a </td></tr></table>\n<p>b</p>"
        );
    }

    #[test]
    fn a_less_than_sign_before_a_letter_beyond_ascii_begins_no_tag() {
        for text in ["<table> <❤", "<é", "<", "</❤>", "<tr>\n<é>"] {
            assert_eq!(minify(text), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_small_stays_as_it_is_and_nothing_panics(html in "[ -~\\n❤é]{0,80}", css_text in "[a-c {}:;,()\"'/*\\\\\\n@#é]{0,60}") {
            minify(&html);
            let once = css(&css_text);
            prop_assert!(once.len() <= css_text.len());
            minify(&format!("<style>{css_text}</style><table> <tr style=\"{css_text}\"> <td>"));
        }
    }
}
