//! Whole blogs brought in: exports and folders in the layout of each program, all of them written here.

mod exports;
mod folders;
mod hostile;

use std::io::Write;

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::publication::{Output, Publication};

/// A picture of one dot.
const DOT: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// A zip of these files.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The document of `import --json`.
fn document(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", output.stdout))
}

/// What became of the articles, by their files.
fn outcomes(output: &Output) -> Vec<String> {
    let document = document(output);
    let articles = document["articles"].as_array().unwrap().iter();
    articles.map(|told| format!("{} {}", told["outcome"].as_str().unwrap(), told["file"].as_str().unwrap())).collect()
}

/// The text that a reader sees in the text part of a dry run.
fn previewed(letter: &Publication, slug: &str) -> String {
    letter.run(["send", "--dry-run", slug]).success();
    let files = letter.files(&format!("preview/{slug}"));
    let text = files.into_iter().find(|file| file.extension().is_some_and(|end| end == "txt")).unwrap();
    std::fs::read_to_string(text).unwrap()
}
