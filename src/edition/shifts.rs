//! The way back from a changed text to the text that its author wrote, for error messages.

use std::borrow::Cow;
use std::ops::Range;

use crate::diagnostic::Place;

/// Where the positions of a changed text were in the text it was made from.
#[derive(Debug, Clone, Default)]
pub struct Shifts {
    steps: Vec<(usize, isize)>,
    /// Of the text that this one was made from, when that was changed too.
    below: Option<Box<Shifts>>,
}

impl Shifts {
    /// From position `new` on, the text is what stands from `old` on in the text it was made from.
    pub fn note(&mut self, new: usize, old: usize) {
        self.steps.push((new, isize::try_from(old).unwrap_or(0) - isize::try_from(new).unwrap_or(0)));
    }

    /// The position in the text it was made from.
    pub fn original(&self, position: usize) -> usize {
        let shift = self.steps.iter().rev().find(|(at, _)| *at <= position).map_or(0, |(_, shift)| *shift);
        let position = position.saturating_add_signed(shift);
        self.below.as_ref().map_or(position, |below| below.original(position))
    }

    /// The way back through two changes: this one was made to what came out of `below`.
    pub fn after(self, below: Shifts) -> Shifts {
        Shifts { below: Some(Box::new(below)), ..self }
    }
}

/// Changes to a text, each a range of it and what stands there instead.
#[derive(Debug, Default)]
pub struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    pub fn push(&mut self, range: Range<usize>, instead: impl Into<String>) {
        self.0.push((range, instead.into()));
    }

    /// Makes the changes; of two that overlap the later one is left out.
    pub fn apply(mut self, text: &str) -> (String, Shifts) {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = String::with_capacity(text.len());
        let mut shifts = Shifts::default();
        let mut from = 0;
        for (range, instead) in &self.0 {
            if range.start < from {
                continue;
            }
            out.push_str(&text[from..range.start]);
            out.push_str(instead);
            from = range.end;
            shifts.note(out.len(), from);
        }
        out.push_str(&text[from..]);
        (out, shifts)
    }
}

/// A source to be scanned: as its author wrote it, and as it is scanned, with what is only shown held back.
#[derive(Debug)]
pub struct Source<'a> {
    pub file: &'a str,
    pub written: &'a str,
    pub text: Cow<'a, str>,
    pub shifts: Shifts,
    /// Where something looks at what is printed, so that no gap may be there: ranges of what was written.
    pub looked_at: Vec<Range<usize>>,
    /// The file that it stands in, the whole text of that, and where in it: when it is a part of one.
    pub whole: Option<(&'a str, &'a str, usize)>,
}

impl<'a> Source<'a> {
    /// A source in which nothing is held back.
    pub fn as_written(file: &'a str, written: &'a str) -> Self {
        Source {
            file,
            written,
            text: Cow::Borrowed(written),
            shifts: Shifts::default(),
            looked_at: Vec::new(),
            whole: None,
        }
    }

    /// Whether something looks at what a tag here prints.
    pub fn is_looked_at(&self, position: usize) -> bool {
        let position = self.shifts.original(position);
        self.looked_at.iter().any(|range| range.contains(&position))
    }

    /// The place of a range of the scanned text.
    pub fn place(&self, range: Range<usize>) -> Place {
        let range = self.shifts.original(range.start)..self.shifts.original(range.end);
        match self.whole {
            Some((file, whole, at)) => Place::span(file, whole, at + range.start..at + range.end),
            None => Place::span(self.file, self.written, range),
        }
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

    #[test]
    fn positions_lead_back_through_two_changes() {
        let mut first = Edits::default();
        first.push(6..6, "\n\n");
        first.push(0..2, "x");
        let (text, below) = first.apply("abcd, ef");
        assert_eq!(text, "xcd, \n\nef");
        let mut second = Edits::default();
        second.push(1..3, "longer");
        let (text, shifts) = second.apply(&text);
        assert_eq!(text, "xlonger, \n\nef");
        assert_eq!(shifts.after(below).original(text.find("ef").unwrap()), 6);
    }
}
