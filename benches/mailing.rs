//! A whole mailing by the real program, against copying the same bytes in memory: time and memory.
//!
//! `cargo bench --bench mailing` sends the sample article to 1,000,000 readers through the relay `discard:`, which takes
//! every copy and keeps none; `cargo bench --bench mailing -- 50000` to fewer. The time holds everything that a user waits
//! for: reading and checking the list, setting the edition, sealing (the recipients are written and synced), striking every
//! copy, claims and outcomes in the journal (written and synced in groups), and the report. The tests run it with a few
//! readers to see that it works. It judges nothing: machines differ.

mod shared;

use std::fs;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use shared::{ratio, readers, show, time_of_copying};

const PROGRAM: &str = env!("CARGO_BIN_EXE_letterpress");
const ARTICLE: &str = include_str!("../content/when-someone-you-love-is-far-away.md");
const SETTINGS: &str = include_str!("../letterpress.toml");
/// What is wanted: at most so much memory, and at most so many times the time of copying.
const MEBIBYTES: u64 = 64;
const TIMES: f64 = 10.0;
/// How often the running program's memory is looked at.
const LOOK: Duration = Duration::from_millis(5);

fn main() {
    let readers = readers(1_000_000, 200);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let size = size_of_a_copy(&folder.path().join("one"));
    let root = folder.path().join("all");
    make_publication(&root, readers);
    let run = send(&root, "discard:");
    assert!(run.status.success(), "the program failed: {}", run.status);
    let journal = fs::metadata(mailing(&root).join("journal")).expect("a journal").len();
    let copying = time_of_copying(&vec![b'x'; size], readers);
    let in_memory = time_of_copying_in_memory(size, readers);

    println!("A mailing to {readers} readers, {size} octets a copy, relay discard:");
    show("the program, from its start to its end", run.wall, readers);
    if let Some(processor) = run.processor {
        show("  of that, processor time", processor, readers);
    }
    show("copying the same octets in main memory", in_memory, readers);
    println!("  times as long as that: {:.1} (wanted: at most {TIMES:.0})", ratio(run.wall, in_memory));
    show("copying the same octets from cache to cache", copying, readers);
    println!("  times as long as that: {:.1}", ratio(run.wall, copying));
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let rate = readers as f64 / run.wall.as_secs_f64();
    println!("  messages a second: {rate:.0}; journal: {} MB", journal / 1_000_000);
    match run.peak_kibibytes {
        Some(peak) => println!(
            "  most memory at any time: {}.{} MiB (wanted: under {MEBIBYTES})",
            peak / 1024,
            peak % 1024 * 10 / 1024
        ),
        None => println!("  most memory at any time: not known on this system"),
    }
}

/// The time it takes to copy `size` octets so many times from main memory to main memory: from one stretch of 128 MB to
/// another, so that no cache holds what is read or written next.
fn time_of_copying_in_memory(size: usize, times: usize) -> Duration {
    let slots = (1 << 27) / size.max(1) + 1;
    let from = black_box(vec![b'x'; slots * size]);
    let mut to = black_box(vec![0; slots * size]);
    let begun = Instant::now();
    for n in 0..times {
        let at = n % slots * size;
        to[at..at + size].copy_from_slice(black_box(&from[at..at + size]));
    }
    black_box(&mut to);
    begun.elapsed()
}

/// How one run of the program went.
struct Run {
    status: ExitStatus,
    wall: Duration,
    /// In the program and in the system for it.
    processor: Option<Duration>,
    peak_kibibytes: Option<u64>,
}

fn send(root: &Path, relay: &str) -> Run {
    let processor_before = processor_time_of_children();
    let begun = Instant::now();
    let mut child = Command::new(PROGRAM)
        .args(["send", "--yes", "--quiet", "--relay", relay])
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut peak_kibibytes = None;
    let status = loop {
        // The system keeps the highest value itself, so only a rise in the last instant could be missed.
        peak_kibibytes = peak_memory(child.id()).or(peak_kibibytes);
        match child.try_wait().expect("the program can be waited for") {
            Some(status) => break status,
            None => sleep(LOOK),
        }
    };
    let wall = begun.elapsed();
    let processor =
        processor_time_of_children().zip(processor_before).map(|(after, before)| after.saturating_sub(before));
    Run { status, wall, processor, peak_kibibytes }
}

/// The sample publication with so many readers.
fn make_publication(root: &Path, readers: usize) {
    for name in ["content", "subscribers"] {
        fs::create_dir_all(root.join(name)).expect("a folder");
    }
    fs::write(root.join("letterpress.toml"), SETTINGS).expect("settings");
    fs::write(root.join("content/letter.md"), ARTICLE).expect("an article");
    write_list(&root.join("subscribers/readers.csv"), readers).expect("a list");
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

/// The octets of one copy, as the program writes it into a file.
fn size_of_a_copy(root: &Path) -> usize {
    make_publication(root, 1);
    let run = send(root, "file:outbox");
    assert!(run.status.success(), "the program failed: {}", run.status);
    let mut files = fs::read_dir(root.join("outbox")).expect("an outbox").filter_map(Result::ok);
    let copy = files.find(|entry| entry.path().extension().is_some_and(|extension| extension == "eml"));
    fs::read(copy.expect("a copy").path()).expect("a copy").len()
}

/// The only folder in `mailings/`.
fn mailing(root: &Path) -> std::path::PathBuf {
    let mut folders = fs::read_dir(root.join("mailings")).expect("mailings").filter_map(Result::ok);
    folders.next().expect("a mailing").path()
}

/// The most memory a running program has held so far, as Linux tells it.
fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// The processor time of all programs that were waited for, as Linux tells it: in hundredths of a second.
fn processor_time_of_children() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the program's name, which may hold anything, the 14th and 15th word.
    let words: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let hundredths = |at: usize| words.get(at)?.parse::<u64>().ok();
    Some(Duration::from_millis((hundredths(13)? + hundredths(14)?) * 10))
}
