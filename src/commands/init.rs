//! `letterpress init`: a new publication that works at once.

use std::path::{Path, PathBuf};

use clap::Args;
use toml::Value;

use super::{Exit, Session};
use crate::config::{Config, FILE_NAME};
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable::{self, Privacy};
use crate::edition::theme::{self, builtin};
use crate::publication::Mailbox;

/// Make a new publication: settings, a first article and a list with you on it
#[derive(Debug, Args)]
#[command(after_help = "On a terminal it asks for what isn't given. Nothing that exists is overwritten.")]
pub struct InitArgs {
    /// The folder to make; this one when left out
    #[arg(default_value = ".", hide_default_value = true)]
    pub dir: PathBuf,
    /// What the newsletter is called
    #[arg(long)]
    pub name: Option<String>,
    /// The sender, as in "Ann Lee <ann@your-domain.org>"
    #[arg(long, value_name = "MAILBOX")]
    pub from: Option<String>,
    /// Your postal address, which the law wants in every copy
    #[arg(long, value_name = "ADDRESS")]
    pub postal_address: Option<String>,
    /// The page that lets a reader leave, as in https://example.com/unsubscribe/{token}
    #[arg(long, value_name = "URL")]
    pub unsubscribe_url: Option<String>,
    /// The language most articles are in
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub language: String,
    /// How mails look: letter, magazine or plain
    #[arg(long, value_name = "NAME", default_value = theme::DEFAULT, value_parser = builtin_theme)]
    pub theme: String,
}

/// What has to be known of a publication.
struct Answers {
    name: String,
    from: String,
    postal_address: String,
    unsubscribe_url: String,
}

pub fn run(args: &InitArgs, session: &Session) -> Result<Exit> {
    let dir = session.root.join(&args.dir);
    if dir.join(FILE_NAME).exists() {
        return Err(Diagnostic::error(format!("{} is a publication already", shown_path(&dir)))
            .help("name another folder: letterpress init DIR"));
    }
    let Some(answers) = answers(args, session)? else { return Ok(Exit::NotConfirmed) };
    let settings = settings(&answers, &args.language, &args.theme);
    // What would be refused later is refused now, before anything is written.
    let config = Config::parse(settings.clone())?;
    let files = files(&settings, &config.publication.from, session);
    if let Some((name, _, _)) = files.iter().find(|(name, _, _)| dir.join(name).exists()) {
        return Err(Diagnostic::error(format!("{} exists already", shown_path(&dir.join(name))))
            .help("nothing was written; use an empty folder, or move that file away"));
    }
    for (name, privacy, content) in &files {
        write(&dir.join(name), *privacy, content)?;
    }
    tell(&dir, &files, session);
    Ok(Exit::Done)
}

/// What was given, and on a terminal what is asked for. `None`: the user gave up.
fn answers(args: &InitArgs, session: &Session) -> Result<Option<Answers>> {
    let wanted = [
        (&args.name, "--name", "What is the newsletter called?"),
        (&args.from, "--from", "Who sends it? (Ann Lee <ann@your-domain.org>)"),
        (&args.postal_address, "--postal-address", "Your postal address, which the law wants in every copy?"),
        (
            &args.unsubscribe_url,
            "--unsubscribe-url",
            "The page that lets a reader leave? (https://your-domain.org/unsubscribe/{token})",
        ),
    ];
    let missing: Vec<&str> =
        wanted.iter().filter(|(given, _, _)| given.is_none()).map(|(_, option, _)| *option).collect();
    if !missing.is_empty() && !session.screen.interactive {
        return Err(Diagnostic::error(format!("{} is not given, and there is no terminal to ask on", missing.join(", ")))
            .help("letterpress init DIR --name 'Far and Near' --from 'Ann <ann@example.com>' --postal-address '1 High Street, Anytown' --unsubscribe-url 'https://example.com/unsubscribe/{token}'"));
    }
    let mut values = Vec::new();
    for (given, _, question) in wanted {
        match given {
            Some(value) => values.push(value.clone()),
            None => match session.screen.ask(question).filter(|answer| !answer.is_empty()) {
                Some(answer) => values.push(answer),
                None => return Ok(None),
            },
        }
    }
    let mut values = values.into_iter();
    let mut next = || values.next().unwrap_or_default();
    Ok(Some(Answers { name: next(), from: next(), postal_address: next(), unsubscribe_url: next() }))
}

/// The name of a theme that is built in.
fn builtin_theme(name: &str) -> Result<String, String> {
    let known: Vec<&str> = builtin::THEMES.iter().map(|(known, _)| *known).collect();
    if known.contains(&name) { Ok(name.to_owned()) } else { Err(format!("there are {}", known.join(", "))) }
}

fn settings(answers: &Answers, language: &str, theme: &str) -> String {
    let quoted = |text: &str| Value::String(text.to_owned()).to_string();
    format!(
        "# A letterpress publication. Every setting is explained in letterpress's README.

[publication]
name = {}
from = {}
postal_address = {}
language = {}
# tagline = \"One line under the name\"
# url = \"https://your-domain.org\"
# web_url = \"https://your-domain.org/letters/{{slug}}\"
# Pictures travel in every copy; or are linked at an address where you upload what is written to assets/:
# images = \"link\"
# assets_url = \"https://your-domain.org/assets/{{slug}}\"

[unsubscribe]
url = {}

# Where mail is handed to. file:DIR writes one .eml per reader, so that everything can be tried without a server.
# A real relay: url = \"smtps://mail.your-domain.org\", user = \"you\", password_env = \"LETTERPRESS_RELAY_PASSWORD\"
[relay]
url = \"file:outbox\"

# How mails look. `letterpress theme settings` lists what else can be set here, `letterpress theme list` the themes.
[theme]
name = {}
",
        quoted(&answers.name),
        quoted(&answers.from),
        quoted(&answers.postal_address),
        quoted(language),
        quoted(&answers.unsubscribe_url),
        quoted(theme),
    )
}

type NewFile = (String, Privacy, String);

/// Every file of a new publication.
fn files(settings: &str, from: &Mailbox, session: &Session) -> Vec<NewFile> {
    let mut readers = csv::WriterBuilder::new().from_writer(Vec::new());
    let row = [from.address.as_str(), &from.name, "active"];
    let rows = readers.write_record(["email", "name", "status"]).and_then(|()| readers.write_record(row));
    let list = rows.ok().and_then(|()| readers.into_inner().ok()).unwrap_or_default();
    vec![
        (FILE_NAME.to_owned(), Privacy::Shared, settings.to_owned()),
        (
            "content/welcome.md".to_owned(),
            Privacy::Shared,
            format!(
                "+++\ntitle = \"Welcome\"\nsubject = 'Welcome, {{{{ subscriber.first_name | default(value=\"reader\") }}}}'\npreheader = \"The first letter, to try things out.\"\ndate = {}\n+++\n{WELCOME}",
                session.today()
            ),
        ),
        ("subscribers/readers.csv".to_owned(), Privacy::Private, String::from_utf8_lossy(&list).into_owned()),
        ("subscribers/suppressions.csv".to_owned(), Privacy::Private, "address,reason,date,source\n".to_owned()),
        (".gitignore".to_owned(), Privacy::Shared, GITIGNORE.to_owned()),
    ]
}

const GITIGNORE: &str = "# What holds addresses, secrets or copies\n/keys\n/mailings\n/outbox\n/preview\n/subscribers/*.key\n/subscribers/*.lock\n";

const WELCOME: &str = "
Dear {{ subscriber.first_name | default(value=\"reader\") }},

this is the first letter of your publication. Change it, or write another with `letterpress new \"A title\"`.

## What you can write

- Markdown: **bold**, *italic*, [links](https://example.com), lists, quotes, tables, footnotes
- merge fields such as `{{ subscriber.first_name }}`, filled in for each reader
- pictures that lie beside this file: `![What it shows](photo.jpg)`

> Look at it first with `letterpress send --dry-run`: it writes the very messages that would go.

When it reads well, send it.
";

fn write(path: &Path, privacy: Privacy, content: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        durable::create_folder(folder, Privacy::Shared)?;
    }
    durable::create_new(path, privacy, content.as_bytes())
}

fn tell(dir: &Path, files: &[NewFile], session: &Session) {
    let screen = session.screen;
    for (name, _, _) in files {
        screen.result(shown_path(&dir.join(name)));
    }
    let shown = shown_path(dir);
    let at = if shown == "." { String::new() } else { format!("cd {shown} && ") };
    screen.say(format!("Next: {at}letterpress send --dry-run"));
    let names: Vec<&str> = files.iter().map(|(name, _, _)| name.as_str()).collect();
    screen.document(&serde_json::json!({"folder": shown, "files": names}));
}
