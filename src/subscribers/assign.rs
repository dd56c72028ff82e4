//! Changes of columns, for one reader or a million: `name=Ann`, `tags+=early`, `tags-=late`.
//!
//! By this way nobody becomes active who is not: a status only goes down. Who has left comes back by name alone
//! ([`super::add`]).

use std::borrow::Cow;

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result};

use super::choice::{Changed, Choice, Chooser, Kept, Sample, Unknown};
use super::column::{Columns, normal_name};
use super::defect::cleaned_warning;
use super::draft::{Basis, Changeset, Draft, open};
use super::edit::How;
use super::files::Files;
use super::row::Row;
use super::status::Status;
use super::suppression::Suppressions;
use super::tags;
use super::text::clean;

/// Columns that a list gets when they are needed; any other has to be asked for.
pub(super) const OWN: [&str; 5] = ["name", "status", "tags", "language", "subscribed_at"];

/// What is to become of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The column as given, `First Name`.
    pub column: String,
    pub operator: Operator,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`: the value.
    Set,
    /// `+=`: one word more.
    Add,
    /// `-=`: one word less.
    Take,
}

impl Assignment {
    /// Reads `column=value`, `column+=word` or `column-=word`. `None`: it is none of them.
    pub fn parse(text: &str) -> Option<Assignment> {
        let (left, value) = text.split_once('=')?;
        let (column, operator) = match (left.strip_suffix('+'), left.strip_suffix('-')) {
            (Some(column), _) => (column, Operator::Add),
            (_, Some(column)) => (column, Operator::Take),
            _ => (left, Operator::Set),
        };
        let plain = !column.trim().is_empty() && !column.contains('@');
        plain.then(|| Assignment { column: column.trim().to_owned(), operator, value: value.to_owned() })
    }
}

/// What [`assign`] did.
#[derive(Debug)]
pub struct AssignReport {
    pub changed: Sample<Changed>,
    /// Rows that were as they should be already.
    pub same: u64,
    /// Rows whose status may not go up.
    pub kept: Sample<Kept>,
    pub unknown: Vec<Unknown>,
    pub warnings: Vec<Diagnostic>,
    pub changeset: Changeset,
}

/// An assignment with its column found and its value checked.
struct Step {
    column: usize,
    operator: Operator,
    value: String,
    status: Option<Status>,
}

/// Makes the assignments for everybody who is chosen. `command` is what the history calls it; `new_columns` allows columns
/// that the list does not have yet; `basis` is the list that was shown.
///
/// # Errors
/// The list can't be read or written, or something can't be meant so. Then nothing is changed.
pub fn assign(
    files: &Files,
    choice: &Choice,
    assignments: &[Assignment],
    new_columns: bool,
    command: &str,
    basis: Option<Basis>,
    how: How<'_>,
) -> Result<AssignReport> {
    let mut draft = Draft::open(files, command, how)?;
    draft.only_if(basis)?;
    let mut chooser = Chooser::new(choice, draft.columns())?;
    let mut warnings = Vec::new();
    let mut steps = Vec::new();
    for assignment in assignments {
        steps.push(step(assignment, &mut draft, new_columns, &mut warnings)?);
    }
    let email = draft.columns().email;
    if let Some(step) = steps.iter().find(|step| step.column == email) {
        check_address(files, choice, &step.value)?;
    }
    let columns = draft.columns().clone();
    let (mut changed, mut kept, mut same) = (Sample::default(), Sample::default(), 0);
    let by_name = matches!(choice, Choice::Addresses(_));
    draft.visit(|row, edit| {
        if !chooser.takes(row) {
            return Ok(());
        }
        if steps.iter().filter_map(|step| step.status).any(|status| !may_become(row, status, by_name)) {
            kept.push(|| kept_row(row, &columns));
            return Ok(());
        }
        let values = values(row, &steps);
        if values.is_empty() {
            same += 1;
            return Ok(());
        }
        changed.push(|| change(row, &columns, &values));
        values.into_iter().for_each(|(column, value)| edit.set(column, value));
        Ok(())
    })?;
    let unknown = chooser.unknown(files)?;
    Ok(AssignReport { changed, same, kept, unknown, warnings, changeset: draft.commit()? })
}

fn step(assignment: &Assignment, draft: &mut Draft, new_columns: bool, warnings: &mut Vec<Diagnostic>) -> Result<Step> {
    let name = normal_name(&assignment.column);
    if draft.columns().column(&name).is_none() && !new_columns && !OWN.contains(&name.as_str()) {
        return Err(Diagnostic::error(format!("the list has no column `{name}`"))
            .help(draft.columns().help(&name))
            .help("--add-column adds it"));
    }
    let column = draft.require(&assignment.column)?;
    let (value, cleaned) = clean(&assignment.value);
    warnings.extend(cleaned.map(|cleaned| cleaned_warning(&format!("`{name}`"), cleaned)));
    let value = value.into_owned();
    let words = assignment.operator != Operator::Set;
    let is_own = column == draft.columns().email || ["status", "name"].contains(&name.as_str());
    if words && is_own {
        return Err(Diagnostic::error(format!("`{name}` holds one value, not words")).help(format!("write {name}=…")));
    }
    if words && tags::words(&value).next().is_none() {
        return Err(Diagnostic::error(format!("there is no word to add to `{name}` or to take from it"))
            .help(format!("as in {name}+=early")));
    }
    let status = if name == "status" {
        let status = Status::parse(&value).filter(|_| !value.is_empty());
        Some(status.ok_or_else(|| Diagnostic::error(format!("`{value}` is no status")).help(Status::help(&value)))?)
    } else {
        None
    };
    let value = status.map_or(value, |status| status.as_str().to_owned());
    Ok(Step { column, operator: assignment.operator, value, status })
}

/// An address is changed for one reader, and to one that nobody has and that is not suppressed.
fn check_address(files: &Files, choice: &Choice, value: &str) -> Result<()> {
    let Choice::Addresses(addresses) = choice else {
        return Err(Diagnostic::error("all readers of a segment can't get the same address")
            .help("name the one reader whose address changes"));
    };
    let [before] = addresses.as_slice() else {
        return Err(Diagnostic::error("several readers can't get the same address")
            .help("name the one reader whose address changes"));
    };
    let address = Address::parse(value).map_err(|error| {
        Diagnostic::error(format!("`{value}` is no address: {error}")).help("write it as in ann@example.com")
    })?;
    if address.as_str() != value {
        return Err(Diagnostic::error(format!("`{value}` is written `{address}` on the wire"))
            .help(format!("write email={address}")));
    }
    if let Some(reason) = Suppressions::load(&files.suppressions)?.reason_for(value) {
        return Err(Diagnostic::error(format!("{value} is suppressed: {reason}")).help("nothing was changed"));
    }
    let Some(mut rows) = open(files)?.filter(|_| !value.eq_ignore_ascii_case(before.as_str())) else { return Ok(()) };
    while let Some(row) = rows.read()? {
        if row.email().eq_ignore_ascii_case(value) {
            return Err(Diagnostic::error(format!("{value} is in the list already: row {}", row.line()))
                .help(format!("if both are one reader: `letterpress subscribers delete {before}`")));
        }
    }
    Ok(())
}

/// Whether the row may get this status: never one by which more mail would come than before.
fn may_become(row: &Row<'_>, status: Status, by_name: bool) -> bool {
    match row.status() {
        Some(now) => status >= now,
        // A word that is no status is mended by hand, one by one.
        None => by_name,
    }
}

/// The columns of the row that get another value.
fn values(row: &Row<'_>, steps: &[Step]) -> Vec<(usize, String)> {
    let mut values: Vec<(usize, String)> = Vec::new();
    for step in steps {
        let at = values.iter().position(|(column, _)| *column == step.column);
        let old = at.map_or_else(|| row.cell(step.column), |at| Cow::Borrowed(values[at].1.as_str()));
        let new = match step.operator {
            // An empty status means active, and stays as it is.
            Operator::Set if step.status.is_some() && step.status == row.status() => old.into_owned(),
            Operator::Set => step.value.clone(),
            Operator::Add => tags::words(&step.value).fold(old.into_owned(), |cell, word| tags::with(&cell, word)),
            Operator::Take => tags::words(&step.value).fold(old.into_owned(), |cell, word| tags::without(&cell, word)),
        };
        match at {
            Some(at) => values[at].1 = new,
            None => values.push((step.column, new)),
        }
    }
    values.retain(|(column, value)| *value != row.cell(*column));
    values
}

fn change(row: &Row<'_>, columns: &Columns, values: &[(usize, String)]) -> Changed {
    let named = |(column, value): &(usize, String)| {
        (columns.name_of(*column).into_owned(), row.cell(*column).into_owned(), value.clone())
    };
    Changed { row: row.line(), address: row.email().to_owned(), columns: values.iter().map(named).collect() }
}

pub(super) fn kept_row(row: &Row<'_>, columns: &Columns) -> Kept {
    let cell = || columns.status.map_or_else(String::new, |column| row.column(column).to_owned());
    let status = row.status().map_or_else(cell, |status| status.as_str().to_owned());
    Kept { row: row.line(), address: row.email().to_owned(), status }
}

#[cfg(test)]
mod tests {
    use super::super::test::{List, list, rows, segment};
    use super::*;

    fn now() -> How<'static> {
        How { at: "2026-11-22T23:00:00Z".parse().unwrap(), by: "command line", dry_run: false }
    }

    fn run(list: &List, choice: &Choice, texts: &[&str]) -> Result<AssignReport> {
        let assignments: Vec<Assignment> = texts.iter().map(|text| Assignment::parse(text).unwrap()).collect();
        assign(&list.files, choice, &assignments, false, "edit", None, now())
    }

    fn named(addresses: &[&str]) -> Choice {
        Choice::Addresses(addresses.iter().map(|text| Address::parse(text).unwrap()).collect())
    }

    fn text(list: &List) -> String {
        std::fs::read_to_string(&list.files.list).unwrap()
    }

    #[test]
    fn assignments_are_told_from_addresses() {
        let parsed = |text| Assignment::parse(text).map(|found| (found.column, found.operator, found.value));
        let is = |column: &str, operator, value: &str| Some((column.to_owned(), operator, value.to_owned()));
        assert_eq!(parsed("name=Ann=1"), is("name", Operator::Set, "Ann=1"));
        assert_eq!(parsed("tags+=x"), is("tags", Operator::Add, "x"));
        assert_eq!(parsed("tags -= x"), None.or(is("tags", Operator::Take, " x")));
        assert_eq!(parsed("ann@example.com"), None);
        assert_eq!(parsed("a=b@example.com"), is("a", Operator::Set, "b@example.com"));
        assert_eq!(parsed("x@y=z@example.com"), None);
        assert_eq!(parsed("=x"), None);
    }

    #[test]
    fn columns_come_as_they_are_needed_and_nothing_else_changes() {
        let list = list("E-Mail;Name\r\nann@example.com;\"Ann\"\r\nbob@example.com;Bob\r\n");
        let report = run(&list, &named(&["Ann@example.com", "bo@example.com"]), &["name=A;B", "tags+=x,y", "tags-=y"]);
        let report = report.unwrap();
        assert_eq!(report.changed.total, 1);
        assert_eq!(report.unknown[0].did_you_mean.as_deref(), Some("bob@example.com"));
        assert_eq!(text(&list), "E-Mail;Name;tags\r\nann@example.com;\"A;B\";x\r\nbob@example.com;Bob\r\n");
        assert_eq!(run(&list, &named(&["ann@example.com"]), &["tags+=x"]).unwrap().same, 1);
        let error = run(&list, &named(&["ann@example.com"]), &["nmae=x"]).unwrap_err();
        assert!(error.helps().iter().any(|help| help.contains("did you mean `name`")), "{:?}", error.helps());
    }

    #[test]
    fn a_status_only_goes_down() {
        let list = list(
            "email,status\nann@example.com,\nbob@example.com,unsubscribed\ncem@example.com,complained\ndan@example.com,pending\n",
        );
        let everyone = Choice::Segment(Box::new(segment("has(email)", rows(&list).columns()).unwrap()));
        let report = run(&list, &everyone, &["status=active"]).unwrap();
        assert_eq!((report.changed.total, report.same, report.kept.total), (0, 1, 3));
        let report = run(&list, &everyone, &["status=unsubscribed"]).unwrap();
        assert_eq!((report.changed.total, report.same, report.kept.total), (2, 1, 1));
        assert_eq!(report.kept.first[0].status, "complained");
    }

    #[test]
    fn an_address_is_changed_for_one_and_to_a_free_one() {
        let list = list("email,name\nann@example.com,Ann\nbob@example.com,Bob\n");
        std::fs::write(&list.files.suppressions, "address\n@example.org\n").unwrap();
        for (who, to, says) in [
            (named(&["ann@example.com"]), "bob@example.com", "row 3"),
            (named(&["ann@example.com"]), "ann@example.org", "suppressed"),
            (named(&["ann@example.com"]), "ann", "no address"),
            (named(&["ann@example.com", "bob@example.com"]), "c@example.com", "several"),
        ] {
            let error = run(&list, &who, &[&format!("email={to}")]).unwrap_err();
            assert!(error.message().contains(says), "{error}");
        }
        run(&list, &named(&["ann@example.com"]), &["email=anna@example.com"]).unwrap();
        assert_eq!(text(&list), "email,name\nanna@example.com,Ann\nbob@example.com,Bob\n");
    }
}
