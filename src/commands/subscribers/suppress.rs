//! `letterpress subscribers suppress`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::report::{count, counted};
use crate::subscribers::import::Returns;
use crate::subscribers::{Files, NewSuppression, SuppressionTarget, Suppressions, suppress_all};

/// Write to someone no more, whatever a list says
///
/// By address, or by domain (`@example.com`). Applies to every send, also to one that is running, and to every import.
/// `--import` takes the bounces or complaints that a mail provider exports. Without anything it shows how many there are.
#[derive(Debug, Args)]
pub(super) struct SuppressArgs {
    /// The addresses, or domains as in @example.com
    #[arg(value_name = "ADDRESS")]
    targets: Vec<String>,
    /// Why: bounce, complaint, or any words
    #[arg(long, default_value = "by hand")]
    reason: String,
    /// Exports with addresses to suppress; may be given several times
    #[arg(long, value_name = "FILE")]
    import: Vec<PathBuf>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Don't ask
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    dry_run: bool,
    applied: bool,
    added: &'a [String],
    already: u64,
    /// Rows about bounces that pass.
    soft: u64,
    invalid_rows: &'a [u64],
    suppressions: crate::subscribers::SuppressionCounts,
}

pub(super) fn run(args: &SuppressArgs, files: &Files, session: &Session) -> Result<Exit> {
    let reason = match args.reason.trim() {
        "bounce" => "bounced",
        "complaint" | "complain" => "complained",
        other => other,
    };
    let today = session.today().to_string();
    let new = |target, date: String, source: &str| NewSuppression {
        target,
        reason: reason.to_owned(),
        date: if date.is_empty() { today.clone() } else { date },
        source: source.to_owned(),
    };
    let mut wanted = Vec::new();
    for text in &args.targets {
        wanted.push(new(SuppressionTarget::parse(text)?, String::new(), "command line"));
    }
    let returns = Returns::read(&args.import)?;
    let source: Vec<String> =
        args.import.iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
    let source = source.join(", ");
    for (address, date) in returns.addresses {
        wanted.push(new(SuppressionTarget::Address(address), date, &source));
    }
    if wanted.is_empty() && args.import.is_empty() {
        return show(files, session);
    }
    let would = suppress_all(files, &wanted, true)?;
    let many = would.iter().filter(|is_new| **is_new).count() as u64;
    let go = args.import.is_empty() || args.yes || many == 0 || confirmed(many, args.dry_run, session);
    let applied = go && !args.dry_run;
    let is_new = if applied { suppress_all(files, &wanted, false)? } else { would };
    let added: Vec<String> =
        wanted.iter().zip(&is_new).filter(|(_, is_new)| **is_new).map(|(new, _)| new.target.to_string()).collect();
    let already = (wanted.len() - added.len()) as u64;
    let verb = if applied { "suppressed" } else { "would suppress" };
    if args.import.is_empty() {
        for (new, is_new) in wanted.iter().zip(&is_new) {
            let told = if *is_new { verb } else { "suppressed already:" };
            session.screen.result(format!("{told} {}", new.target));
        }
    } else {
        session.screen.result(format!(
            "{verb} {}; {} already, {} passing, {} invalid",
            counted(added.len() as u64, "address", "addresses"),
            count(already),
            count(returns.soft),
            count(returns.invalid.len() as u64)
        ));
    }
    let suppressions = Suppressions::load(&files.suppressions)?.counts();
    session.screen.document(&Document {
        dry_run: args.dry_run,
        applied,
        added: &added,
        already,
        soft: returns.soft,
        invalid_rows: &returns.invalid[..returns.invalid.len().min(100)],
        suppressions,
    });
    Ok(if go || args.dry_run { Exit::Done } else { Exit::NotConfirmed })
}

fn confirmed(many: u64, dry_run: bool, session: &Session) -> bool {
    if dry_run {
        return false;
    }
    if !session.screen.interactive {
        session.screen.say("Nothing was changed: there is no terminal to ask on. Add --yes to suppress them.");
        return false;
    }
    let question = format!("Suppress {}? Type yes:", counted(many, "address", "addresses"));
    session.screen.ask(&question).is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "yes" | "y"))
}

/// How many there are.
fn show(files: &Files, session: &Session) -> Result<Exit> {
    let counts = Suppressions::load(&files.suppressions)?.counts();
    session.screen.result(format!(
        "{}, {}, {} in {}",
        counted(counts.addresses, "address", "addresses"),
        counted(counts.domains, "domain", "domains"),
        counted(counts.forgotten, "forgotten person", "forgotten people"),
        shown_path(&files.suppressions)
    ));
    session.screen.document(&counts);
    if counts == crate::subscribers::SuppressionCounts::default() {
        session.screen.diagnostic(
            &Diagnostic::note("nobody is suppressed").help("name someone: `letterpress subscribers suppress ADDRESS`"),
        );
    }
    Ok(Exit::Done)
}
