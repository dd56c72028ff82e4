//! Takes readers out of a list altogether. That somebody has left is not lost with the row: they are suppressed first, so
//! that no import brings them back.

use jiff::tz::TimeZone;

use crate::address::Address;
use crate::diagnostic::Result;

use super::assign::kept_row;
use super::choice::{Choice, Chooser, Kept, Sample, Unknown};
use super::draft::{Basis, Changeset, Draft};
use super::edit::How;
use super::files::Files;
use super::status::Status;
use super::suppress::suppress_under_lock;

/// What [`delete`] did.
#[derive(Debug)]
pub struct DeleteReport {
    pub deleted: Sample<Kept>,
    /// How many of them had left, and are suppressed from now on.
    pub suppressed: u64,
    pub unknown: Vec<Unknown>,
    pub changeset: Changeset,
}

/// Deletes the rows of everybody who is chosen. `basis` is the list that was shown.
///
/// # Errors
/// The list can't be read or written; then every row is still there.
pub fn delete(files: &Files, choice: &Choice, basis: Option<Basis>, how: How<'_>) -> Result<DeleteReport> {
    let mut draft = Draft::open(files, "delete", how)?;
    draft.only_if(basis)?;
    let mut chooser = Chooser::new(choice, draft.columns())?;
    let columns = draft.columns().clone();
    let mut deleted = Sample::default();
    let mut left: [Vec<Address>; 3] = Default::default();
    let mut count = 0;
    draft.visit(|row, edit| {
        if !chooser.takes(row) {
            return Ok(());
        }
        deleted.push(|| kept_row(row, &columns));
        edit.delete();
        let reason = LEFT.iter().position(|status| row.status() == Some(*status));
        if let Some(reason) = reason {
            count += 1;
            // A dry run only counts.
            left[reason].extend(row.address().filter(|_| !how.dry_run));
        }
        Ok(())
    })?;
    let unknown = chooser.unknown(files)?;
    let day = how.at.to_zoned(TimeZone::UTC).date();
    for (status, addresses) in LEFT.iter().zip(&left).filter(|(_, addresses)| !addresses.is_empty()) {
        suppress_under_lock(
            &files.suppressions,
            addresses,
            status.as_str(),
            &format!("deleted from {}", files.name),
            day,
        )?;
    }
    Ok(DeleteReport { deleted, suppressed: count, unknown, changeset: draft.commit()? })
}

const LEFT: [Status; 3] = [Status::Unsubscribed, Status::Bounced, Status::Complained];

#[cfg(test)]
mod tests {
    use super::super::test::list;
    use super::*;

    #[test]
    fn rows_go_and_that_somebody_left_stays_known() {
        let list = list(
            "email,name,status\r\nann@example.com,\"A\r\nL\",\r\nbob@example.com,Bob,unsubscribed\r\ncem@example.com,,\r\nBOB@example.com,B,",
        );
        let who = ["ann@example.com", "bob@example.com", "dan@example.com"].map(|text| Address::parse(text).unwrap());
        let choice = Choice::Addresses(who.to_vec());
        let at = "2026-11-22T23:00:00Z".parse().unwrap();
        let dry = delete(&list.files, &choice, None, How { at, by: "t", dry_run: true }).unwrap();
        assert_eq!((dry.deleted.total, dry.suppressed, dry.unknown.len()), (3, 1, 1));
        assert!(!list.files.suppressions.exists());
        let real =
            delete(&list.files, &choice, Some(dry.changeset.basis), How { at, by: "t", dry_run: false }).unwrap();
        assert_eq!(real.changeset.rows.deleted, 3);
        let text = std::fs::read_to_string(&list.files.list).unwrap();
        assert_eq!(text, "email,name,status\r\ncem@example.com,,\r\n");
        let kept = std::fs::read_to_string(&list.files.suppressions).unwrap();
        assert!(kept.contains("bob@example.com,unsubscribed,2026-11-22,deleted from readers\n"), "{kept}");
        let again = delete(&list.files, &choice, Some(dry.changeset.basis), How { at, by: "t", dry_run: false });
        assert!(again.unwrap_err().message().contains("changed since this was shown"));
    }
}
