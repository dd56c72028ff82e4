//! Every row of a list as it is, and everything that is wrong with it: for looking at the list, not for sending.

use crate::diagnostic::Result;

use super::defect::Defects;
use super::list::Rows;
use super::repeat::{self, Repeats};
use super::row::Row;

/// Hands every row to `each`, those with faults and those that repeat an earlier one too. The list stands at its first
/// row.
pub fn survey(mut rows: Rows, each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<Defects> {
    let mut repeats = Repeats::find(&mut rows)?;
    let mut defects = Defects::default();
    let label = rows.label().to_owned();
    while let Some(row) = rows.read()? {
        defects.take(&row, &label);
        if let (Some(line), None) = (repeats.step().and_then(|repeat| repeat.earlier), row.fault()) {
            defects.push(|| repeat::defect(&row, line, &label));
        }
        each(&row)?;
    }
    rows.unchanged()?;
    Ok(defects)
}
