//! How figures are written.

use std::time::Duration;

#[expect(clippy::cast_precision_loss, reason = "figures to be read")]
pub fn count(number: usize) -> f64 {
    number as f64
}

pub fn per_second(time: Duration, messages: usize) -> f64 {
    count(messages) / time.as_secs_f64().max(1e-9)
}

/// Prints one figure: what, how long for all, how many a second, how long for each.
pub fn show(what: &str, time: Duration, messages: usize) {
    let (seconds, rate) = (time.as_secs_f64(), per_second(time, messages));
    println!("  {what:<62} {seconds:>8.3} s {rate:>8.0} /s {:>9.1} µs each", 1e6 / rate);
}

/// Prints our rate as a multiple of another's.
pub fn compare(ours: f64, theirs: f64, name: &str, wanted: &str) {
    println!("    times the rate of {name}: {:.2} (wanted: {wanted})", ours / theirs);
}
