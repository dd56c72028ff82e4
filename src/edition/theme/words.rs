//! The fixed words of the themes, which templates find as `words.KEY`, in the language of the article.
//!
//! `[theme.words]` replaces them for every language, `[theme.words.de]` for one.

use serde_json::{Map, Value as Json};

/// The words by key. A template that needs others takes them from `theme.extra`.
pub const KEYS: [&str; 5] = ["unsubscribe", "on_the_web", "web_site", "read_more", "in_this_issue"];

type Words = [&'static str; KEYS.len()];

const ENGLISH: Words = ["Unsubscribe", "Read on the web", "Web site", "Read more", "In this issue"];

const LANGUAGES: [(&str, Words); 6] = [
    ("en", ENGLISH),
    ("de", ["Abmelden", "Im Browser lesen", "Website", "Weiterlesen", "In dieser Ausgabe"]),
    ("fr", ["Se désabonner", "Lire en ligne", "Site web", "Lire la suite", "Dans ce numéro"]),
    ("es", ["Darse de baja", "Leer en la web", "Sitio web", "Seguir leyendo", "En este número"]),
    ("ar", ["إلغاء الاشتراك", "القراءة على الويب", "الموقع", "متابعة القراءة", "في هذا العدد"]),
    ("ja", ["配信停止", "ウェブで読む", "ウェブサイト", "続きを読む", "今号の内容"]),
];

/// The words of a language, those of the settings over ours. A language that we don't have reads English.
pub fn of(language: &str, settings: &toml::Table) -> Map<String, Json> {
    let primary = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let ours = LANGUAGES.iter().find(|(known, _)| *known == primary).map_or(&ENGLISH, |(_, words)| words);
    let mut words: Map<String, Json> =
        KEYS.iter().zip(ours).map(|(key, word)| ((*key).to_owned(), Json::from(*word))).collect();
    let own = settings.get("words").and_then(toml::Value::as_table);
    let by_language = own.and_then(|own| {
        [language, &primary].into_iter().find_map(|name| own.get(name).and_then(toml::Value::as_table))
    });
    for (key, word) in own.into_iter().chain(by_language).flatten() {
        if let Some(word) = word.as_str() {
            words.insert(key.clone(), Json::from(word));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_word_and_settings_come_first() {
        for (language, words) in LANGUAGES {
            assert!(words.iter().all(|word| !word.is_empty()), "{language}");
            assert_eq!(of(language, &toml::Table::new())["unsubscribe"], words[0]);
        }
        let settings: toml::Table =
            toml::from_str("[words]\nunsubscribe = 'Leave'\n[words.de]\nunsubscribe = 'Tschüss'").unwrap();
        let unsubscribe = |language| of(language, &settings)["unsubscribe"].clone();
        assert_eq!((unsubscribe("de-AT"), unsubscribe("fr")), ("Tschüss".into(), "Leave".into()));
        assert_eq!(of("de-AT", &settings)["read_more"], "Weiterlesen");
        assert_eq!(of("cy", &toml::Table::new())["web_site"], "Web site");
    }
}
