//! Who got earlier mailings, for segments that say `got` and `missed`: read from each mailing's plan and journal, in step.

use std::path::{Path, PathBuf};

use super::{Mailing, PlanRow};
use crate::article::slug;
use crate::diagnostic::Result;
use crate::ledger::State;
use crate::subscribers::{Mailings, Roll};

/// The mailings of a publication.
#[derive(Debug, Clone)]
pub struct PastMailings {
    folder: PathBuf,
}

impl PastMailings {
    /// The mailings in this folder, which need not be there.
    pub fn new(folder: &Path) -> PastMailings {
        PastMailings { folder: folder.to_path_buf() }
    }
}

impl Mailings for PastMailings {
    fn roll(&self, slug: &str) -> Result<Option<Roll>> {
        // What is no slug names no folder of ours.
        if slug::check(slug).is_err() || !Mailing::exists(&self.folder, slug) {
            return Ok(None);
        }
        let mailing = Mailing::open(&self.folder, slug)?;
        let mut roll = Roll::default();
        let (mut plan, mut row) = (mailing.plan()?, PlanRow::default());
        while plan.read(&mut row)? {
            match mailing.ledger.state(row.recipient) {
                State::Accepted => roll.got(row.email()),
                State::InDoubt => roll.in_doubt(row.email()),
                State::Pending | State::Deferred | State::Rejected | State::Withdrawn => {}
            }
        }
        Ok(Some(roll))
    }

    fn slugs(&self) -> Result<Vec<String>> {
        Ok(Mailing::all(&self.folder)?.into_iter().map(|manifest| manifest.slug).collect())
    }
}
