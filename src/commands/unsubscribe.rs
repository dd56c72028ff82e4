//! `letterpress unsubscribe`: acts on requests to leave, whatever brings them, without a server.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::mailing::{Left, Places, earlier_links, leave};
use crate::project::Project;
use crate::report::counted;
use crate::subscribers::How;
use crate::unsubscribe::{Key, Links, Refusal, Request, request};

/// Unsubscribe readers by the signed tokens of our mails, their links, or their addresses
#[derive(Debug, Args)]
#[command(after_help = "\
Who is in a list is unsubscribed in every list; who is in none any more is suppressed, so that no import brings them back.
A mailing under way notices. Doing it again changes nothing. Tokens of another publication and forged ones are refused, and
then, or when an address is nowhere known, it exits with 1; what else was asked for is done all the same.")]
pub struct UnsubscribeArgs {
    /// Tokens, links that hold one, or addresses; `-` reads one a line from standard input
    #[arg(value_name = "TOKEN|URL|ADDRESS")]
    requests: Vec<String>,
    /// A mail that asks to leave, or an mbox of them: what our link for mail put into the subject; `-` for standard input
    #[arg(long, value_name = "FILE")]
    mail: Vec<PathBuf>,
    /// A web server's log: every POST to a link of ours; what only opens the link (GET) is no request
    #[arg(long, value_name = "FILE")]
    log: Vec<PathBuf>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl UnsubscribeArgs {
    /// Whether others than who calls it say who is to leave.
    pub fn is_fed(&self) -> bool {
        !self.mail.is_empty() || !self.log.is_empty() || self.requests.iter().any(|request| request == "-")
    }
}

/// What became of one request, for machines.
#[derive(Serialize)]
struct Answer {
    request: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lists: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    did_you_mean: Option<String>,
}

#[derive(Serialize)]
struct Document {
    dry_run: bool,
    requests: Vec<Answer>,
}

pub fn run(args: &UnsubscribeArgs, session: &Session) -> Result<Exit> {
    if args.requests.is_empty() && args.mail.is_empty() && args.log.is_empty() {
        let error = Diagnostic::error("nobody is named");
        session.screen.diagnostic(&error.help("give a token, a link or an address; or `-`, --mail FILE, --log FILE"));
        return Ok(Exit::Usage);
    }
    let texts = gather(args)?;
    let project = session.project()?;
    let links = links(&project, &texts)?;
    let read: Vec<Result<Request, Refusal>> = texts.iter().map(|text| request::read(text, &links)).collect();
    let requests: Vec<Request> = read.iter().filter_map(|read| read.as_ref().ok()).cloned().collect();
    let (files, mailings) = (project.files(), project.mailings());
    let places = Places { lists: project.all_lists()?, suppressions: &files.suppressions, mailings: &mailings };
    let how = How { at: session.clock.now(), by: "", dry_run: args.dry_run };
    let mut left = leave(&requests, &links, &places, how, session.today())?.into_iter();
    let outcomes = read.into_iter().map(|read| match read {
        Ok(_) => Ok(left.next().unwrap_or(Left::Nobody)),
        Err(refusal) => Err(refusal),
    });
    Ok(tell(&texts, outcomes.collect(), args.dry_run, session))
}

/// What is asked for, in the order given.
fn gather(args: &UnsubscribeArgs) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for text in &args.requests {
        if text == "-" {
            request::lines(std::io::stdin(), |line| texts.push(line.trim().to_owned()))?;
        } else {
            texts.push(text.clone());
        }
    }
    for path in &args.mail {
        request::subjects(open(path)?, |subject| texts.push(subject))?;
    }
    for path in &args.log {
        request::posts(open(path)?, |text| texts.push(text))?;
    }
    let mut seen = std::collections::HashSet::new();
    texts.retain(|text| !text.is_empty() && seen.insert(text.clone()));
    Ok(texts)
}

fn open(path: &Path) -> Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    let file = File::open(path).map_err(|error| Diagnostic::io("read", path, &error))?;
    Ok(Box::new(file))
}

/// The links that tokens are held against. Those of list ids that the publication had before are only looked for when a
/// token asks for it.
fn links(project: &Project, texts: &[String]) -> Result<Vec<Links>> {
    let path = project.root.join(project.key_file());
    if !path.exists() {
        // Without a key no mail was sent: addresses can be acted on, and no token is ours.
        return Ok(Vec::new());
    }
    let key = Key::load(&path)?;
    let now = Links::new(key.clone(), &project.config.publication.list_id, &project.config.settings.unsubscribe);
    let mut links = vec![now];
    if texts.iter().any(|text| request::read(text, &links) == Err(Refusal::Forged)) {
        let earlier = earlier_links(&project.mailings(), &key, &links[0])?;
        links.extend(earlier);
    }
    Ok(links)
}

/// Says what became of each, and of all.
fn tell(texts: &[String], outcomes: Vec<Result<Left, Refusal>>, dry_run: bool, session: &Session) -> Exit {
    let mut answers = Vec::with_capacity(outcomes.len());
    let (mut done, mut before, mut not) = (0u64, 0u64, 0u64);
    for (text, outcome) in texts.iter().zip(outcomes) {
        match &outcome {
            Ok(Left::Unsubscribed { .. } | Left::Suppressed { .. }) => done += 1,
            Ok(Left::Already { .. }) => before += 1,
            Ok(Left::Nobody | Left::Unknown { .. }) | Err(_) => not += 1,
        }
        match in_words(text, &outcome, dry_run) {
            Ok(line) => session.screen.result(line),
            Err(diagnostic) => session.screen.diagnostic(&diagnostic),
        }
        answers.push(answer(text, outcome));
    }
    let verb = if dry_run { "would leave" } else { "left" };
    session.screen.say(format!(
        "{} {verb}, {before} had before, {}.",
        counted(done, "reader", "readers"),
        counted(not, "request can't be acted on", "requests can't be acted on")
    ));
    session.screen.document(&Document { dry_run, requests: answers });
    if not > 0 { Exit::Failed } else { Exit::Done }
}

fn in_words(text: &str, outcome: &Result<Left, Refusal>, dry_run: bool) -> Result<String> {
    let would = if dry_run { "would be " } else { "" };
    let shown = short(text);
    match outcome {
        Ok(Left::Unsubscribed { address, lists }) => {
            Ok(format!("{address}: {would}unsubscribed in {}", lists.join(", ")))
        }
        Ok(Left::Already { address, status }) => Ok(format!("{address}: is {} already", printable(status))),
        Ok(Left::Suppressed { address }) => {
            Ok(format!("{address}: is in no list any more; {would}suppressed, so that no import brings it back"))
        }
        Ok(Left::Nobody) => Err(Diagnostic::error(format!("{shown}: the token is ours, and nobody here has it"))
            .help("the reader is in no list and in no mailing of this folder: was it sent from another copy of it?")),
        Ok(Left::Unknown { address, likely }) => {
            let error = Diagnostic::error(format!("{address} is in no list, and nothing was sent to it"));
            Err(match likely {
                Some(likely) => error.help(format!("did you mean {}?", printable(likely))),
                None => error.help("`letterpress subscribers find` looks for a part of an address or a name"),
            })
        }
        Err(refusal) => {
            let error = Diagnostic::error(format!("{shown}: {}", refusal.as_str()));
            Err(match refusal {
                Refusal::Forged => {
                    error.help("only what was signed with the key that `key_file` in [unsubscribe] names is acted on")
                }
                Refusal::Nothing => error.help("give a token, a link of ours or an address"),
            })
        }
    }
}

/// A text as it can be shown: a link is long, and a token lets anybody unsubscribe its reader.
fn short(text: &str) -> String {
    const SHOWN: usize = 24;
    let start: String = printable(text).chars().take(SHOWN).collect();
    if text.chars().count() > SHOWN { format!("`{start}…`") } else { format!("`{start}`") }
}

fn answer(text: &str, outcome: Result<Left, Refusal>) -> Answer {
    let mut answer = Answer {
        request: text.to_owned(),
        outcome: "refused",
        address: None,
        lists: Vec::new(),
        status: None,
        reason: None,
        did_you_mean: None,
    };
    match outcome {
        Ok(Left::Unsubscribed { address, lists }) => {
            answer = Answer { outcome: "unsubscribed", address: Some(address.to_string()), lists, ..answer };
        }
        Ok(Left::Already { address, status }) => {
            answer = Answer { outcome: "already", address: Some(address.to_string()), status: Some(status), ..answer };
        }
        Ok(Left::Suppressed { address }) => {
            answer = Answer { outcome: "suppressed", address: Some(address.to_string()), ..answer };
        }
        Ok(Left::Unknown { address, likely }) => {
            let address = Some(address.to_string());
            answer = Answer { outcome: "unknown", address, did_you_mean: likely, ..answer };
        }
        Ok(Left::Nobody) => answer.outcome = "nobody",
        Err(refusal) => answer.reason = Some(refusal.as_str()),
    }
    answer
}
