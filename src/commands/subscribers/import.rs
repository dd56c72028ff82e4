//! `letterpress subscribers import`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{misused, typed};
use crate::address::{Address, Suspicion};
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::report::{count, counted};
use crate::subscribers::import::target_name;
use crate::subscribers::import::{Counts, FileSummary, Incoming, Manner, Plan, Preset, RowCounts, Suspicious, Wishes};
use crate::subscribers::{Files, Rows, Status, clean};

/// Take readers in from other programs, or from any table
///
/// Shows first what would change, and changes it when you say so. Nobody who unsubscribed, bounced, complained or was
/// forgotten comes back. Exports of Mailchimp (also the zip), Substack, Ghost, Buttondown, listmonk, Keila, Kit, beehiiv,
/// MailerLite, phpList and Google Contacts are known by their first line. `letterpress subscribers undo` takes it back.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct ImportArgs {
    /// The exports: CSV, or a zip archive with such; - for the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The program that the files are from: mailchimp, substack, ghost, buttondown, listmonk, keila, kit, beehiiv,
    /// mailerlite, phplist, google, or csv for any other
    #[arg(long, value_name = "PROGRAM", value_parser = preset)]
    from: Option<&'static Preset>,
    /// Fill a column of the list from a column of the files, as in email=E-Mail; may be given several times
    #[arg(long, value_name = "COLUMN=HEADING", value_parser = pair)]
    map: Vec<(String, String)>,
    /// Also take the columns that the list doesn't have yet
    #[arg(long)]
    keep_columns: bool,
    /// Let values of the files replace those of the list; else they only fill what is empty
    #[arg(long)]
    update: bool,
    /// The status of readers of whom the files don't tell one
    #[arg(long, value_parser = status)]
    status: Option<Status>,
    /// A value for everybody in the files who has none, as in consent_source=fair; may be given several times
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// A tag for everybody in the files
    #[arg(long, value_parser = tag)]
    tag: Option<String>,
    /// Let this one come back who left, because they asked for it; may be given several times
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    resubscribe: Vec<Address>,
    /// Look up whether the domains of new readers take mail, and leave nobody out because of it
    #[cfg(feature = "dns")]
    #[arg(long)]
    mx: bool,
    /// The name server to ask, instead of the system's
    #[cfg(feature = "dns")]
    #[arg(long, value_name = "IP[:PORT]", requires = "mx", value_parser = super::check::name_server)]
    name_server: Option<std::net::SocketAddr>,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Don't ask
    #[arg(long)]
    yes: bool,
}

fn preset(text: &str) -> Result<&'static Preset, String> {
    Preset::named(text)
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((target_name(name), clean(value).0.into_owned()))
        }
        _ => Err("write it as in email=E-Mail".to_owned()),
    }
}

fn status(word: &str) -> Result<Status, String> {
    Status::parse(word).filter(|_| !word.trim().is_empty()).ok_or_else(|| Status::help(word))
}

fn tag(word: &str) -> Result<String, String> {
    let fine = !word.is_empty() && !word.contains([',', ';', '"', '\'']) && !word.contains(char::is_whitespace);
    if fine { Ok(word.to_owned()) } else { Err("a tag is one word".to_owned()) }
}

fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| error.to_string())
}

#[derive(Serialize)]
struct Document<'a> {
    list: &'a str,
    files: &'a [FileSummary],
    rows: &'a RowCounts,
    counts: &'a Counts,
    new_columns: &'a [String],
    suspicious: &'a [Suspicious],
    suspicious_total: u64,
    defects: &'a [Diagnostic],
    defects_total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    domains: Option<Vec<super::check::Domain>>,
    applied: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<u64>,
}

pub(super) fn run(args: &ImportArgs, files: &Files, session: &Session) -> Result<Exit> {
    if let Some((name, _)) = args.set.iter().find(|(name, _)| matches!(name.as_str(), "email" | "status" | "tags")) {
        let help = match name.as_str() {
            "status" => "give `--status`",
            "tags" => "give `--tag`",
            _ => "an address is everybody's own",
        };
        return Ok(misused(session, &format!("`{name}` can't be set for everybody"), help));
    }
    let wishes = Wishes {
        from: args.from,
        map: args.map.clone(),
        keep_columns: args.keep_columns,
        status: args.status,
        set: args.set.clone(),
        tag: args.tag.clone(),
    };
    let columns = match files.list.metadata() {
        Ok(metadata) if metadata.len() > 0 => Some(Rows::open(&files.list)?.columns().clone()),
        _ => None,
    };
    let incoming = Incoming::read(&args.files, &wishes, columns.as_ref())?;
    let manner = Manner { update: args.update, resubscribe: args.resubscribe.clone() };
    let plan = Plan::make(files, incoming, manner, typed(session, true))?;
    show(&plan, args, session);
    let domains = domains(&plan, args, session)?;
    let applied = confirmed(&plan, args, session);
    let incoming = plan.incoming();
    let mut document = serde_json::to_value(Document {
        list: &files.name,
        files: &incoming.files,
        rows: &incoming.rows,
        counts: &plan.counts,
        new_columns: &plan.new_columns,
        suspicious: &incoming.suspicious,
        suspicious_total: incoming.suspicious_total,
        defects: &incoming.defects.first,
        defects_total: incoming.defects.total,
        domains,
        applied: applied == Answer::Yes,
        change: None,
    })
    .unwrap_or_default();
    let changes = plan.changes();
    if applied == Answer::Yes {
        let changeset = plan.apply(files, typed(session, false))?;
        if let Some(number) = changeset.number {
            document["change"] = number.into();
            session
                .screen
                .say(format!("Done: change {number}. `letterpress subscribers undo {number}` takes it back."));
        }
    }
    session.screen.document(&document);
    Ok(match applied {
        Answer::No if changes && !args.dry_run => Exit::NotConfirmed,
        _ => Exit::Done,
    })
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
}

fn confirmed(plan: &Plan, args: &ImportArgs, session: &Session) -> Answer {
    let screen = session.screen;
    if !plan.changes() {
        screen.say("Nothing to change.");
        return Answer::No;
    }
    if args.dry_run {
        screen.say("A dry run: nothing was changed.");
        return Answer::No;
    }
    if args.yes {
        return Answer::Yes;
    }
    if !screen.interactive {
        screen.say("Nothing was changed: there is no terminal to ask on. Add --yes to import.");
        return Answer::No;
    }
    let answer = screen.ask("Import them? Type yes:");
    if answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "yes" | "y")) {
        return Answer::Yes;
    }
    screen.say("Nothing was changed.");
    Answer::No
}

#[cfg(feature = "dns")]
fn domains(plan: &Plan, args: &ImportArgs, session: &Session) -> Result<Option<Vec<super::check::Domain>>> {
    if args.mx { super::check::look_up(plan.newcomers(), args.name_server, session).map(Some) } else { Ok(None) }
}

#[cfg(not(feature = "dns"))]
#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
fn domains(_: &Plan, _: &ImportArgs, _: &Session) -> Result<Option<Vec<super::check::Domain>>> {
    Ok(None)
}

/// Everything that a person should know before saying yes.
fn show(plan: &Plan, args: &ImportArgs, session: &Session) {
    let screen = session.screen;
    let incoming = plan.incoming();
    for file in &incoming.files {
        show_file(file, session);
    }
    for defect in incoming.defects.first.iter().take(10) {
        screen.diagnostic(defect);
    }
    let more = incoming.defects.total.saturating_sub(10);
    if more > 0 {
        screen.say(format!("and {} more of this kind; `--json` shows a hundred of them", count(more)));
    }
    show_suspicious(incoming, session);
    for address in &plan.needless {
        screen.diagnostic(
            &Diagnostic::warning(format!("{address} is not among those who would come back"))
                .help("`--resubscribe` is for someone whom the files name as active and who gets nothing now"),
        );
    }
    screen.result(headline(&plan.counts, &incoming.rows));
    for line in details(&plan.counts, &incoming.rows) {
        screen.result(format!("  {line}"));
    }
    if !plan.new_columns.is_empty() {
        screen.result(format!("  the list gets the columns {}", printable(&plan.new_columns.join(", "))));
    }
    if !args.keep_columns && incoming.files.iter().any(|file| !file.left_out.is_empty()) {
        screen.detail("`--keep-columns` takes the columns that are left out too");
    }
}

fn show_file(file: &FileSummary, session: &Session) {
    let screen = session.screen;
    let rows = counted(file.rows, "row", "rows");
    screen.say(format!("{}: {rows}, {}", printable(&file.file), file.title));
    let columns: Vec<String> = file.columns.iter().map(|(name, from)| format!("{name} from {from}")).collect();
    screen.say(format!("  {}", printable(&columns.join("; "))));
    if !file.left_out.is_empty() {
        screen.say(format!("  left out: {}", printable(&file.left_out.join(", "))));
    }
    if let Some(note) = file.note {
        screen.diagnostic(&Diagnostic::note(note));
    }
}

fn show_suspicious(incoming: &Incoming, session: &Session) {
    if incoming.suspicious_total == 0 {
        return;
    }
    let names = incoming.suspicious.iter().take(5).map(|one| match &one.suspicion {
        Suspicion::Role => format!("{} (not one person's)", one.address),
        Suspicion::Typo(likely) => format!("{} ({likely}?)", one.address),
    });
    let names = names.collect::<Vec<_>>().join(", ");
    let all = counted(incoming.suspicious_total, "address looks", "addresses look");
    session.screen.diagnostic(
        &Diagnostic::warning(format!("{all} suspicious: {names}"))
            .help("they are imported as they are; look at them first"),
    );
}

/// `412 new, 31 changed, 9 stay unsubscribed, 3 invalid (rows 4, 9, 17), 2 ambiguous`
fn headline(counts: &Counts, rows: &RowCounts) -> String {
    let mut invalid = format!("{} invalid", count(rows.invalid));
    if rows.invalid > 0 {
        let lines: Vec<String> = rows.invalid_rows.iter().map(u64::to_string).collect();
        let more = if rows.invalid > lines.len() as u64 { " …" } else { "" };
        let noun = if rows.invalid == 1 { "row" } else { "rows" };
        invalid = format!("{invalid} ({noun} {}{more})", lines.join(", "));
    }
    let stay = counts.stay();
    let verb = if stay == 1 { "stays" } else { "stay" };
    format!(
        "{} new, {} changed, {} {verb} unsubscribed, {invalid}, {} ambiguous",
        count(counts.new),
        count(counts.changed),
        count(stay),
        count(counts.ambiguous)
    )
}

/// What the headline sums up.
fn details(counts: &Counts, rows: &RowCounts) -> Vec<String> {
    let mut lines = Vec::new();
    let gone = counts.new - counts.new_active;
    if gone > 0 {
        lines.push(format!(
            "of the new, {} get mail and {} are kept as gone or pending",
            count(counts.new_active),
            count(gone)
        ));
    }
    if counts.leaving > 0 {
        lines.push(format!("of the changed, {} get no more mail", count(counts.leaving)));
    }
    if counts.resubscribed > 0 {
        lines.push(format!("of the changed, {} come back because you name them", count(counts.resubscribed)));
    }
    let kept = [
        (counts.stay_unsubscribed, "unsubscribed"),
        (counts.stay_bounced, "bounced"),
        (counts.stay_complained, "complained"),
        (counts.stay_pending, "not confirmed"),
        (counts.suppressed, "suppressed"),
        (counts.forgotten, "forgotten"),
    ];
    let kept: Vec<String> =
        kept.into_iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{} {why}", count(n))).collect();
    if !kept.is_empty() {
        lines.push(format!("of those who stay without mail: {}", kept.join(", ")));
    }
    for (n, what) in [
        (counts.unchanged, "as they are already"),
        (counts.not_subscribed, "never asked for the newsletter, and are left out"),
        (rows.repeated, "rows repeat a reader"),
        (rows.without_address, "contacts have no address"),
    ] {
        if n > 0 {
            lines.push(format!("{} {what}", count(n)));
        }
    }
    lines
}
