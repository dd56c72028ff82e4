//! `letterpress dkim`: makes keys that sign mail, and prints what the DNS must say of them.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable::{self, Privacy};
use crate::message::dkim::{Algorithm, DnsRecord, Key, KeySettings, Signer, check_selector};
use crate::project::Project;
use crate::publication::SettingError;

/// Sign your mail (DKIM): make keys, print their DNS records
#[derive(Debug, Args)]
pub struct DkimArgs {
    #[command(subcommand)]
    pub action: DkimAction,
}

#[derive(Debug, Subcommand)]
pub enum DkimAction {
    Keygen(KeygenArgs),
    Record(RecordArgs),
}

/// Make a key, and print the DNS record that publishes it
#[derive(Debug, Args)]
#[command(after_help = "\
RSA with 2048 bits, which every receiver knows; --ed25519 makes a smaller and faster key to sign with beside it, as not every
receiver knows that one. The key is written to keys/dkim-SELECTOR.pem; one that exists is never overwritten.")]
pub struct KeygenArgs {
    /// The key's name in the DNS; `letterpress` or `letterpress-ed25519` when left out
    #[arg(long, value_name = "NAME")]
    pub selector: Option<String>,
    /// Ed25519 in place of RSA
    #[arg(long)]
    pub ed25519: bool,
    /// The domain that signs: the sender's, or one above it
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Option<String>,
}

/// Print the DNS records of the keys that [dkim] names
#[derive(Debug, Args)]
pub struct RecordArgs {}

pub fn run(args: &DkimArgs, session: &Session) -> Result<Exit> {
    match &args.action {
        DkimAction::Keygen(args) => keygen(args, session),
        DkimAction::Record(_) => record(session),
    }
}

fn keygen(args: &KeygenArgs, session: &Session) -> Result<Exit> {
    let project = session.project()?;
    let settings = wanted(args, &project)?;
    let from = project.config.publication.from.address.domain();
    let domain = settings.domain(from).map_err(|error| of_option("--domain", &error))?;
    let file = settings.key_file();
    let path = project.root.join(&file);
    if path.exists() {
        return Err(Diagnostic::error(format!("{file} exists already, and a key is never overwritten"))
            .help("`letterpress dkim record` prints the records of the keys in use")
            .help("a new key gets a new name: --selector NAME"));
    }
    let algorithm = if args.ed25519 { Algorithm::Ed25519 } else { Algorithm::Rsa };
    let (key, pem) = Key::generate(algorithm)?;
    if let Some(folder) = path.parent() {
        durable::create_folder(folder, Privacy::Private)?;
    }
    durable::create_new(&path, Privacy::Private, pem.as_bytes())?;
    let signer = Signer::new(key, &domain, &settings.selector, &file);
    show(&signer, session);
    session.screen.document(&described(&signer));
    tell(&signer, &project, session);
    Ok(Exit::Done)
}

/// The settings of the key to be made: those of `letterpress.toml` where it names the selector already.
fn wanted(args: &KeygenArgs, project: &Project) -> Result<KeySettings> {
    let usual = if args.ed25519 { "letterpress-ed25519" } else { "letterpress" };
    let selector = args.selector.as_deref().unwrap_or(usual);
    check_selector(selector).map_err(|error| of_option("--selector", &error))?;
    let known = project.config.settings.dkim.keys.iter().find(|key| key.selector == selector);
    let mut settings = known.cloned().unwrap_or_else(|| KeySettings::of_selector(selector));
    if args.domain.is_some() {
        settings.domain.clone_from(&args.domain);
    }
    Ok(settings)
}

fn of_option(option: &str, error: &SettingError) -> Diagnostic {
    Diagnostic::error(format!("{option}: {}", error.message)).help(&*error.help)
}

/// What to do with a new key.
fn tell(signer: &Signer, project: &Project, session: &Session) {
    let screen = session.screen;
    let keys = &project.config.settings.dkim.keys;
    screen.say(format!("\nMade {}. Keep it secret, and keep a copy.", shown_path(Path::new(signer.key_file()))));
    screen.say("Put the record above into the DNS and wait until it is there: mail signed before that looks forged.");
    if keys.iter().any(|key| key.selector == signer.selector()) {
        screen.say("letterpress.toml names this key already.");
        return;
    }
    screen.say("Then put these lines at the end of letterpress.toml:\n");
    screen.say(format!("[[dkim]]\nselector = \"{}\"", signer.selector()));
    if signer.domain() != project.config.publication.from.address.domain() {
        screen.say(format!("domain = \"{}\"", signer.domain()));
    }
    if !keys.is_empty() {
        screen.say("\nEvery key signs every copy. Where the first stands under [dkim], make that [[dkim]] too.");
    }
}

fn record(session: &Session) -> Result<Exit> {
    let project = session.project()?;
    let signers = project.signers()?;
    if signers.is_empty() {
        return Err(Diagnostic::error("letterpress.toml names no key: your mail is not signed here")
            .help("`letterpress dkim keygen` makes one, and says what to write under [dkim]"));
    }
    for (n, signer) in signers.iter().enumerate() {
        if n > 0 {
            session.screen.result("");
        }
        signer.warning().iter().for_each(|warning| session.screen.diagnostic(warning));
        show(signer, session);
    }
    session.screen.document(&json!({ "keys": signers.iter().map(described).collect::<Vec<_>>() }));
    Ok(Exit::Done)
}

/// The record, for a form of a DNS provider and for a zone file.
fn show(signer: &Signer, session: &Session) {
    let record = DnsRecord::of(signer);
    session.screen.result(format!("Name:   {}\nType:   TXT\nValue:  {}", record.name, record.value));
    session.screen.result(format!("\nIn a zone file:\n{}", record.zone_line()));
}

fn described(signer: &Signer) -> Value {
    let record = DnsRecord::of(signer);
    json!({
        "selector": signer.selector(), "domain": signer.domain(), "algorithm": signer.key().algorithm().name(),
        "key_file": signer.key_file(), "fingerprint": signer.key().fingerprint(),
        "record": {
            "name": record.name, "type": "TXT", "value": record.value, "strings": record.strings(),
            "zone_line": record.zone_line(),
        },
    })
}
