//! Any octets as a file to import: what comes out can be read as an article, and means no template's tag.
#![no_main]

use letterpress::article::Article;
use letterpress::article::import::import;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let name = ["old.txt", "old.md", "old.html", "-"][usize::from(input.0 % 4)];
    if let Ok(imported) = import(name, input.1) {
        let file = imported.to_file();
        if let Err(error) = Article::parse("content/a.md", file.clone()) {
            panic!("what was imported can't be read: {}\n{file}", error.render(false));
        }
    }
});
