//! The way back from a changed text to the text that its author wrote, for error messages.

use std::borrow::Cow;
use std::ops::Range;

use crate::diagnostic::Place;

/// Where the positions of a changed text were in the text it was made from.
#[derive(Debug, Clone, Default)]
pub struct Shifts(Vec<(usize, isize)>);

impl Shifts {
    /// From position `new` on, the text is what stands from `old` on in the text it was made from.
    pub fn note(&mut self, new: usize, old: usize) {
        self.0.push((new, isize::try_from(old).unwrap_or(0) - isize::try_from(new).unwrap_or(0)));
    }

    /// The position in the text it was made from.
    pub fn original(&self, position: usize) -> usize {
        let shift = self.0.iter().rev().find(|(at, _)| *at <= position).map_or(0, |(_, shift)| *shift);
        position.saturating_add_signed(shift)
    }
}

/// A source to be scanned: as its author wrote it, and as it is scanned, with what is only shown held back.
#[derive(Debug)]
pub struct Source<'a> {
    pub file: &'a str,
    pub written: &'a str,
    pub text: Cow<'a, str>,
    pub shifts: Shifts,
}

impl<'a> Source<'a> {
    /// A source in which nothing is held back.
    pub fn as_written(file: &'a str, written: &'a str) -> Self {
        Source { file, written, text: Cow::Borrowed(written), shifts: Shifts::default() }
    }

    /// The place of a range of the scanned text.
    pub fn place(&self, range: Range<usize>) -> Place {
        Place::span(self.file, self.written, self.shifts.original(range.start)..self.shifts.original(range.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_lead_back() {
        let mut shifts = Shifts::default();
        // `ab{{cd` became `abTOKENcd`.
        shifts.note(7, 4);
        assert_eq!((shifts.original(1), shifts.original(7), shifts.original(8)), (1, 4, 5));
    }
}
