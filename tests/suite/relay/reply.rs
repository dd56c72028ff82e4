//! What the relay says: the usual reply, or what the script makes of it.

use std::time::Duration;

use super::script::{Action, Step};
use super::session::{Going, Over, Session};

/// How often a connection that is held at a gate looks at what the client sends meanwhile.
const LOOK: Duration = Duration::from_millis(5);

impl Session<'_> {
    /// Refuses a command that breaks the protocol.
    pub(super) fn refuse(&mut self, reply: &str, fault: &str) -> Going {
        self.fault(fault);
        self.say(reply)
    }

    /// Refuses a command that comes in vain: a fault, unless the client may have sent it along with a refused MAIL.
    pub(super) fn refuse_in_group(&mut self, reply: &str, fault: &str) -> Going {
        if !(self.offers("PIPELINING") && self.mail_refused) {
            self.fault(fault);
        }
        self.say(reply)
    }

    /// Comes to a step: the script's action, or the usual reply. Returns the first digit of what was said.
    pub(super) fn step(&mut self, step: Step, addresses: &[String], usual: &str) -> Going<u8> {
        let action = self.decide(step, addresses)?;
        self.perform(action, usual)
    }

    /// What to do at a step, after the gate that may stand before it.
    pub(super) fn decide(&mut self, step: Step, addresses: &[String]) -> Going<Action> {
        let (gate, action) = self.shared.script.lock().unwrap().at(step, addresses);
        if let Some(gate) = gate {
            gate.arrive();
            while !gate.is_open_within(LOOK) {
                self.look_ahead()?;
            }
        }
        self.look_ahead()?;
        Ok(action)
    }

    /// Takes in what the client has sent on before this reply, and notes how many messages are in flight.
    fn look_ahead(&mut self) -> Going {
        let begun = usize::from(self.begun);
        let in_flight = begun + self.wire()?.messages_ahead();
        self.shared.note(|record| {
            let connection = &mut record.connections[self.number];
            connection.most_in_flight = connection.most_in_flight.max(in_flight);
        });
        Ok(())
    }

    pub(super) fn perform(&mut self, action: Action, usual: &str) -> Going<u8> {
        let bytes = match action {
            Action::Usual => crlf(usual),
            Action::Reply(reply) => crlf(&reply),
            Action::Raw(bytes) => bytes,
            Action::Inject(bytes) => [crlf(usual), bytes].concat(),
            Action::Bytewise(reply) => {
                let bytes = crlf(reply.as_deref().unwrap_or(usual));
                for byte in bytes.chunks(1) {
                    self.wire()?.write(byte)?;
                }
                return Ok(bytes[0]);
            }
            Action::ReplyAndClose(reply) => {
                self.say(&reply)?;
                return Err(Over);
            }
            Action::Close | Action::TakeAndClose => return Err(Over),
            Action::ReplyAndReset(reply) => {
                self.say(&reply)?;
                if let Some(wire) = self.wire.take() {
                    wire.reset();
                }
                return Err(Over);
            }
            Action::Reset => {
                if let Some(wire) = self.wire.take() {
                    wire.reset();
                }
                return Err(Over);
            }
            Action::Endless => {
                // Far more than a client may keep in memory, but not more than a broken one can be given in a test.
                for _ in 0..4096 {
                    self.wire()?.write(&b"250-and another thing\r\n".repeat(512))?;
                }
                return Err(Over);
            }
        };
        self.wire()?.write(&bytes)?;
        Ok(bytes.first().copied().unwrap_or_default())
    }

    pub(super) fn say(&mut self, reply: &str) -> Going {
        self.wire()?.write(&crlf(reply))?;
        Ok(())
    }
}

/// The lines of a reply as they go on the wire.
fn crlf(reply: &str) -> Vec<u8> {
    reply.split('\n').flat_map(|line| [line, "\r\n"]).collect::<String>().into_bytes()
}
