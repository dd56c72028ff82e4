//! Any text as an article's file: read, or refused with a place inside it.
#![no_main]

use letterpress::article::Article;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Article::parse("content/a.md", text.to_owned()) {
        Ok(article) => {
            let _ = article.markdown();
            let text = ("content/a.de.md".to_owned(), "de".to_owned(), text.to_owned());
            let _ = article.with_variants([text]);
        }
        Err(error) => drop(error.render(false)),
    }
});
