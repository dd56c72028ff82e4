//! One row a reader: where an address has several, the row that must win stays, and the others go.
//!
//! The row that says most against writing stays, so nobody gets mail by this who got none before: one who left by any row
//! stays left. Its empty columns are filled from the others, tags are put together, and where two rows say different
//! things the one that stays is believed; what is lost is shown. Rows with a fault are left for their owner.
//!
//! By the rules of providers, asked for only, addresses that differ are one: then an address goes with its row. Where the
//! person has left, every address that goes is suppressed, so that no import brings it back.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::address::Address;
use crate::diagnostic::Result;

use super::choice::{Kept, Sample};
use super::column::Columns;
use super::draft::{Basis, Changeset, Draft, open};
use super::edit::How;
use super::files::Files;
use super::key::Keys;
use super::list::Rows;
use super::repeat;
use super::row::Row;
use super::status::Status;
use super::suppress::suppress_under_lock;
use super::tags;

/// Which addresses are one reader's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sameness {
    /// The same letters, whatever the case.
    Address,
    /// One mailbox by the rules of its provider, where they are known: [`Address::provider_form`].
    Provider,
}

/// An address with several rows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Group {
    pub address: String,
    /// The row that stays.
    pub keeps: Kept,
    pub deletes: Vec<Kept>,
    /// Columns that the row gets from the others: name and value.
    pub gets: Vec<(String, String)>,
    /// What is lost: the row, the column, its value.
    pub loses: Vec<(u64, String, String)>,
}

/// What [`dedupe`] did.
#[derive(Debug)]
pub struct DedupeReport {
    pub groups: Sample<Group>,
    /// Addresses left alone because a row of theirs has a fault.
    pub unclear: Sample<Kept>,
    /// How many addresses go with their rows though the person has left, and are suppressed from now on.
    pub suppressed: u64,
    pub changeset: Changeset,
}

/// What becomes of a row, by its number.
enum Fate {
    Delete,
    Get(Vec<(usize, String)>),
}

/// Leaves one row of every reader. `basis` is the list that was shown.
///
/// # Errors
/// The list or the suppressions can't be read or written. Then every row is still there.
pub fn dedupe(files: &Files, same: Sameness, basis: Option<Basis>, how: How<'_>) -> Result<DedupeReport> {
    let mut draft = Draft::open(files, "dedupe", how)?;
    draft.only_if(basis)?;
    let mut decided = Decided::new(draft.columns().clone());
    if let Some(mut rows) = open(files)? {
        match same {
            Sameness::Address => {
                let (found, places) = repeat::groups(&mut rows)?;
                for numbers in found {
                    let mut members = Vec::with_capacity(numbers.len());
                    for number in numbers {
                        members.extend(places.read(&mut rows, number)?.map(|row| Member::of(&row, number)));
                    }
                    decided.decide(&members);
                }
            }
            Sameness::Provider => {
                mailboxes(rows, open(files)?)?.iter().for_each(|members| decided.decide(members));
            }
        }
    }
    let Decided { groups, unclear, mut fates, left, .. } = decided;
    let mut number = 0;
    draft.visit(|_, edit| {
        match fates.remove(&number) {
            Some(Fate::Delete) => edit.delete(),
            Some(Fate::Get(values)) => values.into_iter().for_each(|(column, value)| edit.set(column, value)),
            None => {}
        }
        number += 1;
        Ok(())
    })?;
    if !how.dry_run {
        let (source, day) = (format!("dedupe of {}", files.name), how.at.to_zoned(TimeZone::UTC).date());
        for (status, addresses) in &left {
            suppress_under_lock(&files.suppressions, addresses, status.as_str(), &source, day)?;
        }
    }
    let suppressed = left.values().map(|addresses| addresses.len() as u64).sum();
    Ok(DedupeReport { groups, unclear, suppressed, changeset: draft.commit()? })
}

/// The rows of every mailbox that has several, in the order of the list, which is gone through twice.
fn mailboxes(mut rows: Rows, again: Option<Rows>) -> Result<Vec<Vec<Member>>> {
    let mut keys = Keys::default();
    // By the number of the key: how many rows have it.
    let mut counts: Vec<u32> = Vec::new();
    let form = |row: &Row<'_>| row.address().map(|address| address.provider_form());
    while let Some(row) = rows.read()? {
        match form(&row).map(|form| keys.enter(&form)) {
            Some(Some(known)) => counts[known] += 1,
            Some(None) => counts.push(1),
            None => {}
        }
    }
    let mut found: BTreeMap<usize, Vec<Member>> = BTreeMap::new();
    let Some(mut rows) = again else { return Ok(Vec::new()) };
    let mut number = 0;
    while let Some(row) = rows.read()? {
        let key = form(&row).and_then(|form| keys.find(&form));
        if let Some(key) = key.filter(|key| counts.get(*key).is_some_and(|count| *count > 1)) {
            found.entry(key).or_default().push(Member::of(&row, number));
        }
        number += 1;
    }
    Ok(found.into_values().collect())
}

/// One row of a group.
struct Member {
    number: u32,
    kept: Kept,
    /// `None` for a row with a fault.
    status: Option<Status>,
    cells: Vec<String>,
}

impl Member {
    fn of(row: &Row<'_>, number: u32) -> Member {
        Member {
            number,
            kept: super::assign::kept_row(row, row.columns()),
            status: row.status().filter(|_| row.fault().is_none()),
            cells: cells(row),
        }
    }
}

fn cells(row: &Row<'_>) -> Vec<String> {
    (0..row.columns().len()).map(|column| row.cell(column).into_owned()).collect()
}

/// What was decided so far.
struct Decided {
    columns: Columns,
    groups: Sample<Group>,
    unclear: Sample<Kept>,
    fates: BTreeMap<u32, Fate>,
    /// Addresses that go though the person has left, by how they left.
    left: BTreeMap<Status, Vec<Address>>,
}

impl Decided {
    fn new(columns: Columns) -> Decided {
        Decided {
            columns,
            groups: Sample::default(),
            unclear: Sample::default(),
            fates: BTreeMap::new(),
            left: BTreeMap::new(),
        }
    }

    /// Chooses the row that stays and fills its gaps.
    fn decide(&mut self, members: &[Member]) {
        if let Some(faulty) = members.iter().find(|member| member.status.is_none()) {
            return self.unclear.push(|| faulty.kept.clone());
        }
        // The first of those that say most against writing.
        let Some(winner) = members.iter().rev().max_by_key(|member| member.status) else { return };
        let mut gets: Vec<(usize, String)> = Vec::new();
        let mut loses = Vec::new();
        for loser in members.iter().filter(|member| member.number != winner.number) {
            self.fates.insert(loser.number, Fate::Delete);
            if !loser.kept.address.eq_ignore_ascii_case(&winner.kept.address) {
                loses.push((loser.kept.row, "email".to_owned(), loser.kept.address.clone()));
                let status = winner.status.filter(|status| *status > Status::Pending);
                let left = status.zip(Address::parse(&loser.kept.address).ok());
                left.into_iter().for_each(|(status, address)| self.left.entry(status).or_default().push(address));
            }
            fill(winner, loser, &self.columns, &mut gets, &mut loses);
        }
        gets.retain(|(column, value)| *value != winner.cells[*column]);
        let deletes = members.iter().filter(|member| member.number != winner.number).map(|member| member.kept.clone());
        let columns = &self.columns;
        self.groups.push(|| Group {
            address: winner.kept.address.clone(),
            keeps: winner.kept.clone(),
            deletes: deletes.collect(),
            gets: gets.iter().map(|(column, value)| (columns.name_of(*column).into_owned(), value.clone())).collect(),
            loses,
        });
        if !gets.is_empty() {
            self.fates.insert(winner.number, Fate::Get(gets));
        }
    }
}

/// What the row that stays gets from one that goes, and what is lost of that one.
fn fill(
    winner: &Member,
    loser: &Member,
    columns: &Columns,
    gets: &mut Vec<(usize, String)>,
    loses: &mut Vec<(u64, String, String)>,
) {
    for column in (0..columns.len()).filter(|column| *column != columns.email && Some(*column) != columns.status) {
        let theirs = loser.cells[column].trim();
        let at = gets.iter().position(|(known, _)| *known == column);
        let ours = at.map_or(winner.cells[column].as_str(), |at| gets[at].1.as_str());
        if theirs.is_empty() || theirs == ours.trim() {
            continue;
        }
        let value = if columns.name_of(column) == "tags" {
            tags::words(theirs).fold(ours.to_owned(), |cell, word| tags::with(&cell, word))
        } else if ours.trim().is_empty() {
            theirs.to_owned()
        } else {
            loses.push((loser.kept.row, columns.name_of(column).into_owned(), theirs.to_owned()));
            continue;
        };
        match at {
            Some(at) => gets[at].1 = value,
            None => gets.push((column, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::test::list;
    use super::*;

    #[test]
    fn one_who_left_stays_left_and_nothing_is_lost_unsaid() {
        let list = list(
            "email,name,status,tags,city\n\
             ann@example.com,,,a,Rome\n\
             bob@example.com,Bob,,,\n\
             ANN@example.com,Ann,unsubscribed,\"b, a\",\n\
             ann@Example.com,Anna,,c,Oslo\n\
             cem@example.com,,gone,,\n\
             cem@example.com,,,,\n",
        );
        let at = "2026-11-22T23:00:00Z".parse().unwrap();
        let report = dedupe(&list.files, Sameness::Address, None, How { at, by: "t", dry_run: false }).unwrap();
        assert_eq!(
            std::fs::read_to_string(&list.files.list).unwrap(),
            "email,name,status,tags,city\nbob@example.com,Bob,,,\n\
             ANN@example.com,Ann,unsubscribed,\"b, a, c\",Rome\ncem@example.com,,gone,,\ncem@example.com,,,,\n"
        );
        let group = &report.groups.first[0];
        assert_eq!((group.keeps.row, group.deletes.len()), (4, 2));
        let lost: Vec<String> =
            group.loses.iter().map(|(row, column, value)| format!("{row} {column} {value}")).collect();
        assert_eq!(lost, ["5 name Anna", "5 city Oslo"]);
        assert_eq!((report.groups.total, report.unclear.total), (1, 1));
        assert_eq!((report.changeset.rows.deleted, report.changeset.rows.changed), (2, 1));
    }

    #[test]
    fn by_the_rules_of_providers_one_mailbox_is_one_reader_and_who_left_stays_out() {
        let list = list(
            "email,name,status\n\
             a.nn@gmail.com,,\n\
             bob@example.com,Bob,\n\
             Ann+news@googlemail.com,Ann,unsubscribed\n\
             b.ob@example.com,,\n\
             cem@outlook.com,,\n\
             cem+x@outlook.com,Cem,\n\
             ann@gmail.com,Anna,bounced\n",
        );
        let at = "2026-11-22T23:00:00Z".parse().unwrap();
        let before = std::fs::read(&list.files.list).unwrap();
        let dry = |same| dedupe(&list.files, same, None, How { at, by: "t", dry_run: true }).unwrap();
        assert_eq!(dry(Sameness::Address).groups.total, 0);
        assert_eq!((dry(Sameness::Provider).groups.total, dry(Sameness::Provider).suppressed), (2, 2));
        assert!(!list.files.suppressions.exists() && before == std::fs::read(&list.files.list).unwrap());
        let report = dedupe(&list.files, Sameness::Provider, None, How { at, by: "t", dry_run: false }).unwrap();
        assert_eq!(
            std::fs::read_to_string(&list.files.list).unwrap(),
            "email,name,status\nbob@example.com,Bob,\nAnn+news@googlemail.com,Ann,unsubscribed\n\
             b.ob@example.com,,\ncem@outlook.com,Cem,\n"
        );
        let lost: Vec<String> =
            report.groups.first[0].loses.iter().map(|(row, column, value)| format!("{row} {column} {value}")).collect();
        assert_eq!(lost, ["2 email a.nn@gmail.com", "8 email ann@gmail.com", "8 name Anna"]);
        let suppressed = std::fs::read_to_string(&list.files.suppressions).unwrap();
        assert_eq!(suppressed.matches(",unsubscribed,2026-11-22,dedupe of readers").count(), 2, "{suppressed}");
        assert!(!suppressed.contains("cem") && !suppressed.contains("googlemail"), "{suppressed}");
    }
}
