//! One row a reader: where an address has several, the row that must win stays, and the others go.
//!
//! The row that says most against writing stays, so nobody gets mail by this who got none before: one who left by any row
//! stays left. Its empty columns are filled from the others, tags are put together, and where two rows say different
//! things the one that stays is believed; what is lost is shown. Rows with a fault are left for their owner.

use std::collections::BTreeMap;

use crate::diagnostic::Result;

use super::choice::{Kept, Sample};
use super::column::Columns;
use super::draft::{Basis, Changeset, Draft, open};
use super::edit::How;
use super::files::Files;
use super::repeat::{self, Places};
use super::row::Row;
use super::status::Status;
use super::tags;

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
    pub changeset: Changeset,
}

/// What becomes of a row, by its number.
enum Fate {
    Delete,
    Get(Vec<(usize, String)>),
}

/// Leaves one row of every address. `basis` is the list that was shown.
///
/// # Errors
/// The list can't be read or written. Then nothing is changed.
pub fn dedupe(files: &Files, basis: Option<Basis>, how: How<'_>) -> Result<DedupeReport> {
    let mut draft = Draft::open(files, "dedupe", how)?;
    draft.only_if(basis)?;
    let columns = draft.columns().clone();
    let (mut groups, mut unclear) = (Sample::default(), Sample::default());
    let mut fates: BTreeMap<u32, Fate> = BTreeMap::new();
    if let Some(mut rows) = open(files)? {
        let (found, places) = repeat::groups(&mut rows)?;
        for numbers in found {
            let mut members = Vec::with_capacity(numbers.len());
            for number in numbers {
                members.extend(Member::read(&mut rows, &places, number)?);
            }
            if let Some(faulty) = members.iter().find(|member| member.status.is_none()) {
                unclear.push(|| faulty.kept.clone());
                continue;
            }
            if let Some(group) = decide(&members, &columns, &mut fates) {
                groups.push(|| group);
            }
        }
    }
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
    Ok(DedupeReport { groups, unclear, changeset: draft.commit()? })
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
    fn read(rows: &mut super::list::Rows, places: &Places, number: u32) -> Result<Option<Member>> {
        let Some(row) = places.read(rows, number)? else { return Ok(None) };
        Ok(Some(Member {
            number,
            kept: super::assign::kept_row(&row, row.columns()),
            status: row.status().filter(|_| row.fault().is_none()),
            cells: cells(&row),
        }))
    }
}

fn cells(row: &Row<'_>) -> Vec<String> {
    (0..row.columns().len()).map(|column| row.cell(column).into_owned()).collect()
}

/// Chooses the row that stays and fills its gaps.
fn decide(members: &[Member], columns: &Columns, fates: &mut BTreeMap<u32, Fate>) -> Option<Group> {
    // The first of those that say most against writing.
    let winner = members.iter().rev().max_by_key(|member| member.status)?;
    let mut gets: Vec<(usize, String)> = Vec::new();
    let mut loses = Vec::new();
    let is_tags = |column: usize| columns.name_of(column) == "tags";
    for loser in members.iter().filter(|member| member.number != winner.number) {
        fates.insert(loser.number, Fate::Delete);
        for column in (0..columns.len()).filter(|column| *column != columns.email && Some(*column) != columns.status) {
            let theirs = loser.cells[column].trim();
            let at = gets.iter().position(|(known, _)| *known == column);
            let ours = at.map_or(winner.cells[column].as_str(), |at| gets[at].1.as_str());
            if theirs.is_empty() || theirs == ours.trim() {
                continue;
            }
            let value = if is_tags(column) {
                tags::words(theirs).fold(ours.to_owned(), |cell, word| tags::with(&cell, word))
            } else if ours.trim().is_empty() {
                theirs.to_owned()
            } else {
                loses.push((loser.kept.row, columns.name_of(column), theirs.to_owned()));
                continue;
            };
            match at {
                Some(at) => gets[at].1 = value,
                None => gets.push((column, value)),
            }
        }
    }
    gets.retain(|(column, value)| *value != winner.cells[*column]);
    let deletes = members.iter().filter(|member| member.number != winner.number).map(|member| member.kept.clone());
    let group = Group {
        address: winner.kept.address.clone(),
        keeps: winner.kept.clone(),
        deletes: deletes.collect(),
        gets: gets.iter().map(|(column, value)| (columns.name_of(*column), value.clone())).collect(),
        loses,
    };
    if !gets.is_empty() {
        fates.insert(winner.number, Fate::Get(gets));
    }
    Some(group)
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
        let report = dedupe(&list.files, None, How { at, by: "t", dry_run: false }).unwrap();
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
}
