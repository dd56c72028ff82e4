//! A publication's folder, opened: where its parts lie, and the one place that decides which files stand behind them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::article::{self, Article};
use crate::clock::Timestamp;
use crate::config::{Config, FILE_NAME};
use crate::delivery::{Credentials, Limits, Relay, RelaySettings, RelayUrl};
use crate::diagnostic::{Diagnostic, Result};
use crate::edition::{Merging, Sources, Template, Theme, attachments, images};
use crate::mailing::{Outgoing, Press};
use crate::message::Composer;
use crate::message::dkim::Signer;
use crate::publication::SettingError;
use crate::subscribers::{Audience, Columns, Files, Segment};
use crate::unsubscribe::{Key, Links};

/// How many connections a relay gets, when nothing is said.
const CONNECTIONS: u16 = 4;

/// An opened publication.
#[derive(Debug)]
pub struct Project {
    pub root: PathBuf,
    pub config: Config,
}

impl Project {
    /// Opens the folder that holds a `letterpress.toml`.
    pub fn open(root: &Path) -> Result<Project> {
        Ok(Project { root: root.to_path_buf(), config: Config::load(root)? })
    }

    /// The theme's folder.
    pub fn templates(&self) -> PathBuf {
        self.root.join("templates")
    }

    /// The list files.
    pub fn files(&self) -> Files {
        Files::of(&self.root.join("subscribers"))
    }

    /// Sealed mailings and their journals.
    pub fn mailings(&self) -> PathBuf {
        Project::mailings_in(&self.root)
    }

    /// The same for a folder whose settings need not be there.
    pub fn mailings_in(root: &Path) -> PathBuf {
        root.join("mailings")
    }

    /// What a dry run writes.
    pub fn preview(&self) -> PathBuf {
        self.root.join("preview")
    }

    /// The article that is meant: by slug or path, or the newest that is no draft.
    pub fn article(&self, name: Option<&str>) -> Result<Article> {
        article::find(&self.root, name)
    }

    /// The list, about to be gone through.
    pub fn audience(&self) -> Result<Audience> {
        Audience::open(&self.files())
    }

    /// The segment that is asked for, or else the article's own.
    pub fn segment(&self, asked: Option<&str>, article: &Article, columns: &Columns) -> Result<Option<Segment>> {
        match (asked, &article.segment) {
            (Some(text), _) => Segment::parse("--segment", text, columns).map(Some),
            (None, Some(text)) => Segment::parse(&format!("{} (segment)", article.file), text, columns).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The ways to leave, with the signing key; `true` when the key was made just now.
    pub fn links(&self) -> Result<(Links, bool)> {
        let settings = &self.config.settings.unsubscribe;
        let (key, new) = Key::load_or_create(&self.root.join(settings.key_file()))?;
        Ok((Links::new(key, &self.config.publication.list_id, settings), new))
    }

    /// The ways to leave for looking at a copy: with a key that is thrown away when there is none yet.
    pub fn links_to_look_at(&self) -> Result<Links> {
        let settings = &self.config.settings.unsubscribe;
        let path = self.root.join(settings.key_file());
        let key = if path.exists() { Key::load_or_create(&path)?.0 } else { Key::from_bytes(&[0; 32]) };
        Ok(Links::new(key, &self.config.publication.list_id, settings))
    }

    /// Where the unsubscribe key lies, as a person would name it.
    pub fn key_file(&self) -> &str {
        self.config.settings.unsubscribe.key_file()
    }

    /// All that an edition of an article is made from, as it is now.
    pub fn sources(&self, article: Article, columns: &Columns) -> Result<Sources> {
        let publication = self.config.publication.clone();
        let settings = self.config.settings.theme.clone();
        let images = images::load(&article, publication.assets_url.as_deref(), settings.column())?;
        let attachments = attachments::load(&article)?;
        let columns = columns.names().into_iter().map(str::to_owned).collect();
        Ok(Sources {
            publication,
            article,
            theme: Theme::load(&self.templates())?,
            settings,
            images,
            attachments,
            columns,
        })
    }

    /// Makes copies strikable: reads the sources and prepares headers.
    pub fn press(&self, sources: Sources, links: Links, mailing_id: &str, date: Timestamp) -> Result<Press> {
        let composer = Composer::new(&sources.publication, links, &sources.article.slug, mailing_id, date)
            .with_repeat_headers(self.repeat_headers())
            .with_signers(self.signers()?);
        Ok(Press::new(Template::new(sources, Merging::Gaps)?, composer))
    }

    /// The headers by which relays know a repeated message, each once.
    fn repeat_headers(&self) -> Vec<String> {
        let relays = &self.config.settings.relay.0;
        let names: BTreeSet<&String> = relays.iter().filter_map(|relay| relay.idempotency_header.as_ref()).collect();
        names.into_iter().cloned().collect()
    }

    /// Who signs every copy: the keys that `[dkim]` names, none when it isn't there.
    pub fn signers(&self) -> Result<Vec<Signer>> {
        let from = self.config.publication.from.address.domain();
        self.config.settings.dkim.keys.iter().map(|key| Signer::load(&self.root, key, from)).collect()
    }

    /// How fast domains may be written to.
    pub fn limits(&self) -> Limits {
        Limits::new(&self.config.settings.limits)
    }

    /// The relays that are meant: the one asked for, or all of `[relay]`. The others' settings don't matter then.
    pub fn relay_settings(&self, asked: Option<&str>) -> Result<Vec<(RelayUrl, RelaySettings)>> {
        let written = &self.config.settings.relay.0;
        if let Some(text) = asked {
            let url = RelayUrl::parse(text)
                .map_err(|error| Diagnostic::error(format!("--relay: {}", error.message)).help(error.help))?;
            let same = written.iter().find(|relay| relay.url.as_deref() == Some(text));
            let settings = same.or(written.first()).cloned().unwrap_or_default();
            return Ok(vec![(self.rooted(url), RelaySettings { name: None, weight: None, ..settings })]);
        }
        let missing = || {
            let error = SettingError::new(
                "url",
                "no relay is set",
                "write url = \"smtps://…\" in [relay], or give --relay URL (file:outbox writes files)",
            );
            self.config.wrong("relay", &error)
        };
        if written.is_empty() {
            return Err(missing());
        }
        let read = |settings: &RelaySettings| {
            let text = settings.url.as_deref().ok_or_else(missing)?;
            let url = RelayUrl::parse(text).map_err(|error| self.config.wrong("relay", &error))?;
            Ok((self.rooted(url), settings.clone()))
        };
        written.iter().map(read).collect()
    }

    fn rooted(&self, url: RelayUrl) -> RelayUrl {
        match url {
            RelayUrl::File(folder) => RelayUrl::File(self.root.join(folder)),
            other => other,
        }
    }

    /// What is unwise about the relay's settings: a password in a file that is meant for a repository.
    pub fn relay_warning(&self) -> Option<Diagnostic> {
        let has_password = |settings: &RelaySettings| {
            let url = settings.url.as_deref().and_then(|text| RelayUrl::parse(text).ok());
            matches!(url, Some(RelayUrl::Smtp(server)) if server.password.is_some())
        };
        self.config.settings.relay.0.iter().any(has_password).then(|| {
            Diagnostic::warning(format!("the relay's password stands in {FILE_NAME}, where others may read it"))
                .help("name the user there, and set password_env, password_file or password_command in [relay]")
        })
    }

    /// The relays, ready to be connected to. `environment` looks a variable up, for passwords.
    pub fn relays(
        &self,
        wanted: Vec<(RelayUrl, RelaySettings)>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<Outgoing>> {
        let hello = self.config.publication.from.address.domain();
        let ready = |(url, settings): (RelayUrl, RelaySettings)| {
            let credentials = Credentials::find(&url, &settings, &self.root, &environment)?;
            Ok(Outgoing {
                name: settings.name.clone().unwrap_or_else(|| url.to_string()),
                relay: Relay::new(&url, credentials, &settings, hello)?,
                connections: usize::from(settings.connections.unwrap_or(CONNECTIONS)),
                weight: settings.weight.unwrap_or(1),
                rate: settings.rate,
                age: settings.age().map_err(|error| self.config.wrong("relay", &error))?,
                idempotency_header: settings.idempotency_header.clone(),
            })
        };
        wanted.into_iter().map(ready).collect()
    }
}
