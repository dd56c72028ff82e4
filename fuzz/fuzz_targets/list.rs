//! Any octets as a list: every row is read or has its fault, and a segment over it is decided.
#![no_main]

use std::cell::OnceCell;
use std::path::PathBuf;

use letterpress::clock::Timestamp;
use letterpress::subscribers::{NamedSegments, NoMailings, Rows, Scope, Segment};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static FILE: OnceCell<PathBuf> = const { OnceCell::new() };
}

fuzz_target!(|octets: &[u8]| {
    let path = FILE.with(|file| {
        let name = || std::env::temp_dir().join(format!("letterpress-fuzz-{}.csv", std::process::id()));
        file.get_or_init(name).clone()
    });
    std::fs::write(&path, octets).expect("a file");
    if let Ok(mut rows) = Rows::open(&path) {
        let named = NamedSegments::default();
        let scope = Scope { columns: rows.columns(), now: Timestamp::UNIX_EPOCH, named: &named, mailings: &NoMailings };
        let segment = Segment::parse("fuzz", "has(email) and not tag('a') or email < 2026-01-01 or sample(9%)", &scope).ok();
        while let Ok(Some(row)) = rows.read() {
            let _ = segment.as_ref().map(|segment| segment.matches(&row));
            if row.fault().is_none() {
                assert!(row.address().is_some(), "a row without fault has an address");
                let _ = row.to_subscriber("list");
            } else {
                let _ = row.fault_diagnostic("list").map(|fault| fault.render(false));
            }
        }
    }
});
