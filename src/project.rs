//! A publication's folder, opened: where its parts lie, and the one place that decides which files stand behind them.

use std::path::{Path, PathBuf};

use crate::article::{self, Article};
use crate::clock::Timestamp;
use crate::config::{Config, FILE_NAME};
use crate::delivery::{Credentials, Relay, RelayUrl};
use crate::diagnostic::{Diagnostic, Result};
use crate::edition::{Merging, Sources, Template, Theme, images};
use crate::mailing::Press;
use crate::message::Composer;
use crate::publication::SettingError;
use crate::subscribers::{Audience, Columns, Files, Segment};
use crate::unsubscribe::{Key, Links};

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
        let images = images::load(&article, publication.assets_url.as_deref())?;
        let settings = self.config.settings.theme.clone();
        let columns = columns.names().into_iter().map(str::to_owned).collect();
        Ok(Sources { publication, article, theme: Theme::load(&self.templates())?, settings, images, columns })
    }

    /// Makes copies strikable: reads the sources and prepares headers.
    pub fn press(&self, sources: Sources, links: Links, mailing_id: &str, date: Timestamp) -> Result<Press> {
        let composer = Composer::new(&sources.publication, links, &sources.article.slug, mailing_id, date);
        Ok(Press::new(Template::new(sources, Merging::Gaps)?, composer))
    }

    /// Where messages go: what was asked for, or `[relay] url`.
    pub fn relay_url(&self, asked: Option<&str>) -> Result<RelayUrl> {
        let parsed = match (asked, &self.config.settings.relay.url) {
            (Some(text), _) => RelayUrl::parse(text)
                .map_err(|error| Diagnostic::error(format!("--relay: {}", error.message)).help(error.help)),
            (None, Some(text)) => RelayUrl::parse(text).map_err(|error| self.config.wrong("relay", &error)),
            (None, None) => {
                let error = SettingError::new(
                    "url",
                    "no relay is set",
                    "write url = \"smtps://…\" in [relay], or give --relay URL (file:outbox writes files)",
                );
                Err(self.config.wrong("relay", &error))
            }
        }?;
        Ok(match parsed {
            RelayUrl::File(folder) => RelayUrl::File(self.root.join(folder)),
            other => other,
        })
    }

    /// What is unwise about the relay's settings: a password in a file that is meant for a repository.
    pub fn relay_warning(&self) -> Option<Diagnostic> {
        let written = self.config.settings.relay.url.as_deref()?;
        let RelayUrl::Smtp(server) = RelayUrl::parse(written).ok()? else { return None };
        server.password.as_ref()?;
        Some(
            Diagnostic::warning(format!("the relay's password stands in {FILE_NAME}, where others may read it"))
                .help("name the user there, and set password_env, password_file or password_command in [relay]"),
        )
    }

    /// The relay, ready to be connected to. `environment` looks a variable up, for the password.
    pub fn relay(&self, url: &RelayUrl, environment: impl Fn(&str) -> Option<String>) -> Result<Relay> {
        let settings = &self.config.settings.relay;
        let credentials = Credentials::find(url, settings, &self.root, environment)?;
        Relay::new(url, credentials, settings, self.config.publication.from.address.domain())
    }
}
