//! Who is still owed a copy, and who drives: one sending of one article to one audience, sealed at its start.
//!
//! A mailing is a folder. [`seal`] makes it; the rename of the finished folder is the one instant at which it exists.
//! [`Mailing::open`] reads it back: the frozen sources, the frozen recipients, the ledger. [`drive`] sends to those who
//! are owed a copy and records what became of each. Editing the publication later changes nothing in a sealed mailing.

mod account;
mod day;
mod doubts;
mod drive;
mod erase;
mod history;
mod kept;
mod leave;
mod outlet;
mod owed;
mod past;
mod plan;
mod press;
mod progress;
mod received;
pub mod relay_log;
mod seal;
mod sealed;
mod settings;
mod settle;
mod subjects;
mod summary;
mod worker;

use std::path::{Path, PathBuf};

pub use day::begun_since;
pub use doubts::Doubt;
pub use drive::{Driver, Ended, Interrupts};
pub use erase::Erasure;
pub use history::{History, Standing};
pub use leave::{Left, Places, earlier_links, leave};
pub use outlet::Outgoing;
pub use past::PastMailings;
pub use plan::{Plan, PlanRow};
pub use press::Press;
pub use progress::{Onlooker, Progress};
pub use received::{Received, received};
pub use seal::{Order, seal, sources_digest};
pub use sealed::{Manifest, SealedSources};
pub use settings::{Patience, SendSettings};
pub use settle::{BY_WORD, Settlement, Verdict, judge, log_for};
pub use subjects::{SubjectGroup, Subjects};
pub use summary::{Point, Provider, Reason, Run, Share, Summary};

use crate::diagnostic::{Diagnostic, Result};
use crate::durable::{self, Lock, Privacy};
use crate::edition::{Merging, Templates};
use crate::ledger::{Follower, Journal, Ledger, Record};
use crate::message::Composer;
use crate::unsubscribe::Key;

const MANIFEST: &str = "mailing.json";
const SOURCES: &str = "sources.json";
const RECIPIENTS: &str = "recipients.csv";
const JOURNAL: &str = "journal";
const LOCK: &str = "lock";
/// What a mailing's id is made for, beside list and article: a test copy's is made for another purpose.
pub const PURPOSE: &str = "mailing";
/// The file that asks whoever sends the mailing to stop, as an interrupt does.
pub const STOP: &str = "stop";

/// A sealed mailing.
#[derive(Debug)]
pub struct Mailing {
    pub folder: PathBuf,
    pub manifest: Manifest,
    pub ledger: Ledger,
}

/// The right to change a mailing: its lock and its open journal.
#[derive(Debug)]
pub struct Writer {
    _lock: Lock,
    journal: Journal,
}

impl Writer {
    /// What a person should know of how the journal was found.
    pub fn warning(&self) -> Option<Diagnostic> {
        self.journal.warning()
    }
}

impl Mailing {
    /// Whether an article has been sealed for sending.
    pub fn exists(mailings: &Path, slug: &str) -> bool {
        mailings.join(slug).join(MANIFEST).is_file()
    }

    /// Every mailing there is.
    pub fn all(mailings: &Path) -> Result<Vec<Manifest>> {
        let entries = match std::fs::read_dir(mailings) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Diagnostic::io("read the folder", mailings, &error)),
        };
        let manifests = entries
            .filter_map(std::result::Result::ok)
            .map(|entry| entry.path().join(MANIFEST))
            .filter(|path| path.is_file());
        // A folder that a crash left while sealing has no name of its own yet.
        manifests
            .filter(|path| !path.to_string_lossy().contains(".sealing-"))
            .map(|path| Manifest::load(&path))
            .collect()
    }

    /// Opens a mailing for looking at it; it may be in use.
    ///
    /// # Errors
    /// A file that is missing, damaged, or of another mailing.
    pub fn open(mailings: &Path, slug: &str) -> Result<Mailing> {
        Mailing::open_to_follow(mailings, slug).map(|(mailing, _)| mailing)
    }

    /// [`Mailing::open`] for looking on: [`Mailing::catch_up`] reads what came since.
    pub fn open_to_follow(mailings: &Path, slug: &str) -> Result<(Mailing, Follower)> {
        let folder = mailings.join(slug);
        let manifest = Manifest::load(&folder.join(MANIFEST))?;
        let journal = Follower::open(&folder.join(JOURNAL), &manifest.id)?;
        let ledger = Ledger::new(manifest.recipients);
        let mut opened = (Mailing { folder, manifest, ledger }, journal);
        opened.0.catch_up(&mut opened.1)?;
        Ok(opened)
    }

    /// Takes into account what was appended to the journal since the last time.
    pub fn catch_up(&mut self, journal: &mut Follower) -> Result<()> {
        journal.read(|record| self.ledger.apply(record))
    }

    /// Who is sending it right now, when another process is.
    pub fn sender(&self) -> Option<String> {
        Mailing::sender_in(&self.folder)
    }

    /// [`Mailing::sender`] of the mailing in a folder, which is not read.
    pub fn sender_in(folder: &Path) -> Option<String> {
        let path = folder.join(LOCK);
        if !Lock::is_held(&path).unwrap_or(false) {
            return None;
        }
        let holder = std::fs::read_to_string(&path).unwrap_or_default();
        (holder != format!("process {}", std::process::id())).then_some(holder)
    }

    /// Opens a mailing for changing it: only one process at a time may.
    ///
    /// # Errors
    /// Says who holds it, or what is wrong with it.
    pub fn open_for_writing(mailings: &Path, slug: &str) -> Result<(Mailing, Writer)> {
        let folder = mailings.join(slug);
        let lock_path = folder.join(LOCK);
        let Some(mut lock) = Lock::try_acquire(&lock_path)? else {
            let holder = std::fs::read_to_string(&lock_path).unwrap_or_default();
            let holder = if holder.is_empty() { "another process".to_owned() } else { holder };
            return Err(Diagnostic::error(format!("{slug} is being sent by {holder}"))
                .help("wait for it, or look on with `letterpress status`"));
        };
        lock.note(&format!("process {}", std::process::id()));
        let manifest = Manifest::load(&folder.join(MANIFEST))?;
        manifest.verify(&folder)?;
        let mut ledger = Ledger::new(manifest.recipients);
        let journal = Journal::open(&folder.join(JOURNAL), &manifest.id, |record| ledger.apply(record))?;
        Ok((Mailing { folder, manifest, ledger }, Writer { _lock: lock, journal }))
    }

    /// Makes sure that article, theme, settings and recipients are what was sealed.
    pub fn verify(&self) -> Result<()> {
        self.manifest.verify(&self.folder)
    }

    /// Asks whoever sends the mailing in this folder to stop; see [`Mailing::stop_requested`].
    pub fn request_stop(folder: &Path) -> Result<()> {
        durable::replace(&folder.join(STOP), Privacy::Private, b"")
    }

    /// Whether somebody asked the sender of the mailing in this folder to stop.
    pub fn stop_requested(folder: &Path) -> bool {
        folder.join(STOP).exists()
    }

    /// Takes the request back: a run that begins has nothing to do with what an earlier one was asked.
    pub fn clear_stop(folder: &Path) -> Result<()> {
        let path = folder.join(STOP);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Diagnostic::io("remove", &path, &error)),
            _ => Ok(()),
        }
    }

    /// The frozen recipients, read as a stream.
    pub fn plan(&self) -> Result<Plan> {
        Plan::open(&self.folder.join(RECIPIENTS), self.manifest.recipients)
    }

    /// What happened to each recipient, for a report of all of them.
    pub fn history(&self) -> Result<History> {
        History::read(&self.folder.join(JOURNAL), &self.manifest)
    }

    /// The frozen article, theme and settings.
    pub fn sources(&self) -> Result<SealedSources> {
        SealedSources::load(&self.folder.join(SOURCES))
    }

    /// Makes the copies strikable again, as they were sealed: the same reader gets the same bytes, then and now.
    ///
    /// # Errors
    /// A key that isn't the mailing's, or sources that can't be read.
    pub fn press(&self, key: Key, root: &Path) -> Result<Press> {
        let sealed = self.sources()?;
        let signers = sealed.signers(root)?;
        let composer = self.composer(key)?.with_repeat_headers(sealed.repeat_headers.clone()).with_signers(signers);
        Ok(Press::new(Templates::new(sealed.into_sources()?, Merging::Gaps)?, composer))
    }

    /// What all copies share; it knows the message id of each.
    ///
    /// # Errors
    /// A key that isn't the mailing's: links and message ids would be others.
    pub fn composer(&self, key: Key) -> Result<Composer> {
        let sealed = self.sources()?;
        let Manifest { slug, id, sealed_at, .. } = &self.manifest;
        if key.mailing_id(&sealed.publication.list_id, slug, PURPOSE) != *id {
            return Err(Diagnostic::error(format!("the key is not the one that {slug} was sealed with"))
                .help("restore the key's file from a backup: links and message ids in the copies were made with it"));
        }
        let links = sealed.links(key);
        let composer = Composer::new(&sealed.publication, links, slug, id, *sealed_at);
        Ok(if self.manifest.tokens_name_it() { composer } else { composer.with_first_tokens() })
    }

    /// Takes an event into the ledger and the journal; it is durable after the next commit.
    fn note(&mut self, writer: &mut Writer, record: &Record) -> Result<()> {
        self.ledger.apply(record).map_err(|why| {
            Diagnostic::error(format!("the ledger refuses what happened: {why}"))
                .help("this is a fault of letterpress: please report it")
        })?;
        writer.journal.append(record);
        Ok(())
    }
}
