//! One run of the program: how long it took, on the clock and on the processors, and how much memory.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_letterpress");
/// How often the running program's memory is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// How one run of the program went.
pub struct Run {
    pub wall: Duration,
    /// In the program and in the system for it.
    pub processor: Option<Duration>,
    pub peak_kibibytes: Option<u64>,
}

/// Sends the only article to everyone.
pub fn send(root: &Path, relay: &str, more: &[String]) -> Run {
    let send = ["send", "--yes", "--quiet", "--relay", relay].map(str::to_owned);
    run(root, &[&send, more].concat())
}

/// Runs the program in a folder.
///
/// # Panics
/// When the program fails: there is nothing to measure.
pub fn run(root: &Path, arguments: &[impl AsRef<std::ffi::OsStr>]) -> Run {
    let processor_before = processor_time_of_children();
    let begun = Instant::now();
    let mut child = Command::new(PROGRAM)
        .args(arguments)
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
    assert!(status.success(), "the program failed: {status}");
    let processor =
        processor_time_of_children().zip(processor_before).map(|(after, before)| after.saturating_sub(before));
    Run { wall, processor, peak_kibibytes }
}

/// As it is read: `23.4 MiB`.
pub fn mebibytes(peak_kibibytes: Option<u64>) -> String {
    peak_kibibytes.map_or_else(
        || "not known on this system".to_owned(),
        |peak| format!("{}.{} MiB", peak / 1024, peak % 1024 * 10 / 1024),
    )
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
