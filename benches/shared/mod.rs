//! What the benchmarks share: how large a run is, the copying that figures are held against, and how figures are written.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How many readers: the number on the command line, or `whole` under `cargo bench`, or `tried` when the tests only see
/// whether the benchmark runs.
pub fn readers(whole: usize, tried: usize) -> usize {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let given = arguments.iter().find_map(|argument| argument.parse().ok());
    given.unwrap_or(if is_bench { whole } else { tried }).max(1)
}

/// The time it takes to copy `bytes` so many times from one buffer into another. Both lie in the processor's caches, so
/// nothing that makes the same bytes can be faster; copying them from main memory takes several times as long.
pub fn time_of_copying(bytes: &[u8], times: usize) -> Duration {
    let mut copy = Vec::with_capacity(bytes.len());
    let begun = Instant::now();
    for _ in 0..times {
        copy.clear();
        copy.extend_from_slice(black_box(bytes));
        black_box(&mut copy);
    }
    begun.elapsed()
}

/// Prints one figure: what, how long for all, how long for each.
pub fn show(what: &str, whole: Duration, times: usize) {
    let seconds = whole.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let times = times as f64;
    println!("  {what:<52} {seconds:>9.3} s {:>10.2} µs each", seconds / times * 1e6);
}

/// How many times as long.
pub fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64().max(1e-9)
}
