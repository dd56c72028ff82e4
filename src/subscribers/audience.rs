//! Who is owed the mail: every reader of the list once, in its order, without those who may not be written to, and how
//! many were left out for which reason.

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Result};

use super::column::Columns;
use super::defect::Defects;
use super::files::Files;
use super::list::Rows;
use super::repeat::{self, Repeats};
use super::row::Row;
use super::segment::Segment;
use super::suppression::Suppressions;
use super::withdrawal::Withdrawal;

/// How many rows the list has and what became of each: the counts of the exclusions and `owed` add up to `rows`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AudienceSummary {
    pub rows: u64,
    /// Readers who are owed the mail.
    pub owed: u64,
    pub excluded: Exclusions,
    /// What is wrong with the list, row by row.
    pub defects: Defects,
}

/// How many rows are left out, by reason. A row counts once, under the first reason that fits, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Exclusions {
    /// The row has a fault, or another row of the same address has one.
    pub invalid: u64,
    /// An earlier row has the address.
    pub duplicate: u64,
    pub unsubscribed: u64,
    pub pending: u64,
    pub bounced: u64,
    pub complained: u64,
    pub suppressed: u64,
    pub not_in_segment: u64,
}

impl Exclusions {
    /// Each reason with its count, in the words of a report.
    pub fn counts(&self) -> [(&'static str, u64); 8] {
        [
            ("invalid", self.invalid),
            ("duplicate", self.duplicate),
            ("unsubscribed", self.unsubscribed),
            ("pending", self.pending),
            ("bounced", self.bounced),
            ("complained", self.complained),
            ("suppressed", self.suppressed),
            ("not in the segment", self.not_in_segment),
        ]
    }

    pub fn total(&self) -> u64 {
        self.counts().iter().map(|(_, n)| n).sum()
    }

    fn count(&mut self, withdrawal: Withdrawal) {
        *match withdrawal {
            Withdrawal::Unsubscribed => &mut self.unsubscribed,
            Withdrawal::Pending => &mut self.pending,
            Withdrawal::Bounced => &mut self.bounced,
            Withdrawal::Complained => &mut self.complained,
            Withdrawal::Unclear => &mut self.invalid,
            Withdrawal::Suppressed => &mut self.suppressed,
        } += 1;
    }
}

/// A list about to be gone through.
#[derive(Debug)]
pub struct Audience {
    rows: Rows,
    repeats: Repeats,
    suppressions: Suppressions,
}

impl Audience {
    /// Opens the list and looks at all of it once: somebody with two rows, of which the second says `unsubscribed`, gets
    /// nothing by the first.
    pub fn open(files: &Files) -> Result<Audience> {
        let suppressions = Suppressions::load(&files.suppressions)?;
        let mut rows = Rows::open(&files.list)?;
        let repeats = Repeats::find(&mut rows)?;
        Ok(Audience { rows, repeats, suppressions })
    }

    /// The columns, for a segment and for merge fields.
    pub fn columns(&self) -> &Columns {
        self.rows.columns()
    }

    /// Hands every reader who is owed the mail to `each`, in the order of the list.
    ///
    /// # Errors
    /// The list can't be read to its end or was changed meanwhile, or `each` failed. What `each` was handed is then no
    /// whole audience.
    pub fn visit(
        mut self,
        segment: Option<&Segment>,
        each: &mut dyn FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<AudienceSummary> {
        if segment.is_some_and(|segment| segment.columns() != self.rows.columns()) {
            return Err(Diagnostic::error("the columns of the list changed while it was read")
                .help("run the command again when the list is saved"));
        }
        let label = self.rows.label().to_owned();
        let mut summary = AudienceSummary::default();
        while let Some(row) = self.rows.read()? {
            summary.rows += 1;
            summary.defects.take(&row, &label);
            let repeat = self.repeats.step();
            if row.fault().is_some() {
                summary.excluded.invalid += 1;
            } else if let Some(line) = repeat.and_then(|repeat| repeat.earlier) {
                summary.excluded.duplicate += 1;
                summary.defects.push(|| repeat::defect(&row, line, &label));
            } else if let Some(withdrawal) = Withdrawal::of(&row).or(repeat.and_then(|repeat| repeat.withdrawn)) {
                summary.excluded.count(withdrawal);
            } else if self.suppressions.reason_for(row.email()).is_some() {
                summary.excluded.suppressed += 1;
            } else if segment.is_some_and(|segment| !segment.matches(&row)) {
                summary.excluded.not_in_segment += 1;
            } else {
                summary.owed += 1;
                each(&row)?;
            }
        }
        self.rows.unchanged()?;
        Ok(summary)
    }
}

#[cfg(test)]
mod tests {
    use super::super::test::{self, List, list};
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn visit(list: &List, segment: Option<&str>) -> Result<(Vec<String>, AudienceSummary)> {
        let audience = Audience::open(&list.files)?;
        let segment = segment.map(|text| test::segment(text, audience.columns())).transpose()?;
        let mut owed = Vec::new();
        let summary = audience.visit(segment.as_ref(), &mut |row| {
            owed.push(row.email().to_owned());
            Ok(())
        })?;
        Ok((owed, summary))
    }

    #[test]
    fn everyone_is_counted_once() {
        let list = list(
            "email,status,plan\n\
             ann@example.com,,pro\n\
             Ann@Example.com,active,pro\n\
             bob@example.com,unsubscribed,\n\
             cem@example.com,pending,\n\
             dan@example.com,bounced,\n\
             eve@example.com,complained,\n\
             fay@example.org,active,pro\n\
             gus@example.com,inactive,pro\n\
             gus@example.com,active,pro\n\
             hal,active,\n\
             ivy@example.com,active,free\n\
             joe@example.com,active,pro\n\
             JOE@example.com,unsubscribed,pro\n\
             kim@example.com,active,pro\n",
        );
        std::fs::write(&list.files.suppressions, "address\n@example.org\n").unwrap();
        let (owed, summary) = visit(&list, Some("plan == 'pro'")).unwrap();
        assert_eq!(owed, ["ann@example.com", "kim@example.com"]);
        let expected = Exclusions {
            // Both rows of gus: nobody knows whether he left.
            invalid: 3,
            duplicate: 2,
            // Joe has left by his second row.
            unsubscribed: 2,
            pending: 1,
            bounced: 1,
            complained: 1,
            suppressed: 1,
            not_in_segment: 1,
        };
        assert_eq!(summary.excluded, expected);
        assert_eq!(summary.owed + summary.excluded.total(), summary.rows);
        assert_eq!(summary.defects.total, 4);
        let twice = summary.defects.first.iter().find(|d| d.message().contains("row 2 already")).unwrap();
        assert_eq!(twice.place().unwrap().line, 3);
    }

    #[test]
    fn defects_are_bounded_and_counted() {
        let list = list(format!("email\n{}", "x\n".repeat(250)));
        let (_, summary) = visit(&list, None).unwrap();
        assert_eq!((summary.defects.first.len(), summary.defects.total), (Defects::KEPT, 250));
    }

    #[test]
    fn a_segment_of_other_columns_is_refused() {
        let one = list("email,plan\na@example.com,x\n");
        let other = list("email,city,plan\na@example.com,x,y\n");
        let segment = test::segment("plan == 'x'", Audience::open(&one.files).unwrap().columns()).unwrap();
        assert!(Audience::open(&other.files).unwrap().visit(Some(&segment), &mut |_| Ok(())).is_err());
    }

    #[test]
    fn a_list_written_to_while_it_is_read_is_no_audience() {
        let list = list("email\na@example.com\n");
        let audience = Audience::open(&list.files).unwrap();
        let result = audience.visit(None, &mut |_| {
            std::fs::write(&list.files.list, "email\nb@example.com\nc@example.com\n").unwrap();
            Ok(())
        });
        assert!(result.unwrap_err().message().contains("changed by another program"));
    }

    proptest! {
        /// Against the plain way: a map of all rows.
        #[test]
        fn nobody_is_lost_and_nobody_gets_two(rows in proptest::collection::vec(("[abAB]{1,2}", "active|unsubscribed|"), 0..60)) {
            let lines: Vec<String> = rows.iter().map(|(who, status)| format!("{who}@example.com,{status}")).collect();
            let list = list(format!("email,status\n{}", lines.join("\n")));
            let mut active: HashMap<String, bool> = HashMap::new();
            for (who, status) in &rows {
                *active.entry(who.to_lowercase()).or_insert(true) &= status != "unsubscribed";
            }
            let (owed, summary) = visit(&list, None).unwrap();
            let mut got: Vec<String> = owed.iter().map(|email| email.to_lowercase()).collect();
            got.sort();
            let mut wanted: Vec<String> =
                active.iter().filter(|(_, active)| **active).map(|(who, _)| format!("{who}@example.com")).collect();
            wanted.sort();
            prop_assert_eq!(got, wanted);
            prop_assert_eq!(summary.owed + summary.excluded.total(), rows.len() as u64);
        }
    }
}
