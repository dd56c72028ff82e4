//! Any text as an expression over readers: refused with a place inside it, or decided, and explained as it was decided.
#![no_main]

use std::cell::OnceCell;
use std::path::PathBuf;

use letterpress::clock::Timestamp;
use letterpress::subscribers::{NamedSegments, NoMailings, Rows, Scope, Segment};
use libfuzzer_sys::fuzz_target;

const LIST: &str = "email,name,plan,age,tags,subscribed_at\nann@example.com,Ann,pro,41,\"a, b\",2026-01-05\n\
    bob@example.com,,,x,,2026-01-01T00:30:00+01:00\ncem@example.com,Cem,,,,soon\n";

thread_local! {
    static FILE: OnceCell<PathBuf> = const { OnceCell::new() };
}

fuzz_target!(|text: &str| {
    let path = FILE.with(|file| {
        let written = || {
            let path = std::env::temp_dir().join(format!("letterpress-fuzz-segment-{}.csv", std::process::id()));
            std::fs::write(&path, LIST).expect("a file");
            path
        };
        file.get_or_init(written).clone()
    });
    let mut rows = Rows::open(&path).expect("a list");
    let named: NamedSegments = toml::from_str("pros = \"plan == 'pro'\"").expect("segments");
    let scope = Scope { columns: rows.columns(), now: Timestamp::UNIX_EPOCH, named: &named, mailings: &NoMailings };
    match Segment::parse("fuzz", text, &scope) {
        Ok(segment) => {
            while let Ok(Some(row)) = rows.read() {
                assert_eq!(segment.matches(&row), segment.explain(&row).holds);
            }
        }
        Err(error) => drop(error.render(false)),
    }
});
