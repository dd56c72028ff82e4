//! What an import would do, reader by reader, and doing it.
//!
//! The law: nobody who unsubscribed, bounced, complained or was forgotten comes back, unless they are named one by one.
//! The list is gone through twice: to see what would change, which is shown, and to change it, under its lock and only if
//! it is still the list that was shown.

use serde::Serialize;

use super::super::draft::{Basis, Changeset, Draft, Edit};
use super::super::edit::How;
use super::super::files::Files;
use super::super::key::Keys;
use super::super::row::Row;
use super::super::status::Status;
use super::super::suppression::{Suppression, Suppressions};
use super::incoming::Incoming;
use super::standing::Standing;
use super::value::merged_tags;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result};

/// How an import treats those who are in the list already.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// Values of the files replace those of the list; else they only fill what is empty.
    pub update: bool,
    /// Who may come back, one by one.
    pub resubscribe: Vec<Address>,
}

/// What becomes of one reader of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    New(Status),
    /// In the list; the status is set when there is one, and what is empty is filled when it says so.
    Changed(Option<Status>, bool),
    Unchanged,
    /// Stays as they are in the list: they must not be written to.
    Stays(Standing),
    Suppressed,
    Forgotten,
    Ambiguous,
    NotSubscribed,
}

/// How many readers there are of each kind; together with the rows without a reader they make all rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub new: u64,
    /// Of the new, those who get mail.
    pub new_active: u64,
    pub changed: u64,
    /// Of the changed, those who get no more mail.
    pub leaving: u64,
    /// Of the changed, those who get mail again because they were named.
    pub resubscribed: u64,
    pub unchanged: u64,
    /// Who keep their place among those who get nothing.
    pub stay_unsubscribed: u64,
    pub stay_bounced: u64,
    pub stay_complained: u64,
    pub stay_pending: u64,
    pub suppressed: u64,
    pub forgotten: u64,
    pub ambiguous: u64,
    pub not_subscribed: u64,
}

impl Counts {
    /// Everybody who would come back by an import that does not look.
    pub fn stay(&self) -> u64 {
        self.stay_unsubscribed
            + self.stay_bounced
            + self.stay_complained
            + self.stay_pending
            + self.suppressed
            + self.forgotten
    }

    pub fn total(&self) -> u64 {
        self.new + self.changed + self.unchanged + self.stay() + self.ambiguous + self.not_subscribed
    }

    fn take(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::New(status) => {
                self.new_active += u64::from(status == Status::Active);
                &mut self.new
            }
            Outcome::Changed(status, _) => {
                self.leaving += u64::from(status.is_some_and(|status| status != Status::Active));
                self.resubscribed += u64::from(status == Some(Status::Active));
                &mut self.changed
            }
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Stays(Standing::Bounced) => &mut self.stay_bounced,
            Outcome::Stays(Standing::Complained) => &mut self.stay_complained,
            Outcome::Stays(Standing::Pending) => &mut self.stay_pending,
            Outcome::Stays(_) => &mut self.stay_unsubscribed,
            Outcome::Suppressed => &mut self.suppressed,
            Outcome::Forgotten => &mut self.forgotten,
            Outcome::Ambiguous => &mut self.ambiguous,
            Outcome::NotSubscribed => &mut self.not_subscribed,
        } += 1;
    }
}

/// What is known of one reader while the list is gone through.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// The worst of their rows in the list.
    standing: Option<Standing>,
    /// Something of the first row would be filled.
    fills: bool,
}

/// An import that was thought through.
#[derive(Debug)]
pub struct Plan {
    incoming: Incoming,
    manner: Manner,
    outcomes: Vec<Outcome>,
    /// Of each row of the list, whether it is of somebody in the files.
    named: Vec<bool>,
    pub counts: Counts,
    /// Columns that the list would get.
    pub new_columns: Vec<String>,
    /// Named to come back, and not in the files or not gone.
    pub needless: Vec<String>,
    basis: Basis,
}

impl Plan {
    /// Goes through the list and changes nothing.
    ///
    /// # Errors
    /// The list or the suppressions can't be read.
    pub fn make(files: &Files, mut incoming: Incoming, manner: Manner, how: How<'_>) -> Result<Plan> {
        let suppressions = Suppressions::load(&files.suppressions)?;
        let mut draft = Draft::open(files, "import", How { dry_run: true, ..how })?;
        let before = draft.columns().len();
        let fields = Fields::of(&incoming, &mut draft)?;
        let mut new_columns: Vec<String> = draft.columns().headings().iter().skip(before).cloned().collect();
        let has_status = draft.columns().status.is_some();
        let mut seen = vec![Seen::default(); incoming.len()];
        let mut values = Vec::new();
        let mut rows = Vec::new();
        let mut last = None;
        draft.visit(|row, _| {
            let found = incoming.number(row, last);
            rows.push(found.is_some());
            let Some(number) = found else { return Ok(()) };
            last = found;
            let is_first = seen[number].standing.is_none();
            seen[number].standing = seen[number].standing.max(Some(standing(row)));
            if is_first && incoming.standings[number] <= Standing::Pending {
                incoming.values(number, &mut values)?;
                seen[number].fills = fields.fills(row, &values, manner.update, |_, _| {});
            }
            Ok(())
        })?;
        let basis = draft.commit()?.basis;
        let mut named = Keys::default();
        for address in &manner.resubscribe {
            named.enter(address.as_str());
        }
        let outcomes: Vec<Outcome> = seen
            .iter()
            .enumerate()
            .map(|(number, seen)| {
                let email = incoming.keys.get(number);
                let is_named = named.find(email).is_some();
                decide(incoming.standings[number], *seen, suppressions.find(email), is_named)
            })
            .collect();
        let mut counts = Counts::default();
        outcomes.iter().for_each(|outcome| counts.take(*outcome));
        let comes_back = |address: &&Address| {
            let number = incoming.keys.find(address.as_str());
            matches!(number.map(|number| outcomes[number]), Some(Outcome::Changed(Some(Status::Active), _)))
        };
        let needless = manner.resubscribe.iter().filter(|address| !comes_back(address));
        let needless = needless.map(ToString::to_string).collect();
        if !has_status && outcomes.iter().copied().any(needs_status) {
            new_columns.insert(0, "status".to_owned());
        }
        if counts.new + counts.changed == 0 {
            new_columns.clear();
        }
        Ok(Plan { incoming, manner, outcomes, named: rows, counts, new_columns, needless, basis })
    }

    /// The files and the people in them.
    pub fn incoming(&self) -> &Incoming {
        &self.incoming
    }

    /// Whether anything would change.
    pub fn changes(&self) -> bool {
        self.counts.new + self.counts.changed > 0
    }

    /// Everybody who would be new and get mail.
    pub fn newcomers(&self) -> impl Iterator<Item = &str> {
        let active = |outcome: &Outcome| *outcome == Outcome::New(Status::Active);
        let numbers = self.outcomes.iter().enumerate().filter(move |(_, outcome)| active(outcome));
        numbers.map(|(number, _)| self.incoming.keys.get(number))
    }

    /// Does what was shown.
    ///
    /// # Errors
    /// The list or the suppressions were changed since, or can't be written. Then nothing is changed.
    pub fn apply(mut self, files: &Files, how: How<'_>) -> Result<Changeset> {
        let mut draft = Draft::open(files, "import", how)?;
        draft.only_if(Some(self.basis))?;
        self.still_allowed(files)?;
        let status = match draft.columns().status {
            None if self.outcomes.iter().copied().any(needs_status) => Some(draft.require("status")?),
            known => known,
        };
        let fields = Fields::of(&self.incoming, &mut draft)?;
        let Plan { incoming, manner, outcomes, named, .. } = &mut self;
        let mut done = vec![false; outcomes.len()];
        let mut values = Vec::new();
        let mut named = named.iter();
        let mut last = None;
        draft.visit(|row, edit| {
            if named.next() == Some(&false) {
                return Ok(());
            }
            let Some(number) = incoming.number(row, last) else { return Ok(()) };
            last = Some(number);
            let is_first = !std::mem::replace(&mut done[number], true);
            let Outcome::Changed(new, fills) = outcomes[number] else { return Ok(()) };
            let new = new.filter(|new| row.status() != Some(*new) && changes_status(row, *new));
            if let (Some(new), Some(status)) = (new, status) {
                edit.set(status, new.as_str());
            }
            if is_first && fills {
                incoming.values(number, &mut values)?;
                let set = |edit: &mut Edit, column: usize, value: &str| edit.set(column, value);
                fields.fills(row, &values, manner.update, |column, value| set(edit, column, value));
            }
            Ok(())
        })?;
        let columns = draft.columns().len();
        let email = draft.columns().email;
        let mut cells = vec![String::new(); columns];
        for (number, outcome) in outcomes.iter().enumerate() {
            let Outcome::New(new) = outcome else { continue };
            incoming.values(number, &mut values)?;
            cells.iter_mut().for_each(String::clear);
            for (column, value) in fields.0.iter().zip(&values) {
                if let Some(column) = column {
                    cells[*column].push_str(value);
                }
            }
            let address = incoming.keys.get(number);
            address.clone_into(&mut cells[email]);
            if let Some(status) = status {
                new.as_str().clone_into(&mut cells[status]);
            }
            draft.append(address, &cells)?;
        }
        draft.commit()
    }

    /// The suppressions may have grown since the plan was made.
    fn still_allowed(&self, files: &Files) -> Result<()> {
        let suppressions = Suppressions::load(&files.suppressions)?;
        let lets_in =
            |outcome: &Outcome| matches!(outcome, Outcome::New(_) | Outcome::Changed(Some(Status::Active), _));
        let mut numbers = (0..self.outcomes.len()).filter(|number| lets_in(&self.outcomes[*number]));
        if suppressions.is_empty() || numbers.all(|number| suppressions.find(self.incoming.keys.get(number)).is_none())
        {
            return Ok(());
        }
        Err(Diagnostic::error("the suppressions were changed since this was shown; nothing was done")
            .help("run the command again and look at it once more"))
    }
}

impl Incoming {
    /// Who of the files a row of the list is; `last` is who was found before.
    fn number(&self, row: &Row<'_>, last: Option<usize>) -> Option<usize> {
        if row.has_address() { self.keys.find_after(last, row.email()) } else { None }
    }
}

/// Whether it can't be written into a list without the column `status`, in which all are active.
fn needs_status(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::New(status) if status != Status::Active)
        || matches!(outcome, Outcome::Changed(Some(_), _))
}

/// What the list says of a reader in one row.
fn standing(row: &Row<'_>) -> Standing {
    match (row.fault(), row.status()) {
        (None, Some(status)) => Standing::of(status),
        _ => Standing::Unclear,
    }
}

/// Whether the row's status gives way: one who complained stays so, which says more.
fn changes_status(row: &Row<'_>, new: Status) -> bool {
    new == Status::Active || standing(row) < Standing::of(new)
}

/// The one place in which it is decided who gets in.
fn decide(standing: Standing, seen: Seen, suppressed: Option<Suppression<'_>>, is_named: bool) -> Outcome {
    match (suppressed, seen.standing) {
        (Some(suppression), None) => {
            return if suppression.is_forgotten { Outcome::Forgotten } else { Outcome::Suppressed };
        }
        // Someone in the list who left elsewhere too may still be noted as gone.
        (Some(_), Some(_)) if !standing.is_gone() => return Outcome::Suppressed,
        _ => {}
    }
    let fill = if seen.fills { Outcome::Changed(None, true) } else { Outcome::Unchanged };
    match (standing, seen.standing) {
        (Standing::Unclear, _) | (_, Some(Standing::Unclear)) => Outcome::Ambiguous,
        (Standing::NotSubscribed, _) => Outcome::NotSubscribed,
        (standing, None) => standing.status().map_or(Outcome::Ambiguous, Outcome::New),
        (Standing::Active, Some(before)) if before != Standing::Active => {
            if is_named {
                Outcome::Changed(Some(Status::Active), true)
            } else {
                Outcome::Stays(before)
            }
        }
        (Standing::Pending, Some(before)) if before.is_gone() => Outcome::Stays(before),
        (Standing::Active | Standing::Pending, Some(_)) => fill,
        (gone, Some(before)) if before < gone && (!before.is_gone() || gone == Standing::Complained) => {
            Outcome::Changed(gone.status(), false)
        }
        (_, Some(_)) => Outcome::Unchanged,
    }
}

/// The column of the list for each field of the files.
struct Fields(Vec<Option<usize>>, Option<usize>);

impl Fields {
    /// Adds the columns that the list doesn't have.
    fn of(incoming: &Incoming, draft: &mut Draft) -> Result<Fields> {
        let column = |name: &String| if name.is_empty() { Ok(None) } else { draft.require(name).map(Some) };
        let columns = incoming.fields.iter().map(column).collect::<Result<Vec<_>>>()?;
        let tags = incoming.fields.iter().position(|name| name == "tags");
        Ok(Fields(columns, tags))
    }

    /// Says which cells of a row get which value, and whether any does.
    fn fills(&self, row: &Row<'_>, values: &[String], update: bool, mut set: impl FnMut(usize, &str)) -> bool {
        let mut any = false;
        for (field, (column, value)) in self.0.iter().zip(values).enumerate() {
            let Some(column) = column.filter(|_| !value.is_empty()) else { continue };
            let old = row.column(column);
            if Some(field) == self.1 {
                if let Some(all) = merged_tags(old, value) {
                    any = true;
                    set(column, &all);
                }
            } else if old.is_empty() || (update && old != value) {
                any = true;
                set(column, value);
            }
        }
        any
    }
}
