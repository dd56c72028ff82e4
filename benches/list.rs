//! The list: how long reading and changing it takes, against the bare csv crate and Python's csv module, and how much memory.
//!
//! `cargo bench --bench list` makes a list of 1,000,000 readers, 60 octets a row; `cargo bench --bench list -- 50000` a shorter
//! one. Reading holds all that a mailing needs: every address checked, repeats found, statuses and suppressions looked at, a
//! segment asked. The reference reads the same file with the csv crate and does nothing with what it reads: into records, as
//! its manual shows, and into one record of bytes that is used again, the fastest that it can. An import writes and syncs the
//! list and its history: how long the disk takes for as many octets is printed too. The tests run it with a few readers to
//! see that it works. It judges nothing: machines differ.

#[allow(dead_code, reason = "others copy")]
mod shared;
#[allow(dead_code, reason = "other benchmarks send")]
#[path = "shared/program.rs"]
mod program;

use std::fs;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use letterpress::subscribers::{Audience, Files, NamedSegments, NoMailings, Scope, Segment};
use program::run;
use shared::{ratio, readers, show};

/// What is wanted: at most so many times the reference, and at most so much memory a reader.
const READING: f64 = 1.5;
const IMPORTING: f64 = 5.0;
const PYTHON: f64 = 10.0;
const OCTETS: u64 = 100;

const SETTINGS: &str = include_str!("../letterpress.toml");
const SEGMENT: &str = "plan == 'pro' and status == 'active'";
/// One that has to hash and to search every address.
const SAMPLED: &str = "sample('A', 50%) and contains(email, '7@') and not sample('B', 50%)";
/// What Python does of the same: a set of the addresses, and the readers of the segment.
const PYTHON_READS: &str = "
import csv, sys
seen, chosen = set(), 0
with open(sys.argv[1], newline='', encoding='utf-8') as file:
    rows = csv.reader(file)
    header = next(rows)
    email, status, plan = (header.index(name) for name in ('email', 'status', 'plan'))
    for row in rows:
        address = row[email].lower()
        if address in seen:
            continue
        seen.add(address)
        if row[plan] == 'pro' and row[status] == 'active':
            chosen += 1
print(chosen)
";

fn main() {
    let readers = readers(1_000_000, 300);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    let files = Files::of(&root.join("subscribers"));
    fs::create_dir_all(files.folder()).expect("a folder");
    fs::write(root.join("letterpress.toml"), SETTINGS).expect("settings");
    write_list(&files.list, 0..readers).expect("a list");

    // The best of several runs: what else the machine does only ever makes it slower.
    let runs = if readers > 10_000 { 5 } else { 1 };
    let (fastest, found) = best(runs, || into_one_record(&files.list));
    let (bare, as_many) = best(runs, || into_records(&files.list));
    assert_eq!(as_many, readers, "the reference reads every row");
    let (ours, owed) = best(runs, || audience(&files, SEGMENT));
    assert_eq!(found, readers, "the reference reads every row");
    println!("A list of {readers} readers, {} octets a row:", row(0).len());
    show("the csv crate, into records", bare, readers);
    show("the csv crate, into one record of bytes used again", fastest, readers);
    show("read with checks, repeats and a segment", ours, readers);
    println!("  times as long as into records: {:.2} (wanted: at most {READING})", ratio(ours, bare));
    println!("  times as long as into one record of bytes: {:.2}", ratio(ours, fastest));
    let (sampled, _) = best(runs, || audience(&files, SAMPLED));
    show("the same with a sample and a part of the address", sampled, readers);
    println!("  times as long as the csv crate: {:.2}", ratio(sampled, bare));
    match best_of_python(runs, &files.list) {
        Some((python, chosen)) => {
            assert_eq!(chosen, owed, "Python finds the same readers");
            show("Python's csv and a set", python, readers);
            println!("  times as long as ours: {:.1} (wanted: at least {PYTHON})", ratio(python, ours));
        }
        None => println!("  python3 is not here: no figure of it"),
    }
    commands(root, &files, readers);
    import(root, &files, readers, bare);
}

/// The commands that need all readers, and those that stream: how much memory more readers take.
fn commands(root: &Path, files: &Files, readers: usize) {
    let fewer = readers / 4;
    let small = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(small.path().join("subscribers")).expect("a folder");
    fs::write(small.path().join("letterpress.toml"), SETTINGS).expect("settings");
    write_list(&small.path().join("subscribers/readers.csv"), 0..fewer).expect("a list");
    for (arguments, streams) in [
        (&["subscribers", "list", "--count", "--segment", SEGMENT][..], false),
        (&["subscribers", "list", "--csv", "--sort", "name"], false),
        (&["subscribers", "dedupe", "--dry-run"], false),
        (&["subscribers", "export", "--jsonl"], true),
        (&["subscribers", "stats"], true),
        (&["subscribers", "tag", "new", "--segment", "has(email)", "--yes"], true),
        (&["subscribers", "undo", "--yes"], false),
    ] {
        let arguments: Vec<&str> = arguments.iter().chain(&["--quiet"]).copied().collect();
        let bottom = run(small.path(), &arguments);
        let all = run(root, &arguments);
        show(&format!("`{}`", arguments[1..arguments.len() - 1].join(" ")), all.wall, readers);
        let wanted = if streams { "flat".to_owned() } else { format!("at most {OCTETS} octets") };
        if let Some((most, fewest)) = all.peak_kibibytes.zip(bottom.peak_kibibytes) {
            let each = most.saturating_sub(fewest) * 1024 / (readers - fewer) as u64;
            println!(
                "    most memory: {most} KiB, {fewest} for {fewer} readers: {each} octets for each further one (wanted: {wanted})"
            );
        }
    }
    let same = fs::metadata(&files.list).expect("a list").len();
    println!("  the list has {same} octets after that; the history {}", length(&files.history));
}

/// A list of as many others comes in.
fn import(root: &Path, files: &Files, readers: usize, bare: Duration) {
    fs::remove_file(&files.history).ok();
    write_list(&files.list, 0..readers).expect("a list");
    // Half of them are known.
    let file = root.join("more.csv");
    write_list(&file, readers / 2..readers + readers / 2).expect("a list");
    let all = run(root, &["subscribers", "import", "more.csv", "--yes", "--quiet"]);
    show("importing as many, half of them known", all.wall, readers);
    println!("  times as long as reading both: {:.2} (wanted: at most {IMPORTING})", ratio(all.wall, bare * 2));
    let written = length(&files.list) + length(&files.history);
    let (disk, _) = best(3, || written_and_synced(root, written));
    show(&format!("writing and syncing as many octets ({} MiB)", written >> 20), disk, readers);
    if let Some(most) = all.peak_kibibytes {
        println!(
            "    most memory: {most} KiB, {} octets a reader (wanted: at most {OCTETS})",
            most * 1024 / readers as u64
        );
    }
}

fn into_records(list: &Path) -> usize {
    let mut reader = csv::Reader::from_path(list).expect("a list");
    reader
        .records()
        .filter(|record| std::hint::black_box(record).as_ref().is_ok_and(|record| record.len() == 5))
        .count()
}

fn into_one_record(list: &Path) -> usize {
    let file = fs::File::open(list).expect("a list");
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 17).from_reader(file);
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).expect("a row") {
        rows += usize::from(std::hint::black_box(&record).len() == 5);
    }
    rows
}

/// What the disk needs, whatever the program does.
fn written_and_synced(root: &Path, octets: u64) -> u64 {
    let mut file = tempfile::tempfile_in(root).expect("a file");
    std::io::copy(&mut std::io::repeat(b'x').take(octets), &mut file).expect("room on the disk");
    file.sync_all().expect("a disk");
    octets
}

fn audience(files: &Files, segment: &str) -> usize {
    let audience = Audience::open(files).expect("a list");
    let named = NamedSegments::default();
    let now = letterpress::clock::Timestamp::UNIX_EPOCH;
    let scope = Scope { columns: audience.columns(), now, named: &named, mailings: &NoMailings };
    let segment = Segment::parse("segment", segment, &scope).expect("a segment");
    let mut owed = 0;
    let summary = audience.visit(Some(&segment), &mut |row| {
        owed += usize::from(!std::hint::black_box(row).email().is_empty());
        Ok(())
    });
    assert_eq!(summary.expect("an audience").defects.total, 0);
    owed
}

/// The shortest time of several runs, and what the last one found.
fn best<T>(runs: usize, mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut once = || {
        let begun = Instant::now();
        let found = work();
        (begun.elapsed(), found)
    };
    let first = once();
    (1..runs).fold(first, |(shortest, _), _| {
        let (time, found) = once();
        (shortest.min(time), found)
    })
}

fn best_of_python(runs: usize, list: &Path) -> Option<(Duration, usize)> {
    let once = || {
        let output = Command::new("python3").args(["-I", "-c", PYTHON_READS]).arg(list).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    let (time, chosen): (Duration, Option<usize>) = best(runs.min(2), once);
    chosen.map(|chosen| (time, chosen))
}

/// Rows of 60 octets.
fn row(n: usize) -> String {
    const NAMES: [&str; 6] = ["Ann Lee", "Bob Marsh", "Cem Oz", "Dan Quinn", "Eve Ruiz", "Fay"];
    let status = if n % 20 == 19 { "pending" } else { "active" };
    let plan = if n.is_multiple_of(3) { "pro" } else { "free" };
    let text = format!("reader{n:07}@example.com,{},{status},{plan},", NAMES[n % 6]);
    format!("{text}{}\n", "x".repeat(59usize.saturating_sub(text.len())))
}

fn write_list(path: &Path, readers: std::ops::Range<usize>) -> std::io::Result<()> {
    let mut out = BufWriter::new(fs::File::create(path)?);
    writeln!(out, "email,name,status,plan,note")?;
    readers.into_iter().try_for_each(|n| out.write_all(row(n).as_bytes()))?;
    out.flush()
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
