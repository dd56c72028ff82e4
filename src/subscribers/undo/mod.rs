//! Takes a changeset back: every row that is still as the change left it becomes what it was before.
//!
//! A row that was changed again since is a conflict, and then nothing is done unless the user leaves such rows out. So
//! nobody who left later is brought back by undoing something earlier: their status is no longer what the change made of
//! it. Only undoing the very change by which somebody left makes them active, and the report names them.

mod records;

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Result};

use super::choice::{Kept, Sample};
use super::column::Columns;
use super::dialect::lines;
use super::draft::{Basis, Changeset, Draft};
use super::edit::How;
use super::files::Files;
use super::history::{Entry, Head, History};
use super::row::Row;
use super::status::Status;
use super::text::decode;
use records::{Records, at};

/// A changeset that is to be taken back, and where its rows lie in the history.
#[derive(Debug, Clone)]
pub struct Target {
    pub head: Head,
    /// Its list was certainly put in place.
    pub done: bool,
    offset: u64,
}

impl Target {
    /// The changeset of this number; without one, the last that was not taken back and takes none back itself, of this list.
    ///
    /// # Errors
    /// There is none, or it was taken back already.
    pub fn find(files: &Files, number: Option<u64>) -> Result<Target> {
        let nothing = || Diagnostic::error("there is no change to take back").help("`letterpress subscribers history`");
        let mut history = History::open(files)?.ok_or_else(nothing)?;
        let mut known: Vec<Target> = Vec::new();
        while let Some(entry) = history.read_head()? {
            match entry {
                Entry::Head(head) => known.push(Target { head, done: false, offset: history.offset() }),
                Entry::Done(change) => {
                    known
                        .iter_mut()
                        .rev()
                        .take(1)
                        .filter(|one| one.head.change == change)
                        .for_each(|one| one.done = true);
                }
                Entry::Row(_) | Entry::Other(_) => {}
            }
        }
        let undone = undone(&known);
        let by = |change: u64| undone.iter().find(|(undone, _)| *undone == change).map(|(_, by)| *by);
        match number {
            Some(number) => {
                let target = known.into_iter().find(|one| one.head.change == number).ok_or_else(|| {
                    Diagnostic::error(format!("there is no change {number}"))
                        .help("`letterpress subscribers history` shows all of them")
                })?;
                match by(number) {
                    Some(by) => {
                        Err(Diagnostic::error(format!("change {number} was taken back already, by change {by}"))
                            .help(format!("to make it again: `letterpress subscribers undo {by}`")))
                    }
                    None => Ok(target),
                }
            }
            None => known
                .into_iter()
                .rev()
                .find(|one| one.head.undoes.is_none() && one.head.list == files.name && by(one.head.change).is_none())
                .ok_or_else(nothing),
        }
    }
}

/// The changesets that are taken back, each with the one that did it: an undo that was itself taken back doesn't count.
fn undone(known: &[Target]) -> Vec<(u64, u64)> {
    let mut undone: Vec<(u64, u64)> = Vec::new();
    for Target { head, .. } in known.iter().rev() {
        if let Some(target) = head.undoes
            && !undone.iter().any(|(change, _)| *change == head.change)
        {
            undone.push((target, head.change));
        }
    }
    undone
}

/// A row that is not as the change left it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Conflict {
    pub address: String,
    /// What speaks against it, in words.
    pub why: String,
}

/// What [`undo`] did.
#[derive(Debug)]
pub struct UndoReport {
    /// Rows that can't be taken back, and were left as they are.
    pub conflicts: Sample<Conflict>,
    /// Rows that were as before already.
    pub same: u64,
    /// Rows of which nothing is known any more, because the person was forgotten.
    pub forgotten: u64,
    /// Readers who had left by this change and get mail again.
    pub returned: Sample<Kept>,
    pub changeset: Changeset,
}

/// Takes a changeset back. `partly` leaves rows with conflicts as they are; `basis` is the list that was shown.
///
/// # Errors
/// There are conflicts, or the files can't be read or written. Then nothing is changed.
pub fn undo(files: &Files, target: &Target, partly: bool, basis: Option<Basis>, how: How<'_>) -> Result<UndoReport> {
    let mut draft = Draft::open(files, "undo", how)?;
    draft.only_if(basis)?;
    draft.undoes(target.head.change);
    let mut history =
        History::open(files)?.ok_or_else(|| Diagnostic::error("the history is gone").help("nothing was changed"))?;
    let mut records = Records::read(&mut history, target)?;
    records.count_rows(files)?;
    let mut conflicts = readded(&mut history, target, &records)?;
    let mut undoing = Undoing {
        columns: draft.columns().clone(),
        done: target.done,
        shift: 0,
        next: 0,
        same: 0,
        returned: Sample::default(),
        known: Vec::new(),
    };
    draft.visit(|row, edit| {
        undoing.put_back(row, &records, &mut history, edit)?;
        undoing.take_back(row, &mut records, &mut history, edit)
    })?;
    for (_, offset) in &records.deleted[undoing.next..] {
        if let Some(raw) = at(&mut history, *offset)?.raw {
            draft.append_raw(&raw)?;
        }
    }
    for (n, (offset, ..)) in records.rows.iter().enumerate().filter(|(_, (.., settled))| !settled) {
        conflicts.total += 1;
        if conflicts.first.len() < super::choice::SHOWN {
            let address = at(&mut history, *offset)?.address;
            let why = undoing.known.iter().find(|(known, _)| *known == n).map(|(_, why)| why.clone());
            let why = why.unwrap_or_else(|| "its row is no longer there".to_owned());
            conflicts.first.push(Conflict { address, why });
        }
    }
    if conflicts.total > 0 && !partly {
        return Err(refusal(target, &conflicts));
    }
    let Undoing { same, returned, .. } = undoing;
    Ok(UndoReport { conflicts, same, forgotten: records.forgotten, returned, changeset: draft.commit()? })
}

fn refusal(target: &Target, conflicts: &Sample<Conflict>) -> Diagnostic {
    let first = conflicts.first.iter().take(3).map(|conflict| format!("{}: {}", conflict.address, conflict.why));
    let first: Vec<String> = first.collect();
    let rows = match conflicts.total {
        1 => "1 row is".to_owned(),
        n => format!("{n} rows are"),
    };
    let number = target.head.change;
    Diagnostic::error(format!("change {number} can't be taken back: {rows} not as it left them ({})", first.join("; ")))
        .help("`letterpress subscribers history ADDRESS` shows what came later; take that back first")
        .help(format!("`letterpress subscribers undo {number} --partly` takes back all other rows"))
}

/// Deleted readers who were added again by a later change: two rows of theirs would be one too many.
fn readded(history: &mut History, target: &Target, records: &Records) -> Result<Sample<Conflict>> {
    let mut conflicts = Sample::default();
    if records.deleted.is_empty() {
        return Ok(conflicts);
    }
    history.seek(records.end)?;
    while let Some(entry) = history.read()? {
        let Entry::Row(row) = entry else { continue };
        if row.change > target.head.change
            && row.before.is_none()
            && !row.forgotten
            && records.deleted_keys.find(&row.address).is_some()
        {
            let why = format!("was added again by change {}", row.change);
            conflicts.push(|| Conflict { address: row.address.clone(), why });
        }
    }
    Ok(conflicts)
}

/// What the going through the list has to remember.
struct Undoing {
    columns: Columns,
    done: bool,
    /// How many lines more or fewer there are so far.
    shift: i64,
    /// The next deleted row.
    next: usize,
    same: u64,
    returned: Sample<Kept>,
    /// Why some of the records are not settled.
    known: Vec<(usize, String)>,
}

impl Undoing {
    /// Deleted rows come back where they stood.
    fn put_back(
        &mut self,
        row: &Row<'_>,
        records: &Records,
        history: &mut History,
        edit: &mut super::draft::Edit,
    ) -> Result<()> {
        while let Some((line, offset)) = records.deleted.get(self.next)
            && *line <= row.line().saturating_add_signed(self.shift)
        {
            let raw = at(history, *offset)?.raw.unwrap_or_default();
            self.next += 1;
            if !self.done && raw == decode(row.raw.bytes).0 {
                // The change was interrupted before it came to this.
                self.same += 1;
                continue;
            }
            self.shift += 1 + lines(raw.as_bytes());
            edit.insert(raw);
        }
        Ok(())
    }

    /// A row that is as the change left it becomes what it was.
    fn take_back(
        &mut self,
        row: &Row<'_>,
        records: &mut Records,
        history: &mut History,
        edit: &mut super::draft::Edit,
    ) -> Result<()> {
        let mut same = None;
        let mut why = None;
        let (rows, open) = records.meet(row.email());
        let is_free = rows > open.len();
        for index in open {
            let record = at(history, records.rows[index].0)?;
            // Of several rows of one address, the one that was changed is the one in its line.
            if is_free && record.line != row.line() {
                continue;
            }
            let (before, after) = (record.before.as_ref(), record.after.as_ref());
            let differs = after.and_then(|after| self.difference(row, after, before.is_none()));
            if differs.is_none() {
                records.rows[index].2 = true;
                self.apply(row, before, edit);
                return Ok(());
            }
            if before.is_some_and(|before| self.difference(row, before, false).is_none()) {
                same = same.or(Some(index));
            }
            why = why.or(differs.map(|why| (index, why)));
        }
        if let Some(index) = same {
            records.rows[index].2 = true;
            self.same += 1;
        } else if let Some(why) = why.filter(|_| self.known.len() < super::choice::SHOWN) {
            self.known.push(why);
        }
        Ok(())
    }

    fn apply(&mut self, row: &Row<'_>, before: Option<&Map<String, Value>>, edit: &mut super::draft::Edit) {
        let Some(before) = before else {
            self.shift -= i64::try_from(row.raw.extent.lines).unwrap_or(0);
            return edit.delete();
        };
        for (name, value) in before {
            let (Some(column), Some(value)) = (self.columns.by_label(name), value.as_str()) else { continue };
            if name == "status" && row.status() > Status::parse(value).max(Some(Status::Pending)) {
                self.returned.push(|| super::assign::kept_row(row, &self.columns));
            }
            self.shift += lines(value.as_bytes()) - lines(row.cell(column).as_bytes());
            edit.set(column, value);
        }
    }

    /// The first column in which the row is another than these values, in words. With `whole` every other column has to be
    /// empty.
    fn difference(&self, row: &Row<'_>, values: &Map<String, Value>, whole: bool) -> Option<String> {
        let told = |name: &str, now: &str, then: &str| {
            format!("row {}: `{name}` is now `{now}`, and was made `{then}`", row.line())
        };
        for (name, value) in values {
            let then = value.as_str().unwrap_or_default();
            let Some(column) = self.columns.by_label(name) else {
                if then.is_empty() {
                    continue;
                }
                return Some(format!("the list no longer has the column `{name}`"));
            };
            let now = row.cell(column);
            if now != then {
                return Some(told(name, &now, then));
            }
        }
        let others = (0..row.columns().len())
            .filter(|_| whole)
            .find(|column| !row.cell(*column).is_empty() && !values.contains_key(&*self.columns.name_of(*column)));
        others.map(|column| told(&self.columns.name_of(column), &row.cell(column), ""))
    }
}
