//! Whom may we write to: the list file, the suppressions, segments of the list, and changes to it.
//!
//! The list belongs to its owner and may be edited by hand at any time. It is read as it is, row by row, in little
//! memory: [`Rows`]; who of it is owed a mail is [`Audience`]; who has left since is [`Withdrawals`]; [`add`] and
//! [`remove`] change single rows and leave every other byte. Who asks for it and what it looks like is not known here.

mod ahead;
mod assign;
mod audience;
mod block;
mod choice;
mod column;
mod consent;
mod dedupe;
mod defect;
mod delete;
mod dialect;
mod draft;
mod edit;
mod export;
mod files;
mod forget;
mod history;
pub mod import;
mod index;
mod key;
mod list;
mod merge;
mod numbers;
mod person;
mod record;
mod records;
mod repeat;
mod row;
mod scan;
mod segment;
mod sort;

mod stage;
mod statistics;
mod status;
mod suppress;
mod suppression;
mod survey;
mod tags;
mod text;
mod veil;
mod undo;
mod withdrawal;

pub use assign::{AssignReport, Assignment, Operator, assign};
pub use audience::{Audience, AudienceSummary, Exclusions};
pub use choice::{Changed, Choice, Kept, SHOWN, Sample, Unknown};
pub use column::{Columns, Field, normal_name};
pub use consent::{CONSENT_COLUMNS, Consent};
pub use dedupe::{DedupeReport, Group, Sameness, dedupe};
pub use defect::{Defects, Fault, Remark};
pub use delete::{DeleteReport, delete};
pub use draft::{Basis, Changeset, Draft, Edit};
pub use edit::{AddReport, Added, How, NewReader, RemoveReport, Removed, add, remove};
pub use export::spreadsheet_line;
pub use files::{DEFAULT_LIST, Files, ListSettings, NEW_LIST};
pub use forget::{Forgotten, forget};
pub use history::{Entry, Head, History, RowChange, Tally, erase};
pub use list::Rows;
pub use merge::{Difference, MergeReport, merge};
pub use person::{ListRow, Person, PersonChange, PersonSuppression};
pub use row::{Row, Subscriber};
pub use segment::{Explanation, Mailings, NamedSegments, NoMailings, Roll, Scope, Segment};
pub use sort::Sorter;
pub use statistics::{Statistics, statistics};
pub use status::Status;
pub use suppress::{LetIn, NewSuppression, SuppressionTarget, suppress, suppress_all, unsuppress};
pub use suppression::{Suppression, SuppressionCounts, Suppressions};
pub use survey::survey;
pub use tags::words;
pub use text::{Cleaned, clean};
pub use undo::{Conflict, Target, UndoReport, undo};
pub use withdrawal::{Withdrawal, Withdrawals};

#[cfg(test)]
mod laws;
#[cfg(test)]
mod test {
    //! What the tests of this module share: a list in a folder of its own.

    use super::{Columns, Files, NamedSegments, NoMailings, Rows, Scope, Segment};
    use crate::diagnostic::Result;

    pub(super) struct List {
        pub(super) files: Files,
        _folder: tempfile::TempDir,
    }

    pub(super) fn list(content: impl AsRef<[u8]>) -> List {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path());
        std::fs::write(&files.list, content).unwrap();
        List { files, _folder: folder }
    }

    pub(super) fn rows(list: &List) -> Rows {
        Rows::open(&list.files.list).unwrap()
    }

    /// An expression where nothing was sent and no segment has a name.
    pub(super) fn segment(text: &str, columns: &Columns) -> Result<Segment> {
        let (now, named) = ("2026-11-22T12:00:00Z".parse().unwrap(), NamedSegments::default());
        Segment::parse("--segment", text, &Scope { columns, now, named: &named, mailings: &NoMailings })
    }
}
