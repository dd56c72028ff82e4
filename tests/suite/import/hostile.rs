//! Exports that mean harm, or are only broken.

use std::io::Write;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{outcomes, zip};
use crate::publication::Publication;

const TEXT: &[u8] = b"# Good\n\nText.\n";

#[test]
fn nothing_of_a_zip_leaves_it() {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let plain = SimpleFileOptions::default();
    for name in ["../up.md", "a/../../up.md", "/etc/up.md", "C:\\up.md", "good.md"] {
        writer.start_file(name, plain).unwrap();
        writer.write_all(TEXT).unwrap();
    }
    writer.add_symlink("link.md", "/etc/passwd", plain).unwrap();
    let letter = Publication::new().file("a.zip", writer.finish().unwrap().into_inner());
    let output = letter.run(["import", "a.zip", "--json"]);
    assert_eq!(outcomes(&output), ["new content/good.md"]);
    let told = super::document(&output)["left_out"].to_string();
    for words in ["../up.md: its name leads out", "/etc/up.md: its name leads out", "link.md: a link or a device"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(letter.files("content").len(), 1);
}

#[test]
fn bombs_are_named_and_not_unpacked() {
    let zeros = vec![b'a'; 30 << 20];
    let letter = Publication::new().file("a.zip", zip(&[("bomb.md", &zeros), ("good.md", TEXT)]));
    letter.run(["import", "a.zip"]).code(1).stderr_has("more than 200 times its size").stderr_has("failed 1");
    assert!(letter.read("content/good.md").contains("Text."));
}

#[test]
fn names_that_stand_twice_and_files_that_are_locked_are_named() {
    let mut bytes = zip(&[("one.md", TEXT), ("two.md", TEXT)]);
    let letter = Publication::new().file("good.zip", &bytes);
    letter.run(["import", "good.zip"]).success();
    for at in 0..bytes.len() - 3 {
        if &bytes[at..at + 3] == b"two" {
            bytes[at..at + 3].copy_from_slice(b"one");
        }
    }
    let letter = Publication::new().file("twice.zip", &bytes);
    letter.run(["import", "twice.zip"]).code(1).stderr_has("two files of the same name");
    assert!(letter.files("content").is_empty());

    // The first bit of the flags, in both places where an entry has them.
    let mut bytes = zip(&[("one.md", TEXT), ("two.md", TEXT)]);
    let local = bytes.windows(4).position(|four| four == b"PK\x03\x04").unwrap();
    let central = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[local + 6] |= 1;
    bytes[central + 8] |= 1;
    let letter = Publication::new().file("locked.zip", &bytes);
    let output = letter.run(["import", "locked.zip", "--json"]);
    assert!(output.stdout.contains("one.md: encrypted"), "{}", output.stdout);
    assert!(output.stdout.contains("two.md"), "{}", output.stdout);
}

#[test]
fn broken_exports_are_errors_with_a_next_step() {
    let deep =
        format!("{{\"db\":[{{\"data\":{{\"posts\":[{{\"id\":{}1{}}}]}}}}]}}", "[".repeat(5000), "]".repeat(5000));
    for (name, bytes, words) in [
        ("deep.json", deep.into_bytes(), "no Ghost export"),
        ("other.json", b"{\"a\": 1}".to_vec(), "no Ghost export in this"),
        ("cut.json", b"{\"db\": [".to_vec(), "no Ghost export"),
        ("cut.zip", zip(&[("posts.csv", b"post_id\n1.a\n")])[..40].to_vec(), "can't be read as a zip"),
        ("empty.zip", zip(&[]), "no articles were found"),
        ("letter.docx", zip(&[("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>")]), "word processor"),
        ("columns.zip", zip(&[("posts.csv", b"a,b\n1,2\n")]), "no column `post_id`"),
    ] {
        let letter = Publication::new().file(name, bytes);
        letter.run(["import", name]).code(1).stderr_has(words).stderr_has("help");
        assert!(letter.files("content").is_empty(), "{name}");
    }
}

#[test]
fn thousands_of_articles_each_find_a_place() {
    let names: Vec<String> = (0..2000).map(|n| format!("{n}/a.md")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), TEXT)).collect();
    let letter = Publication::new().file("many.zip", zip(&files));
    letter.run(["import", "many.zip", "--dry-run"]).success().stderr_has("new 2000");
}

#[cfg(unix)]
#[test]
fn links_in_folders_are_not_followed_nor_written_through() {
    let letter = Publication::new().file("in/good.md", TEXT).file("secret/s.md", "# Secret\n\nx\n");
    std::os::unix::fs::symlink(letter.path().join("secret"), letter.path().join("in/more")).unwrap();
    std::os::unix::fs::symlink(letter.path().join("secret/new.md"), letter.path().join("content/good.md")).unwrap();
    letter
        .run(["import", "in"])
        .success()
        .stderr_has("more: a link, which is not followed")
        .stderr_has("`good` is taken");
    assert!(!letter.path().join("secret/new.md").exists());
    assert!(letter.path().join("content/good-2.md").exists());
}
