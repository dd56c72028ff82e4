//! Sealing: freezes article, theme, settings and recipients into a folder. The rename of the finished folder to its
//! name is the one instant at which the mailing exists; before it a crash leaves a temporary folder and nothing else.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

use aws_lc_rs::digest;

use super::press::Press;
use super::sealed::{FORMAT, Manifest, SealedSources, hex};
use super::{JOURNAL, MANIFEST, RECIPIENTS, SOURCES};
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable::{self, Privacy};
use crate::edition::Fields;
use crate::ledger::{Journal, Recipient};
use crate::subscribers::{Audience, AudienceSummary, Field, Row, Segment, Subscriber};

/// What is to be sealed.
#[derive(Debug)]
pub struct Order<'a> {
    pub mailing_id: &'a str,
    /// The name of the list that the audience is of.
    pub list: &'a str,
    pub segment: Option<&'a Segment>,
    pub now: Timestamp,
    /// How many readers the user confirmed.
    pub confirmed: u64,
}

impl Fields for Row<'_> {
    fn field(&self, name: &str) -> &str {
        Row::field(self, name).unwrap_or_default()
    }
}

impl Fields for Subscriber {
    fn field(&self, name: &str) -> &str {
        Subscriber::field(self, name).unwrap_or_default()
    }
}

/// Seals a mailing of the press's article to an audience, and sets every edition it will need, so that what can't be set is
/// known before anything leaves.
///
/// # Errors
/// Whatever keeps an edition from being set, the list from being read or the folder from being written. Then there is no
/// mailing.
pub fn seal(mailings: &Path, press: &mut Press, audience: Audience, order: &Order<'_>) -> Result<AudienceSummary> {
    let slug = press.templates().sources().article.slug.clone();
    durable::create_folder(mailings, Privacy::Private)?;
    let folder = tempfile::Builder::new()
        .prefix(".sealing-")
        .tempdir_in(mailings)
        .map_err(|error| Diagnostic::io("write to", mailings, &error))?;
    let sources = SealedSources::of(press.templates().sources(), press.composer()).to_bytes()?;
    write_private(&folder.path().join(SOURCES), &sources)?;
    let (summary, recipients_digest) = write_recipients(&folder.path().join(RECIPIENTS), press, audience, order)?;
    if summary.owed != order.confirmed {
        return Err(Diagnostic::error(format!(
            "the list has changed: {} readers were confirmed and there are {} now; nothing was sent",
            order.confirmed, summary.owed
        ))
        .help("run the command again"));
    }
    let recipients = Recipient::try_from(summary.owed)
        .map_err(|_| Diagnostic::error("the list has more than four thousand million readers"))?;
    write_private(&folder.path().join(JOURNAL), &Journal::header(order.mailing_id))?;
    let (title, _) = press.templates().main().in_lists();
    let manifest = Manifest {
        format: FORMAT,
        letterpress: env!("CARGO_PKG_VERSION").to_owned(),
        id: order.mailing_id.to_owned(),
        slug: slug.clone(),
        title,
        sealed_at: order.now,
        digest: hex(&digest::digest(&digest::SHA256, &sources)),
        recipients_digest,
        earlier_digest: None,
        erased: 0,
        recipients,
        excluded: serde_json::to_value(summary.excluded).unwrap_or_default(),
        list: order.list.to_owned(),
        segment: order.segment.map(|segment| segment.text().to_owned()),
    };
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| Diagnostic::error(format!("the mailing can't be described: {error}")))?;
    write_private(&folder.path().join(MANIFEST), &text)?;
    commit(folder, mailings, &slug)?;
    Ok(summary)
}

/// What identifies an article, its theme and settings: the same for a dry run and the mailing sealed from it.
pub fn sources_digest(press: &Press) -> Result<String> {
    let sources = SealedSources::of(press.templates().sources(), press.composer());
    Ok(hex(&digest::digest(&digest::SHA256, &sources.to_bytes()?)))
}

/// Makes the folder durable, then gives it its name.
fn commit(folder: tempfile::TempDir, mailings: &Path, slug: &str) -> Result<()> {
    let target = mailings.join(slug);
    let attempt = || -> std::io::Result<()> {
        durable::sync_folder(folder.path())?;
        fs::rename(folder.path(), &target)?;
        durable::sync_folder(mailings)
    };
    attempt().map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => {
            Diagnostic::error(format!("{slug} was sealed by another command meanwhile; this one sent nothing"))
                .help(format!("letterpress status {slug} shows how far it is"))
        }
        _ => Diagnostic::io("seal the mailing in", &target, &error),
    })?;
    // It has another name now: there is nothing left to remove.
    let _ = folder.keep();
    Ok(())
}

fn write_recipients(
    path: &Path,
    press: &mut Press,
    audience: Audience,
    order: &Order<'_>,
) -> Result<(AudienceSummary, String)> {
    let columns = sealed_columns(&press.templates().sources().columns);
    let file = create_private(path)?;
    let mut out =
        Hashing { file: BufWriter::with_capacity(1 << 16, file), digest: digest::Context::new(&digest::SHA256) };
    let mut writer = csv::WriterBuilder::new().buffer_capacity(1 << 16).from_writer(&mut out);
    let failed = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => Diagnostic::io("write", path, &error),
        _ => Diagnostic::error(format!("{} can't be written", shown_path(path))),
    };
    writer.write_record(&columns).map_err(failed)?;
    let fields: Vec<Option<Field>> = columns.iter().map(|column| audience.columns().field(column)).collect();
    let summary = audience.visit(order.segment, &mut |row| {
        press.edition(row)?;
        for field in &fields {
            writer.write_field(field.map_or("", |field| row.get(field))).map_err(failed)?;
        }
        writer.write_record(None::<&[u8]>).map_err(failed)
    })?;
    writer.flush().map_err(|error| Diagnostic::io("write", path, &error))?;
    drop(writer);
    let Hashing { file, digest } = out;
    file.into_inner()
        .map_err(std::io::IntoInnerError::into_error)
        .and_then(|file| file.sync_all())
        .map_err(|error| Diagnostic::io("write", path, &error))?;
    Ok((summary, hex(&digest.finish())))
}

/// `email` first, then every other field that a template can name.
fn sealed_columns(columns: &[String]) -> Vec<String> {
    let others = columns.iter().filter(|column| *column != "email").cloned();
    std::iter::once("email".to_owned()).chain(others).collect()
}

/// Writes to a file and into its digest.
struct Hashing {
    file: BufWriter<File>,
    digest: digest::Context,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write_all(bytes)?;
        self.digest.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

fn create_private(path: &Path) -> Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| Diagnostic::io("create", path, &error))
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = create_private(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| Diagnostic::io("write", path, &error))
}
