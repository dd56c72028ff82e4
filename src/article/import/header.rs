//! Header lines without fences, as Pelican writes them: `Title: …`, `Date: …`, then an empty line.

use serde_json::{Map, Value};

/// The keys that such a header is known by.
const KEYS: [&str; 17] = [
    "title",
    "subtitle",
    "date",
    "modified",
    "category",
    "tags",
    "slug",
    "author",
    "authors",
    "summary",
    "status",
    "lang",
    "template",
    "keywords",
    "description",
    "save_as",
    "url",
];

/// Reads the header: its keys in small letters, in order, and where the text after it begins. `None` when the text
/// begins with something else: a header has a title and one more known key, and nothing that is no key.
pub(super) fn header(source: &str) -> Option<(Map<String, Value>, usize)> {
    let mut keys: Map<String, Value> = Map::new();
    let mut last: Option<String> = None;
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let text = line.trim_end();
        if text.trim().is_empty() {
            break;
        }
        if let (Some(key), true) = (&last, text.starts_with([' ', '\t'])) {
            let Some(Value::String(value)) = keys.get_mut(key) else { return None };
            value.push(' ');
            value.push_str(text.trim());
        } else {
            let (key, value) = text.split_once(':')?;
            let named = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
            if !named || !(value.is_empty() || value.starts_with([' ', '\t'])) {
                return None;
            }
            let key = key.to_ascii_lowercase();
            keys.insert(key.clone(), Value::String(value.trim().to_owned()));
            last = Some(key);
        }
        at += line.len();
    }
    let known = keys.keys().filter(|key| KEYS.contains(&key.as_str())).count();
    (keys.contains_key("title") && known >= 2).then_some((keys, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_lines_are_known_by_their_keys() {
        let (keys, end) =
            header("Title: Far: and near\nDate: 2020-01-02\nTags: a, b,\n    c\nMood: calm\n\nText\n").unwrap();
        assert_eq!(keys["title"], "Far: and near");
        assert_eq!(keys["tags"], "a, b, c");
        assert_eq!(keys["mood"], "calm");
        assert_eq!(end, 67);
        for text in [
            "Title: alone\n\nx",
            "Hello: you\nand others\n",
            "Title: x\nDate: y\nplain words\n",
            "",
            "Title:x\nDate:y\n",
        ] {
            assert!(header(text).is_none(), "{text}");
        }
    }
}
