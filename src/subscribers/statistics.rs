//! What a list is made of: how many readers by status, by the domain of their address, by the month they came in, by tag.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::diagnostic::Result;

use super::list::Rows;
use super::row::Row;
use super::segment::Segment;
use super::status::Status;
use super::suppression::Suppressions;
use super::tags::words;

/// No more domains, or tags, are told apart; those beyond count as others.
const MOST: usize = 1 << 16;

/// The figures of a list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Statistics {
    pub rows: u64,
    /// Rows with a fault: nobody to write to.
    pub invalid: u64,
    /// Rows whose address is suppressed: they get nothing, whatever their status.
    pub suppressed: u64,
    /// All five, those that nobody has too.
    pub statuses: BTreeMap<Status, u64>,
    /// By domain, the largest first.
    pub domains: Vec<(String, u64)>,
    /// By month, as in `2026-11`, in order; months in which nobody came too.
    pub months: Vec<(String, u64)>,
    /// How many have no date by which to say when they came.
    pub undated: u64,
    /// By tag, the commonest first.
    pub tags: Vec<(String, u64)>,
}

/// Counts the rows for which the segment holds.
pub fn statistics(mut rows: Rows, segment: Option<&Segment>, suppressions: &Suppressions) -> Result<Statistics> {
    let columns = rows.columns().clone();
    let (date, tags) = (columns.column("subscribed_at"), columns.column("tags"));
    let mut statistics = Statistics::default();
    statistics.statuses.extend(Status::ALL.map(|status| (status, 0)));
    let mut domains = Counter::default();
    let mut tagged = Counter::default();
    let mut months: BTreeMap<(i16, u8), u64> = BTreeMap::new();
    while let Some(row) = rows.read()? {
        if segment.is_some_and(|segment| !segment.matches(&row)) {
            continue;
        }
        statistics.rows += 1;
        let Some(status) = row.status().filter(|_| row.fault().is_none()) else {
            statistics.invalid += 1;
            continue;
        };
        statistics.suppressed += u64::from(suppressions.find(row.email()).is_some());
        *statistics.statuses.entry(status).or_default() += 1;
        domains.count(domain(&row));
        tags.into_iter().flat_map(|column| words(row.column(column))).for_each(|word| tagged.count(word));
        match date.and_then(|column| month(row.column(column))) {
            Some(month) => *months.entry(month).or_default() += 1,
            None => statistics.undated += 1,
        }
    }
    rows.unchanged()?;
    statistics.domains = domains.sorted();
    statistics.tags = tagged.sorted();
    statistics.months = without_gaps(&months);
    Ok(statistics)
}

fn domain<'a>(row: &Row<'a>) -> &'a str {
    row.email().rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// How often each word came.
#[derive(Default)]
struct Counter {
    counts: HashMap<String, u64>,
    others: u64,
}

impl Counter {
    fn count(&mut self, word: &str) {
        if let Some(count) = self.counts.get_mut(word) {
            *count += 1;
        } else if self.counts.len() < MOST {
            self.counts.insert(word.to_owned(), 1);
        } else {
            self.others += 1;
        }
    }

    fn sorted(self) -> Vec<(String, u64)> {
        let mut sorted: Vec<(String, u64)> = self.counts.into_iter().collect();
        sorted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        if self.others > 0 {
            sorted.push(("others".to_owned(), self.others));
        }
        sorted
    }
}

/// The month of a date that begins with the year: `2026-11-22`, `2026/11/22`, `2026-11-22T23:00:00Z`.
fn month(text: &str) -> Option<(i16, u8)> {
    let (year, rest) = (text.get(..4)?, text.get(4..)?);
    let rest = rest.strip_prefix(['-', '/', '.'])?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let month = rest.get(..digits).filter(|_| digits <= 2)?.parse().ok()?;
    let is_year = year.bytes().all(|b| b.is_ascii_digit());
    let year = year.parse().ok().filter(|year| is_year && *year > 1900)?;
    (1..=12).contains(&month).then_some((year, month))
}

/// The months from the first to the last; one that a slip of the pen put centuries away makes no thousand empty ones.
fn without_gaps(months: &BTreeMap<(i16, u8), u64>) -> Vec<(String, u64)> {
    let name = |(year, month): (i16, u8)| format!("{year:04}-{month:02}");
    let mut all = Vec::new();
    let mut before: Option<(i16, u8)> = None;
    for (month, count) in months {
        let next = |(year, month): (i16, u8)| if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let mut gap = before.map(next).filter(|_| before.is_some_and(|before| month.0 - before.0 < 20));
        while let Some(empty) = gap.filter(|empty| empty < month) {
            all.push((name(empty), 0));
            gap = Some(next(empty));
        }
        all.push((name(*month), *count));
        before = Some(*month);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::test::{list, rows};
    use super::*;

    #[test]
    fn every_row_is_counted_in_each_way() {
        let list = list(
            "email,status,tags,subscribed_at\n\
             ann@example.com,,\"a, b\",2025-11-30\n\
             bob@example.com,unsubscribed,a,2026-02-01T10:00:00Z\n\
             cem@example.org,active,,yesterday\n\
             dan,active,a,2026-02-01\n",
        );
        std::fs::write(&list.files.suppressions, "address\n@example.org\ndan@example.com\n").unwrap();
        let statistics = statistics(rows(&list), None, &Suppressions::load(&list.files.suppressions).unwrap()).unwrap();
        assert_eq!((statistics.rows, statistics.invalid, statistics.undated), (4, 1, 1));
        assert_eq!(statistics.suppressed, 1);
        assert_eq!(statistics.statuses[&Status::Active], 2);
        assert_eq!(statistics.statuses[&Status::Complained], 0);
        assert_eq!(statistics.domains, [("example.com".to_owned(), 2), ("example.org".to_owned(), 1)]);
        assert_eq!(statistics.tags, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
        let months: Vec<String> = statistics.months.iter().map(|(month, n)| format!("{month} {n}")).collect();
        assert_eq!(months, ["2025-11 1", "2025-12 0", "2026-01 0", "2026-02 1"]);
    }

    #[test]
    fn only_dates_that_begin_with_the_year_are_read() {
        assert_eq!(month("2026-1-5"), Some((2026, 1)));
        assert_eq!(month("2026/12/01 10:00"), Some((2026, 12)));
        for text in ["", "2026", "2026-13-01", "01/02/2026", "2026-001", "+026-01-01", "é26-01"] {
            assert_eq!(month(text), None, "{text}");
        }
    }
}
