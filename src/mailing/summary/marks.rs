//! A small number for each of some recipients: sparse while they are few, one octet for everyone when they are many.

use std::collections::HashMap;

use crate::ledger::Recipient;

/// One of so many recipients may be marked before everyone gets an octet: a map's entry takes about that much more.
const FEW: usize = 32;

/// Numbers by recipient; 0 where none was set.
#[derive(Debug)]
pub(super) struct Marks {
    recipients: usize,
    few: HashMap<Recipient, u8>,
    many: Vec<u8>,
}

impl Marks {
    pub fn new(recipients: Recipient) -> Marks {
        Marks { recipients: recipients as usize, few: HashMap::new(), many: Vec::new() }
    }

    /// Sets a recipient's number; one that isn't there is left out.
    pub fn set(&mut self, recipient: Recipient, number: u8) {
        if self.many.is_empty() {
            if number == 0 {
                self.few.remove(&recipient);
                return;
            }
            self.few.insert(recipient, number);
            if self.few.len() > self.recipients / FEW {
                self.spread();
            }
        } else if let Some(place) = self.many.get_mut(recipient as usize) {
            *place = number;
        }
    }

    fn spread(&mut self) {
        self.many = vec![0; self.recipients];
        for (recipient, number) in std::mem::take(&mut self.few) {
            self.set(recipient, number);
        }
    }

    pub fn get(&self, recipient: Recipient) -> u8 {
        match self.many.get(recipient as usize) {
            Some(number) => *number,
            None => self.few.get(&recipient).copied().unwrap_or_default(),
        }
    }
}

/// A yes or no for every recipient.
#[derive(Debug)]
pub(super) struct Flags(Vec<u64>);

impl Flags {
    pub fn new(recipients: Recipient) -> Flags {
        Flags(vec![0; (recipients as usize).div_ceil(64)])
    }

    pub fn raise(&mut self, recipient: Recipient) {
        if let Some(word) = self.0.get_mut(recipient as usize / 64) {
            *word |= 1 << (recipient % 64);
        }
    }

    pub fn is_raised(&self, recipient: Recipient) -> bool {
        self.0.get(recipient as usize / 64).is_some_and(|word| word >> (recipient % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_set_last_is_read(sets in prop::collection::vec((0u32..200, 0u8..4), 0..300)) {
            let (mut marks, mut flags) = (Marks::new(200), Flags::new(200));
            let mut known = [0u8; 200];
            let mut raised = [false; 200];
            for (recipient, number) in sets {
                marks.set(recipient, number);
                known[recipient as usize] = number;
                flags.raise(recipient);
                raised[recipient as usize] = true;
            }
            for recipient in 0..200u32 {
                prop_assert_eq!(marks.get(recipient), known[recipient as usize]);
                prop_assert_eq!(flags.is_raised(recipient), raised[recipient as usize]);
            }
        }
    }
}
