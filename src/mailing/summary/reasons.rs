//! Why those who don't have it don't: a relay's words, grouped by leaving out what differs from reader to reader.

use std::collections::HashMap;

use serde::Serialize;

use super::TOLD;
use super::marks::Marks;
use crate::address;
use crate::ledger::{Ledger, Read, Recipient, State};

/// How many reasons are kept apart; a few places are left for what comes after.
const KEPT: usize = 200;
/// How many are told of each state.
const SHOWN: usize = 12;
/// The longest reason in characters.
const LONGEST: usize = 200;
/// What stands for the part that differs.
const MASK: &str = "…";

/// A reason, and how many have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub state: State,
    pub words: String,
    pub count: u64,
}

#[derive(Debug)]
pub(super) struct Reasons {
    words: Vec<String>,
    places: HashMap<String, u8>,
    /// Each recipient's reason: its place in `words`, plus one.
    of: Marks,
}

impl Reasons {
    pub fn new(recipients: Recipient) -> Reasons {
        Reasons { words: Vec::new(), places: HashMap::new(), of: Marks::new(recipients) }
    }

    /// Remembers why a recipient is in a state now.
    pub fn note(&mut self, record: &Read<'_>, state: State) {
        let place = if TOLD.contains(&state) { self.place(record) } else { 0 };
        self.of.set(record.recipient, place);
    }

    fn place(&mut self, record: &Read<'_>) -> u8 {
        let words = match (record.code, masked(record.reply)) {
            (0, words) => words,
            (code, words) => format!("{code} {words}").trim_end().to_owned(),
        };
        if let Some(place) = self.places.get(&words) {
            return *place;
        }
        let words = if self.words.len() < KEPT { words } else { in_short(record) };
        if let Some(place) = self.places.get(&words) {
            return *place;
        }
        let Ok(place) = u8::try_from(self.words.len() + 1) else { return 0 };
        self.words.push(words.clone());
        self.places.insert(words, place);
        place
    }

    /// The most frequent reasons of each state.
    pub fn of(&self, ledger: &Ledger) -> Vec<Reason> {
        let mut counts: HashMap<(State, u8), u64> = HashMap::new();
        for recipient in 0..ledger.len() {
            let state = ledger.state(recipient);
            if TOLD.contains(&state) {
                *counts.entry((state, self.of.get(recipient))).or_default() += 1;
            }
        }
        TOLD.into_iter().flat_map(|state| self.of_state(state, &counts)).collect()
    }

    fn of_state(&self, state: State, counts: &HashMap<(State, u8), u64>) -> Vec<Reason> {
        let of_it = counts.iter().filter(|((known, _), _)| *known == state);
        let reason = |((_, place), count): (&(State, u8), &u64)| {
            let words = usize::from(*place).checked_sub(1).and_then(|at| self.words.get(at));
            let words = words.filter(|words| !words.is_empty()).map_or("no answer is known", String::as_str);
            Reason { state, words: words.to_owned(), count: *count }
        };
        let mut reasons: Vec<Reason> = of_it.map(reason).collect();
        reasons.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.words.cmp(&b.words)));
        let rest: u64 = reasons.iter().skip(SHOWN).map(|reason| reason.count).sum();
        reasons.truncate(SHOWN);
        if rest > 0 {
            reasons.push(Reason { state, words: "other words".to_owned(), count: rest });
        }
        reasons
    }
}

/// The codes alone.
fn in_short(record: &Read<'_>) -> String {
    let enhanced = record.reply.split(' ').next().filter(|word| is_enhanced(word)).unwrap_or_default();
    format!("{} {enhanced} in other words", record.code).replace("  ", " ")
}

/// A reply without addresses, numbers of machines and ids, so that the same refusal reads the same for every reader.
fn masked(reply: &str) -> String {
    let mut out = String::new();
    // A mailbox may have a space in it, in quotes.
    for word in address::masked(reply).split_whitespace() {
        let inner = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '@');
        let (before, after) = word.split_once(inner).unwrap_or((word, ""));
        let parts = if is_particular(inner) { [before, MASK, after] } else { [before, inner, after] };
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(parts);
    }
    match out.char_indices().nth(LONGEST) {
        Some((end, _)) => out[..end].to_owned() + MASK,
        None => out,
    }
}

/// Whether a word is likely to differ from reader to reader: an address, an IP address, an id.
fn is_particular(word: &str) -> bool {
    let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
    word.contains('@')
        || word.parse::<std::net::IpAddr>().is_ok()
        || (has_digit && word.len() >= 8 && !is_enhanced(word) && !word.starts_with("http"))
}

/// Whether it is an enhanced status code, such as `5.1.1` (RFC 3463).
fn is_enhanced(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3
        && matches!(parts[0], "2" | "4" | "5")
        && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_refusal_reads_the_same_for_every_reader() {
        for (reply, masked_reply) in [
            ("5.1.1 <ann@example.org>: Recipient address rejected", "5.1.1 <…>: Recipient address rejected"),
            ("5.2.2 ann@example.org mailbox full", "5.2.2 … mailbox full"),
            ("4.7.650 The mail server [192.0.2.1] is busy", "4.7.650 The mail server […] is busy"),
            ("4.2.1 try later a1b2c3d4e5f6-7si123.42 - gsmtp", "4.2.1 try later … - gsmtp"),
            (
                "5.1.1 See https://support.example.com/?p=1234567 now",
                "5.1.1 See https://support.example.com/?p=1234567 now",
            ),
            ("5.1.1 <\"ann lee\"@example.org> unknown", "5.1.1 <…> unknown"),
            (
                "5.7.1 see https://example.com/?id=ann%40example.org",
                "5.7.1 see https://example.com/?id=a…%40example.org",
            ),
            ("", ""),
            ("@ … <> ((", "… … <> (("),
        ] {
            assert_eq!(masked(reply), masked_reply, "{reply}");
        }
        assert_eq!(masked(&"é ".repeat(300)).chars().count(), LONGEST + 1);
    }
}
