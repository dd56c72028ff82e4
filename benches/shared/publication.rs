//! Publications for measuring: the sample article, made as long as a copy has to be, and readers of different names.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::program::send;

pub const ARTICLE: &str = include_str!("../../content/when-someone-you-love-is-far-away.md");
const SETTINGS: &str = include_str!("../../letterpress.toml");

/// A publication with one article and a list.
pub struct Publication {
    root: PathBuf,
}

impl Publication {
    pub fn new(root: PathBuf, article: &str, readers: usize) -> Publication {
        for name in ["content", "subscribers"] {
            fs::create_dir_all(root.join(name)).expect("a folder");
        }
        fs::write(root.join("letterpress.toml"), SETTINGS).expect("settings");
        fs::write(root.join("content/letter.md"), article).expect("an article");
        write_list(&root.join("subscribers/readers.csv"), readers).expect("a list");
        Publication { root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// One copy of an article, as the program writes it into a file below `folder`.
pub fn copy_of(folder: &Path, article: &str) -> Vec<u8> {
    let _ = fs::remove_dir_all(folder);
    let letter = Publication::new(folder.to_path_buf(), article, 1);
    send(letter.root(), "file:outbox", &[]);
    let mut files = fs::read_dir(folder.join("outbox")).expect("an outbox").filter_map(Result::ok);
    let copy = files.find(|entry| entry.path().extension().is_some_and(|extension| extension == "eml"));
    fs::read(copy.expect("a copy").path()).expect("a copy")
}

/// Readers of different names, some with letters beyond ASCII, some without a name.
fn write_list(path: &Path, readers: usize) -> std::io::Result<()> {
    const FIRST: [&str; 8] = ["Ann", "Bob", "Zoë", "Dan", "名前", "Fay", "Gustavo", "Hal"];
    const LAST: [&str; 7] = ["Lee", "Marsh", "O'Neil", "Österberg", "Quinn", "van der Berg", "Ruiz"];
    let mut out = BufWriter::new(fs::File::create(path)?);
    writeln!(out, "email,name,status,city")?;
    for n in 0..readers {
        match n % 10 {
            9 => writeln!(out, "reader{n}@example.org,,active,Lisbon")?,
            _ => writeln!(out, "reader{n}@example.com,{} {},active,Malmö", FIRST[n % 8], LAST[n % 7])?,
        }
    }
    out.flush()
}
