//! One record of the journal: its octets, checked by length and CRC.
//!
//! Layout, little-endian: length of the payload (u16), its complement (u16), CRC-32 of the payload (u32), payload: event
//! (u8), relay (u8), recipient (u32), milliseconds since 1970 (i64), reply code (u16), the relay's words (UTF-8). The
//! complement tells a damaged length from an end that a crash has torn: only the latter may be cut off.

use super::{Event, Recipient};

/// The relay's words are cut here; more says nothing more.
pub const LONGEST_REPLY: usize = 1000;
const HEADER: usize = 8;
const FIXED: usize = 16;
/// The longest record in octets.
pub const LONGEST_RECORD: usize = HEADER + FIXED + LONGEST_REPLY;

/// One thing that happened to one recipient, or, for [`Event::RelayNamed`], the name of the relay that is meant by a number
/// from here on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<Words = String> {
    pub recipient: Recipient,
    pub event: Event,
    /// The number of the relay that it happened at, as the last [`Event::RelayNamed`] says; 0 where no relay is meant.
    pub relay: u8,
    /// Milliseconds since 1970, for people; the order of the records is the order of events.
    pub at: i64,
    /// The reply code; 0 when there was no reply.
    pub code: u16,
    /// The relay's words, or why there were none.
    pub reply: Words,
}

/// A record whose words still stand in the octets that it was read from: reading a long journal costs no memory.
pub type Read<'a> = Record<&'a str>;

/// What the octets at a position are.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A record and its length in octets.
    Record(Read<'a>, usize),
    /// Fewer octets than a whole record: what a crash leaves at the end.
    Torn,
    /// A whole record whose checksum or content is wrong.
    Corrupt,
}

impl<Words: AsRef<str>> Record<Words> {
    /// Appends the record's octets.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        let reply = self.reply.as_ref();
        let mut end = reply.len().min(LONGEST_REPLY);
        while !reply.is_char_boundary(end) {
            end -= 1;
        }
        let length = u16::try_from(FIXED + end).expect("the longest reply keeps a record below 64 KiB");
        let start = out.len();
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.push(code_of(self.event));
        out.push(self.relay);
        out.extend_from_slice(&self.recipient.to_le_bytes());
        out.extend_from_slice(&self.at.to_le_bytes());
        out.extend_from_slice(&self.code.to_le_bytes());
        out.extend_from_slice(&reply.as_bytes()[..end]);
        let checksum = crc32fast::hash(&out[start + HEADER..]);
        out[start + 4..start + HEADER].copy_from_slice(&checksum.to_le_bytes());
    }

    /// The record with words of its own.
    pub fn to_owned(&self) -> Record {
        let Record { recipient, event, relay, at, code, ref reply } = *self;
        Record { recipient, event, relay, at, code, reply: reply.as_ref().to_owned() }
    }
}

impl<'a> Read<'a> {
    /// Reads the record at the start of `bytes`.
    pub fn decode(bytes: &'a [u8]) -> Decoded<'a> {
        let Some((head, rest)) = bytes.split_at_checked(HEADER) else { return Decoded::Torn };
        let length = u16::from_le_bytes([head[0], head[1]]);
        if length != !u16::from_le_bytes([head[2], head[3]]) || usize::from(length) > FIXED + LONGEST_REPLY {
            return Decoded::Corrupt;
        }
        let Some(payload) = rest.get(..usize::from(length)) else { return Decoded::Torn };
        let stored = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        if stored != crc32fast::hash(payload) || payload.len() < FIXED {
            return Decoded::Corrupt;
        }
        let (Some(event), Ok(reply)) = (event_of(payload[0]), std::str::from_utf8(&payload[FIXED..])) else {
            return Decoded::Corrupt;
        };
        let number = |range: std::ops::Range<usize>| {
            payload[range].iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte))
        };
        let record = Record {
            recipient: Recipient::try_from(number(2..6)).unwrap_or(Recipient::MAX),
            event,
            relay: payload[1],
            at: number(6..14).cast_signed(),
            code: u16::try_from(number(14..16)).unwrap_or(u16::MAX),
            reply,
        };
        Decoded::Record(record, HEADER + usize::from(length))
    }
}

const EVENTS: [(u8, Event); 10] = [
    (1, Event::Claimed),
    (2, Event::Accepted),
    (3, Event::Deferred),
    (4, Event::Rejected),
    (5, Event::Withdrawn),
    (6, Event::Released),
    (7, Event::SettledResend),
    (8, Event::SettledAccept),
    (9, Event::Doubted),
    (10, Event::RelayNamed),
];

fn code_of(event: Event) -> u8 {
    EVENTS.iter().find(|(_, known)| *known == event).map_or(0, |(code, _)| *code)
}

fn event_of(code: u8) -> Option<Event> {
    EVENTS.iter().find(|(known, _)| *known == code).map(|(_, event)| *event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_record_comes_back_and_any_flipped_bit_is_seen(recipient: u32, event in 0usize..10, relay: u8, at: i64, code: u16, reply in "\\PC{0,40}", bit: u16) {
            let record = Record { recipient, event: EVENTS[event].1, relay, at, code, reply };
            let mut bytes = Vec::new();
            record.encode_into(&mut bytes);
            let Decoded::Record(read, length) = Record::decode(&bytes) else { panic!("it doesn't come back") };
            prop_assert_eq!((read.to_owned(), length), (record, bytes.len()));
            for cut in 0..bytes.len() {
                prop_assert_eq!(Record::decode(&bytes[..cut]), Decoded::Torn);
            }
            let bit = usize::from(bit) % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!matches!(Record::decode(&bytes), Decoded::Record(..)));
        }
    }

    #[test]
    fn long_replies_are_cut_between_characters() {
        let record =
            Record { recipient: 1, event: Event::Rejected, relay: 0, at: 0, code: 550, reply: "é".repeat(2000) };
        let mut bytes = Vec::new();
        record.encode_into(&mut bytes);
        assert!(matches!(Record::decode(&bytes), Decoded::Record(record, _) if record.reply.len() == LONGEST_REPLY));
    }

    #[test]
    fn a_length_that_no_record_has_is_no_torn_end() {
        let length = u16::try_from(FIXED + LONGEST_REPLY + 1).unwrap();
        let head = [length.to_le_bytes(), (!length).to_le_bytes(), [0; 2], [0; 2]].concat();
        assert_eq!(Record::decode(&head), Decoded::Corrupt, "all that follows would be cut off with it");
    }
}
