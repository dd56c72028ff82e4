//! The exit codes, which scripts rely on.

/// What the program's exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for was done.
    Done = 0,
    /// It failed; the last lines say why.
    Failed = 1,
    /// The command line was not understood.
    Usage = 2,
    /// A check found errors; nothing left.
    CheckFailed = 3,
    /// The mailing is not complete: readers remain pending, deferred, rejected or in doubt.
    Incomplete = 4,
    /// Not confirmed; nothing left.
    NotConfirmed = 5,
    /// Interrupted; the ledger is exact.
    Interrupted = 130,
}
