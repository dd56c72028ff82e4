//! `letterpress settle`: ends doubts, by what a relay's log proves or by the user's word.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Exit, Session, sent};
use crate::address::Address;
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::mailing::relay_log::{Finding, RelayLog};
use crate::mailing::{BY_WORD, Doubt, Mailing, Settlement, Verdict, Writer, judge, log_for};
use crate::project::Project;
use crate::report::{counted, table};

/// Settle who is in doubt: by the relay's log, or by your word
#[derive(Debug, Args)]
#[command(after_help = "\
In doubt is who may have been sent a copy whose answer was never learned. Without an option this lists them.

A Postfix log proves that a copy was taken when `qmgr` has it after `cleanup` named its Message-ID. It proves that it was not \
when it is whole: it covers the attempt and ten minutes more, and shows the copies accepted just before and after. Where it \
proves nothing, readers stay in doubt. Compressed logs: zcat mail.log.2.gz | letterpress settle ARTICLE --relay-log -")]
pub struct SettleArgs {
    /// A slug or a path; the newest article that was sent when left out
    pub article: Option<String>,
    /// A log of the relay's Postfix, `-` for standard input; several in their order
    #[arg(long, value_name = "FILE")]
    pub relay_log: Vec<PathBuf>,
    /// They don't have it and are owed a copy: these addresses, or all that are in doubt
    #[arg(long, value_name = "ADDRESS", num_args = 0..)]
    pub resend: Option<Vec<String>>,
    /// They have it: these addresses, or all that are in doubt
    #[arg(long, value_name = "ADDRESS", num_args = 0..)]
    pub accept: Option<Vec<String>>,
    /// Only say what would be settled
    #[arg(long)]
    pub dry_run: bool,
    /// Don't ask
    #[arg(short, long)]
    pub yes: bool,
}

impl SettleArgs {
    /// Whether readers are named by their addresses.
    pub fn names_somebody(&self) -> bool {
        [&self.resend, &self.accept].into_iter().flatten().any(|named| !named.is_empty())
    }
}

/// A doubt, and what is to become of it.
struct Case {
    doubt: Doubt,
    settlement: Option<(Verdict, String)>,
    /// Why the log settles nothing.
    open: Option<String>,
}

pub fn run(args: &SettleArgs, session: &Session) -> Result<Exit> {
    let screen = session.screen;
    let mailings = Project::mailings_in(&session.root);
    let slug = sent::slug(args.article.as_deref(), session)?;
    let asked = !args.relay_log.is_empty() || args.resend.is_some() || args.accept.is_some();
    let (mut mailing, writer) = if asked && !args.dry_run {
        let (mailing, writer) = Mailing::open_for_writing(&mailings, &slug)?;
        (mailing, Some(writer))
    } else {
        (Mailing::open(&mailings, &slug)?, None)
    };
    if let Some(warning) = writer.as_ref().and_then(Writer::warning) {
        screen.diagnostic(&warning);
    }
    let doubts = mailing.doubts()?.into_iter();
    let mut cases: Vec<Case> = doubts.map(|doubt| Case { doubt, settlement: None, open: None }).collect();
    ask_logs(&mut cases, args, &mailing, session)?;
    if let Some(exit) = take_word(&mut cases, args, &mailing, session)? {
        return Ok(exit);
    }
    let settlements: Vec<Settlement> = cases.iter().filter_map(Case::settled).collect();
    tell(&cases, asked, &slug, session);
    let recorded = match writer {
        Some(mut writer) if !settlements.is_empty() => {
            if !confirmed(settlements.len(), args.yes, session) {
                return Ok(Exit::NotConfirmed);
            }
            mailing.settle_each(&mut writer, &settlements, session.clock.now())?;
            true
        }
        _ => false,
    };
    let left = cases.len() - settlements.len();
    say_next(recorded, args.dry_run, &settlements, left, &slug, session);
    screen.document(&document(&cases, &slug, recorded));
    Ok(if left == 0 { Exit::Done } else { Exit::Incomplete })
}

impl Case {
    fn settled(&self) -> Option<Settlement> {
        let (verdict, reason) = self.settlement.clone()?;
        Some(Settlement { recipient: self.doubt.recipient, verdict, reason })
    }
}

/// Reads the logs and settles what they prove.
fn ask_logs(cases: &mut [Case], args: &SettleArgs, mailing: &Mailing, session: &Session) -> Result<()> {
    if args.relay_log.is_empty() || cases.is_empty() {
        return Ok(());
    }
    let composer = mailing.composer(sent::key(mailing, session)?)?;
    let doubts: Vec<Doubt> = cases.iter().map(|case| case.doubt.clone()).collect();
    let mut log = log_for(&doubts, &composer, session.zone());
    for path in &args.relay_log {
        read(path, &mut log)?;
    }
    for case in cases {
        match judge(&case.doubt, &log, &composer) {
            Finding::Taken(reason) => case.settlement = Some((Verdict::Accept, reason)),
            Finding::NotTaken(reason) => case.settlement = Some((Verdict::Resend, reason)),
            Finding::Nothing(why) => case.open = Some(why),
        }
    }
    Ok(())
}

fn read(path: &PathBuf, log: &mut RelayLog) -> Result<()> {
    let result = if path.as_os_str() == "-" {
        log.read(std::io::stdin().lock())
    } else {
        File::open(path).and_then(|file| log.read(BufReader::with_capacity(1 << 18, file)))
    };
    result.map_err(|error| Diagnostic::io("read the relay's log", path, &error))
}

/// Settles what the user says. `Some`: the command line can't be meant so.
fn take_word(cases: &mut [Case], args: &SettleArgs, mailing: &Mailing, session: &Session) -> Result<Option<Exit>> {
    if let (Some(resend), Some(accept)) = (&args.resend, &args.accept)
        && (resend.is_empty() || accept.is_empty())
    {
        let error = Diagnostic::error("not everyone can be both sent to again and taken as having it")
            .help("name the addresses behind --resend, behind --accept, or behind both");
        session.screen.diagnostic(&error);
        return Ok(Some(Exit::Usage));
    }
    let mut named = HashSet::new();
    for (given, verdict) in [(&args.resend, Verdict::Resend), (&args.accept, Verdict::Accept)] {
        let Some(texts) = given else { continue };
        let word = || Some((verdict, BY_WORD.to_owned()));
        if texts.is_empty() {
            // What a log proves needs nobody's word.
            cases.iter_mut().filter(|case| case.settlement.is_none()).for_each(|case| case.settlement = word());
        }
        for text in texts {
            let address = parse(text)?.normal_form();
            let case = cases.iter_mut().find(|case| case.doubt.address.normal_form() == address);
            let case = case.ok_or_else(|| not_in_doubt(text, mailing))?;
            if !named.insert(address) {
                return Err(Diagnostic::error(format!("{text} is named twice")).help("name each address once"));
            }
            if case.settlement.as_ref().is_some_and(|(proved, _)| *proved != verdict) {
                return Err(Diagnostic::error(format!("the relay's log proves the opposite for {text}"))
                    .help("leave the address out, or leave --relay-log out if you know better"));
            }
            case.settlement = case.settlement.take().or_else(word);
        }
    }
    Ok(None)
}

fn parse(text: &str) -> Result<Address> {
    Address::parse(text).map_err(|error| {
        Diagnostic::error(format!("`{text}` is no address: {error}"))
            .help("the article comes first, as in `letterpress settle ARTICLE --resend ann@example.com`")
    })
}

fn not_in_doubt(text: &str, mailing: &Mailing) -> Diagnostic {
    let slug = &mailing.manifest.slug;
    Diagnostic::error(format!("{text} is not in doubt"))
        .help(format!("`letterpress settle {slug}` lists who is; `letterpress show {slug} {text}` tells what is known"))
}

/// How many doubts a person is shown; `--json` lists all.
const SHOWN: usize = 50;

fn tell(cases: &[Case], asked: bool, slug: &str, session: &Session) {
    let screen = session.screen;
    if cases.is_empty() {
        screen.result(format!("Nobody of {slug} is in doubt."));
        return;
    }
    let row = |case: &Case| {
        let doubt = &case.doubt;
        let why = if doubt.reason.is_empty() { "the program ended" } else { &doubt.reason };
        let mut row = vec![doubt.address.to_string(), session.told(doubt.since)];
        if asked {
            row.push(match &case.settlement {
                Some((Verdict::Accept, reason)) => format!("has it: {reason}"),
                Some((Verdict::Resend, reason)) => format!("owed a copy: {reason}"),
                None => format!("in doubt: {}", case.open.as_deref().unwrap_or(why)),
            });
        } else {
            row.extend([doubt.relay.clone().unwrap_or_else(|| "not recorded".to_owned()), why.to_owned()]);
        }
        row
    };
    let rows: Vec<Vec<String>> = cases.iter().take(SHOWN).map(row).collect();
    let header: &[&str] =
        if asked { &["address", "since", "finding"] } else { &["address", "in doubt since", "relay", "why"] };
    table(header, &rows).iter().for_each(|line| screen.result(line));
    if cases.len() > SHOWN {
        screen.result(format!("and {} more: --json lists all", cases.len() - SHOWN));
    }
}

/// Whether to record it: `--yes`, or the number typed on a terminal.
fn confirmed(settled: usize, yes: bool, session: &Session) -> bool {
    if yes {
        return true;
    }
    if !session.screen.interactive {
        session.screen.say("Not recorded: there is no terminal to ask on. Add --yes to settle.");
        return false;
    }
    let question = format!("Type {settled} to settle {}:", counted(settled, "doubt", "doubts"));
    if session.screen.ask(&question) == Some(settled.to_string()) {
        return true;
    }
    session.screen.say("Not recorded.");
    false
}

/// What was done, and what can be done now.
fn say_next(recorded: bool, dry: bool, settled: &[Settlement], left: usize, slug: &str, session: &Session) {
    let screen = session.screen;
    if !settled.is_empty() {
        let accepted = settled.iter().filter(|settlement| settlement.verdict == Verdict::Accept).count();
        let (verb, owed) = (if recorded { "Settled" } else { "Would settle" }, settled.len() - accepted);
        screen.say(format!(
            "{verb} {}: {accepted} {} it, {owed} {} owed a copy.",
            counted(settled.len(), "doubt", "doubts"),
            if accepted == 1 { "has" } else { "have" },
            if owed == 1 { "is" } else { "are" }
        ));
        if recorded && owed > 0 {
            screen.say(format!("Send to them with: letterpress send {slug}"));
        } else if dry {
            screen.say("Nothing was recorded.");
        }
    }
    if left > 0 {
        screen.say(format!(
            "{left} in doubt. Settle by evidence or by your word:\n  letterpress settle {slug} --relay-log FILE  asks the log of the relay's Postfix\n  letterpress settle {slug} --resend [ADDRESS…]  owed a copy again (some may get it twice)\n  letterpress settle {slug} --accept [ADDRESS…]  taken as having it (some may not)"
        ));
    }
}

fn document(cases: &[Case], slug: &str, recorded: bool) -> serde_json::Value {
    let readers: Vec<_> = cases
        .iter()
        .map(|case| {
            let doubt = &case.doubt;
            let verdict = case.settlement.as_ref().map(|(verdict, _)| match verdict {
                Verdict::Accept => "accept",
                Verdict::Resend => "resend",
            });
            json!({
                "address": doubt.address.as_str(), "since": Timestamp::from_millisecond(doubt.since).ok(),
                "relay": doubt.relay, "reason": printable(&doubt.reason), "verdict": verdict,
                "evidence": case.settlement.as_ref().map(|(_, reason)| reason), "undecided": case.open,
            })
        })
        .collect();
    json!({ "article": slug, "recorded": recorded, "readers": readers })
}
