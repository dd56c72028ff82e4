//! The `file:` relay: one `.eml` file per message, written whole or not at all. For trying things without a server.

use std::path::{Path, PathBuf};

use super::outcome::{Outcome, Reply, Stop};
use crate::diagnostic::{Diagnostic, Result};
use crate::durable::{self, Privacy};
use crate::message::Message;

/// A folder that takes messages.
#[derive(Debug, Clone)]
pub struct FileRelay {
    folder: PathBuf,
}

impl FileRelay {
    /// Makes the folder if it isn't there.
    pub fn new(folder: &Path) -> Result<FileRelay> {
        durable::create_folder(folder, Privacy::Private)?;
        Ok(FileRelay { folder: folder.to_path_buf() })
    }

    /// Writes the message to `ADDRESS-ID.eml`; the same copy written twice is one file.
    pub fn deliver(&self, message: &Message) -> Result<Outcome, Stop> {
        let path = self.folder.join(file_name(message));
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::Builder::new().prefix(".letterpress-").tempfile_in(&self.folder)?;
            std::io::Write::write_all(file.as_file_mut(), &message.bytes)?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        match write() {
            Ok(()) => Ok(Outcome::Accepted(Reply::new(250, "2.0.0 written"))),
            Err(error) => Err(Stop::transient(Diagnostic::io("write", &path, &error))),
        }
    }
}

/// A name for a message's file: the address made safe, and the id that keeps two mailings apart.
pub fn file_name(message: &Message) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '-' | '_' | '+') { c } else { '_' };
    let address: String = message.envelope.forward_path.as_str().chars().map(safe).take(100).collect();
    let id: String = message.message_id.chars().take(8).collect();
    format!("{}-{id}.eml", address.trim_start_matches('.'))
}
