//! A whole mailing by the real program, against copying the same bytes in memory: time and memory.
//!
//! `cargo bench --bench mailing` sends the sample article to 1,000,000 readers through the relay `discard:`, which takes
//! every copy and keeps none; `cargo bench --bench mailing -- 50000` to fewer. The time holds everything that a user waits
//! for: reading and checking the list, setting the edition, sealing (the recipients are written and synced), striking every
//! copy, claims and outcomes in the journal (written and synced in groups), and the report. The tests run it with a few
//! readers to see that it works. It judges nothing: machines differ.

mod shared;
#[path = "shared/program.rs"]
mod program;
#[path = "shared/publication.rs"]
mod publication;

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use program::{mebibytes, send};
use publication::{ARTICLE, Publication, copy_of};
use shared::{ratio, readers, show, time_of_copying};

/// What is wanted: at most so much memory, and at most so many times the time of copying.
const MEBIBYTES: u64 = 64;
const TIMES: f64 = 10.0;

fn main() {
    let readers = readers(1_000_000, 200);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let size = copy_of(&folder.path().join("one"), ARTICLE).len();
    let letter = Publication::new(folder.path().join("all"), ARTICLE, readers);
    let run = send(letter.root(), "discard:", &[]);
    let mut mailings = fs::read_dir(letter.root().join("mailings")).expect("mailings").filter_map(Result::ok);
    let journal = fs::metadata(mailings.next().expect("a mailing").path().join("journal")).expect("a journal").len();
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
    println!("  most memory at any time: {} (wanted: under {MEBIBYTES} MiB)", mebibytes(run.peak_kibibytes));
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
