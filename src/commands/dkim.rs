//! `letterpress dkim`: makes keys that sign mail, and prints what the DNS must say of them.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable::{self, Privacy};
use crate::message::dkim::{Algorithm, DkimSettings, DnsRecord, Key, KeySettings, Signer, check_selector};
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
RSA with 2048 bits, which every receiver knows; --ed25519 makes a smaller and faster key to sign with beside it, as not \
every receiver knows that one.

The key is written to keys/dkim-NAME.pem; one that exists is never overwritten.")]
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
    let from = project.config.publication.from.address.domain();
    let asked = asked(args)?;
    let known = known(&asked, &project.config.settings.dkim, from);
    let settings = known.unwrap_or(&asked);
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
    tell(&signer, known.is_some(), &project, session);
    Ok(Exit::Done)
}

/// What was asked for, as settings.
fn asked(args: &KeygenArgs) -> Result<KeySettings> {
    let usual = if args.ed25519 { "letterpress-ed25519" } else { "letterpress" };
    let selector = args.selector.as_deref().unwrap_or(usual);
    check_selector(selector).map_err(|error| of_option("--selector", &error))?;
    Ok(KeySettings { domain: args.domain.clone(), ..KeySettings::of_selector(selector) })
}

/// The key of `letterpress.toml` that is meant, if it names it: then it is made where it is looked for.
fn known<'a>(asked: &KeySettings, settings: &'a DkimSettings, from: &str) -> Option<&'a KeySettings> {
    let same_domain = |key: &KeySettings| asked.domain.is_none() || asked.domain(from) == key.domain(from);
    settings.keys.iter().find(|key| key.selector == asked.selector && same_domain(key))
}

fn of_option(option: &str, error: &SettingError) -> Diagnostic {
    Diagnostic::error(format!("{option}: {}", error.message)).help(&*error.help)
}

/// What to do with a new key.
fn tell(signer: &Signer, known: bool, project: &Project, session: &Session) {
    let screen = session.screen;
    screen.say(format!("\nMade {}. Keep it secret, and keep a copy.", shown_path(Path::new(signer.key_file()))));
    screen
        .say("Put the record above into the DNS and wait until it is there: mail signed before that fails the check.");
    if known {
        screen.say("letterpress.toml names this key already.");
        return;
    }
    screen.say("Then put these lines at the end of letterpress.toml:\n");
    screen.say(format!("[[dkim]]\nselector = \"{}\"", signer.selector()));
    if signer.domain() != project.config.publication.from.address.domain() {
        screen.say(format!("domain = \"{}\"", signer.domain()));
    }
    if !project.config.settings.dkim.keys.is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::session;
    use crate::config::FILE_NAME;

    fn make(selector: Option<&str>, domain: Option<&str>, session: &Session) -> Result<Exit> {
        let (selector, domain) = (selector.map(str::to_owned), domain.map(str::to_owned));
        keygen(&KeygenArgs { selector, domain, ed25519: true }, session)
    }

    fn settings(more: &str, session: &Session) {
        let path = session.root.join(FILE_NAME);
        let text = std::fs::read_to_string(&path).unwrap().replace("a@example.com", "a@news.example.com");
        std::fs::write(path, format!("{text}{more}")).unwrap();
    }

    #[test]
    fn a_key_is_private_and_never_overwritten() {
        let (_folder, session) = session();
        make(None, None, &session).unwrap();
        let path = session.root.join("keys/dkim-letterpress-ed25519.pem");
        let pem = std::fs::read(&path).unwrap();
        assert!(make(None, None, &session).unwrap_err().message().contains("exists already"));
        assert_eq!(std::fs::read(&path).unwrap(), pem);
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions()) & 0o777,
            0o600
        );
        assert!(Key::from_pem("it", &pem).is_ok());
    }

    #[test]
    fn a_key_that_is_missed_is_made_where_it_is_looked_for() {
        let (_folder, session) = session();
        settings("[dkim]\nselector = 'a'\nkey_file = 'secret/a.pem'\ndomain = 'example.com'\n", &session);
        let missing = session.project().unwrap().signers().unwrap_err();
        assert!(missing.helps()[0].contains("letterpress dkim keygen --selector a"), "{missing:?}");
        make(Some("a"), None, &session).unwrap();
        let signers = session.project().unwrap().signers().unwrap();
        assert_eq!((signers[0].domain(), signers[0].key_file()), ("example.com", "secret/a.pem"));
        assert!(signers[0].warning().is_none());
        assert!(make(Some("a"), Some("example.com"), &session).is_err(), "it is the same key");
        make(Some("a"), Some("news.example.com"), &session).unwrap();
        assert!(session.root.join("keys/dkim-a.pem").exists(), "it is another key");
    }

    #[test]
    fn what_could_never_sign_is_refused() {
        let (_folder, session) = session();
        assert!(make(Some("../a"), None, &session).unwrap_err().message().starts_with("--selector"));
        assert!(make(None, Some("example.org"), &session).unwrap_err().message().starts_with("--domain"));
        assert!(!session.root.join("keys").exists());
        assert!(record(&session).unwrap_err().message().contains("names no key"));
    }
}
