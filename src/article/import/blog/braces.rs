//! Template code in Markdown of other programs: Hugo's and Zola's shortcodes, Jekyll's Liquid. A few have a plain form
//! in Markdown and get it; all others come out as they are written, letter by letter, and are named with their line.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::super::{Note, beginning};

/// What a piece of the source is to Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    Html,
}

/// The Markdown with nothing in it that a template would act on; `first` is the line that it begins on.
pub(super) fn literal(source: &str, first: usize, notes: &mut Vec<Note>) -> String {
    let source = highlighted(source);
    let places = places(&source);
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while let Some(start) = next(&source, at) {
        out.push_str(&source[at..start]);
        let place = places.get(places.partition_point(|(range, _)| range.end <= start));
        let place = place.filter(|(range, _)| range.contains(&start));
        if let Some((range, Place::Code)) = place {
            out.push_str(&source[start..range.end]);
            at = range.end;
            continue;
        }
        let line = first + source[..start].matches('\n').count();
        match tag(&source[start..]) {
            Some((inside, length)) => {
                let whole = &source[start..start + length];
                match known(inside) {
                    Some(plain) => out.push_str(&plain),
                    None => {
                        notes.push(Note::at(
                            line,
                            format!("`{}` means nothing here: kept as text", beginning(whole, 12)),
                        ));
                        push_literal(&mut out, whole, place.is_some());
                    }
                }
                at = start + length;
            }
            None => {
                // The whole run: its last brace must not begin anything with what follows.
                let run = source[start..].bytes().take_while(|byte| b"{%#".contains(byte)).count();
                push_literal(&mut out, &source[start..start + run], place.is_some());
                at = start + run;
            }
        }
    }
    out.push_str(&source[at..]);
    out
}

/// Where template code begins next.
fn next(source: &str, from: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    (from..bytes.len().saturating_sub(1)).find(|&n| bytes[n] == b'{' && matches!(bytes[n + 1], b'{' | b'%' | b'#'))
}

/// Code and HTML, in order.
fn places(source: &str) -> Vec<(Range<usize>, Place)> {
    let mut out: Vec<(Range<usize>, Place)> = Vec::new();
    for (event, range) in Parser::new_ext(source, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES).into_offset_iter()
    {
        match event {
            Event::Code(_) | Event::Start(Tag::CodeBlock(_)) => out.push((range, Place::Code)),
            Event::InlineHtml(_) | Event::Html(_) => out.push((range, Place::Html)),
            _ => {}
        }
    }
    out.sort_by_key(|(range, _)| range.start);
    out
}

/// What stands in a tag that begins here, and how long the tag is: at most a few lines.
fn tag(source: &str) -> Option<(&str, usize)> {
    const FORMS: [(&str, &str); 5] = [("{{<", ">}}"), ("{{%", "%}}"), ("{%", "%}"), ("{{", "}}"), ("{#", "#}")];
    let (open, close) = FORMS.into_iter().find(|(open, _)| source.starts_with(open))?;
    let end = source.char_indices().map(|(at, _)| at).take_while(|at| *at < 2000).last().unwrap_or(0);
    let length = source[open.len()..end.max(open.len())]
        .find(close)
        .or_else(|| (source.len() <= 2000).then(|| source[open.len()..].find(close)).flatten())?;
    let inside = source[open.len()..open.len() + length].trim_matches(['-', ' ', '\n', '\t']);
    Some((inside, open.len() + length + close.len()))
}

/// What a tag says in plain Markdown.
fn known(inside: &str) -> Option<String> {
    let inside = inside.trim_start_matches('/').trim();
    if matches!(inside, "site.url" | "site.baseurl" | "raw" | "endraw") {
        return Some(String::new());
    }
    if let Some((path, filter)) = inside.split_once('|')
        && matches!(filter.trim(), "relative_url" | "absolute_url")
    {
        return Some(path.trim().trim_matches(['"', '\'']).to_owned());
    }
    let named = |name: &str| {
        let rest = inside.strip_prefix(name)?;
        rest.starts_with([' ', '(', '\n']).then(|| arguments(rest))
    };
    let safe = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    for (name, site, address) in [
        ("youtube", "YouTube", "https://www.youtube.com/watch?v="),
        ("vimeo", "Vimeo", "https://vimeo.com/"),
        ("gist", "", ""),
    ] {
        let Some(values) = named(name) else { continue };
        let id = get(&values, "id").or_else(|| get(&values, ""))?;
        return (safe(id) && !site.is_empty()).then(|| format!("[Video on {site}]({address}{id})"));
    }
    let values = named("figure")?;
    let source = get(&values, "src").filter(|source| !source.contains(['{', ' ', '(', ')', '<', '>']))?;
    let words = |name: &str| get(&values, name).filter(|text| !text.contains(['{', '[', ']', '<', '*', '\\', '\n']));
    let picture = format!("![{}]({source})", words("alt").unwrap_or_default());
    Some(match words("caption").or_else(|| words("title")) {
        Some(caption) => format!("{picture}\n\n*{caption}*"),
        None => picture,
    })
}

fn get<'a>(values: &'a [(String, String)], name: &str) -> Option<&'a str> {
    values.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Arguments as Hugo, Liquid and Zola write them: `key="value"`, `key=value`, or a value alone.
fn arguments(text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut rest = text.trim_start_matches(['(', ' ', ',', '\n']).trim_end_matches([')', ' ', '/']);
    while !rest.is_empty() && out.len() < 50 {
        let end = rest.find(['=', ' ', '"', ',', '\n']).unwrap_or(rest.len());
        let key = if rest[end..].starts_with('=') { rest[..end].trim() } else { "" };
        let value = if key.is_empty() { rest } else { &rest[end + 1..] };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
        let (value, after) = match quote {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value.split_at(value.find([' ', ',', '\n']).unwrap_or(value.len())),
        };
        out.push((key.to_owned(), value.to_owned()));
        rest = after.trim_start_matches([' ', ',', '\n', '\t']);
    }
    out
}

fn push_literal(out: &mut String, text: &str, html: bool) {
    for c in text.chars() {
        match c {
            '{' | '%' | '#' if out.ends_with('{') && html => {
                out.push_str(match c {
                    '{' => "&#123;",
                    '%' => "&#37;",
                    _ => "&#35;",
                });
                continue;
            }
            '{' | '%' | '#' if out.ends_with('{') => out.push('\\'),
            // `{{< x >}}` must not become an element, nor its quotes a mark.
            '<' if !html => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
}

/// Blocks of Liquid's and Hugo's `highlight` as fenced code.
fn highlighted(source: &str) -> String {
    if !source.contains("highlight") {
        return source.to_owned();
    }
    let mut out = String::with_capacity(source.len());
    let mut fence: Option<char> = None;
    for line in source.split_inclusive('\n') {
        let text = line.trim();
        let mark = text.chars().next().filter(|c| matches!(c, '`' | '~') && text.starts_with(&c.to_string().repeat(3)));
        if mark.is_some() && (fence.is_none() || fence == mark) {
            fence = if fence.is_some() { None } else { mark };
        }
        let inside = ["{%", "{{<", "{{%"].iter().find_map(|open| text.strip_prefix(open));
        let inside = inside.map(|rest| rest.trim_end_matches(['%', '}', '>']).trim()).unwrap_or_default();
        let end = line.len() - line.trim_end_matches('\n').len();
        let end = &line[line.len() - end..];
        match inside.split_whitespace().collect::<Vec<_>>()[..] {
            ["highlight", language, ..] if fence.is_none() && text.ends_with('}') => {
                out.push_str(&format!("```{language}{end}"));
            }
            ["endhighlight" | "/highlight"] | ["/", "highlight"] if fence.is_none() => {
                out.push_str(&format!("```{end}"))
            }
            _ => out.push_str(line),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::super::escape;
    use super::*;
    use proptest::prelude::*;

    fn plain(source: &str) -> (String, Vec<String>) {
        let mut notes = Vec::new();
        (literal(source, 1, &mut notes), notes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_has_a_plain_form_gets_it() {
        for (source, expected) in [
            ("{{< youtube abc-1 >}}", "[Video on YouTube](https://www.youtube.com/watch?v=abc-1)"),
            ("{{ youtube(id=\"abc\") }}", "[Video on YouTube](https://www.youtube.com/watch?v=abc)"),
            ("{{< vimeo id=12 >}}", "[Video on Vimeo](https://vimeo.com/12)"),
            ("{{< figure src=\"/a.png\" alt=\"An a\" caption=\"The a\" >}}", "![An a](/a.png)\n\n*The a*"),
            ("![x]({{ site.baseurl }}/a.png)", "![x](/a.png)"),
            ("![x]({{ '/a.png' | relative_url }})", "![x](/a.png)"),
            ("{% highlight rust %}\nlet a = 1;\n{% endhighlight %}\n", "```rust\nlet a = 1;\n```\n"),
            ("`{{ a }}`\n\n    {% b %}\n", "`{{ a }}`\n\n    {% b %}\n"),
        ] {
            assert_eq!(plain(source), (expected.to_owned(), vec![]), "{source}");
        }
    }

    #[test]
    fn all_else_is_kept_as_text_and_named() {
        let (text, notes) = plain("One\n\n{{< note >}} two {{< /note >}} {% include x.html %} {{ page.title }}");
        assert_eq!(text, "One\n\n{\\{\\< note >}} two {\\{\\< /note >}} {\\% include x.html %} {\\{ page.title }}");
        assert_eq!(notes.len(), 4);
        assert_eq!(notes[0], "line 3: `{{< note >}}` means nothing here: kept as text");
        assert_eq!(plain("<b title=\"{{ x }}\">").0, "<b title=\"{&#123; x }}\">");
        assert_eq!(plain("{{{ {{").0, "{\\{\\{ {\\{");
    }

    proptest! {
        #[test]
        fn nothing_outside_code_is_left_to_a_template(source in "[{}%#<> a`\n/\"=é]{0,60}") {
            let (text, _) = plain(&source);
            let code: Vec<_> = places(&text).into_iter().filter(|(_, place)| *place == Place::Code).collect();
            let mut rest = String::new();
            let mut at = 0;
            for (range, _) in code {
                if range.start >= at {
                    rest.push_str(&text[at..range.start]);
                    rest.push(' ');
                    at = range.end;
                }
            }
            rest.push_str(&text[at..]);
            prop_assert!(!escape::has_template(&rest), "{:?} became {:?}", source, text);
        }
    }
}
