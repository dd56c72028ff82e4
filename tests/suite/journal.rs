//! A journal as a test wants it: histories that no short run would make.

use letterpress::ledger::{Event, Record};

use crate::publication::Publication;

/// The journal of a mailing that was sent, told anew. `who` is the row in the plan.
pub(crate) struct Told {
    bytes: Vec<u8>,
    /// The time of what is told next, in milliseconds since 1970.
    pub(crate) at: i64,
    relay: u8,
}

impl Told {
    /// Nothing has happened yet to the mailing of `spring`. It is 22 November 2026, 10:00 UTC.
    pub(crate) fn anew(letter: &Publication) -> Told {
        let bytes = std::fs::read(letter.path().join("mailings/spring/journal")).unwrap();
        let header = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
        Told { bytes: bytes[..header].to_vec(), at: 1_795_341_600_000, relay: 1 }
    }

    /// A run begins with these relays.
    pub(crate) fn run(mut self, relays: &[&str]) -> Told {
        for (name, number) in relays.iter().zip(1..) {
            self.relay = number;
            self = self.record(0, Event::RelayNamed, 0, name);
        }
        self.relay = 1;
        self
    }

    /// What follows happens at this relay.
    pub(crate) fn relay(mut self, number: u8) -> Told {
        self.relay = number;
        self
    }

    /// Time passes.
    pub(crate) fn after(mut self, milliseconds: i64) -> Told {
        self.at += milliseconds;
        self
    }

    /// Claimed, and then this.
    pub(crate) fn sent(self, who: u32, event: Event, code: u16, reply: &str) -> Told {
        self.record(who, Event::Claimed, 0, "").record(who, event, code, reply)
    }

    pub(crate) fn record(mut self, recipient: u32, event: Event, code: u16, reply: &str) -> Told {
        let record = Record { recipient, event, relay: self.relay, at: self.at, code, reply };
        record.encode_into(&mut self.bytes);
        self
    }

    pub(crate) fn write(self, letter: &Publication) {
        std::fs::write(letter.path().join("mailings/spring/journal"), self.bytes).unwrap();
    }
}
