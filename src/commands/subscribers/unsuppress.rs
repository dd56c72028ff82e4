//! `letterpress subscribers unsuppress`.

use clap::Args;
use serde::Serialize;

use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::subscribers::{Files, SuppressionTarget, Suppressions, unsuppress};

/// Let someone be written to again, because they asked for it
///
/// Their status in a list stays as it is. Exits with 1 when one isn't suppressed.
#[derive(Debug, Args)]
pub(super) struct UnsuppressArgs {
    /// The addresses, or domains as in @example.com
    #[arg(required = true, value_name = "ADDRESS")]
    targets: Vec<String>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Answer {
    target: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Document {
    dry_run: bool,
    targets: Vec<Answer>,
}

pub(super) fn run(args: &UnsuppressArgs, files: &Files, session: &Session) -> Result<Exit> {
    let targets: Vec<SuppressionTarget> =
        args.targets.iter().map(|text| SuppressionTarget::parse(text)).collect::<Result<_>>()?;
    let let_in = unsuppress(files, &targets, args.dry_run)?;
    let suppressions = Suppressions::load(&files.suppressions)?;
    let mut answers = Vec::new();
    let mut unknown = false;
    for (target, let_in) in targets.iter().zip(let_in) {
        let by_domain = suppressions.find(&target.to_string()).is_some_and(|found| found.by_domain);
        match &let_in {
            Some(let_in) => {
                let verb = if args.dry_run { "would let in" } else { "let in" };
                let was = match let_in.reason.as_str() {
                    _ if let_in.was_forgotten => "who was forgotten".to_owned(),
                    "" => "who was suppressed".to_owned(),
                    reason => format!("who was suppressed: {}", printable(reason)),
                };
                session.screen.result(format!("{verb} {target}, {was}"));
            }
            None => {
                unknown = true;
                session.screen.diagnostic(&Diagnostic::error(format!("{target} is not suppressed by itself")).help(
                    if by_domain { "its domain is: name that, as in @example.com" } else { "nothing needs to be done" },
                ));
            }
        }
        if let_in.is_some() && by_domain {
            let note = Diagnostic::note(format!("{target} still gets nothing: its whole domain is suppressed"));
            session.screen.diagnostic(&note);
        }
        let outcome = if let_in.is_some() { "let_in" } else { "not_suppressed" };
        answers.push(Answer { target: target.to_string(), outcome, reason: let_in.map(|let_in| let_in.reason) });
    }
    session.screen.document(&Document { dry_run: args.dry_run, targets: answers });
    Ok(if unknown { Exit::Failed } else { Exit::Done })
}
