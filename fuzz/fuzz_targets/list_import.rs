//! Any octets as an export of readers, for any preset or none: it is read or refused, and what would be done adds up.
#![no_main]

use letterpress::clock::Timestamp;
use letterpress::subscribers::import::{Incoming, Manner, Plan, Preset, Wishes};
use letterpress::subscribers::{Files, How, Status};
use libfuzzer_sys::fuzz_target;

const PRESETS: [&str; 11] = [
    "mailchimp", "substack", "ghost", "buttondown", "listmonk", "keila", "kit", "beehiiv", "mailerlite", "phplist", "google",
];

thread_local! {
    static FOLDER: std::path::PathBuf = {
        let folder = std::env::temp_dir().join(format!("letterpress-fuzz-import-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    };
}

fuzz_target!(|input: (u8, &[u8])| {
    FOLDER.with(|folder| {
        let files = Files::of(folder);
        std::fs::write(&files.list, "email,name,status\nann@example.com,,unsubscribed\n").expect("a list");
        let export = folder.join("export.txt");
        std::fs::write(&export, input.1).expect("an export");
        let choice = usize::from(input.0);
        let wishes = Wishes {
            from: PRESETS.get(choice % 16).and_then(|name| Preset::named(name).ok()),
            map: if choice & 16 > 0 { vec![("email".to_owned(), "a".to_owned())] } else { Vec::new() },
            keep_columns: choice & 32 > 0,
            status: (choice & 64 > 0).then_some(Status::Active),
            ..Wishes::default()
        };
        let how = How { at: Timestamp::UNIX_EPOCH, by: "fuzz", dry_run: true };
        if let Ok(incoming) = Incoming::read(&[export], &wishes, None) {
            let readers = incoming.len() as u64;
            let manner = Manner { update: choice & 128 > 0, ..Manner::default() };
            let plan = Plan::make(&files, incoming, manner, how).expect("a plan");
            assert_eq!(plan.counts.total(), readers, "everybody has one outcome");
            assert_eq!(plan.counts.resubscribed, 0, "nobody comes back unnamed");
        }
    });
});
