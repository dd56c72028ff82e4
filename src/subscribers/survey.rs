//! Every row of a list as it is, and everything that is wrong with it: for looking at the list, not for sending.

use std::path::Path;

use crate::diagnostic::Result;

use super::audience::duplicate;
use super::defect::Defects;
use super::duplicate::Seen;
use super::list::Rows;
use super::row::Row;

/// Hands every row to `each`, those with faults and those that repeat an earlier one too.
pub fn survey(mut rows: Rows, list: &Path, each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<Defects> {
    let mut seen = Seen::new(list)?;
    let mut defects = Defects::default();
    let label = rows.label().to_owned();
    while let Some(row) = rows.read()? {
        defects.take(&row, &label);
        if let Some(line) = seen.line_of_earlier(&row)? {
            defects.push(|| duplicate(&row, line, &label));
        }
        each(&row)?;
    }
    rows.unchanged()?;
    Ok(defects)
}
