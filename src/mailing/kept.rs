//! The editions kept in memory, up to a number of octets: what was used since it was last looked at stays, what wasn't goes
//! ("second chance"). What went is set again when needed: slow, and right.
//!
//! Who looks one up only marks it as used, so that workers never wait for one another while editions are at hand. Only
//! putting one in takes the whole for itself, for an instant; what goes is freed after that.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::edition::{Edition, Group};

/// How many octets of editions are kept, unless told.
pub(super) const ROOM: usize = 32 << 20;

/// Editions by their groups.
#[derive(Debug)]
pub(super) struct Kept {
    room: usize,
    held: RwLock<Held>,
}

#[derive(Debug, Default)]
struct Held {
    places: HashMap<Group, usize>,
    /// Where the hand goes round.
    ring: Vec<Slot>,
    hand: usize,
    octets: usize,
}

#[derive(Debug)]
struct Slot {
    group: Group,
    edition: Arc<Edition>,
    octets: usize,
    used: AtomicBool,
}

impl Kept {
    pub(super) fn new(room: usize) -> Self {
        Kept { room, held: RwLock::default() }
    }

    /// The edition of a group, when it is kept.
    pub(super) fn get(&self, group: &Group) -> Option<Arc<Edition>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let slot = held.ring.get(*held.places.get(group)?)?;
        // Written only when it changes something: a line of memory that nobody writes is nobody's to wait for.
        if !slot.used.load(Ordering::Relaxed) {
            slot.used.store(true, Ordering::Relaxed);
        }
        Some(Arc::clone(&slot.edition))
    }

    /// Keeps an edition, and gives the one that is kept: another worker may have been faster.
    pub(super) fn put(&self, group: Group, edition: Arc<Edition>) -> Arc<Edition> {
        let octets =
            edition.octets() + group.values.iter().map(|value| 2 * (value.len() + size_of::<String>())).sum::<usize>();
        let slot = Slot { group, edition, octets, used: AtomicBool::new(false) };
        let mut gone = Vec::new();
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let kept = held.put(slot, self.room, &mut gone);
        drop(held);
        drop(gone);
        kept
    }
}

impl Held {
    /// Puts one in, for which others may have to go. The newest is kept however large it is.
    fn put(&mut self, slot: Slot, room: usize, gone: &mut Vec<Slot>) -> Arc<Edition> {
        if let Some(place) = self.places.get(&slot.group) {
            return Arc::clone(&self.ring[*place].edition);
        }
        self.make_room(room.saturating_sub(slot.octets), gone);
        let edition = Arc::clone(&slot.edition);
        self.octets += slot.octets;
        self.places.insert(slot.group.clone(), self.ring.len());
        self.ring.push(slot);
        edition
    }

    fn make_room(&mut self, room: usize, gone: &mut Vec<Slot>) {
        while self.octets > room && !self.ring.is_empty() {
            if self.hand >= self.ring.len() {
                self.hand = 0;
            }
            if std::mem::take(self.ring[self.hand].used.get_mut()) {
                self.hand += 1;
                continue;
            }
            // The last takes the place that becomes free, and the hand goes on behind it.
            let slot = self.ring.swap_remove(self.hand);
            self.places.remove(&slot.group);
            self.octets -= slot.octets;
            if let Some(moved) = self.ring.get(self.hand) {
                self.places.insert(moved.group.clone(), self.hand);
            }
            gone.push(slot);
            self.hand += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edition::{Part, Phrase, Piece};
    use proptest::prelude::*;

    /// An edition of about so many octets, which can be told from others by its subject.
    fn edition(name: usize, octets: usize) -> Arc<Edition> {
        Arc::new(Edition {
            subject: Phrase::default(),
            preheader: Phrase::default(),
            html: Part(vec![Piece::Encoded(vec![0; octets])]),
            text: Part::default(),
            images: Vec::new(),
            attachments: Vec::new(),
            mjml: String::new(),
            language: name.to_string(),
            warnings: Vec::new(),
        })
    }

    fn group(name: usize) -> Group {
        Group { language: 0, values: vec![name.to_string()] }
    }

    fn octets(kept: &Kept) -> (usize, usize) {
        let held = kept.held.read().unwrap();
        let sum: usize = held.ring.iter().map(|slot| slot.octets).sum();
        assert_eq!((held.octets, held.places.len()), (sum, held.ring.len()));
        for (at, slot) in held.ring.iter().enumerate() {
            assert_eq!(held.places[&slot.group], at);
        }
        (held.octets, held.ring.len())
    }

    proptest! {
        #[test]
        fn what_is_kept_is_right_and_has_room(steps in prop::collection::vec((0..12usize, 0..3000usize, any::<bool>()), 1..200), room in 0..12_000usize) {
            let kept = Kept::new(room);
            for (name, size, put) in steps {
                if put {
                    let given = kept.put(group(name), edition(name, size));
                    prop_assert_eq!(&given.language, &name.to_string());
                    prop_assert_eq!(&kept.get(&group(name)).unwrap().language, &name.to_string());
                } else if let Some(found) = kept.get(&group(name)) {
                    prop_assert_eq!(&found.language, &name.to_string());
                }
                let (octets, editions) = octets(&kept);
                prop_assert!(octets <= room || editions == 1, "{} octets in {} editions", octets, editions);
            }
        }
    }

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let kept = Kept::new(20_000);
        kept.put(group(0), edition(0, 3000));
        for name in 1..100 {
            assert!(kept.get(&group(0)).is_some(), "after {name}");
            kept.put(group(name), edition(name, 3000));
        }
        assert!(kept.get(&group(50)).is_none() && kept.get(&group(99)).is_some());
    }

    #[test]
    fn many_workers_get_what_they_ask_for() {
        let kept = Kept::new(16_000);
        std::thread::scope(|scope| {
            for worker in 0..8usize {
                let kept = &kept;
                scope.spawn(move || {
                    for step in 0..2000 {
                        let name = (step * (worker + 1)) % 23;
                        let found =
                            kept.get(&group(name)).unwrap_or_else(|| kept.put(group(name), edition(name, 2000)));
                        assert_eq!(found.language, name.to_string());
                    }
                });
            }
        });
        assert!(octets(&kept).0 <= 16_000);
    }
}
