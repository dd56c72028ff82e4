//! Everything a person reads goes through here: results to standard output, all else to standard error.
//!
//! [`Screen`] knows whether someone looks on (colour, width) and what was asked (`--json`, `--quiet`, `--verbose`). It
//! holds no words of its own: commands bring them.

mod page;
mod picture;

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Severity, is_unprintable, printable};

pub use page::{page, percent};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Volume {
    /// Errors only.
    Quiet,
    #[default]
    Normal,
    Verbose,
}

/// The terminal, or what stands in its place.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// Results as JSON, one document on standard output.
    pub json: bool,
    pub volume: Volume,
    /// Someone can answer: standard input and standard error are a terminal.
    pub interactive: bool,
    /// Errors, warnings and notes show no address: they may end in a log, and speak of readers whom nobody named.
    pub masks: bool,
}

impl Screen {
    pub fn new(json: bool, volume: Volume) -> Self {
        let interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
        Screen { json, volume, interactive, masks: false }
    }

    /// See [`Screen::masks`].
    #[must_use]
    pub fn masking(self, masks: bool) -> Self {
        Screen { masks, ..self }
    }

    /// One line of the result, to standard output. Nothing in `--json`, where [`Screen::document`] speaks.
    pub fn result(&self, line: impl AsRef<str>) {
        if !self.json {
            write_line(&mut anstream::stdout(), line.as_ref());
        }
    }

    /// The result as the octets it is, to standard output; nothing in `--json`.
    pub fn raw(&self, bytes: &[u8]) {
        if !self.json {
            write_octets(&mut io::stdout(), bytes);
        }
    }

    /// Part of a result in whatever form was asked for, to standard output.
    pub fn stream(&self, bytes: &[u8]) {
        write_octets(&mut io::stdout(), bytes);
    }

    /// The result for machines, to standard output; nothing without `--json`.
    pub fn document(&self, value: &impl Serialize) {
        if self.json {
            let text = serde_json::to_string_pretty(value).expect("our reports hold only strings, numbers and lists");
            write_line(&mut anstream::stdout(), &escaped(text));
        }
    }

    /// One of many results for machines, in a line of its own; nothing without `--json`.
    pub fn document_line(&self, value: &impl Serialize) {
        if self.json {
            let text = serde_json::to_string(value).expect("our reports hold only strings, numbers and lists");
            write_line(&mut anstream::stdout(), &escaped(text));
        }
    }

    /// Whether a result can be drawn over: somebody looks at standard output.
    pub fn is_live(&self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// Lines of a result in place of the `above` lines drawn before.
    pub fn redraw(&self, lines: &[String], above: usize) {
        let up = if above > 0 { format!("\u{1b}[{above}A") } else { String::new() };
        let lines: String = lines.iter().map(|line| format!("\u{1b}[2K{line}\n")).collect();
        write_octets(&mut anstream::stdout(), format!("{up}{lines}").as_bytes());
    }

    /// Progress and remarks, to standard error.
    pub fn say(&self, line: impl AsRef<str>) {
        if self.volume != Volume::Quiet {
            write_line(&mut anstream::stderr(), line.as_ref());
        }
    }

    /// What only `--verbose` wants to know.
    pub fn detail(&self, line: impl AsRef<str>) {
        if self.volume == Volume::Verbose {
            write_line(&mut anstream::stderr(), line.as_ref());
        }
    }

    /// An error, a warning or a note with its place and next step, to standard error.
    pub fn diagnostic(&self, diagnostic: &Diagnostic) {
        if self.volume != Volume::Quiet || diagnostic.severity() == Severity::Error {
            let told = if self.masks { diagnostic.masked().render(true) } else { diagnostic.render(true) };
            write_line(&mut anstream::stderr(), &told);
        }
    }

    /// Asks a question on standard error and reads one line; `None` at the end of input.
    pub fn ask(&self, question: &str) -> Option<String> {
        let mut err = anstream::stderr();
        let _ = write!(err, "{question} ");
        let _ = err.flush();
        let mut line = String::new();
        match io::stdin().read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim().to_owned()),
        }
    }
}

/// Whether something could not be written, to a full disk for example.
static LOST: AtomicBool = AtomicBool::new(false);

/// Whether everything that was said could be written.
pub fn was_written() -> bool {
    !LOST.load(Ordering::Relaxed)
}

/// A reader that went away (`| head`) is no error of ours: what it doesn't want is dropped.
fn write_line(out: &mut impl Write, line: &str) {
    if let Err(error) = writeln!(out, "{line}")
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        LOST.store(true, Ordering::Relaxed);
    }
}

fn write_octets(out: &mut impl Write, bytes: &[u8]) {
    if let Err(error) = out.write_all(bytes).and_then(|()| out.flush())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// JSON that does nothing to a terminal and says the same: JSON's own rules let all but 32 control characters stand as they
/// are.
pub fn escaped(json: String) -> String {
    if json.is_ascii() && !json.contains('\u{7f}') || !json.contains(is_unprintable) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        // They stand within strings only, and are all of the basic plane: four digits are enough.
        if is_unprintable(c) { out.push_str(&format!("\\u{:04x}", u32::from(c))) } else { out.push(c) }
    }
    out
}

/// `12345678` as `12,345,678`.
pub fn count(n: impl TryInto<u64>) -> String {
    let digits = n.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 reader`, `2 readers`: the number and the noun that goes with it.
pub fn counted(n: impl TryInto<u64>, one: &str, many: &str) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// So many a second; `None` where nothing can be said.
#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
pub fn rate(n: u64, milliseconds: i64) -> Option<f64> {
    (milliseconds > 0).then(|| n as f64 * 1000.0 / milliseconds as f64)
}

/// `14.2 a second`, `5,120 a second`; below one `30 a minute`.
pub fn per_second(rate: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive figure to be read")]
    let whole = |rate: f64| count(rate.round() as u64);
    match rate {
        ..1.0 => format!("{} a minute", whole(rate * 60.0)),
        ..100.0 => format!("{rate:.1} a second"),
        _ => format!("{} a second", whole(rate)),
    }
}

/// `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
pub fn duration(seconds: f64) -> String {
    if seconds <= 0.0 {
        return "0 s".to_owned();
    }
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive figure to be read")]
    let seconds = seconds.round() as u64;
    let two = |large: u64, one: &str, small: u64, other: &str| match small {
        0 => format!("{} {one}", count(large)),
        _ => format!("{} {one} {small} {other}", count(large)),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// Bytes as a person says them: `812 bytes`, `41 KB`, `1.2 MB` (1 KB = 1024 bytes).
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => counted(bytes, "byte", "bytes"),
        1024..1_048_576 => format!("{} KB", bytes.div_ceil(1024)),
        _ => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

/// Rows under a header as aligned columns for a terminal; cells are made safe for it. Widths are display columns.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    use unicode_width::UnicodeWidthStr;
    let cell = |text: &str| printable(text).replace(['\n', '\t'], " ");
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|text| cell(text)).collect()).collect();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|text| text.width())
            .chain([header[column].width()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut out = String::new();
        for (text, width) in cells.zip(&widths) {
            out.push_str(text);
            out.extend(std::iter::repeat_n(' ', width.saturating_sub(text.width()) + 2));
        }
        out.trim_end().to_owned()
    };
    std::iter::once(line(&mut header.iter().copied()))
        .chain(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_and_does_nothing_to_a_terminal() {
        let text = "a\u{9b}31m\u{7f}\u{202e}é名\u{1b}[2J\n";
        let json = escaped(serde_json::to_string(text).unwrap());
        assert!(!json.contains(is_unprintable) && json.contains("\\u202e") && json.contains("é名"), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(count(0u32), "0");
        assert_eq!(count(999u32), "999");
        assert_eq!(count(1_234_567u32), "1,234,567");
        assert_eq!(counted(1u32, "reader", "readers"), "1 reader");
        assert_eq!(size(41 * 1024), "41 KB");
        assert_eq!(size(1_363_149), "1.3 MB");
    }

    #[test]
    fn rates_and_times_read_as_people_say_them() {
        assert_eq!(rate(28, 2000), Some(14.0));
        assert_eq!(rate(28, 0), None);
        assert_eq!(per_second(14.04), "14.0 a second");
        assert_eq!(per_second(0.5), "30 a minute");
        assert_eq!(per_second(5120.4), "5,120 a second");
        let told = [0.04, 12.4, 60.0, 200.0, 7500.0, 86_400.0, 273_600.0].map(duration);
        assert_eq!(told, ["0.0 s", "12 s", "1 min", "3 min 20 s", "2 h 5 min", "1 d", "3 d 4 h"]);
    }

    #[test]
    fn tables_align_wide_letters() {
        let rows = vec![vec!["名前".into(), "x".into()], vec!["Ann".into(), "y".into()]];
        assert_eq!(table(&["name", "k"], &rows), ["name  k", "名前  x", "Ann   y"]);
    }
}
