//! Front matter as TOML text: how `new` and `import` write an article's file.

use std::fmt::Write as _;

use serde_json::Value;

use super::front_matter::Images;
use super::{Attached, FrontMatter};

impl FrontMatter {
    /// The front matter between its fences; what was left out stays out.
    pub fn to_toml(&self) -> String {
        let mut out = String::from("+++\n");
        let mut line = |key: &str, value: &dyn std::fmt::Display| {
            let _ = writeln!(out, "{key} = {value}");
        };
        if let Some(title) = &self.title {
            line("title", &quoted(title));
        }
        if let Some(test) = &self.test {
            let list = |items: Vec<String>| format!("[{}]", items.join(", "));
            line("subject", &list(test.subjects.iter().map(|subject| basic(subject)).collect()));
            line("share", &list(test.shares.iter().map(f64::to_string).collect()));
        } else if let Some(subject) = &self.subject {
            line("subject", &quoted(subject));
        }
        for (key, text) in [("preheader", &self.preheader), ("author", &self.author)] {
            if let Some(text) = text {
                line(key, &quoted(text));
            }
        }
        if let Some(date) = self.date {
            line("date", &date);
        }
        for (key, text) in [("slug", &self.slug), ("language", &self.language), ("segment", &self.segment)] {
            if let Some(text) = text {
                line(key, &quoted(text));
            }
        }
        if let Some(images) = self.images {
            line("images", &quoted(if images == Images::Link { "link" } else { "embed" }));
        }
        if let Some(lead) = &self.image {
            line("image", &quoted(&lead.file));
            lead.alt.iter().for_each(|alt| line("image_alt", &quoted(alt)));
        }
        if !self.attachments.is_empty() {
            let item = |it: &Attached| match &it.name {
                Some(name) => format!("{{file = {}, name = {}}}", quoted(&it.file), quoted(name)),
                None => quoted(&it.file),
            };
            line("attachments", &format!("[{}]", self.attachments.iter().map(item).collect::<Vec<_>>().join(", ")));
        }
        if !self.stories.is_empty() {
            let slugs: Vec<String> = self.stories.iter().map(|slug| quoted(slug)).collect();
            line("stories", &format_args!("[{}]", slugs.join(", ")));
        }
        if self.draft {
            line("draft", &true);
        }
        if !self.extra.is_empty() {
            out.push_str("\n[extra]\n");
            for (key, value) in &self.extra {
                if let Some(value) = in_line(value) {
                    let _ = writeln!(out, "{} = {value}", key_form(key));
                }
            }
        }
        out.push_str("+++\n");
        out
    }
}

/// A text of one line as a TOML string, in the quotes that suit it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A value in one line: a text of several lines could hold one that looks like the closing fence. TOML has no null;
/// such a value is left out.
fn in_line(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(b) => b.to_string(),
        Value::Number(n) if n.is_u64() && !n.is_i64() => basic(&n.to_string()),
        Value::Number(n) => n.to_string(),
        Value::String(text) => basic(text),
        Value::Array(items) => format!("[{}]", items.iter().filter_map(in_line).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| Some(format!("{} = {}", key_form(key), in_line(value)?));
            format!("{{ {} }}", map.iter().filter_map(entry).collect::<Vec<_>>().join(", "))
        }
    })
}

fn key_form(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if bare { key.to_owned() } else { basic(key) }
}

/// A basic string of TOML.
fn basic(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::super::SubjectTest;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn everything_written_is_read_back() {
        let front = FrontMatter {
            title: Some("Say \"it's\" \\ {{ now }}".into()),
            subject: Some("s".into()),
            test: None,
            preheader: Some("p".into()),
            author: Some("名前".into()),
            date: Some(jiff::civil::date(2026, 11, 22)),
            slug: Some("a-b".into()),
            language: Some("de".into()),
            draft: true,
            segment: Some("city = \"Rome\"".into()),
            images: Some(Images::Link),
            image: None,
            attachments: Vec::new(),
            stories: vec!["one".into(), "two-three".into()],
            extra: serde_json::from_str(
                r#"{"a": {"b": [1, 2.5, "x", true]}, "": "empty", "d.e": "+++ not alone", "f": "+++\n+++\r\u0000\u007f", "g": {}, "h": [[], {}]}"#,
            )
            .unwrap(),
        };
        let (read, end) =
            FrontMatter::parse("a.md", &front.to_toml()).unwrap_or_else(|e| panic!("{}", e.render(false)));
        assert_eq!(read, front);
        assert_eq!(end, front.to_toml().len());
        let subjects = vec!["s".to_owned(), "'t' \"u\"".to_owned(), "v".to_owned()];
        let test = Some(SubjectTest { subjects, shares: vec![50.0, 30.5, 19.5] });
        let several = FrontMatter { test, ..front };
        assert_eq!(FrontMatter::parse("a.md", &several.to_toml()).unwrap().0, several);
    }

    #[test]
    fn what_goes_with_the_article_is_written_too() {
        let text = "+++\ntitle = \"T\"\nimage = \"a b.jpg\"\nimage_alt = \"\"\nattachments = [\"a.pdf\", {file = \"b\", name = \"c.pdf\"}]\n+++\n";
        assert_eq!(FrontMatter::parse("a.md", text).unwrap().0.to_toml(), text);
        let yaml =
            "---\ntitle: T\nimage: a b.jpg\nimage_alt: ''\nattachments:\n- a.pdf\n- file: b\n  name: c.pdf\n---\n";
        assert_eq!(FrontMatter::parse("a.md", yaml).unwrap().0.to_toml(), text);
        for (written, place) in
            [("[1]", "3:16"), ("['a', {name = 'x'}]", "3:21"), ("[{file = 'a', nam = 'b'}]", "3:16")]
        {
            let source = format!("+++\ntitle = 'T'\nattachments = {written}\n+++\n");
            let error = FrontMatter::parse("a.md", &source).unwrap_err().render(false);
            assert!(error.contains(place), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_title_survives(title in "[^\\p{C}]{1,40}") {
            let title = title.trim();
            prop_assume!(!title.is_empty() && title.chars().all(super::super::front_matter::fits_in_a_line));
            let front = FrontMatter { title: Some(title.into()), ..FrontMatter::default() };
            prop_assert_eq!(FrontMatter::parse("a.md", &front.to_toml()).unwrap().0, front);
        }
    }
}
