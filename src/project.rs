//! A publication's folder, opened: where its parts lie, and the one place that decides which files stand behind them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::article::{self, Article};
use crate::clock::Timestamp;
use crate::config::{Config, FILE_NAME};
use crate::delivery::{Credentials, Limits, Relay, RelaySettings, RelayUrl};
use crate::diagnostic::{Diagnostic, Result};
use crate::edition::{Merging, Sources, Templates, Theme, attachments, images};
use crate::mailing::{Outgoing, PastMailings, Press};
use crate::message::Composer;
use crate::message::dkim::Signer;
use crate::publication::SettingError;
use crate::subscribers::{Audience, Columns, Files, Scope, Segment};
use crate::unsubscribe::{Key, Links};

/// How many connections a relay gets, when nothing is said.
const CONNECTIONS: u16 = 4;

/// An opened publication.
#[derive(Debug)]
pub struct Project {
    pub root: PathBuf,
    pub config: Config,
    /// The list that is worked with.
    list: String,
}

impl Project {
    /// Opens the folder that holds a `letterpress.toml`.
    pub fn open(root: &Path) -> Result<Project> {
        let config = Config::load(root)?;
        Ok(Project { root: root.to_path_buf(), list: config.settings.subscribers.list.clone(), config })
    }

    /// The same with another list, when one is named.
    pub fn with_list(self, name: Option<&str>) -> Result<Project> {
        let Some(name) = name else { return Ok(self) };
        let files = Files::named(&self.lists(), name)?;
        Ok(Project { list: files.name, ..self })
    }

    /// The folder of all lists.
    pub fn lists(&self) -> PathBuf {
        self.root.join("subscribers")
    }

    /// The theme's folder.
    pub fn templates(&self) -> PathBuf {
        self.root.join("templates")
    }

    /// The list files.
    pub fn files(&self) -> Files {
        let folder = self.lists();
        // Both ways in which a name comes here have checked it.
        Files::named(&folder, &self.list).unwrap_or_else(|_| Files::of(&folder))
    }

    /// The files of the list that a mailing was sealed from.
    pub fn files_of(&self, list: &str) -> Result<Files> {
        Files::named(&self.lists(), list)
    }

    /// The files of every list there is.
    pub fn all_lists(&self) -> Result<Vec<Files>> {
        let folder = self.lists();
        Files::all(&folder).iter().map(|name| Files::named(&folder, name)).collect()
    }

    /// Sealed mailings and their journals.
    pub fn mailings(&self) -> PathBuf {
        Project::mailings_in(&self.root)
    }

    /// The same for a folder whose settings need not be there.
    pub fn mailings_in(root: &Path) -> PathBuf {
        root.join("mailings")
    }

    /// Images of an article that are linked, to be uploaded.
    pub fn assets(&self, slug: &str) -> PathBuf {
        self.root.join("assets").join(slug)
    }

    /// Writes the files that linked images need, and says that they must be uploaded; nothing when all are embedded.
    pub fn write_assets(&self, sources: &Sources) -> Result<Option<Diagnostic>> {
        let folder = self.assets(&sources.article.slug);
        images::assets::write(&folder, &sources.images)?;
        Ok(images::assets::warning(&sources.images, &folder))
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
    pub fn segment(
        &self,
        asked: Option<&str>,
        article: &Article,
        columns: &Columns,
        now: Timestamp,
    ) -> Result<Option<Segment>> {
        match (asked, &article.segment) {
            (Some(text), _) => self.condition("--segment", text, columns, now).map(Some),
            (None, Some(text)) => self.condition(&format!("{} (segment)", article.file), text, columns, now).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// An expression over readers, with the named segments and the mailings of this publication; `label` says where it is
    /// written.
    pub fn condition(&self, label: &str, text: &str, columns: &Columns, now: Timestamp) -> Result<Segment> {
        let mailings = PastMailings::new(&self.mailings());
        let scope = Scope { columns, now, named: &self.config.settings.segments, mailings: &mailings };
        Segment::parse(label, text, &scope)
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
        let theme = self.theme()?;
        let page = theme.page(&settings);
        let stories: Vec<Article> =
            article.stories.iter().map(|slug| self.story(&article, slug)).collect::<Result<_>>()?;
        let images = images::load(&article, &stories, &publication, page)?;
        let attachments = attachments::load(&article)?;
        let columns = columns.names().into_iter().map(str::to_owned).collect();
        Ok(Sources { publication, article, theme, settings, stories, images, attachments, columns })
    }

    /// The theme that is chosen, with its settings checked.
    pub fn theme(&self) -> Result<Theme> {
        let settings = &self.config.settings.theme;
        let theme = Theme::load(&self.templates(), settings.name())?;
        theme.schema.check(&settings.0).map_err(|wrong| self.config.wrong_look(&wrong))?;
        Ok(theme)
    }

    /// Another article that `article` names among its stories.
    fn story(&self, article: &Article, slug: &str) -> Result<Article> {
        article::find(&self.root, Some(slug)).map_err(|error| match error.place() {
            Some(_) => error,
            None => error.at(article.place_of(slug)),
        })
    }

    /// Makes copies strikable: reads the sources and prepares headers.
    pub fn press(&self, sources: Sources, links: Links, mailing_id: &str, date: Timestamp) -> Result<Press> {
        let composer = Composer::new(&sources.publication, links, &sources.article.slug, mailing_id, date)
            .with_repeat_headers(self.repeat_headers())
            .with_signers(self.signers()?);
        Ok(Press::new(Templates::new(sources, Merging::Gaps)?, composer))
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
